// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/container.hpp"
#include "swprune/io/layer_registry.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/nn/network.hpp"

namespace swprune::inline v0::io {

/// Kind of a container that holds a floating-point network, and the newest version of its records.
/// Version 2 has composite layers; a network without any is written as version 1.
inline constexpr std::string_view network_kind = "network";
inline constexpr index_t network_version = 2;

struct network_save_params {
  index_t golden = 2;  ///< inputs whose outputs are stored for a check at loading, 0..64
};

struct network_load_params {
  bool verify = true;  ///< run the golden inputs and compare
};

namespace detail {

[[nodiscard]] inline std::string layer_prefix(index_t i) { return fmt::format("layer{}.", i); }

template <typename Scalar>
[[nodiscard]] bool all_finite(std::span<const Scalar> values) {
  return std::all_of(values.begin(), values.end(), [](Scalar v) { return std::isfinite(v); });
}

/// Images of random bytes / 255: the same on every platform.
template <typename Scalar>
[[nodiscard]] std::vector<Scalar> golden_images(index_t count, const map_shape& shape) {
  rng random = rng(1).stream("golden");
  std::vector<Scalar> plain(static_cast<std::size_t>(count * shape.size()));
  for (Scalar& v : plain) v = static_cast<Scalar>(random.below(256)) / Scalar(255);
  return plain;
}

template <typename Scalar>
void add_layer_records(record_set& records, nn::layer<Scalar>& l, const std::string& prefix) {
  records.add(prefix + "kind", array::of_text(l.kind()));
  records.add(prefix + "name", array::of_text(l.name()));
  std::string names;
  std::vector<double> values;
  for (const nn::layer_field& f : l.fields()) {
    names += f.name + "\n";
    values.push_back(f.value);
  }
  records.add(prefix + "fields", array::of_text(names));
  records.add(prefix + "values", array::of(values));
  if (const auto* conv = dynamic_cast<const nn::conv2d<Scalar>*>(&l)) {
    mask::layer_mask m = conv->mask();
    m.name = "mask";
    const record_set one = mask_records(mask::mask_set({std::move(m)}));
    for (const record& r : one.records()) records.add(prefix + r.name, r.value);
  }
  const auto paths = l.paths();
  if (!paths.empty()) {
    std::vector<std::int64_t> sizes;
    for (const nn::chain<Scalar>* path : paths) sizes.push_back(path->size());
    records.add(prefix + "paths", array::of(sizes));
    return;  // the arrays are those of the layers inside
  }
  const auto add_array = [&](const std::string& name, std::span<const Scalar> values_of) {
    expects(all_finite(values_of), errc::not_finite, "layer '{}': '{}' holds NaN or infinity",
            l.name(), name);
    records.add(prefix + name,
                array::of<Scalar>({static_cast<index_t>(values_of.size())}, values_of));
  };
  for (const auto& p : l.parameters()) add_array("parameter." + p.name, p.values);
  for (const auto& s : l.state()) add_array("state." + s.name, s.values);
}

[[nodiscard]] SWPRUNE_FUNCTION layer_record read_layer_record(const record_set& records,
                                                              const std::string& prefix);

#if SWPRUNE_BODIES

/// The mask of a layer, if the file has one. Its records carry the name "mask"; the layer's own
/// name goes into what is returned, and messages name the record.
[[nodiscard]] inline std::optional<mask::layer_mask> read_mask_of(const record_set& records,
                                                                  const std::string& prefix,
                                                                  const std::string& layer_name) {
  if (!records.contains(prefix + "mask")) return std::nullopt;
  mask::layer_mask m = read_layer_mask(records, prefix + "mask");
  m.name = layer_name;
  return m;
}

SWPRUNE_FUNCTION layer_record read_layer_record(const record_set& records,
                                                const std::string& prefix) {
  layer_record l;
  l.kind = records.text(prefix + "kind");
  l.name = records.text(prefix + "name");
  const std::string names = records.text(prefix + "fields");
  const std::vector<double> values = records.vector<double>(prefix + "values");
  std::size_t at = 0;
  for (const double value : values) {
    const std::size_t end = names.find('\n', at);
    expects(end != std::string::npos, errc::file_mismatch,
            "'{}': '{}fields' has fewer names than '{}values' numbers", records.origin(), prefix,
            prefix);
    l.fields.push_back({names.substr(at, end - at), value});
    at = end + 1;
  }
  expects(at == names.size(), errc::file_mismatch, "'{}': '{}fields' has more names than numbers",
          records.origin(), prefix);
  l.mask = read_mask_of(records, prefix, l.name);
  return l;
}

#endif

/// Makes sure, before anything is allocated, that the weights which a mask asks for are in the
/// file.
template <typename Scalar>
void expect_weights(const record_set& records, const layer_record& l, const std::string& prefix) {
  if (!l.mask) return;
  const mask::layer_mask& m = *l.mask;
  double needed = 0;  // cannot overflow; exact as far as files go
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j))
      needed += static_cast<double>(m.inputs_of(i)) * static_cast<double>(m.taps_of(j, i)) *
                static_cast<double>(m.block.outputs);
  const array& weights = records.at(prefix + "parameter.weights");
  expects(static_cast<double>(weights.count()) == needed, errc::file_mismatch,
          "'{}', layer '{}': the live blocks need {:.0f} weights, the file has {}",
          records.origin(), l.name, needed, weights.count());
}

