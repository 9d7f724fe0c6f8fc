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

static unsigned char *mailbox(const pd_communicator *c, int rank, uint32_t round) {
  size_t place = 2 * (size_t)(rank - c->hosts.first) + round % 2;
  return (unsigned char *)c->block + header_bytes(c->block->ranks) + place * PD_MAILBOX;
}

unsigned char *pd_next_mailbox(pd_communicator *c) { return mailbox(c, c->rank, c->rounds + 1); }
const unsigned char *pd_mailbox(pd_communicator *c, int rank) { return mailbox(c, rank, c->rounds); }

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

static int first_missing(const pd_communicator *c, uint32_t round) {
  for (int place = 0; place < c->block->ranks; place++)
    if (!reached(atomic_load(&c->block->places[place].came), round)) return c->hosts.first + place;
  return -1;
}

void pd_give_up(pd_communicator *c) {
  int cause = c->failure == PD_ABANDONED ? c->peer : c->rank;
  if (c->block) pd_block_give_up(c->block, cause);
  if (c->transport->give_up) c->transport->give_up(c, cause);
}

static int fail(pd_communicator *c, int failure, int peer) {
  pd_fail(c, failure, peer, "%s", "");
  pd_give_up(c);
  return failure;
}

static int wait_for(pd_communicator *c, uint32_t round, double began) {
  pd_block *block = c->block;
  for (;;) {
    uint32_t seen = atomic_load(&block->complete);
    if (reached(seen, round)) return PD_OK;
    int cause = atomic_load(&block->gave_up);
    if (cause > 0) return fail(c, PD_ABANDONED, cause - 1);
    double waited = pd_now() - began;
    if (waited < spinning) continue;
    // Who has not come may itself be waiting, for another host: so all ranks are asked who is there.
    int caller = c->transport->caller ? c->transport->caller(c) : -1;
    if (waited > c->timeout || caller >= 0) {
      int missing = first_missing(c, round);
      if (missing >= 0 && c->transport->missing) missing = c->transport->missing(c, missing, caller);
      if (missing >= 0) {
        pd_miss(c, missing, caller);
        pd_give_up(c);
        return c->failure;
      }
    }
    atomic_fetch_add(&block->sleepers, 1);
    if (atomic_load(&block->gave_up) == 0) syscall(SYS_futex, &block->complete, FUTEX_WAIT, seen, &nap, NULL, 0);
    atomic_fetch_sub(&block->sleepers, 1);
  }
}

int pd_meet(pd_communicator *c, pd_tag tag, size_t bytes) {
  pd_block *block = c->block;
  uint32_t round = ++c->rounds;
  pd_place *own = &block->places[c->rank - c->hosts.first];
  own->posted[round % 2].tag = tag;
  own->posted[round % 2].bytes = bytes;
  atomic_store(&own->came, round);
  if (atomic_fetch_add(&block->arrivals, 1) + 1 == round * (uint32_t)block->ranks) {
    atomic_store(&block->complete, round);
    wake_all(block);
  } else {
    double began = pd_begin_wait(c);
    int code = wait_for(c, round, began);
    pd_end_wait(c, began);
    if (code != PD_OK) return code;
  }
  for (int place = 0; place < block->ranks; place++) {
    pd_exchange expected = {.tag = tag, .receive_bytes = bytes, .from = c->hosts.first + place};
    int code = pd_check(c, &expected, block->places[place].posted[round % 2].tag,
                        block->places[place].posted[round % 2].bytes);
    if (code == PD_OK) continue;
    pd_give_up(c);
    return code;
  }
  return PD_OK;
}
