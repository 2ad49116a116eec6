// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0::hw {

/// How the registers of an accelerator are reached: a memory map, a debug link, a simulation.
class register_bus {
 public:
  virtual ~register_bus() = default;
  /// The register at a byte offset of docs/registers.md, a multiple of 4.
  [[nodiscard]] virtual std::uint32_t read(unsigned offset) = 0;
  virtual void write(unsigned offset, std::uint32_t value) = 0;
};

}  // namespace swprune::inline v0::hw
