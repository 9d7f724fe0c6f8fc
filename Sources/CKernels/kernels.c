// Compiles set.inc for each instruction set and picks at run time.

#include "CKernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "shared.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define PASTE3(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE3(a, b, c)
// A product and a sum of one expression become one instruction wherever there is one, and no others do: so all sets that
// have it round alike.
#pragma clang fp contract(on) reassociate(off)

// bf16 without an instruction for it: rounded to nearest, ties to even; a NaN stays one.
static inline uint16_t pd_narrow(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return (uint16_t)(x == x ? rounded : 0x7FC0);
}

#define SET portable
#define NAME "portable"
#define LANES 4
#define NV 2
#define MR 4
#include "set.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SET avx2
#define NAME "AVX2"
#define LANES 8
#define NV 2
#define MR 6
#include "set.inc"
#pragma clang attribute pop

#define AVX512 "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
#define SET avx512
#define NAME "AVX-512"
#define LANES 16
#define NV 4
#define MR 6
#include "set.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target(AVX512 ",avx512bf16"))), apply_to = function)
#define SET avx512bf16
#define NAME "AVX-512 BF16"
#define LANES 16
#define NV 4
#define MR 6
#define BF16_INSTRUCTIONS
#include "set.inc"
#pragma clang attribute pop

#endif

const pd_set *const *pd_sets(int *count) {
  static const pd_set *all[4];
  int n = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) {
    if (__builtin_cpu_supports("avx512bf16")) all[n++] = &pd_set_avx512bf16;
    all[n++] = &pd_set_avx512;
  }
  if (__builtin_cpu_supports("x86-64-v3")) all[n++] = &pd_set_avx2;
#endif
  all[n++] = &pd_set_portable;
  *count = n;
  return all;
}

size_t pd_weight_gradient_scratch(const pd_kernels *kernels, int panels) {
  return 4 * (PD_STEPS * (PD_INPUTS + PD_SKEW) + (size_t)panels * PD_STEPS * kernels->panel);
}

size_t pd_winograd_panels(const pd_kernels *kernels, int inputs, int outputs) {
  size_t panels = (outputs + kernels->panel - 1) / kernels->panel;
  return 4 * panels * PD_POINTS * ((size_t)inputs * kernels->panel + PD_SKEW);
}

size_t pd_winograd_scratch(void) { return 4 * PD_TILE_FLOATS; }
