// SPDX-License-Identifier: Apache-2.0

// Event counters, 32 bits, modulo 2^32. Each adds one at the end of a cycle in which its event is
// high; clear_i, given with the start of a run, sets all to zero.

`default_nettype none

module swp_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  input  logic        busy_i,
  input  logic        issue_i,
  input  logic        block_i,
  input  logic        drain_stall_i,
  input  logic        load_stall_i,
  input  logic        read_i,
  input  logic        write_i,
  output logic [31:0] cycles_o,
  output logic [31:0] uops_o,
  output logic [31:0] blocks_o,
  output logic [31:0] drain_stalls_o,
  output logic [31:0] load_stalls_o,
  output logic [31:0] read_beats_o,
  output logic [31:0] write_beats_o
);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      cycles_o       <= 32'd0;
      uops_o         <= 32'd0;
      blocks_o       <= 32'd0;
      drain_stalls_o <= 32'd0;
      load_stalls_o  <= 32'd0;
      read_beats_o   <= 32'd0;
      write_beats_o  <= 32'd0;
    end else begin
      cycles_o       <= cycles_o + {31'd0, busy_i};
      uops_o         <= uops_o + {31'd0, issue_i};
      blocks_o       <= blocks_o + {31'd0, block_i};
      drain_stalls_o <= drain_stalls_o + {31'd0, drain_stall_i};
      load_stalls_o  <= load_stalls_o + {31'd0, load_stall_i};
      read_beats_o   <= read_beats_o + {31'd0, read_i};
      write_beats_o  <= write_beats_o + {31'd0, write_i};
    end
  end

endmodule : swp_counters

`default_nettype wire
