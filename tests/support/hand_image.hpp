// SPDX-License-Identifier: Apache-2.0
#pragma once

// A chain of convolution layers written into an accelerator image field by field, straight from
// docs/formats.md, for tests of the golden model that must not lean on the compiler. It uses the
// simplest schedule: one image per step, strips of a given number of sub-tile rows, one or several
// weight chunks. Parts of beats are as long as the layer says or, if words of one would share a
// bank, shorter.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
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
  void put(index_t value, int n) { put(static_cast<std::uint64_t>(value), n); }
  void put_at(std::size_t at, std::uint64_t value, int n) {
    for (int i = 0; i < n; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i) & 0xff);
  }
};

/// What a step costs, for the closed form.
struct hand_step {
  std::vector<index_t> pass_uops;  // one per pass, in order
  index_t weight_cycles = 0;       // of its requests up to the weights
  index_t act_cycles = 0;          // of its fetch list, planes and residual
  bool wait_stored = false, wait_but_last = false, residual = false;
};

/// A map in the activation region, planar.
struct hand_map {
  index_t offset = 0, group_stride = 0, image_stride = 0, bytes = 0;
};

/// What a layer became.
struct hand_placed {
  hand_map in, res, out;
  index_t pass_interval = 0, write_slots = 0;
  bool fits = true;  // the array's buffers
  std::vector<hand_step> steps;
};

struct hand_image {
  std::vector<std::uint8_t> image;  // descriptors from 0 on
  index_t act_bytes = 0;
  std::vector<hand_placed> layers;

  bool fits() const {
    return std::all_of(layers.begin(), layers.end(), [](const hand_placed& l) { return l.fits; });
  }
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

/// Appends one layer to an image and fills its descriptor.
class hand_layer_writer {
 public:
  /// `previous`: the layer whose output is this one's input, or null. `act_bytes` grows.
  hand_layer_writer(const hand_layer& layer, const swprune::hw::array_params& a, byte_writer& w,
                    const hand_placed* previous, index_t& act_bytes)
      : l_(layer),
        a_(a),
        seg_y_(layer.seg_y > 0 ? layer.seg_y : a.poy),
        seg_x_(layer.seg_x > 0 ? layer.seg_x : a.pox),
        w_(w),
        previous_(previous),
        act_bytes_(act_bytes),
        load_log2_(layer.load_log2),
        res_load_log2_(layer.residual.load_log2) {}

  hand_placed write(std::size_t descriptor_at) {
    // With Pof = 1 a row is one byte, and every byte of a word is written.
    groups_ = a_.pof == 1 ? (l_.out_channels + 3) / 4 * 4 : (l_.out_channels + a_.pof - 1) / a_.pof;
    place_maps();
    collect_slots();
    write_fetch_list();
    write_chunks();
    limit_parts();
    write_steps();
    write_descriptor(descriptor_at);
    need(std::ssize(slots_) * slot_words_ <= a_.act_depth);
    return out_;
  }

 private:
  static index_t up64(index_t v) { return (v + 63) / 64 * 64; }

  hand_map place(index_t channels, index_t height, index_t width) {
    hand_map m;
    m.offset = act_bytes_;
    m.group_stride = up64(4 * height * width);
    m.image_stride = (channels + 3) / 4 * m.group_stride;
    m.bytes = l_.images * m.image_stride;
    act_bytes_ += m.bytes + 64;  // a gap for a canary
    return m;
  }

  void place_maps() {
    out_.in = previous_ != nullptr ? previous_->out : place(l_.in_channels, l_.in_h, l_.in_w);
    if (l_.residual.on) out_.res = place(l_.out_channels, l_.res_h(), l_.res_w());
    out_.out = place(l_.out_channels, l_.out_h(), l_.out_w());
  }

  bool present(index_t row, index_t g) const {
    return row * a_.pof < l_.out_channels &&
           l_.live[static_cast<std::size_t>(row * l_.in_groups() + g)] != 0;
  }
  /// Channel words in front of output group `group`.
  index_t words_before(index_t group) const { return group * a_.pof / 4; }

