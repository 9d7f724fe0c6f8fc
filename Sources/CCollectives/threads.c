// Ranks as threads of one process, for tests: the operations' code without mpirun.
//
// A sender puts the address of its bytes in the receiver's mailbox; the receiver copies them from there, and the sender
// is finished once they have been taken. Copying under the lock keeps a rank that gives up from leaving its peer with a
// dangling address.

#include "block.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  struct {
    const void *bytes;
    size_t count;
    int tag;
  } parcels[PD_IN_FLIGHT];
  size_t posted, taken;
} mailbox;

typedef struct {
  pthread_mutex_t lock;
  int size, open;       // ranks; those not yet closed
  struct {
    pthread_cond_t woken;  // something happened to this rank's mail
    int gave_up;           // because of which rank it did, or -1
  } *ranks;             // [size]
  mailbox *boxes;       // [to][from]
  pd_block **blocks;    // [size]: what ranks share on each host; NULL behind the last one's
} group;

typedef struct {
  group *group;
  pd_exchange exchanges[PD_IN_FLIGHT];
  size_t tickets[PD_IN_FLIGHT];  // how many parcels the receiver has taken once this one is
  size_t started, finished;
} seat;

static mailbox *box(group *g, int to, int from) { return &g->boxes[to * g->size + from]; }

static int start(pd_communicator *c, const pd_exchange *exchange) {
  seat *s = c->link;
  group *g = s->group;
  size_t slot = s->started++ % PD_IN_FLIGHT;
  s->exchanges[slot] = *exchange;
  if (exchange->send_bytes == 0) return PD_OK;
  pthread_mutex_lock(&g->lock);
  mailbox *out = box(g, exchange->to, c->rank);
  size_t place = out->posted++ % PD_IN_FLIGHT;
  out->parcels[place].bytes = exchange->send;
  out->parcels[place].count = exchange->send_bytes;
  out->parcels[place].tag = exchange->tag;
  s->tickets[slot] = out->posted;
  pthread_cond_signal(&g->ranks[exchange->to].woken);
  pthread_mutex_unlock(&g->lock);
  return PD_OK;
}

static void give_up(pd_communicator *c, group *g, int cause) {
  if (g->ranks[c->rank].gave_up < 0) g->ranks[c->rank].gave_up = cause;
  for (int rank = 0; rank < g->size; rank++) pthread_cond_signal(&g->ranks[rank].woken);
  for (pd_block **block = g->blocks; *block; block++) pd_block_give_up(*block, cause);
}

// Waits, with the lock held, until `peer` has brought `*counter` to `goal`.
static int await(pd_communicator *c, group *g, const size_t *counter, size_t goal, int peer,
                 const struct timespec *end) {
  while (*counter < goal) {
    if (g->ranks[peer].gave_up >= 0) return pd_fail(c, PD_ABANDONED, g->ranks[peer].gave_up, "%s", "");
    if (pthread_cond_timedwait(&g->ranks[c->rank].woken, &g->lock, end) == ETIMEDOUT && *counter < goal)
      return pd_fail(c, PD_TIMED_OUT, peer, "%s", "");
  }
  return PD_OK;
}

static int receive(pd_communicator *c, group *g, const pd_exchange *exchange, const struct timespec *end) {
  mailbox *in = box(g, c->rank, exchange->from);
  int code = await(c, g, &in->posted, in->taken + 1, exchange->from, end);
  if (code != PD_OK) return code;
  // A parcel that was not taken when its sender gave up may be gone.
  int cause = g->ranks[exchange->from].gave_up;
  if (cause >= 0) return pd_fail(c, PD_ABANDONED, cause, "%s", "");
  size_t place = in->taken % PD_IN_FLIGHT;
  code = pd_check(c, exchange, in->parcels[place].tag, in->parcels[place].count);
  if (code != PD_OK) return code;
  memcpy(exchange->receive, in->parcels[place].bytes, exchange->receive_bytes);
  in->taken++;
  pthread_cond_signal(&g->ranks[exchange->from].woken);
  return PD_OK;
}

