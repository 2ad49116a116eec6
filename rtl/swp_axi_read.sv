// SPDX-License-Identifier: Apache-2.0

// AXI4 read front: turns the core's requests into bursts that keep AXI's rules (at most RdBurst beats,
// none across a 4 KiB boundary), at most RdOutstanding of them open. The data go straight through.
//
//   cycle        t      t+1     t+2
//   req          taken
//   arvalid_o           burst 1 burst 2 (arready_i 1; a burst every second cycle)
//
// A request is taken only when the one before has been cut up; one ID, so data come in order. All
// outputs are functions of registers, but for valid_o, data_o, error_o and rready_o, which are wires.

`include "swp_assert.svh"
`default_nettype none

module swp_axi_read #(
  parameter  int unsigned BusBytes      = 32,
  parameter  int unsigned RdBurst       = 16,  // beats, a power of two <= 256
  parameter  int unsigned RdOutstanding = 4,
  localparam int unsigned Bw            = 8 * BusBytes
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  output logic          idle_o,
  // core
  input  logic          req_valid_i,
  output logic          req_ready_o,
  input  logic [  39:0] req_addr_i,
  input  logic [  15:0] req_beats_i,
  output logic          valid_o,
  input  logic          ready_i,
  output logic [Bw-1:0] data_o,
  output logic [   1:0] error_o,
  // AXI4
  output logic          arvalid_o,
  input  logic          arready_i,
  output logic [  39:0] araddr_o,
  output logic [   7:0] arlen_o,
  input  logic          rvalid_i,
  output logic          rready_o,
  input  logic [Bw-1:0] rdata_i,
  input  logic [   1:0] rresp_i,
  input  logic          rlast_i
);

  localparam int unsigned ByteBits = $clog2(BusBytes);
  localparam int unsigned PageBits = 12 - ByteBits;  // of a beat's number in its 4 KiB
  localparam int unsigned OpenW    = $clog2(RdOutstanding + 1);

  logic [     16:0] left_q;
  logic [     39:0] next_q, ar_addr_q;
  logic             ar_valid_q;
  logic [      7:0] ar_len_q;
  logic [OpenW-1:0] open_q;

  logic             can, form, close;
  logic [     39:0] from;
  logic [     16:0] most, to_page, burst;

  assign can   = !ar_valid_q && open_q < OpenW'(RdOutstanding);
  assign form  = can && (left_q != 17'd0 || req_valid_i);
  assign close = rvalid_i && rready_o && rlast_i;

  assign from    = (left_q != 17'd0) ? next_q : req_addr_i;
  assign most    = (left_q != 17'd0) ? left_q : {1'b0, req_beats_i};
  assign to_page = 17'd1 << PageBits;

  always_comb begin
    burst = to_page - 17'(from[11:ByteBits]);
    if (burst > 17'(RdBurst)) burst = 17'(RdBurst);
    if (burst > most) burst = most;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q     <= 17'd0;
      ar_valid_q <= 1'b0;
      open_q     <= '0;
    end else begin
      if (form) begin
        left_q     <= most - burst;
        ar_valid_q <= 1'b1;
      end else if (arready_i) begin
        ar_valid_q <= 1'b0;
      end
      open_q <= open_q + OpenW'(form) - OpenW'(close);
    end
  end

  always_ff @(posedge clk_i) begin
    if (form) begin
      ar_addr_q <= from;
      ar_len_q  <= burst[7:0] - 8'd1;
      next_q    <= from + ({23'd0, burst} << ByteBits);
    end
  end

  assign req_ready_o = can && left_q == 17'd0;
  assign arvalid_o   = ar_valid_q;
  assign araddr_o    = ar_valid_q ? ar_addr_q : 40'd0;
  assign arlen_o     = ar_valid_q ? ar_len_q : 8'd0;
  assign valid_o     = rvalid_i;
  assign data_o      = rdata_i;
  assign error_o     = rresp_i;
  assign rready_o    = ready_i;
  assign idle_o      = left_q == 17'd0 && !ar_valid_q && open_q == '0;

  `SWP_STABLE(ArStable, arvalid_o, arready_i, {araddr_o, arlen_o})
  `SWP_ASSERT(ArInPage, !arvalid_o
              || {1'b0, araddr_o[11:ByteBits]} + (PageBits + 1)'(arlen_o) < (PageBits + 1)'(to_page))
  `SWP_ASSERT(DataAreOfBursts, !rvalid_i || open_q != '0)

endmodule : swp_axi_read

`default_nettype wire
