// SPDX-License-Identifier: Apache-2.0

// Output buffers: four of Poy x Pox pixels of Pof bytes, one memory per column.
//
// Write: any columns of one row a cycle. Read: re_i in cycle t, word c4 of all columns of a row at
// words_o from t + 1 until the next read.

`default_nettype none

module swp_out_buf #(
  parameter  int unsigned Poy     = 4,
  parameter  int unsigned Pox     = 8,
  parameter  int unsigned Pof     = 8,
  localparam int unsigned RowBits = (Poy > 1) ? $clog2(Poy) : 1,
  localparam int unsigned PixelW  = 8 * Pof
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [           1:0] wbuf_i,
  input  logic [       Pox-1:0] we_i,
  input  logic [   RowBits-1:0] wrow_i,
  input  logic [Pox*PixelW-1:0] data_i,
  input  logic                  re_i,
  input  logic [           1:0] rbuf_i,
  input  logic [   RowBits-1:0] rrow_i,
  input  logic [           1:0] c4_i,
  output logic [    Pox*32-1:0] words_o
);

  logic [1:0] c4_q;

  always_ff @(posedge clk_i) begin
    if (re_i) c4_q <= c4_i;
  end

  for (genvar x = 0; x < Pox; x++) begin : gen_col
    logic [PixelW-1:0] pixel;

    swp_ram_1r1w #(
      .Width(PixelW),
      .Depth(4 << RowBits)
    ) u_ram (
      .clk_i,
      .rst_ni,
      .we_i   (we_i[x]),
      .waddr_i({wbuf_i, wrow_i}),
      .wdata_i(data_i[x*PixelW +: PixelW]),
      .re_i,
      .raddr_i({rbuf_i, rrow_i}),
      .rdata_o(pixel)
    );

    if (Pof == 1) begin : gen_byte
      assign words_o[x*32 +: 32] = {24'd0, pixel};
    end else if (Pof == 4) begin : gen_one
      assign words_o[x*32 +: 32] = pixel;
    end else if (Pof == 8) begin : gen_two
      assign words_o[x*32 +: 32] = c4_q[0] ? pixel[63:32] : pixel[31:0];
    end else begin : gen_four
      assign words_o[x*32 +: 32] = pixel[c4_q*32 +: 32];
    end
  end

  if (Pof < 16) begin : gen_unused
    logic unused_c4;
    assign unused_c4 = &{1'b0, c4_q};
  end

endmodule : swp_out_buf

`default_nettype wire
