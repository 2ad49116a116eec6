/* SPDX-License-Identifier: Apache-2.0 */

/* Registers of swp_top, error codes and records of image files, for C99 and C++: see
 * docs/registers.md. Generated from include/swprune/hw/regs.def by the target `regenerate`; do not
 * edit. *_SHIFT is the lowest bit of a field, *_MASK the field in place. */

#ifndef SWPRUNE_C_SWPRUNE_REGS_H
#define SWPRUNE_C_SWPRUNE_REGS_H

/* --- registers: byte offsets --- */
#define SWP_REG_ID 0x00u /* RO: "SWP1": tells a driver what it talks to */
#define SWP_REG_VERSION 0x04u /* RO: version of this register map */
#define SWP_REG_CAP0 0x08u /* RO: array parameters, see the fields; constant */
#define SWP_REG_CAP1 0x0Cu /* RO: array parameters; constant */
#define SWP_REG_CAP2 0x10u /* RO: array parameters; constant */
#define SWP_REG_CAP3 0x14u /* RO: array parameters; constant */
#define SWP_REG_CTRL 0x18u /* W1: commands: writing a 1 gives the command, reading gives 0 */
#define SWP_REG_STATUS 0x1Cu /* RO: state of the run */
#define SWP_REG_ERROR 0x20u /* RO: 0, or why the last run failed; cleared by the next start */
#define SWP_REG_IMAGE_BASE_LO 0x24u /* RW: bits 31-0 of the byte address of the image region, a multiple of 64; stable while busy */
#define SWP_REG_IMAGE_BASE_HI 0x28u /* RW: bits 39-32 of it */
#define SWP_REG_ACT_BASE_LO 0x2Cu /* RW: bits 31-0 of the byte address of the activation region, a multiple of 64; stable while busy */
#define SWP_REG_ACT_BASE_HI 0x30u /* RW: bits 39-32 of it */
#define SWP_REG_DESC_OFFSET 0x34u /* RW: byte offset of the first layer descriptor in the image region; sampled with start */
#define SWP_REG_LAYER_COUNT 0x38u /* RW: number of layers to run, 1 .. 65535; sampled with start */
#define SWP_REG_WATCHDOG 0x3Cu /* RW: cycles without progress before error 12, longer than the longest pass; 0: off */
#define SWP_REG_CNT_CYCLES 0x40u /* RO: cycles with busy; this and the other counters are of the last run, modulo 2^32, cleared by start */
#define SWP_REG_CNT_UOPS 0x44u /* RO: micro-ops issued, those of empty rows included */
#define SWP_REG_CNT_BLOCKS 0x48u /* RO: blocks walked: entries that are not null, once per sub-tile */
#define SWP_REG_CNT_DRAIN_STALLS 0x4Cu /* RO: cycles in which the array waited to be emptied */
#define SWP_REG_CNT_LOAD_STALLS 0x50u /* RO: cycles in which the array waited for the loader */
#define SWP_REG_CNT_READ_BEATS 0x54u /* RO: beats read */
#define SWP_REG_CNT_WRITE_BEATS 0x58u /* RO: writes made */
#define SWP_REG_CNT_WRITE_STALLS 0x5Cu /* RO: cycles in which the array waited for an output buffer */
#define SWP_REG_CNT_WEIGHT_STALLS 0x60u /* RO: load stalls during records, lists, parameters and weights */
#define SWP_REG_CNT_ACT_STALLS 0x64u /* RO: load stalls during fetch lists, planes and residuals */
#define SWP_REG_CNT_HAZARD_STALLS 0x68u /* RO: load stalls in which a tile waited to be in memory, or a residual to be read */
#define SWP_REG_CNT_PASSES 0x6Cu /* RO: passes that ended */
#define SWP_REG_CNT_BLOCKS_SKIPPED 0x70u /* RO: structural blocks of the passes that do not exist */
#define SWP_REG_CNT_UOPS_SKIPPED 0x74u /* RO: micro-ops that they would have taken */
#define SWP_REG_CNT_GROUPS_SKIPPED 0x78u /* RO: input planes not fetched */
#define SWP_REG_CNT_WEIGHT_BEATS 0x7Cu /* RO: beats read of lists, parameters, weights */
#define SWP_REG_CNT_ACT_BEATS 0x80u /* RO: beats read of fetch lists, planes */
#define SWP_REG_CNT_RES_BEATS 0x84u /* RO: beats read of residuals */
#define SWP_REG_ERROR_ADDR_LO 0x88u /* RO: bits 31-0 of the byte address that the error is about */
#define SWP_REG_ERROR_ADDR_HI 0x8Cu /* RO: bits 39-32 of it */
#define SWP_REG_IRQ_ENABLE 0x90u /* RW: which bits of IRQ_STATUS raise the interrupt */
#define SWP_REG_IRQ_STATUS 0x94u /* W1C: what has happened; writing a 1 clears the bit, a new event in the same cycle wins */
#define SWP_REG_CAP4 0x98u /* RO: parameters of the bus fronts; constant */

