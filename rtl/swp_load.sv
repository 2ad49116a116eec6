// SPDX-License-Identifier: Apache-2.0

// Loader: fetches descriptors, step records, index lists, parameters, weights, activation planes
// and residual planes, one read request at a time.
//
// A job begins with go_layer_i (a layer's descriptor and first step) or go_step_i in a cycle with
// state Idle and is over when the state is Idle again. With a memory that never waits:
//
//   cycle   g      g+1    g+2    g+3 .. g+2+n         g+3+n
//   state   Idle   Next   Req    Data (n = beats*cpb)  Next or Idle
//
// Descriptors and step records are taken word by word, for their CRC; behind each comes one cycle of
// state Check. Before its planes and residual a step waits in
// state Hold, one cycle at least, if one of its flags says so: until what it reads is in memory
// (unstored_i), or until the residual that it replaces has been read (res_busy_i).
//
// A failed check or a beat with an error ends the job; error_o, detail_o and error_addr_o keep the
// first one until start_i. State Drain takes what is left of a request and drops it; stop_i leads to
// Idle, through Drain where a request has been offered.
//
// A beat is worked on for cpb cycles, part by part; rd_ready_o is high in the last of them. So the
// data must stay while rd_valid_i is high and rd_ready_o is low. A request of no beats is left out.
// Data leave at *_we_o in the cycle of their part; the words of planes go to swp_load_words.

`include "swp_assert.svh"
`default_nettype none

