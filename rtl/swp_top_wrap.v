// SPDX-License-Identifier: Apache-2.0

// swp_top for tools and block designs that want plain Verilog-2001 and the usual port names: wires
// only. The AXI4 side is complete: one ID bit, tied to 0; lock, qos and region 0.

`default_nettype none

module swp_top_wrap #(
  parameter integer Poy           = 4,
  parameter integer Pox           = 8,
  parameter integer Pof           = 8,
  parameter integer Chains        = 2,
  parameter integer BusBytes      = 32,
  parameter integer ActDepth      = 1024,
  parameter integer WgtDepth      = 8192,
  parameter integer ListDepth     = 4096,
  parameter integer ParamDepth    = 128,
  parameter integer ResDepth      = 64,
  parameter integer SkipEn        = 1,
  parameter integer PoolEn        = 1,
  parameter integer RdBurst       = 16,
  parameter integer RdOutstanding = 4,
  parameter integer WrBurst       = 16,
  parameter integer WrOutstanding = 8
) (
  input  wire                  aclk,
  input  wire                  aresetn,
  output wire                  irq,
  input  wire                  s_axi_awvalid,
  output wire                  s_axi_awready,
  input  wire [7:0]            s_axi_awaddr,
  input  wire                  s_axi_wvalid,
  output wire                  s_axi_wready,
  input  wire [31:0]           s_axi_wdata,
  input  wire [3:0]            s_axi_wstrb,
  output wire                  s_axi_bvalid,
  input  wire                  s_axi_bready,
  output wire [1:0]            s_axi_bresp,
  input  wire                  s_axi_arvalid,
  output wire                  s_axi_arready,
  input  wire [7:0]            s_axi_araddr,
  output wire                  s_axi_rvalid,
  input  wire                  s_axi_rready,
  output wire [31:0]           s_axi_rdata,
  output wire [1:0]            s_axi_rresp,
  output wire                  m_axi_arvalid,
  input  wire                  m_axi_arready,
  output wire [39:0]           m_axi_araddr,
  output wire [7:0]            m_axi_arlen,
  output wire [2:0]            m_axi_arsize,
  output wire [1:0]            m_axi_arburst,
  output wire [3:0]            m_axi_arcache,
  output wire [2:0]            m_axi_arprot,
  input  wire                  m_axi_rvalid,
  output wire                  m_axi_rready,
  input  wire [8*BusBytes-1:0] m_axi_rdata,
  input  wire [1:0]            m_axi_rresp,
  input  wire                  m_axi_rlast,
  output wire                  m_axi_awvalid,
  input  wire                  m_axi_awready,
  output wire [39:0]           m_axi_awaddr,
  output wire [7:0]            m_axi_awlen,
  output wire [2:0]            m_axi_awsize,
  output wire [1:0]            m_axi_awburst,
  output wire [3:0]            m_axi_awcache,
  output wire [2:0]            m_axi_awprot,
  output wire                  m_axi_wvalid,
  input  wire                  m_axi_wready,
  output wire [8*BusBytes-1:0] m_axi_wdata,
  output wire [BusBytes-1:0]   m_axi_wstrb,
  output wire                  m_axi_wlast,
  input  wire                  m_axi_bvalid,
  output wire                  m_axi_bready,
  input  wire [1:0]            m_axi_bresp,
  input  wire [2:0]            s_axi_awprot,
  input  wire [2:0]            s_axi_arprot,
  output wire [0:0]            m_axi_arid,
  output wire                  m_axi_arlock,
  output wire [3:0]            m_axi_arqos,
  output wire [3:0]            m_axi_arregion,
  input  wire [0:0]            m_axi_rid,
  output wire [0:0]            m_axi_awid,
  output wire                  m_axi_awlock,
  output wire [3:0]            m_axi_awqos,
  output wire [3:0]            m_axi_awregion,
  input  wire [0:0]            m_axi_bid
);

  swp_top #(
    .Poy          (Poy),
    .Pox          (Pox),
    .Pof          (Pof),
    .Chains       (Chains),
    .BusBytes     (BusBytes),
    .ActDepth     (ActDepth),
    .WgtDepth     (WgtDepth),
    .ListDepth    (ListDepth),
    .ParamDepth   (ParamDepth),
    .ResDepth     (ResDepth),
    .SkipEn       (SkipEn != 0),
    .PoolEn       (PoolEn != 0),
    .RdBurst      (RdBurst),
    .RdOutstanding(RdOutstanding),
    .WrBurst      (WrBurst),
    .WrOutstanding(WrOutstanding)
  ) u_top (
    .clk_i          (aclk),
    .rst_ni         (aresetn),
    .irq_o          (irq),
    .s_axi_awvalid_i (s_axi_awvalid),
    .s_axi_awready_o (s_axi_awready),
    .s_axi_awaddr_i  (s_axi_awaddr),
    .s_axi_wvalid_i  (s_axi_wvalid),
    .s_axi_wready_o  (s_axi_wready),
    .s_axi_wdata_i   (s_axi_wdata),
    .s_axi_wstrb_i   (s_axi_wstrb),
    .s_axi_bvalid_o  (s_axi_bvalid),
    .s_axi_bready_i  (s_axi_bready),
    .s_axi_bresp_o   (s_axi_bresp),
    .s_axi_arvalid_i (s_axi_arvalid),
    .s_axi_arready_o (s_axi_arready),
    .s_axi_araddr_i  (s_axi_araddr),
    .s_axi_rvalid_o  (s_axi_rvalid),
    .s_axi_rready_i  (s_axi_rready),
    .s_axi_rdata_o   (s_axi_rdata),
    .s_axi_rresp_o   (s_axi_rresp),
    .m_axi_arvalid_o (m_axi_arvalid),
    .m_axi_arready_i (m_axi_arready),
    .m_axi_araddr_o  (m_axi_araddr),
    .m_axi_arlen_o   (m_axi_arlen),
    .m_axi_arsize_o  (m_axi_arsize),
    .m_axi_arburst_o (m_axi_arburst),
    .m_axi_arcache_o (m_axi_arcache),
    .m_axi_arprot_o  (m_axi_arprot),
    .m_axi_rvalid_i  (m_axi_rvalid),
    .m_axi_rready_o  (m_axi_rready),
    .m_axi_rdata_i   (m_axi_rdata),
    .m_axi_rresp_i   (m_axi_rresp),
    .m_axi_rlast_i   (m_axi_rlast),
    .m_axi_awvalid_o (m_axi_awvalid),
    .m_axi_awready_i (m_axi_awready),
    .m_axi_awaddr_o  (m_axi_awaddr),
    .m_axi_awlen_o   (m_axi_awlen),
    .m_axi_awsize_o  (m_axi_awsize),
    .m_axi_awburst_o (m_axi_awburst),
    .m_axi_awcache_o (m_axi_awcache),
    .m_axi_awprot_o  (m_axi_awprot),
    .m_axi_wvalid_o  (m_axi_wvalid),
    .m_axi_wready_i  (m_axi_wready),
    .m_axi_wdata_o   (m_axi_wdata),
    .m_axi_wstrb_o   (m_axi_wstrb),
    .m_axi_wlast_o   (m_axi_wlast),
    .m_axi_bvalid_i  (m_axi_bvalid),
    .m_axi_bready_o  (m_axi_bready),
    .m_axi_bresp_i   (m_axi_bresp)
  );

  assign m_axi_arid     = 1'b0;
  assign m_axi_arlock   = 1'b0;
  assign m_axi_arqos    = 4'd0;
  assign m_axi_arregion = 4'd0;
  assign m_axi_awid     = 1'b0;
  assign m_axi_awlock   = 1'b0;
  assign m_axi_awqos    = 4'd0;
  assign m_axi_awregion = 4'd0;

  // Not looked at: protection of register accesses, IDs of responses (there is one).
  wire unused_wrap = &{1'b0, s_axi_awprot, s_axi_arprot, m_axi_rid, m_axi_bid};

endmodule

`default_nettype wire
