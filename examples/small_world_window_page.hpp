// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tables of the program small_world_window, as Markdown and as JSON.

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "small_world_window_measure.hpp"
#include "small_world_window_strides.hpp"

namespace small_world_window {

struct results {
  std::uint64_t seed = 1;
  index_t seeds = 20;
  sp::graph::small_world_curve_params figure{};
  sp::graph::small_world_curve curve{};
  std::vector<block_row> blocks{};
  std::vector<vgg_row> vgg{};
  std::vector<block_row> chains{};  ///< 32 groups, for the prototype's depths; mixing only
  stride_table strides{};
};

using json = nlohmann::ordered_json;

namespace detail {

/// "-" for a measure that does not exist.
[[nodiscard]] inline std::string number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

[[nodiscard]] inline json or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

[[nodiscard]] inline json to_json(const estimate& e) {
  return {{"value", or_null(e.value)}, {"error", or_null(e.error)}, {"samples", e.samples}};
}

[[nodiscard]] inline json to_json(const mixing_depth& d) {
  if (d.never || std::isinf(d.masks.value)) return d.text();
  return to_json(d.masks);
}

[[nodiscard]] inline std::string degree_of(const block_row& row) {
  return fmt::format("{} ({:.3f})", row.degree,
                     static_cast<double>(row.degree) / static_cast<double>(row.groups));
}

[[nodiscard]] inline std::string figure_table(const results& r) {
  std::string text = fmt::format(
      "n = {}, k = {}, {} realisations; C(0) = {:.6f}, L(0) = {:.6f}; standard errors in brackets, "
      "in units of the last digit\n\n| p | C(p)/C(0) | L(p)/L(0) | (1 - p)^3 "
      "|\n|---|---|---|---|\n",
      r.figure.nodes, r.figure.degree, r.figure.realisations, r.curve.lattice_clustering,
      r.curve.lattice_path_length);
  for (const auto& p : r.curve.points)
    text += fmt::format(
        "| {} | {:.4f} ({:.0f}) | {:.4f} ({:.0f}) | {:.4f} |\n", p.rewire,
        r.curve.clustering_ratio(p), 1e4 * p.clustering.error / r.curve.lattice_clustering,
        r.curve.path_length_ratio(p), 1e4 * p.path_length.error / r.curve.lattice_path_length,
        (1 - p.rewire) * (1 - p.rewire) * (1 - p.rewire));
  return text;
}

[[nodiscard]] inline std::string block_table(const results& r) {
  std::string text =
      "| G | d (density) | beta | C | L | sigma | omega | union of 4 rows | s2 / Ramanujan | masks "
      "until mixed, aligned | interleaved |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const block_row& b : r.blocks)
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {:.3f} | {} | {} | {} |\n", b.groups,
                        degree_of(b), b.beta, number(b.clustering.value, 3),
                        number(b.path_length.value, 2), number(b.sigma.value, 2),
                        number(b.omega.value, 2), b.union4.value, number(b.singular.value, 2),
                        b.aligned.text(), b.interleaved.text());
  return text;
}

/// "measured (prototype)".
[[nodiscard]] inline std::string beside(double measured, double prototype, int digits) {
  return fmt::format("{:.{}f} ({:.{}f})", measured, digits, prototype, digits);
}

[[nodiscard]] inline const block_row* find(const std::vector<block_row>& rows, index_t groups,
                                           index_t degree, double beta) {
  for (const block_row& row : rows)
    if (row.groups == groups && row.degree == degree && row.beta == beta) return &row;
  return nullptr;
}

[[nodiscard]] inline std::string prototype_table(const results& r) {
  std::string text = "| G | d | beta | C | L | sigma | omega |\n|---|---|---|---|---|---|---|\n";
  for (const prototype_row& p : prototype_rows)
    if (const block_row* b = find(r.blocks, p.groups, p.degree, p.beta); b != nullptr)
      text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", p.groups, p.degree, p.beta,
                          beside(b->clustering.value, p.clustering, 3),
                          beside(b->path_length.value, p.path_length, 2),
                          beside(b->sigma.value, p.sigma, 2), beside(b->omega.value, p.omega, 2));
  return text;
}

[[nodiscard]] inline std::string depth_table(const results& r) {
  std::string text = "| d | beta | aligned (prototype) | interleaved |\n|---|---|---|---|\n";
  for (const prototype_depth& p : prototype_depths)
    if (const block_row* b = find(r.chains, 32, p.degree, p.beta); b != nullptr)
      text += fmt::format("| {} | {} | {} ({}) | {} |\n", p.degree, p.beta, b->aligned.text(),
                          p.masks, b->interleaved.text());
  return text;
}

