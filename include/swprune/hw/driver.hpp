// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/c_driver.h"

namespace swprune::inline v0::hw {

/// The accelerator's registers: 32-bit accesses at byte offsets that are multiples of 4 below 256.
class register_bus {
 public:
  virtual ~register_bus() = default;
  [[nodiscard]] virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
};

/// Driver of the accelerator in swp_top: the C driver with exceptions. The accelerator is probed
/// when the driver is made.
class driver {
 public:
  /// Throws device_mismatch when there is no accelerator behind the registers, or one with a
  /// register map of another major version. `registers` must outlive the driver.
  explicit driver(register_bus& registers)
      : bus_{&registers,
             [](void* context, std::uint32_t offset) {
               return static_cast<register_bus*>(context)->read(offset);
             },
             [](void* context, std::uint32_t offset, std::uint32_t value) {
               static_cast<register_bus*>(context)->write(offset, value);
             }} {
    need(swprune_probe(&bus_, &array_), errc::device_mismatch);
  }

  [[nodiscard]] const swprune_array& array() const { return array_; }

  /// Checks an image file for this accelerator. Throws image_format when the file is not sound and
  /// device_mismatch when it was compiled for another array.
  [[nodiscard]] swprune_image check_image(std::span<const std::uint8_t> file) const {
    swprune_image image{};
    const swprune_result r = swprune_image_check(file.data(), file.size(), &array_, &image);
    const bool other = r == SWPRUNE_IMAGE_ARRAY || r == SWPRUNE_IMAGE_FEATURES;
    need(r, other ? errc::device_mismatch : errc::image_format);
    return image;
  }

  /// Begins a run; see swprune_start(). Throws argument_out_of_range for addresses that are not
  /// multiples of 64 below 2^40, and device_busy while a run goes on.
  void start(const swprune_image& image, std::uint64_t file_address, std::uint64_t act_address,
             std::uint32_t watchdog = 0) {
    const swprune_result r = swprune_start(&bus_, &image, file_address, act_address, watchdog);
    need(r, r == SWPRUNE_BAD_ADDRESS ? errc::argument_out_of_range : errc::device_busy);
  }

  /// True while the run goes on. Throws run_failed, with code, detail and address in words, when it
  /// ended with an error, or when there was no run since the last reset.
  [[nodiscard]] bool running() const {
    const swprune_result r = swprune_poll(&bus_);
    if (r == SWPRUNE_FAILED) raise_error();
    expects(r != SWPRUNE_NOT_STARTED, errc::run_failed, "{}", swprune_result_text(r));
    return r == SWPRUNE_RUNNING;
  }

  /// Asks `polls` times, >= 1, whether the run has ended. Throws device_timeout if it has not, and
  /// what running() throws.
  void wait(index_t polls) const {
    expects(polls >= 1, errc::argument_out_of_range, "polls >= 1 must hold, given {}", polls);
    for (index_t i = 0; i < polls; ++i)
      if (!running()) return;
    raise(errc::device_timeout, "the run goes on after {} polls", polls);
  }

  void abort_run() { swprune_abort(&bus_); }
  void enable_interrupts(std::uint32_t mask) { swprune_enable_interrupts(&bus_, mask); }
  /// What has happened since the last call; it is acknowledged.
  [[nodiscard]] std::uint32_t take_interrupts() { return swprune_take_interrupts(&bus_); }

  [[nodiscard]] swprune_counters counters() const {
    swprune_counters c{};
    swprune_read_counters(&bus_, &c);
    return c;
  }
  /// Of the last run; code 0 if it ended well.
  [[nodiscard]] swprune_error error() const {
    swprune_error e{};
    swprune_read_error(&bus_, &e);
    return e;
  }

 private:
  static void need(swprune_result r, errc code) {
    expects(r == SWPRUNE_OK, code, "{}", swprune_result_text(r));
  }
  [[noreturn]] void raise_error() const {
    const swprune_error e = error();
    raise(errc::run_failed, "error {}, detail {}, address {:#x}: {}", e.code, e.detail, e.address,
          swprune_run_error_text(e.code));
  }

  swprune_bus bus_{};
  swprune_array array_{};
};

}  // namespace swprune::inline v0::hw
