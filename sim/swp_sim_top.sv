// SPDX-License-Identifier: Apache-2.0

// Top of the simulated models: the core as it is, and the constants it was built with at caps_o, so
// that the C++ side can check which model it has.

`default_nettype none

module swp_sim_top #(
  parameter  int unsigned Poy        = 4,
  parameter  int unsigned Pox        = 8,
  parameter  int unsigned Pof        = 8,
  parameter  int unsigned Chains     = 2,
  parameter  int unsigned BusBytes   = 32,
  parameter  int unsigned ActDepth   = 1024,
  parameter  int unsigned WgtDepth   = 8192,
  parameter  int unsigned ListDepth  = 4096,
  parameter  int unsigned ParamDepth = 128,
  parameter  int unsigned ResDepth   = 64,
  parameter  bit          SkipEn     = 1'b1,
  parameter  bit          PoolEn     = 1'b1,
  localparam int unsigned Bw         = 8 * BusBytes
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              start_i,
  input  logic [      39:0] image_base_i,
  input  logic [      39:0] act_base_i,
  input  logic [      31:0] desc_offset_i,
  input  logic [      15:0] layer_count_i,
  output logic              busy_o,
  output logic              done_o,
  output logic [       7:0] error_o,
  output logic              rd_req_valid_o,
  input  logic              rd_req_ready_i,
  output logic [      39:0] rd_req_addr_o,
  output logic [      15:0] rd_req_beats_o,
  input  logic              rd_valid_i,
  output logic              rd_ready_o,
  input  logic [    Bw-1:0] rd_data_i,
  output logic              wr_valid_o,
  input  logic              wr_ready_i,
  output logic [      39:0] wr_addr_o,
  output logic [Pox*32-1:0] wr_data_o,
  output logic [ Pox*4-1:0] wr_strb_o,
  output logic              wr_fence_o,
  input  logic              wr_fenced_i,
  output logic [      31:0] cnt_cycles_o,
  output logic [      31:0] cnt_uops_o,
  output logic [      31:0] cnt_blocks_o,
  output logic [      31:0] cnt_drain_stalls_o,
  output logic [      31:0] cnt_load_stalls_o,
  output logic [      31:0] cnt_read_beats_o,
  output logic [      31:0] cnt_write_beats_o,
  output logic [      63:0] probe_o,
  output logic [     127:0] caps_o
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
    .start_i,
    .image_base_i,
    .act_base_i,
    .desc_offset_i,
    .layer_count_i,
    .busy_o,
    .done_o,
    .error_o,
    .rd_req_valid_o,
    .rd_req_ready_i,
    .rd_req_addr_o,
    .rd_req_beats_o,
    .rd_valid_i,
    .rd_ready_o,
    .rd_data_i,
    .wr_valid_o,
    .wr_ready_i,
    .wr_addr_o,
    .wr_data_o,
    .wr_strb_o,
    .wr_fence_o,
    .wr_fenced_i,
    .cnt_cycles_o,
    .cnt_uops_o,
    .cnt_blocks_o,
    .cnt_drain_stalls_o,
    .cnt_load_stalls_o,
    .cnt_read_beats_o,
    .cnt_write_beats_o,
    .probe_o
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
    .PoolEn    (PoolEn)
  ) u_caps (
    .caps_o
  );

endmodule : swp_sim_top

`default_nettype wire
