// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/average_pool.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/chain.hpp"
#include "swprune/nn/concatenation.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/global_average_pool.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/option_a_shortcut.hpp"
#include "swprune/nn/relu.hpp"
#include "swprune/nn/relu6.hpp"
#include "swprune/nn/residual.hpp"

namespace swprune::inline v0::quant::detail {

/// Maps somewhere in the network: channels of a tensor that integer layers write.
struct map_place {
  index_t tensor = 0;  ///< 0: the input
  index_t first_channel = 0;
  map_shape shape;

  [[nodiscard]] index_t end() const { return first_channel + shape.channels; }
};

/// Shortcut that a group adds.
struct group_residual {
  map_place from;
  index_t first_channel = 0;  ///< of the group's output
  index_t stride = 1;
};

/// One integer layer to be: a convolution, an averaging, or a scaling of channels (a normalisation
/// or activation that follows no convolution), and what follows it in the network.
template <typename Scalar>
struct layer_group {
  std::string name;
  const nn::conv2d<Scalar>* conv = nullptr;
  const nn::batch_norm<Scalar>* norm = nullptr;
  map_shape window;    ///< of an averaging, channels 1
  index_t stride = 1;  ///< of an averaging
  bool averages = false;
  bool relu = false;
  bool relu6 = false;
  bool pool = false;
  std::optional<group_residual> residual;
  map_place in;
  map_place out;
  const nn::layer<Scalar>* last = nullptr;  ///< layer whose output the group's output is
};

/// All groups of a network, in an order in which they can run. Tensor 0 is the input.
template <typename Scalar>
struct group_list {
  std::vector<layer_group<Scalar>> groups;
  index_t tensors = 1;
};

/// Walks through a network and forms the groups.
template <typename Scalar>
class group_finder {
 public:
  explicit group_finder(const nn::network<Scalar>& net) {
    map_place now{0, 0, net.input_shape()};
    for (index_t i = 0; i < net.size(); ++i) now = visit(net.at(i), now);
    expects(!list_.groups.empty(), errc::quant_unsupported, "a network without convolutions");
  }

  [[nodiscard]] group_list<Scalar> take() && { return std::move(list_); }

 private:
  using layer = nn::layer<Scalar>;
  using group = layer_group<Scalar>;

  [[nodiscard]] map_place walk(const nn::chain<Scalar>& chain, map_place now) {
    for (index_t i = 0; i < chain.size(); ++i) now = visit(chain.at(i), now);
    return now;
  }

  /// Where the maps are behind a layer that takes those at `now`.
  [[nodiscard]] map_place visit(const layer& l, const map_place& now) {
    if (const auto* conv = dynamic_cast<const nn::conv2d<Scalar>*>(&l)) {
      group g;
      g.conv = conv;
      return begin(std::move(g), l, now);
    }
    if (const auto* norm = dynamic_cast<const nn::batch_norm<Scalar>*>(&l)) return add(*norm, now);
    if (is<nn::relu>(l) || is<nn::relu6>(l)) return activate(l, now);
    if (const auto* pool = dynamic_cast<const nn::max_pool<Scalar>*>(&l)) return add(*pool, now);
    if (const auto* pool = dynamic_cast<const nn::average_pool<Scalar>*>(&l))
      return average(l, {1, pool->params().size, pool->params().size}, pool->params().stride, now);
    if (is<nn::global_average_pool>(l))
      return average(l, {1, now.shape.height, now.shape.width}, 1, now);
    if (is<nn::dropout>(l)) return now;  // nothing at inference
    if (is<nn::residual>(l)) return add_shortcut(static_cast<const nn::residual<Scalar>&>(l), now);
    if (is<nn::concatenation>(l)) return concatenate(l, now);
    refuse(l, "it has no integer form");
  }

  template <template <typename> class Layer>
  [[nodiscard]] static bool is(const layer& l) {
    return dynamic_cast<const Layer<Scalar>*>(&l) != nullptr;
  }
  [[noreturn]] static void refuse(const layer& l, const char* why) {
    raise(errc::quant_unsupported, "layer '{}' ({}): {}", l.name(), l.kind(), why);
  }

  /// A new group that writes a tensor of its own.
  [[nodiscard]] map_place begin(group g, const layer& l, const map_place& now) {
    g.name = l.name();
    g.in = now;
    g.out = {list_.tensors++, 0, l.output_shape(now.shape)};
    g.last = &l;
    list_.groups.push_back(std::move(g));
    joinable_ = true;
    return list_.groups.back().out;
  }

