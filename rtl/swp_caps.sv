// SPDX-License-Identifier: Apache-2.0

// The registers CAP0 .. CAP3 (docs/registers.md), CAP0 in the low word: what a core was built with.
// Constant.

`default_nettype none

module swp_caps #(
  parameter int unsigned Poy        = 4,
  parameter int unsigned Pox        = 8,
  parameter int unsigned Pof        = 8,
  parameter int unsigned Chains     = 2,
  parameter int unsigned BusBytes   = 32,
  parameter int unsigned ActDepth   = 1024,
  parameter int unsigned WgtDepth   = 8192,
  parameter int unsigned ListDepth  = 4096,
  parameter int unsigned ParamDepth = 128,
  parameter int unsigned ResDepth   = 64,
  parameter bit          SkipEn     = 1'b1,
  parameter bit          PoolEn     = 1'b1,
  parameter bit          AxiEn      = 1'b0
) (
  output logic [127:0] caps_o
);

  localparam int unsigned Cap0 = 0;
  localparam int unsigned Cap1 = 32;
  localparam int unsigned Cap2 = 64;
  localparam int unsigned Cap3 = 96;

  always_comb begin
    caps_o = '0;
    caps_o[Cap0 + swp_regs_pkg::FIELD_CAP0_POY_BIT +: 8]              = 8'(Poy);
    caps_o[Cap0 + swp_regs_pkg::FIELD_CAP0_POX_BIT +: 8]              = 8'(Pox);
    caps_o[Cap0 + swp_regs_pkg::FIELD_CAP0_POF_BIT +: 8]              = 8'(Pof);
    caps_o[Cap0 + swp_regs_pkg::FIELD_CAP0_CHAINS_BIT +: 8]           = 8'(Chains);
    caps_o[Cap1 + swp_regs_pkg::FIELD_CAP1_BUS_BYTES_BIT +: 8]        = 8'(BusBytes);
    caps_o[Cap1 + swp_regs_pkg::FIELD_CAP1_ACT_DEPTH_LOG2_BIT +: 8]   = 8'($clog2(ActDepth));
    caps_o[Cap1 + swp_regs_pkg::FIELD_CAP1_WGT_DEPTH_LOG2_BIT +: 8]   = 8'($clog2(WgtDepth));
    caps_o[Cap2 + swp_regs_pkg::FIELD_CAP2_LIST_DEPTH_LOG2_BIT +: 8]  = 8'($clog2(ListDepth));
    caps_o[Cap2 + swp_regs_pkg::FIELD_CAP2_PARAM_DEPTH_LOG2_BIT +: 8] = 8'($clog2(ParamDepth));
    caps_o[Cap3 + swp_regs_pkg::FIELD_CAP3_SKIP_BIT]                  = SkipEn;
    caps_o[Cap3 + swp_regs_pkg::FIELD_CAP3_POOL_BIT]                  = PoolEn;
    caps_o[Cap3 + swp_regs_pkg::FIELD_CAP3_AXI_BIT]                   = AxiEn;
    caps_o[Cap3 + swp_regs_pkg::FIELD_CAP3_IMAGE_VERSION_BIT +: 8]    =
        swp_regs_pkg::LAYER_VERSION[7:0];
    caps_o[Cap3 + swp_regs_pkg::FIELD_CAP3_RES_DEPTH_LOG2_P1_BIT +: 8] =
        (ResDepth == 0) ? 8'd0 : 8'($clog2(ResDepth) + 1);
  end

endmodule : swp_caps

`default_nettype wire
