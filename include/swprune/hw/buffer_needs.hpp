// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_records.hpp"

namespace swprune::inline v0::hw {

/// The depths of buffers that the steps of an image fill: an array with smaller ones would
/// overwrite what it still needs, without an error. A header does not say them, the records do.
struct buffer_needs {
  index_t act_depth = 0;
  index_t wgt_depth = 0;
  index_t list_depth = 0;
  index_t param_depth = 0;
  index_t res_depth = 0;

  friend bool operator==(const buffer_needs&, const buffer_needs&) = default;
};

/// What the records of an image need. Throws image_format for an image that is not valid.
[[nodiscard]] SWPRUNE_FUNCTION buffer_needs buffer_needs_of(std::span<const std::uint8_t> image,
                                                            index_t desc_offset,
                                                            index_t layer_count);

/// Throws device_mismatch, which names the buffer, unless the array's buffers are deep enough.
SWPRUNE_FUNCTION void check(const buffer_needs& n, const array_params& a);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION buffer_needs buffer_needs_of(std::span<const std::uint8_t> image,
                                              index_t desc_offset, index_t layer_count) {
  buffer_needs n;
  for (const decoded_layer& layer : decode_image(image, desc_offset, layer_count)) {
    const layer_descriptor& d = layer.descriptor;
    const index_t bus = d.bus_bytes, pof = std::max<index_t>(1, d.pof);
    for (const step_record& s : layer.steps) {
      if (s.new_weights) {
        n.list_depth = std::max(n.list_depth, s.list_beats * (bus / 2));
        n.param_depth =
            std::max(n.param_depth, ceil_div(s.param_beats * bus, pof * parameter_bytes));
        n.wgt_depth = std::max(n.wgt_depth, s.weight_beats * (bus / pof));
      }
      if (s.new_activations) n.act_depth = std::max(n.act_depth, index_t{s.slots} * d.slot_words);
      if (s.residual)
        n.res_depth = std::max(n.res_depth, index_t{s.rows} * s.sub_rows * s.sub_cols);
    }
  }
  return n;
}

SWPRUNE_FUNCTION void check(const buffer_needs& n, const array_params& a) {
  const auto need = [](const char* name, index_t needed, index_t given) {
    expects(needed <= given, errc::device_mismatch, "the image needs {} >= {}, the device has {}",
            name, needed, given);
  };
  need("ActDepth", n.act_depth, a.act_depth);
  need("WgtDepth", n.wgt_depth, a.wgt_depth);
  need("ListDepth", n.list_depth, a.list_depth);
  need("ParamDepth", n.param_depth, a.param_depth);
  need("ResDepth", n.res_depth, a.res_depth);
}

#endif

}  // namespace swprune::inline v0::hw
