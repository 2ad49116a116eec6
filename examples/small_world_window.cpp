// SPDX-License-Identifier: Apache-2.0

// The small-world window, measured: the figure of Watts and Strogatz (1998), and small-worldness,
// locality and mixing of block masks over size, density, rewired fraction and ring order.

#include "option_checks.hpp"
#include "small_world_window_measure.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>

#include "small_world_window_page.hpp"
#include "small_world_window_strides.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/io/file.hpp"
#include "swprune/report/small_world_window.hpp"

namespace small_world_window {
namespace {

struct options {
  std::string out;
  std::uint64_t seed = 1;
  index_t realisations = 20;
  index_t seeds = 20;
};

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Measures the small-world window of Watts-Strogatz graphs and of block masks.");
  app.add_option("--out", o.out, "directory of the tables and pictures")->required();
  app.add_option("--seed", o.seed, "seed of everything random")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--realisations", o.realisations, "graphs for every point of the figure")
      ->check(CLI::Range(2, 10000))
      ->capture_default_str();
  app.add_option("--seeds", o.seeds, "masks, and chains of masks, for every line of the tables")
      ->check(CLI::Range(2, 10000))
      ->capture_default_str();
  option_checks::parse_or_exit(app, argc, argv);
  return o;
}

results measure(const options& o) {
  const sp::rng root(o.seed);
  results r;
  r.seed = o.seed;
  r.seeds = o.seeds;
  r.figure.realisations = o.realisations;
  std::cout << "C and L of Watts-Strogatz graphs" << std::endl;
  r.curve = sp::graph::measure_small_world_curve(r.figure, root);
  std::cout << "block masks" << std::endl;
  r.blocks = measure_block_table(o.seeds, root);
  for (const prototype_depth& p : prototype_depths)
    r.chains.push_back({.groups = 32, .degree = p.degree, .beta = p.beta});
  sp::parallel_for(std::ssize(r.chains), [&](index_t i) {
    measure_chains(r.chains[static_cast<std::size_t>(i)], o.seeds, root);
  });
  r.vgg = measure_vgg_table(o.seeds, root);
  r.strides = measure_strides();
  return r;
}

void write(const results& r, const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  sp::io::write_file(dir / "small_world_window.md", markdown_of(r));
  sp::io::write_file(dir / "small_world_window.json", json_of(r).dump(2) + "\n");
  sp::io::write_file(dir / "small_world_1998.svg",
                     sp::report::small_world_window(
                         r.curve, {.title = fmt::format("Watts-Strogatz, n = {}, k = {}",
                                                        r.figure.nodes, r.figure.degree),
                                   .x_label = "rewiring probability p"}));
  for (const auto& [groups, degree] : {std::pair<index_t, index_t>{32, 8}, {64, 10}, {128, 20}})
    sp::io::write_file(
        dir / fmt::format("small_world_{}_{}.svg", groups, degree),
        sp::report::small_world_window(
            curve_of(r.blocks, groups, degree),
            {.title = fmt::format("Block masks, {} groups of degree {}", groups, degree),
             .x_label = "share of edges moved, beta"}));
}

}  // namespace
}  // namespace small_world_window

int main(int argc, char** argv) {
  const auto options = small_world_window::parse(argc, argv);
  try {
    std::cout << swprune::build_info().to_string() << std::endl;
    small_world_window::write(small_world_window::measure(options), options.out);
    std::cout << fmt::format(
                     "wrote {0}/small_world_window.md, {0}/small_world_window.json and {0}/"
                     "small_world_*.svg",
                     options.out)
              << std::endl;
    return 0;
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "small_world_window: " << error.what() << '\n';
  }
  return 1;
}
