// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/registers.hpp"

// One small layer, its numbers, what it must give by plain loops, and its image written byte by
// byte from docs/formats.md and docs/accelerator.md, without the compiler; for tests of the RTL
// by itself.

namespace swprune_test {

using namespace swprune;  // NOLINT: the tests' own namespace
namespace regs = swprune::hw::regs;
using bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t image_base = 0x12'3456'7000, act_base = 0x0'0000'0040;
constexpr index_t guard = 256;  // bytes on both sides of the output that must not change

/// One convolution on one image: a single chunk, one step a strip.
struct tiny_layer {
  index_t in_c = 6, in_h = 5, in_w = 6, out_c = 8;
  index_t kernel = 3, stride = 1, dilation = 1, pad = 1;
  index_t layers = 1;  // the same one so many times
  int wait = 0;        // flags of the first step of the second one and those behind it
  index_t strip = 0;   // sub-tile rows of a step; 0: all in one
  index_t load_log2 = 0;
  bool load_strided = false, phase_zero = false;
  bool pool = false, in_signed = false, out_signed = false;
  index_t res_stride = 0, res_load_log2 = 0;  // 0: no residual
  bool res_signed = false;
  unsigned res_steps = ~0u;            // bit s: step s adds it
  std::vector<std::vector<int>> live;  // per output group the input groups that are there

