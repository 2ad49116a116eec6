// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::quant {

/// What layers write together, or the model's input.
struct model_tensor {
  std::string name;
  map_shape shape;  ///< channels up to the last one that is written
  bool is_signed = false;
  int zero = 0;

  friend bool operator==(const model_tensor&, const model_tensor&) = default;
};

/// Channels of one tensor.
struct tensor_use {
  index_t tensor = 0;  ///< index in model_tensors::tensors
  index_t first_channel = 0;
  index_t channels = 1;

  [[nodiscard]] constexpr index_t end() const { return first_channel + channels; }
  friend constexpr bool operator==(const tensor_use&, const tensor_use&) = default;
};

/// What one layer reads and writes.
struct layer_tensors {
  tensor_use in;
  tensor_use out;
  std::optional<tensor_use> residual;
};

/// The tensors of a model and who uses them; tensors[0] is the input.
struct model_tensors {
  std::vector<model_tensor> tensors;
  std::vector<layer_tensors> layers;
};

namespace detail {

/// Finds the tensors layer by layer; throws network_shape for what does not fit together.
class tensor_finder {
 public:
  explicit tensor_finder(const int8_model& model) {
    found_.tensors.push_back({input_tensor, model.input, model.input_signed, model.input_zero});
    last_ = {0, 0, model.input.channels};
    written_.push_back({last_});
    for (const int8_layer& l : model.layers) add(l);
  }

  [[nodiscard]] model_tensors take() && { return std::move(found_); }

 private:
  void add(const int8_layer& l) {
    layer_tensors use;
    use.in = read(l, "reads", l.reads, {"", l.input, l.input_signed, l.input_zero});
    if (l.residual) {
      const residual_add& r = *l.residual;
      expects(!r.reads.tensor.empty(), errc::network_shape,
              "layer '{}': the tensor of its residual needs a name", l.name);
      use.residual = read(l, "adds", r.reads, {"", r.input, r.is_signed, r.zero});
    }
    use.out = write(l);
    last_ = use.out;
    found_.layers.push_back(use);
  }

  /// Index of the tensor of that name, or -1.
  [[nodiscard]] index_t find(const std::string& name) const {
    const auto at = std::find_if(found_.tensors.begin(), found_.tensors.end(),
                                 [&](const model_tensor& t) { return t.name == name; });
    return at == found_.tensors.end() ? -1 : at - found_.tensors.begin();
  }

  /// Channels that a layer reads, which must be there and be what the layer takes them for.
  [[nodiscard]] tensor_use read(const int8_layer& l, const char* verb, const tensor_slice& slice,
                                const model_tensor& wanted) const {
    tensor_use use = last_;
    if (!slice.tensor.empty()) use.tensor = find(slice.tensor);
    expects(use.tensor >= 0, errc::network_shape,
            "layer '{}' {} tensor '{}', which no earlier layer writes", l.name, verb, slice.tensor);
    if (!slice.tensor.empty()) use.first_channel = slice.first_channel;
    if (slice.tensor.empty()) check_whole(l, wanted);
    use.channels = wanted.shape.channels;
    const model_tensor& t = found_.tensors[static_cast<std::size_t>(use.tensor)];
    expects(wanted.shape.height == t.shape.height && wanted.shape.width == t.shape.width &&
                wanted.is_signed == t.is_signed && wanted.zero == t.zero,
            errc::network_shape, "layer '{}' takes {}, but {} '{}' is {}", l.name, text(wanted),
            use.tensor == 0 ? "the model's input" : "tensor", t.name, text(t));
    check_written(l, verb, use);
    return use;
  }

  /// Without a name a layer takes the channels that the one before wrote, all of them.
  void check_whole(const int8_layer& l, const model_tensor& wanted) const {
    expects(l.reads.first_channel == 0, errc::network_shape,
            "layer '{}' reads from channel {} on, but names no tensor", l.name,
            l.reads.first_channel);
    const model_tensor& t = found_.tensors[static_cast<std::size_t>(last_.tensor)];
    model_tensor given = t;
    given.shape.channels = last_.channels;
    expects(wanted.shape == given.shape && wanted.is_signed == t.is_signed && wanted.zero == t.zero,
            errc::network_shape, "layer '{}' takes {}, but {} gives {}", l.name, text(wanted),
            found_.layers.empty() ? "the model's input" : "the layer before", text(given));
  }

