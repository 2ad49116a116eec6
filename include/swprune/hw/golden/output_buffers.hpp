// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// What the store must know of a pass; taken from the micro-op and the current step at its retire.
struct pass_tag {
  std::uint32_t r = 0, sy = 0, sx = 0;
  std::uint32_t images = 0;
  std::int32_t oy_first = 0;
  std::uint32_t out_offset = 0, og_first = 0;
  bool end = false;  ///< last pass of its step
};

/// The four output buffers, used round robin, with their counts of allocated and filled ones
/// (docs/accelerator.md sections 6 and 7).
class output_buffers {
 public:
  static constexpr std::uint32_t count = 4;

  explicit output_buffers(const array_params& a)
      : pof_(static_cast<std::size_t>(a.pof)),
        size_(static_cast<std::size_t>(a.pes())),
        bytes_(count * size_) {}

  [[nodiscard]] std::uint32_t alloc() const { return alloc_; }
  [[nodiscard]] std::uint32_t filled() const { return filled_; }

  /// Retire: the next buffer gets `tag`; returns its number. `clock` counts it.
  std::uint32_t allocate(const pass_tag& tag) {
    const std::uint32_t buffer = tail_;
    tags_[buffer] = tag;
    tail_ = (tail_ + 1) % count;
    return buffer;
  }

  /// End of a cycle: what happened to the counts in it.
  void clock(bool retired, bool completed, bool released) {
    alloc_ += static_cast<std::uint32_t>(retired) - static_cast<std::uint32_t>(released);
    filled_ += static_cast<std::uint32_t>(completed) - static_cast<std::uint32_t>(released);
    if (released) head_ = (head_ + 1) % count;
  }

  /// Stores a result, or with `merge` the larger of it and what is there.
  void put(std::uint32_t buffer, std::size_t pixel, std::size_t channel, std::uint8_t value,
           bool merge, bool compare_signed) {
    std::uint8_t& place = bytes_[buffer * size_ + pixel * pof_ + channel];
    // Flipping the top bit turns signed order into unsigned order.
    const unsigned flip = compare_signed ? 0x80u : 0u;
    if (!merge || (value ^ flip) > (place ^ flip)) place = value;
  }

  /// Tag and bytes of the oldest filled buffer.
  [[nodiscard]] const pass_tag& tag() const { return tags_[head_]; }
  [[nodiscard]] const std::uint8_t* word(std::size_t pixel, std::size_t c4) const {
    return bytes_.data() + head_ * size_ + pixel * pof_ + c4 * 4;
  }

 private:
  std::size_t pof_;
  std::size_t size_;
  std::uint32_t alloc_ = 0, filled_ = 0;
  std::uint32_t head_ = 0, tail_ = 0;
  std::array<pass_tag, count> tags_{};
  std::vector<std::uint8_t> bytes_;
};

}  // namespace swprune::inline v0::hw::golden
