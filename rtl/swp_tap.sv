// SPDX-License-Identifier: Apache-2.0

// Where a kernel tap reaches, in one direction: offset e = E * k - pad from the output pixel's own
// input pixel, and e = quotient * S + phase with 0 <= phase < S. Combinational.
//
// -15 <= e <= 28. A third is the product with 43 / 128, exact for the 16 .. 79 that it is used for.

`default_nettype none

module swp_tap (
  input  logic        [2:0] k_i,
  input  logic        [2:0] stride_i,
  input  logic        [2:0] dilation_i,
  input  logic        [3:0] pad_i,
  output logic signed [5:0] offset_o,
  output logic signed [5:0] quotient_o,
  output logic        [1:0] phase_o
);

  logic        [ 5:0] reach;
  logic signed [ 5:0] e, third;
  logic        [12:0] scaled;
  logic        [ 5:0] rest;

  assign reach  = {3'd0, k_i} * {3'd0, dilation_i};
  assign e      = $signed(reach) - $signed({2'd0, pad_i});
  assign scaled = ({7'd0, e ^ 6'd32} + 13'd16) * 13'd43;  // (e + 48) * 43
  assign third  = $signed(scaled[12:7]) - 6'sd16;
  assign rest   = e - third - (third <<< 1);

  always_comb begin
    unique case (stride_i)
      3'd2: begin
        quotient_o = e >>> 1;
        phase_o    = {1'b0, e[0]};
      end
      3'd3: begin
        quotient_o = third;
        phase_o    = rest[1:0];
      end
      3'd4: begin
        quotient_o = e >>> 2;
        phase_o    = e[1:0];
      end
      default: begin
        quotient_o = e;
        phase_o    = 2'd0;
      end
    endcase
  end

  assign offset_o = e;

  logic unused_bits;
  assign unused_bits = &{1'b0, scaled[6:0], rest[5:2]};

endmodule : swp_tap

`default_nettype wire
