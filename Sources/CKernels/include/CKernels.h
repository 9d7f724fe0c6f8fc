#pragma once
// The loops that carry the network, in plain C, compiled once per instruction set and chosen at run time.
// Tensors are fp32, NHWC, densely packed. No function allocates, keeps state or starts threads: callers split the
// work (rows, channels, images) and call from as many threads as they like.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// How the rows of a convolution's matrix lie in memory. There is a row for each (n, y, x) of
/// `images × height × width`. Its left side gathers, for each tap t, `channels` consecutive floats of the input pixel
///     (n, y·stride + dy[t], x·stride + dx[t]),      zeros where that lies outside `in_height × in_width`;
/// its right side is the output pixel
///     (n, y·out_stride + out_y, x·out_stride + out_x).
/// A forward convolution has a tap per filter element and out_stride 1. The gradient by the input of a convolution of
/// stride s is s·s such matrices, one per parity of the input pixel, with out_stride s: no zero is ever multiplied.
typedef struct pd_rows {
  int images, height, width;
  int in_height, in_width, in_pitch;  // pitch: floats from one pixel to the next
  int channels, stride;
  int taps;
  int dy[49], dx[49];
  int out_height, out_width, out_channels;
  int out_stride, out_y, out_x;
} pd_rows;

/// A filter of `height × width` taps over `inputs` floats each, giving `outputs` channels. Weights are stored
/// [height][width][inputs][outputs]. A tap covers `span` pixels side by side: usually one, and `inputs` are its channels.
typedef struct pd_filter {
  int height, width, span, inputs, outputs, stride, pad_y, pad_x;
} pd_filter;

/// The rows of a forward convolution over images of `height × width` pixels, `pitch` floats apart.
pd_rows pd_forward_rows(pd_filter filter, int images, int height, int width, int pitch);

/// The rows of its gradient by the input, for the input pixels whose coordinates modulo the stride are `parity_y` and
/// `parity_x`; the rows' input is dy. `order` (49 entries) receives the filter's taps that meet these pixels, none
/// at all for some parities.
pd_rows pd_backward_rows(pd_filter filter, int images, int height, int width, int parity_y, int parity_x, int *order);

/// What is done with a convolution's result besides storing it.
typedef enum pd_store { PD_REPLACE = 0, PD_ADD = 1 } pd_store;

typedef struct pd_kernels {
  const char *name;
  /// Output channels of one weight panel: the width of the register tile.
  int panel;

  /// Rows `first ..< last` of output = gather(input) · weights, replacing or adding to `output`.
  /// `panels`: the weights as `pd_pack` lays them out. If `sum` is given, adds each output channel's sum, and
  /// sum of squares, over these rows to `sum` and `squares` (`out_channels` doubles each).
  void (*convolve)(const pd_rows *rows, const float *input, const float *panels, float *output, pd_store store,
                   size_t first, size_t last, double *_Nullable sum, double *_Nullable squares);

  /// dw[t][ci][co] = Σ over all rows of input(row, t)[ci] · dy(row)[co], for ci in `first_ci ..< last_ci` and the
  /// panels `first_panel ..< last_panel` of output channels. The order of the sum does not depend on these ranges.
  /// `scratch`: `pd_weight_gradient_scratch` floats.
  void (*weight_gradient)(const pd_rows *rows, const float *input, const float *dy, float *dw, int first_ci,
                          int last_ci, int first_panel, int last_panel, float *scratch);

  /// y = max(0, z·scale + shift + residual·residual_scale + residual_shift) by rows of `channels` floats. Without
  /// `residual_scale` the residual is added as it is; without `relu` nothing is clipped. y may be z.
  void (*normalize)(float *y, const float *z, const float *scale, const float *shift, const float *_Nullable residual,
                    const float *_Nullable residual_scale, const float *_Nullable residual_shift, int relu,
                    size_t rows, int channels);

  /// Where `y` is given, dy is first set to zero wherever y is not positive (ReLU's gradient). Then adds
  /// Σ dy to `sum` and Σ dy·(z − mean) to `dot`, by channel.
  void (*normalize_reduce)(float *dy, const float *_Nullable y, const float *z, const float *mean, size_t rows,
                           int channels, double *sum, double *dot);

  /// dz = a·(dy − m) + b·(z − mean), by channel. dz may be dy.
  void (*normalize_backward)(float *dz, const float *dy, const float *z, const float *a, const float *m,
                             const float *b, const float *mean, size_t rows, int channels);

  /// AdamW as fastai applies it (recipe §5; torch.optim.Adam, torch ≥ 1.3): first w ·= decay, then m, v and w are
  /// updated; `step_size` is lr/(1 − β1ᵗ), `correction` is √(1 − β2ᵗ).
  void (*adamw)(float *w, const float *g, float *m, float *v, size_t count, float beta1, float beta2, float eps,
                float decay, float step_size, float correction);
} pd_kernels;

/// Every set this CPU (and its operating system) can run, best first; the last is plain C and always there.
const pd_kernels *_Nonnull const *_Nonnull pd_kernels_all(int *count);

/// Floats of scratch one call of `weight_gradient` over these ranges needs.
size_t pd_weight_gradient_scratch(const pd_kernels *kernels, int first_panel, int last_panel);

/// Weights [taps][inputs][outputs] to panels [outputs/panel][taps'][inputs][panel], the last panel filled with zeros.
/// Tap t of the result is tap `order[t]` of the weights.
void pd_pack(const float *weights, const int *order, int taps, int inputs, int outputs, int panel, float *panels);

/// The same for the transposed filter: panels [inputs/panel][taps'][outputs][panel].
void pd_pack_transposed(const float *weights, const int *order, int taps, int inputs, int outputs, int panel,
                        float *panels);

/// `torch.nn.MaxPool2d(3, 2, 1)` of images `first ..< last`; `which` records the tap (0…8) that was largest, the
/// first of equals.
void pd_max_pool(const float *x, int height, int width, int channels, float *y, uint8_t *which, size_t first,
                 size_t last);
/// Its gradient: replaces dx.
void pd_max_pool_backward(const float *dy, const uint8_t *which, int height, int width, int channels, float *dx,
                          size_t first, size_t last);

/// fastai's AdaptiveConcatPool2d(1): y[n] = [max over pixels, mean over pixels], 2·channels; `which` the pixel that
/// was largest, the first of equals.
void pd_concat_pool(const float *x, int pixels, int channels, float *y, int32_t *which, size_t first, size_t last);
/// Its gradient: replaces dx.
void pd_concat_pool_backward(const float *dy, const int32_t *which, int pixels, int channels, float *dx, size_t first,
                             size_t last);

/// 1 if none of `count` floats is infinite or not a number, otherwise 0.
int pd_all_finite(const float *x, size_t count);

/// A 64-bit hash of `count` floats' bits: equal arrays have equal hashes, others almost certainly not.
uint64_t pd_hash(const float *x, size_t count);

#pragma clang assume_nonnull end
