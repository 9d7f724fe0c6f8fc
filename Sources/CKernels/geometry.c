// The rows of a convolution and of its gradient by the input.

#include "CKernels.h"

#include <assert.h>

static void check(pd_filter f) {
  assert(f.height > 0 && f.width > 0 && f.height * f.width <= PD_MAX_TAPS);
  assert(f.inputs > 0 && f.inputs <= PD_MAX_CHANNELS && f.outputs > 0 && f.outputs <= PD_MAX_CHANNELS);
  assert(f.span > 0 && f.stride > 0 && f.pad_y >= 0 && f.pad_x >= 0);
  (void)f;
}

static int outputs_across(pd_filter f, int width) {
  return (width + 2 * f.pad_x - (f.width + f.span - 1)) / f.stride + 1;
}

pd_rows pd_forward_rows(pd_filter f, int images, int height, int width, int pitch) {
  check(f);
  pd_rows g = {.images = images, .in_height = height, .in_width = width, .in_pitch = pitch};
  g.height = g.out_height = (height + 2 * f.pad_y - f.height) / f.stride + 1;
  g.width = g.out_width = outputs_across(f, width);
  g.channels = f.inputs, g.stride = f.stride, g.out_channels = f.outputs, g.out_stride = 1;
  for (int ky = 0; ky < f.height; ky++)
    for (int kx = 0; kx < f.width; kx++, g.taps++) g.dy[g.taps] = ky - f.pad_y, g.dx[g.taps] = kx - f.pad_x;
  return g;
}

// Input pixel i meets output pixel o through filter element k where o·stride + k − pad = i. For inputs
// i = j·stride + parity that is o = j + (parity + pad − k)/stride, for the k that make the quotient whole.
pd_rows pd_backward_rows(pd_filter f, int images, int height, int width, int parity_y, int parity_x, int *order) {
  check(f);
  pd_rows g = {.images = images, .out_height = height, .out_width = width};
  g.in_height = (height + 2 * f.pad_y - f.height) / f.stride + 1;
  g.in_width = outputs_across(f, width);
  g.height = (height - parity_y + f.stride - 1) / f.stride;
  g.width = (width - parity_x + f.stride - 1) / f.stride;
  g.in_pitch = g.channels = f.outputs, g.stride = 1, g.out_channels = f.inputs;
  g.out_stride = f.stride, g.out_y = parity_y, g.out_x = parity_x;
  for (int ky = 0; ky < f.height; ky++)
    for (int kx = 0; kx < f.width; kx++) {
      int y = parity_y + f.pad_y - ky, x = parity_x + f.pad_x - kx;
      if (y % f.stride || x % f.stride) continue;
      g.dy[g.taps] = y / f.stride, g.dx[g.taps] = x / f.stride;
      order[g.taps++] = ky * f.width + kx;
    }
  return g;
}
