// SPDX-License-Identifier: Apache-2.0

// Bytewise maximum of two vectors, signed or unsigned. Combinational.

`default_nettype none

module swp_max #(
  parameter int unsigned Bytes = 8
) (
  input  logic               signed_i,
  input  logic [Bytes*8-1:0] a_i,
  input  logic [Bytes*8-1:0] b_i,
  output logic [Bytes*8-1:0] max_o
);

  for (genvar i = 0; i < Bytes; i++) begin : gen_byte
    logic [7:0] a, b;
    assign a = a_i[i*8 +: 8];
    assign b = b_i[i*8 +: 8];
    // Flipping the sign bit turns the order of signed numbers into that of unsigned ones.
    assign max_o[i*8 +: 8] = ((a ^ {signed_i, 7'd0}) > (b ^ {signed_i, 7'd0})) ? a : b;
  end

endmodule : swp_max

`default_nettype wire
