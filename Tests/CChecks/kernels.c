// The kernels against sums in double, without Swift: for targets the rest is not built for (`launch/check-arm64`), and
// under sanitizers (`launch/sanitize`). So nothing here is allocated larger than its documentation asks for.
// Exits with 1 and a line for each result that is off.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

typedef struct shape {
  int images, height, width, inputs, outputs, kernel, stride;
} shape;

static int failures;
static uint32_t state = 1;
// Multiples of 1/64 between -1 and 1: bf16 holds them, and float sums of their products are exact.
static float number(void) { return (float)((int)((state = state * 1664525u + 1013904223u) >> 25) - 64) / 64; }

static double get(const void *p, pd_precision precision, size_t i) {
  if (precision == PD_FP32) return ((const float *)p)[i];
  uint32_t bits = (uint32_t)((const uint16_t *)p)[i] << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static size_t width(pd_precision precision) { return precision == PD_FP32 ? 4 : 2; }

static void *filled(const pd_set *set, pd_precision precision, size_t count) {
  const pd_kernels *k = &set->precision[precision];
  float *floats = calloc(count, 4);
  void *values = calloc(count, width(precision));
  for (size_t i = 0; i < count; i++) floats[i] = number();
  k->narrow(floats, values, count);
  free(floats);
  return values;
}

// An input as `convolve` reads it, and with an odd number of values of two bytes the one behind them, which it multiplies by
// zero.
static void *prepared(const pd_kernels *k, const void *x, size_t rows, int channels) {
  void *values = calloc(rows * channels + (k->gathers == 2 && channels % 2), k->gathers);
  k->prepare(x, NULL, NULL, rows, channels, values);
  return values;
}

static void expect(const char *set, const char *what, pd_precision precision, size_t at, double found, double wanted) {
  if (fabs(found - wanted) <= 1e-3 + (precision == PD_FP32 ? 1e-6 : 1.0 / 256) * fabs(wanted)) return;
  if (failures++ < 20) printf("%s %s at %zu: %g instead of %g\n", set, what, at, found, wanted);
}

static void check(const pd_set *set, pd_precision precision, shape s) {
  const pd_kernels *k = &set->precision[precision];
  pd_filter f = {s.kernel, s.kernel, 1, s.inputs, s.outputs, s.stride, s.kernel / 2, s.kernel / 2};
  pd_rows g = pd_forward_rows(f, s.images, s.height, s.width, s.inputs);
  size_t x_count = (size_t)s.images * s.height * s.width * s.inputs;
  size_t rows = (size_t)g.images * g.height * g.width, y_count = rows * s.outputs;
  size_t w_count = (size_t)g.taps * s.inputs * s.outputs;
  void *x = filled(set, precision, x_count), *dy = filled(set, precision, y_count);
  void *read_x = prepared(k, x, x_count / s.inputs, s.inputs), *read_dy = prepared(k, dy, rows, s.outputs);
  void *y = calloc(y_count, width(precision)), *dx = calloc(x_count, width(precision));
  float *w = calloc(w_count, 4), *dw = calloc(w_count, 4);
  for (size_t i = 0; i < w_count; i++) w[i] = number();
  double *want_y = calloc(y_count, 8), *want_dx = calloc(x_count, 8), *want_dw = calloc(w_count, 8);
  for (size_t row = 0; row < rows; row++)
    for (int t = 0; t < g.taps; t++) {
      size_t n = row / (g.height * g.width);
      int iy = (int)(row / g.width % g.height) * s.stride + g.dy[t], ix = (int)(row % g.width) * s.stride + g.dx[t];
      if (iy < 0 || ix < 0 || iy >= s.height || ix >= s.width) continue;
      size_t pixel = ((n * s.height + iy) * s.width + ix) * s.inputs;
      for (int i = 0; i < s.inputs; i++)
        for (int o = 0; o < s.outputs; o++) {
          size_t at = ((size_t)t * s.inputs + i) * s.outputs + o;
          want_y[row * s.outputs + o] += get(x, precision, pixel + i) * w[at];
          want_dx[pixel + i] += get(dy, precision, row * s.outputs + o) * w[at];
          want_dw[at] += get(x, precision, pixel + i) * get(dy, precision, row * s.outputs + o);
        }
    }

  int panel = k->panel, all_o = (s.outputs + panel - 1) / panel, all_i = (s.inputs + panel - 1) / panel;
  int order[PD_MAX_TAPS];
  void *panels = calloc(pd_panels(k, g.taps, s.inputs, s.outputs), 1);
  void *transposed = calloc(pd_panels(k, g.taps, s.outputs, s.inputs), 1);
  void *work = calloc(pd_convolve_scratch(k, g.taps, s.inputs) + pd_convolve_scratch(k, g.taps, s.outputs), 1);
  for (int t = 0; t < g.taps; t++) order[t] = t;
  size_t pixels = rows / s.images, pieces = s.images * pd_pieces(pixels);
  double *sums = calloc(pieces * 2 * s.outputs, 8), *total = calloc(2 * s.outputs, 8);
  pd_pass statistics = {.kind = PD_STATISTICS, .sums = sums, .channels = s.outputs, .pixels = pixels};
  k->pack(w, order, g.taps, s.inputs, s.outputs, (pd_block){0, all_o, 0, s.inputs}, panels);
  k->convolve(&g, read_x, panels, y, PD_REPLACE, 0, rows, 0, all_o, &statistics, work);
  for (size_t i = 0; i < y_count; i++) expect(set->name, "forward", precision, i, get(y, precision, i), want_y[i]);
  pd_sum_pieces(sums, &pieces, 1, 2 * s.outputs, 2 * s.outputs, total);
  for (int o = 0; o < s.outputs; o++) {
    double sum = 0;
    for (size_t row = 0; row < rows; row++) sum += get(y, precision, row * s.outputs + o);
    expect(set->name, "sum", PD_FP32, o, total[o], sum);
  }
  for (int parity = 0; parity < s.stride * s.stride; parity++) {
    pd_rows b = pd_backward_rows(f, s.images, s.height, s.width, parity / s.stride, parity % s.stride, order);
    k->pack_transposed(w, order, b.taps, s.inputs, s.outputs, (pd_block){0, all_i, 0, s.outputs}, transposed);
    k->convolve(&b, read_dy, transposed, dx, PD_REPLACE, 0, (size_t)b.images * b.height * b.width, 0, all_i, NULL, work);
  }
  for (size_t i = 0; i < x_count; i++) expect(set->name, "dx", precision, i, get(dx, precision, i), want_dx[i]);
  void *scratch = calloc(pd_weight_gradient_scratch(k, all_o), 1);
  pd_carry carry = {.count = 0};
  k->weight_gradient(&g, x, NULL, NULL, dy, dw, &carry, 0, s.inputs, 0, all_o, scratch);
  for (size_t i = 0; i < w_count; i++) expect(set->name, "dw", PD_FP32, i, dw[i], want_dw[i]);
  if (s.kernel == 3 && s.stride == 1 && s.inputs % 16 == 0 && s.outputs % 16 == 0) {
    pd_tiles tiles = {s.images, s.height, s.width, s.inputs, s.outputs};
    pd_tiles back = {s.images, s.height, s.width, s.outputs, s.inputs};
    size_t last = (size_t)s.images * ((s.height + 3) / 4) * ((s.width + 3) / 4);
    int larger = s.inputs > s.outputs ? s.inputs : s.outputs;
    int wide = set->precision[PD_FP32].panel;
    all_o = (s.outputs + wide - 1) / wide, all_i = (s.inputs + wide - 1) / wide;
    float *points = calloc(pd_winograd_panels(&set->precision[PD_FP32], larger, larger), 1);
    float *room = calloc(pd_winograd_scratch(), 1);
    set->winograd_pack(w, 0, s.inputs, s.outputs, (pd_block){0, all_o, 0, s.inputs}, points);
    k->winograd(&tiles, x, NULL, NULL, points, y, 0, last, 0, all_o, NULL, room);
    set->winograd_pack(w, 1, s.inputs, s.outputs, (pd_block){0, all_i, 0, s.outputs}, points);
    k->winograd(&back, dy, NULL, NULL, points, dx, 0, last, 0, all_i, NULL, room);
    k->winograd_weight_gradient(&tiles, &s.images, 1, x, NULL, NULL, dy, dw, &carry, 0, s.inputs, 0, all_o, points, room);
    for (size_t i = 0; i < y_count; i++) expect(set->name, "winograd", precision, i, get(y, precision, i), want_y[i]);
    for (size_t i = 0; i < x_count; i++) expect(set->name, "winograd dx", precision, i, get(dx, precision, i), want_dx[i]);
    for (size_t i = 0; i < w_count; i++) expect(set->name, "winograd dw", PD_FP32, i, dw[i], want_dw[i]);
    free(points), free(room);
  }
  void *all[] = {x, dy, read_x, read_dy, work, y, dx, w, dw, want_y, want_dx, want_dw, panels, transposed, sums, total, scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

// The passes of batch normalization, on rows of their own.
static void check_passes(const pd_set *set, pd_precision precision, int channels) {
  const pd_kernels *k = &set->precision[precision];
  size_t rows = 37, count = rows * channels;
  void *out = filled(set, precision, count), *from = filled(set, precision, count);
  void *z = filled(set, precision, count), *residual = filled(set, precision, count);
  float *v[6];  // scale, shift, residual's scale and shift, mean, slope
  for (int i = 0; i < 6; i++) {
    v[i] = calloc(channels, 4);
    for (int c = 0; c < channels; c++) v[i][c] = number();
  }
  size_t pieces = 8;  // of 5 rows, the last of 2
  double *sums = calloc(pieces * 2 * channels, 8), *total = calloc(2 * channels, 8), *wanted = calloc(2 * channels, 8);
  pd_pass pass = {.relu = 1, .from = from, .z = z, .residual = residual, .scale = v[0], .shift = v[1],
                  .residual_scale = v[2], .residual_shift = v[3], .mean = v[4], .slope = v[5], .sums = sums,
                  .channels = channels, .pixels = 5};
  pass.kind = PD_NORMALIZE;
  k->run(&pass, out, 0, rows, channels);
  for (size_t i = 0, c = 0; i < count; i++, c = i % channels) {
    double a = get(from, precision, i) * v[0][c] + v[1][c] + get(residual, precision, i) * v[2][c] + v[3][c];
    expect(set->name, "normalize", precision, i, get(out, precision, i), a > 0 ? a : 0);
  }
  pass.kind = PD_GRADIENT;
  k->run(&pass, out, 0, rows, channels);
  for (size_t i = 0, c = 0; i < count; i++, c = i % channels) {
    double a = v[0][c] * (get(from, precision, i) - v[1][c]) + v[5][c] * (get(z, precision, i) - v[4][c]);
    expect(set->name, "gradient", precision, i, get(out, precision, i), a);
  }
  pass.kind = PD_REDUCE, pass.y = residual;
  k->run(&pass, out, 0, rows, channels);
  for (size_t i = 0, c = 0; i < count; i++, c = i % channels) {
    double g = get(out, precision, i);
    if (!(get(residual, precision, i) > 0)) expect(set->name, "clipped", precision, i, g, 0);
    wanted[c] += g, wanted[channels + c] += g * (get(z, precision, i) - v[4][c]);
  }
  pass.kind = PD_STATISTICS;
  pd_sum_pieces(sums, (size_t[]){3, 8}, 2, 2 * channels, 2 * channels, total);
  for (int c = 0; c < 2 * channels; c++) expect(set->name, "reduce", PD_FP32, c, total[c], wanted[c]);
  memset(wanted, 0, 16 * channels);
  k->run(&pass, out, 0, rows, channels);
  for (size_t i = 0, c = 0; i < count; i++, c = i % channels)
    wanted[c] += get(out, precision, i), wanted[channels + c] += get(out, precision, i) * get(out, precision, i);
  pd_sum_pieces(sums, &pieces, 1, 2 * channels, 2 * channels, total);
  for (int c = 0; c < 2 * channels; c++) expect(set->name, "statistics", PD_FP32, c, total[c], wanted[c]);
  for (int i = 0; i < 6; i++) free(v[i]);
  free(out), free(from), free(z), free(residual), free(sums), free(total), free(wanted);
}

// Both poolings and back: with a gradient of ones, an input gets as many as windows chose it.
static void check_pools(const pd_set *set, pd_precision precision, int height, int width_, int channels) {
  const pd_kernels *k = &set->precision[precision];
  size_t images = 2, pixels = (size_t)height * width_, windows = (size_t)((height + 1) / 2) * ((width_ + 1) / 2);
  size_t count = images * pixels * channels, pooled = images * windows * channels;
  void *x = filled(set, precision, count), *dx = calloc(count, width(precision));
  void *y = calloc(pooled, width(precision)), *ones = calloc(pooled, width(precision));
  uint8_t *tap = calloc(pooled, 1);
  float *scale = calloc(channels, 4), *shift = calloc(channels, 4), *one = calloc(pooled, 4);
  for (int c = 0; c < channels; c++) scale[c] = 1, shift[c] = number();
  for (size_t i = 0; i < pooled; i++) one[i] = 1;
  k->narrow(one, ones, pooled);
  k->max_pool(x, scale, shift, height, width_, channels, y, tap, 0, images);
  k->max_pool_backward(ones, tap, height, width_, channels, dx, 0, images);
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += get(dx, precision, i);
  expect(set->name, "max pool's gradient", PD_FP32, 0, sum, (double)pooled);
  float *both = calloc(images * 2 * channels, 4);
  int32_t *argmax = calloc(images * channels, 4);
  k->concat_pool(x, (int)pixels, channels, both, argmax, 0, images);
  k->concat_pool_backward(both, argmax, (int)pixels, channels, dx, 0, images);
  for (size_t i = 0; i < images * channels; i++) {
    size_t n = i / channels, c = i % channels;
    double mean = 0, max = -INFINITY;
    for (size_t p = 0; p < pixels; p++) {
      double value = get(x, precision, (n * pixels + p) * channels + c);
      mean += value / (double)pixels, max = value > max ? value : max;
    }
    expect(set->name, "largest", PD_FP32, i, both[n * 2 * channels + c], max);
    expect(set->name, "mean", PD_FP32, i, both[(n * 2 + 1) * channels + c], mean);
    expect(set->name, "largest's gradient", precision, i,
           get(dx, precision, (n * pixels + argmax[i]) * channels + c), max + mean / (double)pixels);
  }
  free(x), free(dx), free(y), free(ones), free(tap), free(scale), free(shift), free(one), free(both), free(argmax);
}

static void check_arrays(const pd_set *set, size_t count) {
  float *a[4];
  for (int i = 0; i < 4; i++) {
    a[i] = calloc(count, 4);
    for (size_t j = 0; j < count; j++) a[i][j] = number() + (i == 3 ? 1 : 0);
  }
  uint64_t hash = pd_hash(a[0], count);
  for (size_t j = 0; j < count; j++) {
    double m = 0.75 * a[2][j] + 0.25 * a[1][j], v = 0.5 * a[3][j] + 0.5 * a[1][j] * a[1][j];
    double wanted = 0.5 * a[0][j] - 0.125 * m / (sqrt(v) / 2 + 1);
    set->adamw(a[0] + j, a[1] + j, a[2] + j, a[3] + j, 1, 0.75f, 0.5f, 1, 0.5f, 0.125f, 2);
    expect(set->name, "adamw", PD_FP32, j, a[0][j], wanted);
  }
  if (hash == pd_hash(a[0], count) || !pd_all_finite(a[0], count)) failures++, printf("hash, all_finite\n");
  set->adamw(a[0], a[1], a[2], a[3], count, 0.75f, 0.5f, 1, 0.5f, 0.125f, 2);
  pd_approach(a[0], a[1], count, 1);
  for (size_t j = 0; j < count; j++) expect(set->name, "approach", PD_FP32, j, a[0][j], a[1][j]);
  a[0][count - 1] = INFINITY;
  if (pd_all_finite(a[0], count)) failures++, printf("all_finite\n");
  for (int i = 0; i < 4; i++) free(a[i]);
}

int main(void) {
  shape shapes[] = {{1, 1, 1, 1, 1, 1, 1},     {2, 5, 4, 3, 5, 3, 1},   {3, 5, 7, 9, 67, 3, 2},
                    {2, 6, 6, 65, 17, 1, 2},   {1, 9, 8, 64, 64, 3, 1}, {2, 7, 6, 48, 80, 3, 1},
                    {2, 9, 9, 3, 64, 7, 2},    {5, 8, 8, 16, 24, 3, 2}, {1, 4, 4, 300, 130, 1, 1}};
  int count, channels[] = {1, 5, 16, 64, 67};
  const pd_set *const *sets = pd_sets(&count);
  for (int i = 0; i < count; i++)
    for (int p = 0; p < 2; p++) {
      pd_precision precision = (pd_precision)p;
      for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) check(sets[i], precision, shapes[n]);
      for (int n = 0; n < 5; n++) {
        check_passes(sets[i], precision, channels[n]);
        check_pools(sets[i], precision, 1 + 2 * n, 5 - n, channels[n]);
        check_arrays(sets[i], (size_t)channels[n]);
      }
      if (!(sets[i]->precision[p].peak(3) == sets[i]->precision[p].peak(3))) failures++, printf("peak\n");
      printf("%s, %s: %d failures\n", sets[i]->name, p ? "bf16" : "fp32", failures);
    }
  return failures > 0;
}
