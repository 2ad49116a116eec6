// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rules for the stride of the interleaved ring order, compared on how soon lattices mix.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "small_world_window_measure.hpp"

namespace small_world_window {

using stride_rule = std::function<index_t(index_t in_groups)>;

struct named_rule {
  std::string name;
  stride_rule stride;
};

[[nodiscard]] inline index_t nearest_root(index_t n) {
  return static_cast<index_t>(std::llround(std::sqrt(static_cast<double>(n))));
}

/// The stride nearest to sqrt(Gi), the larger of two, that is coprime to Gi, no mirror and
/// accepted.
[[nodiscard]] inline index_t nearest_stride(index_t groups,
                                            const std::function<bool(index_t)>& accept) {
  const index_t root = nearest_root(groups);
  for (index_t away = 0; away < groups; ++away)
    for (const index_t s : {root + away, root - away})
      if (s > 1 && s < groups - 1 && std::gcd(s, groups) == 1 && accept(s)) return s;
  return groups <= 2 ? 1 : groups - 1;
}

/// v with s v = 1 (mod n), for s and n coprime.
[[nodiscard]] inline index_t inverse_stride(index_t s, index_t n) {
  for (index_t v = 1; v < n; ++v)
    if (s * v % n == 1) return v;
  return 1;
}

/// Whether a chain of layers with Gi = 2 Go and rows of two blocks mixes at all.
[[nodiscard]] inline bool mixes_rows_of_two(index_t stride, index_t groups) {
  return groups % 2 != 0 || std::gcd((inverse_stride(stride, groups) - 1) / 2, groups / 2) == 1;
}

[[nodiscard]] inline std::vector<named_rule> stride_rules() {
  const auto present = [](index_t n) { return sp::mask::interleave_stride(n); };
  const auto nearest = [](index_t n) { return nearest_stride(n, [](index_t) { return true; }); };
  const auto mixing = [nearest](index_t n) {
    const index_t s = nearest_stride(n, [n](index_t t) { return mixes_rows_of_two(t, n); });
    return s == n - 1 ? nearest(n) : s;
  };
  return {{"present rule", present},
          {"its inverse", [present](index_t n) { return inverse_stride(present(n), n); }},
          {"nearest coprime", nearest},
          {"nearest that mixes pairs", mixing},
          {"inverse of that", [mixing](index_t n) { return inverse_stride(mixing(n), n); }}};
}

/// Layers until a lattice in blocks Bo x Bi over these channel counts mixes; 0 if the chain is too
/// short. Group I of a layer stands at ring position (I stride) mod Gi.
[[nodiscard]] inline index_t lattice_depth(const std::vector<index_t>& channels,
                                           sp::mask::block_shape block, double density,
                                           const stride_rule& rule) {
  std::vector<sp::mask::layer_mask> layers;
  for (std::size_t l = 1; l < channels.size(); ++l) {
    sp::mask::layer_mask m{.name = fmt::format("layer {}", l),
                           .block = block,
                           .out_channels = channels[l],
                           .in_channels = channels[l - 1]};
    const index_t gi = m.in_groups();
    const index_t least = sp::ceil_div(gi, m.out_groups());
    const index_t degree = std::max(
        {std::llround(density * static_cast<double>(gi)), static_cast<long long>(least), 1LL});
    const auto g = sp::graph::bipartite_lattice({m.out_groups(), gi, degree, 0});
    m.blocks = sp::mask::block_mask(m.out_groups(), gi);
    const index_t stride = rule(gi);
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (index_t i = 0; i < gi; ++i)
        if (g.has_edge(j, i * stride % gi)) m.blocks.set(j, i);
    layers.push_back(std::move(m));
  }
  return sp::mask::mixing(layers).depth;
}

/// A network whose depth is compared, and its depth under every rule; 0 stands for never (within
/// the layers given).
struct stride_case {
  std::string name;
  std::vector<index_t> depths{};
};

struct stride_table {
  std::vector<std::string> rules{};
  std::vector<stride_case> strides{};  ///< the stride itself for usual widths
  std::vector<stride_case> cases{};
};

namespace detail {

[[nodiscard]] inline std::vector<index_t> vgg_channels(index_t divisor) {
  std::vector<index_t> channels{64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};
  for (index_t& c : channels) c /= divisor;
  return channels;
}

inline void add_case(stride_table& table, const std::string& name,
                     const std::vector<index_t>& channels, sp::mask::block_shape block,
                     double density) {
  stride_case c{name};
  for (const named_rule& rule : stride_rules())
    c.depths.push_back(lattice_depth(channels, block, density, rule.stride));
  table.cases.push_back(std::move(c));
}

}  // namespace detail

[[nodiscard]] inline stride_table measure_strides() {
  stride_table table;
  const auto rules = stride_rules();
  for (const named_rule& rule : rules) table.rules.push_back(rule.name);
  for (const index_t groups : {8, 12, 16, 24, 30, 32, 48, 60, 64, 96, 128, 256}) {
    stride_case c{fmt::format("{} groups", groups)};
    for (const named_rule& rule : rules) c.depths.push_back(rule.stride(groups));
    table.strides.push_back(std::move(c));
  }
  detail::add_case(table, "VGG-16 / 4, 2x2 blocks, density .25", detail::vgg_channels(4), {2, 2},
                   0.25);
  for (const double density : {0.24, 0.16})
    detail::add_case(table, fmt::format("VGG-16 / 2, 4x4 blocks, density {}", density),
                     detail::vgg_channels(2), {4, 4}, density);
  for (const double density : {0.24, 0.16, 0.1})
    detail::add_case(table, fmt::format("VGG-16, 8x4 blocks, density {}", density),
                     detail::vgg_channels(1), {8, 4}, density);
  for (const index_t groups : {8, 12, 16, 24, 30, 32, 48, 60, 64, 96, 128, 256})
    detail::add_case(table, fmt::format("Gi = {} = 2 Go, degree 2", groups),
                     std::vector<index_t>(60, 4 * groups), {8, 4},
                     2.0 / static_cast<double>(groups));
  for (const index_t groups : {4, 8, 16, 32, 64, 128})
    for (const index_t degree : {2, 3, 4, 8})
      if (degree < groups)
        detail::add_case(table, fmt::format("{0} x {0} groups, degree {1}", groups, degree),
                         std::vector<index_t>(60, groups), {1, 1},
                         static_cast<double>(degree) / static_cast<double>(groups));
  return table;
}

}  // namespace small_world_window
