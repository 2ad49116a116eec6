/* SPDX-License-Identifier: Apache-2.0 */

/* Driver of the accelerator (rtl/swp_top.sv) in plain C99; it compiles as C++ as well. Header only:
 * static inline functions, no allocation, nothing of the C library but stdint, stddef and string.
 * docs/drivers.md shows a whole run; docs/registers.md has the registers.
 *
 * The caller gives two functions that read and write a 32-bit register, puts image and activations
 * into memory that the accelerator reads, and keeps caches coherent. Nothing here waits by itself
 * but swp_wait(), and that only as often as the caller says. Nothing is locked: one caller at a
 * time. Every function that can fail gives a swp_status; swp_status_text() is its sentence.
 *
 *   swp_probe            what device is it                        at the beginning
 *   swp_check_image      is the image sound                       no device needed
 *   swp_check_array      is the image for this device's array
 *   swp_check_buffers    and for its buffers
 *   swp_configure        addresses, descriptors, watchdog         not while busy
 *   swp_start            begins a run
 *   swp_wait, swp_poll   how far is it; or by interrupt
 *   swp_read_counters, swp_read_error                             afterwards
 *   swp_abort            ends a run early, in order               swp_wait() then gives RUN_FAILED
 */

#ifndef SWPRUNE_C_SWPRUNE_DRIVER_H
#define SWPRUNE_C_SWPRUNE_DRIVER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "swprune/c/swprune_regs.h"

