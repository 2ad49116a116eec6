// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/average_pool.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/chain.hpp"
#include "swprune/nn/concatenation.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/global_average_pool.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/option_a_shortcut.hpp"
#include "swprune/nn/relu.hpp"
#include "swprune/nn/residual.hpp"

namespace swprune::inline v0::nn {

namespace detail {

/// Adds a convolution with padding that keeps the map (at stride 1) and its normalisation.
template <typename List>
void add_conv_norm(List& list, const mask::mask_set& masks, const std::string& conv,
                   const std::string& norm, index_t stride = 1) {
  const mask::layer_mask& m = masks.at(conv);
  list.template add<conv2d>(m,
                            conv2d_params{.stride = stride, .padding = (m.kernel_height - 1) / 2});
  list.template add<batch_norm>(norm, m.out_channels);
}

/// Adds normalisation, ReLU and `name`.conv, in this order, with padding that keeps the map.
template <typename List>
void add_norm_conv(List& list, const mask::mask_set& masks, const std::string& name) {
  const mask::layer_mask& m = masks.at(name + ".conv");
  list.template add<batch_norm>(name + ".bn", m.in_channels);
  list.template add<relu>(name + ".relu");
  list.template add<conv2d>(m, conv2d_params{.padding = (m.kernel_height - 1) / 2});
}

/// How a residual block reaches another shape.
enum class widening { none, option_a, projection };

/// Block `name` of two 3x3 convolutions, as residual_list::add_block() lists it.
template <typename Scalar>
void add_residual_block(network<Scalar>& net, const mask::mask_set& masks, const std::string& name,
                        widening how) {
  const index_t stride = how == widening::none ? 1 : 2;
  chain<Scalar> path;
  add_conv_norm(path, masks, name + ".conv1", name + ".bn1", stride);
  path.template add<relu>(name + ".relu1");
  add_conv_norm(path, masks, name + ".conv2", name + ".bn2");
  chain<Scalar> shortcut;
  if (how == widening::option_a)
    shortcut.template add<option_a_shortcut>(
        name + ".shortcut", option_a_params{.in_channels = masks.at(name + ".conv1").in_channels,
                                            .out_channels = masks.at(name + ".conv2").out_channels,
                                            .stride = stride});
  if (how == widening::projection)
    add_conv_norm(shortcut, masks, name + ".shortcut", name + ".shortcut_bn", stride);
  net.template add<residual>(name, std::move(path), std::move(shortcut));
}

/// conv1, stages of `blocks` residual blocks each, global average pooling, fc.
template <typename Scalar>
[[nodiscard]] network<Scalar> residual_network(const mask::mask_set& masks, const map_shape& image,
                                               index_t stages, index_t blocks, widening how) {
  network<Scalar> net;
  add_conv_norm(net, masks, "conv1", "bn1");
  net.template add<relu>("relu1");
  for (index_t stage = 1; stage <= stages; ++stage)
    for (index_t block = 0; block < blocks; ++block)
      add_residual_block(net, masks, fmt::format("layer{}.{}", stage, block),
                         stage > 1 && block == 0 ? how : widening::none);
  net.template add<global_average_pool>("pool");
  net.template add<fully_connected>(masks.at("fc"), true);
  net.build(image);
  return net;
}

}  // namespace detail

/// The network of the demonstration, of LeNet-5's form (LeCun et al., Proc. IEEE 1998) with wider
/// layers and batch normalisation: conv1 5x5x32 - pool - conv2 5x5x64 - pool - fc1 128 - fc2.
/// `masks` names conv1, conv2, fc1 and fc2 as lenet5_layers() does. Weights are zero: see init.hpp.
/// Throws mask_shape for a mask that is missing, network_shape for one that does not fit.
template <typename Scalar = float>
[[nodiscard]] network<Scalar> lenet5(const mask::mask_set& masks, const map_shape& image) {
  network<Scalar> net;
  net.template add<conv2d>(masks.at("conv1"), conv2d_params{.padding = 2});
  net.template add<batch_norm>("bn1", masks.at("conv1").out_channels);
  net.template add<relu>("relu1");
  net.template add<max_pool>("pool1");
  net.template add<conv2d>(masks.at("conv2"), conv2d_params{.padding = 2});
  net.template add<batch_norm>("bn2", masks.at("conv2").out_channels);
  net.template add<relu>("relu2");
  net.template add<max_pool>("pool2");
  net.template add<fully_connected>(masks.at("fc1"));
  net.template add<batch_norm>("bn3", masks.at("fc1").out_channels);
  net.template add<relu>("relu3");
  net.template add<fully_connected>(masks.at("fc2"), true);
  net.build(image);
  return net;
}

/// VGG-16 as vgg16_layers() lists it: each convolution with batch normalisation and ReLU, 2x2 max
/// pooling after conv2, conv4, conv7, conv10 and conv13, then fc. `masks` names conv1 .. conv13 and
/// fc; the channels are theirs. Weights are zero: see init.hpp. Throws as lenet5().
template <typename Scalar = float>
[[nodiscard]] network<Scalar> vgg16(const mask::mask_set& masks, const map_shape& image) {
  network<Scalar> net;
  for (index_t i = 1, pools = 0; i <= 13; ++i) {
    detail::add_conv_norm(net, masks, fmt::format("conv{}", i), fmt::format("bn{}", i));
    net.template add<relu>(fmt::format("relu{}", i));
    if (i == 2 || i == 4 || i == 7 || i == 10 || i == 13)
      net.template add<max_pool>(fmt::format("pool{}", ++pools));
  }
  net.template add<fully_connected>(masks.at("fc"), true);
  net.build(image);
  return net;
}

/// ResNet-18 as resnet18_layers() lists it: four stages of two blocks; a shortcut to another shape
/// is the projection layerS.0.shortcut with layerS.0.shortcut_bn. Weights are zero: see init.hpp.
/// Throws as lenet5().
template <typename Scalar = float>
[[nodiscard]] network<Scalar> resnet18(const mask::mask_set& masks, const map_shape& image) {
  return detail::residual_network<Scalar>(masks, image, 4, 2, detail::widening::projection);
}

/// ResNet-20 as resnet20_layers() lists it: three stages of three blocks, shortcuts of option A.
/// Weights are zero: see init.hpp. Throws as lenet5().
template <typename Scalar = float>
[[nodiscard]] network<Scalar> resnet20(const mask::mask_set& masks, const map_shape& image) {
  return detail::residual_network<Scalar>(masks, image, 3, 3, detail::widening::option_a);
}

/// As resnet20() with five blocks in a stage.
template <typename Scalar = float>
[[nodiscard]] network<Scalar> resnet32(const mask::mask_set& masks, const map_shape& image) {
  return detail::residual_network<Scalar>(masks, image, 3, 5, detail::widening::option_a);
}

/// As resnet20() with nine blocks in a stage.
template <typename Scalar = float>
[[nodiscard]] network<Scalar> resnet56(const mask::mask_set& masks, const map_shape& image) {
  return detail::residual_network<Scalar>(masks, image, 3, 9, detail::widening::option_a);
}

/// DenseNet-40 as densenet40_layers() lists it; batch normalisation and ReLU stand before each
/// convolution but the first. Weights are zero: see init.hpp. Throws as lenet5().
template <typename Scalar = float>
[[nodiscard]] network<Scalar> densenet40(const mask::mask_set& masks, const map_shape& image) {
  network<Scalar> net;
  net.template add<conv2d>(masks.at("conv1"), conv2d_params{.padding = 1});
  for (index_t dense = 1; dense <= 3; ++dense) {
    for (index_t l = 0; l < 12; ++l) {
      const std::string name = fmt::format("dense{}.{}", dense, l);
      chain<Scalar> path;
      detail::add_norm_conv(path, masks, name);
      net.template add<concatenation>(name, std::move(path));
    }
    if (dense == 3) break;
    const std::string name = fmt::format("transition{}", dense);
    detail::add_norm_conv(net, masks, name);
    net.template add<average_pool>(name + ".pool");
  }
  net.template add<batch_norm>("bn", masks.at("fc").in_channels);
  net.template add<relu>("relu");
  net.template add<global_average_pool>("pool");
  net.template add<fully_connected>(masks.at("fc"), true);
  net.build(image);
  return net;
}

/// Multilayer perceptron as mlp_layers() lists it: batch normalisation and ReLU behind each layer
/// but the last. Weights are zero: see init.hpp. Throws as lenet5().
template <typename Scalar = float>
[[nodiscard]] network<Scalar> mlp(const mask::mask_set& masks, const map_shape& image) {
  network<Scalar> net;
  for (index_t i = 1; i <= 3; ++i) {
    const mask::layer_mask& m = masks.at(fmt::format("fc{}", i));
    net.template add<fully_connected>(m);
    net.template add<batch_norm>(fmt::format("bn{}", i), m.out_channels);
    net.template add<relu>(fmt::format("relu{}", i));
  }
  net.template add<fully_connected>(masks.at("fc4"), true);
  net.build(image);
  return net;
}

/// The network of that name, one of model_names; channels and classes are those of the masks.
/// Throws argument_out_of_range for any other word, and as the function of that network.
template <typename Scalar = float>
[[nodiscard]] network<Scalar> model_by_name(std::string_view name, const mask::mask_set& masks,
                                            const map_shape& image) {
  if (name == "lenet5") return lenet5<Scalar>(masks, image);
  if (name == "mlp") return mlp<Scalar>(masks, image);
  if (name == "vgg16") return vgg16<Scalar>(masks, image);
  if (name == "resnet18") return resnet18<Scalar>(masks, image);
  if (name == "resnet20") return resnet20<Scalar>(masks, image);
  if (name == "resnet32") return resnet32<Scalar>(masks, image);
  if (name == "resnet56") return resnet56<Scalar>(masks, image);
  if (name == "densenet40") return densenet40<Scalar>(masks, image);
  detail::refuse_model(name);
}

SWPRUNE_COMPILED_TEMPLATE(network<float> lenet5<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> lenet5<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> vgg16<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> vgg16<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> resnet18<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> resnet18<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> resnet20<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> resnet20<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> resnet32<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> resnet32<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> resnet56<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> resnet56<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> densenet40<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> densenet40<double>(const mask::mask_set&,
                                                             const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> mlp<float>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> mlp<double>(const mask::mask_set&, const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<float> model_by_name<float>(std::string_view,
                                                              const mask::mask_set&,
                                                              const map_shape&))
SWPRUNE_COMPILED_TEMPLATE(network<double> model_by_name<double>(std::string_view,
                                                                const mask::mask_set&,
                                                                const map_shape&))

}  // namespace swprune::inline v0::nn