  bool live(index_t row, index_t g) const { return !a_.skip || present(row, g); }
  bool has_residual(index_t group) const {
    return l_.residual.on && l_.residual.groups[static_cast<std::size_t>(group)] != 0;
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
    for (const index_t g : slots_) w_.put(g * out_.in.group_stride, 4);
    w_.align64();
  }

  struct chunk_place {
    index_t first = 0, rows = 0;
    std::uint32_t list = 0, params = 0, weights = 0;
    index_t list_bytes = 0, param_bytes = 0, weight_bytes = 0;
    std::vector<index_t> uops;  // per row
  };

  void write_chunks() {
    for (index_t first = 0; first < groups_;) {
      chunk_place c;
      c.first = first;
      // All rows of a chunk have a residual, or none has.
      for (c.rows = 1; c.rows < l_.chunk && first + c.rows < groups_; ++c.rows)
        if (has_residual(first + c.rows) != has_residual(first)) break;
      write_list(c);
      write_params(c);
      write_weights(c);
      check_chunk(c);
      chunks_.push_back(c);
      first += c.rows;
    }
  }

  void need(bool fits) { out_.fits = out_.fits && fits; }

  /// Lists, parameters and weights come in whole beats, of which nothing may run over.
  void check_chunk(const chunk_place& c) {
    need(!a_.skip || beats(c.list_bytes) * (a_.bus_bytes / 2) <= a_.list_depth);
    need(beats(c.param_bytes) * a_.bus_bytes <= 12 * a_.pof * a_.param_depth);
    need(beats(c.weight_bytes) * (a_.bus_bytes / a_.pof) <= a_.wgt_depth);
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
        for (const std::uint32_t e : entries) w_.put(std::uint64_t{e}, 2);
    }
    c.list_bytes = w_.position() - c.list;
    w_.align64();
  }

