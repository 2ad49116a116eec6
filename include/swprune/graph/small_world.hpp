// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/estimate.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/randomise.hpp"
#include "swprune/graph/sampled_clustering.hpp"
#include "swprune/graph/sampled_path_length.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct small_world_params {
  index_t references = 5;        ///< random graphs to compare with, in [5, 1000]
  double swaps_per_edge = 10.0;  ///< how thoroughly each is mixed, in [1, 1000]
  index_t samples = 0;  ///< nodes and sources to sample in every graph, >= 2; 0: all, exact
};

/// How much of a small world a graph is. sigma and omega are NaN where a denominator is 0 (no
/// triangle in the references, no path, mean degree <= 2).
struct small_world_stats {
  double clustering = 0.0;          ///< C
  double path_length = 0.0;         ///< L, over connected pairs
  double random_clustering = 0.0;   ///< C_r: mean over the references
  double random_path_length = 0.0;  ///< L_r: mean over the references
  double lattice_clustering = 0.0;  ///< C_l = 3 (k - 2) / (4 (k - 1)), k the mean degree
  double sigma = 0.0;               ///< (C / C_r) / (L / L_r): small world if > 1
  double omega = 0.0;               ///< L_r / L - C / C_l: ~0 small world, < 0 lattice-like
  index_t components = 1;           ///< connected components
  double clustering_error = 0.0;    ///< standard error of C; 0 where it is exact
  double path_length_error = 0.0;   ///< standard error of L; 0 where it is exact
};

namespace detail {

#if SWPRUNE_BODIES

struct world_measures {
  estimate clustering;
  estimate path_length;
};

/// C and L, exact for samples = 0; only a sample draws random numbers.
[[nodiscard]] inline world_measures measure_world(const undirected& g, index_t samples,
                                                  rng& random) {
  if (samples > 0) {
    const estimate c = sampled_clustering(g, samples, random);
    return {c, sampled_path_length(g, samples, random)};
  }
  return {{clustering_coefficient(g), 0.0, g.nodes()},
          {characteristic_path_length(g), 0.0, g.nodes()}};
}

#endif

[[nodiscard]] inline double ratio(double a, double b) {
  return b == 0.0 ? std::numeric_limits<double>::quiet_NaN() : a / b;
}

#if SWPRUNE_BODIES

/// C of a ring lattice of that (mean) degree; 0 below degree 2.
[[nodiscard]] inline double ring_clustering(double degree) {
  return degree <= 2.0 ? 0.0 : 3.0 * (degree - 2.0) / (4.0 * (degree - 1.0));
}

#endif

}  // namespace detail

/// sigma (Humphries and Gurney 2008) and omega (Telesford et al. 2011) of a graph, against random
/// graphs with the same degree sequence (double edge swaps): with any other reference a mask would
/// be credited or charged for its degrees. Exact by default; `samples` nodes and sources for graphs
/// that are too large for that. Throws argument_out_of_range for a parameter outside the range that
/// small_world_params names.
[[nodiscard]] SWPRUNE_FUNCTION small_world_stats
measure_small_world(const undirected& g, rng& random, const small_world_params& p = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION small_world_stats measure_small_world(const undirected& g, rng& random,
                                                       const small_world_params& p) {
  expects(p.references >= 5 && p.references <= 1000, errc::argument_out_of_range,
          "references must lie in [5, 1000], given {}", p.references);
  expects(p.swaps_per_edge >= 1.0 && p.swaps_per_edge <= 1000.0, errc::argument_out_of_range,
          "swaps_per_edge must lie in [1, 1000], given {}", p.swaps_per_edge);
  expects(p.samples == 0 || p.samples >= 2, errc::argument_out_of_range,
          "samples must be 0 (measure exactly) or at least 2, given {}", p.samples);
  const detail::world_measures own = detail::measure_world(g, p.samples, random);
  small_world_stats s;
  s.clustering = own.clustering.value;
  s.clustering_error = own.clustering.error;
  s.path_length = own.path_length.value;
  s.path_length_error = own.path_length.error;
  s.components = connected_components(g).count();
  s.lattice_clustering = detail::ring_clustering(2.0 * static_cast<double>(g.edges()) /
                                                 static_cast<double>(g.nodes()));
  for (index_t r = 0; r < p.references; ++r) {
    const undirected reference = randomise(g, random, p.swaps_per_edge).graph;
    const detail::world_measures m = detail::measure_world(reference, p.samples, random);
    s.random_clustering += m.clustering.value / static_cast<double>(p.references);
    s.random_path_length += m.path_length.value / static_cast<double>(p.references);
  }
  s.sigma = detail::ratio(detail::ratio(s.clustering, s.random_clustering),
                          detail::ratio(s.path_length, s.random_path_length));
  s.omega = detail::ratio(s.random_path_length, s.path_length) -
            detail::ratio(s.clustering, s.lattice_clustering);
  return s;
}

#endif

}  // namespace swprune::inline v0::graph
