// Ring all-reduce (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009).
//
// Vocabulary: the array is cut into one *chunk* per rank, whose lengths differ by at most one element; a chunk travels
// as one or more *segments*.
//
//     ┌──► rank 0 ──► rank 1 ──► rank 2 ──► rank 3 ──┐     Each rank only ever sends to the next
//     └──────────────────────────────────────────────┘     and receives from the one before.
//
// In step s = 0, 1, … rank r sends chunk r − s and receives chunk r − s − 1 (all modulo p), both at once.
//
//   Reduce-scatter, steps 0 … p−2: what arrives is added to the rank's own chunk. A chunk gathers one more rank's
//   numbers at each stop, and after p − 1 stops it is complete: on rank r that is chunk r + 1.
//   All-gather, steps p−1 … 2p−3: complete chunks travel on and replace what is there. The same formula holds: in step
//   p − 1 rank r sends chunk r − (p − 1) = r + 1, the one it has just completed.
//
// Three ranks holding a, b, c in three chunks; + marks the chunk that arrived and was added, = one that replaced:
//
//              rank 0                  rank 1                  rank 2
//   start      a0      a1      a2      b0      b1      b2      c0      c1      c2
//   step 0     a0      a1     +ca2    +ab0     b1      b2      c0     +bc1     c2
//   step 1     a0     +abc1    ca2     ab0     b1     +abc2   +abc0    bc1     c2
//   step 2    =abc0    abc1    ca2     ab0    =abc1    abc2    abc0    bc1    =abc2
//   step 3     abc0    abc1   =abc2   =abc0    abc1    abc2    abc0   =abc1    abc2
//
// Traffic: each rank sends (and receives) 2 (p − 1) / p of the array: less than twice its size whatever p, and the least
// possible. A chunk is summed once, in the fixed order of the ring, and then copied: every rank ends with the same bits.
//
// Segments keep the network and the adder busy at once: segment e + 1 is on its way while segment e is added. They pass
// from step to step without a pause, since with two or more per chunk the one to be started depends on none in flight:
// it was received a whole chunk, that is at least two segments, ago.

#include "communicator.h"

// What travels: `count` elements.
typedef struct {
  const pd_group *group;
  unsigned char *bytes;
  size_t count;
  pd_kind kind;
  int adding_steps;  // the steps whose chunks are added; the later ones' replace
} cargo;

typedef struct {
  unsigned char *bytes;
  size_t count;
} span;

// Segment k of chunk c; empty past the chunk's end, which only the last segment of a shorter chunk is.
static span segment(const pd_communicator *ring, const cargo *load, int c, size_t k) {
  size_t p = (size_t)load->group->size, each = load->count / p, longer = load->count % p;
  size_t chunk = (size_t)c < longer ? each + 1 : each;
  size_t begin = each * (size_t)c + ((size_t)c < longer ? (size_t)c : longer);
  size_t step = ring->segment / load->kind.width, offset = k * step < chunk ? k * step : chunk;
  return (span){load->bytes + (begin + offset) * load->kind.width, chunk - offset < step ? chunk - offset : step};
}

// Starts or, after it has finished, uses exchange `e`: segment e mod K of step e / K.
static int start(pd_communicator *ring, const cargo *load, size_t e, size_t per_chunk) {
  const pd_group *group = load->group;
  int p = group->size, s = (int)(e / per_chunk);
  span out = segment(ring, load, (group->place + 2 * p - s) % p, e % per_chunk);
  span in = segment(ring, load, (group->place + 2 * p - s - 1) % p, e % per_chunk);
  return ring->transport->start(ring, &(pd_exchange){
    .tag = load->kind.tag,
    .send = out.bytes, .send_bytes = out.count * load->kind.width, .to = group->ranks[(group->place + 1) % p],
    .receive = s < load->adding_steps ? ring->scratch + e % PD_IN_FLIGHT * ring->segment : in.bytes,
    .receive_bytes = in.count * load->kind.width, .from = group->ranks[(group->place + p - 1) % p],
  });
}

static int finish(pd_communicator *ring, const cargo *load, size_t e, size_t per_chunk) {
  int code = ring->transport->finish(ring), p = load->group->size, s = (int)(e / per_chunk);
  if (code != PD_OK || s >= load->adding_steps) return code;
  span in = segment(ring, load, (load->group->place + 2 * p - s - 1) % p, e % per_chunk);
  load->kind.add(in.bytes, in.bytes, ring->scratch + e % PD_IN_FLIGHT * ring->segment, in.count);
  return PD_OK;
}

static int circulate(pd_communicator *ring, const cargo *load, int steps) {
  size_t p = (size_t)load->group->size, longest = load->count / p + (load->count % p != 0);
  size_t step = ring->segment / load->kind.width;
  size_t per_chunk = longest / step + (longest % step != 0), exchanges = (size_t)steps * per_chunk;
  size_t ahead = per_chunk > 1;  // a chunk of one segment must be complete before it is sent on
  int code = PD_OK;
  for (size_t started = 0, e = 0; e < exchanges && code == PD_OK; e++) {
    while (code == PD_OK && started < exchanges && started <= e + ahead) code = start(ring, load, started++, per_chunk);
    if (code == PD_OK) code = finish(ring, load, e, per_chunk);
  }
  return code;
}

int pd_ring_sum(pd_communicator *c, const pd_group *group, void *values, size_t count, const pd_kind *kind) {
  cargo load = {group, values, count, *kind, group->size - 1};
  return circulate(c, &load, 2 * (group->size - 1));
}

static int sum(pd_communicator *c, void *values, size_t count, const pd_kind *kind) {
  if (c->failure != PD_OK) return c->failure;
  if (pd_is_small(c, count * kind->width)) return pd_small_sum(c, values, count, kind);
  int ranks[c->size];
  for (int rank = 0; rank < c->size; rank++) ranks[rank] = rank;
  return pd_ring_sum(c, &(pd_group){c->rank, c->size, ranks}, values, count, kind);
}

int pd_sum_float(pd_communicator *c, float *values, size_t count) { return sum(c, values, count, &pd_floats); }

int pd_sum_double(pd_communicator *c, double *values, size_t count) { return sum(c, values, count, &pd_doubles); }

int pd_all_gather(pd_communicator *c, void *blocks, size_t block_bytes) {
  if (c->failure != PD_OK) return c->failure;
  if (pd_is_small(c, block_bytes * (size_t)(c->hosts.count > 1 ? c->size : 1)))
    return pd_small_all_gather(c, blocks, block_bytes);
  int ranks[c->size];
  for (int rank = 0; rank < c->size; rank++) ranks[rank] = rank;
  pd_group all = {c->rank, c->size, ranks};
  cargo load = {&all, blocks, block_bytes * (size_t)c->size, {PD_TAG_ALL_GATHER, 1, NULL}, 0};
  return circulate(c, &load, c->size - 1);
}
