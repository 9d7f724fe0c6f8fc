// Collective operations among the ranks of a job, over MPI or over threads.
//
// Why C: MPI_COMM_WORLD, MPI_BYTE and MPI_STATUSES_IGNORE are macros around casts, which Swift's importer skips, so the
// calls below MPI cannot be made from Swift; and the ring adds millions of numbers a step, which C vectorizes.
//
// Every rank calls the same operations in the same order. A rank that is in another operation than its peer, or in the
// same one with another length, gets PD_MISMATCHED. Operations return PD_OK or one of the failures; after a failure the
// communicator is broken, and every later call returns the same failure at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
  PD_OK = 0,
  PD_TIMED_OUT = 1,   // a peer did not come within the timeout
  PD_MISMATCHED = 2,  // a peer is in another operation
  PD_ABANDONED = 3,   // a peer gave up, and knows why
  PD_LIBRARY = 4,     // MPI or the system failed: see pd_failure_text
};

/// One rank's end of the job. Used by one thread at a time.
typedef struct pd_communicator pd_communicator;

int pd_rank(const pd_communicator *c);
int pd_size(const pd_communicator *c);

/// Frees this rank's end. Ends nothing: ranks as processes leave the job first.
void pd_close(pd_communicator *c);

/// PD_OK, or how the communicator broke.
int pd_failure(const pd_communicator *c);
/// The rank the failed operation waited for, or -1.
int pd_failure_peer(const pd_communicator *c);
/// MPI's own words for PD_LIBRARY, what differed for PD_MISMATCHED, otherwise "".
const char *pd_failure_text(const pd_communicator *c);

/// How many hosts there are; how many ranks this one has, and which of them this is. Those of a host are consecutive.
int pd_host_count(const pd_communicator *c);
int pd_ranks_here(const pd_communicator *c);
int pd_place_here(const pd_communicator *c);
/// How many ranks the host with the most has: into so many slices arrays are cut, to be summed between hosts.
int pd_slices(const pd_communicator *c);
/// Whether this rank is the one of its host that sums a slice.
int pd_owns_slice(const pd_communicator *c, int slice);

/// Whether the ranks of each host share memory, and use it.
int pd_shares_memory(const pd_communicator *c);

/// Seconds this rank has waited for others.
double pd_waited(const pd_communicator *c);

/// Operations on so many bytes and less go through the memory that ranks share.
size_t pd_small_bytes(void);

/// Why the ranks of a host cannot share memory, through which small operations go; "" if they can. If not, all goes by
/// messages, which is slower.
const char *pd_sharing_problem(const pd_communicator *c);

/// From now on all operations go by messages, also where ranks share memory; or, with 0, no longer. Every rank calls it at
/// the same point.
void pd_use_messages(pd_communicator *c, int messages);

/// Bytes that travel at once, the same on every rank. Set by tests, to cross segment boundaries without megabytes.
int pd_set_segment(pd_communicator *c, size_t bytes);

// MARK: Operations

/// Replaces `values` on every rank by the sum over the ranks, elementwise. Bit-identical on every rank, and from run to
/// run with the same number of ranks, on as many hosts.
int pd_sum_float(pd_communicator *c, float *_Nullable values, size_t count);
int pd_sum_double(pd_communicator *c, double *_Nullable values, size_t count);

/// `blocks` holds one block per rank, this rank's own filled in; afterwards all are.
int pd_all_gather(pd_communicator *c, void *_Nullable blocks, size_t block_bytes);

/// Copies `bytes` of rank `root` to every rank.
int pd_broadcast(pd_communicator *c, void *_Nullable data, size_t bytes, int root);

/// Brings every rank's `data` to rank 0, there written to `gathered` one after the other.
///
/// - `lengths`: every rank's number of bytes; only rank 0 looks at others' than its own.
/// - `gathered`: room for their sum on rank 0, unused elsewhere.
int pd_gather(pd_communicator *c, const void *_Nullable data, const size_t *lengths, void *_Nullable gathered);

/// Returns once every rank has called it.
int pd_barrier(pd_communicator *c);
/// Returns once every rank of this host has, where these share memory.
int pd_barrier_here(pd_communicator *c);

