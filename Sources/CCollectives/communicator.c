// Memory and failures of a communicator, whatever its transport.

#include "communicator.h"

#include "block.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Large enough that latency does not count, small enough that what arrived is still in the cache when it is added.
static const size_t default_segment = 512 << 10;

pd_communicator *pd_create(int rank, int size, double timeout, const pd_transport *transport, size_t link_bytes) {
  pd_communicator *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->rank = rank;
  c->size = size;
  c->timeout = timeout;
  c->transport = transport;
  c->peer = -1;
  c->link = calloc(1, link_bytes);
  if (c->link && pd_set_segment(c, default_segment) == PD_OK) return c;
  free(c->link);
  free(c);
  return NULL;
}

pd_communicator *pd_alone_open(double timeout) {
  static const pd_transport none;
  static const uint64_t host;
  pd_communicator *c = pd_create(0, 1, timeout, &none, 1);
  if (!c || pd_set_hosts(c, &host)) return c;
  pd_close(c);
  return NULL;
}

void pd_close(pd_communicator *c) {
  pd_stop_background(c);
  if (c->beside) pd_close(c->beside);
  if (c->transport->close) c->transport->close(c);
  free(c->hosts.firsts);
  free(c->link);
  free(c->scratch);
  free(c);
}

int pd_set_hosts(pd_communicator *c, const uint64_t *host_of_rank) {
  pd_hosts *hosts = &c->hosts;
  hosts->firsts = calloc((size_t)c->size + 1, sizeof *hosts->firsts);
  if (!hosts->firsts) return 0;
  for (int rank = 0; rank < c->size; rank++) {
    if (rank == 0 || host_of_rank[rank] != host_of_rank[rank - 1]) hosts->firsts[hosts->count++] = rank;
    if (rank == c->rank) hosts->own = hosts->count - 1;
  }
  hosts->firsts[hosts->count] = c->size;
  hosts->first = hosts->firsts[hosts->own];
  hosts->ranks = hosts->firsts[hosts->own + 1] - hosts->first;
  return 1;
}

int pd_set_segment(pd_communicator *c, size_t bytes) {
  // Whole elements of every type; aligned for vector loads.
  size_t rounded = bytes < 8 ? 8 : (bytes > INT_MAX / 2 ? INT_MAX / 2 : bytes) / 8 * 8;
  unsigned char *scratch = NULL;
  if (posix_memalign((void **)&scratch, 64, PD_IN_FLIGHT * rounded) != 0)
    return pd_fail(c, PD_LIBRARY, -1, "no memory for %zu bytes", PD_IN_FLIGHT * rounded);
  free(c->scratch);
  c->scratch = scratch;
  c->segment = rounded;
  return PD_OK;
}

int pd_rank(const pd_communicator *c) { return c->rank; }
int pd_size(const pd_communicator *c) { return c->size; }
int pd_failure(const pd_communicator *c) { return c->failure; }
int pd_failure_peer(const pd_communicator *c) { return c->peer; }
const char *pd_failure_text(const pd_communicator *c) { return c->text; }
int pd_host_count(const pd_communicator *c) { return c->hosts.count; }
int pd_ranks_here(const pd_communicator *c) { return c->hosts.ranks; }
int pd_place_here(const pd_communicator *c) { return c->rank - c->hosts.first; }
double pd_waited(const pd_communicator *c) { return c->waited; }
int pd_shares_memory(const pd_communicator *c) { return c->block && !c->by_messages; }
const char *pd_sharing_problem(const pd_communicator *c) { return c->problem; }
void pd_use_messages(pd_communicator *c, int messages) { c->by_messages = messages; }

int pd_fail(pd_communicator *c, int failure, int peer, const char *format, ...) {
  c->failure = failure;
  c->peer = peer;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(c->text, sizeof c->text, format, arguments);
  va_end(arguments);
  return failure;
}

int pd_miss(pd_communicator *c, int missing, int caller) {
  return caller < 0 ? pd_fail(c, PD_TIMED_OUT, missing, "%s", "") : pd_fail(c, PD_ABANDONED, caller, "%s", "");
}

static const char *name(int tag) {
  static const char *const names[] = {
      [PD_TAG_SUM_FLOAT] = "sum of floats", [PD_TAG_SUM_DOUBLE] = "sum of doubles",
      [PD_TAG_ALL_GATHER] = "all-gather",   [PD_TAG_BROADCAST] = "broadcast",
      [PD_TAG_GATHER] = "gather",           [PD_TAG_BARRIER] = "barrier",
      [PD_TAG_SLICE] = "sum between hosts",
  };
  return tag >= PD_TAG_SUM_FLOAT && tag <= PD_TAG_SLICE ? names[tag] : "something unknown";
}

int pd_check(pd_communicator *c, const pd_exchange *expected, int tag, size_t bytes) {
  if (tag == (int)expected->tag && bytes == expected->receive_bytes) return PD_OK;
  return pd_fail(c, PD_MISMATCHED, expected->from, "%zu bytes of a %s came instead of %zu of a %s", bytes, name(tag),
                 expected->receive_bytes, name(expected->tag));
}

double pd_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double pd_begin_wait(pd_communicator *c) {
  double now = pd_now();
  atomic_store_explicit(&c->waiting_since, now, memory_order_relaxed);
  return now;
}

void pd_end_wait(pd_communicator *c, double began) {
  double waited = atomic_load_explicit(&c->waited, memory_order_relaxed) + pd_now() - began;
  atomic_store_explicit(&c->waited, waited, memory_order_relaxed);
  atomic_store_explicit(&c->waiting_since, 0, memory_order_relaxed);
}

void pd_make_condition(pthread_cond_t *condition) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

struct timespec pd_after(double seconds) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += (time_t)seconds;
  end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
  if (end.tv_nsec >= 1000000000) {
    end.tv_sec++;
    end.tv_nsec -= 1000000000;
  }
  return end;
}

// A large array is better cut into pieces that are under way at the same time, as messages do it.
size_t pd_small_bytes(void) { return 8 * (size_t)PD_MAILBOX; }
int pd_is_small(const pd_communicator *c, size_t bytes) { return pd_shares_memory(c) && bytes <= pd_small_bytes(); }

int pd_do(pd_communicator *c, const pd_exchange *exchange) {
  int code = c->transport->start(c, exchange);
  return code == PD_OK ? c->transport->finish(c) : code;
}