/* --- registers: what ID and VERSION hold --- */
#define SWP_RESET_ID 0x31505753u
#define SWP_RESET_VERSION 0x00010100u

/* --- registers: fields --- */
#define SWP_ID_VALUE_SHIFT 0
#define SWP_ID_VALUE_MASK 0xFFFFFFFFu /* 0x31505753 */
#define SWP_VERSION_PATCH_SHIFT 0
#define SWP_VERSION_PATCH_MASK 0x000000FFu /* text of the map changed */
#define SWP_VERSION_MINOR_SHIFT 8
#define SWP_VERSION_MINOR_MASK 0x0000FF00u /* something was added */
#define SWP_VERSION_MAJOR_SHIFT 16
#define SWP_VERSION_MAJOR_MASK 0xFFFF0000u /* older drivers do not work */
#define SWP_CAP0_POY_SHIFT 0
#define SWP_CAP0_POY_MASK 0x000000FFu /* Poy */
#define SWP_CAP0_POX_SHIFT 8
#define SWP_CAP0_POX_MASK 0x0000FF00u /* Pox */
#define SWP_CAP0_POF_SHIFT 16
#define SWP_CAP0_POF_MASK 0x00FF0000u /* Pof */
#define SWP_CAP0_CHAINS_SHIFT 24
#define SWP_CAP0_CHAINS_MASK 0xFF000000u /* Chains */
#define SWP_CAP1_BUS_BYTES_SHIFT 0
#define SWP_CAP1_BUS_BYTES_MASK 0x000000FFu /* BusBytes */
#define SWP_CAP1_ACT_DEPTH_LOG2_SHIFT 8
#define SWP_CAP1_ACT_DEPTH_LOG2_MASK 0x0000FF00u /* log2 of ActDepth */
#define SWP_CAP1_WGT_DEPTH_LOG2_SHIFT 16
#define SWP_CAP1_WGT_DEPTH_LOG2_MASK 0x00FF0000u /* log2 of WgtDepth */
#define SWP_CAP2_LIST_DEPTH_LOG2_SHIFT 0
#define SWP_CAP2_LIST_DEPTH_LOG2_MASK 0x000000FFu /* log2 of ListDepth */
#define SWP_CAP2_PARAM_DEPTH_LOG2_SHIFT 8
#define SWP_CAP2_PARAM_DEPTH_LOG2_MASK 0x0000FF00u /* log2 of ParamDepth */
#define SWP_CAP3_SKIP_SHIFT 0
#define SWP_CAP3_SKIP_MASK 0x00000001u /* SkipEn: index lists are walked */
#define SWP_CAP3_POOL_SHIFT 1
#define SWP_CAP3_POOL_MASK 0x00000002u /* PoolEn: 2x2 maximum pooling is there */
#define SWP_CAP3_AXI_SHIFT 2
#define SWP_CAP3_AXI_MASK 0x00000004u /* the core sits in swp_top */
#define SWP_CAP3_IMAGE_VERSION_SHIFT 8
#define SWP_CAP3_IMAGE_VERSION_MASK 0x0000FF00u /* version of the accelerator image that is understood */
#define SWP_CAP3_RES_DEPTH_LOG2_P1_SHIFT 16
#define SWP_CAP3_RES_DEPTH_LOG2_P1_MASK 0x00FF0000u /* log2 of ResDepth, plus 1; 0: no residual add */
#define SWP_CTRL_START_SHIFT 0
#define SWP_CTRL_START_MASK 0x00000001u /* begins a run; refused while busy */
#define SWP_CTRL_ABORT_SHIFT 1
#define SWP_CTRL_ABORT_MASK 0x00000002u /* ends the run, in order; start in the same write is not looked at */
#define SWP_STATUS_BUSY_SHIFT 0
#define SWP_STATUS_BUSY_MASK 0x00000001u /* a run goes on */
#define SWP_STATUS_DONE_SHIFT 1
#define SWP_STATUS_DONE_MASK 0x00000002u /* a run has ended, well or with an error; cleared by the next start */
#define SWP_STATUS_STOPPING_SHIFT 2
#define SWP_STATUS_STOPPING_MASK 0x00000004u /* a run comes to its end */
#define SWP_STATUS_REFUSED_SHIFT 3
#define SWP_STATUS_REFUSED_MASK 0x00000008u /* a start while busy was refused; cleared by the next start */
#define SWP_ERROR_CODE_SHIFT 0
#define SWP_ERROR_CODE_MASK 0x000000FFu /* see the table of error codes */
#define SWP_ERROR_DETAIL_SHIFT 8
#define SWP_ERROR_DETAIL_MASK 0x0000FF00u /* the rule that a record breaks */
#define SWP_IMAGE_BASE_LO_ADDRESS_SHIFT 0
#define SWP_IMAGE_BASE_LO_ADDRESS_MASK 0xFFFFFFFFu /* bits 5-0 are 0 */
#define SWP_IMAGE_BASE_HI_ADDRESS_SHIFT 0
#define SWP_IMAGE_BASE_HI_ADDRESS_MASK 0x000000FFu
#define SWP_ACT_BASE_LO_ADDRESS_SHIFT 0
#define SWP_ACT_BASE_LO_ADDRESS_MASK 0xFFFFFFFFu /* bits 5-0 are 0 */
#define SWP_ACT_BASE_HI_ADDRESS_SHIFT 0
#define SWP_ACT_BASE_HI_ADDRESS_MASK 0x000000FFu
#define SWP_DESC_OFFSET_BYTES_SHIFT 0
#define SWP_DESC_OFFSET_BYTES_MASK 0xFFFFFFFFu /* a multiple of 64 */
#define SWP_LAYER_COUNT_LAYERS_SHIFT 0
#define SWP_LAYER_COUNT_LAYERS_MASK 0x0000FFFFu
#define SWP_WATCHDOG_CYCLES_SHIFT 0
#define SWP_WATCHDOG_CYCLES_MASK 0xFFFFFFFFu
#define SWP_CNT_CYCLES_COUNT_SHIFT 0
#define SWP_CNT_CYCLES_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_UOPS_COUNT_SHIFT 0
#define SWP_CNT_UOPS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_BLOCKS_COUNT_SHIFT 0
#define SWP_CNT_BLOCKS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_DRAIN_STALLS_COUNT_SHIFT 0
#define SWP_CNT_DRAIN_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_LOAD_STALLS_COUNT_SHIFT 0
#define SWP_CNT_LOAD_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_READ_BEATS_COUNT_SHIFT 0
#define SWP_CNT_READ_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WRITE_BEATS_COUNT_SHIFT 0
#define SWP_CNT_WRITE_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WRITE_STALLS_COUNT_SHIFT 0
#define SWP_CNT_WRITE_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WEIGHT_STALLS_COUNT_SHIFT 0
#define SWP_CNT_WEIGHT_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_ACT_STALLS_COUNT_SHIFT 0
#define SWP_CNT_ACT_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_HAZARD_STALLS_COUNT_SHIFT 0
#define SWP_CNT_HAZARD_STALLS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_PASSES_COUNT_SHIFT 0
#define SWP_CNT_PASSES_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_BLOCKS_SKIPPED_COUNT_SHIFT 0
#define SWP_CNT_BLOCKS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_UOPS_SKIPPED_COUNT_SHIFT 0
#define SWP_CNT_UOPS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_GROUPS_SKIPPED_COUNT_SHIFT 0
#define SWP_CNT_GROUPS_SKIPPED_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_WEIGHT_BEATS_COUNT_SHIFT 0
#define SWP_CNT_WEIGHT_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_ACT_BEATS_COUNT_SHIFT 0
#define SWP_CNT_ACT_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_CNT_RES_BEATS_COUNT_SHIFT 0
#define SWP_CNT_RES_BEATS_COUNT_MASK 0xFFFFFFFFu
#define SWP_ERROR_ADDR_LO_ADDRESS_SHIFT 0
#define SWP_ERROR_ADDR_LO_ADDRESS_MASK 0xFFFFFFFFu
#define SWP_ERROR_ADDR_HI_ADDRESS_SHIFT 0
#define SWP_ERROR_ADDR_HI_ADDRESS_MASK 0x000000FFu
#define SWP_IRQ_ENABLE_DONE_SHIFT 0
#define SWP_IRQ_ENABLE_DONE_MASK 0x00000001u /* a run has ended */
#define SWP_IRQ_ENABLE_ERROR_SHIFT 1
#define SWP_IRQ_ENABLE_ERROR_MASK 0x00000002u /* and failed */
#define SWP_IRQ_ENABLE_REFUSED_SHIFT 2
#define SWP_IRQ_ENABLE_REFUSED_MASK 0x00000004u /* a start was refused */
#define SWP_IRQ_STATUS_DONE_SHIFT 0
#define SWP_IRQ_STATUS_DONE_MASK 0x00000001u /* a run has ended */
#define SWP_IRQ_STATUS_ERROR_SHIFT 1
#define SWP_IRQ_STATUS_ERROR_MASK 0x00000002u /* and failed */
#define SWP_IRQ_STATUS_REFUSED_SHIFT 2
#define SWP_IRQ_STATUS_REFUSED_MASK 0x00000004u /* a start was refused */
#define SWP_CAP4_RD_BURST_LOG2_SHIFT 0
#define SWP_CAP4_RD_BURST_LOG2_MASK 0x000000FFu /* log2 of RdBurst */
#define SWP_CAP4_RD_OUTSTANDING_SHIFT 8
#define SWP_CAP4_RD_OUTSTANDING_MASK 0x0000FF00u /* RdOutstanding */
#define SWP_CAP4_WR_BURST_LOG2_SHIFT 16
#define SWP_CAP4_WR_BURST_LOG2_MASK 0x00FF0000u /* log2 of WrBurst */
#define SWP_CAP4_WR_OUTSTANDING_SHIFT 24
#define SWP_CAP4_WR_OUTSTANDING_MASK 0xFF000000u /* WrOutstanding */

