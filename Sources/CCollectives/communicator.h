// What the operations know of a network: two functions. Implemented by mpi.c and threads.c.
#pragma once

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
  // Whether another rank asks who is there; it is answered. NULL where nobody asks.
  int (*_Nullable is_called)(pd_communicator *);
  // Tells ranks that wait for messages that none will come, because of rank `cause`. NULL where nobody listens.
  void (*_Nullable give_up)(pd_communicator *, int cause);
} pd_transport;

// Memory that all ranks share; see block.h.
typedef struct pd_block pd_block;

// sum = a + b, elementwise. Either may be the sum itself.
typedef void (*pd_add)(void *sum, const void *a, const void *b, size_t count);
void pd_add_float(void *sum, const void *a, const void *b, size_t count);
void pd_add_double(void *sum, const void *a, const void *b, size_t count);

// sum = the tree over `count` arrays of so many bytes, in elements of `width`. One of them may be the sum.
void pd_add_tree(const unsigned char *_Nonnull const *_Nonnull terms, int count, size_t bytes, size_t width, pd_add add,
                 unsigned char *sum);

struct pd_communicator {
  int rank, size;
  double timeout;
  const pd_transport *transport;
  void *_Nullable link;  // the transport's own
  size_t segment;        // bytes
  unsigned char *_Nullable scratch;  // PD_IN_FLIGHT segments, for numbers that arrive to be added
  pd_block *_Nullable block;  // NULL where ranks have no common memory
  int by_messages;            // nor use it
  uint32_t rounds;            // in which this rank has met the others there
  char problem[160];          // why ranks of one host have no common memory; else empty
  int failure;
  int peer;
  char text[320];
};

// A communicator with its scratch and a link of `link_bytes` zeros, or NULL.
pd_communicator *_Nullable pd_create(int rank, int size, double timeout, const pd_transport *transport,
                                     size_t link_bytes);

// Breaks the communicator; returns `failure`.
int pd_fail(pd_communicator *c, int failure, int peer, const char *format, ...) __attribute__((format(printf, 4, 5)));

// PD_MISMATCHED unless a message that came is the one this rank waits for.
int pd_check(pd_communicator *c, const pd_exchange *expected, int tag, size_t bytes);

// Seconds on a clock that only goes forward.
double pd_now(void);

// Start and finish in one.
int pd_do(pd_communicator *c, const pd_exchange *exchange);

// Whether an operation on so many bytes goes through the block.
int pd_is_small(const pd_communicator *c, size_t bytes);

// The operations of CCollectives.h, through the block.
int pd_small_sum(pd_communicator *c, void *_Nullable values, size_t count, size_t width, pd_tag tag, pd_add add);
int pd_small_all_gather(pd_communicator *c, void *_Nullable blocks, size_t block_bytes);
int pd_small_broadcast(pd_communicator *c, void *_Nullable data, size_t bytes, int root);

#pragma clang assume_nonnull end
