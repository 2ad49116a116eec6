// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/nn/chain.hpp"
#include "swprune/nn/detail/spare_maps.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

/// A layer made of chains that all start at its input. It has no parameters of its own: those it
/// reports are those of the layers inside, named "layer.parameter". It keeps the activations inside
/// its chains from forward_training() to backward().
template <typename Scalar>
class composite : public layer<Scalar> {
 public:
  [[nodiscard]] std::vector<const chain<Scalar>*> paths() const final {
    std::vector<const chain<Scalar>*> all;
    for (const chain<Scalar>& c : paths_) all.push_back(&c);
    return all;
  }

  void plan(const build_params& params,
            const std::shared_ptr<detail::spare_maps<Scalar>>& spare) override {
    for (chain<Scalar>& c : paths_) c.plan(params, spare);
  }
  void begin_step(const rng& random) final {
    for (chain<Scalar>& c : paths_) c.begin_step(random);
  }
  void commit_statistics() final {
    for (chain<Scalar>& c : paths_) c.commit_statistics();
  }

  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() final {
    return joined<parameter_view<Scalar>>([](chain<Scalar>& c) { return c.parameters(); });
  }
  [[nodiscard]] std::vector<state_view<Scalar>> state() final {
    return joined<state_view<Scalar>>([](chain<Scalar>& c) { return c.state(); });
  }

  [[nodiscard]] index_t weight_count() const final {
    return total([](const layer<Scalar>& l) { return l.weight_count(); });
  }
  [[nodiscard]] index_t dense_weight_count() const final {
    return total([](const layer<Scalar>& l) { return l.dense_weight_count(); });
  }
  [[nodiscard]] index_t macs(const map_shape& in) const final {
    return total_cost(in, &layer_summary::macs);
  }
  [[nodiscard]] index_t dense_macs(const map_shape& in) const final {
    return total_cost(in, &layer_summary::dense_macs);
  }

 protected:
  template <typename... Chains>
  explicit composite(std::string name, Chains... paths) : layer<Scalar>(std::move(name)) {
    (paths_.push_back(std::move(paths)), ...);
  }
  composite(const composite&) = default;

  /// Maps for a moment of inference.
  using loan = typename detail::spare_maps<Scalar>::loan;
  [[nodiscard]] detail::spare_maps<Scalar>& spare() const { return *paths_.front().spare_; }

  [[nodiscard]] chain<Scalar>& path(std::size_t i) { return paths_[i]; }
  [[nodiscard]] const chain<Scalar>& path(std::size_t i) const { return paths_[i]; }

 private:
  template <typename View, typename ViewsOf>
  [[nodiscard]] std::vector<View> joined(const ViewsOf& views_of) {
    std::vector<View> all;
    for (chain<Scalar>& c : paths_)
      for (View& v : views_of(c)) all.push_back(std::move(v));
    return all;
  }

  template <typename CountOf>
  [[nodiscard]] index_t total(const CountOf& count_of) const {
    index_t sum = 0;
    for (const chain<Scalar>& c : paths_)
      for (index_t i = 0; i < c.size(); ++i) sum += count_of(c.at(i));
    return sum;
  }

  [[nodiscard]] index_t total_cost(const map_shape& in, index_t layer_summary::*cost) const {
    std::vector<layer_summary> lines;
    for (const chain<Scalar>& c : paths_) c.summarise(in, 0, lines);
    index_t sum = 0;
    for (const layer_summary& l : lines) sum += l.*cost;
    return sum;
  }

  std::vector<chain<Scalar>> paths_;
};

}  // namespace swprune::inline v0::nn
