// Weight panels for the convolution kernels, and questions about whole arrays.

#include "CKernels.h"

#include <string.h>

void pd_pack(const float *weights, const int *order, int taps, int inputs, int outputs, int panel, float *panels) {
  for (int o = 0; o < outputs; o += panel) {
    int columns = outputs - o < panel ? outputs - o : panel;
    for (int t = 0; t < taps; t++) {
      const float *from = weights + (size_t)order[t] * inputs * outputs + o;
      for (int i = 0; i < inputs; i++, from += outputs, panels += panel) {
        memcpy(panels, from, columns * sizeof(float));
        memset(panels + columns, 0, (panel - columns) * sizeof(float));
      }
    }
  }
}

void pd_pack_transposed(const float *weights, const int *order, int taps, int inputs, int outputs, int panel,
                        float *panels) {
  for (int i = 0; i < inputs; i += panel) {
    int columns = inputs - i < panel ? inputs - i : panel;
    for (int t = 0; t < taps; t++, panels += (size_t)outputs * panel) {
      const float *from = weights + ((size_t)order[t] * inputs + i) * outputs;
      for (int o = 0; o < outputs; o += 16) {  // 16 outputs at a time: whole cache lines on the reading side
        int n = outputs - o < 16 ? outputs - o : 16;
        for (int c = 0; c < panel; c++)
          for (int k = 0; k < n; k++)
            panels[(size_t)(o + k) * panel + c] = c < columns ? from[(size_t)c * outputs + o + k] : 0;
      }
    }
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
