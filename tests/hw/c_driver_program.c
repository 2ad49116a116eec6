// SPDX-License-Identifier: Apache-2.0

// The driver in a program of nothing but C99: an image made by hand, registers in an array.

#include <stdio.h>

#include "tests/support/c_driver_flow.h"

static uint32_t registers[64];
static int polls_left;
static uint8_t file[SWP_HEADER_BYTES + 128 + 64];
static int failures;

static void check(int ok, const char* what) {
  if (ok) return;
  printf("FAILED: %s\n", what);
  ++failures;
}

static uint32_t read32(void* context, uint32_t offset) {
  uint32_t* r = (uint32_t*)context;
  if (offset == SWP_REG_STATUS && polls_left > 0 && --polls_left == 0) {
    r[SWP_REG_STATUS / 4] = SWP_STATUS_DONE_MASK;
    r[SWP_REG_IRQ_STATUS / 4] = SWP_IRQ_DONE;
  }
  return r[offset / 4];
}

static void write32(void* context, uint32_t offset, uint32_t value) {
  uint32_t* r = (uint32_t*)context;
  if (offset == SWP_REG_CTRL && (value & SWP_CTRL_START_MASK) != 0u) {
    r[SWP_REG_STATUS / 4] = SWP_STATUS_BUSY_MASK;
    r[SWP_REG_CNT_WEIGHT_BEATS / 4] = 30;
    r[SWP_REG_CNT_ACT_BEATS / 4] = 12;
    polls_left = 5;
  } else if (offset == SWP_REG_IRQ_STATUS) {
    r[offset / 4] &= ~value;
  } else if (offset != SWP_REG_CTRL) {
    r[offset / 4] = value;
  }
}

static void put(unsigned at, uint64_t value, unsigned bytes) {
  unsigned i;
  for (i = 0; i < bytes; ++i) file[at + i] = (uint8_t)(value >> (8 * i));
}

static void make_tensor(unsigned at, unsigned offset) {
  put(at, offset, 8);
  put(at + 8, 4, 4);
  put(at + 12, 2, 2);
  put(at + 14, 2, 2);
}

/// One layer with one step.
static void make_file(void) {
  put(0, SWP_HEADER_MAGIC, 4);
  put(4, 2, 2);
  put(6, 128, 2);
  put(8, sizeof file, 8);
  put(16, 128, 8);
  put(24, 128, 4);
  put(28, 1, 2);
  put(30, 1, 2);
  put(32, 0x02, 1);
  put(33, 0x02, 1);
  put(34, 0x04, 1);
  put(35, 0x01, 1);
  put(36, 0x08, 1);
  put(37, 1, 1);
  make_tensor(40, 0);
  make_tensor(72, 64);
  put(104, 100, 8);
  put(128 + SWP_LAYER_STEP_COUNT, 1, 4);
  put(128 + SWP_LAYER_STEPS_OFFSET, 256, 4);
  put(256 + SWP_STEP_ROWS, 1, 2);
  put(112, swp_crc32(file + 128, sizeof file - 128), 4);
  put(124, swp_crc32(file, 124), 4);
}

static void make_registers(void) {
  registers[SWP_REG_ID / 4] = SWP_RESET_ID;
  registers[SWP_REG_VERSION / 4] = SWP_RESET_VERSION;
  registers[SWP_REG_CAP0 / 4] = 0x01040202u;
  registers[SWP_REG_CAP1 / 4] = 0x00080608u;
  registers[SWP_REG_CAP2 / 4] = 0x00000206u;
  registers[SWP_REG_CAP3 / 4] = 0x00040207u;
}

int main(void) {
  swp_bus bus;
  c_flow_job job;
  c_flow_report report;
  bus.context = registers;
  bus.read32 = read32;
  bus.write32 = write32;
  bus.relax = NULL;
  make_file();
  make_registers();
  job.file = file;
  job.file_bytes = sizeof file;
  job.image_base = 0x1000;
  job.act_base = 0x2000;
  job.act_bytes = 128;
  job.polls = 100;
  job.watchdog = 0;
  job.interrupts = SWP_IRQ_ALL;
  check(swp_crc32((const uint8_t*)"123456789", 9) == 0xCBF43926u, "CRC of 123456789");
  check(c_driver_flow(&bus, &job, &report) == SWP_OK, report.stage);
  check(report.events == SWP_IRQ_DONE, "events");
  check(report.skipped == 58, "beats skipped");
  check(registers[SWP_REG_DESC_OFFSET / 4] == 128u, "desc_offset");
  file[200] ^= 1;
  check(c_driver_flow(&bus, &job, &report) == SWP_IMAGE_BODY_CRC, "damaged body");
  printf("%s: %s\n", report.stage, swp_status_text(report.status));
  return failures == 0 ? 0 : 1;
}
