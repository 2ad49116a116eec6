// SPDX-License-Identifier: Apache-2.0

// Places the words of a plane into the banks of the activation buffer (docs/formats.md section 6).
//
// A part brings the words now_i of a beat. From word to word of the beat the place moves on by one
// pixel: phases (x mod S), columns of the segment and segments count with carry, rows alike, so that
// nothing is divided and nothing multiplied. inside_i are the words that count: all of them move the
// place on, those of this part are written, unless phase_zero_i drops them. All of it stands in a
// clocked block, so that a simulation does nothing without a part.
//
// Latency: the write leaves one cycle after part_i, two after the part on the bus. One part a cycle.
// The buffer half that is written may change three cycles after the last part, which is when the
// controller changes it at the earliest.

`default_nettype none

module swp_load_place #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ActDepth = 1024,
  localparam int unsigned Bw       = 8 * BusBytes,
  localparam int unsigned Lanes    = BusBytes / 4,
  localparam int unsigned Pixels   = Poy * Pox,
  localparam int unsigned BankBits = (Pixels > 1) ? $clog2(Pixels) : 1,
  localparam int unsigned Aw       = $clog2(ActDepth)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  // plane
  input  logic                      start_i,
  input  logic [              15:0] image_i,
  input  logic [            Aw-1:0] slot_base_i,
  // part, from swp_load_words
  input  logic                      part_i,
  input  logic                      beat_end_i,
  input  logic [         Lanes-1:0] inside_i,
  input  logic [         Lanes-1:0] now_i,
  input  logic [            Bw-1:0] data_i,
  // layer and step
  input  logic [               2:0] stride_i,
  input  logic                      phase_zero_i,
  input  logic                      interleaved_i,
  input  logic [               2:0] seg_y_log2_i,
  input  logic [               2:0] seg_x_log2_i,
  input  logic [              15:0] in_w_i,
  input  logic [            Aw-1:0] bank_cols_i,
  input  logic [               7:0] y_start_i,
  // to the banks: one word a lane
  output logic                      any_o,    // a part; valid_o are its words
  output logic [         Lanes-1:0] valid_o,
  output logic [Lanes*BankBits-1:0] bank_o,
  output logic [      Lanes*Aw-1:0] addr_o,
  output logic [      Lanes*32-1:0] data_o
);

  localparam int unsigned PoyBits = $clog2(Poy);
  localparam int unsigned PoxBits = $clog2(Pox);

  // Place of the beat's first word.
  logic [  15:0] x_q;             // input column
  logic [   1:0] ph_x_q, ph_y_q;  // x mod S, y mod S
  logic [   3:0] in_x_q, in_y_q;  // place in the segment: (x div S) mod SegX, (y div S) mod SegY
  logic [Aw-1:0] col_q;           // address of the segment's first column, phase 0
  logic [Aw-1:0] line_q, base_q;  // address of the row, of the row of phase 0
  logic [  15:0] index_q;         // word of the plane, interleaved layout

  // Of the plane: the loader moves on before the last part is placed.
  logic [Aw-1:0] slot_base_q;
  logic [   4:0] image_row_q, image_col_q;  // first bank of the image's segment

  logic [1:0] ph_last;
  logic [3:0] seg_y_last, seg_x_last;
  logic [2:0] seg_cols_log2;

  assign ph_last       = 2'(stride_i - 3'd1);
  assign seg_y_last    = 4'((5'd1 << seg_y_log2_i) - 5'd1);
  assign seg_x_last    = 4'((5'd1 << seg_x_log2_i) - 5'd1);
  assign seg_cols_log2 = 3'(PoxBits) - seg_x_log2_i;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      slot_base_q <= slot_base_i;
      image_row_q <= 5'(image_i >> seg_cols_log2) << seg_y_log2_i;
      image_col_q <= (5'(image_i) & ((5'd1 << seg_cols_log2) - 5'd1)) << seg_x_log2_i;
    end
  end

  // The strip may begin with any phase.
  logic [1:0] start_phase;
  assign start_phase = y_start_i[5:4];

  always_ff @(posedge clk_i) begin : place
    logic [  15:0] x, index;
    logic [   1:0] ph_x, ph_y;
    logic [   3:0] in_x, in_y;
    logic [   4:0] bank_row, bank_col;
    logic [Aw-1:0] col, line, base;
    if (start_i) begin
      x_q     <= 16'd0;
      ph_x_q  <= 2'd0;
      ph_y_q  <= start_phase;
      in_x_q  <= 4'd0;
      in_y_q  <= y_start_i[3:0];
      col_q   <= '0;
      line_q  <= slot_base_i + (start_phase[1] ? bank_cols_i << 1 : '0)
               + (start_phase[0] ? bank_cols_i : '0);
      base_q  <= slot_base_i;
      index_q <= 16'd0;
    end else if (part_i) begin
      x     = x_q;
      ph_x  = ph_x_q;
      ph_y  = ph_y_q;
      in_x  = in_x_q;
      in_y  = in_y_q;
      col   = col_q;
      line  = line_q;
      base  = base_q;
      index = index_q;
      for (int unsigned l = 0; l < Lanes; l++) begin
        bank_row    = image_row_q + {1'b0, in_y};
        bank_col    = image_col_q + {1'b0, in_x};
        valid_o[l] <= now_i[l] && !(phase_zero_i && (ph_x != 2'd0 || ph_y != 2'd0));
        if (interleaved_i) begin
          bank_o[l*BankBits +: BankBits] <= BankBits'(index & 16'(Pixels - 1));
          addr_o[l*Aw +: Aw]             <= slot_base_q + Aw'(index >> (PoyBits + PoxBits));
        end else begin
          bank_o[l*BankBits +: BankBits] <=
              BankBits'(({5'd0, bank_row} << PoxBits) + {5'd0, bank_col});
          addr_o[l*Aw +: Aw]             <= line + col + Aw'(ph_x);
        end
        if (inside_i[l]) begin
          index = index + 16'd1;
          x     = x + 16'd1;
          if (x == in_w_i) begin
            x    = 16'd0;
            ph_x = 2'd0;
            in_x = 4'd0;
            col  = '0;
            if (ph_y != ph_last) begin
              ph_y = ph_y + 2'd1;
              line = line + bank_cols_i;
            end else begin
              ph_y = 2'd0;
              if (in_y != seg_y_last) begin
                in_y = in_y + 4'd1;
              end else begin
                in_y = 4'd0;
                base = line + bank_cols_i;
              end
              line = base;
            end
          end else if (ph_x != ph_last) begin
            ph_x = ph_x + 2'd1;
          end else begin
            ph_x = 2'd0;
            if (in_x != seg_x_last) begin
              in_x = in_x + 4'd1;
            end else begin
              in_x = 4'd0;
              col  = col + Aw'(stride_i);
            end
          end
        end
      end
      if (beat_end_i) begin
        x_q     <= x;
        ph_x_q  <= ph_x;
        ph_y_q  <= ph_y;
        in_x_q  <= in_x;
        in_y_q  <= in_y;
        col_q   <= col;
        line_q  <= line;
        base_q  <= base;
        index_q <= index;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) any_o <= 1'b0;
    else any_o <= part_i;
  end

  always_ff @(posedge clk_i) begin
    if (part_i) data_o <= data_i;
  end

  logic unused_place;
  assign unused_place = &{1'b0, y_start_i[7:6]};

endmodule : swp_load_place

`default_nettype wire
