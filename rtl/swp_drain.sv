// SPDX-License-Identifier: Apache-2.0

// Drain control: accepts a finished pass into the shadow registers, shifts it out, and keeps the
// place of the pass (row, sub-tile, output address) for the store.
//
//   cycle           n        n+1      ...  n+D      ...  n+Dx
//   retire_i        1        0             0             may be 1 again
//   active_o        .        1             1             1
//   t               .        0             D - 1         Dx - 1
//   group_valid_o   .        1             1             0 (if Dx > D)
//
// ready_o: a retire in this cycle finds room. Passes retire in the order rows, sy, sx (fastest), so
// row, sub-tile and address are counted here and need not travel with the micro-ops; start_i begins
// the count of a step, and start_addr_i is the address of its first pass. With Pof = 1 four rows share a
// channel word: pass_byte_o says which of its bytes the pass is.

`include "swp_assert.svh"
`default_nettype none

module swp_drain #(
  parameter  int unsigned Poy        = 4,
  parameter  int unsigned Pox        = 8,
  parameter  int unsigned Pof        = 8,
  parameter  int unsigned Chains     = 2,
  parameter  int unsigned ParamDepth = 128,
  localparam int unsigned Cycles     = Poy * Pox / Chains,
  localparam int unsigned Tw         = (Cycles > 1) ? $clog2(Cycles) : 1,
  localparam int unsigned Rw         = $clog2(ParamDepth)
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  // step
  input  logic          start_i,
  input  logic [  39:0] start_addr_i,
  input  logic [  15:0] rows_i,
  input  logic [  15:0] sub_rows_i,
  input  logic [  15:0] sub_cols_i,
  input  logic [  15:0] oy_first_i,
  input  logic [  15:0] og_first_i,
  // layer
  input  logic          pool_i,
  input  logic [   2:0] seg_y_log2_i,
  input  logic [   2:0] seg_x_log2_i,
  input  logic [  15:0] pass_interval_i,
  input  logic [  31:0] out_px_stride_i,
  input  logic [  31:0] out_row_stride_i,
  input  logic [  31:0] out_group_stride_i,
  // flow
  input  logic          retire_i,
  input  logic [   2:0] alloc_i,
  output logic          ready_o,
  output logic          active_o,
  output logic          group_valid_o,
  output logic          emptied_o,  // every result of the last pass has been shown
  output logic [Tw-1:0] group_o,
  output logic [Rw-1:0] param_row_o,
  // place of the pass that retires
  output logic [  39:0] pass_addr_o,
  output logic [  16:0] pass_y_o,
  output logic [  16:0] pass_x_o,
  output logic [  19:0] pass_word_o,  // channel word of the pass in the layer
  output logic [   1:0] pass_byte_o,
  output logic          pass_end_o    // the step's last one
);

  localparam int unsigned WordsLog2 = (Pof > 4) ? $clog2(Pof / 4) : 0;

  // --- shifting ---------------------------------------------------------------------------------
  logic        active_q;
  logic [15:0] t_q;
  logic        t_end;

  assign t_end   = t_q + 16'd1 == pass_interval_i;
  assign ready_o = (!active_q || t_end) && alloc_i < 3'(swp_regs_pkg::OUT_BUFFERS);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      t_q      <= 16'd0;
    end else if (retire_i) begin
      active_q <= 1'b1;
      t_q      <= 16'd0;
    end else if (active_q) begin
      t_q <= t_q + 16'd1;
      if (t_end) active_q <= 1'b0;
    end
  end

  assign active_o      = active_q;
  assign group_valid_o = active_q && t_q < 16'(Cycles);
  assign group_o       = t_q[Tw-1:0];
  assign emptied_o     = !active_q || {1'b0, t_q} + 17'd1 >= 17'(Cycles);

  // --- place of the pass ------------------------------------------------------------------------
  logic [15:0] r_q, sy_q, sx_q;
  logic [19:0] group;  // output group in the layer
  logic [39:0] addr_q, line_addr_q, row_addr_q;  // of the pass, of (r, sy, 0), of (r, 0, 0)
  logic [39:0] next_col, next_line, next_row;
  logic        sx_end, sy_end;
  logic [ 2:0] out_seg_y, out_seg_x;

  assign sx_end    = sx_q + 16'd1 == sub_cols_i;
  assign sy_end    = sy_q + 16'd1 == sub_rows_i;
  assign out_seg_y = seg_y_log2_i - {2'd0, pool_i};
  assign out_seg_x = seg_x_log2_i - {2'd0, pool_i};
  assign next_col  = addr_q + ({8'd0, out_px_stride_i} << out_seg_x);
  assign next_line = line_addr_q + ({8'd0, out_row_stride_i} << out_seg_y);
  assign next_row  = (Pof == 1 && group[1:0] != 2'd3)
                   ? row_addr_q : row_addr_q + ({8'd0, out_group_stride_i} << WordsLog2);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      r_q         <= 16'd0;
      sy_q        <= 16'd0;
      sx_q        <= 16'd0;
      addr_q      <= start_addr_i;
      line_addr_q <= start_addr_i;
      row_addr_q  <= start_addr_i;
    end else if (retire_i) begin
      if (!sx_end) begin
        sx_q   <= sx_q + 16'd1;
        addr_q <= next_col;
      end else if (!sy_end) begin
        sx_q        <= 16'd0;
        sy_q        <= sy_q + 16'd1;
        addr_q      <= next_line;
        line_addr_q <= next_line;
      end else begin
        sx_q        <= 16'd0;
        sy_q        <= 16'd0;
        r_q         <= r_q + 16'd1;
        addr_q      <= next_row;
        line_addr_q <= next_row;
        row_addr_q  <= next_row;
      end
    end
  end

  logic [19:0] y_conv, x_conv;
  assign y_conv      = {4'd0, oy_first_i} + ({4'd0, sy_q} << seg_y_log2_i);
  assign x_conv      = {4'd0, sx_q} << seg_x_log2_i;
  assign pass_addr_o = addr_q;
  assign pass_y_o    = pool_i ? y_conv[17:1] : y_conv[16:0];
  assign pass_x_o    = pool_i ? x_conv[17:1] : x_conv[16:0];
  assign group       = {4'd0, og_first_i} + {4'd0, r_q};
  assign pass_word_o = (Pof == 1) ? group >> 2 : group << WordsLog2;
  assign pass_byte_o = (Pof == 1) ? group[1:0] : 2'd0;
  assign pass_end_o  = sx_end && sy_end && r_q + 16'd1 == rows_i;
  assign param_row_o = r_q[Rw-1:0];

  logic unused_conv;
  assign unused_conv = &{1'b0, y_conv[19:18], x_conv[19:18]};

  `SWP_ASSERT(RetireFindsRoom, !retire_i || ready_o)
  `SWP_ASSERT(DrainFits, !retire_i || pass_interval_i >= 16'(Cycles))

endmodule : swp_drain

`default_nettype wire
