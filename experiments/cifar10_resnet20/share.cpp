// SPDX-License-Identifier: Apache-2.0

// What swprune and PyTorch must share so that only their arithmetic differs: masks, first weights,
// order of the images and their augmentation, of one seed, as NumPy archives.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "recipe.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/batches.hpp"

namespace sp = swprune;

namespace {

struct options {
  std::uint64_t seed = 1;
  std::uint64_t perturb = 0;
  double sparsity = 0.76;
  sp::index_t images = 50'000;
  sp::index_t epochs = 6;
  std::filesystem::path out;
};

/// Every weight times 1 + 1e-6 x a normal number: far less than a step changes it, so what becomes
/// of it shows how far runs part that differ in nothing but rounding.
void perturb_weights(std::vector<float>& weights, sp::rng stream) {
  for (float& w : weights) w = static_cast<float>(w * (1 + 1e-6 * stream.normal()));
}

/// NAME.weights [out][in][ky][kx], as kaiming_init() of a whole network draws them; perturbed
/// unless `perturb` is 0.
sp::io::record_set first_weights(const sp::mask::mask_set& masks, const sp::rng& seed,
                                 std::uint64_t perturb) {
  sp::io::record_set records;
  for (const sp::mask::layer_mask& m : masks) {
    sp::nn::conv2d<float> layer(m);
    sp::rng stream = seed.stream("init", sp::hash64(m.name));
    sp::nn::kaiming_init(layer, stream);
    std::vector<float> dense = layer.to_dense();
    if (perturb != 0)
      perturb_weights(dense, seed.stream("perturb", perturb).stream("layer", sp::hash64(m.name)));
    records.add(m.name + ".weights",
                sp::io::array::of<float>(
                    {m.out_channels, m.in_channels, m.kernel_height, m.kernel_width}, dense));
  }
  return records;
}

/// seed uint64 [1]; order int32 [epoch][position]: number of an image; change int8 [epoch][number
/// of an image] [down, right, mirrored].
sp::io::record_set presentation(const options& o, const sp::rng& seed) {
  std::vector<std::int32_t> order;
  std::vector<std::int8_t> changes;
  for (sp::index_t epoch = 0; epoch < o.epochs; ++epoch) {
    for (const sp::index_t n : sp::train::shuffled_order(o.images, seed, epoch))
      order.push_back(static_cast<std::int32_t>(n));
    for (sp::index_t n = 0; n < o.images; ++n) {
      const sp::train::image_change c =
          sp::train::draw_change(cifar10_resnet20::augmentation, seed, epoch, n);
      for (const sp::index_t v : {c.down, c.right, sp::index_t{c.mirrored}})
        changes.push_back(static_cast<std::int8_t>(v));
    }
  }
  sp::io::record_set records;
  records.add("seed", sp::io::array::of(std::vector<std::uint64_t>{o.seed}));
  records.add("order", sp::io::array::of<std::int32_t>({o.epochs, o.images}, order));
  records.add("change", sp::io::array::of<std::int8_t>({o.epochs, o.images, 3}, changes));
  return records;
}

void share(const options& o) {
  const sp::rng seed(o.seed);
  const sp::mask::mask_set masks = cifar10_resnet20::make_masks(o.sparsity, seed);
  std::filesystem::create_directories(o.out);
  sp::io::save_masks(o.out / "masks.npz", masks);
  sp::io::save_npz(o.out / "weights.npz", first_weights(masks, seed, o.perturb));
  sp::io::save_npz(o.out / "presentation.npz", presentation(o, seed));
  fmt::print("seed {}: {} of {} weights exist, sparsity {:.4f}\n", o.seed, masks.kept_weights(),
             masks.weights(), 1.0 - masks.density());
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Writes masks.npz, weights.npz and presentation.npz of ResNet-20 on CIFAR-10");
  app.add_option("--seed", o.seed, "seed of everything random")->capture_default_str();
  app.add_option("--perturb", o.perturb,
                 "moves the first weights by a millionth, each number of "
                 "this another way; 0: not at all")
      ->capture_default_str();
  app.add_option("--sparsity", o.sparsity, "of all weights; 0: dense")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--images", o.images, "training images")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--epochs", o.epochs)->check(CLI::Range(1, 1'000))->capture_default_str();
  app.add_option("--out", o.out, "directory to write to")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    share(o);
  } catch (const sp::error& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
