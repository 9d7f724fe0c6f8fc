// Checks the pool of threads (Sources/CKernels/pool.c): every part runs once in each loop, whether threads still look for
// the next one or sleep; loops inside of a loop, and from several threads at once; ends with 1 if not.
#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { parts = 5, loops = 2000 };

static void check(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  exit(1);
}

typedef struct {
  pd_pool *pool;
  int count[parts];
  atomic_int inner;
} tally;

static void add_inner(void *context, int part) { atomic_fetch_add(&((tally *)context)->inner, part); }

static void add(void *context, int part) { ((tally *)context)->count[part]++; }

static void add_nested(void *context, int part) {
  (void)part;
  pd_pool_run(((tally *)context)->pool, add_inner, context);
}

static void *run_inner(void *context) {
  for (int i = 0; i < loops; i++) pd_pool_run(((tally *)context)->pool, add_inner, context);
  return NULL;
}

int main(void) {
  pd_pool *pool = pd_pool_create(parts);
  check(pool != NULL && pd_pool_threads(pool) == parts, "no pool");
  tally t = {.pool = pool};
  for (int i = 0; i < loops; i++) {
    if (i % 100 == 0) usleep(200);  // long enough for threads to fall asleep
    pd_pool_run(pool, add, &t);
    for (int part = 0; part < parts; part++) check(t.count[part] == i + 1, "a part did not run once");
  }
  int once = parts * (parts - 1) / 2;
  pd_pool_run(pool, add_nested, &t);
  check(t.inner == parts * once, "loops inside of a loop");
  pthread_t others[3];
  for (int i = 0; i < 3; i++) pthread_create(&others[i], NULL, run_inner, &t);
  for (int i = 0; i < 3; i++) pthread_join(others[i], NULL);
  check(t.inner == (parts + 3 * loops) * once, "loops from several threads");
  pd_pool_destroy(pool);
  pd_pool *alone = pd_pool_create(1);
  tally one = {.pool = alone};
  pd_pool_run(alone, add_inner, &one);
  pd_pool_destroy(alone);
  printf("pool: ok\n");
}
