// SPDX-License-Identifier: Apache-2.0
#pragma once

// The result of a sweep as text, CSV, JSON and HTML.

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "explore_sweep.hpp"
#include "swprune/report/detail/text_table.hpp"
#include "swprune/report/html.hpp"
#include "swprune/report/scatter_chart.hpp"

namespace explore {

using json = nlohmann::ordered_json;

/// A sweep with what was asked, for the writers below.
struct results {
  workload work;
  std::string build;
  std::vector<point> points;

  [[nodiscard]] index_t fitting() const {
    return std::count_if(points.begin(), points.end(), [](const point& p) { return p.fits(); });
  }
  /// Points of the front, fastest first.
  [[nodiscard]] std::vector<point> front() const {
    std::vector<point> list;
    std::copy_if(points.begin(), points.end(), std::back_inserter(list),
                 [](const point& p) { return p.front; });
    std::stable_sort(list.begin(), list.end(),
                     [](const point& a, const point& b) { return a.cycles < b.cycles; });
    return list;
  }
};

[[nodiscard]] inline std::string describe(const workload& w) {
  std::string text =
      fmt::format("{}, sparsity {}, batch {}, seed {}", w.network, w.sparsity, w.batch, w.seed);
  if (w.latency > 1) text += fmt::format(", memory latency {}", w.latency);
  if (w.bandwidth > 0) text += fmt::format(", {} GB/s at {} MHz", w.bandwidth, w.clock);
  return text;
}

namespace detail {

[[nodiscard]] inline std::string shape_of(const sp::hw::array_params& a) {
  return fmt::format("{}x{}x{}", a.poy, a.pox, a.pof);
}

[[nodiscard]] inline const std::vector<std::string>& columns() {
  static const std::vector<std::string> names{"array",      "chains",      "bus",   "act_depth",
                                              "wgt_depth",  "PEs",         "kB",    "cycles",
                                              "efficiency", "utilisation", "bytes", "speed-up"};
  return names;
}

[[nodiscard]] inline std::vector<std::string> cells_of(const point& p) {
  const auto text = [](index_t v) { return std::to_string(v); };
  const sp::hw::array_params& a = p.array;
  return {shape_of(a),
          text(a.chains),
          text(a.bus_bytes),
          text(a.act_depth),
          text(a.wgt_depth),
          text(a.pes()),
          fmt::format("{:.1f}", p.buffer_kb),
          text(p.cycles),
          fmt::format("{:.3f}", p.efficiency()),
          fmt::format("{:.3f}", p.utilisation()),
          text(p.bytes_read),
          p.dense_cycles == 0 ? "-" : fmt::format("{:.3f}", p.speedup())};
}

[[nodiscard]] inline std::vector<std::vector<std::string>> rows_of(const std::vector<point>& list) {
  std::vector<std::vector<std::string>> rows;
  for (const point& p : list)
    if (p.fits()) rows.push_back(cells_of(p));
  return rows;
}

/// `text` as a field of a CSV file (RFC 4180).
[[nodiscard]] inline std::string csv_field(const std::string& text) {
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

[[nodiscard]] inline json point_json(const point& p) {
  const sp::hw::array_params& a = p.array;
  json j{{"poy", a.poy},
         {"pox", a.pox},
         {"pof", a.pof},
         {"chains", a.chains},
         {"bus_bytes", a.bus_bytes},
         {"act_depth", a.act_depth},
         {"wgt_depth", a.wgt_depth},
         {"pes", a.pes()},
         {"buffer_kb", p.buffer_kb},
         {"fits", p.fits()}};
  if (!p.fits()) {
    j["reason"] = p.reason;
    return j;
  }
  j["cycles"] = p.cycles;
  j["ideal_cycles"] = p.ideal_cycles;
  j["macs_kept"] = p.macs_kept;
  j["bytes_read"] = p.bytes_read;
  j["front"] = p.front;
  j["dense_cycles"] = p.dense_cycles == 0 ? json(nullptr) : json(p.dense_cycles);
  return j;
}

}  // namespace detail

/// What the terminal shows: the front, or all points that fit, and why the others do not.
[[nodiscard]] inline std::string text_of(const results& r, bool all, std::size_t most_reasons = 8) {
  std::vector<std::vector<std::string>> lines{detail::columns()};
  const auto rows = detail::rows_of(all ? r.points : r.front());
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::string text = rows.empty() ? "" : sp::report::detail::aligned_columns(lines);
  text += fmt::format("{} arrays, {} fit, {} on the Pareto front of cycles, PEs and buffers\n",
                      r.points.size(), r.fitting(), r.front().size());
  const auto reasons = reasons_of(r.points);
  for (std::size_t i = 0; i < std::min(reasons.size(), most_reasons); ++i)
    text += fmt::format("{} do not fit: {}\n", reasons[i].second, reasons[i].first);
  if (reasons.size() > most_reasons)
    text += fmt::format("and {} other reasons\n", reasons.size() - most_reasons);
  return text;
}

/// One line a point; what a point does not have is empty.
[[nodiscard]] inline std::string csv_of(const results& r) {
  std::string text =
      "poy,pox,pof,chains,bus_bytes,act_depth,wgt_depth,pes,buffer_kb,cycles,ideal_cycles,"
      "macs_kept,bytes_read,dense_cycles,front,reason\n";
  for (const point& p : r.points) {
    const sp::hw::array_params& a = p.array;
    text += fmt::format("{},{},{},{},{},{},{},{},{},", a.poy, a.pox, a.pof, a.chains, a.bus_bytes,
                        a.act_depth, a.wgt_depth, a.pes(), p.buffer_kb);
    text += p.fits()
                ? fmt::format(
                      "{},{},{},{},{},{},\n", p.cycles, p.ideal_cycles, p.macs_kept, p.bytes_read,
                      p.dense_cycles == 0 ? "" : std::to_string(p.dense_cycles), p.front ? 1 : 0)
                : fmt::format(",,,,,,{}\n", detail::csv_field(p.reason));
  }
  return text;
}

[[nodiscard]] inline json json_of(const results& r) {
  json j{{"schema", "swprune-explore"}, {"version", 1},
         {"network", r.work.network},   {"sparsity", r.work.sparsity},
         {"batch", r.work.batch},       {"seed", r.work.seed},
         {"latency", r.work.latency},   {"bandwidth", r.work.bandwidth},
         {"clock", r.work.clock},       {"points", json::array()}};
  for (const point& p : r.points) j["points"].push_back(detail::point_json(p));
  return j;
}

namespace detail {

/// The front against the other points: cycles over what `cost` says of a point.
template <typename Cost>
[[nodiscard]] std::string scatter(const results& r, const std::string& title,
                                  const std::string& x_label, const Cost& cost) {
  sp::report::scatter_series front{.name = "Pareto front"};
  sp::report::scatter_series others{.name = "other arrays", .faint = true};
  for (const point& p : r.points) {
    if (!p.fits()) continue;
    auto& series = p.front ? front : others;
    series.x.push_back(cost(p));
    series.y.push_back(static_cast<double>(p.cycles));
  }
  return sp::report::scatter_chart({front, others},
                                   {.title = title, .x_label = x_label, .y_label = "cycles"});
}

inline void summary(sp::report::html_page& page, const results& r) {
  page.section("Summary");
  const auto front = r.front();
  std::vector<sp::report::html_figure> figures{
      {std::to_string(r.points.size()), "arrays", fmt::format("{} fit", r.fitting())},
      {std::to_string(front.size()), "on the Pareto front", "cycles, PEs, buffer kilobytes"}};
  const auto extreme = [&](const point& p, const std::string& label) {
    figures.push_back(
        {shape_of(p.array), label,
         fmt::format("{} cycles, {} PEs, {:.1f} kB", p.cycles, p.array.pes(), p.buffer_kb)});
  };
  if (!front.empty()) {
    extreme(front.front(), "fastest array");
    extreme(front.back(), "slowest of the front");
  }
  page.figures(figures);
}

}  // namespace detail

[[nodiscard]] inline std::string page_of(const results& r) {
  sp::report::html_page page("swprune: arrays explored", describe(r.work));
  detail::summary(page, r);
  page.section("Pictures");
  page.picture(detail::scatter(r, "Cycles and multipliers", "multipliers (PEs)",
                               [](const point& p) { return static_cast<double>(p.array.pes()); }),
               "Each dot is an array that the network fits; those of the front in blue.");
  page.picture(detail::scatter(r, "Cycles and buffers", "buffers, kilobytes",
                               [](const point& p) { return p.buffer_kb; }),
               "A dot of the front may have others below it: they have more multipliers.");
  page.section("Pareto front");
  page.table({.header = detail::columns(), .rows = detail::rows_of(r.front())});
  page.paragraph(
      "Cycles of the whole batch by the closed form, which the RTL meets "
      "cycle "
      "by cycle. No other array of the sweep is at least as good in cycles, multipliers and buffer "
      "kilobytes and better in one; of equals the one with the narrower bus, then with fewer drain "
      "chains, is shown. Bus width and chains cost nothing here beyond that. kB: both halves of "
      "all "
      "buffers, 1024 bytes. Efficiency: ideal passes / cycles; utilisation: kept multiplications / "
      "(cycles x PEs); bytes: fetched; speed-up: cycles of the dense control on the same array, or "
      "its ideal if that is smaller, / cycles, and - where the dense network does not fit.");
  if (const auto reasons = reasons_of(r.points); !reasons.empty()) {
    page.section("Arrays that do not fit");
    sp::report::html_table t{.header = {"arrays", "reason"}, .rows = {}};
    for (const auto& [reason, count] : reasons) t.rows.push_back({std::to_string(count), reason});
    page.table(t);
  }
  page.footer(r.build);
  return page.str();
}

}  // namespace explore
