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
  localparam int unsigned ColBits = $clog2(Pox);
  localparam int unsigned SegBits = (Pox > 1) ? $clog2(ColBits + 1) : 1;
  localparam int unsigned RowW    = 8 * Pox;

  logic [4:0] mask_y;
  logic [3:0] mask_x;
  assign mask_y = (5'd1 << seg_y_log2_i) - 5'd1;
  assign mask_x = (4'd1 << seg_x_log2_i) - 4'd1;

  // Source row of each pixel row.
  logic [RowBits-1:0] row_of[Poy];
  for (genvar y = 0; y < Poy; y++) begin : gen_row_of
    assign row_of[y] = RowBits'((5'(y) & ~mask_y) | ((5'(y) + {1'b0, rot_y_i}) & mask_y));
  end

  // A row turns by rot_x: bytes come from the right, or, where that is beyond their segment, from
  // its other end, segment - rot_x bytes to the left.
  logic [     3:0] back;  // segment - 1 - rot_x
  logic [RowW-1:0] near;  // the byte rot_x on lies in the segment
  logic [RowW-1:0] near_of[ColBits+1];  // the same for each segment that there can be

  assign back = mask_x - rot_x_i;
  for (genvar s = 0; s <= ColBits; s++) begin : gen_near
    logic [(8<<s)-1:0] all;
    assign all        = '1;
    assign near_of[s] = {(Pox >> s){all >> {rot_x_i, 3'd0}}};
  end
  assign near = near_of[SegBits'(seg_x_log2_i)];

  logic [RowW-1:0] turned [Poy];

  for (genvar y = 0; y < Poy; y++) begin : gen_turn
    logic [RowW-1:0] picked;  // byte ci of the banks of a row
    for (genvar x = 0; x < Pox; x++) begin : gen_pick
      logic [31:0] word;
      assign word = data_i[(y*Pox+x)*32 +: 32];
      assign picked[x*8 +: 8] = word[ci_i*8 +: 8];
    end
    assign turned[y] = ((picked >> {rot_x_i, 3'd0}) & near)
                     | (((picked << 8) << {back, 3'd0}) & ~near);
  end

  for (genvar y = 0; y < Poy; y++) begin : gen_out
    assign bytes_o[y*RowW +: RowW] = valid_i ? turned[row_of[y]] : '0;
  end

endmodule : swp_act_rot

`default_nettype wire
