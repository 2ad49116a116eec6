// SPDX-License-Identifier: Apache-2.0

// The accelerator with its bus fronts: registers on AXI4-Lite (s_axi_*), memory on AXI4 (m_axi_*),
// an interrupt. One clock, one synchronous reset.
//
// Reset in the middle of a run may leave bursts open, so the interconnect must be reset with it;
// CTRL.abort stops a run with all bursts answered. Payload of an AXI output is 0 while its valid is
// low; burst type, size, cache and protection bits are constants.

`default_nettype none

module swp_top #(
  parameter  int unsigned Poy           = 4,
  parameter  int unsigned Pox           = 8,
  parameter  int unsigned Pof           = 8,
  parameter  int unsigned Chains        = 2,
  parameter  int unsigned BusBytes      = 32,
  parameter  int unsigned ActDepth      = 1024,
  parameter  int unsigned WgtDepth      = 8192,
  parameter  int unsigned ListDepth     = 4096,
  parameter  int unsigned ParamDepth    = 128,
  parameter  int unsigned ResDepth      = 64,
  parameter  bit          SkipEn        = 1'b1,
  parameter  bit          PoolEn        = 1'b1,
  parameter  int unsigned RdBurst       = 16,  // beats of a read burst, a power of two <= 256
  parameter  int unsigned RdOutstanding = 4,   // read bursts open at once
  parameter  int unsigned WrBurst       = 16,  // beats of a write burst, a power of two <= 256
  parameter  int unsigned WrOutstanding = 8,   // write bursts and fences without an answer
  localparam int unsigned Bw            = 8 * BusBytes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  output logic                irq_o,
  // registers
  input  logic                s_axi_awvalid_i,
  output logic                s_axi_awready_o,
  input  logic [         7:0] s_axi_awaddr_i,
  input  logic                s_axi_wvalid_i,
  output logic                s_axi_wready_o,
  input  logic [        31:0] s_axi_wdata_i,
  input  logic [         3:0] s_axi_wstrb_i,
  output logic                s_axi_bvalid_o,
  input  logic                s_axi_bready_i,
  output logic [         1:0] s_axi_bresp_o,
  input  logic                s_axi_arvalid_i,
  output logic                s_axi_arready_o,
  input  logic [         7:0] s_axi_araddr_i,
  output logic                s_axi_rvalid_o,
  input  logic                s_axi_rready_i,
  output logic [        31:0] s_axi_rdata_o,
  output logic [         1:0] s_axi_rresp_o,
  // memory
  output logic                m_axi_arvalid_o,
  input  logic                m_axi_arready_i,
  output logic [        39:0] m_axi_araddr_o,
  output logic [         7:0] m_axi_arlen_o,
  output logic [         2:0] m_axi_arsize_o,
  output logic [         1:0] m_axi_arburst_o,
  output logic [         3:0] m_axi_arcache_o,
  output logic [         2:0] m_axi_arprot_o,
  input  logic                m_axi_rvalid_i,
  output logic                m_axi_rready_o,
  input  logic [      Bw-1:0] m_axi_rdata_i,
  input  logic [         1:0] m_axi_rresp_i,
  input  logic                m_axi_rlast_i,
  output logic                m_axi_awvalid_o,
  input  logic                m_axi_awready_i,
  output logic [        39:0] m_axi_awaddr_o,
  output logic [         7:0] m_axi_awlen_o,
  output logic [         2:0] m_axi_awsize_o,
  output logic [         1:0] m_axi_awburst_o,
  output logic [         3:0] m_axi_awcache_o,
  output logic [         2:0] m_axi_awprot_o,
  output logic                m_axi_wvalid_o,
  input  logic                m_axi_wready_i,
  output logic [      Bw-1:0] m_axi_wdata_o,
  output logic [BusBytes-1:0] m_axi_wstrb_o,
  output logic                m_axi_wlast_o,
  input  logic                m_axi_bvalid_i,
  output logic                m_axi_bready_o,
  input  logic [         1:0] m_axi_bresp_i
);

  if (RdBurst < 1 || RdBurst > 256 || (RdBurst & (RdBurst - 1)) != 0) begin : gen_bad_rd_burst
    $error("RdBurst must be a power of two <= 256");
  end
  if (WrBurst < 1 || WrBurst > 256 || (WrBurst & (WrBurst - 1)) != 0) begin : gen_bad_wr_burst
    $error("WrBurst must be a power of two <= 256");
  end
  if (RdOutstanding < 1 || RdOutstanding > 255) begin : gen_bad_rd_outstanding
    $error("RdOutstanding must be 1 to 255");
  end
  if (WrOutstanding < 1 || WrOutstanding > 255) begin : gen_bad_wr_outstanding
    $error("WrOutstanding must be 1 to 255");
  end

  localparam logic [2:0] Size = 3'($clog2(BusBytes));

  logic              start, abort, done, flush, read_idle, write_idle;
  logic [      39:0] image_base, act_base, error_addr;
  logic [      31:0] desc_offset, watchdog;
  logic [      15:0] layer_count;
  logic [       7:0] error, error_detail;
  logic              req_valid, req_ready, rd_valid, rd_ready;
  logic [      39:0] req_addr;
  logic [      15:0] req_beats;
  logic [    Bw-1:0] rd_data;
  logic [       1:0] rd_error, wr_error;
  logic              wr_valid, wr_ready, wr_fence, wr_fenced;
  logic [      39:0] wr_addr;
  logic [Pox*32-1:0] wr_data;
  logic [ Pox*4-1:0] wr_strb;
  logic [     575:0] counters;
  logic [      63:0] probe;
  logic [     159:0] caps;
  logic              busy;

  swp_axil_regs u_regs (
    .clk_i,
    .rst_ni,
    .awvalid_i     (s_axi_awvalid_i),
    .awready_o     (s_axi_awready_o),
    .awaddr_i      (s_axi_awaddr_i),
    .wvalid_i      (s_axi_wvalid_i),
    .wready_o      (s_axi_wready_o),
    .wdata_i       (s_axi_wdata_i),
    .wstrb_i       (s_axi_wstrb_i),
    .bvalid_o      (s_axi_bvalid_o),
    .bready_i      (s_axi_bready_i),
    .arvalid_i     (s_axi_arvalid_i),
    .arready_o     (s_axi_arready_o),
    .araddr_i      (s_axi_araddr_i),
    .rvalid_o      (s_axi_rvalid_o),
    .rready_i      (s_axi_rready_i),
    .rdata_o       (s_axi_rdata_o),
    .irq_o,
    .start_o       (start),
    .abort_o       (abort),
    .image_base_o  (image_base),
    .act_base_o    (act_base),
    .desc_offset_o (desc_offset),
    .layer_count_o (layer_count),
    .watchdog_o    (watchdog),
    .done_i        (done),
    .stop_i        (probe[swp_regs_pkg::PROBE_CTRL_BIT +: 4] == swp_regs_pkg::CTRL_STOP),
    .error_i       (error),
    .error_detail_i(error_detail),
    .error_addr_i  (error_addr),
    .counters_i    (counters),
    .caps_i        (caps),
    .flush_o       (flush),
    .idle_i        (read_idle && write_idle)
  );

  swp_core #(
    .Poy       (Poy),
    .Pox       (Pox),
    .Pof       (Pof),
    .Chains    (Chains),
    .BusBytes  (BusBytes),
    .ActDepth  (ActDepth),
    .WgtDepth  (WgtDepth),
    .ListDepth (ListDepth),
    .ParamDepth(ParamDepth),
    .ResDepth  (ResDepth),
    .SkipEn    (SkipEn),
    .PoolEn    (PoolEn)
  ) u_core (
    .clk_i,
    .rst_ni,
    .start_i             (start),
    .image_base_i        (image_base),
    .act_base_i          (act_base),
    .desc_offset_i       (desc_offset),
    .layer_count_i       (layer_count),
    .busy_o              (busy),
    .done_o              (done),
    .error_o             (error),
    .error_detail_o      (error_detail),
    .error_addr_o        (error_addr),
    .abort_i             (abort),
    .watchdog_i          (watchdog),
    .rd_req_valid_o      (req_valid),
    .rd_req_ready_i      (req_ready),
    .rd_req_addr_o       (req_addr),
    .rd_req_beats_o      (req_beats),
    .rd_valid_i          (rd_valid),
    .rd_ready_o          (rd_ready),
    .rd_data_i           (rd_data),
    .rd_error_i          (rd_error),
    .wr_valid_o          (wr_valid),
    .wr_ready_i          (wr_ready),
    .wr_addr_o           (wr_addr),
    .wr_data_o           (wr_data),
    .wr_strb_o           (wr_strb),
    .wr_fence_o          (wr_fence),
    .wr_error_i          (wr_error),
    .wr_fenced_i         (wr_fenced),
    .cnt_cycles_o        (counters[0*32 +: 32]),
    .cnt_uops_o          (counters[1*32 +: 32]),
    .cnt_blocks_o        (counters[2*32 +: 32]),
    .cnt_drain_stalls_o  (counters[3*32 +: 32]),
    .cnt_load_stalls_o   (counters[4*32 +: 32]),
    .cnt_read_beats_o    (counters[5*32 +: 32]),
    .cnt_write_beats_o   (counters[6*32 +: 32]),
    .cnt_write_stalls_o  (counters[7*32 +: 32]),
    .cnt_weight_stalls_o (counters[8*32 +: 32]),
    .cnt_act_stalls_o    (counters[9*32 +: 32]),
    .cnt_hazard_stalls_o (counters[10*32 +: 32]),
    .cnt_passes_o        (counters[11*32 +: 32]),
    .cnt_blocks_skipped_o(counters[12*32 +: 32]),
    .cnt_uops_skipped_o  (counters[13*32 +: 32]),
    .cnt_groups_skipped_o(counters[14*32 +: 32]),
    .cnt_weight_beats_o  (counters[15*32 +: 32]),
    .cnt_act_beats_o     (counters[16*32 +: 32]),
    .cnt_res_beats_o     (counters[17*32 +: 32]),
    .probe_o             (probe)
  );

  swp_axi_read #(
    .BusBytes     (BusBytes),
    .RdBurst      (RdBurst),
    .RdOutstanding(RdOutstanding)
  ) u_read (
    .clk_i,
    .rst_ni,
    .idle_o     (read_idle),
    .req_valid_i(req_valid),
    .req_ready_o(req_ready),
    .req_addr_i (req_addr),
    .req_beats_i(req_beats),
    .valid_o    (rd_valid),
    .ready_i    (rd_ready),
    .data_o     (rd_data),
    .error_o    (rd_error),
    .arvalid_o  (m_axi_arvalid_o),
    .arready_i  (m_axi_arready_i),
    .araddr_o   (m_axi_araddr_o),
    .arlen_o    (m_axi_arlen_o),
    .rvalid_i   (m_axi_rvalid_i),
    .rready_o   (m_axi_rready_o),
    .rdata_i    (m_axi_rdata_i),
    .rresp_i    (m_axi_rresp_i),
    .rlast_i    (m_axi_rlast_i)
  );

  swp_axi_write #(
    .Pox          (Pox),
    .BusBytes     (BusBytes),
    .WrBurst      (WrBurst),
    .WrOutstanding(WrOutstanding)
  ) u_write (
    .clk_i,
    .rst_ni,
    .idle_o   (write_idle),
    .clear_i  (start),
    .flush_i  (flush),
    .valid_i  (wr_valid),
    .ready_o  (wr_ready),
    .addr_i   (wr_addr),
    .data_i   (wr_data),
    .strb_i   (wr_strb),
    .fence_i  (wr_fence),
    .fenced_o (wr_fenced),
    .error_o  (wr_error),
    .awvalid_o(m_axi_awvalid_o),
    .awready_i(m_axi_awready_i),
    .awaddr_o (m_axi_awaddr_o),
    .awlen_o  (m_axi_awlen_o),
    .wvalid_o (m_axi_wvalid_o),
    .wready_i (m_axi_wready_i),
    .wdata_o  (m_axi_wdata_o),
    .wstrb_o  (m_axi_wstrb_o),
    .wlast_o  (m_axi_wlast_o),
    .bvalid_i (m_axi_bvalid_i),
    .bready_o (m_axi_bready_o),
    .bresp_i  (m_axi_bresp_i)
  );

  swp_caps #(
    .Poy       (Poy),
    .Pox       (Pox),
    .Pof       (Pof),
    .Chains    (Chains),
    .BusBytes  (BusBytes),
    .ActDepth  (ActDepth),
    .WgtDepth  (WgtDepth),
    .ListDepth (ListDepth),
    .ParamDepth(ParamDepth),
    .ResDepth  (ResDepth),
    .SkipEn    (SkipEn),
    .PoolEn    (PoolEn),
    .AxiEn     (1'b1)
  ) u_caps (
    .caps_o(caps[127:0])
  );

  always_comb begin
    caps[159:128] = 32'd0;
    caps[128 + swp_regs_pkg::FIELD_CAP4_RD_BURST_LOG2_BIT +: 8]  = 8'($clog2(RdBurst));
    caps[128 + swp_regs_pkg::FIELD_CAP4_RD_OUTSTANDING_BIT +: 8] = 8'(RdOutstanding);
    caps[128 + swp_regs_pkg::FIELD_CAP4_WR_BURST_LOG2_BIT +: 8]  = 8'($clog2(WrBurst));
    caps[128 + swp_regs_pkg::FIELD_CAP4_WR_OUTSTANDING_BIT +: 8] = 8'(WrOutstanding);
  end

  assign m_axi_arsize_o  = Size;
  assign m_axi_arburst_o = 2'b01;
  assign m_axi_arcache_o = 4'b0011;
  assign m_axi_arprot_o  = 3'b000;
  assign m_axi_awsize_o  = Size;
  assign m_axi_awburst_o = 2'b01;
  assign m_axi_awcache_o = 4'b0011;
  assign m_axi_awprot_o  = 3'b000;
  assign s_axi_bresp_o   = 2'b00;
  assign s_axi_rresp_o   = 2'b00;

  logic unused_top;
  assign unused_top = &{1'b0, busy, probe};

endmodule : swp_top

`default_nettype wire
