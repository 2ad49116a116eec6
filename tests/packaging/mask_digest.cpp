// SPDX-License-Identifier: Apache-2.0
// Prints one 64-bit digest per way of making masks. mask_digest.cmake builds it with other
// compilers and options and compares: the same seed gives the same masks everywhere.
#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/mask/slot_schedule.hpp"
#include "swprune/nn/layer_lists.hpp"

using namespace swprune;

namespace {

/// FNV-1a.
class digest {
 public:
  void add(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3U; }
  void add(const std::vector<std::uint8_t>& bytes) {
    for (const std::uint8_t b : bytes) add(b);
  }
  void add(const mask::mask_set& masks) {
    for (const mask::layer_mask& m : masks) {
      add(m.blocks.bytes());
      add(m.kept_taps.bytes());
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

void print(const std::string& what, const digest& d) {
  fmt::print("{} {:016x}\n", what, d.value());
}

void rules_of(const char* network, mask::block_shape block) {
  const auto layers = nn::layers_by_name(network);
  for (const char* rule : {"uniform", "erk", "0.5"})
    for (const double sparsity : {0.5, 0.6}) {
      digest d;
      d.add(mask::make_masks(
          layers, {.sparsity = sparsity, .block = block, .rule = mask::parse_density_rule(rule)},
          rng(1)));
      print(fmt::format("{} {} {}", network, rule, sparsity), d);
    }
}

void kinds() {
  const auto layers = nn::layers_by_name("lenet5");
  for (const mask::mask_kind kind : mask::mask_kinds) {
    digest d;
    d.add(mask::make_masks(layers, {.sparsity = 0.7, .block = {8, 4}, .kind = kind}, rng(2)));
    print(fmt::format("kind {}", mask::to_string(kind)), d);
  }
}

void levels() {
  const auto layers = nn::layers_by_name("resnet18");
  digest clusters, taps, stages, slots;
  clusters.add(
      mask::make_masks(layers, {.sparsity = 0.7, .block = {8, 4}, .cluster_size = 2}, rng(3)));
  taps.add(
      mask::make_masks(layers, {.sparsity = 0.8, .block = {8, 4}, .tap_density = 0.5}, rng(3)));
  const auto masks = mask::make_masks(layers, {.sparsity = 0.76, .block = {8, 4}}, rng(3));
  for (const mask::mask_set& stage : mask::make_stages(masks, {})) stages.add(stage);
  for (const mask::layer_mask& m : masks)
    for (const mask::slot_tile& t : mask::make_slot_schedule(m.blocks).tiles)
      for (const auto input : t.inputs) slots.add(static_cast<std::uint8_t>(input));
  print("clusters", clusters);
  print("taps", taps);
  print("stages", stages);
  print("slots", slots);
}

}  // namespace

int main() {
  rules_of("vgg16", {8, 4});
  rules_of("resnet18", {8, 4});
  rules_of("resnet20", {4, 2});
  kinds();
  levels();
}
