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

// Once offered, valid and payload stay until ready.
`define SWP_STABLE(name, valid, ready, payload) \
  always_ff @(posedge clk_i) \
    if (rst_ni && $past(rst_ni) && $past(valid) && !$past(ready)) \
      name: assert ((valid) && ((payload) == $past(payload)));

`else

`define SWP_ASSERT(name, expr)
`define SWP_STABLE(name, valid, ready, payload)

`endif

`endif
