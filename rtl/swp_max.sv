// SPDX-License-Identifier: Apache-2.0

// Bytewise maximum of two vectors, signed or unsigned. Combinational. Without en_i max_o is b_i: a
// simulation then compares nothing.

`default_nettype none

module swp_max #(
  parameter int unsigned Bytes = 8
) (
  input  logic               en_i,
  input  logic               signed_i,
  input  logic [Bytes*8-1:0] a_i,
  input  logic [Bytes*8-1:0] b_i,
  output logic [Bytes*8-1:0] max_o
);

  always_comb begin : compare
    logic [7:0] a, b;
    a     = 8'd0;
    b     = 8'd0;
    max_o = b_i;
    if (en_i) begin
      for (int unsigned i = 0; i < Bytes; i++) begin
        // Flipping the sign bit turns the order of signed numbers into that of unsigned ones.
        a = a_i[i*8 +: 8] ^ {signed_i, 7'd0};
        b = b_i[i*8 +: 8] ^ {signed_i, 7'd0};
        if (a > b) max_o[i*8 +: 8] = a_i[i*8 +: 8];
      end
    end
  end

endmodule : swp_max

`default_nettype wire
