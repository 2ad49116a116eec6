// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/mixing.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// How far the masks of a chain of layers (each layer's output channels are the next one's input
/// channels) carry information: reach[l] after layer l, and the layers until every output group
/// depends on every input group of the first layer. Takes a vector of masks or a mask_set. Throws
/// mask_shape if two neighbours do not fit.
[[nodiscard]] SWPRUNE_SETUP graph::mixing_result mixing(std::span<const layer_mask> layers);

#if SWPRUNE_BODIES

namespace detail {

/// Which output groups of one layer feed which input groups of the next, where output channel c
/// arrives as input channel c + first_channel: those that share a channel. [Gi of after] lists.
[[nodiscard]] SWPRUNE_COLD inline std::vector<std::vector<graph::node_t>> feeding_groups(
    const layer_mask& before, const layer_mask& after, index_t first_channel) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(after.in_groups()));
  for (index_t i = 0; i < after.in_groups(); ++i) {
    const index_t low = i * after.block.inputs - first_channel;
    const index_t first = std::max<index_t>(low, 0) / before.block.outputs;
    const index_t last = std::min(low + after.inputs_of(i), before.out_channels) - 1;
    for (index_t j = first; j * before.block.outputs <= last; ++j)
      rows[static_cast<std::size_t>(i)].push_back(static_cast<graph::node_t>(j));
  }
  return rows;
}

}  // namespace detail

SWPRUNE_SETUP graph::mixing_result mixing(std::span<const layer_mask> layers) {
  std::vector<graph::bipartite> chain;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    check(layers[l]);
    if (l > 0) {
      expects(layers[l - 1].out_channels == layers[l].in_channels, errc::mask_shape,
              "layer '{}' gives {} channels but layer '{}' takes {}: no chain", layers[l - 1].name,
              layers[l - 1].out_channels, layers[l].name, layers[l].in_channels);
      chain.emplace_back(layers[l - 1].out_groups(),
                         detail::feeding_groups(layers[l - 1], layers[l], 0));
    }
    chain.push_back(to_ring(layers[l].blocks, ring_order::aligned));
  }
  const std::vector<double> reach = graph::mixing(chain).reach;
  graph::mixing_result result;
  for (std::size_t g = 0; g < reach.size(); g += 2) {
    result.reach.push_back(reach[g]);
    if (result.depth == 0 && reach[g] == 1.0)
      result.depth = static_cast<index_t>(result.reach.size());
  }
  return result;
}

#endif

/// Two layers, one feeding the other, whose masks together fall into parts that share nothing.
struct unmixed_pair {
  std::string before;
  std::string after;
  index_t parts = 0;  ///< >= 2

  friend bool operator==(const unmixed_pair&, const unmixed_pair&) = default;
};

/// How far the masks of a network carry information: see mixing_report().
struct network_mixing {
  std::vector<double> reach;          ///< per layer, in [0, 1]
  bool all_reached = true;            ///< invariant I4
  std::vector<unmixed_pair> unmixed;  ///< in layer order

  friend bool operator==(const network_mixing&, const network_mixing&) = default;
};

/// How far the masks of a network carry information, along the graph that layer_spec::sources spans
/// (sums and concatenations; a layer without sources follows the one before it).
///
/// reach[l] is the share of the pairs (output group of layer l, entry) joined by a path. The
/// entries are the channels that enter the pruned part: outputs of dense layers at the network's
/// beginning, which depend on the whole input, or the network's input itself. all_reached says that
/// every output group of every layer that feeds no other depends on every entry, hence on every
/// input channel of the network: invariant I4. A last layer kept dense makes that true as soon as
/// every input group of every layer is used; what its features see is the reach of the layer
/// before.
///
/// unmixed lists the pairs of layers, one a source of the other, whose masks together fall into two
/// or more parts: block-diagonal masks in the same ring order, the fault that the interleaved order
/// mends.
///
/// `masks` has one mask per layer of the network, in its order, as make_masks() gives; a vector or
/// a mask_set. Throws mask_shape if masks and layers do not belong together or two layers do not
/// fit.
[[nodiscard]] SWPRUNE_SETUP network_mixing mixing_report(std::span<const layer_mask> masks,
                                                         const std::vector<layer_spec>& layers);

#if SWPRUNE_BODIES

