// SPDX-License-Identifier: Apache-2.0

// Assertions as labelled immediate statements in a clocked process: alive under Verilator
// (--assert) and under Yosys (read_verilog -formal), nothing in synthesis. A module that uses them
// has clk_i and rst_ni.

`ifndef SWP_ASSERT_SVH
`define SWP_ASSERT_SVH

`ifdef VERILATOR
`define SWP_ASSERT_ON
`elsif FORMAL
`define SWP_ASSERT_ON
`endif

`ifdef SWP_ASSERT_ON

// `expr` holds in every cycle outside reset.
`define SWP_ASSERT(name, expr) \
  always_ff @(posedge clk_i) if (rst_ni) name: assert (expr);

// Once offered, valid and payload stay until ready. What waits is kept, and nothing else, so that a
// simulation has nothing to do where nothing waits.
`define SWP_STABLE(name, valid, ready, payload) \
  logic name``_waits_q; \
  logic [$bits(payload)-1:0] name``_held_q; \
  always_ff @(posedge clk_i) begin \
    name``_waits_q <= rst_ni && (valid) && !(ready); \
    if ((valid) && !(ready)) name``_held_q <= (payload); \
    if (rst_ni && name``_waits_q) name: assert ((valid) && (payload) == name``_held_q); \
  end

`else

`define SWP_ASSERT(name, expr)
`define SWP_STABLE(name, valid, ready, payload)

`endif

`endif
