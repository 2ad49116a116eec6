// SPDX-License-Identifier: Apache-2.0

// The accelerator against its dense control (SkipEn = 0, same source, same model, same batch), both
// as RTL with an ideal memory; and how fast the simulation itself runs.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "examples/quantised_network.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune/swprune.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/arrays.hpp"

namespace {

namespace sp = swprune;
using sp::index_t;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Million cycles per CPU second: median of the runs, and their spread.
struct speed {
  double median = 0;
  double spread = 0;  ///< (greatest - least) / median
};

template <typename Run>
speed measure(int repeats, const Run& run) {
  std::vector<double> values;
  for (int i = 0; i < repeats; ++i) {
    const double begin = cpu_seconds();
    const index_t cycles = run();
    values.push_back(static_cast<double>(cycles) / (cpu_seconds() - begin) / 1e6);
  }
  std::sort(values.begin(), values.end());
  const double median = values[values.size() / 2];
  return {median, (values.back() - values.front()) / median};
}

nlohmann::json row(const std::string& name, double ours, double peer, const std::string& version,
                   const std::string& unit, double ratio, double spread, double goal) {
  return {{"name", name}, {"ours", ours},   {"peer", peer},     {"peer_version", version},
          {"unit", unit}, {"ratio", ratio}, {"spread", spread}, {"goal", goal}};
}

/// A network at a sparsity, and the speed-up over the dense control that is asked for.
struct task {
  std::string network;
  double sparsity;
  double goal;

  [[nodiscard]] std::string name() const {
    return fmt::format("{}_s{:.0f}", network, 100 * sparsity);
  }
  [[nodiscard]] sp::hw::array_params array() const {
    return network == "resnet20" ? swprune_test::tall_array() : swprune_test::headline_array();
  }
};

/// Runs the program on its RTL with an ideal memory. Throws device_error when an output differs
/// from the plain reference or the cycles from the closed form: then no figure is worth printing.
sp::index_t checked_cycles(const sp::hw::program& p, const networks::quantised_network& net,
                           const std::vector<std::vector<std::uint8_t>>& expected) {
  const auto rtl = sp::sim::make_device(p.array);
  const auto run = sp::hw::run_program(*rtl, p, net.images, {.bus_bytes = p.array.bus_bytes});
  sp::expects(run.outputs == expected, sp::errc::invariant_broken,
              "the RTL's outputs differ from the reference");
  sp::expects(run.cycles == sp::hw::predict(p).cycles, sp::errc::invariant_broken,
              "the RTL takes {} cycles, the closed form says {}", run.cycles,
              sp::hw::predict(p).cycles);
  return run.cycles;
}

/// Sparse RTL against the dense control; the peer is the smaller of its cycles and its ideal.
nlohmann::json speedup_row(const task& t, index_t batch) {
  sp::hw::array_params array = t.array();
  const auto net = networks::quantise_by_name(t.network, t.sparsity, array.pof, batch);
  const auto expected = sp::hw::run_functional(net.model, net.images);
  const auto sparse = sp::hw::compile(net.model, array, batch);
  array.skip = false;
  const auto dense = sp::hw::compile(net.model, array, batch);
  const index_t cycles = checked_cycles(sparse, net, expected);
  const index_t control_cycles = checked_cycles(dense, net, expected);
  const auto figures = sp::hw::compare(sparse, dense).total;
  const auto peer = static_cast<double>(std::min(control_cycles, figures.ideal_dense));
  std::cerr << fmt::format(
      "{} batch {}: {} cycles, control {}, ideal speed-up {:.3f}, efficiency {:.4f}\n", t.name(),
      batch, cycles, control_cycles, figures.speedup_ideal(), figures.efficiency());
  auto r = row(batch == 8 ? t.name() : fmt::format("{}_batch{}", t.name(), batch),
               static_cast<double>(cycles), peer, "dense control (SkipEn = 0)", "cycles",
               peer / static_cast<double>(cycles), 0,
               batch == 8 ? t.goal : 0.95 * figures.speedup_ideal());
  r["speedup_ideal"] = figures.speedup_ideal();
  r["efficiency"] = figures.efficiency();
  r["control_cycles"] = control_cycles;
  return r;
}

/// Simulated cycles per second; the peer is the golden model alone.
std::vector<nlohmann::json> simulation_rows(int repeats) {
  const sp::hw::array_params array;
  const auto net = networks::quantise_by_name("vgg16", 0.76, array.pof, 1);
  const auto program = sp::hw::compile(net.model, array, 1);
  const sp::hw::memory_params ideal{.bus_bytes = array.bus_bytes};
  sp::hw::golden_core golden(array);
  const auto rtl = sp::sim::make_device(array);
  const speed model_speed = measure(
      repeats, [&] { return sp::hw::run_program(golden, program, net.images, ideal).cycles; });
  const speed rtl_speed = measure(
      repeats, [&] { return sp::hw::run_program(*rtl, program, net.images, ideal).cycles; });
  const speed both = measure(repeats, [&] {
    return sp::hw::run_program_lockstep(golden, *rtl, program, net.images, ideal).run.cycles;
  });
  const auto simulated = [&](const char* name, const speed& s, double goal) {
    return row(name, s.median, model_speed.median, "golden cycle model", "Mcycles/s",
               s.median / model_speed.median, s.spread, goal / model_speed.median);
  };
  const double seconds =
      static_cast<double>(sp::hw::predict(program).cycles) / rtl_speed.median / 1e6;
  return {simulated("simulate_golden", model_speed, 3.0), simulated("simulate_rtl", rtl_speed, 1.5),
          simulated("simulate_lockstep", both, 0.3),
          row("simulate_vgg16_s76_image", seconds, 2.0, "goal", "s of CPU", 2.0 / seconds,
              rtl_speed.spread, 1.0)};
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  int repeats = 5;
  std::string only;
  CLI::App app("Accelerator against its dense control, and speed of the simulation.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--repeats", repeats, "runs of each speed")->check(CLI::Range(1, 100));
  const std::vector<task> tasks{{"vgg16", 0.76, 3.95},   {"vgg16", 0.84, 5.75},
                                {"vgg16", 0.90, 9},      {"resnet18", 0.76, 3.95},
                                {"resnet18", 0.84, 5.6}, {"resnet18", 0.90, 8.8},
                                {"resnet20", 0.76, 3.7}};
  std::vector<std::string> parts{"simulation"};
  for (const task& t : tasks) parts.push_back(t.name());
  app.add_option("--only", only, "one network, or the speed of the simulation alone")
      ->check(CLI::IsMember(parts));
  CLI11_PARSE(app, argc, argv);
  try {
    std::cerr << sp::build_info().to_string() << '\n';
    nlohmann::json result;
    for (const index_t batch : {8, 1})
      for (const task& t : tasks)
        if (only.empty() || only == t.name()) result["rows"].push_back(speedup_row(t, batch));
    if (only.empty() || only == "simulation")
      for (auto& r : simulation_rows(repeats)) result["rows"].push_back(std::move(r));
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
