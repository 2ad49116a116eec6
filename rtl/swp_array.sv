// SPDX-License-Identifier: Apache-2.0

// The array: Poy * Pox pixels of Pof lanes, their common weight register and the drain chains.
//
// Chain c begins at pixel c; a shift moves the results of pixel p + Chains to pixel p (row-major),
// so that after t shifts chain_o shows the pixels t * Chains .. t * Chains + Chains - 1.

`default_nettype none

module swp_array #(
  parameter  int unsigned Poy    = 4,
  parameter  int unsigned Pox    = 8,
  parameter  int unsigned Pof    = 8,
  parameter  int unsigned Chains = 2,
  localparam int unsigned Pixels = Poy * Pox
) (
  input  logic                     clk_i,
  input  logic                     en_i,
  // P2
  input  logic                     p2_valid_i,
  input  logic                     p2_null_i,
  input  logic [     Pixels*8-1:0] bytes_i,
  input  logic [          Poy-1:0] row_in_i,
  input  logic [          Pox-1:0] col_in_i,
  input  logic                     signed_i,
  input  logic [              8:0] zero_i,
  input  logic [        Pof*8-1:0] weights_i,
  // P3, P4
  input  logic                     p3_valid_i,
  input  logic                     p4_valid_i,
  input  logic                     p4_first_i,
  input  logic                     retire_i,
  // drain
  input  logic                     shift_i,
  output logic [Chains*Pof*32-1:0] chain_o
);

  logic [Pof*8-1:0] weights_q;
  logic             load, mul, acc;

  assign load = p2_valid_i && en_i;
  assign mul  = p3_valid_i && en_i;
  assign acc  = p4_valid_i && en_i;

  always_ff @(posedge clk_i) begin
    if (load) weights_q <= p2_null_i ? '0 : weights_i;
  end

  logic [Pof*32-1:0] link [Pixels+Chains];

  for (genvar c = 0; c < Chains; c++) begin : gen_chain
    assign link[Pixels+c]          = '0;
    assign chain_o[c*Pof*32 +: Pof*32] = link[c];
  end

  for (genvar p = 0; p < Pixels; p++) begin : gen_pixel
    swp_pixel #(
      .Pof(Pof)
    ) u_pixel (
      .clk_i,
      .load_i   (load),
      .byte_i   (bytes_i[p*8 +: 8]),
      .inside_i (row_in_i[p/Pox] && col_in_i[p%Pox]),
      .signed_i,
      .zero_i,
      .mul_i    (mul),
      .weights_i(weights_q),
      .acc_i    (acc),
      .first_i  (p4_first_i),
      .retire_i,
      .shift_i,
      .chain_i  (link[p+Chains]),
      .chain_o  (link[p])
    );
  end

endmodule : swp_array

`default_nettype wire