/// Copies a record into the layer's own array.
template <typename Scalar>
void fill_array(const record_set& records, const std::string& name, std::span<Scalar> target) {
  const std::vector<Scalar> values =
      records.vector<Scalar>(name, static_cast<index_t>(target.size()));
  expects(all_finite(std::span<const Scalar>(values)), errc::not_finite,
          "'{}': record '{}' holds NaN or infinity", records.origin(), name);
  std::copy(values.begin(), values.end(), target.begin());
}

/// Fills all arrays of a layer; returns how many records that took.
template <typename Scalar>
index_t fill_layer(const record_set& records, nn::layer<Scalar>& l, const std::string& prefix) {
  if (!l.paths().empty()) return 0;
  index_t used = 0;
  for (const auto& p : l.parameters()) {
    fill_array<Scalar>(records, prefix + "parameter." + p.name, p.values);
    ++used;
  }
  for (const auto& s : l.state()) {
    fill_array<Scalar>(records, prefix + "state." + s.name, s.values);
    ++used;
  }
  return used;
}

[[nodiscard]] SWPRUNE_FUNCTION map_shape read_map_shape(const record_set& records,
                                                        const std::string& name);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION map_shape read_map_shape(const record_set& records, const std::string& name) {
  const std::vector<std::int64_t> s = records.vector<std::int64_t>(name, 3);
  for (const std::int64_t n : s)
    expects(n >= 1 && n <= 1'000'000, errc::file_mismatch,
            "'{}': the sizes in '{}' must lie in 1..1,000,000, given {}", records.origin(), name,
            n);
  return {s[0], s[1], s[2]};
}

#endif

/// Layers read so far that no composite layer has taken.
template <typename Scalar>
using layer_stack = std::vector<std::unique_ptr<nn::layer<Scalar>>>;

/// Chains of the sizes in the record, from the end of the stack: the paths of a composite layer.
template <typename Scalar>
[[nodiscard]] std::vector<nn::chain<Scalar>> take_paths(const record_set& records,
                                                        const std::string& prefix,
                                                        layer_stack<Scalar>& stack) {
  const std::vector<std::int64_t> sizes = records.vector<std::int64_t>(prefix + "paths");
  std::size_t needed = 0;
  for (const std::int64_t size : sizes) {
    expects(size >= 0 && static_cast<std::size_t>(size) <= stack.size() - needed,
            errc::file_mismatch, "'{}': '{}paths' asks for {} layers, {} come before it",
            records.origin(), prefix, size, stack.size() - needed);
    needed += static_cast<std::size_t>(size);
  }
  std::vector<nn::chain<Scalar>> paths(sizes.size());
  auto next = stack.end() - static_cast<std::ptrdiff_t>(needed);
  for (std::size_t p = 0; p < sizes.size(); ++p)
    for (std::int64_t k = 0; k < sizes[p]; ++k) paths[p].add(std::move(*next++));
  stack.resize(stack.size() - needed);
  return paths;
}

