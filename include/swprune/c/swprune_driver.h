// SPDX-License-Identifier: Apache-2.0

// Driver of the accelerator: C99 (also C++), header only, no memory of its own. The caller gives
// two functions that read and write a 32-bit register at a byte offset (swp_bus), puts image and
// input into memory that the accelerator reaches, and calls, in this order:
//
//   swp_probe()         what is at this address
//   swp_image_read()    is this image file whole (docs/formats-files.md)
//   swp_prepare()       do image, accelerator and memory fit; then sets the registers
//   swp_start()
//   swp_wait()          or swp_poll(), or the interrupt and swp_irq_take()
//   swp_counters_read()
//
// Every function gives SWP_OK or what is wrong; swp_status_text() says it in words. Registers:
// docs/registers.md. A register bus must keep the order of accesses, and what was written to memory
// must be visible to the accelerator before swp_start() (a barrier or cache flush is the caller's).

#ifndef SWPRUNE_DRIVER_H
#define SWPRUNE_DRIVER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "swprune/c/swprune_regs.h"

#ifdef __cplusplus
extern "C" {
#endif

// clang-format off
#define SWP_STATUS_TABLE(X)                                                                       \
  X(OK,                   "all is well")                                                          \
  X(DEVICE_ID,            "register ID does not hold SWP1: no accelerator at this address")       \
  X(DEVICE_MAP_VERSION,   "the register map has another version than this driver")                \
  X(DEVICE_NO_FRONT,      "the core has no bus front (CAP3.axi is 0)")                            \
  X(DEVICE_IMAGE_VERSION, "the accelerator understands another version of images")                \
  X(IMAGE_SHORT,          "the image is shorter than its header")                                 \
  X(IMAGE_MAGIC,          "the image does not begin with SWPI")                                   \
  X(IMAGE_VERSION,        "the image has another version than this driver")                       \
  X(IMAGE_HEADER_BYTES,   "the image's header has another size")                                  \
  X(IMAGE_HEADER_CRC,     "the checksum of the image's header is wrong")                          \
  X(IMAGE_RESERVED,       "a reserved byte or bit of the image's header is not 0")                \
  X(IMAGE_SIZE,           "the image has another size than its header says")                      \
  X(IMAGE_BODY_CRC,       "the checksum of the image behind its header is wrong")                 \
  X(IMAGE_COUNTS,         "the image says 0 layers or 0 images")                                  \
  X(IMAGE_ALIGNMENT,      "the image's desc_offset is no multiple of 64")                         \
  X(IMAGE_DESCRIPTORS,    "the image's layer descriptors do not lie behind its header and inside it") \
  X(IMAGE_STEPS,          "the step records of a layer do not lie inside the image")              \
  X(IMAGE_TENSOR,         "input or output do not lie at a multiple of 64 in the activation region") \
  X(ARRAY_POY,            "the image is for another Poy")                                         \
  X(ARRAY_POX,            "the image is for another Pox")                                         \
  X(ARRAY_POF,            "the image is for another Pof")                                         \
  X(ARRAY_CHAINS,         "the image is for another number of drain chains")                      \
  X(ARRAY_BUS,            "the image is for another bus width")                                   \
  X(ARRAY_SKIP,           "only one of image and accelerator uses index lists")                   \
  X(ARRAY_POOL,           "the image needs pooling, which the accelerator was built without")     \
  X(ARRAY_RESIDUAL,       "the image needs residual add, which the accelerator was built without") \
  X(DEPTH_ACT,            "a step needs more activation buffer than the accelerator has")         \
  X(DEPTH_WEIGHT,         "a step needs more weight buffer than the accelerator has")             \
  X(DEPTH_LIST,           "a step needs more index list buffer than the accelerator has")         \
  X(DEPTH_PARAM,          "a step needs more parameter buffer than the accelerator has")          \
  X(DEPTH_RESIDUAL,       "a step needs more residual buffer than the accelerator has")           \
  X(BASE_IMAGE_ALIGNMENT, "the address of the image is no multiple of 64")                        \
  X(BASE_ACT_ALIGNMENT,   "the address of the activation region is no multiple of 64")            \
  X(BASE_RANGE,           "a region ends behind the 40-bit address space")                        \
  X(BASE_OVERLAP,         "image and activation region overlap")                                  \
  X(ACT_SIZE,             "the activation region is smaller than the image needs")                \
  X(BUSY,                 "a run goes on")                                                        \
  X(REFUSED,              "the accelerator refused the start because a run goes on")              \
  X(NOT_STARTED,          "no run goes on and none has ended: never started, or reset since")     \
  X(TIMEOUT,              "the run did not end in the time allowed")                              \
  X(RUN_FAILED,           "the run ended with an error")
// clang-format on

typedef enum swp_status {
#define SWP_STATUS_ENUM(name, text) SWP_##name,
  SWP_STATUS_TABLE(SWP_STATUS_ENUM)
#undef SWP_STATUS_ENUM
      SWP_STATUS_COUNT
} swp_status;

/// What a status means.
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
  return "unknown";
}

