// The kernels against sums in double, without Swift: for targets the rest is not built for. `launch/check-arm64` runs it.
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

static void *filled(const pd_kernels *k, size_t count) {
  float *floats = calloc(count + 16, 4);
  void *values = calloc(count + 16, 4);
  for (size_t i = 0; i < count; i++) floats[i] = number();
  k->narrow(floats, values, count);
  free(floats);
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
  void *x = filled(k, x_count), *dy = filled(k, y_count), *y = filled(k, y_count), *dx = filled(k, x_count);
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

  int panel = k->panel, all_o = (s.outputs + panel - 1) / panel, all_i = (s.inputs + panel - 1) / panel, order[49];
  void *panels = calloc(49 * (size_t)(s.inputs + panel + 2) * (s.outputs + panel + 2), 4);
  for (int t = 0; t < g.taps; t++) order[t] = t;
  double *sums = calloc(2 * s.outputs, 8);
  pd_pass statistics = {.kind = PD_STATISTICS, .sum = sums, .dot = sums + s.outputs};
  k->pack(w, order, g.taps, s.inputs, s.outputs, 0, all_o, panels);
  k->convolve(&g, x, panels, y, PD_REPLACE, 0, rows, &statistics);
  for (size_t i = 0; i < y_count; i++) expect(set->name, "forward", precision, i, get(y, precision, i), want_y[i]);
  for (int o = 0; o < s.outputs; o++) {
    double sum = 0;
    for (size_t row = 0; row < rows; row++) sum += get(y, precision, row * s.outputs + o);
    expect(set->name, "sum", PD_FP32, o, sums[o], sum);
  }
  for (int parity = 0; parity < s.stride * s.stride; parity++) {
    pd_rows b = pd_backward_rows(f, s.images, s.height, s.width, parity / s.stride, parity % s.stride, order);
    k->pack_transposed(w, order, b.taps, s.inputs, s.outputs, 0, all_i, panels);
    k->convolve(&b, dy, panels, dx, PD_REPLACE, 0, (size_t)b.images * b.height * b.width, NULL);
  }
  for (size_t i = 0; i < x_count; i++) expect(set->name, "dx", precision, i, get(dx, precision, i), want_dx[i]);
  void *scratch = calloc(pd_weight_gradient_scratch(k, all_o), 1);
  k->weight_gradient(&g, x, NULL, NULL, dy, dw, 0, s.inputs, 0, all_o, scratch);
  for (size_t i = 0; i < w_count; i++) expect(set->name, "dw", PD_FP32, i, dw[i], want_dw[i]);
  if (precision == PD_FP32 && s.kernel == 3 && s.stride == 1 && s.inputs % 16 == 0 && s.outputs % 16 == 0) {
    pd_tiles tiles = {s.images, s.height, s.width, s.inputs, s.outputs};
    pd_tiles back = {s.images, s.height, s.width, s.outputs, s.inputs};
    size_t last = (size_t)s.images * ((s.height + 3) / 4) * ((s.width + 3) / 4);
    int larger = s.inputs > s.outputs ? s.inputs : s.outputs;
    float *points = calloc(pd_winograd_panels(k, larger, larger), 1), *room = calloc(pd_winograd_scratch(), 1);
    set->winograd_pack(w, 0, s.inputs, s.outputs, 0, all_o, points);
    set->winograd(&tiles, x, NULL, NULL, points, y, 0, last, NULL, room);
    set->winograd_pack(w, 1, s.inputs, s.outputs, 0, all_i, points);
    set->winograd(&back, dy, NULL, NULL, points, dx, 0, last, NULL, room);
    set->winograd_weight_gradient(&tiles, x, NULL, NULL, dy, dw, 0, s.inputs, 0, all_o, points, room);
    for (size_t i = 0; i < y_count; i++) expect(set->name, "winograd", PD_FP32, i, ((float *)y)[i], want_y[i]);
    for (size_t i = 0; i < x_count; i++) expect(set->name, "winograd dx", PD_FP32, i, ((float *)dx)[i], want_dx[i]);
    for (size_t i = 0; i < w_count; i++) expect(set->name, "winograd dw", PD_FP32, i, dw[i], want_dw[i]);
    free(points), free(room);
  }
  void *all[] = {x, dy, y, dx, w, dw, want_y, want_dx, want_dw, panels, sums, scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int main(void) {
  shape shapes[] = {{1, 1, 1, 1, 1, 1, 1},     {2, 5, 4, 3, 5, 3, 1},   {3, 5, 7, 9, 67, 3, 2},
                    {2, 6, 6, 65, 17, 1, 2},   {1, 9, 8, 64, 64, 3, 1}, {2, 7, 6, 48, 80, 3, 1},
                    {2, 9, 9, 3, 64, 7, 2},    {5, 8, 8, 16, 24, 3, 2}, {1, 4, 4, 300, 130, 1, 1}};
  int count;
  const pd_set *const *sets = pd_sets(&count);
  for (int i = 0; i < count; i++)
    for (int precision = 0; precision < 2; precision++) {
      for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) check(sets[i], (pd_precision)precision, shapes[n]);
      printf("%s, %s: %d failures\n", sets[i]->name, precision ? "bf16" : "fp32", failures);
    }
  return failures > 0;
}
