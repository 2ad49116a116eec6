// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sweep over arrays: cycles of one network on each by the closed form, and the Pareto front.

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "network_model.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"

namespace explore {

namespace sp = swprune;
using sp::index_t;

/// The arrays of a sweep: every combination of these values.
struct space {
  std::vector<index_t> poy{2, 4, 8};
  std::vector<index_t> pox{4, 8};
  std::vector<index_t> pof{4, 8, 16};
  std::vector<index_t> chains{1, 2, 4};
  std::vector<index_t> act_depth{256, 1024};
  std::vector<index_t> wgt_depth{1024, 8192};
  std::vector<index_t> bus_bytes{16, 32};
};

/// What runs on them.
struct workload {
  std::string network = "vgg16";
  double sparsity = 0.76;
  index_t batch = 1;
  std::uint64_t seed = 1;  ///< of the masks
  double clock = 200;      ///< MHz
  index_t latency = 1;     ///< of the memory, cycles
  double bandwidth = 0;    ///< of reads, GB/s; 0: a beat in every cycle

  [[nodiscard]] sp::hw::memory_timing memory(const sp::hw::array_params& a) const {
    return {.latency = latency,
            .beat_interval =
                bandwidth > 0 ? sp::hw::beat_interval_of(bandwidth, a.bus_bytes, clock) : 1.0};
  }
};

/// One array and what the closed form says of it.
struct point {
  sp::hw::array_params array;
  std::string reason;        ///< why the network does not run on it, empty if it does
  index_t cycles = 0;        ///< of the batch
  index_t ideal_cycles = 0;  ///< sum of K^2 x channels of the live blocks over all passes
  index_t dense_cycles = 0;  ///< of the dense control, or its ideal if that is smaller; front alone
  index_t macs_kept = 0;
  index_t bytes_read = 0;
  double buffer_kb = 0;  ///< RAM, in units of 1024 bytes
  bool front = false;