static int finish(pd_communicator *c) {
  seat *s = c->link;
  group *g = s->group;
  size_t slot = s->finished++ % PD_IN_FLIGHT;
  const pd_exchange *exchange = &s->exchanges[slot];
  struct timespec end = pd_after(c->timeout);
  pthread_mutex_lock(&g->lock);
  int code = exchange->receive_bytes > 0 ? receive(c, g, exchange, &end) : PD_OK;
  if (code == PD_OK && exchange->send_bytes > 0)
    code = await(c, g, &box(g, exchange->to, c->rank)->taken, s->tickets[slot], exchange->to, &end);
  if (code != PD_OK) give_up(c, g, code == PD_ABANDONED ? c->peer : c->rank);
  pthread_mutex_unlock(&g->lock);
  return code;
}

static void free_group(group *g) {
  free(g->ranks);
  free(g->boxes);
  for (pd_block **block = g->blocks; block && *block; block++) free(*block);
  free(g->blocks);
  free(g);
}

static group *create_group(int count) {
  group *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->size = g->open = count;
  g->ranks = calloc((size_t)count, sizeof *g->ranks);
  g->boxes = calloc((size_t)count * (size_t)count, sizeof *g->boxes);
  g->blocks = calloc((size_t)count + 1, sizeof *g->blocks);
  if (!g->ranks || !g->boxes || !g->blocks) {
    free_group(g);
    return NULL;
  }
  pthread_mutex_init(&g->lock, NULL);
  for (int rank = 0; rank < count; rank++) {
    pd_make_condition(&g->ranks[rank].woken);
    g->ranks[rank].gave_up = -1;
  }
  return g;
}

static void destroy_group(group *g) {
  for (int rank = 0; rank < g->size; rank++) pthread_cond_destroy(&g->ranks[rank].woken);
  pthread_mutex_destroy(&g->lock);
  free_group(g);
}

static void close(pd_communicator *c) {
  group *g = ((seat *)c->link)->group;
  pthread_mutex_lock(&g->lock);
  int last = --g->open == 0;
  pthread_mutex_unlock(&g->lock);
  if (last) destroy_group(g);
}

static void tell(pd_communicator *c, int cause) {
  group *g = ((seat *)c->link)->group;
  pthread_mutex_lock(&g->lock);
  give_up(c, g, cause);
  pthread_mutex_unlock(&g->lock);
}

static const pd_transport transport = {start, finish, close, NULL, NULL, tell};

// The first rank of a host makes what its ranks share.
static int join_host(pd_communicator *c, group *g, int ranks_per_host) {
  uint64_t hosts[c->size];
  for (int rank = 0; rank < c->size; rank++) hosts[rank] = (uint64_t)(rank / ranks_per_host);
  if (!pd_set_hosts(c, hosts)) return 0;
  pd_block **block = &g->blocks[c->hosts.own];
  size_t bytes = pd_block_bytes(c->hosts.ranks);
  if (c->rank == c->hosts.first) {
    if (posix_memalign((void **)block, 64, bytes) != 0) return *block = NULL, 0;
    memset(*block, 0, bytes);
    (*block)->ranks = c->hosts.ranks;
  }
  c->block = *block;
  return 1;
}

static int open_all(int count, int ranks_per_host, double timeout, pd_communicator **communicators) {
  group *g = create_group(count);
  if (!g) return 0;
  for (int rank = 0; rank < count; rank++) {
    pd_communicator *c = pd_create(rank, count, timeout, &transport, sizeof(seat));
    if (c) ((seat *)c->link)->group = g;
    communicators[rank] = c;
    if (c && join_host(c, g, ranks_per_host)) continue;
    g->open = rank + (c != NULL);
    if (g->open == 0) destroy_group(g);
    for (int open = g->open - 1; open >= 0; open--) pd_close(communicators[open]);
    return 0;
  }
  return 1;
}

int pd_threads_open(int count, int ranks_per_host, double timeout, pd_communicator **communicators) {
  if (!open_all(count, ranks_per_host, timeout, communicators)) return 0;
  if (pd_host_count(communicators[0]) == 1) return 1;
  pd_communicator *beside[count];
  int opened = open_all(count, ranks_per_host, 1e9, beside);
  for (int rank = 0; rank < count; rank++) {
    if (opened) communicators[rank]->beside = beside[rank];
    else pd_close(communicators[rank]);
  }
  return opened;
}

void pd_threads_abandon(pd_communicator *c) {
  tell(c, c->rank);
  if (c->beside) tell(c->beside, c->rank);
}
