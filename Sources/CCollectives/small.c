// Small operations where ranks of a host share memory: one meeting each on one host, where messages would make many.
//
// Every rank reads what all of its host have written and adds it up by itself, as a tree over the ranks. That is p times
// the additions, of a few thousand numbers; and all ranks have the same bits, because all add the same numbers in the same
// order. If there are other hosts, the lowest rank of each then exchanges the sum with the others' lowest, and shows what
// comes of it to its host, in a second meeting.

#include <stdlib.h>
#include <string.h>

#include "block.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Sums over the hosts what the ranks of each have alike.
static int over_hosts(pd_communicator *c, unsigned char *values, size_t bytes, const pd_kind *kind) {
  const pd_hosts *hosts = &c->hosts;
  if (hosts->count == 1) return PD_OK;
  pd_group lowest = {hosts->own, hosts->count, hosts->firsts};
  if (c->rank == hosts->first) {
    int code = pd_halves_sum(c, &lowest, values, bytes / kind->width, kind);
    if (code != PD_OK) {
      pd_give_up(c);
      return code;
    }
    memcpy(pd_next_mailbox(c), values, bytes);
  }
  int code = pd_meet(c, kind->tag, bytes);
  if (code == PD_OK && c->rank != hosts->first) memcpy(values, pd_mailbox(c, hosts->first), bytes);
  return code;
}

int pd_small_sum(pd_communicator *c, void *values, size_t count, const pd_kind *kind) {
  unsigned char *at = values;
  int code = PD_OK;
  for (size_t left = count * kind->width; left > 0 && code == PD_OK;) {
    size_t now = smaller(left, PD_MAILBOX);
    memcpy(pd_next_mailbox(c), at, now);
    code = pd_meet(c, kind->tag, left);
    if (code != PD_OK) return code;
    const unsigned char *terms[c->hosts.ranks];
    for (int k = 0; k < c->hosts.ranks; k++) terms[k] = pd_mailbox(c, c->hosts.first + k);
    pd_add_tree(terms, c->hosts.ranks, now, kind, at);
    code = over_hosts(c, at, now, kind);
    at += now;
    left -= now;
  }
  return code;
}

// Bytes that one host alone has, and zeros of the others: what is to reach all hosts is added up as everything else.
static void join(void *sum, const void *a, const void *b, size_t count) {
  unsigned char *s = sum;
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < count; i++) s[i] = x[i] | y[i];
}

int pd_small_all_gather(pd_communicator *c, void *blocks, size_t block_bytes) {
  const pd_hosts *hosts = &c->hosts;
  const pd_kind kind = {PD_TAG_ALL_GATHER, 1, join};
  size_t most = hosts->count == 1 ? PD_MAILBOX : PD_MAILBOX / (size_t)c->size, piece = smaller(most, block_bytes);
  unsigned char *all = blocks, *pieces = hosts->count == 1 ? NULL : malloc(piece * (size_t)c->size);
  if (hosts->count > 1 && !pieces) return pd_fail(c, PD_LIBRARY, -1, "no memory for %zu bytes", piece * (size_t)c->size);
  int code = PD_OK;
  for (size_t offset = 0; offset < block_bytes && code == PD_OK; offset += piece) {
    size_t now = smaller(block_bytes - offset, piece);
    memcpy(pd_next_mailbox(c), all + (size_t)c->rank * block_bytes + offset, now);
    code = pd_meet(c, PD_TAG_ALL_GATHER, block_bytes - offset);
    if (code != PD_OK) break;
    if (pieces) memset(pieces, 0, now * (size_t)c->size);
    for (int rank = hosts->first; rank < hosts->first + hosts->ranks; rank++) {
      unsigned char *to = pieces ? pieces + (size_t)rank * now : all + (size_t)rank * block_bytes + offset;
      if (pieces || rank != c->rank) memcpy(to, pd_mailbox(c, rank), now);
    }
    if (!pieces) continue;
    code = over_hosts(c, pieces, now * (size_t)c->size, &kind);
    for (int rank = 0; rank < c->size && code == PD_OK; rank++)
      memcpy(all + (size_t)rank * block_bytes + offset, pieces + (size_t)rank * now, now);
  }
  free(pieces);
  return code;
}

int pd_small_broadcast(pd_communicator *c, void *data, size_t bytes, int root) {
  const pd_hosts *hosts = &c->hosts;
  const pd_kind kind = {PD_TAG_BROADCAST, 1, join};
  int has_root = root >= hosts->first && root < hosts->first + hosts->ranks, code = PD_OK;
  unsigned char *at = data;
  for (size_t offset = 0; offset < bytes && code == PD_OK; offset += PD_MAILBOX) {
    size_t now = smaller(bytes - offset, PD_MAILBOX);
    if (c->rank == root) memcpy(pd_next_mailbox(c), at + offset, now);
    code = pd_meet(c, PD_TAG_BROADCAST, bytes - offset);
    if (code == PD_OK && !has_root && c->rank == hosts->first) memset(at + offset, 0, now);
    if (code == PD_OK && has_root && c->rank != root) memcpy(at + offset, pd_mailbox(c, root), now);
    if (code == PD_OK) code = over_hosts(c, at + offset, now, &kind);
  }
  return code;
}

int pd_small_barrier(pd_communicator *c) {
  const pd_kind kind = {PD_TAG_BARRIER, 1, join};
  unsigned char here = 1;
  int code = pd_meet(c, PD_TAG_BARRIER, 0);
  return code == PD_OK ? over_hosts(c, &here, 1, &kind) : code;
}

int pd_barrier_here(pd_communicator *c) { return c->failure == PD_OK && c->block ? pd_meet(c, PD_TAG_BARRIER, 0) : c->failure; }
