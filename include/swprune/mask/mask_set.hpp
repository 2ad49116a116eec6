// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/allocate.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_kind.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// The masks of a network in layer order: every layer fits its shape, names are unique.
class mask_set {
 public:
  mask_set() = default;

  /// Throws mask_shape or mask_block for a mask that does not fit its own shape, and mask_shape
  /// for a name that is empty or given twice.
  explicit mask_set(std::vector<layer_mask> layers) : layers_(std::move(layers)) {
    for (const layer_mask& m : layers_) {
      check(m);
      expects(!m.name.empty(), errc::mask_shape, "every layer of a mask set needs a name");
      const auto same_name = [&](const layer_mask& other) { return other.name == m.name; };
      expects(std::count_if(layers_.begin(), layers_.end(), same_name) == 1, errc::mask_shape,
              "the layer name '{}' is given twice", m.name);
    }
  }

  [[nodiscard]] const std::vector<layer_mask>& layers() const { return layers_; }
  [[nodiscard]] index_t size() const { return static_cast<index_t>(layers_.size()); }
  [[nodiscard]] auto begin() const { return layers_.begin(); }
  [[nodiscard]] auto end() const { return layers_.end(); }

  /// Mask of the layer of that name, or nullptr.
  [[nodiscard]] const layer_mask* find(std::string_view name) const {
    for (const layer_mask& m : layers_)
      if (m.name == name) return &m;
    return nullptr;
  }

  /// Mask of the layer of that name; throws mask_shape if there is none.
  [[nodiscard]] const layer_mask& at(std::string_view name) const {
    const layer_mask* m = find(name);
    expects(m != nullptr, errc::mask_shape, "there is no mask for a layer '{}'", name);
    return *m;
  }

  [[nodiscard]] index_t weights() const {
    index_t n = 0;
    for (const layer_mask& m : layers_) n += m.weights();
    return n;
  }
  [[nodiscard]] index_t kept_weights() const {
    index_t n = 0;
    for (const layer_mask& m : layers_) n += m.kept_weights();
    return n;
  }
  /// kept_weights() / weights() over all layers, in [0, 1]; 1 for an empty set.
  [[nodiscard]] double density() const {
    return layers_.empty() ? 1.0
                           : static_cast<double>(kept_weights()) / static_cast<double>(weights());
  }

  /// Same layers, same shapes, same pattern: "unchanged since".
  friend bool operator==(const mask_set&, const mask_set&) = default;

 private:
  std::vector<layer_mask> layers_;
};

/// How a network is pruned; see allocate_params and generate_params for the ranges.
struct mask_params {
  double sparsity = 0.76;  ///< wanted share of all weights of the network, in [0, 1)
  block_shape block{};
  degree_mode mode = degree_mode::exact;
  mask_kind kind = mask_kind::small_world;
  double beta = 0.1;
  ring_order order = ring_order::interleaved;
  index_t cluster_size = 1;
  bool allow_uncovered = false;
  std::uint64_t stage = 0;  ///< of a progressive schedule: names the random stream

  [[nodiscard]] allocate_params allocation() const {
    return {.sparsity = sparsity,
            .block = block,
            .mode = mode,
            .allow_uncovered = allow_uncovered,
            .order = order};
  }
};

namespace detail {

[[nodiscard]] inline layer_mask make_mask(const layer_spec& l, const layer_allocation& a,
                                          const mask_params& p, const rng& root) {
  const generate_params g{.out_groups = a.out_groups,
                          .in_groups = a.in_groups,
                          .degree = a.degree,
                          .extra_rows = a.extra_rows,
                          .kind = l.keep_dense ? mask_kind::dense : p.kind,
                          .beta = p.beta,
                          .order = p.order,
                          .cluster_size = p.cluster_size};
  return {l.name,
          p.block,
          l.out_channels,
          l.in_channels,
          l.kernel_height,
          l.kernel_width,
          generate(g, root, l.name, p.stage).blocks};
}

}  // namespace detail

/// Masks of a whole network: allocate(), then generate() for each layer with the stream "mask" of
/// its name and p.stage, so that a layer's mask depends on its own name, shape and degree only.
/// Kind dense ignores the sparsity. Kind ws_classic meets it only about. Throws as allocate() and
/// generate().
[[nodiscard]] inline mask_set make_masks(const std::vector<layer_spec>& layers,
                                         const mask_params& p, const rng& root) {
  allocate_params budget = p.allocation();
  if (p.kind == mask_kind::dense) budget.sparsity = 0.0;
  const allocation plan = allocate(layers, budget);
  std::vector<layer_mask> masks;
  for (std::size_t l = 0; l < layers.size(); ++l)
    masks.push_back(detail::make_mask(layers[l], plan.layers[l], p, root));
  return mask_set(std::move(masks));
}

}  // namespace swprune::inline v0::mask
