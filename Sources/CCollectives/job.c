// How a process becomes a rank of a job, and how it leaves.

#include "job.h"

#include <stdlib.h>
#include <unistd.h>

// Makes the ranks of each host share memory, if they can.
static void share(pd_communicator *c, pd_job *j) {
  if (c->size == 1) return;
  j->block = pd_share(c, pd_block_bytes(c->hosts.ranks));
  if (!j->block) return;
  j->block->ranks = c->hosts.ranks;
  c->block = j->block;
}

static int find_place(pd_communicator *c) {
  pd_job *j = c->link;
  int error = MPI_Comm_rank(j->comm, &c->rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(j->comm, &c->size);
  return error == MPI_SUCCESS ? PD_OK : pd_mpi_failure(c, error, -1);
}

// Numbers the ranks host by host, as mpirun does unless told otherwise (`--map-by node`): then those of a host are a branch
// of the tree in which numbers are added up.
static int number_ranks(pd_job *j) {
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

// The communicator of the background's thread, if every rank may have one: otherwise, sums between hosts are made when they
// begin.
static int open_beside(pd_communicator *c, pd_job *j, int granted) {
  if (c->hosts.count == 1) return PD_OK;
  int least = MPI_THREAD_SINGLE;
  int error = MPI_Allreduce(&granted, &least, 1, MPI_INT, MPI_MIN, j->comm);
  if (error != MPI_SUCCESS) return pd_mpi_failure(c, error, -1);
  if (least < MPI_THREAD_SERIALIZED) return PD_OK;
  pd_communicator *beside = pd_create(0, 1, 0, &pd_mpi_transport, sizeof(pd_job));
  if (!beside) return pd_fail(c, PD_LIBRARY, -1, "no memory");
  pd_job *other = beside->link;
  c->beside = beside;
  other->is_patient = 1;
  beside->timeout = 1e9;
  error = MPI_Comm_dup(j->comm, &other->comm);
  return error == MPI_SUCCESS ? find_place(beside) : pd_mpi_failure(c, error, -1);
}

static int open_job(pd_communicator *c, pd_job *j) {
  int used = 0, granted = 0, error = MPI_Initialized(&used);
  if (error == MPI_SUCCESS && used) return pd_fail(c, PD_LIBRARY, -1, "MPI was started before in this process");
  if (error == MPI_SUCCESS) error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &granted);
  if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);  // others inherit it
  if (error == MPI_SUCCESS) error = number_ranks(j);
  if (error == MPI_SUCCESS) error = MPI_Comm_dup(j->comm, &j->calls);
  if (error == MPI_SUCCESS) error = MPI_Comm_dup(j->comm, &j->signs);
  if (error != MPI_SUCCESS) return pd_mpi_failure(c, error, -1);
  int code = find_place(c);
  if (code == PD_OK) code = find_hosts(c);
  return code == PD_OK ? open_beside(c, j, granted) : code;
}

pd_communicator *pd_mpi_open(double timeout) {
  pd_communicator *c = pd_create(0, 1, timeout, &pd_mpi_transport, sizeof(pd_job));
  if (c && open_job(c, c->link) == PD_OK) share(c, c->link);
  return c;
}

int pd_mpi_reference_sum(pd_communicator *c, float *values, size_t count) {
  if (c->size == 1) return PD_OK;
  pd_job *j = c->link;
  int error = MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM, j->comm);
  return error == MPI_SUCCESS ? PD_OK : pd_mpi_failure(c, error, -1);
}

int pd_mpi_leave(pd_communicator *c) {
  pd_job *j = c->link, *other = c->beside ? c->beside->link : NULL;
  // MPI_Finalize waits for every rank, for ever: make sure first that they come.
  int code = pd_barrier(c);
  if (code == PD_OK) code = pd_end_heartbeat(c);
  if (code != PD_OK) return code;
  pd_stop_background(c);
  int error = other ? MPI_Comm_free(&other->comm) : MPI_SUCCESS;
  if (error == MPI_SUCCESS) error = MPI_Comm_free(&j->calls);
  if (error == MPI_SUCCESS) error = MPI_Comm_free(&j->signs);
  if (error == MPI_SUCCESS) error = MPI_Comm_free(&j->comm);
  if (error == MPI_SUCCESS) error = MPI_Finalize();
  return error == MPI_SUCCESS ? PD_OK : pd_mpi_failure(c, error, -1);
}

void pd_mpi_abort(int code) {
  pthread_mutex_lock(&pd_turn);  // for good: the background is not to go on
  MPI_Abort(MPI_COMM_WORLD, code);
  _exit(code);  // MPI_Abort may return
}
