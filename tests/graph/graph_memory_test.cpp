// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "swprune/graph/components.hpp"
#include "swprune/graph/newman_watts.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_flex.hpp"

// Every allocation of this program is counted, to the byte. A block holds its size and its own
// beginning just before the memory that is handed out.

namespace {

std::size_t in_use = 0;
std::size_t most_in_use = 0;

struct prefix {
  std::size_t size;
  void* block;
};

void* counted(std::size_t size, std::size_t alignment) {
  void* block = std::malloc(size + alignment + sizeof(prefix));
  if (block == nullptr) throw std::bad_alloc();
  auto place = reinterpret_cast<std::uintptr_t>(block) + sizeof(prefix);
  place = (place + alignment - 1) / alignment * alignment;
  auto* memory = reinterpret_cast<prefix*>(place);
  memory[-1] = {size, block};
  in_use += size;
  most_in_use = std::max(most_in_use, in_use);
  return memory;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  const prefix p = static_cast<prefix*>(memory)[-1];
  in_use -= p.size;
  std::free(p.block);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t /*a*/) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*a*/) noexcept {
  give_back(memory);
}

using namespace swprune;
using graph::undirected;

namespace {

constexpr index_t nodes = 400'000;  // 2 million edges

/// Most bytes in use at a time while `make` runs, its result included, over those of the result.
template <typename Make>
double peak_share(const Make& make) {
  const std::size_t before = in_use;
  most_in_use = before;
  const undirected g = make();
  return static_cast<double>(most_in_use - before) / static_cast<double>(g.bytes());
}

undirected small_world(double p) {
  rng random(3);
  return graph::ws_classic({.nodes = nodes, .degree = 10, .rewire = p}, random);
}

}  // namespace

TEST_CASE("allocations are counted") {
  const std::size_t before = in_use;
  {
    const std::vector<std::int64_t> v(1000);
    CHECK(in_use == before + 8000);
    CHECK(most_in_use >= in_use);
  }
  CHECK(in_use == before);
}

TEST_CASE("a graph needs its compressed rows and nothing else") {
  const std::size_t before = in_use;
  const undirected g = small_world(0.1);
  CHECK(g.edges() == 5 * nodes);
  CHECK(g.bytes() == static_cast<std::size_t>(8 * (nodes + 1) + 8 * g.edges()));
  CHECK(in_use - before == g.bytes());
}

TEST_CASE("Watts-Strogatz graphs are made within 1.5 times their bytes") {
  for (const double p : {0.0, 0.1, 1.0}) {
    CAPTURE(p);
    CHECK(peak_share([&] { return small_world(p); }) <= 1.5);
  }
  const auto flex = [] {
    rng random(3);
    return graph::ws_flex({.nodes = nodes, .degree = 9.5, .rewire = 0.1}, random);
  };
  CHECK(peak_share(flex) <= 1.5);
  const auto connected = [] {
    rng random(3);
    return graph::ws_classic({.nodes = nodes, .degree = 10, .rewire = 0.1, .connected_tries = 5},
                             random);
  };
  CHECK(peak_share(connected) <= 1.5);
}

TEST_CASE("the limit is one that a detour over a list of edges breaks") {
  CHECK(peak_share([] {
          const undirected g = small_world(0.1);
          return undirected(g.nodes(), g.edge_list());
        }) > 1.5);
}

TEST_CASE("a graph from a list of edges needs no memory besides list and rows") {
  const auto edges = small_world(0.1).edge_list();
  CHECK(peak_share([&] { return undirected(nodes, edges); }) <= 1.0);
}

TEST_CASE("Newman-Watts graphs keep room for shortcuts that may never come") {
  const auto draw = [] {
    rng random(3);
    return graph::newman_watts({.nodes = nodes, .degree = 10, .shortcut = 0.1}, random);
  };
  CHECK(peak_share(draw) <= 2.0);
}
