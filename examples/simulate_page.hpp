// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tables and page of the program simulate.

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <vector>

#include "simulate_run.hpp"
#include "swprune/report/detail/text_table.hpp"
#include "swprune/report/html.hpp"
#include "swprune/report/roofline_chart.hpp"

namespace simulate {

[[nodiscard]] inline std::string name_of(device_kind k) {
  return k == device_kind::rtl      ? "RTL"
         : k == device_kind::golden ? "golden model"
                                    : "RTL and golden model in lockstep";
}

[[nodiscard]] inline std::string describe(const setting& s) {
  return fmt::format("{}, {}, memory: latency {}, {} cycles a beat, stalls {}, seed {}; {} MHz",
                     s.array.to_string(), name_of(s.device), s.memory.latency,
                     s.memory.beat_interval, s.memory.requests.probability, s.memory.seed, s.clock);
}

namespace detail {

[[nodiscard]] inline std::vector<std::string> columns() {
  return {"layer",         "predicted",     "measured", "efficiency", "bytes fetched",
          "bytes skipped", "dense control", "speed-up", "GOPS"};
}

[[nodiscard]] inline std::vector<std::string> cells_of(const results& r,
                                                       const sp::hw::comparison& c,
                                                       index_t predicted, index_t fetched) {
  const auto text = [](index_t v) { return std::to_string(v); };
  return {c.name,
          text(predicted),
          text(c.cycles_sparse),
          fmt::format("{:.4f}", c.efficiency()),
          text(fetched),
          text(c.weight_bytes_skipped + c.activation_bytes_skipped),
          text(c.cycles_dense),
          fmt::format("{:.3f}", c.speedup()),
          fmt::format("{:.2f}", r.gops(c.macs_kept, c.cycles_sparse))};
}

}  // namespace detail

/// A row for each layer and one for the whole run.
[[nodiscard]] inline std::vector<std::vector<std::string>> rows_of(const results& r) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t l = 0; l < r.figures.layers.size(); ++l)
    rows.push_back(detail::cells_of(r, r.figures.layers[l], r.sparse.closed.layers[l].cycles,
                                    bytes_read(r.sparse.closed.layers[l])));
  rows.push_back(detail::cells_of(r, r.figures.total, r.sparse.closed.cycles,
                                  bytes_read(r.sparse.closed.total)));
  return rows;
}

/// What was compared and how it went, in a sentence or two.
[[nodiscard]] inline std::string verdict(const results& r) {
  std::string text;
  for (const std::string& difference : {r.sparse.difference, r.dense.difference})
    if (!difference.empty()) text += difference + ". ";
  if (r.outputs_equal()) text += "Outputs of all layers are bit by bit those of the reference. ";
  text += r.cycles_equal() ? "Cycles are those of the closed form."
          : r.how.memory.steady()
              ? "Cycles are NOT those of the closed form."
              : fmt::format("Stalls of the memory cost {} cycles beyond the closed form.",
                            r.sparse.figures.cycles - r.sparse.closed.cycles);
  if (r.sparse.compared > 0)
    text += fmt::format(" {} cycles in lockstep without a difference.",
                        r.sparse.compared + r.dense.compared);
  if (!r.dense.simulated)
    text +=
        " The dense control of this array was not built: its cycles are the closed form's, with "
        "a memory without stalls.";
  return text;
}

[[nodiscard]] inline std::string text_of(const results& r) {
  std::vector<std::vector<std::string>> lines{detail::columns()};
  for (const auto& row : rows_of(r)) lines.push_back(row);
  return sp::report::detail::aligned_columns(lines) + verdict(r) + "\n";
}

namespace detail {

/// A dot for each layer that multiplies and fetches.
[[nodiscard]] inline sp::report::scatter_series dots(const results& r, const std::string& name,
                                                     bool sparse) {
  sp::report::scatter_series series{.name = name};
  const auto& counts = (sparse ? r.sparse : r.dense).closed.layers;
  for (std::size_t l = 0; l < counts.size(); ++l) {
    const sp::hw::comparison& c = r.figures.layers[l];
    const index_t macs = sparse ? c.macs_kept : c.macs_dense;
    const index_t bytes = bytes_read(counts[l]);
    if (macs == 0 || bytes == 0) continue;
    series.x.push_back(2 * static_cast<double>(macs) / static_cast<double>(bytes));
    series.y.push_back(r.gops(macs, sparse ? c.cycles_sparse : c.cycles_dense));
  }
  return series;
}

[[nodiscard]] inline std::string roofline(const results& r) {
  return sp::report::roofline_chart({dots(r, "sparse run", true), dots(r, "dense control", false)},
                                    {.title = "Roofline",
                                     .peak = r.peak(),
                                     .bandwidth = r.bandwidth(),
                                     .width = 640,
                                     .height = 420});
}

inline void summary(sp::report::html_page& page, const results& r) {
  const sp::hw::comparison& total = r.figures.total;
  page.section("Summary");
  page.figures(
      {{std::to_string(total.cycles_sparse), "cycles",
        fmt::format("images {}, predicted {}", r.images, r.sparse.closed.cycles)},
       {fmt::format("{:.2f}x", total.speedup()), "speed-up over the dense control",
        fmt::format("ideal {:.2f}x", total.speedup_ideal())},
       {fmt::format("{:.1f} %", 100 * total.efficiency()), "efficiency", "ideal passes / cycles"},
       {fmt::format("{:.1f}", r.gops(total.macs_kept, total.cycles_sparse)), "GOPS",
        fmt::format("of {:.1f} at {} MHz", r.peak(), r.how.clock)}});
  page.paragraph(verdict(r));
}

}  // namespace detail

[[nodiscard]] inline std::string page_of(const results& r, const std::string& build) {
  sp::report::html_page page("swprune: simulated", r.what + "; " + describe(r.how));
  detail::summary(page, r);
  page.section("Layers");
  auto rows = rows_of(r);
  page.table({.header = detail::columns(), .rows = std::move(rows), .last_row_is_total = true});
  page.paragraph(
      "Cycles of all images together; predicted: the closed form, with a memory without stalls. "
      "Bytes "
      "fetched: descriptors, lists, parameters, weights and activations; skipped: weights of "
      "absent "
      "blocks and activations that no live block needs. Speed-up: cycles of the dense control, or "
      "its ideal if that is smaller, / cycles. GOPS: two operations for each kept multiplication.");
  page.section("Roofline");
  page.picture(detail::roofline(r),
               "A dot for each layer. The roof: two operations of every multiplier in every cycle, "
               "and the bytes that bus and memory give. What is loaded ahead is time of the layer "
               "before, so a "
               "small layer may stand above the slope.");
  page.footer(build);
  return page.str();
}

}  // namespace simulate
