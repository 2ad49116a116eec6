// SPDX-License-Identifier: Apache-2.0

// Register front: the register map (docs/registers.md) on AXI4-Lite, and the interrupt.
//
//   write   cycle t: both address and data are held -> bvalid_o in t + 1; registers change with it
//   read    address taken in t -> rvalid_o in t + 1, with the value of cycle t
//
// A run lasts (busy) until both bus fronts have come to rest after the core's done_i. start_o and
// abort_o are high for one cycle each. Responses are always OKAY; bits 1-0 of addresses do not count.

`include "swp_assert.svh"
`default_nettype none

module swp_axil_regs (
  input  logic         clk_i,
  input  logic         rst_ni,
  // AXI4-Lite
  input  logic         awvalid_i,
  output logic         awready_o,
  input  logic [  7:0] awaddr_i,
  input  logic         wvalid_i,
  output logic         wready_o,
  input  logic [ 31:0] wdata_i,
  input  logic [  3:0] wstrb_i,
  output logic         bvalid_o,
  input  logic         bready_i,
  input  logic         arvalid_i,
  output logic         arready_o,
  input  logic [  7:0] araddr_i,
  output logic         rvalid_o,
  input  logic         rready_i,
  output logic [ 31:0] rdata_o,
  output logic         irq_o,
  // core
  output logic         start_o,
  output logic         abort_o,
  output logic [ 39:0] image_base_o,
  output logic [ 39:0] act_base_o,
  output logic [ 31:0] desc_offset_o,
  output logic [ 15:0] layer_count_o,
  output logic [ 31:0] watchdog_o,
  input  logic         done_i,
  input  logic         stop_i,         // the core is in state Stop
  input  logic [  7:0] error_i,
  input  logic [  7:0] error_detail_i,
  input  logic [ 39:0] error_addr_i,
  input  logic [575:0] counters_i,     // the 18 counters in the order of the map
  input  logic [159:0] caps_i,         // CAP0 .. CAP4
  // bus fronts
  output logic         flush_o,
  input  logic         idle_i
);

  localparam int unsigned Counters      = 18;
  localparam int unsigned FirstCounters = 7;  // lie at CNT_CYCLES, the others at CNT_WRITE_STALLS

  // --- writes -----------------------------------------------------------------------------------
  logic        aw_held_q, w_held_q, b_valid_q, write;
  logic [ 5:0] waddr_q;
  logic [31:0] wdata_q;
  logic [ 3:0] wstrb_q;

  assign write     = aw_held_q && w_held_q && !b_valid_q;
  assign awready_o = !aw_held_q;
  assign wready_o  = !w_held_q;
  assign bvalid_o  = b_valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q  <= 1'b0;
      b_valid_q <= 1'b0;
    end else begin
      if (write) aw_held_q <= 1'b0;
      else if (awvalid_i) aw_held_q <= 1'b1;
      if (write) w_held_q <= 1'b0;
      else if (wvalid_i) w_held_q <= 1'b1;
      if (write) b_valid_q <= 1'b1;
      else if (bready_i) b_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (awvalid_i && awready_o) waddr_q <= awaddr_i[7:2];
    if (wvalid_i && wready_o) begin
      wdata_q <= wdata_i;
      wstrb_q <= wstrb_i;
    end
  end

  // The register `offset` with the written bytes replaced.
  function automatic logic [31:0] written(input logic [31:0] old);
    for (int unsigned i = 0; i < 4; i++) begin
      written[8*i +: 8] = wstrb_q[i] ? wdata_q[8*i +: 8] : old[8*i +: 8];
    end
  endfunction

  logic [31:0] image_lo_q, act_lo_q, desc_offset_q, watchdog_q;
  logic [ 7:0] image_hi_q, act_hi_q;
  logic [15:0] layer_count_q;
  logic [ 2:0] irq_enable_q, irq_status_q, irq_clear;
  logic        command, start, abort;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      image_lo_q    <= 32'd0;
      image_hi_q    <= 8'd0;
      act_lo_q      <= 32'd0;
      act_hi_q      <= 8'd0;
      desc_offset_q <= 32'd0;
      layer_count_q <= 16'd0;
      watchdog_q    <= 32'd0;
      irq_enable_q  <= 3'd0;
    end else if (write) begin
      unique case ({waddr_q, 2'd0})
        swp_regs_pkg::REG_IMAGE_BASE_LO: image_lo_q <= written(image_lo_q);
        swp_regs_pkg::REG_IMAGE_BASE_HI: image_hi_q <= 8'(written({24'd0, image_hi_q}));
        swp_regs_pkg::REG_ACT_BASE_LO:   act_lo_q <= written(act_lo_q);
        swp_regs_pkg::REG_ACT_BASE_HI:   act_hi_q <= 8'(written({24'd0, act_hi_q}));
        swp_regs_pkg::REG_DESC_OFFSET:   desc_offset_q <= written(desc_offset_q);
        swp_regs_pkg::REG_LAYER_COUNT:   layer_count_q <= 16'(written({16'd0, layer_count_q}));
        swp_regs_pkg::REG_WATCHDOG:      watchdog_q <= written(watchdog_q);
        swp_regs_pkg::REG_IRQ_ENABLE:    irq_enable_q <= 3'(written({29'd0, irq_enable_q}));
        default: ;
      endcase
    end
  end

  // --- the run ----------------------------------------------------------------------------------
  logic run_q, ended_q, done_q, refused_q, start_q, abort_q, refuse, over;

  assign command   = write && {waddr_q, 2'd0} == swp_regs_pkg::REG_CTRL && wstrb_q[0];
  assign abort     = command && wdata_q[swp_regs_pkg::FIELD_CTRL_ABORT_BIT] && run_q;
  assign start     = command && wdata_q[swp_regs_pkg::FIELD_CTRL_START_BIT]
                  && !wdata_q[swp_regs_pkg::FIELD_CTRL_ABORT_BIT];
  assign refuse    = start && run_q;
  assign over      = ended_q && idle_i;
  assign irq_clear = (write && {waddr_q, 2'd0} == swp_regs_pkg::REG_IRQ_STATUS && wstrb_q[0])
                   ? wdata_q[2:0] : 3'd0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_q      <= 1'b0;
      abort_q      <= 1'b0;
      run_q        <= 1'b0;
      ended_q      <= 1'b0;
      done_q       <= 1'b0;
      refused_q    <= 1'b0;
      irq_status_q <= 3'd0;
    end else begin
      start_q <= start && !run_q;
      abort_q <= abort;
      if (start && !run_q) begin
        run_q     <= 1'b1;
        done_q    <= 1'b0;
        refused_q <= 1'b0;
      end
      if (refuse) refused_q <= 1'b1;
      if (done_i) ended_q <= 1'b1;
      if (over) begin
        ended_q <= 1'b0;
        run_q   <= 1'b0;
        done_q  <= 1'b1;
      end
      irq_status_q <= (irq_status_q & ~irq_clear) | {refuse, over && error_i != 8'd0, over};
    end
  end

  assign irq_o         = (irq_status_q & irq_enable_q) != 3'd0;
  assign start_o       = start_q;
  assign abort_o       = abort_q;
  assign flush_o       = ended_q;
  assign image_base_o  = {image_hi_q, image_lo_q};
  assign act_base_o    = {act_hi_q, act_lo_q};
  assign desc_offset_o = desc_offset_q;
  assign layer_count_o = layer_count_q;
  assign watchdog_o    = watchdog_q;

  // --- reads ------------------------------------------------------------------------------------
  logic        r_valid_q;
  logic [31:0] r_data_q, value;
  logic [ 7:0] raddr, first_counter, later_counter;

  assign raddr         = {araddr_i[7:2], 2'd0};
  assign first_counter = raddr - swp_regs_pkg::REG_CNT_CYCLES;
  assign later_counter = raddr - swp_regs_pkg::REG_CNT_WRITE_STALLS;

  always_comb begin
    value = 32'd0;
    unique case (raddr)
      swp_regs_pkg::REG_ID:            value = swp_regs_pkg::RESET_ID;
      swp_regs_pkg::REG_VERSION:       value = swp_regs_pkg::RESET_VERSION;
      swp_regs_pkg::REG_CAP0:          value = caps_i[31:0];
      swp_regs_pkg::REG_CAP1:          value = caps_i[63:32];
      swp_regs_pkg::REG_CAP2:          value = caps_i[95:64];
      swp_regs_pkg::REG_CAP3:          value = caps_i[127:96];
      swp_regs_pkg::REG_CAP4:          value = caps_i[159:128];
      swp_regs_pkg::REG_STATUS:        value = {28'd0, refused_q, stop_i || ended_q, done_q, run_q};
      swp_regs_pkg::REG_ERROR:         value = {16'd0, error_detail_i, error_i};
      swp_regs_pkg::REG_ERROR_ADDR_LO: value = error_addr_i[31:0];
      swp_regs_pkg::REG_ERROR_ADDR_HI: value = {24'd0, error_addr_i[39:32]};
      swp_regs_pkg::REG_IMAGE_BASE_LO: value = image_lo_q;
      swp_regs_pkg::REG_IMAGE_BASE_HI: value = {24'd0, image_hi_q};
      swp_regs_pkg::REG_ACT_BASE_LO:   value = act_lo_q;
      swp_regs_pkg::REG_ACT_BASE_HI:   value = {24'd0, act_hi_q};
      swp_regs_pkg::REG_DESC_OFFSET:   value = desc_offset_q;
      swp_regs_pkg::REG_LAYER_COUNT:   value = {16'd0, layer_count_q};
      swp_regs_pkg::REG_WATCHDOG:      value = watchdog_q;
      swp_regs_pkg::REG_IRQ_ENABLE:    value = {29'd0, irq_enable_q};
      swp_regs_pkg::REG_IRQ_STATUS:    value = {29'd0, irq_status_q};
      default: begin
        for (int unsigned i = 0; i < Counters; i++) begin
          if (i < FirstCounters ? first_counter == 8'(4 * i)
                                : later_counter == 8'(4 * (i - FirstCounters))) begin
            value = counters_i[32*i +: 32];
          end
        end
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) r_valid_q <= 1'b0;
    else if (arready_o) r_valid_q <= arvalid_i;
    else if (rready_i) r_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (arvalid_i && arready_o) r_data_q <= value;
  end

  assign arready_o = !r_valid_q;
  assign rvalid_o  = r_valid_q;
  assign rdata_o   = r_valid_q ? r_data_q : 32'd0;

  logic unused_address;
  assign unused_address = &{1'b0, awaddr_i[1:0], araddr_i[1:0]};

  `SWP_STABLE(RStable, rvalid_o, rready_i, rdata_o)
  `SWP_ASSERT(DoneOnlyInARun, !done_i || run_q)

endmodule : swp_axil_regs

`default_nettype wire
