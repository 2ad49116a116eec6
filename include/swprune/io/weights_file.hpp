// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/run_state.hpp"

namespace swprune::inline v0::io {

namespace detail {

/// "layer.array" of the library in the words of PyTorch's state_dict().
[[nodiscard]] SWPRUNE_FUNCTION std::string exchange_name(const std::string& name);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string exchange_name(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"weights", "weight"},
      {"scale", "weight"},
      {"shift", "bias"},
      {"running_variance", "running_var"}};
  const std::size_t dot = name.rfind('.');
  for (const auto& [ours, theirs] : words)
    if (name.substr(dot + 1) == ours) return name.substr(0, dot + 1) + std::string(theirs);
  return name;
}

#endif

/// The convolution whose weights this parameter is, or null.
template <typename Scalar>
[[nodiscard]] nn::conv2d<Scalar>* conv_of(nn::network<Scalar>& net, const std::string& name) {
  constexpr std::string_view suffix = ".weights";
  if (!name.ends_with(suffix)) return nullptr;
  return net.template find<nn::conv2d>(name.substr(0, name.size() - suffix.size()));
}

/// Numbers of a float32 or float64 array, `count` of them in C order, whatever the shape.
template <typename Scalar>
[[nodiscard]] std::vector<Scalar> exchanged_numbers(const record_set& records,
                                                    const std::string& name, index_t count) {
  const array& a = records.at(name);
  expects(a.type() == number_type::float32 || a.type() == number_type::float64, errc::file_mismatch,
          "'{}': array '{}' is {}, expected float32 or float64", records.origin(), name,
          info_of(a.type()).name);
  expects(a.count() == count, errc::file_mismatch,
          "'{}': array '{}' has shape {}, expected {} numbers", records.origin(), name,
          shape_text(a.shape()), count);
  std::vector<Scalar> numbers;
  const auto take = [&](const auto& from) {
    for (const auto v : from) numbers.push_back(static_cast<Scalar>(v));
  };
  if (a.type() == number_type::float32)
    take(a.numbers<float>());
  else
    take(a.numbers<double>());
  expects(std::all_of(numbers.begin(), numbers.end(), [](Scalar v) { return std::isfinite(v); }),
          errc::not_finite, "'{}': array '{}' holds NaN or infinity", records.origin(), name);
  return numbers;
}

}  // namespace detail

/// All parameters and statistics of a network in the words of PyTorch: `LAYER.weight` as
/// [out][in][ky][kx] with zeros where a block or tap is absent, `LAYER.bias`, and of a batch
/// normalisation `LAYER.weight` and `.bias` (its scale and shift), `.running_mean`, `.running_var`.
template <typename Scalar>
[[nodiscard]] record_set weights_records(nn::network<Scalar>& net) {
  record_set records;
  for (const nn::parameter_view<Scalar>& p : net.parameters()) {
    const std::string name = detail::exchange_name(p.name);
    const nn::conv2d<Scalar>* conv = detail::conv_of(net, p.name);
    if (conv == nullptr) {
      records.add(name, array::of<Scalar>({static_cast<index_t>(p.values.size())}, p.values));
      continue;
    }
    const mask::layer_mask& m = conv->mask();
    records.add(name,
                array::of<Scalar>({m.out_channels, m.in_channels, m.kernel_height, m.kernel_width},
                                  conv->to_dense()));
  }
  for (const nn::state_view<Scalar>& s : net.state())
    records.add(detail::exchange_name(s.name),
                array::of<Scalar>({static_cast<index_t>(s.values.size())}, s.values));
  return records;
}

/// Writes all parameters and statistics as .npz for NumPy and PyTorch (docs/formats-files.md,
/// "Weights file"), atomically. Throws errc::file_write.
template <typename Scalar>
void save_weights(const std::filesystem::path& path, nn::network<Scalar>& net) {
  save_npz(path, weights_records(net));
}

/// Takes all parameters and statistics from `records`; the masks stay, and what is at absent blocks
/// and taps is not looked at. An array may have any shape with the right number of numbers in the
/// order [out][in][ky][kx], float32 or float64; `num_batches_tracked` of PyTorch is skipped. Throws
/// errc::file_mismatch naming an array that is missing, too much or of another size, not_finite;
/// the network is as it was then.
template <typename Scalar>
void weights_from_records(const record_set& records, nn::network<Scalar>& net) {
  nn::network<Scalar> trial = net.clone();
  std::size_t used = 0;
  for (const nn::parameter_view<Scalar>& p : trial.parameters()) {
    nn::conv2d<Scalar>* conv = detail::conv_of(trial, p.name);
    const index_t count =
        conv != nullptr ? conv->mask().weights() : static_cast<index_t>(p.values.size());
    const auto numbers =
        detail::exchanged_numbers<Scalar>(records, detail::exchange_name(p.name), count);
    if (conv != nullptr)
      conv->from_dense(numbers);
    else
      std::copy(numbers.begin(), numbers.end(), p.values.begin());
    ++used;
  }
  for (const nn::state_view<Scalar>& s : trial.state()) {
    const auto numbers = detail::exchanged_numbers<Scalar>(records, detail::exchange_name(s.name),
                                                           static_cast<index_t>(s.values.size()));
    std::copy(numbers.begin(), numbers.end(), s.values.begin());
    ++used;
  }
  for (const record& r : records.records()) used += r.name.ends_with(".num_batches_tracked");
  expects(used == records.records().size(), errc::file_mismatch,
          "'{}' has {} arrays, the network uses {} of them", records.origin(),
          records.records().size(), used);
  train::restore_weights(train::copy_weights(trial), net);
}

/// Reads what save_weights(), numpy.savez or numpy.savez_compressed wrote into a network. Throws
/// what load_npz() and weights_from_records() throw.
template <typename Scalar>
void load_weights(const std::filesystem::path& path, nn::network<Scalar>& net) {
  weights_from_records(load_npz(path), net);
}

}  // namespace swprune::inline v0::io
