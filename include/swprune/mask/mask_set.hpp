// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/allocate.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_kind.hpp"
#include "swprune/mask/mixing.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/mask/taps.hpp"
#include "swprune/mask/unstructured.hpp"

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
  std::uint64_t stage = 0;   ///< of a progressive schedule: names the random stream
  density_rule rule{};       ///< how the layers share the sparsity
  double tap_density = 1.0;  ///< share of the taps that a live block keeps, in (0, 1]
  index_t inner_degree = 0;  ///< blocks of a row in a cluster, in [1, cluster_size]; 0: half
  /// 0: take the masks that come; 1 .. 100: draw until every output depends on every input.
  index_t mixing_tries = 0;

  /// What make_masks() shares out: kind dense keeps everything, whatever else is asked for.
  [[nodiscard]] allocate_params allocation() const {
    allocate_params a{.sparsity = sparsity,
                      .block = block,
                      .mode = mode,
                      .allow_uncovered = allow_uncovered,
                      .order = order,
                      .rule = rule,
                      .tap_density = tap_density,
                      .unstructured = kind == mask_kind::unstructured};
    if (kind != mask_kind::dense) return a;
    a.sparsity = 0.0;
    a.rule = density_rule::uniform();
    a.tap_density = 1.0;
    return a;
  }
};

/// Masks of a whole network: allocate(), then for each layer generate() with the stream "mask" of
/// its name and p.stage, so that a layer's mask depends on its own name, shape and degree only, and
/// rotate_taps(). Layers kept dense keep all blocks and taps. Kind dense ignores sparsity, rule and
/// taps; kinds that are not balanced meet the sparsity only about, but unstructured meets it
/// exactly (by unstructured_mask(), in blocks of 1 x 1).
///
/// With mixing_tries the masks are drawn again, try t = 1, 2, ... from the stream "mixing" of t of
/// `root`, until mixing_report() finds that every output depends on every input; the first draw is
/// the one made without. Throws mask_mixing when the tries are used up, argument_out_of_range for
/// mixing_tries outside [0, 100], and as allocate() and generate().
[[nodiscard]] SWPRUNE_SETUP mask_set make_masks(const std::vector<layer_spec>& layers,
                                                const mask_params& p, const rng& root);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] SWPRUNE_COLD inline layer_mask make_mask(const layer_spec& l,
                                                       const layer_allocation& a,
                                                       const mask_params& p, const rng& root) {
  if (p.kind == mask_kind::unstructured && !l.keep_dense) {
    expects(p.cluster_size == 1, errc::argument_out_of_range,
            "kind unstructured has no blocks: the cluster size must be 1, given {}",
            p.cluster_size);
    rng random = root.stream("mask", hash64(l.name), p.stage);
    return unstructured_mask(l, a.kept_weights, random);
  }
  const generate_params g{.out_groups = a.out_groups,
                          .in_groups = a.in_groups,
                          .degree = a.degree,
                          .extra_rows = a.extra_rows,
                          .kind = l.keep_dense ? mask_kind::dense : p.kind,
                          .beta = p.beta,
                          .order = p.order,
                          .cluster_size = p.cluster_size,
                          .inner_degree = p.inner_degree};
  layer_mask m{l.name,
               p.block,
               l.out_channels,
               l.in_channels,
               l.kernel_height,
               l.kernel_width,
               generate(g, root, l.name, p.stage).blocks};
  m.kept_taps = rotate_taps(m.blocks, l.kernel_height, l.kernel_width, a.kept_taps);
  return m;
}

[[nodiscard]] inline mask_set draw_masks(const std::vector<layer_spec>& layers,
                                         const allocation& plan, const mask_params& p,
                                         const rng& root) {
  std::vector<layer_mask> masks;
  for (std::size_t l = 0; l < layers.size(); ++l)
    masks.push_back(make_mask(layers[l], plan.layers[l], p, root));
  return mask_set(std::move(masks));
}

/// Throws mask_mixing, naming the layer that sees least and the first pair that does not mix.
[[noreturn]] inline void refuse_mixing(const network_mixing& m,
                                       const std::vector<layer_spec>& layers, index_t tries) {
  const auto least = std::min_element(m.reach.begin(), m.reach.end()) - m.reach.begin();
  const std::string pair =
      m.unmixed.empty() ? ""
                        : fmt::format(", '{}' and '{}' together fall into {} parts",
                                      m.unmixed[0].before, m.unmixed[0].after, m.unmixed[0].parts);
  raise(errc::mask_mixing,
        "{} draws gave no masks in which every output depends on every input: in the last one the "
        "outputs of layer '{}' depend on {:.1f} % of the inputs{}; take the interleaved ring "
        "order, a larger beta, less sparsity or a dense last layer",
        tries, layers[static_cast<std::size_t>(least)].name,
        100.0 * m.reach[static_cast<std::size_t>(least)], pair);
}

}  // namespace detail

SWPRUNE_SETUP mask_set make_masks(const std::vector<layer_spec>& layers, const mask_params& p,
                                  const rng& root) {
  expects(p.mixing_tries >= 0 && p.mixing_tries <= 100, errc::argument_out_of_range,
          "mixing_tries must lie in [0, 100], given {}", p.mixing_tries);
  const allocation plan = allocate(layers, p.allocation());
  mask_set masks = detail::draw_masks(layers, plan, p, root);
  for (index_t t = 1; t <= p.mixing_tries; ++t) {
    const network_mixing mixing = mixing_report(masks, layers);
    if (mixing.all_reached) break;
    if (t == p.mixing_tries) detail::refuse_mixing(mixing, layers, t);
    masks =
        detail::draw_masks(layers, plan, p, root.stream("mixing", static_cast<std::uint64_t>(t)));
  }
  return masks;
}

#endif

}  // namespace swprune::inline v0::mask
