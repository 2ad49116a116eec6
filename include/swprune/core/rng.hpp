// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0 {

/// FNV-1a hash of a text, 64 bits. Names of random streams go through it.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h;
}

/// The only source of randomness in swprune: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) with
/// distributions of our own, because those of the standard library differ between platforms.
/// Integer results are equal everywhere; normal() uses libm and is equal for one platform.
/// First values and streams are pinned in docs/formats.md.
class rng {
 public:
  explicit constexpr rng(std::uint64_t seed) : seed_(seed), state_(seed) {}

  /// Generator for one purpose, independent of how much of this one was drawn:
  /// its seed is mix(mix(mix(seed ^ hash64(name)) + a) + b).
  [[nodiscard]] constexpr rng stream(std::string_view name, std::uint64_t a = 0,
                                     std::uint64_t b = 0) const {
    return rng(mix(mix(mix(seed_ ^ hash64(name)) + a) + b));
  }

  [[nodiscard]] constexpr std::uint64_t seed() const { return seed_; }

  /// Next 64 random bits.
  constexpr std::uint64_t next() {
    state_ += golden_gamma;
    return finalise(state_);
  }

  /// Uniform integer in [0, n), n >= 1: multiply-shift with rejection (Lemire 2019), no bias.
  std::uint64_t below(std::uint64_t n) {
    expects(n >= 1, errc::argument_out_of_range, "rng::below(n) needs n >= 1, given {}", n);
    const std::uint64_t threshold = (0 - n) % n;
    for (;;) {
      __extension__ using wide = unsigned __int128;
      const wide product = static_cast<wide>(next()) * n;
      if (static_cast<std::uint64_t>(product) >= threshold)
        return static_cast<std::uint64_t>(product >> 64);
    }
  }

  /// Uniform in [0, 1) with 53 random bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// Standard normal (Box-Muller, one value per two draws).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

  /// True with probability p, 0 <= p <= 1.
  constexpr bool bernoulli(double p) { return uniform() < p; }

  /// Fisher-Yates, from the last element down.
  template <typename T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  static constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15u;

  static constexpr std::uint64_t finalise(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  static constexpr std::uint64_t mix(std::uint64_t z) { return finalise(z + golden_gamma); }

  std::uint64_t seed_;
  std::uint64_t state_;
};

}  // namespace swprune::inline v0