/* --- counters: X(name, byte offset) --- */
#define SWP_COUNTER_TABLE(X) \
  X(cycles, SWP_REG_CNT_CYCLES) \
  X(uops, SWP_REG_CNT_UOPS) \
  X(blocks, SWP_REG_CNT_BLOCKS) \
  X(drain_stalls, SWP_REG_CNT_DRAIN_STALLS) \
  X(load_stalls, SWP_REG_CNT_LOAD_STALLS) \
  X(read_beats, SWP_REG_CNT_READ_BEATS) \
  X(write_beats, SWP_REG_CNT_WRITE_BEATS) \
  X(write_stalls, SWP_REG_CNT_WRITE_STALLS) \
  X(weight_stalls, SWP_REG_CNT_WEIGHT_STALLS) \
  X(act_stalls, SWP_REG_CNT_ACT_STALLS) \
  X(hazard_stalls, SWP_REG_CNT_HAZARD_STALLS) \
  X(passes, SWP_REG_CNT_PASSES) \
  X(blocks_skipped, SWP_REG_CNT_BLOCKS_SKIPPED) \
  X(uops_skipped, SWP_REG_CNT_UOPS_SKIPPED) \
  X(groups_skipped, SWP_REG_CNT_GROUPS_SKIPPED) \
  X(weight_beats, SWP_REG_CNT_WEIGHT_BEATS) \
  X(act_beats, SWP_REG_CNT_ACT_BEATS) \
  X(res_beats, SWP_REG_CNT_RES_BEATS)

