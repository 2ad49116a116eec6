// SPDX-License-Identifier: Apache-2.0

// Places the words of a plane into the banks of the activation buffer (docs/formats.md section 6).
//
// A part brings the words now_i of a beat. From word to word of the beat the place moves on by one
// pixel: phases (x mod S), columns of the segment and segments count with carry, rows alike, so that
// nothing is divided and nothing multiplied. inside_i are the words that count: all of them move the
// place on, those of this part are written, unless phase_zero_i drops them.
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
  output logic                      any_o,
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

  logic [  15:0] x_d, index_d;
  logic [   1:0] ph_x_d, ph_y_d;
  logic [   3:0] in_x_d, in_y_d;
  logic [Aw-1:0] col_d, line_d, base_d;

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

  logic [   Lanes-1:0] lane_valid;
  logic [BankBits-1:0] lane_bank [Lanes];
  logic [      Aw-1:0] lane_addr [Lanes];

  always_comb begin : place
    logic [4:0] bank_row, bank_col;
    x_d        = x_q;
    ph_x_d     = ph_x_q;
    ph_y_d     = ph_y_q;
    in_x_d     = in_x_q;
    in_y_d     = in_y_q;
    col_d      = col_q;
    line_d     = line_q;
    base_d     = base_q;
    index_d    = index_q;
    lane_valid = '0;
    bank_row   = 5'd0;
    bank_col   = 5'd0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      lane_bank[l] = '0;
      lane_addr[l] = '0;
    end
    if (part_i) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        bank_row      = image_row_q + {1'b0, in_y_d};
        bank_col      = image_col_q + {1'b0, in_x_d};
        lane_valid[l] = now_i[l] && !(phase_zero_i && (ph_x_d != 2'd0 || ph_y_d != 2'd0));
        if (interleaved_i) begin
          lane_bank[l] = BankBits'(index_d & 16'(Pixels - 1));
          lane_addr[l] = slot_base_q + Aw'(index_d >> (PoyBits + PoxBits));
        end else begin
          lane_bank[l] = BankBits'(({5'd0, bank_row} << PoxBits) + {5'd0, bank_col});
          lane_addr[l] = line_d + col_d + Aw'(ph_x_d);
        end
        if (inside_i[l]) begin
          index_d = index_d + 16'd1;
          x_d     = x_d + 16'd1;
          if (x_d == in_w_i) begin
            x_d    = 16'd0;
            ph_x_d = 2'd0;
            in_x_d = 4'd0;
            col_d  = '0;
            if (ph_y_d != ph_last) begin
              ph_y_d = ph_y_d + 2'd1;
              line_d = line_d + bank_cols_i;
            end else begin
              ph_y_d = 2'd0;
              if (in_y_d != seg_y_last) begin
                in_y_d = in_y_d + 4'd1;
              end else begin
                in_y_d = 4'd0;
                base_d = line_d + bank_cols_i;
              end
              line_d = base_d;
            end
          end else if (ph_x_d != ph_last) begin
            ph_x_d = ph_x_d + 2'd1;
          end else begin
            ph_x_d = 2'd0;
            if (in_x_d != seg_x_last) begin
              in_x_d = in_x_d + 4'd1;
            end else begin
              in_x_d = 4'd0;
              col_d  = col_d + Aw'(stride_i);
            end
          end
        end
      end
    end
  end

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

  always_ff @(posedge clk_i) begin
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
    end else if (part_i && beat_end_i) begin
      x_q     <= x_d;
      ph_x_q  <= ph_x_d;
      ph_y_q  <= ph_y_d;
      in_x_q  <= in_x_d;
      in_y_q  <= in_y_d;
      col_q   <= col_d;
      line_q  <= line_d;
      base_q  <= base_d;
      index_q <= index_d;
    end
  end

  logic             any_q;
  logic [Lanes-1:0] valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      any_q   <= 1'b0;
      valid_q <= '0;
    end else begin
      any_q <= part_i && (lane_valid != '0);
      if (part_i) valid_q <= lane_valid;
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic [BankBits-1:0] bank_q;
    logic [      Aw-1:0] addr_q;
    logic [        31:0] word_q;
    always_ff @(posedge clk_i) begin
      if (part_i) begin
        bank_q <= lane_bank[l];
        addr_q <= lane_addr[l];
        word_q <= data_i[l*32 +: 32];
      end
    end
    assign bank_o[l*BankBits +: BankBits] = bank_q;
    assign addr_o[l*Aw +: Aw]             = addr_q;
    assign data_o[l*32 +: 32]             = word_q;
  end

  logic unused_place;
  assign unused_place = &{1'b0, y_start_i[7:6]};

  assign any_o   = any_q;
  assign valid_o = valid_q;

endmodule : swp_load_place

`default_nettype wire
