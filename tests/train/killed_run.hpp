// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small run that has all that a checkpoint must hold: mask stages by norm, momentum, statistics,
// augmentation, a schedule with warm-up, best weights of early stop.

#include <filesystem>

#include "swprune/io/checkpoint_file.hpp"
#include "swprune/train/progressive.hpp"
#include "tests/train/tiny_problem.hpp"

namespace swprune_test {

inline swprune::train::fit_params killed_params() {
  swprune::train::fit_params p;
  p.epochs = 20;
  p.batch = 20;
  p.schedule = {.kind = swprune::train::schedule_kind::one_cycle,
                .rate = 0.05,
                .warmup_share = 0.2,
                .warmup_rate = 0.01};
  p.augment.flip = true;
  p.clip_norm = 3;
  p.early_stop.patience = 20;
  return p;
}

/// Goes on from the file, if it is there, to the end; or until `watcher` stops it.
inline swprune::train::history killed_run(const std::filesystem::path& file,
                                          swprune::train::observer* watcher = nullptr,
                                          const swprune::train::fit_params& p = killed_params()) {
  namespace sp = swprune;
  const auto data = bright_quarters(150, 1), test = bright_quarters(60, 2);
  auto net = tiny_net<float>(3);
  sp::io::checkpoint_file<float> keeper(file, {.every = 3});
  return sp::train::fit_progressive(net, net.masks(),
                                    {.stages = 3, .order = sp::mask::removal_order::block_norm},
                                    data, test, p, sp::rng(4), watcher, &keeper);
}

/// What two runs must agree in, bit for bit: all but the times.
inline swprune::io::record_set without_times(const std::filesystem::path& file) {
  namespace io = swprune::io;
  const io::record_set all = io::load_container(file, io::checkpoint_kind);
  io::record_set rest;
  for (const io::record& r : all.records())
    if (r.name != "seconds") rest.add(r.name, r.value);
  return rest;
}

}  // namespace swprune_test
