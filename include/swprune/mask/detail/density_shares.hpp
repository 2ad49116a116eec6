// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/allocate_params.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/detail/fixed_power.hpp"
#include "swprune/mask/detail/prunable_layer.hpp"
#include "swprune/mask/detail/water_filling.hpp"
#include "swprune/mask/layer_spec.hpp"

namespace swprune::inline v0::mask::detail {

/// What a rule makes of one layer: the share of its blocks that it should keep, an exact fraction.
struct block_share {
  wide_t part = 1;
  wide_t whole = 1;
  bool by_hand = false;  ///< the degree is this one, rounded, and no other

  /// round(factor * share), halves up, at most factor; factor <= 2^20.
  [[nodiscard]] index_t of(index_t factor) const {
    if (part >= whole) return factor;
    return static_cast<index_t>((2 * static_cast<wide_t>(factor) * part + whole) / (2 * whole));
  }
  [[nodiscard]] double value() const {
    return std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  }
};

/// What there is to share out.
struct share_budget {
  index_t target = 0;      ///< weights to keep of the prunable layers together
  index_t total = 0;       ///< weights of the network
  index_t dense_macs = 0;  ///< multiply-accumulates of the layers kept dense
  index_t macs = 0;        ///< of the dense network
};

/// How the prunable layers of a network share what is to be kept of them.
class density_shares {
 public:
  density_shares(const std::vector<prunable_layer>& layers, const allocate_params& p,
                 const share_budget& budget)
      : layers_(layers), p_(p), budget_(budget) {
    shares_.resize(layers.size());
    take_by_hand();
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (!shares_[l].by_hand) open_.push_back(l);
    if (open_.empty()) {
      check_by_hand();
      return;
    }
    make_vessels();
    check_bounds();
    gamma_ = p.rule.form() == density_form::by_macs ? find_gamma() : fixed_gamma(p.rule.gamma());
    pour();
  }

  [[nodiscard]] const std::vector<block_share>& shares() const { return shares_; }
  /// Weights of layer `l`, rounded down.
  [[nodiscard]] index_t kept(std::size_t l) const {
    const auto most = static_cast<wide_t>(layers_[l].most_weights());
    if (shares_[l].part >= shares_[l].whole) return layers_[l].most_weights();
    return static_cast<index_t>(most * shares_[l].part / shares_[l].whole);
  }
  /// The exponent in units of 2^-20.
  [[nodiscard]] index_t gamma() const { return gamma_; }
  /// Every prunable layer's density was given by hand.
  [[nodiscard]] bool all_by_hand() const { return open_.empty(); }

 private:
  [[nodiscard]] static index_t fixed_gamma(double gamma) {
    return static_cast<index_t>(std::llround(gamma * 1048576.0));
  }

  [[nodiscard]] bool must_cover() const { return p_.rule.form() != density_form::uniform; }

  SWPRUNE_COLD void take_by_hand() {
    std::size_t found = 0;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const layer_spec& spec = layers_[l].spec();
      const auto given = p_.rule.densities().find(spec.name);
      if (given == p_.rule.densities().end()) continue;
      ++found;
      constexpr double unit = 1099511627776.0;  // 2^40: exact for doubles, and integers from here
      const auto density = static_cast<wide_t>(std::llround(given->second * unit));
      shares_[l] = {density * static_cast<wide_t>(layers_[l].taps()),
                    (wide_t{1} << 40) * static_cast<wide_t>(layers_[l].kept_taps()), true};
      expects(shares_[l].part <= shares_[l].whole, errc::mask_density,
              "layer '{}': density {} was given by hand, but with {} of {} taps a block it can be "
              "at most {:.6f}",
              spec.name, given->second, layers_[l].kept_taps(), layers_[l].taps(),
              static_cast<double>(layers_[l].kept_taps()) / static_cast<double>(layers_[l].taps()));
      by_hand_ += kept(l);
    }
    expects(found == p_.rule.densities().size(), errc::mask_density, "{}", stranger());
  }

  /// Sentence about a name that by_hand() gives but no prunable layer has.
  [[nodiscard]] std::string stranger() const {
    for (const auto& [name, density] : p_.rule.densities()) {
      const auto same = [&, &wanted = name](const prunable_layer& l) {
        return l.spec().name == wanted;
      };
      if (std::none_of(layers_.begin(), layers_.end(), same))
        return fmt::format(
            "density {} was given by hand for '{}', which is no layer or one that is kept dense",
            density, name);
    }
    return {};
  }

  SWPRUNE_COLD void check_by_hand() const {
    if (layers_.empty()) return;
    const index_t error = std::abs(by_hand_ - budget_.target);
    expects(error <= budget_.total / 2000, errc::mask_density,
            "sparsity {} was asked for, but the densities given by hand for all prunable layers "
            "make it {:.6f}: ask for that, or leave a layer out that makes good for the rest",
            p_.sparsity,
            p_.sparsity + static_cast<double>(budget_.target - by_hand_) /
                              static_cast<double>(budget_.total));
  }

