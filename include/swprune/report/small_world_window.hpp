// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/graph/small_world_curve.hpp"
#include "swprune/report/line_chart.hpp"

namespace swprune::inline v0::report {

struct small_world_window_params {
  std::string title = "The small-world window";
  std::string x_label = "share of edges rewired";
  double width = 620;   ///< pixels, 240..4000
  double height = 340;  ///< pixels, 160..4000
};

/// The picture of figure 2 of Watts and Strogatz (Nature 393, 1998): C(p) / C(0) and L(p) / L(0)
/// over the rewired fraction on a logarithmic axis. Where the lines are far apart is the small
/// world. Points with fraction 0, which are the lattice itself, have no place on such an axis and
/// are left out. Throws errc::report_value for sizes out of range and unless C(0) and L(0) are
/// positive.
[[nodiscard]] SWPRUNE_FUNCTION std::string small_world_window(
    const graph::small_world_curve& curve, const small_world_window_params& params = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string small_world_window(const graph::small_world_curve& curve,
                                                const small_world_window_params& params) {
  expects(curve.lattice_clustering > 0 && curve.lattice_path_length > 0, errc::report_value,
          "a small-world window needs a lattice with C > 0 and L > 0, given C = {} and L = {}",
          curve.lattice_clustering, curve.lattice_path_length);
  line_series clustering{.name = "C / C(0)"};
  line_series path_length{.name = "L / L(0)"};
  for (const graph::small_world_point& point : curve.points) {
    if (point.rewire <= 0) continue;
    clustering.x.push_back(point.rewire);
    clustering.y.push_back(curve.clustering_ratio(point));
    path_length.x.push_back(point.rewire);
    path_length.y.push_back(curve.path_length_ratio(point));
  }
  return line_chart({clustering, path_length}, {.title = params.title,
                                                .x_label = params.x_label,
                                                .y_label = "relative to the lattice",
                                                .width = params.width,
                                                .height = params.height,
                                                .y_low = 0.0,
                                                .y_high = 1.0,
                                                .log_x = true});
}

#endif

}  // namespace swprune::inline v0::report
