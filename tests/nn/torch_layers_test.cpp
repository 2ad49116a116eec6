// SPDX-License-Identifier: Apache-2.0

// Every layer and every network against PyTorch: the same weights, masks and batches; inference,
// gradients of one step, and what 20 steps of SGD leave. In double the two must agree to rounding,
// whatever the numbers. In float each rounds in its own way, and where a value lies within a
// rounding of zero, a ReLU or a pooling window decides differently; from there on the runs part,
// PyTorch's own from its double run as well. So float is asked in up to ten draws of weights and
// images: a fault is in all of them, a decision that falls differently in few.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/io/network_file.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/grouped_mask.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/relu6.hpp"
#include "swprune/train/sgd.hpp"
#include "tests/nn/naive_conv.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

constexpr index_t steps = 20;

/// All arrays by name, as float64.
using arrays = std::map<std::string, std::vector<double>>;

/// A network in double (float networks are cast from it) and what it is trained on.
struct training_case {
  nn::network<double> net;
  index_t batch = 17;  ///< the second tile has one image
  double rate = 0.05;
  double smoothing = 0;
  bool regression = false;  ///< mean squared error instead of cross-entropy
  std::vector<nn::activations<double>> images{};
  std::vector<std::vector<std::uint8_t>> labels{};

  explicit training_case(nn::network<double> given) : net(std::move(given)) {}

  /// Weights, statistics, images and labels number `draw`.
  void fill(int draw) {
    rng random(static_cast<std::uint64_t>(11 + draw));
    nn::kaiming_init(net, random);
    // Nothing at its default: statistics and scales of any size, negative scales as well.
    for (const auto& p : net.parameters())
      if (p.name.find(".weights") == std::string::npos)
        for (double& v : p.values) v += 0.3 * random.normal();
    for (const auto& s : net.state())
      for (double& v : s.values) v += 0.3 * random.uniform();
    for (index_t step = 0; step < steps; ++step) {
      images.push_back(random_maps<double>(batch, net.input_shape(), random));
      labels.emplace_back();
      const auto classes = static_cast<std::uint64_t>(net.output_shape().channels);
      for (index_t n = 0; n < batch; ++n)
        labels.back().push_back(static_cast<std::uint8_t>(random.below(classes)));
    }
    // Both sides begin with numbers that float holds.
    for (const auto& p : net.parameters()) round(p.values);
    for (const auto& s : net.state()) round(s.values);
    for (auto& maps : images) round(maps.values());
  }

  static void round(std::span<double> values) {
    for (double& v : values) v = static_cast<double>(static_cast<float>(v));
  }
  [[nodiscard]] static rng step_random(index_t step) {
    return rng(5).stream("step", 0, static_cast<std::uint64_t>(step));
  }
};

template <typename Scalar>
std::vector<double> plain(const nn::activations<Scalar>& maps) {
  const auto values = nn::to_plain(maps);
  return {values.begin(), values.end()};
}

/// Numbers in the order of a convolution's weights as [out][in][ky][kx].
template <typename Scalar>
std::vector<double> densely(const nn::conv2d<Scalar>& conv, std::span<const Scalar> values) {
  const mask::layer_mask& m = conv.mask();
  std::vector<double> dense(static_cast<std::size_t>(m.weights()), 0.0);
  conv.for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t at) {
    dense[static_cast<std::size_t>((o * m.in_channels + i) * m.taps() + tap)] =
        static_cast<double>(values[at]);
  });
  return dense;
}

/// All parameters, or their gradients, by name.
template <typename Scalar>
void collect(nn::network<Scalar>& net, const std::string& prefix, bool gradients, arrays& to) {
  for (const auto& p : net.parameters()) {
    const std::span<const Scalar> values = gradients ? p.gradient : p.values;
    const std::size_t dot = p.name.rfind('.');
    const auto* conv = net.template find<nn::conv2d>(p.name.substr(0, dot));
    to[prefix + p.name] = conv != nullptr && p.name.substr(dot) == ".weights"
                              ? densely<Scalar>(*conv, values)
                              : std::vector<double>(values.begin(), values.end());
  }
}

/// The same network of another scalar, through the records of its file.
template <typename Scalar>
nn::network<Scalar> cast(const nn::network<double>& net) {
  io::record_set narrow;
  const io::record_set wide = io::network_records(net, {.golden = 0});
  for (const io::record& r : wide.records()) {
    const bool array = r.name.find(".parameter.") != std::string::npos ||
                       r.name.find(".state.") != std::string::npos ||
                       r.name.rfind("golden.", 0) == 0;
    if (!array) {
      narrow.add(r.name, r.value);
      continue;
    }
    const std::vector<double> values = r.value.numbers<double>();
    narrow.add(r.name, io::array::of<Scalar>(r.value.shape(),
                                             std::vector<Scalar>(values.begin(), values.end())));
  }
  return io::network_from_records<Scalar>(narrow);
}

