// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/buffer_needs.hpp"
#include "swprune/hw/device_caps.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/image_header.hpp"
#include "swprune/hw/register_bus.hpp"
#include "swprune/hw/registers.hpp"
#include "swprune/hw/run_counters.hpp"
#include "swprune/hw/run_fault.hpp"

namespace swprune::inline v0::hw {

/// Register STATUS.
struct run_status {
  bool busy = false;
  bool done = false;      ///< a run has ended, well or with an error
  bool stopping = false;  ///< a run comes to its end
  bool refused = false;   ///< a start while busy was refused

  friend bool operator==(const run_status&, const run_status&) = default;
};

/// What an interrupt is about: registers IRQ_ENABLE and IRQ_STATUS.
struct run_events {
  bool done = false;     ///< a run has ended
  bool error = false;    ///< and failed
  bool refused = false;  ///< a start was refused

  friend bool operator==(const run_events&, const run_events&) = default;
};

/// Where a driver puts an image and its activations, as the accelerator sees them.
struct run_place {
  std::uint64_t image_base = 0;  ///< of the whole file, header included; multiple of 64
  std::uint64_t act_base = 0;    ///< multiple of 64
  std::uint32_t watchdog = 0;  ///< cycles without progress that end a run, above the longest pass;
                               ///< 64 * input channels are enough; 0: none
};

/// Driver of the accelerator with its bus fronts (rtl/swp_top.sv). It owns nothing and remembers
/// nothing but the capabilities: memory, caches and interrupts are the caller's, one caller at a
/// time. docs/drivers.md shows a whole run; swprune/c/swprune_driver.h is the same in C99.
class driver {
 public:
  /// Looks what the device is. `bus` must outlive the driver. Throws device_unknown unless ID is
  /// "SWP1" and the register map has this driver's major version.
  explicit driver(register_bus& bus) : bus_(bus) {
    namespace a = regs::address;
    const std::uint32_t id = bus.read(a::id);
    expects(id == regs::reset::id, errc::device_unknown, "ID must be {:#x}, given {:#x}",
            regs::reset::id, id);
    const auto major = regs::field::version_major;
    const std::uint32_t version = bus.read(a::version);
    expects(major.get(version) == major.get(regs::reset::version), errc::device_unknown,
            "the register map must have version {}.x, given {}", major.get(regs::reset::version),
            major.get(version));
    caps_ = read_caps(bus);
  }

  [[nodiscard]] const device_caps& caps() const { return caps_; }

  /// Throws device_mismatch, which names the first parameter that differs, unless the image is for
  /// this device.
  void check_array(const image_header& h) const {
    const auto same = [](const char* name, index_t image, index_t device) {
      expects(image == device, errc::device_mismatch, "the image is for {} = {}, the device has {}",
              name, image, device);
    };
    const array_params& a = caps_.array;
    same("image version", regs::header::header_version, caps_.image_version);
    same("Poy", h.poy, a.poy);
    same("Pox", h.pox, a.pox);
    same("Pof", h.pof, a.pof);
    same("Chains", h.chains, a.chains);
    same("BusBytes", h.bus_bytes, a.bus_bytes);
    same("SkipEn", h.skip, a.skip);
    expects(a.pool || !h.pool, errc::device_mismatch,
            "the image needs pooling, the device has none");
    expects(a.res_depth > 0 || !h.residual, errc::device_mismatch,
            "the image needs the residual add, the device has none");
  }

  /// Tells the device where everything lies. Throws what check_array() throws, device_mismatch for
  /// an image whose steps do not fit the device's buffers, region_address for bases that are no
  /// multiples of 64, regions that reach beyond 2^40 or overlap, and device_busy during a run;
  /// nothing is written then.
  void configure(const image_file& file, const run_place& place) {
    const image_header& h = file.header;
    check_array(h);
    check(buffer_needs_of(file.bytes, h.desc_offset, h.layer_count), caps_.array);
    check_region("image", place.image_base, h.image_bytes);
    check_region("activations", place.act_base, h.act_bytes);
    expects(place.image_base >= place.act_base + h.act_bytes ||
                place.act_base >= place.image_base + h.image_bytes,
            errc::region_address, "image at {:#x} and activations at {:#x} overlap",
            place.image_base, place.act_base);
    expects(!status().busy, errc::device_busy, "a run goes on");
    write_places(h, place);
  }

