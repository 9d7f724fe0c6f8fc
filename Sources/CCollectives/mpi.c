// Ranks as processes, over MPI's point-to-point messages. The only file that knows MPI.
//
// Open MPI moves bytes only while someone is inside it, and its blocking calls burn a core and wait for ever. So this
// file waits by itself: it polls, and the longer nothing comes the more of the processor it leaves to others.
//
// Several hosts' ranks have a second communicator for the background, which is another thread's. Both threads take turns in
// MPI (MPI_THREAD_SERIALIZED), for the moment that a call takes: none of these waits.

#include "block.h"

#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  MPI_Comm comm;   // our own, so that no one else's messages meet ours
  MPI_Comm calls;  // for the roll call
  struct {
    pd_exchange exchange;
    MPI_Request requests[2];  // receive, send
  } flights[PD_IN_FLIGHT];
  size_t started, finished;
  int is_patient;   // the background's: it leaves the processor to those who compute, and its time is never up
  pd_block *block;  // mapped by this process; NULL if ranks share none
} job;

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

// The value of a call of MPI's, made when it is this thread's turn.
#define IN_TURN(call)              \
  ({                               \
    pthread_mutex_lock(&turn);     \
    int returned = (call);         \
    pthread_mutex_unlock(&turn);   \
    returned;                      \
  })

static int library_failure(pd_communicator *c, int error, int peer) {
  char text[MPI_MAX_ERROR_STRING + 1] = "";
  int length = 0;
  if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) text[0] = 0;
  return pd_fail(c, PD_LIBRARY, peer, "%s (MPI error %d)", text, error);
}

static int start(pd_communicator *c, const pd_exchange *exchange) {
  job *j = c->link;
  size_t slot = j->started++ % PD_IN_FLIGHT;
  MPI_Request *requests = j->flights[slot].requests;
  j->flights[slot].exchange = *exchange;
  requests[0] = requests[1] = MPI_REQUEST_NULL;
  int error = MPI_SUCCESS;
  // Any tag: the messages of one peer arrive in order, so another tag than ours means that it is somewhere else.
  if (exchange->receive_bytes > 0)
    error = IN_TURN(MPI_Irecv(exchange->receive, (int)exchange->receive_bytes, MPI_BYTE, exchange->from, MPI_ANY_TAG,
                              j->comm, &requests[0]));
  if (error != MPI_SUCCESS) return library_failure(c, error, exchange->from);
  if (exchange->send_bytes > 0)
    error = IN_TURN(MPI_Isend(exchange->send, (int)exchange->send_bytes, MPI_BYTE, exchange->to, exchange->tag,
                              j->comm, &requests[1]));
  return error == MPI_SUCCESS ? PD_OK : library_failure(c, error, exchange->to);
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
  int error = MPI_Get_count(status, MPI_BYTE, &bytes);
  if (error != MPI_SUCCESS) return library_failure(c, error, exchange->from);
  return pd_check(c, exchange, status->MPI_TAG, (size_t)bytes);
}

// The rank of a roll call that has come, which is received; -1 if none has.
static int caller(pd_communicator *c) {
  job *j = c->link;
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
  job *j = c->link;
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
  job *j = c->link;
  MPI_Status statuses[2];
  for (;;) {
    int done = 0, error = IN_TURN(MPI_Testall(2, requests, &done, statuses));
    if (error == MPI_ERR_IN_STATUS) {
      // Longer than what we expected is the peer's doing, and says where it is.
      if (statuses[0].MPI_ERROR == MPI_ERR_TRUNCATE) {
        return pd_fail(c, PD_MISMATCHED, exchange->from, "a longer message than expected came");
      }
      int receiving = statuses[0].MPI_ERROR != MPI_SUCCESS && statuses[0].MPI_ERROR != MPI_ERR_PENDING;
      return library_failure(c, statuses[receiving ? 0 : 1].MPI_ERROR, receiving ? exchange->from : exchange->to);
    }
    if (error != MPI_SUCCESS) return library_failure(c, error, exchange->from);
    if (done) return check_received(c, exchange, &statuses[0]);
    double waited = pd_now() - began;
    int first = waited > 1e-3 && !j->is_patient ? caller(c) : -1;
    if (waited > c->timeout || first >= 0) {
      // Testall is all or nothing; ask for the receive alone to know whom we wait for.
      int received = 0;
      error = IN_TURN(MPI_Request_get_status(requests[0], &received, MPI_STATUS_IGNORE));
      if (error != MPI_SUCCESS) received = 0;
      return pd_fail(c, PD_TIMED_OUT, missing(c, received ? exchange->to : exchange->from, first), "%s", "");
    }
    pause_after(waited, j->is_patient);
  }
}

static int finish(pd_communicator *c) {
  job *j = c->link;
  size_t slot = j->finished++ % PD_IN_FLIGHT;
  double began = pd_now();
  int code = wait_for(c, &j->flights[slot].exchange, j->flights[slot].requests, began);
  c->waited += pd_now() - began;
  return code;
}

