// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/layer_regs.hpp"
#include "swprune/hw/golden/output_buffers.hpp"

namespace swprune::inline v0::hw::golden {

/// Writes filled output buffers to memory, one write slot a cycle (docs/accelerator.md section 7,
/// formats.md section 8).
class store {
 public:
  explicit store(const array_params& a)
      : poy_log2_(log2_of(a.poy)),
        pox_log2_(log2_of(a.pox)),
        single_(a.pof == 1),
        words_(single_ ? 1 : static_cast<std::uint32_t>(a.pof / 4)) {}

  /// W1: the write that is offered.
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] std::uint64_t address() const { return valid_ ? address_ : 0; }
  [[nodiscard]] std::uint64_t strobes() const { return valid_ ? strobes_ : 0; }
  /// The offered write is the last one of a step, perhaps without a word.
  [[nodiscard]] bool fence() const { return valid_ && fence_; }
  [[nodiscard]] const std::array<std::uint8_t, 64>& data() const { return data_; }

  [[nodiscard]] bool advance(bool wr_ready) const { return !valid_ || wr_ready; }
  [[nodiscard]] bool idle(const output_buffers& buffers) const {
    return buffers.alloc() == 0 && !valid_;
  }

  /// End of a cycle with `advance`; true when the oldest buffer is released.
  bool clock(const layer_regs& layer, const output_buffers& buffers, std::uint64_t act_base) {
    data_.fill(0);
    valid_ = false;
    if (buffers.filled() == 0) return false;
    read_slot(layer, buffers, act_base);
    fence_ = buffers.tag().end && k_ + 1 == slots(layer);
    valid_ = fence_ || strobes_ != 0;
    if (++k_ < slots(layer)) return false;
    k_ = 0;
    return true;
  }

 private:
  [[nodiscard]] std::uint32_t pooled_rows(const layer_regs& layer) const {
    return 1u << (poy_log2_ - std::min(layer.pool_log2(), poy_log2_));
  }
  [[nodiscard]] std::uint32_t pooled_cols_log2(const layer_regs& layer) const {
    return pox_log2_ - std::min(layer.pool_log2(), pox_log2_);
  }
  /// Wb.
  [[nodiscard]] std::uint32_t slots(const layer_regs& layer) const {
    return words_ * pooled_rows(layer) << (pooled_cols_log2(layer) - layer.run_log2);
  }

  /// Slot k: channel word slowest, then row, then run.
  void read_slot(const layer_regs& layer, const output_buffers& buffers, std::uint64_t act_base) {
    const std::uint32_t runs_log2 = pooled_cols_log2(layer) - layer.run_log2;
    const std::uint32_t run = k_ & ((1u << runs_log2) - 1);
    const std::uint32_t row = (k_ >> runs_log2) % pooled_rows(layer);
    const std::uint32_t c4 = (k_ >> runs_log2) / pooled_rows(layer);
    const std::uint32_t px0 = run << layer.run_log2;
    strobes_ = 0;
    for (std::uint32_t i = 0; i < (1u << layer.run_log2); ++i) {
      const place where = locate(layer, buffers.tag(), row, px0 + i, c4);
      if (i == 0) address_ = (act_base + where.offset) & address_mask;
      if (!where.written) continue;
      const std::size_t pixel = (row << pooled_cols_log2(layer)) + px0 + i;
      put_word(i, buffers.word(pixel, c4), buffers.tag());
    }
  }

  /// Word i of the run. With Pof = 1 the pass has one byte of it.
  void put_word(std::uint32_t i, const std::uint8_t* bytes, const pass_tag& tag) {
    const std::uint32_t first = 4 * i + (single_ ? (tag.og_first + tag.r) % 4 : 0);
    for (std::uint32_t byte = 0; byte < (single_ ? 1u : 4u); ++byte) {
      data_[first + byte] = bytes[byte];
      strobes_ |= std::uint64_t{1} << (first + byte);
    }
  }

  /// Channel word of the layer that word c4 of a chunk's row r is.
  [[nodiscard]] std::uint32_t layer_word(const pass_tag& tag, std::uint32_t r,
                                         std::uint32_t c4) const {
    const std::uint32_t row = tag.og_first + r;
    return single_ ? row / 4 : row * words_ + c4;
  }

  struct place {
    std::uint64_t offset;
    bool written;
  };

  /// Where the channel word of a pixel of the pooled array goes.
  [[nodiscard]] place locate(const layer_regs& layer, const pass_tag& tag, std::uint32_t py,
                             std::uint32_t px, std::uint32_t c4) const {
    const std::uint32_t p = layer.pool_log2();
    const std::uint32_t sgy = layer.seg_y_log2 - std::min(p, layer.seg_y_log2);
    const std::uint32_t sgx = layer.seg_x_log2 - std::min(p, layer.seg_x_log2);
    const std::uint32_t image = ((py >> sgy) << (pox_log2_ - layer.seg_x_log2)) + (px >> sgx);
    const std::int32_t top = tag.oy_first >> p;
    const std::int32_t y =
        ((tag.oy_first + static_cast<std::int32_t>(tag.sy << layer.seg_y_log2)) >> p) +
        static_cast<std::int32_t>(py & ((1u << sgy) - 1));
    const std::int32_t x =
        static_cast<std::int32_t>(((tag.sx << layer.seg_x_log2) >> p) + (px & ((1u << sgx) - 1)));
    const std::uint32_t word = layer_word(tag, tag.r, c4);
    const std::uint64_t group = word - layer_word(tag, 0, 0);
    const std::uint64_t offset = tag.out_offset + group * layer.out_group_stride +
                                 std::uint64_t{image} * layer.out_image_stride +
                                 static_cast<std::uint64_t>(y - top) * layer.out_row_stride +
                                 static_cast<std::uint64_t>(x) * layer.out_px_stride;
    const bool written = image < tag.images && y < (layer.conv_h >> p) && x < (layer.conv_w >> p) &&
                         word < layer.out_groups4;
    return {offset, written};
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  std::uint32_t poy_log2_;
  std::uint32_t pox_log2_;
  bool single_;          ///< Pof = 1
  std::uint32_t words_;  ///< channel words of a row: Pof / 4, at least 1
  std::uint32_t k_ = 0;
  bool valid_ = false;
  bool fence_ = false;
  std::uint64_t address_ = 0;
  std::uint64_t strobes_ = 0;
  std::array<std::uint8_t, 64> data_{};
};

}  // namespace swprune::inline v0::hw::golden
