// SPDX-License-Identifier: Apache-2.0

// Walker: gives the entries of a step one by one, every row once per sub-tile.
//
// With SkipEn the entries come from the index list memory, which the loader fills through list_*;
// without it there is no such memory and every row counts through all slots. The timing is the
// same:
//
//   cycle          g       g+1     g+2     ...  t       t+1
//   start_i        1       0       0            0       0
//   entry_valid_o  0       0       1            1       1
//   take_i         0       0       0            1       0
//   entry_*_o                      first        any     the following one
//
// Sub-tiles: sx fastest, then sy; rows outermost. take_i only in a cycle with entry_valid_o.

`include "swp_assert.svh"
`default_nettype none

module swp_idx_walk #(
  parameter  int unsigned ListDepth = 4096,
  parameter  bit          SkipEn    = 1'b1,
  localparam int unsigned Lw        = $clog2(ListDepth)
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  // loader
  input  logic          list_we_i,
  input  logic [Lw-1:0] list_addr_i,
  input  logic [  15:0] list_data_i,
  // step; the fields are read from the cycle after start_i on
  input  logic          start_i,
  input  logic          stop_i,  // ends the step wherever it is
  input  logic          half_i,
  input  logic [  15:0] rows_i,
  input  logic [  15:0] sub_rows_i,
  input  logic [  15:0] sub_cols_i,
  input  logic [  15:0] slots_i,
  input  logic [   7:0] last_channels_i,
  // issue
  input  logic          take_i,
  output logic          active_o,
  output logic          entry_valid_o,
  output logic [  11:0] slot_o,
  output logic [   1:0] channels_o,
  output logic          null_o,
  output logic          last_o,
  output logic          again_o,  // with last_o: the row has a further sub-tile
  output logic [  15:0] sx_o,
  output logic [  15:0] sy_o
);

  logic        active_q, valid_q;
  logic [15:0] r_q, sy_q, sx_q;
  logic        sx_end, sy_end, row_end, pass_end, fetch;

  assign sx_end   = sx_q + 16'd1 == sub_cols_i;
  assign sy_end   = sy_q + 16'd1 == sub_rows_i;
  assign row_end  = r_q + 16'd1 == rows_i;
  assign again_o  = !(sx_end && sy_end);
  assign pass_end = take_i && last_o;

  // A fetch makes the next entry valid: the first one of the step, then one with each take.
  assign fetch    = active_q && (!valid_q || take_i) && !(pass_end && !again_o && row_end);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stop_i) begin
      active_q <= 1'b0;
      valid_q  <= 1'b0;
    end else if (start_i) begin
      active_q <= 1'b1;
    end else if (fetch) begin
      valid_q <= 1'b1;
    end else if (take_i) begin
      active_q <= 1'b0;
      valid_q  <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      r_q  <= 16'd0;
      sy_q <= 16'd0;
      sx_q <= 16'd0;
    end else if (pass_end) begin
      sx_q <= sx_end ? 16'd0 : sx_q + 16'd1;
      if (sx_end) sy_q <= sy_end ? 16'd0 : sy_q + 16'd1;
      if (!again_o) r_q <= r_q + 16'd1;
    end
  end

  assign active_o      = active_q;
  assign entry_valid_o = valid_q;
  assign sx_o          = sx_q;
  assign sy_o          = sy_q;

  if (SkipEn) begin : gen_list
    // Address of the entry after the current one, and of the row's first entry.
    logic [Lw-1:0] next_q, row_q, raddr;
    logic [  15:0] entry;

    assign raddr = (pass_end && again_o) ? row_q : next_q;

    always_ff @(posedge clk_i) begin
      if (start_i) begin
        next_q <= '0;
        row_q  <= '0;
      end else if (fetch) begin
        next_q <= raddr + Lw'(1);
        if (pass_end && !again_o) row_q <= next_q;
      end
    end

    swp_ram_1r1w #(
      .Width(16),
      .Depth(2 * ListDepth)
    ) u_list (
      .clk_i,
      .rst_ni,
      .we_i   (list_we_i),
      .waddr_i({!half_i, list_addr_i}),
      .wdata_i(list_data_i),
      .re_i   (fetch),
      .raddr_i({half_i, raddr}),
      .rdata_o(entry)
    );

    assign slot_o     = entry[swp_regs_pkg::ENTRY_SLOT_BIT +: swp_regs_pkg::ENTRY_SLOT_BITS];
    assign channels_o =
        entry[swp_regs_pkg::ENTRY_CHANNELS_BIT +: swp_regs_pkg::ENTRY_CHANNELS_BITS];
    assign null_o     = entry[swp_regs_pkg::ENTRY_NULL_BIT];
    assign last_o     = entry[swp_regs_pkg::ENTRY_LAST_BIT];

    logic unused_dense;
    assign unused_dense = &{1'b0, slots_i, last_channels_i};
  end else begin : gen_count
    logic [15:0] slot_q, slot_d;
    logic [ 1:0] channels_q;
    logic        last_q, null_q, at_end;
    logic [ 1:0] last_channels;

    assign last_channels = last_channels_i[1:0] - 2'd1;
    assign slot_d        = (valid_q && !last_q) ? slot_q + 16'd1 : 16'd0;
    assign at_end        = slot_d + 16'd1 == slots_i;

    always_ff @(posedge clk_i) begin
      if (fetch) begin
        slot_q     <= slot_d;
        null_q     <= slots_i == 16'd0;
        last_q     <= at_end || slots_i == 16'd0;
        channels_q <= (slots_i == 16'd0) ? 2'd0 : (at_end ? last_channels : 2'd3);
      end
    end

    assign slot_o     = slot_q[11:0];
    assign channels_o = channels_q;
    assign null_o     = null_q;
    assign last_o     = last_q;

    logic unused_skip;
    assign unused_skip =
        &{1'b0, half_i, list_we_i, list_addr_i, list_data_i, slot_q[15:12], last_channels_i[7:2]};
  end

  `SWP_ASSERT(TakeOnlyValid, !take_i || valid_q)
  `SWP_ASSERT(ValidOnlyActive, !valid_q || active_q)

endmodule : swp_idx_walk

`default_nettype wire
