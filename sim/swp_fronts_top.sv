// SPDX-License-Identifier: Apache-2.0

// The two AXI4 fronts side by side, for the test that plays core and memory to them.

`default_nettype none

module swp_fronts_top #(
  parameter  int unsigned Pox           = 8,
  parameter  int unsigned BusBytes      = 32,
  parameter  int unsigned RdBurst       = 16,
  parameter  int unsigned RdOutstanding = 4,
  parameter  int unsigned WrBurst       = 16,
  parameter  int unsigned WrOutstanding = 8,
  localparam int unsigned Bw            = 8 * BusBytes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  output logic                rd_idle_o,
  input  logic                req_valid_i,
  output logic                req_ready_o,
  input  logic [        39:0] req_addr_i,
  input  logic [        15:0] req_beats_i,
  output logic                rd_valid_o,
  input  logic                rd_ready_i,
  output logic [      Bw-1:0] rd_data_o,
  output logic [         1:0] rd_error_o,
  output logic                arvalid_o,
  input  logic                arready_i,
  output logic [        39:0] araddr_o,
  output logic [         7:0] arlen_o,
  input  logic                rvalid_i,
  output logic                rready_o,
  input  logic [      Bw-1:0] rdata_i,
  input  logic [         1:0] rresp_i,
  input  logic                rlast_i,
  output logic                wr_idle_o,
  input  logic                clear_i,
  input  logic                flush_i,
  input  logic                wr_valid_i,
  output logic                wr_ready_o,
  input  logic [        39:0] wr_addr_i,
  input  logic [  Pox*32-1:0] wr_data_i,
  input  logic [   Pox*4-1:0] wr_strb_i,
  input  logic                wr_fence_i,
  output logic                wr_fenced_o,
  output logic [         1:0] wr_error_o,
  output logic                awvalid_o,
  input  logic                awready_i,
  output logic [        39:0] awaddr_o,
  output logic [         7:0] awlen_o,
  output logic                wvalid_o,
  input  logic                wready_i,
  output logic [      Bw-1:0] wdata_o,
  output logic [BusBytes-1:0] wstrb_o,
  output logic                wlast_o,
  input  logic                bvalid_i,
  output logic                bready_o,
  input  logic [         1:0] bresp_i
);

  swp_axi_read #(
    .BusBytes     (BusBytes),
    .RdBurst      (RdBurst),
    .RdOutstanding(RdOutstanding)
  ) u_read (
    .clk_i,
    .rst_ni,
    .idle_o (rd_idle_o),
    .req_valid_i,
    .req_ready_o,
    .req_addr_i,
    .req_beats_i,
    .valid_o(rd_valid_o),
    .ready_i(rd_ready_i),
    .data_o (rd_data_o),
    .error_o(rd_error_o),
    .arvalid_o,
    .arready_i,
    .araddr_o,
    .arlen_o,
    .rvalid_i,
    .rready_o,
    .rdata_i,
    .rresp_i,
    .rlast_i
  );

  swp_axi_write #(
    .Pox          (Pox),
    .BusBytes     (BusBytes),
    .WrBurst      (WrBurst),
    .WrOutstanding(WrOutstanding)
  ) u_write (
    .clk_i,
    .rst_ni,
    .idle_o  (wr_idle_o),
    .clear_i,
    .flush_i,
    .valid_i (wr_valid_i),
    .ready_o (wr_ready_o),
    .addr_i  (wr_addr_i),
    .data_i  (wr_data_i),
    .strb_i  (wr_strb_i),
    .fence_i (wr_fence_i),
    .fenced_o(wr_fenced_o),
    .error_o (wr_error_o),
    .awvalid_o,
    .awready_i,
    .awaddr_o,
    .awlen_o,
    .wvalid_o,
    .wready_i,
    .wdata_o,
    .wstrb_o,
    .wlast_o,
    .bvalid_i,
    .bready_o,
    .bresp_i
  );

endmodule : swp_fronts_top

`default_nettype wire
