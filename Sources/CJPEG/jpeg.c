#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// What libjpeg's callbacks find in client_data.
typedef struct {
  jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
} failure;

struct pd_jpeg {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  failure failure;
  pd_jpeg_facts facts;  // copied from a sound header; after a broken one libjpeg's own numbers mean nothing
  int64_t work;
  int scan;
};

static void fail(j_common_ptr common) {
  failure *failure = common->client_data;
  common->err->format_message(common, failure->message);
  longjmp(failure->failed, 1);
}

static void warn(j_common_ptr common, int level) {
  if (level >= 0) return;  // Other levels are traces for developers of libjpeg.
  failure *failure = common->client_data;
  if (common->err->num_warnings++ == 0) common->err->format_message(common, failure->message);
}

static struct jpeg_error_mgr *handlers(struct jpeg_error_mgr *errors) {
  jpeg_std_error(errors);
  errors->error_exit = fail;
  errors->emit_message = warn;
  return errors;
}

// libjpeg's own would invent an end and go on.
static boolean end_too_early(j_decompress_ptr decoder) {
  ERREXIT(decoder, JERR_INPUT_EOF);
  return FALSE;
}

static int64_t samples(const jpeg_component_info *component) {
  return (int64_t)component->width_in_blocks * component->height_in_blocks * DCTSIZE2;
}

// Setting up a scan costs about as much as decoding this many samples.
static const int64_t scan_cost = 1 << 14;

// Called before each piece of a picture of several scans is read.
static void watch(j_common_ptr common) {
  pd_jpeg *picture = (pd_jpeg *)common;  // `common` is its first member.
  j_decompress_ptr decoder = &picture->decoder;
  if (decoder->input_scan_number == picture->scan) return;
  picture->scan = decoder->input_scan_number;
  picture->work -= scan_cost;
  for (int i = 0; i < decoder->comps_in_scan; i++) picture->work -= samples(decoder->cur_comp_info[i]);
  if (picture->work >= 0) return;
  snprintf(picture->failure.message, sizeof picture->failure.message, "%d scans and more would take too long to decode",
           picture->scan);
  longjmp(picture->failure.failed, 1);
}

pd_jpeg *pd_jpeg_open(const uint8_t *bytes, size_t count, int *ok) {
  *ok = 0;
  pd_jpeg *picture = calloc(1, sizeof *picture);
  if (!picture) return NULL;
  j_decompress_ptr decoder = &picture->decoder;
  decoder->err = handlers(&picture->errors);
  decoder->client_data = &picture->failure;
  if (setjmp(picture->failure.failed)) return picture;
  jpeg_create_decompress(decoder);
  jpeg_mem_src(decoder, bytes, count);
  decoder->src->fill_input_buffer = end_too_early;
  jpeg_read_header(decoder, TRUE);
  decoder->out_color_space = decoder->num_components == 4 ? JCS_CMYK : JCS_RGB;
  picture->facts = (pd_jpeg_facts){.width = (int)decoder->image_width, .height = (int)decoder->image_height,
                                   .has_several_scans = jpeg_has_multiple_scans(decoder)};
  for (int i = 0; i < decoder->num_components; i++) picture->facts.samples += samples(&decoder->comp_info[i]);
  picture->progress.progress_monitor = watch;
  decoder->progress = &picture->progress;
  *ok = 1;
  return picture;
}

pd_jpeg_facts pd_jpeg_get_facts(const pd_jpeg *picture) {
  pd_jpeg_facts facts = picture->facts;
  facts.warnings = picture->errors.num_warnings;
  facts.message = picture->failure.message;
  return facts;
}

// Four components to red, green, blue as Pillow does: all four are inverted first, Adobe marker or not, then
// r = (255 - k) - c (255 - k) / 255, the quotient rounded. Planet's chips have red, green, blue and 255, which stay as
// they are.
static void to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
  for (size_t i = 0; i < width; i++) {
    int light = cmyk[4 * i + 3];
    for (int channel = 0; channel < 3; channel++) {
      int t = (255 - cmyk[4 * i + channel]) * light + 128;
      rgb[3 * i + channel] = (uint8_t)(light - ((t + (t >> 8)) >> 8));
    }
  }
}

int pd_jpeg_decode(pd_jpeg *picture, uint8_t *rgb, int64_t work) {
  j_decompress_ptr decoder = &picture->decoder;
  picture->work = work;
  if (setjmp(picture->failure.failed)) return 1;
  jpeg_start_decompress(decoder);
  size_t width = decoder->output_width;
  JSAMPARRAY row = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, 4 * decoder->output_width, 1);
  while (decoder->output_scanline < decoder->output_height) {
    uint8_t *out = rgb + decoder->output_scanline * width * 3;
    if (jpeg_read_scanlines(decoder, row, 1) != 1) return 1;
    if (decoder->output_components == 4) to_rgb(row[0], out, width);
    else memcpy(out, row[0], width * 3);
  }
  return !jpeg_finish_decompress(decoder);
}

void pd_jpeg_close(pd_jpeg *picture) {
  jpeg_destroy_decompress(&picture->decoder);
  free(picture);
}

typedef struct {
  struct jpeg_compress_struct encoder;
  struct jpeg_error_mgr errors;
  failure failure;
  unsigned char *bytes;
  unsigned long count;
} encoding;

// The bytes are the caller's unless libjpeg failed in the middle, when nobody knows any more where they are.
static uint8_t *encode(encoding *job, const uint8_t *rgb, int width, int height, int quality) {
  j_compress_ptr encoder = &job->encoder;
  encoder->err = handlers(&job->errors);
  encoder->client_data = &job->failure;
  if (setjmp(job->failure.failed)) return NULL;
  jpeg_create_compress(encoder);
  jpeg_mem_dest(encoder, &job->bytes, &job->count);
  encoder->image_width = (JDIMENSION)width;
  encoder->image_height = (JDIMENSION)height;
  encoder->input_components = 3;
  encoder->in_color_space = JCS_RGB;
  jpeg_set_defaults(encoder);
  jpeg_set_quality(encoder, quality, TRUE);
  for (int i = 0; i < 3; i++) encoder->comp_info[i].h_samp_factor = encoder->comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(encoder, TRUE);
  while (encoder->next_scanline < encoder->image_height) {
    JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + (size_t)encoder->next_scanline * (size_t)width * 3);
    jpeg_write_scanlines(encoder, &row, 1);
  }
  jpeg_finish_compress(encoder);
  return job->bytes;
}

uint8_t *pd_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, size_t *count) {
  encoding *job = calloc(1, sizeof *job);
  if (!job) return NULL;
  uint8_t *bytes = encode(job, rgb, width, height, quality);
  *count = job->count;
  jpeg_destroy_compress(&job->encoder);
  free(job);
  return bytes;
}
