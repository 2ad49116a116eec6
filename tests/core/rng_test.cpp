// SPDX-License-Identifier: Apache-2.0
#include "swprune/core/rng.hpp"

#include <rapidcheck/catch.h>
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

using swprune::hash64;
using swprune::rng;

namespace {

template <std::size_t Count>
std::array<std::uint64_t, Count> first_values(rng r) {
  std::array<std::uint64_t, Count> values{};
  for (auto& v : values) v = r.next();
  return values;
}

/// Pearson's chi-squared of counts against equal expectation.
double chi_squared(const std::vector<int>& counts, int draws) {
  const double expected = static_cast<double>(draws) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int c : counts) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

/// Mean, variance, skewness and kurtosis of a sample.
std::array<double, 4> moments(const std::vector<double>& sample) {
  const double n = static_cast<double>(sample.size());
  const double mean = std::accumulate(sample.begin(), sample.end(), 0.0) / n;
  double m2 = 0, m3 = 0, m4 = 0;
  for (const double x : sample) {
    const double d = x - mean;
    m2 += d * d / n, m3 += d * d * d / n, m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

/// Do the moments agree with N(0, 1) within five standard errors?
bool looks_normal(const std::vector<double>& sample) {
  const double n = static_cast<double>(sample.size());
  const auto [mean, variance, skewness, kurtosis] = moments(sample);
  return std::abs(mean) < 5 / std::sqrt(n) && std::abs(variance - 1) < 5 * std::sqrt(2 / n) &&
         std::abs(skewness) < 5 * std::sqrt(6 / n) &&
         std::abs(kurtosis - 3) < 5 * std::sqrt(24 / n);
}

}  // namespace

TEST_CASE("the hash of stream names is FNV-1a with 64 bits") {
  // The published test vectors of the hash.
  CHECK(hash64("") == 0xcbf29ce484222325u);
  CHECK(hash64("a") == 0xaf63dc4c8601ec8cu);
  CHECK(hash64("foobar") == 0x85944171f73967e8u);
  // Bytes above 127 count as unsigned.
  CHECK(hash64("\xff") == ((0xcbf29ce484222325u ^ 0xffu) * 0x100000001b3u));
}

TEST_CASE("first values of the engine are pinned") {
  // The published values of SplitMix64 for seeds 0 and 1234567.
  CHECK(first_values<5>(rng(0)) ==
        std::array<std::uint64_t, 5>{0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u, 0x06c45d188009454fu,
                                     0xf88bb8a8724c81ecu, 0x1b39896a51a8749bu});
  CHECK(first_values<5>(rng(1234567)) ==
        std::array<std::uint64_t, 5>{6457827717110365317u, 3203168211198807973u,
                                     9817491932198370423u, 4593380528125082431u,
                                     16408922859458223821u});
}

TEST_CASE("first values of streams are pinned") {
  // Computed with big integers from the formula in the documentation of rng::stream.
  struct pinned {
    std::string_view name;
    std::uint64_t a, b, seed, first, second;
  };
  const pinned table[] = {
      {"mask/conv2", 0, 0, 0xb5f505f1b4b1ef7fu, 0x1cdf8a6596b92494u, 0xf07480d7a8848838u},
      {"mask/conv2", 1, 0, 0xd31d6a6ccba918e1u, 0x8befe46f7bd4dd21u, 0x23ab872fe000c38du},
      {"mask/conv2", 0, 1, 0x773fd9e9849eaac7u, 0xe7e462a8d5f5eb5cu, 0x2623c0cd02c910b6u},
      {"shuffle", 3, 0, 0x667fca141c3d51b5u, 0xf00617af0144b13eu, 0xaa218553d84f7138u},
      {"augment", 3, 17, 0x89722917f85d046eu, 0xbf080103c17d5eedu, 0x57f07c94219d6d88u},
  };
  for (const auto& p : table) {
    CAPTURE(p.name, p.a, p.b);
    rng s = rng(42).stream(p.name, p.a, p.b);
    CHECK(s.seed() == p.seed);
    CHECK(s.next() == p.first);
    CHECK(s.next() == p.second);
  }
}

TEST_CASE("first results of the distributions are pinned") {
  rng integers(42);
  std::vector<std::uint64_t> digits(12);
  for (auto& d : digits) d = integers.below(10);
  CHECK(digits == std::vector<std::uint64_t>{7, 1, 2, 3, 0, 8, 2, 8, 3, 6, 2, 4});

  // A bound at which a third of all draws is rejected.
  rng rejecting(42);
  CHECK(rejecting.below(6148914691236517206u) == 4559819177585091804u);
  CHECK(rejecting.below(6148914691236517206u) == 983275364042297430u);
  CHECK(rejecting.below(6148914691236517206u) == 233844262047321083u);

  rng reals(42);
  CHECK(reals.uniform() == 0x1.7bae644c5fd6dp-1);
  CHECK(reals.uniform() == 0x1.477f199d93378p-3);
  CHECK(reals.uniform() == 0x1.1d499d5c4c3e6p-2);

  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  rng(42).shuffle(std::span<int>(items));
  CHECK(items == std::vector<int>{8, 3, 6, 5, 4, 0, 9, 2, 1, 7});

  rng normals(42);
  CHECK(normals.normal() == Approx(0.8822489062222688).epsilon(1e-14));
  CHECK(normals.normal() == Approx(-0.4508498757188601).epsilon(1e-14));
  CHECK(normals.normal() == Approx(0.1883526341159315).epsilon(1e-14));
}

TEST_CASE("a stream does not depend on what was drawn before") {
  rc::prop("same stream before and after draws", [](std::uint64_t seed, std::uint64_t a) {
    rng r(seed);
    const auto before = first_values<4>(r.stream("init", a));
    const auto draws = *rc::gen::inRange(0, 50);
    for (int i = 0; i < draws; ++i) r.next();
    RC_ASSERT(first_values<4>(r.stream("init", a)) == before);
  });
}

TEST_CASE("streams differ by name and by both indices") {
  rc::prop("different arguments, different streams", [](std::uint64_t seed) {
    const rng r(seed);
    const std::vector<std::uint64_t> seeds = {
        r.seed(),
        r.stream("a").seed(),
        r.stream("b").seed(),
        r.stream("a", 1).seed(),
        r.stream("a", 0, 1).seed(),
        r.stream("a", 1, 1).seed(),
        r.stream("a", 2, 0).seed(),
        r.stream("a").stream("a").seed(),
    };
    auto sorted = seeds;
    std::sort(sorted.begin(), sorted.end());
    RC_ASSERT(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  });
}

TEST_CASE("below(n) stays below n") {
  rc::prop("range", [](std::uint64_t seed) {
    rng r(seed);
    const auto n = *rc::gen::suchThat<std::uint64_t>([](std::uint64_t x) { return x >= 1; });
    for (int i = 0; i < 20; ++i) RC_ASSERT(r.below(n) < n);
    RC_ASSERT(r.below(~std::uint64_t{0}) < ~std::uint64_t{0});
    RC_ASSERT(r.below(1) == 0u);
  });
}

TEST_CASE("below(n) is even") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  const std::uint64_t n = GENERATE(2u, 3u, 7u, 100u);
  CAPTURE(seed, n);
  constexpr int draws = 100000;
  rng r(seed);
  std::vector<int> counts(n), biased(n);
  for (int i = 0; i < draws; ++i) {
    ++counts[r.below(n)];
    ++biased[std::min(r.below(n), r.below(n + 1) % n)];
  }
  // Mean n - 1, variance 2(n - 1): six standard deviations, and the check sees a bias.
  const double limit = static_cast<double>(n - 1) + 6 * std::sqrt(2.0 * static_cast<double>(n - 1));
  CHECK(chi_squared(counts, draws) < limit);
  CHECK(chi_squared(biased, draws) > limit);
}

TEST_CASE("below(n) has no bias for a bound that does not divide 2^64") {
  // A plain high product would give a third of all draws for n = 2^63 + 2^62 to each even third.
  const std::uint64_t n = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  std::vector<int> thirds(3), naive(3);
  constexpr int draws = 60000;
  rng r(9);
  for (int i = 0; i < draws; ++i) {
    ++thirds[r.below(n) % 3];
    __extension__ using wide = unsigned __int128;
    ++naive[static_cast<std::uint64_t>((static_cast<wide>(r.next()) * n) >> 64) % 3];
  }
  CHECK(chi_squared(thirds, draws) < 2 + 6 * 2);
  CHECK(chi_squared(naive, draws) > 1000);
}

TEST_CASE("below(0) is refused") {
  rng r(1);
  CHECK_THROWS_WITH(r.below(0), Catch::Contains("E101") && Catch::Contains("given 0"));
}

TEST_CASE("uniform() lies in [0, 1) and is even") {
  rng r(5);
  std::vector<int> counts(64);
  constexpr int draws = 200000;
  for (int i = 0; i < draws; ++i) {
    const double u = r.uniform();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    ++counts[static_cast<std::size_t>(u * 64)];
  }
  CHECK(chi_squared(counts, draws) < 63 + 6 * std::sqrt(2.0 * 63));
}

TEST_CASE("bernoulli(p) has the frequency p and keeps to the ends") {
  rng r(6);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(r.bernoulli(0.0));
    REQUIRE(r.bernoulli(1.0));
  }
  const double p = GENERATE(0.1, 0.5, 0.9);
  constexpr int draws = 100000;
  int hits = 0;
  for (int i = 0; i < draws; ++i) hits += r.bernoulli(p);
  CHECK(std::abs(hits - p * draws) < 5 * std::sqrt(p * (1 - p) * draws));
}

TEST_CASE("normal() has the moments of the standard normal distribution") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  rng r(seed);
  std::vector<double> sample(200000);
  for (auto& x : sample) x = r.normal();
  CHECK(looks_normal(sample));

