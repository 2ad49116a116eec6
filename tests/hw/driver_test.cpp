// SPDX-License-Identifier: Apache-2.0

// The drivers on the golden model of swp_top.

#include "swprune/hw/golden/golden_top.hpp"
#include "tests/support/driver_scenarios.hpp"

namespace {

namespace hw = swprune::hw;
using namespace swprune_test;

/// Registers with fixed values.
class fixed_registers final : public hw::register_bus {
 public:
  fixed_registers(std::uint32_t id, std::uint32_t version) : id_(id), version_(version) {}
  [[nodiscard]] std::uint32_t read(std::uint32_t offset) override {
    return offset == SWPRUNE_REG_ID ? id_ : offset == SWPRUNE_REG_VERSION ? version_ : 0;
  }
  void write(std::uint32_t /*offset*/, std::uint32_t /*value*/) override {}

 private:
  std::uint32_t id_, version_;
};

}  // namespace

TEST_CASE("the drivers on the golden accelerator: runs, errors, and the run behind each error") {
  hw::golden_top top(small_array());
  driver_scenarios(top).all();
}

TEST_CASE("the driver tells what it talks to") {
  hw::golden_top top(small_array());
  driven_top registers(top, 3);
  const hw::driver d(registers);
  const hw::array_params a = small_array();
  CHECK(d.array().poy == a.poy);
  CHECK(d.array().pox == a.pox);
  CHECK(d.array().pof == a.pof);
  CHECK(d.array().chains == a.chains);
  CHECK(d.array().bus_bytes == a.bus_bytes);
  CHECK(d.array().act_depth == a.act_depth);
  CHECK(d.array().wgt_depth == a.wgt_depth);
  CHECK(d.array().list_depth == a.list_depth);
  CHECK(d.array().param_depth == a.param_depth);
  CHECK(d.array().res_depth == a.res_depth);
  CHECK(d.array().image_version == 2);
}

TEST_CASE("a driver refuses what is no accelerator, wrong addresses and endless waiting") {
  fixed_registers nothing(0, 0), future(SWPRUNE_ID_VALUE, 2u << 16);
  CHECK_THROWS_WITH(hw::driver(nothing), Catch::Contains("no accelerator"));
  CHECK_THROWS_WITH(hw::driver(future), Catch::Contains("major version"));
  hw::golden_top top(small_array());
  driven_top registers(top, 3);
  hw::driver d(registers);
  const driver_case c;
  const swprune_image image = d.check_image(c.file);
  for (const auto& [file, act] : {std::pair<std::uint64_t, std::uint64_t>{32, 64},
                                  {64, 32},
                                  {std::uint64_t{1} << 40, 64},
                                  {64, std::uint64_t{1} << 40},
                                  {(std::uint64_t{1} << 40) - 64, 64}})
    CHECK_THROWS_AS(d.start(image, file, act), swprune::invalid_argument);
  CHECK_THROWS_AS(d.running(), swprune::device_error);
  registers.load(c.file, c.program.initial_activations(c.network.input));
  d.start(image, driven_top::file_address, driven_top::act_address);
  try {
    d.wait(2);
    FAIL("it cannot be over");
  } catch (const swprune::device_error& e) {
    CHECK(e.id() == static_cast<int>(swprune::errc::device_timeout));
  }
  CHECK_THROWS_AS(d.wait(0), swprune::invalid_argument);
  CHECK(std::string(swprune_run_error_text(99)) == "unknown error code");
}
