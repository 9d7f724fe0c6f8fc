// Compiles set.inc for each instruction set and picks at run time.

#include "CKernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
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

#pragma clang attribute push(__attribute__((target(AVX512 ",avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#define SET amx
#define NAME "AMX"
#define LANES 16
#define NV 4
#define MR 6
#define BF16_INSTRUCTIONS
#define AMX_TILES
#define AMX_INSTRUCTIONS
#include "set.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SET amx_emulated
#define NAME "AMX emulated"
#define LANES 8
#define NV 2
#define MR 6
#define AMX_TILES
#include "set.inc"
#pragma clang attribute pop

// Whether the CPU has tiles and the kernel lets this process use them, as which it must be asked: their registers are large.
static int pd_has_tiles(void) {
  enum { leaf = 7, tile = 1 << 24, bf16 = 1 << 22, request = 0x1023 /* ARCH_REQ_XCOMP_PERM */, tile_data = 18 };
  unsigned a, b, c, d;
  if (!__get_cpuid_count(leaf, 0, &a, &b, &c, &d) || (d & (tile | bf16)) != (tile | bf16)) return 0;
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
}

#endif

const pd_set *const *pd_sets(int *count) {
  static const pd_set *all[6];
  int n = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) {
    int pairs = __builtin_cpu_supports("avx512bf16");
    // Intel's CPUs multiply pairs of bf16 at half the rate of floats, AMD's at twice of it.
    int first = pairs && !__builtin_cpu_is("intel");
    if (pairs && pd_has_tiles()) all[n++] = &pd_set_amx;
    if (pairs && first) all[n++] = &pd_set_avx512bf16;
    all[n++] = &pd_set_avx512;
    if (pairs && !first) all[n++] = &pd_set_avx512bf16;
  }
  if (__builtin_cpu_supports("x86-64-v3")) all[n++] = &pd_set_avx2, all[n++] = &pd_set_amx_emulated;
#endif
  all[n++] = &pd_set_portable;
  *count = n;
  return all;
}

size_t pd_panels(const pd_kernels *kernels, int taps, int inputs, int outputs) {
  size_t values = kernels->gathers, words = (inputs * values + 3) / 4, panels = (outputs + kernels->panel - 1) / kernels->panel;
  return 4 * taps * ((words + kernels->unit - 1) / kernels->unit * kernels->unit) * panels * kernels->panel;
}

size_t pd_convolve_scratch(const pd_kernels *kernels, int taps, int channels) {
  // Tiles of gathered rows; registers need none.
  return kernels->unit > 1 ? (size_t)kernels->block * taps * ((channels + 31) / 32) * 64 : 0;
}

size_t pd_weight_gradient_scratch(const pd_kernels *kernels, int panels) {
  return 4 * (PD_STEPS * (PD_INPUTS + PD_SKEW) + (size_t)panels * PD_STEPS * kernels->panel);
}

size_t pd_winograd_panels(const pd_kernels *kernels, int inputs, int outputs) {
  size_t panels = (outputs + kernels->panel - 1) / kernels->panel;
  return 4 * panels * PD_POINTS * ((size_t)inputs * kernels->panel + PD_SKEW);
}

size_t pd_winograd_scratch(void) { return 4 * PD_TILE_FLOATS; }
