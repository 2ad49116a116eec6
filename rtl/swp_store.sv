// SPDX-License-Identifier: Apache-2.0

// Store: allocates output buffers, remembers what lies in them and writes them to memory.
//
// A retire takes a buffer (alloc + 1) and leaves the place of its pass; fill_i says that the last
// pixel has come (filled + 1). Then each write slot takes a cycle: channel word slowest, row,
// run of 2^run_log2 columns fastest.
//
//   cycle   t                          t+1
//   W0      slot k: buffer read,       slot k+1
//           address and strobes formed
//   W1                                 slot k offered until taken (nothing if no word counts)
//
// The last slot of a step's last pass is a fence: it is offered even if no word of it counts. The
// address is moved on by strides from slot to slot; nothing is multiplied.

`include "swp_assert.svh"
`default_nettype none

module swp_store #(
  parameter  int unsigned Poy     = 4,
  parameter  int unsigned Pox     = 8,
  parameter  int unsigned Pof     = 8,
  localparam int unsigned RowBits = (Poy > 1) ? $clog2(Poy) : 1
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  // passes
  input  logic               retire_i,
  input  logic [       39:0] pass_addr_i,
  input  logic [       16:0] pass_y_i,
  input  logic [       16:0] pass_x_i,
  input  logic [       19:0] pass_word_i,
  input  logic [        1:0] pass_byte_i,  // with Pof = 1: the only byte of each word
  input  logic               pass_end_i,  // the step's last one
  input  logic [       15:0] images_i,
  input  logic               fill_i,
  output logic [        1:0] fill_buf_o,
  output logic [        2:0] alloc_o,
  output logic [        2:0] filled_o,
  output logic               idle_o,
  // layer
  input  logic               pool_i,
  input  logic [        2:0] run_log2_i,
  input  logic [        2:0] seg_y_log2_i,
  input  logic [        2:0] seg_x_log2_i,
  input  logic [       15:0] conv_h_i,
  input  logic [       15:0] conv_w_i,
  input  logic [       15:0] out_groups4_i,
  input  logic [       31:0] out_px_stride_i,
  input  logic [       31:0] out_row_stride_i,
  input  logic [       31:0] out_group_stride_i,
  input  logic [       31:0] out_image_stride_i,
  // output buffer
  output logic               re_o,
  output logic [        1:0] rbuf_o,
  output logic [RowBits-1:0] rrow_o,
  output logic [        1:0] c4_o,
  input  logic [ Pox*32-1:0] words_i,
  // memory
  output logic               wr_valid_o,
  input  logic               wr_ready_i,
  output logic [       39:0] wr_addr_o,
  output logic [ Pox*32-1:0] wr_data_o,
  output logic [  Pox*4-1:0] wr_strb_o,
  output logic               wr_fence_o
);

  localparam int unsigned PoxBits = $clog2(Pox);
  localparam int unsigned Words   = (Pof > 4) ? Pof / 4 : 1;  // channel words of a pass
  localparam int unsigned ColBits = (Pox > 1) ? PoxBits : 1;

  // --- buffers ----------------------------------------------------------------------------------
  logic [2:0] alloc_q, filled_q;
  logic [1:0] alloc_buf_q, fill_buf_q, store_buf_q;
  logic       advance, slot, release_buf;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      alloc_q     <= 3'd0;
      filled_q    <= 3'd0;
      alloc_buf_q <= 2'd0;
      fill_buf_q  <= 2'd0;
      store_buf_q <= 2'd0;
    end else begin
      alloc_q  <= alloc_q + {2'd0, retire_i} - {2'd0, release_buf};
      filled_q <= filled_q + {2'd0, fill_i} - {2'd0, release_buf};
      if (retire_i) alloc_buf_q <= alloc_buf_q + 2'd1;
      if (fill_i) fill_buf_q <= fill_buf_q + 2'd1;
      if (release_buf) store_buf_q <= store_buf_q + 2'd1;
    end
  end

  // Places of the passes in the buffers: address, y, x, channel word, byte, images, end of the step.
  localparam int unsigned TagW = 40 + 17 + 17 + 20 + 2 + 16 + 1;
  logic [TagW-1:0] tag_q [4];
  logic [    39:0] tag_addr;
  logic [    16:0] tag_y, tag_x;
  logic [    19:0] tag_word;
  logic [     1:0] tag_byte;
  logic [    15:0] tag_images;
  logic            tag_end;

  always_ff @(posedge clk_i) begin
    if (retire_i) begin
      tag_q[alloc_buf_q] <= {pass_addr_i, pass_y_i, pass_x_i, pass_word_i, pass_byte_i, images_i,
                             pass_end_i};
    end
  end
  assign {tag_addr, tag_y, tag_x, tag_word, tag_byte, tag_images, tag_end} = tag_q[store_buf_q];

  // --- W0: which slot ---------------------------------------------------------------------------
  logic [1:0] c4_q;
  logic [4:0] row_q, col_q;
  logic       at_start_q;

  logic [4:0] rows, cols, run, row_next, col_next;
  logic       col_end, row_end, c4_end;

  assign rows     = 5'(Poy) >> pool_i;
  assign cols     = 5'(Pox) >> pool_i;
  assign run      = 5'd1 << run_log2_i;
  assign row_next = row_q + 5'd1;
  assign col_next = col_q + run;
  assign col_end  = col_next == cols;
  assign row_end  = row_next == rows;
  assign c4_end   = c4_q == 2'(Words - 1);

  assign slot        = filled_q != 3'd0 && advance;
  assign release_buf = slot && col_end && row_end && c4_end;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      c4_q       <= 2'd0;
      row_q      <= 5'd0;
      col_q      <= 5'd0;
      at_start_q <= 1'b1;
    end else if (slot) begin
      at_start_q <= release_buf;
      col_q      <= col_end ? 5'd0 : col_next;
      if (col_end) row_q <= row_end ? 5'd0 : row_next;
      if (col_end && row_end) c4_q <= c4_end ? 2'd0 : c4_q + 2'd1;
    end
  end

  // --- W0: address ------------------------------------------------------------------------------
  // Bases, each inside the one before: channel word, row of segments, array row, segment; and the
  // slot's own address.
  logic [39:0] c4_addr_q, segs_addr_q, row_addr_q, seg_addr_q, addr_q;
  logic [39:0] w1_addr_q;
  logic [ 2:0] sgy, sgx, seg_cols_log2, run_segs_log2;
  logic [ 4:0] sgy_mask, sgx_mask;
  logic        new_segs, new_seg;

  assign sgy           = seg_y_log2_i - {2'd0, pool_i};
  assign sgx           = seg_x_log2_i - {2'd0, pool_i};
  assign sgy_mask      = (5'd1 << sgy) - 5'd1;
  assign sgx_mask      = (5'd1 << sgx) - 5'd1;
  assign seg_cols_log2 = 3'(PoxBits) - seg_x_log2_i;
  assign run_segs_log2 = (run_log2_i > sgx) ? run_log2_i - sgx : 3'd0;
  assign new_segs      = (row_next & sgy_mask) == 5'd0;
  assign new_seg       = (col_next & sgx_mask) == 5'd0;

  always_ff @(posedge clk_i) begin : move_on
    logic [39:0] c4_addr, segs_addr, row_addr, seg_addr, addr;
    if (slot) begin
      c4_addr   = at_start_q ? tag_addr : c4_addr_q;
      segs_addr = at_start_q ? tag_addr : segs_addr_q;
      row_addr  = at_start_q ? tag_addr : row_addr_q;
      seg_addr  = at_start_q ? tag_addr : seg_addr_q;
      addr      = at_start_q ? tag_addr : addr_q;
      w1_addr_q <= addr;
      if (!col_end) begin
        if (new_seg) begin
          seg_addr = seg_addr + ({8'd0, out_image_stride_i} << run_segs_log2);
          addr     = seg_addr;
        end else begin
          addr = addr + ({8'd0, out_px_stride_i} << run_log2_i);
        end
      end else if (!row_end) begin
        if (new_segs) begin
          segs_addr = segs_addr + ({8'd0, out_image_stride_i} << seg_cols_log2);
          row_addr  = segs_addr;
        end else begin
          row_addr = row_addr + {8'd0, out_row_stride_i};
        end
        seg_addr = row_addr;
        addr     = row_addr;
      end else begin
        c4_addr   = c4_addr + {8'd0, out_group_stride_i};
        segs_addr = c4_addr;
        row_addr  = c4_addr;
        seg_addr  = c4_addr;
        addr      = c4_addr;
      end
      c4_addr_q   <= c4_addr;
      segs_addr_q <= segs_addr;
      row_addr_q  <= row_addr;
      seg_addr_q  <= seg_addr;
      addr_q      <= addr;
    end
  end

  // --- W0: which words count --------------------------------------------------------------------
  logic [   16:0] out_h, out_w, y;
  logic [   15:0] image_row;
  logic [   19:0] word;
  logic           row_counts;
  logic [Pox-1:0] counts;

  assign out_h      = {1'b0, conv_h_i >> pool_i};
  assign out_w      = {1'b0, conv_w_i >> pool_i};
  assign y          = tag_y + {12'd0, row_q & sgy_mask};
  assign image_row  = {11'd0, row_q >> sgy} << seg_cols_log2;
  assign word       = tag_word + {18'd0, c4_q};
  assign row_counts = filled_q != 3'd0 && y < out_h && word < {4'd0, out_groups4_i};

  always_comb begin : count
    logic [ 4:0] px;
    logic [15:0] image;
    logic [16:0] x;
    px     = 5'd0;
    image  = 16'd0;
    x      = 17'd0;
    counts = '0;
    if (row_counts) begin
      for (int unsigned i = 0; i < Pox; i++) begin
        px        = col_q + 5'(i);
        image     = image_row + {11'd0, px >> sgx};
        x         = tag_x + {12'd0, px & sgx_mask};
        counts[i] = 5'(i) < run && image < tag_images && x < out_w;
      end
    end
  end

  // --- W1 ---------------------------------------------------------------------------------------
  logic               w1_valid_q, w1_fence_q, fence;
  logic [    Pox-1:0] w1_counts_q;
  logic [ColBits-1:0] w1_col_q;
  logic [        1:0] w1_byte_q;

  assign advance = !w1_valid_q || wr_ready_i;
  assign fence   = tag_end && col_end && row_end && c4_end;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) w1_valid_q <= 1'b0;
    else if (advance) w1_valid_q <= counts != '0 || (filled_q != 3'd0 && fence);
  end

  always_ff @(posedge clk_i) begin
    if (slot) begin
      w1_counts_q <= counts;
      w1_fence_q  <= fence;
      w1_byte_q   <= tag_byte;
      w1_col_q    <= ColBits'(col_q);
    end
  end

  // The run begins at column w1_col_q of the buffer's row and leaves at word 0.
  always_comb begin : write
    logic [ColBits-1:0] from;
    from      = '0;
    wr_strb_o = '0;
    wr_data_o = '0;
    if (w1_valid_q) begin
      for (int unsigned i = 0; i < Pox; i++) begin
        from = w1_col_q + ColBits'(i);
        if (w1_counts_q[i]) begin
          if (Pof == 1) begin  // a word of the buffer has its byte in the lowest place
            wr_strb_o[i*4 +: 4]   = 4'd1 << w1_byte_q;
            wr_data_o[i*32 +: 32] = words_i[from*32 +: 32] << {w1_byte_q, 3'd0};
          end else begin
            wr_strb_o[i*4 +: 4]   = 4'd15;
            wr_data_o[i*32 +: 32] = words_i[from*32 +: 32];
          end
        end
      end
    end
  end

  if (Pof != 1) begin : gen_no_byte
    logic unused_byte;
    assign unused_byte = &{1'b0, w1_byte_q};
  end

  assign wr_valid_o = w1_valid_q;
  assign wr_addr_o  = w1_valid_q ? w1_addr_q : 40'd0;
  assign wr_fence_o = w1_valid_q && w1_fence_q;

  assign re_o       = slot;
  assign rbuf_o     = store_buf_q;
  assign rrow_o     = RowBits'(row_q);
  assign c4_o       = c4_q;
  assign fill_buf_o = fill_buf_q;
  assign alloc_o    = alloc_q;
  assign filled_o   = filled_q;
  assign idle_o     = alloc_q == 3'd0 && !w1_valid_q;


  `SWP_ASSERT(AllocInRange, alloc_q <= 3'(swp_regs_pkg::OUT_BUFFERS))
  `SWP_ASSERT(FilledAreAllocated, filled_q <= alloc_q)
  `SWP_STABLE(WriteStable, wr_valid_o, wr_ready_i, {wr_addr_o, wr_strb_o, wr_data_o, wr_fence_o})

endmodule : swp_store

`default_nettype wire
