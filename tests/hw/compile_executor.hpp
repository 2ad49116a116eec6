// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a compiled program as docs/formats.md says, bank by bank, without any notion of time. It
// reads the image's bytes through decode_image() and shares nothing with compiler and planner, so
// a wrong slot, bank, phase, strip or address shows as a wrong byte or as one of the errors below.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/quant/fixed_point.hpp"

namespace swprune_test {

using swprune::ceil_div;
using swprune::floor_div;
using swprune::floor_mod;
using swprune::index_t;

/// A broken rule of docs/formats.md.
struct rule_broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void rule(bool holds, const std::string& text) {
  if (!holds) throw rule_broken(text);
}

class image_executor {
 public:
  image_executor(const swprune::hw::program& p, std::vector<std::uint8_t> region)
      : p_(p), a_(p.array), region_(std::move(region)) {}

  /// Runs all layers; returns the activation region afterwards.
  const std::vector<std::uint8_t>& run() {
    for (const auto& layer : swprune::hw::decode_image(p_.image, p_.desc_offset, p_.layer_count)) {
      d_ = layer.descriptor;
      written_.clear();
      for (const auto& s : layer.steps) run_step(s);
      rule(written_.size() == 4 * expected_words(),
           fmt::format("layer {}: {} bytes written, {} words needed", number_, written_.size(),
                       expected_words()));
      ++number_;
    }
    return region_;
  }

 private:
  [[nodiscard]] index_t seg_y() const { return index_t{1} << d_.seg_y_log2; }
  [[nodiscard]] index_t seg_x() const { return index_t{1} << d_.seg_x_log2; }
  [[nodiscard]] index_t shrink() const { return d_.pool ? 2 : 1; }

  /// Words of the layer's output tensor.
  [[nodiscard]] std::size_t expected_words() const {
    return static_cast<std::size_t>(p_.images * d_.out_groups4 * (d_.conv_h / shrink()) *
                                    (d_.conv_w / shrink()));
  }

  void run_step(const swprune::hw::step_record& s) {
    if (s.new_activations) load_tile(s);
    if (s.residual) load_residual(s);
    if (s.new_weights) weights_from_ = s.weight_offset;
    rule(weights_from_ == s.weight_offset, "a step uses weights that were not loaded");
    index_t w = s.weight_offset;
    index_t row = 0;
    for (const auto& entries : swprune::hw::decode_rows(p_.image, d_, s)) {
      for (index_t sy = 0; sy < s.sub_rows; ++sy)
        for (index_t sx = 0; sx < s.sub_cols; ++sx) run_pass(s, row, entries, w, sy, sx);
      for (const auto& e : entries)
        if (!e.null) w += e.channels * d_.kernel_h * d_.kernel_w * a_.pof;
      ++row;
    }
    rule(w <= s.weight_offset + index_t{s.weight_beats} * a_.bus_bytes,
         "the rows use more weights than are loaded");
    rule(ceil_div(w - s.weight_offset, a_.bus_bytes) == s.weight_beats,
         "more weight beats than the rows use");
  }

  // --- section 6 ---------------------------------------------------------------------------------

  void load_tile(const swprune::hw::step_record& s) {
    banks_.assign(static_cast<std::size_t>(a_.pixels() * a_.act_depth), std::nullopt);
    rule(index_t{s.slots} * d_.slot_words <= a_.act_depth, "the slots do not fit the buffer");
    const auto planes = swprune::hw::decode_fetch_list(p_.image, s);
    rule(std::is_sorted(planes.begin(), planes.end()) &&
             std::adjacent_find(planes.begin(), planes.end()) == planes.end(),
         "the fetch list must ascend");
    const index_t images = d_.interleaved ? 1 : s.images;
    for (index_t slot = 0; slot < static_cast<index_t>(planes.size()); ++slot)
      for (index_t b = 0; b < images; ++b)
        load_plane(s, slot, b,
                   s.act_offset + planes[static_cast<std::size_t>(slot)] +
                       b * index_t{d_.in_image_stride});
  }

  void load_plane(const swprune::hw::step_record& s, index_t slot, index_t b, index_t address) {
    const index_t lead = address % a_.bus_bytes / 4;
    std::set<std::pair<index_t, index_t>> used;  // part, bank
    for (index_t i = 0; i < index_t{s.plane_words}; ++i) {
      if (is_dropped(s, i)) continue;
      const auto [bank, at] = d_.interleaved ? interleaved_place(slot, i) : place(s, slot, b, i);
      rule(used.emplace(part_of_word(lead + i, d_.load_log2, d_.load_strided), bank).second,
           "two words of a part share a bank");
      rule(at >= slot * d_.slot_words && at < (slot + 1) * d_.slot_words, "a word leaves its slot");
      auto& word = cell(bank, at);
      rule(!word.has_value(), "two words share a place");
      word = word_at(address + 4 * i);
    }
  }