/// How registers are reached. `relax`, may be null, is called between two polls of swp_wait().
typedef struct swp_bus {
  void* context;
  uint32_t (*read32)(void* context, uint32_t offset);
  void (*write32)(void* context, uint32_t offset, uint32_t value);
  void (*relax)(void* context);
} swp_bus;

/// What the accelerator was built with.
typedef struct swp_caps {
  unsigned version;  ///< of the register map
  unsigned poy, pox, pof, chains, bus_bytes;
  uint32_t act_depth, wgt_depth, list_depth, param_depth, res_depth;  ///< entries of a buffer half
  int skip, pool;
  unsigned image_version;
  unsigned rd_burst, rd_outstanding, wr_burst, wr_outstanding;
} swp_caps;

/// Input or output as an image's header describes it.
typedef struct swp_tensor {
  uint64_t offset;  ///< from the base of the activation region
  uint32_t channels;
  unsigned height, width;
  int interleaved, is_signed;
  int zero;     ///< zero point
  float scale;  ///< real value of one step
} swp_tensor;

/// An image file that was found whole.
typedef struct swp_image {
  const uint8_t* bytes;  ///< the caller's; not copied
  uint64_t image_bytes, act_bytes;
  uint32_t desc_offset;
  unsigned layer_count, images;
  unsigned poy, pox, pof, chains, bus_bytes;
  int skip, pool, residual;
  swp_tensor input, output;
  uint64_t dense_read_beats;
} swp_image;

/// How a run ended.
typedef struct swp_result {
  unsigned code;     ///< swp_run_error_name(), swp_run_error_text()
  unsigned detail;   ///< swp_rule_text()
  uint64_t address;  ///< what the error is about, 0 if nothing
} swp_result;

/// Counters of the last run, each modulo 2^32; meanings: SWP_COUNTER_TABLE.
typedef struct swp_counters {
#define SWP_COUNTER_MEMBER(name, offset, text) uint32_t name;
  SWP_COUNTER_TABLE(SWP_COUNTER_MEMBER)
#undef SWP_COUNTER_MEMBER
} swp_counters;

// Bits of IRQ_ENABLE and IRQ_STATUS.
#define SWP_IRQ_DONE SWP_IRQ_STATUS_DONE_MASK
#define SWP_IRQ_ERROR SWP_IRQ_STATUS_ERROR_MASK
#define SWP_IRQ_REFUSED SWP_IRQ_STATUS_REFUSED_MASK
#define SWP_IRQ_ALL (SWP_IRQ_DONE | SWP_IRQ_ERROR | SWP_IRQ_REFUSED)

// --- small helpers
// --------------------------------------------------------------------------------

static inline uint32_t swp_read(const swp_bus* bus, uint32_t offset) {
  return bus->read32(bus->context, offset);
}
static inline void swp_write(const swp_bus* bus, uint32_t offset, uint32_t value) {
  bus->write32(bus->context, offset, value);
}
static inline uint16_t swp_get16(const uint8_t* p) {
  return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}
static inline uint32_t swp_get32(const uint8_t* p) {
  return swp_get16(p) | (uint32_t)swp_get16(p + 2) << 16;
}
static inline uint64_t swp_get64(const uint8_t* p) {
  return swp_get32(p) | (uint64_t)swp_get32(p + 4) << 32;
}

