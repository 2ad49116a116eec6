// SPDX-License-Identifier: Apache-2.0

// One lane of swp_requant: clamp((((acc + bias) * mult + 2^(shift - 1)) >>> shift) + residual +
// zero_out), the residual being ((res - res_zero) * res_mult + 2^(res_shift - 1)) >>> res_shift, or
// 0 without. Ties go toward plus infinity. The product has 49 bits, the sum with the rounding bit
// 50; the residual's product has 26. All of it stands under the stages' enables, so that a simulation
// does nothing without a group.
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

  logic signed [32:0] biased_q;
  logic signed [48:0] product_q;
  logic signed [49:0] residual;

  always_ff @(posedge clk_i) begin
    if (q1_en_i) biased_q <= $signed({acc_i[31], acc_i}) + $signed({bias_i[31], bias_i});
  end

  always_ff @(posedge clk_i) begin
    if (q2_en_i) product_q <= biased_q * $signed(mult_i);
  end

  if (ResEn) begin : gen_res
    logic signed [25:0] res_product_q;

    always_ff @(posedge clk_i) begin : multiply
      logic signed [9:0] distance;
      if (res_en_i) begin
        distance       = $signed({{2{res_signed_i && res_i[7]}}, res_i})
                       - $signed({res_zero_i[8], res_zero_i});
        res_product_q <= distance * $signed(res_mult_i);
      end
    end

    always_comb begin : round
      logic        [32:0] res_half;
      logic signed [32:0] res_rounded, res_shifted;
      res_half    = 33'd0;
      res_rounded = 33'sd0;
      res_shifted = 33'sd0;
      if (res_on_i) begin
        res_half    = (33'd1 << res_shift_i) >> 1;
        res_rounded = $signed({{7{res_product_q[25]}}, res_product_q}) + $signed(res_half);
        res_shifted = res_rounded >>> res_shift_i;
      end
      residual = $signed({{17{res_shifted[32]}}, res_shifted});
    end
  end else begin : gen_no_res
    assign residual = 50'sd0;
    logic unused_res;
    assign unused_res = &{1'b0, res_en_i, res_i, res_signed_i, res_zero_i, res_mult_i, res_on_i,
                          res_shift_i};
  end

  always_ff @(posedge clk_i) begin : finish
    logic        [49:0] half;
    logic signed [49:0] rounded, shifted, moved;
    logic signed [49:0] zero_out, clamp_lo, clamp_hi;
    if (q3_en_i) begin
      zero_out = $signed({{34{zero_out_i[15]}}, zero_out_i});
      clamp_lo = $signed({{34{clamp_lo_i[15]}}, clamp_lo_i});
      clamp_hi = $signed({{34{clamp_hi_i[15]}}, clamp_hi_i});
      half     = (50'd1 << shift_i) >> 1;
      rounded  = $signed({product_q[48], product_q}) + $signed(half);
      shifted  = rounded >>> shift_i;
      moved    = shifted + residual + zero_out;
      if (moved < clamp_lo) byte_o <= clamp_lo_i[7:0];
      else if (moved > clamp_hi) byte_o <= clamp_hi_i[7:0];
      else byte_o <= moved[7:0];
    end
  end

endmodule : swp_requant_lane

`default_nettype wire
