// SPDX-License-Identifier: Apache-2.0
// The closed form against hand-computed cases, against a cycle-by-cycle play, and its bounds.
#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/quant/diagonal_layer.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/hw/cycles_simulation.hpp"
#include "tests/support/random_graph.hpp"

using namespace swprune;

namespace {

/// 2 x 2 pixels, 4 channels, one chain, 8-byte bus: D = 4, and every number below fits on paper.
constexpr hw::array_params tiny{.poy = 2, .pox = 2, .pof = 4, .chains = 1, .bus_bytes = 8};

/// 1 x 1 convolution, 4 -> 4 * rows channels, all blocks live.
quant::int8_model pointwise(index_t size, index_t rows) {
  rng r(5);
  quant::int8_model m;
  m.input = {4, size, size};
  quant::int8_layer l;
  l.name = "pointwise";
  l.input = m.input;
  l.output = {4 * rows, size, size};
  l.block = {4, 4};
  l.blocks = mask::block_mask::dense(rows, 1);
  swprune_test::detail::draw_weights(l, false, r);
  l.bias.assign(static_cast<std::size_t>(4 * rows), 0);
  l.multiplier.assign(static_cast<std::size_t>(4 * rows), 1);
  l.shift.assign(static_cast<std::size_t>(4 * rows), 8);
  m.layers.push_back(l);
  return m;
}

}  // namespace

TEST_CASE("one pass, by hand") {
  const auto report = hw::predict(hw::compile(pointwise(2, 1), tiny, 1));
  const hw::cycle_counts& c = report.total;
  // Descriptor: 32 words, 2 + 32 = 34, Check 1. Step 0: record 16 words (18), Check 1, list 1 beat
  // of 4 parts (6), parameters 48 bytes = 6 beats of 2 parts (14), weights 16 bytes = 2 beats (4),
  // fetch list one beat (3), plane 4 words = 2 beats, both words of a beat in one cycle (4): 50.
  // FillGo in cycle 1, a Check behind each record; loader Idle in 1 + 1 + 35 + 50 = 87, StepGo in
  // 88.
  CHECK(c.fill_cycles == 87);
  // 4 micro-ops: last retire in 88 + 4 + 5 = 97. Filled is seen 4 + 4 cycles later, 2 slots (2 rows
  // of one run of 2 words) in 105 and 106, the fence with the last write in 107, its answer in 108,
  // Flush is left in 109, Done in 110.
  CHECK(c.cycles == 110);
  // Seven requests, each 5 cycles later. Beats every 2.5 cycles: the descriptor's last one of 16 is
  // there floor(15 x 2.5) - 30 = 7 later, the record's 17 - 14 = 3, the parameters' 12 - 10 = 2,
  // those of weights and plane 2 - 1 = 1 each. The fence is answered 10 cycles later.
  const auto slow = hw::predict(hw::compile(pointwise(2, 1), tiny, 1),
                                {.latency = 6, .beat_interval = 2.5, .fence_latency = 11});
  CHECK(slow.total.fill_cycles == 87 + 7 * 5 + 14);
  CHECK(slow.cycles == 110 + 7 * 5 + 14 + 10);
  CHECK(c.uops == 4);
  CHECK(c.ideal_cycles == 4);
  CHECK(c.blocks == 1);
  CHECK(c.passes == 1);
  CHECK(c.read_beats == 16 + 8 + 1 + 6 + 2 + 1 + 2);
  CHECK(c.write_beats == 2);
  CHECK(c.drain_stalls == 0);
  CHECK(c.load_stalls == 0);
  CHECK(c.bytes_of(hw::request_kind::weights) == 16);
  CHECK(c.bytes_of(hw::request_kind::plane) == 16);
}

TEST_CASE("passes shorter than the drain, by hand") {
  // An empty row: one null micro-op a pass. Four sub-tiles of a 4 x 4 map, so Dx = 4 between them.
  auto m = pointwise(4, 1);
  m.layers[0].blocks = mask::block_mask(1, 1);
  m.layers[0].weights.clear();
  const auto report = hw::predict(hw::compile(m, tiny, 1, {.plan = {.seg_y = 2, .seg_x = 2}}));
  const hw::cycle_counts& c = report.total;
  CHECK(c.uops == 4);
  CHECK(c.ideal_cycles == 0);
  CHECK(c.blocks == 0);
  // Step 0: record (18) and Check, list (6), parameters (14), no weights, no planes: 39. StepGo in
  // 1 + 1 + 35 + 39 + 1 = 77, first retire in 77 + 1 + 5 = 83, then 87, 91, 95: 3 stalls each.
  CHECK(c.fill_cycles == 76);
  CHECK(c.drain_stalls == 9);
  CHECK(c.write_stalls == 0);
  // Last retire 95, filled seen in 103, slots in 103 and 104, fence in 105, answer in 106, Flush
  // left in 107, Done in 108.
  CHECK(c.cycles == 108);
}