  /// Number of the part (counted from the first beat) that word `i` behind a beat's start is in.
  [[nodiscard]] index_t part_of_word(index_t i, int log2_words, bool strided) const {
    const index_t words = index_t{1} << log2_words;
    const index_t parts = a_.bus_words() / words;
    const index_t in_beat = i % a_.bus_words();
    return i / a_.bus_words() * parts + (strided ? in_beat % parts : in_beat / words);
  }

  [[nodiscard]] bool is_dropped(const swprune::hw::step_record& s, index_t i) const {
    const index_t y = swprune::hw::first_input_row(d_, s) + i / d_.in_w;
    return d_.phase_zero && (y % d_.stride != 0 || i % d_.in_w % d_.stride != 0);
  }

  struct bank_place {
    index_t bank;
    index_t address;
  };
  [[nodiscard]] bank_place interleaved_place(index_t slot, index_t i) const {
    return {i % a_.pixels(), slot * d_.slot_words + i / a_.pixels()};
  }
  [[nodiscard]] bank_place place(const swprune::hw::step_record& s, index_t slot, index_t b,
                                 index_t i) const {
    const index_t y_first = swprune::hw::first_input_row(d_, s);
    const index_t y = y_first + i / d_.in_w;
    const index_t x = i % d_.in_w;
    const index_t v = y / d_.stride;
    const index_t u = x / d_.stride;
    const index_t vbase = y_first / d_.stride / seg_y();
    const index_t per_row = a_.pox / seg_x();
    const index_t bank =
        (seg_y() * (b / per_row) + v % seg_y()) * a_.pox + seg_x() * (b % per_row) + u % seg_x();
    return {bank, slot * d_.slot_words +
                      ((v / seg_y() - vbase) * d_.stride + y % d_.stride) * d_.bank_cols +
                      u / seg_x() * d_.stride + x % d_.stride};
  }

  [[nodiscard]] std::optional<std::uint32_t>& cell(index_t bank, index_t address) {
    return banks_[static_cast<std::size_t>(bank * a_.act_depth + address)];
  }
  [[nodiscard]] std::uint32_t word_at(index_t address) const {
    rule(address >= 0 && address + 4 <= static_cast<index_t>(region_.size()),
         "a plane leaves the activation region");
    std::uint32_t word = 0;
    for (index_t k = 0; k < 4; ++k)
      word |= std::uint32_t{region_[static_cast<std::size_t>(address + k)]} << (8 * k);
    return word;
  }

  // --- reading the banks, docs/accelerator.md section 4 ---------------------------------------

  struct tap {
    index_t q, phase, rotation;
  };
  [[nodiscard]] tap tap_of(index_t k, index_t seg) const {
    const index_t e = d_.dilation * k - d_.pad;
    const index_t q = floor_div(e, d_.stride);
    return {q, floor_mod(e, d_.stride), floor_mod(q, seg)};
  }

  [[nodiscard]] std::int32_t operand(const swprune::hw::step_record& s, index_t slot, index_t ci,
                                     index_t ky, index_t kx, index_t sy, index_t sx, index_t py,
                                     index_t px) {
    const index_t iy = py % seg_y();
    const index_t ix = px % seg_x();
    const index_t y = d_.stride * (s.oy_first + sy * seg_y() + iy) + d_.dilation * ky - d_.pad;
    const index_t x = d_.stride * (sx * seg_x() + ix) + d_.dilation * kx - d_.pad;
    if (y < 0 || y >= d_.in_h || x < 0 || x >= d_.in_w) return d_.zero_in;
    const tap ty = tap_of(ky, seg_y());
    const tap tx = tap_of(kx, seg_x());
    const index_t by = py - iy + (iy + ty.rotation) % seg_y();
    const index_t bx = px - ix + (ix + tx.rotation) % seg_x();
    const index_t row =
        s.row_idx0 + sy + floor_div(ty.q, seg_y()) + (by % seg_y() < ty.rotation ? 1 : 0);
    const index_t column = sx + floor_div(tx.q, seg_x()) + (bx % seg_x() < tx.rotation ? 1 : 0);
    const index_t address = slot * d_.slot_words + (row * d_.stride + ty.phase) * d_.bank_cols +
                            column * d_.stride + tx.phase;
    rule(address >= 0 && address < a_.act_depth, "a read leaves the buffer");
    const auto& word = cell(by * a_.pox + bx, address);
    rule(word.has_value(),
         fmt::format("layer {}: input pixel ({}, {}) was not loaded", number_, y, x));
    return swprune::quant::from_byte(static_cast<std::uint8_t>(*word >> (8 * ci)), d_.input_signed);
  }

