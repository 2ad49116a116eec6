// SPDX-License-Identifier: Apache-2.0

// Generated from include/swprune/hw/regs.def by the target `regenerate`; do not edit.
// What each number means stands in docs/registers.md and docs/formats.md.
//
//   SWP_REG_x                 byte offset of a register, SWP_RESET_x its value after reset
//   SWP_r_f_LSB, SWP_r_f_MASK lowest bit of field f of register r, and its bits in place
//   SWP_LAYER_x, SWP_STEP_x   byte offsets in a layer descriptor, a step record
//
// C99, also C++.

#ifndef SWPRUNE_REGS_H
#define SWPRUNE_REGS_H

// registers
#define SWP_REG_ID 0x0u
#define SWP_REG_VERSION 0x4u
#define SWP_REG_CAP0 0x8u
#define SWP_REG_CAP1 0xCu
#define SWP_REG_CAP2 0x10u
#define SWP_REG_CAP3 0x14u
#define SWP_REG_CTRL 0x18u
#define SWP_REG_STATUS 0x1Cu
#define SWP_REG_ERROR 0x20u
#define SWP_REG_IMAGE_BASE_LO 0x24u
#define SWP_REG_IMAGE_BASE_HI 0x28u
#define SWP_REG_ACT_BASE_LO 0x2Cu
#define SWP_REG_ACT_BASE_HI 0x30u
#define SWP_REG_DESC_OFFSET 0x34u
#define SWP_REG_LAYER_COUNT 0x38u
#define SWP_REG_WATCHDOG 0x3Cu
#define SWP_REG_CNT_CYCLES 0x40u
#define SWP_REG_CNT_UOPS 0x44u
#define SWP_REG_CNT_BLOCKS 0x48u
#define SWP_REG_CNT_DRAIN_STALLS 0x4Cu
#define SWP_REG_CNT_LOAD_STALLS 0x50u
#define SWP_REG_CNT_READ_BEATS 0x54u
#define SWP_REG_CNT_WRITE_BEATS 0x58u
#define SWP_REG_CNT_WRITE_STALLS 0x5Cu
#define SWP_REG_CNT_WEIGHT_STALLS 0x60u
#define SWP_REG_CNT_ACT_STALLS 0x64u
#define SWP_REG_CNT_HAZARD_STALLS 0x68u
#define SWP_REG_CNT_PASSES 0x6Cu
#define SWP_REG_CNT_BLOCKS_SKIPPED 0x70u
#define SWP_REG_CNT_UOPS_SKIPPED 0x74u
#define SWP_REG_CNT_GROUPS_SKIPPED 0x78u
#define SWP_REG_CNT_WEIGHT_BEATS 0x7Cu
#define SWP_REG_CNT_ACT_BEATS 0x80u
#define SWP_REG_CNT_RES_BEATS 0x84u
#define SWP_REG_ERROR_ADDR_LO 0x88u
#define SWP_REG_ERROR_ADDR_HI 0x8Cu
#define SWP_REG_IRQ_ENABLE 0x90u
#define SWP_REG_IRQ_STATUS 0x94u
#define SWP_REG_CAP4 0x98u

