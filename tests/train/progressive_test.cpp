// SPDX-License-Identifier: Apache-2.0
// Training with masks that change: against dense training with explicit masks, against one-shot
// pruning, and on real images.
#include "swprune/train/progressive.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/io/builtin.hpp"
#include "tests/nn/naive_conv.hpp"
#include "tests/train/pruned_lenet.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

train::fit_params quick(index_t epochs = 8) {
  train::fit_params p;
  p.epochs = epochs;
  p.batch = 20;
  p.schedule.rate = 0.05;
  return p;
}

std::vector<float> everything(nn::network<float>& net) {
  std::vector<float> all;
  for (const auto& p : net.parameters()) all.insert(all.end(), p.values.begin(), p.values.end());
  for (const auto& s : net.state()) all.insert(all.end(), s.values.begin(), s.values.end());
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// conv - bn - relu - pool - conv - bn - relu - fc for 8 x 8 images, four classes; block sizes and
/// channels from `r`.
nn::network<float> random_net(rng& r, const std::vector<mask::layer_mask>& masks) {
  nn::network<float> net;
  net.add<nn::conv2d>(masks[0], nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn1", masks[0].out_channels);
  net.add<nn::relu>("relu1");
  net.add<nn::max_pool>("pool1");
  net.add<nn::conv2d>(masks[1], nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn2", masks[1].out_channels);
  net.add<nn::relu>("relu2");
  net.add<nn::fully_connected>(masks[2], true);
  net.build({1, 8, 8});
  nn::kaiming_init(net, r);
  return net;
}

std::vector<mask::layer_mask> random_shapes(rng& r) {
  const mask::block_shape blocks[] = {{8, 4}, {4, 4}, {3, 2}, {1, 1}};
  const mask::block_shape b = blocks[r.below(4)];
  const auto c1 = static_cast<index_t>(5 + r.below(8)), c2 = static_cast<index_t>(6 + r.below(8));
  return {nn::dense_mask("conv1", 1, c1, 3, 3, b), nn::dense_mask("conv2", c1, c2, 3, 3, b),
          nn::dense_mask("fc", c2, 4, 4, 4, b)};
}

/// A part of `m`: some blocks go, some of the others lose taps.
mask::layer_mask part_of(const mask::layer_mask& m, rng& r) {
  mask::layer_mask part = m;
  mask::tap_mask kept(m.out_groups(), m.in_groups(), m.taps());
  bool lacking = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      const bool goes =
          m.blocks.row_degree(j) > 1 && r.bernoulli(0.3) && part.blocks.row_degree(j) > 1;
      part.blocks.set(j, i, !goes);
      for (index_t t = 0; t < m.taps() && !goes; ++t)
        kept.set(j, i, t, m.kept_taps.test(j, i, t) && r.bernoulli(0.8));
      for (index_t t = 0; !goes && kept.count(j, i) == 0; ++t)
        kept.set(j, i, t, m.kept_taps.test(j, i, t));
      lacking = lacking || (!goes && kept.count(j, i) < m.taps());
    }
  part.kept_taps = lacking ? kept : mask::tap_mask();
  return part;
}

std::vector<mask::mask_set> random_stages(const std::vector<mask::layer_mask>& whole, index_t count,
                                          rng& r) {
  std::vector<mask::mask_set> stages{mask::mask_set(whole)};
  while (static_cast<index_t>(stages.size()) < count) {
    std::vector<mask::layer_mask> next;
    for (const mask::layer_mask& m : stages.back()) next.push_back(part_of(m, r));
    stages.emplace_back(next);
  }
  return stages;
}

bool keeps(const mask::layer_mask& m, std::size_t dense_index) {
  const auto at = static_cast<index_t>(dense_index);
  const index_t o = at / m.taps() / m.in_channels, i = at / m.taps() % m.in_channels;
  const index_t row = o / m.block.outputs, column = i / m.block.inputs;
  return m.blocks.test(row, column) && m.kept_taps.test(row, column, at % m.taps());
}

/// What training with masks means, on a network that stores everything: after every step weights
/// and velocities outside the masks of the time are set to zero. Shares the kernels of dense layers
/// with the library, and nothing of masks, maps and switches.
class masked_dense_training {
 public:
  masked_dense_training(nn::network<float>& net, const train::fit_params& p)
      : net_(net), p_(p), optimiser_(net.parameters(), p.sgd) {}

  void run(const train::dataset& data, const std::vector<mask::mask_set>& stages,
           const std::vector<index_t>& starts, const rng& random) {
    for (index_t epoch = 0; epoch < p_.epochs; ++epoch) {
      for (std::size_t k = 0; k < starts.size(); ++k)
        if (starts[k] == epoch) now_ = &stages[k];
      clear();
      const auto order = train::shuffled_order(data.size(), random, epoch);
      const index_t batches = ceil_div(data.size(), p_.batch);
      for (index_t b = 0; b < batches; ++b) {
        const auto first = static_cast<std::size_t>(b * p_.batch);
        const auto count = std::min(static_cast<std::size_t>(p_.batch), order.size() - first);
        train::batch<float> batch;
        train::load_batch(data, std::span<const index_t>(order).subspan(first, count), batch);
        const auto& logits = net_.forward_training(batch.images);
        nn::activations<float> gradient;
        nn::softmax_cross_entropy<float>(logits, batch.labels, &gradient, p_.label_smoothing);
        net_.backward(gradient);
        net_.commit_statistics();
        optimiser_.step(net_.parameters(),
                        train::learning_rate(p_.schedule, epoch * batches + b,
                                             {.epochs = p_.epochs, .steps_per_epoch = batches}));
        clear();
      }
    }
  }

 private:
  void clear() {
    const auto parameters = net_.parameters();
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const std::string& name = parameters[p].name;
      if (name.find(".weights") == std::string::npos) continue;
      const auto* conv = net_.find<nn::conv2d>(name.substr(0, name.find('.')));
      const mask::layer_mask& m = now_->at(conv->name());
      conv->for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t at) {
        if (keeps(m, static_cast<std::size_t>((o * m.in_channels + i) * m.taps() + tap))) return;
        parameters[p].values[at] = 0;
        optimiser_.velocities()[p][at] = 0;
      });
    }
  }

  nn::network<float>& net_;
  train::fit_params p_;
  train::sgd<float> optimiser_;
  const mask::mask_set* now_ = nullptr;
};

