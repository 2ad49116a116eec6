// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"

namespace swprune::inline v0::hw {

/// How unwilling one channel of a memory is. All zero: always willing.
struct stall_params {
  double probability = 0;       ///< of a stall beginning in a willing cycle, 0 <= probability < 1
  index_t burst = 1;            ///< such a stall lasts 1 .. burst cycles, uniform, >= 1
  double long_probability = 0;  ///< of a long stall beginning, 0 <= long_probability < 1
  index_t long_cycles = 0;      ///< its length, >= 0

  /// The same Bernoulli probability for each cycle, no bursts.
  [[nodiscard]] static stall_params bernoulli(double p) {
    return {.probability = p, .burst = 1, .long_probability = 0, .long_cycles = 0};
  }
  [[nodiscard]] bool never() const { return probability == 0 && long_probability == 0; }
};

/// Throws argument_out_of_range unless every member lies in the range of its comment.
SWPRUNE_FUNCTION void check(const stall_params& s, std::string_view channel);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const stall_params& s, std::string_view channel) {
  const auto chance = [&](double p, const char* name) {
    expects(p >= 0 && p < 1, errc::argument_out_of_range,
            "channel '{}': 0 <= {} < 1, given {} (a channel that always stalls never answers)",
            channel, name, p);
  };
  chance(s.probability, "probability");
  chance(s.long_probability, "long_probability");
  expects(s.burst >= 1, errc::argument_out_of_range, "channel '{}': burst >= 1, given {}", channel,
          s.burst);
  expects(s.long_cycles >= 0, errc::argument_out_of_range,
          "channel '{}': long_cycles >= 0, given {}", channel, s.long_cycles);
}

#endif

/// Decides cycle by cycle whether a channel stalls. Reproducible from its seed.
class stall_source {
 public:
  stall_source(const stall_params& params, rng generator)
      : params_(params), random_(generator), never_(params.never()) {}

  /// True when the channel stalls in this cycle; called once per cycle.
  bool stalls() {
    if (never_) return false;
    if (left_ > 0) {
      --left_;
      return true;
    }
    if (params_.long_probability > 0 && random_.bernoulli(params_.long_probability))
      return begin(params_.long_cycles);
    if (random_.bernoulli(params_.probability))
      return begin(1 +
                   static_cast<index_t>(random_.below(static_cast<std::uint64_t>(params_.burst))));
    return false;
  }

 private:
  bool begin(index_t cycles) {
    left_ = cycles > 0 ? cycles - 1 : 0;
    return cycles > 0;
  }

  stall_params params_;
  rng random_;
  bool never_;
  index_t left_ = 0;
};

}  // namespace swprune::inline v0::hw