// after reset (of CAP0 .. CAP4: what the core was built with)
#define SWP_RESET_ID 0x31505753u
#define SWP_RESET_VERSION 0x10100u
#define SWP_RESET_CTRL 0x0u
#define SWP_RESET_STATUS 0x0u
#define SWP_RESET_ERROR 0x0u
#define SWP_RESET_IMAGE_BASE_LO 0x0u
#define SWP_RESET_IMAGE_BASE_HI 0x0u
#define SWP_RESET_ACT_BASE_LO 0x0u
#define SWP_RESET_ACT_BASE_HI 0x0u
#define SWP_RESET_DESC_OFFSET 0x0u
#define SWP_RESET_LAYER_COUNT 0x0u
#define SWP_RESET_WATCHDOG 0x0u
#define SWP_RESET_CNT_CYCLES 0x0u
#define SWP_RESET_CNT_UOPS 0x0u
#define SWP_RESET_CNT_BLOCKS 0x0u
#define SWP_RESET_CNT_DRAIN_STALLS 0x0u
#define SWP_RESET_CNT_LOAD_STALLS 0x0u
#define SWP_RESET_CNT_READ_BEATS 0x0u
#define SWP_RESET_CNT_WRITE_BEATS 0x0u
#define SWP_RESET_CNT_WRITE_STALLS 0x0u
#define SWP_RESET_CNT_WEIGHT_STALLS 0x0u
#define SWP_RESET_CNT_ACT_STALLS 0x0u
#define SWP_RESET_CNT_HAZARD_STALLS 0x0u
#define SWP_RESET_CNT_PASSES 0x0u
#define SWP_RESET_CNT_BLOCKS_SKIPPED 0x0u
#define SWP_RESET_CNT_UOPS_SKIPPED 0x0u
#define SWP_RESET_CNT_GROUPS_SKIPPED 0x0u
#define SWP_RESET_CNT_WEIGHT_BEATS 0x0u
#define SWP_RESET_CNT_ACT_BEATS 0x0u
#define SWP_RESET_CNT_RES_BEATS 0x0u
#define SWP_RESET_ERROR_ADDR_LO 0x0u
#define SWP_RESET_ERROR_ADDR_HI 0x0u
#define SWP_RESET_IRQ_ENABLE 0x0u
#define SWP_RESET_IRQ_STATUS 0x0u