  void write_params(chunk_place& c) {
    c.params = w_.position();
    for (index_t f = c.first * a_.pof; f < (c.first + c.rows) * a_.pof; ++f) {
      const bool real = f < l_.out_channels;
      const auto i = static_cast<std::size_t>(f);
      w_.put(real ? index_t{l_.bias[i]} : 0, 4);
      w_.put(real ? index_t{l_.multiplier[i]} : 0, 2);
      w_.put(real ? index_t{l_.shift[i]} : 1, 1);
      w_.put(index_t{0}, 5);
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
    for (index_t lane = 0; lane < a_.pof; ++lane) {
      const index_t f = row * a_.pof + lane;
      const bool real = present(row, g) && f < l_.out_channels;
      w_.put(real ? index_t{l_.weight(f, 4 * g + ci, tap)} : 0, 1);
    }
  }

  index_t beats(index_t bytes) const { return (bytes + a_.bus_bytes - 1) / a_.bus_bytes; }

  /// One image's strip of output rows and what it needs.
  struct tile {
    index_t image = 0;
    index_t oy = 0, sub_rows = 1;  // first output row, sub-tile rows
    index_t first = 0, last = 1;   // input rows first .. last - 1
    index_t res_rows = 0;          // rows of the residual
  };
  tile tile_of(index_t image, index_t sub_row, index_t sub_rows) const {
    tile t{image, sub_row * seg_y_, sub_rows, 0, 1, 0};
    const index_t end = std::min(t.oy + sub_rows * seg_y_, l_.conv_h());
    t.first = std::clamp<index_t>(t.oy * l_.stride - l_.pad, 0, l_.in_h - 1);
    const index_t below = (end - 1) * l_.stride - l_.pad + l_.dilation * (l_.kernel_h - 1) + 1;
    t.last = std::clamp(below, t.first + 1, l_.in_h);
    t.res_rows = l_.residual.stride * (end - t.oy - 1) + 1;
    return t;
  }

  std::vector<tile> tiles() const {
    const index_t sub_rows = (l_.conv_h() + seg_y_ - 1) / seg_y_;
    std::vector<tile> all;
    for (index_t n = 0; n < l_.images; ++n)
      for (index_t s = 0; s < sub_rows; s += l_.strip)
        all.push_back(tile_of(n, s, std::min(l_.strip, sub_rows - s)));
    return all;
  }

  // --- parts of beats ---------------------------------------------------------------------------

  /// True if two words with the same place, not -1, lie in one part of a beat. `lead`: words of the
  /// first beat in front of the first one.
  bool share_a_place(const std::vector<index_t>& places, index_t lead, index_t log2,
                     bool strided) const {
    const index_t beat = a_.bus_bytes / 4;
    const index_t parts = beat >> log2;
    std::set<std::pair<index_t, index_t>> seen;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const index_t at = lead + static_cast<index_t>(i);
      const index_t part = at / beat * parts + (strided ? at % parts : at % beat >> log2);
      if (places[i] >= 0 && !seen.insert({part, places[i]}).second) return true;
    }
    return false;
  }
  /// Banks of a plane's words, inside its segment.
  std::vector<index_t> banks(const tile& t) const {
    std::vector<index_t> all;
    for (index_t y = t.first; y < t.last; ++y)
      for (index_t x = 0; x < l_.in_w; ++x) {
        const bool dropped = l_.phase_zero && (y % l_.stride != 0 || x % l_.stride != 0);
        const index_t row = y / l_.stride % seg_y_, column = x / l_.stride % seg_x_;
        all.push_back(dropped ? -1 : row * seg_x_ + column);
      }
    return all;
  }
  /// Lanes of a residual's words.
  std::vector<index_t> lanes(const tile& t) const {
    const index_t stride = l_.residual.stride;
    std::vector<index_t> all;
    for (index_t y = 0; y < t.res_rows; ++y)
      for (index_t x = 0; x < l_.res_w(); ++x) {
        const bool kept = y % stride == 0 && x % stride == 0 && x / stride < l_.conv_w();
        all.push_back(kept ? x / stride % seg_x_ % a_.chains : -1);
      }
    return all;
  }
  void limit_parts() {
    const index_t beat = a_.bus_bytes / 4;
    for (const tile& t : tiles()) {
      const auto at = banks(t);
      while (load_log2_ > 0 &&
             share_a_place(at, t.first * l_.in_w % beat, load_log2_, l_.load_strided))
        --load_log2_;
      if (!l_.residual.on) continue;
      const auto lane = lanes(t);
      while (
          res_load_log2_ > 0 &&
          share_a_place(lane, l_.residual.stride * t.oy * l_.res_w() % beat, res_load_log2_, false))
        --res_load_log2_;
    }
  }

  // --- steps ------------------------------------------------------------------------------------

  void write_steps() {
    byte_writer records;
    for (const chunk_place& c : chunks_)
      for (const tile& t : tiles()) write_step(records, c, t, t.image == 0 && t.oy == 0);
    w_.align64();
    steps_offset_ = w_.position();
    w_.bytes.insert(w_.bytes.end(), records.bytes.begin(), records.bytes.end());
  }

