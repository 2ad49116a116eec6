// SPDX-License-Identifier: Apache-2.0

// The main job, end to end: small-world masks before training, sparse training and fine-tuning,
// int8, the Verilated accelerator in lockstep with its golden model, and a report.

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "option_checks.hpp"
#include "pipeline_page.hpp"
#include "swprune/report/json.hpp"
#include "swprune/swprune.hpp"
#include "swprune_git_revision.hpp"
#include "swprune_sim/verilated_core.hpp"

namespace pipeline {
namespace {

struct options {
  std::string data;
  std::string dataset = "builtin";
  double sparsity = 0.76;
  double beta = 0.1;
  sp::index_t epochs = 12;
  sp::index_t fine_tune = 2;
  sp::index_t images = 128;
  std::uint64_t seed = 1;
  std::string out = "out";
};

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Trains a small-world pruned network and runs it on the simulated accelerator.");
  app.add_option("--data", o.data,
                 "directory of the data set (default $SWPRUNE_DATA, then ./data)");
  app.add_option("--dataset", o.dataset, "data set")
      ->check(CLI::IsMember({"builtin", "mnist", "fashion-mnist"}))
      ->capture_default_str();
  app.add_option("--sparsity", o.sparsity, "share of all weights to remove")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--beta", o.beta, "share of the graph's edges to rewire")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--epochs", o.epochs, "epochs of training, dense and sparse")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--finetune", o.fine_tune, "epochs of fine-tuning, mask fixed")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--images", o.images, "test images to run on the accelerator")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "seed of everything random")->capture_default_str();
  app.add_option("--out", o.out, "directory of the report")->capture_default_str();
  option_checks::parse_or_exit(app, argc, argv);
  return o;
}

std::string describe(const options& o) {
  return fmt::format(
      "data set {}, sparsity {}, beta {}, {} epochs + {} of fine-tuning, {} images on the "
      "accelerator, seed {}",
      o.dataset, o.sparsity, o.beta, o.epochs, o.fine_tune, o.images, o.seed);
}

bool terminal() { return isatty(STDOUT_FILENO) == 1; }

void say(const std::string& text) { std::cout << text << std::endl; }

sp::io::train_test load(const options& o) {
  if (o.dataset == "builtin") return sp::io::make_builtin({.seed = o.seed});
  return sp::io::load_mnist_like(o.data, o.dataset);
}

sp::nn::network<float> train_stage(const std::string& name, const sp::mask::mask_set& masks,
                                   const sp::io::train_test& data, const options& o, results& r) {
  say(fmt::format("training, {}", name));
  auto net = sp::nn::lenet5(masks, data.train.shape);
  const sp::rng random(o.seed);
  sp::nn::kaiming_init(net, random);
  sp::report::progress progress(std::cout, {.label = name, .live = terminal()});
  stage s{name,
          sp::train::fit(net, data.train, data.test, sp::train::lenet5_recipe(o.epochs), random,
                         &progress),
          0};
  r.stages.push_back(std::move(s));
  return net;
}

void fine_tune_stage(sp::nn::network<float>& net, const sp::io::train_test& data, const options& o,
                     results& r) {
  if (o.fine_tune == 0) return;
  say("fine-tuning, mask fixed");
  sp::report::progress progress(std::cout, {.label = "fine-tune", .live = terminal()});
  auto tuned = sp::train::fine_tune(net, data.train, data.test,
                                    sp::train::lenet5_fine_tune_recipe(o.fine_tune),
                                    sp::rng(o.seed), &progress);
  sp::expects(tuned.pattern.unchanged, sp::errc::invariant_broken,
              "fine-tuning changed the pattern: {}", tuned.pattern.difference);
  r.stages.push_back({"fine-tune", std::move(tuned.run), o.epochs});
}

/// Small-world measures of the masks and of the controls with the same density and balance.
void measure_masks(const std::vector<sp::mask::layer_spec>& layers, const sp::mask::mask_params& p,
                   results& r) {
  sp::rng random = sp::rng(r.figures.seed).stream("metrics");
  for (const auto kind : {sp::mask::mask_kind::small_world, sp::mask::mask_kind::lattice,
                          sp::mask::mask_kind::random}) {
    auto params = p;
    params.kind = kind;
    const auto masks = sp::mask::make_masks(layers, params, sp::rng(r.figures.seed));
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (layers[l].keep_dense) continue;
      const auto& m = masks.layers()[l];
      const auto ring = sp::mask::to_ring(m.blocks, p.order);
      const auto rows = std::min<sp::index_t>(4, m.out_groups());
      r.worlds.push_back({m.name, std::string(to_string(kind)),
                          sp::mask::measure_small_world(m.blocks, p.order, random),
                          sp::graph::row_union(ring, rows)});
    }
  }
}

