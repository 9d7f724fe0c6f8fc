// Memory that the ranks of a host share: how they meet there, and what they do through it.
#pragma once

#include <stdatomic.h>

#include "communicator.h"

#pragma clang assume_nonnull begin

// Bytes that a rank can show the others at once. The largest of a step's sums just fits: two doubles for each of the head's
// 4,096 pooled features, and their number.
enum { PD_MAILBOX = (64 << 10) + 64 };

// A rank's own lines of the block.
typedef struct {
  _Alignas(64) _Atomic uint32_t came;  // how many rounds it has come to
  struct {
    int tag;
    size_t bytes;
  } posted[2];  // what it does in its last two rounds, by the round's parity
} pd_place;

struct pd_block {
  _Alignas(64) _Atomic uint32_t complete;  // how many rounds all ranks have come to; sleepers wait for it to change
  _Atomic uint32_t sleepers;
  _Alignas(64) _Atomic uint32_t arrivals;  // of all ranks in all rounds
  _Atomic int gave_up;                     // one more than the rank because of which no round will be complete; 0: none
  int ranks;                               // of the host
  pd_place places[];  // [ranks], and behind them two mailboxes of each rank, by the round's parity
};

// How large the block of so many ranks is. It begins as zeros.
size_t pd_block_bytes(int ranks);

// Comes to the next round, and returns once all ranks of the host have: then what each wrote into its mailbox can be
// read, until this rank comes to the round after.
int pd_meet(pd_communicator *c, pd_tag tag, size_t bytes);

// This rank's mailbox of the round that it comes to next; a rank's of this host, of the round this one last came to.
unsigned char *pd_next_mailbox(pd_communicator *c);
const unsigned char *pd_mailbox(pd_communicator *c, int rank);

// After a failure: lets no one wait for this rank, neither in the block nor, where ranks can be told, by messages.
void pd_give_up(pd_communicator *c);

// Says that no further round will be complete, because of rank `cause`, and wakes who waits for one.
void pd_block_give_up(pd_block *block, int cause);

// Zeros that all ranks of a host see, each mapped by itself; NULL on all ranks of the job if one cannot have them, with the
// reason in the communicator's `problem`. Collective.
void *_Nullable pd_share(pd_communicator *c, size_t bytes);

#pragma clang assume_nonnull end
