// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_spec.hpp"

namespace swprune::inline v0::nn {

/// What the lists of layers below are made for.
struct layer_list_params {
  map_shape image{3, 32, 32};
  index_t classes = 10;
  double width = 1.0;  ///< factor on the channels of every hidden layer, in [1 / 64, 64]
};

/// What the mask maker has to know of lenet5(): conv1 (first layer) and fc2 (last) stay dense.
/// Throws network_shape unless the image is at least 4 x 4 and there are at least 2 classes,
/// argument_out_of_range for a width outside [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> lenet5_layers(const map_shape& image,
                                                                        index_t classes,
                                                                        double width = 1.0);

/// VGG-16 in the form used on 32 x 32 images (Simonyan and Zisserman, ICLR 2015, configuration D
/// with batch normalisation and one fully connected layer): conv1 .. conv13 of 3x3, pooled after
/// conv2, conv4, conv7, conv10 and conv13, then fc on what is left of the map. conv1 and fc stay
/// dense. At width 1, 10 classes: 14 715 584 weights, 313.2 M multiply-accumulates. Throws
/// network_shape unless the image is at least 32 x 32 and there are at least 2 classes,
/// argument_out_of_range for a width outside [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> vgg16_layers(
    const layer_list_params& p = {});

/// ResNet-18 in the form used on 32 x 32 images (He et al., CVPR 2016, stem of one 3x3 convolution
/// without pooling): conv1, then layerS.B.conv1 and .conv2 for four stages S = 1 .. 4 of two blocks
/// B = 0, 1, and layerS.0.shortcut, a 1x1 projection, where the width changes; then fc after global
/// average pooling. conv1, fc and projections to fewer than 128 channels stay dense. At width 1, 10
/// classes: 11 164 352 weights, 555.4 M multiply-accumulates. Throws network_shape unless the image
/// is at least 8 x 8 and there are at least 2 classes, argument_out_of_range for a width outside
/// [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> resnet18_layers(
    const layer_list_params& p = {});

/// ResNet-20 for 32 x 32 images (He et al., CVPR 2016, section 4.2): conv1, then layerS.B.conv1 and
/// .conv2 for three stages S = 1 .. 3 of three blocks B = 0 .. 2 with 16, 32 and 64 channels, then
/// fc after global average pooling. Shortcuts are option A: where the width doubles, the identity
/// stands in the middle of the channels, zeros on both sides. conv1 and fc stay dense. At width 1,
/// 10 classes: 268 336 weights, 40.6 M multiply-accumulates. Throws network_shape unless the image
/// is at least 4 x 4 and there are at least 2 classes, argument_out_of_range for a width outside
/// [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> resnet20_layers(
    const layer_list_params& p = {});

/// As resnet20_layers() with five blocks in a stage; at width 1, 10 classes: 461 872 weights.
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> resnet32_layers(
    const layer_list_params& p = {});

/// As resnet20_layers() with nine blocks in a stage; at width 1, 10 classes: 848 944 weights.
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> resnet56_layers(
    const layer_list_params& p = {});

/// DenseNet-40 with growth rate 12 (Huang et al., CVPR 2017, without bottlenecks and compression):
/// conv1 to 16 channels; three dense blocks D = 1 .. 3 of the 3x3 convolutions denseD.0.conv ..
/// denseD.11.conv, each of which reads everything before it in the block and adds 12 channels;
/// between the blocks transition1.conv and transition2.conv of 1x1 and average pooling; fc after
/// global average pooling. conv1 and fc stay dense. At width 1, 10 classes: 1 001 616 weights,
/// 282.9 M multiply-accumulates. Throws network_shape unless the image is at least 4 x 4 and there
/// are at least 2 classes, argument_out_of_range for a width outside [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> densenet40_layers(
    const layer_list_params& p = {});

/// Multilayer perceptron: fc1 over the whole image, fc2 and fc3, 512 features each, then fc4. fc1
/// and fc4 stay dense. For 1 x 28 x 28 images at width 1, 10 classes: 930 816 weights. Throws
/// network_shape unless there are at least 2 classes, argument_out_of_range for a width outside
/// [1/64, 64].
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> mlp_layers(
    const layer_list_params& p = {});

#if SWPRUNE_BODIES