  /// Every channel that is read was written before; the words are whole.
  void check_written(const int8_layer& l, const char* verb, const tensor_use& use) const {
    const model_tensor& t = found_.tensors[static_cast<std::size_t>(use.tensor)];
    check_first(l, use.first_channel);
    for (index_t c = use.first_channel; c < use.end(); ++c) {
      const auto& parts = written_[static_cast<std::size_t>(use.tensor)];
      const bool there = std::any_of(parts.begin(), parts.end(), [&](const tensor_use& part) {
        return c >= part.first_channel && c < part.end();
      });
      expects(
          there, errc::network_shape,
          "layer '{}' {} channels {}..{} of tensor '{}', but no earlier layer writes channel {}",
          l.name, verb, use.first_channel, use.end() - 1, t.name, c);
    }
  }

  static void check_first(const int8_layer& l, index_t first) {
    expects(first >= 0 && first % 4 == 0, errc::network_shape,
            "layer '{}': the first channel of a part of a tensor must be a multiple of 4, given {}",
            l.name, first);
  }

  [[nodiscard]] tensor_use write(const int8_layer& l) {
    const std::string& name = l.writes.tensor.empty() ? l.name : l.writes.tensor;
    check_first(l, l.writes.first_channel);
    tensor_use use{find(name), l.writes.first_channel, l.output.channels};
    // Names matter only where tensors are found by them; a plain chain may leave them empty.
    const bool shared = !l.writes.tensor.empty();
    expects(use.tensor < 0 || shared || name.empty(), errc::network_shape,
            "layer '{}' writes a tensor of its own, but there is one of that name already", l.name);
    if (use.tensor < 0 || !shared) {
      use.tensor = static_cast<index_t>(found_.tensors.size());
      found_.tensors.push_back({name, l.output, l.output_signed, l.output_zero});
      found_.tensors.back().shape.channels = use.end();
      written_.push_back({use});
      return use;
    }
    join(l, use);
    return use;
  }

  /// Adds a part to a tensor that has others already.
  void join(const int8_layer& l, const tensor_use& use) {
    model_tensor& t = found_.tensors[static_cast<std::size_t>(use.tensor)];
    expects(use.tensor != 0, errc::network_shape, "layer '{}' writes into the model's input",
            l.name);
    const model_tensor part{"", l.output, l.output_signed, l.output_zero};
    expects(l.output.height == t.shape.height && l.output.width == t.shape.width &&
                part.is_signed == t.is_signed && part.zero == t.zero,
            errc::network_shape, "layer '{}' gives {}, but the other parts of tensor '{}' are {}",
            l.name, text(part), t.name, text(t));
    for (const tensor_use& other : written_[static_cast<std::size_t>(use.tensor)])
      expects(round_up(use.end(), 4) <= other.first_channel ||
                  round_up(other.end(), 4) <= use.first_channel,
              errc::network_shape,
              "layer '{}' writes channels {}..{} of tensor '{}', of which {}..{} and the rest of "
              "their four are written already",
              l.name, use.first_channel, use.end() - 1, t.name, other.first_channel,
              other.end() - 1);
    written_[static_cast<std::size_t>(use.tensor)].push_back(use);
    t.shape.channels = std::max(t.shape.channels, use.end());
  }

  [[nodiscard]] static std::string text(const model_tensor& t) {
    return fmt::format("{} x {} x {} {} with zero {}", t.shape.channels, t.shape.height,
                       t.shape.width, t.is_signed ? "s8" : "u8", t.zero);
  }

  model_tensors found_;
  tensor_use last_;                               ///< what the layer before wrote
  std::vector<std::vector<tensor_use>> written_;  ///< of every tensor: its parts
};

}  // namespace detail

/// The tensors of a model. Throws network_shape if a layer reads what no earlier layer wrote, takes
/// it for another shape, sign or zero point than it has, if parts of a tensor overlap or do not go
/// together, or if a name stands for two tensors.
[[nodiscard]] inline model_tensors tensors_of(const int8_model& model) {
  return detail::tensor_finder(model).take();
}

}  // namespace swprune::inline v0::quant
