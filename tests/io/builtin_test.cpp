// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/builtin.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

#include "tests/io/file_checks.hpp"

using namespace swprune;
using swprune_test::error_of;

namespace {

/// FNV-1a of bytes.
std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes) {
  return hash64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Softmax regression on standardised pixels, by stochastic gradient descent with a falling step:
/// the best that a linear classifier does, near enough. Returns its accuracy on `test`.
class linear_classifier {
 public:
  explicit linear_classifier(const train::dataset& data)
      : pixels_(static_cast<std::size_t>(data.shape.size())),
        mean_(pixels_),
        scale_(pixels_),
        weights_(10 * (pixels_ + 1)) {
    standardise(data);
    rng random(1);
    std::vector<index_t> order(static_cast<std::size_t>(data.size()));
    std::iota(order.begin(), order.end(), 0);
    for (int epoch = 0; epoch < epochs; ++epoch) {
      random.shuffle(std::span<index_t>(order));
      const float step = 0.002f * static_cast<float>(epochs - epoch) / epochs;
      for (const index_t n : order) learn(data, n, step);
    }
  }

  [[nodiscard]] double accuracy(const train::dataset& data) {
    index_t right = 0;
    for (index_t n = 0; n < data.size(); ++n) {
      const auto p = probabilities(data, n);
      const auto best = std::max_element(p.begin(), p.end()) - p.begin();
      right += best == data.labels[static_cast<std::size_t>(n)];
    }
    return static_cast<double>(right) / static_cast<double>(data.size());
  }

 private:
  static constexpr int epochs = 15;

  void standardise(const train::dataset& data) {
    const auto n = static_cast<float>(data.size());
    std::vector<float> square(pixels_);
    for (index_t i = 0; i < data.size(); ++i)
      for (std::size_t p = 0; p < pixels_; ++p) {
        const float v = data.image(i)[p];
        mean_[p] += v / n;
        square[p] += v * v / n;
      }
    for (std::size_t p = 0; p < pixels_; ++p)
      scale_[p] = 1.0f / std::sqrt(std::max(square[p] - mean_[p] * mean_[p], 1.0f));
  }

  std::array<float, 10> probabilities(const train::dataset& data, index_t n) {
    x_.assign(pixels_ + 1, 1.0f);
    for (std::size_t p = 0; p < pixels_; ++p) x_[p] = (data.image(n)[p] - mean_[p]) * scale_[p];
    std::array<float, 10> z{};
    for (std::size_t c = 0; c < 10; ++c) {
      const float* w = &weights_[c * (pixels_ + 1)];
      float sum = 0;
      for (std::size_t p = 0; p <= pixels_; ++p) sum += w[p] * x_[p];
      z[c] = sum;
    }
    const float top = *std::max_element(z.begin(), z.end());
    float total = 0;
    for (float& v : z) total += v = std::exp(v - top);
    for (float& v : z) v /= total;
    return z;
  }

  void learn(const train::dataset& data, index_t n, float step) {
    auto p = probabilities(data, n);
    p[data.labels[static_cast<std::size_t>(n)]] -= 1.0f;
    for (std::size_t c = 0; c < 10; ++c) {
      float* w = &weights_[c * (pixels_ + 1)];
      for (std::size_t i = 0; i <= pixels_; ++i) w[i] -= step * p[c] * x_[i];
    }
  }

  std::size_t pixels_;
  std::vector<float> mean_, scale_, weights_, x_;
};

}  // namespace

TEST_CASE("builtin: the bytes are pinned") {
  const io::train_test data = io::make_builtin({.train = 1000, .test = 200, .seed = 1});
  CHECK(hash_of(data.train.images) == 0xf7f1a0b1e2267b33u);
  CHECK(hash_of(data.train.labels) == 0x9c73e6c08e80f513u);
  CHECK(hash_of(data.test.images) == 0x25eb95c5cc20938eu);
  CHECK(hash_of(data.test.labels) == 0xb40b070258400cc7u);
}

TEST_CASE("builtin: image i depends on seed, part and i only") {
  const train::dataset longer = io::builtin_part(5, "train", 700);
  const train::dataset shorter = io::builtin_part(5, "train", 333);
  CHECK(longer.subset(0, 333).images == shorter.images);
  CHECK(longer.subset(0, 333).labels == shorter.labels);
  CHECK(io::builtin_part(6, "train", 333).images != shorter.images);
  CHECK(io::builtin_part(5, "test", 333).images != shorter.images);
  const int threads = thread_count();
  for (const int n : {1, 2, 3}) {
    set_thread_count(n);
    CHECK(io::builtin_part(5, "train", 700).images == longer.images);
  }
  set_thread_count(threads);
}

TEST_CASE("builtin: a good data set with every digit equally often and no image twice") {
  const train::dataset data = io::builtin_part(2, "train", 2000);
  CHECK_NOTHROW(data.check());
  std::array<int, 10> count{};
  for (const std::uint8_t label : data.labels) ++count[label];
  for (const int n : count) CHECK(n == 200);
  std::vector<std::uint64_t> hashes;
  for (index_t n = 0; n < data.size(); ++n) hashes.push_back(hash_of(data.subset(n, 1).images));
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
  for (index_t n = 0; n < data.size(); ++n) {
    CAPTURE(n);
    // Something is drawn, and it is not everything.
    const auto bright =
        std::count_if(data.image(n), data.image(n) + 784, [](int v) { return v > 110; });
    REQUIRE(bright >= 12);
    REQUIRE(bright <= 500);
  }
}

TEST_CASE("builtin: sizes are checked") {
  for (const index_t bad : {index_t{-1}, index_t{10'000'001}}) {
    CHECK(
        error_of([&] { (void)io::make_builtin({.train = bad}); }).is(errc::argument_out_of_range));
    CHECK(error_of([&] {
            (void)io::make_builtin({.test = bad});
          }).says({"0 <= train, test <= 10,000,000", std::to_string(bad)}));
    CHECK(error_of([&] { (void)io::builtin_part(1, "x", bad); }).is(errc::argument_out_of_range));
  }
  CHECK(io::builtin_part(1, "x", 0).size() == 0);
}

TEST_CASE("builtin: a linear classifier stays below 90 %") {
  const io::train_test data = io::make_builtin();
  linear_classifier linear(data.train);
  const double learnt = linear.accuracy(data.train);
  const double accuracy = linear.accuracy(data.test);
  CAPTURE(learnt, accuracy);
  CHECK(accuracy < 0.90);
  CHECK(accuracy > 0.25);  // it does learn something
}

TEST_CASE("builtin: the linear classifier of this test can reach 90 %") {
  // The same images, with the digit also written as a bright bar: linear work.
  io::train_test data = io::make_builtin({.train = 3000, .test = 500});
  for (train::dataset* part : {&data.train, &data.test})
    for (index_t n = 0; n < part->size(); ++n)
      for (int x = 0; x < 8; ++x)
        part->images[static_cast<std::size_t>(
            n * 784 + x + 28 * part->labels[static_cast<std::size_t>(n)])] = 255;
  linear_classifier linear(data.train);
  CHECK(linear.accuracy(data.test) > 0.95);
}