TEST_CASE("a step that waits for the next one's load, by hand") {
  // Two rows in chunks of one: the second chunk keeps the activations.
  const auto p = hw::compile(pointwise(2, 2), tiny, 1, {.plan = {.max_rows = 1}});
  const auto report = hw::predict(p);
  const hw::cycle_counts& c = report.total;
  // Step 1: record (18) and Check, list (6), parameters (14), weights (4): 43. StepGo in 88, retire
  // in 97; the loader is Idle from 88 + 1 + 43 = 132 on, so cycles 98..131 wait. StepGo in 133,
  // retire in 133 + 4 + 5 = 142, filled seen in 150, slots 150 and 151, fence 152, answer 153,
  // Flush left in 154, Done 155.
  CHECK(c.fill_cycles == 87);
  CHECK(c.load_stalls == 34);
  CHECK(c.cycles == 155);
  CHECK(c.load_cycles == 49 + 42);
}

TEST_CASE("a last slot without a word takes its cycle") {
  // 5 channels: the second group's only word exists; 9 channels on Pof = 8 leave a word unused.
  auto m = pointwise(2, 1);
  const auto full = hw::predict(hw::compile(m, tiny, 1)).total.cycles;
  m.input = m.layers[0].input = {4, 1, 1};
  m.layers[0].output = {4, 1, 1};
  // One pixel of four: with segments of 2 x 2 only the first slot of two writes.
  const auto p = hw::compile(m, tiny, 1, {.plan = {.seg_y = 2, .seg_x = 2}});
  const auto c = hw::predict(p).total;
  CHECK(c.write_beats == 1);
  // The plane has one word: one beat less to load. The fence goes with the empty slot.
  CHECK(c.cycles == full - 1);
}

TEST_CASE("the timeline agrees with a cycle-by-cycle play") {
  index_t stalled = 0;
  index_t waited = 0;
  index_t held = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    rng r = rng(seed).stream("timeline");
    const auto below = [&](std::uint64_t n) { return static_cast<index_t>(r.below(n)); };
    std::vector<swprune_test::simulated_layer> layers(1 + r.below(4));
    const index_t shift_cycles = index_t{1} << below(5);
    for (auto& l : layers) {
      l.shift_cycles = shift_cycles;
      l.store_slots = index_t{1} << below(5);
      for (index_t steps = 1 + below(3); steps > 0; --steps) {
        swprune_test::simulated_step s;
        s.load.before = 10 + below(r.bernoulli(0.3) ? 600 : 60);
        s.load.after = below(200);
        s.load.residual = r.bernoulli(0.4);
        // Only a layer's first step waits for stores, and none in the first layer.
        if (&l != &layers.front() && l.steps.empty())
          s.load.wait = static_cast<hw::store_wait>(below(3));
        held += s.load.wait != hw::store_wait::none;
        const auto longest = std::uint64_t{1} << below(6);
        for (index_t rows = 1 + below(4); rows > 0; --rows)
          s.passes.insert(s.passes.end(), static_cast<std::size_t>(1 + below(25)),
                          1 + below(longest));
        l.steps.push_back(s);
      }
    }
    swprune_test::run_simulation simulation(layers);
    const auto played = simulation.run();
    hw::timeline time;
    time.start(layers[0].steps[0].load);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto& l = layers[i];
      time.layer({l.shift_cycles, l.store_slots});
      for (std::size_t s = 0; s < l.steps.size(); ++s) {
        std::vector<hw::pass_run> runs;
        for (const index_t uops : l.steps[s].passes) {
          if (runs.empty() || runs.back().uops != uops) runs.push_back({uops, 0});
          ++runs.back().count;
        }
        time.step(runs);
        if (s + 1 < l.steps.size()) {
          time.load(l.steps[s + 1].load);
          time.next_step();
        }
      }
      if (i + 1 < layers.size()) time.load(layers[i + 1].steps[0].load);
      time.end_layer();
      CAPTURE(seed, i, shift_cycles, l.store_slots, l.steps.size());
      REQUIRE(time.layer_cycles() == played[i].cycles);
      REQUIRE(time.drain_stalls() == played[i].drain_stalls);
      REQUIRE(time.write_stalls() == played[i].write_stalls);
      REQUIRE(time.load_stalls() == played[i].load_stalls);
      stalled += played[i].drain_stalls > 0;
      waited += played[i].load_stalls > 0;
    }
    REQUIRE(time.total_cycles() == simulation.total());
  }
  CHECK(stalled > 200);
  CHECK(waited > 200);
  CHECK(held > 200);
}

