// SPDX-License-Identifier: Apache-2.0

// One lane of swp_requant: clamp((((acc + bias) * mult + 2^(shift - 1)) >>> shift) + residual +
// zero_out), the residual being ((res - res_zero) * res_mult + 2^(res_shift - 1)) >>> res_shift, or
// 0 without. Ties go toward plus infinity. The product has 49 bits, the sum with the rounding bit
// 50; the residual's product has 26.
//
//   cycle   t            t+1             t+2                    t+3
//   inputs  acc, bias    mult, res       shift, res_shift       byte_o

`default_nettype none

module swp_requant_lane #(
  parameter bit ResEn = 1'b1
) (
  input  logic        clk_i,
  input  logic        q1_en_i,
  input  logic [31:0] acc_i,
  input  logic [31:0] bias_i,
  input  logic        q2_en_i,
  input  logic [15:0] mult_i,
  input  logic        res_en_i,
  input  logic [ 7:0] res_i,
  input  logic        res_signed_i,
  input  logic [ 8:0] res_zero_i,
  input  logic [15:0] res_mult_i,
  input  logic        q3_en_i,
  input  logic [ 5:0] shift_i,
  input  logic        res_on_i,
  input  logic [ 4:0] res_shift_i,
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
  logic signed [49:0] residual, zero_out, clamp_lo, clamp_hi;
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
  assign moved    = shifted + residual + zero_out;

  if (ResEn) begin : gen_res
    logic signed [ 9:0] distance;
    logic signed [15:0] res_mult;
    logic signed [25:0] res_product, res_product_q;
    logic        [32:0] res_half;
    logic signed [32:0] res_rounded, res_shifted;

    assign distance    = $signed({{2{res_signed_i && res_i[7]}}, res_i})
                       - $signed({res_zero_i[8], res_zero_i});
    assign res_mult    = $signed(res_mult_i);
    assign res_product = distance * res_mult;

    always_ff @(posedge clk_i) begin
      if (res_en_i) res_product_q <= res_product;
    end

    assign res_half    = (33'd1 << res_shift_i) >> 1;
    assign res_rounded = $signed({{7{res_product_q[25]}}, res_product_q}) + $signed(res_half);
    assign res_shifted = res_rounded >>> res_shift_i;
    assign residual    = res_on_i ? $signed({{17{res_shifted[32]}}, res_shifted}) : 50'sd0;
  end else begin : gen_no_res
    assign residual = 50'sd0;
    logic unused_res;
    assign unused_res = &{1'b0, res_en_i, res_i, res_signed_i, res_zero_i, res_mult_i, res_on_i,
                          res_shift_i};
  end

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
