// SPDX-License-Identifier: Apache-2.0

// Which array for a network: cycles on every array of a sweep by the closed form, and the Pareto
// front over cycles, multipliers and buffers.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "explore_page.hpp"
#include "explore_sweep.hpp"
#include "option_checks.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/io/file.hpp"
#include "swprune/report/progress.hpp"

namespace explore {
namespace {

constexpr index_t most_points = 20'000;

struct options {
  workload work;
  space arrays;
  int threads = 0;
  bool all = false;
  std::string format = "table";
  std::string out;
};

void add_list(CLI::App& app, const std::string& name, std::vector<index_t>& values,
              const std::string& what) {
  app.add_option(name, values, what + ", a list such as 4,8")
      ->delimiter(',')
      ->check(CLI::Range(index_t{1}, index_t{1} << 20))
      ->capture_default_str();
}

/// A number given twice would give every array twice.
void drop_repeated(std::vector<index_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::array<std::vector<index_t>*, 7> lists_of(space& s) {
  return {&s.poy, &s.pox, &s.pof, &s.chains, &s.act_depth, &s.wgt_depth, &s.bus_bytes};
}

void add_space(CLI::App& app, space& s) {
  add_list(app, "--poy", s.poy, "rows of pixels");
  add_list(app, "--pox", s.pox, "columns of pixels");
  add_list(app, "--pof", s.pof, "output channels");
  add_list(app, "--chains", s.chains, "drain chains");
  add_list(app, "--act-depth", s.act_depth, "words of an activation bank and buffer half");
  add_list(app, "--wgt-depth", s.wgt_depth, "words of a weight buffer half");
  add_list(app, "--bus", s.bus_bytes, "bytes of a beat");
}

void add_options(CLI::App& app, options& o) {
  app.add_option("--network", o.work.network, "network")
      ->check(CLI::IsMember(
          std::set<std::string>(networks::model_names.begin(), networks::model_names.end())))
      ->capture_default_str();
  app.add_option("--sparsity", o.work.sparsity, "share of all weights to remove")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--batch", o.work.batch, "images that run together")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", o.work.seed, "seed of the masks")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_space(app, o.arrays);
  app.add_option("--latency", o.work.latency,
                 "of the memory, cycles from a request to its first beat")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--bandwidth", o.work.bandwidth, "of reads, GB/s; 0: a beat in every cycle")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--clock", o.work.clock, "MHz, for the bandwidth")
      ->check(CLI::Range(0.001, 100'000.0))
      ->capture_default_str();
  app.add_option("--threads", o.threads, "threads; 0: as OpenMP has it; no result depends on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_flag("--all", o.all, "print all arrays that fit, not only the front");
  app.add_option("--format", o.format, "what is printed")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  app.add_option("--out", o.out, "directory of explore.csv, explore.json and explore.html");
}

/// Throws CLI::ValidationError for a sweep that is too large.
void check_space(space& s) {
  index_t points = 1;
  for (const auto* values : lists_of(s))
    points = std::min(points * std::ssize(*values), most_points + 1);
  if (points > most_points)
    throw CLI::ValidationError("the lists", fmt::format("give more than {} arrays", most_points));
}

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Sweeps arrays and buffers for a network and marks the Pareto front.");
  add_options(app, o);
  option_checks::parse_or_exit(app, argc, argv, [&] {
    for (auto* values : lists_of(o.arrays)) drop_repeated(*values);
    check_space(o.arrays);
  });
  return o;
}

/// A line on the terminal that counts; nothing elsewhere.
std::function<void(index_t)> counter(index_t points) {
  if (!sp::report::stderr_is_terminal()) return {};
  return [points](index_t done) {
    std::cerr << fmt::format("\r{} of {} arrays{}", done, points, done == points ? "\n" : "");
  };
}

void write(const results& r, const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  sp::io::write_file(dir / "explore.csv", csv_of(r));
  sp::io::write_file(dir / "explore.json", json_of(r).dump(2) + "\n");
  sp::io::write_file(dir / "explore.html", page_of(r));
}

std::string printed(const results& r, const options& o) {
  if (o.format == "csv") return csv_of(r);
  if (o.format == "json") return json_of(r).dump(2) + "\n";
  return fmt::format("{}\n{}", describe(r.work), text_of(r, o.all));
}

/// Exit code 1 when the network fits no array.
int run(const options& o) {
  if (o.threads > 0) sp::set_thread_count(o.threads);
  results r{.work = o.work, .build = sp::build_info().to_string(), .points = {}};
  if (o.format == "table") std::cout << r.build << std::endl;
  r.points = sweep(o.arrays, o.work, counter(std::ssize(points_of(o.arrays))));
  std::cout << printed(r, o);
  if (!o.out.empty()) {
    write(r, o.out);
    std::cerr << fmt::format("wrote {0}/explore.csv, {0}/explore.json, {0}/explore.html\n", o.out);
  }
  if (r.fitting() > 0) return 0;
  std::cerr << "explore: the network fits no array of the sweep\n";
  return 1;
}

}  // namespace
}  // namespace explore

int main(int argc, char** argv) {
  const auto options = explore::parse(argc, argv);
  try {
    return explore::run(options);
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "explore: " << error.what() << '\n';
  }
  return 1;
}
