// Small operations through the memory that ranks of one host share: one meeting each, where messages would make many.
//
// Every rank reads what all have written and adds it up by itself, as a tree over the ranks. That is p times the additions,
// of a few thousand numbers; and all ranks have the same bits, because all add the same numbers in the same order.

#include <string.h>

#include "block.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

int pd_small_sum(pd_communicator *c, void *values, size_t count, size_t width, pd_tag tag, pd_add add) {
  unsigned char *at = values;
  int code = PD_OK;
  for (size_t left = count * width; left > 0 && code == PD_OK;) {
    size_t now = smaller(left, PD_MAILBOX);
    memcpy(pd_next_mailbox(c), at, now);
    code = pd_meet(c, tag, left);
    if (code != PD_OK) return code;
    const unsigned char *terms[c->size];
    for (int rank = 0; rank < c->size; rank++) terms[rank] = pd_mailbox(c, rank);
    pd_add_tree(terms, c->size, now, width, add, at);
    at += now;
    left -= now;
  }
  return code;
}

int pd_small_all_gather(pd_communicator *c, void *blocks, size_t block_bytes) {
  unsigned char *all = blocks;
  int code = PD_OK;
  for (size_t offset = 0; offset < block_bytes && code == PD_OK; offset += PD_MAILBOX) {
    size_t now = smaller(block_bytes - offset, PD_MAILBOX);
    memcpy(pd_next_mailbox(c), all + (size_t)c->rank * block_bytes + offset, now);
    code = pd_meet(c, PD_TAG_ALL_GATHER, block_bytes - offset);
    for (int rank = 0; rank < c->size && code == PD_OK; rank++)
      if (rank != c->rank) memcpy(all + (size_t)rank * block_bytes + offset, pd_mailbox(c, rank), now);
  }
  return code;
}

int pd_small_broadcast(pd_communicator *c, void *data, size_t bytes, int root) {
  unsigned char *at = data;
  int code = PD_OK;
  for (size_t offset = 0; offset < bytes && code == PD_OK; offset += PD_MAILBOX) {
    size_t now = smaller(bytes - offset, PD_MAILBOX);
    if (c->rank == root) memcpy(pd_next_mailbox(c), at + offset, now);
    code = pd_meet(c, PD_TAG_BROADCAST, bytes - offset);
    if (code == PD_OK && c->rank != root) memcpy(at + offset, pd_mailbox(c, root), now);
  }
  return code;
}
