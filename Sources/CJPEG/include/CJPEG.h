#pragma once
// libjpeg for Swift: its errors leave by longjmp, which must not cross Swift's frames.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A picture being decoded.
typedef struct pd_jpeg pd_jpeg;

/// What a picture's sound header says, and what has happened to the picture.
typedef struct pd_jpeg_facts {
  int width, height;
  /// Values of all components, in whole blocks of 64: chroma often has fewer than one a pixel.
  int64_t samples;
  /// Whether all coefficients are kept until the last scan has been read.
  int has_several_scans;
  /// What was wrong with the data but did not end decoding, so far.
  long warnings;
  /// libjpeg's words for what ended decoding, or else for the first warning; empty without either.
  const char *message;
} pd_jpeg_facts;

/// Starts: reads the header. `bytes` must stay. Null where memory is short; otherwise to be closed.
/// `ok` tells whether the header is sound.
pd_jpeg *_Nullable pd_jpeg_open(const uint8_t *bytes, size_t count, int *ok);

pd_jpeg_facts pd_jpeg_get_facts(const pd_jpeg *picture);

/// Decodes to `height × width × 3` values. Returns 0 if all rows were written and the picture's end was reached.
/// Scans are counted at the number of samples in them, and when they exceed `work`, this fails.
int pd_jpeg_decode(pd_jpeg *picture, uint8_t *rgb, int64_t work);

void pd_jpeg_close(pd_jpeg *picture);

/// Encodes as baseline JPEG without chroma subsampling. The result is to be freed; null where memory is short.
uint8_t *_Nullable pd_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, size_t *count);

#pragma clang assume_nonnull end
