// SPDX-License-Identifier: Apache-2.0
#include "swprune/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"

namespace {

/// Sets the thread count for one scope.
class with_threads {
 public:
  explicit with_threads(int threads) : before_(swprune::thread_count()) {
    swprune::set_thread_count(threads);
  }
  ~with_threads() { swprune::set_thread_count(before_); }
  with_threads(const with_threads&) = delete;
  with_threads& operator=(const with_threads&) = delete;

 private:
  int before_;
};

bool has_openmp() {
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

}  // namespace

TEST_CASE("parallel_for calls the body once for every index") {
  const int threads = GENERATE(1, 2, 5);
  const swprune::index_t count = GENERATE(0, 1, 2, 17, 1000);
  CAPTURE(threads, count);
  const with_threads scope(threads);
  std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count) + 1);
  swprune::parallel_for(count, [&](swprune::index_t i) { ++calls[static_cast<std::size_t>(i)]; });
  CHECK(calls.back() == 0);
  CHECK(std::all_of(calls.begin(), calls.end() - 1, [](const auto& c) { return c == 1; }));
}

TEST_CASE("a negative count is an empty loop") {
  int calls = 0;
  swprune::parallel_for(-3, [&](swprune::index_t) { ++calls; });
  CHECK(calls == 0);
}

TEST_CASE("results do not depend on the number of threads") {
  const auto compute = [](int threads) {
    const with_threads scope(threads);
    std::vector<double> sums(64);
    swprune::parallel_for(64, [&](swprune::index_t i) {
      auto r = swprune::rng(3).stream("part", static_cast<std::uint64_t>(i));
      double sum = 0;
      for (int k = 0; k < 1000; ++k) sum += r.normal();
      sums[static_cast<std::size_t>(i)] = sum;
    });
    return sums;
  };
  const auto one = compute(1);
  CHECK(compute(2) == one);
  CHECK(compute(7) == one);
}

TEST_CASE("an exception of a body arrives at the caller, with its class and text") {
  const int threads = GENERATE(1, 2, 4);
  CAPTURE(threads);
  const with_threads scope(threads);
  const auto failing = [](swprune::index_t i) {
    if (i == 37) swprune::raise(swprune::errc::layer_shape, "at index {}", i);
  };
  CHECK_THROWS_AS(swprune::parallel_for(100, failing), swprune::shape_error);
  CHECK_THROWS_WITH(swprune::parallel_for(100, failing), Catch::EndsWith("at index 37"));
  CHECK_THROWS_AS(swprune::parallel_for(100, [](swprune::index_t) { throw 5; }), int);
}

TEST_CASE("when many bodies throw, one exception arrives and the rest is skipped") {
  const with_threads scope(2);
  std::atomic<int> started{0};
  const auto failing = [&](swprune::index_t i) {
    ++started;
    throw std::runtime_error(std::to_string(i));
  };
  CHECK_THROWS_AS(swprune::parallel_for(100000, failing), std::runtime_error);
  CHECK(started < 100000);
  CHECK(started >= 1);
}

TEST_CASE("parallel_for works again after an exception") {
  const with_threads scope(2);
  CHECK_THROWS(swprune::parallel_for(10, [](swprune::index_t) { throw std::runtime_error("x"); }));
  std::atomic<int> calls{0};
  swprune::parallel_for(10, [&](swprune::index_t) { ++calls; });
  CHECK(calls == 10);
}

TEST_CASE("parallel_for really uses more than one thread") {
  if (!has_openmp()) {
    CHECK(swprune::thread_count() == 1);
    return;
  }
  const with_threads scope(2);
  REQUIRE(swprune::thread_count() == 2);
  // Each body waits until the other has come: a loop on one thread would only run into the limit.
  std::atomic<int> arrived{0};
  std::atomic<int> met{0};
  swprune::parallel_for(2, [&](swprune::index_t) {
    ++arrived;
    for (int i = 0; i < 5000 && arrived < 2; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (arrived == 2) ++met;
  });
  CHECK(met == 2);
}

TEST_CASE("a thread count below one means one") {
  const with_threads scope(0);
  CHECK(swprune::thread_count() == 1);
  swprune::set_thread_count(-4);
  CHECK(swprune::thread_count() == 1);
}