  // --- docs/accelerator.md sections 3 and 5 ------------------------------------------------------

  void load_residual(const swprune::hw::step_record& s) {
    rule(d_.residual, "a step has a residual, its layer has not");
    rule(index_t{s.rows} * s.sub_rows * s.sub_cols <= a_.res_depth,
         "the passes of a step do not fit the residual buffer");
    residual_.assign(static_cast<std::size_t>(a_.res_depth * a_.pixels() * (a_.pof / 4)),
                     std::nullopt);
    for (index_t row = 0; row < s.rows; ++row)
      for (index_t c4 = 0; c4 < a_.pof / 4; ++c4)
        for (index_t b = 0; b < s.images && word_exists(s, row, c4); ++b)
          load_residual_plane(s, row, c4, b);
  }

  void load_residual_plane(const swprune::hw::step_record& s, index_t row, index_t c4, index_t b) {
    const index_t address = s.res_offset + (row * (a_.pof / 4) + c4) * d_.res_group_stride +
                            b * index_t{d_.res_image_stride};
    const index_t lead = address % a_.bus_bytes / 4;
    const index_t per_row = a_.pox / seg_x();
    std::set<std::pair<index_t, index_t>> used;  // part, lane
    for (index_t i = 0; i < index_t{s.res_words}; ++i) {
      const index_t yr = i / d_.res_w;
      const index_t xr = i % d_.res_w;
      if (yr % d_.res_stride != 0 || xr % d_.res_stride != 0) continue;
      const index_t y = yr / d_.res_stride;
      const index_t x = xr / d_.res_stride;
      if (y / seg_y() >= s.sub_rows || x / seg_x() >= s.sub_cols) continue;
      const index_t pixel =
          (seg_y() * (b / per_row) + y % seg_y()) * a_.pox + seg_x() * (b % per_row) + x % seg_x();
      rule(used.emplace(part_of_word(lead + i, d_.res_load_log2, false), pixel % a_.chains).second,
           "two words of a part share a lane");
      auto& word = residual_cell(pass_number(s, row, y / seg_y(), x / seg_x()), pixel, c4);
      rule(!word.has_value(), "two words of the residual share a place");
      word = word_at(address + 4 * i);
    }
  }

  [[nodiscard]] bool word_exists(const swprune::hw::step_record& s, index_t row, index_t c4) const {
    return (s.og_first + row) * (a_.pof / 4) + c4 < d_.out_groups4;
  }
  [[nodiscard]] static index_t pass_number(const swprune::hw::step_record& s, index_t row,
                                           index_t sy, index_t sx) {
    return (row * s.sub_rows + sy) * s.sub_cols + sx;
  }
  [[nodiscard]] std::optional<std::uint32_t>& residual_cell(index_t pass, index_t pixel,
                                                            index_t c4) {
    return residual_[static_cast<std::size_t>((pass * a_.pixels() + pixel) * (a_.pof / 4) + c4)];
  }

  /// What the residual adds to a channel of a pixel (before pooling) in a pass.
  [[nodiscard]] std::int64_t residual_of(const swprune::hw::step_record& s, index_t row,
                                         index_t pass, index_t pixel, index_t lane) {
    if (!s.residual || !word_exists(s, row, lane / 4)) return 0;
    const auto& word = residual_cell(pass, pixel, lane / 4);
    rule(word.has_value(), fmt::format("layer {}: a residual was not loaded", number_));
    const auto byte = static_cast<std::uint8_t>(*word >> (8 * (lane % 4)));
    const std::int64_t value = swprune::quant::from_byte(byte, d_.residual_signed) - d_.res_zero;
    // floor((2 v m + 2^shift) / 2^(shift + 1)), written another way than in the library
    return floor_div(2 * value * d_.res_multiplier + (std::int64_t{1} << d_.res_shift),
                     std::int64_t{2} << d_.res_shift);
  }

  // --- sections 7 and 8 ------------------------------------------------------------------------

  void run_pass(const swprune::hw::step_record& s, index_t row,
                const std::vector<swprune::hw::list_entry>& entries, index_t weights, index_t sy,
                index_t sx) {
    const index_t rows = a_.poy / shrink();
    const index_t columns = a_.pox / shrink();
    for (index_t py = 0; py < rows; ++py)
      for (index_t px = 0; px < columns; ++px) {
        const index_t b =
            py / (seg_y() / shrink()) * (a_.pox / seg_x()) + px / (seg_x() / shrink());
        const index_t y = (s.oy_first + sy * seg_y()) / shrink() + py % (seg_y() / shrink());
        const index_t x = sx * seg_x() / shrink() + px % (seg_x() / shrink());
        if (b >= s.images || y >= d_.conv_h / shrink() || x >= d_.conv_w / shrink()) continue;
        const auto bytes = pixel(s, row, entries, weights, sy, sx, py, px);
        // Words of four channels; with Pof = 1 a row is one channel and writes one byte of a word.
        for (index_t c = 0; c < a_.pof; c += 4) {
          const index_t channel = (s.og_first + row) * a_.pof + c;
          if (channel / 4 >= d_.out_groups4) continue;
          const index_t word = channel / 4 - s.og_first * a_.pof / 4;
          const index_t address =
              s.out_offset + word * d_.out_group_stride + b * d_.out_image_stride +
              (y - s.oy_first / shrink()) * d_.out_row_stride + x * d_.out_px_stride;
          write(address + channel % 4,
                std::span(bytes).subspan(static_cast<std::size_t>(c),
                                         static_cast<std::size_t>(std::min<index_t>(4, a_.pof))));
        }
      }
  }

