// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "swprune/core/error.hpp"
#include "swprune_sim/verilated_core.hpp"

namespace swprune::sim {

// Defined next to each model.
#define X(name)                        \
  hw::array_params params_of_##name(); \
  std::unique_ptr<hw::device> make_##name();
#include "built_models.inc"
#undef X

namespace {

std::string describe(const hw::array_params& p) {
  return fmt::format("{}, depths {} {} {} {} {}, skip {}, pool {}", p.to_string(), p.act_depth,
                     p.wgt_depth, p.list_depth, p.param_depth, p.res_depth, p.skip, p.pool);
}

}  // namespace

std::vector<hw::array_params> built_devices() {
  std::vector<hw::array_params> all;
#define X(name) all.push_back(params_of_##name());
#include "built_models.inc"
#undef X
  return all;
}

std::unique_ptr<hw::device> make_device(const hw::array_params& params) {
  hw::check(params);
#define X(name) \
  if (params == params_of_##name()) return make_##name();
#include "built_models.inc"
#undef X
  std::string built;
  for (const hw::array_params& p : built_devices()) built += "\n  " + describe(p);
  raise(errc::device_mismatch, "no model of {} was built; there are:{}", describe(params), built);
}

}  // namespace swprune::sim
