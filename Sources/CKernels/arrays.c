// Work on whole arrays that one loop for all instruction sets does fast enough.

#include "CKernels.h"

#include <string.h>

void pd_approach(float *average, const float *x, size_t count, float share) {
  for (size_t i = 0; i < count; i++) average[i] += share * (x[i] - average[i]);
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
