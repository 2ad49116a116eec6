// SPDX-License-Identifier: Apache-2.0

// Takes the beats of a plane apart: which of a beat's words belong to the plane, and which of them
// come in this part.
//
// A plane begins with start_i: its first word is word lead_i of the first beat, and it has words_i of
// them. Part `sub` of a beat holds U = 2^load_log2 words: neighbours, or with strided_i every
// (Lanes / U)-th one. Word w of the beat is always lane w.
//
// Latency: one cycle, so that nothing behind it hangs on the memory's wires. One part a cycle.
//
//   cycle   t        t+1
//   part_i  1        .
//   part_o  .        1        data_o, inside_o, now_o, beat_end_o of that part

`default_nettype none

module swp_load_words #(
  parameter  int unsigned BusBytes = 32,
  localparam int unsigned Bw       = 8 * BusBytes,
  localparam int unsigned Lanes    = BusBytes / 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             start_i,
  input  logic             residual_i,
  input  logic [      3:0] lead_i,
  input  logic [     15:0] words_i,
  input  logic             part_i,
  input  logic [      4:0] sub_i,
  input  logic             beat_end_i,
  input  logic [   Bw-1:0] data_i,
  input  logic [      7:0] load_log2_i,
  input  logic             strided_i,
  output logic             residual_o,  // start_i came with residual_i
  output logic             part_o,
  output logic             beat_end_o,
  output logic [Lanes-1:0] inside_o,  // belongs to the plane
  output logic [Lanes-1:0] now_o,     // and comes in this part
  output logic [   Bw-1:0] data_o
);

  // Of the beat that comes in: its words from skip_q on and below end_q belong to the plane.
  logic [ 3:0] skip_q;
  logic [16:0] end_q;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      skip_q  <= lead_i;
      end_q   <= {1'b0, words_i} + {13'd0, lead_i};
    end else if (part_i && beat_end_i) begin
      skip_q <= 4'd0;
      end_q  <= (end_q > 17'(Lanes)) ? end_q - 17'(Lanes) : 17'd0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) residual_o <= residual_i;
  end

  logic [4:0] part_mask;  // parts of a beat - 1
  assign part_mask = 5'(Lanes >> load_log2_i) - 5'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) part_o <= 1'b0;
    else part_o <= part_i;
  end

  always_ff @(posedge clk_i) begin : take_apart
    logic       ours;
    logic [4:0] part_of;
    if (part_i) begin
      beat_end_o <= beat_end_i;
      data_o     <= data_i;
      for (int unsigned w = 0; w < Lanes; w++) begin
        ours        = 4'(w) >= skip_q && 17'(w) < end_q;
        part_of     = strided_i ? 5'(w) & part_mask : 5'(w) >> load_log2_i;
        inside_o[w] <= ours;
        now_o[w]    <= ours && part_of == sub_i;
      end
    end
  end

endmodule : swp_load_words

`default_nettype wire
