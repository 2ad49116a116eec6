// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network on the simulated accelerator and on its dense control, checked against the reference.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quantised_network.hpp"
#include "swprune/core/error.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune_sim/verilated_core.hpp"

namespace simulate {

namespace sp = swprune;
using sp::index_t;

enum class device_kind { rtl, golden, lockstep };

/// What runs where.
struct setting {
  sp::hw::array_params array;
  device_kind device = device_kind::rtl;
  sp::hw::memory_params memory;
  double clock = 200;  ///< MHz
};

/// A program and what it did.
struct measured {
  sp::hw::program program;
  sp::hw::cycle_report closed;   ///< the last layer with the cycle of Done
  sp::hw::cycle_report figures;  ///< closed with the cycles that were measured
  bool simulated = false;        ///< false: no such device was built, figures are the closed form's
  std::uint64_t compared = 0;    ///< cycles in lockstep
  double seconds = 0;            ///< of the simulation
  std::string difference;        ///< first output that differs from the reference, empty if none
};

struct results {
  std::string what;
  setting how;
  index_t images = 1;
  measured sparse;
  measured dense;
  sp::hw::model_comparison figures;

  [[nodiscard]] bool outputs_equal() const {
    return sparse.difference.empty() && dense.difference.empty();
  }
  [[nodiscard]] bool cycles_equal() const {
    return sparse.figures.cycles == sparse.closed.cycles &&
           dense.figures.cycles == dense.closed.cycles;
  }
  /// GOPS at the clock for so many multiplications in so many cycles.
  [[nodiscard]] double gops(index_t macs, index_t cycles) const {
    return 2.0 * static_cast<double>(macs) / static_cast<double>(cycles) * how.clock / 1e3;
  }
  [[nodiscard]] double peak() const { return gops(how.array.pes(), 1); }
  /// Gigabytes per second of bus and memory.
  [[nodiscard]] double bandwidth() const {
    return static_cast<double>(how.array.bus_bytes) * how.clock / 1e3 / how.memory.beat_interval;
  }
};

/// Bytes of all kinds that a layer fetches.
[[nodiscard]] inline index_t bytes_read(const sp::hw::cycle_counts& c) {
  index_t sum = 0;
  for (const index_t bytes : c.read_bytes) sum += bytes;
  return sum;
}

/// The largest of the built arrays of a shape, "4x8x8", or of that many output channels if there is
/// no shape. Throws device_mismatch, naming what there is.
[[nodiscard]] inline sp::hw::array_params built_array(const std::string& shape, index_t pof) {
  std::optional<sp::hw::array_params> best;
  std::string all;
  for (const sp::hw::array_params& a : sp::sim::built_devices()) {
    if (!a.skip) continue;
    const std::string name = fmt::format("{}x{}x{}", a.poy, a.pox, a.pof);
    if (all.find(name) == std::string::npos) all += (all.empty() ? "" : ", ") + name;
    const bool fits = shape.empty() ? a.pof == pof : name == shape;
    if (fits && (!best || a.act_depth * a.wgt_depth > best->act_depth * best->wgt_depth)) best = a;
  }
  sp::expects(best.has_value(), sp::errc::device_mismatch,
              "no RTL was built for an array of {}; there are {}",
              shape.empty() ? fmt::format("{} output channels", pof) : shape, all);
  return *best;
}

namespace detail {

[[nodiscard]] inline std::string first_difference(const std::string& run, const sp::hw::program& p,
                                                  const sp::hw::program_run& r,
                                                  const std::vector<std::vector<std::uint8_t>>& e) {
  if (r.outputs.size() != e.size())
    return fmt::format("{}: {} layers have outputs, expected {}", run, r.outputs.size(), e.size());
  for (std::size_t l = 0; l < e.size(); ++l) {
    if (r.outputs[l] == e[l]) continue;
    const auto at = static_cast<std::size_t>(
        std::mismatch(e[l].begin(), e[l].end(), r.outputs[l].begin(), r.outputs[l].end()).first -
        e[l].begin());
    if (at == e[l].size() || at >= r.outputs[l].size())
      return fmt::format("{}: layer '{}' has {} bytes, expected {}", run, p.layers[l].name,
                         r.outputs[l].size(), e[l].size());
    return fmt::format("{}: byte {} of the output of layer '{}' is {}, the reference says {}", run,
                       at, p.layers[l].name, r.outputs[l][at], e[l][at]);
  }
  return {};
}

[[nodiscard]] inline bool was_built(const sp::hw::array_params& array) {
  const auto built = sp::sim::built_devices();
  return std::find(built.begin(), built.end(), array) != built.end();
}

/// The run on the devices that were asked for. A difference in lockstep throws device_mismatch.
[[nodiscard]] inline sp::hw::program_run run_on_devices(
    measured& m, const setting& s, const std::vector<std::uint8_t>& images,
    const std::function<void(index_t)>& progress) {
  const sp::hw::array_params& array = m.program.array;
  if (s.device == device_kind::rtl)
    return sp::hw::run_program(*sp::sim::make_device(array), m.program, images, s.memory, progress);
  sp::hw::golden_core golden(array);
  if (s.device == device_kind::golden)
    return sp::hw::run_program(golden, m.program, images, s.memory, progress);
  auto both = sp::hw::run_program_lockstep(golden, *sp::sim::make_device(array), m.program, images,
                                           s.memory, progress);
  sp::expects(both.lockstep.ok(), sp::errc::device_mismatch, "golden model and RTL differ: {}",
              both.lockstep.text());
  m.compared = both.lockstep.cycles;
  return std::move(both.run);
}

/// Puts the cycles of the run in the place of those of the closed form.
inline void take_cycles(measured& m, const sp::hw::program_run& run) {
  sp::expects(run.error == 0 && run.layers.size() == m.figures.layers.size(),
              sp::errc::device_mismatch, "the device stopped with error {} after {} of {} layers",
              run.error, run.layers.size(), m.figures.layers.size());
  for (std::size_t l = 0; l < run.layers.size(); ++l)
    m.figures.layers[l].cycles = run.layers[l].cycles;
  m.figures.cycles = m.figures.total.cycles = run.cycles;
}

}  // namespace detail

/// Compiles for the skipping array or the control.
[[nodiscard]] inline measured prepare(const sp::quant::int8_model& model, const setting& how,
                                      bool skip, index_t images) {
  sp::hw::array_params array = how.array;
  array.skip = skip;
  measured m;
  m.program = sp::hw::compile(model, array, images);
  m.closed = sp::hw::predict(m.program, how.memory.timing());
  m.closed.layers.back().cycles += 1;  // Done, so that the layers add up to the run
  m.figures = m.closed;
  return m;
}

/// Runs a prepared program and compares its outputs with the reference.
inline void execute(measured& m, const std::string& name, const setting& s,
                    const std::vector<std::uint8_t>& images,
                    const std::vector<std::vector<std::uint8_t>>& expected,
                    const std::function<void(index_t)>& progress) {
  if (s.device != device_kind::golden && !detail::was_built(m.program.array)) return;
  const auto begin = std::chrono::steady_clock::now();
  const sp::hw::program_run run = detail::run_on_devices(m, s, images, progress);
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  m.simulated = true;
  detail::take_cycles(m, run);
  m.difference = detail::first_difference(name, m.program, run, expected);
}

}  // namespace simulate
