// SPDX-License-Identifier: Apache-2.0

// The only memory template: one write port, one registered read port, one clock.
//
// A read takes one cycle: address and re_i in cycle t, rdata_o from t + 1 until the next read. What
// a read of a word gives that is written in the same cycle is not defined; every user sees to it
// that this does not happen (asserted). Contents and rdata_o are not reset.

`include "swp_assert.svh"
`default_nettype none

module swp_ram_1r1w #(
  parameter  int unsigned Width = 32,
  parameter  int unsigned Depth = 16,
  localparam int unsigned Aw    = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             we_i,
  input  logic [   Aw-1:0] waddr_i,
  input  logic [Width-1:0] wdata_i,
  input  logic             re_i,
  input  logic [   Aw-1:0] raddr_i,
  output logic [Width-1:0] rdata_o
);

  logic [Width-1:0] mem [Depth];

  // One process, which reads before it writes: `=` means there what `<=` would, and spares a
  // simulation a copy of every write until the end of the time step.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem[raddr_i];
    if (we_i) begin
      mem[waddr_i] = wdata_i;
`ifdef SWP_ASSERT_ON
      if (rst_ni) NoReadDuringWrite: assert (!(re_i && waddr_i == raddr_i));
`endif
    end
  end
  // verilator lint_on BLKSEQ

`ifndef SWP_ASSERT_ON
  logic unused_rst;
  assign unused_rst = rst_ni;
`endif

endmodule : swp_ram_1r1w

`default_nettype wire
