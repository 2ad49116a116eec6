// SPDX-License-Identifier: Apache-2.0

// Weight buffer: words of Pof signed bytes, two halves. A beat writes BusBytes / Pof neighbouring
// words at once, so the words are dealt over as many memories; a read touches one of them.
//
// Read: re_i and addr_i in cycle t, data_o from t + 1 until the next read. Half half_i is read, the
// other one written; wclear_i sets the write address to 0.

`default_nettype none

module swp_wgt_buf #(
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned WgtDepth = 8192,
  localparam int unsigned Ways     = BusBytes / Pof,
  localparam int unsigned Width    = 8 * Pof,
  localparam int unsigned Aw       = $clog2(WgtDepth),
  localparam int unsigned WayBits  = (Ways > 1) ? $clog2(Ways) : 0,
  localparam int unsigned LineBits = Aw - WayBits
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  half_i,
  input  logic                  wclear_i,
  input  logic                  we_i,
  input  logic [8*BusBytes-1:0] data_i,
  input  logic                  re_i,
  input  logic [        Aw-1:0] addr_i,
  output logic [     Width-1:0] data_o
);

  logic [LineBits-1:0] line_q;

  always_ff @(posedge clk_i) begin
    if (wclear_i) line_q <= '0;
    else if (we_i) line_q <= line_q + LineBits'(1);
  end

  logic [Width-1:0] way_data [Ways];

  for (genvar w = 0; w < Ways; w++) begin : gen_way
    logic re;
    if (Ways > 1) begin : gen_select
      assign re = re_i && addr_i[WayBits-1:0] == WayBits'(w);
    end else begin : gen_only
      assign re = re_i;
    end

    swp_ram_1r1w #(
      .Width(Width),
      .Depth(2 * WgtDepth / Ways)
    ) u_ram (
      .clk_i,
      .rst_ni,
      .we_i,
      .waddr_i({!half_i, line_q}),
      .wdata_i(data_i[w*Width +: Width]),
      .re_i   (re),
      .raddr_i({half_i, addr_i[Aw-1:WayBits]}),
      .rdata_o(way_data[w])
    );
  end

  if (Ways > 1) begin : gen_mux
    logic [WayBits-1:0] way_q;
    always_ff @(posedge clk_i) begin
      if (re_i) way_q <= addr_i[WayBits-1:0];
    end
    assign data_o = way_data[way_q];
  end else begin : gen_wire
    assign data_o = way_data[0];
  end

endmodule : swp_wgt_buf

`default_nettype wire
