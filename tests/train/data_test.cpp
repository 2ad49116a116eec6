// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "swprune/train/batches.hpp"
#include "swprune/train/dataset.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

TEST_CASE("a consistent data set passes, others are refused", "[dataset]") {
  const train::dataset good = bright_quarters(10, 1);
  good.check();
  CHECK(good.size() == 10);
  train::dataset bad = good;
  bad.labels[7] = 4;
  CHECK_THROWS_WITH(bad.check(),
                    Contains("E502") && Contains("image 7 has label 4, must lie in 0..3"));
  bad = good;
  bad.images.pop_back();
  CHECK_THROWS_WITH(bad.check(), Contains("E501") && Contains("10 labels of 1 x 8 x 8 images need "
                                                              "640 bytes, given 639"));
  bad = good;
  bad.classes = 257;
  CHECK_THROWS_WITH(bad.check(), Contains("must lie in 1..256, given 257"));
  bad = good;
  bad.shape.width = 0;
  CHECK_THROWS_WITH(bad.check(), Contains("given 1 x 8 x 0"));
}

TEST_CASE("a subset is a range of images", "[dataset]") {
  const train::dataset all = bright_quarters(10, 1);
  const train::dataset part = all.subset(3, 4);
  part.check();
  REQUIRE(part.size() == 4);
  CHECK(std::equal(part.images.begin(), part.images.end(), all.image(3)));
  CHECK(part.labels[0] == all.labels[3]);
  CHECK(all.subset(10, 0).size() == 0);
  CHECK_THROWS_WITH(all.subset(8, 3), Contains("images 8..10 lie outside the 10 images"));
  CHECK_THROWS_AS(all.subset(-1, 2), invalid_argument);
}

TEST_CASE("each epoch visits every image once, in an order of its own", "[batches]") {
  const rng random(1);
  const auto order = train::shuffled_order(100, random, 0);
  std::set<index_t> seen(order.begin(), order.end());
  CHECK(seen.size() == 100);
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == 99);
  CHECK(order == train::shuffled_order(100, random, 0));
  CHECK(order != train::shuffled_order(100, random, 1));
  CHECK(order != train::shuffled_order(100, rng(2), 0));
}

TEST_CASE("a batch holds the bytes divided by 255", "[batches]") {
  const train::dataset data = bright_quarters(40, 1);
  std::vector<index_t> numbers(17);
  std::iota(numbers.begin(), numbers.end(), index_t{20});
  train::batch<float> b;
  train::load_batch(data, numbers, b);
  CHECK(b.images.batch() == 17);
  CHECK(b.images.dead_lanes_are_zero());
  for (index_t n = 0; n < 17; ++n) {
    CHECK(b.labels[static_cast<std::size_t>(n)] == data.labels[static_cast<std::size_t>(20 + n)]);
    for (index_t p = 0; p < 64; ++p)
      if (b.images.at(n, 0, p / 8, p % 8) !=
          Approx(static_cast<float>(data.image(20 + n)[p]) / 255.0f))
        FAIL("image " << n << " pixel " << p);
  }
  numbers[3] = 40;
  CHECK_THROWS_WITH(train::load_batch(data, numbers, b), Contains("image 40 lies outside the 40"));
}

TEST_CASE("shifts and mirrors move pixels and bring in zeros", "[augment]") {
  train::dataset data{.shape = {2, 3, 4}, .classes = 1, .images = {}, .labels = {0}};
  for (int i = 0; i < 24; ++i) data.images.push_back(static_cast<std::uint8_t>(10 * (i + 1)));
  const std::vector<index_t> numbers{0};
  train::batch<float> b;
  for (index_t down = -3; down <= 3; ++down)
    for (index_t right = -4; right <= 4; ++right)
      for (const bool mirrored : {false, true}) {
        CAPTURE(down, right, mirrored);
        train::load_batch(
            data, numbers,
            [&](index_t) {
              return train::image_change{down, right, mirrored};
            },
            b);
        // Mirror first, then shift, pixel by pixel into a cleared image.
        std::vector<int> expected(24, 0);
        for (index_t c = 0; c < 2; ++c)
          for (index_t y = 0; y < 3; ++y)
            for (index_t x = 0; x < 4; ++x) {
              const index_t to_y = y + down, to_x = (mirrored ? 3 - x : x) + right;
              if (to_y < 0 || to_y >= 3 || to_x < 0 || to_x >= 4) continue;
              expected[static_cast<std::size_t>((c * 3 + to_y) * 4 + to_x)] =
                  data.images[static_cast<std::size_t>((c * 3 + y) * 4 + x)];
            }
        for (index_t i = 0; i < 24; ++i)
          CHECK(b.images.at(0, i / 12, i % 12 / 4, i % 4) * 255.0f ==
                Approx(expected[static_cast<std::size_t>(i)]).margin(1e-3));
      }
}