template <typename Scalar>
nn::activations<Scalar> cast(const nn::activations<double>& maps) {
  nn::activations<Scalar> made(maps.batch(), maps.shape());
  std::transform(maps.values().begin(), maps.values().end(), made.values().begin(),
                 [](double v) { return static_cast<Scalar>(v); });
  return made;
}

/// The case in swprune.
template <typename Scalar>
arrays run_ours(training_case& c) {
  nn::network<Scalar> net = cast<Scalar>(c.net);
  arrays result;
  result["inference"] = plain(net.forward(cast<Scalar>(c.images[0])));
  const auto parameters = net.parameters();
  train::sgd<Scalar> optimiser(parameters, {.momentum = 0.9, .nesterov = false});
  for (index_t step = 0; step < steps; ++step) {
    const auto s = static_cast<std::size_t>(step);
    const auto images = cast<Scalar>(c.images[s]);
    net.begin_step(training_case::step_random(step));
    const auto& logits = net.forward_training(images);
    nn::activations<Scalar> gradient, by_images;
    const double loss =
        c.regression
            ? nn::mean_squared_error(
                  logits, nn::one_hot<Scalar>(c.labels[s], logits.shape().channels), &gradient)
            : nn::softmax_cross_entropy<Scalar>(logits, c.labels[s], &gradient, c.smoothing).loss;
    result[fmt::format("loss.{}", step)] = {loss};
    if (step == 0) result["logits"] = plain(logits);
    net.backward(gradient, step == 0 ? &by_images : nullptr);
    if (step == 0) {
      result["gradient.images"] = plain(by_images);
      collect(net, "gradient.", true, result);
    }
    net.commit_statistics();
    optimiser.step(parameters, c.rate);
  }
  collect(net, "final.", false, result);
  for (const auto& s : net.state())
    result["final." + s.name] = std::vector<double>(s.values.begin(), s.values.end());
  return result;
}

io::array numbers(const std::vector<double>& values, std::vector<index_t> shape) {
  return io::array::of<double>(std::move(shape), values);
}

/// The case as torch_oracle.py reads it.
io::record_set records_of(training_case& c) {
  io::record_set records = io::network_records(c.net, {.golden = 0});
  for (const nn::layer<double>* l : c.net.layers()) {
    if (const auto* conv = dynamic_cast<const nn::conv2d<double>*>(l)) {
      const mask::layer_mask& m = conv->mask();
      const std::vector<index_t> shape{m.out_channels, m.in_channels, m.kernel_height,
                                       m.kernel_width};
      records.add("dense." + l->name(), numbers(conv->to_dense(), shape));
      const std::vector<double> ones(conv->weights().size(), 1.0);
      records.add("keep." + l->name(), numbers(densely<double>(*conv, ones), shape));
    }
    if (l->kind() != "dropout") continue;
    std::vector<double> factors;
    for (const nn::layer_summary& line : c.net.summary()) {
      if (line.name != l->name()) continue;
      for (index_t step = 0; step < steps; ++step) {
        nn::activations<double> ones(c.batch, line.input), out;
        std::fill(ones.values().begin(), ones.values().end(), 1.0);
        const auto copy = l->clone();
        copy->begin_step(training_case::step_random(step));
        copy->forward_training(ones, out);
        const auto drawn = nn::to_plain(out);
        factors.insert(factors.end(), drawn.begin(), drawn.end());
      }
      records.add("drop." + l->name(), numbers(factors, {steps, c.batch, line.input.channels,
                                                         line.input.height, line.input.width}));
    }
  }
  std::vector<double> images, targets;
  std::vector<std::int64_t> labels;
  const index_t classes = c.net.output_shape().channels;
  for (std::size_t s = 0; s < c.images.size(); ++s) {
    const auto now = nn::to_plain(c.images[s]);
    images.insert(images.end(), now.begin(), now.end());
    labels.insert(labels.end(), c.labels[s].begin(), c.labels[s].end());
    const auto hot = nn::to_plain(nn::one_hot<double>(c.labels[s], classes));
    targets.insert(targets.end(), hot.begin(), hot.end());
  }
  const map_shape& in = c.net.input_shape();
  records.add("images", numbers(images, {steps, c.batch, in.channels, in.height, in.width}));
  records.add("labels", io::array::of<std::int64_t>({steps, c.batch}, labels));
  if (c.regression) records.add("targets", numbers(targets, {steps, c.batch, classes}));
  records.add("smoothing", io::array::of(std::vector<double>{c.smoothing}));
  records.add("rate", io::array::of(std::vector<double>{c.rate}));
  records.add("momentum", io::array::of(std::vector<double>{0.9}));
  records.add("decay", io::array::of(std::vector<double>{5e-4}));
  return records;
}

