// SPDX-License-Identifier: Apache-2.0

// Activation bytes that the accelerator fetches for small-world masks, lattices and random masks of
// equal density and balance: what locality on the ring saves. The pruned convolutions of VGG-16,
// one by one, with chunks of a few rows; CIFAR's maps and maps seven times as large; the headline
// buffers and small ones. Bytes are those of the closed form, which the RTL's counters equal.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "swprune/core/build_info.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/io/file.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"

namespace {

namespace sp = swprune;
using sp::index_t;

constexpr index_t burst_bytes = 512;  ///< 16 beats of 32 bytes

struct setting {
  double sparsity;
  index_t scale;      ///< of the maps
  index_t act_depth;  ///< words of a bank
  index_t rows;       ///< of a chunk, at most

  [[nodiscard]] std::string name() const {
    return fmt::format("s{:.0f}_maps{}x_act{}_rows{}", 100 * sparsity, scale, act_depth, rows);
  }
};

/// Bytes of activations over the layers.
struct traffic {
  index_t fetched = 0;
  index_t skipped = 0;          ///< of planes that no row of the chunk uses
  index_t skipped_in_runs = 0;  ///< of these, in contiguous pieces of a burst at least

  [[nodiscard]] double share() const {
    return static_cast<double>(fetched) / static_cast<double>(fetched + skipped);
  }
  [[nodiscard]] double runs() const {
    return skipped == 0 ? 0 : static_cast<double>(skipped_in_runs) / static_cast<double>(skipped);
  }
};

/// A 3x3 convolution with this mask and weights of no meaning.
sp::quant::int8_model layer_of(const sp::mask::layer_mask& m, index_t size) {
  sp::quant::int8_layer l;
  l.name = m.name;
  l.input = {m.in_channels, size, size};
  l.output = {m.out_channels, size, size};
  l.kernel_height = m.kernel_height;
  l.kernel_width = m.kernel_width;
  l.padding = m.kernel_height / 2;
  l.block = m.block;
  l.blocks = m.blocks;
  index_t words = 0;
  for (index_t r = 0; r < l.blocks.out_groups(); ++r)
    for (const index_t g : l.blocks.row(r))
      words += l.channels_of(g) * l.kernel_height * l.kernel_width;
  l.weights.assign(static_cast<std::size_t>(words * l.block.outputs), 0);
  const auto channels = static_cast<std::size_t>(m.out_channels);
  l.bias.assign(channels, 0);
  l.multiplier.assign(channels, std::int16_t{1 << 14});
  l.shift.assign(channels, 20);
  sp::quant::int8_model model;
  model.input = l.input;
  model.layers.push_back(std::move(l));
  return model;
}

/// Groups that a step does not fetch lie in runs; a run of whole planes is contiguous in memory, of
/// strips of planes every strip stands alone.
void count_runs(const sp::hw::program& p, index_t in_groups, index_t row_bytes, traffic& sum) {
  const index_t stride = p.inputs[0].group_stride();
  const auto layer = sp::hw::decode_image(p.image, p.desc_offset, 1).front();
  for (const auto& s : layer.steps) {
    if (!s.new_activations) continue;
    const index_t piece = index_t{s.plane_words} * 4;
    const bool whole = piece == row_bytes * layer.descriptor.in_h;
    std::vector<bool> live(static_cast<std::size_t>(in_groups), false);
    for (const index_t offset : sp::hw::decode_fetch_list(p.image, s))
      live[static_cast<std::size_t>(offset / stride)] = true;
    index_t run = 0;
    for (index_t g = 0; g <= in_groups; ++g) {
      if (g < in_groups && !live[static_cast<std::size_t>(g)]) {
        ++run;
        continue;
      }
      const index_t contiguous = whole ? run * piece : piece;
      if (run > 0 && contiguous >= burst_bytes) sum.skipped_in_runs += run * piece;
      sum.skipped += run * piece;
      run = 0;
    }
    sum.fetched += static_cast<index_t>(s.slots) * piece;
  }
}

traffic traffic_of(const setting& s, sp::mask::mask_kind kind, sp::mask::ring_order order,
                   std::uint64_t seed) {
  sp::hw::array_params array;
  array.act_depth = s.act_depth;
  const auto masks =
      sp::mask::make_masks(sp::nn::layers_by_name("vgg16"),
                           {.sparsity = s.sparsity, .kind = kind, .order = order}, sp::rng(seed));
  traffic sum;
  index_t size = 32 * s.scale;
  index_t number = 0;
  for (const auto& m : masks.layers()) {
    ++number;
    if (m.kernel_height == 3 && number > 1) {
      const auto model = layer_of(m, size);
      const auto p =
          sp::hw::compile(model, array, 1, {.plan = {.max_rows = s.rows, .tile_outer = false}});
      count_runs(p, m.blocks.in_groups(), size * 4, sum);
    }
    const bool pools = number == 2 || number == 4 || number == 7 || number == 10;
    if (pools) size /= 2;
  }
  return sum;
}

/// Median over the seeds by bytes fetched.
traffic median_traffic(const setting& s, sp::mask::mask_kind kind, int seeds,
                       sp::mask::ring_order order = sp::mask::ring_order::interleaved) {
  std::vector<traffic> all;
  for (int seed = 1; seed <= seeds; ++seed)
    all.push_back(traffic_of(s, kind, order, static_cast<std::uint64_t>(seed)));
  std::sort(all.begin(), all.end(),
            [](const traffic& a, const traffic& b) { return a.fetched < b.fetched; });
  return all[all.size() / 2];
}

/// Figures of one setting. Throws mismatch_error when a layer does not fit the buffers.
nlohmann::json row_of(const setting& s, int seeds) {
  using sp::mask::mask_kind;
  const traffic world = median_traffic(s, mask_kind::small_world, seeds);
  const traffic lattice = median_traffic(s, mask_kind::lattice, 1);
  const traffic random = median_traffic(s, mask_kind::random, seeds);
  const traffic aligned =
      median_traffic(s, mask_kind::small_world, seeds, sp::mask::ring_order::aligned);
  std::cerr << fmt::format(
      "{}: of all planes small-world {:.3f} (aligned {:.3f}, lattice {:.3f}, random "
      "{:.3f}); skipped in runs >= {} bytes {:.2f} ({:.2f}, {:.2f}, {:.2f})\n",
      s.name(), world.share(), aligned.share(), lattice.share(), random.share(), burst_bytes,
      world.runs(), aligned.runs(), lattice.runs(), random.runs());
  return {{"name", s.name()},
          {"ours", static_cast<double>(world.fetched) * 1e-6},
          {"peer", static_cast<double>(random.fetched) * 1e-6},
          {"peer_version", "random masks, equal degrees"},
          {"unit", "MB fetched"},
          {"ratio", static_cast<double>(random.fetched) / static_cast<double>(world.fetched)},
          {"lattice", static_cast<double>(lattice.fetched) * 1e-6},
          {"share", world.share()},
          {"share_aligned", aligned.share()},
          {"share_lattice", lattice.share()},
          {"share_random", random.share()},
          {"runs", world.runs()},
          {"runs_aligned", aligned.runs()},
          {"runs_lattice", lattice.runs()},
          {"runs_random", random.runs()},
          {"spread", 0},
          {"goal", 1.0}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  int seeds = 5;
  CLI::App app("Activation bytes fetched: small-world masks against lattices and random masks.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--seeds", seeds, "masks of each kind, the median counts")
      ->check(CLI::Range(1, 99));
  CLI11_PARSE(app, argc, argv);
  try {
    std::cerr << sp::build_info().to_string() << '\n';
    nlohmann::json result;
    for (const double sparsity : {0.76, 0.90})
      for (const index_t scale : {1, 7})
        for (const index_t depth : {1024, 256})
          for (const index_t rows : {1, 2, 4, 8}) {
            const setting s{sparsity, scale, depth, rows};
            try {
              result["rows"].push_back(row_of(s, seeds));
            } catch (const sp::mismatch_error& e) {
              std::cerr << fmt::format("{}: {}\n", s.name(), e.what());
            }
          }
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
