// SPDX-License-Identifier: Apache-2.0

// Controller: goes through the layers of a run and the steps of a layer.
//
// A step is loaded while the one before it is computed, and the first step of a layer, with the
// layer's descriptor, while the last step of the layer before is. step_go_o is high for one cycle:
// at its end the step record becomes the current one, with layer_go_o the descriptor too, and the
// buffer halves that have new contents are swapped; the loader is sent in the same cycle.
//
//   cycle      g          g+1        g+2
//   state_o    StepGo     StepWait   StepWait
//   w_sel_o    old        new        new
//   loader     idle       Next       Req
//
// unstored_o is the number of steps that have begun and are not in memory: each of them ends with a
// fence, whose answer is fenced_i. start_i is seen only while busy_o is 0. done_o is high for one
// cycle, busy_o is still 1 in it.
//
// An error of the loader or of a write, the watchdog or an abort sets the stop code. In the cycle
// after, the run leaves for state Stop, in which (stop_o) loader, walker and pipeline come to rest
// and finished passes are stored, and then for Error.

`include "swp_assert.svh"
`default_nettype none

module swp_ctrl (
  input  logic        clk_i,
  input  logic        rst_ni,
  // run
  input  logic        start_i,
  input  logic [31:0] desc_offset_i,
  input  logic [15:0] layer_count_i,
  output logic        busy_o,
  output logic        done_o,
  output logic [ 7:0] error_o,
  output logic [ 7:0] error_detail_o,
  output logic [39:0] error_addr_o,
  // what ends a run
  input  logic        abort_i,
  input  logic [31:0] watchdog_i,
  input  logic        progress_i,    // for the watchdog
  output logic        stop_o,
  // loader
  output logic        go_layer_o,
  output logic        go_step_o,
  output logic [31:0] go_index_o,
  output logic [31:0] desc_addr_o,
  input  logic        load_idle_i,
  input  logic [ 7:0] load_error_i,
  input  logic [ 7:0] load_detail_i,
  input  logic [39:0] load_addr_i,
  // what the loader has brought: the layer of the next step, and the step
  input  logic [31:0] step_count_i,
  input  logic        next_new_weights_i,
  input  logic        next_new_acts_i,
  input  logic        next_residual_i,
  // array
  output logic        step_go_o,
  output logic        layer_go_o,
  output logic        w_sel_o,
  output logic        a_sel_o,
  output logic        r_sel_o,
  input  logic        seq_idle_i,
  input  logic        store_idle_i,
  input  logic        fenced_i,
  input  logic [ 1:0] write_error_i,
  output logic [15:0] unstored_o,
  // for counters and probe
  output logic        clear_o,
  output logic [ 3:0] state_o
);

  logic [ 3:0] state_q, state_d;
  logic [15:0] layer_q, layer_count_q;
  logic [31:0] step_q, desc_addr_q;
  logic [ 7:0] error_q, detail_q, stop_code_q, stop_code_d;
  logic [39:0] addr_q;
  logic [31:0] quiet_q;
  logic        running, stopping;
  logic [15:0] unstored_q;
  logic        w_sel_q, a_sel_q, r_sel_q;
  logic        next_first_q;  // the step that comes next is the first one of its layer
  logic        last_step_q;   // the step that is computed is the last one of its layer
  logic        layer_next_q;  // and the loader was sent for the layer behind it

  logic        go_fill, more_steps, more_layers;
  logic [31:0] step, step_next;
  logic [16:0] layer_next;

  assign running     = state_q >= swp_regs_pkg::CTRL_FILL_GO && state_q <= swp_regs_pkg::CTRL_FLUSH;
  assign stopping    = running && stop_code_q != swp_regs_pkg::RUN_ERROR_NONE;
  assign go_fill     = state_q == swp_regs_pkg::CTRL_FILL_GO && !stopping;
  assign step        = next_first_q ? 32'd0 : step_q + 32'd1;  // that begins in StepGo
  assign step_next   = step + 32'd1;
  assign layer_next  = {1'b0, layer_q} + 17'd1;
  assign more_steps  = step_next < step_count_i;
  assign more_layers = layer_next < {1'b0, layer_count_q};

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      swp_regs_pkg::CTRL_IDLE: if (start_i) state_d = swp_regs_pkg::CTRL_FILL_GO;
      swp_regs_pkg::CTRL_FILL_GO: state_d = swp_regs_pkg::CTRL_FILL_WAIT;
      swp_regs_pkg::CTRL_FILL_WAIT: if (load_idle_i) state_d = swp_regs_pkg::CTRL_STEP_GO;
      swp_regs_pkg::CTRL_STEP_GO: state_d = swp_regs_pkg::CTRL_STEP_WAIT;
      swp_regs_pkg::CTRL_STEP_WAIT: begin
        if (seq_idle_i && load_idle_i) begin
          state_d = last_step_q ? swp_regs_pkg::CTRL_FLUSH : swp_regs_pkg::CTRL_STEP_GO;
        end
      end
      swp_regs_pkg::CTRL_FLUSH: begin
        if (unstored_q == 16'd0) begin
          state_d = layer_next_q ? swp_regs_pkg::CTRL_STEP_GO : swp_regs_pkg::CTRL_DONE;
        end
      end
      swp_regs_pkg::CTRL_STOP: begin
        if (seq_idle_i && load_idle_i && store_idle_i) state_d = swp_regs_pkg::CTRL_ERROR;
      end
      default: state_d = swp_regs_pkg::CTRL_IDLE;  // Done, Error
    endcase
    if (stopping) state_d = swp_regs_pkg::CTRL_STOP;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= swp_regs_pkg::CTRL_IDLE;
    else state_q <= state_d;
  end

  // The first reason to stop.
  always_comb begin
    stop_code_d = stop_code_q;
    if (running && stop_code_q == swp_regs_pkg::RUN_ERROR_NONE) begin
      if (load_error_i != swp_regs_pkg::RUN_ERROR_NONE) begin
        stop_code_d = load_error_i;
      end else if (fenced_i && write_error_i[1]) begin
        stop_code_d = write_error_i[0] ? swp_regs_pkg::RUN_ERROR_WRITE_DECODE
                                       : swp_regs_pkg::RUN_ERROR_WRITE_SLAVE;
      end else if (watchdog_i != 32'd0 && quiet_q == watchdog_i) begin
        stop_code_d = swp_regs_pkg::RUN_ERROR_WATCHDOG;
      end else if (abort_i) begin
        stop_code_d = swp_regs_pkg::RUN_ERROR_ABORTED;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_o) stop_code_q <= swp_regs_pkg::RUN_ERROR_NONE;
    else stop_code_q <= stop_code_d;
  end

  always_ff @(posedge clk_i) begin
    if (!busy_o || progress_i) quiet_q <= 32'd0;
    else quiet_q <= quiet_q + 32'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_o) begin
      error_q  <= swp_regs_pkg::RUN_ERROR_NONE;
      detail_q <= 8'd0;
      addr_q   <= 40'd0;
    end else if (stopping) begin
      error_q <= stop_code_q;
      if (stop_code_q <= swp_regs_pkg::RUN_ERROR_READ_DECODE) begin  // the loader's
        detail_q <= load_detail_i;
        addr_q   <= load_addr_i;
      end
    end
  end

  // Place in the run.
  always_ff @(posedge clk_i) begin
    if (clear_o) begin
      layer_q       <= 16'd0;
      layer_count_q <= layer_count_i;
      desc_addr_q   <= desc_offset_i;
    end else if (step_go_o && go_layer_o) begin
      layer_q     <= layer_next[15:0];
      desc_addr_q <= desc_addr_q + {16'd0, swp_regs_pkg::LAYER_BYTES};
    end
  end

  always_ff @(posedge clk_i) begin
    if (go_layer_o) next_first_q <= 1'b1;
    else if (go_step_o) next_first_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (step_go_o) begin
      step_q       <= step;
      last_step_q  <= !more_steps;
      layer_next_q <= go_layer_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !busy_o || done_o) unstored_q <= 16'd0;  // 0 in Idle
    else unstored_q <= unstored_q + {15'd0, step_go_o} - {15'd0, fenced_i};
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

  assign busy_o         = state_q != swp_regs_pkg::CTRL_IDLE;
  assign done_o         = state_q == swp_regs_pkg::CTRL_DONE || state_q == swp_regs_pkg::CTRL_ERROR;
  assign error_o        = error_q;
  assign error_detail_o = detail_q;
  assign error_addr_o   = addr_q;
  assign stop_o         = state_q == swp_regs_pkg::CTRL_STOP;
  assign step_go_o      = state_q == swp_regs_pkg::CTRL_STEP_GO && !stopping;
  assign layer_go_o     = step_go_o && next_first_q;
  assign go_layer_o     = go_fill || (step_go_o && !more_steps && more_layers);
  assign go_step_o      = step_go_o && more_steps;
  assign go_index_o     = step_next;
  assign desc_addr_o    = desc_addr_q;
  assign w_sel_o        = w_sel_q;
  assign a_sel_o        = a_sel_q;
  assign r_sel_o        = r_sel_q;
  assign unstored_o     = unstored_q;
  assign clear_o        = state_q == swp_regs_pkg::CTRL_IDLE && start_i;
  assign state_o        = state_q;

  `SWP_ASSERT(GoOnlyWhenIdle, !(go_layer_o || go_step_o) || load_idle_i)
  `SWP_ASSERT(StepStartsEmpty, !step_go_o || seq_idle_i)
  `SWP_ASSERT(StateKnown, state_q <= swp_regs_pkg::CTRL_STOP)
  `SWP_ASSERT(FencesAreOfSteps, !busy_o || !fenced_i || unstored_q != 16'd0)

endmodule : swp_ctrl

`default_nettype wire
