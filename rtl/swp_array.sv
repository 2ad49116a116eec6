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

  logic [Pox*8-1:0] col_in;
  for (genvar x = 0; x < Pox; x++) begin : gen_col_in
    assign col_in[x*8 +: 8] = {8{col_in_i[x]}};
  end

  for (genvar y = 0; y < Poy; y++) begin : gen_row
    // What the row's pixels take: the byte, or zero_i where padding lies, and a ninth bit, which
    // stands in the highest place of the byte beside it.
    logic [Pox*8-1:0] on_map, bytes, low, high;
    assign on_map = row_in_i[y] ? col_in : '0;
    assign bytes  = bytes_i[y*Pox*8 +: Pox*8] & on_map;
    assign low    = bytes | ({Pox{zero_i[7:0]}} & ~on_map);
    assign high   = (signed_i ? bytes : '0) | ({Pox{zero_i[8], 7'd0}} & ~on_map);

    for (genvar x = 0; x < Pox; x++) begin : gen_pixel
      localparam int unsigned P = y * Pox + x;

      swp_pixel #(
        .Pof(Pof)
      ) u_pixel (
        .clk_i,
        .load_i   (load),
        .act_i    ({high[x*8+7], low[x*8 +: 8]}),
        .mul_i    (mul),
        .weights_i(weights_q),
        .acc_i    (acc),
        .first_i  (p4_first_i),
        .retire_i,
        .shift_i,
        .chain_i  (link[P+Chains]),
        .chain_o  (link[P])
      );
    end

    logic unused_high;
    assign unused_high = &{1'b0, high};
  end

endmodule : swp_array

`default_nettype wire
