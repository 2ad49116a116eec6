// SPDX-License-Identifier: Apache-2.0
#pragma once

// Needs nlohmann_json; the umbrella does not include it.
#include <cmath>
#include <nlohmann/json.hpp>

#include "swprune/core/error.hpp"
#include "swprune/report/mask_table.hpp"

namespace swprune::inline v0::report {

/// Version of table.json, field "version".
inline constexpr int mask_table_version = 1;

namespace detail {

/// JSON has no NaN: a measure that does not exist is null.
[[nodiscard]] inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

[[nodiscard]] inline nlohmann::ordered_json mask_row_json(const mask_row& r, double reach) {
  return {{"name", r.name},
          {"prunable", r.prunable},
          {"in_channels", r.in_channels},
          {"out_channels", r.out_channels},
          {"kernel", {r.kernel_height, r.kernel_width}},
          {"out_pixels", r.out_pixels},
          {"block", {r.block.outputs, r.block.inputs}},
          {"groups", {r.out_groups, r.in_groups}},
          {"degree", r.degree},
          {"worst_row", {{"blocks", r.worst_row}, {"load", r.worst_load}}},
          {"density", r.density()},
          {"tap_density", r.tap_density},
          {"parameters", {{"all", r.weights}, {"kept", r.weights_kept}}},
          {"macs", {{"all", r.macs}, {"kept", r.macs_kept}}},
          {"union4", r.union4},
          {"reach", reach},
          {"small_world",
           {{"clustering", number_or_null(r.small_world.clustering)},
            {"path_length", number_or_null(r.small_world.path_length)},
            {"sigma", number_or_null(r.small_world.sigma)},
            {"omega", number_or_null(r.small_world.omega)}}}};
}

[[nodiscard]] inline nlohmann::ordered_json mask_totals_json(const mask_table& t) {
  auto unmixed = nlohmann::ordered_json::array();
  for (const mask::unmixed_pair& p : t.mixing.unmixed)
    unmixed.push_back({{"before", p.before}, {"after", p.after}, {"parts", p.parts}});
  return {{"parameters",
           {{"all", t.total(&mask_row::weights)}, {"kept", t.total(&mask_row::weights_kept)}}},
          {"parameters_prunable",
           {{"all", t.total(&mask_row::weights, true)},
            {"kept", t.total(&mask_row::weights_kept, true)}}},
          {"macs", {{"all", t.total(&mask_row::macs)}, {"kept", t.total(&mask_row::macs_kept)}}},
          {"sparsity", t.sparsity()},
          {"sparsity_prunable", t.sparsity_prunable()},
          {"mac_ratio", number_or_null(t.mac_ratio())},
          {"all_reached", t.mixing.all_reached},
          {"unmixed", std::move(unmixed)}};
}

}  // namespace detail

/// The fields "layers" and "totals" of table.json (docs/formats-files.md). A measure that does not
/// exist is null. Throws errc::report_value unless the mixing report has one reach per layer.
[[nodiscard]] inline nlohmann::ordered_json mask_table_json(const mask_table& t) {
  expects(t.mixing.reach.size() == t.rows.size(), errc::report_value,
          "a table of {} layers has the reach of {}", t.rows.size(), t.mixing.reach.size());
  auto layers = nlohmann::ordered_json::array();
  for (std::size_t l = 0; l < t.rows.size(); ++l)
    layers.push_back(detail::mask_row_json(t.rows[l], t.mixing.reach[l]));
  return {{"layers", std::move(layers)}, {"totals", detail::mask_totals_json(t)}};
}

}  // namespace swprune::inline v0::report
