// SPDX-License-Identifier: Apache-2.0

// Whether a layer descriptor is one for this core: the error code, or 0. Combinational.

`default_nettype none

module swp_layer_check #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  parameter  bit          SkipEn   = 1'b1,
  parameter  bit          PoolEn   = 1'b1,
  localparam int unsigned LayerBw  = 8 * 128
) (
  input  logic [LayerBw-1:0] layer_i,
  output logic [        7:0] error_o
);

  logic        version_ok, array_ok, pool, skip, residual;

  assign pool       = layer_i[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_POOL];
  assign skip       = layer_i[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_SKIP];
  assign residual   = layer_i[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_RESIDUAL];
  assign version_ok =
      layer_i[swp_regs_pkg::LAYER_VERSION_BIT +: 16] == swp_regs_pkg::LAYER_VERSION
      && layer_i[swp_regs_pkg::LAYER_BYTES_BIT +: 16] == swp_regs_pkg::LAYER_BYTES;
  assign array_ok   = layer_i[swp_regs_pkg::LAYER_POY_BIT +: 8] == 8'(Poy)
                   && layer_i[swp_regs_pkg::LAYER_POX_BIT +: 8] == 8'(Pox)
                   && layer_i[swp_regs_pkg::LAYER_POF_BIT +: 8] == 8'(Pof)
                   && layer_i[swp_regs_pkg::LAYER_BUS_BYTES_BIT +: 8] == 8'(BusBytes)
                   && !(pool && !PoolEn) && skip == SkipEn && !(residual && ResDepth == 0);

  always_comb begin
    error_o = swp_regs_pkg::RUN_ERROR_NONE;
    if (layer_i[swp_regs_pkg::LAYER_MAGIC_BIT +: 32] != swp_regs_pkg::LAYER_MAGIC) begin
      error_o = swp_regs_pkg::RUN_ERROR_MAGIC;
    end else if (!version_ok) begin
      error_o = swp_regs_pkg::RUN_ERROR_VERSION;
    end else if (!array_ok) begin
      error_o = swp_regs_pkg::RUN_ERROR_ARRAY;
    end
  end

  logic unused_layer;
  assign unused_layer = &{1'b0, layer_i};

endmodule : swp_layer_check

`default_nettype wire
