// SPDX-License-Identifier: Apache-2.0
#pragma once

// Timing of two sides in turn, and the rows of a benchmark's result.

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace swprune_bench {

/// CPU time of this process: other programs may run beside it.
inline double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <typename Work>
double seconds_of(const Work& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

/// Seconds of both sides, one entry per repetition.
struct contest {
  std::vector<double> ours;
  std::vector<double> peer;

  /// One repetition first that does not count: memory and caches are cold.
  template <typename Ours, typename Peer>
  static contest run(int repeats, const Ours& ours, const Peer& peer) {
    contest c;
    for (int i = 0; i <= repeats; ++i) {
      const double a = ours(i);
      const double b = peer(i);
      if (i == 0) continue;
      c.ours.push_back(a);
      c.peer.push_back(b);
    }
    return c;
  }
};

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// (greatest - least) / median.
inline double spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return (*high - *low) / median(values);
}

inline nlohmann::json row(const std::string& name, double ours, double peer,
                          const std::string& version, const std::string& unit, double ratio,
                          double spread_of_ours, double goal) {
  return {{"name", name},
          {"ours", ours},
          {"peer", peer},
          {"peer_version", version},
          {"unit", unit},
          {"ratio", ratio},
          {"spread", spread_of_ours},
          {"goal", goal}};
}

inline nlohmann::json row(const std::string& name, const contest& c, const std::string& version,
                          double goal) {
  const double ours = median(c.ours);
  const double peer = median(c.peer);
  return row(name, ours, peer, version, "s", peer / ours, spread(c.ours), goal);
}

}  // namespace swprune_bench
