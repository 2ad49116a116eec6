// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"

namespace swprune::inline v0::mask {

/// How the densities of the layers follow from the sparsity of the network.
enum class density_form { uniform, erk, mix, by_macs, by_hand };

/// How a network's sparsity is shared out to its layers. With r = (Nif + Nof + Nkx + Nky) /
/// (Nif Nof Nkx Nky), the density of a prunable layer is min(1, eps r^gamma), where eps is such
/// that the network has the sparsity asked for (Mocanu et al., Nature Communications 2018; the form
/// with kernel sizes: Evci et al., "Rigging the Lottery", ICML 2020). gamma = 0 is the same density
/// everywhere: the fewest multiply-accumulates. gamma = 1 ("ERK") keeps narrow layers denser: more
/// accuracy for the same number of weights, more multiply-accumulates.
class density_rule {
 public:
  /// uniform().
  density_rule() = default;

  /// The same density in all prunable layers. A layer too narrow for it is an error
  /// (mask_coverage); mix(0) keeps such a layer denser instead.
  [[nodiscard]] static density_rule uniform() { return {}; }
  /// gamma = 1.
  [[nodiscard]] static density_rule erk() { return density_rule(density_form::erk, 1.0); }
  /// gamma in [0, 1], taken to the nearest multiple of 2^-20. Throws argument_out_of_range.
  [[nodiscard]] static density_rule mix(double gamma) {
    expects(gamma >= 0.0 && gamma <= 1.0, errc::argument_out_of_range,
            "gamma must lie in [0, 1], given {}", gamma);
    return density_rule(density_form::mix, gamma);
  }
  /// The largest gamma of 0, 0.001, ... 1 at which the network's multiply-accumulates, dense over
  /// kept, are predicted to be at least `mac_ratio`, in [1, 2^20]. Throws argument_out_of_range.
  [[nodiscard]] static density_rule by_macs(double mac_ratio) {
    expects(mac_ratio >= 1.0 && mac_ratio <= 1048576.0, errc::argument_out_of_range,
            "the ratio of multiply-accumulates must lie in [1, 2^20], given {}", mac_ratio);
    density_rule rule(density_form::by_macs, 0.0);
    rule.mac_ratio_ = mac_ratio;
    return rule;
  }
  /// Densities of prunable layers by name, each in (0, 1], taken to whole degrees as they are.
  /// Layers that are not named share what is left of the sparsity uniformly; with all of them
  /// named there is nothing left to share, and the sparsity asked for must be theirs. Throws
  /// argument_out_of_range for a density outside its range or if none is given.
  [[nodiscard]] static density_rule by_hand(std::map<std::string, double> densities) {
    expects(!densities.empty(), errc::argument_out_of_range,
            "densities by hand need at least one layer, given none");
    for (const auto& [name, density] : densities)
      expects(density > 0.0 && density <= 1.0, errc::argument_out_of_range,
              "layer '{}': a density given by hand must lie in (0, 1], given {}", name, density);
    density_rule rule(density_form::by_hand, 0.0);
    rule.densities_ = std::move(densities);
    return rule;
  }

  [[nodiscard]] density_form form() const { return form_; }
  /// The exponent, in [0, 1]: 0 for uniform and by_hand; by_macs finds its own.
  [[nodiscard]] double gamma() const { return gamma_; }
  /// Wanted by by_macs; 1 for every other form.
  [[nodiscard]] double mac_ratio() const { return mac_ratio_; }
  /// Given by by_hand; empty for every other form.
  [[nodiscard]] const std::map<std::string, double>& densities() const { return densities_; }

  friend bool operator==(const density_rule&, const density_rule&) = default;

 private:
  density_rule(density_form form, double gamma) : form_(form), gamma_(gamma) {}

  density_form form_ = density_form::uniform;
  double gamma_ = 0.0;
  double mac_ratio_ = 1.0;
  std::map<std::string, double> densities_;
};

/// "uniform", "erk", gamma as a number (mix), "macs R" or "by hand".
[[nodiscard]] SWPRUNE_SETUP std::string to_string(const density_rule& rule);

/// The rule that a program's user writes: "uniform", "erk" or gamma in [0, 1] as a number. Throws
/// argument_out_of_range for anything else.
[[nodiscard]] SWPRUNE_SETUP density_rule parse_density_rule(std::string_view text);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::string to_string(const density_rule& rule) {
  switch (rule.form()) {
    case density_form::uniform:
      return "uniform";
    case density_form::erk:
      return "erk";
    case density_form::mix:
      return fmt::format("{}", rule.gamma());
    case density_form::by_macs:
      return fmt::format("macs {}", rule.mac_ratio());
    case density_form::by_hand:
      return "by hand";
  }
  return "unknown";
}

SWPRUNE_SETUP density_rule parse_density_rule(std::string_view text) {
  if (text == "uniform") return density_rule::uniform();
  if (text == "erk") return density_rule::erk();
  double gamma = -1.0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, gamma);
  expects(failure == std::errc() && stop == end && gamma >= 0.0 && gamma <= 1.0,
          errc::argument_out_of_range,
          "an allocation is 'uniform', 'erk' or a number in [0, 1] between them; given '{}'", text);
  return density_rule::mix(gamma);
}

#endif

}  // namespace swprune::inline v0::mask
