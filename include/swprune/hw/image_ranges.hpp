// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"

namespace swprune::inline v0::hw {

/// What lies where in an image, from its records alone: what compile() notes in program::ranges,
/// without the names of layers. Ascending; what lies between is padding. Throws image_format for
/// records that are not valid, overlap or leave the image.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<image_range> ranges_of(
    std::span<const std::uint8_t> image, index_t desc_offset, index_t layer_count);

#if SWPRUNE_BODIES

namespace detail {

/// Collects what the records of an image point at; what several steps share is one range.
class range_collector {
 public:
  void add(image_part part, const char* what, index_t layer, index_t offset, index_t bytes) {
    if (bytes == 0) return;
    image_range r{part, fmt::format("layer {}: {}", layer, what), layer, offset, bytes};
    const auto [at, is_new] = ranges_.emplace(offset, r);
    if (!is_new && at->second.bytes < bytes) at->second = std::move(r);
  }
  /// Throws image_format unless the ranges are apart and within `image_bytes`.
  [[nodiscard]] std::vector<image_range> take(index_t image_bytes) {
    std::vector<image_range> list;
    index_t end = 0;
    for (auto& [offset, r] : ranges_) {
      expects(offset >= end, errc::image_format, "{} at {} overlaps what lies before it", r.name,
              offset);
      end = offset + r.bytes;
      expects(end <= image_bytes, errc::image_format, "{} ends at {}, behind the image of {} bytes",
              r.name, end, image_bytes);
      list.push_back(std::move(r));
    }
    return list;
  }

 private:
  std::map<index_t, image_range> ranges_;
};

/// List, parameters, weights and fetch list of one step.
inline void add_step_ranges(range_collector& to, std::span<const std::uint8_t> image,
                            const layer_descriptor& d, const step_record& s, index_t layer) {
  if (s.new_weights) {
    index_t entries = 0, words = 0;
    for (const auto& row : decode_rows(image, d, s)) {
      entries += static_cast<index_t>(row.size());
      for (const list_entry& e : row) words += e.null ? 0 : e.channels * d.kernel_h * d.kernel_w;
    }
    if (d.skip) to.add(image_part::list, "index list", layer, s.list_offset, 2 * entries);
    to.add(image_part::parameters, "parameters", layer, s.param_offset,
           index_t{s.rows} * d.pof * parameter_bytes);
    to.add(image_part::weights, "weights", layer, s.weight_offset, words * d.pof);
  }
  // A step that keeps its tile has the list of its own panel as well.
  if (s.new_activations || s.fetch_offset != 0)
    to.add(image_part::fetch_list, "fetch list", layer, s.fetch_offset, 4 * index_t{s.slots});
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<image_range> ranges_of(std::span<const std::uint8_t> image,
                                                    index_t desc_offset, index_t layer_count) {
  const auto layers = decode_image(image, desc_offset, layer_count);
  detail::range_collector all;
  all.add(image_part::descriptors, "descriptors", 0, desc_offset, layer_count * descriptor_bytes);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const layer_descriptor& d = layers[i].descriptor;
    const auto number = static_cast<index_t>(i);
    all.add(image_part::steps, "step records", number, d.steps_offset,
            static_cast<index_t>(layers[i].steps.size()) * step_bytes);
    for (const step_record& s : layers[i].steps) detail::add_step_ranges(all, image, d, s, number);
  }
  return all.take(static_cast<index_t>(image.size()));
}

#endif

}  // namespace swprune::inline v0::hw
