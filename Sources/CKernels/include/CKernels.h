#pragma once
// The loops that carry the network, in plain C, compiled once per instruction set and chosen at run time.
// Tensors are NHWC, densely packed. No loop allocates, keeps state or starts threads: callers split the
// work (rows, channels, images) and call from as many threads as they like. `pd_pool` is threads for that.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Sizes that callers must not exceed. Without NDEBUG the kernels check them on entry.
enum {
  PD_MAX_TAPS = 49,             // elements of a filter: the stem's 7×7; lists of taps have this length
  PD_MAX_CHANNELS = 16384,      // values of a tap: the length of the zeros that stand for a pixel outside of the image
  PD_WINOGRAD_CHANNELS = 4096,  // of Winograd's inputs and outputs: a dozen tiles of them fit into a thread's scratch
  PD_WINOGRAD_UNIT = 16,        // what Winograd's channels are multiples of: the widest vector
  PD_POINTS = 36,               // points at which Winograd multiplies: 6 × 6
  PD_WINOGRAD_TILES = 96,       // multiplied at a time: at 64 channels they fill the second-level cache
  PD_PACK_UNIT = 32,            // channels by which packing is split: 16 words, the widest vector
  PD_PIECE = 256,               // rows of an image whose sums are added up together; as many as 16 of Winograd's tiles
  PD_MAX_CARRIES = 8,           // sums that wait in a binary tree of 256 parts
};

/// How the rows of a convolution's matrix lie in memory. There is a row for each (n, y, x) of
/// `images × height × width`. Its left side gathers, for each tap t, `channels` consecutive values of the input pixel
///     (n, y·stride + dy[t], x·stride + dx[t]),      zeros where that lies outside `in_height × in_width`;
/// its right side is the output pixel
///     (n, y·out_stride + out_y, x·out_stride + out_x).
/// A forward convolution has a tap per filter element and out_stride 1. The gradient by the input of a convolution of
/// stride s is s·s such matrices, one per parity of the input pixel, with out_stride s: no zero is ever multiplied.
typedef struct pd_rows {
  int images, height, width;
  int in_height, in_width, in_pitch;  // pitch: values from one pixel to the next
  size_t in_before;                   // pixels of the input before those that a call is given
  int channels, stride;
  int taps;
  int dy[PD_MAX_TAPS], dx[PD_MAX_TAPS];
  int out_height, out_width, out_channels;
  int out_stride, out_y, out_x;
} pd_rows;

/// A filter of `height × width` taps over `inputs` values each, giving `outputs` channels. Weights are stored
/// [height][width][inputs][outputs]. A tap covers `span` pixels side by side: usually one, and `inputs` are its channels.
typedef struct pd_filter {
  int height, width, span, inputs, outputs, stride, pad_y, pad_x;
} pd_filter;

/// The rows of a forward convolution over images of `height × width` pixels, `pitch` values apart.
pd_rows pd_forward_rows(pd_filter filter, int images, int height, int width, int pitch);

/// The rows of its gradient by the input, for the input pixels whose coordinates modulo the stride are `parity_y` and
/// `parity_x`; the rows' input is dy. `order` (PD_MAX_TAPS entries) receives the filter's taps that meet these pixels, none
/// at all for some parities.
pd_rows pd_backward_rows(pd_filter filter, int images, int height, int width, int parity_y, int parity_x, int *order);

/// How activations, and their gradients, are stored. Sums are fp32 either way, weights and statistics too.
typedef enum pd_precision { PD_FP32 = 0, PD_BF16 = 1 } pd_precision;

/// Whether a convolution's result replaces the output or is added to it.
typedef enum pd_store { PD_REPLACE = 0, PD_ADD = 1 } pd_store;

