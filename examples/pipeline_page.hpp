// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <swprune/swprune.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace pipeline {

namespace sp = swprune;

/// Small-world figures of one mask of one layer, and of its controls.
struct mask_figures {
  std::string layer;
  std::string kind;
  sp::graph::small_world_stats world;
  double union4 = 0;  ///< share of the inputs that four adjacent rows need
};

/// One stage of training and its curve.
struct stage {
  std::string name;
  sp::train::history history;
  sp::index_t first_epoch = 0;  ///< where it stands on the common axis
};

/// Everything that the page shows; report.json holds `figures` alone.
struct results {
  sp::report::run_report figures;
  std::string options;
  std::string build;
  sp::mask::mask_set masks;
  sp::mask::ring_order order = sp::mask::ring_order::interleaved;
  std::vector<stage> stages;
  std::vector<mask_figures> worlds;
  std::vector<std::string> plans;
  sp::index_t test_images = 0;
  double accuracy_int8_run = 0;  ///< int8 on the very images that the RTL ran
  double training_seconds = 0;
  double pressure = 0;  ///< probability of back-pressure of the second run
  sp::index_t pressure_cycles = 0;
  sp::index_t pressure_images = 0;
  bool outputs_equal = false;  ///< RTL against the functional reference
  bool cycles_equal = false;   ///< RTL against the closed form
};

/// A measure that may not exist.
inline std::string measure(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : std::string("-");
}

inline std::string percent(double share, int digits = 2) {
  return fmt::format("{:.{}f} %", 100 * share, digits);
}

inline void summary(sp::report::html_page& page, const results& r) {
  const auto& f = r.figures;
  page.section("Summary");
  page.figures(
      {{fmt::format("{:.2f}x", f.speedup()), "speed-up of the accelerator",
        fmt::format("ideal {:.2f}x on this array", f.speedup_ideal())},
       {percent(f.sparsity()), "of all weights are absent",
        percent(f.sparsity_prunable()) + " of the prunable layers"},
       {percent(f.accuracy_float_sparse), "float accuracy, small-world",
        "dense " + percent(f.accuracy_float_dense)},
       {percent(f.accuracy_int8), "int8 accuracy", fmt::format("{} test images", r.test_images)},
       {percent(f.efficiency()), "efficiency", "ideal sparse passes / measured cycles"},
       {fmt::format("{}", f.lockstep_mismatches), "mismatches in lockstep",
        fmt::format("{} cycles compared", f.lockstep_cycles)}});
  page.paragraph(fmt::format(
      "The network was pruned before training along a small-world graph (beta = {}), in blocks of "
      "{} x {} channels that fit the array of {} x {} x {} multipliers. {} test images went "
      "through "
      "the Verilated RTL in lockstep with the golden cycle model; the outputs of all layers are {} "
      "those of the plain integer reference, and the cycles are {} the closed form's.",
      f.beta, f.block.outputs, f.block.inputs, f.array_rows, f.array_columns, f.array_outputs,
      f.images, r.outputs_equal ? "bit by bit" : "NOT", r.cycles_equal ? "exactly" : "NOT"));
}

inline void graph_section(sp::report::html_page& page, const results& r) {
  page.section("Graphs and masks");
  page.paragraph(
      "Each ring shows the block graph of a layer folded onto its groups of channels: thin band, "
      "the lattice edges; chords, the shortcuts. Each raster shows the blocks that exist: output "
      "groups downwards, input groups to the right, in memory order.");
  for (const auto& m : r.masks) {
    if (m.blocks.count() == m.blocks.out_groups() * m.blocks.in_groups()) continue;
    const auto ring = sp::graph::fold(sp::mask::to_ring(m.blocks, r.order));
    const auto degree = sp::ceil_div(m.blocks.count(), m.blocks.out_groups());
    page.picture(
        sp::report::ring_drawing(
            ring, {.title = m.name, .size = 360, .reach = std::max<sp::index_t>(1, degree / 2)}),
        fmt::format("{}: {} groups on the ring", m.name, ring.nodes()));
    page.picture(sp::report::mask_raster(m, {.size = 300}),
                 fmt::format("{}: {} of {} blocks, density {}", m.name, m.blocks.count(),
                             m.blocks.out_groups() * m.blocks.in_groups(), percent(m.density())));
  }
  sp::report::html_table t;
  t.header = {"layer", "mask", "C", "L", "sigma", "omega", "union of 4 rows"};
  for (const auto& w : r.worlds)
    t.rows.push_back({w.layer, w.kind, measure(w.world.clustering, 3),
                      measure(w.world.path_length, 3), measure(w.world.sigma, 2),
                      measure(w.world.omega, 2), measure(w.union4, 3)});
  page.table(t);
  page.paragraph(
      "C: clustering coefficient; L: characteristic path length; sigma > 1 and omega near 0 mark a "
      "small world, both against random graphs of the same degrees. Union: share of the input "
      "groups that a tile of four output groups fetches. Lattice (beta = 0) and random (beta = 1) "
      "are the controls, of equal density and balance. Below 16 groups these figures say little.");
}