namespace detail {

/// A source of a layer, resolved: `layer` is its index, or -1 for the network's input.
struct resolved_source {
  index_t layer = -1;
  index_t first_channel = 0;
};

/// Sources of every layer; a layer without any follows the one before it. Throws mask_shape unless
/// the channels fit.
[[nodiscard]] SWPRUNE_COLD inline std::vector<std::vector<resolved_source>> resolve_sources(
    const std::vector<layer_spec>& layers) {
  std::vector<std::vector<resolved_source>> all(layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    for (const layer_source& s : layers[l].sources) {
      index_t from = -1;
      for (std::size_t e = 0; e < l; ++e)
        if (!s.layer.empty() && layers[e].name == s.layer) from = static_cast<index_t>(e);
      all[l].push_back({from, s.first_channel});
    }
    if (!layers[l].sources.empty()) continue;
    all[l].push_back({static_cast<index_t>(l) - 1, 0});
    if (l == 0) continue;
    expects(layers[l - 1].out_channels == layers[l].in_channels, errc::mask_shape,
            "layer '{}' gives {} channels but layer '{}' takes {}: say in `sources` where its "
            "input comes from",
            layers[l - 1].name, layers[l - 1].out_channels, layers[l].name, layers[l].in_channels);
  }
  return all;
}

/// Sets that merge.
class disjoint_sets {
 public:
  explicit disjoint_sets(index_t count) : parent_(static_cast<std::size_t>(count)) {
    std::iota(parent_.begin(), parent_.end(), index_t{0});
  }
  [[nodiscard]] index_t root(index_t v) {
    while (at(v) != v) v = at(v) = at(at(v));
    return v;
  }
  void join(index_t a, index_t b) { at(root(a)) = root(b); }

 private:
  [[nodiscard]] index_t& at(index_t v) { return parent_[static_cast<std::size_t>(v)]; }

  std::vector<index_t> parent_;
};

/// Parts into which two masks in a row fall: connected components of the graph that joins an input
/// group of `before` to an output group of `after` wherever a path leads from one to the other.
/// Groups without any path are not counted. Joining along paths is enough: an input group of
/// `after` that is used joins all that feed it.
[[nodiscard]] SWPRUNE_COLD inline index_t parts_of_pair(const layer_mask& before,
                                                        const layer_mask& after,
                                                        index_t first_channel) {
  const index_t middle = before.out_groups();
  disjoint_sets sets(middle + after.in_groups() + before.in_groups() + after.out_groups());
  const index_t inputs = middle + after.in_groups(), outputs = inputs + before.in_groups();
  std::vector<bool> fed(static_cast<std::size_t>(after.in_groups()), false);
  const auto feeding = feeding_groups(before, after, first_channel);
  for (index_t i = 0; i < after.in_groups(); ++i) {
    if (after.blocks.column_degree(i) == 0) continue;
    for (const graph::node_t j : feeding[static_cast<std::size_t>(i)])
      for (const index_t k : before.blocks.row(j)) {
        sets.join(middle + i, inputs + k);
        fed[static_cast<std::size_t>(i)] = true;
      }
  }
  std::vector<index_t> roots;
  for (index_t o = 0; o < after.out_groups(); ++o)
    for (const index_t i : after.blocks.row(o))
      if (fed[static_cast<std::size_t>(i)]) sets.join(outputs + o, middle + i);
  for (index_t i = 0; i < after.in_groups(); ++i)
    if (fed[static_cast<std::size_t>(i)]) roots.push_back(sets.root(middle + i));
  std::sort(roots.begin(), roots.end());
  return std::unique(roots.begin(), roots.end()) - roots.begin();
}

/// Which entries each output group of a layer depends on.
using entry_sets = std::vector<std::vector<std::uint64_t>>;

inline void merge_into(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) {
  for (std::size_t w = 0; w < to.size(); ++w) to[w] |= from[w];
}

/// Spreads dependence through a network. Its entries are what enters the part that is pruned: the
/// output channels of the dense stem (dense layers fed by the network's input or dense stem layers
/// only), or the channels of the network's input where there is no such layer in between.
class network_spread {
 public:
  network_spread(std::span<const layer_mask> masks, const std::vector<layer_spec>& layers)
      : masks_(masks), sources_(resolve_sources(layers)) {
    for (std::size_t l = 0; l < masks.size(); ++l) stem_.push_back(is_stem(l));
    count_entries();
    words_ = static_cast<std::size_t>(ceil_div(entries_, 64));
    for (std::size_t l = 0; l < masks.size(); ++l) sets_.push_back(spread(l));
  }

  /// Share of the pairs (output group, entry) that are joined, in [0, 1]; 1 in the stem.
  [[nodiscard]] double reach(std::size_t l) const {
    if (stem_[l] || entries_ == 0) return 1.0;
    index_t joined = 0;
    for (const auto& set : sets_[l])
      for (const std::uint64_t word : set) joined += std::popcount(word);
    return static_cast<double>(joined) /
           static_cast<double>(entries_ * static_cast<index_t>(sets_[l].size()));
  }

  [[nodiscard]] const std::vector<std::vector<resolved_source>>& sources() const {
    return sources_;
  }

 private:
  [[nodiscard]] bool is_stem(std::size_t l) const {
    const layer_mask& m = masks_[l];
    return m.kept_weights() == m.weights() &&
           std::all_of(sources_[l].begin(), sources_[l].end(), [&](const resolved_source& s) {
             return s.layer < 0 || stem_[static_cast<std::size_t>(s.layer)];
           });
  }

