// What all instruction sets share.

enum {
  PD_MAX_TAPS = 49,
  PD_MAX_CHANNELS = 16384,
  PD_STEPS = 128,   // rows, or in bf16 pairs of rows, that the weight gradient sums in registers at a time: a panel of
                    // them fills half of the first-level cache
  PD_INPUTS = 256,  // input channels packed at a time

  PD_POINTS = 36,            // of Winograd's products
  PD_COLUMNS = 64,           // output channels whose products lie side by side, a multiple of every panel
  PD_SKEW = 16,              // added to distances that would be powers of two
  PD_TILE_FLOATS = 2 << 20,  // a thread's scratch
};

static const float pd_zeros[PD_MAX_CHANNELS];

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

// Rows from here to the end of the line, at most `limit`; moves on behind them.
static size_t pd_run(const pd_rows *g, pd_cursor *at, size_t limit) {
  size_t run = (size_t)(g->width - at->x) < limit ? (size_t)(g->width - at->x) : limit;
  at->x += (int)run;
  if (at->x == g->width) {
    at->x = 0;
    if (++at->y == g->height) at->y = 0, at->n++;
  }
  return run;
}