/* --- error codes of a run --- */
#define SWP_RUN_ERROR_NONE 0u
#define SWP_RUN_ERROR_MAGIC 1u
#define SWP_RUN_ERROR_VERSION 2u
#define SWP_RUN_ERROR_ARRAY 3u
#define SWP_RUN_ERROR_LAYER_CRC 4u
#define SWP_RUN_ERROR_STEP_CRC 5u
#define SWP_RUN_ERROR_LAYER_FIELD 6u
#define SWP_RUN_ERROR_STEP_FIELD 7u
#define SWP_RUN_ERROR_READ_SLAVE 8u
#define SWP_RUN_ERROR_READ_DECODE 9u
#define SWP_RUN_ERROR_WRITE_SLAVE 10u
#define SWP_RUN_ERROR_WRITE_DECODE 11u
#define SWP_RUN_ERROR_WATCHDOG 12u
#define SWP_RUN_ERROR_ABORTED 13u

/* --- their texts: X(code, text) --- */
#define SWP_RUN_ERROR_TABLE(X) \
  X(0, "the run went well, or goes on") \
  X(1, "a layer descriptor does not begin with its magic number") \
  X(2, "a layer descriptor has another version or size") \
  X(3, "a layer was made for another array: Poy, Pox, Pof, bus width, pooling, skipping or residual differ") \
  X(4, "a layer descriptor's checksum is wrong") \
  X(5, "a step record's checksum is wrong") \
  X(6, "a field of a layer descriptor is out of its range; the detail is the rule") \
  X(7, "a field of a step record is out of its range; the detail is the rule") \
  X(8, "a read was answered SLVERR") \
  X(9, "a read was answered DECERR") \
  X(10, "a write was answered SLVERR") \
  X(11, "a write was answered DECERR") \
  X(12, "nothing moved for as many cycles as the watchdog allows") \
  X(13, "the run was stopped by an abort")

