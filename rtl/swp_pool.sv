// SPDX-License-Identifier: Apache-2.0

// Between requantisation and output buffer: passes pixel groups on, or takes the maximum of each
// 2x2 window first.
//
// Group t holds the pixels t * Chains .. of the array, row-major. With pooling the maxima of
// horizontal pairs of an even row are kept in a line; those of the odd row below are compared with
// them and leave. With one chain the pixels of a pair come one after the other. No latency: what
// leaves leaves in the cycle of valid_i. row_o is the row and we_o the columns written.

`default_nettype none

module swp_pool #(
  parameter  int unsigned Poy     = 4,
  parameter  int unsigned Pox     = 8,
  parameter  int unsigned Pof     = 8,
  parameter  int unsigned Chains  = 2,
  parameter  bit          PoolEn  = 1'b1,
  localparam int unsigned Cycles  = Poy * Pox / Chains,
  localparam int unsigned Tw      = (Cycles > 1) ? $clog2(Cycles) : 1,
  localparam int unsigned RowBits = (Poy > 1) ? $clog2(Poy) : 1,
  localparam int unsigned PixelW  = 8 * Pof
) (
  input  logic                     clk_i,
  input  logic                     pool_i,
  input  logic                     signed_i,
  input  logic                     valid_i,
  input  logic [           Tw-1:0] group_i,
  input  logic [Chains*PixelW-1:0] bytes_i,
  output logic [          Pox-1:0] we_o,
  output logic [      RowBits-1:0] row_o,
  output logic [   Pox*PixelW-1:0] data_o
);

  localparam int unsigned Groups    = Pox / Chains;  // groups of a row
  localparam int unsigned GroupBits = $clog2(Groups);

  logic [8:0] row, group;  // of the array; group inside the row
  assign row   = 9'(group_i) >> GroupBits;
  assign group = 9'(group_i) & 9'(Groups - 1);

  // Without pooling: column x comes from lane x mod Chains.
  logic [Pox-1:0] plain_we;
  for (genvar x = 0; x < Pox; x++) begin : gen_plain
    assign plain_we[x] = valid_i && group == 9'(x / Chains);
  end

  if (PoolEn) begin : gen_pool
    localparam int unsigned Pairs = (Chains > 1) ? Chains / 2 : 1;

    logic [Pairs*PixelW-1:0] across;  // maxima of the horizontal pairs of this group
    logic                    pair;    // the group completes its pairs
    logic                    pooled;  // there is a group, and it is pooled
    assign pooled = valid_i && pool_i;

    if (Chains > 1) begin : gen_together
      for (genvar i = 0; i < Pairs; i++) begin : gen_pair
        swp_max #(
          .Bytes(Pof)
        ) u_max (
          .en_i    (pooled),
          .signed_i,
          .a_i     (bytes_i[(2*i)*PixelW +: PixelW]),
          .b_i     (bytes_i[(2*i+1)*PixelW +: PixelW]),
          .max_o   (across[i*PixelW +: PixelW])
        );
      end
      assign pair = valid_i;
    end else begin : gen_apart
      logic [PixelW-1:0] left_q;
      always_ff @(posedge clk_i) begin
        if (valid_i && !group[0]) left_q <= bytes_i;
      end
      swp_max #(
        .Bytes(Pof)
      ) u_max (
        .en_i    (pooled),
        .signed_i,
        .a_i     (left_q),
        .b_i     (bytes_i),
        .max_o   (across)
      );
      assign pair = valid_i && group[0];
    end

    for (genvar x = 0; x < Pox; x++) begin : gen_col
      if (x < Pox / 2) begin : gen_pooled
        logic [PixelW-1:0] here, line_q, down;
        logic              hit;
        assign here = across[(x%Pairs)*PixelW +: PixelW];
        assign hit  = pair && ((Chains > 1) ? group == 9'(x / Pairs)
                                            : (group >> 1) == 9'(x));
        always_ff @(posedge clk_i) begin
          if (pool_i && hit && !row[0]) line_q <= here;
        end
        swp_max #(
          .Bytes(Pof)
        ) u_max (
          .en_i    (pooled),
          .signed_i,
          .a_i     (line_q),
          .b_i     (here),
          .max_o   (down)
        );
        assign we_o[x] = pool_i ? (hit && row[0]) : plain_we[x];
        assign data_o[x*PixelW +: PixelW] =
            pool_i ? down : bytes_i[(x%Chains)*PixelW +: PixelW];
      end else begin : gen_unpooled
        assign we_o[x] = !pool_i && plain_we[x];
        assign data_o[x*PixelW +: PixelW] = bytes_i[(x%Chains)*PixelW +: PixelW];
      end
    end

    assign row_o = pool_i ? RowBits'(row >> 1) : RowBits'(row);
  end else begin : gen_no_pool
    for (genvar x = 0; x < Pox; x++) begin : gen_col
      assign data_o[x*PixelW +: PixelW] = bytes_i[(x%Chains)*PixelW +: PixelW];
    end
    assign we_o  = plain_we;
    assign row_o = RowBits'(row);

    logic unused_pool;
    assign unused_pool = &{1'b0, clk_i, pool_i, signed_i};
  end

  if (Poy * Pox < 512) begin : gen_unused
    logic unused_row;
    assign unused_row = &{1'b0, row[8:RowBits]};
  end

endmodule : swp_pool

`default_nettype wire
