// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>

#include "swprune/train/gradient_check.hpp"
#include "tests/nn/naive_conv.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

constexpr double limit = 1e-6;

void fill(nn::layer<double>& layer, rng& random) {
  for (const auto& p : layer.parameters())
    for (double& v : p.values) v = random.normal();
}

/// Random maps whose numbers keep `gap` away from zero and from each other within a channel, so
/// that neither ReLU nor pooling has a kink within the step.
nn::activations<double> away_from_kinks(index_t batch, const map_shape& s, rng& random) {
  nn::activations<double> maps(batch, s);
  for (index_t n = 0; n < batch; ++n)
    for (index_t c = 0; c < s.channels; ++c) {
      std::vector<double> levels;
      for (index_t p = 0; p < s.pixels(); ++p)
        levels.push_back((p % 2 == 0 ? 1 : -1) * (0.05 + 0.05 * static_cast<double>(p)));
      random.shuffle(std::span<double>(levels));
      for (index_t p = 0; p < s.pixels(); ++p)
        maps.at(n, c, p / s.width, p % s.width) = levels[static_cast<std::size_t>(p)];
    }
  return maps;
}

}  // namespace

TEST_CASE("gradients of convolutions", "[gradient]") {
  struct form {
    index_t in, out, kh, kw, stride, padding, h, w;
    mask::block_shape block;
    double density;
  };
  const form forms[] = {
      {5, 9, 3, 3, 1, 1, 5, 4, {8, 4}, 0.6},  {3, 4, 5, 5, 1, 2, 6, 6, {4, 4}, 1},
      {4, 17, 3, 2, 2, 1, 7, 6, {16, 4}, 1},  {6, 6, 1, 1, 1, 0, 3, 3, {2, 3}, 0.5},
      {4, 8, 3, 3, 2, 0, 6, 7, {8, 2}, 0.75}, {7, 5, 2, 4, 2, 1, 5, 5, {3, 5}, 1}};
  for (const form& f : forms)
    for (const index_t batch : {1, 17}) {
      rng random(static_cast<std::uint64_t>(f.in * 100 + f.out));
      CAPTURE(f.in, f.out, f.kh, f.kw, f.stride, f.padding, batch);
      nn::conv2d<double> conv(random_mask(f.in, f.out, f.kh, f.kw, f.block, f.density, random),
                              {.stride = f.stride, .padding = f.padding, .bias = true});
      // Only real weights: padding outputs must stay zero.
      nn::kaiming_init(conv, random);
      const auto in = random_maps<double>(batch, {f.in, f.h, f.w}, random);
      const auto result = train::check_layer_gradients(conv, in, random);
      CAPTURE(result.where, result.analytic, result.numeric);
      CHECK(result.worst <= limit);
      CHECK(result.checked ==
            static_cast<index_t>(conv.weights().size()) + f.out + batch * f.in * f.h * f.w);
    }
}

TEST_CASE("gradients of a fully connected layer", "[gradient]") {
  for (const index_t batch : {1, 17, 33}) {
    rng random(3);
    nn::fully_connected<double> fc(random_mask(6, 11, 3, 2, {8, 4}, 0.7, random), true);
    nn::kaiming_init(fc, random);
    const auto in = random_maps<double>(batch, {6, 3, 2}, random);
    const auto result = train::check_layer_gradients(fc, in, random);
    CAPTURE(batch, result.where, result.analytic, result.numeric);
    CHECK(result.worst <= limit);
  }
}

TEST_CASE("gradients of batch normalisation", "[gradient]") {
  for (const index_t batch : {2, 15, 17, 33}) {
    rng random(4);
    nn::batch_norm<double> bn("bn", 3);
    fill(bn, random);
    const auto in = random_maps<double>(batch, {3, 2, 3}, random);
    const auto result = train::check_layer_gradients(bn, in, random);
    CAPTURE(batch, result.where, result.analytic, result.numeric);
    CHECK(result.worst <= limit);
  }
}

TEST_CASE("gradients of relu and max pooling", "[gradient]") {
  rng random(5);
  nn::relu<double> relu("relu");
  CHECK(train::check_layer_gradients(relu, away_from_kinks(17, {2, 3, 4}, random), random).worst <=
        limit);
  for (const auto& p :
       {nn::max_pool_params{2, 2}, nn::max_pool_params{3, 2}, nn::max_pool_params{2, 1}}) {
    nn::max_pool<double> pool("pool", p);
    CAPTURE(p.size, p.stride);
    CHECK(
        train::check_layer_gradients(pool, away_from_kinks(17, {2, 5, 7}, random), random).worst <=
        limit);
  }
}

