// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/hand_layer.hpp"

namespace swprune_test {

/// What a set of random chains had.
class hand_coverage {
 public:
  void add(const std::vector<hand_layer>& chain) {
    for (const hand_layer& l : chain) add(l);
    chains_ += chain.size() > 1;
  }

  /// Fails the test when a kind was seen fewer than `least` times.
  void require(int least) const {
    CAPTURE(kernel8_, wide_pad_, strided_, phase_zero_, chains_);
    CAPTURE(residual_, residual_stride2_, residual_signed_, residual_pool_, residual_part_,
            residual_alone_);
    for (const int count :
         {kernel8_, wide_pad_, strided_, phase_zero_, chains_, residual_, residual_stride2_,
          residual_signed_, residual_pool_, residual_part_, residual_alone_})
      CHECK(count >= least);
    CHECK(steps_.size() == 16);        // strides x dilations of kernels beyond 1x1
    CHECK(segments_.size() >= 4 * 4);  // strides x widths
  }

 private:
  void add(const hand_layer& l) {
    if (l.kernel() > 1) steps_.insert({l.stride, l.dilation});
    segments_.insert({l.stride, l.seg_x});
    kernel8_ += l.kernel_h == 8 || l.kernel_w == 8;
    wide_pad_ += l.pad > l.kernel_h && l.pad > l.kernel_w;
    strided_ += l.load_strided && l.stride > 1;
    phase_zero_ += l.phase_zero && l.stride > 1;
    if (l.residual.on) add_residual(l);
  }
  void add_residual(const hand_layer& l) {
    const auto& groups = l.residual.groups;
    ++residual_;
    residual_stride2_ += l.residual.stride == 2;
    residual_signed_ += l.residual.is_signed;
    residual_pool_ += l.pool;
    residual_part_ += std::count(groups.begin(), groups.end(), 0) > 0;
    residual_alone_ += std::count(l.live.begin(), l.live.end(), 1) == 0;
  }

  std::set<std::pair<index_t, index_t>> steps_, segments_;
  int kernel8_ = 0, wide_pad_ = 0, strided_ = 0, phase_zero_ = 0, chains_ = 0;
  int residual_ = 0, residual_stride2_ = 0, residual_signed_ = 0, residual_pool_ = 0;
  int residual_part_ = 0, residual_alone_ = 0;
};

}  // namespace swprune_test