  // The check refuses a shifted, a wide, a skewed and a uniform sample.
  auto spoiled = sample;
  for (auto& x : spoiled) x += 0.02;
  CHECK_FALSE(looks_normal(spoiled));
  spoiled = sample;
  for (auto& x : spoiled) x *= 1.02;
  CHECK_FALSE(looks_normal(spoiled));
  spoiled = sample;
  for (auto& x : spoiled) x += 0.02 * (x * x - 1);
  CHECK_FALSE(looks_normal(spoiled));
  for (auto& x : spoiled) x = std::sqrt(12.0) * (r.uniform() - 0.5);
  CHECK_FALSE(looks_normal(spoiled));
}

TEST_CASE("normal() is finite at the ends of uniform()") {
  rng r(7);
  for (int i = 0; i < 1000000; ++i) {
    const double x = r.normal();
    if (!std::isfinite(x)) FAIL("draw " << i << " is " << x);
  }
}

TEST_CASE("shuffle() permutes") {
  rc::prop("same elements", [](std::uint64_t seed, std::vector<int> items) {
    auto shuffled = items;
    rng(seed).shuffle(std::span<int>(shuffled));
    std::sort(shuffled.begin(), shuffled.end());
    std::sort(items.begin(), items.end());
    RC_ASSERT(shuffled == items);
  });
}

TEST_CASE("shuffle() makes all orders of four equally often") {
  constexpr int draws = 48000;
  std::vector<int> counts(24), naive(24);
  rng r(11);
  const auto number_of = [](const std::array<int, 4>& p) {
    std::array<int, 4> q{0, 1, 2, 3};
    std::size_t number = 0;
    while (q != p) std::next_permutation(q.begin(), q.end()), ++number;
    return number;
  };
  for (int i = 0; i < draws; ++i) {
    std::array<int, 4> p{0, 1, 2, 3}, q{0, 1, 2, 3};
    r.shuffle(std::span<int>(p));
    ++counts[number_of(p)];
    for (auto& item : q) std::swap(item, q[r.below(4)]);  // the well-known wrong shuffle
    ++naive[number_of(q)];
  }
  const double limit = 23 + 6 * std::sqrt(2.0 * 23);
  CHECK(chi_squared(counts, draws) < limit);
  CHECK(chi_squared(naive, draws) > limit);
}