/// Looks into the network at every event, which a test may.
struct witness : train::observer {
  nn::network<float>& net;
  std::vector<mask::mask_set> stages;  ///< what the masks should be, empty: not checked
  std::vector<train::mask_switch> seen;
  std::vector<mask::mask_set> masks;  ///< at every switch
  index_t steps = 0, now = -1, stop_at = -1;

  explicit witness(nn::network<float>& n, std::vector<mask::mask_set> s = {})
      : net(n), stages(std::move(s)) {}
  train::verdict on_switch(const train::mask_switch& s) override {
    seen.push_back(s);
    masks.push_back(net.masks());
    now = s.stage;
    return s.stage == stop_at ? train::verdict::stop : train::verdict::go_on;
  }
  train::verdict on_step(const train::step_event&) override {
    ++steps;
    if (stages.empty()) return train::verdict::go_on;
    REQUIRE(now >= 0);
    for (const mask::layer_mask& m : stages[static_cast<std::size_t>(now)]) {
      const std::vector<float> dense = net.find<nn::conv2d>(m.name)->to_dense();
      for (std::size_t k = 0; k < dense.size(); ++k)
        if (dense[k] != 0.0f && !keeps(m, k))
          FAIL("step " << steps << ": weight " << k << " of " << m.name << " is " << dense[k]);
    }
    return train::verdict::go_on;
  }
};

}  // namespace

TEST_CASE("velocities follow their weights over a change of masks", "[progressive]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    rng r(seed);
    const auto shapes = random_shapes(r);
    auto net = random_net(r, shapes);
    train::sgd<float> optimiser(net.parameters());
    for (auto& v : optimiser.velocities())
      for (float& x : v) x = static_cast<float>(r.normal());
    const auto before = optimiser.velocities();
    const auto change = net.change_masks(random_stages(shapes, 3, r).back());
    optimiser.change_masks(change);
    const auto& after = optimiser.velocities();
    REQUIRE(after.size() == before.size());
    for (std::size_t p = 0; p < before.size(); ++p) {
      REQUIRE(after[p].size() == net.parameters()[p].values.size());
      std::vector<char> carried(after[p].size(), 0);
      for (std::size_t k = 0; k < before[p].size(); ++k) {
        const index_t to = change[p].old_to_new[k];
        if (to < 0) continue;
        REQUIRE(after[p][static_cast<std::size_t>(to)] == before[p][k]);
        carried[static_cast<std::size_t>(to)] = 1;
      }
      for (std::size_t k = 0; k < carried.size(); ++k)
        if (carried[k] == 0) REQUIRE(after[p][k] == 0.0f);
    }
    CHECK_NOTHROW(optimiser.step(net.parameters(), 0.01));
    // And on to more: what is new begins without momentum.
    optimiser.change_masks(net.change_masks(mask::mask_set(shapes)));
    for (std::size_t p = 0; p < before.size(); ++p)
      CHECK(optimiser.velocities()[p].size() == before[p].size());
    CHECK_THROWS_WITH(optimiser.change_masks({}), Contains("E503") && Contains("masks of 0"));
    auto wrong = net.change_masks(mask::mask_set(shapes));
    wrong[0].old_to_new.pop_back();
    CHECK_THROWS_WITH(optimiser.change_masks(wrong), Contains("'conv1.weights'"));
    wrong = net.change_masks(mask::mask_set(shapes));
    wrong[0].old_to_new[0] = wrong[0].size;
    CHECK_THROWS_WITH(optimiser.change_masks(wrong), Contains("'conv1.weights'"));
  }
}