  [[nodiscard]] index_t reach() const { return dilation * (kernel - 1); }
  [[nodiscard]] index_t conv_h() const { return (in_h + 2 * pad - reach() - 1) / stride + 1; }
  [[nodiscard]] index_t conv_w() const { return (in_w + 2 * pad - reach() - 1) / stride + 1; }
  [[nodiscard]] index_t out_h() const { return conv_h() >> (pool ? 1 : 0); }
  [[nodiscard]] index_t out_w() const { return conv_w() >> (pool ? 1 : 0); }
  [[nodiscard]] index_t res_h() const { return res_stride * (conv_h() - 1) + 1; }
  [[nodiscard]] index_t res_w() const { return res_stride * (conv_w() - 1) + 1; }
  [[nodiscard]] bool step_has_residual(index_t step) const {
    return res_stride != 0 && (res_steps >> step & 1) != 0;
  }
  [[nodiscard]] index_t in_groups() const { return ceil_div(in_c, 4); }
};

/// Its numbers.
struct tiny_data {
  std::vector<int> input;    // [c][y][x]
  std::vector<int> weights;  // [o][c][ky][kx]
  std::vector<int> bias, multiplier, shift;
  std::vector<int> residual;  // [o][y][x]
  int res_zero = -7, res_multiplier = 13000, res_shift = 14;
  int zero_in = 3, zero_out = -5, clamp_lo = 0, clamp_hi = 255;
};

inline tiny_data random_numbers(const tiny_layer& l, const hw::array_params& a,
                                std::uint64_t seed) {
  rng r = rng{seed}.stream("rtl_smoke");
  const auto between = [&](index_t lo, index_t hi) {
    return static_cast<int>(lo +
                            static_cast<index_t>(r.below(static_cast<std::uint64_t>(hi - lo + 1))));
  };
  tiny_data d;
  for (index_t i = 0; i < l.in_c * l.in_h * l.in_w; ++i)
    d.input.push_back(l.in_signed ? between(-128, 127) : between(0, 255));
  for (index_t o = 0; o < l.out_c; ++o)
    for (index_t c = 0; c < l.in_c; ++c) {
      const auto& row = l.live[static_cast<std::size_t>(o / a.pof)];
      const bool there = std::count(row.begin(), row.end(), static_cast<int>(c / 4)) != 0;
      for (index_t k = 0; k < l.kernel * l.kernel; ++k)
        d.weights.push_back(there ? between(-128, 127) : 0);
    }
  for (index_t o = 0; o < l.out_c; ++o) {
    d.bias.push_back(between(-20000, 20000));
    d.multiplier.push_back(between(1, 32767));
    d.shift.push_back(between(20, 24));
  }
  for (index_t i = 0; l.res_stride != 0 && i < l.out_c * l.res_h() * l.res_w(); ++i)
    d.residual.push_back(l.res_signed ? between(-128, 127) : between(0, 255));
  if (l.out_signed) {
    d.clamp_lo = -128;
    d.clamp_hi = 127;
  }
  return d;
}

/// What the layer must give: [o][y][x], by plain loops over docs/formats.md section 7.
inline std::vector<int> expected_output(const tiny_layer& l, const tiny_data& d,
                                        const hw::array_params& a) {
  const auto residual = [&](index_t o, index_t oy, index_t ox) -> std::int64_t {
    if (!l.step_has_residual(l.strip == 0 ? 0 : oy / a.poy / l.strip)) return 0;
    const index_t at = (o * l.res_h() + l.res_stride * oy) * l.res_w() + l.res_stride * ox;
    const std::int64_t v = d.residual[static_cast<std::size_t>(at)] - d.res_zero;
    return (v * d.res_multiplier + (std::int64_t{1} << (d.res_shift - 1))) >> d.res_shift;
  };
  const auto conv = [&](index_t o, index_t oy, index_t ox) {
    std::int64_t acc = d.bias[static_cast<std::size_t>(o)];
    for (index_t c = 0; c < l.in_c; ++c)
      for (index_t ky = 0; ky < l.kernel; ++ky)
        for (index_t kx = 0; kx < l.kernel; ++kx) {
          const index_t y = oy * l.stride + l.dilation * ky - l.pad;
          const index_t x = ox * l.stride + l.dilation * kx - l.pad;
          const bool inside = y >= 0 && y < l.in_h && x >= 0 && x < l.in_w;
          const int v =
              inside ? d.input[static_cast<std::size_t>((c * l.in_h + y) * l.in_w + x)] : d.zero_in;
          acc += std::int64_t{v} * d.weights[static_cast<std::size_t>(
                                       ((o * l.in_c + c) * l.kernel + ky) * l.kernel + kx)];
        }
    const int shift = d.shift[static_cast<std::size_t>(o)];
    const std::int64_t scaled = acc * d.multiplier[static_cast<std::size_t>(o)];
    const std::int64_t r = (scaled + (std::int64_t{1} << (shift - 1))) >> shift;
    return static_cast<int>(
        std::clamp<std::int64_t>(r + residual(o, oy, ox) + d.zero_out, d.clamp_lo, d.clamp_hi));
  };
  std::vector<int> out;
  for (index_t o = 0; o < l.out_c; ++o)
    for (index_t y = 0; y < l.out_h(); ++y)
      for (index_t x = 0; x < l.out_w(); ++x) {
        int v = conv(o, l.pool ? 2 * y : y, l.pool ? 2 * x : x);
        for (index_t i = 1; l.pool && i < 4; ++i)
          v = std::max(v, conv(o, 2 * y + i / 2, 2 * x + i % 2));
        out.push_back(v);
      }
  return out;
}

inline void put(bytes& to, index_t at, regs::byte_field f, std::int64_t value) {
  for (unsigned i = 0; i < f.bytes; ++i)
    to[static_cast<std::size_t>(at) + f.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// Puts the CRC of a record of `size` bytes into its last four.
inline void seal(bytes& image, index_t at, index_t size) {
  const auto crc = crc32(0, image.data() + at, static_cast<uInt>(size - 4));
  put(image, at + size - 4, {0, 4}, static_cast<std::int64_t>(crc));
}

inline index_t append(bytes& to, const bytes& part) {
  const index_t at = round_up(static_cast<index_t>(to.size()), 64);
  to.resize(static_cast<std::size_t>(at));
  to.insert(to.end(), part.begin(), part.end());
  to.resize(static_cast<std::size_t>(round_up(static_cast<index_t>(to.size()), 64)));
  return at;
}

inline index_t log2_of(index_t v) {
  index_t n = 0;
  while ((index_t{1} << n) < v) ++n;
  return n;
}

/// Both memory regions and what the run must cost.
struct tiny_image {
  bytes image, acts;
  index_t out_offset = 0, plane = 0, passes = 0, uops = 0, blocks = 0, cycles = 0;
};

/// The image of one layer, from docs/formats.md sections 2 to 8.
class tiny_writer {
 public:
  tiny_writer(const tiny_layer& l, const tiny_data& d, const hw::array_params& a)
      : l_(l), d_(d), a_(a) {}

  tiny_image write() {
    in_plane_ = round_up(4 * l_.in_h * l_.in_w, 64);
    write_activations();
    sub_cols_ = ceil_div(l_.conv_w(), a_.pox);
    bank_cols_ = ceil_div(ceil_div(l_.in_w, l_.stride), a_.pox) * l_.stride;
    cut_strips();
    const auto steps = static_cast<index_t>(strips_.size());
    out_.image.resize(static_cast<std::size_t>(l_.layers * (128 + 64 * steps)));
    const bytes list = index_list(), params = parameters(), weights = weight_bytes();
    const index_t list_at = append(out_.image, list);
    const index_t params_at = append(out_.image, params);
    const index_t weights_at = append(out_.image, weights);
    bytes fetch(static_cast<std::size_t>(4 * l_.in_groups()));
    for (index_t g = 0; g < l_.in_groups(); ++g) put(fetch, 4 * g, {0, 4}, g * in_plane_);
    const index_t fetch_at = append(out_.image, fetch);
    const auto beats = [&](const bytes& b) {
      return ceil_div(static_cast<index_t>(b.size()), a_.bus_bytes);
    };
    list_beats_ = beats(list);
    param_beats_ = beats(params);
    weight_beats_ = beats(weights);
    for (index_t layer = 0; layer < l_.layers; ++layer) {
      const index_t steps_at = 128 * l_.layers + 64 * steps * layer;
      write_descriptor(128 * layer, steps_at);
      for (index_t i = 0; i < steps; ++i)
        write_step(steps_at + 64 * i, strips_[static_cast<std::size_t>(i)],
                   layer != 0 && i == 0 ? l_.wait : 0, list_at, params_at, weights_at, fetch_at);
    }
    out_.cycles = closed_form();
    return out_;
  }

 private:
  /// A step: output rows from oy_first on, input rows y_first .. y_last.
  struct strip {
    index_t sub_rows, oy_first, oy_last, y_first, y_last;
    bool residual;
  };

  void cut_strips() {
    const index_t all = ceil_div(l_.conv_h(), a_.poy), most = l_.strip == 0 ? all : l_.strip;
    for (index_t sub = 0; sub < all; sub += most) {
      const index_t rows = std::min(most, all - sub), oy = sub * a_.poy;
      const index_t oy_last = std::min(oy + rows * a_.poy, l_.conv_h()) - 1;
      const strip s{.sub_rows = rows,
                    .oy_first = oy,
                    .oy_last = oy_last,
                    .y_first = std::max<index_t>(0, l_.stride * oy - l_.pad),
                    .y_last = std::min(l_.in_h - 1, l_.stride * oy_last + l_.reach() - l_.pad),
                    .residual = l_.step_has_residual(static_cast<index_t>(strips_.size()))};
      strips_.push_back(s);
      const index_t lines = s.y_last / l_.stride / a_.poy - s.y_first / l_.stride / a_.poy + 1;
      slot_words_ = std::max(slot_words_, lines * l_.stride * bank_cols_);
    }
  }

  void write_activations() {
    bytes& m = out_.acts;
    m.assign(static_cast<std::size_t>(l_.in_groups() * in_plane_), 0xA5);
    for (index_t c = 0; c < l_.in_c; ++c)
      for (index_t i = 0; i < l_.in_h * l_.in_w; ++i)
        m[static_cast<std::size_t>(c / 4 * in_plane_ + 4 * i + c % 4)] = static_cast<std::uint8_t>(
            d_.input[static_cast<std::size_t>(c * l_.in_h * l_.in_w + i)]);
    res_offset_ = static_cast<index_t>(m.size());
    if (l_.res_stride != 0) write_residual();
    out_.plane = round_up(4 * l_.out_h() * l_.out_w(), 64);
    m.resize(m.size() + static_cast<std::size_t>(guard), 0xC3);
    out_.out_offset = static_cast<index_t>(m.size());
    const index_t planes = ceil_div(l_.out_c, 4);
    m.resize(m.size() + static_cast<std::size_t>(planes * out_.plane + guard), 0xC3);
  }

  void write_residual() {
    const index_t pixels = l_.res_h() * l_.res_w();
    bytes& m = out_.acts;
    res_plane_ = round_up(4 * pixels, 64);
    m.resize(m.size() + static_cast<std::size_t>(ceil_div(l_.out_c, 4) * res_plane_), 0xA5);
    for (index_t o = 0; o < l_.out_c; ++o)
      for (index_t i = 0; i < pixels; ++i)
        m[static_cast<std::size_t>(res_offset_ + o / 4 * res_plane_ + 4 * i + o % 4)] =
            static_cast<std::uint8_t>(d_.residual[static_cast<std::size_t>(o * pixels + i)]);
  }

  bytes index_list() {
    bytes b;
    for (const auto& row : l_.live) {
      for (std::size_t i = 0; i < row.size(); ++i)
        push_entry(b, row[i], channels(row[i]), false, i + 1 == row.size());
      if (row.empty()) push_entry(b, 0, 1, true, true);
    }
    return a_.skip ? b : bytes{};
  }

  [[nodiscard]] index_t channels(index_t group) const {
    return std::min<index_t>(4, l_.in_c - 4 * group);
  }

  static void push_entry(bytes& b, index_t slot, index_t channels, bool null, bool last) {
    const std::uint64_t e = regs::entry::slot.put(static_cast<std::uint64_t>(slot)) |
                            regs::entry::channels.put(static_cast<std::uint64_t>(channels - 1)) |
                            regs::entry::null.put(null) | regs::entry::last.put(last);
    b.push_back(static_cast<std::uint8_t>(e));
    b.push_back(static_cast<std::uint8_t>(e >> 8));
  }

  bytes parameters() {
    bytes b(l_.live.size() * static_cast<std::size_t>(a_.pof) * 12);
    for (index_t o = 0; o < static_cast<index_t>(l_.live.size()) * a_.pof; ++o) {
      const bool there = o < l_.out_c;
      const auto i = static_cast<std::size_t>(o);
      put(b, 12 * o, regs::param::bias, there ? d_.bias[i] : 0);
      put(b, 12 * o, regs::param::multiplier, there ? d_.multiplier[i] : 0);
      put(b, 12 * o, regs::param::shift, there ? d_.shift[i] : 1);
    }
    return b;
  }

  bytes weight_bytes() {
    bytes b;
    const index_t taps = l_.kernel * l_.kernel;
    for (std::size_t row = 0; row < l_.live.size(); ++row)
      for (index_t group = 0; group < l_.in_groups(); ++group) {
        const auto& live = l_.live[row];
        const bool there = std::count(live.begin(), live.end(), static_cast<int>(group)) != 0;
        if (a_.skip && !there) continue;
        for (index_t i = 0; i < channels(group) * taps; ++i)
          for (index_t f = 0; f < a_.pof; ++f) {
            const index_t o = static_cast<index_t>(row) * a_.pof + f;
            const index_t c = 4 * group + i / taps;
            const auto at = static_cast<std::size_t>((o * l_.in_c + c) * taps + i % taps);
            b.push_back(o < l_.out_c ? static_cast<std::uint8_t>(d_.weights[at]) : 0);
          }
      }
    return b;
  }

  [[nodiscard]] index_t write_slots() const {
    const index_t p = l_.pool ? 1 : 0;
    return std::max<index_t>(1, a_.pof / 4) * (a_.poy >> p);  // Run is a whole row
  }
  [[nodiscard]] index_t pass_interval() const { return std::max(a_.drain_cycles(), write_slots()); }

  void write_descriptor(index_t at, index_t steps_at) {
    bytes& m = out_.image;
    const auto field = [&](regs::byte_field f, index_t value) { put(m, at, f, value); };
    field(regs::layer::magic, regs::format::layer_magic);
    field(regs::layer::version, 2);
    field(regs::layer::bytes, 128);
    field(regs::layer::poy, a_.poy);
    field(regs::layer::pox, a_.pox);
    field(regs::layer::pof, a_.pof);
    field(regs::layer::bus_bytes, a_.bus_bytes);
    field(regs::layer::flags, (l_.pool ? 1 : 0) | (l_.in_signed ? 2 : 0) | (l_.out_signed ? 4 : 0) |
                                  (a_.skip ? 16 : 0) | (l_.load_strided ? 128 : 0) |
                                  (l_.phase_zero ? 256 : 0) | (l_.res_stride != 0 ? 32 : 0) |
                                  (l_.res_signed ? 64 : 0));
    if (l_.res_stride != 0) {
      field(regs::layer::res_load_log2, l_.res_load_log2);
      field(regs::layer::res_stride, l_.res_stride);
      field(regs::layer::res_group_stride, res_plane_);
      field(regs::layer::res_zero, d_.res_zero);
      field(regs::layer::res_multiplier, d_.res_multiplier);
      field(regs::layer::res_shift, d_.res_shift);
      field(regs::layer::res_w, l_.res_w());
    }
    field(regs::layer::kernel_h, l_.kernel);
    field(regs::layer::kernel_w, l_.kernel);
    field(regs::layer::stride, l_.stride);
    field(regs::layer::dilation, l_.dilation);
    field(regs::layer::seg_y_log2, log2_of(a_.poy));
    field(regs::layer::seg_x_log2, log2_of(a_.pox));
    field(regs::layer::load_log2, l_.load_log2);
    field(regs::layer::run_log2, log2_of(a_.pox) - (l_.pool ? 1 : 0));
    field(regs::layer::zero_in, d_.zero_in);
    field(regs::layer::zero_out, d_.zero_out);
    field(regs::layer::clamp_lo, d_.clamp_lo);
    field(regs::layer::clamp_hi, d_.clamp_hi);
    field(regs::layer::in_h, l_.in_h);
    field(regs::layer::in_w, l_.in_w);
    field(regs::layer::conv_h, l_.conv_h());
    field(regs::layer::conv_w, l_.conv_w());
    field(regs::layer::pad, l_.pad);
    field(regs::layer::out_groups4, ceil_div(l_.out_c, 4));
    field(regs::layer::bank_cols, bank_cols_);
    field(regs::layer::slot_words, slot_words_);
    field(regs::layer::step_count, static_cast<index_t>(strips_.size()));
    field(regs::layer::steps_offset, steps_at);
    field(regs::layer::out_px_stride, 4);
    field(regs::layer::out_row_stride, 4 * l_.out_w());
    field(regs::layer::out_group_stride, out_.plane);
    field(regs::layer::pass_interval, pass_interval());
    field(regs::layer::in_groups, l_.in_groups());
    field(regs::layer::row_uops, l_.kernel * l_.kernel * l_.in_c);
    seal(m, at, 128);
  }

  void write_step(index_t at, const strip& s, int wait, index_t list, index_t params,
                  index_t weights, index_t fetch) {
    const auto field = [&](regs::byte_field f, index_t value) { put(out_.image, at, f, value); };
    const index_t v = s.y_first / l_.stride;
    field(regs::step::flags, (s.residual ? 19 : 3) | wait);
    if (s.residual) {
      field(regs::step::res_offset, res_offset(s));
      field(regs::step::res_words, res_words(s));
    }
    field(regs::step::rows, static_cast<index_t>(l_.live.size()));
    field(regs::step::sub_rows, s.sub_rows);
    field(regs::step::sub_cols, sub_cols_);
    field(regs::step::slots, l_.in_groups());
    field(regs::step::list_offset, list);
    field(regs::step::list_beats, list_beats_);
    field(regs::step::param_beats, param_beats_);
    field(regs::step::weight_beats, weight_beats_);
    field(regs::step::param_offset, params);
    field(regs::step::weight_offset, weights);
    field(regs::step::fetch_offset, fetch);
    field(regs::step::act_offset, act_offset(s));
    field(regs::step::plane_words, plane_words(s));
    field(regs::step::images, 1);
    field(regs::step::row_idx0, s.oy_first / a_.poy - v / a_.poy);
    field(regs::step::y_start, v % a_.poy + 16 * (s.y_first % l_.stride));
    field(regs::step::oy_first, s.oy_first);
    field(regs::step::out_offset,
          out_.out_offset + 4 * l_.out_w() * (l_.pool ? s.oy_first / 2 : s.oy_first));
    field(regs::step::last_channels, channels(l_.in_groups() - 1));
    seal(out_.image, at, 64);
  }

  [[nodiscard]] index_t act_offset(const strip& s) const { return 4 * l_.in_w * s.y_first; }
  [[nodiscard]] index_t plane_words(const strip& s) const {
    return l_.in_w * (s.y_last - s.y_first + 1);
  }

  [[nodiscard]] index_t res_offset(const strip& s) const {
    return res_offset_ + 4 * l_.res_stride * s.oy_first * l_.res_w();
  }
  [[nodiscard]] index_t res_words(const strip& s) const {
    return l_.res_w() * (l_.res_stride * (s.oy_last - s.oy_first) + 1);
  }

  static index_t request(index_t beats, index_t cycles_per_beat) {
    return beats == 0 ? 0 : 2 + beats * cycles_per_beat;
  }
  /// Cycles of the request of a plane.
  [[nodiscard]] index_t plane_cycles(index_t offset, index_t count, index_t load_log2) const {
    const index_t words = a_.bus_words();
    const index_t lead = (static_cast<index_t>(act_base) + offset) % a_.bus_bytes / 4;
    return request(ceil_div(lead + count, words), words >> load_log2);
  }
  /// Cycles of a step's requests up to the weights.
  [[nodiscard]] index_t weight_cycles() const {
    return request(16, 1) + 1 + request(list_beats_, a_.bus_bytes / 2) +
           request(param_beats_, a_.bus_words()) + request(weight_beats_, 1);
  }
  /// Cycles of the others.
  [[nodiscard]] index_t tile_cycles(const strip& s) const {
    index_t load = 0;
    for (index_t j = 0; j < l_.in_groups(); ++j) {
      if (j % a_.bus_words() == 0) load += request(1, 1);
      load += plane_cycles(j * in_plane_ + act_offset(s), plane_words(s), l_.load_log2);
    }
    for (index_t j = 0; s.residual && j < ceil_div(l_.out_c, 4); ++j)
      load += plane_cycles(res_offset(s) + j * res_plane_, res_words(s), l_.res_load_log2);
    return load;
  }
  /// What the loader's waits hang on: of the step that is computed and of the one before it.
  struct progress {
    index_t retired_before = long_ago, stored_before = long_ago, stored = long_ago;
  };
  static constexpr index_t long_ago = -1'000'000;

  /// The cycle in which the loader is idle again that was sent in cycle `go`.
  [[nodiscard]] index_t loaded(const strip& s, index_t go, bool layer, int wait,
                               const progress& p) const {
    const index_t descriptor = layer ? request(32, 1) + 1 : 0;
    const index_t hold = go + 1 + descriptor + weight_cycles();
    if (!s.residual && wait == 0) return hold + tile_cycles(s);
    index_t over = hold;
    if (s.residual) over = std::max(over, p.retired_before + a_.drain_cycles() + 1);
    if (wait == 4) over = std::max(over, p.stored + 2);
    if (wait == 8) over = std::max(over, p.stored_before + 2);
    return over + 1 + tile_cycles(s);
  }

  /// Cycles of the whole run with an ideal memory: docs/accelerator.md section 11.
  index_t closed_form() {
    progress p;
    index_t step_go = loaded(strips_.front(), 1, true, 0, p) + 1, retired = long_ago;
    for (index_t layer = 0; layer < l_.layers; ++layer)
      for (std::size_t i = 0; i < strips_.size(); ++i) {
        p.retired_before = retired;
        p.stored_before = i == 0 ? long_ago : p.stored;
        retired = last_retire(strips_[i], step_go, retired);
        p.stored = retired + a_.drain_cycles() + write_slots() + 4;
        const bool last = i + 1 == strips_.size(), next_layer = layer + 1 < l_.layers;
        index_t end = retired + 1;
        if (!last) end = std::max(end, loaded(strips_[i + 1], step_go, false, 0, p));
        if (last && next_layer)
          end = std::max(end, loaded(strips_.front(), step_go, true, l_.wait, p));
        step_go = last ? std::max(end + 1, p.stored + 2) + 1 : end + 1;
      }
    return step_go;  // Done comes where another layer would begin
  }

  /// The cycle of the step's last retire; counts passes, micro-ops and blocks.
  index_t last_retire(const strip& s, index_t step_go, index_t retired) {
    index_t n = step_go + 5;
    for (const auto& row : l_.live) {
      index_t uops = 0, blocks = 0;
      for (index_t g = 0; g < l_.in_groups(); ++g)
        if (!a_.skip || std::count(row.begin(), row.end(), static_cast<int>(g)) != 0) {
          uops += channels(g) * l_.kernel * l_.kernel;
          ++blocks;
        }
      uops = std::max<index_t>(uops, 1);
      for (index_t i = 0; i < s.sub_rows * sub_cols_; ++i) {
        n = std::max(n + uops, retired + pass_interval());
        if (retires_.size() >= 4)  // the output buffer must be free again
          n = std::max(n, retires_[retires_.size() - 4] + a_.drain_cycles() + write_slots() + 4);
        retires_.push_back(n);
        retired = n;
        ++out_.passes;
        out_.uops += uops;
        out_.blocks += blocks;
      }
    }
    return retired;
  }

  const tiny_layer& l_;
  const tiny_data& d_;
  const hw::array_params& a_;
  tiny_image out_;
  index_t in_plane_ = 0, list_beats_ = 0, param_beats_ = 0, weight_beats_ = 0;
  index_t sub_cols_ = 0, bank_cols_ = 0, slot_words_ = 0, res_offset_ = 0, res_plane_ = 0;
  std::vector<strip> strips_;
  std::vector<index_t> retires_;
};

/// Output bytes of the region, channel by channel.
inline std::vector<int> read_output(const tiny_layer& l, const tiny_image& t, const bytes& acts) {
  std::vector<int> out;
  for (index_t o = 0; o < l.out_c; ++o)
    for (index_t i = 0; i < l.out_h() * l.out_w(); ++i) {
      const auto b = acts[static_cast<std::size_t>(t.out_offset + o / 4 * t.plane + 4 * i + o % 4)];
      out.push_back(l.out_signed ? static_cast<std::int8_t>(b) : b);
    }
  return out;
}

/// Bytes outside the output planes' pixels that changed.
inline index_t strays(const tiny_layer& l, const tiny_image& t, const bytes& before,
                      const bytes& after) {
  index_t n = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const index_t at = static_cast<index_t>(i) - t.out_offset;
    const bool pixel =
        at >= 0 && at / t.plane < ceil_div(l.out_c, 4) && at % t.plane < 4 * l.out_h() * l.out_w();
    n += !pixel && before[i] != after[i];
  }
  return n;
}

}  // namespace swprune_test
