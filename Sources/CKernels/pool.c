// Threads that stand ready for a rank's loops.
//
//     caller     post ──► part 0 ──► wait for all ──► post ──► part 0 ──► …
//     thread 1    └─────► part 1 ──► done              └─────► part 1 ──► …
//     thread 2    └─────► part 2 ────► done            └─────► part 2 ──► …
//
// A step has some five hundred loops, most of them microseconds apart, so whoever waits looks again and again for a moment.
// Then it sleeps in the kernel (futex), because another process may be waiting for this very core.
//
// A part runs in the same thread each time, whose caches may still hold what it needs; unless that thread is late, since its
// core is taken: then whoever has nothing to do claims the part.

#define _GNU_SOURCE
#include "CKernels.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Longer than what lies between most loops, shorter than a time slice.
static const double spinning = 50e-6;

// A number that threads wait to see changed, in a cache line of its own.
typedef struct {
  _Alignas(64) atomic_uint value;
  atomic_int sleepers;
} signal_word;

typedef struct {
  // The last loop of which this part was claimed. A thread claims it of loop n by changing n − 1 to n: only one can.
  _Alignas(64) atomic_uint claimed;
  pd_pool *pool;
  int number;
  pthread_t thread;  // none for part 0, the caller's
} part;

struct pd_pool {
  signal_word posted;  // loops so far
  signal_word left;    // parts of this one that are not done
  atomic_flag is_taken;
  atomic_int is_closing;
  void (*body)(void *context, int part);
  void *context;
  int threads;  // beside the caller
  int count;
  part parts[];
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Returns once the word is another than `seen`, and sometimes before.
static void await_change(signal_word *word, unsigned seen) {
  for (double began = now(); now() - began < spinning; relax())
    if (atomic_load(&word->value) != seen) return;
  atomic_fetch_add(&word->sleepers, 1);
  syscall(SYS_futex, &word->value, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
  atomic_fetch_sub(&word->sleepers, 1);
}

static void wake(signal_word *word) {
  if (atomic_load(&word->sleepers) > 0) syscall(SYS_futex, &word->value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

// Runs a thread's own part of a loop, and then others that nobody has begun. `body` and `context` may be read only after a
// claim: until then the loop may be over, and the next one posted.
static void run_parts(pd_pool *pool, int number, unsigned loop) {
  for (int i = 0; i < pool->count; i++) {
    part *next = &pool->parts[(number + i) % pool->count];
    unsigned before = loop - 1;
    if (!atomic_compare_exchange_strong(&next->claimed, &before, loop)) continue;
    pool->body(pool->context, next->number);
    if (atomic_fetch_sub(&pool->left.value, 1) == 1) wake(&pool->left);
  }
}

static void *work(void *argument) {
  part *own = argument;
  pd_pool *pool = own->pool;
  for (unsigned seen = 0;;) {
    unsigned loop = atomic_load(&pool->posted.value);
    if (loop == seen) {
      await_change(&pool->posted, seen);
    } else if (atomic_load(&pool->is_closing)) {
      return NULL;
    } else {
      run_parts(pool, own->number, seen = loop);
    }
  }
}

// Signals are the process's first thread's business, except those that a thread brings upon itself.
static void block_signals(sigset_t *before) {
  sigset_t others;
  sigfillset(&others);
  const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&others, own[i]);
  pthread_sigmask(SIG_SETMASK, &others, before);
}

pd_pool *pd_pool_create(int parts) {
  size_t bytes = sizeof(pd_pool) + (size_t)parts * sizeof(part);
  pd_pool *pool = aligned_alloc(64, bytes);
  if (!pool) return NULL;
  *pool = (pd_pool){.count = parts, .is_taken = ATOMIC_FLAG_INIT};
  for (int number = 0; number < parts; number++) pool->parts[number] = (part){.pool = pool, .number = number};
  sigset_t before;
  block_signals(&before);
  for (part *next = pool->parts + 1; next < pool->parts + parts; next++, pool->threads++)
    if (pthread_create(&next->thread, NULL, work, next) != 0) break;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return pool;
}

void pd_pool_run(pd_pool *pool, void (*body)(void *context, int part), void *context) {
  if (atomic_flag_test_and_set(&pool->is_taken)) {
    for (int part = 0; part < pool->count; part++) body(context, part);
    return;
  }
  pool->body = body, pool->context = context;
  atomic_store(&pool->left.value, (unsigned)pool->count);
  unsigned loop = atomic_fetch_add(&pool->posted.value, 1) + 1;
  wake(&pool->posted);
  run_parts(pool, 0, loop);
  for (unsigned left; (left = atomic_load(&pool->left.value)) > 0;) await_change(&pool->left, left);
  atomic_flag_clear(&pool->is_taken);
}

int pd_pool_threads(const pd_pool *pool) { return pool->threads + 1; }

void pd_pool_destroy(pd_pool *pool) {
  atomic_store(&pool->is_closing, 1);
  atomic_fetch_add(&pool->posted.value, 1);
  wake(&pool->posted);
  for (int i = 1; i <= pool->threads; i++) pthread_join(pool->parts[i].thread, NULL);
  free(pool);
}
