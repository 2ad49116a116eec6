// SPDX-License-Identifier: Apache-2.0

// Whole networks on the accelerator by the closed form with an ideal memory: cycles of the sparse
// run against the dense control. Masks are those of make_masks; weights are random, as cycles
// depend on masks and shapes alone.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "examples/network_model.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/io/file.hpp"

namespace {

namespace sp = swprune;
using sp::index_t;

struct task {
  std::string network;
  double sparsity;
  double goal;  ///< speed-up
};

sp::hw::array_params array_of(const task& t) {
  sp::hw::array_params a;
  if (t.network == "resnet20") {
    a.poy = 8;
    a.pox = 8;
    a.pof = 4;
    a.chains = 4;
  }
  return a;
}

sp::hw::comparison figures_of(const task& t, index_t batch, bool by_layer) {
  sp::hw::array_params array = array_of(t);
  const auto model = networks::network_model(t.network, t.sparsity, array.pof);
  const auto sparse = sp::hw::compile(model, array, batch);
  array.skip = false;
  const auto dense = sp::hw::compile(model, array, batch);
  const auto result = sp::hw::compare(sparse, dense);
  if (by_layer)
    for (std::size_t i = 0; i < sparse.layers.size(); ++i) {
      const auto& l = result.layers[i];
      std::cerr << fmt::format("{}: {} ideal, {} cycles, efficiency {:.4f}; {}\n", l.name,
                               l.ideal_sparse, l.cycles_sparse, l.efficiency(),
                               sparse.layers[i].plan);
    }
  return result.total;
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  std::string only;
  bool by_layer = false;
  CLI::App app("Cycles of whole networks by the closed form, sparse against the dense control.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--only", only, "a row's name, as vgg16_s76");
  app.add_flag("--layers", by_layer, "also say how every layer runs");
  CLI11_PARSE(app, argc, argv);
  const std::vector<task> tasks{{"vgg16", 0.76, 3.95},   {"vgg16", 0.84, 5.75},
                                {"vgg16", 0.90, 9},      {"resnet18", 0.76, 3.95},
                                {"resnet18", 0.84, 5.6}, {"resnet18", 0.90, 8.8},
                                {"resnet20", 0.76, 3.7}};
  try {
    std::cerr << sp::build_info().to_string() << '\n';
    nlohmann::json result;
    for (const task& t : tasks)
      for (const index_t batch : {8, 1}) {
        const std::string name = fmt::format("{}_s{:.0f}", t.network, 100 * t.sparsity);
        if (!only.empty() && only != name) continue;
        const auto f = figures_of(t, batch, by_layer);
        std::cerr << fmt::format(
            "{} batch {}: speed-up {:.3f} of {:.3f} ideal, efficiency {:.4f}, {} cycles, control "
            "{}\n",
            name, batch, f.speedup(), f.speedup_ideal(), f.efficiency(), f.cycles_sparse,
            f.cycles_dense);
        result["rows"].push_back({{"name", fmt::format("{}_batch{}", name, batch)},
                                  {"ours", f.cycles_sparse},
                                  {"peer", std::min(f.cycles_dense, f.ideal_dense)},
                                  {"peer_version", "dense control (SkipEn = 0), closed form"},
                                  {"unit", "cycles"},
                                  {"ratio", f.speedup()},
                                  {"speedup_ideal", f.speedup_ideal()},
                                  {"efficiency", f.efficiency()},
                                  {"spread", 0},
                                  {"goal", batch == 8 ? t.goal : 1.0}});
      }
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
