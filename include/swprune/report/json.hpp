// SPDX-License-Identifier: Apache-2.0
#pragma once

// Needs nlohmann_json; the umbrella does not include it.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "swprune/core/error.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/json_reader.hpp"
#include "swprune/report/run_report.hpp"

namespace swprune::inline v0::report {

/// Version of report.json, field "version".
inline constexpr int report_version = 1;

namespace detail {

using io::json_reader;
using json = nlohmann::ordered_json;

[[nodiscard]] inline double finite(double value, std::string_view name) {
  expects(std::isfinite(value), errc::report_value, "'{}' must be finite, given {}", name, value);
  return value;
}

/// JSON has no NaN: a measure that does not exist is null.
[[nodiscard]] inline json or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

[[nodiscard]] inline json layer_json(const layer_figures& l) {
  return {{"name", l.name},
          {"prunable", l.prunable},
          {"weights", l.weights},
          {"weights_kept", l.weights_kept},
          {"macs", l.macs},
          {"macs_kept", l.macs_kept},
          {"blocks", l.blocks},
          {"blocks_live", l.blocks_live},
          {"cycles", {{"dense", l.cycles_dense}, {"sparse", l.cycles_sparse}}},
          {"cycles_ideal", {{"dense", l.ideal_dense}, {"sparse", l.ideal_sparse}}},
          {"loads",
           {{"dense", l.loads_dense},
            {"sparse", l.loads_sparse},
            {"skipped", l.loads_dense - l.loads_sparse}}},
          {"bytes", {{"weights", l.weight_bytes}, {"activations", l.activation_bytes}}},
          {"small_world",
           {{"clustering", or_null(l.clustering)},
            {"path_length", or_null(l.path_length)},
            {"sigma", or_null(l.sigma)},
            {"omega", or_null(l.omega)}}}};
}

[[nodiscard]] inline layer_figures read_layer(const json_reader& in) {
  layer_figures l;
  l.name = in.text("name");
  l.prunable = in.boolean("prunable");
  l.weights = in.count("weights");
  l.weights_kept = in.count("weights_kept");
  l.macs = in.count("macs");
  l.macs_kept = in.count("macs_kept");
  l.blocks = in.count("blocks");
  l.blocks_live = in.count("blocks_live");
  l.cycles_dense = in.object("cycles").count("dense");
  l.cycles_sparse = in.object("cycles").count("sparse");
  l.ideal_dense = in.object("cycles_ideal").count("dense");
  l.ideal_sparse = in.object("cycles_ideal").count("sparse");
  l.loads_dense = in.object("loads").count("dense");
  l.loads_sparse = in.object("loads").count("sparse");
  l.weight_bytes = in.object("bytes").count("weights");
  l.activation_bytes = in.object("bytes").count("activations");
  const json_reader world = in.object("small_world");
  l.clustering = world.number_or_nan("clustering");
  l.path_length = world.number_or_nan("path_length");
  l.sigma = world.number_or_nan("sigma");
  l.omega = world.number_or_nan("omega");
  expects(l.weights_kept <= l.weights && l.macs_kept <= l.macs && l.blocks_live <= l.blocks,
          errc::file_format, "'{}': {} keeps more weights, MACs or blocks than it has", in.file(),
          in.path());
  return l;
}

/// Throws unless a stored ratio is the one that the layers give.
inline void expect_same(const json_reader& in, const std::string& name, double recomputed) {
  const double stored = in.number(name);
  expects(std::abs(stored - recomputed) <= 1e-9 * std::max(1.0, std::abs(recomputed)),
          errc::file_format, "'{}': {}/{} is {}, but the layers give {}", in.file(), in.path(),
          name, stored, recomputed);
}

}  // namespace detail

/// Text of report.json. Throws errc::report_value for a number that is not finite and for text that
/// is not UTF-8.
[[nodiscard]] inline std::string to_json(const run_report& r) {
  using detail::finite;
  detail::json j;
  j["schema"] = "swprune-report";
  j["version"] = report_version;
  j["dataset"] = r.dataset;
  j["seed"] = r.seed;
  j["images"] = r.images;
  j["build"] = {{"compiler", r.compiler}, {"isa", r.isa}, {"git", r.git}};
  j["array"] = {{"poy", r.array_rows}, {"pox", r.array_columns}, {"pof", r.array_outputs}};
  j["block"] = {{"outputs", r.block.outputs}, {"inputs", r.block.inputs}};
  j["beta"] = finite(r.beta, "beta");
  j["sparsity"] = r.sparsity();
  j["sparsity_prunable"] = r.sparsity_prunable();
  j["accuracy"] = {{"float_dense", finite(r.accuracy_float_dense, "accuracy/float_dense")},
                   {"float_sparse", finite(r.accuracy_float_sparse, "accuracy/float_sparse")},
                   {"int8", finite(r.accuracy_int8, "accuracy/int8")},
                   {"rtl", finite(r.accuracy_rtl, "accuracy/rtl")}};
  j["cycles"] = {{"dense", r.total(&layer_figures::cycles_dense)},
                 {"sparse", r.total(&layer_figures::cycles_sparse)}};
  j["speedup"] = r.speedup();
  j["speedup_ideal"] = r.speedup_ideal();
  j["efficiency"] = r.efficiency();
  j["utilisation"] = r.utilisation();
  j["lockstep"] = {{"cycles", r.lockstep_cycles}, {"mismatches", r.lockstep_mismatches}};
  j["layers"] = detail::json::array();
  for (const layer_figures& l : r.layers) j["layers"].push_back(detail::layer_json(l));
  try {
    return j.dump(2) + "\n";
  } catch (const detail::json::exception& e) {
    raise(errc::report_value, "a text of the report cannot be written as JSON: {}", e.what());
  }
}

/// Reads report.json and checks that its totals and ratios are those that its layers give. Throws
/// errc::file_format with the path of the field; `file` is for the messages.
[[nodiscard]] inline run_report from_json(std::string_view text, const std::string& file) {
  const detail::json parsed = io::parse_json(text, file);
  const detail::json_reader in(parsed, file, "");
  expects(in.text("schema") == "swprune-report" && in.count("version") == report_version,
          errc::file_format,
          "'{}' has schema '{}' version {}, expected 'swprune-report' version {}", file,
          in.text("schema"), in.count("version"), report_version);
  constexpr std::uint64_t most_array = 1u << 20;
  run_report r;
  r.dataset = in.text("dataset");
  r.seed = in.unsigned64("seed");
  r.images = in.count("images");
  r.compiler = in.object("build").text("compiler");
  r.isa = in.object("build").text("isa");
  r.git = in.object("build").text("git");
  r.array_rows = in.object("array").count("poy", most_array);
  r.array_columns = in.object("array").count("pox", most_array);
  r.array_outputs = in.object("array").count("pof", most_array);
  r.block = {in.object("block").count("outputs"), in.object("block").count("inputs")};
  r.beta = in.number("beta");
  const detail::json_reader accuracy = in.object("accuracy");
  r.accuracy_float_dense = accuracy.number("float_dense");
  r.accuracy_float_sparse = accuracy.number("float_sparse");
  r.accuracy_int8 = accuracy.number("int8");
  r.accuracy_rtl = accuracy.number("rtl");
  r.lockstep_cycles = in.object("lockstep").count("cycles");
  r.lockstep_mismatches = in.object("lockstep").count("mismatches");
  // Bounds keep the sums below 2^63.
  expects(in.list("layers").size() <= 1000, errc::file_format,
          "'{}': /layers has {} entries, must have at most 1000", file, in.list("layers").size());
  index_t i = 0;
  for (const detail::json& layer : in.list("layers"))
    r.layers.push_back(detail::read_layer({layer, file, "/layers/" + std::to_string(i++)}));
  detail::expect_same(in.object("cycles"), "dense",
                      static_cast<double>(r.total(&layer_figures::cycles_dense)));
  detail::expect_same(in.object("cycles"), "sparse",
                      static_cast<double>(r.total(&layer_figures::cycles_sparse)));
  detail::expect_same(in, "sparsity", r.sparsity());
  detail::expect_same(in, "sparsity_prunable", r.sparsity_prunable());
  detail::expect_same(in, "speedup", r.speedup());
  detail::expect_same(in, "speedup_ideal", r.speedup_ideal());
  detail::expect_same(in, "efficiency", r.efficiency());
  detail::expect_same(in, "utilisation", r.utilisation());
  return r;
}

/// Writes report.json atomically. Throws errc::file_write and what to_json() throws.
inline void save_json(const std::filesystem::path& path, const run_report& r) {
  io::write_file(path, to_json(r));
}

/// Reads report.json; throws errc::file_open and what from_json() throws.
[[nodiscard]] inline run_report load_json(const std::filesystem::path& path) {
  const auto bytes = io::read_file(path);
  return from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

}  // namespace swprune::inline v0::report
