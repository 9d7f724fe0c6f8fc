// How ranks of one host meet in the memory they share.
//
// A round: each rank writes into its own mailbox, says that it has come, and waits until all have; then it reads the
// others' mailboxes. No rank can come to the round after next before all have come to the next, so two mailboxes of each
// rank, used in turn, are enough for nobody to overwrite what another still reads: one meeting a round.
//
//     rank 0   write ──► come ──┐               ┌──► read all ──► write ──► come ──┐
//     rank 1      write ──► come┤ all have come ├──► read all ──► write ──► come ──┤
//     rank 2   write ──► come ──┘               └──► read all ──► write ──► come ──┘
//              mailboxes A                       mailboxes A     mailboxes B
//
// Whoever waits spins for a moment, because peers that work alike come at nearly the same time, and then sleeps in the
// kernel (futex), because the peer may be waiting for this very core.

#define _GNU_SOURCE
#include "block.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Longer than two ranks that do the same work are usually apart, shorter than a time slice.
static const double spinning = 50e-6;
// A sleeper looks around so often: whether its time is up, and whether a roll call asks for it.
static const struct timespec nap = {.tv_nsec = 20000000};

static size_t header_bytes(int ranks) { return sizeof(pd_block) + (size_t)ranks * sizeof(pd_place); }

size_t pd_block_bytes(int ranks) { return header_bytes(ranks) + 2 * (size_t)ranks * PD_MAILBOX; }

static unsigned char *mailbox(pd_block *block, int rank, uint32_t round) {
  size_t place = 2 * (size_t)rank + round % 2;
  return (unsigned char *)block + header_bytes(block->ranks) + place * PD_MAILBOX;
}

unsigned char *pd_next_mailbox(pd_communicator *c) { return mailbox(c->block, c->rank, c->rounds + 1); }
const unsigned char *pd_mailbox(pd_communicator *c, int rank) { return mailbox(c->block, rank, c->rounds); }

static void wake_all(pd_block *block) {
  if (atomic_load(&block->sleepers) > 0) syscall(SYS_futex, &block->complete, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void pd_block_give_up(pd_block *block, int cause) {
  int none = 0;
  atomic_compare_exchange_strong(&block->gave_up, &none, cause + 1);
  wake_all(block);
}

// Numbers of rounds wrap around, so they are compared by their distance.
static int reached(uint32_t count, uint32_t round) { return (int32_t)(count - round) >= 0; }

static int first_missing(pd_block *block, uint32_t round) {
  for (int rank = 0; rank < block->ranks; rank++)
    if (!reached(atomic_load(&block->places[rank].came), round)) return rank;
  return -1;
}

// Breaks the communicator, and with it the round for all who wait.
static int fail(pd_communicator *c, int failure, int peer) {
  int cause = failure == PD_ABANDONED ? peer : c->rank;
  pd_block_give_up(c->block, cause);
  if (c->transport->give_up) c->transport->give_up(c, cause);
  return pd_fail(c, failure, peer, "%s", "");
}

static int wait_for(pd_communicator *c, uint32_t round) {
  pd_block *block = c->block;
  double began = pd_now();
  for (;;) {
    uint32_t seen = atomic_load(&block->complete);
    if (reached(seen, round)) return PD_OK;
    int cause = atomic_load(&block->gave_up);
    if (cause > 0) return fail(c, PD_ABANDONED, cause - 1);
    double waited = pd_now() - began;
    if (waited < spinning) continue;
    // Only who asks by messages is not in this block: an answer tells it that this rank is here.
    if (waited > c->timeout || (c->transport->is_called && c->transport->is_called(c))) {
      int missing = first_missing(block, round);
      if (missing >= 0) return fail(c, PD_TIMED_OUT, missing);
    }
    atomic_fetch_add(&block->sleepers, 1);
    if (atomic_load(&block->gave_up) == 0) syscall(SYS_futex, &block->complete, FUTEX_WAIT, seen, &nap, NULL, 0);
    atomic_fetch_sub(&block->sleepers, 1);
  }
}

int pd_meet(pd_communicator *c, pd_tag tag, size_t bytes) {
  pd_block *block = c->block;
  uint32_t round = ++c->rounds;
  pd_place *own = &block->places[c->rank];
  own->posted[round % 2].tag = tag;
  own->posted[round % 2].bytes = bytes;
  atomic_store(&own->came, round);
  if (atomic_fetch_add(&block->arrivals, 1) + 1 == round * (uint32_t)block->ranks) {
    atomic_store(&block->complete, round);
    wake_all(block);
  } else {
    int code = wait_for(c, round);
    if (code != PD_OK) return code;
  }
  for (int rank = 0; rank < block->ranks; rank++) {
    pd_exchange expected = {.tag = tag, .receive_bytes = bytes, .from = rank};
    int code = pd_check(c, &expected, block->places[rank].posted[round % 2].tag,
                        block->places[rank].posted[round % 2].bytes);
    if (code != PD_OK) return code;
  }
  return PD_OK;
}