  void write_step(byte_writer& r, const chunk_place& c, const tile& t, bool new_weights) {
    const std::size_t start = r.bytes.size();
    const index_t sub_cols = (l_.conv_w() + seg_x_ - 1) / seg_x_;
    const index_t vbase = t.first / l_.stride / seg_y_;
    const index_t plane_words = (t.last - t.first) * l_.in_w;
    // Rows of bank_cols words: from vbase to the strip's last input row.
    const index_t bank_rows = ((t.last - 1) / l_.stride / seg_y_ - vbase + 1) * l_.stride;
    slot_words_ = std::max(slot_words_, bank_rows * bank_cols());
    hand_step cost;
    cost.residual = has_residual(c.first);
    set_waits(cost);
    r.put(std::uint64_t{2} | new_weights | cost.wait_stored << 2 | cost.wait_but_last << 3 |
              cost.residual << 4,
          4);
    r.put(c.rows, 2);
    r.put(t.sub_rows, 2);
    r.put(sub_cols, 2);
    r.put(std::uint64_t{slots_.size()}, 2);
    r.put(std::uint64_t{c.list}, 4);
    r.put(a_.skip ? beats(c.list_bytes) : 0, 2);
    r.put(beats(c.param_bytes), 2);
    r.put(beats(c.weight_bytes), 2);
    r.put(plane_words, 2);
    r.put(std::uint64_t{c.params}, 4);
    r.put(std::uint64_t{c.weights}, 4);
    r.put(std::uint64_t{fetch_offset_}, 4);
    r.put(out_.in.offset + t.image * out_.in.image_stride + 4 * t.first * l_.in_w, 4);
    r.put(cost.residual ? res_offset_of(c, t) : 0, 4);
    r.put(index_t{1}, 2);
    r.put(t.oy / seg_y_ - vbase, 2);
    r.put(cost.residual ? t.res_rows * l_.res_w() : 0, 2);
    r.put(t.oy, 2);
    r.put(out_.out.offset + t.image * out_.out.image_stride +
              words_before(c.first) * out_.out.group_stride +
              (l_.pool ? t.oy / 2 : t.oy) * 4 * l_.out_w(),
          4);
    r.put(slots_.empty() ? 0 : l_.group_channels(slots_.back()), 1);
    r.put(t.first / l_.stride % seg_y_ + t.first % l_.stride * 16, 1);
    r.put(c.first, 2);
    r.put(std::uint64_t{plain_crc(r.bytes.data() + start, 60)}, 4);
    for (const index_t uops : c.uops)
      cost.pass_uops.insert(cost.pass_uops.end(), static_cast<std::size_t>(t.sub_rows * sub_cols),
                            uops);
    note_weights(cost, c, new_weights);
    note_planes(cost, t, plane_words);
    if (cost.residual) note_residual(cost, c, t);
    need(!cost.residual || std::ssize(cost.pass_uops) <= a_.res_depth);
    out_.steps.push_back(cost);
  }

  /// The first step reads image 0 of the layer before: that layer's last step wrote another image,
  /// if it has several.
  void set_waits(hand_step& step) const {
    if (previous_ == nullptr || !out_.steps.empty() || slots_.empty()) return;
    step.wait_but_last = l_.images > 1;
    step.wait_stored = !step.wait_but_last;
  }

  /// First residual word of the chunk's first group.
  index_t res_offset_of(const chunk_place& c, const tile& t) const {
    return out_.res.offset + words_before(c.first) * out_.res.group_stride +
           t.image * out_.res.image_stride + l_.residual.stride * t.oy * l_.res_w() * 4;
  }

  index_t bank_cols() const {
    const index_t u = (l_.in_w + l_.stride - 1) / l_.stride;
    return (u + seg_x_ - 1) / seg_x_ * l_.stride;
  }

  // --- cycles of the requests -------------------------------------------------------------------

  static index_t request(index_t beats, index_t cpb) { return beats > 0 ? 2 + beats * cpb : 0; }

