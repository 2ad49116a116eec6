// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "swprune/hw/golden/load_request.hpp"
#include "swprune/hw/golden/plane_walk.hpp"
#include "swprune/hw/golden/step_regs.hpp"

namespace swprune::inline v0::hw::golden {

/// Where a word of a beat goes; a dropped word goes nowhere.
struct word_place {
  bool kept = false;
  std::uint32_t pixel = 0;    ///< plane: the bank, residual: the pixel; both row-major
  std::uint32_t address = 0;  ///< plane: in the bank, residual: number of the pass
};

/// Follows the words of a plane, or of a residual's plane, beat by beat and says where each one
/// goes (docs/formats.md section 6, accelerator.md section 3.3).
class beat_places {
 public:
  explicit beat_places(const array_params& a)
      : bus_words_(static_cast<std::uint32_t>(a.bus_words())),
        pixels_log2_(log2_of(a.pixels())),
        pox_log2_(log2_of(a.pox)) {}

  [[nodiscard]] const word_place& operator[](std::uint32_t word) const { return places_[word]; }

  /// A request begins: its first word is the next one.
  void begin(const load_request& r, const step_regs& step) {
    passed_ = 0;
    word_ = 0;
    walk_ = {};
    if (r.kind != load_kind::plane) return;
    walk_.y.phase = step.y_phase;
    walk_.y.inside = step.y_start;
  }

  /// Places the words of the next beat.
  void next_beat(const load_request& r, const layer_regs& layer, const step_regs& step) {
    const bool is_plane = r.kind == load_kind::plane;
    const std::uint32_t words = is_plane ? step.plane_words : step.res_words;
    for (std::uint32_t i = 0; i < bus_words_; ++i, ++passed_) {
      places_[i] = {};
      if (passed_ < r.lead || word_ == words) continue;
      places_[i] = is_plane ? plane_place(r, layer) : residual_place(r, layer, step);
      ++word_;
      walk_.advance(is_plane ? static_cast<std::uint32_t>(layer.in_w) : layer.res_w,
                    is_plane ? layer.stride : layer.res_stride, 1u << layer.seg_y_log2,
                    1u << layer.seg_x_log2);
    }
  }

 private:
  [[nodiscard]] word_place plane_place(const load_request& r, const layer_regs& layer) const {
    const std::uint32_t slot = r.slot * layer.slot_words;
    if (layer.interleaved)
      return {true, word_ & ((1u << pixels_log2_) - 1), slot + (word_ >> pixels_log2_)};
    if (layer.phase_zero && !at_phase_zero()) return {};
    const std::uint32_t row = walk_.y.segment * layer.stride + walk_.y.phase;
    const std::uint32_t col = walk_.x.segment * layer.stride + walk_.x.phase;
    return {true, pixel(r, layer), slot + row * layer.bank_cols + col};
  }

  [[nodiscard]] word_place residual_place(const load_request& r, const layer_regs& layer,
                                          const step_regs& step) const {
    const std::uint32_t sy = walk_.y.segment;
    const std::uint32_t sx = walk_.x.segment;
    if (!at_phase_zero() || sy >= step.sub_rows || sx >= step.sub_cols) return {};
    return {true, pixel(r, layer), (r.row * step.sub_rows + sy) * step.sub_cols + sx};
  }

  [[nodiscard]] bool at_phase_zero() const { return walk_.y.phase == 0 && walk_.x.phase == 0; }

  /// Pixel of the array, row-major, that the word belongs to in the segment of the request's image.
  [[nodiscard]] std::uint32_t pixel(const load_request& r, const layer_regs& layer) const {
    const std::uint32_t segs_log2 = pox_log2_ - layer.seg_x_log2;
    const std::uint32_t seg_y = r.image >> segs_log2;
    const std::uint32_t seg_x = r.image & ((1u << segs_log2) - 1);
    return (((seg_y << layer.seg_y_log2) + walk_.y.inside) << pox_log2_) +
           (seg_x << layer.seg_x_log2) + walk_.x.inside;
  }

  std::uint32_t bus_words_;
  std::uint32_t pixels_log2_;
  std::uint32_t pox_log2_;
  std::uint32_t passed_ = 0;  ///< words of the request's beats that came, lead and tail included
  std::uint32_t word_ = 0;    ///< words of the plane among them
  plane_walk walk_;           ///< the plane's next word
  std::array<word_place, 16> places_{};
};

}  // namespace swprune::inline v0::hw::golden