  /// Begins a run. Throws device_busy if the device refuses it because one goes on, which is not
  /// disturbed.
  void start() {
    bus_.write(regs::address::ctrl, mask(regs::field::ctrl_start));
    expects(!status().refused, errc::device_busy, "the device refused the start, a run goes on");
  }

  /// Ends a run in order: all bursts are answered, then it is over with the error `aborted`.
  /// Without a run nothing happens.
  void abort_run() { bus_.write(regs::address::ctrl, mask(regs::field::ctrl_abort)); }

  [[nodiscard]] run_status status() {
    const std::uint32_t word = bus_.read(regs::address::status);
    namespace f = regs::field;
    return {.busy = f::status_busy.get(word) != 0,
            .done = f::status_done.get(word) != 0,
            .stopping = f::status_stopping.get(word) != 0,
            .refused = f::status_refused.get(word) != 0};
  }

  /// Looks at most `looks` times (>= 1) whether the run is over, with a call of `pause` between two
  /// looks, which may be empty. Returns what the run failed with, all 0 if it went well. Throws
  /// argument_out_of_range when no run was started, and device_timeout if it still goes on: it can
  /// be waited for again, or aborted. A run that does not end after an abort has a memory access
  /// that was never answered: only a reset of accelerator and interconnect helps.
  [[nodiscard]] run_fault wait(index_t looks, const std::function<void()>& pause = {}) {
    for (;;) {
      const run_status now = status();
      expects(now.busy || now.done, errc::argument_out_of_range,
              "wait() needs a run that was started");
      if (!now.busy) return read_fault(bus_);
      expects(looks > 1, errc::device_timeout, "{}",
              now.stopping ? "the run is stopping and waits for its memory" : "the run goes on");
      --looks;
      if (pause) pause();
    }
  }

  /// start() and wait(). Throws what they throw, and run_failed with the decoded fault.
  void run(index_t looks, const std::function<void()>& pause = {}) {
    start();
    const run_fault f = wait(looks, pause);
    expects(f.code == regs::run_error::none, errc::run_failed, "{}", f.text());
  }

  /// Which events raise the interrupt.
  void enable_interrupts(const run_events& events) {
    namespace f = regs::field;
    bus_.write(regs::address::irq_enable,
               static_cast<std::uint32_t>(f::irq_enable_done.put(events.done) |
                                          f::irq_enable_error.put(events.error) |
                                          f::irq_enable_refused.put(events.refused)));
  }

  /// What has happened since the last call, enabled or not; the interrupt falls. An event that
  /// comes meanwhile is kept for the next call.
  run_events acknowledge() {
    namespace f = regs::field;
    const std::uint32_t word = bus_.read(regs::address::irq_status);
    if (word != 0) bus_.write(regs::address::irq_status, word);
    return {.done = f::irq_status_done.get(word) != 0,
            .error = f::irq_status_error.get(word) != 0,
            .refused = f::irq_status_refused.get(word) != 0};
  }

  /// Counters of the last run.
  [[nodiscard]] run_counters counters() { return read_counters(bus_); }
  /// What the last run failed with; all 0 after a good one.
  [[nodiscard]] run_fault fault() { return read_fault(bus_); }

 private:
  [[nodiscard]] static std::uint32_t mask(regs::bit_field f) {
    return static_cast<std::uint32_t>(f.put(f.max()));
  }
  static void check_region(const char* name, std::uint64_t base, std::uint64_t bytes) {
    constexpr std::uint64_t limit = std::uint64_t{1} << 40;
    expects(base % 64 == 0, errc::region_address,
            "the {} must lie at a multiple of 64, given {:#x}", name, base);
    expects(base < limit && bytes <= limit - base, errc::region_address,
            "the {}, {} bytes at {:#x}, must end at 2^40 or before", name, bytes, base);
  }
  void write_places(const image_header& h, const run_place& place) {
    namespace a = regs::address;
    const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
    bus_.write(a::image_base_lo, static_cast<std::uint32_t>(place.image_base));
    bus_.write(a::image_base_hi, high(place.image_base));
    bus_.write(a::act_base_lo, static_cast<std::uint32_t>(place.act_base));
    bus_.write(a::act_base_hi, high(place.act_base));
    bus_.write(a::desc_offset, h.desc_offset);
    bus_.write(a::layer_count, h.layer_count);
    bus_.write(a::watchdog, place.watchdog);
  }

  register_bus& bus_;
  device_caps caps_;
};

}  // namespace swprune::inline v0::hw
