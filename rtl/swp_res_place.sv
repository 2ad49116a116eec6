// SPDX-License-Identifier: Apache-2.0

// Places the words of a residual plane into the residual buffer: in the order in which the drain
// shows the pixels, so that reading is counting (docs/accelerator-v2.md section 4).
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
  output logic                    any_o,
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

  logic [  15:0] x_d, sx_d, sy_d;
  logic          ph_x_d, ph_y_d;
  logic [   3:0] in_x_d, in_y_d;
  logic [Nw-1:0] line_d;

  // Of the plane: the loader moves on before the last part is placed.
  logic [   1:0] c4_q;
  logic [   4:0] image_row_q, image_col_q;  // first pixel of the image's segment

  logic [3:0] seg_y_last, seg_x_last;
  logic [2:0] seg_cols_log2;

  assign seg_y_last    = 4'((5'd1 << seg_y_log2_i) - 5'd1);
  assign seg_x_last    = 4'((5'd1 << seg_x_log2_i) - 5'd1);
  assign seg_cols_log2 = 3'(PoxBits) - seg_x_log2_i;

  logic [ Lanes-1:0] lane_valid;
  logic [ChainW-1:0] lane_chain [Lanes];
  logic [    Aw-1:0] lane_addr  [Lanes];

  always_comb begin : place
    logic [   4:0] row, col;
    logic [  15:0] pixel;
    logic [Nw-1:0] pass;
    x_d        = x_q;
    ph_x_d     = ph_x_q;
    ph_y_d     = ph_y_q;
    in_x_d     = in_x_q;
    in_y_d     = in_y_q;
    sx_d       = sx_q;
    sy_d       = sy_q;
    line_d     = line_q;
    lane_valid = '0;
    row        = 5'd0;
    col        = 5'd0;
    pixel      = 16'd0;
    pass       = '0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      lane_chain[l] = '0;
      lane_addr[l]  = '0;
    end
    if (part_i) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        row           = image_row_q + {1'b0, in_y_d};
        col           = image_col_q + {1'b0, in_x_d};
        pixel         = ({11'd0, row} << PoxBits) + {11'd0, col};
        pass          = line_d + Nw'(sx_d);
        lane_chain[l] = ChainW'(pixel & 16'(Chains - 1));
        lane_addr[l]  = (Aw'(pass) << CycleBits) | Aw'(pixel >> ChainBits);
        lane_valid[l] = now_i[l] && !ph_x_d && !ph_y_d && sx_d < sub_cols_i && sy_d < sub_rows_i;
        if (inside_i[l]) begin
          x_d = x_d + 16'd1;
          if (x_d == res_w_i) begin
            x_d    = 16'd0;
            ph_x_d = 1'b0;
            in_x_d = 4'd0;
            sx_d   = 16'd0;
            if (stride2_i && !ph_y_d) begin
              ph_y_d = 1'b1;
            end else begin
              ph_y_d = 1'b0;
              if (in_y_d != seg_y_last) begin
                in_y_d = in_y_d + 4'd1;
              end else begin
                in_y_d = 4'd0;
                sy_d   = sy_d + 16'd1;
                line_d = line_d + Nw'(sub_cols_i);
              end
            end
          end else if (stride2_i && !ph_x_d) begin
            ph_x_d = 1'b1;
          end else begin
            ph_x_d = 1'b0;
            if (in_x_d != seg_x_last) begin
              in_x_d = in_x_d + 4'd1;
            end else begin
              in_x_d = 4'd0;
              sx_d   = sx_d + 16'd1;
            end
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      c4_q        <= c4_i;
      image_row_q <= 5'(image_i >> seg_cols_log2) << seg_y_log2_i;
      image_col_q <= (5'(image_i) & ((5'd1 << seg_cols_log2) - 5'd1)) << seg_x_log2_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      x_q    <= 16'd0;
      ph_x_q <= 1'b0;
      ph_y_q <= 1'b0;
      in_x_q <= 4'd0;
      in_y_q <= 4'd0;
      sx_q   <= 16'd0;
      sy_q   <= 16'd0;
      line_q <= pass_i;
    end else if (part_i && beat_end_i) begin
      x_q    <= x_d;
      ph_x_q <= ph_x_d;
      ph_y_q <= ph_y_d;
      in_x_q <= in_x_d;
      in_y_q <= in_y_d;
      sx_q   <= sx_d;
      sy_q   <= sy_d;
      line_q <= line_d;
    end
  end

  logic             any_q;
  logic [      1:0] place_c4_q;
  logic [Lanes-1:0] valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) any_q <= 1'b0;
    else any_q <= part_i && (lane_valid != '0);
  end

  always_ff @(posedge clk_i) begin
    if (part_i) begin
      place_c4_q <= c4_q;
      valid_q    <= lane_valid;
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic [ChainW-1:0] chain_q;
    logic [    Aw-1:0] addr_q;
    logic [      31:0] word_q;
    always_ff @(posedge clk_i) begin
      if (part_i) begin
        chain_q <= lane_chain[l];
        addr_q  <= lane_addr[l];
        word_q  <= data_i[l*32 +: 32];
      end
    end
    assign chain_o[l*ChainW +: ChainW] = chain_q;
    assign addr_o[l*Aw +: Aw]          = addr_q;
    assign data_o[l*32 +: 32]          = word_q;
  end

  assign any_o   = any_q;
  assign c4_o    = place_c4_q;
  assign valid_o = valid_q;

endmodule : swp_res_place

`default_nettype wire
