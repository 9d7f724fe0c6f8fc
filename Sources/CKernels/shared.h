// What all instruction sets share.

enum {
  PD_STEPS = 128,   // rows, or in bf16 pairs of rows, that the weight gradient sums in registers at a time: a panel of
                    // them fills half of the first-level cache
  PD_INPUTS = 256,  // input channels packed at a time

  PD_COLUMNS = 64,           // output channels whose products lie side by side, a multiple of every panel
  PD_SKEW = 16,              // added to distances that would be powers of two
  PD_TILE_FLOATS = 2 << 20,  // a thread's scratch for tiles: room for 12 at PD_WINOGRAD_CHANNELS, 96 at 512
};

// Panels may end behind the last channel.
static inline int pd_last_channel(int end, int channels) { return end < channels ? end : channels; }

// The sums that consecutive rows of the output belong to, which are `step` pixels apart.
static inline void pd_piece_sums(const pd_pass *pass, size_t pixel, size_t step, size_t count, double **into) {
  size_t n = pixel / pass->pixels, at = pixel % pass->pixels, pieces = pd_pieces(pass->pixels);
  for (size_t i = 0; i < count; i++) {
    into[i] = pass->sums + (n * pieces + at / PD_PIECE) * 2 * pass->channels;
    for (at += step; at >= pass->pixels; at -= pass->pixels) n++;
  }
}

// Adds to `n` elements, of an array from `at` on, those that wait for them.
static inline __attribute__((always_inline)) void pd_add_carry(const pd_carry *carry, float *to, size_t at, int n) {
  for (int k = 0; k < carry->count; k++)
    for (int i = 0; i < n; i++) to[i] += carry->from[k][at + i];
}

// Lets `n` elements of an array, from `at` on, and what will be added to them come to the cache meanwhile.
static inline __attribute__((always_inline)) void pd_expect(const float *to, const pd_carry *carry, size_t at, int n) {
  for (int i = 0; i < n; i += 16) {
    __builtin_prefetch(to + i, 1);
    for (int k = 0; k < carry->count; k++) __builtin_prefetch(carry->from[k] + at + i);
  }
}

// Memory that will be needed soon: for each of two tensors rows `pitch` bytes apart, `bytes` of each, of which `each` cache
// lines are fetched at a time.
typedef struct pd_ahead {
  struct {
    const void *from;
    size_t rows, pitch, bytes, each, row, at;
  } of[2];
} pd_ahead;

static inline void pd_fetch(pd_ahead *a) {
  for (int i = 0; i < 2; i++)
    for (size_t n = 0; n < a->of[i].each && a->of[i].row < a->of[i].rows; n++) {
      __builtin_prefetch((const char *)a->of[i].from + a->of[i].row * a->of[i].pitch + a->of[i].at, 0, 2);
      if ((a->of[i].at += 64) >= a->of[i].bytes) a->of[i].at = 0, a->of[i].row++;
    }
}

static const pd_carry pd_nothing;
static const float pd_zeros[PD_MAX_CHANNELS];

// What the kernels assume of their arguments, checked in debug builds.
static inline void pd_check_rows(const pd_rows *g, size_t first, size_t last) {
  assert(g->taps >= 0 && g->taps <= PD_MAX_TAPS);
  assert(g->channels > 0 && g->channels <= PD_MAX_CHANNELS);
  assert(g->out_channels > 0 && g->out_channels <= PD_MAX_CHANNELS);
  assert(first <= last && last <= (size_t)g->images * g->height * g->width);
  (void)g, (void)first, (void)last;
}

static inline void pd_check_tiles(const pd_tiles *g) {
  assert(g->inputs > 0 && g->inputs <= PD_WINOGRAD_CHANNELS && g->inputs % PD_WINOGRAD_UNIT == 0);
  assert(g->outputs > 0 && g->outputs <= PD_WINOGRAD_CHANNELS && g->outputs % PD_WINOGRAD_UNIT == 0);
  (void)g;
}

// A row of a convolution's matrix: image, line and column.
typedef struct pd_cursor {
  size_t n;
  int y, x;
} pd_cursor;

static pd_cursor pd_cursor_at(const pd_rows *g, size_t row) {
  if (!g->width || !g->height) return (pd_cursor){0, 0, 0};
  size_t pixel = row % ((size_t)g->height * g->width);
  return (pd_cursor){row / ((size_t)g->height * g->width), (int)(pixel / g->width), (int)(pixel % g->width)};
}

// How many rows there are from here to the end of the line, at most `limit`. Moves the cursor past them.
static size_t pd_run(const pd_rows *g, pd_cursor *at, size_t limit) {
  size_t run = (size_t)(g->width - at->x) < limit ? (size_t)(g->width - at->x) : limit;
  at->x += (int)run;
  if (at->x == g->width) {
    at->x = 0;
    if (++at->y == g->height) at->y = 0, at->n++;
  }
  return run;
}

// What rows first ..< first + count gather, `group` rows together: row i's tap t to
// into[(i / group · taps + t) · group + i % group]. A value of the input has so many bytes. Line by line: a row at a time,
// finding the pointers would take as long as multiplying by few channels.
static void pd_gather(const pd_rows *g, const void *input, size_t bytes, size_t first, size_t count, size_t group,
                      const void **into) {
  pd_cursor at = pd_cursor_at(g, first);
  for (size_t i = 0, run; i < count; i += run) {
    pd_cursor line = at;
    run = pd_run(g, &at, count - i);
    for (int t = 0; t < g->taps; t++) {
      int y = line.y * g->stride + g->dy[t], x = line.x * g->stride + g->dx[t];
      int inside = y >= 0 && y < g->in_height;
      ptrdiff_t pixel = ((ptrdiff_t)line.n * g->in_height + y) * g->in_width - (ptrdiff_t)g->in_before;
      size_t left = group - i % group;
      const void **to = into + (i / group * g->taps + t) * group + i % group;
      for (size_t r = 0; r < run; r++, x += g->stride) {
        *to++ = inside && x >= 0 && x < g->in_width
                    ? (const char *)input + (pixel + x) * g->in_pitch * (ptrdiff_t)bytes : (const void *)pd_zeros;
        if (--left == 0) left = group, to += (g->taps - 1) * group;
      }
    }
  }
}