#ifdef __cplusplus
#define SWP_CAST(type, value) static_cast<type>(value)
extern "C" {
#else
#define SWP_CAST(type, value) ((type)(value))
#endif

/* --- outcomes --- */

#define SWP_STATUS_TABLE(X)                                                                   \
  X(OK, "all is well")                                                                        \
  X(NOT_SWPRUNE, "register ID does not hold SWP1: no swprune accelerator")                    \
  X(MAP_VERSION, "the register map has another major version than this driver")               \
  X(IMAGE_SHORT, "the image is shorter than a header")                                        \
  X(IMAGE_MAGIC, "the image does not begin with SWPI")                                        \
  X(IMAGE_VERSION, "the image file has another version")                                      \
  X(IMAGE_HEADER_SIZE, "the header of the image has another size")                            \
  X(IMAGE_HEADER_CRC, "the checksum of the image's header is wrong")                          \
  X(IMAGE_CUT_OFF, "the image has fewer bytes than its header says")                          \
  X(IMAGE_TOO_LONG, "the image has more bytes than its header says")                          \
  X(IMAGE_BODY_CRC, "the checksum of the image's body is wrong")                              \
  X(IMAGE_FLAGS, "the image has a flag that this driver does not know")                       \
  X(IMAGE_RESERVED, "a reserved byte of the image's header is not 0")                         \
  X(IMAGE_BYTES, "the size of the image is no multiple of 64, or above 2^40")                 \
  X(IMAGE_ACT_BYTES, "the size of the activation region is no multiple of 64, or above 2^40") \
  X(IMAGE_LAYERS, "the image has no layer")                                                   \
  X(IMAGE_BATCH, "the image is for a batch of 0")                                             \
  X(IMAGE_ARRAY, "the image is for an array with a size of 0")                                \
  X(IMAGE_DESCRIPTORS, "the descriptors lie at no multiple of 64, or not behind the header")  \
  X(IMAGE_STEPS, "the step records of a layer leave the image")                               \
  X(IMAGE_INPUT, "the input's shape, layout, sign, scale or place is not possible")           \
  X(IMAGE_OUTPUT, "the output's shape, layout, sign, scale or place is not possible")         \
  X(DEVICE_IMAGE_VERSION, "the device understands another version of images")                 \
  X(DEVICE_POY, "the image is for another Poy")                                               \
  X(DEVICE_POX, "the image is for another Pox")                                               \
  X(DEVICE_POF, "the image is for another Pof")                                               \
  X(DEVICE_CHAINS, "the image is for another number of drain chains")                         \
  X(DEVICE_BUS_BYTES, "the image is for another bus width")                                   \
  X(DEVICE_SKIP, "one of image and device has index lists, the other has not")                \
  X(DEVICE_POOL, "the image needs pooling, the device has none")                              \
  X(DEVICE_RESIDUAL, "the image needs the residual add, the device has none")                 \
  X(DEVICE_ACT_DEPTH, "the image needs more words of activations than the device holds")      \
  X(DEVICE_WGT_DEPTH, "the image needs more weights at once than the device holds")           \
  X(DEVICE_LIST_DEPTH, "the image needs longer index lists than the device holds")            \
  X(DEVICE_PARAM_DEPTH, "the image needs more parameters at once than the device holds")      \
  X(DEVICE_RES_DEPTH, "the image needs more of the residual at once than the device holds")   \
  X(IMAGE_BASE, "the image must lie at a multiple of 64 and below 2^40")                      \
  X(ACT_BASE, "the activation region must lie at a multiple of 64 and below 2^40")            \
  X(OVERLAP, "image and activation region overlap")                                           \
  X(BUSY, "a run goes on")                                                                    \
  X(REFUSED, "the device refused the start: a run goes on")                                   \
  X(NOT_STARTED, "no run was started since the reset")                                        \
  X(TIMEOUT, "the run goes on after as many looks as were allowed")                           \
  X(RUN_FAILED, "the run ended with an error: see swp_read_error()")

typedef enum swp_status {
#define SWP_STATUS_ENUM(name, text) SWP_##name,
  SWP_STATUS_TABLE(SWP_STATUS_ENUM)
#undef SWP_STATUS_ENUM
      SWP_STATUS_COUNT
} swp_status;

/* A sentence for people; never NULL. */
static inline const char* swp_status_text(swp_status status) {
  switch (status) {
#define SWP_STATUS_CASE(name, text) \
  case SWP_##name:                  \
    return text;
    SWP_STATUS_TABLE(SWP_STATUS_CASE)
#undef SWP_STATUS_CASE
    case SWP_STATUS_COUNT:
      break;
  }
  return "unknown status";
}

/* The sentence of a code in register ERROR; never NULL. */
static inline const char* swp_run_error_text(uint32_t code) {
  switch (code) {
#define SWP_TEXT_CASE(number, text) \
  case number:                      \
    return text;
    SWP_RUN_ERROR_TABLE(SWP_TEXT_CASE)
    default:
      return "unknown error code";
  }
}

/* The rule that a detail of the error codes layer_field and step_field names; "" for other codes.
 */
static inline const char* swp_rule_text(uint32_t code, uint32_t detail) {
  if (code == SWP_RUN_ERROR_LAYER_FIELD) switch (detail) {
      SWP_LAYER_RULE_TABLE(SWP_TEXT_CASE)
      default:
        return "unknown rule";
    }
  if (code == SWP_RUN_ERROR_STEP_FIELD) switch (detail) {
      SWP_STEP_RULE_TABLE(SWP_TEXT_CASE)
      default:
        return "unknown rule";
    }
  return "";
}
#undef SWP_TEXT_CASE

/* --- device --- */

/* How registers are reached: `offset` is a byte offset of docs/registers.md, a multiple of 4. */
typedef struct swp_bus {
  void* context; /* given to both functions */
  uint32_t (*read32)(void* context, uint32_t offset);
  void (*write32)(void* context, uint32_t offset, uint32_t value);
} swp_bus;

/* What a device was built with: CAP0 .. CAP4. */
typedef struct swp_caps {
  uint32_t poy, pox, pof, chains, bus_bytes;
  uint32_t act_depth, wgt_depth, list_depth, param_depth;
  uint32_t res_depth; /* 0: no residual add */
  uint32_t skip, pool, axi;
  uint32_t image_version;
  uint32_t rd_burst, rd_outstanding, wr_burst, wr_outstanding;
} swp_caps;

typedef struct swp_device {
  swp_bus bus;
  swp_caps caps;
} swp_device;

static inline uint32_t swp_read(const swp_device* d, uint32_t offset) {
  return d->bus.read32(d->bus.context, offset);
}
static inline void swp_write(const swp_device* d, uint32_t offset, uint32_t value) {
  d->bus.write32(d->bus.context, offset, value);
}

#define SWP_GET(word, field) (((word)&SWP_##field##_MASK) >> SWP_##field##_SHIFT)

static inline uint32_t swp_power_of_two(uint32_t log2) { return log2 > 31 ? 0 : 1u << log2; }

static inline void swp_read_caps(swp_device* d) {
  const uint32_t c0 = swp_read(d, SWP_REG_CAP0), c1 = swp_read(d, SWP_REG_CAP1);
  const uint32_t c2 = swp_read(d, SWP_REG_CAP2), c3 = swp_read(d, SWP_REG_CAP3);
  const uint32_t c4 = swp_read(d, SWP_REG_CAP4);
  const uint32_t res = SWP_GET(c3, CAP3_RES_DEPTH_LOG2_P1);
  swp_caps* c = &d->caps;
  c->poy = SWP_GET(c0, CAP0_POY);
  c->pox = SWP_GET(c0, CAP0_POX);
  c->pof = SWP_GET(c0, CAP0_POF);
  c->chains = SWP_GET(c0, CAP0_CHAINS);
  c->bus_bytes = SWP_GET(c1, CAP1_BUS_BYTES);
  c->act_depth = swp_power_of_two(SWP_GET(c1, CAP1_ACT_DEPTH_LOG2));
  c->wgt_depth = swp_power_of_two(SWP_GET(c1, CAP1_WGT_DEPTH_LOG2));
  c->list_depth = swp_power_of_two(SWP_GET(c2, CAP2_LIST_DEPTH_LOG2));
  c->param_depth = swp_power_of_two(SWP_GET(c2, CAP2_PARAM_DEPTH_LOG2));
  c->res_depth = res == 0 ? 0 : swp_power_of_two(res - 1);
  c->skip = SWP_GET(c3, CAP3_SKIP);
  c->pool = SWP_GET(c3, CAP3_POOL);
  c->axi = SWP_GET(c3, CAP3_AXI);
  c->image_version = SWP_GET(c3, CAP3_IMAGE_VERSION);
  c->rd_burst = swp_power_of_two(SWP_GET(c4, CAP4_RD_BURST_LOG2));
  c->rd_outstanding = SWP_GET(c4, CAP4_RD_OUTSTANDING);
  c->wr_burst = swp_power_of_two(SWP_GET(c4, CAP4_WR_BURST_LOG2));
  c->wr_outstanding = SWP_GET(c4, CAP4_WR_OUTSTANDING);
}

/* Fills `d`: the bus, and what the device says of itself. Nothing is written to the device.
 * NOT_SWPRUNE, MAP_VERSION: the capabilities are all 0 then. */
static inline swp_status swp_probe(swp_device* d, swp_bus bus) {
  memset(d, 0, sizeof *d);
  d->bus = bus;
  if (swp_read(d, SWP_REG_ID) != SWP_RESET_ID) return SWP_NOT_SWPRUNE;
  if (SWP_GET(swp_read(d, SWP_REG_VERSION), VERSION_MAJOR) !=
      SWP_GET(SWP_RESET_VERSION, VERSION_MAJOR))
    return SWP_MAP_VERSION;
  swp_read_caps(d);
  return SWP_OK;
}

/* --- image --- */

/* Input or output of a network. */
typedef struct swp_tensor {
  uint64_t offset; /* bytes from the base of the activation region */
  uint32_t channels, height, width;
  uint32_t interleaved; /* 0: planar */
  uint32_t is_signed;   /* 1: bytes are s8 */
  int32_t zero;         /* integer that stands for 0.0 */
  float scale;          /* real value of one step */
} swp_tensor;

/* The header of an image file, docs/accelerator.md section 14. */
typedef struct swp_image {
  uint64_t image_bytes, act_bytes;
  uint32_t desc_offset, layer_count, images;
  uint32_t poy, pox, pof, chains, bus_bytes;
  uint32_t skip, pool, residual;
  swp_tensor input, output;
  uint64_t dense_read_beats;
} swp_image;

/* `count` bytes, little-endian. */
static inline uint64_t swp_number(const uint8_t* at, unsigned count) {
  uint64_t value = 0;
  while (count-- > 0) value = value << 8 | at[count];
  return value;
}
static inline uint32_t swp_u16(const uint8_t* at) { return SWP_CAST(uint32_t, swp_number(at, 2)); }
static inline uint32_t swp_u32(const uint8_t* at) { return SWP_CAST(uint32_t, swp_number(at, 4)); }

/* CRC-32 with zlib's polynomial. `state` is 0 at the beginning, or what the bytes before gave. */
static inline uint32_t swp_crc32(uint32_t state, const uint8_t* bytes, size_t count) {
  static const uint32_t table[16] = {0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu,
                                     0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
                                     0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
                                     0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
  size_t i;
  state = ~state;
  for (i = 0; i < count; ++i) {
    state ^= bytes[i];
    state = state >> 4 ^ table[state & 15u];
    state = state >> 4 ^ table[state & 15u];
  }
  return ~state;
}

/* 1 unless all bytes from..to-1 are 0. */
static inline int swp_any(const uint8_t* bytes, unsigned from, unsigned to) {
  for (; from < to; ++from)
    if (bytes[from] != 0) return 1;
  return 0;
}

/* The tensor whose fields begin at `at`. */
static inline void swp_read_tensor(const uint8_t* at, swp_tensor* t) {
  const uint32_t zero = swp_u16(at + 18), scale = swp_u32(at + 20);
  t->offset = swp_number(at, 8);
  t->channels = swp_u32(at + 8);
  t->height = swp_u16(at + 12);
  t->width = swp_u16(at + 14);
  t->interleaved = at[16];
  t->is_signed = at[17];
  t->zero = SWP_CAST(int32_t, zero) - (zero >= 0x8000u ? 0x10000 : 0);
  memcpy(&t->scale, &scale, sizeof t->scale);
}

static inline void swp_read_header(const uint8_t* b, swp_image* h) {
  const uint32_t flags = b[SWP_HEADER_FLAGS_AT];
  h->image_bytes = swp_number(b + SWP_HEADER_IMAGE_BYTES_AT, 8);
  h->act_bytes = swp_number(b + SWP_HEADER_ACT_BYTES_AT, 8);
  h->desc_offset = swp_u32(b + SWP_HEADER_DESC_OFFSET_AT);
  h->layer_count = swp_u16(b + SWP_HEADER_LAYER_COUNT_AT);
  h->images = swp_u16(b + SWP_HEADER_IMAGES_AT);
  h->poy = b[SWP_HEADER_POY_AT];
  h->pox = b[SWP_HEADER_POX_AT];
  h->pof = b[SWP_HEADER_POF_AT];
  h->chains = b[SWP_HEADER_CHAINS_AT];
  h->bus_bytes = b[SWP_HEADER_BUS_BYTES_AT];
  h->skip = (flags & SWP_HEADER_FLAG_SKIP) != 0;
  h->pool = (flags & SWP_HEADER_FLAG_POOL) != 0;
  h->residual = (flags & SWP_HEADER_FLAG_RESIDUAL) != 0;
  swp_read_tensor(b + SWP_HEADER_INPUT_OFFSET_AT, &h->input);
  swp_read_tensor(b + SWP_HEADER_OUTPUT_OFFSET_AT, &h->output);
  h->dense_read_beats = swp_number(b + SWP_HEADER_DENSE_READ_BEATS_AT, 8);
}

/* What the bytes alone say, in the order in which it can be told apart. */
static inline swp_status swp_check_bytes(const uint8_t* b, size_t size) {
  uint64_t image_bytes;
  if (size < SWP_HEADER_BYTES) return SWP_IMAGE_SHORT;
  if (swp_u32(b + SWP_HEADER_MAGIC_AT) != SWP_HEADER_MAGIC) return SWP_IMAGE_MAGIC;
  if (swp_u16(b + SWP_HEADER_VERSION_AT) != SWP_HEADER_VERSION) return SWP_IMAGE_VERSION;
  if (swp_u16(b + SWP_HEADER_BYTES_AT) != SWP_HEADER_BYTES) return SWP_IMAGE_HEADER_SIZE;
  if (swp_u32(b + SWP_HEADER_CRC_AT) != swp_crc32(0, b, SWP_HEADER_CRC_AT))
    return SWP_IMAGE_HEADER_CRC;
  image_bytes = swp_number(b + SWP_HEADER_IMAGE_BYTES_AT, 8);
  if (size < image_bytes) return SWP_IMAGE_CUT_OFF;
  if (size > image_bytes) return SWP_IMAGE_TOO_LONG;
  if (swp_u32(b + SWP_HEADER_BODY_CRC_AT) !=
      swp_crc32(0, b + SWP_HEADER_BYTES, size - SWP_HEADER_BYTES))
    return SWP_IMAGE_BODY_CRC;
  if (b[SWP_HEADER_FLAGS_AT] > 7) return SWP_IMAGE_FLAGS;
  if (swp_any(b, 38, 40) || swp_any(b, 64, 72) || swp_any(b, 96, 104) || swp_any(b, 116, 124))
    return SWP_IMAGE_RESERVED;
  return SWP_OK;
}

/* Bytes from the first to behind the last one; UINT64_MAX for more than 2^40. */
static inline uint64_t swp_tensor_bytes(const swp_image* h, const swp_tensor* t) {
  const uint64_t limit = SWP_CAST(uint64_t, 1) << 40;
  const uint64_t batch = t->interleaved ? SWP_CAST(uint64_t, h->poy) * h->pox : 1;
  const uint64_t map = SWP_CAST(uint64_t, t->height) * t->width * 4 * batch;
  const uint64_t plane = (map + 63) / 64 * 64;
  const uint64_t planes =
      (SWP_CAST(uint64_t, t->channels) + 3) / 4 * ((h->images + batch - 1) / batch);
  return planes > limit / plane ? UINT64_MAX : planes * plane;
}

static inline int swp_tensor_possible(const swp_image* h, const swp_tensor* t) {
  uint32_t scale;
  uint64_t bytes;
  memcpy(&scale, &t->scale, sizeof scale);
  if (t->channels == 0 || t->channels > 262140 || t->height == 0 || t->width == 0) return 0;
  if (t->interleaved > 1 || t->is_signed > 1) return 0;
  if (scale == 0 || scale >= 0x7F800000u) return 0; /* 0, infinite, no number, or negative */
  if (t->offset % 64 != 0 || t->offset > h->act_bytes) return 0;
  bytes = swp_tensor_bytes(h, t);
  return bytes <= h->act_bytes - t->offset;
}

static inline swp_status swp_check_fields(const swp_image* h) {
  const uint64_t limit = SWP_CAST(uint64_t, 1) << 40;
  if (h->image_bytes % 64 != 0 || h->image_bytes > limit) return SWP_IMAGE_BYTES;
  if (h->act_bytes % 64 != 0 || h->act_bytes > limit) return SWP_IMAGE_ACT_BYTES;
  if (h->layer_count == 0) return SWP_IMAGE_LAYERS;
  if (h->images == 0) return SWP_IMAGE_BATCH;
  if (h->poy == 0 || h->pox == 0 || h->pof == 0 || h->bus_bytes == 0) return SWP_IMAGE_ARRAY;
  if (h->desc_offset % 64 != 0 || h->desc_offset < SWP_HEADER_BYTES ||
      h->desc_offset + SWP_CAST(uint64_t, 128) * h->layer_count > h->image_bytes)
    return SWP_IMAGE_DESCRIPTORS;
  if (!swp_tensor_possible(h, &h->input)) return SWP_IMAGE_INPUT;
  if (!swp_tensor_possible(h, &h->output)) return SWP_IMAGE_OUTPUT;
  return SWP_OK;
}

/* Checks an image file of `size` bytes and fills `h`: both CRCs, sizes, alignment, and that input
 * and output lie within the activation region. IMAGE_*; `h` is valid only with OK. */
static inline swp_status swp_check_image(const uint8_t* bytes, size_t size, swp_image* h) {
  const swp_status status = swp_check_bytes(bytes, size);
  memset(h, 0, sizeof *h);
  if (status != SWP_OK) return status;
  swp_read_header(bytes, h);
  return swp_check_fields(h);
}

/* Is the image for this device's array? DEVICE_*, the first thing that differs. */
static inline swp_status swp_check_array(const swp_device* d, const swp_image* h) {
  const swp_caps* c = &d->caps;
  if (c->image_version != SWP_HEADER_VERSION) return SWP_DEVICE_IMAGE_VERSION;
  if (c->poy != h->poy) return SWP_DEVICE_POY;
  if (c->pox != h->pox) return SWP_DEVICE_POX;
  if (c->pof != h->pof) return SWP_DEVICE_POF;
  if (c->chains != h->chains) return SWP_DEVICE_CHAINS;
  if (c->bus_bytes != h->bus_bytes) return SWP_DEVICE_BUS_BYTES;
  if (c->skip != h->skip) return SWP_DEVICE_SKIP;
  if (h->pool && !c->pool) return SWP_DEVICE_POOL;
  if (h->residual && c->res_depth == 0) return SWP_DEVICE_RESIDUAL;
  return SWP_OK;
}

/* What swp_check_buffers() does with one step record. */
static inline swp_status swp_check_step(const swp_caps* c, uint64_t slot_words,
                                        const uint8_t* step) {
  const uint32_t flags = swp_u32(step + SWP_STEP_FLAGS_AT), beat = c->bus_bytes;
  const uint64_t records = SWP_CAST(uint64_t, 12) * c->pof; /* bytes of a group's parameters */
  if (flags & SWP_STEP_FLAG_NEW_WEIGHTS) {
    const uint64_t lists = swp_u16(step + SWP_STEP_LIST_BEATS_AT);
    const uint64_t params = swp_u16(step + SWP_STEP_PARAM_BEATS_AT);
    const uint64_t weights = swp_u16(step + SWP_STEP_WEIGHT_BEATS_AT);
    if (lists * beat / 2 > c->list_depth) return SWP_DEVICE_LIST_DEPTH;
    if (params * beat > c->param_depth * records) return SWP_DEVICE_PARAM_DEPTH;
    if (weights * (beat / c->pof) > c->wgt_depth) return SWP_DEVICE_WGT_DEPTH;
  }
  if ((flags & SWP_STEP_FLAG_NEW_ACTIVATIONS) &&
      swp_u16(step + SWP_STEP_SLOTS_AT) * slot_words > c->act_depth)
    return SWP_DEVICE_ACT_DEPTH;
  if ((flags & SWP_STEP_FLAG_RESIDUAL) && SWP_CAST(uint64_t, swp_u16(step + SWP_STEP_ROWS_AT)) *
                                                  swp_u16(step + SWP_STEP_SUB_ROWS_AT) *
                                                  swp_u16(step + SWP_STEP_SUB_COLS_AT) >
                                              c->res_depth)
    return SWP_DEVICE_RES_DEPTH;
  return SWP_OK;
}

/* Do all steps of the image, whose file `bytes` is, fit the device's buffers? A device with smaller
 * ones would overwrite what it still needs, without an error. Call it after swp_check_image() and
 * swp_check_array(). DEVICE_*_DEPTH, IMAGE_STEPS. */
static inline swp_status swp_check_buffers(const swp_device* d, const swp_image* h,
                                           const uint8_t* bytes) {
  uint32_t layer;
  for (layer = 0; layer < h->layer_count; ++layer) {
    const uint8_t* record = bytes + h->desc_offset + SWP_LAYER_RECORD_BYTES * layer;
    const uint64_t slot_words = swp_u16(record + SWP_LAYER_SLOT_WORDS_AT);
    const uint64_t first = swp_u32(record + SWP_LAYER_STEPS_OFFSET_AT);
    const uint64_t count = swp_u32(record + SWP_LAYER_STEP_COUNT_AT);
    uint64_t i;
    if (first + count * SWP_STEP_RECORD_BYTES > h->image_bytes) return SWP_IMAGE_STEPS;
    for (i = 0; i < count; ++i) {
      const swp_status status =
          swp_check_step(&d->caps, slot_words, bytes + first + i * SWP_STEP_RECORD_BYTES);
      if (status != SWP_OK) return status;
    }
  }
  return SWP_OK;
}

/* --- runs --- */

/* Bits of swp_poll(): SWP_STATUS_BUSY_MASK, SWP_STATUS_DONE_MASK, SWP_STATUS_STOPPING_MASK,
 * SWP_STATUS_REFUSED_MASK. */
static inline uint32_t swp_poll(const swp_device* d) { return swp_read(d, SWP_REG_STATUS); }

/* 1 if `bytes` bytes from `base` can be reached and begin at a multiple of 64. */
static inline int swp_reachable(uint64_t base, uint64_t bytes) {
  const uint64_t limit = SWP_CAST(uint64_t, 1) << 40;
  return base % 64 == 0 && base < limit && bytes <= limit - base;
}

/* Tells the device where things are: the image file at `image_base`, header included, and the
 * activation region at `act_base`, as the accelerator sees them. `watchdog`: cycles without
 * progress that end a run, more than the longest pass (64 * input channels are enough); 0: none.
 * What swp_check_array() gives, IMAGE_BASE, ACT_BASE, OVERLAP, BUSY; nothing is written then. */
static inline swp_status swp_configure(const swp_device* d, const swp_image* h, uint64_t image_base,
                                       uint64_t act_base, uint32_t watchdog) {
  const swp_status status = swp_check_array(d, h);
  if (status != SWP_OK) return status;
  if (!swp_reachable(image_base, h->image_bytes)) return SWP_IMAGE_BASE;
  if (!swp_reachable(act_base, h->act_bytes)) return SWP_ACT_BASE;
  if (image_base < act_base + h->act_bytes && act_base < image_base + h->image_bytes)
    return SWP_OVERLAP;
  if (swp_poll(d) & SWP_STATUS_BUSY_MASK) return SWP_BUSY;
  swp_write(d, SWP_REG_IMAGE_BASE_LO, SWP_CAST(uint32_t, image_base & 0xFFFFFFFFu));
  swp_write(d, SWP_REG_IMAGE_BASE_HI, SWP_CAST(uint32_t, image_base >> 32));
  swp_write(d, SWP_REG_ACT_BASE_LO, SWP_CAST(uint32_t, act_base & 0xFFFFFFFFu));
  swp_write(d, SWP_REG_ACT_BASE_HI, SWP_CAST(uint32_t, act_base >> 32));
  swp_write(d, SWP_REG_DESC_OFFSET, h->desc_offset);
  swp_write(d, SWP_REG_LAYER_COUNT, h->layer_count);
  swp_write(d, SWP_REG_WATCHDOG, watchdog);
  return SWP_OK;
}

/* Begins a run. REFUSED if one goes on, which is not disturbed. The device decides, so that there
 * is no moment between looking and starting. */
static inline swp_status swp_start(const swp_device* d) {
  swp_write(d, SWP_REG_CTRL, SWP_CTRL_START_MASK);
  return swp_poll(d) & SWP_STATUS_REFUSED_MASK ? SWP_REFUSED : SWP_OK;
}

/* Ends a run in order: all bursts are answered, then the run is over with the error aborted.
 * Without a run nothing happens. */
static inline void swp_abort(const swp_device* d) {
  swp_write(d, SWP_REG_CTRL, SWP_CTRL_ABORT_MASK);
}

/* How the last run ended: OK, RUN_FAILED; BUSY while it goes on, NOT_STARTED before the first. */
static inline swp_status swp_outcome(const swp_device* d) {
  const uint32_t status = swp_poll(d);
  if (status & SWP_STATUS_BUSY_MASK) return SWP_BUSY;
  if (!(status & SWP_STATUS_DONE_MASK)) return SWP_NOT_STARTED;
  return swp_read(d, SWP_REG_ERROR) == 0 ? SWP_OK : SWP_RUN_FAILED;
}

/* Looks at most `looks` times (>= 1) whether the run is over, with a call of `pause` between two
 * looks (may be NULL): a delay, a yield, or a wait for the interrupt. What swp_outcome() gives, and
 * TIMEOUT in place of BUSY: the run goes on and can be waited for again, or aborted. If it does not
 * end after an abort, a memory access was never answered (swp_poll() says stopping): only a reset
 * of accelerator and interconnect helps. */
static inline swp_status swp_wait(const swp_device* d, uint32_t looks, void (*pause)(void*),
                                  void* context) {
  for (;;) {
    const swp_status status = swp_outcome(d);
    if (status != SWP_BUSY) return status;
    if (looks <= 1) return SWP_TIMEOUT;
    --looks;
    if (pause != NULL) pause(context);
  }
}

/* --- interrupt --- */

/* Which events raise the interrupt: SWP_IRQ_ENABLE_DONE_MASK, _ERROR_MASK, _REFUSED_MASK; 0: none.
 */
static inline void swp_enable_interrupts(const swp_device* d, uint32_t events) {
  swp_write(d, SWP_REG_IRQ_ENABLE, events);
}

/* What has happened since the last call, the same bits, enabled or not; the interrupt falls. An
 * event that comes meanwhile is kept for the next call. */
static inline uint32_t swp_acknowledge(const swp_device* d) {
  const uint32_t events = swp_read(d, SWP_REG_IRQ_STATUS);
  if (events != 0) swp_write(d, SWP_REG_IRQ_STATUS, events);
  return events;
}

/* --- afterwards --- */

/* Counters of the last run, modulo 2^32. */
typedef struct swp_counters {
#define SWP_COUNTER_MEMBER(name, offset) uint32_t name;
  SWP_COUNTER_TABLE(SWP_COUNTER_MEMBER)
#undef SWP_COUNTER_MEMBER
} swp_counters;

static inline void swp_read_counters(const swp_device* d, swp_counters* c) {
#define SWP_COUNTER_READ(name, offset) c->name = swp_read(d, offset);
  SWP_COUNTER_TABLE(SWP_COUNTER_READ)
#undef SWP_COUNTER_READ
}

/* Beats that the absent blocks saved: those of a dense layer minus those read; below 0 if lists
 * cost more than was saved. Right as long as both counters are below 2^32. */
static inline int64_t swp_beats_skipped(const swp_image* h, const swp_counters* c) {
  return SWP_CAST(int64_t, h->dense_read_beats) - SWP_CAST(int64_t, c->weight_beats) -
         SWP_CAST(int64_t, c->act_beats);
}

/* Why a run failed: swp_run_error_text(code), swp_rule_text(code, detail). All 0 after a good run.
 */
typedef struct swp_run_fault {
  uint32_t code;    /* SWP_RUN_ERROR_* */
  uint32_t detail;  /* the rule that a record breaks */
  uint64_t address; /* of the record, or of the beat that could not be read */
} swp_run_fault;

static inline swp_run_fault swp_read_error(const swp_device* d) {
  const uint32_t error = swp_read(d, SWP_REG_ERROR);
  swp_run_fault f;
  f.code = SWP_GET(error, ERROR_CODE);
  f.detail = SWP_GET(error, ERROR_DETAIL);
  f.address = SWP_CAST(uint64_t, swp_read(d, SWP_REG_ERROR_ADDR_HI)) << 32;
  f.address |= swp_read(d, SWP_REG_ERROR_ADDR_LO);
  return f;
}

#ifdef __cplusplus
}
#endif

#endif /* SWPRUNE_C_SWPRUNE_DRIVER_H */
