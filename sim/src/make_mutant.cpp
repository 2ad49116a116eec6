// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "swprune/core/error.hpp"
#include "swprune_sim/mutants.hpp"

namespace swprune::sim {

// Defined next to each model.
#define X(name)                        \
  hw::array_params params_of_##name(); \
  std::unique_ptr<hw::device> make_##name();
#include "mutants.inc"
#undef X

namespace {

struct mutant {
  const char* name;
  std::unique_ptr<hw::device> (*make)();
  hw::array_params (*params)();
};

constexpr std::array mutants = {
#define X(name) mutant{#name, make_##name, params_of_##name},
#include "mutants.inc"
#undef X
};

const mutant& chosen(int index) {
  expects(index >= 0 && index < static_cast<int>(mutants.size()), errc::argument_out_of_range,
          "mutants have an index, 0 <= index < {}, given {}", mutants.size(), index);
  return mutants[static_cast<std::size_t>(index)];
}

}  // namespace

std::vector<std::string> mutant_names() {
  std::vector<std::string> names;
  for (const mutant& m : mutants) names.emplace_back(m.name);
  return names;
}

std::unique_ptr<hw::device> make_mutant(int index) { return chosen(index).make(); }

hw::array_params mutant_params(int index) { return chosen(index).params(); }

}  // namespace swprune::sim