TEST_CASE("planner and closed form agree; no run beats its bounds") {
  index_t runs = 0;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      rng r = rng(seed).stream("bounds");
      const auto c =
          seed % 3 == 0
              ? swprune_test::random_graph(array, {}, r)
              : swprune_test::random_model(
                    array, {.layers = 1 + static_cast<index_t>(seed % 3), .max_images = 9}, r);
      const auto params = swprune_test::random_params(array, r);
      hw::program p;
      try {
        p = hw::compile(c.model, array, c.images, params);
      } catch (const mismatch_error&) {
        continue;
      }
      ++runs;
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      const auto report = hw::predict(p);
      index_t sum = 1;
      for (std::size_t i = 0; i < report.layers.size(); ++i) {
        const auto& layer = report.layers[i];
        sum += layer.cycles;
        REQUIRE(layer.cycles == p.layers[i].planned_cycles);
        REQUIRE(layer.cycles >= layer.uops + layer.fill_cycles + layer.flush_cycles);
        REQUIRE(layer.uops >= layer.ideal_cycles);
        REQUIRE(layer.ideal_cycles * array.pes() >= p.layers[i].macs_kept);
        REQUIRE(layer.bytes_of(hw::request_kind::weights) >=
                static_cast<index_t>(c.model.layers[i].weights.size()));
      }
      REQUIRE(report.total.cycles == sum);
    }
  CHECK(runs > 150);
}

TEST_CASE("the first step of a layer waits for what it reads, and only for that") {
  // Two layers of 8 images, one image a step: the second layer's first image was stored long before
  // the first layer's last step, which is the last image.
  const auto waits = [](const quant::int8_model& m, index_t images) {
    const auto p = hw::compile(m, {}, images, {.plan = {.seg_y = 4, .seg_x = 8}});
    const auto layers = hw::decode_image(p.image, 0, p.layer_count);
    for (const auto& l : layers)
      for (std::size_t s = 1; s < l.steps.size(); ++s) {
        CHECK_FALSE(l.steps[s].wait_stored);
        CHECK_FALSE(l.steps[s].wait_but_last);
      }
    CHECK_FALSE(layers[0].steps[0].wait_stored);
    CHECK_FALSE(layers[0].steps[0].wait_but_last);
    return std::pair(layers.back().steps[0].wait_stored, layers.back().steps[0].wait_but_last);
  };
  rng r(6);
  quant::int8_model m;
  m.input = {16, 4, 8};
  for (const char* name : {"first", "second"})
    m.layers.push_back(swprune_test::lattice_layer({name, {16, 4, 8}, 16, 3, 1, false, 4}, r));
  CHECK(waits(m, 8) == std::pair(false, true));
  CHECK(waits(m, 1) == std::pair(true, false));
  m.layers[1].reads.tensor = "input";
  CHECK(waits(m, 1) == std::pair(false, false));
  m.layers[1].residual = quant::residual_add{.reads = {"first", 0}, .input = {16, 4, 8}};
  // The residual is of the layer before. Which steps it waits for depends on the chunks chosen: a
  // chunk of the first rows does not read what the last step of that layer writes.
  const auto [all, but_last] = waits(m, 1);
  CHECK(all != but_last);
}

TEST_CASE("the dense control of a diagonal layer walks the diagonal") {
  quant::int8_model m;
  m.input = {64, 4, 4};
  m.layers.push_back(quant::average_pool_layer("average", m.input, {4, 4, 1, 0}, {}, {}, {8, 4}));
  const auto sparse = hw::predict(hw::compile(m, {}, 8)).total;
  const auto dense = hw::predict(hw::compile(m, {.skip = false}, 8)).total;
  // 8 rows of 8 channels of 16 taps; the 8 images lie side by side.
  CHECK(sparse.ideal_cycles == 8 * 8 * 16);
  CHECK(dense.ideal_cycles == sparse.ideal_cycles);
  CHECK(dense.uops == sparse.uops);
}

