// SPDX-License-Identifier: Apache-2.0

// Whether a layer descriptor is one for this core: the first error that applies and, for rules of
// single fields, the rule (docs/accelerator.md section 8.2); 0 if all is well. Combinational;
// looked at, and worked out, in a cycle with en_i.

`default_nettype none

module swp_layer_check #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned Chains   = 2,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  parameter  bit          SkipEn   = 1'b1,
  parameter  bit          PoolEn   = 1'b1,
  localparam int unsigned LayerBw  = 8 * 128
) (
  input  logic               en_i,
  input  logic [LayerBw-1:0] layer_i,
  input  logic               crc_ok_i,
  output logic [        7:0] error_o,
  output logic [        7:0] detail_o
);

  localparam int unsigned WordBits = $clog2(BusBytes / 4);

  logic [31:0] flags;
  logic [ 7:0] kernel_h, kernel_w, stride, dilation, seg_y, seg_x, run, res_stride, res_shift;
  logic        pool, skip, interleaved, residual;
  logic        version_ok, array_ok, seg_ok, inter_ok, res_ok;
  logic [ 7:0] run_most;

  assign flags       = layer_i[swp_regs_pkg::LAYER_FLAGS_BIT +: 32];
  assign pool        = flags[swp_regs_pkg::LAYER_FLAG_POOL];
  assign skip        = flags[swp_regs_pkg::LAYER_FLAG_SKIP];
  assign interleaved = flags[swp_regs_pkg::LAYER_FLAG_INPUT_INTERLEAVED];
  assign residual    = flags[swp_regs_pkg::LAYER_FLAG_RESIDUAL];
  assign kernel_h    = layer_i[swp_regs_pkg::LAYER_KERNEL_H_BIT +: 8];
  assign kernel_w    = layer_i[swp_regs_pkg::LAYER_KERNEL_W_BIT +: 8];
  assign stride      = layer_i[swp_regs_pkg::LAYER_STRIDE_BIT +: 8];
  assign dilation    = layer_i[swp_regs_pkg::LAYER_DILATION_BIT +: 8];
  assign seg_y       = layer_i[swp_regs_pkg::LAYER_SEG_Y_LOG2_BIT +: 8];
  assign seg_x       = layer_i[swp_regs_pkg::LAYER_SEG_X_LOG2_BIT +: 8];
  assign run         = layer_i[swp_regs_pkg::LAYER_RUN_LOG2_BIT +: 8];
  assign res_stride  = layer_i[swp_regs_pkg::LAYER_RES_STRIDE_BIT +: 8];
  assign res_shift   = layer_i[swp_regs_pkg::LAYER_RES_SHIFT_BIT +: 8];

  assign version_ok =
      layer_i[swp_regs_pkg::LAYER_VERSION_BIT +: 16] == swp_regs_pkg::LAYER_VERSION
      && layer_i[swp_regs_pkg::LAYER_BYTES_BIT +: 16] == swp_regs_pkg::LAYER_BYTES;
  assign array_ok   = layer_i[swp_regs_pkg::LAYER_POY_BIT +: 8] == 8'(Poy)
                   && layer_i[swp_regs_pkg::LAYER_POX_BIT +: 8] == 8'(Pox)
                   && layer_i[swp_regs_pkg::LAYER_POF_BIT +: 8] == 8'(Pof)
                   && layer_i[swp_regs_pkg::LAYER_BUS_BYTES_BIT +: 8] == 8'(BusBytes)
                   && !(pool && !PoolEn) && skip == SkipEn && !(residual && ResDepth == 0);
  assign seg_ok     = seg_y <= 8'($clog2(Poy)) && seg_x <= 8'($clog2(Pox))
                   && !(pool && (seg_y == 8'd0 || seg_x == 8'd0));
  assign run_most   = pool ? 8'($clog2(Pox / 2)) : 8'($clog2(Pox));
  assign inter_ok   = stride == 8'd1 && seg_y == 8'd0 && seg_x == 8'd0;
  assign res_ok     = (res_stride == 8'd1 || res_stride == 8'd2)
                   && layer_i[swp_regs_pkg::LAYER_RES_LOAD_LOG2_BIT +: 8] <= 8'(WordBits)
                   && res_shift >= 8'd1 && res_shift <= 8'd31
                   && layer_i[swp_regs_pkg::LAYER_RES_W_BIT +: 16] != 16'd0;

  always_comb begin
    detail_o = 8'd0;
    if (!en_i) begin
      detail_o = 8'd0;
    end else if (!(kernel_h >= 8'd1 && kernel_h <= 8'd8 && kernel_w >= 8'd1 && kernel_w <= 8'd8)) begin
      detail_o = 8'd1;
    end else if (!(stride >= 8'd1 && stride <= 8'd4)) begin
      detail_o = 8'd2;
    end else if (!(dilation >= 8'd1 && dilation <= 8'd4)) begin
      detail_o = 8'd3;
    end else if (layer_i[swp_regs_pkg::LAYER_PAD_BIT +: 8] > 8'd15) begin
      detail_o = 8'd4;
    end else if (!seg_ok) begin
      detail_o = 8'd5;
    end else if (layer_i[swp_regs_pkg::LAYER_LOAD_LOG2_BIT +: 8] > 8'(WordBits)) begin
      detail_o = 8'd6;
    end else if (run > run_most) begin
      detail_o = 8'd7;
    end else if (layer_i[swp_regs_pkg::LAYER_STEP_COUNT_BIT +: 32] == 32'd0) begin
      detail_o = 8'd8;
    end else if (layer_i[swp_regs_pkg::LAYER_PASS_INTERVAL_BIT +: 16] < 16'(Poy * Pox / Chains))
    begin
      detail_o = 8'd9;
    end else if (flags[31:9] != 23'd0) begin
      detail_o = 8'd10;
    end else if (interleaved && !inter_ok) begin
      detail_o = 8'd11;
    end else if (residual && !res_ok) begin
      detail_o = 8'd12;
    end
    error_o = (detail_o == 8'd0) ? swp_regs_pkg::RUN_ERROR_NONE
                                 : swp_regs_pkg::RUN_ERROR_LAYER_FIELD;
    if (!en_i) begin
      error_o = swp_regs_pkg::RUN_ERROR_NONE;
    end else if (layer_i[swp_regs_pkg::LAYER_MAGIC_BIT +: 32] != swp_regs_pkg::LAYER_MAGIC) begin
      error_o = swp_regs_pkg::RUN_ERROR_MAGIC;
    end else if (!version_ok) begin
      error_o = swp_regs_pkg::RUN_ERROR_VERSION;
    end else if (!crc_ok_i) begin
      error_o = swp_regs_pkg::RUN_ERROR_LAYER_CRC;
    end else if (!array_ok) begin
      error_o = swp_regs_pkg::RUN_ERROR_ARRAY;
    end
    if (error_o != swp_regs_pkg::RUN_ERROR_LAYER_FIELD) detail_o = 8'd0;
  end

  logic unused_layer;
  assign unused_layer = &{1'b0, layer_i};

endmodule : swp_layer_check

`default_nettype wire
