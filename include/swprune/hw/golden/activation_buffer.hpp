// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <vector>

#include "swprune/hw/golden/step_regs.hpp"
#include "swprune/hw/golden/uop.hpp"

namespace swprune::inline v0::hw::golden {

/// The Poy x Pox activation banks, two halves (docs/formats.md section 6 for what lies where,
/// docs/accelerator.md section 4 for the read).
class activation_buffer {
 public:
  explicit activation_buffer(const array_params& a)
      : poy_(static_cast<std::uint32_t>(a.poy)),
        pox_(static_cast<std::uint32_t>(a.pox)),
        pixels_(static_cast<std::uint32_t>(a.pixels())),
        depth_(static_cast<std::uint32_t>(a.act_depth)),
        // Byte ci of one address of all banks lies side by side: a micro-op reads runs of
        // neighbouring banks. The slack lets copies have one fixed length.
        bytes_(static_cast<std::size_t>(2 * a.act_depth * a.pixels() * 4) + longest) {}

  /// Writes one word; address modulo ActDepth, bank modulo their number.
  void write(bool half, std::uint32_t bank, std::uint32_t address, std::uint32_t word) {
    std::uint8_t* at = bytes_.data() + place(half, address) + (bank & (pixels_ - 1));
    for (std::uint32_t ci = 0; ci < 4; ++ci, at += pixels_)
      *at = static_cast<std::uint8_t>(word >> (8 * ci) & 0xff);
  }

  /// Banks read by micro-op `u`, rotated to the pixels, byte `ci` taken, padding replaced: one
  /// activation per pixel (row-major) in `out`. Stages P1 and P2.
  void read(bool half, const uop& u, const layer_regs& layer, const step_regs& step,
            std::int16_t* out) const {
    const axis rows = along_y(u, layer, step);
    const axis cols = along_x(u, layer);
    std::array<std::uint8_t, longest * longest + longest> bytes;
    std::array<std::uint8_t, longest * longest + longest> valid;
    const std::array<std::uint8_t, longest> valid_cols = valid_along(cols);
    for (std::uint32_t py = 0; py < poy_; ++py) {
      const std::uint32_t address = u.slot * layer.slot_words + rows.address(py) * layer.bank_cols;
      read_row(half, rows.bank(py), address, u.ci, cols, bytes.data() + py * pox_);
      const std::array<std::uint8_t, longest> row = rows.valid(py) ? valid_cols : nowhere;
      std::memcpy(valid.data() + py * pox_, row.data(), longest);
    }
    const int flip = layer.input_signed ? 0x80 : 0;
    const int zero = layer.zero_in;
    for (std::uint32_t p = 0; p < pixels_; ++p) {
      const int value = (bytes[p] ^ flip) - flip;
      out[p] = static_cast<std::int16_t>(valid[p] != 0 ? value : zero);
    }
  }

 private:
  static constexpr std::size_t longest = 16;  // Poy, Pox <= 16

  /// One direction of a read: where pixel p of the array looks. `tap` = E k - pad, `first` = output
  /// coordinate of the sub-tile's first pixel, `index` = bank index of tap 0.
  class axis {
   public:
    axis(std::int32_t tap, std::uint32_t seg_log2, std::uint32_t stride, std::int32_t first,
         std::int32_t size, std::int32_t index)
        : last_((1u << seg_log2) - 1),
          stride_(static_cast<std::int32_t>(stride)),
          size_(size),
          origin_(first * stride_ + tap) {
      // Not tap / stride_: q is a floor, so that the phase is 0 .. S - 1 for negative taps as well.
      const std::int32_t q = (tap - (tap < 0 ? stride_ - 1 : 0)) / stride_;
      const std::int32_t phase = tap - q * stride_;
      rot_ = static_cast<std::uint32_t>(q) & last_;
      address_ = (index + (q >> seg_log2)) * stride_ + phase;  // >> is a floor in C++20
    }

