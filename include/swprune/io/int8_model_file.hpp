// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/container.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::io {

/// Kind of a container that holds an int8 model, and the version of its records.
inline constexpr std::string_view int8_model_kind = "int8-model";
inline constexpr index_t int8_model_version = 1;

struct int8_save_params {
  index_t golden = 2;  ///< inputs whose outputs are stored for a check at loading, 0..64
};

struct int8_load_params {
  bool verify = true;  ///< run the golden inputs through the functional reference and compare
};

namespace detail {

SWPRUNE_FUNCTION void verify_golden(const quant::int8_model& model, const record_set& records);

#if SWPRUNE_BODIES

inline void add_int8_layer(record_set& records, const quant::int8_layer& l,
                           const std::string& prefix) {
  using numbers = std::vector<std::int64_t>;
  records.add(prefix + "name", array::of_text(l.name));
  records.add(prefix + "sizes",
              array::of(numbers{l.input.channels, l.input.height, l.input.width, l.output.channels,
                                l.output.height, l.output.width, l.kernel_height, l.kernel_width,
                                l.stride, l.padding, l.pool ? 1 : 0}));
  records.add(prefix + "bytes",
              array::of(numbers{l.input_signed ? 1 : 0, l.output_signed ? 1 : 0, l.input_zero,
                                l.output_zero, l.clamp_lo, l.clamp_hi}));
  records.add(prefix + "block", array::of(numbers{l.block.outputs, l.block.inputs}));
  records.add(
      prefix + "mask",
      array::of<std::uint8_t>({l.blocks.out_groups(), l.blocks.in_groups()}, l.blocks.bytes()));
  records.add(prefix + "weights", array::of(l.weights));
  records.add(prefix + "bias", array::of(l.bias));
  records.add(prefix + "multiplier", array::of(l.multiplier));
  records.add(prefix + "shift", array::of(l.shift));
}

inline constexpr index_t int8_layer_records = 9;

/// Numbers of a record, each within low..high, so that arithmetic on them cannot overflow before
/// quant::check() judges them.
[[nodiscard]] inline std::vector<std::int64_t> bounded_numbers(const record_set& records,
                                                               const std::string& name,
                                                               index_t count, index_t low,
                                                               index_t high) {
  std::vector<std::int64_t> v = records.vector<std::int64_t>(name, count);
  for (std::size_t i = 0; i < v.size(); ++i)
    expects(v[i] >= low && v[i] <= high, errc::file_mismatch,
            "'{}': number {} of '{}' must lie in {}..{}, given {}", records.origin(), i, name, low,
            high, v[i]);
  return v;
}

[[nodiscard]] inline bool flag(const record_set& records, const std::string& name, index_t value) {
  expects(value == 0 || value == 1, errc::file_mismatch,
          "'{}': a yes or no in '{}' is {}, must be 0 or 1", records.origin(), name, value);
  return value == 1;
}

[[nodiscard]] inline mask::block_mask read_block_mask(const record_set& records,
                                                      const std::string& name) {
  const array& grid = records.at(name);
  expects(grid.type() == number_type::uint8 && grid.shape().size() == 2 && grid.count() >= 1,
          errc::file_mismatch, "'{}': '{}' is {} {}, expected uint8 [Go x Gi]", records.origin(),
          name, info_of(grid.type()).name, shape_text(grid.shape()));
  mask::block_mask m(grid.shape()[0], grid.shape()[1]);
  for (index_t i = 0; i < grid.count(); ++i) {
    const int bit = grid.bytes()[static_cast<std::size_t>(i)];
    expects(bit <= 1, errc::file_mismatch, "'{}': byte {} of '{}' is {}, must be 0 or 1",
            records.origin(), i, name, bit);
    m.set(i / m.in_groups(), i % m.in_groups(), bit == 1);
  }
  return m;
}

[[nodiscard]] inline quant::int8_layer read_int8_layer(const record_set& records,
                                                       const std::string& prefix) {
  quant::int8_layer l;
  l.name = records.text(prefix + "name");
  const auto s = bounded_numbers(records, prefix + "sizes", 11, 0, 65536);
  l.input = {s[0], s[1], s[2]};
  l.output = {s[3], s[4], s[5]};
  l.kernel_height = s[6];
  l.kernel_width = s[7];
  l.stride = s[8];
  l.padding = s[9];
  l.pool = flag(records, prefix + "sizes", s[10]);
  const auto b = bounded_numbers(records, prefix + "bytes", 6, -128, 255);
  l.input_signed = flag(records, prefix + "bytes", b[0]);
  l.output_signed = flag(records, prefix + "bytes", b[1]);
  l.input_zero = static_cast<int>(b[2]);
  l.output_zero = static_cast<int>(b[3]);
  l.clamp_lo = static_cast<int>(b[4]);
  l.clamp_hi = static_cast<int>(b[5]);
  const auto block = bounded_numbers(records, prefix + "block", 2, 1, 1024);
  l.block = {block[0], block[1]};
  l.blocks = read_block_mask(records, prefix + "mask");
  l.weights = records.vector<std::int8_t>(prefix + "weights");
  l.bias = records.vector<std::int32_t>(prefix + "bias");
  l.multiplier = records.vector<std::int16_t>(prefix + "multiplier");
  l.shift = records.vector<std::uint8_t>(prefix + "shift");
  return l;
}

SWPRUNE_FUNCTION void verify_golden(const quant::int8_model& model, const record_set& records) {
  const array& inputs = records.at("golden.inputs");
  const array& outputs = records.at("golden.outputs");
  const index_t n = inputs.shape().empty() ? -1 : inputs.shape()[0];
  const bool fits = inputs.type() == number_type::uint8 && outputs.type() == number_type::uint8 &&
                    inputs.shape() == std::vector<index_t>{n, model.input.size()} &&
                    outputs.shape() == std::vector<index_t>{n, model.layers.back().output.size()} &&
                    n <= 64;
  expects(fits, errc::file_mismatch, "'{}': golden inputs {} and outputs {} do not fit the model",
          records.origin(), shape_text(inputs.shape()), shape_text(outputs.shape()));
  const auto given = hw::run_functional(model, inputs.bytes()).back();
  for (std::size_t i = 0; i < given.size(); ++i)
    expects(given[i] == outputs.bytes()[i], errc::file_mismatch,
            "'{}': output byte {} of the golden inputs is {}, the file says {}: the file was "
            "written for other arithmetic",
            records.origin(), i, int{given[i]}, int{outputs.bytes()[i]});
}

#endif

}  // namespace detail

