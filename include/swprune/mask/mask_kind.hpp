// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::mask {

/// What a layer's blocks are drawn from.
enum class mask_kind {
  small_world,  ///< graph::ws_balanced: lattice with a fraction beta of its edges moved
  lattice,      ///< graph::bipartite_lattice: control beta = 0
  random,       ///< graph::random_biregular: control beta = 1
  dense,        ///< all blocks
  ws_classic    ///< graph::ws_classic of 1998 plus the diagonal: rows and density only about equal
};

/// All kinds, in the order of the enumeration.
inline constexpr std::array<mask_kind, 5> mask_kinds = {mask_kind::small_world, mask_kind::lattice,
                                                        mask_kind::random, mask_kind::dense,
                                                        mask_kind::ws_classic};

[[nodiscard]] constexpr std::string_view to_string(mask_kind kind) {
  switch (kind) {
    case mask_kind::small_world:
      return "small_world";
    case mask_kind::lattice:
      return "lattice";
    case mask_kind::random:
      return "random";
    case mask_kind::dense:
      return "dense";
    case mask_kind::ws_classic:
      return "ws_classic";
  }
  return "unknown";
}

/// The kind of that name; throws argument_out_of_range, naming all, for any other word.
[[nodiscard]] inline mask_kind parse_mask_kind(std::string_view name) {
  std::string known;
  for (const mask_kind kind : mask_kinds) {
    if (name == to_string(kind)) return kind;
    known += known.empty() ? "" : ", ";
    known += to_string(kind);
  }
  raise(errc::argument_out_of_range, "a mask kind is one of {}; given '{}'", known, name);
}

}  // namespace swprune::inline v0::mask
