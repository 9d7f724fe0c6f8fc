// Signs of life: who is silent, whom the others wait for, and who is slow.
//
// A thread of each rank sends one to rank 0 every now and then, and gets one back. It says how long the rank has waited for
// others, in all and just now. They have a communicator of their own, and go where the job's messages go: no other port,
// no firewall's leave is needed. Both threads take turns in MPI (mpi.c), which never waits, so a rank that hangs in an
// operation still gives them; one that is stopped, or whose host is gone or cut off, does not.
//
//     rank 1 ──sign──► rank 0 ──sign──► rank 1
//     rank 2 ──sign──►        ──sign──► rank 2

#include "job.h"

#include <stdlib.h>

typedef struct {
  double waited, waiting;  // seconds, of all operations and of the one that it is in
} sign;

typedef struct {
  sign own;  // on its way there
  MPI_Request request;
  sign last;          // that came from there
  double heard;       // when
  double warn_after;  // others have waited so long for it
  int idle;           // in so many beats one after the other it did not wait
  double waited;      // when the minute began
  int is_slow;        // and that has been said
} peer;

struct pd_heartbeat {
  pd_communicator *c;
  pd_listener listener;
  double limit, period;  // seconds of silence that end the job; between two signs
  double patience;       // seconds after which a rank that others wait for is named
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int closing;
  peer *peers;    // [size] on rank 0 all are kept, elsewhere rank 0 alone
  double minute;  // when it began
};

// A rank that waits for so little of a minute, while all others wait for so much, is slow.
static const double little = 0.1, much = 0.4;
// Seconds that mpirun may take to end all ranks when one has reported: Communicator.secondsToBeEnded.
static const double patience_with_mpirun = 12;

static MPI_Comm signs(const pd_heartbeat *h) { return ((pd_job *)h->c->link)->signs; }

static sign own_sign(const pd_communicator *c, double now) {
  double since = atomic_load(&c->waiting_since);
  return (sign){atomic_load(&c->waited), since > 0 ? now - since : 0};
}

// Sends a sign, unless the last one has not gone yet.
static void send(pd_heartbeat *h, int rank, sign own) {
  peer *to = &h->peers[rank];
  int gone = 1;
  if (to->request != MPI_REQUEST_NULL) IN_TURN(MPI_Test(&to->request, &gone, MPI_STATUS_IGNORE));
  if (!gone) return;
  to->own = own;
  IN_TURN(MPI_Isend(&to->own, sizeof to->own, MPI_BYTE, rank, 0, signs(h), &to->request));
}

static void receive(pd_heartbeat *h, double now) {
  for (;;) {
    int came = 0;
    MPI_Status status;
    if (IN_TURN(MPI_Iprobe(MPI_ANY_SOURCE, 0, signs(h), &came, &status)) != MPI_SUCCESS || !came) return;
    peer *from = &h->peers[status.MPI_SOURCE];
    if (IN_TURN(MPI_Recv(&from->last, sizeof from->last, MPI_BYTE, status.MPI_SOURCE, 0, signs(h),
                         MPI_STATUS_IGNORE)) != MPI_SUCCESS)
      return;
    from->heard = now;
  }
}

// Whoever is silent for the limit, and with it all that will be soon: the ranks of one host, above all.
static void find_silent(pd_heartbeat *h, double now, int first, int end) {
  int ranks[end], count = 0, isOver = 0;
  for (int rank = first; rank < end; rank++) {
    double silence = now - h->peers[rank].heard;
    isOver |= silence > h->limit;
    if (silence > h->limit - 2 * h->period) ranks[count++] = rank;
  }
  if (isOver) h->listener.silent(h->listener.context, ranks, count, h->limit);
}

// While one waits, who does not wait is who is waited for. A sign is up to a beat old, so that a rank must be seen twice.
static void find_late(pd_heartbeat *h) {
  double longest = 0;
  for (int rank = 0; rank < h->c->size; rank++)
    if (h->peers[rank].last.waiting > longest) longest = h->peers[rank].last.waiting;
  for (int rank = 0; rank < h->c->size; rank++) {
    peer *p = &h->peers[rank];
    if (longest < h->patience) p->warn_after = h->patience;
    p->idle = p->last.waiting > 0 ? 0 : p->idle + 1;
    if (p->idle < 2 || longest < p->warn_after) continue;
    p->warn_after = 4 * longest;
    h->listener.late(h->listener.context, rank, longest);
  }
}

static double waited(const peer *p) { return p->last.waited + p->last.waiting; }

