// The decoder on damaged pictures, without Swift: what `launch/sanitize` runs. Each file named is decoded whole and in many
// damaged forms, each form twice, over memory that holds other bytes: what is decoded must not depend on them. Exits with 1
// and a line for each form for which it does.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CJPEG.h"

enum { FORMS = 400 };

static const int64_t most = 50 * 1000 * 1000;

// Whether the bytes were decoded; `pixels` then has `count` of them, to be freed either way.
static int decode(const uint8_t *bytes, size_t size, int fill, uint8_t **pixels, size_t *count) {
  int sound, result = 0;
  pd_jpeg *picture = pd_jpeg_open(bytes, size, &sound);
  *pixels = NULL;
  *count = 0;
  if (!picture) return 0;
  pd_jpeg_facts facts = pd_jpeg_get_facts(picture);
  if (sound && facts.samples < most && (int64_t)facts.width * facts.height * 3 < most) {
    *count = (size_t)facts.width * (size_t)facts.height * 3;
    *pixels = malloc(*count);
    memset(*pixels, fill, *count);
    result = pd_jpeg_decode(picture, *pixels, most) == 0;
    if (!result && !*pd_jpeg_get_facts(picture).message) printf("no word on why a picture is not decoded\n");
  }
  pd_jpeg_close(picture);
  return result;
}

static int agrees(const uint8_t *bytes, size_t size) {
  uint8_t *one, *other;
  size_t count, same;
  int decoded = decode(bytes, size, 0x55, &one, &count), again = decode(bytes, size, 0xAA, &other, &same);
  int agrees = decoded == again && count == same && (!decoded || memcmp(one, other, count) == 0);
  free(one);
  free(other);
  return agrees;
}

int main(int argc, char **argv) {
  int failures = 0;
  uint32_t random = 1;
  for (int i = 1; i < argc; i++) {
    static uint8_t whole[1 << 16];
    FILE *file = fopen(argv[i], "rb");
    size_t size = file ? fread(whole, 1, sizeof whole, file) : 0;
    if (!size) return 1;
    fclose(file);
    for (int form = 0; form < FORMS; form++) {
      // Exactly as large as the picture, so that reading beyond its end is found.
      size_t kept = form % 4 == 3 ? size - (random >> 8) % size : size;
      uint8_t *bytes = malloc(kept);
      memcpy(bytes, whole, kept);
      for (int flip = 0; flip < form % 8; flip++) {
        random = random * 1664525 + 1013904223;
        bytes[(random >> 8) % kept] ^= (uint8_t)(1 << (random >> 29));
      }
      if (!agrees(bytes, kept)) failures++, printf("%s, form %d\n", argv[i], form);
      free(bytes);
    }
  }
  return failures != 0;
}