// fields of the registers
#define SWP_ID_VALUE_LSB 0
#define SWP_ID_VALUE_MASK 0xFFFFFFFFu
#define SWP_VERSION_PATCH_LSB 0
#define SWP_VERSION_PATCH_MASK 0xFFu
#define SWP_VERSION_MINOR_LSB 8
#define SWP_VERSION_MINOR_MASK 0xFF00u
#define SWP_VERSION_MAJOR_LSB 16
#define SWP_VERSION_MAJOR_MASK 0xFFFF0000u
#define SWP_CAP0_POY_LSB 0
#define SWP_CAP0_POY_MASK 0xFFu
#define SWP_CAP0_POX_LSB 8
#define SWP_CAP0_POX_MASK 0xFF00u
#define SWP_CAP0_POF_LSB 16
#define SWP_CAP0_POF_MASK 0xFF0000u
#define SWP_CAP0_CHAINS_LSB 24
#define SWP_CAP0_CHAINS_MASK 0xFF000000u
#define SWP_CAP1_BUS_BYTES_LSB 0
#define SWP_CAP1_BUS_BYTES_MASK 0xFFu
#define SWP_CAP1_ACT_DEPTH_LOG2_LSB 8
#define SWP_CAP1_ACT_DEPTH_LOG2_MASK 0xFF00u
#define SWP_CAP1_WGT_DEPTH_LOG2_LSB 16
#define SWP_CAP1_WGT_DEPTH_LOG2_MASK 0xFF0000u
#define SWP_CAP2_LIST_DEPTH_LOG2_LSB 0
#define SWP_CAP2_LIST_DEPTH_LOG2_MASK 0xFFu
#define SWP_CAP2_PARAM_DEPTH_LOG2_LSB 8
#define SWP_CAP2_PARAM_DEPTH_LOG2_MASK 0xFF00u
#define SWP_CAP3_SKIP_LSB 0
#define SWP_CAP3_SKIP_MASK 0x1u
#define SWP_CAP3_POOL_LSB 1
#define SWP_CAP3_POOL_MASK 0x2u
#define SWP_CAP3_AXI_LSB 2
#define SWP_CAP3_AXI_MASK 0x4u
#define SWP_CAP3_IMAGE_VERSION_LSB 8
#define SWP_CAP3_IMAGE_VERSION_MASK 0xFF00u
#define SWP_CAP3_RES_DEPTH_LOG2_P1_LSB 16
#define SWP_CAP3_RES_DEPTH_LOG2_P1_MASK 0xFF0000u
#define SWP_CTRL_START_LSB 0
#define SWP_CTRL_START_MASK 0x1u
#define SWP_CTRL_ABORT_LSB 1
#define SWP_CTRL_ABORT_MASK 0x2u
#define SWP_STATUS_BUSY_LSB 0
#define SWP_STATUS_BUSY_MASK 0x1u
#define SWP_STATUS_DONE_LSB 1
#define SWP_STATUS_DONE_MASK 0x2u
#define SWP_STATUS_STOPPING_LSB 2
#define SWP_STATUS_STOPPING_MASK 0x4u
#define SWP_STATUS_REFUSED_LSB 3
#define SWP_STATUS_REFUSED_MASK 0x8u
#define SWP_ERROR_CODE_LSB 0
#define SWP_ERROR_CODE_MASK 0xFFu
#define SWP_ERROR_DETAIL_LSB 8
#define SWP_ERROR_DETAIL_MASK 0xFF00u
#define SWP_IMAGE_BASE_LO_ADDRESS_LSB 0
#define SWP_IMAGE_BASE_LO_ADDRESS_MASK 0xFFFFFFFFu
#define SWP_IMAGE_BASE_HI_ADDRESS_LSB 0
#define SWP_IMAGE_BASE_HI_ADDRESS_MASK 0xFFu
#define SWP_ACT_BASE_LO_ADDRESS_LSB 0
#define SWP_ACT_BASE_LO_ADDRESS_MASK 0xFFFFFFFFu
#define SWP_ACT_BASE_HI_ADDRESS_LSB 0
#define SWP_ACT_BASE_HI_ADDRESS_MASK 0xFFu
#define SWP_DESC_OFFSET_BYTES_LSB 0
#define SWP_DESC_OFFSET_BYTES_MASK 0xFFFFFFFFu
#define SWP_LAYER_COUNT_LAYERS_LSB 0
#define SWP_LAYER_COUNT_LAYERS_MASK 0xFFFFu
#define SWP_WATCHDOG_CYCLES_LSB 0
#define SWP_WATCHDOG_CYCLES_MASK 0xFFFFFFFFu
#define SWP_CNT_CYCLES_COUNT_LSB 0
#define SWP_CNT_CYCLES_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_UOPS_COUNT_LSB 0
#define SWP_CNT_UOPS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_BLOCKS_COUNT_LSB 0
#define SWP_CNT_BLOCKS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_DRAIN_STALLS_COUNT_LSB 0
#define SWP_CNT_DRAIN_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_LOAD_STALLS_COUNT_LSB 0
#define SWP_CNT_LOAD_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_READ_BEATS_COUNT_LSB 0
#define SWP_CNT_READ_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WRITE_BEATS_COUNT_LSB 0
#define SWP_CNT_WRITE_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WRITE_STALLS_COUNT_LSB 0
#define SWP_CNT_WRITE_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WEIGHT_STALLS_COUNT_LSB 0
#define SWP_CNT_WEIGHT_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_ACT_STALLS_COUNT_LSB 0
#define SWP_CNT_ACT_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_HAZARD_STALLS_COUNT_LSB 0
#define SWP_CNT_HAZARD_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_PASSES_COUNT_LSB 0
#define SWP_CNT_PASSES_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_BLOCKS_SKIPPED_COUNT_LSB 0
#define SWP_CNT_BLOCKS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_UOPS_SKIPPED_COUNT_LSB 0
#define SWP_CNT_UOPS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_GROUPS_SKIPPED_COUNT_LSB 0
#define SWP_CNT_GROUPS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WEIGHT_BEATS_COUNT_LSB 0
#define SWP_CNT_WEIGHT_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_ACT_BEATS_COUNT_LSB 0
#define SWP_CNT_ACT_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_RES_BEATS_COUNT_LSB 0
#define SWP_CNT_RES_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_ERROR_ADDR_LO_ADDRESS_LSB 0
#define SWP_ERROR_ADDR_LO_ADDRESS_MASK 0xFFFFFFFFu
#define SWP_ERROR_ADDR_HI_ADDRESS_LSB 0
#define SWP_ERROR_ADDR_HI_ADDRESS_MASK 0xFFu
#define SWP_IRQ_ENABLE_DONE_LSB 0
#define SWP_IRQ_ENABLE_DONE_MASK 0x1u
#define SWP_IRQ_ENABLE_ERROR_LSB 1
#define SWP_IRQ_ENABLE_ERROR_MASK 0x2u
#define SWP_IRQ_ENABLE_REFUSED_LSB 2
#define SWP_IRQ_ENABLE_REFUSED_MASK 0x4u
#define SWP_IRQ_STATUS_DONE_LSB 0
#define SWP_IRQ_STATUS_DONE_MASK 0x1u
#define SWP_IRQ_STATUS_ERROR_LSB 1
#define SWP_IRQ_STATUS_ERROR_MASK 0x2u
#define SWP_IRQ_STATUS_REFUSED_LSB 2
#define SWP_IRQ_STATUS_REFUSED_MASK 0x4u
#define SWP_CAP4_RD_BURST_LOG2_LSB 0
#define SWP_CAP4_RD_BURST_LOG2_MASK 0xFFu
#define SWP_CAP4_RD_OUTSTANDING_LSB 8
#define SWP_CAP4_RD_OUTSTANDING_MASK 0xFF00u
#define SWP_CAP4_WR_BURST_LOG2_LSB 16
#define SWP_CAP4_WR_BURST_LOG2_MASK 0xFF0000u
#define SWP_CAP4_WR_OUTSTANDING_LSB 24
#define SWP_CAP4_WR_OUTSTANDING_MASK 0xFF000000u