  SWPRUNE_COLD void make_vessels() {
    for (const std::size_t l : open_) {
      const prunable_layer& x = layers_[l];
      const index_t least =
          must_cover() && x.fewest_blocks() <= x.blocks() ? x.kept_weights(x.fewest_blocks()) : 0;
      vessels_.push_back({x.spec().weights(), least, x.most_weights(), 1});
      const layer_spec& s = x.spec();
      const index_t sum = s.in_channels + s.out_channels + s.kernel_width + s.kernel_height;
      logs_.push_back(log2_fixed(sum) - log2_fixed(s.weights()));  // of r
    }
  }

  /// What the rule can have at all: throws mask_coverage or mask_density.
  SWPRUNE_COLD void check_bounds() const {
    index_t least = 0, most = 0;
    for (const vessel& v : vessels_) {
      least += v.least;
      most += v.most;
    }
    const index_t left = budget_.target - by_hand_;
    const double one = 1.0 / static_cast<double>(budget_.total);
    if (left < least) refuse_coverage(static_cast<double>(least - left) * one);
    expects(left <= most, errc::mask_density,
            "sparsity {} cannot be reached: the layers that are free keep at most {} weights, but "
            "{} are wanted; ask for a sparsity of at least {:.6f}, more taps or other densities",
            p_.sparsity, most, left, p_.sparsity + static_cast<double>(left - most) * one);
  }

  /// Names the layer whose coverage takes most beyond an equal share.
  [[noreturn]] SWPRUNE_COLD void refuse_coverage(double lacking) const {
    index_t weights = 0;
    for (const vessel& v : vessels_) weights += v.weights;
    std::size_t worst = 0;
    double worst_excess = -1e300;
    const double density =
        static_cast<double>(budget_.target - by_hand_) / static_cast<double>(weights);
    for (std::size_t o = 0; o < open_.size(); ++o) {
      const double excess = static_cast<double>(vessels_[o].least) -
                            density * static_cast<double>(vessels_[o].weights);
      if (excess <= worst_excess) continue;
      worst_excess = excess;
      worst = o;
    }
    const prunable_layer& x = layers_[open_[worst]];
    raise(errc::mask_coverage,
          "layer '{}': sparsity {} with allocation {} is out of reach, because a use for each of "
          "{} input groups in {} rows needs density >= {:.4f} here; all layers at their smallest "
          "densities make sparsity {:.6f}; ask for less, take narrower blocks (Bo = {}), keep the "
          "layer dense, or set allow_uncovered",
          x.spec().name, p_.sparsity, to_string(p_.rule), x.in_groups(), x.out_groups(),
          static_cast<double>(vessels_[worst].least) / static_cast<double>(vessels_[worst].weights),
          p_.sparsity - lacking, ceil_div(x.spec().out_channels, x.out_groups()));
  }

  /// r^gamma relative to the largest one, in units of 2^-32.
  void set_shares(index_t gamma) {
    const index_t top = *std::max_element(logs_.begin(), logs_.end());
    for (std::size_t o = 0; o < open_.size(); ++o)
      vessels_[o].share = gamma == 0
                              ? 1
                              : exp2_fixed(static_cast<index_t>(
                                    static_cast<signed_wide_t>(top - logs_[o]) * gamma >> 20));
  }

  [[nodiscard]] index_t predicted_macs() const {
    const water_level level = fill(vessels_, budget_.target - by_hand_);
    index_t macs = 0;
    for (std::size_t o = 0; o < open_.size(); ++o)
      macs += level.kept(vessels_[o], o) * layers_[open_[o]].spec().out_pixels;
    return macs;
  }

  [[nodiscard]] index_t find_gamma() {
    double ratio = 1.0;
    for (index_t thousandths = 1000; thousandths >= 0; --thousandths) {
      const index_t gamma = ((thousandths << 20) + 500) / 1000;
      set_shares(gamma);
      const index_t kept = budget_.dense_macs + predicted_macs();
      ratio = static_cast<double>(budget_.macs) / static_cast<double>(kept);
      if (ratio >= p_.rule.mac_ratio()) return gamma;
    }
    raise(errc::mask_density,
          "{} times fewer multiply-accumulates cannot be reached at sparsity {}: even the same "
          "density everywhere (gamma = 0) makes {:.4f} times; ask for more sparsity",
          p_.rule.mac_ratio(), p_.sparsity, ratio);
  }

  SWPRUNE_COLD void pour() {
    set_shares(gamma_);
    const water_level level = fill(vessels_, budget_.target - by_hand_);
    for (std::size_t o = 0; o < open_.size(); ++o) {
      const prunable_layer& x = layers_[open_[o]];
      block_share& share = shares_[open_[o]];
      if (level.states[o] == water_level::state::at_least)
        share = {static_cast<wide_t>(x.fewest_blocks()), static_cast<wide_t>(x.blocks()), false};
      else if (level.states[o] == water_level::state::open)
        share = {
            static_cast<wide_t>(level.target) * vessels_[o].share * static_cast<wide_t>(x.taps()),
            level.shares * static_cast<wide_t>(x.kept_taps()), false};
    }
  }

  const std::vector<prunable_layer>& layers_;
  const allocate_params& p_;
  share_budget budget_;
  index_t by_hand_ = 0;  ///< kept by the layers given by hand
  index_t gamma_ = 0;
  std::vector<block_share> shares_;
  std::vector<std::size_t> open_;  ///< layers that the rule fills
  std::vector<vessel> vessels_;    ///< of these
  std::vector<index_t> logs_;      ///< log2(r) of these
};

}  // namespace swprune::inline v0::mask::detail