/// Reads layer `i` onto the stack; returns how many records that took.
template <typename Scalar>
index_t read_layer(const record_set& records, index_t i, const layer_registry<Scalar>& registry,
                   layer_stack<Scalar>& stack) {
  const std::string prefix = layer_prefix(i);
  const layer_record l = read_layer_record(records, prefix);
  expect_weights<Scalar>(records, l, prefix);
  const bool is_composite = records.contains(prefix + "paths");
  stack.push_back(is_composite ? registry.make(l, take_paths<Scalar>(records, prefix, stack))
                               : registry.make(l));
  return 4 + (is_composite ? 1 : 0) + (l.mask ? 4 : 0) + fill_layer(records, *stack.back(), prefix);
}

/// Refuses maps that no real network has but that would eat all memory.
template <typename Scalar>
void expect_modest_maps(const nn::network<Scalar>& net, const std::string& file) {
  const auto check = [&](const map_shape& s, const std::string& where) {
    expects(s.size() <= index_t{1} << 28, errc::file_mismatch,
            "'{}': {} has {} x {} x {} numbers, at most 2^28 are read", file, where, s.channels,
            s.height, s.width);
  };
  check(net.input_shape(), "the input");
  for (const nn::layer_summary& line : net.summary())
    check(line.output, fmt::format("the output of layer {} '{}'", line.index, line.name));
}

/// Inputs with what the network gives for them. Throws not_finite.
template <typename Scalar>
void add_golden(record_set& records, const nn::network<Scalar>& net, index_t count) {
  const map_shape in = net.input_shape();
  const map_shape out = net.output_shape();
  const std::vector<Scalar> inputs = golden_images<Scalar>(count, in);
  const std::vector<Scalar> outputs =
      nn::to_plain(net.forward(nn::from_plain<Scalar>(inputs, count, in)));
  expects(all_finite(std::span<const Scalar>(outputs)), errc::not_finite,
          "the network's output for a golden input is NaN or infinite");
  records.add("golden.inputs",
              array::of<Scalar>({count, in.channels, in.height, in.width}, inputs));
  records.add("golden.outputs",
              array::of<Scalar>({count, out.channels, out.height, out.width}, outputs));
}

/// Replays the golden inputs. Rounding differs between instruction sets, hence the tolerance:
/// far above rounding, far below what a wrong layer does.
template <typename Scalar>
void verify_golden(const nn::network<Scalar>& net, const record_set& records) {
  const array& stored_inputs = records.at("golden.inputs");
  const array& stored_outputs = records.at("golden.outputs");
  const map_shape in = net.input_shape();
  const map_shape out = net.output_shape();
  const index_t count = stored_inputs.shape().empty() ? -1 : stored_inputs.shape()[0];
  const bool fits =
      stored_inputs.shape() == std::vector<index_t>{count, in.channels, in.height, in.width} &&
      stored_outputs.shape() == std::vector<index_t>{count, out.channels, out.height, out.width};
  expects(fits && count <= 64, errc::file_mismatch,
          "'{}': golden inputs {} and outputs {} do not fit the network", records.origin(),
          shape_text(stored_inputs.shape()), shape_text(stored_outputs.shape()));
  const std::vector<Scalar> inputs = stored_inputs.numbers<Scalar>();
  const std::vector<Scalar> expected = stored_outputs.numbers<Scalar>();
  const std::vector<Scalar> given =
      nn::to_plain(net.forward(nn::from_plain<Scalar>(inputs, count, in)));
  double largest = 1;
  for (const Scalar v : expected) largest = std::max(largest, std::abs(static_cast<double>(v)));
  const double tolerance = (sizeof(Scalar) == 4 ? 1e-3 : 1e-9) * largest;
  for (std::size_t i = 0; i < expected.size(); ++i)
    expects(std::abs(static_cast<double>(given[i]) - static_cast<double>(expected[i])) <= tolerance,
            errc::file_mismatch,
            "'{}': output {} of the golden inputs is {}, the file says {} (tolerance {}): the file "
            "was written by another kind of network",
            records.origin(), i, given[i], expected[i], tolerance);
}

}  // namespace detail