// X(name, byte offset, meaning) for every counter
#define SWP_COUNTER_TABLE(X) \
  X(cycles, 0x40u, "cycles with busy; this and the other counters are of the last run, modulo 2^32, cleared by start") \
  X(uops, 0x44u, "micro-ops issued, those of empty rows included") \
  X(blocks, 0x48u, "blocks walked: entries that are not null, once per sub-tile") \
  X(drain_stalls, 0x4Cu, "cycles in which the array waited to be emptied") \
  X(load_stalls, 0x50u, "cycles in which the array waited for the loader") \
  X(read_beats, 0x54u, "beats read") \
  X(write_beats, 0x58u, "writes made") \
  X(write_stalls, 0x5Cu, "cycles in which the array waited for an output buffer") \
  X(weight_stalls, 0x60u, "load stalls during records, lists, parameters and weights") \
  X(act_stalls, 0x64u, "load stalls during fetch lists, planes and residuals") \
  X(hazard_stalls, 0x68u, "load stalls in which a tile waited to be in memory, or a residual to be read") \
  X(passes, 0x6Cu, "passes that ended") \
  X(blocks_skipped, 0x70u, "structural blocks of the passes that do not exist") \
  X(uops_skipped, 0x74u, "micro-ops that they would have taken") \
  X(groups_skipped, 0x78u, "input planes not fetched") \
  X(weight_beats, 0x7Cu, "beats read of lists, parameters, weights") \
  X(act_beats, 0x80u, "beats read of fetch lists, planes") \
  X(res_beats, 0x84u, "beats read of residuals")

// fixed numbers of the image
#define SWP_FORMAT_LAYER_MAGIC 0x4C505753u
#define SWP_FORMAT_LAYER_VERSION 0x2u
#define SWP_FORMAT_LAYER_BYTES 0x80u
#define SWP_FORMAT_STEP_BYTES 0x40u
#define SWP_FORMAT_ENTRY_BYTES 0x2u
#define SWP_FORMAT_PARAM_BYTES 0xCu
#define SWP_FORMAT_FETCH_BYTES 0x4u
#define SWP_FORMAT_ALIGN_BYTES 0x40u
#define SWP_FORMAT_OUT_BUFFERS 0x4u

