// SPDX-License-Identifier: Apache-2.0
#pragma once

// An accelerator on its buses between a driver's register accesses and a memory.

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/register_bus.hpp"
#include "swprune/hw/top_device.hpp"
#include "tests/support/axi_slave.hpp"
#include "tests/support/axil_master.hpp"

namespace swprune_test {

/// The registers of a top whose memory holds an image file and its activations. Handshakes of the
/// registers and of the memory are random.
class driven_top final : public swprune::hw::register_bus {
 public:
  static constexpr std::uint64_t file_address = 0x12'3400'0040;
  static constexpr std::uint64_t act_address = 0x56'7800'0080;

  driven_top(swprune::hw::top_device& top, std::uint64_t seed)
      : slave(static_cast<std::uint64_t>(top.params().bus_bytes),
              static_cast<std::uint64_t>(top.axi().rd_burst),
              static_cast<std::uint64_t>(top.axi().wr_burst), swprune::rng(seed).stream("slave")),
        top_(top),
        master_(swprune::rng(seed).stream("master")) {
    reset();
  }

  axi_slave slave;

  [[nodiscard]] std::uint32_t read(unsigned offset) override {
    master_.read(offset);
    settle();
    return master_.value();
  }
  void write(unsigned offset, std::uint32_t value) override {
    master_.write(offset, value);
    settle();
  }

  /// The activation region as it is now, with what load() put behind it.
  [[nodiscard]] std::span<const std::uint8_t> activations() const { return slave.region(1); }
  /// Puts file and activations into the memory.
  void load(const std::vector<std::uint8_t>& file, std::vector<std::uint8_t> activations) {
    slave.clear();
    std::vector<std::uint8_t> image = file;
    image.resize(image.size() + 64);  // a last beat may reach behind it
    slave.map(file_address, image);
    activations.resize(activations.size() + 64);
    slave.map(act_address, activations);
  }

  void reset() {
    top_.reset();
    slave.reset();
    master_.reset();
  }
  /// `count` cycles without a register access.
  void idle(int count) {
    for (int i = 0; i < count; ++i) cycle();
  }
  [[nodiscard]] bool interrupt() const { return top_.outputs().irq; }

 private:
  void settle() {
    for (int i = 0; !master_.idle(); ++i) {
      if (i > 1000) throw std::runtime_error("a register access is not answered");
      cycle();
    }
  }
  void cycle() {
    swprune::hw::top_inputs in;
    master_.drive(in);
    slave.drive(in);
    const swprune::hw::top_outputs out = top_.outputs();
    top_.step(in);
    master_.clock(in, out);
    slave.clock(in, out);
    if (!slave.broken().empty()) throw std::runtime_error(slave.broken());
  }

  swprune::hw::top_device& top_;
  axil_master master_;
};

}  // namespace swprune_test
