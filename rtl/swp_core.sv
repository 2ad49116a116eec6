// SPDX-License-Identifier: Apache-2.0

// The accelerator core: an output-stationary array of Poy x Pox pixels and Pof channels that walks
// index lists of the weight blocks that exist, so that absent blocks cost neither storage nor time.
//
// Memory side: one read port (requests of consecutive beats, data in order) and one write port,
// both valid/ready: valid never waits for ready, payload stays until taken, and is zero while valid is
// low. Every output is a function of registers only. One micro-op (Poy * Pox * Pof multiplications)
// a cycle. What happens in which cycle: docs/accelerator.md; what lies in memory: docs/formats.md.
//
//   start_i   _|~|__________________________________
//   busy_o    ___|~~~~~~~~~~~~~~~~~~~~~~~~~~~~|_____
//   done_o    _______________________________|~|____
//
// Registers that hold data have no reset; rst_ni is synchronous and acts on control only.

`include "swp_assert.svh"
`default_nettype none

module swp_core #(
  parameter  int unsigned Poy        = 4,     // output rows computed at once
  parameter  int unsigned Pox        = 8,     // output columns computed at once
  parameter  int unsigned Pof        = 8,     // output channels computed at once: 1, 4, 8, 16
  parameter  int unsigned Chains     = 2,     // drain chains, divides Pox
  parameter  int unsigned BusBytes   = 32,    // bytes of a beat: 8, 16, 32, 64, not below Pof
  parameter  int unsigned ActDepth   = 1024,  // words per bank and half
  parameter  int unsigned WgtDepth   = 8192,  // words of Pof bytes per half
  parameter  int unsigned ListDepth  = 4096,  // index entries per half
  parameter  int unsigned ParamDepth = 128,   // output groups per half
  parameter  int unsigned ResDepth   = 64,    // passes per half of the residual buffer; 0: none
  parameter  bit          SkipEn     = 1'b1,  // index lists; 0: every row walks all slots
  parameter  bit          PoolEn     = 1'b1,  // 2x2 maximum pooling
  localparam int unsigned Bw         = 8 * BusBytes
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  // run
  input  logic              start_i,
  input  logic [      39:0] image_base_i,
  input  logic [      39:0] act_base_i,
  input  logic [      31:0] desc_offset_i,
  input  logic [      15:0] layer_count_i,
  output logic              busy_o,
  output logic              done_o,
  output logic [       7:0] error_o,         // 0, or why the run failed
  output logic [       7:0] error_detail_o,  // the rule that a record breaks
  output logic [      39:0] error_addr_o,    // where
  input  logic              abort_i,         // ends the run, in order
  input  logic [      31:0] watchdog_i,      // most cycles without progress; 0: any number
  // memory, read
  output logic              rd_req_valid_o,
  input  logic              rd_req_ready_i,
  output logic [      39:0] rd_req_addr_o,
  output logic [      15:0] rd_req_beats_o,
  input  logic              rd_valid_i,
  output logic              rd_ready_o,
  input  logic [    Bw-1:0] rd_data_i,
  input  logic [       1:0] rd_error_i,   // AXI response: 2 slave, 3 decode error
  // memory, write
  output logic              wr_valid_o,
  input  logic              wr_ready_i,
  output logic [      39:0] wr_addr_o,
  output logic [Pox*32-1:0] wr_data_o,
  output logic [ Pox*4-1:0] wr_strb_o,
  output logic              wr_fence_o,   // the last write of a step, perhaps without a byte
  input  logic [       1:0] wr_error_i,   // with wr_fenced_i: of any write since the last answer
  input  logic              wr_fenced_i,  // what was written up to the oldest fence can be read
  // counters
  output logic [      31:0] cnt_cycles_o,
  output logic [      31:0] cnt_uops_o,
  output logic [      31:0] cnt_blocks_o,
  output logic [      31:0] cnt_drain_stalls_o,
  output logic [      31:0] cnt_load_stalls_o,
  output logic [      31:0] cnt_read_beats_o,
  output logic [      31:0] cnt_write_beats_o,
  output logic [      31:0] cnt_write_stalls_o,
  output logic [      31:0] cnt_weight_stalls_o,
  output logic [      31:0] cnt_act_stalls_o,
  output logic [      31:0] cnt_hazard_stalls_o,
  output logic [      31:0] cnt_passes_o,
  output logic [      31:0] cnt_blocks_skipped_o,
  output logic [      31:0] cnt_uops_skipped_o,
  output logic [      31:0] cnt_groups_skipped_o,
  output logic [      31:0] cnt_weight_beats_o,
  output logic [      31:0] cnt_act_beats_o,
  output logic [      31:0] cnt_res_beats_o,
  // internal state
  output logic [      63:0] probe_o
);

  // --- parameters -------------------------------------------------------------------------------
  if (Poy < 1 || Poy > 16 || (Poy & (Poy - 1)) != 0) begin : gen_bad_poy
    $error("Poy must be a power of two, 1 <= Poy <= 16");
  end
  if (Pox < 1 || Pox > 16 || (Pox & (Pox - 1)) != 0) begin : gen_bad_pox
    $error("Pox must be a power of two, 1 <= Pox <= 16");
  end
  if (Pof != 1 && Pof != 4 && Pof != 8 && Pof != 16) begin : gen_bad_pof
    $error("Pof must be 1, 4, 8 or 16");
  end
  if (Pof == 1 && (PoolEn || ResDepth != 0)) begin : gen_bad_single
    $error("Pof = 1 has neither pooling nor residual add");
  end
  if (Chains < 1 || Chains > Pox || (Chains & (Chains - 1)) != 0) begin : gen_bad_chains
    $error("Chains must be a power of two that divides Pox");
  end
  if ((BusBytes != 8 && BusBytes != 16 && BusBytes != 32 && BusBytes != 64) || BusBytes < Pof)
  begin : gen_bad_bus
    $error("the bus must be 8, 16, 32 or 64 bytes wide and not narrower than Pof");
  end
  if (ActDepth < 16 || (ActDepth & (ActDepth - 1)) != 0) begin : gen_bad_act
    $error("ActDepth must be a power of two >= 16");
  end
  if (WgtDepth < BusBytes / Pof * 2 || (WgtDepth & (WgtDepth - 1)) != 0) begin : gen_bad_wgt
    $error("WgtDepth must be a power of two and hold two beats");
  end
  if (ListDepth < BusBytes || (ListDepth & (ListDepth - 1)) != 0) begin : gen_bad_list
    $error("ListDepth must be a power of two and hold two beats");
  end
  if (ParamDepth < 2 || (ParamDepth & (ParamDepth - 1)) != 0) begin : gen_bad_param
    $error("ParamDepth must be a power of two >= 2");
  end
  if (ResDepth == 1 || (ResDepth & (ResDepth - 1)) != 0) begin : gen_bad_res
    $error("ResDepth must be 0 or a power of two >= 2");
  end
  if (PoolEn && (Poy < 2 || Pox < 2)) begin : gen_bad_pool
    $error("pooling needs Poy >= 2 and Pox >= 2");
  end

  localparam int unsigned Pixels   = Poy * Pox;
  localparam int unsigned Lanes    = BusBytes / 4;
  localparam int unsigned BankBits = (Pixels > 1) ? $clog2(Pixels) : 1;
  localparam int unsigned Cycles   = Pixels / Chains;
  localparam int unsigned Tw       = (Cycles > 1) ? $clog2(Cycles) : 1;
  localparam int unsigned RowBits  = (Poy > 1) ? $clog2(Poy) : 1;
  localparam int unsigned Aw       = $clog2(ActDepth);
  localparam int unsigned Wa       = $clog2(WgtDepth);
  localparam int unsigned Ww       = (Wa > 16) ? Wa : 16;
  localparam int unsigned Lw       = $clog2(ListDepth);
  localparam int unsigned Rw       = $clog2(ParamDepth);
  localparam int unsigned LayerBw  = 8 * 128;
  localparam int unsigned StepBw   = 8 * 64;
  localparam bit          ResEn    = ResDepth != 0;

  // --- controller and loader --------------------------------------------------------------------
  logic               go_layer, go_step, load_idle, step_go, layer_go, w_sel, a_sel, r_sel;
  logic               seq_idle, store_idle, clear;
  logic [       31:0] go_index, desc_addr;
  logic [        3:0] ctrl_state;
  logic [        2:0] load_state;
  logic [        7:0] load_error, load_detail;
  logic [       39:0] load_error_addr;
  logic [        2:0] load_what;
  logic               stop, progress, retire;
  logic [       15:0] unstored;
  logic [LayerBw-1:0] next_layer, layer;  // of the step that is loaded, that is computed
  logic [ StepBw-1:0] next, cur_q;

  // The layer's fields that the datapath uses.
  logic        pool, in_signed, out_signed;
  logic [ 2:0] stride, seg_y_log2, seg_x_log2;
  logic [15:0] in_h, in_w, conv_h, conv_w, bank_cols, slot_words;
  logic [31:0] out_px_stride, out_row_stride, out_group_stride, out_image_stride;

  assign pool        = PoolEn && layer[swp_regs_pkg::LAYER_FLAGS_BIT
                                       + swp_regs_pkg::LAYER_FLAG_POOL];
  assign in_signed   = layer[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_INPUT_SIGNED];
  assign out_signed  = layer[swp_regs_pkg::LAYER_FLAGS_BIT
                             + swp_regs_pkg::LAYER_FLAG_OUTPUT_SIGNED];
  assign stride      = layer[swp_regs_pkg::LAYER_STRIDE_BIT +: 3];
  assign seg_y_log2  = layer[swp_regs_pkg::LAYER_SEG_Y_LOG2_BIT +: 3];
  assign seg_x_log2  = layer[swp_regs_pkg::LAYER_SEG_X_LOG2_BIT +: 3];
  assign in_h        = layer[swp_regs_pkg::LAYER_IN_H_BIT +: 16];
  assign in_w        = layer[swp_regs_pkg::LAYER_IN_W_BIT +: 16];
  assign conv_h      = layer[swp_regs_pkg::LAYER_CONV_H_BIT +: 16];
  assign conv_w      = layer[swp_regs_pkg::LAYER_CONV_W_BIT +: 16];
  assign bank_cols   = layer[swp_regs_pkg::LAYER_BANK_COLS_BIT +: 16];
  assign slot_words  = layer[swp_regs_pkg::LAYER_SLOT_WORDS_BIT +: 16];

  assign out_px_stride    = layer[swp_regs_pkg::LAYER_OUT_PX_STRIDE_BIT +: 32];
  assign out_row_stride   = layer[swp_regs_pkg::LAYER_OUT_ROW_STRIDE_BIT +: 32];
  assign out_group_stride = layer[swp_regs_pkg::LAYER_OUT_GROUP_STRIDE_BIT +: 32];
  assign out_image_stride = layer[swp_regs_pkg::LAYER_OUT_IMAGE_STRIDE_BIT +: 32];

  swp_ctrl u_ctrl (
    .clk_i,
    .rst_ni,
    .start_i,
    .desc_offset_i,
    .layer_count_i,
    .busy_o,
    .done_o,
    .error_o,
    .error_detail_o,
    .error_addr_o,
    .abort_i,
    .watchdog_i,
    .progress_i        (progress),
    .stop_o            (stop),
    .go_layer_o        (go_layer),
    .go_step_o         (go_step),
    .go_index_o        (go_index),
    .desc_addr_o       (desc_addr),
    .load_idle_i       (load_idle),
    .load_error_i      (load_error),
    .load_detail_i     (load_detail),
    .load_addr_i       (load_error_addr),
    .step_count_i      (next_layer[swp_regs_pkg::LAYER_STEP_COUNT_BIT +: 32]),
    .next_new_weights_i(next[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_NEW_WEIGHTS]),
    .next_new_acts_i   (next[swp_regs_pkg::STEP_FLAGS_BIT
                             + swp_regs_pkg::STEP_FLAG_NEW_ACTIVATIONS]),
    .next_residual_i   (next[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_RESIDUAL]),
    .step_go_o         (step_go),
    .layer_go_o        (layer_go),
    .w_sel_o           (w_sel),
    .a_sel_o           (a_sel),
    .r_sel_o           (r_sel),
    .seq_idle_i        (seq_idle),
    .store_idle_i      (store_idle),
    .fenced_i          (wr_fenced_i),
    .write_error_i     (wr_error_i),
    .unstored_o        (unstored),
    .clear_o           (clear),
    .state_o           (ctrl_state)
  );

  always_ff @(posedge clk_i) begin
    if (step_go) cur_q <= next;
  end

  always_ff @(posedge clk_i) begin
    if (layer_go) layer <= next_layer;
  end

  // The current step's fields that the datapath uses.
  logic [15:0] rows, sub_rows, sub_cols, slots, images, row_idx0, oy_first, og_first;
  logic [ 7:0] last_channels;

  assign rows          = cur_q[swp_regs_pkg::STEP_ROWS_BIT +: 16];
  assign sub_rows      = cur_q[swp_regs_pkg::STEP_SUB_ROWS_BIT +: 16];
  assign sub_cols      = cur_q[swp_regs_pkg::STEP_SUB_COLS_BIT +: 16];
  assign slots         = cur_q[swp_regs_pkg::STEP_SLOTS_BIT +: 16];
  assign images        = cur_q[swp_regs_pkg::STEP_IMAGES_BIT +: 16];
  assign row_idx0      = cur_q[swp_regs_pkg::STEP_ROW_IDX0_BIT +: 16];
  assign oy_first      = cur_q[swp_regs_pkg::STEP_OY_FIRST_BIT +: 16];
  assign og_first      = cur_q[swp_regs_pkg::STEP_OG_FIRST_BIT +: 16];
  assign last_channels = cur_q[swp_regs_pkg::STEP_LAST_CHANNELS_BIT +: 8];

  logic        buf_clear, list_we, param_we, weight_we;
  logic        plane_start, plane_res, plane_part, plane_beat_end, res_busy;
  logic [15:0] list_data, plane_image;
  logic [31:0] param_data, plane_slot_base;
  logic [ 4:0] plane_sub;
  logic [ 3:0] plane_lead;
  logic [15:0] res_pass;
  logic [ 1:0] res_c4;

  swp_load #(
    .Poy     (Poy),
    .Pox     (Pox),
    .Pof     (Pof),
    .Chains  (Chains),
    .BusBytes(BusBytes),
    .ResDepth(ResDepth),
    .SkipEn  (SkipEn),
    .PoolEn  (PoolEn)
  ) u_load (
    .clk_i,
    .rst_ni,
    .image_base_i,
    .act_base_i,
    .start_i          (clear),
    .go_layer_i       (go_layer),
    .go_step_i        (go_step),
    .go_index_i       (go_index),
    .desc_addr_i      (desc_addr),
    .idle_o           (load_idle),
    .stop_i           (stop),
    .error_o          (load_error),
    .detail_o         (load_detail),
    .error_addr_o     (load_error_addr),
    .unstored_i       (unstored),
    .res_busy_i       (res_busy),
    .state_o          (load_state),
    .what_o           (load_what),
    .layer_o          (next_layer),
    .step_o           (next),
    .rd_req_valid_o,
    .rd_req_ready_i,
    .rd_req_addr_o,
    .rd_req_beats_o,
    .rd_valid_i,
    .rd_ready_o,
    .rd_data_i,
    .rd_error_i,
    .clear_o          (buf_clear),
    .list_we_o        (list_we),
    .param_we_o       (param_we),
    .weight_we_o      (weight_we),
    .list_data_o      (list_data),
    .param_data_o     (param_data),
    .plane_start_o    (plane_start),
    .plane_res_o      (plane_res),
    .plane_part_o     (plane_part),
    .plane_sub_o      (plane_sub),
    .plane_beat_end_o (plane_beat_end),
    .plane_lead_o     (plane_lead),
    .plane_image_o    (plane_image),
    .plane_slot_base_o(plane_slot_base),
    .res_pass_o       (res_pass),
    .res_c4_o         (res_c4)
  );

  logic             words_part, words_beat_end, words_res;
  logic [Lanes-1:0] words_inside, words_now;
  logic [   Bw-1:0] words_data;

  swp_load_words #(
    .BusBytes(BusBytes)
  ) u_words (
    .clk_i,
    .rst_ni,
    .start_i    (plane_start),
    .residual_i (plane_res),
    .lead_i     (plane_lead),
    .words_i    (plane_res ? next[swp_regs_pkg::STEP_RES_WORDS_BIT +: 16]
                           : next[swp_regs_pkg::STEP_PLANE_WORDS_BIT +: 16]),
    .part_i     (plane_part),
    .sub_i      (plane_sub),
    .beat_end_i (plane_beat_end),
    .data_i     (rd_data_i),
    .load_log2_i(plane_res ? next_layer[swp_regs_pkg::LAYER_RES_LOAD_LOG2_BIT +: 8]
                           : next_layer[swp_regs_pkg::LAYER_LOAD_LOG2_BIT +: 8]),
    .strided_i  (!plane_res && next_layer[swp_regs_pkg::LAYER_FLAGS_BIT
                                     + swp_regs_pkg::LAYER_FLAG_LOAD_STRIDED]),
    .residual_o (words_res),
    .part_o     (words_part),
    .beat_end_o (words_beat_end),
    .inside_o   (words_inside),
    .now_o      (words_now),
    .data_o     (words_data)
  );

  logic                      place_any;
  logic [         Lanes-1:0] place_valid;
  logic [Lanes*BankBits-1:0] place_bank;
  logic [      Lanes*Aw-1:0] place_addr;
  logic [      Lanes*32-1:0] place_data;

  swp_load_place #(
    .Poy     (Poy),
    .Pox     (Pox),
    .BusBytes(BusBytes),
    .ActDepth(ActDepth)
  ) u_place (
    .clk_i,
    .rst_ni,
    .start_i      (plane_start && !plane_res),
    .image_i      (plane_image),
    .slot_base_i  (Aw'(plane_slot_base)),
    .part_i       (words_part && !words_res),
    .beat_end_i   (words_beat_end),
    .inside_i     (words_inside),
    .now_i        (words_now),
    .data_i       (words_data),
    .stride_i     (next_layer[swp_regs_pkg::LAYER_STRIDE_BIT +: 3]),
    .phase_zero_i (next_layer[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_PHASE_ZERO]),
    .interleaved_i(next_layer[swp_regs_pkg::LAYER_FLAGS_BIT
                              + swp_regs_pkg::LAYER_FLAG_INPUT_INTERLEAVED]),
    .seg_y_log2_i (next_layer[swp_regs_pkg::LAYER_SEG_Y_LOG2_BIT +: 3]),
    .seg_x_log2_i (next_layer[swp_regs_pkg::LAYER_SEG_X_LOG2_BIT +: 3]),
    .in_w_i       (next_layer[swp_regs_pkg::LAYER_IN_W_BIT +: 16]),
    .bank_cols_i  (Aw'(next_layer[swp_regs_pkg::LAYER_BANK_COLS_BIT +: 16])),
    .y_start_i    (next[swp_regs_pkg::STEP_Y_START_BIT +: 8]),
    .any_o        (place_any),
    .valid_o      (place_valid),
    .bank_o       (place_bank),
    .addr_o       (place_addr),
    .data_o       (place_data)
  );

  // --- walker and issue -------------------------------------------------------------------------
  logic [Lw-1:0] list_addr_q;

  always_ff @(posedge clk_i) begin
    if (buf_clear) list_addr_q <= '0;
    else if (list_we) list_addr_q <= list_addr_q + Lw'(1);
  end

  logic        walk_active, entry_valid, entry_null, entry_last, entry_again, take;
  logic [11:0] entry_slot;
  logic [ 1:0] entry_channels;
  logic [15:0] sub_x, sub_y;

  swp_idx_walk #(
    .ListDepth(ListDepth),
    .SkipEn   (SkipEn)
  ) u_walk (
    .clk_i,
    .rst_ni,
    .list_we_i      (list_we),
    .list_addr_i    (list_addr_q),
    .list_data_i    (list_data),
    .start_i        (step_go),
    .stop_i         (stop),
    .half_i         (w_sel),
    .rows_i         (rows),
    .sub_rows_i     (sub_rows),
    .sub_cols_i     (sub_cols),
    .slots_i        (slots),
    .last_channels_i(last_channels),
    .take_i         (take),
    .active_o       (walk_active),
    .entry_valid_o  (entry_valid),
    .slot_o         (entry_slot),
    .channels_o     (entry_channels),
    .null_o         (entry_null),
    .last_o         (entry_last),
    .again_o        (entry_again),
    .sx_o           (sub_x),
    .sy_o           (sub_y)
  );

  logic           act_re, wgt_re, p2_valid, p2_null, p3_valid, p4_valid, p4_first, p4_last;
  logic [Poy-1:0] row_next, p2_row_in;
  logic [Pox-1:0] col_next, p2_col_in;
  logic [ Aw-1:0] act_addr, act_addr_row;
  logic [ Ww-1:0] wgt_addr;
  logic [    1:0] p2_ci;
  logic [    3:0] p2_rot_y, p2_rot_x;
  logic           drain_ready, en, issue, block, uop_first, uop_last, uop_null;
  logic [   11:0] uop_slot;
  logic [    1:0] uop_ci;
  logic [    2:0] uop_ky, uop_kx;
  logic [   15:0] uop_waddr;

  swp_issue #(
    .Poy     (Poy),
    .Pox     (Pox),
    .ActDepth(ActDepth),
    .WgtDepth(WgtDepth)
  ) u_issue (
    .clk_i,
    .rst_ni,
    .start_i      (step_go),
    .stop_i       (stop),
    .walk_active_i(walk_active),
    .entry_valid_i(entry_valid),
    .slot_i       (entry_slot),
    .channels_i   (entry_channels),
    .null_i       (entry_null),
    .last_i       (entry_last),
    .again_i      (entry_again),
    .sx_i         (sub_x),
    .sy_i         (sub_y),
    .take_o       (take),
    .kernel_h_i   (layer[swp_regs_pkg::LAYER_KERNEL_H_BIT +: 4]),
    .kernel_w_i   (layer[swp_regs_pkg::LAYER_KERNEL_W_BIT +: 4]),
    .stride_i     (stride),
    .dilation_i   (layer[swp_regs_pkg::LAYER_DILATION_BIT +: 3]),
    .pad_i        (layer[swp_regs_pkg::LAYER_PAD_BIT +: 4]),
    .seg_y_log2_i (seg_y_log2),
    .seg_x_log2_i (seg_x_log2),
    .in_h_i       (in_h),
    .in_w_i       (in_w),
    .bank_cols_i  (Aw'(bank_cols)),
    .slot_words_i (Aw'(slot_words)),
    .row_idx0_i   (row_idx0),
    .oy_first_i   (oy_first),
    .act_re_o     (act_re),
    .row_next_o   (row_next),
    .col_next_o   (col_next),
    .addr_o       (act_addr),
    .addr_row_o   (act_addr_row),
    .wgt_re_o     (wgt_re),
    .wgt_addr_o   (wgt_addr),
    .p2_valid_o   (p2_valid),
    .p2_null_o    (p2_null),
    .p2_ci_o      (p2_ci),
    .p2_rot_y_o   (p2_rot_y),
    .p2_rot_x_o   (p2_rot_x),
    .p2_row_in_o  (p2_row_in),
    .p2_col_in_o  (p2_col_in),
    .p3_valid_o   (p3_valid),
    .p4_valid_o   (p4_valid),
    .p4_first_o   (p4_first),
    .p4_last_o    (p4_last),
    .drain_ready_i(drain_ready),
    .en_o         (en),
    .retire_o     (retire),
    .seq_idle_o   (seq_idle),
    .issue_o      (issue),
    .block_o      (block),
    .first_o      (uop_first),
    .last_o       (uop_last),
    .null_o       (uop_null),
    .slot_o       (uop_slot),
    .ci_o         (uop_ci),
    .ky_o         (uop_ky),
    .kx_o         (uop_kx),
    .weight_addr_o(uop_waddr)
  );

  // --- buffers and array ------------------------------------------------------------------------
  logic [Pixels*32-1:0] bank_data;
  logic [ Pixels*8-1:0] pixel_bytes;
  logic [    Pof*8-1:0] weights;

  swp_act_buf #(
    .Poy     (Poy),
    .Pox     (Pox),
    .BusBytes(BusBytes),
    .ActDepth(ActDepth)
  ) u_act (
    .clk_i,
    .rst_ni,
    .half_i     (a_sel),
    .any_i      (place_any),
    .valid_i    (place_valid),
    .bank_i     (place_bank),
    .addr_i     (place_addr),
    .data_i     (place_data),
    .re_i       (act_re),
    .stride_i   (stride),
    .raddr_i    (act_addr),
    .raddr_row_i(act_addr_row),
    .row_next_i (row_next),
    .col_next_i (col_next),
    .data_o     (bank_data)
  );

  swp_act_rot #(
    .Poy(Poy),
    .Pox(Pox)
  ) u_rot (
    .valid_i     (p2_valid),
    .data_i      (bank_data),
    .ci_i        (p2_ci),
    .rot_y_i     (p2_rot_y),
    .rot_x_i     (p2_rot_x),
    .seg_y_log2_i(seg_y_log2),
    .seg_x_log2_i(seg_x_log2),
    .bytes_o     (pixel_bytes)
  );

  swp_wgt_buf #(
    .Pof     (Pof),
    .BusBytes(BusBytes),
    .WgtDepth(WgtDepth)
  ) u_wgt (
    .clk_i,
    .rst_ni,
    .half_i  (w_sel),
    .wclear_i(buf_clear),
    .we_i    (weight_we),
    .data_i  (rd_data_i),
    .re_i    (wgt_re),
    .addr_i  (Wa'(wgt_addr)),
    .data_o  (weights)
  );

  logic                     group_valid;
  logic [Chains*Pof*32-1:0] chain;

  swp_array #(
    .Poy   (Poy),
    .Pox   (Pox),
    .Pof   (Pof),
    .Chains(Chains)
  ) u_array (
    .clk_i,
    .en_i      (en),
    .p2_valid_i(p2_valid),
    .p2_null_i (p2_null),
    .bytes_i   (pixel_bytes),
    .row_in_i  (p2_row_in),
    .col_in_i  (p2_col_in),
    .signed_i  (in_signed),
    .zero_i    (layer[swp_regs_pkg::LAYER_ZERO_IN_BIT +: 9]),
    .weights_i (weights),
    .p3_valid_i(p3_valid),
    .p4_valid_i(p4_valid),
    .p4_first_i(p4_first),
    .retire_i  (retire),
    .shift_i   (group_valid),
    .chain_o   (chain)
  );

  // --- drain, requantisation, pooling, store ----------------------------------------------------
  logic          drain_active, emptied, pass_end;
  logic [Tw-1:0] group;
  logic [Rw-1:0] param_row;
  logic [  39:0] pass_addr;
  logic [  16:0] pass_y, pass_x;
  logic [  19:0] pass_word;
  logic [   1:0] pass_byte;
  logic [   2:0] alloc, filled;

  swp_drain #(
    .Poy       (Poy),
    .Pox       (Pox),
    .Pof       (Pof),
    .Chains    (Chains),
    .ParamDepth(ParamDepth)
  ) u_drain (
    .clk_i,
    .rst_ni,
    .start_i           (step_go),
    .start_addr_i      (act_base_i + {8'd0, next[swp_regs_pkg::STEP_OUT_OFFSET_BIT +: 32]}),
    .rows_i            (rows),
    .sub_rows_i        (sub_rows),
    .sub_cols_i        (sub_cols),
    .oy_first_i        (oy_first),
    .og_first_i        (og_first),
    .pool_i            (pool),
    .seg_y_log2_i      (seg_y_log2),
    .seg_x_log2_i      (seg_x_log2),
    .pass_interval_i   (layer[swp_regs_pkg::LAYER_PASS_INTERVAL_BIT +: 16]),
    .out_px_stride_i   (out_px_stride),
    .out_row_stride_i  (out_row_stride),
    .out_group_stride_i(out_group_stride),
    .retire_i          (retire),
    .alloc_i           (alloc),
    .ready_o           (drain_ready),
    .active_o          (drain_active),
    .group_valid_o     (group_valid),
    .emptied_o         (emptied),
    .group_o           (group),
    .param_row_o       (param_row),
    .pass_addr_o       (pass_addr),
    .pass_y_o          (pass_y),
    .pass_x_o          (pass_x),
    .pass_word_o       (pass_word),
    .pass_byte_o       (pass_byte),
    .pass_end_o        (pass_end)
  );

  logic [Pof*32-1:0] bias;
  logic [Pof*16-1:0] mult;
  logic [ Pof*6-1:0] shift;

  swp_param_buf #(
    .Pof       (Pof),
    .ParamDepth(ParamDepth)
  ) u_param (
    .clk_i,
    .rst_ni,
    .half_i  (w_sel),
    .wclear_i(buf_clear),
    .we_i    (param_we),
    .data_i  (param_data),
    .re_i    (retire),
    .row_i   (param_row),
    .bias_o  (bias),
    .mult_o  (mult),
    .shift_o (shift)
  );

  // --- residual ---------------------------------------------------------------------------------
  logic                    res_on;
  logic [Chains*Pof*8-1:0] res_bytes;

  if (ResEn) begin : gen_residual
    localparam int unsigned Nw = $clog2(ResDepth);
    logic residual;
    assign residual = layer[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_RESIDUAL]
                   && cur_q[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_RESIDUAL];

    swp_residual #(
      .Poy     (Poy),
      .Pox     (Pox),
      .Pof     (Pof),
      .Chains  (Chains),
      .BusBytes(BusBytes),
      .ResDepth(ResDepth)
    ) u_residual (
      .clk_i,
      .rst_ni,
      .start_i      (plane_start && plane_res),
      .image_i      (plane_image),
      .pass_i       (Nw'(res_pass)),
      .c4_i         (res_c4),
      .part_i       (words_part && words_res),
      .beat_end_i   (words_beat_end),
      .inside_i     (words_inside),
      .now_i        (words_now),
      .data_i       (words_data),
      .busy_o       (res_busy),
      .stride2_i    (next_layer[swp_regs_pkg::LAYER_RES_STRIDE_BIT + 1]),
      .seg_y_log2_i (next_layer[swp_regs_pkg::LAYER_SEG_Y_LOG2_BIT +: 3]),
      .seg_x_log2_i (next_layer[swp_regs_pkg::LAYER_SEG_X_LOG2_BIT +: 3]),
      .res_w_i      (next_layer[swp_regs_pkg::LAYER_RES_W_BIT +: 16]),
      .sub_rows_i   (next[swp_regs_pkg::STEP_SUB_ROWS_BIT +: 16]),
      .sub_cols_i   (next[swp_regs_pkg::STEP_SUB_COLS_BIT +: 16]),
      .step_go_i    (step_go),
      .r_sel_i      (r_sel),
      .on_i         (residual),
      .retire_i     (retire),
      .emptied_i    (emptied),
      .group_valid_i(group_valid),
      .group_i      (group),
      .on_o         (res_on),
      .data_o       (res_bytes)
    );
  end else begin : gen_no_residual
    assign res_busy  = 1'b0;
    assign res_on    = 1'b0;
    assign res_bytes = '0;
    logic unused_residual;
    assign unused_residual = &{1'b0, words_res, res_pass, res_c4, emptied};
  end

  logic                    q3_valid;
  logic [          Tw-1:0] q3_group;
  logic [Chains*Pof*8-1:0] q3_bytes;

  swp_requant #(
    .Pof   (Pof),
    .Chains(Chains),
    .Tw    (Tw),
    .ResEn (ResEn)
  ) u_requant (
    .clk_i,
    .rst_ni,
    .valid_i   (group_valid),
    .group_i   (group),
    .chain_i   (chain),
    .bias_i    (bias),
    .mult_i    (mult),
    .shift_i   (shift),
    .res_on_i    (res_on),
    .res_i       (res_bytes),
    .res_signed_i(layer[swp_regs_pkg::LAYER_FLAGS_BIT
                        + swp_regs_pkg::LAYER_FLAG_RESIDUAL_SIGNED]),
    .res_zero_i  (layer[swp_regs_pkg::LAYER_RES_ZERO_BIT +: 9]),
    .res_mult_i  (layer[swp_regs_pkg::LAYER_RES_MULTIPLIER_BIT +: 16]),
    .res_shift_i (layer[swp_regs_pkg::LAYER_RES_SHIFT_BIT +: 5]),
    .zero_out_i(layer[swp_regs_pkg::LAYER_ZERO_OUT_BIT +: 16]),
    .clamp_lo_i(layer[swp_regs_pkg::LAYER_CLAMP_LO_BIT +: 16]),
    .clamp_hi_i(layer[swp_regs_pkg::LAYER_CLAMP_HI_BIT +: 16]),
    .valid_o   (q3_valid),
    .group_o   (q3_group),
    .bytes_o   (q3_bytes)
  );

  logic [      Pox-1:0] out_we;
  logic [  RowBits-1:0] out_row, store_row;
  logic [Pox*Pof*8-1:0] out_data;
  logic [          1:0] fill_buf, store_buf, store_c4;
  logic                 store_re, fill;
  logic [   Pox*32-1:0] store_words;

  assign fill = q3_valid && q3_group == Tw'(Cycles - 1);

  swp_pool #(
    .Poy   (Poy),
    .Pox   (Pox),
    .Pof   (Pof),
    .Chains(Chains),
    .PoolEn(PoolEn)
  ) u_pool (
    .clk_i,
    .pool_i  (pool),
    .signed_i(out_signed),
    .valid_i (q3_valid),
    .group_i (q3_group),
    .bytes_i (q3_bytes),
    .we_o    (out_we),
    .row_o   (out_row),
    .data_o  (out_data)
  );

  swp_out_buf #(
    .Poy(Poy),
    .Pox(Pox),
    .Pof(Pof)
  ) u_out (
    .clk_i,
    .rst_ni,
    .wbuf_i (fill_buf),
    .we_i   (out_we),
    .wrow_i (out_row),
    .data_i (out_data),
    .re_i   (store_re),
    .rbuf_i (store_buf),
    .rrow_i (store_row),
    .c4_i   (store_c4),
    .words_o(store_words)
  );

  swp_store #(
    .Poy(Poy),
    .Pox(Pox),
    .Pof(Pof)
  ) u_store (
    .clk_i,
    .rst_ni,
    .retire_i          (retire),
    .pass_addr_i       (pass_addr),
    .pass_y_i          (pass_y),
    .pass_x_i          (pass_x),
    .pass_word_i       (pass_word),
    .pass_byte_i       (pass_byte),
    .pass_end_i        (pass_end),
    .images_i          (images),
    .fill_i            (fill),
    .fill_buf_o        (fill_buf),
    .alloc_o           (alloc),
    .filled_o          (filled),
    .idle_o            (store_idle),
    .pool_i            (pool),
    .run_log2_i        (layer[swp_regs_pkg::LAYER_RUN_LOG2_BIT +: 3]),
    .seg_y_log2_i      (seg_y_log2),
    .seg_x_log2_i      (seg_x_log2),
    .conv_h_i          (conv_h),
    .conv_w_i          (conv_w),
    .out_groups4_i     (layer[swp_regs_pkg::LAYER_OUT_GROUPS4_BIT +: 16]),
    .out_px_stride_i   (out_px_stride),
    .out_row_stride_i  (out_row_stride),
    .out_group_stride_i(out_group_stride),
    .out_image_stride_i(out_image_stride),
    .re_o              (store_re),
    .rbuf_o            (store_buf),
    .rrow_o            (store_row),
    .c4_o              (store_c4),
    .words_i           (store_words),
    .wr_valid_o,
    .wr_ready_i,
    .wr_addr_o,
    .wr_data_o,
    .wr_strb_o,
    .wr_fence_o
  );

  // --- counters and probe -----------------------------------------------------------------------
  // The loader's requests are numbered: 0, 1 records, 2-4 weights, 5, 6 planes, 7 residual.
  logic read, write;
  assign read     = rd_valid_i && rd_ready_o;
  assign write    = wr_valid_o && wr_ready_i;
  assign progress = retire || read || write || (rd_req_valid_o && rd_req_ready_i);

  swp_counters u_counters (
    .clk_i,
    .rst_ni,
    .clear_i         (clear),
    .busy_i          (busy_o),
    .issue_i         (issue),
    .null_i          (uop_null),
    .block_i         (block),
    .pass_last_i     (uop_last),
    .retire_i        (retire),
    .stall_i         (!en),
    .stores_full_i   (alloc == 3'(swp_regs_pkg::OUT_BUFFERS)),
    .in_groups_i     (layer[swp_regs_pkg::LAYER_IN_GROUPS_BIT +: 16]),
    .row_uops_i      (layer[swp_regs_pkg::LAYER_ROW_UOPS_BIT +: 32]),
    .tile_go_i       (step_go && next[swp_regs_pkg::STEP_FLAGS_BIT
                                      + swp_regs_pkg::STEP_FLAG_NEW_ACTIVATIONS]),
    .tile_groups_i   (next_layer[swp_regs_pkg::LAYER_IN_GROUPS_BIT +: 16]),
    .tile_slots_i    (next[swp_regs_pkg::STEP_SLOTS_BIT +: 16]),
    .load_stall_i    (ctrl_state == swp_regs_pkg::CTRL_STEP_WAIT && seq_idle && !load_idle),
    .load_hold_i     (load_state == swp_regs_pkg::LOAD_HOLD),
    .load_tile_i     (load_what >= 3'd5),
    .load_res_i      (load_what == 3'd7),
    .load_record_i   (load_what <= 3'd1),
    .read_i          (read),
    .write_i         (write && wr_strb_o != '0),
    .cycles_o        (cnt_cycles_o),
    .uops_o          (cnt_uops_o),
    .blocks_o        (cnt_blocks_o),
    .drain_stalls_o  (cnt_drain_stalls_o),
    .load_stalls_o   (cnt_load_stalls_o),
    .read_beats_o    (cnt_read_beats_o),
    .write_beats_o   (cnt_write_beats_o),
    .write_stalls_o  (cnt_write_stalls_o),
    .weight_stalls_o (cnt_weight_stalls_o),
    .act_stalls_o    (cnt_act_stalls_o),
    .hazard_stalls_o (cnt_hazard_stalls_o),
    .passes_o        (cnt_passes_o),
    .blocks_skipped_o(cnt_blocks_skipped_o),
    .uops_skipped_o  (cnt_uops_skipped_o),
    .groups_skipped_o(cnt_groups_skipped_o),
    .weight_beats_o  (cnt_weight_beats_o),
    .act_beats_o     (cnt_act_beats_o),
    .res_beats_o     (cnt_res_beats_o)
  );

  assign probe_o = {
    1'd0,
    unstored[2:0],
    r_sel,
    load_state[2],
    uop_waddr,
    a_sel,
    w_sel,
    seq_idle,
    drain_active,
    filled,
    alloc,
    retire,
    uop_kx,
    uop_ky,
    uop_ci,
    uop_slot,
    uop_null,
    uop_last,
    uop_first,
    issue,
    en,
    load_state[1:0],
    ctrl_state
  };

  // Fields of the records that hardware does not look at: checks of the software's side, reserved
  // bytes, and the loader's fields in the current step.
  logic unused_fields;
  assign unused_fields = &{1'b0, layer, next_layer, cur_q, bank_cols, slot_words, plane_slot_base, wgt_addr,
                           res_pass};

  `SWP_ASSERT(RetireIsLast, !retire || p4_last)
  `SWP_ASSERT(FillIsAllocated, !fill || filled < alloc)
  `SWP_ASSERT(FlushedIsStored, !(ctrl_state == swp_regs_pkg::CTRL_FLUSH && unstored == 16'd0)
              || store_idle)

endmodule : swp_core

`default_nettype wire