// layer descriptor
#define SWP_LAYER_MAGIC 0x0u
#define SWP_LAYER_VERSION 0x4u
#define SWP_LAYER_BYTES 0x6u
#define SWP_LAYER_POY 0x8u
#define SWP_LAYER_POX 0x9u
#define SWP_LAYER_POF 0xAu
#define SWP_LAYER_BUS_BYTES 0xBu
#define SWP_LAYER_FLAGS 0xCu
#define SWP_LAYER_KERNEL_H 0x10u
#define SWP_LAYER_KERNEL_W 0x11u
#define SWP_LAYER_STRIDE 0x12u
#define SWP_LAYER_DILATION 0x13u
#define SWP_LAYER_SEG_Y_LOG2 0x14u
#define SWP_LAYER_SEG_X_LOG2 0x15u
#define SWP_LAYER_LOAD_LOG2 0x16u
#define SWP_LAYER_RUN_LOG2 0x17u
#define SWP_LAYER_ZERO_IN 0x18u
#define SWP_LAYER_ZERO_OUT 0x1Au
#define SWP_LAYER_CLAMP_LO 0x1Cu
#define SWP_LAYER_CLAMP_HI 0x1Eu
#define SWP_LAYER_IN_H 0x20u
#define SWP_LAYER_IN_W 0x22u
#define SWP_LAYER_CONV_H 0x24u
#define SWP_LAYER_CONV_W 0x26u
#define SWP_LAYER_PAD 0x28u
#define SWP_LAYER_OUT_GROUPS4 0x2Au
#define SWP_LAYER_BANK_COLS 0x2Cu
#define SWP_LAYER_SLOT_WORDS 0x2Eu
#define SWP_LAYER_STEP_COUNT 0x30u
#define SWP_LAYER_STEPS_OFFSET 0x34u
#define SWP_LAYER_OUT_PX_STRIDE 0x38u
#define SWP_LAYER_OUT_ROW_STRIDE 0x3Cu
#define SWP_LAYER_OUT_GROUP_STRIDE 0x40u
#define SWP_LAYER_OUT_IMAGE_STRIDE 0x44u
#define SWP_LAYER_IN_IMAGE_STRIDE 0x48u
#define SWP_LAYER_PASS_INTERVAL 0x4Cu
#define SWP_LAYER_RES_LOAD_LOG2 0x4Eu
#define SWP_LAYER_RES_STRIDE 0x4Fu
#define SWP_LAYER_RES_GROUP_STRIDE 0x50u
#define SWP_LAYER_RES_IMAGE_STRIDE 0x54u
#define SWP_LAYER_RES_ZERO 0x58u
#define SWP_LAYER_RES_MULTIPLIER 0x5Au
#define SWP_LAYER_RES_SHIFT 0x5Cu
#define SWP_LAYER_RES_W 0x5Eu
#define SWP_LAYER_IN_GROUPS 0x60u
#define SWP_LAYER_ROW_UOPS 0x64u
#define SWP_LAYER_CRC 0x7Cu
#define SWP_LAYER_FLAG_POOL 0x1u
#define SWP_LAYER_FLAG_INPUT_SIGNED 0x2u
#define SWP_LAYER_FLAG_OUTPUT_SIGNED 0x4u
#define SWP_LAYER_FLAG_INPUT_INTERLEAVED 0x8u
#define SWP_LAYER_FLAG_SKIP 0x10u
#define SWP_LAYER_FLAG_RESIDUAL 0x20u
#define SWP_LAYER_FLAG_RESIDUAL_SIGNED 0x40u
#define SWP_LAYER_FLAG_LOAD_STRIDED 0x80u
#define SWP_LAYER_FLAG_PHASE_ZERO 0x100u