  /// The Pof bytes of one pixel after pooling.
  [[nodiscard]] std::vector<std::uint8_t> pixel(const swprune::hw::step_record& s, index_t row,
                                                const std::vector<swprune::hw::list_entry>& entries,
                                                index_t weights, index_t sy, index_t sx, index_t py,
                                                index_t px) {
    std::vector<std::int32_t> best(static_cast<std::size_t>(a_.pof), -1000);
    for (index_t dy = 0; dy < shrink(); ++dy)
      for (index_t dx = 0; dx < shrink(); ++dx) {
        std::vector<std::int64_t> sums(best.size());
        index_t w = weights;
        for (const auto& e : entries)
          for (index_t ci = 0; ci < (e.null ? 0 : e.channels); ++ci)
            for (index_t ky = 0; ky < d_.kernel_h; ++ky)
              for (index_t kx = 0; kx < d_.kernel_w; ++kx) {
                const std::int64_t act =
                    operand(s, e.slot, ci, ky, kx, sy, sx, py * shrink() + dy, px * shrink() + dx);
                for (std::int64_t& sum : sums)
                  sum += act * static_cast<std::int8_t>(p_.image[static_cast<std::size_t>(w++)]);
              }
        for (std::size_t lane = 0; lane < sums.size(); ++lane)
          best[lane] =
              std::max(best[lane],
                       requantised(s, row, static_cast<index_t>(lane), sums[lane],
                                   residual_of(s, row, pass_number(s, row, sy, sx),
                                               (py * shrink() + dy) * a_.pox + px * shrink() + dx,
                                               static_cast<index_t>(lane))));
      }
    std::vector<std::uint8_t> bytes;
    for (const std::int32_t v : best) bytes.push_back(swprune::quant::to_byte(v));
    return bytes;
  }

  [[nodiscard]] std::int32_t requantised(const swprune::hw::step_record& s, index_t row,
                                         index_t lane, std::int64_t sum,
                                         std::int64_t residual) const {
    const auto at = static_cast<std::size_t>(s.param_offset + 12 * (row * a_.pof + lane));
    rule(at + 12 <=
             s.param_offset + std::size_t{s.param_beats} * static_cast<std::size_t>(a_.bus_bytes),
         "a parameter record is not loaded");
    std::uint32_t bias = 0;
    for (std::size_t k = 0; k < 4; ++k) bias |= std::uint32_t{p_.image[at + k]} << (8 * k);
    const auto multiplier = static_cast<std::int16_t>(p_.image[at + 4] | p_.image[at + 5] << 8);
    rule(sum == static_cast<std::int32_t>(sum), "an accumulator overflows");
    return swprune::quant::requantise(static_cast<std::int32_t>(sum),
                                      static_cast<std::int32_t>(bias), multiplier, p_.image[at + 6],
                                      d_.zero_out, d_.clamp_lo, d_.clamp_hi, residual);
  }

  void write(index_t address, std::span<const std::uint8_t> bytes) {
    const auto& out = p_.outputs[static_cast<std::size_t>(number_)];
    const auto count = static_cast<index_t>(bytes.size());
    rule(address % count == 0 && address >= out.offset &&
             address + count <= out.offset + out.bytes(),
         fmt::format("layer {} writes {} outside of its output", number_, address));
    for (index_t i = 0; i < count; ++i)
      rule(written_.insert(address + i).second,
           fmt::format("byte {} is written twice", address + i));
    std::copy(bytes.begin(), bytes.end(), region_.begin() + address);
  }

  const swprune::hw::program& p_;
  const swprune::hw::array_params& a_;
  std::vector<std::uint8_t> region_;
  swprune::hw::layer_descriptor d_;
  index_t number_ = 0;
  index_t weights_from_ = -1;
  std::vector<std::optional<std::uint32_t>> banks_;
  std::vector<std::optional<std::uint32_t>> residual_;  ///< [pass][pixel][c4]
  std::set<index_t> written_;
};

}  // namespace swprune_test
