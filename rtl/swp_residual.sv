// SPDX-License-Identifier: Apache-2.0

// Residual: places the words that the loader brings into the residual buffer and shows them beside
// the accumulators of their pixels.
//
//   cycle      n       n+1            n+1+t           n+2+t
//   retire_i   1
//   half, pass         those of this pass, until the next retire
//   group_i                           t               .
//   data_o                                            of group t, if on_o was 1 in the cycle before
//
// busy_o: the pass that retired last, of the step before, may still be read; the half that is loaded
// next must wait.

`default_nettype none

module swp_residual #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned Chains   = 2,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  localparam int unsigned Bw       = 8 * BusBytes,
  localparam int unsigned Lanes    = BusBytes / 4,
  localparam int unsigned Cycles   = Poy * Pox / Chains,
  localparam int unsigned Tw       = (Cycles > 1) ? $clog2(Cycles) : 1,
  localparam int unsigned ChainW   = (Chains > 1) ? $clog2(Chains) : 1,
  localparam int unsigned Nw       = $clog2(ResDepth),
  localparam int unsigned Aw       = $clog2(ResDepth * Cycles)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // loader: a plane, and its parts from swp_load_words
  input  logic                    start_i,
  input  logic [            15:0] image_i,
  input  logic [          Nw-1:0] pass_i,
  input  logic [             1:0] c4_i,
  input  logic                    part_i,
  input  logic                    beat_end_i,
  input  logic [       Lanes-1:0] inside_i,
  input  logic [       Lanes-1:0] now_i,
  input  logic [          Bw-1:0] data_i,
  output logic                    busy_o,
  // layer and step that are loaded
  input  logic                    stride2_i,
  input  logic [             2:0] seg_y_log2_i,
  input  logic [             2:0] seg_x_log2_i,
  input  logic [            15:0] res_w_i,
  input  logic [            15:0] sub_rows_i,
  input  logic [            15:0] sub_cols_i,
  // step that is computed
  input  logic                    step_go_i,
  input  logic                    r_sel_i,
  input  logic                    on_i,
  // drain
  input  logic                    retire_i,
  input  logic                    emptied_i,      // the array's results have been shown
  input  logic                    group_valid_i,
  input  logic [          Tw-1:0] group_i,
  output logic                    on_o,
  output logic [Chains*Pof*8-1:0] data_o
);

  logic                    any;
  logic [             1:0] c4;
  logic [       Lanes-1:0] valid;
  logic [Lanes*ChainW-1:0] chain;
  logic [    Lanes*Aw-1:0] addr;
  logic [    Lanes*32-1:0] data;

  swp_res_place #(
    .Poy     (Poy),
    .Pox     (Pox),
    .Chains  (Chains),
    .BusBytes(BusBytes),
    .ResDepth(ResDepth)
  ) u_place (
    .clk_i,
    .rst_ni,
    .start_i,
    .image_i,
    .pass_i,
    .c4_i,
    .part_i,
    .beat_end_i,
    .inside_i,
    .now_i,
    .data_i,
    .stride2_i,
    .seg_y_log2_i,
    .seg_x_log2_i,
    .res_w_i,
    .sub_rows_i,
    .sub_cols_i,
    .any_o  (any),
    .c4_o   (c4),
    .valid_o(valid),
    .chain_o(chain),
    .addr_o (addr),
    .data_o (data)
  );

  // Passes of the step are counted; at its retire a pass takes its place along.
  logic [Nw-1:0] count_q, pass_q;
  logic          half_q, on_q, busy_q;

  always_ff @(posedge clk_i) begin
    if (step_go_i) count_q <= '0;
    else if (retire_i) count_q <= count_q + Nw'(1);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) on_q <= 1'b0;
    else if (retire_i) on_q <= on_i;
  end

  always_ff @(posedge clk_i) begin
    if (retire_i) begin
      half_q <= r_sel_i;
      pass_q <= count_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (step_go_i) busy_q <= 1'b1;
    else if (emptied_i) busy_q <= 1'b0;
  end

  logic [Aw-1:0] raddr;
  if (Cycles > 1) begin : gen_group
    assign raddr = {pass_q, group_i};
  end else begin : gen_single
    assign raddr = pass_q;
    logic unused_group;
    assign unused_group = &{1'b0, group_i};
  end

  swp_res_buf #(
    .Poy     (Poy),
    .Pox     (Pox),
    .Pof     (Pof),
    .Chains  (Chains),
    .BusBytes(BusBytes),
    .ResDepth(ResDepth)
  ) u_buf (
    .clk_i,
    .rst_ni,
    .whalf_i(!r_sel_i),
    .any_i  (any),
    .c4_i   (c4),
    .valid_i(valid),
    .chain_i(chain),
    .addr_i (addr),
    .data_i (data),
    .re_i   (group_valid_i && on_q),
    .rhalf_i(half_q),
    .raddr_i(raddr),
    .data_o
  );

  assign on_o   = on_q;
  assign busy_o = busy_q;

endmodule : swp_residual

`default_nettype wire
