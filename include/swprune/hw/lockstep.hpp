// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/memory_model.hpp"

namespace swprune::inline v0::hw {

/// Fields of core_outputs::probe that a reader of a trace wants (docs/accelerator.md section 10).
struct probe_view {
  std::uint64_t bits = 0;

  [[nodiscard]] std::uint64_t field(unsigned at, unsigned width) const {
    return (bits >> at) & ((std::uint64_t{1} << width) - 1);
  }
  [[nodiscard]] std::string_view controller() const {
    static constexpr std::array<std::string_view, 11> names{
        "Idle",     "unused", "unused", "FillGo", "FillWait", "StepGo",
        "StepWait", "Flush",  "Done",   "Error",  "Stop"};
    const std::uint64_t state = field(0, 4);
    return state < names.size() ? names[state] : std::string_view("unknown");
  }
  [[nodiscard]] std::string_view loader() const {
    static constexpr std::array<std::string_view, 8> names{"Idle",  "Next", "Req",   "Data",
                                                           "Check", "Hold", "Drain", "unused"};
    return names[field(4, 2) | field(58, 1) << 2];
  }
  [[nodiscard]] bool issues() const { return field(7, 1) != 0; }
  /// The issuing micro-op in words.
  [[nodiscard]] std::string micro_op() const {
    return fmt::format("slot {} ci {} ky {} kx {} weight {}{}{}{}", field(11, 12), field(23, 2),
                       field(25, 3), field(28, 3), field(42, 16), field(8, 1) != 0 ? " first" : "",
                       field(9, 1) != 0 ? " last" : "", field(10, 1) != 0 ? " null" : "");
  }
};

/// What an observer of a run is told.
struct run_progress {
  std::uint64_t cycle = 0;
  const core_outputs* outputs = nullptr;
};

/// One run of a device over the layers of an image in a memory.
struct run_params {
  std::uint64_t image_base = 0;         ///< multiple of 64
  std::uint64_t act_base = 0;           ///< multiple of 64
  std::uint32_t desc_offset = 0;        ///< first layer descriptor
  std::uint16_t layer_count = 1;        ///< >= 1
  std::uint32_t watchdog = 0;           ///< watchdog_i: cycles without progress; 0: off
  index_t abort_cycle = -1;             ///< cycle in which abort_i is 1 (start: 0); -1: none
  bool reset = true;                    ///< reset the devices first; off: after an earlier run
  index_t quiet_cycles = 100'000;       ///< without a beat, write or micro-op: device_timeout, >= 1
  index_t max_cycles = 10'000'000'000;  ///< of the whole run: device_timeout, >= 1
  index_t observe_every = 65'536;       ///< cycles between two calls of `observe`, >= 1
  /// Called now and then; false stops the run. May be empty.
  std::function<bool(const run_progress&)> observe = {};
};

/// Throws argument_out_of_range unless every member lies in the range of its comment.
SWPRUNE_FUNCTION void check(const run_params& p);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const run_params& p) {
  expects(p.image_base % 64 == 0 && p.act_base % 64 == 0, errc::argument_out_of_range,
          "image_base and act_base must be multiples of 64, given {:#x} and {:#x}", p.image_base,
          p.act_base);
  expects(p.layer_count >= 1, errc::argument_out_of_range, "layer_count >= 1, given {}",
          p.layer_count);
  expects(p.quiet_cycles >= 1 && p.max_cycles >= 1 && p.observe_every >= 1,
          errc::argument_out_of_range,
          "quiet_cycles, max_cycles and observe_every must be >= 1, given {}, {} and {}",
          p.quiet_cycles, p.max_cycles, p.observe_every);
}

#endif

/// How a run ended.
struct run_result {
  std::uint64_t cycles = 0;       ///< clock edges, the one that takes start included
  bool stopped = false;           ///< by the observer, before the device was done
  std::uint8_t error = 0;         ///< error_o
  std::uint8_t detail = 0;        ///< error_detail_o
  std::uint64_t address = 0;      ///< error_addr_o
  core_outputs last;              ///< outputs after the run: all counters are complete
  std::uint64_t busy_cycles = 0;  ///< cnt_cycles: what the closed form predicts, ideal memory

  [[nodiscard]] bool ok() const { return !stopped && error == 0; }
};

/// One port on which two devices differ.
struct port_difference {
  std::string port;
  std::string golden;
  std::string dut;
};

/// How a lockstep run ended.
struct lockstep_result {
  run_result run;                      ///< of the golden device
  std::uint64_t cycles = 0;            ///< compared
  std::uint64_t mismatches = 0;        ///< ports that differed, summed over the compared cycles
  std::uint64_t first_cycle = 0;       ///< of the first difference
  std::vector<port_difference> first;  ///< all ports that differed in it
  std::vector<std::string> micro_ops;  ///< the last 32 issued before it, oldest first

