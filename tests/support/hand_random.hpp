// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random layers of hand_layer.hpp: everything that the formats allow.

#include <algorithm>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/array_params.hpp"
#include "tests/support/hand_layer.hpp"

namespace swprune_test {

/// Draws layers for one array.
class hand_random {
 public:
  hand_random(const swprune::hw::array_params& a, swprune::rng& random) : a_(a), random_(random) {}

  /// One layer of empty rows and one pass a step, so that a step loads nothing but its record and
  /// a narrow residual: the load catches up with the drain of the half that it overwrites.
  std::vector<hand_layer> residual_alone() {
    hand_layer l;
    l.images = 4;
    l.in_w = 1;
    l.in_h = a_.poy;
    draw_output(l);
    l.out_channels = std::min(l.out_channels, a_.pof);
    draw_residual(l);
    l.residual.stride = 1;
    l.residual.extra = 0;
    fill_random(l, a_.pof, 0, random_);
    return {l};
  }

  /// A chain of `count` layers, each on the output of the one before, and a batch of images.
  std::vector<hand_layer> chain(index_t count) {
    const index_t images = between(1, 3);
    std::vector<hand_layer> layers;
    for (index_t i = 0; i < count; ++i) {
      hand_layer l;
      l.images = images;
      draw_kernel(l);
      if (i == 0) {
        draw_input(l);
      } else {
        take_input(l, layers.back());
      }
      if (work(l) > 0) bound_work(l, i == 0);
      draw_array(l);
      draw_output(l);
      if (a_.res_depth > 0 && one_in(3)) draw_residual(l);
      fill_random(l, a_.pof, static_cast<double>(between(0, 4)) / 4, random_);
      layers.push_back(l);
    }
    return layers;
  }

 private:
  index_t between(index_t lo, index_t hi) {
    return lo + static_cast<index_t>(random_.below(static_cast<std::uint64_t>(hi - lo + 1)));
  }
  bool one_in(index_t n) { return between(1, n) == 1; }
  static index_t log2_of(index_t v) {
    index_t n = 0;
    while (index_t{2} << n <= v) ++n;
    return n;
  }

  void draw_kernel(hand_layer& l) {
    l.stride = one_in(2) ? 1 : between(1, 4);
    l.dilation = one_in(2) ? 1 : between(1, 4);
    l.kernel_h = between(1, l.dilation == 1 ? 8 : 4);
    l.kernel_w = between(1, l.dilation == 1 ? 8 : 4);
    if (one_in(5)) l.kernel_h = l.kernel_w = 1;
    l.pad = one_in(4) ? between(0, 15) : between(0, std::min(l.kernel_h, l.kernel_w) - 1);
    l.pool = a_.pool && one_in(2);
  }

  /// Smallest input with two outputs, so that pooling leaves one.
  static index_t least(const hand_layer& l, index_t kernel) {
    return std::max<index_t>(1, l.dilation * (kernel - 1) + 1 + l.stride - 2 * l.pad);
  }

  void draw_input(hand_layer& l) {
    l.in_h = least(l, l.kernel_h) + between(0, 9);
    l.in_w = least(l, l.kernel_w) + between(0, 9);
    l.in_channels = between(1, 13);
    l.in_signed = one_in(2);
    l.zero_in = static_cast<int>(l.in_signed ? between(-128, 127) : between(0, 255));
  }
  void take_input(hand_layer& l, const hand_layer& before) {
    l.in_h = before.out_h();
    l.in_w = before.out_w();
    l.in_channels = before.out_channels;
    l.in_signed = before.out_signed;
    l.zero_in = before.zero_out;
    // Pad until the kernel fits, or take a kernel that does.
    if (l.in_h < least(l, l.kernel_h) || l.in_w < least(l, l.kernel_w)) {
      l.kernel_h = l.kernel_w = l.dilation = l.stride = 1;
      l.pad = 1;
    }
  }

  /// Micro-ops of a row and image when every block is live and no sub-tile is cut.
  index_t work(const hand_layer& l) const {
    return l.kernel() * l.in_channels * l.conv_h() * l.conv_w() / a_.pixels();
  }
  /// Keeps a layer small: fewer channels if the input is its own, else a smaller kernel.
  void bound_work(hand_layer& l, bool own_input) {
    constexpr index_t most = 5000;
    if (own_input) l.in_channels = std::min(l.in_channels, most * l.in_channels / work(l) + 1);
    if (work(l) > most) l.kernel_h = l.kernel_w = 1;
  }

  void draw_array(hand_layer& l) {
    const index_t smallest = l.pool ? 2 : 1;
    const auto segment = [&](index_t pixels) {
      return one_in(2) ? pixels : std::max(smallest, pixels >> between(0, 2));
    };
    l.seg_y = segment(a_.poy);
    l.seg_x = segment(a_.pox);
    l.phase_zero = l.reads_phase_zero() && one_in(2);
    l.load_strided = one_in(2);
    l.load_log2 = between(0, log2_of(a_.bus_words()));
    l.strip = between(1, 2);
    l.chunk = between(1, 3);
  }

  void draw_output(hand_layer& l) {
    l.out_channels = between(1, 3 * a_.pof);
    l.out_signed = one_in(2);
    l.zero_out = l.out_signed ? -3 : 7;
    l.clamp_lo = l.out_signed ? -128 : 0;
    l.clamp_hi = l.out_signed ? 127 : 255;
  }

  /// For some or all output groups.
  void draw_residual(hand_layer& l) {
    hand_residual& r = l.residual;
    r.on = true;
    r.is_signed = one_in(2);
    r.stride = between(1, 2);
    r.extra = between(0, r.stride - 1);
    r.zero = static_cast<int>(r.is_signed ? between(-128, 127) : between(0, 255));
    r.shift = static_cast<int>(between(1, 31));
    // At most about 1 / 2, so that the sum often stays inside the byte.
    const index_t most = r.shift > 15 ? 32767 : index_t{1} << (r.shift - 1);
    r.multiplier = static_cast<int>(between(1, most));
    r.load_log2 = between(0, log2_of(a_.bus_words()));
    for (index_t g = 0; g < (l.out_channels + a_.pof - 1) / a_.pof; ++g)
      r.groups.push_back(g == 0 || !one_in(3));
  }

  swprune::hw::array_params a_;
  swprune::rng& random_;
};

}  // namespace swprune_test
