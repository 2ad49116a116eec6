// SPDX-License-Identifier: Apache-2.0
#pragma once

// The three kernels of one convolution, and the peak that they are measured against.

#include <Eigen/Core>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/measure.hpp"
#include "benchmarks/training_nets.hpp"

#include "swprune/nn/detail/conv_backward_weights.hpp"
#include "swprune/nn/detail/conv_gather.hpp"

namespace swprune_bench {

/// 10^9 single-precision operations a second of fused multiply-adds that wait for nothing: twelve
/// independent sums of the widest register.
inline double peak_gflops() {
  using reg = Eigen::Array<float, nn::detail::register_lanes<float>, 1>;
  constexpr int sums = 12;
  constexpr long rounds = 4'000'000;
  reg sum[sums];
  for (int i = 0; i < sums; ++i) sum[i] = reg::Constant(static_cast<float>(i));
  const reg factor = reg::Constant(0.5f), addend = reg::Constant(0.25f);
  const double seconds = seconds_of([&] {
    for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
      for (int i = 0; i < sums; ++i) sum[i] = sum[i] * factor + addend;
    }
  });
  for (int i = 1; i < sums; ++i) sum[0] += sum[i];
  if (!(sum[0].sum() > 0)) throw std::runtime_error("the sums of the peak are wrong");
  return 2.0 * sums * rounds * static_cast<double>(reg::SizeAtCompileTime) / seconds / 1e9;
}

/// A 3x3 convolution with padding 1 as VGG-16 has it.
struct convolution_size {
  index_t inputs, outputs, map;
};

/// One convolution with random numbers whose kernels run one by one.
class convolution {
 public:
  convolution(const convolution_size& size, sp::mask::block_shape block, double density,
              index_t batch, const sp::rng& random)
      : mask_(sp::mask::make_masks(
                  {{"conv", size.inputs, size.outputs, 3, 3, size.map * size.map, false}},
                  {.sparsity = 1 - density,
                   .block = block,
                   .kind =
                       density < 1 ? sp::mask::mask_kind::small_world : sp::mask::mask_kind::dense},
                  random)
                  .at("conv")),
        storage_(nn::detail::lay_out(mask_)),
        geometry_{.input = {size.inputs, size.map, size.map},
                  .output = {size.outputs, size.map, size.map},
                  .kernel_height = 3,
                  .kernel_width = 3,
                  .padding = 1,
                  .block_outputs = block.outputs},
        x_(random_maps(batch, geometry_.input, random.stream("x"))),
        dy_(random_maps(batch, geometry_.output, random.stream("dy"))),
        y_(batch, geometry_.output),
        dx_(batch, geometry_.input),
        weights_(static_cast<std::size_t>(storage_.weights), 0.5f),
        gradient_(weights_) {}

  void forward() { nn::detail::conv_forward(geometry_, storage_, weights_.data(), x_, y_); }
  void backward_data() {
    nn::detail::conv_backward_data(geometry_, storage_, mask_.block.inputs, weights_.data(), dy_,
                                   dx_);
  }
  void backward_weights() {
    nn::detail::conv_backward_weights<float>(geometry_, storage_, x_, dy_, gradient_, partial_);
  }

  /// 10^9 operations of one kernel, without those on padding.
  [[nodiscard]] double gflop() const {
    const double taps = 3 * static_cast<double>(geometry_.output.width) - 2;
    return 2e-9 * static_cast<double>(mask_.kept_weights()) / 9 * taps * taps *
           static_cast<double>(x_.batch());
  }

 private:
  sp::mask::layer_mask mask_;
  nn::detail::block_storage storage_;
  nn::detail::conv_geometry geometry_;
  nn::activations<float> x_, dy_, y_, dx_;
  nn::aligned_vector<float> weights_, gradient_, partial_;
};

}  // namespace swprune_bench
