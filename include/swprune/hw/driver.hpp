// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string>

#include "swprune/c/swprune_driver.h"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

/// The way to an accelerator's registers: docs/registers.md. Accesses keep their order.
class register_bus {
 public:
  register_bus() = default;
  register_bus(const register_bus&) = delete;
  register_bus& operator=(const register_bus&) = delete;
  virtual ~register_bus() = default;
  [[nodiscard]] virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
  /// Called between two polls of driver::wait(): sleep, or let the simulation go on.
  virtual void relax() {}
};

/// How a run ended.
struct run_outcome {
  regs::run_error error = regs::run_error::none;
  std::uint8_t detail = 0;    ///< the rule that a record breaks
  std::uint64_t address = 0;  ///< what the error is about

  [[nodiscard]] bool ok() const { return error == regs::run_error::none; }
  /// "layer_field (6), rule 1: kernel_h ..., at 0x1000: a field of a layer descriptor ...".
  [[nodiscard]] std::string to_string() const {
    const auto code = static_cast<unsigned>(error);
    std::string text = fmt::format("{} ({})", swp_run_error_name(code), code);
    if (detail != 0) text += fmt::format(", rule {}: {}", detail, swp_rule_text(code, detail));
    if (address != 0) text += fmt::format(", at {:#x}", address);
    return text + ": " + swp_run_error_text(code);
  }
  friend bool operator==(const run_outcome&, const run_outcome&) = default;
};

/// Events that raise the interrupt, or that happened.
struct device_events {
  bool done = false;     ///< a run has ended
  bool error = false;    ///< and failed
  bool refused = false;  ///< a start was refused

  friend bool operator==(const device_events&, const device_events&) = default;
};

/// Counters of a run, each modulo 2^32: swp_counters of swprune/c/swprune_regs.h.
using device_counters = ::swp_counters;

/// Where the two regions of a run lie in the accelerator's memory.
struct memory_places {
  std::uint64_t image_base = 0;  ///< of the image file, multiple of 64
  std::uint64_t act_base = 0;    ///< of the activation region, multiple of 64
  std::uint64_t act_bytes = 0;   ///< size of the latter
};

/// Runs image files on an accelerator: the driver of swprune/c/swprune_driver.h with exceptions.
/// The caller puts file and input into memory, and takes the output from there:
///
///     driver d(bus);
///     const image_file f = decode_image_file(bytes);
///     d.prepare(f, places);      // f.bytes at image_base, f.initial_activations() at act_base
///     d.start();
///     d.wait(polls);             // f.unpack_output() of the activation region
class driver {
 public:
  /// Talks to the accelerator behind `bus`, which must outlive the driver. Touches no register.
  explicit driver(register_bus& bus)
      : bus_{&bus,
             [](void* b, std::uint32_t at) { return static_cast<register_bus*>(b)->read(at); },
             [](void* b, std::uint32_t at, std::uint32_t value) {
               static_cast<register_bus*>(b)->write(at, value);
             },
             [](void* b) { static_cast<register_bus*>(b)->relax(); }} {}

  /// What the accelerator was built with. Throws device_unknown if none that is understood answers.
  [[nodiscard]] array_params probe() const {
    swp_caps caps{};
    expect_ok(swp_probe(&bus_, &caps));
    return {.poy = caps.poy,
            .pox = caps.pox,
            .pof = caps.pof,
            .chains = caps.chains,
            .bus_bytes = caps.bus_bytes,
            .act_depth = caps.act_depth,
            .wgt_depth = caps.wgt_depth,
            .list_depth = caps.list_depth,
            .param_depth = caps.param_depth,
            .res_depth = caps.res_depth,
            .skip = caps.skip != 0,
            .pool = caps.pool != 0};
  }

  /// Checks that accelerator, image and memory fit and sets the registers of the run. `watchdog`:
  /// cycles without progress before a run fails, more than the longest pass; 0: never. Throws
  /// device_unknown, image_format for a damaged image, device_mismatch for one of another array or
  /// larger buffers, memory_place, device_busy; nothing is written then.
  void prepare(const image_file& file, const memory_places& places,
               std::uint32_t watchdog = 0) const {
    swp_image image{};
    expect_ok(swp_image_read(file.bytes.data(), file.bytes.size(), &image));
    expect_ok(
        swp_prepare(&bus_, &image, places.image_base, places.act_base, places.act_bytes, watchdog));
  }

