// SPDX-License-Identifier: Apache-2.0

// Whether a step record can be executed: the first error that applies and, for rules of single
// fields, the rule (docs/accelerator.md section 8.2); 0 if all is well. Combinational;
// looked at, and worked out, in a cycle with en_i.

`default_nettype none

module swp_step_check #(
  localparam int unsigned StepBw = 8 * 64
) (
  input  logic              en_i,
  input  logic [StepBw-1:0] step_i,
  input  logic              crc_ok_i,
  input  logic              first_i,           // the layer's first step
  input  logic              layer_residual_i,
  output logic [       7:0] error_o,
  output logic [       7:0] detail_o
);

  logic [31:0] flags;
  logic [15:0] rows, sub_rows, sub_cols, slots, images, plane_words, res_words;
  logic        new_weights, new_acts, residual;

  assign flags       = step_i[swp_regs_pkg::STEP_FLAGS_BIT +: 32];
  assign new_weights = flags[swp_regs_pkg::STEP_FLAG_NEW_WEIGHTS];
  assign new_acts    = flags[swp_regs_pkg::STEP_FLAG_NEW_ACTIVATIONS];
  assign residual    = flags[swp_regs_pkg::STEP_FLAG_RESIDUAL];
  assign rows        = step_i[swp_regs_pkg::STEP_ROWS_BIT +: 16];
  assign sub_rows    = step_i[swp_regs_pkg::STEP_SUB_ROWS_BIT +: 16];
  assign sub_cols    = step_i[swp_regs_pkg::STEP_SUB_COLS_BIT +: 16];
  assign slots       = step_i[swp_regs_pkg::STEP_SLOTS_BIT +: 16];
  assign images      = step_i[swp_regs_pkg::STEP_IMAGES_BIT +: 16];
  assign plane_words = step_i[swp_regs_pkg::STEP_PLANE_WORDS_BIT +: 16];
  assign res_words   = step_i[swp_regs_pkg::STEP_RES_WORDS_BIT +: 16];

  always_comb begin
    detail_o = 8'd0;
    if (!en_i) begin
      detail_o = 8'd0;
    end else if (rows == 16'd0 || sub_rows == 16'd0 || sub_cols == 16'd0) begin
      detail_o = 8'd1;
    end else if (first_i && !(new_weights && new_acts)) begin
      detail_o = 8'd2;
    end else if (flags[31:5] != 27'd0) begin
      detail_o = 8'd3;
    end else if (new_acts && slots != 16'd0 && (images == 16'd0 || plane_words == 16'd0)) begin
      detail_o = 8'd4;
    end else if (residual && (!layer_residual_i || images == 16'd0 || res_words == 16'd0)) begin
      detail_o = 8'd5;
    end
    error_o = (detail_o == 8'd0) ? swp_regs_pkg::RUN_ERROR_NONE
                                 : swp_regs_pkg::RUN_ERROR_STEP_FIELD;
    if (en_i && !crc_ok_i) begin
      error_o  = swp_regs_pkg::RUN_ERROR_STEP_CRC;
      detail_o = 8'd0;
    end
  end

  logic unused_step;
  assign unused_step = &{1'b0, step_i};

endmodule : swp_step_check

`default_nettype wire