  void note_weights(hand_step& cost, const chunk_place& c, bool new_weights) const {
    const index_t b = a_.bus_bytes;
    cost.weight_cycles = 2 + 16 + 1;  // the record, a word a cycle, and its Check
    if (!new_weights) return;
    if (a_.skip) cost.weight_cycles += request(beats(c.list_bytes), b / 2);
    cost.weight_cycles += request(beats(c.param_bytes), b / 4) + request(beats(c.weight_bytes), 1);
  }
  /// A plane of `words` words from byte `offset` on.
  index_t plane_cycles(index_t offset, index_t words, index_t load_log2) const {
    return request(beats(offset % a_.bus_bytes + 4 * words), a_.bus_bytes / 4 >> load_log2);
  }
  void note_planes(hand_step& cost, const tile& t, index_t words) const {
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      if (static_cast<index_t>(s) % (a_.bus_bytes / 4) == 0) cost.act_cycles += request(1, 1);
      cost.act_cycles += plane_cycles(4 * t.first * l_.in_w, words, load_log2_);
    }
  }
  void note_residual(hand_step& cost, const chunk_place& c, const tile& t) const {
    const index_t first = words_before(c.first);
    const index_t end = std::min((l_.out_channels + 3) / 4, words_before(c.first + c.rows));
    cost.act_cycles +=
        (end - first) * plane_cycles(res_offset_of(c, t), t.res_rows * l_.res_w(), res_load_log2_);
  }

  // --- descriptor -------------------------------------------------------------------------------

  static index_t log2_of(index_t v) {
    index_t n = 0;
    while (index_t{1} << n < v) ++n;
    return n;
  }

  void write_descriptor(std::size_t start) {
    const index_t p = l_.pool ? 1 : 0;
    const auto at = [&](std::size_t offset, index_t value, int n) {
      w_.put_at(start + offset, static_cast<std::uint64_t>(value), n);
    };
    out_.write_slots =
        std::max<index_t>(1, a_.pof / 4) * (a_.poy >> p) * ((a_.pox >> p) >> l_.run_log2);
    out_.pass_interval = std::max(a_.poy * a_.pox / a_.chains, out_.write_slots);
    at(0, 0x4C505753, 4);
    at(4, 2, 2);
    at(6, 128, 2);
    at(8, a_.poy, 1);
    at(9, a_.pox, 1);
    at(10, a_.pof, 1);
    at(11, a_.bus_bytes, 1);
    at(12,
       l_.pool | l_.in_signed << 1 | l_.out_signed << 2 | a_.skip << 4 | l_.residual.on << 5 |
           (l_.residual.on && l_.residual.is_signed) << 6 | l_.load_strided << 7 |
           l_.phase_zero << 8,
       4);
    at(16, l_.kernel_h, 1);
    at(17, l_.kernel_w, 1);
    at(18, l_.stride, 1);
    at(19, l_.dilation, 1);
    at(20, log2_of(seg_y_), 1);
    at(21, log2_of(seg_x_), 1);
    at(22, load_log2_, 1);
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
    at(48, static_cast<index_t>(out_.steps.size()), 4);
    at(52, steps_offset_, 4);
    at(56, 4, 4);
    at(60, 4 * l_.out_w(), 4);
    at(64, out_.out.group_stride, 4);
    at(72, out_.in.image_stride, 4);
    at(76, out_.pass_interval, 2);
    if (l_.residual.on) {
      at(78, res_load_log2_, 1);
      at(79, l_.residual.stride, 1);
      at(80, out_.res.group_stride, 4);
      at(84, out_.res.image_stride, 4);
      at(88, l_.residual.zero, 2);
      at(90, l_.residual.multiplier, 2);
      at(92, l_.residual.shift, 1);
      at(94, l_.res_w(), 2);
    }
    at(96, l_.in_groups(), 2);
    at(100, l_.kernel() * l_.in_channels, 4);
    at(124, plain_crc(w_.bytes.data() + start, 124), 4);
  }

  const hand_layer& l_;
  swprune::hw::array_params a_;
  index_t seg_y_, seg_x_;
  byte_writer& w_;
  const hand_placed* previous_;
  index_t& act_bytes_;
  index_t load_log2_, res_load_log2_;
  hand_placed out_;
  index_t groups_ = 0, slot_words_ = 0;
  std::uint32_t fetch_offset_ = 0, steps_offset_ = 0;
  std::vector<index_t> slots_;
  std::vector<chunk_place> chunks_;
};

/// Writes a chain of layers, each on the output of the one before, for array `a`.
inline hand_image write_hand_image(const std::vector<hand_layer>& layers,
                                   const swprune::hw::array_params& a) {
  hand_image h;
  byte_writer w;
  w.bytes.assign(128 * layers.size(), 0);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const hand_placed* previous = i == 0 ? nullptr : &h.layers.back();
    hand_placed placed = hand_layer_writer(layers[i], a, w, previous, h.act_bytes).write(128 * i);
    h.layers.push_back(std::move(placed));
  }
  h.image = w.bytes;
  h.image.resize(h.image.size() + 64);  // the last beats of a list may reach further
  return h;
}

}  // namespace swprune_test
