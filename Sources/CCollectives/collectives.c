// The operations that are not a ring: broadcast along a chain, gather, barrier.

#include "block.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// A chain from the root through the ranks in order: while a rank receives segment k, it passes on segment k − 1. Takes
// p + K − 2 transfers of a segment for K segments, against K log p along a tree.
int pd_broadcast(pd_communicator *c, void *data, size_t bytes, int root) {
  if (c->failure != PD_OK) return c->failure;
  if (pd_is_small(c, bytes)) return pd_small_broadcast(c, data, bytes, root);
  unsigned char *at = data;
  int place = (c->rank - root + c->size) % c->size;
  int receives = place > 0, sends = place < c->size - 1, code = PD_OK;
  size_t before = 0;  // bytes of the segment before, now to be passed on
  for (size_t offset = 0; code == PD_OK && (receives || sends) && (offset < bytes || before > 0); ) {
    size_t now = smaller(c->segment, bytes - offset);
    size_t outgoing = receives ? before : now;
    code = pd_do(c, &(pd_exchange){
      .tag = PD_TAG_BROADCAST,
      .send = receives ? at + offset - before : at + offset, .send_bytes = sends ? outgoing : 0,
      .to = (c->rank + 1) % c->size,
      .receive = at + offset, .receive_bytes = receives ? now : 0, .from = (c->rank + c->size - 1) % c->size,
    });
    before = receives && sends ? now : 0;
    offset += now;
  }
  return code;
}

// Rank 0 receives from one rank after another: what it can take in is the limit, in whatever order they come.
int pd_gather(pd_communicator *c, const void *data, const size_t *lengths, void *gathered) {
  if (c->failure != PD_OK) return c->failure;
  unsigned char *at = gathered;
  int code = PD_OK;
  if (c->rank > 0) {
    const unsigned char *own = data;
    for (size_t offset = 0; code == PD_OK && offset < lengths[c->rank]; offset += c->segment)
      code = pd_do(c, &(pd_exchange){
        .tag = PD_TAG_GATHER, .send = own + offset, .send_bytes = smaller(c->segment, lengths[c->rank] - offset),
      });
    return code;
  }
  if (lengths[0] > 0) memcpy(at, data, lengths[0]);
  at += lengths[0];
  for (int rank = 1; rank < c->size; at += lengths[rank++])
    for (size_t offset = 0; code == PD_OK && offset < lengths[rank]; offset += c->segment)
      code = pd_do(c, &(pd_exchange){
        .tag = PD_TAG_GATHER, .receive = at + offset, .receive_bytes = smaller(c->segment, lengths[rank] - offset),
        .from = rank,
      });
  return code;
}

// Dissemination (Hensgen, Finkel and Manber, 1988): after round i a rank has heard, directly or not, of the 2^(i+1) − 1
// ranks before it.
int pd_barrier(pd_communicator *c) {
  if (c->failure != PD_OK) return c->failure;
  if (pd_shares_memory(c)) return pd_small_barrier(c);
  unsigned char here = 1, there = 0;
  int code = PD_OK;
  for (int distance = 1; code == PD_OK && distance < c->size; distance *= 2)
    code = pd_do(c, &(pd_exchange){
      .tag = PD_TAG_BARRIER, .send = &here, .send_bytes = 1, .to = (c->rank + distance) % c->size,
      .receive = &there, .receive_bytes = 1, .from = (c->rank - distance + c->size) % c->size,
    });
  return code;
}
