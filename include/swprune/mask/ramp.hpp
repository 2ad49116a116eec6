// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/progressive_params.hpp"

namespace swprune::inline v0::mask {

/// Row degree of a layer with Gi input groups at every stage, [n + 1]: d_k =
/// max(d_n, ceil((1 - S_k) Gi)) with S_n = 1 - d_n / Gi and S_k by the ramp; non-increasing, the
/// last is `final_degree`. A layer whose final sparsity is below S_0 keeps its final degree
/// throughout. Integer arithmetic on S_0 rounded to a millionth: equal on every platform.
/// Throws mask_stages (see progressive_params) or, unless 0 <= final_degree <= Gi and Gi in
/// [1, 2^31 - 1], mask_shape.
[[nodiscard]] SWPRUNE_SETUP std::vector<index_t> ramp_degrees(index_t final_degree,
                                                              index_t in_groups,
                                                              const progressive_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<index_t> ramp_degrees(index_t final_degree, index_t in_groups,
                                                const progressive_params& p) {
  check(p);
  expects(in_groups >= 1 && in_groups <= 0x7fffffff, errc::mask_shape,
          "the number of input groups must lie in [1, {}], given {}", 0x7fffffff, in_groups);
  expects(final_degree >= 0 && final_degree <= in_groups, errc::mask_shape,
          "the final degree must lie in [0, {}] (there are {} input groups), given {}", in_groups,
          in_groups, final_degree);
  __extension__ using wide = __int128;
  constexpr index_t grid = 1'000'000;
  const wide removed =  // (S_f - S_0) Gi grid
      std::max<wide>(0, static_cast<wide>(in_groups) * (grid - initial_millionths(p)) -
                            static_cast<wide>(final_degree) * grid);
  const auto power = [&](index_t x) { return p.ramp == ramp_kind::cubic ? x * x * x : x; };
  const wide whole = static_cast<wide>(power(p.stages)) * grid;
  std::vector<index_t> degrees;
  for (index_t k = 0; k <= p.stages; ++k) {
    const wide more = (removed * power(p.stages - k) + whole - 1) / whole;  // rounded up
    degrees.push_back(final_degree + static_cast<index_t>(more));
  }
  return degrees;
}

#endif

}  // namespace swprune::inline v0::mask
