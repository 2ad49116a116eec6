// SPDX-License-Identifier: Apache-2.0

// One pixel of the array: Pof multiply-accumulate lanes that share an activation.
//
// P2 -> operand register (9 bits) -> P3 -> product registers -> P4 ->
// accumulators.
// One micro-op a cycle. `first` replaces the accumulator instead of adding to it; `last` copies the
// same sum into the shadow registers, from which shift_i moves results along the drain chain.
// A retire and a shift in the same cycle: the retire wins (the chain is empty then).

`default_nettype none

module swp_pixel #(
  parameter int unsigned Pof = 8
) (
  input  logic              clk_i,
  // P2
  input  logic              load_i,    // P2 valid and moving
  input  logic [       8:0] act_i,     // signed
  // P3
  input  logic              mul_i,     // P3 valid and moving
  input  logic [ Pof*8-1:0] weights_i,
  // P4
  input  logic              acc_i,     // P4 valid and moving
  input  logic              first_i,
  input  logic              retire_i,
  // drain chain
  input  logic              shift_i,
  input  logic [Pof*32-1:0] chain_i,
  output logic [Pof*32-1:0] chain_o
);

  logic signed [8:0] act_q;

  always_ff @(posedge clk_i) begin
    if (load_i) act_q <= $signed(act_i);
  end

  logic signed [16:0] product_q [Pof];
  logic signed [31:0] acc_q     [Pof];
  logic signed [16:0] product   [Pof];
  logic signed [31:0] sum       [Pof];
  logic [Pof*32-1:0]  shadow_q;

  for (genvar f = 0; f < Pof; f++) begin : gen_lane
    logic signed [7:0] weight;
    assign weight     = $signed(weights_i[f*8 +: 8]);
    assign product[f] = 17'(32'(act_q) * 32'(weight));
    assign sum[f]     = (first_i ? 32'sd0 : acc_q[f]) + 32'(product_q[f]);
  end

  always_ff @(posedge clk_i) begin
    if (mul_i) begin
      for (int unsigned f = 0; f < Pof; f++) product_q[f] <= product[f];
    end
  end

  always_ff @(posedge clk_i) begin
    if (acc_i) begin
      for (int unsigned f = 0; f < Pof; f++) acc_q[f] <= sum[f];
    end
  end

  always_ff @(posedge clk_i) begin
    if (retire_i) begin
      for (int unsigned f = 0; f < Pof; f++) shadow_q[f*32 +: 32] <= sum[f];
    end else if (shift_i) begin
      shadow_q <= chain_i;
    end
  end

  assign chain_o = shadow_q;

endmodule : swp_pixel

`default_nettype wire