/* --- details of layer_field: X(rule, text) --- */
#define SWP_LAYER_RULE_TABLE(X) \
  X(1, "kernel_h and kernel_w must be 1 to 8") \
  X(2, "stride must be 1 to 4") \
  X(3, "dilation must be 1 to 4") \
  X(4, "pad must be at most 15") \
  X(5, "segments must fit the array, and be 2 x 2 pixels at least with pooling") \
  X(6, "2^load_log2 must be at most B / 4") \
  X(7, "2^run_log2 must be at most Pox, or Pox / 2 with pooling") \
  X(8, "step_count must be at least 1") \
  X(9, "pass_interval must be at least D") \
  X(10, "flag bits 31-9 must be 0") \
  X(11, "interleaved input needs stride 1 and segments of one pixel") \
  X(12, "a residual needs res_stride 1 or 2, 2^res_load_log2 at most B / 4, res_shift 1 to 31, res_w at least 1")

/* --- details of step_field: X(rule, text) --- */
#define SWP_STEP_RULE_TABLE(X) \
  X(1, "rows, sub_rows and sub_cols must be at least 1") \
  X(2, "the first step of a layer must bring weights and activations") \
  X(3, "flag bits 31-5 must be 0") \
  X(4, "a tile with slots needs images and plane_words of at least 1") \
  X(5, "a residual needs that of the layer, and images and res_words of at least 1")

