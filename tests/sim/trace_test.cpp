// SPDX-License-Identifier: Apache-2.0

// The waveform of the last cycles before a difference: written, readable, of the right cycles.

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/lockstep.hpp"
#include "swprune_sim/trace.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"
#include "traced_small.hpp"

namespace {

namespace hw = swprune::hw;
using namespace swprune_test;

/// A golden model that errs from one cycle on.
class erring_core final : public hw::device {
 public:
  erring_core(const hw::array_params& a, std::uint64_t when) : core_(a), when_(when) { show(); }
  [[nodiscard]] const hw::array_params& params() const override { return core_.params(); }
  void reset() override {
    core_.reset();
    cycle_ = 0;
    show();
  }
  [[nodiscard]] const hw::core_outputs& outputs() const override { return out_; }
  void step(const hw::core_inputs& in) override {
    core_.step(in);
    ++cycle_;
    show();
  }

 private:
  void show() {
    out_ = core_.outputs();
    if (cycle_ >= when_) out_.cnt_uops ^= 1;
  }
  hw::golden_core core_;
  hw::core_outputs out_;
  std::uint64_t when_;
  std::uint64_t cycle_ = 0;
};

/// A number of the header of an FST file: big-endian, 8 bytes.
std::uint64_t number_at(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  return value;
}

struct small_case {
  small_case() {
    swprune::rng r(12);
    for (;;) {
      layer = random_model(small_array(), {.max_uops = 2000, .max_size = 8}, r);
      try {
        program = hw::compile(layer.model, small_array(), layer.images);
      } catch (const swprune::mismatch_error&) {
        continue;
      }
      if (hw::predict(program).total.cycles > 400) return;
    }
  }
  random_case layer;
  hw::program program;
};

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the waveform ends with the difference and has as many cycles as asked for", "[trace]") {
  const small_case c;
  const auto rtl = swprune::sim::make_traced_small();
  CHECK(swprune::sim::params_of_traced_small() == small_array());
  const program_memory start(c.program, c.layer, {.bus_bytes = 8});
  const auto make_memory = [&] {
    return program_memory(c.program, c.layer, {.bus_bytes = 8}).memory;
  };
  const auto file = (std::filesystem::temp_directory_path() / "swprune_trace_test.fst").string();
  for (const auto& [when, cycles, first] :
       {std::tuple{std::uint64_t{300}, 100, std::uint64_t{201}}, {50, 100, 0}, {0, 7, 0}}) {
    CAPTURE(when, cycles);
    std::remove(file.c_str());
    erring_core golden(small_array(), when);
    hw::memory_model memory = make_memory();
    const auto result = hw::run_lockstep(golden, *rtl, memory, start.run_params());
    REQUIRE(result.mismatches > 0);
    REQUIRE(result.first_cycle == when);
    swprune::sim::trace_mismatch(golden, *rtl, make_memory, start.run_params(), result, file,
                                 cycles);
    // Header block: type 0, 8 bytes of length, first time, last time.
    const std::string bytes = read(file);
    REQUIRE(bytes.size() > 300);
    CHECK(bytes[0] == 0);
    CHECK(number_at(bytes, 9) == first);
    CHECK(number_at(bytes, 17) == when);
  }
  std::remove(file.c_str());
}

TEST_CASE("no difference, no waveform; no TRACE, a clear error", "[trace]") {
  const small_case c;
  const auto rtl = swprune::sim::make_traced_small();
  hw::golden_core golden(small_array());
  const program_memory start(c.program, c.layer, {.bus_bytes = 8});
  const auto make_memory = [&] {
    return program_memory(c.program, c.layer, {.bus_bytes = 8}).memory;
  };
  hw::memory_model memory = make_memory();
  auto result = hw::run_lockstep(golden, *rtl, memory, start.run_params());
  REQUIRE(result.ok());
  swprune::sim::trace_mismatch(golden, *rtl, make_memory, start.run_params(), result, "none.fst");
  CHECK_FALSE(std::filesystem::exists("none.fst"));
  result.mismatches = 1;
  hw::golden_core other(small_array());
  CHECK_THROWS_AS(swprune::sim::trace_mismatch(golden, other, make_memory, start.run_params(),
                                               result, "none.fst"),
                  swprune::mismatch_error);
  CHECK_THROWS_AS(swprune::sim::trace_mismatch(golden, *rtl, make_memory, start.run_params(),
                                               result, "no/such/folder/t.fst"),
                  swprune::error);
}