module swp_load #(
  parameter  int unsigned Poy      = 4,
  parameter  int unsigned Pox      = 8,
  parameter  int unsigned Pof      = 8,
  parameter  int unsigned Chains   = 2,
  parameter  int unsigned BusBytes = 32,
  parameter  int unsigned ResDepth = 64,
  parameter  bit          SkipEn   = 1'b1,
  parameter  bit          PoolEn   = 1'b1,
  localparam int unsigned Bw       = 8 * BusBytes,
  localparam int unsigned BusWords = BusBytes / 4,
  localparam int unsigned LayerBw  = 8 * 128,
  localparam int unsigned StepBw   = 8 * 64
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [       39:0] image_base_i,
  input  logic [       39:0] act_base_i,
  // controller
  input  logic               start_i,  // of a run
  input  logic               go_layer_i,
  input  logic               go_step_i,
  input  logic [       31:0] go_index_i,
  input  logic [       31:0] desc_addr_i,
  output logic               idle_o,
  input  logic               stop_i,
  output logic [        7:0] error_o,
  output logic [        7:0] detail_o,
  output logic [       39:0] error_addr_o,
  input  logic [       15:0] unstored_i,
  input  logic               res_busy_i,
  output logic [        2:0] state_o,
  output logic [        2:0] what_o,
  output logic [LayerBw-1:0] layer_o,
  output logic [ StepBw-1:0] step_o,
  // memory
  output logic               rd_req_valid_o,
  input  logic               rd_req_ready_i,
  output logic [       39:0] rd_req_addr_o,
  output logic [       15:0] rd_req_beats_o,
  input  logic               rd_valid_i,
  output logic               rd_ready_o,
  input  logic [     Bw-1:0] rd_data_i,
  input  logic [        1:0] rd_error_i,
  // buffers
  output logic               clear_o,      // with a job: list, parameter, weight addresses to 0
  output logic               list_we_o,
  output logic               param_we_o,
  output logic               weight_we_o,
  output logic [       15:0] list_data_o,
  output logic [       31:0] param_data_o,
  // planes of the input and of the residual
  output logic               plane_start_o,  // one cycle, before the first part of a plane
  output logic               plane_res_o,    // it is one of the residual
  output logic               plane_part_o,
  output logic [        4:0] plane_sub_o,
  output logic               plane_beat_end_o,
  output logic [        3:0] plane_lead_o,
  output logic [       15:0] plane_image_o,
  output logic [       31:0] plane_slot_base_o,
  output logic [       15:0] res_pass_o,     // passes of the step before the residual's row
  output logic [        1:0] res_c4_o
);

  localparam int unsigned LayerBeats = 128 / BusBytes;
  localparam int unsigned StepBeats  = 64 / BusBytes;
  localparam int unsigned ByteBits   = $clog2(BusBytes);
  localparam int unsigned WordBits   = $clog2(BusWords);
  localparam int unsigned Words      = (Pof > 4) ? Pof / 4 : 1;  // channel words of a row
  localparam int unsigned WordsLog2  = $clog2(Words);

  // What a request fetches; what_o.
  localparam logic [2:0] Layer   = 3'd0;
  localparam logic [2:0] Step    = 3'd1;
  localparam logic [2:0] List    = 3'd2;
  localparam logic [2:0] Params  = 3'd3;
  localparam logic [2:0] Weights = 3'd4;
  localparam logic [2:0] Fetch   = 3'd5;
  localparam logic [2:0] Plane   = 3'd6;
  localparam logic [2:0] Res     = 3'd7;

  logic [        2:0] state_q, after;
  logic [        2:0] what_q, what_next;
  logic [       31:0] index_q;
  logic [LayerBw-1:0] layer_q;
  logic [ StepBw-1:0] step_q;
  logic [     Bw-1:0] fetch_q;
  logic [       15:0] slot_q, image_q;
  logic [       31:0] image_off_q, slot_base_q;
  logic [       15:0] res_row_q, res_pass_q;
  logic [        1:0] res_c4_q;
  logic [       19:0] res_word_q;
  logic [       39:0] res_off_q, res_image_off_q;

  logic [       39:0] addr_q, addr;
  logic [       15:0] beats_q, beats;
  logic [        4:0] cpb_m1_q, cpb_m1;
  logic [        3:0] lead_q, lead;
  logic [        4:0] sub_q;
  logic [       15:0] beat_q;
  logic               go, part, part_end, taken, last_beat, req_end, advance;
  logic               record;  // a descriptor or step record
  logic               more, hold, hold_over;

  // --- record fields ----------------------------------------------------------------------------
  logic        new_weights, new_acts, wait_stored, wait_but_last, residual, interleaved;
  logic [15:0] list_beats, param_beats, weight_beats, slots, images, rows;
  logic [15:0] plane_words;
  logic [31:0] list_off, param_off, weight_off, fetch_off, act_off, res_off;
  logic [ 7:0] load_log2;

  assign new_weights  = step_q[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_NEW_WEIGHTS];
  assign new_acts     = step_q[swp_regs_pkg::STEP_FLAGS_BIT
                               + swp_regs_pkg::STEP_FLAG_NEW_ACTIVATIONS];
  assign wait_stored  = step_q[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_WAIT_STORED];
  assign wait_but_last = step_q[swp_regs_pkg::STEP_FLAGS_BIT
                                + swp_regs_pkg::STEP_FLAG_WAIT_BUT_LAST];
  assign residual     = step_q[swp_regs_pkg::STEP_FLAGS_BIT + swp_regs_pkg::STEP_FLAG_RESIDUAL];
  assign list_beats   = step_q[swp_regs_pkg::STEP_LIST_BEATS_BIT +: 16];
  assign param_beats  = step_q[swp_regs_pkg::STEP_PARAM_BEATS_BIT +: 16];
  assign weight_beats = step_q[swp_regs_pkg::STEP_WEIGHT_BEATS_BIT +: 16];
  assign slots        = step_q[swp_regs_pkg::STEP_SLOTS_BIT +: 16];
  assign images       = step_q[swp_regs_pkg::STEP_IMAGES_BIT +: 16];
  assign rows         = step_q[swp_regs_pkg::STEP_ROWS_BIT +: 16];
  assign list_off     = step_q[swp_regs_pkg::STEP_LIST_OFFSET_BIT +: 32];
  assign param_off    = step_q[swp_regs_pkg::STEP_PARAM_OFFSET_BIT +: 32];
  assign weight_off   = step_q[swp_regs_pkg::STEP_WEIGHT_OFFSET_BIT +: 32];
  assign fetch_off    = step_q[swp_regs_pkg::STEP_FETCH_OFFSET_BIT +: 32];
  assign act_off      = step_q[swp_regs_pkg::STEP_ACT_OFFSET_BIT +: 32];
  assign res_off      = step_q[swp_regs_pkg::STEP_RES_OFFSET_BIT +: 32];
  assign plane_words  = (what_q == Res) ? step_q[swp_regs_pkg::STEP_RES_WORDS_BIT +: 16]
                                        : step_q[swp_regs_pkg::STEP_PLANE_WORDS_BIT +: 16];
  assign load_log2    = (what_q == Res) ? layer_q[swp_regs_pkg::LAYER_RES_LOAD_LOG2_BIT +: 8]
                                        : layer_q[swp_regs_pkg::LAYER_LOAD_LOG2_BIT +: 8];
  assign interleaved  = layer_q[swp_regs_pkg::LAYER_FLAGS_BIT
                                + swp_regs_pkg::LAYER_FLAG_INPUT_INTERLEAVED];

  // --- the next request -------------------------------------------------------------------------
  logic image_follows, more_images, more_slots, next_fetch, more_words, next_row;
  assign image_follows = image_q + 16'd1 < images;
  assign more_images   = !interleaved && image_follows;
  assign more_slots    = slot_q + 16'd1 < slots;
  assign next_fetch    = &slot_q[WordBits-1:0];
  // Channel words of the residual: those of the rows, as far as the layer has them.
  assign next_row      = res_c4_q == 2'(Words - 1);
  assign more_words    = res_word_q + 20'd1 < {4'd0, layer_q[swp_regs_pkg::LAYER_OUT_GROUPS4_BIT +: 16]}
                      && (!next_row || res_row_q + 16'd1 < rows);

  always_comb begin
    more      = 1'b1;
    what_next = Fetch;
    if (what_q == Layer) begin
      what_next = Step;
    end else if (what_q == Fetch) begin
      what_next = Plane;
    end else if (what_q == Plane && (more_images || more_slots)) begin
      what_next = (!more_images && next_fetch) ? Fetch : Plane;
    end else if (what_q == Res) begin
      more      = image_follows || more_words;
      what_next = Res;
    end else if (what_q == Step && new_weights && list_beats != 16'd0) begin
      what_next = List;
    end else if ((what_q == Step || what_q == List) && new_weights && param_beats != 16'd0) begin
      what_next = Params;
    end else if ((what_q == Step || what_q == List || what_q == Params) && new_weights
                 && weight_beats != 16'd0) begin
      what_next = Weights;
    end else if (what_q == Plane || !new_acts || slots == 16'd0) begin
      more      = residual;
      what_next = Res;
    end
  end

  assign hold      = more && (wait_stored || wait_but_last || residual)
                  && (what_next == Fetch || what_next == Res) && what_q != Plane && what_q != Res;
  assign hold_over = !(wait_stored && unstored_i != 16'd0) && !(wait_but_last && unstored_i > 16'd1)
                  && !(residual && res_busy_i);

  // --- request formation, state Next ------------------------------------------------------------
  logic [39:0] base, plane_addr;
  logic [31:0] offset;
  logic [16:0] plane_last, plane_beats;

  always_comb begin
    base   = image_base_i;
    offset = 32'd0;
    beats  = 16'd1;
    cpb_m1 = 5'd0;
    unique case (what_q)
      Layer: begin
        offset = desc_addr_i;
        beats  = 16'(LayerBeats);
        cpb_m1 = 5'(BusWords - 1);
      end
      Step: begin
        offset = layer_q[swp_regs_pkg::LAYER_STEPS_OFFSET_BIT +: 32] + (index_q << 6);
        beats  = 16'(StepBeats);
        cpb_m1 = 5'(BusWords - 1);
      end
      List: begin
        offset = list_off;
        beats  = list_beats;
        cpb_m1 = 5'(BusBytes / 2 - 1);
      end
      Params: begin
        offset = param_off;
        beats  = param_beats;
        cpb_m1 = 5'(BusBytes / 4 - 1);
      end
      Weights: begin
        offset = weight_off;
        beats  = weight_beats;
      end
      Fetch: begin
        offset = fetch_off + {14'd0, slot_q, 2'd0};
      end
      Res: begin
        base   = act_base_i + res_off_q + res_image_off_q;
        offset = res_off;
        beats  = plane_beats[15:0];
        cpb_m1 = 5'((32'(BusWords) >> load_log2) - 32'd1);
      end
      default: begin  // Plane
        base   = act_base_i;
        offset = act_off + fetch_q[31:0] + image_off_q;
        beats  = plane_beats[15:0];
        cpb_m1 = 5'((32'(BusWords) >> load_log2) - 32'd1);
      end
    endcase
  end

  assign plane_addr  = base + {8'd0, offset};
  assign addr        = {plane_addr[39:ByteBits], ByteBits'(0)};
  assign lead        = 4'(plane_addr[ByteBits-1:2]);
  assign plane_last  = {1'b0, plane_words} + {13'd0, lead} + 17'(BusWords - 1);
  assign plane_beats = plane_last >> WordBits;

  // --- checks -----------------------------------------------------------------------------------
  logic [31:0] crc;
  logic [ 7:0] layer_error, layer_detail, step_error, step_detail, check, check_detail;
  logic        last_word, first_step_q;

  assign record    = what_q == Layer || what_q == Step;
  assign last_word = part_end && last_beat;  // the record's own CRC

  swp_crc32 u_crc (
    .clk_i,
    .start_i(state_q == swp_regs_pkg::LOAD_REQ),
    .we_i   (part && record && !last_word),
    .word_i (rd_data_i[sub_q[WordBits-1:0]*32 +: 32]),
    .crc_o  (crc)
  );

  swp_layer_check #(
    .Poy     (Poy),
    .Pox     (Pox),
    .Pof     (Pof),
    .Chains  (Chains),
    .BusBytes(BusBytes),
    .ResDepth(ResDepth),
    .SkipEn  (SkipEn),
    .PoolEn  (PoolEn)
  ) u_layer_check (
    .en_i    (state_q == swp_regs_pkg::LOAD_CHECK && what_q == Layer),
    .layer_i (layer_q),
    .crc_ok_i(layer_q[swp_regs_pkg::LAYER_CRC_BIT +: 32] == crc),
    .error_o (layer_error),
    .detail_o(layer_detail)
  );

  swp_step_check u_step_check (
    .en_i            (state_q == swp_regs_pkg::LOAD_CHECK && what_q == Step),
    .step_i          (step_q),
    .crc_ok_i        (step_q[swp_regs_pkg::STEP_CRC_BIT +: 32] == crc),
    .first_i         (first_step_q),
    .layer_residual_i(layer_q[swp_regs_pkg::LAYER_FLAGS_BIT + swp_regs_pkg::LAYER_FLAG_RESIDUAL]),
    .error_o         (step_error),
    .detail_o        (step_detail)
  );

  assign check        = (what_q == Layer) ? layer_error : step_error;
  assign check_detail = (what_q == Layer) ? layer_detail : step_detail;

  // The first error of a run. AXI: 2 is SLVERR, 3 DECERR, lower ones are good.
  logic [ 7:0] error_q, detail_q;
  logic [39:0] error_addr_q;
  logic        bad_beat, bad_record;

  assign bad_beat   = taken && rd_error_i[1];
  assign bad_record = state_q == swp_regs_pkg::LOAD_CHECK
                   && check != swp_regs_pkg::RUN_ERROR_NONE;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      error_q <= swp_regs_pkg::RUN_ERROR_NONE;
    end else if (error_q == swp_regs_pkg::RUN_ERROR_NONE) begin
      if (bad_beat) begin
        error_q      <= rd_error_i[0] ? swp_regs_pkg::RUN_ERROR_READ_DECODE
                                      : swp_regs_pkg::RUN_ERROR_READ_SLAVE;
        detail_q     <= 8'd0;
        error_addr_q <= addr_q + ({24'd0, beat_q} << ByteBits);
      end else if (bad_record) begin
        error_q      <= check;
        detail_q     <= check_detail;
        error_addr_q <= addr_q;
      end
    end
  end

  // --- state ------------------------------------------------------------------------------------
  assign go        = go_layer_i || go_step_i;
  assign part      = state_q == swp_regs_pkg::LOAD_DATA && rd_valid_i;
  assign part_end  = sub_q == cpb_m1_q;
  assign taken     = rd_valid_i && rd_ready_o;
  assign last_beat = beat_q + 16'd1 == beats_q;
  assign req_end   = part && part_end && last_beat && !rd_error_i[1];
  assign advance   = (req_end && !record)
                  || (state_q == swp_regs_pkg::LOAD_CHECK && check == swp_regs_pkg::RUN_ERROR_NONE);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= swp_regs_pkg::LOAD_IDLE;
    end else begin
      unique case (state_q)
        swp_regs_pkg::LOAD_IDLE: if (go) state_q <= swp_regs_pkg::LOAD_NEXT;
        swp_regs_pkg::LOAD_NEXT: begin
          state_q <= stop_i ? swp_regs_pkg::LOAD_IDLE : swp_regs_pkg::LOAD_REQ;
        end
        swp_regs_pkg::LOAD_REQ: begin
          if (rd_req_ready_i) begin
            state_q <= stop_i ? swp_regs_pkg::LOAD_DRAIN : swp_regs_pkg::LOAD_DATA;
          end
        end
        swp_regs_pkg::LOAD_HOLD: begin
          if (stop_i) state_q <= swp_regs_pkg::LOAD_IDLE;
          else if (hold_over) state_q <= swp_regs_pkg::LOAD_NEXT;
        end
        swp_regs_pkg::LOAD_CHECK: begin
          if (stop_i || bad_record) state_q <= swp_regs_pkg::LOAD_IDLE;
          else state_q <= after;
        end
        swp_regs_pkg::LOAD_DRAIN: if (taken && last_beat) state_q <= swp_regs_pkg::LOAD_IDLE;
        default: begin  // Data
          if (stop_i || bad_beat) begin
            state_q <= (taken && last_beat) ? swp_regs_pkg::LOAD_IDLE : swp_regs_pkg::LOAD_DRAIN;
          end else if (req_end) begin
            state_q <= record ? swp_regs_pkg::LOAD_CHECK : after;
          end
        end
      endcase
    end
  end

  // Behind a request or its check.
  always_comb begin
    if (hold) after = swp_regs_pkg::LOAD_HOLD;
    else if (more) after = swp_regs_pkg::LOAD_NEXT;
    else after = swp_regs_pkg::LOAD_IDLE;
  end

  always_ff @(posedge clk_i) begin
    if (go) begin
      what_q       <= go_layer_i ? Layer : Step;
      index_q      <= go_layer_i ? 32'd0 : go_index_i;
      first_step_q <= go_layer_i;
    end else if (advance) begin
      what_q <= what_next;
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == swp_regs_pkg::LOAD_NEXT) begin
      addr_q   <= addr;
      beats_q  <= beats;
      cpb_m1_q <= cpb_m1;
      lead_q   <= lead;
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == swp_regs_pkg::LOAD_REQ) begin
      sub_q  <= 5'd0;
      beat_q <= 16'd0;
    end else begin
      if (part) sub_q <= part_end ? 5'd0 : sub_q + 5'd1;
      if (taken) beat_q <= beat_q + 16'd1;
    end
  end

  // Place in the sequence of planes: slots, and the images of a slot.
  always_ff @(posedge clk_i) begin
    if (go) begin
      slot_q      <= 16'd0;
      image_q     <= 16'd0;
      image_off_q <= 32'd0;
      slot_base_q <= 32'd0;
    end else if (req_end && what_q == Plane) begin
      if (more_images) begin
        image_q     <= image_q + 16'd1;
        image_off_q <= image_off_q + layer_q[swp_regs_pkg::LAYER_IN_IMAGE_STRIDE_BIT +: 32];
      end else begin
        slot_q      <= slot_q + 16'd1;
        image_q     <= 16'd0;
        image_off_q <= 32'd0;
        slot_base_q <= slot_base_q + {16'd0, layer_q[swp_regs_pkg::LAYER_SLOT_WORDS_BIT +: 16]};
      end
    end else if (req_end && what_q == Res) begin
      image_q <= image_follows ? image_q + 16'd1 : 16'd0;
    end
  end

  // Place in the sequence of residual planes: rows, channel words, images.
  logic [15:0] row_passes;
  assign row_passes = step_q[swp_regs_pkg::STEP_SUB_ROWS_BIT +: 16]
                    * step_q[swp_regs_pkg::STEP_SUB_COLS_BIT +: 16];

  always_ff @(posedge clk_i) begin
    if (go) begin
      res_row_q       <= 16'd0;
      res_c4_q        <= 2'd0;
      res_pass_q      <= 16'd0;
      res_off_q       <= 40'd0;
      res_image_off_q <= 40'd0;
    end else if (hold && advance) begin
      res_word_q <= {4'd0, step_q[swp_regs_pkg::STEP_OG_FIRST_BIT +: 16]} << WordsLog2;
    end else if (req_end && what_q == Res) begin
      if (image_follows) begin
        res_image_off_q <= res_image_off_q
                         + {8'd0, layer_q[swp_regs_pkg::LAYER_RES_IMAGE_STRIDE_BIT +: 32]};
      end else begin
        res_image_off_q <= 40'd0;
        res_off_q       <= res_off_q
                         + {8'd0, layer_q[swp_regs_pkg::LAYER_RES_GROUP_STRIDE_BIT +: 32]};
        res_word_q      <= res_word_q + 20'd1;
        res_c4_q        <= next_row ? 2'd0 : res_c4_q + 2'd1;
        if (next_row) begin
          res_row_q  <= res_row_q + 16'd1;
          res_pass_q <= res_pass_q + row_passes;
        end
      end
    end
  end

  // --- records and fetch list -------------------------------------------------------------------
  for (genvar i = 0; i < LayerBeats; i++) begin : gen_layer
    always_ff @(posedge clk_i) begin
      if (part && part_end && what_q == Layer && beat_q[3:0] == 4'(i)) begin
        layer_q[i*Bw +: Bw] <= rd_data_i;
      end
    end
  end

  for (genvar i = 0; i < StepBeats; i++) begin : gen_step
    always_ff @(posedge clk_i) begin
      if (part && part_end && what_q == Step && beat_q[2:0] == 3'(i)) begin
        step_q[i*Bw +: Bw] <= rd_data_i;
      end
    end
  end

  // The entry of the slot that comes next is kept in the lowest word.
  always_ff @(posedge clk_i) begin
    if (part && what_q == Fetch) begin
      fetch_q <= rd_data_i;
    end else if (req_end && what_q == Plane && !more_images) begin
      fetch_q <= fetch_q >> 32;
    end
  end

  // --- outputs ----------------------------------------------------------------------------------
  assign idle_o            = state_q == swp_regs_pkg::LOAD_IDLE;
  assign state_o           = state_q;
  assign layer_o           = layer_q;
  assign step_o            = step_q;
  assign rd_req_valid_o    = state_q == swp_regs_pkg::LOAD_REQ;
  assign rd_req_addr_o     = rd_req_valid_o ? addr_q : 40'd0;
  assign rd_req_beats_o    = rd_req_valid_o ? beats_q : 16'd0;
  assign rd_ready_o        = (state_q == swp_regs_pkg::LOAD_DATA && part_end)
                          || state_q == swp_regs_pkg::LOAD_DRAIN;
  assign clear_o           = go;
  assign error_o           = error_q;
  assign detail_o          = detail_q;
  assign error_addr_o      = error_addr_q;
  assign what_o            = what_q;
  assign list_we_o         = part && what_q == List;
  assign param_we_o        = part && what_q == Params;
  assign weight_we_o       = part && what_q == Weights;
  assign list_data_o       = rd_data_i[sub_q[WordBits:0]*16 +: 16];
  assign param_data_o      = rd_data_i[sub_q[WordBits-1:0]*32 +: 32];
  assign plane_start_o     = state_q == swp_regs_pkg::LOAD_REQ && (what_q == Plane || what_q == Res);
  assign plane_res_o       = what_q == Res;
  assign plane_part_o      = part && (what_q == Plane || what_q == Res);
  assign plane_sub_o       = sub_q;
  assign plane_beat_end_o  = part_end;
  assign plane_lead_o      = lead_q;
  assign plane_image_o     = image_q;
  assign plane_slot_base_o = slot_base_q;
  assign res_pass_o        = res_pass_q;
  assign res_c4_o          = res_c4_q;

  logic unused_load;
  assign unused_load = &{1'b0, plane_beats[16], plane_addr[1:0]};

  `SWP_ASSERT(RequestHasBeats, !rd_req_valid_o || rd_req_beats_o != 16'd0)
  `SWP_ASSERT(RequestAligned, rd_req_addr_o[ByteBits-1:0] == ByteBits'(0))
  `SWP_STABLE(RequestStable, rd_req_valid_o, rd_req_ready_i, {rd_req_addr_o, rd_req_beats_o})

endmodule : swp_load

`default_nettype wire