    /// Seg.
    [[nodiscard]] std::uint32_t segment() const { return last_ + 1; }
    [[nodiscard]] std::uint32_t rot() const { return rot_; }
    /// Bank that pixel p takes: (i + rot) mod Seg in its own segment.
    [[nodiscard]] std::uint32_t bank(std::uint32_t p) const {
      const std::uint32_t inside = p & last_;
      return (p & ~last_) + ((inside + rot_) & last_);
    }
    /// The direction's share of the address that this bank reads.
    [[nodiscard]] std::uint32_t address(std::uint32_t p) const {
      return address_of_bank(bank(p) & last_);
    }
    [[nodiscard]] std::uint32_t address_of_bank(std::uint32_t bank) const {
      return static_cast<std::uint32_t>(address_ + (bank < rot_ ? stride_ : 0));
    }
    /// Whether the pixel's input coordinate lies inside the map.
    [[nodiscard]] bool valid(std::uint32_t p) const {
      const std::int32_t coordinate = origin_ + static_cast<std::int32_t>(p & last_) * stride_;
      return coordinate >= 0 && coordinate < size_;
    }

   private:
    std::uint32_t last_;
    std::int32_t stride_;
    std::int32_t size_;
    std::int32_t origin_;
    std::uint32_t rot_ = 0;
    std::int32_t address_ = 0;
  };

  [[nodiscard]] std::size_t place(bool half, std::uint32_t address) const {
    return (static_cast<std::size_t>(half ? depth_ : 0) + (address & (depth_ - 1))) * 4 * pixels_;
  }

  [[nodiscard]] static axis along_y(const uop& u, const layer_regs& layer, const step_regs& step) {
    const std::int32_t first = step.oy_first + static_cast<std::int32_t>(u.sy << layer.seg_y_log2);
    return {static_cast<std::int32_t>(u.ky * layer.dilation) - layer.pad,
            layer.seg_y_log2,
            layer.stride,
            first,
            layer.in_h,
            step.row_idx0 + static_cast<std::int32_t>(u.sy)};
  }
  [[nodiscard]] static axis along_x(const uop& u, const layer_regs& layer) {
    return {static_cast<std::int32_t>(u.kx * layer.dilation) - layer.pad,
            layer.seg_x_log2,
            layer.stride,
            static_cast<std::int32_t>(u.sx << layer.seg_x_log2),
            layer.in_w,
            static_cast<std::int32_t>(u.sx)};
  }

  /// Bytes of one row of pixels. Banks rot .. Seg - 1 of a segment come first, then banks
  /// 0 .. rot - 1 from the next address. A copy may run past its end: what follows overwrites it.
  void read_row(bool half, std::uint32_t bank_row, std::uint32_t row_address, std::uint32_t ci,
                const axis& cols, std::uint8_t* out) const {
    const std::size_t offset = std::size_t{ci} * pixels_ + std::size_t{bank_row} * pox_;
    const std::uint32_t rot = cols.rot();
    const std::uint8_t* near =
        bytes_.data() + place(half, row_address + cols.address_of_bank(rot)) + offset;
    if (rot == 0) {  // all segments read the same address
      std::memcpy(out, near, longest);
      return;
    }
    const std::uint8_t* far =
        bytes_.data() + place(half, row_address + cols.address_of_bank(0)) + offset;
    for (std::uint32_t s = 0; s < pox_; s += cols.segment()) {
      std::memcpy(out + s, near + s + rot, longest);
      std::memcpy(out + s + cols.segment() - rot, far + s, longest);
    }
  }

  /// 1 for the pixels of a row whose column lies inside the map.
  [[nodiscard]] static std::array<std::uint8_t, longest> valid_along(const axis& cols) {
    std::array<std::uint8_t, longest> valid;
    for (std::uint32_t px = 0; px < longest; ++px) valid[px] = cols.valid(px);
    return valid;
  }
  static constexpr std::array<std::uint8_t, longest> nowhere{};

  std::uint32_t poy_;
  std::uint32_t pox_;
  std::uint32_t pixels_;
  std::uint32_t depth_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace swprune::inline v0::hw::golden