std::function<void(sp::index_t)> cycle_line(const std::string& what) {
  if (!terminal()) return {};
  return
      [what](sp::index_t cycle) { std::cout << '\r' << what << ": cycle " << cycle << std::flush; };
}

void fill_layers(const sp::mask::mask_set& masks, const std::vector<sp::mask::layer_spec>& specs,
                 const sp::hw::program_run& dense, const sp::hw::program_run& sparse,
                 const sp::hw::cycle_report& ideal_dense, const sp::hw::cycle_report& ideal_sparse,
                 results& r) {
  for (std::size_t l = 0; l < specs.size(); ++l) {
    const auto& m = masks.layers()[l];
    sp::report::layer_figures f;
    f.name = m.name;
    f.prunable = !specs[l].keep_dense;
    f.weights = m.weights();
    f.weights_kept = m.kept_weights();
    f.macs = m.weights() * specs[l].out_pixels;
    f.macs_kept = m.kept_weights() * specs[l].out_pixels;
    f.blocks = m.out_groups() * m.in_groups();
    f.blocks_live = m.blocks.count();
    f.cycles_dense = dense.layers[l].cycles;
    f.cycles_sparse = sparse.layers[l].cycles;
    f.ideal_dense = ideal_dense.layers[l].ideal_cycles;
    f.ideal_sparse = ideal_sparse.layers[l].ideal_cycles;
    f.loads_dense = dense.layers[l].blocks;
    f.loads_sparse = sparse.layers[l].blocks;
    f.weight_bytes = sparse.layers[l].weight_bytes;
    f.activation_bytes = sparse.layers[l].activation_bytes;
    for (const mask_figures& w : r.worlds) {
      if (w.layer != m.name || w.kind != "small_world") continue;
      f.clustering = w.world.clustering;
      f.path_length = w.world.path_length;
      f.sigma = w.world.sigma;
      f.omega = w.world.omega;
    }
    r.figures.layers.push_back(std::move(f));
  }
}

/// int8 model onto the accelerator: lockstep, dense control, back-pressure.
void accelerate(const sp::quant::int8_model& model, const sp::train::dataset& test,
                const std::vector<sp::mask::layer_spec>& specs, const options& o, results& r) {
  sp::hw::array_params array;
  const auto images = test.subset(0, std::min(o.images, test.size()));
  r.figures.images = images.size();
  const auto sparse_program = sp::hw::compile(model, array, images.size());
  array.skip = false;
  const auto dense_program = sp::hw::compile(model, array, images.size());
  array.skip = true;
  for (const auto& l : sparse_program.layers) r.plans.push_back(l.plan);

  say(fmt::format("accelerator {}: {} images in lockstep", array.to_string(), images.size()));
  const sp::hw::memory_params ideal{.bus_bytes = array.bus_bytes};
  sp::hw::golden_core golden(array);
  auto rtl = sp::sim::make_device(array);
  auto sparse = sp::hw::run_program_lockstep(golden, *rtl, sparse_program, images.images, ideal,
                                             cycle_line("lockstep"));
  if (!sparse.lockstep.ok()) say(sparse.lockstep.text());
  r.figures.lockstep_cycles = static_cast<sp::index_t>(sparse.lockstep.cycles);
  r.figures.lockstep_mismatches = static_cast<sp::index_t>(sparse.lockstep.mismatches);
  sp::expects(sparse.lockstep.ok(), sp::errc::device_mismatch,
              "golden model and RTL differ, see the lines above");

  say("dense control (SkipEn = 0)");
  auto control_params = array;
  control_params.skip = false;
  auto control = sp::sim::make_device(control_params);
  const auto dense =
      sp::hw::run_program(*control, dense_program, images.images, ideal, cycle_line("dense"));

  say("with back-pressure");
  r.pressure = 0.3;
  const auto some = test.subset(0, std::min<sp::index_t>(32, images.size()));
  r.pressure_images = some.size();
  const auto some_program = sp::hw::compile(model, array, some.size());
  const auto stalled = sp::hw::run_program_lockstep(
      golden, *rtl, some_program, some.images,
      sp::hw::memory_params::stalling(array.bus_bytes, r.pressure, o.seed), cycle_line("lockstep"));
  if (!stalled.lockstep.ok()) say(stalled.lockstep.text());
  r.figures.lockstep_cycles += static_cast<sp::index_t>(stalled.lockstep.cycles);
  r.figures.lockstep_mismatches += static_cast<sp::index_t>(stalled.lockstep.mismatches);
  sp::expects(stalled.lockstep.ok(), sp::errc::device_mismatch,
              "golden model and RTL differ under back-pressure, see the lines above");
  r.pressure_cycles = stalled.run.cycles;

  const auto reference = sp::hw::run_functional(model, images.images);
  const auto reference_some = sp::hw::run_functional(model, some.images);
  r.outputs_equal = sparse.run.outputs == reference && dense.outputs == reference &&
                    stalled.run.outputs == reference_some;
  const auto predicted_sparse = sp::hw::predict(sparse_program);
  const auto predicted_dense = sp::hw::predict(dense_program);
  r.cycles_equal =
      predicted_sparse.cycles == sparse.run.cycles && predicted_dense.cycles == dense.cycles;
  r.figures.accuracy_rtl = sp::quant::accuracy(model, sparse.run.outputs.back(), images.labels);
  r.accuracy_int8_run = sp::quant::accuracy(model, reference.back(), images.labels);
  fill_layers(r.masks, specs, dense, sparse.run, predicted_dense, predicted_sparse, r);
}