TEST_CASE("training in stages is dense training with explicit masks, bit for bit",
          "[progressive]") {
  index_t steps = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    rng r = rng(seed).stream("stages");
    const auto data = bright_quarters(60, seed);
    const auto shapes = random_shapes(r);
    const auto stages = random_stages(shapes, 4, r);
    const std::vector<index_t> starts{0, 2, 3, 5};
    auto net = random_net(r, shapes);
    auto dense = net.clone();
    const train::fit_params p = quick();
    witness watch(net, stages);
    const auto done = train::fit_stages(net, stages, starts, data, {}, p, rng(seed), &watch);
    masked_dense_training(dense, p).run(data, stages, starts, rng(seed));
    steps += watch.steps;
    CHECK(net.masks() == stages.back());
    CHECK(done.switches.size() == 4);
    for (const char* name : {"conv1", "conv2", "fc"})
      // == and not memcmp: an absent weight is 0, a masked one may be -0.
      CHECK(net.find<nn::conv2d>(name)->to_dense() == dense.find<nn::conv2d>(name)->to_dense());
    const auto a = net.state(), b = dense.state();
    for (std::size_t s = 0; s < a.size(); ++s)
      CHECK(std::equal(a[s].values.begin(), a[s].values.end(), b[s].values.begin()));
    // The comparison notices a switch one epoch late.
    auto late = random_net(r, shapes);
    auto reference = late.clone();
    train::fit_stages(late, stages, {0, 2, 3, 6}, data, {}, p, rng(seed));
    masked_dense_training(reference, p).run(data, stages, starts, rng(seed));
    CHECK(late.find<nn::conv2d>("conv2")->to_dense() !=
          reference.find<nn::conv2d>("conv2")->to_dense());
  }
  CHECK(steps == 12 * 8 * 3);
}

TEST_CASE("all stages before training is one-shot pruning, bit for bit", "[progressive]") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    rng r = rng(seed).stream("P0");
    const auto data = bright_quarters(80, seed);
    const auto shapes = random_shapes(r);
    const auto stages = random_stages(shapes, 4, r);
    auto net = random_net(r, shapes);
    auto one_shot = net.clone();
    const auto done = train::fit_stages(net, stages, {0, 0, 0, 0}, data, {}, quick(3), rng(5));
    one_shot.change_masks(stages.back());
    train::fit(one_shot, data, {}, quick(3), rng(5));
    CHECK(done.switches.size() == 4);
    CHECK(same_bits(everything(net), everything(one_shot)));
    // Stages first, weights afterwards: the network that was made with the final masks.
    auto through = random_net(r, shapes);
    for (const mask::mask_set& s : stages) through.change_masks(s);
    nn::kaiming_init(through, rng(9));
    auto made = random_net(r, stages.back().layers());
    nn::kaiming_init(made, rng(9));
    train::fit(through, data, {}, quick(3), rng(5));
    train::fit(made, data, {}, quick(3), rng(5));
    CHECK(same_bits(everything(through), everything(made)));
    // A last stage that is trained for longer is something else.
    auto p1 = random_net(r, shapes);
    auto p0 = p1.clone();
    train::fit_stages(p1, stages, {0, 0, 0, 1}, data, {}, quick(3), rng(5));
    train::fit_stages(p0, stages, {0, 0, 0, 0}, data, {}, quick(3), rng(5));
    CHECK_FALSE(same_bits(everything(p0), everything(p1)));
  }
}

