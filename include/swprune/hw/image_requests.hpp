// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_records.hpp"

namespace swprune::inline v0::hw {

/// What a read request fetches.
enum class request_kind {
  descriptor,
  step,
  list,
  parameters,
  weights,
  fetch_list,
  plane,
  residual
};
inline constexpr index_t request_kinds = 8;

[[nodiscard]] constexpr const char* to_string(request_kind kind) {
  constexpr const char* names[] = {"descriptor", "step record", "index list", "parameters",
                                   "weights",    "fetch list",  "plane",      "residual"};
  return names[static_cast<int>(kind)];
}

/// One read of consecutive beats, docs/accelerator.md section 3.2.
struct read_request {
  request_kind kind = request_kind::descriptor;
  index_t layer = 0;
  index_t step = -1;  ///< -1 for a descriptor
  /// Bytes from the base of the activation region (planes, residual) or the image region (others);
  /// multiple of the bus width.
  index_t offset = 0;
  index_t beats = 1;            ///< >= 1
  index_t cycles_per_beat = 1;  ///< cycles with data that a beat takes

  [[nodiscard]] constexpr bool from_activations() const {
    return kind == request_kind::plane || kind == request_kind::residual;
  }
  [[nodiscard]] constexpr index_t bytes(index_t bus_bytes) const { return beats * bus_bytes; }
  friend bool operator==(const read_request&, const read_request&) = default;
};

namespace detail {

/// The request for `words` words at byte `address` of the activation region, `load_log2` the log2
/// of the words that are written in a cycle.
[[nodiscard]] constexpr read_request words_request(read_request base, index_t bus, index_t address,
                                                   index_t words, int load_log2) {
  base.offset = address - address % bus;
  base.beats = ceil_div(address % bus / 4 + words, bus / 4);
  base.cycles_per_beat = bus / 4 >> load_log2;
  return base;
}

/// Requests for the slots of a tile: fetch list beats and planes in turn.
inline void add_plane_requests(std::span<const std::uint8_t> image, const layer_descriptor& d,
                               const step_record& s, read_request base,
                               std::vector<read_request>& out) {
  const index_t bus = d.bus_bytes;
  const auto planes = decode_fetch_list(image, s);
  const index_t images = d.interleaved ? 1 : s.images;
  for (index_t j = 0; j < static_cast<index_t>(planes.size()); ++j) {
    if (j % (bus / 4) == 0) {
      base.kind = request_kind::fetch_list;
      base.offset = index_t{s.fetch_offset} + 4 * j;
      base.beats = 1;
      base.cycles_per_beat = 1;
      out.push_back(base);
    }
    for (index_t b = 0; b < images; ++b) {
      const index_t address =
          s.act_offset + planes[static_cast<std::size_t>(j)] + b * index_t{d.in_image_stride};
      base.kind = request_kind::plane;
      out.push_back(words_request(base, bus, address, s.plane_words, d.load_log2));
    }
  }
}

/// Requests for the residual of a step's rows, docs/accelerator.md section 3.2.
inline void add_residual_requests(const layer_descriptor& d, const step_record& s,
                                  read_request base, std::vector<read_request>& out) {
  const index_t per_row = d.pof / 4;
  base.kind = request_kind::residual;
  for (index_t word = 0; word < s.rows * per_row; ++word)
    for (index_t b = 0; b < s.images && s.og_first * per_row + word < d.out_groups4; ++b)
      out.push_back(words_request(
          base, d.bus_bytes,
          s.res_offset + word * index_t{d.res_group_stride} + b * index_t{d.res_image_stride},
          s.res_words, d.res_load_log2));
}

}  // namespace detail

/// The requests of a step's load in order. Throws image_format as decode_fetch_list() does.
[[nodiscard]] inline std::vector<read_request> requests_of_step(std::span<const std::uint8_t> image,
                                                                const decoded_layer& layer,
                                                                index_t layer_number,
                                                                index_t step) {
  const layer_descriptor& d = layer.descriptor;
  const step_record& s = layer.steps[static_cast<std::size_t>(step)];
  const index_t bus = d.bus_bytes;
  std::vector<read_request> all;
  const auto add = [&](request_kind kind, index_t offset, index_t beats, index_t cycles) {
    if (beats > 0) all.push_back({kind, layer_number, step, offset, beats, cycles});
  };
  add(request_kind::step, index_t{d.steps_offset} + 64 * step, ceil_div(64, bus), bus / 4);
  if (s.new_weights) {
    add(request_kind::list, s.list_offset, s.list_beats, bus / 2);
    add(request_kind::parameters, s.param_offset, s.param_beats, bus / 4);
    add(request_kind::weights, s.weight_offset, s.weight_beats, 1);
  }
  if (s.new_activations)
    detail::add_plane_requests(image, d, s, {request_kind::plane, layer_number, step}, all);
  if (s.residual)
    detail::add_residual_requests(d, s, {request_kind::residual, layer_number, step}, all);
  return all;
}

/// The request for a layer's descriptor. Records are taken word by word, for their CRC.
[[nodiscard]] constexpr read_request request_of_descriptor(index_t desc_offset, index_t layer,
                                                           index_t bus_bytes) {
  return {request_kind::descriptor,  layer,           -1,
          desc_offset + 128 * layer, 128 / bus_bytes, bus_bytes / 4};
}

/// Every read request of a run, in the order in which the accelerator makes them: what a memory may
/// be asked for, and nothing else. Throws image_format for an image that is not valid.
[[nodiscard]] inline std::vector<read_request> requests_of(const program& p) {
  std::vector<read_request> all;
  const auto layers = decode_image(p.image, p.desc_offset, p.layer_count);
  for (index_t i = 0; i < static_cast<index_t>(layers.size()); ++i) {
    const decoded_layer& layer = layers[static_cast<std::size_t>(i)];
    all.push_back(request_of_descriptor(p.desc_offset, i, p.array.bus_bytes));
    for (index_t s = 0; s < static_cast<index_t>(layer.steps.size()); ++s) {
      const auto step = requests_of_step(p.image, layer, i, s);
      all.insert(all.end(), step.begin(), step.end());
    }
  }
  return all;
}

}  // namespace swprune::inline v0::hw
