// SPDX-License-Identifier: Apache-2.0

// Generated from include/swprune/hw/regs.def by the target `regenerate`; do not edit.
// What each number means stands in docs/registers.md, docs/formats.md and docs/accelerator.md.
// *_BIT is the lowest bit of a field, *_BITS its width.

`default_nettype none

package swp_regs_pkg;

  // The package holds the whole table; a core uses a part of it.
  // verilator lint_off UNUSEDPARAM

  // registers: byte offsets
  localparam logic [7:0] REG_ID = 8'h0;
  localparam logic [7:0] REG_VERSION = 8'h4;
  localparam logic [7:0] REG_CAP0 = 8'h8;
  localparam logic [7:0] REG_CAP1 = 8'hC;
  localparam logic [7:0] REG_CAP2 = 8'h10;
  localparam logic [7:0] REG_CAP3 = 8'h14;
  localparam logic [7:0] REG_CTRL = 8'h18;
  localparam logic [7:0] REG_STATUS = 8'h1C;
  localparam logic [7:0] REG_ERROR = 8'h20;
  localparam logic [7:0] REG_IMAGE_BASE_LO = 8'h24;
  localparam logic [7:0] REG_IMAGE_BASE_HI = 8'h28;
  localparam logic [7:0] REG_ACT_BASE_LO = 8'h2C;
  localparam logic [7:0] REG_ACT_BASE_HI = 8'h30;
  localparam logic [7:0] REG_DESC_OFFSET = 8'h34;
  localparam logic [7:0] REG_LAYER_COUNT = 8'h38;
  localparam logic [7:0] REG_CNT_CYCLES = 8'h40;
  localparam logic [7:0] REG_CNT_UOPS = 8'h44;
  localparam logic [7:0] REG_CNT_BLOCKS = 8'h48;
  localparam logic [7:0] REG_CNT_DRAIN_STALLS = 8'h4C;
  localparam logic [7:0] REG_CNT_LOAD_STALLS = 8'h50;
  localparam logic [7:0] REG_CNT_READ_BEATS = 8'h54;
  localparam logic [7:0] REG_CNT_WRITE_BEATS = 8'h58;

  // registers: values after reset
  localparam logic [31:0] RESET_ID = 32'h31505753;
  localparam logic [31:0] RESET_VERSION = 32'h10000;
  localparam logic [31:0] RESET_CAP0 = 32'h0;
  localparam logic [31:0] RESET_CAP1 = 32'h0;
  localparam logic [31:0] RESET_CAP2 = 32'h0;
  localparam logic [31:0] RESET_CAP3 = 32'h0;
  localparam logic [31:0] RESET_CTRL = 32'h0;
  localparam logic [31:0] RESET_STATUS = 32'h0;
  localparam logic [31:0] RESET_ERROR = 32'h0;
  localparam logic [31:0] RESET_IMAGE_BASE_LO = 32'h0;
  localparam logic [31:0] RESET_IMAGE_BASE_HI = 32'h0;
  localparam logic [31:0] RESET_ACT_BASE_LO = 32'h0;
  localparam logic [31:0] RESET_ACT_BASE_HI = 32'h0;
  localparam logic [31:0] RESET_DESC_OFFSET = 32'h0;
  localparam logic [31:0] RESET_LAYER_COUNT = 32'h0;
  localparam logic [31:0] RESET_CNT_CYCLES = 32'h0;
  localparam logic [31:0] RESET_CNT_UOPS = 32'h0;
  localparam logic [31:0] RESET_CNT_BLOCKS = 32'h0;
  localparam logic [31:0] RESET_CNT_DRAIN_STALLS = 32'h0;
  localparam logic [31:0] RESET_CNT_LOAD_STALLS = 32'h0;
  localparam logic [31:0] RESET_CNT_READ_BEATS = 32'h0;
  localparam logic [31:0] RESET_CNT_WRITE_BEATS = 32'h0;

  // registers: fields
  localparam int unsigned FIELD_ID_VALUE_BIT = 0;
  localparam int unsigned FIELD_ID_VALUE_BITS = 32;
  localparam int unsigned FIELD_VERSION_PATCH_BIT = 0;
  localparam int unsigned FIELD_VERSION_PATCH_BITS = 8;
  localparam int unsigned FIELD_VERSION_MINOR_BIT = 8;
  localparam int unsigned FIELD_VERSION_MINOR_BITS = 8;
  localparam int unsigned FIELD_VERSION_MAJOR_BIT = 16;
  localparam int unsigned FIELD_VERSION_MAJOR_BITS = 16;
  localparam int unsigned FIELD_CAP0_POY_BIT = 0;
  localparam int unsigned FIELD_CAP0_POY_BITS = 8;
  localparam int unsigned FIELD_CAP0_POX_BIT = 8;
  localparam int unsigned FIELD_CAP0_POX_BITS = 8;
  localparam int unsigned FIELD_CAP0_POF_BIT = 16;
  localparam int unsigned FIELD_CAP0_POF_BITS = 8;
  localparam int unsigned FIELD_CAP0_CHAINS_BIT = 24;
  localparam int unsigned FIELD_CAP0_CHAINS_BITS = 8;
  localparam int unsigned FIELD_CAP1_BUS_BYTES_BIT = 0;
  localparam int unsigned FIELD_CAP1_BUS_BYTES_BITS = 8;
  localparam int unsigned FIELD_CAP1_ACT_DEPTH_LOG2_BIT = 8;
  localparam int unsigned FIELD_CAP1_ACT_DEPTH_LOG2_BITS = 8;
  localparam int unsigned FIELD_CAP1_WGT_DEPTH_LOG2_BIT = 16;
  localparam int unsigned FIELD_CAP1_WGT_DEPTH_LOG2_BITS = 8;
  localparam int unsigned FIELD_CAP2_LIST_DEPTH_LOG2_BIT = 0;
  localparam int unsigned FIELD_CAP2_LIST_DEPTH_LOG2_BITS = 8;
  localparam int unsigned FIELD_CAP2_PARAM_DEPTH_LOG2_BIT = 8;
  localparam int unsigned FIELD_CAP2_PARAM_DEPTH_LOG2_BITS = 8;
  localparam int unsigned FIELD_CAP3_SKIP_BIT = 0;
  localparam int unsigned FIELD_CAP3_SKIP_BITS = 1;
  localparam int unsigned FIELD_CAP3_POOL_BIT = 1;
  localparam int unsigned FIELD_CAP3_POOL_BITS = 1;
  localparam int unsigned FIELD_CAP3_IMAGE_VERSION_BIT = 8;
  localparam int unsigned FIELD_CAP3_IMAGE_VERSION_BITS = 8;
  localparam int unsigned FIELD_CTRL_START_BIT = 0;
  localparam int unsigned FIELD_CTRL_START_BITS = 1;
  localparam int unsigned FIELD_STATUS_BUSY_BIT = 0;
  localparam int unsigned FIELD_STATUS_BUSY_BITS = 1;
  localparam int unsigned FIELD_STATUS_DONE_BIT = 1;
  localparam int unsigned FIELD_STATUS_DONE_BITS = 1;
  localparam int unsigned FIELD_ERROR_CODE_BIT = 0;
  localparam int unsigned FIELD_ERROR_CODE_BITS = 8;
  localparam int unsigned FIELD_IMAGE_BASE_LO_ADDRESS_BIT = 0;
  localparam int unsigned FIELD_IMAGE_BASE_LO_ADDRESS_BITS = 32;
  localparam int unsigned FIELD_IMAGE_BASE_HI_ADDRESS_BIT = 0;
  localparam int unsigned FIELD_IMAGE_BASE_HI_ADDRESS_BITS = 8;
  localparam int unsigned FIELD_ACT_BASE_LO_ADDRESS_BIT = 0;
  localparam int unsigned FIELD_ACT_BASE_LO_ADDRESS_BITS = 32;
  localparam int unsigned FIELD_ACT_BASE_HI_ADDRESS_BIT = 0;
  localparam int unsigned FIELD_ACT_BASE_HI_ADDRESS_BITS = 8;
  localparam int unsigned FIELD_DESC_OFFSET_BYTES_BIT = 0;
  localparam int unsigned FIELD_DESC_OFFSET_BYTES_BITS = 32;
  localparam int unsigned FIELD_LAYER_COUNT_LAYERS_BIT = 0;
  localparam int unsigned FIELD_LAYER_COUNT_LAYERS_BITS = 16;
  localparam int unsigned FIELD_CNT_CYCLES_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_CYCLES_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_UOPS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_UOPS_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_BLOCKS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_BLOCKS_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_DRAIN_STALLS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_DRAIN_STALLS_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_LOAD_STALLS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_LOAD_STALLS_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_READ_BEATS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_READ_BEATS_COUNT_BITS = 32;
  localparam int unsigned FIELD_CNT_WRITE_BEATS_COUNT_BIT = 0;
  localparam int unsigned FIELD_CNT_WRITE_BEATS_COUNT_BITS = 32;

  // fixed numbers of the image
  localparam logic [31:0] LAYER_MAGIC = 32'h4C505753;
  localparam logic [15:0] LAYER_VERSION = 16'h2;
  localparam logic [15:0] LAYER_BYTES = 16'h80;
  localparam logic [15:0] STEP_BYTES = 16'h40;
  localparam logic [15:0] ENTRY_BYTES = 16'h2;
  localparam logic [15:0] PARAM_BYTES = 16'hC;
  localparam logic [15:0] FETCH_BYTES = 16'h4;
  localparam logic [15:0] ALIGN_BYTES = 16'h40;
  localparam logic [15:0] OUT_BUFFERS = 16'h4;

  // layer descriptor
  localparam int unsigned LAYER_MAGIC_BIT = 0;
  localparam int unsigned LAYER_MAGIC_BITS = 32;
  localparam int unsigned LAYER_VERSION_BIT = 32;
  localparam int unsigned LAYER_VERSION_BITS = 16;
  localparam int unsigned LAYER_BYTES_BIT = 48;
  localparam int unsigned LAYER_BYTES_BITS = 16;
  localparam int unsigned LAYER_POY_BIT = 64;
  localparam int unsigned LAYER_POY_BITS = 8;
  localparam int unsigned LAYER_POX_BIT = 72;
  localparam int unsigned LAYER_POX_BITS = 8;
  localparam int unsigned LAYER_POF_BIT = 80;
  localparam int unsigned LAYER_POF_BITS = 8;
  localparam int unsigned LAYER_BUS_BYTES_BIT = 88;
  localparam int unsigned LAYER_BUS_BYTES_BITS = 8;
  localparam int unsigned LAYER_FLAGS_BIT = 96;
  localparam int unsigned LAYER_FLAGS_BITS = 32;
  localparam int unsigned LAYER_KERNEL_H_BIT = 128;
  localparam int unsigned LAYER_KERNEL_H_BITS = 8;
  localparam int unsigned LAYER_KERNEL_W_BIT = 136;
  localparam int unsigned LAYER_KERNEL_W_BITS = 8;
  localparam int unsigned LAYER_STRIDE_BIT = 144;
  localparam int unsigned LAYER_STRIDE_BITS = 8;
  localparam int unsigned LAYER_DILATION_BIT = 152;
  localparam int unsigned LAYER_DILATION_BITS = 8;
  localparam int unsigned LAYER_SEG_Y_LOG2_BIT = 160;
  localparam int unsigned LAYER_SEG_Y_LOG2_BITS = 8;
  localparam int unsigned LAYER_SEG_X_LOG2_BIT = 168;
  localparam int unsigned LAYER_SEG_X_LOG2_BITS = 8;
  localparam int unsigned LAYER_LOAD_LOG2_BIT = 176;
  localparam int unsigned LAYER_LOAD_LOG2_BITS = 8;
  localparam int unsigned LAYER_RUN_LOG2_BIT = 184;
  localparam int unsigned LAYER_RUN_LOG2_BITS = 8;
  localparam int unsigned LAYER_ZERO_IN_BIT = 192;
  localparam int unsigned LAYER_ZERO_IN_BITS = 16;
  localparam int unsigned LAYER_ZERO_OUT_BIT = 208;
  localparam int unsigned LAYER_ZERO_OUT_BITS = 16;
  localparam int unsigned LAYER_CLAMP_LO_BIT = 224;
  localparam int unsigned LAYER_CLAMP_LO_BITS = 16;
  localparam int unsigned LAYER_CLAMP_HI_BIT = 240;
  localparam int unsigned LAYER_CLAMP_HI_BITS = 16;
  localparam int unsigned LAYER_IN_H_BIT = 256;
  localparam int unsigned LAYER_IN_H_BITS = 16;
  localparam int unsigned LAYER_IN_W_BIT = 272;
  localparam int unsigned LAYER_IN_W_BITS = 16;
  localparam int unsigned LAYER_CONV_H_BIT = 288;
  localparam int unsigned LAYER_CONV_H_BITS = 16;
  localparam int unsigned LAYER_CONV_W_BIT = 304;
  localparam int unsigned LAYER_CONV_W_BITS = 16;
  localparam int unsigned LAYER_PAD_BIT = 320;
  localparam int unsigned LAYER_PAD_BITS = 8;
  localparam int unsigned LAYER_OUT_GROUPS4_BIT = 336;
  localparam int unsigned LAYER_OUT_GROUPS4_BITS = 16;
  localparam int unsigned LAYER_BANK_COLS_BIT = 352;
  localparam int unsigned LAYER_BANK_COLS_BITS = 16;
  localparam int unsigned LAYER_SLOT_WORDS_BIT = 368;
  localparam int unsigned LAYER_SLOT_WORDS_BITS = 16;
  localparam int unsigned LAYER_STEP_COUNT_BIT = 384;
  localparam int unsigned LAYER_STEP_COUNT_BITS = 32;
  localparam int unsigned LAYER_STEPS_OFFSET_BIT = 416;
  localparam int unsigned LAYER_STEPS_OFFSET_BITS = 32;
  localparam int unsigned LAYER_OUT_PX_STRIDE_BIT = 448;
  localparam int unsigned LAYER_OUT_PX_STRIDE_BITS = 32;
  localparam int unsigned LAYER_OUT_ROW_STRIDE_BIT = 480;
  localparam int unsigned LAYER_OUT_ROW_STRIDE_BITS = 32;
  localparam int unsigned LAYER_OUT_GROUP_STRIDE_BIT = 512;
  localparam int unsigned LAYER_OUT_GROUP_STRIDE_BITS = 32;
  localparam int unsigned LAYER_OUT_IMAGE_STRIDE_BIT = 544;
  localparam int unsigned LAYER_OUT_IMAGE_STRIDE_BITS = 32;
  localparam int unsigned LAYER_IN_IMAGE_STRIDE_BIT = 576;
  localparam int unsigned LAYER_IN_IMAGE_STRIDE_BITS = 32;
  localparam int unsigned LAYER_PASS_INTERVAL_BIT = 608;
  localparam int unsigned LAYER_PASS_INTERVAL_BITS = 16;
  localparam int unsigned LAYER_RES_LOAD_LOG2_BIT = 624;
  localparam int unsigned LAYER_RES_LOAD_LOG2_BITS = 8;
  localparam int unsigned LAYER_RES_STRIDE_BIT = 632;
  localparam int unsigned LAYER_RES_STRIDE_BITS = 8;
  localparam int unsigned LAYER_RES_GROUP_STRIDE_BIT = 640;
  localparam int unsigned LAYER_RES_GROUP_STRIDE_BITS = 32;
  localparam int unsigned LAYER_RES_IMAGE_STRIDE_BIT = 672;
  localparam int unsigned LAYER_RES_IMAGE_STRIDE_BITS = 32;
  localparam int unsigned LAYER_RES_ZERO_BIT = 704;
  localparam int unsigned LAYER_RES_ZERO_BITS = 16;
  localparam int unsigned LAYER_RES_MULTIPLIER_BIT = 720;
  localparam int unsigned LAYER_RES_MULTIPLIER_BITS = 16;
  localparam int unsigned LAYER_RES_SHIFT_BIT = 736;
  localparam int unsigned LAYER_RES_SHIFT_BITS = 8;
  localparam int unsigned LAYER_RES_W_BIT = 752;
  localparam int unsigned LAYER_RES_W_BITS = 16;
  localparam int unsigned LAYER_IN_GROUPS_BIT = 768;
  localparam int unsigned LAYER_IN_GROUPS_BITS = 16;
  localparam int unsigned LAYER_ROW_UOPS_BIT = 800;
  localparam int unsigned LAYER_ROW_UOPS_BITS = 32;
  localparam int unsigned LAYER_CRC_BIT = 992;
  localparam int unsigned LAYER_CRC_BITS = 32;
  localparam int unsigned LAYER_FLAG_POOL = 0;
  localparam int unsigned LAYER_FLAG_INPUT_SIGNED = 1;
  localparam int unsigned LAYER_FLAG_OUTPUT_SIGNED = 2;
  localparam int unsigned LAYER_FLAG_INPUT_INTERLEAVED = 3;
  localparam int unsigned LAYER_FLAG_SKIP = 4;
  localparam int unsigned LAYER_FLAG_RESIDUAL = 5;
  localparam int unsigned LAYER_FLAG_RESIDUAL_SIGNED = 6;
  localparam int unsigned LAYER_FLAG_LOAD_STRIDED = 7;
  localparam int unsigned LAYER_FLAG_PHASE_ZERO = 8;

  // step record
  localparam int unsigned STEP_FLAGS_BIT = 0;
  localparam int unsigned STEP_FLAGS_BITS = 32;
  localparam int unsigned STEP_ROWS_BIT = 32;
  localparam int unsigned STEP_ROWS_BITS = 16;
  localparam int unsigned STEP_SUB_ROWS_BIT = 48;
  localparam int unsigned STEP_SUB_ROWS_BITS = 16;
  localparam int unsigned STEP_SUB_COLS_BIT = 64;
  localparam int unsigned STEP_SUB_COLS_BITS = 16;
  localparam int unsigned STEP_SLOTS_BIT = 80;
  localparam int unsigned STEP_SLOTS_BITS = 16;
  localparam int unsigned STEP_LIST_OFFSET_BIT = 96;
  localparam int unsigned STEP_LIST_OFFSET_BITS = 32;
  localparam int unsigned STEP_LIST_BEATS_BIT = 128;
  localparam int unsigned STEP_LIST_BEATS_BITS = 16;
  localparam int unsigned STEP_PARAM_BEATS_BIT = 144;
  localparam int unsigned STEP_PARAM_BEATS_BITS = 16;
  localparam int unsigned STEP_WEIGHT_BEATS_BIT = 160;
  localparam int unsigned STEP_WEIGHT_BEATS_BITS = 16;
  localparam int unsigned STEP_PLANE_WORDS_BIT = 176;
  localparam int unsigned STEP_PLANE_WORDS_BITS = 16;
  localparam int unsigned STEP_PARAM_OFFSET_BIT = 192;
  localparam int unsigned STEP_PARAM_OFFSET_BITS = 32;
  localparam int unsigned STEP_WEIGHT_OFFSET_BIT = 224;
  localparam int unsigned STEP_WEIGHT_OFFSET_BITS = 32;
  localparam int unsigned STEP_FETCH_OFFSET_BIT = 256;
  localparam int unsigned STEP_FETCH_OFFSET_BITS = 32;
  localparam int unsigned STEP_ACT_OFFSET_BIT = 288;
  localparam int unsigned STEP_ACT_OFFSET_BITS = 32;
  localparam int unsigned STEP_RES_OFFSET_BIT = 320;
  localparam int unsigned STEP_RES_OFFSET_BITS = 32;
  localparam int unsigned STEP_IMAGES_BIT = 352;
  localparam int unsigned STEP_IMAGES_BITS = 16;
  localparam int unsigned STEP_ROW_IDX0_BIT = 368;
  localparam int unsigned STEP_ROW_IDX0_BITS = 16;
  localparam int unsigned STEP_RES_WORDS_BIT = 384;
  localparam int unsigned STEP_RES_WORDS_BITS = 16;
  localparam int unsigned STEP_OY_FIRST_BIT = 400;
  localparam int unsigned STEP_OY_FIRST_BITS = 16;
  localparam int unsigned STEP_OUT_OFFSET_BIT = 416;
  localparam int unsigned STEP_OUT_OFFSET_BITS = 32;
  localparam int unsigned STEP_LAST_CHANNELS_BIT = 448;
  localparam int unsigned STEP_LAST_CHANNELS_BITS = 8;
  localparam int unsigned STEP_Y_START_BIT = 456;
  localparam int unsigned STEP_Y_START_BITS = 8;
  localparam int unsigned STEP_OG_FIRST_BIT = 464;
  localparam int unsigned STEP_OG_FIRST_BITS = 16;
  localparam int unsigned STEP_CRC_BIT = 480;
  localparam int unsigned STEP_CRC_BITS = 32;
  localparam int unsigned STEP_FLAG_NEW_WEIGHTS = 0;
  localparam int unsigned STEP_FLAG_NEW_ACTIVATIONS = 1;
  localparam int unsigned STEP_FLAG_WAIT_STORED = 2;
  localparam int unsigned STEP_FLAG_WAIT_BUT_LAST = 3;
  localparam int unsigned STEP_FLAG_RESIDUAL = 4;

  // index list entry
  localparam int unsigned ENTRY_SLOT_BIT = 0;
  localparam int unsigned ENTRY_SLOT_BITS = 12;
  localparam int unsigned ENTRY_CHANNELS_BIT = 12;
  localparam int unsigned ENTRY_CHANNELS_BITS = 2;
  localparam int unsigned ENTRY_NULL_BIT = 14;
  localparam int unsigned ENTRY_NULL_BITS = 1;
  localparam int unsigned ENTRY_LAST_BIT = 15;
  localparam int unsigned ENTRY_LAST_BITS = 1;

  // parameter record
  localparam int unsigned PARAM_BIAS_BIT = 0;
  localparam int unsigned PARAM_BIAS_BITS = 32;
  localparam int unsigned PARAM_MULTIPLIER_BIT = 32;
  localparam int unsigned PARAM_MULTIPLIER_BITS = 16;
  localparam int unsigned PARAM_SHIFT_BIT = 48;
  localparam int unsigned PARAM_SHIFT_BITS = 8;

  // error codes
  localparam logic [7:0] RUN_ERROR_NONE = 8'h0;
  localparam logic [7:0] RUN_ERROR_MAGIC = 8'h1;
  localparam logic [7:0] RUN_ERROR_VERSION = 8'h2;
  localparam logic [7:0] RUN_ERROR_ARRAY = 8'h3;

  // states
  localparam logic [3:0] CTRL_IDLE = 4'h0;
  localparam logic [3:0] CTRL_DESC_GO = 4'h1;
  localparam logic [3:0] CTRL_DESC_WAIT = 4'h2;
  localparam logic [3:0] CTRL_FILL_GO = 4'h3;
  localparam logic [3:0] CTRL_FILL_WAIT = 4'h4;
  localparam logic [3:0] CTRL_STEP_GO = 4'h5;
  localparam logic [3:0] CTRL_STEP_WAIT = 4'h6;
  localparam logic [3:0] CTRL_FLUSH = 4'h7;
  localparam logic [3:0] CTRL_DONE = 4'h8;
  localparam logic [3:0] CTRL_ERROR = 4'h9;
  localparam logic [1:0] LOAD_IDLE = 2'h0;
  localparam logic [1:0] LOAD_NEXT = 2'h1;
  localparam logic [1:0] LOAD_REQ = 2'h2;
  localparam logic [1:0] LOAD_DATA = 2'h3;

  // probe
  localparam int unsigned PROBE_CTRL_BIT = 0;
  localparam int unsigned PROBE_CTRL_BITS = 4;
  localparam int unsigned PROBE_LOAD_BIT = 4;
  localparam int unsigned PROBE_LOAD_BITS = 2;
  localparam int unsigned PROBE_EN_BIT = 6;
  localparam int unsigned PROBE_EN_BITS = 1;
  localparam int unsigned PROBE_ISSUE_BIT = 7;
  localparam int unsigned PROBE_ISSUE_BITS = 1;
  localparam int unsigned PROBE_FIRST_BIT = 8;
  localparam int unsigned PROBE_FIRST_BITS = 1;
  localparam int unsigned PROBE_LAST_BIT = 9;
  localparam int unsigned PROBE_LAST_BITS = 1;
  localparam int unsigned PROBE_NULL_BIT = 10;
  localparam int unsigned PROBE_NULL_BITS = 1;
  localparam int unsigned PROBE_SLOT_BIT = 11;
  localparam int unsigned PROBE_SLOT_BITS = 12;
  localparam int unsigned PROBE_CI_BIT = 23;
  localparam int unsigned PROBE_CI_BITS = 2;
  localparam int unsigned PROBE_KY_BIT = 25;
  localparam int unsigned PROBE_KY_BITS = 3;
  localparam int unsigned PROBE_KX_BIT = 28;
  localparam int unsigned PROBE_KX_BITS = 3;
  localparam int unsigned PROBE_RETIRE_BIT = 31;
  localparam int unsigned PROBE_RETIRE_BITS = 1;
  localparam int unsigned PROBE_ALLOC_BIT = 32;
  localparam int unsigned PROBE_ALLOC_BITS = 3;
  localparam int unsigned PROBE_FILLED_BIT = 35;
  localparam int unsigned PROBE_FILLED_BITS = 3;
  localparam int unsigned PROBE_DRAIN_ACTIVE_BIT = 38;
  localparam int unsigned PROBE_DRAIN_ACTIVE_BITS = 1;
  localparam int unsigned PROBE_SEQ_IDLE_BIT = 39;
  localparam int unsigned PROBE_SEQ_IDLE_BITS = 1;
  localparam int unsigned PROBE_W_SEL_BIT = 40;
  localparam int unsigned PROBE_W_SEL_BITS = 1;
  localparam int unsigned PROBE_A_SEL_BIT = 41;
  localparam int unsigned PROBE_A_SEL_BITS = 1;
  localparam int unsigned PROBE_WEIGHT_ADDRESS_BIT = 42;
  localparam int unsigned PROBE_WEIGHT_ADDRESS_BITS = 16;
  // verilator lint_on UNUSEDPARAM

endpackage : swp_regs_pkg

`default_nettype wire
