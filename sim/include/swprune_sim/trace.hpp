// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/lockstep.hpp"
#include "swprune/hw/memory_model.hpp"

namespace swprune::sim {

/// What a device built with TRACE is as well: it can write a waveform of all its signals.
class traceable {
 public:
  virtual ~traceable() = default;

  /// Writes the clock cycles [first, last] after the next reset() into `file`, in the FST format of
  /// GTKWave, one sample a cycle, taken after the edge; the time is the cycle, as
  /// lockstep_result counts them. Throws file_open when the file cannot be written.
  virtual void trace(const std::string& file, std::uint64_t first, std::uint64_t last) = 0;
};

/// Repeats a lockstep run that ended with a difference, and writes a waveform of the last `cycles`
/// cycles of `dut` up to it, the one with the difference included. `make_memory()` gives the memory
/// as it was at the start of that run, with the same seed. Does nothing without a difference.
/// Throws device_mismatch unless `dut` was built with TRACE, argument_out_of_range unless
/// cycles >= 1, and what run_lockstep() and traceable::trace() throw.
template <typename MakeMemory>
void trace_mismatch(hw::device& golden, hw::device& dut, const MakeMemory& make_memory,
                    const hw::run_params& params, const hw::lockstep_result& result,
                    const std::string& file, index_t cycles = 1000) {
  if (result.mismatches == 0) return;
  expects(cycles >= 1, errc::argument_out_of_range, "cycles >= 1 must hold, given {}", cycles);
  auto* tracer = dynamic_cast<traceable*>(&dut);
  expects(tracer != nullptr, errc::device_mismatch,
          "the device was built without TRACE and cannot write {}", file);
  const std::uint64_t last = result.first_cycle;
  const auto before = static_cast<std::uint64_t>(cycles - 1);
  tracer->trace(file, last - std::min(last, before), last);
  hw::memory_model memory = make_memory();
  (void)hw::run_lockstep(golden, dut, memory, params);
}

}  // namespace swprune::sim