/// Records of a network: its layers in the order of network::layers() as kind, name, fields, mask
/// and arrays (weights of kept taps of live blocks only, in the accelerator's order), for composite
/// layers the sizes of their paths, and golden inputs with their outputs. Throws
/// network_state unless the network is built, not_finite when a number is NaN or infinite, and
/// errc::argument_out_of_range unless 0 <= golden <= 64.
template <typename Scalar>
[[nodiscard]] record_set network_records(const nn::network<Scalar>& net,
                                         const network_save_params& params = {}) {
  expects(params.golden >= 0 && params.golden <= 64, errc::argument_out_of_range,
          "0 <= golden <= 64 must hold, given {}", params.golden);
  const map_shape in = net.input_shape();
  nn::network<Scalar> copy = net.clone();  // views of arrays are for changing them
  const std::vector<nn::layer<Scalar>*> layers = copy.layers();
  const bool nested = std::ssize(layers) != net.size();
  record_set records;
  records.add("version", array::of(std::vector<std::int64_t>{nested ? network_version : 1}));
  records.add("input", array::of(std::vector<std::int64_t>{in.channels, in.height, in.width}));
  records.add("layers", array::of(std::vector<std::int64_t>{std::ssize(layers)}));
  for (index_t i = 0; i < std::ssize(layers); ++i)
    detail::add_layer_records(records, *layers[static_cast<std::size_t>(i)],
                              detail::layer_prefix(i));
  detail::add_golden(records, net, params.golden);
  return records;
}

/// The network in `records`, built. Throws errc::file_mismatch naming the layer and record that do
/// not fit, and what the layers' constructors throw. `params.verify` replays the golden inputs.
template <typename Scalar>
[[nodiscard]] nn::network<Scalar> network_from_records(
    const record_set& records, const network_load_params& params = {},
    const layer_registry<Scalar>& registry = layer_registry<Scalar>::standard()) {
  const auto version = records.vector<std::int64_t>("version", 1)[0];
  expects(version >= 1 && version <= network_version, errc::file_mismatch,
          "'{}' holds a network of version {}, this library reads versions 1 to {}",
          records.origin(), version, network_version);
  const map_shape input = detail::read_map_shape(records, "input");
  const index_t layers = records.vector<std::int64_t>("layers", 1)[0];
  const auto total = static_cast<index_t>(records.records().size());
  expects(layers >= 1 && layers <= total, errc::file_mismatch,
          "'{}' announces {} layers in {} records", records.origin(), layers, total);
  detail::layer_stack<Scalar> stack;
  index_t used = 5;
  for (index_t i = 0; i < layers; ++i) used += detail::read_layer(records, i, registry, stack);
  expects(used == total, errc::file_mismatch, "'{}' has {} records, its layers use {}",
          records.origin(), total, used);
  nn::network<Scalar> net;
  for (auto& l : stack) net.add(std::move(l));
  net.build(input);
  detail::expect_modest_maps(net, records.origin());
  if (params.verify) detail::verify_golden(net, records);
  return net;
}

/// Writes a network, atomically. Throws what network_records() throws and errc::file_write.
template <typename Scalar>
void save_network(const std::filesystem::path& path, const nn::network<Scalar>& net,
                  const network_save_params& params = {}) {
  save_container(path, network_kind, network_records(net, params));
}

/// Reads a network and replays its golden inputs. Throws what load_container() and
/// network_from_records() throw.
template <typename Scalar = float>
[[nodiscard]] nn::network<Scalar> load_network(
    const std::filesystem::path& path, const network_load_params& params = {},
    const layer_registry<Scalar>& registry = layer_registry<Scalar>::standard()) {
  return network_from_records<Scalar>(load_container(path, network_kind), params, registry);
}

}  // namespace swprune::inline v0::io