using named_cases = std::vector<std::pair<std::string, training_case>>;

/// All cases in PyTorch, one Python for all: importing torch takes seconds.
std::vector<arrays> run_torch(const std::string& python, named_cases& cases) {
  const temp_dir dir;
  std::string command =
      fmt::format("OMP_NUM_THREADS=1 {} '{}/tests/nn/torch_oracle.py'", python, SWPRUNE_SOURCE_DIR);
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const auto in = dir / fmt::format("{}.npz", k), out = dir / fmt::format("{}-out.npz", k);
    io::save_npz(in, records_of(cases[k].second));
    command += " " + quoted(in.string()) + " " + quoted(out.string());
  }
  const run_result ran = run(command);
  INFO(ran.output);
  REQUIRE(ran.exit_code == 0);
  std::vector<arrays> results;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    results.emplace_back();
    const io::record_set result = io::load_npz(dir / fmt::format("{}-out.npz", k));
    for (const io::record& r : result.records()) results.back()[r.name] = r.value.numbers<double>();
  }
  return results;
}

/// Distance over the size of what is compared, both as root mean squares over the arrays whose
/// names begin so; infinite if an array is missing.
double distance(const arrays& a, const arrays& b, const std::string& prefix_a,
                const std::string& prefix_b, const std::string& begin) {
  double squares = 0, size = 0;
  for (const auto& [name, values] : a) {
    if (name.rfind(prefix_a + begin, 0) != 0) continue;
    const auto other = b.find(prefix_b + name.substr(prefix_a.size()));
    if (other == b.end() || other->second.size() != values.size()) return INFINITY;
    for (std::size_t i = 0; i < values.size(); ++i) {
      squares += (values[i] - other->second[i]) * (values[i] - other->second[i]);
      size += values[i] * values[i];
    }
  }
  return std::sqrt(squares / std::max(size, 1e-300));
}

const std::string parts[] = {"inference", "logits", "loss.", "gradient.", "final."};

/// Double: agreement to rounding. An addition errs by 2^-53; the longest sums here have some 10^4
/// terms, 20 steps pass errors on through up to 60 layers: 1e-10 is far above both and far below
/// what a wrong coefficient, a forgotten term or another momentum does.
constexpr double double_limit = 1e-10;

/// Float: within ten times PyTorch's own distance from its double run; below 16 roundings of 2^-24
/// no such factor is asked for, nor below 1e-4 after 20 steps, where one decision that fell
/// differently may have moved one image's share of a gradient.
constexpr double float_limit = 1e-6;
constexpr double trained_limit = 1e-4;

/// Float, in every draw: three times the most that any run parted, see most_draws. Inference takes
/// no part in it: it has no jumps, so it must be within the limit above in every draw.
constexpr double parted_limit = 0.1;

/// Draws of a case at most. Of 16 runs, half with AVX-512 and half with SSE2, 7 of ResNet-18 missed
/// a limit, 5 of ResNet-32 and at most 2 of any other network or layer.
constexpr int most_draws = 10;

bool agrees_in_double(const arrays& ours, const arrays& torch) {
  for (const std::string& part : parts)
    if (!(distance(ours, torch, "", "", part) <= double_limit)) return false;
  return true;
}

/// How far a part of the float run may be from PyTorch's double run.
double limit_of(const arrays& torch, const std::string& part) {
  return std::max(10 * distance(torch, torch, "float.", "", part),
                  part == "loss." || part == "final." ? trained_limit : float_limit);
}

/// What parts too far in float, with the numbers; empty if nothing does.
std::string float_difference(const arrays& ours, const arrays& torch) {
  for (const std::string& part : parts) {
    const double here = distance(ours, torch, "", "", part), limit = limit_of(torch, part);
    if (!(here <= limit)) return fmt::format("{} {:.2g} of {:.2g}", part, here, limit);
  }
  return {};
}

