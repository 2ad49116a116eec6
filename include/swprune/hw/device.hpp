// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw {

/// What the core sees before a rising clock edge. Names are those of rtl/swp_core.sv.
struct core_inputs {
  bool start = false;             ///< start_i: run `layer_count` layers; seen only when not busy
  std::uint64_t image_base = 0;   ///< image_base_i, bytes, multiple of 64
  std::uint64_t act_base = 0;     ///< act_base_i, bytes, multiple of 64
  std::uint32_t desc_offset = 0;  ///< desc_offset_i: first layer descriptor, from image_base
  std::uint16_t layer_count = 0;  ///< layer_count_i, >= 1
  bool abort = false;             ///< abort_i: one cycle
  std::uint32_t watchdog = 0;     ///< watchdog_i: cycles without progress; 0: off; stable
  bool rd_req_ready = false;      ///< rd_req_ready_i
  bool rd_valid = false;          ///< rd_valid_i: a beat is offered
  std::array<std::uint8_t, 64> rd_data{};  ///< rd_data_i, the first bus_bytes are used
  std::uint8_t rd_error = 0;               ///< rd_error_i: AXI response of the beat
  bool wr_ready = false;                   ///< wr_ready_i
  std::uint8_t wr_error = 0;               ///< wr_error_i: with wr_fenced, of any write before
  bool wr_fenced = false;  ///< wr_fenced_i: what was written up to the oldest fence can be read

  friend bool operator==(const core_inputs&, const core_inputs&) = default;
};

/// What the core shows after a rising clock edge. Every output is a function of registers only.
/// A field that its valid qualifies is zero while valid is low, so that comparison is plain
/// equality.
struct core_outputs {
  bool busy = false;
  bool done = false;              ///< one cycle at the end of a run, also of a failed one
  std::uint8_t error = 0;         ///< error code of the last run, docs/registers.md
  std::uint8_t error_detail = 0;  ///< the rule that a record breaks
  std::uint64_t error_addr = 0;   ///< byte address that the error is about
  bool rd_req_valid = false;
  std::uint64_t rd_req_addr = 0;   ///< bytes, multiple of bus_bytes
  std::uint16_t rd_req_beats = 0;  ///< >= 1
  bool rd_ready = false;
  bool wr_valid = false;
  std::uint64_t wr_addr = 0;               ///< bytes, multiple of 4
  std::array<std::uint8_t, 64> wr_data{};  ///< 4 * Pox bytes, those of invalid words are zero
  std::uint64_t wr_strb = 0;               ///< one bit per byte, none in a bare fence
  bool wr_fence = false;                   ///< the last write of a step
  std::uint32_t cnt_cycles = 0;            ///< cycles with busy
  std::uint32_t cnt_uops = 0;              ///< micro-ops issued, null ones included
  std::uint32_t cnt_blocks = 0;            ///< blocks walked (null entries not counted)
  std::uint32_t cnt_drain_stalls = 0;      ///< cycles in which the array waited to be drained
  std::uint32_t cnt_load_stalls = 0;       ///< cycles in which the array waited for the loader
  std::uint32_t cnt_read_beats = 0;
  std::uint32_t cnt_write_beats = 0;     ///< bare fences not counted
  std::uint32_t cnt_write_stalls = 0;    ///< cycles in which it waited for an output buffer
  std::uint32_t cnt_weight_stalls = 0;   ///< load stalls: records, lists, parameters, weights
  std::uint32_t cnt_act_stalls = 0;      ///< load stalls: fetch lists, planes, residuals
  std::uint32_t cnt_hazard_stalls = 0;   ///< load stalls: the loader in Hold
  std::uint32_t cnt_passes = 0;          ///< passes that ended
  std::uint32_t cnt_blocks_skipped = 0;  ///< structural blocks that do not exist, per pass
  std::uint32_t cnt_uops_skipped = 0;    ///< micro-ops that they would have taken
  std::uint32_t cnt_groups_skipped = 0;  ///< input planes not fetched, per step
  std::uint32_t cnt_weight_beats = 0;    ///< of lists, parameters, weights
  std::uint32_t cnt_act_beats = 0;       ///< of fetch lists, planes
  std::uint32_t cnt_res_beats = 0;       ///< of residuals
  std::uint64_t probe = 0;               ///< internal state, docs/accelerator.md section 10

  friend bool operator==(const core_outputs&, const core_outputs&) = default;
};

/// A clocked core: the golden cycle model and the simulated RTL are both one.
class device {
 public:
  virtual ~device() = default;
  [[nodiscard]] virtual const array_params& params() const = 0;
  /// Synchronous reset for one cycle.
  virtual void reset() = 0;
  /// Outputs in the current cycle.
  [[nodiscard]] virtual const core_outputs& outputs() const = 0;
  /// One rising edge with these inputs; outputs() is then the next cycle's.
  virtual void step(const core_inputs& in) = 0;
};

}  // namespace swprune::inline v0::hw
