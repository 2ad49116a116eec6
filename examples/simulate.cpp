// SPDX-License-Identifier: Apache-2.0

// A network on the simulated accelerator: measured against predicted cycles layer by layer, the
// dense control beside it, outputs checked bit by bit.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "option_checks.hpp"
#include "simulate_page.hpp"
#include "simulate_run.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/int8_model_file.hpp"
#include "swprune/report/progress.hpp"

namespace simulate {
namespace {

struct options {
  std::string model;
  std::string network;
  double sparsity = 0.76;
  std::string array;
  index_t images = 1;
  index_t latency = 1;
  double bandwidth = 0;
  double stall = 0;
  std::uint64_t seed = 1;
  double clock = 200;
  std::string device = "rtl";
  std::string out;
};

void add_network_options(CLI::App& app, options& o) {
  auto* from = app.add_option_group("network", "what runs");
  auto* model =
      from->add_option("--model", o.model, "file of an int8 model")->check(CLI::ExistingFile);
  from->add_option("--network", o.network, "network by name, with initial weights")
      ->check(CLI::IsMember(
          std::set<std::string>(networks::model_names.begin(), networks::model_names.end())));
  from->require_option(1);
  app.add_option("--sparsity", o.sparsity, "share of all weights to remove, of --network")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str()
      ->excludes(model);
  app.add_option("--images", o.images, "images that run together, drawn at random")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "seed of masks, weights, images and stalls")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_device_options(CLI::App& app, options& o) {
  app.add_option("--device", o.device, "what is simulated")
      ->check(CLI::IsMember({"rtl", "golden", "lockstep"}))
      ->capture_default_str();
  app.add_option("--array", o.array, "array, the largest that was built (default: by the network)")
      ->check(option_checks::sizes_check(3, 16, "POYxPOXxPOF"));
  app.add_option("--latency", o.latency, "cycles from a request to its first beat")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--bandwidth", o.bandwidth, "of reads, GB/s; 0: a beat in every cycle")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--stall", o.stall, "probability of a stall on every channel in every cycle")
      ->check(CLI::Range(0.0, 0.95))
      ->capture_default_str();
  app.add_option("--clock", o.clock, "MHz, for GOPS and bandwidth")
      ->check(CLI::Range(0.001, 100'000.0))
      ->capture_default_str();
  app.add_option("--out", o.out, "directory of simulate.html");
}

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Runs an int8 network on the simulated accelerator and its dense control.");
  add_network_options(app, o);
  add_device_options(app, o);
  option_checks::parse_or_exit(app, argc, argv);
  return o;
}

device_kind device_of(const std::string& name) {
  if (name == "golden") return device_kind::golden;
  return name == "rtl" ? device_kind::rtl : device_kind::lockstep;
}

setting setting_of(const options& o, const sp::hw::array_params& array) {
  auto memory = sp::hw::memory_params::stalling(array.bus_bytes, o.stall, o.seed, o.latency);
  if (o.bandwidth > 0)
    memory.beat_interval = sp::hw::beat_interval_of(o.bandwidth, array.bus_bytes, o.clock);
  return {.array = array, .device = device_of(o.device), .memory = memory, .clock = o.clock};
}

/// The network, the images and where they run.
std::pair<networks::quantised_network, setting> load(const options& o) {
  if (!o.model.empty()) {
    auto model = sp::io::load_int8_model(o.model);
    auto images = networks::smooth_images(model.input, o.images, sp::rng(o.seed).stream("images"));
    const auto array = built_array(o.array, model.layers.front().block.outputs);
    return {{std::move(model), std::move(images.images)}, setting_of(o, array)};
  }
  // Layers of ResNet-20 are too narrow for blocks of eight outputs.
  const auto array = built_array(!o.array.empty()          ? o.array
                                 : o.network == "resnet20" ? "8x8x4"
                                                           : "4x8x8",
                                 0);
  return {networks::quantise_by_name(o.network, o.sparsity, array.pof, o.images, o.seed),
          setting_of(o, array)};
}

/// A line on the terminal that moves with the cycles; nothing elsewhere.
std::function<void(index_t)> cycle_line(const std::string& name, index_t predicted) {
  if (!sp::report::stderr_is_terminal()) return {};
  return [=](index_t cycle) {
    std::cerr << fmt::format("\r{}: cycle {}, predicted {} ", name, cycle, predicted);
  };
}

void run_one(measured& m, const std::string& name, const setting& s,
             const std::vector<std::uint8_t>& images,
             const std::vector<std::vector<std::uint8_t>>& expected) {
  std::cout << fmt::format("{}: {} cycles predicted", name, m.closed.cycles) << std::endl;
  execute(m, name, s, images, expected, cycle_line(name, m.closed.cycles));
  if (sp::report::stderr_is_terminal()) std::cerr << '\n';
  if (m.simulated)
    std::cout << fmt::format("{}: {} cycles measured in {}", name, m.figures.cycles,
                             sp::report::duration_text(m.seconds))
              << std::endl;
}

results simulate(const options& o) {
  const auto [net, how] = load(o);
  results r;
  r.what = o.model.empty() ? fmt::format("{}, sparsity {}", o.network, o.sparsity) : o.model;
  r.what += fmt::format(", images {}", o.images);
  r.how = how;
  r.images = o.images;
  std::cout << r.what << '\n' << describe(how) << std::endl;
  const auto expected = sp::hw::run_functional(net.model, net.images);
  r.sparse = prepare(net.model, how, true, o.images);
  r.dense = prepare(net.model, how, false, o.images);
  run_one(r.sparse, "sparse run", how, net.images, expected);
  run_one(r.dense, "dense control", how, net.images, expected);
  r.figures = sp::hw::compare(r.sparse.program, r.sparse.figures, r.dense.program, r.dense.figures);
  return r;
}

/// Exit code 1 when outputs differ from the reference or, with a memory without stalls, cycles from
/// the closed form.
int run(const options& o) {
  const std::string build = sp::build_info().to_string();
  std::cout << build << std::endl;
  const results r = simulate(o);
  std::cout << text_of(r) << std::flush;
  if (!o.out.empty()) {
    std::filesystem::create_directories(o.out);
    sp::io::write_file(std::filesystem::path(o.out) / "simulate.html", page_of(r, build));
    std::cout << fmt::format("wrote {}/simulate.html", o.out) << std::endl;
  }
  return r.outputs_equal() && (r.cycles_equal() || !r.how.memory.steady()) ? 0 : 1;
}

}  // namespace
}  // namespace simulate

int main(int argc, char** argv) {
  const auto options = simulate::parse(argc, argv);
  try {
    return simulate::run(options);
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "simulate: " << error.what() << '\n';
  }
  return 1;
}