/// Everything that must hold in every draw; then float_difference().
std::string check_draw(training_case& c, const arrays& torch) {
  set_thread_count(2);
  const arrays ours = run_ours<double>(c), single = run_ours<float>(c);
  set_thread_count(1);
  CHECK(run_ours<float>(c) == single);  // bit for bit at one thread and at two
  REQUIRE(2 * ours.size() == torch.size());
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(distance(ours, torch, "", "", part) <= double_limit);
    CHECK(distance(single, torch, "", "", part) <=
          (part == "inference" ? limit_of(torch, part) : parted_limit));
  }
  return float_difference(single, torch);
}

mask::layer_mask sparse(const std::string& name, index_t in, index_t out, index_t kernel,
                        double density = 0.6) {
  rng random(hash64(name));
  mask::layer_mask m = random_mask(in, out, kernel, kernel, {4, 2}, density, random);
  m.name = name;
  return m;
}

/// conv 3x3 to 8 channels, then what `add` adds, then a fully connected layer of 4 classes.
template <typename Add>
training_case around(const Add& add, index_t channels = 8, index_t map = 8) {
  nn::network<double> net;
  net.add<nn::conv2d>(sparse("first", 3, 8, 3), nn::conv2d_params{.padding = 1, .bias = true});
  add(net);
  net.add<nn::fully_connected>(nn::dense_mask("last", channels, 4, map, map, {4, 4}), true);
  net.build({3, 8, 8});
  return training_case(std::move(net));
}

nn::chain<double> path_of(index_t in, index_t out, index_t stride) {
  nn::chain<double> path;
  path.add<nn::conv2d>(sparse("path.conv", in, out, 3),
                       nn::conv2d_params{.stride = stride, .padding = 1});
  path.add<nn::batch_norm>("path.bn", out);
  path.add<nn::relu>("path.relu");
  path.add<nn::conv2d>(sparse("path.conv2", out, out, 3), nn::conv2d_params{.padding = 1});
  path.add<nn::batch_norm>("path.bn2", out,
                           nn::batch_norm_params{.epsilon = 1e-3, .momentum = 0.3});
  return path;
}

using network = nn::network<double>;

named_cases layer_cases() {
  named_cases cases;
  const auto add = [&](const char* name, training_case c) {
    cases.emplace_back(name, std::move(c));
  };
  add("strided conv2d", around(
                            [](network& n) {
                              n.add<nn::conv2d>(sparse("conv", 8, 12, 5),
                                                nn::conv2d_params{.stride = 2, .padding = 2});
                            },
                            12, 4));
  add("dilated conv2d", around(
                            [](network& n) {
                              n.add<nn::conv2d>(
                                  sparse("conv", 8, 12, 3),
                                  nn::conv2d_params{.stride = 2, .padding = 3, .dilation = 3});
                            },
                            12, 4));
  add("grouped conv2d", around([](network& n) {
        n.add<nn::conv2d>(nn::grouped_mask("conv", 8, 8, 3, 3, 2, {2, 2}),
                          nn::conv2d_params{.padding = 1});
      }));
  add("batch_norm and relu", around([](network& n) {
        n.add<nn::batch_norm>("bn", 8);
        n.add<nn::relu>("relu");
      }));
  add("batch_norm, relu and max_pool", around(
                                           [](network& n) {
                                             n.add<nn::batch_norm>("bn", 8);
                                             n.add<nn::relu>("relu");
                                             n.add<nn::max_pool>("pool");
                                           },
                                           8, 4));
  add("relu6", around([](network& n) {
        n.add<nn::batch_norm>("bn", 8);
        for (const auto& p : n.parameters())
          if (p.name == "bn.scale") std::fill(p.values.begin(), p.values.end(), 4.0);
        n.add<nn::relu6>("relu6");
      }));
  add("max_pool", around(
                      [](network& n) {
                        n.add<nn::max_pool>("pool", nn::max_pool_params{3, 2});
                      },
                      8, 3));
  add("average_pool", around(
                          [](network& n) {
                            n.add<nn::average_pool>("pool", nn::average_pool_params{3, 2});
                          },
                          8, 3));
  add("global_average_pool",
      around([](network& n) { n.add<nn::global_average_pool>("pool"); }, 8, 1));
  add("dropout", around([](network& n) { n.add<nn::dropout>("drop", nn::dropout_params{0.3}); }));
  add("residual, identity",
      around([](network& n) { n.add<nn::residual>("block", path_of(8, 8, 1)); }));
  add("residual without relu", around([](network& n) {
        n.add<nn::residual>("block", path_of(8, 8, 1), nn::chain<double>{},
                            nn::residual_params{.relu = false});
      }));
  add("residual, option A",
      around(
          [](network& n) {
            nn::chain<double> shortcut;
            shortcut.add<nn::option_a_shortcut>(
                "pad", nn::option_a_params{.in_channels = 8, .out_channels = 12, .stride = 2});
            n.add<nn::residual>("block", path_of(8, 12, 2), std::move(shortcut));
          },
          12, 4));
  add("residual, projection",
      around(
          [](network& n) {
            nn::chain<double> shortcut;
            shortcut.add<nn::conv2d>(sparse("project", 8, 12, 1), nn::conv2d_params{.stride = 2});
            shortcut.add<nn::batch_norm>("project.bn", 12);
            n.add<nn::residual>("block", path_of(8, 12, 2), std::move(shortcut));
          },
          12, 4));
  add("concatenation", around(
                           [](network& n) {
                             n.add<nn::concatenation>("block", path_of(8, 4, 1));
                             n.add<nn::relu>("relu");
                           },
                           12));
  training_case regression = around([](network& n) { n.add<nn::relu>("relu"); });
  regression.regression = true;
  add("mean squared error", std::move(regression));
  training_case smooth = around([](network& n) { n.add<nn::relu>("relu"); });
  smooth.smoothing = 0.1;
  add("label smoothing", std::move(smooth));
  return cases;
}

