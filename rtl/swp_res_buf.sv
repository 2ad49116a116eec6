// SPDX-License-Identifier: Apache-2.0

// Residual buffer: a memory of 32-bit words for every drain chain and channel word, two halves of
// ResDepth passes each.
//
// Write: into half whalf_i, channel word c4_i; each lane may write one word a cycle, and no two
// lanes of a cycle the same chain (asserted; the image's res_load_log2 sees to it). Read: re_i,
// rhalf_i and raddr_i in cycle t, the word of every memory at data_o from t + 1 until the next read;
// chain c, channel word w at word c * Pof / 4 + w: the order of the requantisation's lanes.

`include "swp_assert.svh"
`default_nettype none

module swp_res_buf #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned Chains   = 2,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  localparam int unsigned Lanes    = BusBytes / 4,
  localparam int unsigned ChainW   = (Chains > 1) ? $clog2(Chains) : 1,
  localparam int unsigned Depth    = ResDepth * Poy * Pox / Chains,
  localparam int unsigned Aw       = $clog2(Depth)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // write
  input  logic                    whalf_i,
  input  logic                    any_i,
  input  logic [             1:0] c4_i,
  input  logic [       Lanes-1:0] valid_i,
  input  logic [Lanes*ChainW-1:0] chain_i,
  input  logic [    Lanes*Aw-1:0] addr_i,
  input  logic [    Lanes*32-1:0] data_i,
  // read
  input  logic                    re_i,
  input  logic                    rhalf_i,
  input  logic [          Aw-1:0] raddr_i,
  output logic [Chains*Pof*8-1:0] data_o
);

  // Each lane's word to its chain.
  logic [Chains-1:0] chain_we;
  logic [    Aw-1:0] chain_waddr [Chains];
  logic [      31:0] chain_wdata [Chains];
  logic              clash;

  always_comb begin : deal
    logic [ChainW-1:0] chain;
    chain    = '0;
    chain_we = '0;
    clash    = 1'b0;
    for (int unsigned c = 0; c < Chains; c++) begin
      chain_waddr[c] = '0;
      chain_wdata[c] = 32'd0;
    end
    if (any_i) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        if (valid_i[l]) begin
          chain              = chain_i[l*ChainW +: ChainW];
          clash              = clash | chain_we[chain];
          chain_we[chain]    = 1'b1;
          chain_waddr[chain] = addr_i[l*Aw +: Aw];
          chain_wdata[chain] = data_i[l*32 +: 32];
        end
      end
    end
  end

  for (genvar c = 0; c < Chains; c++) begin : gen_chain
    for (genvar w = 0; w < Pof / 4; w++) begin : gen_word
      swp_ram_1r1w #(
        .Width(32),
        .Depth(2 * Depth)
      ) u_ram (
        .clk_i,
        .rst_ni,
        .we_i   (chain_we[c] && c4_i == 2'(w)),
        .waddr_i({whalf_i, chain_waddr[c]}),
        .wdata_i(chain_wdata[c]),
        .re_i,
        .raddr_i({rhalf_i, raddr_i}),
        .rdata_o(data_o[(c*Pof/4+w)*32 +: 32])
      );
    end
  end

`ifdef SWP_ASSERT_ON
  `SWP_ASSERT(OneLanePerChain, !clash)
`else
  logic unused_clash;
  assign unused_clash = &{1'b0, clash};
`endif

endmodule : swp_res_buf

`default_nettype wire
