// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random networks of integer layers that are more than a chain: every stride, dilation and kernel,
// groups and diagonals, residuals, concatenations read whole and in part.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/quant/diagonal_layer.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/model_tensors.hpp"
#include "swprune/quant/structural_blocks.hpp"
#include "tests/support/random_layer.hpp"

namespace swprune_test {

/// Bounds of random_graph().
struct random_graph_params {
  index_t layers = 4;
  index_t max_uops = 4'000;  ///< of a layer and batch, when every block is live
  index_t max_channels = 24;
  index_t max_size = 14;
  index_t max_images = 4;
  bool residual = true;  ///< residuals may occur
};

/// What occurred in random graphs, so that a test can require it.
struct graph_features {
  index_t strides[5] = {};    ///< by stride
  index_t dilations[5] = {};  ///< by dilation
  index_t grouped = 0;        ///< more than one group, not diagonal
  index_t straddling = 0;     ///< groups that are no multiple of four channels
  index_t diagonal = 0;
  index_t residuals = 0;
  index_t strided_residuals = 0;
  index_t partial_residuals = 0;  ///< some output channels have no partner
  index_t pooled_residuals = 0;
  index_t concatenations = 0;  ///< layers that join a tensor
  index_t part_reads = 0;      ///< reads of a part of a tensor

  void count(const swprune::quant::int8_model& m) {
    const auto tensors = swprune::quant::tensors_of(m);
    for (std::size_t i = 0; i < m.layers.size(); ++i) {
      const swprune::quant::int8_layer& l = m.layers[i];
      const auto& use = tensors.layers[i];
      ++strides[l.stride];
      ++dilations[l.dilation];
      const bool is_diagonal = l.groups > 1 && l.groups == l.input.channels;
      grouped += l.groups > 1 && !is_diagonal;
      straddling += l.groups > 1 && !is_diagonal && l.input.channels / l.groups % 4 != 0;
      diagonal += is_diagonal;
      concatenations += use.out.first_channel > 0;
      part_reads += use.in.channels < tensors.tensors[std::size_t(use.in.tensor)].shape.channels;
      if (!l.residual) continue;
      ++residuals;
      strided_residuals += l.residual->stride == 2;
      partial_residuals += l.residual->input.channels < l.output.channels;
      pooled_residuals += l.pool;
    }
  }
};

namespace detail {

/// Makes the layers of a random graph one after the other.
class graph_maker {
 public:
  graph_maker(const swprune::hw::array_params& a, const random_graph_params& p, random_case& c,
              swprune::rng& r)
      : a_(a), p_(p), case_(c), r_(r) {}

  void run() {
    swprune::quant::int8_model& m = case_.model;
    case_.images = between(r_, 1, p_.max_images);
    m.input = {between(r_, 1, p_.max_channels), between(r_, 1, p_.max_size),
               between(r_, 1, p_.max_size)};
    m.input_signed = r_.bernoulli(0.4);
    m.input_zero = static_cast<int>(m.input_signed ? between(r_, -128, 127) : between(r_, 0, 255));
    for (index_t i = 0; i < p_.layers; ++i) {
      m.layers.push_back(r_.bernoulli(0.2) ? diagonal_layer() : free_layer());
      m.layers.back().name = "layer" + std::to_string(i);
      if (i + 1 < p_.layers) join_tensor(m.layers.back());
    }
    case_.input = random_bytes(case_.images * m.input.size(), m.input_signed, r_);
  }

 private:
  struct source {
    swprune::quant::tensor_slice slice;
    swprune::quant::model_tensor tensor;  ///< shape: that of the slice
  };

  /// What can be read: all tensors so far, whole or, if there are several parts, one or some.
  [[nodiscard]] std::vector<source> sources() const {
    const auto found = swprune::quant::tensors_of(case_.model);
    std::vector<source> all{{{swprune::quant::input_tensor, 0}, found.tensors[0]}};
    for (const auto& use : found.layers) {
      source s{{"", use.out.first_channel}, found.tensors[std::size_t(use.out.tensor)]};
      s.slice.tensor = s.tensor.name;
      s.tensor.shape.channels = use.out.channels;
      all.push_back(s);
      // Together with what lies before, if the parts leave no gap.
      s.slice.first_channel = 0;
      s.tensor.shape.channels = use.out.end();
      if (gapless(found, use.out.tensor)) all.push_back(s);
    }
    return all;
  }
  [[nodiscard]] static bool gapless(const swprune::quant::model_tensors& m, index_t tensor) {
    index_t end = 0;
    for (const auto& use : m.layers)
      if (use.out.tensor == tensor) {
        if (use.out.first_channel != end) return false;
        end = use.out.end();
      }
    return true;
  }