/// Records of an int8 model: its layers as numbers and arrays (weights of live blocks only, in the
/// accelerator's order) and golden inputs with the outputs of the functional reference. Throws what
/// quant::check() throws, not_finite for a scale that is NaN or infinite, and
/// errc::argument_out_of_range unless 0 <= golden <= 64.
[[nodiscard]] SWPRUNE_FUNCTION record_set int8_model_records(const quant::int8_model& model,
                                                             const int8_save_params& params = {});

/// The int8 model in `records`, checked by quant::check(). Throws errc::file_mismatch naming the
/// record that does not fit, and what quant::check() throws. `params.verify` runs the golden inputs
/// through the functional reference; the bytes must be equal.
[[nodiscard]] SWPRUNE_FUNCTION quant::int8_model int8_model_from_records(
    const record_set& records, const int8_load_params& params = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION record_set int8_model_records(const quant::int8_model& model,
                                               const int8_save_params& params) {
  using numbers = std::vector<std::int64_t>;
  expects(params.golden >= 0 && params.golden <= 64, errc::argument_out_of_range,
          "0 <= golden <= 64 must hold, given {}", params.golden);
  quant::check(model);
  expects(std::isfinite(model.input_scale) && std::isfinite(model.output_scale), errc::not_finite,
          "the scales of an int8 model must be finite, given {} and {}", model.input_scale,
          model.output_scale);
  record_set records;
  records.add("version", array::of(numbers{int8_model_version}));
  records.add("input",
              array::of(numbers{model.input.channels, model.input.height, model.input.width,
                                model.input_signed ? 1 : 0, model.input_zero}));
  records.add("scales", array::of(std::vector<double>{model.input_scale, model.output_scale}));
  const auto layers = static_cast<index_t>(model.layers.size());
  records.add("layers", array::of(numbers{layers}));
  for (index_t i = 0; i < layers; ++i)
    detail::add_int8_layer(records, model.layers[static_cast<std::size_t>(i)],
                           fmt::format("layer{}.", i));
  rng random = rng(1).stream("golden");
  std::vector<std::uint8_t> images(static_cast<std::size_t>(params.golden * model.input.size()));
  for (std::uint8_t& v : images) v = static_cast<std::uint8_t>(random.below(256));
  records.add("golden.inputs",
              array::of<std::uint8_t>({params.golden, model.input.size()}, images));
  records.add("golden.outputs",
              array::of<std::uint8_t>({params.golden, model.layers.back().output.size()},
                                      hw::run_functional(model, images).back()));
  return records;
}

SWPRUNE_FUNCTION quant::int8_model int8_model_from_records(const record_set& records,
                                                           const int8_load_params& params) {
  const auto version = records.vector<std::int64_t>("version", 1)[0];
  expects(version == int8_model_version, errc::file_mismatch,
          "'{}' holds an int8 model of version {}, this library reads version {}", records.origin(),
          version, int8_model_version);
  quant::int8_model model;
  const auto input = detail::bounded_numbers(records, "input", 5, -128, 65536);
  model.input = {input[0], input[1], input[2]};
  model.input_signed = detail::flag(records, "input", input[3]);
  model.input_zero = static_cast<int>(input[4]);
  const auto scales = records.vector<double>("scales", 2);
  expects(std::isfinite(scales[0]) && std::isfinite(scales[1]), errc::not_finite,
          "'{}': the scales must be finite, given {} and {}", records.origin(), scales[0],
          scales[1]);
  model.input_scale = scales[0];
  model.output_scale = scales[1];
  const index_t layers = records.vector<std::int64_t>("layers", 1)[0];
  const auto total = static_cast<index_t>(records.records().size());
  expects(layers >= 1 && layers <= total && total == 6 + detail::int8_layer_records * layers,
          errc::file_mismatch, "'{}' announces {} layers in {} records, expected 6 and {} a layer",
          records.origin(), layers, total, detail::int8_layer_records);
  for (index_t i = 0; i < layers; ++i)
    model.layers.push_back(detail::read_int8_layer(records, fmt::format("layer{}.", i)));
  quant::check(model);
  if (params.verify) detail::verify_golden(model, records);
  return model;
}

#endif

/// Writes an int8 model, atomically. Throws what int8_model_records() throws and errc::file_write.
inline void save_int8_model(const std::filesystem::path& path, const quant::int8_model& model,
                            const int8_save_params& params = {}) {
  save_container(path, int8_model_kind, int8_model_records(model, params));
}

/// Reads an int8 model and replays its golden inputs. Throws what load_container() and
/// int8_model_from_records() throw.
[[nodiscard]] inline quant::int8_model load_int8_model(const std::filesystem::path& path,
                                                       const int8_load_params& params = {}) {
  return int8_model_from_records(load_container(path, int8_model_kind), params);
}

}  // namespace swprune::inline v0::io
