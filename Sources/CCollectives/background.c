// Sums between hosts that go on while the network computes.
//
// Open MPI moves bytes only while someone is inside it, so a thread of this rank's takes one sum after the other. It has a
// communicator of its own, lest its messages meet the operations'.
//
// Each host cuts an array into as many slices as the host with the most ranks has. Its ranks sum a slice of the host's
// numbers each, and send it to the ranks that have the same slice on the other hosts, all side by side:
//
//     host 0   rank 0: slice 0 ◄──┐   rank 1: slice 1 ◄──┐
//     host 1   rank 2: slice 0 ◄──┘   rank 3: slice 1 ◄──┘

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "block.h"

typedef struct {
  int slice;
  float *values;
  size_t count;
} sum;

struct pd_background {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pd_communicator *communicator;
  const pd_hosts *hosts;
  sum *sums;  // those begun since all were finished
  size_t capacity, begun, finished;
  int failed, closing;
};

int pd_slices(const pd_communicator *c) {
  int most = 1;
  for (int host = 0; host < c->hosts.count; host++) {
    int ranks = c->hosts.firsts[host + 1] - c->hosts.firsts[host];
    if (ranks > most) most = ranks;
  }
  return most;
}

// A host of fewer ranks has several slices on each.
static int owner(const pd_hosts *hosts, int host, int slice) {
  int first = hosts->firsts[host], ranks = hosts->firsts[host + 1] - first;
  return first + slice % ranks;
}

int pd_owns_slice(const pd_communicator *c, int slice) { return owner(&c->hosts, c->hosts.own, slice) == c->rank; }

static int perform(pd_communicator *c, const pd_hosts *hosts, const sum *s) {
  int owners[hosts->count];
  for (int host = 0; host < hosts->count; host++) owners[host] = owner(hosts, host, s->slice);
  pd_group group = {hosts->own, hosts->count, owners};
  pd_kind kind = {PD_TAG_SLICE, sizeof(float), pd_floats.add};
  int is_power_of_two = (group.size & (group.size - 1)) == 0;
  return (is_power_of_two ? pd_halves_sum : pd_ring_sum)(c, &group, s->values, s->count, &kind);
}

static void *work(void *argument) {
  pd_background *b = argument;
  pthread_mutex_lock(&b->lock);
  for (;;) {
    while (b->begun == b->finished && !b->closing) pthread_cond_wait(&b->changed, &b->lock);
    if (b->begun == b->finished) break;
    sum next = b->sums[b->finished];
    pthread_mutex_unlock(&b->lock);
    int code = perform(b->communicator, b->hosts, &next);
    pthread_mutex_lock(&b->lock);
    b->failed = code;
    pthread_cond_signal(&b->changed);
    if (code != PD_OK) break;
    b->finished++;
  }
  pthread_mutex_unlock(&b->lock);
  return NULL;
}

static void free_background(pd_background *b) {
  pthread_cond_destroy(&b->changed);
  pthread_mutex_destroy(&b->lock);
  free(b->sums);
  free(b);
}

static pd_background *start_background(pd_communicator *c) {
  pd_background *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  b->communicator = c->beside;
  b->hosts = &c->hosts;
  pthread_mutex_init(&b->lock, NULL);
  pd_make_condition(&b->changed);
  if (pthread_create(&b->thread, NULL, work, b) == 0) return b;
  free_background(b);
  return NULL;
}

void pd_stop_background(pd_communicator *c) {
  pd_background *b = c->background;
  if (!b) return;
  pthread_mutex_lock(&b->lock);
  b->closing = 1;
  pthread_cond_signal(&b->changed);
  pthread_mutex_unlock(&b->lock);
  pthread_join(b->thread, NULL);
  free_background(b);
  c->background = NULL;
}

int pd_begin_slice_sum(pd_communicator *c, int slice, float *values, size_t count) {
  sum next = {slice, values, count};
  if (c->failure != PD_OK) return c->failure;
  if (!c->beside) {
    int code = perform(c, &c->hosts, &next);
    if (code != PD_OK) pd_give_up(c);
    return code;
  }
  if (!c->background) c->background = start_background(c);
  pd_background *b = c->background;
  if (!b) return pd_fail(c, PD_LIBRARY, -1, "no thread for sums between hosts");
  int code = PD_OK;
  pthread_mutex_lock(&b->lock);
  if (b->finished == b->begun) b->finished = b->begun = 0;
  if (b->begun == b->capacity) {
    size_t room = b->capacity ? 2 * b->capacity : 64;
    sum *larger = realloc(b->sums, room * sizeof *larger);
    if (larger) {
      b->sums = larger;
      b->capacity = room;
    } else {
      code = pd_fail(c, PD_LIBRARY, -1, "no memory for %zu sums", room);
    }
  }
  if (code == PD_OK) {
    b->sums[b->begun++] = next;
    pthread_cond_signal(&b->changed);
  }
  pthread_mutex_unlock(&b->lock);
  return code;
}

// Waits as every operation does: no longer than the time-out for one sum, and answering to who asks who is there.
static int wait_for(pd_communicator *c, size_t pending) {
  pd_background *b = c->background;
  double since = pd_now();
  for (size_t seen = b->finished; b->begun - b->finished > pending;) {
    if (b->finished != seen) {
      seen = b->finished;
      since = pd_now();
    }
    if (b->failed) return pd_fail(c, b->failed, c->beside->peer, "%s", c->beside->text);
    int caller = c->transport->caller ? c->transport->caller(c) : -1;
    if (pd_now() - since > c->timeout || caller >= 0) {
      int host = c->hosts.own == 0 ? 1 : 0, suspect = owner(&c->hosts, host, b->sums[b->finished].slice);
      if (c->transport->missing) suspect = c->transport->missing(c, suspect, caller);
      return pd_miss(c, suspect, caller);
    }
    struct timespec nap = pd_after(0.02);
    pthread_cond_timedwait(&b->changed, &b->lock, &nap);
  }
  return PD_OK;
}

int pd_finish_slice_sums(pd_communicator *c, size_t pending) {
  if (c->failure != PD_OK || !c->background) return c->failure;
  double began = pd_begin_wait(c);
  pthread_mutex_lock(&c->background->lock);
  int code = wait_for(c, pending);
  pthread_mutex_unlock(&c->background->lock);
  pd_end_wait(c, began);
  if (code != PD_OK) pd_give_up(c);
  return code;
}
