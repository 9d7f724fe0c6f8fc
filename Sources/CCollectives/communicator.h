// What the operations know of a network: a few functions. Implemented by mpi.c and threads.c.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "CCollectives.h"

#pragma clang assume_nonnull begin

// What a message is part of. Sent along, so that a rank that is somewhere else is noticed.
typedef enum {
  PD_TAG_SUM_FLOAT = 1,
  PD_TAG_SUM_DOUBLE,
  PD_TAG_ALL_GATHER,
  PD_TAG_BROADCAST,
  PD_TAG_GATHER,
  PD_TAG_BARRIER,
  PD_TAG_SLICE,
} pd_tag;

// One send and one receive at the same time. Zero bytes: nothing is sent, or received.
typedef struct {
  pd_tag tag;
  const void *_Nullable send;
  size_t send_bytes;
  int to;
  void *_Nullable receive;
  size_t receive_bytes;
  int from;
} pd_exchange;

enum { PD_IN_FLIGHT = 2 };

typedef struct {
  // Begins an exchange, at most PD_IN_FLIGHT at once. Its memory belongs to the transport until it is finished.
  // No side exceeds the communicator's segment, which is far below INT_MAX.
  int (*start)(pd_communicator *, const pd_exchange *);
  // Waits for the oldest exchange, no longer than the timeout.
  int (*finish)(pd_communicator *);
  // Frees what the link refers to, if it refers to anything.
  void (*_Nullable close)(pd_communicator *);
  // The rank that asks who is there, or -1. NULL where nobody asks.
  int (*_Nullable caller)(pd_communicator *);
  // Asks all ranks who is there, and so tells `caller`, if not -1, that this one is. Returns who is missing: `suspect`,
  // unless that one answers and another does not. NULL where nobody asks.
  int (*_Nullable missing)(pd_communicator *, int suspect, int caller);
  // Tells ranks that wait for messages that none will come, because of rank `cause`. NULL where nobody listens.
  void (*_Nullable give_up)(pd_communicator *, int cause);
} pd_transport;

// Memory that the ranks of a host share; see block.h.
typedef struct pd_block pd_block;
// A thread of this rank's that sums between hosts; see background.c.
typedef struct pd_background pd_background;

// What is added up: elements of `width` bytes. `add` writes sum = a + b, elementwise; either may be the sum itself.
typedef struct {
  pd_tag tag;
  size_t width;
  void (*_Nullable add)(void *sum, const void *a, const void *b, size_t count);
} pd_kind;
extern const pd_kind pd_floats, pd_doubles;

// sum = the tree over `count` arrays of so many bytes. One of them may be the sum.
void pd_add_tree(const unsigned char *_Nonnull const *_Nonnull terms, int count, size_t bytes, const pd_kind *kind,
                 unsigned char *sum);

// Where ranks run. Those of a host are consecutive.
typedef struct {
  int count, own;                // hosts, and which of them is this rank's
  int first, ranks;              // of this rank's host: its lowest rank, and how many it has
  int *_Nullable firsts;         // [count + 1] the lowest rank of each host, and behind them the number of all ranks
} pd_hosts;

// Some ranks in an order, of which this one has a place.
typedef struct {
  int place, size;
  const int *ranks;
} pd_group;

struct pd_communicator {
  int rank, size;
  double timeout;
  const pd_transport *transport;
  void *_Nullable link;  // the transport's own
  size_t segment;        // bytes
  unsigned char *_Nullable scratch;  // PD_IN_FLIGHT segments, for numbers that arrive to be added
  pd_hosts hosts;
  pd_block *_Nullable block;  // NULL where the ranks of a host have no common memory
  int by_messages;            // nor use it
  uint32_t rounds;            // in which this rank has met those of its host there
  char problem[160];          // why ranks of one host have no common memory; else empty
  pd_communicator *_Nullable beside;  // of the same ranks, for the background; NULL where a rank has only one thread
  pd_background *_Nullable background;
  _Atomic double waited;        // for others, in seconds; the heartbeat's thread reads both
  _Atomic double waiting_since;  // 0: it does not wait
  int failure;
  int peer;
  char text[320];
};

// A communicator with its scratch and a link of `link_bytes` zeros, or NULL.
pd_communicator *_Nullable pd_create(int rank, int size, double timeout, const pd_transport *transport,
                                     size_t link_bytes);

// Says on which host each rank is, by a number that differs between hosts. Returns 0 without memory.
int pd_set_hosts(pd_communicator *c, const uint64_t *host_of_rank);

// Breaks the communicator; returns `failure`.
int pd_fail(pd_communicator *c, int failure, int peer, const char *format, ...) __attribute__((format(printf, 4, 5)));

// Breaks the communicator because `missing` does not come. A rank that only answered `caller` leaves it to that one to say so.
int pd_miss(pd_communicator *c, int missing, int caller);

// PD_MISMATCHED unless a message that came is the one this rank waits for.
int pd_check(pd_communicator *c, const pd_exchange *expected, int tag, size_t bytes);

// Seconds on a clock that only goes forward.
double pd_now(void);
// The moment so many seconds from now, on that clock.
struct timespec pd_after(double seconds);

// Makes a condition whose time-outs are such moments.
void pd_make_condition(pthread_cond_t *condition);

// Around each wait for other ranks: when it began, on the clock above, and that it is over.
double pd_begin_wait(pd_communicator *c);
void pd_end_wait(pd_communicator *c, double began);

// Start and finish in one.
int pd_do(pd_communicator *c, const pd_exchange *exchange);

// Whether an operation on so many bytes goes through common memory on each host.
int pd_is_small(const pd_communicator *c, size_t bytes);

// The operations of CCollectives.h, through common memory on each host, and messages of one of its ranks.
int pd_small_sum(pd_communicator *c, void *_Nullable values, size_t count, const pd_kind *kind);
int pd_small_all_gather(pd_communicator *c, void *_Nullable blocks, size_t block_bytes);
int pd_small_broadcast(pd_communicator *c, void *_Nullable data, size_t bytes, int root);
int pd_small_barrier(pd_communicator *c);

// Sums among the ranks of a group, by messages: around a ring (ring.c); and as a tree, by halves (halves.c).
int pd_ring_sum(pd_communicator *c, const pd_group *group, void *values, size_t count, const pd_kind *kind);
int pd_halves_sum(pd_communicator *c, const pd_group *group, void *values, size_t count, const pd_kind *kind);

// Ends the background's thread, if there is one. Nothing may be under way.
void pd_stop_background(pd_communicator *c);

#pragma clang assume_nonnull end
