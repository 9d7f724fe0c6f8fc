// Sums among hosts that are a power of two, as a binary tree over them: recursive halving and doubling (Rabenseifner,
// "Optimization of collective reduction operations", 2004).
//
// With the host beside it, each swaps a half of the array: one keeps the lower half of both, added up, the other the upper
// one. With the host two places away each does the same with the half that it kept, with the host four places away with
// the quarter, and so on. Then every piece is complete somewhere, and travels back the way it came. Four hosts:
//
//     host 0       ab ab ·  ·       abcd ·   ·    ·       abcd abcd  ·    ·       abcd abcd abcd abcd
//     host 1       ·  ·  ab ab      ·    ·   abcd ·       ·    ·    abcd abcd     abcd abcd abcd abcd
//     host 2       cd cd ·  ·       ·   abcd ·    ·       abcd abcd  ·    ·       abcd abcd abcd abcd
//     host 3       ·  ·  cd cd      ·    ·   ·   abcd     ·    ·    abcd abcd     abcd abcd abcd abcd
//                  halves, and      quarters, and         quarters back            halves back
//                  add              add
//
// Each sum is (a + b) + (c + d), whichever host makes it. Each sends 2 (h − 1) / h of the array, as around a ring.
// The hosts that are farthest away swap all of their piece instead, and both add it up: as many bytes as
// there and back, in one step instead of two, 2 log₂ h − 1 in all. An array of little is not halved at all, since latency is what it costs.

#include "communicator.h"

enum { LITTLE = 128 << 10 };

typedef struct {
  unsigned char *bytes;
  size_t count;
} span;

static span part(span of, size_t begin, size_t end, size_t width) {
  begin = begin < of.count ? begin : of.count;
  end = end < of.count ? end : of.count;
  return (span){of.bytes + begin * width, end - begin};
}

// Sends one span to a peer and receives another, by segments, of which two are under way at a time; adds what arrives, or
// puts it in place.
static int swap(pd_communicator *c, int peer, span out, span in, const pd_kind *kind, int adds) {
  size_t width = kind->width, step = c->segment / width, longest = out.count > in.count ? out.count : in.count;
  int code = PD_OK;
  for (size_t started = 0, finished = 0; finished < longest && code == PD_OK;) {
    if (started < longest && started < finished + PD_IN_FLIGHT * step) {
      span give = part(out, started, started + step, width), take = part(in, started, started + step, width);
      code = c->transport->start(c, &(pd_exchange){
        .tag = kind->tag, .send = give.bytes, .send_bytes = give.count * width, .to = peer,
        .receive = adds ? c->scratch + started / step % PD_IN_FLIGHT * c->segment : take.bytes,
        .receive_bytes = take.count * width, .from = peer,
      });
      started += step;
      continue;
    }
    code = c->transport->finish(c);
    span take = part(in, finished, finished + step, width);
    if (adds && code == PD_OK)
      kind->add(take.bytes, take.bytes, c->scratch + finished / step % PD_IN_FLIGHT * c->segment, take.count);
    finished += step;
  }
  return code;
}

static int combine(pd_communicator *c, const pd_group *group, int size, int distance, span all, const pd_kind *kind) {
  if (distance >= size) return PD_OK;
  int peer = group->ranks[group->place ^ distance];
  if (2 * distance == size || all.count * kind->width <= LITTLE) {
    int code = swap(c, peer, all, all, kind, 1);
    return code == PD_OK ? combine(c, group, size, 2 * distance, all, kind) : code;
  }
  size_t half = all.count / 2;
  span lower = part(all, 0, half, kind->width), upper = part(all, half, all.count, kind->width);
  span kept = group->place & distance ? upper : lower, given = group->place & distance ? lower : upper;
  int code = swap(c, peer, given, kept, kind, 1);
  if (code == PD_OK) code = combine(c, group, size, 2 * distance, kept, kind);
  return code == PD_OK ? swap(c, peer, kept, given, kind, 0) : code;
}

// Where hosts are not a power of two, each that is left over gives its numbers to another one first, and gets the sum.
int pd_halves_sum(pd_communicator *c, const pd_group *group, void *values, size_t count, const pd_kind *kind) {
  int whole = 1, place = group->place, code = PD_OK;
  while (2 * whole <= group->size) whole *= 2;
  span all = {values, count}, none = {values, 0};
  if (place >= whole) {
    code = swap(c, group->ranks[place - whole], all, none, kind, 0);
    return code == PD_OK ? swap(c, group->ranks[place - whole], none, all, kind, 0) : code;
  }
  int left_over = place + whole < group->size;
  if (left_over) code = swap(c, group->ranks[place + whole], none, all, kind, 1);
  if (code == PD_OK) code = combine(c, group, whole, 1, all, kind);
  return code == PD_OK && left_over ? swap(c, group->ranks[place + whole], all, none, kind, 0) : code;
}