TEST_CASE("the observer is told of switches and can stop at one", "[progressive]") {
  rng r(3);
  const auto data = bright_quarters(40, 1);
  const auto shapes = random_shapes(r);
  const auto stages = random_stages(shapes, 3, r);
  auto net = random_net(r, shapes);
  witness watch(net);
  const auto done = train::fit_stages(net, stages, {0, 1, 1}, data, {}, quick(3), rng(5), &watch);
  REQUIRE(watch.seen.size() == 3);
  REQUIRE(done.switches.size() == 3);
  index_t before = mask::mask_set(shapes).weights();
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(watch.seen[k].stage == static_cast<index_t>(k));
    CHECK(watch.seen[k].stages == 3);
    CHECK(watch.seen[k].epoch == (k == 0 ? 0 : 1));
    CHECK(watch.seen[k].weights_before == before);
    CHECK(watch.seen[k].weights == stages[k].kept_weights());
    CHECK(watch.seen[k].density == stages[k].density());
    CHECK(done.switches[k].weights == watch.seen[k].weights);
    CHECK(watch.masks[k] == stages[k]);
    before = watch.seen[k].weights;
  }
  auto other = random_net(r, shapes);
  witness early(other);
  early.stop_at = 1;
  const auto stopped =
      train::fit_stages(other, stages, {0, 1, 1}, data, {}, quick(3), rng(5), &early);
  CHECK(stopped.stopped);
  CHECK(stopped.epochs.size() == 1);
  CHECK(early.steps == 2);
  CHECK(other.masks() == stages[1]);
  // No epochs, all stages: pruned and not trained.
  auto untrained = random_net(r, shapes);
  CHECK(train::fit_stages(untrained, stages, {0, 0, 0}, data, {}, quick(0), rng(5)).epochs.empty());
  CHECK(untrained.masks() == stages[2]);
}

TEST_CASE("impossible stages are refused, and the network stays as it was", "[progressive]") {
  rng r(4);
  const auto data = bright_quarters(40, 1);
  const auto shapes = random_shapes(r);
  const auto stages = random_stages(shapes, 3, r);
  auto net = random_net(r, shapes);
  const auto before = everything(net);
  const auto refuses = [&](const std::vector<mask::mask_set>& s, const std::vector<index_t>& starts,
                           const std::string& id, const std::string& text) {
    CHECK_THROWS_WITH(train::fit_stages(net, s, starts, data, {}, quick(4), rng(1)),
                      Contains(id) && Contains(text));
    CHECK(net.masks() == mask::mask_set(shapes));
    CHECK(same_bits(everything(net), before));
  };
  refuses({}, {}, "E503", "given 0 stages and 0 starts");
  refuses(stages, {0, 1}, "E503", "given 3 stages and 2 starts");
  refuses(stages, {0, 1, 4}, "E503", "stage 2 must start at an epoch in [0, 3], given 4");
  refuses(stages, {-1, 1, 2}, "E503", "stage 0 must start at an epoch in [0, 3], given -1");
  refuses(stages, {0, 2, 1}, "E503", "stage 2 must not start before stage 1 does at epoch 2");
  refuses({stages[1], stages[0]}, {0, 1}, "E30", "which stage 0 lacks");
  auto wide = shapes;
  wide[2] = nn::dense_mask("fc", shapes[2].in_channels, 6, 4, 4, shapes[2].block);
  refuses({mask::mask_set(wide)}, {0}, "E301", "layer 'fc'");
}

