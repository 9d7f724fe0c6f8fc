// The two poolings of the network. They touch little memory beside the convolutions', so one version serves every CPU.

#include "CKernels.h"

#include <math.h>
#include <string.h>

static int pooled(int size) { return (size - 1) / 2 + 1; }

void pd_max_pool(const float *x, int height, int width, int channels, float *y, uint8_t *which, size_t first,
                 size_t last) {
  int rows = pooled(height), columns = pooled(width);
  for (size_t n = first; n < last; n++)
    for (int oy = 0; oy < rows; oy++)
      for (int ox = 0; ox < columns; ox++) {
        size_t at = ((n * rows + oy) * columns + ox) * channels;
        for (int c = 0; c < channels; c++) y[at + c] = -INFINITY, which[at + c] = 0;
        for (int t = 0; t < 9; t++) {
          int iy = 2 * oy - 1 + t / 3, ix = 2 * ox - 1 + t % 3;
          if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
          const float *in = x + ((n * height + iy) * width + ix) * channels;
          for (int c = 0; c < channels; c++) {
            int larger = in[c] > y[at + c] || in[c] != in[c];
            y[at + c] = larger ? in[c] : y[at + c];
            which[at + c] = larger ? (uint8_t)t : which[at + c];
          }
        }
      }
}

void pd_max_pool_backward(const float *dy, const uint8_t *which, int height, int width, int channels, float *dx,
                          size_t first, size_t last) {
  int rows = pooled(height), columns = pooled(width);
  memset(dx + first * height * width * channels, 0, (last - first) * height * width * channels * sizeof(float));
  for (size_t n = first; n < last; n++)
    for (int oy = 0; oy < rows; oy++)
      for (int ox = 0; ox < columns; ox++) {
        size_t at = ((n * rows + oy) * columns + ox) * channels;
        for (int t = 0; t < 9; t++) {
          int iy = 2 * oy - 1 + t / 3, ix = 2 * ox - 1 + t % 3;
          if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
          float *to = dx + ((n * height + iy) * width + ix) * channels;
          for (int c = 0; c < channels; c++) to[c] += which[at + c] == t ? dy[at + c] : 0;
        }
      }
}

void pd_concat_pool(const float *x, int pixels, int channels, float *y, int32_t *which, size_t first, size_t last) {
  for (size_t n = first; n < last; n++) {
    float *max = y + n * 2 * channels, *mean = max + channels;
    int32_t *at = which + n * channels;
    for (int c = 0; c < channels; c++) max[c] = -INFINITY, mean[c] = 0, at[c] = 0;
    for (int p = 0; p < pixels; p++) {
      const float *in = x + (n * pixels + p) * channels;
      for (int c = 0; c < channels; c++) {
        int larger = in[c] > max[c] || in[c] != in[c];
        max[c] = larger ? in[c] : max[c];
        at[c] = larger ? p : at[c];
        mean[c] += in[c];
      }
    }
    for (int c = 0; c < channels; c++) mean[c] /= (float)pixels;
  }
}

void pd_concat_pool_backward(const float *dy, const int32_t *which, int pixels, int channels, float *dx, size_t first,
                             size_t last) {
  for (size_t n = first; n < last; n++) {
    const float *max = dy + n * 2 * channels, *mean = max + channels;
    const int32_t *at = which + n * channels;
    for (int p = 0; p < pixels; p++) {
      float *to = dx + (n * pixels + p) * channels;
      for (int c = 0; c < channels; c++) to[c] = mean[c] / (float)pixels + (at[c] == p ? max[c] : 0);
    }
  }
}
