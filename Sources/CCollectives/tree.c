// Sums over ranks as a binary tree: ((0 + 1) + (2 + 3)) + …
//
// Rounding depends on the order in which numbers are added. In a tree, a branch has the same sum whether one rank has
// computed all of it, by parts of its own, or several ranks share it: that is why numbers of ranks that are powers of
// two get the same bits (docs/determinism.md). Other numbers get a fixed order, too: the branches that are left over
// are added from the smallest on.

#include <string.h>

#include "communicator.h"

enum { BLOCK = 4096, LEVELS = 32 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// A block of all arrays after the other, so that what waits stays in the first-level cache.
void pd_add_tree(const unsigned char *const *terms, int count, size_t bytes, const pd_kind *kind,
                 unsigned char *sum) {
  _Alignas(64) unsigned char room[LEVELS][BLOCK], carried[BLOCK];
  int whole = (count & (count - 1)) == 0;  // no branches are left over
  size_t width = kind->width;
  for (size_t at = 0; at < bytes; at += BLOCK) {
    size_t n = smaller(BLOCK, bytes - at) / width;
    const unsigned char *waiting[LEVELS];  // sums of 1, 2, 4 … ranks
    for (int k = 0; k < count; k++) {
      const unsigned char *now = terms[k] + at;
      int level = 0;
      for (; k >> level & 1; level++) {
        int is_last = !(k >> (level + 1) & 1);
        unsigned char *to = !is_last ? carried : whole && k == count - 1 ? sum + at : room[level + 1];
        kind->add(to, waiting[level], now, n);
        now = to;
      }
      waiting[level] = now;
    }
    if (count == 1) memmove(sum + at, terms[0] + at, n * width);
    if (whole) continue;
    const unsigned char *now = NULL;
    for (int level = 0; level < LEVELS; level++)
      if (count >> level & 1) {
        if (now) kind->add(carried, waiting[level], now, n);
        now = now ? carried : waiting[level];
      }
    memcpy(sum + at, now, n * width);
  }
}

void pd_sum_arrays(const float *const *arrays, int count, size_t begin, size_t end, float *sum) {
  const unsigned char *terms[count];
  for (int k = 0; k < count; k++) terms[k] = (const unsigned char *)(arrays[k] + begin);
  pd_add_tree(terms, count, (end - begin) * sizeof *sum, &pd_floats, (unsigned char *)sum);
}

// Where sum and term are one array, each element still only depends on its own place.
static void add_float(void *sum, const void *a, const void *b, size_t count) {
  float *s = sum;
  const float *x = a, *y = b;
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 0; i < count; i++) s[i] = x[i] + y[i];
}

static void add_double(void *sum, const void *a, const void *b, size_t count) {
  double *s = sum;
  const double *x = a, *y = b;
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 0; i < count; i++) s[i] = x[i] + y[i];
}

const pd_kind pd_floats = {PD_TAG_SUM_FLOAT, sizeof(float), add_float};
const pd_kind pd_doubles = {PD_TAG_SUM_DOUBLE, sizeof(double), add_double};
