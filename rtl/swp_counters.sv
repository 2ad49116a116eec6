// SPDX-License-Identifier: Apache-2.0

// Event counters, 32 bits, modulo 2^32. Each adds one, or its amount, at the end of a cycle in which
// its event is high; clear_i, given with the start of a run, sets all to zero.
//
// What is skipped is known at the last micro-op of a pass (pass_last_i): blocks and micro-ops that a
// row with all its structural blocks would have, less those of the pass, which are counted here.

`default_nettype none

module swp_counters (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  input  logic        busy_i,
  // array
  input  logic        issue_i,        // of any micro-op
  input  logic        null_i,         // it is an empty row's
  input  logic        block_i,
  input  logic        pass_last_i,
  input  logic        retire_i,
  input  logic        stall_i,        // the pipeline does not move
  input  logic        stores_full_i,  // and no output buffer is free
  input  logic [15:0] in_groups_i,
  input  logic [31:0] row_uops_i,
  // steps
  input  logic        tile_go_i,      // a step with new activations begins
  input  logic [15:0] tile_groups_i,
  input  logic [15:0] tile_slots_i,
  // memory
  input  logic        load_stall_i,
  input  logic        load_hold_i,
  input  logic        load_tile_i,    // loader: fetch list, plane or residual
  input  logic        load_res_i,     // residual
  input  logic        load_record_i,  // descriptor or step record
  input  logic        read_i,
  input  logic        write_i,
  output logic [31:0] cycles_o,
  output logic [31:0] uops_o,
  output logic [31:0] blocks_o,
  output logic [31:0] drain_stalls_o,
  output logic [31:0] load_stalls_o,
  output logic [31:0] read_beats_o,
  output logic [31:0] write_beats_o,
  output logic [31:0] write_stalls_o,
  output logic [31:0] weight_stalls_o,
  output logic [31:0] act_stalls_o,
  output logic [31:0] hazard_stalls_o,
  output logic [31:0] passes_o,
  output logic [31:0] blocks_skipped_o,
  output logic [31:0] uops_skipped_o,
  output logic [31:0] groups_skipped_o,
  output logic [31:0] weight_beats_o,
  output logic [31:0] act_beats_o,
  output logic [31:0] res_beats_o
);

  logic clear;
  assign clear = !rst_ni || clear_i;

  always_ff @(posedge clk_i) begin
    if (clear) begin
      cycles_o       <= 32'd0;
      uops_o         <= 32'd0;
      blocks_o       <= 32'd0;
      passes_o       <= 32'd0;
      drain_stalls_o <= 32'd0;
      write_stalls_o <= 32'd0;
      write_beats_o  <= 32'd0;
    end else begin
      if (busy_i) cycles_o <= cycles_o + 32'd1;
      if (issue_i) uops_o <= uops_o + 32'd1;
      if (block_i) blocks_o <= blocks_o + 32'd1;
      if (retire_i) passes_o <= passes_o + 32'd1;
      if (stall_i && !stores_full_i) drain_stalls_o <= drain_stalls_o + 32'd1;
      if (stall_i && stores_full_i) write_stalls_o <= write_stalls_o + 32'd1;
      if (write_i) write_beats_o <= write_beats_o + 32'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear) begin
      load_stalls_o   <= 32'd0;
      weight_stalls_o <= 32'd0;
      act_stalls_o    <= 32'd0;
      hazard_stalls_o <= 32'd0;
    end else if (load_stall_i) begin
      load_stalls_o <= load_stalls_o + 32'd1;
      if (load_hold_i) hazard_stalls_o <= hazard_stalls_o + 32'd1;
      else if (load_tile_i) act_stalls_o <= act_stalls_o + 32'd1;
      else weight_stalls_o <= weight_stalls_o + 32'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear) begin
      read_beats_o   <= 32'd0;
      weight_beats_o <= 32'd0;
      act_beats_o    <= 32'd0;
      res_beats_o    <= 32'd0;
    end else if (read_i) begin
      read_beats_o <= read_beats_o + 32'd1;
      if (load_res_i) res_beats_o <= res_beats_o + 32'd1;
      else if (load_tile_i) act_beats_o <= act_beats_o + 32'd1;
      else if (!load_record_i) weight_beats_o <= weight_beats_o + 32'd1;
    end
  end

  // Blocks and micro-ops of the pass that is issued, this cycle's included.
  logic [15:0] pass_blocks_q, pass_blocks;
  logic [31:0] pass_uops_q, pass_uops;

  assign pass_blocks = pass_blocks_q + {15'd0, block_i};
  assign pass_uops   = pass_uops_q + {31'd0, issue_i && !null_i};

  always_ff @(posedge clk_i) begin
    if (clear || pass_last_i) begin
      pass_blocks_q <= 16'd0;
      pass_uops_q   <= 32'd0;
    end else if (issue_i) begin
      pass_blocks_q <= pass_blocks;
      pass_uops_q   <= pass_uops;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear) begin
      blocks_skipped_o <= 32'd0;
      uops_skipped_o   <= 32'd0;
    end else if (pass_last_i) begin
      if (in_groups_i > pass_blocks) begin
        blocks_skipped_o <= blocks_skipped_o + {16'd0, in_groups_i - pass_blocks};
      end
      if (row_uops_i > pass_uops) uops_skipped_o <= uops_skipped_o + (row_uops_i - pass_uops);
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear) begin
      groups_skipped_o <= 32'd0;
    end else if (tile_go_i && tile_groups_i > tile_slots_i) begin
      groups_skipped_o <= groups_skipped_o + {16'd0, tile_groups_i - tile_slots_i};
    end
  end

endmodule : swp_counters

`default_nettype wire