inline void training_section(sp::report::html_page& page, const results& r) {
  page.section("Training");
  std::vector<sp::report::line_series> losses;
  std::vector<sp::report::line_series> accuracies;
  for (const stage& s : r.stages) {
    sp::report::line_series loss{.name = s.name, .x = {}, .y = {}};
    sp::report::line_series accuracy = loss;
    for (const auto& e : s.history.epochs) {
      const double x = static_cast<double>(s.first_epoch + e.epoch + 1);
      loss.x.push_back(x);
      loss.y.push_back(e.loss);
      if (e.test_accuracy < 0) continue;
      accuracy.x.push_back(x);
      accuracy.y.push_back(100 * e.test_accuracy);
    }
    losses.push_back(std::move(loss));
    accuracies.push_back(std::move(accuracy));
  }
  page.picture(
      sp::report::line_chart(
          losses, {.title = "Training loss", .x_label = "epoch", .y_label = "cross-entropy"}),
      "Mean loss of each epoch, while the weights changed.");
  page.picture(sp::report::line_chart(
                   accuracies, {.title = "Test accuracy", .x_label = "epoch", .y_label = "%"}),
               "After each epoch, float.");
  sp::report::html_table t;
  t.header = {"stage", "accuracy", "images"};
  t.rows = {
      {"float, dense", percent(r.figures.accuracy_float_dense), std::to_string(r.test_images)},
      {"float, small-world, fine-tuned", percent(r.figures.accuracy_float_sparse),
       std::to_string(r.test_images)},
      {"int8, small-world", percent(r.figures.accuracy_int8), std::to_string(r.test_images)},
      {"int8, the images that ran on the RTL", percent(r.accuracy_int8_run),
       std::to_string(r.figures.images)},
      {"RTL", percent(r.figures.accuracy_rtl), std::to_string(r.figures.images)}};
  page.table(t);
  page.paragraph(fmt::format("Training and fine-tuning of the small-world network took {}.",
                             sp::report::duration_text(r.training_seconds)));
}

inline void accelerator_section(sp::report::html_page& page, const results& r) {
  using figures = sp::report::layer_figures;
  const auto& f = r.figures;
  page.section("Accelerator");
  std::vector<std::string> names;
  sp::report::bar_series dense{"dense control", {}};
  sp::report::bar_series sparse{"small-world", {}};
  const auto number = [](sp::index_t v) { return fmt::format("{}", v); };
  const auto total = [&](sp::index_t figures::*what) { return number(f.total(what)); };
  sp::report::html_table work;
  work.header = {"layer",        "blocks",        "MACs/image",  "kept",
                 "cycles dense", "cycles sparse", "ideal sparse"};
  sp::report::html_table loads;
  loads.header = {"layer",   "block loads dense", "sparse",
                  "skipped", "weight bytes",      "activation bytes"};
  const double images = static_cast<double>(f.images);
  for (const figures& l : f.layers) {
    names.push_back(l.name);
    dense.values.push_back(static_cast<double>(l.cycles_dense) / images);
    sparse.values.push_back(static_cast<double>(l.cycles_sparse) / images);
    work.rows.push_back({l.name, fmt::format("{} of {}", l.blocks_live, l.blocks), number(l.macs),
                         number(l.macs_kept), number(l.cycles_dense), number(l.cycles_sparse),
                         number(l.ideal_sparse)});
    loads.rows.push_back({l.name, number(l.loads_dense), number(l.loads_sparse),
                          number(l.loads_dense - l.loads_sparse), number(l.weight_bytes),
                          number(l.activation_bytes)});
  }
  work.rows.push_back(
      {"total", fmt::format("{} of {}", f.total(&figures::blocks_live), f.total(&figures::blocks)),
       total(&figures::macs), total(&figures::macs_kept), total(&figures::cycles_dense),
       total(&figures::cycles_sparse), total(&figures::ideal_sparse)});
  loads.rows.push_back({"total", total(&figures::loads_dense), total(&figures::loads_sparse),
                        number(f.total(&figures::loads_dense) - f.total(&figures::loads_sparse)),
                        total(&figures::weight_bytes), total(&figures::activation_bytes)});
  work.last_row_is_total = loads.last_row_is_total = true;
  page.table(work);
  page.table(loads);
  page.picture(
      sp::report::bar_chart(names, {dense, sparse},
                            {.title = "Cycles per image", .y_label = "cycles", .width = 640}),
      "Measured on the RTL, both from the same source.");
  page.paragraph(fmt::format(
      "Cycles, loads and bytes are measured over all {} images together with a memory that answers "
      "at once: the dense control is the same RTL with SkipEn = 0 walking all blocks of the same "
      "model. A load is one block brought into the array. Bytes are counted by address in the "
      "memory model. Utilisation {}: kept MACs / (cycles x {} multipliers).",
      f.images, percent(f.utilisation()), f.array_rows * f.array_columns * f.array_outputs));
  if (r.pressure_cycles > 0)
    page.paragraph(
        fmt::format("With a memory that stalls with probability {} on every channel, {} images "
                    "took {} cycles in "
                    "lockstep, with the same outputs.",
                    r.pressure, r.pressure_images, r.pressure_cycles));
  sp::report::html_table plans;
  plans.header = {"layer", "how the planner runs it, and why"};
  for (std::size_t l = 0; l < r.plans.size(); ++l) plans.rows.push_back({names[l], r.plans[l]});
  page.table(plans);
}

/// The report as one self-contained page.
inline std::string page_of(const results& r) {
  sp::report::html_page page("swprune: from graph to hardware", r.options);
  summary(page, r);
  graph_section(page, r);
  training_section(page, r);
  accelerator_section(page, r);
  page.footer(fmt::format("{}, git {}. Seed {}.", r.build, r.figures.git, r.figures.seed));
  return page.str();
}

}  // namespace pipeline
