// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/register_bus.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

/// What an accelerator was built with: the registers CAP0 .. CAP4.
struct device_caps {
  array_params array;
  bool axi = false;           ///< the core sits in swp_top
  index_t image_version = 0;  ///< version of images that is understood
  index_t rd_burst = 1;       ///< beats of a read burst
  index_t rd_outstanding = 1;
  index_t wr_burst = 1;
  index_t wr_outstanding = 1;

  friend bool operator==(const device_caps&, const device_caps&) = default;
};

/// Reads the capabilities; nothing is checked.
[[nodiscard]] SWPRUNE_FUNCTION device_caps read_caps(register_bus& bus);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION device_caps read_caps(register_bus& bus) {
  namespace a = regs::address;
  namespace f = regs::field;
  const std::uint32_t c0 = bus.read(a::cap0), c1 = bus.read(a::cap1), c2 = bus.read(a::cap2),
                      c3 = bus.read(a::cap3), c4 = bus.read(a::cap4);
  const auto number = [](regs::bit_field field, std::uint32_t word) {
    return static_cast<index_t>(field.get(word));
  };
  const auto power = [&](regs::bit_field field, std::uint32_t word) {
    return number(field, word) > 31 ? index_t{0} : index_t{1} << number(field, word);
  };
  const index_t res = number(f::cap3_res_depth_log2_p1, c3);
  device_caps c;
  c.array = {.poy = number(f::cap0_poy, c0),
             .pox = number(f::cap0_pox, c0),
             .pof = number(f::cap0_pof, c0),
             .chains = number(f::cap0_chains, c0),
             .bus_bytes = number(f::cap1_bus_bytes, c1),
             .act_depth = power(f::cap1_act_depth_log2, c1),
             .wgt_depth = power(f::cap1_wgt_depth_log2, c1),
             .list_depth = power(f::cap2_list_depth_log2, c2),
             .param_depth = power(f::cap2_param_depth_log2, c2),
             .res_depth = res == 0 || res > 32 ? 0 : index_t{1} << (res - 1),
             .skip = f::cap3_skip.get(c3) != 0,
             .pool = f::cap3_pool.get(c3) != 0};
  c.axi = f::cap3_axi.get(c3) != 0;
  c.image_version = number(f::cap3_image_version, c3);
  c.rd_burst = power(f::cap4_rd_burst_log2, c4);
  c.rd_outstanding = number(f::cap4_rd_outstanding, c4);
  c.wr_burst = power(f::cap4_wr_burst_log2, c4);
  c.wr_outstanding = number(f::cap4_wr_outstanding, c4);
  return c;
}

#endif

}  // namespace swprune::inline v0::hw
