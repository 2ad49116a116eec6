// SPDX-License-Identifier: Apache-2.0

// Rotation, stage P2, combinational: takes byte ci of every bank word and gives each pixel the byte
// of the bank that lies rot_y rows and rot_x columns on, modulo its segment.

`default_nettype none

module swp_act_rot #(
  parameter  int unsigned Poy    = 4,
  parameter  int unsigned Pox    = 8,
  localparam int unsigned Pixels = Poy * Pox
) (
  input  logic                 valid_i,
  input  logic [Pixels*32-1:0] data_i,
  input  logic [          1:0] ci_i,
  input  logic [          3:0] rot_y_i,
  input  logic [          3:0] rot_x_i,
  input  logic [          2:0] seg_y_log2_i,
  input  logic [          2:0] seg_x_log2_i,
  output logic [ Pixels*8-1:0] bytes_o
);

  localparam int unsigned RowBits = (Poy > 1) ? $clog2(Poy) : 1;
  localparam int unsigned ColBits = (Pox > 1) ? $clog2(Pox) : 1;
  localparam int unsigned RowW    = 8 * Pox;

  logic [4:0] mask_y, mask_x;
  assign mask_y = (5'd1 << seg_y_log2_i) - 5'd1;
  assign mask_x = (5'd1 << seg_x_log2_i) - 5'd1;

  // Source column of each pixel column, source row of each pixel row.
  logic [ColBits-1:0] col_of[Pox];
  logic [RowBits-1:0] row_of[Poy];
  for (genvar x = 0; x < Pox; x++) begin : gen_col_of
    assign col_of[x] = ColBits'((5'(x) & ~mask_x) | ((5'(x) + {1'b0, rot_x_i}) & mask_x));
  end
  for (genvar y = 0; y < Poy; y++) begin : gen_row_of
    assign row_of[y] = RowBits'((5'(y) & ~mask_y) | ((5'(y) + {1'b0, rot_y_i}) & mask_y));
  end

  logic [RowW-1:0] picked [Poy];  // byte ci of the banks of a row
  logic [RowW-1:0] turned [Poy];  // columns rotated

  for (genvar y = 0; y < Poy; y++) begin : gen_turn
    for (genvar x = 0; x < Pox; x++) begin : gen_pick
      logic [31:0] word;
      assign word = data_i[(y*Pox+x)*32 +: 32];
      assign picked[y][x*8 +: 8] = valid_i ? word[ci_i*8 +: 8] : 8'd0;
      assign turned[y][x*8 +: 8] = picked[y][col_of[x]*8 +: 8];
    end
  end

  for (genvar y = 0; y < Poy; y++) begin : gen_out
    assign bytes_o[y*RowW +: RowW] = turned[row_of[y]];
  end

endmodule : swp_act_rot

`default_nettype wire