TEST_CASE("gradients of softmax cross-entropy", "[gradient]") {
  rng random(6);
  for (const double smoothing : {0.0, 0.1}) {
    auto logits = random_maps<double>(17, {5, 1, 1}, random);
    std::vector<std::uint8_t> labels;
    for (int n = 0; n < 17; ++n) labels.push_back(static_cast<std::uint8_t>(random.below(5)));
    nn::activations<double> gradient;
    nn::softmax_cross_entropy<double>(logits, labels, &gradient, smoothing);
    double worst = 0;
    for (index_t n = 0; n < 17; ++n)
      for (index_t k = 0; k < 5; ++k) {
        double& z = logits.at(n, k, 0, 0);
        const double before = z, step = 1e-5;
        z = before + step;
        const double above =
            nn::softmax_cross_entropy<double>(logits, labels, nullptr, smoothing).loss;
        z = before - step;
        const double below =
            nn::softmax_cross_entropy<double>(logits, labels, nullptr, smoothing).loss;
        z = before;
        worst = std::max(worst, train::relative_error(gradient.at(n, k, 0, 0),
                                                      (above - below) / (2 * step), 1e-4));
      }
    CHECK(worst <= limit);
  }
}

TEST_CASE("gradients of a whole network", "[gradient]") {
  // The seeds are chosen so that no value of a ReLU or pooling window lies within a step of a kink.
  nn::network<double> net = tiny_net<double>(12);
  rng random(13);
  const auto images = random_maps<double>(6, {1, 8, 8}, random);
  const std::vector<std::uint8_t> labels{0, 1, 2, 3, 1, 2};
  const auto result = train::check_network_gradients(net, images, labels);
  CAPTURE(result.where, result.analytic, result.numeric, result.checked);
  CHECK(result.worst <= limit);
}

namespace {

/// A layer whose gradient is wrong by a given factor: what the checker is for.
class wrong_scale final : public nn::layer<double> {
 public:
  explicit wrong_scale(double factor) : nn::layer<double>("wrong"), factor_(factor) {}
  std::string_view kind() const override { return "wrong_scale"; }
  map_shape output_shape(const map_shape& in) const override { return in; }
  void forward(const nn::activations<double>& in, nn::activations<double>& out) const override {
    out.resize(in.batch(), in.shape());
    for (std::size_t i = 0; i < in.values().size(); ++i)
      out.values()[i] = weight_[0] * in.values()[i];
  }
  void backward(const nn::activations<double>& in, const nn::activations<double>&,
                const nn::activations<double>& grad_out,
                nn::activations<double>* grad_in) override {
    grad_in->resize(in.batch(), in.shape());
    gradient_[0] = 0;
    for (std::size_t i = 0; i < in.values().size(); ++i) {
      grad_in->values()[i] = grad_out.values()[i] * weight_[0];
      gradient_[0] += factor_ * in.values()[i] * grad_out.values()[i];
    }
  }
  std::vector<nn::parameter_view<double>> parameters() override {
    return {{"weight", weight_, gradient_, true}};
  }
  std::unique_ptr<nn::layer<double>> clone() const override {
    return std::make_unique<wrong_scale>(factor_);
  }

 private:
  double factor_;
  std::vector<double> weight_{2.0}, gradient_{0.0};
};

}  // namespace

TEST_CASE("the checker sees wrong gradients and names them", "[gradient]") {
  rng random(7);
  const auto in = random_maps<double>(3, {2, 2, 2}, random);
  wrong_scale right(1.0), slightly(1 + 1e-5), nan(std::nan(""));
  CHECK(train::check_layer_gradients(right, in, random).worst <= 1e-8);
  const auto result = train::check_layer_gradients(slightly, in, random);
  CHECK(result.worst > limit);
  CHECK(result.where == "weight[0]");
  CHECK(std::isinf(train::check_layer_gradients(nan, in, random).worst));
  CHECK(train::relative_error(1, 1.5, 1e-4) == Approx(1 / 3.0));
  CHECK(train::relative_error(0, 1e-9, 1e-4) == Approx(1e-5));
  CHECK_THROWS_WITH(train::check_layer_gradients(right, in, random, {.step = 0}),
                    Contains("E503") && Contains("step and floor must be > 0, given 0"));
}
