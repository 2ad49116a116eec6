// SPDX-License-Identifier: Apache-2.0

/* Driver of the accelerator in swp_top (docs/accelerator-v2.md sections 8.3 and 9), plain C99, also
 * C++; no allocation, nothing of the C library but its integer types. The caller gives access to
 * the registers, loads the image file to memory, and provides the activation region:
 *
 *   swprune_array array;
 *   swprune_image image;
 *   if ((r = swprune_probe(&bus, &array)) != SWPRUNE_OK) ...
 *   if ((r = swprune_image_check(file, size, &array, &image)) != SWPRUNE_OK) ...
 *   if ((r = swprune_start(&bus, &image, file_address, act_address, watchdog)) != SWPRUNE_OK) ...
 *   while ((r = swprune_poll(&bus)) == SWPRUNE_RUNNING) ...      or wait for the interrupt
 *   if (r != SWPRUNE_OK) swprune_read_error(&bus, &error);
 *
 * Nothing here waits by itself. */
#ifndef SWPRUNE_DRIVER_H
#define SWPRUNE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "swprune/hw/c_registers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 32-bit accesses to the registers; `offset` is a multiple of 4 below 256. */
typedef struct swprune_bus {
  void* context;
  uint32_t (*read)(void* context, uint32_t offset);
  void (*write)(void* context, uint32_t offset, uint32_t value);
} swprune_bus;

/* What the functions answer. */
typedef enum swprune_result {
  SWPRUNE_OK = 0,
  SWPRUNE_RUNNING,
  SWPRUNE_NO_DEVICE,
  SWPRUNE_OTHER_MAP,
  SWPRUNE_IMAGE_SHORT,
  SWPRUNE_IMAGE_MAGIC,
  SWPRUNE_IMAGE_VERSION,
  SWPRUNE_IMAGE_HEADER_CRC,
  SWPRUNE_IMAGE_SIZE,
  SWPRUNE_IMAGE_BODY_CRC,
  SWPRUNE_IMAGE_ARRAY,
  SWPRUNE_IMAGE_FEATURES,
  SWPRUNE_BAD_ADDRESS,
  SWPRUNE_BUSY,
  SWPRUNE_NOT_STARTED,
  SWPRUNE_FAILED
} swprune_result;

static inline const char* swprune_result_text(swprune_result r) {
  switch (r) {
    case SWPRUNE_OK:
      return "well";
    case SWPRUNE_RUNNING:
      return "a run goes on";
    case SWPRUNE_NO_DEVICE:
      return "register ID does not say SWP1: no accelerator there";
    case SWPRUNE_OTHER_MAP:
      return "the register map has another major version than this driver";
    case SWPRUNE_IMAGE_SHORT:
      return "the image file is shorter than its header of 128 bytes";
    case SWPRUNE_IMAGE_MAGIC:
      return "the image file does not begin with SWPI";
    case SWPRUNE_IMAGE_VERSION:
      return "the image file has another version than the accelerator understands";
    case SWPRUNE_IMAGE_HEADER_CRC:
      return "the checksum of the image file's header is wrong";
    case SWPRUNE_IMAGE_SIZE:
      return "the image file is longer or shorter than its header says";
    case SWPRUNE_IMAGE_BODY_CRC:
      return "the checksum of the image file is wrong";
    case SWPRUNE_IMAGE_ARRAY:
      return "the image was compiled for another array";
    case SWPRUNE_IMAGE_FEATURES:
      return "the image needs pooling or residual add, which the accelerator was built without";
    case SWPRUNE_BAD_ADDRESS:
      return "addresses must be multiples of 64 below 2^40";
    case SWPRUNE_BUSY:
      return "a run goes on already; nothing was started";
    case SWPRUNE_NOT_STARTED:
      return "no run was started since the last reset";
    case SWPRUNE_FAILED:
      return "the run failed: swprune_read_error() tells why";
  }
  return "unknown result";
}

/* What the accelerator is. */
typedef struct swprune_array {
  unsigned poy, pox, pof, chains, bus_bytes;
  unsigned act_depth, wgt_depth, list_depth, param_depth;
  unsigned res_depth; /* 0: no residual add */
  int skip, pool;
  unsigned image_version;
} swprune_array;

/* What a run needs to know of an image file. */
typedef struct swprune_image {
  uint64_t image_bytes; /* of the whole file, header included */
  uint64_t act_bytes;   /* of the activation region to provide */
  uint32_t desc_offset;
  uint16_t layer_count;
  uint16_t images;           /* batch */
  uint64_t dense_read_beats; /* read beats without skipping */
} swprune_image;

