// SPDX-License-Identifier: Apache-2.0

// Places the words of a plane into the banks of the activation buffer (docs/formats.md section 6).
//
// A part brings U = 2^load_log2 neighbouring words of the beat, lanes 0 .. U - 1. Lane by lane the
// place moves on by one pixel; words before the plane's first one (lead) and behind its last one
// are dropped. No multiplication: a row's address grows by bank_cols whenever its bank row does.
//
// Latency: the write leaves two cycles after its part: one for the data, so that nothing here hangs
// on the memory's wires, one for the places. One part a cycle. The buffer half that is written may
// change three cycles after the last part, which is when the controller changes it at the earliest.

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
  input  logic                      start_i,
  input  logic                      part_i,
  input  logic [               4:0] sub_i,
  input  logic [            Bw-1:0] data_i,
  input  logic [               3:0] lead_i,
  input  logic [              15:0] image_i,
  input  logic [            Aw-1:0] slot_base_i,
  // layer and step
  input  logic                      stride2_i,
  input  logic                      interleaved_i,
  input  logic [               7:0] load_log2_i,
  input  logic [               2:0] seg_y_log2_i,
  input  logic [               2:0] seg_x_log2_i,
  input  logic [              15:0] in_w_i,
  input  logic [            Aw-1:0] bank_cols_i,
  input  logic [              15:0] y_first_i,
  input  logic [              31:0] plane_words_i,
  // to the banks: one word a lane
  output logic                      any_o,
  output logic [         Lanes-1:0] valid_o,
  output logic [Lanes*BankBits-1:0] bank_o,
  output logic [      Lanes*Aw-1:0] addr_o,
  output logic [      Lanes*32-1:0] data_o
);

  localparam int unsigned WordBits = $clog2(Lanes);
  localparam int unsigned PoyBits  = $clog2(Poy);
  localparam int unsigned PoxBits  = $clog2(Pox);

  logic          part_q;
  logic [   4:0] part_sub_q;
  logic [Bw-1:0] part_data_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) part_q <= 1'b0;
    else part_q <= part_i;
  end

  always_ff @(posedge clk_i) begin
    if (part_i) begin
      part_sub_q  <= sub_i;
      part_data_q <= data_i;
    end
  end

  // Place of the plane's next word.
  logic [  31:0] left_q;   // words still to come
  logic [   3:0] skip_q;   // words still to be dropped at the start
  logic [  15:0] x_q;      // input column
  logic [   4:0] y_q;      // input row modulo S * SegY
  logic [Aw-1:0] rows_q;   // slot base + address of the bank row pair (S = 2) or bank row (S = 1)
  logic [  31:0] index_q;  // word of the plane, interleaved layout

  // Of the plane: the loader moves on before the last part is placed.
  logic [Aw-1:0] slot_base_q;
  logic [   4:0] image_row_q, image_col_q;  // first bank of the image's segment

  logic [  31:0] left_d;
  logic [   3:0] skip_d;
  logic [  15:0] x_d;
  logic [   4:0] y_d;
  logic [Aw-1:0] rows_d;
  logic [  31:0] index_d;

  logic [   4:0] y_mask, seg_y_mask, seg_x_mask;
  logic [Aw-1:0] rows_step;
  logic [   4:0] words;  // U

  assign seg_y_mask = (5'd1 << seg_y_log2_i) - 5'd1;
  assign seg_x_mask = (5'd1 << seg_x_log2_i) - 5'd1;
  assign y_mask     = stride2_i ? {seg_y_mask[3:0], 1'b1} : seg_y_mask;
  assign rows_step  = stride2_i ? bank_cols_i << 1 : bank_cols_i;
  assign words      = 5'd1 << load_log2_i;

  logic [2:0] seg_cols_log2;
  assign seg_cols_log2 = 3'(PoxBits) - seg_x_log2_i;

  logic [        Lanes-1:0] lane_valid;
  logic [     BankBits-1:0] lane_bank [Lanes];
  logic [           Aw-1:0] lane_addr [Lanes];
  logic [             31:0] lane_data [Lanes];

  always_comb begin : place
    logic [  15:0] u;
    logic [   4:0] v;
    logic [   4:0] bank_row, bank_col;
    logic [WordBits-1:0] word;
    left_d     = left_q;
    skip_d     = skip_q;
    x_d        = x_q;
    y_d        = y_q;
    rows_d     = rows_q;
    index_d    = index_q;
    lane_valid = '0;
    u          = 16'd0;
    v          = 5'd0;
    bank_row   = 5'd0;
    bank_col   = 5'd0;
    word       = '0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      lane_bank[l] = '0;
      lane_addr[l] = '0;
      lane_data[l] = '0;
    end
    if (part_q) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        if (5'(l) < words) begin
          word         = WordBits'(part_sub_q << load_log2_i) | WordBits'(l);
          u            = stride2_i ? x_d >> 1 : x_d;
          v            = stride2_i ? y_d >> 1 : y_d;
          bank_row     = image_row_q + (v & seg_y_mask);
          bank_col     = image_col_q + (5'(u) & seg_x_mask);
          lane_data[l] = part_data_q[word*32 +: 32];
          if (interleaved_i) begin
            lane_bank[l] = BankBits'(index_d & 32'(Pixels - 1));
            lane_addr[l] = slot_base_q + Aw'(index_d >> (PoyBits + PoxBits));
          end else begin
            lane_bank[l] = BankBits'(({5'd0, bank_row} << PoxBits) + {5'd0, bank_col});
            lane_addr[l] = rows_d + ((stride2_i && y_d[0]) ? bank_cols_i : '0)
                         + (stride2_i ? Aw'({u >> seg_x_log2_i, x_d[0]}) : Aw'(u >> seg_x_log2_i));
          end
          if (skip_d != 4'd0) begin
            skip_d = skip_d - 4'd1;
          end else if (left_d != 32'd0) begin
            lane_valid[l] = 1'b1;
            left_d        = left_d - 32'd1;
            index_d       = index_d + 32'd1;
            x_d           = x_d + 16'd1;
            if (x_d == in_w_i) begin
              x_d = 16'd0;
              y_d = (y_d + 5'd1) & y_mask;
              if (y_d == 5'd0) rows_d = rows_d + rows_step;
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

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q  <= plane_words_i;
      skip_q  <= lead_i;
      x_q     <= 16'd0;
      y_q     <= 5'(y_first_i) & y_mask;
      rows_q  <= slot_base_i;
      index_q <= 32'd0;
    end else if (part_q) begin
      left_q  <= left_d;
      skip_q  <= skip_d;
      x_q     <= x_d;
      y_q     <= y_d;
      rows_q  <= rows_d;
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
      any_q <= part_q && (lane_valid != '0);
      if (part_q) valid_q <= lane_valid;
    end
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic [BankBits-1:0] bank_q;
    logic [      Aw-1:0] addr_q;
    logic [        31:0] word_q;
    always_ff @(posedge clk_i) begin
      if (part_q) begin
        bank_q <= lane_bank[l];
        addr_q <= lane_addr[l];
        word_q <= lane_data[l];
      end
    end
    assign bank_o[l*BankBits +: BankBits] = bank_q;
    assign addr_o[l*Aw +: Aw]             = addr_q;
    assign data_o[l*32 +: 32]             = word_q;
  end

  logic unused_place;
  assign unused_place = &{1'b0, y_first_i};

  assign any_o   = any_q;
  assign valid_o = valid_q;

endmodule : swp_load_place

`default_nettype wire
