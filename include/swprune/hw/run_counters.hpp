// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/hw/image_header.hpp"
#include "swprune/hw/register_bus.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

/// The counters of a run as the registers CNT_* hold them, modulo 2^32; docs/registers.md.
struct run_counters {
  std::uint32_t cycles = 0;          ///< cycles with busy
  std::uint32_t uops = 0;            ///< micro-ops issued, null ones included
  std::uint32_t blocks = 0;          ///< blocks walked
  std::uint32_t drain_stalls = 0;    ///< cycles in which the array waited to be emptied
  std::uint32_t load_stalls = 0;     ///< cycles in which it waited for the loader
  std::uint32_t read_beats = 0;      ///< beats read
  std::uint32_t write_beats = 0;     ///< writes made
  std::uint32_t write_stalls = 0;    ///< cycles in which it waited for an output buffer
  std::uint32_t weight_stalls = 0;   ///< load stalls: records, lists, parameters, weights
  std::uint32_t act_stalls = 0;      ///< load stalls: fetch lists, planes, residuals
  std::uint32_t hazard_stalls = 0;   ///< load stalls: for what is not in memory yet
  std::uint32_t passes = 0;          ///< passes that ended
  std::uint32_t blocks_skipped = 0;  ///< structural blocks of the passes that do not exist
  std::uint32_t uops_skipped = 0;    ///< micro-ops that they would have taken
  std::uint32_t groups_skipped = 0;  ///< input planes not fetched
  std::uint32_t weight_beats = 0;    ///< of lists, parameters, weights
  std::uint32_t act_beats = 0;       ///< of fetch lists, planes
  std::uint32_t res_beats = 0;       ///< of residuals

  friend bool operator==(const run_counters&, const run_counters&) = default;
};

/// Reads all counters.
[[nodiscard]] SWPRUNE_FUNCTION run_counters read_counters(register_bus& bus);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION run_counters read_counters(register_bus& bus) {
  namespace r = regs::address;
  return {.cycles = bus.read(r::cnt_cycles),
          .uops = bus.read(r::cnt_uops),
          .blocks = bus.read(r::cnt_blocks),
          .drain_stalls = bus.read(r::cnt_drain_stalls),
          .load_stalls = bus.read(r::cnt_load_stalls),
          .read_beats = bus.read(r::cnt_read_beats),
          .write_beats = bus.read(r::cnt_write_beats),
          .write_stalls = bus.read(r::cnt_write_stalls),
          .weight_stalls = bus.read(r::cnt_weight_stalls),
          .act_stalls = bus.read(r::cnt_act_stalls),
          .hazard_stalls = bus.read(r::cnt_hazard_stalls),
          .passes = bus.read(r::cnt_passes),
          .blocks_skipped = bus.read(r::cnt_blocks_skipped),
          .uops_skipped = bus.read(r::cnt_uops_skipped),
          .groups_skipped = bus.read(r::cnt_groups_skipped),
          .weight_beats = bus.read(r::cnt_weight_beats),
          .act_beats = bus.read(r::cnt_act_beats),
          .res_beats = bus.read(r::cnt_res_beats)};
}

#endif

/// Beats that the absent blocks saved: those of a dense layer minus those read; below 0 if the
/// lists cost more than was saved. Right as long as both counters are below 2^32.
[[nodiscard]] constexpr std::int64_t beats_skipped(const image_header& h, const run_counters& c) {
  return static_cast<std::int64_t>(h.dense_read_beats) - std::int64_t{c.weight_beats} -
         std::int64_t{c.act_beats};
}

}  // namespace swprune::inline v0::hw