/* Why a run failed. */
typedef struct swprune_error {
  unsigned code;    /* SWPRUNE_RUN_ERROR_...; swprune_run_error_text() */
  unsigned detail;  /* of codes 6 and 7: the rule of docs/accelerator-v2.md section 6.2 */
  uint64_t address; /* of the record or beat, 0 if there is none */
} swprune_error;

/* Counters of the last run, modulo 2^32, in the order of the registers. */
typedef struct swprune_counters {
  uint32_t cycles, uops, blocks, drain_stalls, load_stalls, read_beats, write_beats, write_stalls,
      weight_stalls, act_stalls, hazard_stalls, passes, blocks_skipped, uops_skipped,
      groups_skipped, weight_beats, act_beats, res_beats;
} swprune_counters;

/* Field of a register's value. */
#define SWPRUNE_GET(value, field) (((value)&SWPRUNE_##field##_MASK) >> SWPRUNE_##field##_LSB)

enum { SWPRUNE_HEADER_BYTES = 128 };

static inline uint32_t swprune_read(const swprune_bus* bus, uint32_t offset) {
  return bus->read(bus->context, offset);
}

static inline void swprune_write(const swprune_bus* bus, uint32_t offset, uint32_t value) {
  bus->write(bus->context, offset, value);
}

static inline uint32_t swprune_u32(const uint8_t* at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t swprune_u64(const uint8_t* at) {
  return swprune_u32(at) | (uint64_t)swprune_u32(at + 4) << 32;
}

static inline uint16_t swprune_u16(const uint8_t* at) { return (uint16_t)(at[0] | at[1] << 8); }

/* CRC-32 of zlib, four bits at a time. */
static inline uint32_t swprune_crc32(const uint8_t* bytes, size_t count) {
  static const uint32_t table[16] = {0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu,
                                     0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
                                     0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
                                     0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
  uint32_t crc = 0xffffffffu;
  size_t i;
  for (i = 0; i < count; ++i) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}

/* Reads what the accelerator is. SWPRUNE_NO_DEVICE, SWPRUNE_OTHER_MAP. */
static inline swprune_result swprune_probe(const swprune_bus* bus, swprune_array* array) {
  uint32_t cap, residual;
  if (swprune_read(bus, SWPRUNE_REG_ID) != SWPRUNE_ID_VALUE) return SWPRUNE_NO_DEVICE;
  if (SWPRUNE_GET(swprune_read(bus, SWPRUNE_REG_VERSION), VERSION_MAJOR) !=
      SWPRUNE_GET(SWPRUNE_VERSION_VALUE, VERSION_MAJOR))
    return SWPRUNE_OTHER_MAP;
  cap = swprune_read(bus, SWPRUNE_REG_CAP0);
  array->poy = SWPRUNE_GET(cap, CAP0_POY);
  array->pox = SWPRUNE_GET(cap, CAP0_POX);
  array->pof = SWPRUNE_GET(cap, CAP0_POF);
  array->chains = SWPRUNE_GET(cap, CAP0_CHAINS);
  cap = swprune_read(bus, SWPRUNE_REG_CAP1);
  array->bus_bytes = SWPRUNE_GET(cap, CAP1_BUS_BYTES);
  array->act_depth = 1u << SWPRUNE_GET(cap, CAP1_ACT_DEPTH_LOG2);
  array->wgt_depth = 1u << SWPRUNE_GET(cap, CAP1_WGT_DEPTH_LOG2);
  cap = swprune_read(bus, SWPRUNE_REG_CAP2);
  array->list_depth = 1u << SWPRUNE_GET(cap, CAP2_LIST_DEPTH_LOG2);
  array->param_depth = 1u << SWPRUNE_GET(cap, CAP2_PARAM_DEPTH_LOG2);
  cap = swprune_read(bus, SWPRUNE_REG_CAP3);
  residual = SWPRUNE_GET(cap, CAP3_RES_DEPTH_LOG2_P1);
  array->res_depth = residual == 0 ? 0u : 1u << (residual - 1);
  array->skip = SWPRUNE_GET(cap, CAP3_SKIP) != 0;
  array->pool = SWPRUNE_GET(cap, CAP3_POOL) != 0;
  array->image_version = SWPRUNE_GET(cap, CAP3_IMAGE_VERSION);
  return SWPRUNE_OK;
}

/* Checks an image file of `size` bytes for this array and reads its header: SWPRUNE_IMAGE_SHORT,
 * _MAGIC, _VERSION, _HEADER_CRC, _SIZE, _BODY_CRC, _ARRAY, _FEATURES, in this order. */
static inline swprune_result swprune_image_check(const uint8_t* file, size_t size,
                                                 const swprune_array* array, swprune_image* image) {
  unsigned flags;
  if (size < SWPRUNE_HEADER_BYTES) return SWPRUNE_IMAGE_SHORT;
  if (swprune_u32(file) != 0x49505753u) return SWPRUNE_IMAGE_MAGIC;
  if (swprune_u16(file + 4) != array->image_version ||
      swprune_u16(file + 6) != SWPRUNE_HEADER_BYTES)
    return SWPRUNE_IMAGE_VERSION;
  if (swprune_crc32(file, 124) != swprune_u32(file + 124)) return SWPRUNE_IMAGE_HEADER_CRC;
  if (swprune_u64(file + 8) != size) return SWPRUNE_IMAGE_SIZE;
  if (swprune_crc32(file + SWPRUNE_HEADER_BYTES, size - SWPRUNE_HEADER_BYTES) !=
      swprune_u32(file + 112))
    return SWPRUNE_IMAGE_BODY_CRC;
  flags = file[37];
  if (file[32] != array->poy || file[33] != array->pox || file[34] != array->pof ||
      file[35] != array->chains || file[36] != array->bus_bytes ||
      (flags & 1u) != (array->skip ? 1u : 0u))
    return SWPRUNE_IMAGE_ARRAY;
  if (((flags & 2u) != 0 && !array->pool) || ((flags & 4u) != 0 && array->res_depth == 0))
    return SWPRUNE_IMAGE_FEATURES;
  image->image_bytes = size;
  image->act_bytes = swprune_u64(file + 16);
  image->desc_offset = swprune_u32(file + 24);
  image->layer_count = swprune_u16(file + 28);
  image->images = swprune_u16(file + 30);
  image->dense_read_beats = swprune_u64(file + 104);
  return SWPRUNE_OK;
}

/* Begins a run of the image file that lies at `file_address`, with its activation region at
 * `act_address`; both are addresses of the accelerator's memory bus. `watchdog`: cycles without
 * progress before the run is stopped, 0: off. SWPRUNE_BAD_ADDRESS, SWPRUNE_BUSY. */
static inline swprune_result swprune_start(const swprune_bus* bus, const swprune_image* image,
                                           uint64_t file_address, uint64_t act_address,
                                           uint32_t watchdog) {
  const uint64_t base = file_address + SWPRUNE_HEADER_BYTES;
  if (file_address % 64 != 0 || act_address % 64 != 0 || file_address >> 40 != 0 ||
      base >> 40 != 0 || act_address >> 40 != 0)
    return SWPRUNE_BAD_ADDRESS;
  if ((swprune_read(bus, SWPRUNE_REG_STATUS) & SWPRUNE_STATUS_BUSY_MASK) != 0) return SWPRUNE_BUSY;
  swprune_write(bus, SWPRUNE_REG_IMAGE_BASE_LO, (uint32_t)base);
  swprune_write(bus, SWPRUNE_REG_IMAGE_BASE_HI, (uint32_t)(base >> 32));
  swprune_write(bus, SWPRUNE_REG_ACT_BASE_LO, (uint32_t)act_address);
  swprune_write(bus, SWPRUNE_REG_ACT_BASE_HI, (uint32_t)(act_address >> 32));
  swprune_write(bus, SWPRUNE_REG_DESC_OFFSET, image->desc_offset);
  swprune_write(bus, SWPRUNE_REG_LAYER_COUNT, image->layer_count);
  swprune_write(bus, SWPRUNE_REG_WATCHDOG, watchdog);
  swprune_write(bus, SWPRUNE_REG_CTRL, SWPRUNE_CTRL_START_MASK);
  /* Somebody else may have been faster. */
  return (swprune_read(bus, SWPRUNE_REG_STATUS) & SWPRUNE_STATUS_REFUSED_MASK) != 0 ? SWPRUNE_BUSY
                                                                                   : SWPRUNE_OK;
}

/* State of the run: SWPRUNE_RUNNING, SWPRUNE_OK when the last one ended well, SWPRUNE_FAILED, and
 * SWPRUNE_NOT_STARTED when there was none or a reset has ended it. */
static inline swprune_result swprune_poll(const swprune_bus* bus) {
  const uint32_t status = swprune_read(bus, SWPRUNE_REG_STATUS);
  if ((status & SWPRUNE_STATUS_BUSY_MASK) != 0) return SWPRUNE_RUNNING;
  if ((status & SWPRUNE_STATUS_DONE_MASK) == 0) return SWPRUNE_NOT_STARTED;
  return swprune_read(bus, SWPRUNE_REG_ERROR) == 0 ? SWPRUNE_OK : SWPRUNE_FAILED;
}

/* Ends the run in order: all open bursts are answered, then SWPRUNE_RUN_ERROR_ABORTED. Without a
 * run nothing happens. */
static inline void swprune_abort(const swprune_bus* bus) {
  swprune_write(bus, SWPRUNE_REG_CTRL, SWPRUNE_CTRL_ABORT_MASK);
}

/* Chooses what raises the interrupt: SWPRUNE_IRQ_ENABLE_..._MASK, or-ed; 0: none. */
static inline void swprune_enable_interrupts(const swprune_bus* bus, uint32_t mask) {
  swprune_write(bus, SWPRUNE_REG_IRQ_ENABLE, mask);
}

/* What has happened since it was acknowledged last, SWPRUNE_IRQ_STATUS_..._MASK or-ed, and
 * acknowledges it. */
static inline uint32_t swprune_take_interrupts(const swprune_bus* bus) {
  const uint32_t events = swprune_read(bus, SWPRUNE_REG_IRQ_STATUS);
  swprune_write(bus, SWPRUNE_REG_IRQ_STATUS, events);
  return events;
}

/* Why the last run failed; code 0 if it did not. */
static inline void swprune_read_error(const swprune_bus* bus, swprune_error* error) {
  const uint32_t value = swprune_read(bus, SWPRUNE_REG_ERROR);
  error->code = SWPRUNE_GET(value, ERROR_CODE);
  error->detail = SWPRUNE_GET(value, ERROR_DETAIL);
  error->address = swprune_read(bus, SWPRUNE_REG_ERROR_ADDR_LO) |
                   (uint64_t)swprune_read(bus, SWPRUNE_REG_ERROR_ADDR_HI) << 32;
}

/* Counters of the last run; read them when it has ended. */
static inline void swprune_read_counters(const swprune_bus* bus, swprune_counters* c) {
  c->cycles = swprune_read(bus, SWPRUNE_REG_CNT_CYCLES);
  c->uops = swprune_read(bus, SWPRUNE_REG_CNT_UOPS);
  c->blocks = swprune_read(bus, SWPRUNE_REG_CNT_BLOCKS);
  c->drain_stalls = swprune_read(bus, SWPRUNE_REG_CNT_DRAIN_STALLS);
  c->load_stalls = swprune_read(bus, SWPRUNE_REG_CNT_LOAD_STALLS);
  c->read_beats = swprune_read(bus, SWPRUNE_REG_CNT_READ_BEATS);
  c->write_beats = swprune_read(bus, SWPRUNE_REG_CNT_WRITE_BEATS);
  c->write_stalls = swprune_read(bus, SWPRUNE_REG_CNT_WRITE_STALLS);
  c->weight_stalls = swprune_read(bus, SWPRUNE_REG_CNT_WEIGHT_STALLS);
  c->act_stalls = swprune_read(bus, SWPRUNE_REG_CNT_ACT_STALLS);
  c->hazard_stalls = swprune_read(bus, SWPRUNE_REG_CNT_HAZARD_STALLS);
  c->passes = swprune_read(bus, SWPRUNE_REG_CNT_PASSES);
  c->blocks_skipped = swprune_read(bus, SWPRUNE_REG_CNT_BLOCKS_SKIPPED);
  c->uops_skipped = swprune_read(bus, SWPRUNE_REG_CNT_UOPS_SKIPPED);
  c->groups_skipped = swprune_read(bus, SWPRUNE_REG_CNT_GROUPS_SKIPPED);
  c->weight_beats = swprune_read(bus, SWPRUNE_REG_CNT_WEIGHT_BEATS);
  c->act_beats = swprune_read(bus, SWPRUNE_REG_CNT_ACT_BEATS);
  c->res_beats = swprune_read(bus, SWPRUNE_REG_CNT_RES_BEATS);
}

#ifdef __cplusplus
}
#endif

#endif
