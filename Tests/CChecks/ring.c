// The collective operations with threads as ranks, on one host and as if on several, without Swift: what `launch/sanitize`
// runs. Every operation is checked against its definition in small and odd lengths, and so is how the others learn that a
// rank gave up or went astray. Exits with 1 and a line for each result that is off.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CCollectives.h"

enum { MOST = 8 };

typedef void (*body)(pd_communicator *c);

static int failures;
static pthread_mutex_t failing = PTHREAD_MUTEX_INITIALIZER;

static void expect(int holds, const char *what, int rank, size_t count) {
  if (holds) return;
  pthread_mutex_lock(&failing);
  if (failures++ < 20) printf("%s of %zu on rank %d\n", what, count, rank);
  pthread_mutex_unlock(&failing);
}

static body todo;

static void *run(void *c) {
  todo(c);
  return NULL;
}

// `what` on `size` ranks, a thread each, so many of them as if on one host; by messages of at most `segment` bytes, or if that
// is 0 through common memory on each host.
static void on_hosts(int size, int ranks_per_host, size_t segment, double timeout, body what) {
  pd_communicator *ranks[MOST];
  pthread_t threads[MOST];
  if (!pd_threads_open(size, ranks_per_host, timeout, ranks)) exit(2);
  todo = what;
  for (int rank = 0; rank < size && segment; rank++) pd_use_messages(ranks[rank], 1);
  for (int rank = 0; rank < size; rank++)
    if ((segment && pd_set_segment(ranks[rank], segment)) || pthread_create(&threads[rank], NULL, run, ranks[rank]))
      exit(2);
  for (int rank = 0; rank < size; rank++) pthread_join(threads[rank], NULL);
  for (int rank = 0; rank < size; rank++) pd_close(ranks[rank]);
}

static void on_threads(int size, size_t segment, double timeout, body what) {
  on_hosts(size, size, segment, timeout, what);
}

static double value(int rank, size_t index) { return (double)((rank * 7 + (int)index * 13 + 5) % 101 - 50); }

static void sums(pd_communicator *c, size_t count) {
  int rank = pd_rank(c), size = pd_size(c);
  float *f = malloc(count * sizeof *f);
  double *d = malloc(count * sizeof *d);
  for (size_t i = 0; i < count; i++) f[i] = (float)(d[i] = value(rank, i));
  expect(pd_sum_float(c, f, count) == PD_OK && pd_sum_double(c, d, count) == PD_OK, "sum", rank, count);
  for (size_t i = 0; i < count; i++) {
    double all = 0;
    for (int r = 0; r < size; r++) all += value(r, i);
    expect(f[i] == (float)all && d[i] == all, "sum", rank, count);
  }
  free(f), free(d);
}

static void exchanges(pd_communicator *c, size_t count) {
  int rank = pd_rank(c), size = pd_size(c);
  unsigned char *own = malloc(count + 1), *all = malloc((count + 1) * (size_t)size);
  size_t lengths[MOST], before = 0;
  for (int root = 0; root < size; root++) {
    memset(own, rank == root ? 17 + root : 0, count);
    expect(pd_broadcast(c, own, count, root) == PD_OK, "broadcast", rank, count);
    for (size_t i = 0; i < count; i++) expect(own[i] == 17 + root, "broadcast", rank, count);
  }
  memset(all + (size_t)rank * count, rank + 1, count);
  expect(pd_all_gather(c, all, count) == PD_OK, "all-gather", rank, count);
  for (size_t i = 0; i < count * (size_t)size; i++) expect(all[i] == i / count + 1, "all-gather", rank, count);
  for (int r = 0; r < size; r++) lengths[r] = r % 2 ? count : count / 2;
  memset(own, rank + 1, count);
  expect(pd_gather(c, own, lengths, rank == 0 ? all : NULL) == PD_OK, "gather", rank, count);
  for (int r = 0; rank == 0 && r < size; before += lengths[r++])
    for (size_t i = 0; i < lengths[r]; i++) expect(all[before + i] == r + 1, "gather", rank, count);
  expect(pd_barrier(c) == PD_OK, "barrier", rank, count);
  free(own), free(all);
}

static void everything(pd_communicator *c) {
  static const size_t counts[] = {0, 1, 2, 7, 8, 9, 63, 64, 65, 500, 1001};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) sums(c, counts[i]), exchanges(c, counts[i]);
}

// More than a mailbox holds, and more than goes through mailboxes.
static void large(pd_communicator *c) { sums(c, 20011), exchanges(c, 70001), sums(c, 400009); }