  void read_from(swprune::quant::int8_layer& l) {
    const auto all = sources();
    // Mostly the newest, so that there are chains as well.
    const std::size_t at = r_.bernoulli(0.6) ? all.size() - 1 : r_.below(all.size());
    l.reads = all[at].slice;
    l.input = all[at].tensor.shape;
    l.input_signed = all[at].tensor.is_signed;
    l.input_zero = all[at].tensor.zero;
  }

  [[nodiscard]] swprune::quant::int8_layer free_layer() {
    swprune::quant::int8_layer l;
    read_from(l);
    draw_window(l);
    l.output.channels = r_.bernoulli(0.1) ? 1 : between(r_, 1, p_.max_channels);
    bound_work(l, a_, {.max_uops = p_.max_uops}, case_.images);
    draw_groups(l);
    draw_pool(l, a_, {}, r_);
    draw_mask(l, a_, r_);
    keep_structure(l);
    draw_range(l, r_);
    draw_weights(l, r_.bernoulli(0.25), r_);
    zero_other_groups(l);
    draw_channels(l, r_.bernoulli(0.25), r_);
    if (p_.residual && a_.res_depth > 0 && r_.bernoulli(0.7)) add_residual(l);
    return l;
  }

  void draw_window(swprune::quant::int8_layer& l) {
    l.stride = between(r_, 1, r_.bernoulli(0.5) ? 1 : 4);
    l.dilation = between(r_, 1, r_.bernoulli(0.5) ? 1 : 4);
    l.padding = between(r_, 0, r_.bernoulli(0.1) ? 15 : 3);
    const auto kernel = [&](index_t size) {
      const index_t longest = (size + 2 * l.padding - 1) / l.dilation + 1;
      return r_.bernoulli(0.3) ? 1 : between(r_, 1, std::min<index_t>(8, longest));
    };
    l.kernel_height = kernel(l.input.height);
    l.kernel_width = kernel(l.input.width);
  }

  /// A number of groups that fits, or 1; the channels shrink to a multiple of it.
  void draw_groups(swprune::quant::int8_layer& l) {
    if (!r_.bernoulli(0.3)) return;
    std::vector<index_t> divisors;
    for (index_t g = 2; g <= std::min(l.input.channels, l.output.channels); ++g)
      if (l.input.channels % g == 0) divisors.push_back(g);
    if (divisors.empty()) return;
    l.groups = divisors[r_.below(divisors.size())];
    l.output.channels -= l.output.channels % l.groups;
  }
  static void keep_structure(swprune::quant::int8_layer& l) {
    const auto structure = swprune::quant::structural_blocks(l);
    for (index_t j = 0; j < l.blocks.out_groups(); ++j)
      for (const index_t i : l.blocks.row(j)) l.blocks.set(j, i, structure.test(j, i));
  }
  static void zero_other_groups(swprune::quant::int8_layer& l) {
    auto w = l.weights.begin();
    const index_t taps = l.kernel_height * l.kernel_width;
    for (index_t j = 0; j < l.blocks.out_groups(); ++j)
      for (const index_t i : l.blocks.row(j))
        for (index_t k = 0; k < l.channels_of(i) * taps; ++k)
          for (index_t lane = 0; lane < l.block.outputs; ++lane, ++w) {
            const index_t o = j * l.block.outputs + lane;
            if (o < l.output.channels && !l.connects(o, i * 4 + k / taps)) *w = 0;
          }
  }

