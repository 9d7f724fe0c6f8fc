// Work on whole arrays that one loop for all instruction sets does fast enough.

#include "CKernels.h"

#include <assert.h>
#include <string.h>

void pd_approach(float *average, const float *x, size_t count, float share) {
  for (size_t i = 0; i < count; i++) average[i] += share * (x[i] - average[i]);
}

void pd_sum_pieces(double *sums, const size_t *ends, int parts, size_t stride, size_t count, double *total) {
  enum { BLOCK = 32 };
  assert(parts > 0 && (parts & (parts - 1)) == 0 && parts <= 1 << PD_MAX_CARRIES);
  for (size_t at = 0; at < count; at += BLOCK) {
    size_t n = count - at < BLOCK ? count - at : BLOCK, piece = 0;
    double waiting[PD_MAX_CARRIES + 1][BLOCK];  // sums of 2^k parts
    double sum[BLOCK];
    for (int part = 0; part < parts; part++) {
      memset(sum, 0, sizeof sum);
      for (; piece < ends[part]; piece++)
        for (size_t i = 0; i < n; i++) {
          sum[i] += sums[piece * stride + at + i];
          sums[piece * stride + at + i] = 0;
        }
      int level = 0;
      for (; part >> level & 1; level++)
        for (size_t i = 0; i < n; i++) sum[i] = waiting[level][i] + sum[i];
      memcpy(waiting[level], sum, sizeof sum);
    }
    memcpy(total + at, sum, n * sizeof *sum);  // with the last part the tree is complete
  }
}

int pd_all_finite(const float *x, size_t count) {
  uint32_t found = 0;  // an exponent of all ones
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    found |= (bits & 0x7F800000u) == 0x7F800000u;
  }
  return !found;
}

uint64_t pd_hash(const float *x, size_t count) {
  uint64_t h[4] = {1, 2, 3, 4};  // four chains, so that multiplications overlap
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    h[i % 4] = (h[i % 4] ^ bits) * 0x9E3779B97F4A7C15u;
    h[i % 4] ^= h[i % 4] >> 29;
  }
  uint64_t all = count;
  for (int i = 0; i < 4; i++) all = (all ^ h[i]) * 0xBF58476D1CE4E5B9u, all ^= all >> 32;
  return all;
}

uint64_t pd_flush_denormals(void) {
#if defined(__x86_64__)
  enum { inputs = 1 << 6, results = 1 << 15 };
  unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | inputs | results);
  return before;
#elif defined(__aarch64__)
  uint64_t before, both = 1 << 24;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | both));
  return before;
#else
  return 0;
#endif
}

void pd_restore_denormals(uint64_t before) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((unsigned)before);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
  (void)before;
#endif
}
