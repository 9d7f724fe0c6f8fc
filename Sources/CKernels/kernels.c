// Compiles kernels.inc for each instruction set and picks at run time.

#include "CKernels.h"

#include <math.h>
#include <string.h>

// The gather shared by all sets.

enum {
  PD_MAX_TAPS = 49,
  PD_MAX_CHANNELS = 16384,
  PD_PIXELS = 128,  // rows summed in registers at a time by the weight gradient: a panel of dy fills half of L1
  PD_INPUTS = 256,  // input channels packed at a time
};

static const float pd_zeros[PD_MAX_CHANNELS];

typedef struct pd_cursor {
  int n, y, x;
} pd_cursor;

static pd_cursor pd_cursor_at(const pd_rows *g, size_t row) {
  if (!g->width || !g->height) return (pd_cursor){0, 0, 0};
  size_t pixel = row % ((size_t)g->height * g->width);
  return (pd_cursor){(int)(row / ((size_t)g->height * g->width)), (int)(pixel / g->width), (int)(pixel % g->width)};
}

static inline void pd_advance(const pd_rows *g, pd_cursor *at) {
  if (++at->x < g->width) return;
  at->x = 0;
  if (++at->y < g->height) return;
  at->y = 0;
  at->n++;
}

static inline const float *pd_input(const pd_rows *g, const float *input, const pd_cursor *at, int t) {
  int y = at->y * g->stride + g->dy[t], x = at->x * g->stride + g->dx[t];
  if (y < 0 || x < 0 || y >= g->in_height || x >= g->in_width) return pd_zeros;
  return input + (((size_t)at->n * g->in_height + y) * g->in_width + x) * g->in_pitch;
}

static inline float *pd_output(const pd_rows *g, float *output, const pd_cursor *at) {
  int y = at->y * g->out_stride + g->out_y, x = at->x * g->out_stride + g->out_x;
  return output + (((size_t)at->n * g->out_height + y) * g->out_width + x) * g->out_channels;
}

#define UNROLL _Pragma("clang loop unroll(full)")
#define SQRT(x) __builtin_sqrtf(x)
#pragma clang fp contract(fast) reassociate(off)

#define FN(f) f##_portable
#define NAME "portable"
#define LANES 4
#define NV 2
#define MR 4
#include "kernels.inc"
#undef FN
#undef NAME
#undef LANES
#undef NV
#undef MR

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FN(f) f##_avx2
#define NAME "AVX2"
#define LANES 8
#define NV 2
#define MR 6
#include "kernels.inc"
#undef FN
#undef NAME
#undef LANES
#undef NV
#undef MR
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))), \
                             apply_to = function)
#define FN(f) f##_avx512
#define NAME "AVX-512"
#define LANES 16
#define NV 4
#define MR 7
#include "kernels.inc"
#pragma clang attribute pop

#endif

const pd_kernels *const *pd_kernels_all(int *count) {
  static const pd_kernels *all[3];
  int n = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) all[n++] = &pd_kernels_avx512;
  if (__builtin_cpu_supports("x86-64-v3")) all[n++] = &pd_kernels_avx2;
#endif
  all[n++] = &pd_kernels_portable;
  *count = n;
  return all;
}

size_t pd_weight_gradient_scratch(const pd_kernels *kernels, int first_panel, int last_panel) {
  return PD_PIXELS * (PD_INPUTS + 16) + (size_t)(last_panel - first_panel) * PD_PIXELS * kernels->panel;
}
