// SPDX-License-Identifier: Apache-2.0
#include "swprune/train/batch_source.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;
using train::batch_source;

namespace {

const train::augment_params changes{.crop = 2, .flip = true};

/// The change of each image in epoch 3 of seed 7.
train::image_change change(index_t n) { return train::draw_change(changes, rng(7), 3, n); }

/// True when `now` is what load_batch() makes of images order[first..].
bool is_batch(const train::batch<float>& now, const train::dataset& data,
              const std::vector<index_t>& order, std::size_t first, std::size_t size) {
  train::batch<float> expected;
  const auto count = std::min(size, order.size() - first);
  train::load_batch(data, std::span<const index_t>(order).subspan(first, count), change, expected);
  if (now.labels != expected.labels || now.images.batch() != expected.images.batch()) return false;
  for (index_t t = 0; t < expected.images.tiles(); ++t)
    if (!std::equal(now.images.data(t), now.images.data(t) + 64 * nn::lanes,
                    expected.images.data(t)))
      return false;
  return true;
}

/// Polls: what another thread does soon.
template <typename Condition>
bool becomes_true(const Condition& condition) {
  for (int i = 0; i < 10000 && !condition(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

}  // namespace

TEST_CASE("the batches of a source are those of load_batch, bit for bit", "[batch_source]") {
  const train::dataset data = bright_quarters(101, 1);
  const auto order = train::shuffled_order(101, rng(1), 0);
  for (const index_t size : {1, 16, 20, 33, 101, 500}) {
    CAPTURE(size);
    batch_source<float> source(data, order, size, change);
    CHECK(source.batches() == ceil_div(index_t{101}, size));
    index_t seen = 0;
    while (const auto* now = source.next()) {
      REQUIRE(is_batch(*now, data, order, static_cast<std::size_t>(seen),
                       static_cast<std::size_t>(size)));
      CHECK_FALSE((seen > 0 && is_batch(*now, data, order, 0, static_cast<std::size_t>(size))));
      seen += now->images.batch();
    }
    CHECK(seen == 101);
    CHECK(source.next() == nullptr);
    CHECK(source.next() == nullptr);
  }
}

TEST_CASE("a source begins where an epoch is resumed", "[batch_source]") {
  const train::dataset data = bright_quarters(50, 1);
  const auto order = train::shuffled_order(50, rng(1), 0);
  for (index_t first = 0; first <= 4; ++first) {
    batch_source<float> source(data, order, 16, change, first);
    for (index_t b = first; b < 4; ++b) {
      const auto* now = source.next();
      REQUIRE(now != nullptr);
      CHECK(is_batch(*now, data, order, static_cast<std::size_t>(16 * b), 16));
    }
    CHECK(source.next() == nullptr);
  }
  CHECK_THROWS_WITH((batch_source<float>(data, order, 16, change, 5)),
                    Contains("must lie in 0..4, given 5"));
  CHECK_THROWS_WITH((batch_source<float>(data, order, 0, change)), Contains("batch must be >= 1"));
  batch_source<float> none(data, {}, 16, change);
  CHECK(none.next() == nullptr);
}

TEST_CASE("one batch is prepared ahead and never more", "[batch_source]") {
  const train::dataset data = bright_quarters(64, 1);
  const auto order = train::shuffled_order(64, rng(1), 0);
  std::atomic<int> loaded{0};
  batch_source<float> source(data, order, 8, [&](index_t) {
    ++loaded;
    return train::image_change{};
  });
  CHECK(becomes_true([&] { return loaded == 16; }));  // both slots, before anyone asked
  REQUIRE(source.next() != nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(loaded == 16);  // the first is still in use
  REQUIRE(source.next() != nullptr);
  CHECK(becomes_true([&] { return loaded == 24; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(loaded == 24);
}

TEST_CASE("an exception comes out of next(), after the good batches", "[batch_source]") {
  const train::dataset data = bright_quarters(32, 1);
  std::vector<index_t> order = train::shuffled_order(32, rng(1), 0);
  order[20] = 32;
  batch_source<float> source(data, order, 8, change);
  for (int b = 0; b < 2; ++b) {
    const auto* now = source.next();
    REQUIRE(now != nullptr);
    CHECK(now->images.batch() == 8);
  }
  for (int again = 0; again < 2; ++again)
    CHECK_THROWS_WITH(source.next(), Contains("E501") && Contains("image 32 lies outside the 32"));

  batch_source<float> foreign(
      data, train::shuffled_order(32, rng(1), 0), 8,
      [](index_t) -> train::image_change { throw std::runtime_error("no change today"); });
  CHECK_THROWS_WITH(foreign.next(), "no change today");
}

TEST_CASE("a source can be left at any moment", "[batch_source]") {
  const train::dataset data = bright_quarters(64, 1);
  const auto order = train::shuffled_order(64, rng(1), 0);
  for (int round = 0; round < 300; ++round) {
    batch_source<float> source(data, order, 8, change);
    for (int b = 0; b < round % 10; ++b) (void)source.next();
  }
  SUCCEED();
}

TEST_CASE("loading ahead leaves the caller's number of threads alone", "[batch_source]") {
  const int before = thread_count();
  set_thread_count(2);
  const int two = thread_count();
  {
    const train::dataset data = bright_quarters(64, 1);
    batch_source<float> source(data, train::shuffled_order(64, rng(1), 0), 8, change);
    while (source.next() != nullptr) CHECK(thread_count() == two);
  }
  CHECK(thread_count() == two);
  set_thread_count(before);
}
