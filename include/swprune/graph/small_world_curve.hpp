// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/estimate.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/watts_strogatz.hpp"

namespace swprune::inline v0::graph {

/// Rewired fractions from 0.0001 to 1, four to a decade and evenly apart on a logarithmic scale.
/// Written out, because pow() may differ in the last bit from platform to platform.
inline constexpr std::array<double, 17> small_world_grid = {
    0.0001, 0.00018, 0.00032, 0.00056, 0.001, 0.0018, 0.0032, 0.0056, 0.01,
    0.018,  0.032,   0.056,   0.1,     0.18,  0.32,   0.56,   1.0};

/// Mean clustering and path length at one rewired fraction.
struct small_world_point {
  double rewire = 0.0;     ///< p, or beta of a mask, in [0, 1]
  estimate clustering{};   ///< C over the realisations
  estimate path_length{};  ///< L over the realisations, over connected pairs
  index_t connected = 0;   ///< realisations in which every node reaches every other
};

/// How clustering and path length fall as edges of a lattice are rewired: where C is still that of
/// the lattice and L already that of a random graph, there is the small world.
struct small_world_curve {
  double lattice_clustering = 0.0;   ///< C(0)
  double lattice_path_length = 0.0;  ///< L(0)
  std::vector<small_world_point> points{};

  [[nodiscard]] double clustering_ratio(const small_world_point& at) const {
    return at.clustering.value / lattice_clustering;
  }
  [[nodiscard]] double path_length_ratio(const small_world_point& at) const {
    return at.path_length.value / lattice_path_length;
  }
};

/// What is measured; the defaults are those of figure 2 of Watts and Strogatz (Nature 393, 1998).
struct small_world_curve_params {
  index_t nodes = 1000;       ///< n, in [4, 2^31 - 1]
  index_t degree = 10;        ///< k, even, 4 <= k < n: a ring of degree 2 has no triangle
  index_t realisations = 20;  ///< graphs for every rewired fraction, in [2, 1000000]
  std::vector<double> rewire{small_world_grid.begin(), small_world_grid.end()};  ///< each in [0, 1]
};

/// Throws graph_nodes, graph_degree, graph_probability or argument_out_of_range for a value outside
/// the range that small_world_curve_params names.
SWPRUNE_FUNCTION void check(const small_world_curve_params& p);

/// The experiment of Watts and Strogatz's figure 2: C and L, both exact, of ws_classic() graphs.
/// Realisation r at place i of the fractions draws from the stream ("small_world_curve", i, r) of
/// `root`, so that a point does not depend on which others are measured after it. Throws as
/// check(small_world_curve_params).
[[nodiscard]] SWPRUNE_FUNCTION small_world_curve
measure_small_world_curve(const small_world_curve_params& p, const rng& root);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const small_world_curve_params& p) {
  check_ring(p.nodes, p.degree);
  expects(p.degree >= 4, errc::graph_degree,
          "a small-world curve needs a lattice with triangles: degree >= 4, given {}", p.degree);
  expects(p.realisations >= 2 && p.realisations <= 1'000'000, errc::argument_out_of_range,
          "realisations must lie in [2, 1000000], given {}", p.realisations);
  for (const double rewire : p.rewire) check_fraction(rewire, "the rewiring probability");
}

SWPRUNE_FUNCTION small_world_curve measure_small_world_curve(const small_world_curve_params& p,
                                                             const rng& root) {
  check(p);
  const undirected lattice = ring_lattice(p.nodes, p.degree);
  small_world_curve curve{.lattice_clustering = clustering_coefficient(lattice),
                          .lattice_path_length = characteristic_path_length(lattice),
                          .points = {}};
  for (std::size_t i = 0; i < p.rewire.size(); ++i) {
    small_world_point point{.rewire = p.rewire[i]};
    std::vector<double> clustering;
    std::vector<double> path_length;
    for (index_t r = 0; r < p.realisations; ++r) {
      rng random = root.stream("small_world_curve", i, static_cast<std::uint64_t>(r));
      const undirected g =
          ws_classic({.nodes = p.nodes, .degree = p.degree, .rewire = p.rewire[i]}, random);
      const path_lengths paths = shortest_paths(g);
      clustering.push_back(clustering_coefficient(g));
      path_length.push_back(paths.mean());
      point.connected += paths.all_reached();
    }
    point.clustering = mean_estimate(clustering);
    point.path_length = mean_estimate(path_length);
    curve.points.push_back(point);
  }
  return curve;
}

#endif

}  // namespace swprune::inline v0::graph