  /// Numbers the entries: of the network's input (slot 0), then of each stem layer that feeds the
  /// rest.
  SWPRUNE_COLD void count_entries() {
    first_entry_.assign(masks_.size() + 1, -1);
    for (std::size_t l = 0; l < masks_.size(); ++l) {
      if (stem_[l]) continue;
      for (const resolved_source& s : sources_[l]) {
        const auto slot = static_cast<std::size_t>(s.layer + 1);
        const bool known = first_entry_[slot] >= 0;
        if (known || (slot > 0 && !stem_[slot - 1])) continue;
        first_entry_[slot] = entries_;
        entries_ += slot > 0 ? masks_[slot - 1].out_channels : input_channels();
      }
    }
  }

  /// Channels of the network's input: as many as the widest layer takes from it.
  [[nodiscard]] index_t input_channels() const {
    index_t channels = 0;
    for (std::size_t l = 0; l < masks_.size(); ++l)
      for (const resolved_source& s : sources_[l])
        if (s.layer < 0) channels = std::max(channels, masks_[l].in_channels - s.first_channel);
    return channels;
  }

  void add_channel(std::vector<std::uint64_t>& set, index_t entry) const {
    set[static_cast<std::size_t>(entry / 64)] |= std::uint64_t{1} << (entry % 64);
  }

  /// What reaches input group `i` of layer `l` from one source.
  void add_source(std::vector<std::uint64_t>& set, std::size_t l, index_t i,
                  const resolved_source& s) const {
    const layer_mask& m = masks_[l];
    const index_t entry = first_entry_[static_cast<std::size_t>(s.layer + 1)];
    const index_t low = std::max<index_t>(i * m.block.inputs - s.first_channel, 0);
    const index_t high = i * m.block.inputs + m.inputs_of(i) - s.first_channel;
    if (entry >= 0) {
      const index_t channels = s.layer < 0 ? m.in_channels - s.first_channel
                                           : masks_[static_cast<std::size_t>(s.layer)].out_channels;
      for (index_t c = low; c < std::min(high, channels); ++c) add_channel(set, entry + c);
      return;
    }
    const layer_mask& from = masks_[static_cast<std::size_t>(s.layer)];
    const auto& sets = sets_[static_cast<std::size_t>(s.layer)];
    for (index_t c = low; c < std::min(high, from.out_channels); ++c)
      merge_into(set, sets[static_cast<std::size_t>(c / from.block.outputs)]);
  }

  [[nodiscard]] SWPRUNE_COLD entry_sets spread(std::size_t l) const {
    if (stem_[l]) return {};
    const layer_mask& m = masks_[l];
    entry_sets in(static_cast<std::size_t>(m.in_groups()), std::vector<std::uint64_t>(words_, 0));
    for (index_t i = 0; i < m.in_groups(); ++i)
      for (const resolved_source& s : sources_[l])
        add_source(in[static_cast<std::size_t>(i)], l, i, s);
    entry_sets out(static_cast<std::size_t>(m.out_groups()), std::vector<std::uint64_t>(words_, 0));
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (const index_t i : m.blocks.row(j))
        merge_into(out[static_cast<std::size_t>(j)], in[static_cast<std::size_t>(i)]);
    return out;
  }

  std::span<const layer_mask> masks_;
  std::vector<std::vector<resolved_source>> sources_;
  std::vector<bool> stem_;
  std::vector<index_t> first_entry_;  ///< of the network's input and of each layer; -1: none
  index_t entries_ = 0;
  std::size_t words_ = 0;
  std::vector<entry_sets> sets_;
};

SWPRUNE_COLD inline void check_same_network(std::span<const layer_mask> masks,
                                            const std::vector<layer_spec>& layers) {
  check(layers);
  expects(masks.size() == layers.size(), errc::mask_shape, "{} masks do not belong to {} layers",
          masks.size(), layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    check(masks[l]);
    expects(masks[l].name == layers[l].name && masks[l].in_channels == layers[l].in_channels &&
                masks[l].out_channels == layers[l].out_channels,
            errc::mask_shape,
            "layer {} is '{}' with {} -> {} channels, but its mask is '{}' with {} -> {}", l,
            layers[l].name, layers[l].in_channels, layers[l].out_channels, masks[l].name,
            masks[l].in_channels, masks[l].out_channels);
  }
}

}  // namespace detail

SWPRUNE_SETUP network_mixing mixing_report(std::span<const layer_mask> masks,
                                           const std::vector<layer_spec>& layers) {
  detail::check_same_network(masks, layers);
  const detail::network_spread spread(masks, layers);
  network_mixing report;
  std::vector<bool> feeds(layers.size(), false);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    report.reach.push_back(spread.reach(l));
    for (const detail::resolved_source& s : spread.sources()[l]) {
      if (s.layer < 0) continue;
      const auto from = static_cast<std::size_t>(s.layer);
      feeds[from] = true;
      const index_t parts = detail::parts_of_pair(masks[from], masks[l], s.first_channel);
      if (parts > 1) report.unmixed.push_back({layers[from].name, layers[l].name, parts});
    }
  }
  for (std::size_t l = 0; l < layers.size(); ++l)
    report.all_reached = report.all_reached && (feeds[l] || report.reach[l] == 1.0);
  return report;
}

#endif

}  // namespace swprune::inline v0::mask
