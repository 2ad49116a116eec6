// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image_layout.hpp"

namespace swprune::inline v0::hw {

/// What a range of the image region holds.
enum class image_part { descriptors, steps, list, parameters, weights, fetch_list };

[[nodiscard]] constexpr const char* to_string(image_part part) {
  switch (part) {
    case image_part::descriptors:
      return "descriptors";
    case image_part::steps:
      return "step records";
    case image_part::list:
      return "index list";
    case image_part::parameters:
      return "parameters";
    case image_part::weights:
      return "weights";
    case image_part::fetch_list:
      return "fetch list";
  }
  return "unknown";
}

/// A named piece of the image region. What lies between the pieces is padding (zero bytes, read as
/// far as the last beat of a piece reaches).
struct image_range {
  image_part part = image_part::descriptors;
  std::string name;    ///< "layer 1 (conv2): weights of rows 0..3"
  index_t layer = 0;   ///< 0 for the descriptors, which all layers share
  index_t offset = 0;  ///< bytes from the image base, multiple of 64
  index_t bytes = 0;   ///< without padding

  friend bool operator==(const image_range&, const image_range&) = default;
};

/// What one layer is, for tables; the schedule itself is in the image.
struct layer_summary {
  std::string name;
  std::string plan;         ///< how the layer is run and why, one line
  index_t live_blocks = 0;  ///< blocks of the mask
  index_t blocks = 0;       ///< blocks of a dense layer
  /// Multiplications of the batch. Taps on padding pixels count, as the array counts them; an odd
  /// last row or column that pooling drops does not.
  index_t macs_dense = 0;
  index_t macs_kept = 0;
  index_t seg_y = 1;           ///< SegY
  index_t seg_x = 1;           ///< SegX
  index_t planned_cycles = 0;  ///< of the planner; predict() counts from the image's bytes
  /// Skipped loads of the batch: bytes that these steps would also fetch if every block were live,
  /// and every input group with it. 0 without skip.
  index_t weight_bytes_skipped = 0;
  index_t activation_bytes_skipped = 0;
  /// Beats of parameters, weights, fetch lists and planes that these steps would read if every
  /// block were live; index lists do not count, a dense layer has none.
  index_t dense_read_beats = 0;
};

/// A compiled model: the bytes of the image region and where everything lies. Every tensor has its
/// own place in the activation region, nothing is used twice, so all layers can be read afterwards.
struct program {
  array_params array;
  index_t images = 0;               ///< batch
  std::vector<std::uint8_t> image;  ///< image region, a multiple of 64 bytes
  std::uint32_t desc_offset = 0;    ///< first layer descriptor
  std::uint16_t layer_count = 0;    ///< >= 1
  std::uint64_t act_bytes = 0;      ///< size of the activation region, a multiple of 64
  tensor_placement input;
  std::vector<tensor_placement> outputs;                   ///< of every layer
  std::vector<tensor_placement> inputs;                    ///< what every layer convolves
  std::vector<std::optional<tensor_placement>> residuals;  ///< what every layer adds
  /// All tensors, the input first: a layer's output is one of them, or a part of one
  /// (concatenation).
  std::vector<tensor_placement> tensors;
  std::vector<image_range> ranges;  ///< ascending, free of overlap
  std::vector<layer_summary> layers;

  /// Placement of a layer's output. Throws argument_out_of_range unless 0 <= layer < layer_count.
  [[nodiscard]] const tensor_placement& output_of(index_t layer) const {
    expects(layer >= 0 && layer < static_cast<index_t>(outputs.size()), errc::argument_out_of_range,
            "a layer of the program must be 0..{}, given {}", outputs.size() - 1, layer);
    return outputs[static_cast<std::size_t>(layer)];
  }

  /// Writes the images, `[n][C][H][W]` bytes, to where the first layer reads them.
  void pack_input(std::span<const std::uint8_t> plain, std::span<std::uint8_t> region) const {
    pack(input, plain, region);
  }
  /// Reads a layer's output, `[n][C][H][W]` bytes, from where the layer wrote it.
  [[nodiscard]] std::vector<std::uint8_t> unpack_output(
      index_t layer, std::span<const std::uint8_t> region) const {
    return unpack(output_of(layer), region);
  }
  /// The activation region before the run: the packed input, everything else zero.
  [[nodiscard]] std::vector<std::uint8_t> initial_activations(
      std::span<const std::uint8_t> plain) const {
    std::vector<std::uint8_t> region(act_bytes);
    pack_input(plain, region);
    return region;
  }
};

}  // namespace swprune::inline v0::hw
