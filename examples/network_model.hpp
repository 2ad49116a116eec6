// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whole networks as integer layers with given masks and weights of no meaning, for what depends on
// masks and shapes alone: schedules and cycles.

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/quant/diagonal_layer.hpp"
#include "swprune/quant/int8_model.hpp"

namespace networks {

using swprune::index_t;
using swprune::quant::int8_layer;
using swprune::quant::int8_model;

/// Builds integer layers from masks: what quantize() makes of the trained network, but for the
/// numbers.
class network_builder {
 public:
  network_builder(const swprune::mask::mask_set& masks, swprune::map_shape image) : masks_(masks) {
    model_.input = image;
    shape_ = image;
  }

  [[nodiscard]] int8_layer convolution(const std::string& name, const swprune::map_shape& input,
                                       index_t stride, index_t padding, bool pool) const {
    const swprune::mask::layer_mask& m = masks_.at(name);
    int8_layer l;
    l.name = name;
    l.input = input;
    l.kernel_height = m.kernel_height;
    l.kernel_width = m.kernel_width;
    l.stride = stride;
    l.padding = padding;
    l.pool = pool;
    const index_t shrink = pool ? 2 : 1;
    l.output = {m.out_channels, l.conv_height() / shrink, l.conv_width() / shrink};
    l.block = m.block;
    l.blocks = m.blocks;
    fill(l);
    return l;
  }
  void add(int8_layer l) {
    shape_ = l.output;
    model_.layers.push_back(std::move(l));
  }
  void add_convolution(const std::string& name, bool pool = false) {
    const swprune::mask::layer_mask& m = masks_.at(name);
    add(convolution(name, shape_, 1, name.starts_with("fc") ? 0 : m.kernel_height / 2, pool));
  }

  /// Two 3x3 convolutions; the second one adds the shortcut.
  void add_block(const std::string& name) {
    const std::string input = model_.layers.back().name;
    const swprune::map_shape in = shape_;
    const index_t out = masks_.at(name + ".conv1").out_channels;
    const index_t stride = in.channels == out ? 1 : 2;
    swprune::quant::residual_add shortcut{.reads = {input, 0}, .input = in};
    if (masks_.find(name + ".shortcut") != nullptr) {
      int8_layer l = convolution(name + ".shortcut", in, stride, 0, false);
      l.output_signed = true;
      shortcut.reads.tensor = l.name;
      shortcut.input = l.output;
      shortcut.is_signed = true;
      add(set_range(std::move(l)));
    } else if (in.channels != out) {
      shortcut.first_channel = (out - in.channels) / 2;
      shortcut.stride = stride;
    }
    int8_layer first = convolution(name + ".conv1", in, stride, 1, false);
    first.reads.tensor = input;
    add(std::move(first));
    int8_layer second = convolution(name + ".conv2", shape_, 1, 1, false);
    second.residual = shortcut;
    add(std::move(second));
  }

  void add_average() {
    add(swprune::quant::average_pool_layer("average", shape_, {shape_.height, shape_.width, 1, 0},
                                           {}, {}, masks_.at("fc").block));
  }

  [[nodiscard]] int8_model take() && { return std::move(model_); }

 private:
  static int8_layer set_range(int8_layer l) {
    l.clamp_lo = -128;
    l.clamp_hi = 127;
    return l;
  }
  static void fill(int8_layer& l) {
    index_t words = 0;
    for (index_t r = 0; r < l.blocks.out_groups(); ++r)
      for (const index_t g : l.blocks.row(r))
        words += l.channels_of(g) * l.kernel_height * l.kernel_width;
    l.weights.assign(static_cast<std::size_t>(words * l.block.outputs), 0);
    const auto channels = static_cast<std::size_t>(l.output.channels);
    l.bias.assign(channels, 0);
    l.multiplier.assign(channels, std::int16_t{1 << 14});
    l.shift.assign(channels, 20);
  }

  const swprune::mask::mask_set& masks_;
  int8_model model_;
  swprune::map_shape shape_;
};

inline int8_model lenet5_model(const swprune::mask::mask_set& masks) {
  network_builder b(masks, {1, 28, 28});
  b.add_convolution("conv1", true);
  b.add_convolution("conv2", true);
  b.add_convolution("fc1");
  b.add_convolution("fc2");
  return std::move(b).take();
}

inline int8_model vgg16_model(const swprune::mask::mask_set& masks) {
  network_builder b(masks, {3, 32, 32});
  for (index_t i = 1; i <= 13; ++i)
    b.add_convolution(fmt::format("conv{}", i), i == 2 || i == 4 || i == 7 || i == 10 || i == 13);
  b.add_convolution("fc");
  return std::move(b).take();
}

inline int8_model resnet_model(const swprune::mask::mask_set& masks, index_t stages,
                               index_t blocks) {
  network_builder b(masks, {3, 32, 32});
  b.add_convolution("conv1");
  for (index_t stage = 1; stage <= stages; ++stage)
    for (index_t block = 0; block < blocks; ++block)
      b.add_block(fmt::format("layer{}.{}", stage, block));
  b.add_average();
  b.add_convolution("fc");
  return std::move(b).take();
}

/// What network_model() and quantise_by_name() build.
inline constexpr std::array<std::string_view, 4> model_names{"lenet5", "vgg16", "resnet18",
                                                             "resnet20"};

/// Images of MNIST for lenet5, of CIFAR-10 for the others.
[[nodiscard]] inline swprune::map_shape image_of(std::string_view name) {
  return name == "lenet5" ? swprune::map_shape{1, 28, 28} : swprune::map_shape{3, 32, 32};
}

/// One of model_names as nn::layers_by_name() knows it, uniformly pruned.
inline int8_model network_model(const std::string& name, double sparsity, index_t block_outputs,
                                std::uint64_t seed = 1) {
  const auto masks = swprune::mask::make_masks(
      swprune::nn::layers_by_name(name, {.image = image_of(name)}),
      {.sparsity = sparsity, .block = {block_outputs, 4}}, swprune::rng(seed));
  if (name == "lenet5") return lenet5_model(masks);
  if (name == "vgg16") return vgg16_model(masks);
  return name == "resnet18" ? resnet_model(masks, 4, 2) : resnet_model(masks, 3, 3);
}

}  // namespace networks