// Several sums between hosts are under way at a time.
static void slices(pd_communicator *c) {
  enum { SUMS = 9 };
  int rank = pd_rank(c), slices = pd_slices(c), hosts = pd_host_count(c), own = 0, begun = 0;
  float *arrays[SUMS * MOST];
  for (int slice = 0; slice < slices; slice++) own += pd_owns_slice(c, slice);
  double owned = own;
  expect(pd_sum_double(c, &owned, 1) == PD_OK && owned == hosts * slices, "owners", rank, (size_t)slices);
  for (int sum = 0; sum < SUMS; sum++)
    for (int slice = 0; slice < slices; slice++) {
      if (!pd_owns_slice(c, slice)) continue;
      size_t count = (size_t)(sum * 37 + slice);
      float *array = arrays[begun++] = calloc(count + 1, sizeof *array);
      for (size_t i = 0; i < count; i++) array[i] = (float)(1 + i % 50 + (size_t)sum);
      expect(pd_begin_slice_sum(c, slice, array, count) == PD_OK, "slice begins", rank, count);
    }
  expect(pd_finish_slice_sums(c, 3) == PD_OK && pd_finish_slice_sums(c, 0) == PD_OK, "slices", rank, (size_t)own);
  for (int sum = 0, k = 0; sum < SUMS; sum++)
    for (int slice = 0; slice < slices; slice++) {
      if (!pd_owns_slice(c, slice)) continue;
      size_t count = (size_t)(sum * 37 + slice);
      for (size_t i = 0; i < count; i++)
        expect(arrays[k][i] == (float)hosts * (float)(1 + i % 50 + (size_t)sum), "slice", rank, count);
      free(arrays[k++]);
    }
  expect(pd_barrier(c) == PD_OK, "barrier after slices", rank, 0);
}

// Rank 1 comes to no further operation; who waits for it is told, and whoever waits for those.
static void abandoned(pd_communicator *c) {
  double values[100] = {0};
  pd_barrier(c);
  if (pd_rank(c) == 1) {
    pd_threads_abandon(c);
  } else {
    expect(pd_sum_double(c, values, 100) == PD_ABANDONED && pd_failure_peer(c) == 1, "abandoned", pd_rank(c), 100);
    expect(pd_barrier(c) == PD_ABANDONED, "broken", pd_rank(c), 0);
  }
}

static void astray(pd_communicator *c) {
  double values[100] = {0};
  int code = pd_rank(c) == 1 ? pd_barrier(c) : pd_sum_double(c, values, 100);
  expect(code != PD_OK, "astray", pd_rank(c), 100);
}

// Rank 1 waits until the others' time is up: they say so through the pipe-like flag below.
static pthread_mutex_t late = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t noticed = PTHREAD_COND_INITIALIZER;
static int others;

static void absent(pd_communicator *c) {
  double values[3] = {0};
  pthread_mutex_lock(&late);
  if (pd_rank(c) == 1) {
    while (others < pd_size(c) - 1) pthread_cond_wait(&noticed, &late);
    others = 0;
  }
  pthread_mutex_unlock(&late);
  if (pd_rank(c) == 1) return;
  int code = pd_sum_double(c, values, 3);
  expect(code == PD_TIMED_OUT || code == PD_ABANDONED, "absent", pd_rank(c), 3);
  pthread_mutex_lock(&late);
  others++;
  pthread_cond_signal(&noticed);
  pthread_mutex_unlock(&late);
}

// On several hosts of so many ranks each; on the last one fewer, if they are not a multiple.
static void hosts(int size, int ranks_per_host) {
  on_hosts(size, ranks_per_host, 0, 900, large);
  on_hosts(size, ranks_per_host, 0, 900, everything);
  on_hosts(size, ranks_per_host, 0, 900, slices);
  on_hosts(size, ranks_per_host, 0, 900, abandoned);
  on_hosts(size, ranks_per_host, 0, 900, astray);
  on_hosts(size, ranks_per_host, 0, 0.1, absent);
}

int main(void) {
  for (int size = 1; size <= MOST; size++) {
    on_threads(size, 0, 900, large);
    for (int ranks_per_host = 1; ranks_per_host < size; ranks_per_host++) hosts(size, ranks_per_host);
    for (size_t segment = 0; segment <= 64; segment += 64) {
      on_threads(size, segment, 900, everything);
      if (size == 1) continue;
      on_threads(size, segment, 900, abandoned);
      on_threads(size, segment, 900, astray);
      on_threads(size, segment, 0.1, absent);
    }
  }
  char host[256];
  pd_host_name(host, sizeof host);
  expect(pd_next_processor(-1) >= 0 && host[0] && pd_host_hash() != pd_cores_hash(), "placement", 0, 0);
  printf("ring on threads: %d failures\n", failures);
  return failures > 0;
}