static void find_slow(pd_heartbeat *h, double now) {
  double span = now - h->minute;
  if (span < 60) return;
  h->minute = now;
  for (int rank = 0; rank < h->c->size; rank++) {
    double least = 1, own = (waited(&h->peers[rank]) - h->peers[rank].waited) / span;
    for (int other = 0; other < h->c->size; other++) {
      double share = (waited(&h->peers[other]) - h->peers[other].waited) / span;
      if (other != rank && share < least) least = share;
    }
    if (own > little || least < much || h->peers[rank].is_slow) continue;
    h->peers[rank].is_slow = 1;
    h->listener.slow(h->listener.context, rank, own, least);
  }
  for (int rank = 0; rank < h->c->size; rank++) h->peers[rank].waited = waited(&h->peers[rank]);
}

static void beat(pd_heartbeat *h, double now) {
  pd_communicator *c = h->c;
  sign own = own_sign(c, now);
  receive(h, now);
  if (c->rank > 0) {
    send(h, 0, own);
    find_silent(h, now, 0, 1);
    return;
  }
  h->peers[0].last = own;
  h->peers[0].heard = now;
  for (int rank = 1; rank < c->size; rank++) send(h, rank, own);
  find_silent(h, now, 1, c->size);
  find_late(h);
  find_slow(h, now);
}

static void *work(void *argument) {
  pd_heartbeat *h = argument;
  double last = pd_now();
  pthread_mutex_lock(&h->lock);
  while (!h->closing) {
    struct timespec next = pd_after(h->period);
    pthread_cond_timedwait(&h->changed, &h->lock, &next);
    double now = pd_now();
    // A laptop that slept, or a job that was stopped and goes on: it was not the others that were silent.
    for (int rank = 0; rank < h->c->size && now - last > h->limit / 2; rank++) h->peers[rank].heard = now;
    last = now;
    if (!h->closing) beat(h, now);
  }
  pthread_mutex_unlock(&h->lock);
  return NULL;
}

static void free_heartbeat(pd_heartbeat *h) {
  free(h->peers);
  free(h);
}

// Whether every rank may have another thread in MPI.
static int all_may(pd_communicator *c, int *may) {
  int granted = MPI_THREAD_SINGLE, all[c->size];
  IN_TURN(MPI_Query_thread(&granted));
  all[c->rank] = granted >= MPI_THREAD_SERIALIZED;
  int code = pd_all_gather(c, all, sizeof *all);
  *may = 1;
  for (int rank = 0; rank < c->size && code == PD_OK; rank++) *may &= all[rank];
  return code;
}

int pd_begin_heartbeat(pd_communicator *c, double seconds, const pd_listener *listener) {
  int may = 0, code = all_may(c, &may);
  if (code != PD_OK || !may) return code;
  pd_heartbeat *h = calloc(1, sizeof *h);
  if (h) h->peers = calloc((size_t)c->size, sizeof *h->peers);
  if (!h || !h->peers) {
    if (h) free_heartbeat(h);
    return pd_fail(c, PD_LIBRARY, -1, "no memory");
  }
  h->c = c;
  h->listener = *listener;
  h->limit = 0.8 * seconds;  // found out and said within `seconds`
  h->period = seconds / 10;
  h->patience = seconds;
  h->minute = pd_now();
  for (int rank = 0; rank < c->size; rank++) {
    h->peers[rank].request = MPI_REQUEST_NULL;
    h->peers[rank].heard = h->minute;
    h->peers[rank].warn_after = seconds;
  }
  // Ranks that miss rank 0 cannot tell each other so: rank 1 ends the job, and the others with it, before their turn comes.
  if (c->rank > 1) h->limit += patience_with_mpirun + 2 * h->period * (c->rank < 4 ? c->rank : 4);
  pthread_mutex_init(&h->lock, NULL);
  pd_make_condition(&h->changed);
  if (pthread_create(&h->thread, NULL, work, h) == 0) {
    ((pd_job *)c->link)->heartbeat = h;
    return PD_OK;
  }
  free_heartbeat(h);
  return pd_fail(c, PD_LIBRARY, -1, "no thread for the heartbeat");
}

int pd_end_heartbeat(pd_communicator *c) {
  pd_job *j = c->link;
  pd_heartbeat *h = j->heartbeat;
  if (!h) return PD_OK;
  pthread_mutex_lock(&h->lock);
  h->closing = 1;
  pthread_cond_signal(&h->changed);
  pthread_mutex_unlock(&h->lock);
  pthread_join(h->thread, NULL);
  j->heartbeat = NULL;
  int code = pd_barrier(c);  // no rank sends another
  if (code == PD_OK) receive(h, 0);
  for (int rank = 0; rank < c->size; rank++)
    if (h->peers[rank].request != MPI_REQUEST_NULL) MPI_Request_free(&h->peers[rank].request);
  free_heartbeat(h);
  return code;
}