TEST_CASE("pruning by norm takes what is small and ends at the final degrees", "[progressive]") {
  const auto data = bright_quarters(100, 1);
  const rng root(7);
  std::vector<mask::layer_spec> layers{{.name = "conv1",
                                        .in_channels = 1,
                                        .out_channels = 32,
                                        .kernel_height = 3,
                                        .kernel_width = 3,
                                        .out_pixels = 64,
                                        .keep_dense = true},
                                       {.name = "conv2",
                                        .in_channels = 32,
                                        .out_channels = 32,
                                        .kernel_height = 3,
                                        .kernel_width = 3,
                                        .out_pixels = 16},
                                       {.name = "fc",
                                        .in_channels = 32,
                                        .out_channels = 4,
                                        .kernel_height = 4,
                                        .kernel_width = 4,
                                        .keep_dense = true}};
  const auto final_masks = mask::make_masks(layers, {.sparsity = 0.6}, root);
  const mask::progressive_params progressive{.stages = 3, .order = mask::removal_order::block_norm};

  struct norm_witness : witness {
    using witness::witness;
    std::vector<double> norms;
    mask::layer_mask before;
    index_t compared = 0, other_way = 0;
    mask::progressive_params params;
    mask::mask_set last;
    train::verdict on_epoch(const train::epoch_record&, index_t) override {
      const auto* conv = net.find<nn::conv2d>("conv2");
      norms = nn::block_norms(*conv);
      before = conv->mask();
      return train::verdict::go_on;
    }
    train::verdict on_switch(const train::mask_switch& s) override {
      witness::on_switch(s);
      if (s.stage == 0) return train::verdict::go_on;
      const auto rows = mask::stage_row_degrees(last, params);
      const auto expected = mask::prune_by_norm(
          before, norms, rows[static_cast<std::size_t>(s.stage)][1], params.ring);
      CHECK(net.masks().at("conv2") == expected);
      // The comparison can tell: with the norms upside down other blocks go.
      std::vector<double> reversed = norms;
      for (double& n : reversed) n = 1e6 - n;
      other_way += mask::prune_by_norm(before, reversed, rows[static_cast<std::size_t>(s.stage)][1],
                                       params.ring) != expected;
      ++compared;
      return train::verdict::go_on;
    }
  };

  const int threads_before = thread_count();
  std::vector<float> first;
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    rng r(2);
    auto net = random_net(r, mask::initial_stage(final_masks, progressive).layers());
    norm_witness watch(net);
    watch.params = progressive;
    watch.last = final_masks;
    // 20 epochs: stages start at 0, 1, 2 and 3.
    const auto done =
        train::fit_progressive(net, final_masks, progressive, data, {}, quick(20), root, &watch);
    CHECK(watch.compared == 3);
    CHECK(watch.other_way > 0);
    CHECK(done.switches.size() == 4);
    CHECK(net.masks().kept_weights() == final_masks.kept_weights());
    for (const auto& m : final_masks)
      for (index_t j = 0; j < m.out_groups(); ++j)
        CHECK(net.masks().at(m.name).blocks.row_degree(j) == m.blocks.row_degree(j));
    CHECK(net.masks() != final_masks);  // other blocks than the ring's, as many
    CHECK_NOTHROW(mask::check_nested(watch.masks));
    if (threads == 1) first = everything(net);
    CHECK(same_bits(everything(net), first));
  }
  set_thread_count(threads_before);
}

TEST_CASE("a network that is pruned while it learns real images", "[progressive]") {
  const io::train_test data = io::make_builtin();
  const train::dataset train_set = data.train.subset(0, 2000), test_set = data.test.subset(0, 1000);
  const rng root(1);
  const auto layers = nn::lenet5_layers(data.train.shape, data.train.classes);
  const auto final_masks = mask::make_masks(layers, {.sparsity = 0.76}, root);
  const auto stages = mask::make_stages(final_masks, {.stages = 4});
  REQUIRE(stages.size() == 5);
  CHECK(stages.front().density() == 1.0);
  train::fit_params p;
  p.epochs = 6;
  p.test_every = 0;
  p.schedule.rate = 0.05;
  // The last switch comes before the last epoch, whose rates are small.
  const std::vector<index_t> starts{0, 1, 2, 3, 5};

  struct saboteur : train::observer {
    nn::network<float>* victim = nullptr;  ///< null: does nothing
    train::verdict on_switch(const train::mask_switch& s) override {
      if (victim == nullptr || s.stage != 4) return train::verdict::go_on;
      // As if the map of the change had been wrong.
      for (const char* name : {"conv2", "fc1"}) {
        auto w = victim->find<nn::conv2d>(name)->weights();
        std::rotate(w.begin(), w.begin() + 8 * 37, w.end());
      }
      return train::verdict::go_on;
    }
  };
  const auto accuracy = [&](bool broken) {
    nn::network<float> net = nn::lenet5(stages.front(), data.train.shape);
    nn::kaiming_init(net, root);
    saboteur watch;
    if (broken) watch.victim = &net;
    const auto done = train::fit_stages(net, stages, starts, train_set, {}, p, root, &watch);
    CHECK(done.switches.back().density == final_masks.density());
    CHECK(net.masks() == final_masks);
    index_t stored = 0;
    for (index_t i = 0; i < net.size(); ++i) stored += net.at(i).weight_count();
    CHECK(stored == final_masks.kept_weights());
    return train::evaluate(net, test_set).accuracy();
  };
  const double good = accuracy(false), bad = accuracy(true);
  WARN("accuracy with 4 switches " << good << ", with the last one broken " << bad);
  constexpr double bound = 0.8;
  CHECK(good > bound);
  CHECK(bad < bound);
}