TEST_CASE("a strided layer loads several words a cycle") {
  rng r(4);
  const auto layer = [&](index_t kernel, index_t padding) {
    quant::int8_model m;
    m.input = {64, 32, 32};
    auto l = swprune_test::lattice_layer({"conv", m.input, 64, kernel, padding, false, 16}, r);
    l.stride = 2;
    l.output = {64, l.conv_height(), l.conv_width()};
    m.layers.push_back(l);
    return hw::decode_image(hw::compile(m, {}, 8, {.plan = {.seg_y = 4, .seg_x = 8}}).image, 0, 1)
        .front()
        .descriptor;
  };
  // docs/accelerator.md section 3.3: U = B / 8 strided, and B / 4 where only phase 0 is read.
  const auto wide = layer(3, 1);
  CHECK(wide.load_strided);
  CHECK_FALSE(wide.phase_zero);
  CHECK(wide.load_log2 == 2);
  const auto point = layer(1, 0);
  CHECK_FALSE(point.load_strided);
  CHECK(point.phase_zero);
  CHECK(point.load_log2 == 3);
}

TEST_CASE("the dense control does not depend on the mask") {
  rng r(9);
  quant::int8_model sparse;
  sparse.input = {32, 14, 14};
  sparse.layers.push_back(
      swprune_test::lattice_layer({"conv", {32, 14, 14}, 64, 5, 2, true, 2}, r));
  quant::int8_model dense = sparse;
  dense.layers[0] = swprune_test::lattice_layer({"conv", {32, 14, 14}, 64, 5, 2, true, 8}, r);
  const hw::array_params control{.skip = false};
  const auto from_sparse = hw::predict(hw::compile(sparse, control, 8)).total;
  const auto from_dense = hw::predict(hw::compile(dense, control, 8)).total;
  CHECK(from_sparse == from_dense);
  CHECK(hw::predict(hw::compile(sparse, {}, 8)).total.uops * 4 == from_dense.uops);
}

TEST_CASE("the demonstration network reaches 0.95 of the ideal speed-up") {
  const auto model = swprune_test::demo_model();
  for (const index_t images : {32, 128}) {
    CAPTURE(images);
    const auto sparse = hw::compile(model, {}, images);
    const auto dense = hw::compile(model, {.skip = false}, images);
    const auto result = hw::compare(sparse, dense);
    const auto& t = result.total;
    CAPTURE(t.cycles_dense, t.cycles_sparse, t.ideal_dense, t.ideal_sparse);
    // 49 sub-tiles for 2 images of 4 rows with 25; 49 for 8 images of 64 blocks with 100; ...
    CHECK(result.layers[0].ideal_sparse == images / 2 * 49 * 4 * 25);
    CHECK(result.layers[1].ideal_sparse == images / 8 * 49 * 8 * 2 * 100);
    CHECK(result.layers[1].ideal_dense == images / 8 * 49 * 8 * 8 * 100);
    CHECK(result.layers[2].ideal_sparse == images / 32 * 60 * 196);
    CHECK(t.speedup() >= 0.98 * t.speedup_ideal());
    CHECK(t.speedup() <= t.speedup_ideal());
    CHECK(t.efficiency() <= 1.0);
    CHECK(t.utilisation() <= t.efficiency());
    CHECK(t.weight_bytes_skipped > 0);
    CHECK(t.activation_bytes_skipped > 0);
    index_t cycles = 1;
    for (const auto& l : result.layers) cycles += l.cycles_sparse;
    CHECK(cycles == t.cycles_sparse);
  }
}

TEST_CASE("figures of a comparison, by hand") {
  hw::comparison c;
  c.pes = 16;
  c.macs_kept = 3200;
  c.macs_dense = 12800;
  c.cycles_dense = 1000;
  c.cycles_sparse = 250;
  c.ideal_dense = 800;
  c.ideal_sparse = 200;
  CHECK(c.speedup_ideal() == Approx(4.0));
  CHECK(c.speedup() == Approx(3.2));  // against the ideal of the control, which is smaller
  CHECK(c.efficiency() == Approx(0.8));
  CHECK(c.utilisation() == Approx(0.8));
  CHECK(c.utilisation_dense() == Approx(0.8));
  c.ideal_dense = 1200;
  CHECK(c.speedup() == Approx(4.0));
  CHECK(hw::comparison{}.speedup_ideal() == 0.0);
  const auto sparse = hw::compile(pointwise(2, 1), tiny, 1);
  CHECK_THROWS_WITH(hw::compare(sparse, sparse), Catch::Contains("first with, then without skip"));
}