/// CRC-32 as zlib's; a table of 16 words is enough for images.
static inline uint32_t swp_crc32(const uint8_t* p, uint64_t bytes) {
  static const uint32_t table[16] = {0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu,
                                     0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
                                     0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
                                     0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
  uint32_t crc = 0xFFFFFFFFu;
  uint64_t i;
  for (i = 0; i < bytes; ++i) {
    crc ^= p[i];
    crc = crc >> 4 ^ table[crc & 15u];
    crc = crc >> 4 ^ table[crc & 15u];
  }
  return crc ^ 0xFFFFFFFFu;
}

/// Field of a register's value: SWP_FIELD(value, CAP0_POY).
#define SWP_FIELD(value, field) (((value)&SWP_##field##_MASK) >> SWP_##field##_LSB)

// --- the accelerator
// ------------------------------------------------------------------------------

static inline void swp_caps_read(const swp_bus* bus, swp_caps* caps) {
  const uint32_t cap0 = swp_read(bus, SWP_REG_CAP0), cap1 = swp_read(bus, SWP_REG_CAP1);
  const uint32_t cap2 = swp_read(bus, SWP_REG_CAP2), cap3 = swp_read(bus, SWP_REG_CAP3);
  const uint32_t cap4 = swp_read(bus, SWP_REG_CAP4);
  const uint32_t res = SWP_FIELD(cap3, CAP3_RES_DEPTH_LOG2_P1);
  caps->poy = SWP_FIELD(cap0, CAP0_POY);
  caps->pox = SWP_FIELD(cap0, CAP0_POX);
  caps->pof = SWP_FIELD(cap0, CAP0_POF);
  caps->chains = SWP_FIELD(cap0, CAP0_CHAINS);
  caps->bus_bytes = SWP_FIELD(cap1, CAP1_BUS_BYTES);
  caps->act_depth = (uint32_t)1 << (SWP_FIELD(cap1, CAP1_ACT_DEPTH_LOG2) & 31u);
  caps->wgt_depth = (uint32_t)1 << (SWP_FIELD(cap1, CAP1_WGT_DEPTH_LOG2) & 31u);
  caps->list_depth = (uint32_t)1 << (SWP_FIELD(cap2, CAP2_LIST_DEPTH_LOG2) & 31u);
  caps->param_depth = (uint32_t)1 << (SWP_FIELD(cap2, CAP2_PARAM_DEPTH_LOG2) & 31u);
  caps->res_depth = res == 0u ? 0u : (uint32_t)1 << ((res - 1u) & 31u);
  caps->skip = SWP_FIELD(cap3, CAP3_SKIP) != 0u;
  caps->pool = SWP_FIELD(cap3, CAP3_POOL) != 0u;
  caps->image_version = SWP_FIELD(cap3, CAP3_IMAGE_VERSION);
  caps->rd_burst = 1u << (SWP_FIELD(cap4, CAP4_RD_BURST_LOG2) & 31u);
  caps->rd_outstanding = SWP_FIELD(cap4, CAP4_RD_OUTSTANDING);
  caps->wr_burst = 1u << (SWP_FIELD(cap4, CAP4_WR_BURST_LOG2) & 31u);
  caps->wr_outstanding = SWP_FIELD(cap4, CAP4_WR_OUTSTANDING);
}

/// Finds out what is at the bus; `caps` is set only with SWP_OK.
static inline swp_status swp_probe(const swp_bus* bus, swp_caps* caps) {
  uint32_t version;
  if (swp_read(bus, SWP_REG_ID) != SWP_RESET_ID) return SWP_DEVICE_ID;
  version = swp_read(bus, SWP_REG_VERSION);
  // A minor version only adds: what is newer than this driver works, what is older does not.
  if ((version & SWP_VERSION_MAJOR_MASK) != (SWP_RESET_VERSION & SWP_VERSION_MAJOR_MASK) ||
      (version & SWP_VERSION_MINOR_MASK) < (SWP_RESET_VERSION & SWP_VERSION_MINOR_MASK))
    return SWP_DEVICE_MAP_VERSION;
  if ((swp_read(bus, SWP_REG_CAP3) & SWP_CAP3_AXI_MASK) == 0u) return SWP_DEVICE_NO_FRONT;
  if (SWP_FIELD(swp_read(bus, SWP_REG_CAP3), CAP3_IMAGE_VERSION) != SWP_FORMAT_LAYER_VERSION)
    return SWP_DEVICE_IMAGE_VERSION;
  swp_caps_read(bus, caps);
  caps->version = version;
  return SWP_OK;
}

// --- the image file
// -------------------------------------------------------------------------------

#define SWP_HEADER_BYTES 128u
#define SWP_HEADER_MAGIC 0x49505753u

static inline int swp_all_zero(const uint8_t* p, unsigned bytes) {
  unsigned i;
  for (i = 0; i < bytes; ++i)
    if (p[i] != 0) return 0;
  return 1;
}

static inline swp_tensor swp_tensor_read(const uint8_t* p) {
  swp_tensor t;
  const uint32_t scale = swp_get32(p + 20);
  t.offset = swp_get64(p);
  t.channels = swp_get32(p + 8);
  t.height = swp_get16(p + 12);
  t.width = swp_get16(p + 14);
  t.interleaved = p[16];
  t.is_signed = p[17];
  t.zero = (int)(swp_get16(p + 18) ^ 0x8000u) - 0x8000;
  memcpy(&t.scale, &scale, sizeof t.scale);
  return t;
}

/// Bytes that a tensor takes, from its offset to its end.
static inline uint64_t swp_tensor_bytes(const swp_image* image, const swp_tensor* t) {
  const uint64_t batch = t->interleaved ? (uint64_t)image->poy * image->pox : 1u;
  const uint64_t plane = ((uint64_t)t->height * t->width * 4u * batch + 63u) / 64u * 64u;
  return (image->images + batch - 1u) / batch * (((uint64_t)t->channels + 3u) / 4u) * plane;
}

static inline int swp_tensor_fits(const swp_image* image, const swp_tensor* t) {
  return t->offset % SWP_FORMAT_ALIGN_BYTES == 0u && t->offset <= image->act_bytes &&
         swp_tensor_bytes(image, t) <= image->act_bytes - t->offset;
}

/// Magic, sizes and checksums: is this the file that was written?
static inline swp_status swp_image_whole(const uint8_t* p, uint64_t bytes) {
  if (bytes < SWP_HEADER_BYTES) return SWP_IMAGE_SHORT;
  if (swp_get32(p) != SWP_HEADER_MAGIC) return SWP_IMAGE_MAGIC;
  if (swp_get16(p + 4) != SWP_FORMAT_LAYER_VERSION) return SWP_IMAGE_VERSION;
  if (swp_get16(p + 6) != SWP_HEADER_BYTES) return SWP_IMAGE_HEADER_BYTES;
  if (swp_get32(p + 124) != swp_crc32(p, 124)) return SWP_IMAGE_HEADER_CRC;
  if (swp_get64(p + 8) != bytes) return SWP_IMAGE_SIZE;
  if (swp_get32(p + 112) != swp_crc32(p + SWP_HEADER_BYTES, bytes - SWP_HEADER_BYTES))
    return SWP_IMAGE_BODY_CRC;
  if (p[37] > 7u || p[56] > 1u || p[57] > 1u || p[88] > 1u || p[89] > 1u ||
      !swp_all_zero(p + 38, 2) || !swp_all_zero(p + 64, 8) || !swp_all_zero(p + 96, 8) ||
      !swp_all_zero(p + 116, 8))
    return SWP_IMAGE_RESERVED;
  return SWP_OK;
}

/// Do the descriptors and step records lie where they can be read?
static inline swp_status swp_image_places(const swp_image* image) {
  unsigned i;
  if (image->layer_count == 0u || image->images == 0u) return SWP_IMAGE_COUNTS;
  if (image->desc_offset % SWP_FORMAT_ALIGN_BYTES != 0u) return SWP_IMAGE_ALIGNMENT;
  if (image->desc_offset < SWP_HEADER_BYTES ||
      image->desc_offset + (uint64_t)SWP_FORMAT_LAYER_BYTES * image->layer_count >
          image->image_bytes)
    return SWP_IMAGE_DESCRIPTORS;
  for (i = 0; i < image->layer_count; ++i) {
    const uint8_t* d = image->bytes + image->desc_offset + (size_t)SWP_FORMAT_LAYER_BYTES * i;
    const uint64_t count = swp_get32(d + SWP_LAYER_STEP_COUNT);
    const uint64_t from = swp_get32(d + SWP_LAYER_STEPS_OFFSET);
    if (count == 0u || from % SWP_FORMAT_ALIGN_BYTES != 0u ||
        from + SWP_FORMAT_STEP_BYTES * count > image->image_bytes)
      return SWP_IMAGE_STEPS;
  }
  if (!swp_tensor_fits(image, &image->input) || !swp_tensor_fits(image, &image->output))
    return SWP_IMAGE_TENSOR;
  return SWP_OK;
}

/// Reads and checks an image file of `bytes` bytes; `image` is to be used only with SWP_OK.
static inline swp_status swp_image_read(const uint8_t* p, uint64_t bytes, swp_image* image) {
  const swp_status whole = swp_image_whole(p, bytes);
  if (whole != SWP_OK) return whole;
  image->bytes = p;
  image->image_bytes = bytes;
  image->act_bytes = swp_get64(p + 16);
  image->desc_offset = swp_get32(p + 24);
  image->layer_count = swp_get16(p + 28);
  image->images = swp_get16(p + 30);
  image->poy = p[32];
  image->pox = p[33];
  image->pof = p[34];
  image->chains = p[35];
  image->bus_bytes = p[36];
  image->skip = (p[37] & 1u) != 0u;
  image->pool = (p[37] & 2u) != 0u;
  image->residual = (p[37] & 4u) != 0u;
  image->input = swp_tensor_read(p + 40);
  image->output = swp_tensor_read(p + 72);
  image->dense_read_beats = swp_get64(p + 104);
  return swp_image_places(image);
}

// --- do they fit
// ----------------------------------------------------------------------------------

/// Was the image made for this array?
static inline swp_status swp_check_array(const swp_caps* caps, const swp_image* image) {
  if (image->poy != caps->poy) return SWP_ARRAY_POY;
  if (image->pox != caps->pox) return SWP_ARRAY_POX;
  if (image->pof != caps->pof) return SWP_ARRAY_POF;
  if (image->chains != caps->chains) return SWP_ARRAY_CHAINS;
  if (image->bus_bytes != caps->bus_bytes) return SWP_ARRAY_BUS;
  if (image->skip != caps->skip) return SWP_ARRAY_SKIP;
  if (image->pool && !caps->pool) return SWP_ARRAY_POOL;
  if (image->residual && caps->res_depth == 0u) return SWP_ARRAY_RESIDUAL;
  return SWP_OK;
}

static inline swp_status swp_check_step(const swp_caps* caps, const uint8_t* layer,
                                        const uint8_t* step) {
  const uint64_t rows = swp_get16(step + SWP_STEP_ROWS), bus = caps->bus_bytes;
  const uint64_t passes =
      rows * swp_get16(step + SWP_STEP_SUB_ROWS) * swp_get16(step + SWP_STEP_SUB_COLS);
  const uint64_t words =
      (uint64_t)swp_get16(step + SWP_STEP_SLOTS) * swp_get16(layer + SWP_LAYER_SLOT_WORDS);
  if (words > caps->act_depth) return SWP_DEPTH_ACT;
  if (swp_get16(step + SWP_STEP_WEIGHT_BEATS) * bus > (uint64_t)caps->wgt_depth * caps->pof)
    return SWP_DEPTH_WEIGHT;
  if (swp_get16(step + SWP_STEP_LIST_BEATS) * bus >
      (uint64_t)caps->list_depth * SWP_FORMAT_ENTRY_BYTES)
    return SWP_DEPTH_LIST;
  if (rows > caps->param_depth) return SWP_DEPTH_PARAM;
  if ((swp_get32(step + SWP_STEP_FLAGS) & SWP_STEP_FLAG_RESIDUAL) != 0u && passes > caps->res_depth)
    return SWP_DEPTH_RESIDUAL;
  return SWP_OK;
}

/// Does every step fit into the buffers? The accelerator cannot tell: addresses wrap.
static inline swp_status swp_check_depths(const swp_caps* caps, const swp_image* image) {
  unsigned i;
  uint32_t s;
  for (i = 0; i < image->layer_count; ++i) {
    const uint8_t* d = image->bytes + image->desc_offset + (size_t)SWP_FORMAT_LAYER_BYTES * i;
    const uint8_t* steps = image->bytes + swp_get32(d + SWP_LAYER_STEPS_OFFSET);
    for (s = 0; s < swp_get32(d + SWP_LAYER_STEP_COUNT); ++s) {
      const swp_status fits = swp_check_step(caps, d, steps + (size_t)SWP_FORMAT_STEP_BYTES * s);
      if (fits != SWP_OK) return fits;
    }
  }
  return SWP_OK;
}

/// Are the two regions where the accelerator can use them? `act_bytes`: size of the second one.
static inline swp_status swp_check_memory(const swp_image* image, uint64_t image_base,
                                          uint64_t act_base, uint64_t act_bytes) {
  const uint64_t end = (uint64_t)1 << 40;
  if (image_base % SWP_FORMAT_ALIGN_BYTES != 0u) return SWP_BASE_IMAGE_ALIGNMENT;
  if (act_base % SWP_FORMAT_ALIGN_BYTES != 0u) return SWP_BASE_ACT_ALIGNMENT;
  if (act_bytes < image->act_bytes) return SWP_ACT_SIZE;
  if (image_base > end || image->image_bytes > end - image_base || act_base > end ||
      act_bytes > end - act_base)
    return SWP_BASE_RANGE;
  if (image_base < act_base + act_bytes && act_base < image_base + image->image_bytes)
    return SWP_BASE_OVERLAP;
  return SWP_OK;
}

// --- runs
// -----------------------------------------------------------------------------------------

/// Checks that accelerator, image and memory fit, and sets what a run needs; nothing is written
/// unless all is well. `watchdog`: cycles without progress before a run fails, longer than the
/// longest pass (64 times the input channels at most); 0: never. Interrupts that wait are
/// acknowledged, IRQ_ENABLE stays as it is.
static inline swp_status swp_prepare(const swp_bus* bus, const swp_image* image,
                                     uint64_t image_base, uint64_t act_base, uint64_t act_bytes,
                                     uint32_t watchdog) {
  swp_caps caps;
  swp_status ok = swp_probe(bus, &caps);
  if (ok == SWP_OK) ok = swp_check_array(&caps, image);
  if (ok == SWP_OK) ok = swp_check_depths(&caps, image);
  if (ok == SWP_OK) ok = swp_check_memory(image, image_base, act_base, act_bytes);
  if (ok != SWP_OK) return ok;
  if ((swp_read(bus, SWP_REG_STATUS) & SWP_STATUS_BUSY_MASK) != 0u) return SWP_BUSY;
  swp_write(bus, SWP_REG_IMAGE_BASE_LO, (uint32_t)image_base);
  swp_write(bus, SWP_REG_IMAGE_BASE_HI, (uint32_t)(image_base >> 32));
  swp_write(bus, SWP_REG_ACT_BASE_LO, (uint32_t)act_base);
  swp_write(bus, SWP_REG_ACT_BASE_HI, (uint32_t)(act_base >> 32));
  swp_write(bus, SWP_REG_DESC_OFFSET, image->desc_offset);
  swp_write(bus, SWP_REG_LAYER_COUNT, image->layer_count);
  swp_write(bus, SWP_REG_WATCHDOG, watchdog);
  swp_write(bus, SWP_REG_IRQ_STATUS, SWP_IRQ_ALL);
  return SWP_OK;
}

/// Begins a run, or gives SWP_REFUSED if one goes on (which is not disturbed). STATUS.refused
/// tells: an accepted start clears it, a refused one sets it.
static inline swp_status swp_start(const swp_bus* bus) {
  swp_write(bus, SWP_REG_CTRL, SWP_CTRL_START_MASK);
  return (swp_read(bus, SWP_REG_STATUS) & SWP_STATUS_REFUSED_MASK) != 0u ? SWP_REFUSED : SWP_OK;
}

/// Asks a run to end; what comes is a failed run with code SWP_RUN_ERROR_ABORTED, or a good one if
/// it was over already. Wait for it. A memory that never answers is helped by a reset only.
static inline void swp_abort(const swp_bus* bus) {
  swp_write(bus, SWP_REG_CTRL, SWP_CTRL_ABORT_MASK);
}

static inline swp_result swp_result_read(const swp_bus* bus) {
  swp_result r;
  const uint32_t error = swp_read(bus, SWP_REG_ERROR);
  const uint64_t high = swp_read(bus, SWP_REG_ERROR_ADDR_HI) & SWP_ERROR_ADDR_HI_ADDRESS_MASK;
  r.code = SWP_FIELD(error, ERROR_CODE);
  r.detail = SWP_FIELD(error, ERROR_DETAIL);
  r.address = high << 32 | swp_read(bus, SWP_REG_ERROR_ADDR_LO);
  return r;
}

/// SWP_BUSY while a run goes on; else how it ended: SWP_OK, SWP_RUN_FAILED (both set `result`), or
/// SWP_NOT_STARTED.
static inline swp_status swp_poll(const swp_bus* bus, swp_result* result) {
  const uint32_t status = swp_read(bus, SWP_REG_STATUS);
  if ((status & SWP_STATUS_BUSY_MASK) != 0u) return SWP_BUSY;
  if ((status & SWP_STATUS_DONE_MASK) == 0u) return SWP_NOT_STARTED;
  *result = swp_result_read(bus);
  return result->code == SWP_RUN_ERROR_NONE ? SWP_OK : SWP_RUN_FAILED;
}

/// Polls until a run has ended, `polls` times at most, then SWP_TIMEOUT: the run goes on.
static inline swp_status swp_wait(const swp_bus* bus, uint64_t polls, swp_result* result) {
  uint64_t i;
  for (i = 0; i < polls; ++i) {
    const swp_status now = swp_poll(bus, result);
    if (now != SWP_BUSY) return now;
    if (bus->relax != NULL) bus->relax(bus->context);
  }
  return SWP_TIMEOUT;
}

/// Which events (SWP_IRQ_*) raise the interrupt.
static inline void swp_irq_enable(const swp_bus* bus, uint32_t events) {
  swp_write(bus, SWP_REG_IRQ_ENABLE, events & SWP_IRQ_ALL);
}

/// Events since the last call, enabled or not, acknowledged; only those that were seen, so that
/// none is lost.
static inline uint32_t swp_irq_take(const swp_bus* bus) {
  const uint32_t events = swp_read(bus, SWP_REG_IRQ_STATUS) & SWP_IRQ_ALL;
  if (events != 0u) swp_write(bus, SWP_REG_IRQ_STATUS, events);
  return events;
}

/// Counters of the last run; while one goes on they are not of one moment.
static inline void swp_counters_read(const swp_bus* bus, swp_counters* counters) {
#define SWP_COUNTER_READ(name, offset, text) counters->name = swp_read(bus, offset);
  SWP_COUNTER_TABLE(SWP_COUNTER_READ)
#undef SWP_COUNTER_READ
}

/// Beats that sparsity saved in a run of the whole image; negative if its index lists cost more.
static inline int64_t swp_beats_skipped(const swp_image* image, const swp_counters* counters) {
  return (int64_t)image->dense_read_beats - counters->weight_beats - counters->act_beats;
}

/// The rule that a record breaks, by error code (layer_field, step_field) and detail.
static inline const char* swp_rule_text(unsigned code, unsigned detail) {
  static const char* const layer[] = {"kernel_h and kernel_w must be 1-8",
                                      "stride must be 1-4",
                                      "dilation must be 1-4",
                                      "pad must be at most 15",
                                      "segments must fit the array, and be at least 2 with pooling",
                                      "load_log2 must fit the bus",
                                      "run_log2 must fit Pox",
                                      "step_count must be at least 1",
                                      "pass_interval must be at least the drain's cycles",
                                      "unknown flags must be 0",
                                      "interleaved input needs stride 1 and segments of 1",
                                      "residual stride, load, shift or width is out of range"};
  static const char* const step[] = {"rows, sub_rows and sub_cols must be at least 1",
                                     "the first step of a layer must fetch weights and activations",
                                     "unknown flags must be 0",
                                     "images and plane_words must be at least 1",
                                     "a residual needs a layer with one, images and res_words"};
  if (code == SWP_RUN_ERROR_LAYER_FIELD && detail >= 1u && detail <= 12u) return layer[detail - 1u];
  if (code == SWP_RUN_ERROR_STEP_FIELD && detail >= 1u && detail <= 5u) return step[detail - 1u];
  return "";
}

#ifdef __cplusplus
}
#endif

#endif