// MARK: Common memory

/// Zeros that all ranks of a host see, each at an address of its own. Every rank calls it, those of a host with as many `bytes`.
///
/// - `memory`: NULL on all ranks if they have no common memory, or one cannot have so much: see pd_sharing_problem.
int pd_share_memory(pd_communicator *c, size_t bytes, void *_Nullable *_Nonnull memory);
/// Gives this rank's view of it up. It is gone when all ranks have.
void pd_unshare_memory(void *memory, size_t bytes);

/// Writes the elements `begin ..< end` of the sum of `count` arrays, a binary tree over them, to `sum`: which may be those
/// elements of one of them.
void pd_sum_arrays(const float *_Nonnull const *_Nonnull arrays, int count, size_t begin, size_t end, float *sum);

// MARK: Between hosts

/// Begins to sum an array over the hosts: it is called, for each slice of an array in turn, by the rank of each host that
/// owns the slice, with as many values. Between hosts that are a power of two the sum is a binary tree over them.
///
/// - `values`: belong to the sum until it is finished.
int pd_begin_slice_sum(pd_communicator *c, int slice, float *values, size_t count);
/// Waits until all sums that this rank began are finished, but the last `pending`.
int pd_finish_slice_sums(pd_communicator *c, size_t pending);

// MARK: Ranks as processes

/// A job of one process, which needs nobody: neither a library nor a launcher. NULL without memory.
pd_communicator *_Nullable pd_alone_open(double timeout);

/// Joins the job that a launcher started. Once per process, on the thread that will use it.
///
/// - `timeout`: seconds that any single wait for a peer may take.
/// - Returns: NULL without memory; otherwise a communicator, broken with PD_LIBRARY if MPI could not be started.
pd_communicator *_Nullable pd_mpi_open(double timeout);

/// Waits until every rank leaves, and ends MPI. Only pd_close may follow.
int pd_mpi_leave(pd_communicator *c);

/// Who hears of ranks that are silent, late or slow; `context` is its own. Called on a thread of the heartbeat's, `late` and
/// `slow` on rank 0.
typedef struct {
  void *_Nullable context;
  /// Ranks give no sign of life: stopped, or their host is gone. Ends the job.
  void (*silent)(void *_Nullable context, const int *ranks, int count, double seconds);
  /// Others have waited for a rank so many seconds.
  void (*late)(void *_Nullable context, int rank, double seconds);
  /// Over a minute, a rank waited for this share of the time, and each other rank at least for that one.
  void (*slow)(void *_Nullable context, int rank, double waited, double others);
} pd_listener;

/// Lets every rank give signs of life, until it leaves. Collective; without MPI_THREAD_SERIALIZED it does nothing.
///
/// - `seconds`: within which a silent rank is told of.
int pd_begin_heartbeat(pd_communicator *c, double seconds, const pd_listener *listener);

/// What pd_sum_float does, done by MPI_Allreduce: to compare with. It waits for ever, for a rank that does not come, and
/// allows no other thread in MPI: no heartbeat.
int pd_mpi_reference_sum(pd_communicator *c, float *values, size_t count);

/// Ends every rank's process, this one's with `code`.
_Noreturn void pd_mpi_abort(int code);

// MARK: Ranks as threads

/// `count` communicators of one process, each for a thread of its own, as if so many ranks ran on each host, and the rest
/// on the last. Returns 0 without memory, otherwise 1.
int pd_threads_open(int count, int ranks_per_host, double timeout, pd_communicator *_Nonnull *_Nonnull communicators);

/// Says that this rank will come to no further operation. Ranks that wait for it, now or later, get PD_ABANDONED, and
/// ranks that wait for those.
void pd_threads_abandon(pd_communicator *c);

// MARK: Placement

/// The next processor after this one that this process may run on, or -1 (sched_getaffinity): mpirun binds ranks, so these can
/// be fewer than there are.
int pd_next_processor(int after);

/// This host's name.
void pd_host_name(char *name, size_t room);

/// The same number for all processes of this host; and of those that may run on the same set of its processors.
uint64_t pd_host_hash(void);
uint64_t pd_cores_hash(void);

#pragma clang assume_nonnull end
