// Ranks as processes, over MPI's point-to-point messages. With job.c, which joins and leaves the job, all that knows MPI.
//
// Open MPI moves bytes only while someone is inside it, and its blocking calls burn a core and wait for ever. So this
// file waits by itself: it polls, and the longer nothing comes the more of the processor it leaves to others.
//
// Several hosts' ranks have a second communicator for the background, which is another thread's. Both threads take turns in
// MPI (MPI_THREAD_SERIALIZED), for the moment that a call takes: none of these waits.

#include "job.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

pthread_mutex_t pd_turn = PTHREAD_MUTEX_INITIALIZER;

int pd_mpi_failure(pd_communicator *c, int error, int peer) {
  char text[MPI_MAX_ERROR_STRING + 1] = "";
  int length = 0;
  if (IN_TURN(MPI_Error_string(error, text, &length)) != MPI_SUCCESS) text[0] = 0;
  return pd_fail(c, PD_LIBRARY, peer, "%s (MPI error %d)", text, error);
}

static int start(pd_communicator *c, const pd_exchange *exchange) {
  pd_job *j = c->link;
  size_t slot = j->started++ % PD_IN_FLIGHT;
  MPI_Request *requests = j->flights[slot].requests;
  j->flights[slot].exchange = *exchange;
  requests[0] = requests[1] = MPI_REQUEST_NULL;
  int error = MPI_SUCCESS;
  // Any tag: the messages of one peer arrive in order, so another tag than ours means that it is somewhere else.
  if (exchange->receive_bytes > 0)
    error = IN_TURN(MPI_Irecv(exchange->receive, (int)exchange->receive_bytes, MPI_BYTE, exchange->from, MPI_ANY_TAG,
                              j->comm, &requests[0]));
  if (error != MPI_SUCCESS) return pd_mpi_failure(c, error, exchange->from);
  if (exchange->send_bytes > 0)
    error = IN_TURN(MPI_Isend(exchange->send, (int)exchange->send_bytes, MPI_BYTE, exchange->to, exchange->tag,
                              j->comm, &requests[1]));
  return error == MPI_SUCCESS ? PD_OK : pd_mpi_failure(c, error, exchange->to);
}

// A peer that computes at the same time answers within microseconds, so at first this rank polls. A slower one takes
// milliseconds, and on a machine with more ranks than cores it may be waiting for the very core that polls: then this
// rank yields, and after a millisecond sleeps for 50 µs at a time.
//
// The background's thread takes nothing from those who compute while there is nothing to move: it sleeps as long again as it
// has waited, up to a millisecond, in which a fast network moves less than its sockets hold.
static void pause_after(double waited, int is_patient) {
  if (is_patient) {
    double nap = waited < 50e-6 ? 50e-6 : waited < 1e-3 ? waited : 1e-3;
    nanosleep(&(struct timespec){.tv_nsec = (long)(nap * 1e9)}, NULL);
  } else if (waited > 1e-3) {
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
  } else if (waited > 50e-6) {
    sched_yield();
  }
}

static int check_received(pd_communicator *c, const pd_exchange *exchange, const MPI_Status *status) {
  if (exchange->receive_bytes == 0) return PD_OK;
  int bytes = 0;
  int error = IN_TURN(MPI_Get_count(status, MPI_BYTE, &bytes));
  if (error != MPI_SUCCESS) return pd_mpi_failure(c, error, exchange->from);
  return pd_check(c, exchange, status->MPI_TAG, (size_t)bytes);
}

// The rank of a roll call that has come, which is received; -1 if none has.
static int caller(pd_communicator *c) {
  pd_job *j = c->link;
  int called = 0;
  char call;
  MPI_Status status;
  int error = IN_TURN(MPI_Iprobe(MPI_ANY_SOURCE, 0, j->calls, &called, &status));
  if (error != MPI_SUCCESS || !called) return -1;
  error = IN_TURN(MPI_Recv(&call, 1, MPI_BYTE, status.MPI_SOURCE, 0, j->calls, MPI_STATUS_IGNORE));
  return error == MPI_SUCCESS ? status.MPI_SOURCE : -1;
}

// The rank that is missing. Around a ring every rank waits for its neighbour, and only one neighbour is really missing.
// So the first rank whose time is up calls all others. Those that wait answer in the same way, as if their time were up,
// since the job is lost anyhow. A rank that is silent for a second is missing.
static int missing(pd_communicator *c, int suspect, int first) {
  static const char call = 1;
  pd_job *j = c->link;
  char *present = calloc((size_t)c->size, 1);
  if (!present) return suspect;
  present[c->rank] = 1;
  if (first >= 0) present[first] = 1;
  for (int rank = 0; rank < c->size; rank++) {
    MPI_Request sent;
    if (rank != c->rank && IN_TURN(MPI_Isend(&call, 1, MPI_BYTE, rank, 0, j->calls, &sent)) == MPI_SUCCESS)
      IN_TURN(MPI_Request_free(&sent));
  }
  for (double end = pd_now() + 1; pd_now() < end; nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL))
    for (int rank = caller(c); rank >= 0; rank = caller(c)) present[rank] = 1;
  int absent = suspect;
  for (int rank = c->size - 1; rank >= 0 && present[suspect]; rank--)
    if (!present[rank]) absent = rank;
  free(present);
  return absent;
}

static int wait_for(pd_communicator *c, const pd_exchange *exchange, MPI_Request *requests, double began) {
  pd_job *j = c->link;
  MPI_Status statuses[2];
  for (;;) {
    int done = 0, error = IN_TURN(MPI_Testall(2, requests, &done, statuses));
    if (error == MPI_ERR_IN_STATUS) {
      // Longer than what we expected is the peer's doing, and says where it is.
      if (statuses[0].MPI_ERROR == MPI_ERR_TRUNCATE) {
        return pd_fail(c, PD_MISMATCHED, exchange->from, "a longer message than expected came");
      }
      int receiving = statuses[0].MPI_ERROR != MPI_SUCCESS && statuses[0].MPI_ERROR != MPI_ERR_PENDING;
      return pd_mpi_failure(c, statuses[receiving ? 0 : 1].MPI_ERROR, receiving ? exchange->from : exchange->to);
    }
    if (error != MPI_SUCCESS) return pd_mpi_failure(c, error, exchange->from);
    if (done) return check_received(c, exchange, &statuses[0]);
    double waited = pd_now() - began;
    int first = waited > 1e-3 && !j->is_patient ? caller(c) : -1;
    if (waited > c->timeout || first >= 0) {
      // Testall is all or nothing; ask for the receive alone to know whom we wait for.
      int received = 0;
      error = IN_TURN(MPI_Request_get_status(requests[0], &received, MPI_STATUS_IGNORE));
      if (error != MPI_SUCCESS) received = 0;
      return pd_miss(c, missing(c, received ? exchange->to : exchange->from, first), first);
    }
    pause_after(waited, j->is_patient);
  }
}

static int finish(pd_communicator *c) {
  pd_job *j = c->link;
  size_t slot = j->finished++ % PD_IN_FLIGHT;
  double began = pd_begin_wait(c);
  int code = wait_for(c, &j->flights[slot].exchange, j->flights[slot].requests, began);
  pd_end_wait(c, began);
  return code;
}

static void close_job(pd_communicator *c) {
  pd_job *j = c->link;
  if (j->block) munmap(j->block, pd_block_bytes(c->hosts.ranks));
}

const pd_transport pd_mpi_transport = {start, finish, close_job, caller, missing, NULL};
