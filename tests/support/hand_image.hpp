// SPDX-License-Identifier: Apache-2.0
#pragma once

// One convolution layer written into an accelerator image field by field, straight from
// docs/formats.md, for tests of the golden model that must not lean on the compiler. It uses the
// simplest schedule: one image per step, strips of a given number of sub-tile rows, one or several
// weight chunks. Words of a part may share a bank: the golden model takes them nevertheless.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "tests/support/hand_layer.hpp"

namespace swprune_test {

/// Bytes of an image under construction.
class byte_writer {
 public:
  std::vector<std::uint8_t> bytes;

  void align64() {
    while (bytes.size() % 64 != 0) bytes.push_back(0);
  }
  std::uint32_t position() const { return static_cast<std::uint32_t>(bytes.size()); }
  void put(std::uint64_t value, int n) {
    for (int i = 0; i < n; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xff));
  }
  void put_at(std::size_t at, std::uint64_t value, int n) {
    for (int i = 0; i < n; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i) & 0xff);
  }
};

/// What a step costs, for the closed form.
struct hand_step {
  std::vector<index_t> pass_uops;  // one per pass, in order
  index_t load_cycles = 0;         // of its requests up to the weights
  index_t act_cycles = 0;          // of its fetch list, planes and residual
  bool residual = false;
  index_t weight_bytes = 0;
};

struct hand_image {
  std::vector<std::uint8_t> image;  // descriptor at 0
  index_t in_bytes = 0, out_offset = 0, act_bytes = 0;
  index_t res_bytes = 0, res_offset = 0, res_group_stride = 0, res_image_stride = 0;
  index_t in_group_stride = 0, in_image_stride = 0, out_group_stride = 0, out_image_stride = 0;
  index_t pass_interval = 0, write_slots = 0;
  bool last_slot_writes = false;  // something of the very last write slot is written
  std::vector<hand_step> steps;
};

