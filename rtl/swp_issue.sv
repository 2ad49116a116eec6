// SPDX-License-Identifier: Apache-2.0

// Issue: turns every entry of the walker into micro-ops (channel ci, kernel row ky, kernel column
// kx), one a cycle, and carries their control bits through P1 .. P4.
//
//   cycle             t      t+1      t+2            t+3        t+4
//   micro-op in       issue  P1       P2             P3         P4
//   what happens             banks    bytes rotated, operands   products; acc at the end
//                            read     padding
//
// Everything here, walker included, stands still in a cycle with en_o = 0: the last micro-op of a
// pass is in P4 and drain_ready_i is low. retire_o is its cycle otherwise.
//
// The two address products (slot * slot_words, bank row * bank_cols) are formed in the issue cycle
// and added in P1.

`include "swp_assert.svh"
`default_nettype none

module swp_issue #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned ActDepth = 1024,
  parameter  int unsigned WgtDepth = 8192,
  localparam int unsigned Aw       = $clog2(ActDepth),
  localparam int unsigned Ww       = ($clog2(WgtDepth) > 16) ? $clog2(WgtDepth) : 16
) (
  input  logic           clk_i,
  input  logic           rst_ni,
  input  logic           start_i,  // StepGo
  input  logic           stop_i,   // what is in the pipeline is dropped
  // walker
  input  logic           walk_active_i,
  input  logic           entry_valid_i,
  input  logic [   11:0] slot_i,
  input  logic [    1:0] channels_i,
  input  logic           null_i,
  input  logic           last_i,
  input  logic           again_i,
  input  logic [   15:0] sx_i,
  input  logic [   15:0] sy_i,
  output logic           take_o,
  // layer and step
  input  logic [    3:0] kernel_h_i,
  input  logic [    3:0] kernel_w_i,
  input  logic [    2:0] stride_i,
  input  logic [    2:0] dilation_i,
  input  logic [    3:0] pad_i,
  input  logic [    2:0] seg_y_log2_i,
  input  logic [    2:0] seg_x_log2_i,
  input  logic [   15:0] in_h_i,
  input  logic [   15:0] in_w_i,
  input  logic [ Aw-1:0] bank_cols_i,
  input  logic [ Aw-1:0] slot_words_i,
  input  logic [   15:0] row_idx0_i,
  input  logic [   15:0] oy_first_i,
  // P1: reads
  output logic           act_re_o,
  output logic [Poy-1:0] row_next_o,  // bank row reads the next bank row of words
  output logic [Pox-1:0] col_next_o,
  output logic [ Aw-1:0] addr_o,
  output logic [ Aw-1:0] addr_row_o,  // addr_o one bank row on
  output logic           wgt_re_o,
  output logic [ Ww-1:0] wgt_addr_o,
  // P2
  output logic           p2_valid_o,
  output logic           p2_null_o,
  output logic [    1:0] p2_ci_o,
  output logic [    3:0] p2_rot_y_o,
  output logic [    3:0] p2_rot_x_o,
  output logic [Poy-1:0] p2_row_in_o,  // pixel row lies inside the map
  output logic [Pox-1:0] p2_col_in_o,
  // P3, P4
  output logic           p3_valid_o,
  output logic           p4_valid_o,
  output logic           p4_first_o,
  output logic           p4_last_o,
  // flow
  input  logic           drain_ready_i,
  output logic           en_o,
  output logic           retire_o,
  output logic           seq_idle_o,
  // counters and probe
  output logic           issue_o,
  output logic           block_o,
  output logic           first_o,
  output logic           last_o,
  output logic           null_o,
  output logic [   11:0] slot_o,
  output logic [    1:0] ci_o,
  output logic [    2:0] ky_o,
  output logic [    2:0] kx_o,
  output logic [   15:0] weight_addr_o
);

  // --- micro-op counters ------------------------------------------------------------------------
  logic [   1:0] ci_q;
  logic [   2:0] ky_q, kx_q;
  logic          first_q;
  logic [Ww-1:0] waddr_q, waddr_row_q, waddr_next;
  logic          kx_end, ky_end, ci_end, issue, take, uop_last;

  assign kx_end   = {1'b0, kx_q} + 4'd1 == kernel_w_i;
  assign ky_end   = {1'b0, ky_q} + 4'd1 == kernel_h_i;
  assign ci_end   = ci_q == channels_i;
  assign issue    = entry_valid_i && en_o;
  assign take     = issue && (null_i || (kx_end && ky_end && ci_end));
  assign uop_last = take && last_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      ci_q    <= 2'd0;
      ky_q    <= 3'd0;
      kx_q    <= 3'd0;
      first_q <= 1'b1;
    end else if (issue) begin
      first_q <= uop_last;
      if (take) begin
        ci_q <= 2'd0;
        ky_q <= 3'd0;
        kx_q <= 3'd0;
      end else begin
        kx_q <= kx_end ? 3'd0 : kx_q + 3'd1;
        if (kx_end) ky_q <= ky_end ? 3'd0 : ky_q + 3'd1;
        if (kx_end && ky_end) ci_q <= ci_q + 2'd1;
      end
    end
  end

  // Weights lie in issue order: the address counts, and returns to the row's start for each further
  // sub-tile.
  assign waddr_next = null_i ? waddr_q : waddr_q + Ww'(1);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      waddr_q     <= '0;
      waddr_row_q <= '0;
    end else if (issue) begin
      waddr_q <= (uop_last && again_i) ? waddr_row_q : waddr_next;
      if (uop_last && !again_i) waddr_row_q <= waddr_next;
    end
  end

  // v * S, modulo 2^19; one adder for the four numbers that S may be.
  function automatic logic [18:0] times_stride(input logic [18:0] v, input logic [2:0] stride);
    times_stride = (v << stride[2:1]) + ((stride[1:0] == 2'd3) ? v : 19'd0);
  endfunction

  // --- where the micro-op reads -----------------------------------------------------------------
  // Per direction, with e = E * k - pad: q = floor(e / S), ph = e mod S, rot = q mod Seg, and the
  // bank row (column) is that of the sub-tile plus floor(q / Seg).
  logic signed [ 5:0] ey, ex, qy, qx, fy, fx;
  logic        [ 1:0] ph_y, ph_x;
  logic        [ 4:0] mask_y, mask_x;
  logic        [ 3:0] rot_y, rot_x;
  logic        [15:0] bank_row, bank_col;
  logic        [18:0] bank_line, bank_x;
  logic        [18:0] y0, x0;

  swp_tap u_tap_y (
    .k_i       (ky_q),
    .stride_i,
    .dilation_i,
    .pad_i,
    .offset_o  (ey),
    .quotient_o(qy),
    .phase_o   (ph_y)
  );
  swp_tap u_tap_x (
    .k_i       (kx_q),
    .stride_i,
    .dilation_i,
    .pad_i,
    .offset_o  (ex),
    .quotient_o(qx),
    .phase_o   (ph_x)
  );

  assign fy        = qy >>> seg_y_log2_i;
  assign fx        = qx >>> seg_x_log2_i;
  assign mask_y    = (5'd1 << seg_y_log2_i) - 5'd1;
  assign mask_x    = (5'd1 << seg_x_log2_i) - 5'd1;
  assign rot_y     = qy[3:0] & mask_y[3:0];
  assign rot_x     = qx[3:0] & mask_x[3:0];
  assign bank_row  = row_idx0_i + sy_i + {{10{fy[5]}}, fy};
  assign bank_col  = sx_i + {{10{fx[5]}}, fx};
  assign bank_line = times_stride({{3{bank_row[15]}}, bank_row}, stride_i) + {17'd0, ph_y};
  assign bank_x    = times_stride({{3{bank_col[15]}}, bank_col}, stride_i) + {17'd0, ph_x};

  // Input coordinates of the array's first pixel; signed.
  logic [18:0] oy, ox;
  assign oy = {3'd0, oy_first_i} + ({3'd0, sy_i} << seg_y_log2_i);
  assign ox = {3'd0, sx_i} << seg_x_log2_i;
  assign y0 = times_stride(oy, stride_i) + {{13{ey[5]}}, ey};
  assign x0 = times_stride(ox, stride_i) + {{13{ex[5]}}, ex};

  // --- P1 ---------------------------------------------------------------------------------------
  logic          p1_valid_q, p1_first_q, p1_last_q, p1_null_q;
  logic [   1:0] p1_ci_q;
  logic [   3:0] p1_rot_y_q, p1_rot_x_q;
  logic [Aw-1:0] p1_slot_q, p1_row_q, p1_col_q;
  logic [  18:0] p1_y_q, p1_x_q;
  logic [Ww-1:0] p1_waddr_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) p1_valid_q <= 1'b0;
    else if (en_o) p1_valid_q <= entry_valid_i;
  end

  always_ff @(posedge clk_i) begin
    if (issue) begin
      p1_first_q <= first_q;
      p1_last_q  <= uop_last;
      p1_null_q  <= null_i;
      p1_ci_q    <= ci_q;
      p1_rot_y_q <= rot_y;
      p1_rot_x_q <= rot_x;
      p1_slot_q  <= Aw'(slot_i) * slot_words_i;
      p1_row_q   <= Aw'(bank_line) * bank_cols_i;
      p1_col_q   <= Aw'(bank_x);
      p1_y_q     <= y0;
      p1_x_q     <= x0;
      p1_waddr_q <= waddr_q;
    end
  end

  assign act_re_o   = p1_valid_q && en_o && !p1_null_q;
  assign wgt_re_o   = act_re_o;
  assign wgt_addr_o = p1_waddr_q;
  assign addr_o     = p1_slot_q + p1_row_q + p1_col_q;
  assign addr_row_o = addr_o + Aw'(times_stride(19'(bank_cols_i), stride_i));

  // Position of each array row and column inside its segment.
  for (genvar y = 0; y < Poy; y++) begin : gen_row
    assign row_next_o[y] = (4'(y) & mask_y[3:0]) < p1_rot_y_q;
  end
  for (genvar x = 0; x < Pox; x++) begin : gen_col
    assign col_next_o[x] = (4'(x) & mask_x[3:0]) < p1_rot_x_q;
  end

  // --- P2 ---------------------------------------------------------------------------------------
  logic           p2_valid_q, p2_first_q, p2_last_q, p2_null_q;
  logic [    1:0] p2_ci_q;
  logic [    3:0] p2_rot_y_q, p2_rot_x_q;
  logic [Poy-1:0] p2_row_in_q;
  logic [Pox-1:0] p2_col_in_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) p2_valid_q <= 1'b0;
    else if (en_o) p2_valid_q <= p1_valid_q;
  end

  always_ff @(posedge clk_i) begin
    if (en_o && p1_valid_q) begin
      p2_first_q <= p1_first_q;
      p2_last_q  <= p1_last_q;
      p2_null_q  <= p1_null_q;
      p2_ci_q    <= p1_ci_q;
      p2_rot_y_q <= p1_rot_y_q;
      p2_rot_x_q <= p1_rot_x_q;
    end
  end

  // Inside the map: unsigned comparison, a negative coordinate is a great one.
  for (genvar y = 0; y < Poy; y++) begin : gen_row_in
    logic [ 6:0] below;
    logic [18:0] in_y;
    assign below = {3'd0, 4'(y) & mask_y[3:0]} * {4'd0, stride_i};
    assign in_y  = p1_y_q + {12'd0, below};
    always_ff @(posedge clk_i) begin
      if (en_o && p1_valid_q) p2_row_in_q[y] <= in_y < {3'd0, in_h_i};
    end
  end
  for (genvar x = 0; x < Pox; x++) begin : gen_col_in
    logic [ 6:0] beyond;
    logic [18:0] in_x;
    assign beyond = {3'd0, 4'(x) & mask_x[3:0]} * {4'd0, stride_i};
    assign in_x   = p1_x_q + {12'd0, beyond};
    always_ff @(posedge clk_i) begin
      if (en_o && p1_valid_q) p2_col_in_q[x] <= in_x < {3'd0, in_w_i};
    end
  end

  assign p2_valid_o  = p2_valid_q;
  assign p2_null_o   = p2_null_q;
  assign p2_ci_o     = p2_ci_q;
  assign p2_rot_y_o  = p2_rot_y_q;
  assign p2_rot_x_o  = p2_rot_x_q;
  assign p2_row_in_o = p2_row_in_q;
  assign p2_col_in_o = p2_col_in_q;

  // --- P3, P4 -----------------------------------------------------------------------------------
  logic p3_valid_q, p3_first_q, p3_last_q;
  logic p4_valid_q, p4_first_q, p4_last_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      p3_valid_q <= 1'b0;
      p4_valid_q <= 1'b0;
    end else if (en_o) begin
      p3_valid_q <= p2_valid_q;
      p4_valid_q <= p3_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_o) begin
      p3_first_q <= p2_first_q;
      p3_last_q  <= p2_last_q;
      p4_first_q <= p3_first_q;
      p4_last_q  <= p3_last_q;
    end
  end

  assign p3_valid_o = p3_valid_q;
  assign p4_valid_o = p4_valid_q;
  assign p4_first_o = p4_first_q;
  assign p4_last_o  = p4_last_q;

  // --- flow -------------------------------------------------------------------------------------
  assign en_o       = !(p4_valid_q && p4_last_q && !drain_ready_i);
  assign retire_o   = p4_valid_q && p4_last_q && en_o;
  assign take_o     = take;
  assign seq_idle_o = !(walk_active_i || entry_valid_i || p1_valid_q || p2_valid_q || p3_valid_q
                        || p4_valid_q);

  assign issue_o       = issue;
  assign block_o       = take && !null_i;
  assign first_o       = issue && first_q;
  assign last_o        = uop_last;
  assign null_o        = issue && null_i;
  assign slot_o        = issue ? slot_i : 12'd0;
  assign ci_o          = issue ? ci_q : 2'd0;
  assign ky_o          = issue ? ky_q : 3'd0;
  assign kx_o          = issue ? kx_q : 3'd0;
  assign weight_addr_o = (issue && !null_i) ? waddr_q[15:0] : 16'd0;

  logic unused_bits;
  assign unused_bits = &{1'b0, bank_line, bank_x};

  `SWP_ASSERT(RotInSegment, !p1_valid_q || p1_null_q
              || ({1'b0, p1_rot_y_q} <= mask_y && {1'b0, p1_rot_x_q} <= mask_x))
  `SWP_ASSERT(StartsEmpty, !start_i || seq_idle_o)
  `SWP_ASSERT(CountersInRange, !entry_valid_i || null_i || ci_q <= channels_i)

endmodule : swp_issue

`default_nettype wire