/// What batch normalization does to rows of `channels` values, in a pass of its own or to a convolution's output while
/// that is still in the cache. Tensors named here have the output's shape; vectors have a float for each channel.
typedef enum pd_kind {
  /// Adds Σ output to a piece's `sum` and Σ output² to its `dot`.
  PD_STATISTICS,
  /// output = max(0, from·scale + shift + residual·residual_scale + residual_shift); a null `residual` or
  /// `residual_scale` leaves out what it stands for, and without `relu` nothing is clipped.
  PD_NORMALIZE,
  /// The output is a gradient dy. First sets it to zero where ReLU clipped: where `y`, if given, is not positive, or,
  /// with `relu`, z·scale + shift is not. Then adds Σ dy to `sum` and Σ dy·(z − mean) to `dot`.
  PD_REDUCE,
  /// output = scale·(from − shift) + slope·(z − mean), the gradient by z, with `from` the gradient dy.
  PD_GRADIENT,
} pd_kind;

/// Sums over rows are kept by pieces: an image's rows, PD_PIECE of them at a time, the last piece what is left. A piece's
/// rows are added one after the other, so its sums do not depend on which call, thread or rank adds what, as long as no
/// two threads work on the same piece.
typedef struct pd_pass {
  pd_kind kind;
  int relu;
  const void *_Nullable from;  // null: the output itself
  const void *_Nullable z, *_Nullable y, *_Nullable residual;
  const float *_Nullable scale, *_Nullable shift, *_Nullable residual_scale, *_Nullable residual_shift;
  const float *_Nullable mean, *_Nullable slope;
  double *_Nullable sums;  // [images][pieces][2][channels]: `sum` and `dot`
  int channels;            // of the output; this and what follows only counts where there are sums
  size_t pixels;           // of an image of the output
} pd_pass;

/// How many pieces an image of so many pixels has.
static inline size_t pd_pieces(size_t pixels) { return (pixels + PD_PIECE - 1) / PD_PIECE; }

/// Sums over the images of a batch are binary trees over its parts. When a part's sum is complete, the sums of equally
/// large groups of parts before it, which waited for it, are added: first that of one part, then of two, of four …
typedef struct pd_carry {
  int count;
  const float *_Nonnull from[PD_MAX_CARRIES];
} pd_carry;

/// A part of packed weights: panels `first_panel ..< last_panel`, and of these the inputs (transposed: the outputs)
/// `first ..< last`, both multiples of PD_PACK_UNIT; the last may lie beyond the end.
typedef struct pd_block {
  int first_panel, last_panel, first, last;
} pd_block;

/// Images cut into tiles of 4×4 pixels, from the first to the last image, line by line; the last tile of a line or
/// column may hang over the edge. Inputs and outputs of a 3×3 convolution of stride 1 and padding 1 have the same size.
typedef struct pd_tiles {
  // Inputs and outputs are multiples of PD_WINOGRAD_UNIT, and PD_WINOGRAD_CHANNELS at most.
  int images, height, width, inputs, outputs;
} pd_tiles;

