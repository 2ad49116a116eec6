// SPDX-License-Identifier: Apache-2.0

// One lane of swp_requant: clamp((((acc + bias) * mult + 2^(shift - 1)) >>> shift) + zero_out).
// Ties go toward plus infinity. The product has 49 bits and the sum with the rounding bit 50.

`default_nettype none

module swp_requant_lane (
  input  logic        clk_i,
  input  logic        q1_en_i,
  input  logic [31:0] acc_i,
  input  logic [31:0] bias_i,
  input  logic        q2_en_i,
  input  logic [15:0] mult_i,
  input  logic        q3_en_i,
  input  logic [ 5:0] shift_i,
  input  logic [15:0] zero_out_i,
  input  logic [15:0] clamp_lo_i,
  input  logic [15:0] clamp_hi_i,
  output logic [ 7:0] byte_o
);

  logic signed [32:0] biased, biased_q;
  logic signed [15:0] mult;
  logic signed [48:0] product, product_q;
  logic        [49:0] half;
  logic signed [49:0] rounded, shifted, moved;
  logic signed [49:0] zero_out, clamp_lo, clamp_hi;
  logic        [ 7:0] clamped;

  assign biased   = $signed({acc_i[31], acc_i}) + $signed({bias_i[31], bias_i});
  assign mult     = $signed(mult_i);
  assign product  = biased_q * mult;

  assign zero_out = $signed({{34{zero_out_i[15]}}, zero_out_i});
  assign clamp_lo = $signed({{34{clamp_lo_i[15]}}, clamp_lo_i});
  assign clamp_hi = $signed({{34{clamp_hi_i[15]}}, clamp_hi_i});

  assign half     = (50'd1 << shift_i) >> 1;
  assign rounded  = $signed({product_q[48], product_q}) + $signed(half);
  assign shifted  = rounded >>> shift_i;
  assign moved    = shifted + zero_out;

  always_comb begin
    if (moved < clamp_lo) clamped = clamp_lo_i[7:0];
    else if (moved > clamp_hi) clamped = clamp_hi_i[7:0];
    else clamped = moved[7:0];
  end

  always_ff @(posedge clk_i) begin
    if (q1_en_i) biased_q <= biased;
    if (q2_en_i) product_q <= product;
    if (q3_en_i) byte_o <= clamped;
  end

endmodule : swp_requant_lane

`default_nettype wire