namespace detail {

/// Throws network_shape unless image.channels >= 1, height and width >= `smallest` and classes >=
/// 2, argument_out_of_range for the width.
inline void check_list(const layer_list_params& p, const char* network, index_t smallest) {
  expects(p.image.channels >= 1 && p.image.height >= smallest && p.image.width >= smallest &&
              p.classes >= 2,
          errc::network_shape,
          "{} needs channels >= 1, height and width >= {} and classes >= 2, given {} x {} x {} and "
          "{} classes",
          network, smallest, p.image.channels, p.image.height, p.image.width, p.classes);
  expects(p.width >= 1.0 / 64.0 && p.width <= 64.0, errc::argument_out_of_range,
          "the width factor of a network must lie in [1/64, 64], given {}", p.width);
}

/// Channels of a layer at that width factor: rounded, at least 1.
[[nodiscard]] inline index_t widened(index_t channels, double width) {
  const auto wide = static_cast<index_t>(std::llround(static_cast<double>(channels) * width));
  return wide < 1 ? 1 : wide;
}

/// Collects the layers of a residual network together with what arrives at each of them.
class residual_list {
 public:
  residual_list(const layer_list_params& p, index_t channels)
      : image_(p.image), channels_(channels) {
    layers_.push_back({"conv1", image_.channels, channels, 3, 3, pixels(), true});
    stream_ = {{"conv1", 0}};
  }

  /// Two 3x3 convolutions beside the identity; the first one may halve the map and change the
  /// number of channels, and then the shortcut is a 1x1 convolution (option B of He et al., CVPR
  /// 2016) or the identity with zero channels on both sides (option A).
  void add_block(const std::string& name, index_t channels, bool halve, bool projection) {
    const index_t in = channels_;
    if (halve) image_ = {image_.channels, ceil_div(image_.height, 2), ceil_div(image_.width, 2)};
    add(name + ".conv1", in, channels, 3, false, stream_);
    add(name + ".conv2", channels, channels, 3, false, {{name + ".conv1", 0}});
    if (in != channels || halve) shorten(name, in, channels, projection);
    stream_.insert(stream_.begin(), {name + ".conv2", 0});
    channels_ = channels;
  }

  /// The last layer, after global average pooling.
  [[nodiscard]] std::vector<mask::layer_spec> finish(index_t classes) && {
    layers_.push_back({"fc", channels_, classes, 1, 1, 1, true, stream_});
    return std::move(layers_);
  }

 private:
  [[nodiscard]] index_t pixels() const { return image_.height * image_.width; }

  void add(const std::string& name, index_t in, index_t out, index_t kernel, bool keep_dense,
           std::vector<mask::layer_source> sources) {
    layers_.push_back({name, in, out, kernel, kernel, pixels(), keep_dense, std::move(sources)});
  }

  void shorten(const std::string& name, index_t in, index_t channels, bool projection) {
    if (projection) {
      add(name + ".shortcut", in, channels, 1, channels < 128, stream_);
      stream_ = {{name + ".shortcut", 0}};
      return;
    }
    for (mask::layer_source& s : stream_) s.first_channel += (channels - in) / 2;
  }

  std::vector<mask::layer_spec> layers_;
  std::vector<mask::layer_source> stream_;  ///< whose outputs are summed up so far
  map_shape image_;
  index_t channels_;
};

}  // namespace detail

SWPRUNE_SETUP std::vector<mask::layer_spec> lenet5_layers(const map_shape& image, index_t classes,
                                                          double width) {
  detail::check_list({image, classes, width}, "lenet5", 4);
  const index_t h = image.height, w = image.width;
  const index_t a = detail::widened(32, width), b = detail::widened(64, width);
  const index_t c = detail::widened(128, width);
  return {{"conv1", image.channels, a, 5, 5, h * w, true},
          {"conv2", a, b, 5, 5, (h / 2) * (w / 2), false},
          {"fc1", b, c, h / 4, w / 4, 1, false},
          {"fc2", c, classes, 1, 1, 1, true}};
}

SWPRUNE_SETUP std::vector<mask::layer_spec> vgg16_layers(const layer_list_params& p) {
  detail::check_list(p, "vgg16", 32);
  const std::vector<std::vector<index_t>> stages{
      {64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}};
  std::vector<mask::layer_spec> layers;
  map_shape map = p.image;
  for (const std::vector<index_t>& stage : stages) {
    for (const index_t channels : stage) {
      const index_t out = detail::widened(channels, p.width);
      layers.push_back({fmt::format("conv{}", layers.size() + 1), map.channels, out, 3, 3,
                        map.pixels(), layers.empty()});
      map.channels = out;
    }
    map = {map.channels, map.height / 2, map.width / 2};
  }
  layers.push_back({"fc", map.channels, p.classes, map.height, map.width, 1, true});
  return layers;
}

SWPRUNE_SETUP std::vector<mask::layer_spec> resnet18_layers(const layer_list_params& p) {
  detail::check_list(p, "resnet18", 8);
  detail::residual_list list(p, detail::widened(64, p.width));
  for (index_t stage = 1; stage <= 4; ++stage)
    for (index_t block = 0; block < 2; ++block)
      list.add_block(fmt::format("layer{}.{}", stage, block),
                     detail::widened(index_t{32} << stage, p.width), stage > 1 && block == 0, true);
  return std::move(list).finish(p.classes);
}

