// SPDX-License-Identifier: Apache-2.0
#pragma once

// Software of a top in lockstep: sets a compiled program up, starts it, disturbs it, sees it end.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/golden/layer_regs.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/registers.hpp"
#include "tests/support/random_layer.hpp"
#include "tests/support/top_lockstep.hpp"

namespace swprune_test {

/// What goes wrong in a run, in cycles, beats and bursts from its start.
struct top_trouble {
  std::uint64_t abort_cycle = ~std::uint64_t{0};
  std::uint64_t reset_cycle = ~std::uint64_t{0};
  std::uint32_t watchdog = 0;
  axi_fault read, write;
  std::uint8_t after_abort = 0;  ///< how all writes fail behind it, unless 0
  bool mute = false;  ///< every other step writes nothing: its fence comes without a burst
};

/// Every other step of an image, those with a residual left out, gets output groups that its layer
/// does not have. No compiled step is so.
inline void mute_steps(const swprune::hw::program& p, std::span<std::uint8_t> image) {
  namespace regs = swprune::hw::regs;
  for (index_t l = 0; l < p.layer_count; ++l) {
    std::array<std::uint8_t, 128> record{};
    std::copy_n(image.begin() + p.desc_offset + 128 * l, 128, record.begin());
    const auto layer = swprune::hw::golden::decode_layer(record, p.array);
    for (std::uint32_t s = 0; s < layer.step_count; s += 2) {
      const auto step = image.subspan(layer.steps_offset + 64 * s, 64);
      if ((step[0] & regs::step_flag::residual) != 0) continue;
      step[regs::step::og_first.offset + 1] = 0x40;
      const std::uint32_t crc = swprune::hw::crc32_of(step.first(regs::step::crc.offset));
      for (unsigned i = 0; i < 4; ++i)
        step[regs::step::crc.offset + i] = static_cast<std::uint8_t>(crc >> 8 * i);
    }
  }
}

/// Drives one program.
class top_driver {
 public:
  top_driver(top_lockstep& tops, const swprune::hw::program& p, const random_case& c,
             swprune::rng any)
      : tops_(tops), program_(p), case_(c), any_(any) {}

  /// The memory; address, value and order of the registers, with other values first.
  void set_up(const top_trouble& trouble) {
    namespace at = swprune::hw::regs::address;
    place(trouble.mute);
    tops_.slave.fail(trouble.read, trouble.write);
    const std::array<std::pair<unsigned, std::uint32_t>, 8> values{
        {{at::image_base_lo, static_cast<std::uint32_t>(image_base_)},
         {at::image_base_hi, static_cast<std::uint32_t>(image_base_ >> 32)},
         {at::act_base_lo, static_cast<std::uint32_t>(act_base_)},
         {at::act_base_hi, static_cast<std::uint32_t>(act_base_ >> 32)},
         {at::desc_offset, program_.desc_offset},
         {at::layer_count, program_.layer_count},
         {at::watchdog, trouble.watchdog},
         {at::irq_enable, 7}}};
    for (const auto& [address, value] : values) {
      if (any_.below(3) == 0) write_noise(address);
      tops_.master.write(address, value);
      if (any_.below(3) == 0) tops_.master.read(address);
    }
    tops_.settle();
    for (const auto& [address, value] : values)
      if (tops_.read(address) != value) throw std::runtime_error("a register lost its value");
  }

  /// Starts, disturbs with accesses of every kind, and waits for the end; the error code.
  std::uint32_t run(const top_trouble& trouble, top_coverage& coverage) {
    namespace at = swprune::hw::regs::address;
    tops_.write(at::ctrl, 1);
    tops_.settle();
    const bool meddles = any_.below(3) == 0;
    bool refused = false;
    std::uint32_t status = 1;
    for (std::uint64_t cycle = 0; (status & 1) != 0; ++cycle) {
      if (cycle > 2'000'000) throw std::runtime_error("a run does not end");
      if (cycle == trouble.abort_cycle) {
        tops_.write(at::ctrl, any_.below(2) == 0 ? 2 : 3);
        if (trouble.after_abort != 0) tops_.slave.fail_writes(trouble.after_abort);
      }
      if (cycle == trouble.reset_cycle) {
        tops_.reset();
        ++coverage.resets;
        return none;
      }
      if (tops_.master.waiting() < 4 && any_.below(30) == 0) disturb();
      if (meddles && tops_.closing() && tops_.master.idle()) meddle();
      tops_.cycle();
      if (cycle % 500 != 499) continue;
      status = tops_.read(at::status);  // behind every start that was still waiting
      refused = refused || (status >> 3 & 1) != 0;
    }
    coverage.refused += refused;
    const std::uint32_t code = tops_.read(at::error) & 0xFF;
    ++coverage.ends[code];
    return code;
  }