named_cases network_cases() {
  named_cases cases;
  for (const std::string_view name : nn::model_names) {
    const bool vgg = name == "vgg16";
    const nn::layer_list_params p{
        .image = {3, vgg ? 32 : 8, vgg ? 32 : 8}, .classes = 4, .width = vgg ? 0.0625 : 0.25};
    const auto layers = nn::layers_by_name(name, p);
    const auto masks = mask::make_masks(layers, {.sparsity = 0.3, .block = {2, 2}}, rng(1));
    cases.emplace_back(std::string(name),
                       training_case(nn::model_by_name<double>(name, masks, p.image)));
    // Maps of one pixel under batch norm magnify rounding from step to step, the more the larger
    // the steps: at 0.01 two float runs of ResNet-18 part by 7 %, whoever makes them.
    cases.back().second.rate = 0.001;
  }
  return cases;
}

/// Draws numbers for the cases until float agrees in all of them.
void check_all(named_cases (*make)()) {
  const auto python = find_oracle_python("torch");
  if (!python) SWPRUNE_SKIP_ORACLE("PyTorch (python3-torch) is not installed");
  std::map<std::string, std::string> differences;  // of the cases that are still open
  for (const auto& named : make()) differences[named.first] = "not drawn";
  for (int draw = 0; draw < most_draws && !differences.empty(); ++draw) {
    named_cases open = make();
    std::erase_if(open, [&](const auto& named) { return !differences.contains(named.first); });
    for (auto& named : open) named.second.fill(draw);
    const std::vector<arrays> torch = run_torch(*python, open);
    for (std::size_t k = 0; k < open.size(); ++k) {
      auto& [name, c] = open[k];
      CAPTURE(name, draw);
      differences[name] = check_draw(c, torch[k]);
      if (differences[name].empty())
        differences.erase(name);
      else
        fmt::print("{}, draw {}: {}\n", name, draw, differences[name]);
    }
  }
  for (const auto& [name, difference] : differences)
    FAIL_CHECK(name << ", apart in all " << most_draws << " draws, last: " << difference);
}

}  // namespace

TEST_CASE("every layer agrees with PyTorch", "[torch]") { check_all(layer_cases); }

TEST_CASE("every network agrees with PyTorch", "[torch]") { check_all(network_cases); }

TEST_CASE("the comparison with PyTorch sees a small fault", "[torch]") {
  const auto python = find_oracle_python("torch");
  if (!python) SWPRUNE_SKIP_ORACLE("PyTorch (python3-torch) is not installed");
  named_cases cases;
  cases.emplace_back("right",
                     around([](network& n) { n.add<nn::residual>("block", path_of(8, 8, 1)); }));
  training_case& c = cases[0].second;
  c.fill(0);
  const arrays torch = run_torch(*python, cases)[0];
  CHECK(agrees_in_double(run_ours<double>(c), torch));
  const double weight = c.net.parameters()[0].values[0];
  c.net.parameters()[0].values[0] = weight + 1e-7;
  CHECK_FALSE(agrees_in_double(run_ours<double>(c), torch));
  c.net.parameters()[0].values[0] = weight;
  const double rate = c.rate;
  c.rate = rate * (1 + 1e-7);
  CHECK_FALSE(agrees_in_double(run_ours<double>(c), torch));
  c.rate = rate * (1 + 1e-2);
  CHECK(float_difference(run_ours<float>(c), torch).rfind("loss.", 0) == 0);
}