  [[nodiscard]] bool fits() const { return reason.empty(); }
  [[nodiscard]] double efficiency() const {
    return static_cast<double>(ideal_cycles) / static_cast<double>(cycles);
  }
  [[nodiscard]] double utilisation() const {
    return static_cast<double>(macs_kept) / static_cast<double>(cycles * array.pes());
  }
  /// 0 where the dense control was not asked.
  [[nodiscard]] double speedup() const {
    return static_cast<double>(dense_cycles) / static_cast<double>(cycles);
  }
};

/// Bytes of all buffers, both halves of each: activations (4 bytes a word and pixel), weights,
/// index entries of 2 bytes, parameters of 54 bits a channel, the residual of a pass.
[[nodiscard]] inline double buffer_kilobytes(const sp::hw::array_params& a) {
  const index_t bits = 32 * a.act_depth * a.pixels() + 8 * a.wgt_depth * a.pof +
                       16 * (a.skip ? a.list_depth : 0) + 54 * a.param_depth * a.pof +
                       8 * a.res_depth * a.pixels() * a.pof;
  return static_cast<double>(2 * bits) / 8 / 1024;
}

/// All arrays of a space, the last member fastest. Those of one channel have no pooling and no
/// residual, as check() wants it.
[[nodiscard]] inline std::vector<point> points_of(const space& s) {
  std::vector<point> points{point{}};
  const auto cross = [&](index_t sp::hw::array_params::*member,
                         const std::vector<index_t>& values) {
    std::vector<point> next;
    for (const point& p : points)
      for (const index_t v : values) {
        next.push_back(p);
        next.back().array.*member = v;
      }
    points = std::move(next);
  };
  using array = sp::hw::array_params;
  cross(&array::poy, s.poy);
  cross(&array::pox, s.pox);
  cross(&array::pof, s.pof);
  cross(&array::chains, s.chains);
  cross(&array::act_depth, s.act_depth);
  cross(&array::wgt_depth, s.wgt_depth);
  cross(&array::bus_bytes, s.bus_bytes);
  for (point& p : points) {
    if (p.array.pof == 1) {
      p.array.pool = false;
      p.array.res_depth = 0;
    }
    p.buffer_kb = buffer_kilobytes(p.array);
  }
  return points;
}

namespace detail {

/// The network with blocks for arrays of that many output channels, or why there is none.
struct model_or_reason {
  sp::quant::int8_model model;
  std::string reason;
};

[[nodiscard]] inline model_or_reason model_of(const workload& w, index_t pof) {
  try {
    return {networks::network_model(w.network, w.sparsity, pof, w.seed), ""};
  } catch (const sp::error& e) {
    return {{}, e.what()};
  }
}

inline void evaluate(point& p, const model_or_reason& m, const workload& w) {
  try {
    sp::hw::check(p.array);
    p.reason = m.reason;
    if (!p.fits()) return;
    const sp::hw::program program = sp::hw::compile(m.model, p.array, w.batch);
    const sp::hw::cycle_report report = sp::hw::predict(program, w.memory(p.array));
    p.cycles = report.cycles;
    p.ideal_cycles = report.total.ideal_cycles;
    for (const index_t bytes : report.total.read_bytes) p.bytes_read += bytes;
    for (const auto& layer : program.layers) p.macs_kept += layer.macs_kept;
  } catch (const sp::invalid_argument& e) {
    p.reason = e.what();
  } catch (const sp::mismatch_error& e) {
    p.reason = e.what();
  }
}

inline void evaluate_control(point& p, const model_or_reason& m, const workload& w) {
  sp::hw::array_params control = p.array;
  control.skip = false;
  try {
    const auto report =
        sp::hw::predict(sp::hw::compile(m.model, control, w.batch), w.memory(control));
    p.dense_cycles = std::min(report.cycles, report.total.ideal_cycles);
  } catch (const sp::mismatch_error&) {
    p.dense_cycles = 0;  // the dense network does not fit
  }
}

}  // namespace detail

/// True if `a` is no worse than `b` in cycles, multipliers and buffers, and better in one of them;
/// of equals, that with the narrower bus, then that with fewer chains.
[[nodiscard]] inline bool dominates(const point& a, const point& b) {
  if (a.cycles > b.cycles || a.array.pes() > b.array.pes() || a.buffer_kb > b.buffer_kb)
    return false;
  if (a.cycles < b.cycles || a.array.pes() < b.array.pes() || a.buffer_kb < b.buffer_kb)
    return true;
  return std::pair(a.array.bus_bytes, a.array.chains) <
         std::pair(b.array.bus_bytes, b.array.chains);
}

/// Marks the points that no other one dominates.
inline void mark_front(std::vector<point>& points) {
  for (point& p : points)
    p.front = p.fits() && std::none_of(points.begin(), points.end(), [&](const point& other) {
                return other.fits() && dominates(other, p);
              });
}

/// How often each reason keeps the network off an array, most frequent first.
[[nodiscard]] inline std::vector<std::pair<std::string, index_t>> reasons_of(
    const std::vector<point>& points) {
  std::map<std::string, index_t> counts;
  for (const point& p : points)
    if (!p.fits()) ++counts[p.reason];
  std::vector<std::pair<std::string, index_t>> list(counts.begin(), counts.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return list;
}

/// All points of the space, evaluated in parallel; the same at any number of threads. `progress`,
/// may be empty, is told from several threads how many are done.
[[nodiscard]] inline std::vector<point> sweep(const space& s, const workload& w,
                                              const std::function<void(index_t)>& progress = {}) {
  std::vector<point> points = points_of(s);
  std::map<index_t, detail::model_or_reason> models;
  for (const index_t pof : s.pof) models[pof] = detail::model_of(w, pof);
  std::atomic<index_t> done{0};
  sp::parallel_for(std::ssize(points), [&](index_t i) {
    point& p = points[static_cast<std::size_t>(i)];
    detail::evaluate(p, models.at(p.array.pof), w);
    if (progress) progress(++done);
  });
  mark_front(points);
  sp::parallel_for(std::ssize(points), [&](index_t i) {
    point& p = points[static_cast<std::size_t>(i)];
    if (p.front) detail::evaluate_control(p, models.at(p.array.pof), w);
  });
  return points;
}

}  // namespace explore