  /// Accesses without a run: commands that have no effect, and every register.
  void rest() {
    namespace at = swprune::hw::regs::address;
    for (const std::uint32_t command : {2u, 3u, 0xFCu}) tops_.write(at::ctrl, command);
    tops_.master.write(at::ctrl, 1, 14);  // the byte of the bits is not strobed
    for (unsigned address = 0; address < 256; address += 4) tops_.master.read(address);
    tops_.settle();
    tops_.write(at::irq_status, 7);
    tops_.settle();
    for (int i = 0; i < 20; ++i) tops_.cycle();
    if (tops_.outputs().irq) throw std::runtime_error("the interrupt stays");
  }

  [[nodiscard]] std::vector<std::uint8_t> output(index_t layer) const {
    return program_.unpack_output(layer, tops_.slave.region(1));
  }

  static constexpr std::uint32_t none = ~std::uint32_t{0};  ///< the run was reset

 private:
  /// Regions somewhere in 40 bits, at any place of their pages.
  void place(bool mute) {
    const auto random_base = [&](std::uint64_t half) {
      return (half << 39 | any_.below(std::uint64_t{1} << 38)) / 64 * 64;
    };
    image_base_ = random_base(any_.below(2));
    act_base_ = random_base(image_base_ >> 39 ^ 1);
    tops_.slave.clear();
    std::vector<std::uint8_t> image = program_.image;
    if (mute) mute_steps(program_, image);
    image.resize(image.size() + 64);  // a last beat may reach behind it
    tops_.slave.map(image_base_, image);
    std::vector<std::uint8_t> acts = program_.initial_activations(case_.input);
    acts.resize(acts.size() + 64);
    tops_.slave.map(act_base_, acts);
  }

  void write_noise(unsigned address) {
    tops_.master.write(address, static_cast<std::uint32_t>(any_.next()),
                       static_cast<unsigned>(any_.below(16)));
  }

  unsigned any_address() { return static_cast<unsigned>(any_.below(256)); }

  /// One access that a running top must bear.
  void disturb() {
    namespace at = swprune::hw::regs::address;
    const std::uint64_t kind = any_.below(100);
    if (kind < 60)
      tops_.master.read(any_address());
    else if (kind < 70)
      tops_.master.read(at::status);
    else if (kind < 78)
      write_noise(at::irq_enable);
    else if (kind < 86)
      write_noise(at::irq_status);
    else if (kind < 90)
      tops_.master.write(at::ctrl, 1);  // refused, or a second run just behind the end
    else if (kind < 92)
      tops_.master.write(at::ctrl, static_cast<std::uint32_t>(any_.next()), 14);
    else if (kind < 94)
      tops_.master.write(any_address(), static_cast<std::uint32_t>(any_.next()), 0);
    else
      write_noise(read_only_address());
  }

  /// A write that may meet the run's last cycle.
  void meddle() {
    namespace at = swprune::hw::regs::address;
    if (any_.below(5) == 0) return tops_.master.write(at::ctrl, 1);
    tops_.master.write(at::irq_status, 7);
  }

  unsigned read_only_address() {
    using swprune::hw::golden::register_access;
    for (;;) {
      const unsigned address = any_address();
      const register_access a = swprune::hw::golden::register_table[address / 4].access;
      if (a == register_access::RO || a == register_access::none) return address;
    }
  }

  top_lockstep& tops_;
  const swprune::hw::program& program_;
  const random_case& case_;
  swprune::rng any_;
  std::uint64_t image_base_ = 0, act_base_ = 0;
};

}  // namespace swprune_test
