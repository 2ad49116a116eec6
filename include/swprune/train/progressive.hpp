// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/mask/prune_by_norm.hpp"
#include "swprune/mask/stage_switches.hpp"
#include "swprune/nn/block_norms.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/fit.hpp"

namespace swprune::inline v0::train {

namespace detail {

/// Throws train_parameter unless every stage has a start in [0, max(0, epochs - 1)], none before
/// that of the stage before.
SWPRUNE_SETUP void check_starts(const std::vector<index_t>& starts, std::size_t stages,
                                index_t epochs);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check_starts(const std::vector<index_t>& starts, std::size_t stages,
                                index_t epochs) {
  expects(stages >= 1 && starts.size() == stages, errc::train_parameter,
          "at least one stage and one start for each are needed, given {} stages and {} starts",
          stages, starts.size());
  const index_t last = std::max<index_t>(0, epochs - 1);
  for (std::size_t k = 0; k < starts.size(); ++k) {
    expects(starts[k] >= 0 && starts[k] <= last, errc::train_parameter,
            "stage {} must start at an epoch in [0, {}], given {}", k, last, starts[k]);
    expects(k == 0 || starts[k] >= starts[k - 1], errc::train_parameter,
            "stage {} must not start before stage {} does at epoch {}, given {}", k, k - 1,
            starts[k == 0 ? 0 : k - 1], starts[k]);
  }
}

#endif

/// Fills in what the network has now.
template <typename Scalar>
void count_weights(const nn::network<Scalar>& net, mask_switch& event) {
  index_t kept = 0, all = 0;
  for (index_t i = 0; i < net.size(); ++i) {
    kept += net.at(i).weight_count();
    all += net.at(i).dense_weight_count();
  }
  event.weights_before = std::exchange(event.weights, kept);
  event.density = all == 0 ? 1.0 : static_cast<double>(kept) / static_cast<double>(all);
}

/// Trains with stage k from the beginning of epoch starts[k] on; masks_of(k) is asked then.
template <typename Scalar, typename MasksOf>
history run_stages(fitting<Scalar>& run, nn::network<Scalar>& net,
                   const std::vector<index_t>& starts, const MasksOf& masks_of,
                   const fit_params& params, observer* watcher) {
  expects(params.regrow.share == 0, errc::train_parameter,
          "masks in stages and blocks that move exclude each other, given regrow share {}",
          params.regrow.share);
  std::string epochs;
  for (const index_t s : starts) epochs += fmt::format("{} ", s);
  run.add_option({"stages start at epochs", epochs});
  const auto switch_stages = [&](fitting<Scalar>& r, index_t epoch) {
    index_t& next = r.state().stage;
    while (next < std::ssize(starts) && starts[static_cast<std::size_t>(next)] == epoch) {
      mask_switch event{.epoch = epoch, .stage = next, .stages = std::ssize(starts)};
      count_weights(net, event);
      r.change_masks(masks_of(static_cast<std::size_t>(next)));
      count_weights(net, event);
      r.state().done.switches.push_back(event);
      ++next;
      if (watcher != nullptr && watcher->on_switch(event) == verdict::stop) return verdict::stop;
    }
    return verdict::go_on;
  };
  return run.run(switch_stages);
}

/// The masks of stage k by norm: those of the network now, pruned down to `rows`.
template <typename Scalar>
[[nodiscard]] mask::mask_set pruned_by_norm(nn::network<Scalar>& net,
                                            const mask::mask_set& final_masks,
                                            const std::vector<std::vector<index_t>>& rows,
                                            mask::ring_order ring) {
  std::vector<mask::layer_mask> pruned;
  for (std::size_t l = 0; l < rows.size(); ++l) {
    const nn::conv2d<Scalar>& conv = *net.template find<nn::conv2d>(final_masks.layers()[l].name);
    pruned.push_back(mask::prune_by_norm(conv.mask(), nn::block_norms(conv), rows[l], ring));
  }
  return mask::mask_set(std::move(pruned));
}

}  // namespace detail

/// fit() with masks that become sparser while training goes on (gradual pruning as in Zhu and
/// Gupta, ICLR workshop 2018, here of whole blocks and taps): from the beginning of epoch starts[k]
/// on the network has the masks stages[k]. At a switch what is kept stays bit for bit, weights and
/// velocities; what goes takes its velocity along. Where all starts are 0, only the last stage is
/// trained, and the result is that of fit() with the last masks, bit for bit. The network may have
/// any masks before; what stage 0 adds to them starts at zero. `watcher` is told of every switch;
/// see history::switches.
/// Throws train_parameter unless there is a stage and every stage has a start in [0, max(0, epochs
/// - 1)], none before that of the stage before; mask_stages unless every stage is a subset of the
/// one before; mask_shape for masks that do not fit the network; all before anything is changed.
/// Else what fit() throws. A `keeper` also keeps the stage.
template <typename Scalar>
history fit_stages(nn::network<Scalar>& net, const std::vector<mask::mask_set>& stages,
                   const std::vector<index_t>& starts, const dataset& train_set,
                   const dataset& test_set, const fit_params& params, const rng& random,
                   observer* watcher = nullptr, checkpointer<Scalar>* keeper = nullptr) {
  detail::check_starts(starts, stages.size(), params.epochs);
  mask::check_nested(stages);
  net.check_masks(stages.front());  // the others have the same shapes
  detail::fitting<Scalar> run(net, train_set, test_set, params, random, watcher, keeper);
  run.add_option({"masks", detail::masks_text(stages)});
  const auto masks_of = [&](std::size_t k) -> const mask::mask_set& { return stages[k]; };
  return detail::run_stages(run, net, starts, masks_of, params, watcher);
}

/// fit() while the network is pruned down to `final_masks`, or, with order block_norm, down to
/// masks with as many blocks in every row: starts as mask::stage_switches() says for params.epochs
/// epochs, stages of mask::make_stages(), or each of the blocks of greatest L1 norm at its start
/// (mask::prune_by_norm()). Throws mask_stages as those functions do, mask_shape for masks that do
/// not fit the network, and what fit() throws.
template <typename Scalar>
history fit_progressive(nn::network<Scalar>& net, const mask::mask_set& final_masks,
                        const mask::progressive_params& progressive, const dataset& train_set,
                        const dataset& test_set, const fit_params& params, const rng& random,
                        observer* watcher = nullptr, checkpointer<Scalar>* keeper = nullptr) {
  check(params);
  const std::vector<index_t> starts = mask::stage_switches(progressive, params.epochs);
  if (progressive.order == mask::removal_order::ring_distance)
    return fit_stages(net, mask::make_stages(final_masks, progressive), starts, train_set, test_set,
                      params, random, watcher, keeper);
  const mask::mask_set first = mask::initial_stage(final_masks, progressive);
  const auto rows = mask::stage_row_degrees(final_masks, progressive);
  net.check_masks(first);
  detail::fitting<Scalar> run(net, train_set, test_set, params, random, watcher, keeper);
  run.add_option({"masks", detail::masks_text({first, final_masks})});
  const auto masks_of = [&](std::size_t k) {
    return k == 0 ? first : detail::pruned_by_norm(net, final_masks, rows[k], progressive.ring);
  };
  return detail::run_stages(run, net, starts, masks_of, params, watcher);
}

}  // namespace swprune::inline v0::train