  [[nodiscard]] bool ok() const { return mismatches == 0 && run.ok(); }
  /// Report of the first difference, several lines; empty without one.
  [[nodiscard]] std::string text() const {
    if (mismatches == 0) return {};
    std::string t = fmt::format("{} mismatches, the first in cycle {}:\n", mismatches, first_cycle);
    for (const port_difference& d : first)
      t += fmt::format("  {}: golden {}, device {}\n", d.port, d.golden, d.dut);
    for (const std::string& m : micro_ops) t += "  " + m + "\n";
    return t;
  }
};

/// Runs a device over `p.layer_count` layers and two idle cycles more. A run that the device ends
/// with an error code is a result, not an exception. Throws device_timeout (naming the states of
/// controller and loader) when the device hangs, memory_access and port_protocol as memory_model
/// does, device_mismatch when bus widths differ.
SWPRUNE_FUNCTION run_result run(device& d, memory_model& memory, const run_params& p);

/// Runs two devices on the same inputs and compares every port in every cycle. The memory listens
/// to `golden`. Ends at the first cycle with a difference. Throws what run() throws, and
/// device_mismatch when the devices' parameters differ.
SWPRUNE_FUNCTION lockstep_result run_lockstep(device& golden, device& dut, memory_model& memory,
                                              const run_params& p);

#if SWPRUNE_BODIES

namespace detail {

/// Ends a run that will not end by itself.
class watchdog {
 public:
  watchdog(const run_params& p, const char* what) : params_(p), what_(what) {}

  void look(std::uint64_t cycle, const core_outputs& out) {
    const std::uint64_t work =
        std::uint64_t{out.cnt_uops} + out.cnt_read_beats + out.cnt_write_beats;
    if (work != work_) {
      work_ = work;
      since_ = cycle;
    }
    if (cycle - since_ >= static_cast<std::uint64_t>(params_.quiet_cycles))
      fail(fmt::format("no beat, write or micro-op for {} cycles", params_.quiet_cycles), cycle,
           out);
    if (cycle >= static_cast<std::uint64_t>(params_.max_cycles))
      fail(fmt::format("not done after {} cycles", params_.max_cycles), cycle, out);
  }

 private:
  [[noreturn]] void fail(const std::string& why, std::uint64_t cycle,
                         const core_outputs& out) const {
    const probe_view probe{out.probe};
    raise(errc::device_timeout, "{}: {}; cycle {}, controller in {}, loader in {}", what_, why,
          cycle, probe.controller(), probe.loader());
  }

  const run_params& params_;
  const char* what_;
  std::uint64_t work_ = 0;
  std::uint64_t since_ = 0;
};

/// The last 32 micro-ops that a device issued.
class micro_op_trace {
 public:
  static constexpr std::size_t length = 32;

  void look(std::uint64_t cycle, const core_outputs& out) {
    if (!probe_view{out.probe}.issues()) return;
    ring_[count_ % length] = {cycle, out.probe};
    ++count_;
  }
  [[nodiscard]] std::vector<std::string> text() const {
    std::vector<std::string> lines;
    for (std::size_t i = count_ > length ? count_ - length : 0; i < count_; ++i)
      lines.push_back(fmt::format("cycle {}: {}", ring_[i % length].cycle,
                                  probe_view{ring_[i % length].probe}.micro_op()));
    return lines;
  }