  /// The group that wrote `now`, if what follows can still become part of it.
  [[nodiscard]] group* open_group(const map_place& now) {
    if (!joinable_ || list_.groups.empty()) return nullptr;
    group& g = list_.groups.back();
    return g.out.tensor == now.tensor && g.out.shape == now.shape ? &g : nullptr;
  }
  [[nodiscard]] static map_place join(group& g, const layer& l) {
    g.out.shape = l.output_shape(g.out.shape);
    g.last = &l;
    return g.out;
  }

  [[nodiscard]] map_place add(const nn::batch_norm<Scalar>& norm, const map_place& now) {
    group* g = open_group(now);
    const bool folds = g != nullptr && g->conv != nullptr && g->norm == nullptr && !g->relu &&
                       !g->pool && !g->residual;
    if (!folds) {
      group scale;
      scale.norm = &norm;
      return begin(std::move(scale), norm, now);
    }
    g->norm = &norm;
    return join(*g, norm);
  }

  /// ReLU and pooling may come in either order: both keep order, so they commute.
  [[nodiscard]] map_place activate(const layer& l, const map_place& now) {
    group* g = open_group(now);
    if (g == nullptr) {
      (void)begin({}, l, now);
      g = &list_.groups.back();
    }
    g->relu = true;
    g->relu6 = g->relu6 || is<nn::relu6>(l);
    return join_same(*g, l);
  }
  [[nodiscard]] static map_place join_same(group& g, const layer& l) {
    g.last = &l;
    return g.out;
  }

  [[nodiscard]] map_place add(const nn::max_pool<Scalar>& pool, const map_place& now) {
    if (pool.params().size != 2 || pool.params().stride != 2)
      refuse(pool, "the integer form of max pooling is 2x2 with stride 2");
    group* g = open_group(now);
    if (g != nullptr && !g->pool) {
      g->pool = true;
      return join(*g, pool);
    }
    group alone;
    alone.pool = true;
    return begin(std::move(alone), pool, now);
  }

  [[nodiscard]] map_place average(const layer& l, const map_shape& window, index_t stride,
                                  const map_place& now) {
    group g;
    g.averages = true;
    g.window = window;
    g.stride = stride;
    return begin(std::move(g), l, now);
  }

  /// The shortcut runs first; then the path's last convolution adds what it gave.
  [[nodiscard]] map_place add_shortcut(const nn::residual<Scalar>& block, const map_place& now) {
    const nn::chain<Scalar>& shortcut = *block.paths()[1];
    group_residual add;
    const auto* padded = shortcut.size() == 1
                             ? dynamic_cast<const nn::option_a_shortcut<Scalar>*>(&shortcut.at(0))
                             : nullptr;
    if (padded != nullptr) {
      add.from = now;
      add.stride = padded->params().stride;
      add.first_channel = (padded->params().out_channels - padded->params().in_channels) / 2;
    } else {
      joinable_ = false;  // what the block adds to must stay as it is
      add.from = walk(shortcut, now);
    }
    joinable_ = false;
    const map_place sum = walk(*block.paths()[0], now);
    group* g = open_group(sum);
    if (g == nullptr || g->relu || g->pool || g->residual)
      refuse(block,
             "its path must end with a convolution, normalised or not, to which the shortcut "
             "is added");
    g->residual = add;
    g->relu = block.params().relu;
    return join_same(*g, block);
  }

  /// The path's result goes behind the input's channels, into the same tensor.
  [[nodiscard]] map_place concatenate(const layer& l, const map_place& now) {
    if (now.tensor == 0) refuse(l, "the integer form cannot append to the network's input");
    if (now.end() % 4 != 0)
      refuse(l, "the channels in front of those that it appends must be a multiple of 4");
    joinable_ = false;
    const map_place made = walk(*l.paths()[0], now);
    group* g = open_group(made);
    if (g == nullptr) refuse(l, "its path must end with a layer of its own");
    for (const group& other : list_.groups)
      if (&other != g && other.out.tensor == now.tensor && other.out.end() > now.end())
        refuse(l, "other layers append to the same input");
    g->out.tensor = now.tensor;
    g->out.first_channel = now.end();
    joinable_ = false;
    map_place joined = now;
    joined.shape.channels += made.shape.channels;
    return joined;
  }
  group_list<Scalar> list_;
  bool joinable_ = false;
};

}  // namespace swprune::inline v0::quant::detail
