// SPDX-License-Identifier: Apache-2.0
#pragma once

// Both drivers, on any registers, and that they see the same.

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "swprune/hw/driver.hpp"
#include "tests/support/driver_flow.h"

namespace swprune_test {

/// `bus` for the C driver.
inline swp_bus c_bus(swprune::hw::register_bus& bus) {
  return {&bus,
          [](void* context, std::uint32_t offset) {
            return static_cast<swprune::hw::register_bus*>(context)->read(offset);
          },
          [](void* context, std::uint32_t offset, std::uint32_t value) {
            static_cast<swprune::hw::register_bus*>(context)->write(offset, value);
          }};
}

/// A whole run with the C driver; `pause` may be empty.
inline flow_output c_flow(swprune::hw::register_bus& bus, const std::vector<std::uint8_t>& image,
                          const swprune::hw::run_place& place, std::uint32_t looks,
                          std::function<void()> pause = {}) {
  if (!pause) pause = [] {};
  const flow_input in{c_bus(bus),     image.data(),
                      image.size(),   place.image_base,
                      place.act_base, place.watchdog,
                      looks,          [](void* p) { (*static_cast<std::function<void()>*>(p))(); },
                      &pause};
  flow_output out;
  flow_run(&in, &out);
  return out;
}

/// What a run with the C++ driver gave.
struct cpp_flow {
  swprune::hw::device_caps caps;
  swprune::hw::run_fault fault;
  swprune::hw::run_events events;
  swprune::hw::run_counters counters;
  int error = 0;  // id of what was thrown
  std::string text;
};

/// The same run with the C++ driver.
inline cpp_flow run_cpp(swprune::hw::register_bus& bus, const std::vector<std::uint8_t>& image,
                        const swprune::hw::run_place& place, std::uint32_t looks,
                        const std::function<void()>& pause = {}) {
  cpp_flow out;
  try {
    swprune::hw::driver d(bus);
    out.caps = d.caps();
    d.configure(swprune::hw::decode_image_file(image), place);
    d.enable_interrupts({.done = true, .error = true});
    d.start();
    out.fault = d.wait(looks, pause);
    out.events = d.acknowledge();
    out.counters = d.counters();
  } catch (const swprune::error& e) {
    out.error = e.id();
    out.text = e.what();
  }
  return out;
}

/// Counters of the C driver in the words of the other.
inline swprune::hw::run_counters cpp_counters(const swp_counters& c) {
  swprune::hw::run_counters r;
#define SWPRUNE_TEST_COUNTER(name, offset) r.name = c.name;
  SWP_COUNTER_TABLE(SWPRUNE_TEST_COUNTER)
#undef SWPRUNE_TEST_COUNTER
  return r;
}

/// Both saw the same run; `timing`: also the same cycles and stalls.
inline void check_same(const flow_output& c, const cpp_flow& cpp, bool timing = true) {
  CHECK(c.caps.poy == cpp.caps.array.poy);
  CHECK(c.caps.pox == cpp.caps.array.pox);
  CHECK(c.caps.pof == cpp.caps.array.pof);
  CHECK(c.caps.chains == cpp.caps.array.chains);
  CHECK(c.caps.bus_bytes == cpp.caps.array.bus_bytes);
  CHECK(c.caps.act_depth == cpp.caps.array.act_depth);
  CHECK(c.caps.wgt_depth == cpp.caps.array.wgt_depth);
  CHECK(c.caps.list_depth == cpp.caps.array.list_depth);
  CHECK(c.caps.param_depth == cpp.caps.array.param_depth);
  CHECK(c.caps.res_depth == cpp.caps.array.res_depth);
  CHECK((c.caps.skip != 0) == cpp.caps.array.skip);
  CHECK((c.caps.pool != 0) == cpp.caps.array.pool);
  CHECK((c.caps.axi != 0) == cpp.caps.axi);
  CHECK(c.caps.image_version == cpp.caps.image_version);
  CHECK(c.caps.rd_burst == cpp.caps.rd_burst);
  CHECK(c.caps.rd_outstanding == cpp.caps.rd_outstanding);
  CHECK(c.caps.wr_burst == cpp.caps.wr_burst);
  CHECK(c.caps.wr_outstanding == cpp.caps.wr_outstanding);
  CHECK(c.fault.code == static_cast<std::uint32_t>(cpp.fault.code));
  CHECK(c.fault.detail == cpp.fault.detail);
  CHECK(c.fault.address == cpp.fault.address);
  CHECK(c.fault_text == swprune::hw::text_of(cpp.fault.code));
  CHECK(c.rule_text == swprune::hw::rule_text(cpp.fault.code, cpp.fault.detail));
  CHECK(c.events == (std::uint32_t{cpp.events.done} | std::uint32_t{cpp.events.error} << 1 |
                     std::uint32_t{cpp.events.refused} << 2));
  auto counters = cpp_counters(c.counters);
  if (!timing) {
    counters.cycles = cpp.counters.cycles;
    counters.drain_stalls = cpp.counters.drain_stalls;
    counters.load_stalls = cpp.counters.load_stalls;
    counters.write_stalls = cpp.counters.write_stalls;
    counters.weight_stalls = cpp.counters.weight_stalls;
    counters.act_stalls = cpp.counters.act_stalls;
    counters.hazard_stalls = cpp.counters.hazard_stalls;
  }
  CHECK((counters == cpp.counters));
}

}  // namespace swprune_test
