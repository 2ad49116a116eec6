// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::hw {

/// How long a memory takes that never stalls by chance. The defaults are the ideal memory of
/// docs/accelerator.md section 1. Requests and writes are taken at once.
struct memory_timing {
  index_t latency = 1;  ///< cycles from a taken request to its first beat, >= 1
  /// Cycles from one beat of a request to the next, on average, 1 .. 65536: bytes of the bus /
  /// bytes that the memory gives in a cycle.
  double beat_interval = 1;
  index_t fence_latency = 1;  ///< cycles from a taken fence to its answer, >= 1

  /// Cycles from the first beat of a request to beat `k`, k >= 0, at the earliest.
  [[nodiscard]] constexpr index_t beat_offset(index_t k) const {
    return static_cast<index_t>(static_cast<double>(k) * beat_interval);
  }
  friend bool operator==(const memory_timing&, const memory_timing&) = default;
};

/// Throws argument_out_of_range unless every member lies in the range of its comment.
SWPRUNE_FUNCTION void check(const memory_timing& m);

/// Cycles from beat to beat of a bus of `bus_bytes` bytes at `megahertz` MHz in front of a memory
/// of `gigabytes` 10^9 bytes a second; at least 1, since a bus gives no more than a beat a cycle.
/// Throws argument_out_of_range unless all are > 0.
[[nodiscard]] SWPRUNE_FUNCTION double beat_interval_of(double gigabytes, index_t bus_bytes,
                                                       double megahertz);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const memory_timing& m) {
  expects(m.latency >= 1, errc::argument_out_of_range, "latency >= 1, given {}", m.latency);
  expects(m.beat_interval >= 1 && m.beat_interval <= 65536, errc::argument_out_of_range,
          "1 <= beat_interval <= 65536, given {}", m.beat_interval);
  expects(m.fence_latency >= 1, errc::argument_out_of_range, "fence_latency >= 1, given {}",
          m.fence_latency);
}

SWPRUNE_FUNCTION double beat_interval_of(double gigabytes, index_t bus_bytes, double megahertz) {
  expects(gigabytes > 0 && bus_bytes > 0 && megahertz > 0 && std::isfinite(gigabytes) &&
              std::isfinite(megahertz),
          errc::argument_out_of_range,
          "bandwidth, bus and clock must be > 0, given {} GB/s, {} bytes, {} MHz", gigabytes,
          bus_bytes, megahertz);
  return std::max(1.0, static_cast<double>(bus_bytes) * megahertz / (1e3 * gigabytes));
}

#endif

}  // namespace swprune::inline v0::hw
