// SPDX-License-Identifier: Apache-2.0

// Activation buffer: Poy * Pox banks of 32-bit words (four channels of one pixel), two halves each.
// The half half_i is read, the other one written.
//
// Write: each lane may write one word a cycle, and no two lanes of a cycle the same bank (asserted;
// the image's load_log2 sees to it). Read: re_i in cycle t, all banks at data_o from t + 1. A bank
// reads one of four neighbouring addresses: its row's and its column's "next" bit choose.

`include "swp_assert.svh"
`default_nettype none

module swp_act_buf #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ActDepth = 1024,
  localparam int unsigned Lanes    = BusBytes / 4,
  localparam int unsigned Pixels   = Poy * Pox,
  localparam int unsigned BankBits = (Pixels > 1) ? $clog2(Pixels) : 1,
  localparam int unsigned Aw       = $clog2(ActDepth)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      half_i,
  // write
  input  logic                      any_i,
  input  logic [         Lanes-1:0] valid_i,
  input  logic [Lanes*BankBits-1:0] bank_i,
  input  logic [      Lanes*Aw-1:0] addr_i,
  input  logic [      Lanes*32-1:0] data_i,
  // read
  input  logic                      re_i,
  input  logic [               2:0] stride_i,
  input  logic [            Aw-1:0] raddr_i,
  input  logic [            Aw-1:0] raddr_row_i,
  input  logic [           Poy-1:0] row_next_i,
  input  logic [           Pox-1:0] col_next_i,
  output logic [     Pixels*32-1:0] data_o
);

  logic [Aw-1:0] col_step;
  logic [  Aw:0] raddr_here, raddr_row, raddr_col, raddr_both;  // with the half
  assign col_step   = Aw'(stride_i);
  assign raddr_here = {half_i, raddr_i};
  assign raddr_row  = {half_i, raddr_row_i};
  assign raddr_col  = {half_i, raddr_i + col_step};
  assign raddr_both = {half_i, raddr_row_i + col_step};

  // Of each column: the address in its bank row, and in the next one.
  logic [Aw:0] raddr_same[Pox];
  logic [Aw:0] raddr_next[Pox];

  for (genvar x = 0; x < Pox; x++) begin : gen_raddr
    assign raddr_same[x] = col_next_i[x] ? raddr_col : raddr_here;
    assign raddr_next[x] = col_next_i[x] ? raddr_both : raddr_row;
  end

  // Each lane's word to its bank.
  logic [Pixels-1:0] bank_we;
  logic [      Aw:0] bank_waddr[Pixels];  // with the half
  logic [      31:0] bank_wdata[Pixels];
  logic              clash;

  always_comb begin : deal
    logic [BankBits-1:0] bank;
    bank    = '0;
    bank_we = '0;
    clash   = 1'b0;
    for (int unsigned b = 0; b < Pixels; b++) begin
      bank_waddr[b] = '0;
      bank_wdata[b] = 32'd0;
    end
    if (any_i) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        if (valid_i[l]) begin
          bank             = bank_i[l*BankBits +: BankBits];
          clash            = clash | bank_we[bank];
          bank_we[bank]    = 1'b1;
          bank_waddr[bank] = {!half_i, addr_i[l*Aw +: Aw]};
          bank_wdata[bank] = data_i[l*32 +: 32];
        end
      end
    end
  end

  for (genvar b = 0; b < Pixels; b++) begin : gen_bank
    localparam int unsigned Row = b / Pox;
    localparam int unsigned Col = b % Pox;

    logic [Aw:0] raddr;
    assign raddr = row_next_i[Row] ? raddr_next[Col] : raddr_same[Col];

    swp_ram_1r1w #(
      .Width(32),
      .Depth(2 * ActDepth)
    ) u_ram (
      .clk_i,
      .rst_ni,
      .we_i   (bank_we[b]),
      .waddr_i(bank_waddr[b]),
      .wdata_i(bank_wdata[b]),
      .re_i,
      .raddr_i(raddr),
      .rdata_o(data_o[b*32 +: 32])
    );
  end

`ifdef SWP_ASSERT_ON
  `SWP_ASSERT(OneLanePerBank, !clash)
`else
  logic unused_clash;
  assign unused_clash = &{1'b0, clash};
`endif

endmodule : swp_act_buf

`default_nettype wire
