// SPDX-License-Identifier: Apache-2.0

// Controller: goes through the layers of a run and the steps of a layer.
//
// A step is loaded while the one before it is computed. step_go_o is high for one cycle: at its end
// the step record becomes the current one and the buffer halves that have new contents are swapped;
// the loader is sent for the next step in the same cycle.
//
//   cycle      g          g+1        g+2
//   state_o    StepGo     StepWait   StepWait
//   w_sel_o    old        new        new
//   loader     idle       Next       Req
//
// start_i is seen only while busy_o is 0. done_o is high for one cycle, busy_o is still 1 in it.

`include "swp_assert.svh"
`default_nettype none

module swp_ctrl #(
  parameter int unsigned Poy      = 4,
  parameter int unsigned Pox      = 8,
  parameter int unsigned Pof      = 8,
  parameter int unsigned BusBytes = 32,
  parameter bit          SkipEn   = 1'b1,
  parameter bit          PoolEn   = 1'b1,
  parameter bit          ResEn    = 1'b1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // run
  input  logic        start_i,
  input  logic [31:0] desc_offset_i,
  input  logic [15:0] layer_count_i,
  output logic        busy_o,
  output logic        done_o,
  output logic [ 7:0] error_o,
  // loader
  output logic        go_desc_o,
  output logic        go_step_o,
  output logic [31:0] go_index_o,
  output logic [31:0] desc_addr_o,
  input  logic        load_idle_i,
  // what the loader has brought
  input  logic [31:0] magic_i,
  input  logic [15:0] version_i,
  input  logic [15:0] bytes_i,
  input  logic [ 7:0] poy_i,
  input  logic [ 7:0] pox_i,
  input  logic [ 7:0] pof_i,
  input  logic [ 7:0] bus_bytes_i,
  input  logic        pool_i,
  input  logic        skip_i,
  input  logic        residual_i,
  input  logic [31:0] step_count_i,
  input  logic        next_new_weights_i,
  input  logic        next_new_acts_i,
  input  logic        next_residual_i,
  // array
  output logic        step_go_o,
  output logic        w_sel_o,
  output logic        a_sel_o,
  output logic        r_sel_o,
  input  logic        seq_idle_i,
  input  logic        store_idle_i,
  // for counters and probe
  output logic        clear_o,
  output logic [ 3:0] state_o
);

  logic [ 3:0] state_q, state_d;
  logic [15:0] layer_q, layer_d, layer_count_q;
  logic [31:0] step_q, step_d;
  logic [31:0] desc_addr_q, desc_addr_d;
  logic [ 7:0] error_q, error_d;
  logic        w_sel_q, a_sel_q, r_sel_q;

  logic [31:0] step_next;
  logic [16:0] layer_next;
  logic        more_steps, more_layers;
  logic        version_ok, array_ok;
  logic [ 7:0] check;

  assign step_next   = step_q + 32'd1;
  assign layer_next  = {1'b0, layer_q} + 17'd1;
  assign more_steps  = step_next < step_count_i;
  assign more_layers = layer_next < {1'b0, layer_count_q};

  assign version_ok  = version_i == swp_regs_pkg::LAYER_VERSION
                    && bytes_i == swp_regs_pkg::LAYER_BYTES;
  assign array_ok    = poy_i == 8'(Poy) && pox_i == 8'(Pox) && pof_i == 8'(Pof)
                    && bus_bytes_i == 8'(BusBytes) && !(pool_i && !PoolEn) && skip_i == SkipEn
                    && !(residual_i && !ResEn);

  always_comb begin
    check = swp_regs_pkg::RUN_ERROR_NONE;
    if (magic_i != swp_regs_pkg::LAYER_MAGIC) check = swp_regs_pkg::RUN_ERROR_MAGIC;
    else if (!version_ok) check = swp_regs_pkg::RUN_ERROR_VERSION;
    else if (!array_ok) check = swp_regs_pkg::RUN_ERROR_ARRAY;
  end

  always_comb begin
    state_d     = state_q;
    layer_d     = layer_q;
    step_d      = step_q;
    desc_addr_d = desc_addr_q;
    error_d     = error_q;
    unique case (state_q)
      swp_regs_pkg::CTRL_IDLE: begin
        if (start_i) begin
          layer_d     = 16'd0;
          error_d     = swp_regs_pkg::RUN_ERROR_NONE;
          desc_addr_d = desc_offset_i;
          state_d     = swp_regs_pkg::CTRL_DESC_GO;
        end
      end
      swp_regs_pkg::CTRL_DESC_GO: state_d = swp_regs_pkg::CTRL_DESC_WAIT;
      swp_regs_pkg::CTRL_DESC_WAIT: begin
        if (load_idle_i) begin
          error_d = check;
          state_d = (check == swp_regs_pkg::RUN_ERROR_NONE) ? swp_regs_pkg::CTRL_FILL_GO
                                                            : swp_regs_pkg::CTRL_ERROR;
        end
      end
      swp_regs_pkg::CTRL_FILL_GO: begin
        step_d  = 32'd0;
        state_d = swp_regs_pkg::CTRL_FILL_WAIT;
      end
      swp_regs_pkg::CTRL_FILL_WAIT: begin
        if (load_idle_i) state_d = swp_regs_pkg::CTRL_STEP_GO;
      end
      swp_regs_pkg::CTRL_STEP_GO: state_d = swp_regs_pkg::CTRL_STEP_WAIT;
      swp_regs_pkg::CTRL_STEP_WAIT: begin
        if (seq_idle_i && load_idle_i) begin
          if (more_steps) begin
            step_d  = step_next;
            state_d = swp_regs_pkg::CTRL_STEP_GO;
          end else begin
            state_d = swp_regs_pkg::CTRL_FLUSH;
          end
        end
      end
      swp_regs_pkg::CTRL_FLUSH: begin
        if (store_idle_i) begin
          if (more_layers) begin
            layer_d     = layer_next[15:0];
            desc_addr_d = desc_addr_q + {16'd0, swp_regs_pkg::LAYER_BYTES};
            state_d     = swp_regs_pkg::CTRL_DESC_GO;
          end else begin
            state_d = swp_regs_pkg::CTRL_DONE;
          end
        end
      end
      swp_regs_pkg::CTRL_DONE, swp_regs_pkg::CTRL_ERROR: state_d = swp_regs_pkg::CTRL_IDLE;
      default: state_d = swp_regs_pkg::CTRL_IDLE;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= swp_regs_pkg::CTRL_IDLE;
      layer_q     <= 16'd0;
      step_q      <= 32'd0;
      desc_addr_q <= 32'd0;
      error_q     <= swp_regs_pkg::RUN_ERROR_NONE;
    end else begin
      state_q     <= state_d;
      layer_q     <= layer_d;
      step_q      <= step_d;
      desc_addr_q <= desc_addr_d;
      error_q     <= error_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_o) layer_count_q <= layer_count_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      w_sel_q <= 1'b0;
      a_sel_q <= 1'b0;
      r_sel_q <= 1'b0;
    end else if (step_go_o) begin
      w_sel_q <= w_sel_q ^ next_new_weights_i;
      a_sel_q <= a_sel_q ^ next_new_acts_i;
      r_sel_q <= r_sel_q ^ next_residual_i;
    end
  end

  assign busy_o      = state_q != swp_regs_pkg::CTRL_IDLE;
  assign done_o      = state_q == swp_regs_pkg::CTRL_DONE || state_q == swp_regs_pkg::CTRL_ERROR;
  assign error_o     = error_q;
  assign go_desc_o   = state_q == swp_regs_pkg::CTRL_DESC_GO;
  assign step_go_o   = state_q == swp_regs_pkg::CTRL_STEP_GO;
  assign go_step_o   = state_q == swp_regs_pkg::CTRL_FILL_GO || (step_go_o && more_steps);
  assign go_index_o  = step_go_o ? step_next : 32'd0;
  assign desc_addr_o = desc_addr_q;
  assign w_sel_o     = w_sel_q;
  assign a_sel_o     = a_sel_q;
  assign r_sel_o     = r_sel_q;
  assign clear_o     = state_q == swp_regs_pkg::CTRL_IDLE && start_i;
  assign state_o     = state_q;

  `SWP_ASSERT(GoOnlyWhenIdle, !(go_desc_o || go_step_o) || load_idle_i)
  `SWP_ASSERT(StepStartsEmpty, !step_go_o || seq_idle_i)
  `SWP_ASSERT(StateKnown, state_q <= swp_regs_pkg::CTRL_ERROR)

endmodule : swp_ctrl

`default_nettype wire