  /// Average pooling, max pooling alone or scaling.
  [[nodiscard]] swprune::quant::int8_layer diagonal_layer() {
    swprune::quant::int8_layer from;
    read_from(from);
    const swprune::quant::value_scale in{0.5, from.input_zero, from.input_signed};
    const swprune::quant::value_scale out{0.25, static_cast<int>(between(r_, 0, 100)),
                                          r_.bernoulli(0.5)};
    const swprune::mask::block_shape block{a_.pof, 4};
    swprune::quant::int8_layer l;
    const index_t kind = between(r_, 0, 2);
    if (kind == 0) {
      l = swprune::quant::average_pool_layer(
          "", from.input,
          {std::min<index_t>(from.input.height, between(r_, 1, 8)),
           std::min<index_t>(from.input.width, between(r_, 1, 8)), between(r_, 1, 4),
           between(r_, 0, 1)},
          in, out, block);
    } else if (kind == 1 && a_.pool && from.input.height >= 2 && from.input.width >= 2) {
      l = swprune::quant::max_pool_layer("", from.input, in, block);
    } else {
      std::vector<double> gain, offset;
      for (index_t c = 0; c < from.input.channels; ++c) {
        gain.push_back(static_cast<double>(between(r_, -40, 40)) / 10);
        offset.push_back(static_cast<double>(between(r_, -400, 400)) / 10);
      }
      l = swprune::quant::scale_layer("", from.input, gain, offset, r_.bernoulli(0.5), in, out,
                                      block);
    }
    l.reads = from.reads;
    return l;
  }

  /// A shortcut from any tensor whose map fits, to whole output groups.
  void add_residual(swprune::quant::int8_layer& l) {
    for (const source& s : shuffled(sources()))
      for (const index_t stride : {1, 2}) {
        const swprune::map_shape& shape = s.tensor.shape;
        if (swprune::ceil_div(shape.height, stride) != l.conv_height() ||
            swprune::ceil_div(shape.width, stride) != l.conv_width())
          continue;
        const index_t groups = (l.output.channels - 1) / a_.pof;  // whole ones in front of the last
        swprune::quant::residual_add add;
        add.first_channel = a_.pof * between(r_, 0, groups);
        index_t channels = std::min(shape.channels, l.output.channels - add.first_channel);
        if (add.first_channel + channels < l.output.channels) channels -= channels % a_.pof;
        if (channels == 0) continue;
        add.reads = s.slice;
        add.input = {channels, shape.height, shape.width};
        add.stride = stride;
        add.is_signed = s.tensor.is_signed;
        add.zero = s.tensor.zero;
        add.multiplier = static_cast<std::int16_t>(r_.bernoulli(0.3) ? 1 : between(r_, 1, 32767));
        add.shift = static_cast<std::uint8_t>(between(r_, 1, r_.bernoulli(0.5) ? 16 : 31));
        l.residual = add;
        return;
      }
  }
  [[nodiscard]] std::vector<source> shuffled(std::vector<source> all) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[r_.below(i)]);
    return all;
  }

  /// Begins a tensor that others may join, or joins one whose map is the same.
  void join_tensor(swprune::quant::int8_layer& l) {
    if (r_.bernoulli(0.5)) return;
    const auto found = swprune::quant::tensors_of(without_last());
    for (std::size_t t = 1; t < found.tensors.size(); ++t) {
      const auto& tensor = found.tensors[t];
      if (tensor.name.rfind("cat", 0) != 0 || tensor.shape.height != l.output.height ||
          tensor.shape.width != l.output.width)
        continue;
      l.writes = {tensor.name, swprune::round_up(tensor.shape.channels, 4)};
      take_range(l, tensor);
      return;
    }
    l.writes = {"cat" + std::to_string(case_.model.layers.size()), 0};
  }
  [[nodiscard]] swprune::quant::int8_model without_last() const {
    swprune::quant::int8_model m = case_.model;
    m.layers.pop_back();
    return m;
  }
  static void take_range(swprune::quant::int8_layer& l, const swprune::quant::model_tensor& t) {
    l.output_signed = t.is_signed;
    l.output_zero = t.zero;
    l.clamp_lo = t.is_signed ? -128 : 0;
    l.clamp_hi = t.is_signed ? 127 : 255;
  }

  const swprune::hw::array_params& a_;
  const random_graph_params& p_;
  random_case& case_;
  swprune::rng& r_;
};

}  // namespace detail

/// A network whose layers read and write any tensors, and a batch for it. All from `r`.
inline random_case random_graph(const swprune::hw::array_params& a, const random_graph_params& p,
                                swprune::rng& r) {
  random_case c;
  detail::graph_maker(a, p, c, r).run();
  return c;
}

}  // namespace swprune_test
