// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"

namespace swprune::inline v0::mask {

/// What a layer's blocks are drawn from.
enum class mask_kind {
  small_world,      ///< graph::ws_balanced: lattice with a fraction beta of its edges moved
  lattice,          ///< graph::bipartite_lattice: control beta = 0
  random,           ///< graph::random_biregular: control beta = 1
  dense,            ///< all blocks
  ws_classic,       ///< graph::ws_classic of 1998 plus the diagonal: rows, density about equal
  ws_flex,          ///< graph::ws_flex plus the diagonal: real-valued mean degree
  newman_watts,     ///< graph::newman_watts plus the diagonal: shortcuts added, none moved
  erdos_renyi,      ///< graph::bipartite_erdos_renyi: control without any order
  barabasi_albert,  ///< graph::bipartite_barabasi_albert: control with hubs
  unstructured      ///< every weight drawn on its own: the control without blocks, in software only
};

/// All kinds, in the order of the enumeration.
inline constexpr std::array<mask_kind, 10> mask_kinds = {
    mask_kind::small_world,  mask_kind::lattice,     mask_kind::random,
    mask_kind::dense,        mask_kind::ws_classic,  mask_kind::ws_flex,
    mask_kind::newman_watts, mask_kind::erdos_renyi, mask_kind::barabasi_albert,
    mask_kind::unstructured};

/// Whether rows have exactly the degrees asked for, and columns are even: small_world, lattice and
/// random.
[[nodiscard]] constexpr bool is_balanced(mask_kind kind) {
  return kind == mask_kind::small_world || kind == mask_kind::lattice || kind == mask_kind::random;
}

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
    case mask_kind::ws_flex:
      return "ws_flex";
    case mask_kind::newman_watts:
      return "newman_watts";
    case mask_kind::erdos_renyi:
      return "erdos_renyi";
    case mask_kind::barabasi_albert:
      return "barabasi_albert";
    case mask_kind::unstructured:
      return "unstructured";
  }
  return "unknown";
}

/// The kind of that name; throws argument_out_of_range, naming all, for any other word.
[[nodiscard]] SWPRUNE_SETUP mask_kind parse_mask_kind(std::string_view name);

#if SWPRUNE_BODIES

SWPRUNE_SETUP mask_kind parse_mask_kind(std::string_view name) {
  std::string known;
  for (const mask_kind kind : mask_kinds) {
    if (name == to_string(kind)) return kind;
    known += known.empty() ? "" : ", ";
    known += to_string(kind);
  }
  raise(errc::argument_out_of_range, "a mask kind is one of {}; given '{}'", known, name);
}

#endif

}  // namespace swprune::inline v0::mask