void print_summary(const results& r) {
  const auto& f = r.figures;
  say(fmt::format("sparsity {} (prunable layers {})", percent(f.sparsity()),
                  percent(f.sparsity_prunable())));
  say(fmt::format("accuracy: float dense {}, float sparse {}, int8 {}, RTL {} ({} images)",
                  percent(f.accuracy_float_dense), percent(f.accuracy_float_sparse),
                  percent(f.accuracy_int8), percent(f.accuracy_rtl), f.images));
  say(fmt::format("speed-up {:.3f}x of ideal {:.3f}x ({}), efficiency {}, utilisation {}",
                  f.speedup(), f.speedup_ideal(), percent(f.speedup() / f.speedup_ideal(), 1),
                  percent(f.efficiency()), percent(f.utilisation())));
  say(fmt::format("lockstep: {} cycles, {} mismatches; outputs {}, cycles {} the closed form",
                  f.lockstep_cycles, f.lockstep_mismatches,
                  r.outputs_equal ? "bit by bit equal" : "NOT equal",
                  r.cycles_equal ? "equal to" : "NOT equal to"));
}

int run(const options& o) {
  results r;
  r.options = describe(o);
  r.build = sp::build_info().to_string();
  say(r.build);
  say(r.options);

  const auto data = load(o);
  r.test_images = data.test.size();
  auto& f = r.figures;
  f.dataset = o.dataset;
  f.seed = o.seed;
  f.compiler = sp::build_info().compiler;
  f.isa = sp::build_info().isa;
  f.git = SWPRUNE_GIT_REVISION;
  f.beta = o.beta;

  const sp::mask::mask_params mask_params{.sparsity = o.sparsity, .beta = o.beta};
  f.block = mask_params.block;
  r.order = mask_params.order;
  const auto specs = sp::nn::lenet5_layers(data.train.shape, data.train.classes);
  r.masks = sp::mask::make_masks(specs, mask_params, sp::rng(o.seed));
  measure_masks(specs, mask_params, r);

  auto dense_params = mask_params;
  dense_params.kind = sp::mask::mask_kind::dense;
  const auto dense =
      train_stage("dense", sp::mask::make_masks(specs, dense_params, sp::rng(o.seed)), data, o, r);
  auto sparse = train_stage("small-world", r.masks, data, o, r);
  fine_tune_stage(sparse, data, o, r);
  for (std::size_t s = 1; s < r.stages.size(); ++s)
    r.training_seconds += r.stages[s].history.seconds();
  f.accuracy_float_dense = sp::train::evaluate(dense, data.test).accuracy();
  f.accuracy_float_sparse = sp::train::evaluate(sparse, data.test).accuracy();

  say("quantising");
  const auto model = sp::quant::quantize(sparse, data.train);
  sp::expects(sp::quant::same_pattern(model, r.masks), sp::errc::invariant_broken,
              "the integer model does not have the blocks of the masks");
  f.accuracy_int8 = sp::quant::accuracy(
      model, sp::hw::run_functional(model, data.test.images).back(), data.test.labels);

  accelerate(model, data.test, specs, o, r);
  std::filesystem::create_directories(o.out);
  sp::report::save_json(std::filesystem::path(o.out) / "report.json", f);
  sp::io::write_file(std::filesystem::path(o.out) / "report.html", page_of(r));
  sp::io::save_masks(std::filesystem::path(o.out) / "masks.npz", r.masks);
  print_summary(r);
  say(fmt::format("wrote {0}/report.html, {0}/report.json, {0}/masks.npz", o.out));
  return r.outputs_equal && r.cycles_equal ? 0 : 1;
}

}  // namespace
}  // namespace pipeline

int main(int argc, char** argv) {
  const auto options = pipeline::parse(argc, argv);
  try {
    return pipeline::run(options);
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "pipeline: " << error.what() << '\n';
  }
  return 1;
}