/* --- header of an image file: byte offsets of its fields, little-endian --- */
#define SWP_HEADER_MAGIC 0x49505753u /* "SWPI", first word of an image file */
#define SWP_HEADER_VERSION 0x0002u /* version of an image file */
#define SWP_HEADER_BYTES 0x0080u /* bytes of its header */
#define SWP_HEADER_MAGIC_AT 0 /* 4 bytes: header_magic */
#define SWP_HEADER_VERSION_AT 4 /* 2 bytes: header_version */
#define SWP_HEADER_BYTES_AT 6 /* 2 bytes: header_bytes */
#define SWP_HEADER_IMAGE_BYTES_AT 8 /* 8 bytes: of the whole image, header included */
#define SWP_HEADER_ACT_BYTES_AT 16 /* 8 bytes: of the activation region */
#define SWP_HEADER_DESC_OFFSET_AT 24 /* 4 bytes: first layer descriptor */
#define SWP_HEADER_LAYER_COUNT_AT 28 /* 2 bytes: layers to run */
#define SWP_HEADER_IMAGES_AT 30 /* 2 bytes: batch */
#define SWP_HEADER_POY_AT 32 /* 1 bytes: Poy of the array */
#define SWP_HEADER_POX_AT 33 /* 1 bytes: Pox */
#define SWP_HEADER_POF_AT 34 /* 1 bytes: Pof */
#define SWP_HEADER_CHAINS_AT 35 /* 1 bytes: Chains */
#define SWP_HEADER_BUS_BYTES_AT 36 /* 1 bytes: B */
#define SWP_HEADER_FLAGS_AT 37 /* 1 bytes: see the flags */
#define SWP_HEADER_INPUT_OFFSET_AT 40 /* 8 bytes: of the input, from the base of the activation region */
#define SWP_HEADER_INPUT_CHANNELS_AT 48 /* 4 bytes: C */
#define SWP_HEADER_INPUT_HEIGHT_AT 52 /* 2 bytes: H */
#define SWP_HEADER_INPUT_WIDTH_AT 54 /* 2 bytes: W */
#define SWP_HEADER_INPUT_LAYOUT_AT 56 /* 1 bytes: 0 planar, 1 interleaved */
#define SWP_HEADER_INPUT_SIGNED_AT 57 /* 1 bytes: 1: bytes are s8 */
#define SWP_HEADER_INPUT_ZERO_AT 58 /* 2 bytes: s16, integer that stands for 0.0 */
#define SWP_HEADER_INPUT_SCALE_AT 60 /* 4 bytes: f32, real value of one step */
#define SWP_HEADER_OUTPUT_OFFSET_AT 72 /* 8 bytes: of the output, as of the input */
#define SWP_HEADER_OUTPUT_CHANNELS_AT 80 /* 4 bytes: C */
#define SWP_HEADER_OUTPUT_HEIGHT_AT 84 /* 2 bytes: H */
#define SWP_HEADER_OUTPUT_WIDTH_AT 86 /* 2 bytes: W */
#define SWP_HEADER_OUTPUT_LAYOUT_AT 88 /* 1 bytes: 0 planar, 1 interleaved */
#define SWP_HEADER_OUTPUT_SIGNED_AT 89 /* 1 bytes: 1: bytes are s8 */
#define SWP_HEADER_OUTPUT_ZERO_AT 90 /* 2 bytes: s16 */
#define SWP_HEADER_OUTPUT_SCALE_AT 92 /* 4 bytes: f32 */
#define SWP_HEADER_DENSE_READ_BEATS_AT 104 /* 8 bytes: beats that the same steps would read if every structural block were live */
#define SWP_HEADER_BODY_CRC_AT 112 /* 4 bytes: CRC-32 of the bytes behind the header */
#define SWP_HEADER_CRC_AT 124 /* 4 bytes: CRC-32 of the header's bytes before it */
#define SWP_HEADER_FLAG_SKIP 0x01u /* made for a core that walks index lists */
#define SWP_HEADER_FLAG_POOL 0x02u /* needs a core with pooling */
#define SWP_HEADER_FLAG_RESIDUAL 0x04u /* needs a core with residual add */

