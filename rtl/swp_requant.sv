// SPDX-License-Identifier: Apache-2.0

// Requantisation of Chains * Pof accumulators a cycle, three stages that never wait.
//
//   cycle   t          t+1           t+2                 t+3
//   stage   chain_i    Q1            Q2                  Q3 = bytes_o
//   holds   acc        acc + bias    times multiplier    rounded, shifted, moved, clamped
//
// Bias, multiplier and shift are those at the inputs in cycle t; they travel with the data, so that
// the next pass may change them. The group's number travels as well, and res_on_i: whether the
// residual that res_i shows in t + 1 is added.

`default_nettype none

module swp_requant #(
  parameter  int unsigned Pof    = 8,
  parameter  int unsigned Chains = 2,
  parameter  int unsigned Tw     = 4,
  parameter  bit          ResEn  = 1'b1,
  localparam int unsigned Lanes  = Chains * Pof
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic [      Tw-1:0] group_i,
  input  logic [Lanes*32-1:0] chain_i,
  input  logic [  Pof*32-1:0] bias_i,
  input  logic [  Pof*16-1:0] mult_i,
  input  logic [   Pof*6-1:0] shift_i,
  input  logic                res_on_i,
  input  logic [ Lanes*8-1:0] res_i,
  input  logic                res_signed_i,
  input  logic [         8:0] res_zero_i,
  input  logic [        15:0] res_mult_i,
  input  logic [         4:0] res_shift_i,
  input  logic [        15:0] zero_out_i,
  input  logic [        15:0] clamp_lo_i,
  input  logic [        15:0] clamp_hi_i,
  output logic                valid_o,
  output logic [      Tw-1:0] group_o,
  output logic [ Lanes*8-1:0] bytes_o
);

  logic              q1_valid_q, q2_valid_q, q3_valid_q;
  logic [    Tw-1:0] q1_group_q, q2_group_q, q3_group_q;
  logic [Pof*16-1:0] q1_mult_q;
  logic [ Pof*6-1:0] q1_shift_q, q2_shift_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      q1_valid_q <= 1'b0;
      q2_valid_q <= 1'b0;
      q3_valid_q <= 1'b0;
    end else begin
      q1_valid_q <= valid_i;
      q2_valid_q <= q1_valid_q;
      q3_valid_q <= q2_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      q1_group_q <= group_i;
      q1_mult_q  <= mult_i;
      q1_shift_q <= shift_i;
    end
    if (q1_valid_q) begin
      q2_group_q <= q1_group_q;
      q2_shift_q <= q1_shift_q;
    end
    if (q2_valid_q) q3_group_q <= q2_group_q;
  end

  logic q1_res_q, q2_res_q;
  if (ResEn) begin : gen_res_on
    always_ff @(posedge clk_i) begin
      if (valid_i) q1_res_q <= res_on_i;
      if (q1_valid_q) q2_res_q <= q1_res_q;
    end
  end else begin : gen_no_res
    assign q1_res_q = 1'b0;
    assign q2_res_q = 1'b0;
    logic unused_on;
    assign unused_on = res_on_i;
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned F = l % Pof;
    swp_requant_lane #(
      .ResEn(ResEn)
    ) u_lane (
      .clk_i,
      .q1_en_i   (valid_i),
      .acc_i     (chain_i[l*32 +: 32]),
      .bias_i    (bias_i[F*32 +: 32]),
      .q2_en_i   (q1_valid_q),
      .mult_i    (q1_mult_q[F*16 +: 16]),
      .res_en_i  (q1_valid_q && q1_res_q),
      .res_i     (res_i[l*8 +: 8]),
      .res_signed_i,
      .res_zero_i,
      .res_mult_i,
      .q3_en_i   (q2_valid_q),
      .shift_i   (q2_shift_q[F*6 +: 6]),
      .res_on_i  (q2_res_q),
      .res_shift_i,
      .zero_out_i,
      .clamp_lo_i,
      .clamp_hi_i,
      .byte_o    (bytes_o[l*8 +: 8])
    );
  end

  assign valid_o = q3_valid_q;
  assign group_o = q3_group_q;

endmodule : swp_requant

`default_nettype wire
