// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::quant {

/// Input bytes for real numbers: value / input_scale + input_zero, rounded to nearest (halves away
/// from zero) and saturated. Throws not_finite for a NaN.
template <typename Scalar>
[[nodiscard]] std::vector<std::uint8_t> quantize_input(const int8_model& model,
                                                       std::span<const Scalar> values) {
  const byte_range range = range_of_byte(model.input_signed);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const Scalar v : values) {
    const double scaled = std::round(static_cast<double>(v) / model.input_scale) + model.input_zero;
    expects(!std::isnan(scaled), errc::not_finite, "input value {} is not a number", bytes.size());
    const double limited = scaled < range.lo ? range.lo : scaled > range.hi ? range.hi : scaled;
    bytes.push_back(to_byte(static_cast<std::int32_t>(limited)));
  }
  return bytes;
}

/// Real numbers that the bytes of the last layer stand for.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<double> dequantize_output(
    const int8_model& model, std::span<const std::uint8_t> bytes);

/// Class of every image from the last layer's bytes `[n][C][H][W]`: the greatest output, the first
/// of equals. Throws layer_shape unless the bytes are whole images.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> classes_of(
    const int8_model& model, std::span<const std::uint8_t> outputs);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<double> dequantize_output(const int8_model& model,
                                                       std::span<const std::uint8_t> bytes) {
  const int8_layer& last = model.layers.back();
  std::vector<double> values;
  values.reserve(bytes.size());
  for (const std::uint8_t b : bytes)
    values.push_back(model.output_scale * (from_byte(b, last.output_signed) - last.output_zero));
  return values;
}

SWPRUNE_FUNCTION std::vector<index_t> classes_of(const int8_model& model,
                                                 std::span<const std::uint8_t> outputs) {
  const int8_layer& last = model.layers.back();
  const auto size = static_cast<std::size_t>(last.output.size());
  expects(outputs.size() % size == 0, errc::layer_shape,
          "the outputs must be a multiple of {} bytes, given {}", size, outputs.size());
  std::vector<index_t> classes;
  for (std::size_t n = 0; n < outputs.size(); n += size) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < size; ++c)
      if (from_byte(outputs[n + c], last.output_signed) >
          from_byte(outputs[n + best], last.output_signed))
        best = c;
    classes.push_back(static_cast<index_t>(best));
  }
  return classes;
}

#endif

/// Share of the images whose class is their label, 0 for no images. `outputs` are the last layer's
/// bytes, from the functional reference, the golden model or the RTL. Throws layer_shape unless
/// there is a label for every image.
template <typename Label>
[[nodiscard]] double accuracy(const int8_model& model, std::span<const std::uint8_t> outputs,
                              const std::vector<Label>& labels) {
  const auto classes = classes_of(model, outputs);
  expects(classes.size() == labels.size(), errc::layer_shape,
          "{} images need as many labels, given {}", classes.size(), labels.size());
  std::size_t correct = 0;
  for (std::size_t n = 0; n < labels.size(); ++n)
    correct += classes[n] == static_cast<index_t>(labels[n]);
  return labels.empty() ? 0.0 : static_cast<double>(correct) / static_cast<double>(labels.size());
}

}  // namespace swprune::inline v0::quant
