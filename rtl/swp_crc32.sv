// SPDX-License-Identifier: Apache-2.0

// CRC-32 of zlib (reflected polynomial 0xEDB88320) over 32-bit words, bytes in memory order: one word
// a cycle. start_i begins a new one; crc_o is the CRC of the words so far, from the cycle after.

`default_nettype none

module swp_crc32 (
  input  logic        clk_i,
  input  logic        start_i,
  input  logic        we_i,
  input  logic [31:0] word_i,
  output logic [31:0] crc_o
);

  function automatic logic [31:0] step(input logic [31:0] word);
    step = word;
    for (int unsigned i = 0; i < 32; i++) begin
      step = {1'b0, step[31:1]} ^ (step[0] ? 32'hEDB8_8320 : 32'd0);
    end
  endfunction

  logic [31:0] state_q;

  always_ff @(posedge clk_i) begin
    if (start_i) state_q <= '1;
    else if (we_i) state_q <= step(state_q ^ word_i);
  end

  assign crc_o = ~state_q;

endmodule : swp_crc32

`default_nettype wire