static void close_job(pd_communicator *c) {
  job *j = c->link;
  if (j->block) munmap(j->block, pd_block_bytes(c->hosts.ranks));
}

static const pd_transport transport = {start, finish, close_job, caller, missing, NULL};

// Makes the ranks of each host share memory, if they can.
static void share(pd_communicator *c, job *j) {
  if (c->size == 1) return;
  j->block = pd_share(c, pd_block_bytes(c->hosts.ranks));
  if (!j->block) return;
  j->block->ranks = c->hosts.ranks;
  c->block = j->block;
}

static int make_communicators(pd_communicator *c) {
  job *j = c->link;
  int error = MPI_Comm_dup(j->comm, &j->calls);
  if (error == MPI_SUCCESS) error = MPI_Comm_rank(j->comm, &c->rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(j->comm, &c->size);
  return error == MPI_SUCCESS ? PD_OK : library_failure(c, error, -1);
}

// Numbers the ranks host by host, as mpirun does unless told otherwise (`--map-by node`): then those of a host are a branch
// of the tree in which numbers are added up.
static int number_ranks(job *j) {
  int rank = 0, size = 0;
  int error = MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (error != MPI_SUCCESS) return error;
  uint64_t hosts[size];
  hosts[rank] = pd_host_hash();
  error = MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, hosts, 1, MPI_UINT64_T, MPI_COMM_WORLD);
  int first = 0;
  while (hosts[first] != hosts[rank]) first++;
  if (error == MPI_SUCCESS) error = MPI_Comm_split(MPI_COMM_WORLD, 0, first, &j->comm);
  return error;
}

static int find_hosts(pd_communicator *c) {
  uint64_t hosts[c->size];
  hosts[c->rank] = pd_host_hash();
  c->hosts = (pd_hosts){.count = 1, .ranks = c->size};  // until they are known
  int code = pd_all_gather(c, hosts, sizeof *hosts);
  c->hosts = (pd_hosts){0};
  if (code != PD_OK || pd_set_hosts(c, hosts)) return code;
  return pd_fail(c, PD_LIBRARY, -1, "no memory");
}

// The communicator of the background's thread.
static int open_beside(pd_communicator *c, job *j) {
  if (c->hosts.count == 1) return PD_OK;
  pd_communicator *beside = pd_create(0, 1, 0, &transport, sizeof(job));
  if (!beside) return pd_fail(c, PD_LIBRARY, -1, "no memory");
  job *other = beside->link;
  c->beside = beside;
  other->is_patient = 1;
  beside->timeout = 1e9;
  int error = MPI_Comm_dup(j->comm, &other->comm);
  return error == MPI_SUCCESS ? make_communicators(beside) : library_failure(c, error, -1);
}

static int open_job(pd_communicator *c, job *j) {
  int used = 0, granted = 0, error = MPI_Initialized(&used);
  if (error == MPI_SUCCESS && used) return pd_fail(c, PD_LIBRARY, -1, "MPI was started before in this process");
  if (error == MPI_SUCCESS) error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &granted);
  if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);  // others inherit it
  if (error == MPI_SUCCESS) error = number_ranks(j);
  if (error != MPI_SUCCESS) return library_failure(c, error, -1);
  int code = make_communicators(c);
  if (code == PD_OK) code = find_hosts(c);
  // Without a thread for them, sums between hosts are made when they begin.
  if (code == PD_OK && granted >= MPI_THREAD_SERIALIZED) code = open_beside(c, j);
  return code;
}

pd_communicator *pd_mpi_open(double timeout) {
  pd_communicator *c = pd_create(0, 1, timeout, &transport, sizeof(job));
  if (c && open_job(c, c->link) == PD_OK) share(c, c->link);
  return c;
}

int pd_mpi_reference_sum(pd_communicator *c, float *values, size_t count) {
  job *j = c->link;
  int error = MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM, j->comm);
  return error == MPI_SUCCESS ? PD_OK : library_failure(c, error, -1);
}

static int free_communicators(pd_communicator *c) {
  job *j = c->link;
  int error = MPI_Comm_free(&j->comm);
  return error == MPI_SUCCESS ? MPI_Comm_free(&j->calls) : error;
}

int pd_mpi_leave(pd_communicator *c) {
  // MPI_Finalize waits for every rank, for ever: make sure first that they come.
  int code = pd_barrier(c);
  if (code != PD_OK) return code;
  pd_stop_background(c);
  int error = c->beside ? free_communicators(c->beside) : MPI_SUCCESS;
  if (error == MPI_SUCCESS) error = free_communicators(c);
  if (error == MPI_SUCCESS) error = MPI_Finalize();
  return error == MPI_SUCCESS ? PD_OK : library_failure(c, error, -1);
}

void pd_mpi_abort(int code) {
  MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);  // MPI_Abort may return
}
