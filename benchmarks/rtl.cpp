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

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune/swprune.hpp"
#include "swprune_sim/verilated_core.hpp"

namespace {

namespace sp = swprune;
using sp::index_t;

/// The demonstration network at 76 %, weights as initialised: cycles depend on masks and shapes.
sp::quant::int8_model lenet5_model(const sp::train::dataset& images, std::uint64_t seed) {
  const sp::rng random(seed);
  const auto layers = sp::nn::lenet5_layers(images.shape, images.classes);
  auto net = sp::nn::lenet5(sp::mask::make_masks(layers, {.sparsity = 0.76}, random), images.shape);
  sp::nn::kaiming_init(net, random);
  return sp::quant::quantize(net, images);
}

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

/// Sparse RTL against the dense control; the peer is the smaller of its cycles and its ideal.
nlohmann::json speedup_row(const sp::quant::int8_model& model, const sp::train::dataset& images) {
  sp::hw::array_params array;
  const auto sparse = sp::hw::compile(model, array, images.size());
  array.skip = false;
  const auto dense = sp::hw::compile(model, array, images.size());
  const sp::hw::memory_params ideal{.bus_bytes = array.bus_bytes};
  const auto ours = sp::sim::make_device(sparse.array);
  const auto control = sp::sim::make_device(dense.array);
  const index_t cycles = sp::hw::run_program(*ours, sparse, images.images, ideal).cycles;
  const index_t control_cycles = sp::hw::run_program(*control, dense, images.images, ideal).cycles;
  const auto figures = sp::hw::compare(sparse, dense).total;
  const auto peer = static_cast<double>(std::min(control_cycles, figures.ideal_dense));
  return row(fmt::format("lenet5_s76_batch{}", images.size()), static_cast<double>(cycles), peer,
             "dense control (SkipEn = 0)", "cycles", peer / static_cast<double>(cycles), 0,
             0.95 * figures.speedup_ideal());
}

/// Simulated cycles per second; the peer is the golden model alone.
std::vector<nlohmann::json> simulation_rows(const sp::quant::int8_model& model,
                                            const sp::train::dataset& images, int repeats) {
  const sp::hw::array_params array;
  const auto program = sp::hw::compile(model, array, images.size());
  const sp::hw::memory_params ideal{.bus_bytes = array.bus_bytes};
  sp::hw::golden_core golden(array);
  const auto rtl = sp::sim::make_device(array);
  const speed model_speed = measure(
      repeats, [&] { return sp::hw::run_program(golden, program, images.images, ideal).cycles; });
  const speed rtl_speed = measure(
      repeats, [&] { return sp::hw::run_program(*rtl, program, images.images, ideal).cycles; });
  const speed both = measure(repeats, [&] {
    return sp::hw::run_program_lockstep(golden, *rtl, program, images.images, ideal).run.cycles;
  });
  const auto simulated = [&](const char* name, const speed& s, double goal) {
    return row(name, s.median, model_speed.median, "golden cycle model", "Mcycles/s",
               s.median / model_speed.median, s.spread, goal / model_speed.median);
  };
  return {simulated("simulate_golden", model_speed, 3.0), simulated("simulate_rtl", rtl_speed, 1.5),
          simulated("simulate_lockstep", both, 0.3)};
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  int repeats = 5;
  CLI::App app("Accelerator against its dense control, and speed of the simulation.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--repeats", repeats, "runs of each speed")->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  try {
    std::cerr << sp::build_info().to_string() << '\n';
    const auto data = sp::io::make_builtin({.train = 512, .test = 128, .seed = 1});
    const auto model = lenet5_model(data.train, 1);
    nlohmann::json result;
    for (const index_t batch : {32, 128})
      result["rows"].push_back(speedup_row(model, data.test.subset(0, batch)));
    for (auto& r : simulation_rows(model, data.test.subset(0, 32), repeats))
      result["rows"].push_back(std::move(r));
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