/// CRC-32 as zlib has it, bit by bit.
inline std::uint32_t plain_crc(const std::uint8_t* p, std::size_t n) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < n; ++i) {
    crc ^= p[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

/// Writes the image of one layer for array `a`.
class hand_writer {
 public:
  hand_writer(const hand_layer& layer, const swprune::hw::array_params& a)
      : l_(layer),
        a_(a),
        seg_y_(layer.seg_y > 0 ? layer.seg_y : a.poy),
        seg_x_(layer.seg_x > 0 ? layer.seg_x : a.pox) {}

  hand_image write() {
    groups_ = (l_.out_channels + a_.pof - 1) / a_.pof;
    place_maps();
    collect_slots();
    w_.bytes.assign(128, 0);
    write_fetch_list();
    write_chunks();
    write_steps();
    write_descriptor();
    out_.image = w_.bytes;
    out_.image.resize(out_.image.size() + 64);  // the last beats of a list may reach further
    return out_;
  }

 private:
  static index_t up64(index_t v) { return (v + 63) / 64 * 64; }

  void place_maps() {
    out_.in_group_stride = up64(4 * l_.in_h * l_.in_w);
    out_.in_image_stride = l_.in_groups() * out_.in_group_stride;
    out_.in_bytes = l_.images * out_.in_image_stride;
    out_.res_offset = out_.in_bytes;
    if (l_.residual.on) {
      out_.res_group_stride = up64(4 * l_.res_h() * l_.res_w());
      out_.res_image_stride = (l_.out_channels + 3) / 4 * out_.res_group_stride;
      out_.res_bytes = l_.images * out_.res_image_stride;
    }
    out_.out_offset = out_.res_offset + out_.res_bytes + 64;  // a gap for a canary
    out_.out_group_stride = up64(4 * l_.out_h() * l_.out_w());
    out_.out_image_stride = (l_.out_channels + 3) / 4 * out_.out_group_stride;
    out_.act_bytes = out_.out_offset + l_.images * out_.out_image_stride + 64;
  }

  bool live(index_t row, index_t g) const {
    return !a_.skip || l_.live[static_cast<std::size_t>(row * l_.in_groups() + g)] != 0;
  }

  void collect_slots() {
    for (index_t g = 0; g < l_.in_groups(); ++g) {
      bool used = false;
      for (index_t row = 0; row < groups_; ++row) used = used || live(row, g);
      if (used) slots_.push_back(g);
    }
  }

  void write_fetch_list() {
    w_.align64();
    fetch_offset_ = w_.position();
    for (const index_t g : slots_) w_.put(static_cast<std::uint64_t>(g * out_.in_group_stride), 4);
    w_.align64();
  }

  struct chunk_place {
    index_t first, rows;
    std::uint32_t list, params, weights;
    index_t list_bytes, param_bytes, weight_bytes;
    std::vector<index_t> uops;  // per row
  };

  void write_chunks() {
    for (index_t first = 0, rows = 0; first < groups_; first += rows) {
      // All rows of a chunk have a residual, or none has.
      for (rows = 1; rows < l_.chunk && first + rows < groups_; ++rows)
        if (has_residual(first + rows) != has_residual(first)) break;
      chunk_place c{first, rows, 0, 0, 0, 0, 0, 0, {}};
      write_list(c);
      write_params(c);
      write_weights(c);
      chunks_.push_back(c);
    }
  }

  bool has_residual(index_t group) const {
    return l_.residual.on && l_.residual.groups[static_cast<std::size_t>(group)] != 0;
  }

  void write_list(chunk_place& c) {
    c.list = w_.position();
    for (index_t row = c.first; row < c.first + c.rows; ++row) {
      std::vector<std::uint32_t> entries;
      index_t uops = 0;
      for (std::size_t s = 0; s < slots_.size(); ++s)
        if (live(row, slots_[s])) {
          const index_t channels = l_.group_channels(slots_[s]);
          entries.push_back(static_cast<std::uint32_t>(s) | static_cast<std::uint32_t>(channels - 1)
                                                                << 12);
          uops += channels * l_.kernel();
        }
      if (entries.empty()) entries.push_back(1u << 14);
      entries.back() |= 1u << 15;
      c.uops.push_back(std::max<index_t>(uops, 1));
      if (a_.skip)
        for (const std::uint32_t e : entries) w_.put(e, 2);
    }
    c.list_bytes = w_.position() - c.list;
    w_.align64();
  }

  void write_params(chunk_place& c) {
    c.params = w_.position();
    for (index_t f = c.first * a_.pof; f < (c.first + c.rows) * a_.pof; ++f) {
      const bool real = f < l_.out_channels;
      const auto i = static_cast<std::size_t>(f);
      w_.put(real ? static_cast<std::uint32_t>(l_.bias[i]) : 0, 4);
      w_.put(real ? static_cast<std::uint16_t>(l_.multiplier[i]) : 0, 2);
      w_.put(real ? l_.shift[i] : 1, 1);
      w_.put(0, 5);
    }
    c.param_bytes = w_.position() - c.params;
    w_.align64();
  }

  void write_weights(chunk_place& c) {
    c.weights = w_.position();
    for (index_t row = c.first; row < c.first + c.rows; ++row)
      for (const index_t g : slots_)
        if (live(row, g))
          for (index_t ci = 0; ci < l_.group_channels(g); ++ci)
            for (index_t tap = 0; tap < l_.kernel(); ++tap) write_weight_word(row, g, ci, tap);
    c.weight_bytes = w_.position() - c.weights;
    w_.align64();
  }

  void write_weight_word(index_t row, index_t g, index_t ci, index_t tap) {
    const bool present = l_.live[static_cast<std::size_t>(row * l_.in_groups() + g)] != 0;
    for (index_t lane = 0; lane < a_.pof; ++lane) {
      const index_t f = row * a_.pof + lane;
      const bool real = present && f < l_.out_channels;
      w_.put(real ? static_cast<std::uint8_t>(l_.weight(f, 4 * g + ci, tap)) : 0, 1);
    }
  }

  index_t beats(index_t bytes) const { return (bytes + a_.bus_bytes - 1) / a_.bus_bytes; }

  /// First and one past the last input row that output rows [oy, oy + rows) need.
  std::pair<index_t, index_t> input_rows(index_t oy, index_t rows) const {
    const index_t first = std::clamp<index_t>(oy * l_.stride - l_.pad, 0, l_.in_h - 1);
    const index_t last = std::min(l_.in_h, (std::min(oy + rows, l_.conv_h()) - 1) * l_.stride -
                                               l_.pad + l_.dilation * (l_.kernel_h - 1) + 1);
    return {first, std::max(last, first + 1)};
  }

  void write_steps() {
    const index_t sub_rows = (l_.conv_h() + seg_y_ - 1) / seg_y_;
    std::vector<std::vector<std::uint8_t>> records;
    for (const chunk_place& c : chunks_)
      for (index_t n = 0; n < l_.images; ++n)
        for (index_t s = 0; s < sub_rows; s += l_.strip)
          records.push_back(step_record(c, n, s, std::min(l_.strip, sub_rows - s)));
    steps_offset_ = w_.position();
    for (const auto& r : records) w_.bytes.insert(w_.bytes.end(), r.begin(), r.end());
    step_count_ = static_cast<index_t>(records.size());
  }

  std::vector<std::uint8_t> step_record(const chunk_place& c, index_t n, index_t s, index_t rows) {
    const bool new_weights = n == 0 && s == 0;
    const index_t oy = s * seg_y_;
    const auto [first, last] = input_rows(oy, rows * seg_y_);
    const index_t sub_cols = (l_.conv_w() + seg_x_ - 1) / seg_x_;
    const index_t vbase = first / l_.stride / seg_y_;
    const index_t plane_words = (last - first) * l_.in_w;
    // Rows of bank_cols words: from vbase to the strip's last input row.
    const index_t bank_rows = ((last - 1) / l_.stride / seg_y_ - vbase + 1) * l_.stride;
    slot_words_ = std::max(slot_words_, bank_rows * bank_cols());
    byte_writer r;
    const bool residual = has_residual(c.first);
    r.put((new_weights ? 3u : 2u) | (residual ? 16u : 0u), 4);
    r.put(static_cast<std::uint64_t>(c.rows), 2);
    r.put(static_cast<std::uint64_t>(rows), 2);
    r.put(static_cast<std::uint64_t>(sub_cols), 2);
    r.put(slots_.size(), 2);
    r.put(c.list, 4);
    r.put(static_cast<std::uint64_t>(a_.skip ? beats(c.list_bytes) : 0), 2);
    r.put(static_cast<std::uint64_t>(beats(c.param_bytes)), 2);
    r.put(static_cast<std::uint64_t>(beats(c.weight_bytes)), 2);
    r.put(static_cast<std::uint64_t>(plane_words), 2);
    r.put(c.params, 4);
    r.put(c.weights, 4);
    r.put(fetch_offset_, 4);
    r.put(static_cast<std::uint64_t>(n * out_.in_image_stride + 4 * first * l_.in_w), 4);
    const index_t res_rows =
        l_.residual.stride * (std::min(rows * seg_y_, l_.conv_h() - oy) - 1) + 1;
    r.put(residual ? static_cast<std::uint64_t>(res_offset_of(c.first, n, oy)) : 0, 4);
    r.put(1, 2);
    r.put(static_cast<std::uint64_t>(oy / seg_y_ - vbase), 2);
    r.put(residual ? static_cast<std::uint64_t>(res_rows * l_.res_w()) : 0, 2);
    r.put(static_cast<std::uint64_t>(oy), 2);
    const index_t p = l_.pool ? 1 : 0;
    r.put(static_cast<std::uint64_t>(out_.out_offset + n * out_.out_image_stride +
                                     c.first * (a_.pof / 4) * out_.out_group_stride +
                                     (oy >> p) * 4 * l_.out_w()),
          4);
    r.put(static_cast<std::uint64_t>(slots_.empty() ? 0 : l_.group_channels(slots_.back())), 1);
    r.put(static_cast<std::uint64_t>(first / l_.stride % seg_y_ + first % l_.stride * 16), 1);
    r.put(static_cast<std::uint64_t>(c.first), 2);
    r.put(plain_crc(r.bytes.data(), 60), 4);
    note_costs(c, new_weights, rows * sub_cols, first, plane_words);
    if (residual) note_residual(c, n, oy, res_rows);
    return r.bytes;
  }

  /// First residual word of output group `group`, image n, output row oy.
  index_t res_offset_of(index_t group, index_t n, index_t oy) const {
    return out_.res_offset + group * (a_.pof / 4) * out_.res_group_stride +
           n * out_.res_image_stride + l_.residual.stride * oy * l_.res_w() * 4;
  }

  void note_residual(const chunk_place& c, index_t n, index_t oy, index_t rows) {
    hand_step& cost = out_.steps.back();
    cost.residual = true;
    const index_t b = a_.bus_bytes;
    const index_t lead = res_offset_of(c.first, n, oy) % b / 4;
    const index_t beats_of_plane = (lead + rows * l_.res_w() + b / 4 - 1) / (b / 4);
    const index_t words = std::min((l_.out_channels + 3) / 4, (c.first + c.rows) * (a_.pof / 4)) -
                          c.first * (a_.pof / 4);
    cost.act_cycles += words * (2 + beats_of_plane * (b / 4 >> l_.residual.load_log2));
  }

  index_t bank_cols() const {
    const index_t u = (l_.in_w + l_.stride - 1) / l_.stride;
    return (u + seg_x_ - 1) / seg_x_ * l_.stride;
  }

  void note_costs(const chunk_place& c, bool new_weights, index_t sub_tiles, index_t y_first,
                  index_t plane_words) {
    hand_step cost;
    for (const index_t uops : c.uops)
      cost.pass_uops.insert(cost.pass_uops.end(), static_cast<std::size_t>(sub_tiles), uops);
    const index_t b = a_.bus_bytes;
    cost.load_cycles = 2 + std::max<index_t>(64 / b, 1);
    const auto request = [&](index_t n, index_t cpb) {
      if (n > 0) cost.load_cycles += 2 + n * cpb;
    };
    const auto act_request = [&](index_t n, index_t cpb) { cost.act_cycles += 2 + n * cpb; };
    if (new_weights) {
      request(a_.skip ? beats(c.list_bytes) : 0, b / 2);
      request(beats(c.param_bytes), b / 4);
      request(beats(c.weight_bytes), 1);
      cost.weight_bytes = c.weight_bytes;
    }
    const index_t lead = 4 * y_first * l_.in_w % b / 4;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      if (static_cast<index_t>(s) % (b / 4) == 0) act_request(1, 1);
      act_request((lead + plane_words + b / 4 - 1) / (b / 4), b / 4 >> l_.load_log2);
    }
    out_.steps.push_back(cost);
  }

  /// True when the last `run` (pooled) coordinates of the array reach into the output map.
  bool corner(index_t size, index_t array, index_t run) const {
    const index_t p = l_.pool ? 1 : 0;
    const index_t origin = (size - 1) / array * array >> p;
    return origin + (array >> p) - run < size >> p;
  }

  static std::uint64_t log2_of(index_t v) {
    std::uint64_t n = 0;
    while (index_t{1} << n < v) ++n;
    return n;
  }

  void write_descriptor() {
    const index_t p = l_.pool ? 1 : 0;
    const auto at = [&](std::size_t offset, index_t value, int n) {
      w_.put_at(offset, static_cast<std::uint64_t>(value), n);
    };
    out_.write_slots = a_.pof / 4 * (a_.poy >> p) * ((a_.pox >> p) >> l_.run_log2);
    // The last slot holds the last run of the array's last row, last channel word of the last row.
    // With several segments it belongs to an image that does not exist.
    out_.last_slot_writes = seg_y_ == a_.poy && seg_x_ == a_.pox &&
                            corner(l_.conv_h(), a_.poy, 1) &&
                            corner(l_.conv_w(), a_.pox, index_t{1} << l_.run_log2) &&
                            (l_.out_channels + 3) / 4 == groups_ * (a_.pof / 4);
    out_.pass_interval = std::max(a_.poy * a_.pox / a_.chains, out_.write_slots);
    at(0, 0x4C505753, 4);
    at(4, 2, 2);
    at(6, 128, 2);
    at(8, a_.poy, 1);
    at(9, a_.pox, 1);
    at(10, a_.pof, 1);
    at(11, a_.bus_bytes, 1);
    at(12,
       l_.pool | l_.in_signed << 1 | l_.out_signed << 2 | a_.skip << 4 | l_.load_strided << 7 |
           l_.phase_zero << 8 | l_.residual.on << 5 |
           (l_.residual.on && l_.residual.is_signed) << 6,
       4);
    at(16, l_.kernel_h, 1);
    at(17, l_.kernel_w, 1);
    at(18, l_.stride, 1);
    at(19, l_.dilation, 1);
    at(20, static_cast<index_t>(log2_of(seg_y_)), 1);
    at(21, static_cast<index_t>(log2_of(seg_x_)), 1);
    at(22, l_.load_log2, 1);
    at(23, l_.run_log2, 1);
    at(24, l_.zero_in, 2);
    at(26, l_.zero_out, 2);
    at(28, l_.clamp_lo, 2);
    at(30, l_.clamp_hi, 2);
    at(32, l_.in_h, 2);
    at(34, l_.in_w, 2);
    at(36, l_.conv_h(), 2);
    at(38, l_.conv_w(), 2);
    at(40, l_.pad, 1);
    at(42, (l_.out_channels + 3) / 4, 2);
    at(44, bank_cols(), 2);
    at(46, slot_words_, 2);
    at(48, step_count_, 4);
    at(52, steps_offset_, 4);
    at(56, 4, 4);
    at(60, 4 * l_.out_w(), 4);
    at(64, out_.out_group_stride, 4);
    at(68, 0, 4);
    at(72, out_.in_image_stride, 4);
    at(76, out_.pass_interval, 2);
    if (l_.residual.on) {
      at(78, l_.residual.load_log2, 1);
      at(79, l_.residual.stride, 1);
      at(80, out_.res_group_stride, 4);
      at(84, out_.res_image_stride, 4);
      at(88, l_.residual.zero, 2);
      at(90, l_.residual.multiplier, 2);
      at(92, l_.residual.shift, 1);
      at(94, l_.res_w(), 2);
    }
    at(124, plain_crc(w_.bytes.data(), 124), 4);
  }

  const hand_layer& l_;
  swprune::hw::array_params a_;
  index_t seg_y_, seg_x_;
  hand_image out_;
  byte_writer w_;
  index_t groups_ = 0, slot_words_ = 0, step_count_ = 0;
  std::uint32_t fetch_offset_ = 0, steps_offset_ = 0;
  std::vector<index_t> slots_;
  std::vector<chunk_place> chunks_;
};

/// Cycle in which the loader is idle again when a step's job begins in g: accelerator-v2.md section
/// 5.5. `last`: the latest retire before g.
inline index_t hand_loaded(const hand_step& s, index_t g, index_t last, index_t drain_cycles) {
  if (!s.residual) return g + 1 + s.load_cycles + s.act_cycles;
  const index_t hold = g + 1 + s.load_cycles;
  return std::max(hold, last + drain_cycles + 1) + 1 + s.act_cycles;
}

/// docs/accelerator.md section 9 for one layer: cycles with busy_o on an ideal memory.
inline index_t hand_cycles(const hand_image& h, const swprune::hw::array_params& a) {
  // Start is taken in cycle 0. DescGo, descriptor, DescWait, FillGo, step 0, FillWait, then StepGo.
  const index_t d = a.poy * a.pox / a.chains;
  index_t e = -1'000'000'000;
  const index_t fill_go = 1 + (2 + 128 / a.bus_bytes) + 1 + 1;
  index_t g = hand_loaded(h.steps.front(), fill_go, e, d) + 1;
  index_t flush = 0;
  for (std::size_t s = 0; s < h.steps.size(); ++s) {
    index_t n = g + 5;
    const index_t before = e;
    for (const index_t p : h.steps[s].pass_uops) {
      n = std::max(n + p, e + h.pass_interval);
      e = n;
    }
    if (s + 1 < h.steps.size())
      g = std::max(e + 1, hand_loaded(h.steps[s + 1], g, before, d)) + 1;
    else
      flush = std::max(e + 2, g + 2);
  }
  // filled is seen at e + D + 4; the slots follow; W1 shows the last one in the cycle behind.
  const index_t after_slots = e + d + 4 + h.write_slots;
  const index_t idle = after_slots + (h.last_slot_writes ? 1 : 0);
  const index_t done = std::max(flush, idle) + 1;
  return done;  // busy in cycles 1 .. done
}

}  // namespace swprune_test