/// The kernels of one instruction set for one precision. `void *` points to activations in that precision.
typedef struct pd_kernels {
  /// What is multiplied: "floats", "pairs" of bf16 in vectors, or pairs in "tiles". What has two bytes is a bf16.
  const char *products;
  /// Whether Winograd's are faster, where a convolution's shape allows them (bench kernels --choose).
  int prefers_winograd;
  /// Output channels of one weight panel: the width of the register tile.
  int panel;
  /// Of what the words of a tap are a multiple in a panel.
  int unit;
  /// Rows of the register tile, or of a block of tiles: as many are multiplied where there are fewer.
  int height;
  /// Rows that `convolve` takes at a time: parts of fewer rows read the panels more often.
  int block;
  /// Bytes of a value that `convolve` reads: the precision's, or a float's where products are of floats anyhow.
  int gathers;

  /// Lays weights [taps][inputs][outputs] out in panels [outputs/panel][taps'][inputs'][panel] of `pd_panels` bytes, filled
  /// up with zeros: a block of them, to its places in `panels`. Tap t of the result is tap `order[t]` of the
  /// weights. Where values have two bytes, inputs' counts pairs of inputs.
  void (*pack)(const float *weights, const int *order, int taps, int inputs, int outputs, pd_block block,
               void *panels);
  /// The same for the transposed filter: panels [inputs/panel][taps'][outputs'][panel].
  void (*pack_transposed)(const float *weights, const int *order, int taps, int inputs, int outputs,
                          pd_block block, void *panels);

  /// Rows of an activation as `convolve` reads them; with `scale`, as max(0, input·scale + shift), by channel.
  void (*prepare)(const void *input, const float *_Nullable scale, const float *_Nullable shift, size_t rows,
                  int channels, void *to);

  /// Rows `first ..< last` of output = gather(input) · weights, replacing or adding to `output`, for the panels `first_panel ..<
  /// last_panel` of output channels, and then `after` on each part of them that is done. `input`: values of `gathers` bytes. `panels`: the weights as packed. Where values have
  /// two bytes, with an odd number of channels, the one after each gathered run is read, and multiplied by zero.
  /// `scratch`: `pd_convolve_scratch` bytes.
  void (*convolve)(const pd_rows *rows, const void *input, const void *panels, void *output, pd_store store,
                   size_t first, size_t last, int first_panel, int last_panel, const pd_pass *_Nullable after,
                   void *scratch);

  /// dw[t][ci][co] = Σ over all rows of input(row, t)[ci] · dy(row)[co], for ci in `first_ci ..< last_ci` and the
  /// panels `first_panel ..< last_panel` of output channels. The order of the sum does not depend on these ranges.
  /// With `scale`, the input is max(0, input·scale + shift), by channel, as `prepare` makes it. Then what `carry`
  /// names, laid out as dw, is added. `scratch`: `pd_weight_gradient_scratch` bytes.
  void (*weight_gradient)(const pd_rows *rows, const void *input, const float *_Nullable scale,
                          const float *_Nullable shift, const void *dy, float *dw, const pd_carry *carry, int first_ci,
                          int last_ci, int first_panel, int last_panel, void *scratch);

  /// `pass` on rows `first ..< last` of output.
  void (*run)(const pd_pass *pass, void *output, size_t first, size_t last, int channels);

  /// Multiplies and adds in registers only, for measuring the machine's peak: `flops` operations each round.
  float (*peak)(size_t rounds);
  double flops;

  /// `torch.nn.MaxPool2d(3, 2, 1)` of max(0, z·scale + shift), by channel, for images `first ..< last`; `argmax` records
  /// the tap (0…8) that was largest, the first of equals.
  void (*max_pool)(const void *z, const float *scale, const float *shift, int height, int width, int channels, void *y,
                   uint8_t *argmax, size_t first, size_t last);
  /// The pooling's gradient: replaces dx.
  void (*max_pool_backward)(const void *dy, const uint8_t *argmax, int height, int width, int channels, void *dx,
                            size_t first, size_t last);

  /// fastai's AdaptiveConcatPool2d(1): y[n] = [max over pixels, mean over pixels], 2·channels; `argmax` the pixel that
  /// was largest, the first of equals.
  void (*concat_pool)(const void *x, int pixels, int channels, float *y, int32_t *argmax, size_t first, size_t last);
  /// Its gradient: replaces dx.
  void (*concat_pool_backward)(const float *dy, const int32_t *argmax, int pixels, int channels, void *dx, size_t first,
                               size_t last);

  /// Floats to the precision.
  void (*narrow)(const float *from, void *to, size_t count);

  /// Winograd's products, which are of floats in every precision: y = conv(x) for tiles `first ..< last` and the panels
  /// `first_panel ..< last_panel` of outputs, and then `after` on their pixels. With `scale`, x is max(0, x·scale + shift), by channel. `panels`: `pd_winograd_panels` bytes, by
  /// `winograd_pack`; `scratch`: `pd_winograd_scratch`.
  void (*winograd)(const pd_tiles *tiles, const void *x, const float *_Nullable scale, const float *_Nullable shift,
                   const float *panels, void *y, size_t first, size_t last, int first_panel, int last_panel,
                   const pd_pass *_Nullable after, float *scratch);
  /// As `weight_gradient`, with `first_ci` and `last_ci` multiples of PD_WINOGRAD_UNIT. `sums`: `pd_winograd_panels` bytes, shared by
  /// all threads, each working in the part of its channels and panels. The tree over several parts, part k up to the image
  /// `ends[k]`, is added up at once, if all tiles are not more than `winograd_gradient_block` says.
  void (*winograd_weight_gradient)(const pd_tiles *tiles, const int *ends, int parts, const void *x,
                                   const float *_Nullable scale, const float *_Nullable shift, const void *dy, float *dw,
                                   const pd_carry *carry, int first_ci, int last_ci, int first_panel, int last_panel,
                                   float *sums, float *scratch);
} pd_kernels;