/* --- layer descriptor and step record: byte offsets, little-endian --- */
#define SWP_LAYER_MAGIC_AT 0 /* 4 bytes: layer_magic */
#define SWP_LAYER_VERSION_AT 4 /* 2 bytes: layer_version */
#define SWP_LAYER_BYTES_AT 6 /* 2 bytes: layer_bytes */
#define SWP_LAYER_POY_AT 8 /* 1 bytes: Poy of the array */
#define SWP_LAYER_POX_AT 9 /* 1 bytes: Pox */
#define SWP_LAYER_POF_AT 10 /* 1 bytes: Pof */
#define SWP_LAYER_BUS_BYTES_AT 11 /* 1 bytes: B */
#define SWP_LAYER_FLAGS_AT 12 /* 4 bytes: see the flags */
#define SWP_LAYER_KERNEL_H_AT 16 /* 1 bytes: Nky, 1-8 */
#define SWP_LAYER_KERNEL_W_AT 17 /* 1 bytes: Nkx, 1-8 */
#define SWP_LAYER_STRIDE_AT 18 /* 1 bytes: S, 1-4 */
#define SWP_LAYER_DILATION_AT 19 /* 1 bytes: E, 1-4 */
#define SWP_LAYER_SEG_Y_LOG2_AT 20 /* 1 bytes: log2 of SegY */
#define SWP_LAYER_SEG_X_LOG2_AT 21 /* 1 bytes: log2 of SegX */
#define SWP_LAYER_LOAD_LOG2_AT 22 /* 1 bytes: log2 of U, activation words written per cycle */
#define SWP_LAYER_RUN_LOG2_AT 23 /* 1 bytes: log2 of Run, output words per write */
#define SWP_LAYER_ZERO_IN_AT 24 /* 2 bytes: value of padding pixels */
#define SWP_LAYER_ZERO_OUT_AT 26 /* 2 bytes: added after the shift */
#define SWP_LAYER_CLAMP_LO_AT 28 /* 2 bytes: lowest output */
#define SWP_LAYER_CLAMP_HI_AT 30 /* 2 bytes: highest output */
#define SWP_LAYER_IN_H_AT 32 /* 2 bytes: Niy */
#define SWP_LAYER_IN_W_AT 34 /* 2 bytes: Nix */
#define SWP_LAYER_CONV_H_AT 36 /* 2 bytes: Noy before pooling */
#define SWP_LAYER_CONV_W_AT 38 /* 2 bytes: Nox before pooling */
#define SWP_LAYER_PAD_AT 40 /* 1 bytes: zero padding on every side */
#define SWP_LAYER_OUT_GROUPS4_AT 42 /* 2 bytes: output channel words: ceil(Nof / 4) */
#define SWP_LAYER_BANK_COLS_AT 44 /* 2 bytes: words of one bank row */
#define SWP_LAYER_SLOT_WORDS_AT 46 /* 2 bytes: words of one slot in one bank */
#define SWP_LAYER_STEP_COUNT_AT 48 /* 4 bytes: steps, >= 1 */
#define SWP_LAYER_STEPS_OFFSET_AT 52 /* 4 bytes: first step record */
#define SWP_LAYER_OUT_PX_STRIDE_AT 56 /* 4 bytes: bytes between output pixels */
#define SWP_LAYER_OUT_ROW_STRIDE_AT 60 /* 4 bytes: bytes between output rows */
#define SWP_LAYER_OUT_GROUP_STRIDE_AT 64 /* 4 bytes: bytes between output planes */
#define SWP_LAYER_OUT_IMAGE_STRIDE_AT 68 /* 4 bytes: bytes between output images of a step */
#define SWP_LAYER_IN_IMAGE_STRIDE_AT 72 /* 4 bytes: bytes between input images of a step */
#define SWP_LAYER_PASS_INTERVAL_AT 76 /* 2 bytes: Dx */
#define SWP_LAYER_RES_LOAD_LOG2_AT 78 /* 1 bytes: log2 of Ur, residual words written per cycle */
#define SWP_LAYER_RES_STRIDE_AT 79 /* 1 bytes: Sr, 1 or 2; 0 without residual */
#define SWP_LAYER_RES_GROUP_STRIDE_AT 80 /* 4 bytes: bytes between the residual's planes */
#define SWP_LAYER_RES_IMAGE_STRIDE_AT 84 /* 4 bytes: bytes between the residual's images of a step */
#define SWP_LAYER_RES_ZERO_AT 88 /* 2 bytes: zero point of the residual */
#define SWP_LAYER_RES_MULTIPLIER_AT 90 /* 2 bytes: scales the residual, with res_shift */
#define SWP_LAYER_RES_SHIFT_AT 92 /* 1 bytes: 1-31 */
#define SWP_LAYER_RES_W_AT 94 /* 2 bytes: width of the residual's map */
#define SWP_LAYER_IN_GROUPS_AT 96 /* 2 bytes: structural blocks of a row, for counters */
#define SWP_LAYER_ROW_UOPS_AT 100 /* 4 bytes: micro-ops of a row with all of them, for counters */
#define SWP_LAYER_CRC_AT 124 /* 4 bytes: CRC-32 of the bytes before it */
#define SWP_STEP_FLAGS_AT 0 /* 4 bytes: see the flags */
#define SWP_STEP_ROWS_AT 4 /* 2 bytes: output groups of the chunk */
#define SWP_STEP_SUB_ROWS_AT 6 /* 2 bytes: sub-tile rows of the strip */
#define SWP_STEP_SUB_COLS_AT 8 /* 2 bytes: sub-tile columns */
#define SWP_STEP_SLOTS_AT 10 /* 2 bytes: input groups fetched */
#define SWP_STEP_LIST_OFFSET_AT 12 /* 4 bytes: index list */
#define SWP_STEP_LIST_BEATS_AT 16 /* 2 bytes: its beats */
#define SWP_STEP_PARAM_BEATS_AT 18 /* 2 bytes: beats of the parameter records */
#define SWP_STEP_WEIGHT_BEATS_AT 20 /* 2 bytes: beats of the weights */
#define SWP_STEP_PLANE_WORDS_AT 22 /* 2 bytes: consecutive words of each plane */
#define SWP_STEP_PARAM_OFFSET_AT 24 /* 4 bytes: parameter records */
#define SWP_STEP_WEIGHT_OFFSET_AT 28 /* 4 bytes: weights */
#define SWP_STEP_FETCH_OFFSET_AT 32 /* 4 bytes: fetch list */
#define SWP_STEP_ACT_OFFSET_AT 36 /* 4 bytes: first word of the tile in plane 0 */
#define SWP_STEP_RES_OFFSET_AT 40 /* 4 bytes: first residual word of row 0, image 0 */
#define SWP_STEP_IMAGES_AT 44 /* 2 bytes: images of the step that exist */
#define SWP_STEP_ROW_IDX0_AT 46 /* 2 bytes: bank row index of sub-tile row 0 */
#define SWP_STEP_RES_WORDS_AT 48 /* 2 bytes: consecutive words of each residual plane */
#define SWP_STEP_OY_FIRST_AT 50 /* 2 bytes: first output row before pooling */
#define SWP_STEP_OUT_OFFSET_AT 52 /* 4 bytes: where the outputs go */
#define SWP_STEP_LAST_CHANNELS_AT 56 /* 1 bytes: channels of the last slot, without skip */
#define SWP_STEP_Y_START_AT 57 /* 1 bytes: first input row loaded: bits 3-0 (y div S) mod SegY, bits 5-4 y mod S */
#define SWP_STEP_OG_FIRST_AT 58 /* 2 bytes: index of the first output group */
#define SWP_STEP_CRC_AT 60 /* 4 bytes: CRC-32 of the bytes before it */
#define SWP_STEP_FLAG_NEW_WEIGHTS 0x01u /* list, parameters and weights are fetched */
#define SWP_STEP_FLAG_NEW_ACTIVATIONS 0x02u /* the tile is fetched */
#define SWP_STEP_FLAG_WAIT_STORED 0x04u /* the tile waits until all earlier steps are in memory */
#define SWP_STEP_FLAG_WAIT_BUT_LAST 0x08u /* the tile waits until all of them but the latest are */
#define SWP_STEP_FLAG_RESIDUAL 0x10u /* the rows have a residual */
#define SWP_LAYER_RECORD_BYTES 0x80u
#define SWP_STEP_RECORD_BYTES 0x40u

#endif /* SWPRUNE_C_SWPRUNE_REGS_H */