  /// Begins a run. Throws device_busy if one goes on, which is not disturbed.
  void start() const { expect_ok(swp_start(&bus_)); }

  /// How the last run ended, nothing while it goes on. Throws device_busy if none was started since
  /// the last reset.
  [[nodiscard]] std::optional<run_outcome> poll() const {
    swp_result r{};
    const swp_status now = swp_poll(&bus_, &r);
    if (now == SWP_BUSY) return std::nullopt;
    if (now != SWP_RUN_FAILED) expect_ok(now);
    return outcome_of(r);
  }

  /// Waits until the run has ended, `polls` polls at most, and says how. Throws device_timeout (the
  /// run goes on), and device_busy as poll() does.
  [[nodiscard]] run_outcome outcome(std::uint64_t polls) const {
    swp_result r{};
    const swp_status now = swp_wait(&bus_, polls, &r);
    expects(now != SWP_TIMEOUT, errc::device_timeout, "busy after {} polls{}", polls,
            stopping() ? ", stopping: the memory may never have answered" : "");
    if (now != SWP_RUN_FAILED) expect_ok(now);
    return outcome_of(r);
  }

  /// Waits as outcome() does for a good end. Throws run_failed with the decoded error as well.
  void wait(std::uint64_t polls) const {
    const run_outcome end = outcome(polls);
    expects(end.ok(), errc::run_failed, "{}", end.to_string());
  }

  /// Asks a run to end, with error `aborted`; one that is over already stays as it was. Without
  /// effect if none goes on.
  void stop() const { swp_abort(&bus_); }

  /// A run comes to its end, but waits for memory.
  [[nodiscard]] bool stopping() const {
    return (swp_read(&bus_, SWP_REG_STATUS) & SWP_STATUS_STOPPING_MASK) != 0;
  }

  /// Which events raise the interrupt.
  void enable_interrupts(const device_events& e) const {
    swp_irq_enable(&bus_, (e.done ? SWP_IRQ_DONE : 0) | (e.error ? SWP_IRQ_ERROR : 0) |
                              (e.refused ? SWP_IRQ_REFUSED : 0));
  }
  /// Events since the last call, enabled or not; they are acknowledged.
  [[nodiscard]] device_events take_events() const {
    const std::uint32_t seen = swp_irq_take(&bus_);
    return {.done = (seen & SWP_IRQ_DONE) != 0,
            .error = (seen & SWP_IRQ_ERROR) != 0,
            .refused = (seen & SWP_IRQ_REFUSED) != 0};
  }

  /// Counters of the last run; while one goes on they are not of one moment.
  [[nodiscard]] device_counters counters() const {
    device_counters c{};
    swp_counters_read(&bus_, &c);
    return c;
  }

 private:
  [[nodiscard]] static run_outcome outcome_of(const swp_result& r) {
    return {.error = static_cast<regs::run_error>(r.code),
            .detail = static_cast<std::uint8_t>(r.detail),
            .address = r.address};
  }

  /// The error that a status of the C driver is here.
  [[nodiscard]] static errc code_of(swp_status s) {
    if (s <= SWP_DEVICE_IMAGE_VERSION) return errc::device_unknown;
    if (s <= SWP_IMAGE_TENSOR) return errc::image_format;
    if (s <= SWP_DEPTH_RESIDUAL) return errc::device_mismatch;
    if (s <= SWP_ACT_SIZE) return errc::memory_place;
    return errc::device_busy;
  }
  static void expect_ok(swp_status s) {
    if (s != SWP_OK) raise(code_of(s), std::string(swp_status_text(s)));
  }

  swp_bus bus_;
};

/// Beats that sparsity saved in a run of the whole image; negative if its index lists cost more.
[[nodiscard]] inline index_t beats_skipped(const image_file& f, const device_counters& c) {
  return static_cast<index_t>(f.header.dense_read_beats) - index_t{c.weight_beats} -
         index_t{c.act_beats};
}

}  // namespace swprune::inline v0::hw