TEST_CASE("changes depend on seed, epoch and sample alone and cover their range", "[augment]") {
  const train::augment_params p{.crop = 2, .flip = true};
  const rng random(5);
  std::set<index_t> down, right;
  int mirrored = 0, same_in_next_epoch = 0;
  for (index_t n = 0; n < 1000; ++n) {
    const auto a = train::draw_change(p, random, 0, n);
    const auto again = train::draw_change(p, random, 0, n);
    const auto next = train::draw_change(p, random, 1, n);
    CHECK((a.down == again.down && a.right == again.right && a.mirrored == again.mirrored));
    same_in_next_epoch +=
        a.down == next.down && a.right == next.right && a.mirrored == next.mirrored;
    down.insert(a.down);
    right.insert(a.right);
    mirrored += a.mirrored;
  }
  CHECK(down == std::set<index_t>{-2, -1, 0, 1, 2});
  CHECK(right == down);
  CHECK(std::abs(mirrored - 500) < 80);           // five standard deviations
  CHECK(std::abs(same_in_next_epoch - 20) < 23);  // one in fifty
  const auto none = train::draw_change({}, random, 0, 1);
  CHECK((none.down == 0 && none.right == 0 && !none.mirrored));
}

TEST_CASE("normalised pixels, black frame included", "[normalisation]") {
  train::dataset data = bright_quarters(3, 1);
  data.shape = {2, 4, 8};
  data.normalise = {.mean = {0.25, 0.5}, .deviation = {0.2, 0.125}};
  data.check();
  const std::vector<index_t> numbers{2};
  train::batch<double> b;
  train::load_batch(
      data, numbers, [](index_t) { return train::image_change{.down = 1, .right = 0}; }, b);
  for (index_t c = 0; c < 2; ++c)
    for (index_t y = 0; y < 4; ++y)
      for (index_t x = 0; x < 8; ++x) {
        const int pixel = y == 0 ? 0 : data.image(2)[(c * 4 + y - 1) * 8 + x];
        const double expected = (pixel / 255.0 - (c == 0 ? 0.25 : 0.5)) / (c == 0 ? 0.2 : 0.125);
        CHECK(b.images.at(0, c, y, x) == Approx(expected).epsilon(1e-12));
      }
  CHECK(b.images.dead_lanes_are_zero());
  CHECK(data.subset(1, 2).normalise == data.normalise);
}

TEST_CASE("measured normalisation gives mean 0 and deviation 1", "[normalisation]") {
  train::dataset data = bright_quarters(200, 3);
  data.shape = {2, 4, 8};  // upper and lower half as channels
  data.normalise = train::measure_normalisation(data);
  std::vector<index_t> numbers(200);
  std::iota(numbers.begin(), numbers.end(), index_t{0});
  train::batch<double> b;
  train::load_batch(data, numbers, b);
  for (index_t c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (index_t i = 0; i < 200 * 32; ++i) {
      const double v = b.images.at(i / 32, c, i % 32 / 8, i % 8);
      sum += v;
      squares += v * v;
    }
    CHECK(sum / 6400 == Approx(0).margin(1e-9));
    CHECK(squares / 6400 == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("a normalisation that cannot be is refused", "[normalisation]") {
  train::dataset data = bright_quarters(3, 1);
  const auto refused = [&](const train::normalisation& n, const std::string& text) {
    train::dataset bad = data;
    bad.normalise = n;
    CHECK_THROWS_WITH(bad.check(), Contains("E501") && Contains(text));
    train::batch<float> b;
    CHECK_THROWS_WITH(train::load_batch(bad, std::vector<index_t>{0}, b), Contains(text));
  };
  refused({.mean = {0, 0}, .deviation = {1, 1}}, "each of 1 channels, given 2 and 2");
  refused({.mean = {0.5}, .deviation = {}}, "given 1 and 0");
  refused({.mean = {0.5}, .deviation = {0}}, "deviation > 0, given 0.5 and 0");
  refused({.mean = {std::nan("")}, .deviation = {1}}, "channel 0: the mean must be finite");
  CHECK_THROWS_WITH(train::measure_normalisation(data.subset(0, 0)), Contains("no mean"));
  std::fill(data.images.begin(), data.images.end(), std::uint8_t{9});
  CHECK_THROWS_WITH(train::measure_normalisation(data), Contains("deviation > 0"));
}

TEST_CASE("data sets of one kind can be joined", "[dataset]") {
  const train::dataset whole = bright_quarters(10, 1);
  train::dataset joined = whole.subset(0, 4);
  joined.append(whole.subset(4, 6));
  CHECK(joined.images == whole.images);
  CHECK(joined.labels == whole.labels);
  train::dataset other = whole;
  other.classes = 5;
  CHECK_THROWS_WITH(joined.append(other), Contains("E501") && Contains("of 5 classes"));
  other = whole;
  other.normalise = {.mean = {0}, .deviation = {1}};
  CHECK_THROWS_WITH(joined.append(other), Contains("another normalisation"));
}
