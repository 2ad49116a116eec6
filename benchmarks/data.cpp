// SPDX-License-Identifier: Apache-2.0

// What loading costs a training step: batches prepared ahead (train::batch_source) against the same
// loading inside the step. ResNet-20 at 76 % has the shortest step of the paper's networks on 3 x
// 32 x 32 images, so it waits soonest. Crop and flip on, the step on one thread, sides alternating,
// medians. The pixels are random: their values do not change the times.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/io/file.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/train/batch_source.hpp"

using namespace swprune;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr index_t batch_size = 128;
constexpr train::augment_params changes{.crop = 4, .flip = true};

double ms_since(clock_type::time_point begin) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

/// (largest - smallest) / median.
double spread(const std::vector<double>& v) {
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  return (*high - *low) / median(v);
}

train::dataset random_images(index_t count) {
  rng random(1);
  train::dataset data{.shape = {3, 32, 32}, .classes = 10, .images = {}, .labels = {}};
  for (index_t i = 0; i < count * data.shape.size(); ++i)
    data.images.push_back(static_cast<std::uint8_t>(random.below(256)));
  for (index_t n = 0; n < count; ++n)
    data.labels.push_back(static_cast<std::uint8_t>(random.below(10)));
  return data;
}

nn::network<float> resnet20_s76() {
  const auto layers = nn::resnet20_layers();
  auto net = nn::resnet20(mask::make_masks(layers, {.sparsity = 0.76, .block = {4, 4}}, rng(1)),
                          {3, 32, 32});
  nn::kaiming_init(net, rng(1));
  return net;
}

/// Forward and backward; weights need not change for the time to be that of a step.
void step(nn::network<float>& net, const train::batch<float>& now) {
  nn::activations<float> gradient;
  (void)nn::softmax_cross_entropy<float>(net.forward_training(now.images), now.labels, &gradient,
                                         0.0);
  net.backward(gradient);
}

/// Milliseconds per step spent in getting the batch, and of the whole step.
struct sample {
  std::vector<double> load, whole;
};

/// One round of an epoch with all batches; the first has nothing before it and does not count.
void round_ahead(nn::network<float>& net, const train::dataset& data, const rng& random,
                 index_t epoch, sample& to) {
  train::batch_source<float> source(
      data, train::shuffled_order(data.size(), random, epoch), batch_size,
      [&](index_t n) { return train::draw_change(changes, random, epoch, n); });
  for (index_t b = 0; b < source.batches(); ++b) {
    const auto begin = clock_type::now();
    const auto* now = source.next();
    if (b > 0) to.load.push_back(ms_since(begin));
    step(net, *now);
    if (b > 0) to.whole.push_back(ms_since(begin));
  }
}

void round_inside(nn::network<float>& net, const train::dataset& data, const rng& random,
                  index_t epoch, sample& to) {
  const auto order = train::shuffled_order(data.size(), random, epoch);
  train::batch<float> now;
  for (std::size_t first = 0; first < order.size(); first += batch_size) {
    const auto begin = clock_type::now();
    train::load_batch(
        data, std::span<const index_t>(order).subspan(first, batch_size),
        [&](index_t n) { return train::draw_change(changes, random, epoch, n); }, now);
    if (first > 0) to.load.push_back(ms_since(begin));
    step(net, now);
    if (first > 0) to.whole.push_back(ms_since(begin));
  }
}

nlohmann::json row(const std::string& name, const std::vector<double>& ours,
                   const std::vector<double>& peer, double goal) {
  const double a = median(ours), b = median(peer);
  return {{"name", name},
          {"ours", a},
          {"peer", b},
          {"peer_version", "load_batch() inside the step"},
          {"unit", "ms"},
          {"ratio", b / std::max(a, 1e-6)},
          {"spread", spread(ours)},
          {"goal", goal}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string out = "bench-data.json";
  index_t rounds = 5;
  CLI::App app("Measures what loading costs a training step.");
  app.add_option("--out", out, "file of the result")->capture_default_str();
  app.add_option("--rounds", rounds, "rounds of 8 steps for each side")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    set_thread_count(1);
    const train::dataset data = random_images(8 * batch_size);
    const rng random(1);
    auto net = resnet20_s76();
    sample ahead, inside;
    for (index_t r = 0; r < rounds; ++r) {
      round_ahead(net, data, random, r, ahead);
      round_inside(net, data, random, r, inside);
    }
    const nlohmann::json result = {{"rows",
                                    {row("resnet20_s76_wait", ahead.load, inside.load, 10),
                                     row("resnet20_s76_step", ahead.whole, inside.whole, 1)}}};
    io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
