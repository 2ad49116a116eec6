// SPDX-License-Identifier: Apache-2.0

// AXI4 write front: aligns the core's writes to beats of the bus, gathers neighbouring beats into
// bursts that keep AXI's rules, and answers fences when all writes up to them have their response.
//
// A write is held and worked on one beat a cycle: merged into the gathered burst's last beat, or put
// behind it, or, if it fits neither way, the burst is sent first. A fence sends what is gathered.
// Bursts are sent one after the other, address first, at most WrOutstanding without a response.
//
//   cycle       t      t+1           t+2          ...   t+2+n
//   write       taken  first beat    second beat
//   send               .             awvalid_o          wlast_o
//
// The burst that is gathered and the one that is sent lie in two halves of a memory, all but their
// last beats. All outputs are functions of registers.

`include "swp_assert.svh"
`default_nettype none

module swp_axi_write #(
  parameter  int unsigned Pox           = 8,
  parameter  int unsigned BusBytes      = 32,
  parameter  int unsigned WrBurst       = 16,  // beats, a power of two <= 256
  parameter  int unsigned WrOutstanding = 8,
  localparam int unsigned Bw            = 8 * BusBytes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  output logic                idle_o,
  input  logic                clear_i,  // a run begins: errors of the one before are forgotten
  input  logic                flush_i,  // a run has ended: what is gathered is sent
  // core
  input  logic                valid_i,
  output logic                ready_o,
  input  logic [        39:0] addr_i,
  input  logic [  Pox*32-1:0] data_i,
  input  logic [   Pox*4-1:0] strb_i,
  input  logic                fence_i,
  output logic                fenced_o,
  output logic [         1:0] error_o,
  // AXI4
  output logic                awvalid_o,
  input  logic                awready_i,
  output logic [        39:0] awaddr_o,
  output logic [         7:0] awlen_o,
  output logic                wvalid_o,
  input  logic                wready_i,
  output logic [      Bw-1:0] wdata_o,
  output logic [BusBytes-1:0] wstrb_o,
  output logic                wlast_o,
  input  logic                bvalid_i,
  output logic                bready_o,
  input  logic [         1:0] bresp_i
);

  localparam int unsigned ByteBits = $clog2(BusBytes);
  localparam int unsigned Parts    = (BusBytes - 4 + 4 * Pox + BusBytes - 1) / BusBytes;  // most
  localparam int unsigned PartW    = $clog2(Parts + 1);
  localparam int unsigned HeldB    = Parts * BusBytes;  // bytes
  localparam int unsigned CountW   = $clog2(WrBurst + 1);
  localparam int unsigned BeatW    = (WrBurst > 1) ? $clog2(WrBurst) : 1;
  localparam int unsigned QueueW   = (WrOutstanding > 1) ? $clog2(WrOutstanding) : 1;
  localparam int unsigned OpenW    = $clog2(WrOutstanding + 1);

  // --- the held write ---------------------------------------------------------------------------
  // Aligned: its first beat lies in the low bytes and is shifted out when it is done.
  logic               h_valid_q, h_fence_q;
  logic [       39:0] h_addr_q;  // of the first beat that is left
  logic [8*HeldB-1:0] h_data_q;
  logic [  HeldB-1:0] h_strb_q;
  logic [  PartW-1:0] h_left_q;

  logic               take, merge, append, part, same, behind, room, full, send, bare;
  logic [  PartW-1:0] parts;
  logic [       15:0] end_byte;

  // Behind the last byte with a strobe.
  always_comb begin
    end_byte = 16'd0;
    for (int unsigned i = 0; i < Pox; i++) begin
      if (strb_i[4*i +: 4] != 4'd0) end_byte = 16'(4 * i + 4) + 16'(addr_i[ByteBits-1:0]);
    end
    parts = PartW'((end_byte + 16'(BusBytes - 1)) >> ByteBits);
  end

  assign take    = valid_i && ready_o;
  assign part    = merge || append;
  assign ready_o = !h_valid_q || (part && !h_fence_q && h_left_q == PartW'(1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) h_valid_q <= 1'b0;
    else if (take) h_valid_q <= 1'b1;
    else if (part && !h_fence_q && h_left_q == PartW'(1)) h_valid_q <= 1'b0;
    else if ((send && h_left_q == '0) || bare) h_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      h_fence_q <= fence_i;
      h_addr_q  <= {addr_i[39:ByteBits], ByteBits'(0)};
      h_data_q  <= (8 * HeldB)'(data_i) << {addr_i[ByteBits-1:0], 3'd0};
      h_strb_q  <= HeldB'(strb_i) << addr_i[ByteBits-1:0];
      h_left_q  <= parts;
    end else if (part) begin
      h_addr_q <= h_addr_q + 40'(BusBytes);
      h_data_q <= h_data_q >> Bw;
      h_strb_q <= h_strb_q >> BusBytes;
      h_left_q <= h_left_q - PartW'(1);
    end
  end

  // --- the gathered burst -----------------------------------------------------------------------
  logic [  CountW-1:0] g_count_q;
  logic [        39:0] g_first_q, g_last_q;  // addresses of its first and last beat
  logic [      Bw-1:0] g_data_q;             // the last beat
  logic [BusBytes-1:0] g_strb_q;
  logic                g_half_q;             // where the others lie
  logic                g_any;

  assign g_any  = g_count_q != '0;
  assign same   = h_addr_q == g_last_q;
  assign behind = h_addr_q == g_last_q + 40'(BusBytes) && g_count_q < CountW'(WrBurst)
               && h_addr_q[11:0] != 12'd0;
  assign merge  = h_valid_q && h_left_q != '0 && g_any && same;
  assign append = h_valid_q && h_left_q != '0 && (!g_any || behind);

  logic fence_turn;
  assign fence_turn = h_valid_q && h_left_q == '0;
  assign send       = g_any && room && (h_valid_q ? !part : flush_i);
  assign bare       = fence_turn && !g_any && !full;

  logic [Bw-1:0] merged;
  for (genvar i = 0; i < BusBytes; i++) begin : gen_merge
    assign merged[8*i +: 8] = h_strb_q[i] ? h_data_q[8*i +: 8] : g_data_q[8*i +: 8];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      g_count_q <= '0;
      g_half_q  <= 1'b0;
    end else if (append) begin
      g_count_q <= g_count_q + CountW'(1);
    end else if (send) begin
      g_count_q <= '0;
      g_half_q  <= !g_half_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (append) begin
      g_data_q <= h_data_q[Bw-1:0];
      g_strb_q <= h_strb_q[BusBytes-1:0];
      g_last_q <= h_addr_q;
      if (!g_any) g_first_q <= h_addr_q;
    end else if (merge) begin
      g_data_q <= merged;
      g_strb_q <= g_strb_q | h_strb_q[BusBytes-1:0];
    end
  end

  logic [Bw+BusBytes-1:0] beats [2 << BeatW];

  always_ff @(posedge clk_i) begin
    if (append && g_any) begin
      beats[{g_half_q, BeatW'(g_count_q - CountW'(1))}] <= {g_strb_q, g_data_q};
    end
  end

  // --- the burst that is sent -------------------------------------------------------------------
  logic                   s_aw_q, s_w_q;  // address, data are offered
  logic [     CountW-1:0] s_count_q, s_beat_q;
  logic [           39:0] s_addr_q;
  logic [         Bw-1:0] s_data_q;       // its last beat
  logic [   BusBytes-1:0] s_strb_q;
  logic [Bw+BusBytes-1:0] s_stored;

  assign room = !s_aw_q && !s_w_q && !full;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s_aw_q <= 1'b0;
      s_w_q  <= 1'b0;
    end else if (send) begin
      s_aw_q <= 1'b1;
    end else if (s_aw_q && awready_i) begin
      s_aw_q <= 1'b0;
      s_w_q  <= 1'b1;
    end else if (s_w_q && wready_i && wlast_o) begin
      s_w_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (send) begin
      s_count_q <= g_count_q;
      s_addr_q  <= g_first_q;
      s_data_q  <= g_data_q;
      s_strb_q  <= g_strb_q;
      s_beat_q  <= '0;
    end else if (s_w_q && wready_i) begin
      s_beat_q <= s_beat_q + CountW'(1);
    end
  end

  assign s_stored  = beats[{!g_half_q, BeatW'(s_beat_q)}];
  assign awvalid_o = s_aw_q;
  assign awaddr_o  = s_aw_q ? s_addr_q : 40'd0;
  assign awlen_o   = s_aw_q ? 8'(s_count_q) - 8'd1 : 8'd0;
  assign wvalid_o  = s_w_q;
  assign wlast_o   = s_w_q && s_beat_q + CountW'(1) == s_count_q;

  always_comb begin
    wdata_o = '0;
    wstrb_o = '0;
    if (wlast_o) {wstrb_o, wdata_o} = {s_strb_q, s_data_q};
    else if (s_w_q) {wstrb_o, wdata_o} = s_stored;
  end

  // --- responses --------------------------------------------------------------------------------
  // Bursts without a response and bare fences, in order: {burst, fence}.
  logic [       1:0] queue [WrOutstanding];
  logic [QueueW-1:0] q_in_q, q_out_q;
  logic [ OpenW-1:0] q_count_q;
  logic [       1:0] head, error_q, answer_q;
  logic [       1:0] error_now;
  logic              push, pop, waiting, fenced_q;

  assign full      = q_count_q == OpenW'(WrOutstanding);
  assign waiting   = q_count_q != '0;
  assign head      = queue[q_out_q];
  assign push      = send || bare;
  assign bready_o  = !(waiting && !head[1]);
  assign pop       = waiting && (!head[1] || bvalid_i);
  assign error_now = (error_q != 2'd0 || !head[1] || !bresp_i[1]) ? error_q : bresp_i;

  always_ff @(posedge clk_i) begin
    if (push) queue[q_in_q] <= {send, fence_turn};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      q_in_q    <= '0;
      q_out_q   <= '0;
      q_count_q <= '0;
      fenced_q  <= 1'b0;
      error_q   <= 2'd0;
      answer_q  <= 2'd0;
    end else begin
      if (push) q_in_q <= (q_in_q == QueueW'(WrOutstanding - 1)) ? '0 : q_in_q + QueueW'(1);
      if (pop) q_out_q <= (q_out_q == QueueW'(WrOutstanding - 1)) ? '0 : q_out_q + QueueW'(1);
      q_count_q <= q_count_q + OpenW'(push) - OpenW'(pop);
      fenced_q  <= pop && head[0];
      answer_q  <= (pop && head[0]) ? error_now : 2'd0;
      if (clear_i || (pop && head[0])) error_q <= 2'd0;
      else if (pop) error_q <= error_now;
    end
  end

  assign fenced_o = fenced_q;
  assign error_o  = answer_q;
  assign idle_o   = !h_valid_q && !g_any && !s_aw_q && !s_w_q && !waiting && !fenced_q;

  logic unused_write;
  assign unused_write = &{1'b0, end_byte};

  `SWP_STABLE(AwStable, awvalid_o, awready_i, {awaddr_o, awlen_o})
  `SWP_STABLE(WStable, wvalid_o, wready_i, {wdata_o, wstrb_o, wlast_o})
  `SWP_ASSERT(AwInPage, !awvalid_o
              || 13'(awaddr_o[11:0]) + ((13'(awlen_o) + 13'd1) << ByteBits) <= 13'd4096)
  `SWP_ASSERT(ResponsesAreOfBursts, !bvalid_i || waiting)
  `SWP_ASSERT(WritesSaySomething, !valid_i || fence_i || strb_i != '0)

endmodule : swp_axi_write

`default_nettype wire