/// An instruction set.
typedef struct pd_set {
  const char *name;
  pd_kernels precision[2];  // by pd_precision

  /// Winograd's products take a quarter of the multiplications. First the filter's values at 36 points, from
  /// weights [9][inputs][outputs]: panels [outputs/panel][36][inputs][panel], a block of them. `transposed`: of
  /// the filter that gives the gradient by the input from dy, in panels [inputs/panel][36][outputs][panel].
  void (*winograd_pack)(const float *weights, int transposed, int inputs, int outputs, pd_block block,
                        float *panels);
  /// How many tiles `winograd_weight_gradient` takes at a time for so many inputs and outputs (panels of them).
  size_t (*winograd_gradient_block)(size_t inputs, size_t outputs);

  /// AdamW as fastai applies it (recipe §5; torch.optim.Adam, torch ≥ 1.3): first w ·= decay, then m, v and w are
  /// updated; `step_size` is lr/(1 − β1ᵗ), `correction` is √(1 − β2ᵗ).
  void (*adamw)(float *w, const float *g, float *m, float *v, size_t count, float beta1, float beta2, float eps,
                float decay, float step_size, float correction);
} pd_set;

/// The set's kernels for a precision.
static inline const pd_kernels *pd_set_kernels(const pd_set *set, pd_precision precision) {
  return &set->precision[precision];
}

/// Every set this CPU (and its operating system) can run, best first; the last is plain C and always there.
const pd_set *_Nonnull const *_Nonnull pd_sets(int *count);

/// Bytes of packed weights.
size_t pd_panels(const pd_kernels *kernels, int taps, int inputs, int outputs);

/// Bytes of scratch one call of `convolve` needs.
size_t pd_convolve_scratch(const pd_kernels *kernels, int taps, int channels);

/// Bytes of scratch one call of `weight_gradient` over this many panels needs.
size_t pd_weight_gradient_scratch(const pd_kernels *kernels, int panels);

/// For each of `count` columns of a pass's sums the tree over the parts of a batch, in `total`; the sums become zeros.
/// Part k has the pieces up to `ends[k]`, which are added in order; there is a power of two of parts.
void pd_sum_pieces(double *sums, const size_t *ends, int parts, size_t stride, size_t count, double *total);

/// average += share · (x - average).
void pd_approach(float *average, const float *x, size_t count, float share);

/// Bytes of Winograd's panels, and of a thread's scratch.
size_t pd_winograd_panels(const pd_kernels *kernels, int inputs, int outputs);
size_t pd_winograd_scratch(void);

/// From now on the calling thread takes floats too small to be normalized for zeros, and rounds results so small to zeros:
/// arithmetic on them is a hundred times slower. Returns how it was, for `pd_restore_denormals`.
uint64_t pd_flush_denormals(void);
void pd_restore_denormals(uint64_t before);

/// Threads that run loops of so many parts together with the thread that calls `pd_pool_run`. NULL without memory; with
/// fewer threads where the system gives no more.
typedef struct pd_pool pd_pool;
pd_pool *_Nullable pd_pool_create(int parts);

/// Calls `body` for every part, mostly each in the same thread as the last time; returns when all are done. While another loop
/// runs in the pool, or inside of one, the calling thread does it alone.
void pd_pool_run(pd_pool *pool, void (*body)(void *context, int part), void *context);

/// How many threads work, the caller's counted: less than parts where the system gave no more.
int pd_pool_threads(const pd_pool *pool);

/// Ends the threads. No loop may run; not in a process that was forked since.
void pd_pool_destroy(pd_pool *pool);

/// 1 if none of `count` floats is infinite or not a number, otherwise 0.
int pd_all_finite(const float *x, size_t count);

/// A 64-bit hash of `count` floats' bits: equal arrays have equal hashes, others almost certainly not.
uint64_t pd_hash(const float *x, size_t count);

#pragma clang assume_nonnull end