namespace detail {

/// The list of a cifar_resnet_layers() network; `name` is for messages.
[[nodiscard]] inline std::vector<mask::layer_spec> option_a_layers(const layer_list_params& p,
                                                                   const char* name,
                                                                   index_t blocks) {
  check_list(p, name, 4);
  residual_list list(p, widened(16, p.width));
  for (index_t stage = 1; stage <= 3; ++stage)
    for (index_t block = 0; block < blocks; ++block)
      list.add_block(fmt::format("layer{}.{}", stage, block), widened(index_t{8} << stage, p.width),
                     stage > 1 && block == 0, false);
  return std::move(list).finish(p.classes);
}

}  // namespace detail

SWPRUNE_SETUP std::vector<mask::layer_spec> resnet20_layers(const layer_list_params& p) {
  return detail::option_a_layers(p, "resnet20", 3);
}

SWPRUNE_SETUP std::vector<mask::layer_spec> resnet32_layers(const layer_list_params& p) {
  return detail::option_a_layers(p, "resnet32", 5);
}

SWPRUNE_SETUP std::vector<mask::layer_spec> resnet56_layers(const layer_list_params& p) {
  return detail::option_a_layers(p, "resnet56", 9);
}

SWPRUNE_SETUP std::vector<mask::layer_spec> densenet40_layers(const layer_list_params& p) {
  detail::check_list(p, "densenet40", 4);
  const index_t growth = detail::widened(12, p.width);
  map_shape map = p.image;
  index_t channels = detail::widened(16, p.width);
  std::vector<mask::layer_spec> layers;
  layers.push_back({"conv1", map.channels, channels, 3, 3, map.pixels(), true});
  std::vector<mask::layer_source> block{{"conv1", 0}};
  for (index_t dense = 1; dense <= 3; ++dense) {
    for (index_t l = 0; l < 12; ++l) {
      const std::string name = fmt::format("dense{}.{}.conv", dense, l);
      layers.push_back({name, channels, growth, 3, 3, map.pixels(), false, block});
      block.push_back({name, channels});
      channels += growth;
    }
    if (dense == 3) break;
    const std::string name = fmt::format("transition{}.conv", dense);
    layers.push_back({name, channels, channels, 1, 1, map.pixels(), false, block});
    block = {{name, 0}};
    map = {map.channels, map.height / 2, map.width / 2};
  }
  layers.push_back({"fc", channels, p.classes, 1, 1, 1, true, block});
  return layers;
}

SWPRUNE_SETUP std::vector<mask::layer_spec> mlp_layers(const layer_list_params& p) {
  detail::check_list(p, "mlp", 1);
  const index_t hidden = detail::widened(512, p.width);
  return {{"fc1", p.image.channels, hidden, p.image.height, p.image.width, 1, true},
          {"fc2", hidden, hidden, 1, 1, 1, false},
          {"fc3", hidden, hidden, 1, 1, 1, false},
          {"fc4", hidden, p.classes, 1, 1, 1, true}};
}

#endif

/// The names that layers_by_name() and model_by_name() know.
inline constexpr std::array<std::string_view, 8> model_names{
    "lenet5", "mlp", "vgg16", "resnet18", "resnet20", "resnet32", "resnet56", "densenet40"};

namespace detail {

[[noreturn]] SWPRUNE_SETUP void refuse_model(std::string_view name);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void refuse_model(std::string_view name) {
  std::string all;
  for (const std::string_view known : model_names)
    all.append(all.empty() ? "" : ", ").append(known);
  raise(errc::argument_out_of_range, "a network is one of {}; given '{}'", all, name);
}

#endif

}  // namespace detail

/// The layers of the network of that name, one of model_names. Throws argument_out_of_range, naming
/// all, for any other word, and as the function of that network.
[[nodiscard]] SWPRUNE_SETUP std::vector<mask::layer_spec> layers_by_name(
    std::string_view name, const layer_list_params& p = {});

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<mask::layer_spec> layers_by_name(std::string_view name,
                                                           const layer_list_params& p) {
  if (name == "lenet5") return lenet5_layers(p.image, p.classes, p.width);
  if (name == "mlp") return mlp_layers(p);
  if (name == "vgg16") return vgg16_layers(p);
  if (name == "resnet18") return resnet18_layers(p);
  if (name == "resnet20") return resnet20_layers(p);
  if (name == "resnet32") return resnet32_layers(p);
  if (name == "resnet56") return resnet56_layers(p);
  if (name == "densenet40") return densenet40_layers(p);
  detail::refuse_model(name);
}

#endif

}  // namespace swprune::inline v0::nn