// step record
#define SWP_STEP_FLAGS 0x0u
#define SWP_STEP_ROWS 0x4u
#define SWP_STEP_SUB_ROWS 0x6u
#define SWP_STEP_SUB_COLS 0x8u
#define SWP_STEP_SLOTS 0xAu
#define SWP_STEP_LIST_OFFSET 0xCu
#define SWP_STEP_LIST_BEATS 0x10u
#define SWP_STEP_PARAM_BEATS 0x12u
#define SWP_STEP_WEIGHT_BEATS 0x14u
#define SWP_STEP_PLANE_WORDS 0x16u
#define SWP_STEP_PARAM_OFFSET 0x18u
#define SWP_STEP_WEIGHT_OFFSET 0x1Cu
#define SWP_STEP_FETCH_OFFSET 0x20u
#define SWP_STEP_ACT_OFFSET 0x24u
#define SWP_STEP_RES_OFFSET 0x28u
#define SWP_STEP_IMAGES 0x2Cu
#define SWP_STEP_ROW_IDX0 0x2Eu
#define SWP_STEP_RES_WORDS 0x30u
#define SWP_STEP_OY_FIRST 0x32u
#define SWP_STEP_OUT_OFFSET 0x34u
#define SWP_STEP_LAST_CHANNELS 0x38u
#define SWP_STEP_Y_START 0x39u
#define SWP_STEP_OG_FIRST 0x3Au
#define SWP_STEP_CRC 0x3Cu
#define SWP_STEP_FLAG_NEW_WEIGHTS 0x1u
#define SWP_STEP_FLAG_NEW_ACTIVATIONS 0x2u
#define SWP_STEP_FLAG_WAIT_STORED 0x4u
#define SWP_STEP_FLAG_WAIT_BUT_LAST 0x8u
#define SWP_STEP_FLAG_RESIDUAL 0x10u

// error codes (field CODE of register ERROR)
#define SWP_RUN_ERROR_NONE 0x0u
#define SWP_RUN_ERROR_MAGIC 0x1u
#define SWP_RUN_ERROR_VERSION 0x2u
#define SWP_RUN_ERROR_ARRAY 0x3u
#define SWP_RUN_ERROR_LAYER_CRC 0x4u
#define SWP_RUN_ERROR_STEP_CRC 0x5u
#define SWP_RUN_ERROR_LAYER_FIELD 0x6u
#define SWP_RUN_ERROR_STEP_FIELD 0x7u
#define SWP_RUN_ERROR_READ_SLAVE 0x8u
#define SWP_RUN_ERROR_READ_DECODE 0x9u
#define SWP_RUN_ERROR_WRITE_SLAVE 0xAu
#define SWP_RUN_ERROR_WRITE_DECODE 0xBu
#define SWP_RUN_ERROR_WATCHDOG 0xCu
#define SWP_RUN_ERROR_ABORTED 0xDu

// name and meaning of an error code
static inline const char* swp_run_error_name(unsigned code) {
  switch (code) {
    case 0u: return "none";
    case 1u: return "magic";
    case 2u: return "version";
    case 3u: return "array";
    case 4u: return "layer_crc";
    case 5u: return "step_crc";
    case 6u: return "layer_field";
    case 7u: return "step_field";
    case 8u: return "read_slave";
    case 9u: return "read_decode";
    case 10u: return "write_slave";
    case 11u: return "write_decode";
    case 12u: return "watchdog";
    case 13u: return "aborted";
    default: return "unknown";
  }
}
static inline const char* swp_run_error_text(unsigned code) {
  switch (code) {
    case 0u: return "the run went well, or goes on";
    case 1u: return "a layer descriptor does not begin with its magic number";
    case 2u: return "a layer descriptor has another version or size";
    case 3u: return "a layer was made for another array: Poy, Pox, Pof, bus width, pooling, skipping or residual differ";
    case 4u: return "a layer descriptor's checksum is wrong";
    case 5u: return "a step record's checksum is wrong";
    case 6u: return "a field of a layer descriptor is out of its range; the detail is the rule";
    case 7u: return "a field of a step record is out of its range; the detail is the rule";
    case 8u: return "a read was answered SLVERR";
    case 9u: return "a read was answered DECERR";
    case 10u: return "a write was answered SLVERR";
    case 11u: return "a write was answered DECERR";
    case 12u: return "nothing moved for as many cycles as the watchdog allows";
    case 13u: return "the run was stopped by an abort";
    default: return "unknown";
  }
}

#endif
