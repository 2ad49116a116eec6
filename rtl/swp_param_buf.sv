// SPDX-License-Identifier: Apache-2.0

// Parameter buffer: bias, multiplier and shift of the Pof channels of each output group, two
// halves.
//
// Write: the parameter stream word by word, three words a channel, Pof channels a group; wclear_i
// begins a stream. Words beyond the last group that fits (padding of the last beat) are dropped.
// Read: re_i and row_i in cycle t, the whole group from t + 1 until the next read.

`default_nettype none

module swp_param_buf #(
  parameter  int unsigned Pof        = 8,
  parameter  int unsigned ParamDepth = 128,
  localparam int unsigned Rw         = $clog2(ParamDepth)
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              half_i,
  input  logic              wclear_i,
  input  logic              we_i,
  input  logic [      31:0] data_i,
  input  logic              re_i,
  input  logic [    Rw-1:0] row_i,
  output logic [Pof*32-1:0] bias_o,
  output logic [Pof*16-1:0] mult_o,
  output logic [ Pof*6-1:0] shift_o
);

  localparam int unsigned ChBits = (Pof > 1) ? $clog2(Pof) : 1;

  logic [       1:0] word_q;
  logic [ChBits-1:0] ch_q;
  logic [      Rw:0] group_q;  // the top bit: behind the last group
  logic              room;

  assign room = !group_q[Rw];

  always_ff @(posedge clk_i) begin
    if (wclear_i) begin
      word_q  <= 2'd0;
      ch_q    <= '0;
      group_q <= '0;
    end else if (we_i) begin
      word_q <= (word_q == 2'd2) ? 2'd0 : word_q + 2'd1;
      if (word_q == 2'd2) begin
        ch_q <= (ch_q == ChBits'(Pof - 1)) ? '0 : ch_q + ChBits'(1);
        if (ch_q == ChBits'(Pof - 1) && room) group_q <= group_q + (Rw + 1)'(1);
      end
    end
  end

  // Which memory a word goes to.
  logic [Pof-1:0] we_bias, we_scale;

  always_comb begin
    we_bias  = '0;
    we_scale = '0;
    if (we_i && room) begin
      we_bias[ch_q]  = word_q == 2'd0;
      we_scale[ch_q] = word_q == 2'd1;
    end
  end

  for (genvar f = 0; f < Pof; f++) begin : gen_ch
    swp_ram_1r1w #(
      .Width(32),
      .Depth(2 * ParamDepth)
    ) u_bias (
      .clk_i,
      .rst_ni,
      .we_i   (we_bias[f]),
      .waddr_i({!half_i, group_q[Rw-1:0]}),
      .wdata_i(data_i),
      .re_i,
      .raddr_i({half_i, row_i}),
      .rdata_o(bias_o[f*32 +: 32])
    );

    swp_ram_1r1w #(
      .Width(22),
      .Depth(2 * ParamDepth)
    ) u_scale (
      .clk_i,
      .rst_ni,
      .we_i   (we_scale[f]),
      .waddr_i({!half_i, group_q[Rw-1:0]}),
      .wdata_i(data_i[21:0]),
      .re_i,
      .raddr_i({half_i, row_i}),
      .rdata_o({shift_o[f*6 +: 6], mult_o[f*16 +: 16]})
    );
  end

  logic unused_bits;
  assign unused_bits = &{1'b0, data_i[31:22]};

endmodule : swp_param_buf

`default_nettype wire