[[nodiscard]] inline std::string vgg_table(const results& r) {
  std::string text =
      "| mask | layers until mixed (prototype) | union of 4 rows, 64 to 128 channels (prototype, "
      "late layers) | 128 to 128 channels |\n|---|---|---|---|\n";
  for (const vgg_row& v : r.vgg)
    text += fmt::format("| {} | {} ({}) | {:.3f} ({:.2f}) | {:.3f} |\n", v.name, v.depth.text(),
                        v.prototype_depth, v.widening_union.value, v.prototype_union,
                        v.late_union.value);
  return text;
}

[[nodiscard]] inline std::string rule_rows(const std::vector<stride_case>& cases) {
  std::string text;
  for (const stride_case& c : cases) {
    text += fmt::format("| {} |", c.name);
    for (const index_t d : c.depths) text += d == 0 ? " never |" : fmt::format(" {} |", d);
    text += "\n";
  }
  return text;
}

[[nodiscard]] inline std::string rule_table(const results& r, const std::string& title,
                                            const std::vector<stride_case>& cases) {
  std::string text = fmt::format("| {} |", title);
  for (const std::string& name : r.strides.rules) text += fmt::format(" {} |", name);
  text += "\n|---|";
  for (std::size_t k = 0; k < r.strides.rules.size(); ++k) text += "---|";
  return text + "\n" + rule_rows(cases);
}

[[nodiscard]] inline json block_json(const block_row& b) {
  return {{"groups", b.groups},
          {"degree", b.degree},
          {"beta", b.beta},
          {"clustering", to_json(b.clustering)},
          {"path_length", to_json(b.path_length)},
          {"sigma", to_json(b.sigma)},
          {"omega", to_json(b.omega)},
          {"union_of_4_rows", to_json(b.union4)},
          {"second_singular_value_over_bound", to_json(b.singular)},
          {"mixing_aligned", to_json(b.aligned)},
          {"mixing_interleaved", to_json(b.interleaved)}};
}

}  // namespace detail

/// All tables, each under a heading.
[[nodiscard]] inline std::string markdown_of(const results& r) {
  return fmt::format("## C(p) and L(p) of ws_classic\n\n{}", detail::figure_table(r)) +
         fmt::format("\n## Block masks, {} seeds\n\n{}", r.seeds, detail::block_table(r)) +
         fmt::format("\n## Beside the prototype\n\n{}", detail::prototype_table(r)) +
         fmt::format("\n## Chains of 32 x 32 masks\n\n{}", detail::depth_table(r)) +
         fmt::format("\n## Quarter-width VGG-16\n\n{}", detail::vgg_table(r)) +
         fmt::format("\n## Stride rules\n\n{}\n{}",
                     detail::rule_table(r, "stride for", r.strides.strides),
                     detail::rule_table(r, "layers until a lattice mixes", r.strides.cases));
}

[[nodiscard]] inline json json_of(const results& r) {
  json figure{{"nodes", r.figure.nodes},
              {"degree", r.figure.degree},
              {"realisations", r.figure.realisations},
              {"lattice_clustering", r.curve.lattice_clustering},
              {"lattice_path_length", r.curve.lattice_path_length},
              {"points", json::array()}};
  for (const auto& p : r.curve.points)
    figure["points"].push_back({{"rewire", p.rewire},
                                {"clustering", detail::to_json(p.clustering)},
                                {"path_length", detail::to_json(p.path_length)},
                                {"clustering_ratio", r.curve.clustering_ratio(p)},
                                {"path_length_ratio", r.curve.path_length_ratio(p)},
                                {"connected", p.connected}});
  json root{{"version", 1}, {"seed", r.seed}, {"seeds", r.seeds}, {"figure_1998", figure}};
  for (const block_row& b : r.blocks) root["blocks"].push_back(detail::block_json(b));
  for (const block_row& b : r.chains)
    root["chains_of_32_groups"].push_back({{"degree", b.degree},
                                           {"beta", b.beta},
                                           {"mixing_aligned", detail::to_json(b.aligned)},
                                           {"mixing_interleaved", detail::to_json(b.interleaved)}});
  for (const vgg_row& v : r.vgg)
    root["quarter_vgg"].push_back({{"mask", v.name},
                                   {"layers_until_mixed", detail::to_json(v.depth)},
                                   {"union_of_4_rows_64_128", detail::to_json(v.widening_union)},
                                   {"union_of_4_rows_128_128", detail::to_json(v.late_union)}});
  for (const stride_case& c : r.strides.cases)
    root["strides"].push_back({{"case", c.name}, {"layers_until_mixed", c.depths}});
  root["stride_rules"] = r.strides.rules;
  return root;
}

}  // namespace small_world_window