 private:
  struct entry {
    std::uint64_t cycle = 0;
    std::uint64_t probe = 0;
  };
  std::array<entry, length> ring_{};
  std::size_t count_ = 0;
};

template <typename T>
void compare_port(std::vector<port_difference>& list, const char* port, const T& golden,
                  const T& dut) {
  if (golden == dut) return;
  if constexpr (std::is_same_v<T, std::array<std::uint8_t, 64>>) {
    const auto hex = [](const T& bytes) {
      std::string t;
      for (const std::uint8_t b : bytes) t += fmt::format("{:02x}", b);
      return t;
    };
    list.push_back({port, hex(golden), hex(dut)});
  } else {
    list.push_back({port, fmt::format("{:#x}", static_cast<std::uint64_t>(golden)),
                    fmt::format("{:#x}", static_cast<std::uint64_t>(dut))});
  }
}

/// Every port on which two cores differ.
[[nodiscard]] inline std::vector<port_difference> differences(const core_outputs& g,
                                                              const core_outputs& d) {
  std::vector<port_difference> list;
#define SWPRUNE_COMPARE(port) compare_port(list, #port, g.port, d.port)
  SWPRUNE_COMPARE(busy);
  SWPRUNE_COMPARE(done);
  SWPRUNE_COMPARE(error);
  SWPRUNE_COMPARE(error_detail);
  SWPRUNE_COMPARE(error_addr);
  SWPRUNE_COMPARE(rd_req_valid);
  SWPRUNE_COMPARE(rd_req_addr);
  SWPRUNE_COMPARE(rd_req_beats);
  SWPRUNE_COMPARE(rd_ready);
  SWPRUNE_COMPARE(wr_valid);
  SWPRUNE_COMPARE(wr_addr);
  SWPRUNE_COMPARE(wr_data);
  SWPRUNE_COMPARE(wr_strb);
  SWPRUNE_COMPARE(wr_fence);
  SWPRUNE_COMPARE(cnt_cycles);
  SWPRUNE_COMPARE(cnt_uops);
  SWPRUNE_COMPARE(cnt_blocks);
  SWPRUNE_COMPARE(cnt_drain_stalls);
  SWPRUNE_COMPARE(cnt_load_stalls);
  SWPRUNE_COMPARE(cnt_read_beats);
  SWPRUNE_COMPARE(cnt_write_beats);
  SWPRUNE_COMPARE(cnt_write_stalls);
  SWPRUNE_COMPARE(cnt_weight_stalls);
  SWPRUNE_COMPARE(cnt_act_stalls);
  SWPRUNE_COMPARE(cnt_hazard_stalls);
  SWPRUNE_COMPARE(cnt_passes);
  SWPRUNE_COMPARE(cnt_blocks_skipped);
  SWPRUNE_COMPARE(cnt_uops_skipped);
  SWPRUNE_COMPARE(cnt_groups_skipped);
  SWPRUNE_COMPARE(cnt_weight_beats);
  SWPRUNE_COMPARE(cnt_act_beats);
  SWPRUNE_COMPARE(cnt_res_beats);
  SWPRUNE_COMPARE(probe);
#undef SWPRUNE_COMPARE
  return list;
}

/// Cycle loop shared by run() and run_lockstep(). `each(cycle, outputs)` is called in every cycle
/// before its edge and may end the run by returning false; `edge(in)` clocks the devices.
template <typename Each, typename Edge>
run_result run_cycles(const device& main, memory_model& memory, const run_params& p,
                      const char* what, Each&& each, Edge&& edge) {
  constexpr int idle_cycles_after = 2;  // the device must be seen to come to rest
  run_result result;
  watchdog dog(p, what);
  core_inputs in;
  in.image_base = p.image_base;
  in.act_base = p.act_base;
  in.desc_offset = p.desc_offset;
  in.layer_count = p.layer_count;
  in.watchdog = p.watchdog;
  bool finished = false;
  // Behind a run that was stopped, fences may still be without an answer.
  for (int after = 0; after < idle_cycles_after || memory.awaits_answers();) {
    const core_outputs& out = main.outputs();
    if (finished) ++after;
    finished = finished || out.done;
    in.start = result.cycles == 0;
    in.abort = static_cast<index_t>(result.cycles) == p.abort_cycle;
    memory.drive(in);
    if (!each(result.cycles, out)) return result;
    if (p.observe && result.cycles % static_cast<std::uint64_t>(p.observe_every) == 0 &&
        !p.observe({result.cycles, &out})) {
      result.stopped = true;
      return result;
    }
    dog.look(result.cycles, out);
    memory.clock(in, out);
    edge(in);
    ++result.cycles;
  }
  result.last = main.outputs();
  result.error = result.last.error;
  result.detail = result.last.error_detail;
  result.address = result.last.error_addr;
  result.busy_cycles = result.last.cnt_cycles;
  return result;
}

inline void check_bus(const device& d, const memory_model& memory) {
  expects(d.params().bus_bytes == memory.params().bus_bytes, errc::device_mismatch,
          "the device has a bus of {} bytes, the memory model one of {}", d.params().bus_bytes,
          memory.params().bus_bytes);
}

}  // namespace detail

SWPRUNE_FUNCTION run_result run(device& d, memory_model& memory, const run_params& p) {
  check(p);
  detail::check_bus(d, memory);
  if (p.reset) d.reset();
  return detail::run_cycles(
      d, memory, p, "device", [](std::uint64_t, const core_outputs&) { return true; },
      [&](const core_inputs& in) { d.step(in); });
}

SWPRUNE_FUNCTION lockstep_result run_lockstep(device& golden, device& dut, memory_model& memory,
                                              const run_params& p) {
  check(p);
  expects(golden.params() == dut.params(), errc::device_mismatch,
          "lockstep needs two devices of one array, given {} and {}", golden.params().to_string(),
          dut.params().to_string());
  detail::check_bus(golden, memory);
  if (p.reset) {
    golden.reset();
    dut.reset();
  }
  lockstep_result result;
  detail::micro_op_trace trace;
  const auto compare = [&](std::uint64_t cycle, const core_outputs& out) {
    trace.look(cycle, out);
    ++result.cycles;
    if (out == dut.outputs()) return true;
    result.first = detail::differences(out, dut.outputs());
    result.mismatches += result.first.size();
    result.first_cycle = cycle;
    result.micro_ops = trace.text();
    return false;
  };
  result.run = detail::run_cycles(golden, memory, p, "lockstep, golden", compare,
                                  [&](const core_inputs& in) {
                                    golden.step(in);
                                    dut.step(in);
                                  });
  return result;
}

#endif

}  // namespace swprune::inline v0::hw
