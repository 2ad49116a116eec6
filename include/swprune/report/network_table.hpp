// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/layer_summary.hpp"
#include "swprune/report/detail/text_table.hpp"

namespace swprune::inline v0::report {

/// The summary of a network (nn::network::summary()) for people: a line for every layer with its
/// shapes, weights and multiply-accumulates of one image, kept and of the dense network; layers
/// inside a composite layer stand indented above it; the last line has the totals.
[[nodiscard]] SWPRUNE_FUNCTION std::string network_table(
    const std::vector<nn::layer_summary>& summary);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline std::string shape_text(const map_shape& s) {
  return fmt::format("{}x{}x{}", s.channels, s.height, s.width);
}

[[nodiscard]] inline std::vector<std::string> network_line(const nn::layer_summary& l) {
  const auto cost = [](index_t n) { return n == 0 ? std::string("-") : counted(n); };
  return {std::string(static_cast<std::size_t>(2 * l.depth), ' ') + l.name,
          l.kind,
          shape_text(l.input),
          shape_text(l.output),
          cost(l.weights),
          cost(l.dense_weights),
          cost(l.macs),
          cost(l.dense_macs)};
}

/// "109.0k of 454.7k (24.0 %)".
[[nodiscard]] inline std::string share_text(index_t kept, index_t all) {
  const double percent =
      all == 0 ? 100.0 : 100 * static_cast<double>(kept) / static_cast<double>(all);
  return fmt::format("{} of {} ({:.1f} %)", counted(kept), counted(all), percent);
}

}  // namespace detail

SWPRUNE_FUNCTION std::string network_table(const std::vector<nn::layer_summary>& summary) {
  std::vector<std::vector<std::string>> lines{
      {"layer", "kind", "input", "output", "kept", "weights", "MACs kept", "MACs"}};
  nn::layer_summary total;
  for (const nn::layer_summary& l : summary) {
    lines.push_back(detail::network_line(l));
    total.weights += l.weights;
    total.dense_weights += l.dense_weights;
    total.macs += l.macs;
    total.dense_macs += l.dense_macs;
  }
  return detail::aligned_columns(lines) +
         fmt::format("\nweights {}, multiply-accumulates {}\n",
                     detail::share_text(total.weights, total.dense_weights),
                     detail::share_text(total.macs, total.dense_macs));
}

#endif

}  // namespace swprune::inline v0::report
