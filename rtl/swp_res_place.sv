// SPDX-License-Identifier: Apache-2.0

// Places the words of a residual plane into the residual buffer: in the order in which the drain
// shows the pixels, so that reading is counting (docs/accelerator.md sections 3.3 and 5.2).
//
// A plane holds the rows of a strip. A word belongs to a sub-tile, whose number in the step is the
// pass n, and to a pixel p of the array: memory p mod Chains, address n * D + p div Chains. With
// stride2_i three words of four are dropped; they move the place on like the others.
//
// Latency: the write leaves one cycle after part_i, two after the part on the bus. One part a cycle.

`default_nettype none

module swp_res_place #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Chains   = 2,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  localparam int unsigned Bw       = 8 * BusBytes,
  localparam int unsigned Lanes    = BusBytes / 4,
  localparam int unsigned Cycles   = Poy * Pox / Chains,
  localparam int unsigned ChainW   = (Chains > 1) ? $clog2(Chains) : 1,
  localparam int unsigned Nw       = $clog2(ResDepth),
  localparam int unsigned Aw       = $clog2(ResDepth * Cycles)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // plane
  input  logic                    start_i,
  input  logic [            15:0] image_i,
  input  logic [          Nw-1:0] pass_i,   // n of the row's first sub-tile
  input  logic [             1:0] c4_i,
  // part, from swp_load_words
  input  logic                    part_i,
  input  logic                    beat_end_i,
  input  logic [       Lanes-1:0] inside_i,
  input  logic [       Lanes-1:0] now_i,
  input  logic [          Bw-1:0] data_i,
  // layer and step
  input  logic                    stride2_i,
  input  logic [             2:0] seg_y_log2_i,
  input  logic [             2:0] seg_x_log2_i,
  input  logic [            15:0] res_w_i,
  input  logic [            15:0] sub_rows_i,
  input  logic [            15:0] sub_cols_i,
  // to the memories: one word a lane
  output logic                    any_o,    // a part; valid_o are its words
  output logic [             1:0] c4_o,
  output logic [       Lanes-1:0] valid_o,
  output logic [Lanes*ChainW-1:0] chain_o,
  output logic [    Lanes*Aw-1:0] addr_o,
  output logic [    Lanes*32-1:0] data_o
);

  localparam int unsigned PoxBits   = $clog2(Pox);
  localparam int unsigned CycleBits = $clog2(Cycles);
  localparam int unsigned ChainBits = $clog2(Chains);

  // Place of the beat's first word.
  logic [  15:0] x_q;             // column of the residual's map
  logic          ph_x_q, ph_y_q;  // x mod Sr, y mod Sr
  logic [   3:0] in_x_q, in_y_q;  // output pixel in its segment
  logic [  15:0] sx_q, sy_q;      // sub-tile
  logic [Nw-1:0] line_q;          // n of the sub-tile row's first one

  // Of the plane: the loader moves on before the last part is placed.
  logic [   1:0] c4_q;
  logic [   4:0] image_row_q, image_col_q;  // first pixel of the image's segment

  logic [3:0] seg_y_last, seg_x_last;
  logic [2:0] seg_cols_log2;

  assign seg_y_last    = 4'((5'd1 << seg_y_log2_i) - 5'd1);
  assign seg_x_last    = 4'((5'd1 << seg_x_log2_i) - 5'd1);
  assign seg_cols_log2 = 3'(PoxBits) - seg_x_log2_i;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      c4_q        <= c4_i;
      image_row_q <= 5'(image_i >> seg_cols_log2) << seg_y_log2_i;
      image_col_q <= (5'(image_i) & ((5'd1 << seg_cols_log2) - 5'd1)) << seg_x_log2_i;
    end
  end

  always_ff @(posedge clk_i) begin : place
    logic [  15:0] x, sx, sy, pixel;
    logic          ph_x, ph_y;
    logic [   3:0] in_x, in_y;
    logic [   4:0] row, col;
    logic [Nw-1:0] line, pass;
    if (start_i) begin
      x_q    <= 16'd0;
      ph_x_q <= 1'b0;
      ph_y_q <= 1'b0;
      in_x_q <= 4'd0;
      in_y_q <= 4'd0;
      sx_q   <= 16'd0;
      sy_q   <= 16'd0;
      line_q <= pass_i;
    end else if (part_i) begin
      x    = x_q;
      ph_x = ph_x_q;
      ph_y = ph_y_q;
      in_x = in_x_q;
      in_y = in_y_q;
      sx   = sx_q;
      sy   = sy_q;
      line = line_q;
      for (int unsigned l = 0; l < Lanes; l++) begin
        row   = image_row_q + {1'b0, in_y};
        col   = image_col_q + {1'b0, in_x};
        pixel = ({11'd0, row} << PoxBits) + {11'd0, col};
        pass  = line + Nw'(sx);
        valid_o[l] <= now_i[l] && !ph_x && !ph_y && sx < sub_cols_i && sy < sub_rows_i;
        chain_o[l*ChainW +: ChainW] <= ChainW'(pixel & 16'(Chains - 1));
        addr_o[l*Aw +: Aw]          <= (Aw'(pass) << CycleBits) | Aw'(pixel >> ChainBits);
        if (inside_i[l]) begin
          x = x + 16'd1;
          if (x == res_w_i) begin
            x    = 16'd0;
            ph_x = 1'b0;
            in_x = 4'd0;
            sx   = 16'd0;
            if (stride2_i && !ph_y) begin
              ph_y = 1'b1;
            end else begin
              ph_y = 1'b0;
              if (in_y != seg_y_last) begin
                in_y = in_y + 4'd1;
              end else begin
                in_y = 4'd0;
                sy   = sy + 16'd1;
                line = line + Nw'(sub_cols_i);
              end
            end
          end else if (stride2_i && !ph_x) begin
            ph_x = 1'b1;
          end else begin
            ph_x = 1'b0;
            if (in_x != seg_x_last) begin
              in_x = in_x + 4'd1;
            end else begin
              in_x = 4'd0;
              sx   = sx + 16'd1;
            end
          end
        end
      end
      if (beat_end_i) begin
        x_q    <= x;
        ph_x_q <= ph_x;
        ph_y_q <= ph_y;
        in_x_q <= in_x;
        in_y_q <= in_y;
        sx_q   <= sx;
        sy_q   <= sy;
        line_q <= line;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) any_o <= 1'b0;
    else any_o <= part_i;
  end

  always_ff @(posedge clk_i) begin
    if (part_i) begin
      c4_o   <= c4_q;
      data_o <= data_i;
    end
  end

endmodule : swp_res_place

`default_nettype wire
