// SPDX-License-Identifier: Apache-2.0

// Training and inference against PyTorch, both on one thread, in turn, CPU time: a whole step is
// zero gradient, forward, loss, backward and SGD with momentum. PyTorch is always dense; its side
// is training_torch.py, in a process of its own. Kernels are measured against the machine's own
// peak.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/measure.hpp"
#include "benchmarks/processes.hpp"
#include "benchmarks/training_kernels.hpp"
#include "benchmarks/training_nets.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/io/file.hpp"

namespace {

using namespace swprune_bench;

constexpr index_t batch = 64;
const sp::rng randomness(1);

python_peer start_torch() { return python_peer({SWPRUNE_BENCHMARKS_DIR "/training_torch.py"}); }

/// Seconds that the peer says the work of that word takes.
auto asked(python_peer& torch, const char* word) {
  return [&torch, word](int) { return torch.numbers(word).at(0); };
}

training sparse_vgg16(double sparsity) {
  return {made("vgg16", masks_of("vgg16", sparsity, randomness)), batch, randomness};
}

contest steps(training& ours, python_peer& torch, int repeats) {
  const auto step = [&](int) {
    return seconds_of([&] {
      if (!std::isfinite(ours.step())) throw std::runtime_error("the loss is not finite");
    });
  };
  return contest::run(repeats, step, asked(torch, "step"));
}

/// What to reach against PyTorch at a sparsity.
struct target {
  double sparsity;
  double goal;
};

/// Steps of a network dense and pruned, inference at 76 %, and how near a pruned step comes to its
/// share of the dense one.
void add_network(nlohmann::json& rows, const std::string& net, const std::vector<target>& targets,
                 python_peer& torch, const std::string& version, int repeats) {
  torch.ask("net " + net);
  double dense = 0;
  for (const auto& [sparsity, goal] : targets) {
    const auto masks = masks_of(net, sparsity, randomness);
    training ours(made(net, masks), batch, randomness);
    const contest c = steps(ours, torch, repeats);
    const double seconds = median(c.ours);
    const std::string suffix = sparsity > 0 ? fmt::format("s{:.0f}", 100 * sparsity) : "dense";
    rows.push_back(row(net + "_step_" + suffix, c, version, goal));
    if (sparsity == 0) {
      dense = seconds;
      continue;
    }
    rows.push_back(row(net + "_step_" + suffix + "_own_dense", seconds, dense, "own dense", "s",
                       dense / seconds, spread(c.ours), 0.85 / density_of(masks)));
    if (sparsity != 0.76) continue;
    const contest inference = contest::run(
        repeats, [&](int) { return seconds_of([&] { ours.infer(); }); }, asked(torch, "infer"));
    rows.push_back(row(net + "_infer_s76", inference, version, goal));
  }
}

/// Shares of the peak, both measured in turn.
void add_kernels(nlohmann::json& rows, int repeats) {
  const auto peak = [](int) { return 1 / peak_gflops(); };
  for (const sp::mask::block_shape block : {sp::mask::block_shape{8, 4}, {8, 8}})
    for (const convolution_size size :
         {convolution_size{64, 64, 32}, {256, 256, 8}, {512, 512, 4}}) {
      convolution conv(size, block, 0.24, batch, randomness);
      const auto add = [&](const char* kernel, double goal, const auto& work) {
        const contest c = contest::run(
            repeats, [&](int) { return seconds_of(work) / conv.gflop(); }, peak);
        // Pair by pair: what others do beside us slows both sides of a pair alike.
        std::vector<double> share;
        for (std::size_t i = 0; i < c.ours.size(); ++i) share.push_back(c.peer[i] / c.ours[i]);
        rows.push_back(row(fmt::format("{}_{}x{}_{}at{}", kernel, block.outputs, block.inputs,
                                       size.inputs, size.map),
                           1 / median(c.ours), 1 / median(c.peer), "multiply-adds of this machine",
                           "GFLOP/s", median(share), spread(share), goal));
      };
      add("forward", 0.70, [&] { conv.forward(); });
      add("backward_data", 0.70, [&] { conv.backward_data(); });
      add("backward_weights", 0.65, [&] { conv.backward_weights(); });
    }
}

/// Most memory of a process that does a few steps; ours runs first, in a child that begins small.
nlohmann::json memory_row(const std::string& version) {
  const double ours = number_of_child([] {
    sp::set_thread_count(1);
    training vgg = sparse_vgg16(0.76);
    for (int i = 0; i < 3; ++i) vgg.step();
    return held_bytes();
  });
  python_peer torch = start_torch();
  for (const char* word : {"threads 1", "net vgg16", "step", "step", "step"}) torch.ask(word);
  const double peer = torch.numbers("held").at(0);
  return row("vgg16_step_s76_memory", ours / 1e6, peer / 1e6, version, "MB", peer / ours, 0,
             1 / 0.6);
}

double wall_seconds(training& ours) {
  const auto begin = std::chrono::steady_clock::now();
  ours.step();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Wall time with two threads against one. Means something only on a machine that is idle.
nlohmann::json scaling_row(int repeats) {
  training vgg = sparse_vgg16(0.76);
  const auto with = [&](int threads) {
    return [&vgg, threads](int) {
      sp::set_thread_count(threads);
      return wall_seconds(vgg);
    };
  };
  const contest c = contest::run(repeats, with(2), with(1));
  sp::set_thread_count(1);
  return row("vgg16_step_s76_2_threads", c, "own, one thread", 1.5);
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  int repeats = 5;
  std::vector<std::string> parts{"memory", "vgg16", "resnet20", "kernels", "scaling"};
  CLI::App app("Training and inference against PyTorch; kernels against the machine's peak.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--repeats", repeats, "repetitions, sides alternating")->check(CLI::Range(1, 100));
  app.add_option("--parts", parts, "what to measure")->check(CLI::IsMember(parts));
  CLI11_PARSE(app, argc, argv);
  const auto wanted = [&](const char* part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  };
  try {
    sp::set_thread_count(1);
    std::cerr << sp::build_info().to_string() << '\n';
    nlohmann::json result;
    auto& rows = result["rows"];
    python_peer torch = start_torch();
    const std::string version = torch.ask("version");
    torch.ask("threads 1");
    std::cerr << version << ", 1 thread; batch " << batch << '\n';
    if (wanted("memory")) rows.push_back(memory_row(version));  // first: a child inherits
    if (wanted("vgg16"))
      add_network(rows, "vgg16", {{0, 1.2}, {0.76, 4.5}, {0.84, 6}}, torch, version, repeats);
    if (wanted("resnet20"))
      add_network(rows, "resnet20", {{0, 1.2}, {0.76, 3}}, torch, version, repeats);
    if (wanted("kernels")) add_kernels(rows, repeats);
    if (wanted("scaling")) rows.push_back(scaling_row(repeats));
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
