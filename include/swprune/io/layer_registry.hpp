// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/nn/average_pool.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/chain.hpp"
#include "swprune/nn/concatenation.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/global_average_pool.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/option_a_shortcut.hpp"
#include "swprune/nn/relu.hpp"
#include "swprune/nn/relu6.hpp"
#include "swprune/nn/residual.hpp"

namespace swprune::inline v0::io {

/// What a file says of a layer beside its arrays: enough to make it again.
struct layer_record {
  std::string kind;
  std::string name;
  std::vector<nn::layer_field> fields;
  std::optional<mask::layer_mask> mask = std::nullopt;

  /// Value of a field. Throws errc::file_mismatch when the layer has none of this name.
  [[nodiscard]] double field(std::string_view field_name) const {
    for (const nn::layer_field& f : fields)
      if (f.name == field_name) return f.value;
    raise(errc::file_mismatch, "layer '{}' ({}) has no field '{}'", name, kind, field_name);
  }
  /// A field that counts: an integer 0..1,000,000. Throws errc::file_mismatch.
  [[nodiscard]] index_t count(std::string_view field_name) const {
    const double v = field(field_name);
    expects(v >= 0 && v <= 1e6 && v == std::floor(v), errc::file_mismatch,
            "layer '{}' ({}): field '{}' must be an integer 0..1,000,000, given {}", name, kind,
            field_name, v);
    return static_cast<index_t>(v);
  }
  /// count(), or `absent` when the layer has no such field.
  [[nodiscard]] index_t count_or(std::string_view field_name, index_t absent) const {
    for (const nn::layer_field& f : fields)
      if (f.name == field_name) return count(field_name);
    return absent;
  }
  /// The mask. Throws errc::file_mismatch when the layer has none.
  [[nodiscard]] const mask::layer_mask& needed_mask() const {
    expects(mask.has_value(), errc::file_mismatch, "layer '{}' ({}) has no mask", name, kind);
    return *mask;
  }
};

/// From the kind of a layer in a file to the function that makes it. A plain object, so that a
/// program can add kinds of its own without global state.
template <typename Scalar>
class layer_registry {
 public:
  using factory = std::function<std::unique_ptr<nn::layer<Scalar>>(const layer_record&)>;
  using composite_factory = std::function<std::unique_ptr<nn::layer<Scalar>>(
      const layer_record&, std::vector<nn::chain<Scalar>>)>;

  /// All kinds of this library.
  [[nodiscard]] static layer_registry standard() {
    layer_registry r;
    r.add("conv2d", [](const layer_record& l) {
      return std::make_unique<nn::conv2d<Scalar>>(
          l.needed_mask(), nn::conv2d_params{.stride = l.count("stride"),
                                             .padding = l.count("padding"),
                                             .bias = l.count("bias") != 0,
                                             .dilation = l.count_or("dilation", 1)});
    });
    r.add("fully_connected", [](const layer_record& l) {
      return std::make_unique<nn::fully_connected<Scalar>>(l.needed_mask(), l.count("bias") != 0);
    });
    r.add("batch_norm", [](const layer_record& l) {
      return std::make_unique<nn::batch_norm<Scalar>>(
          l.name, l.count("channels"),
          nn::batch_norm_params{.epsilon = l.field("epsilon"), .momentum = l.field("momentum")});
    });
    r.add("relu", [](const layer_record& l) { return std::make_unique<nn::relu<Scalar>>(l.name); });
    r.add("relu6",
          [](const layer_record& l) { return std::make_unique<nn::relu6<Scalar>>(l.name); });
    r.add("dropout", [](const layer_record& l) {
      return std::make_unique<nn::dropout<Scalar>>(l.name,
                                                   nn::dropout_params{.rate = l.field("rate")});
    });
    r.add("max_pool", [](const layer_record& l) {
      return std::make_unique<nn::max_pool<Scalar>>(
          l.name, nn::max_pool_params{.size = l.count("size"), .stride = l.count("stride")});
    });
    r.add("average_pool", [](const layer_record& l) {
      return std::make_unique<nn::average_pool<Scalar>>(
          l.name, nn::average_pool_params{.size = l.count("size"), .stride = l.count("stride")});
    });
    r.add("global_average_pool", [](const layer_record& l) {
      return std::make_unique<nn::global_average_pool<Scalar>>(l.name);
    });
    r.add("option_a_shortcut", [](const layer_record& l) {
      return std::make_unique<nn::option_a_shortcut<Scalar>>(
          l.name, nn::option_a_params{.in_channels = l.count("in_channels"),
                                      .out_channels = l.count("out_channels"),
                                      .stride = l.count("stride")});
    });
    r.add_composite("residual", [](const layer_record& l, std::vector<nn::chain<Scalar>> paths) {
      check_paths(l, paths, 2);
      return std::make_unique<nn::residual<Scalar>>(
          l.name, std::move(paths[0]), std::move(paths[1]),
          nn::residual_params{.relu = l.count("relu") != 0});
    });
    r.add_composite(
        "concatenation", [](const layer_record& l, std::vector<nn::chain<Scalar>> paths) {
          check_paths(l, paths, 1);
          return std::make_unique<nn::concatenation<Scalar>>(l.name, std::move(paths[0]));
        });
    return r;
  }

  /// Adds a kind, or replaces it.
  void add(std::string kind, factory make) { factories_[std::move(kind)] = std::move(make); }

  /// The same for a kind that is made of chains.
  void add_composite(std::string kind, composite_factory make) {
    composites_[std::move(kind)] = std::move(make);
  }

  /// Makes a layer, its arrays not yet filled. Throws errc::file_mismatch for an unknown kind and
  /// whatever the layer's constructor throws.
  [[nodiscard]] std::unique_ptr<nn::layer<Scalar>> make(const layer_record& l) const {
    return known(factories_, l)(l);
  }

  /// Makes a composite layer from its paths.
  [[nodiscard]] std::unique_ptr<nn::layer<Scalar>> make(
      const layer_record& l, std::vector<nn::chain<Scalar>> paths) const {
    return known(composites_, l)(l, std::move(paths));
  }

 private:
  template <typename Factory>
  [[nodiscard]] static const Factory& known(const std::map<std::string, Factory>& factories,
                                            const layer_record& l) {
    const auto found = factories.find(l.kind);
    std::string names;
    for (const auto& [kind, unused] : factories) names += (names.empty() ? "" : ", ") + kind;
    expects(found != factories.end(), errc::file_mismatch,
            "layer '{}' is of the unknown kind '{}', expected one of {}", l.name, l.kind, names);
    return found->second;
  }

  static void check_paths(const layer_record& l, const std::vector<nn::chain<Scalar>>& paths,
                          std::size_t needed) {
    expects(paths.size() == needed, errc::file_mismatch,
            "layer '{}' ({}) needs {} paths, the file has {}", l.name, l.kind, needed,
            paths.size());
  }

  std::map<std::string, factory> factories_;
  std::map<std::string, composite_factory> composites_;
};

}  // namespace swprune::inline v0::io
