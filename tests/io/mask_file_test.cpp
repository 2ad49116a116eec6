// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/mask_file.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

#include "swprune/core/rng.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;

namespace {

mask::layer_mask random_layer(rng& random, const std::string& name) {
  const auto size = [&](std::uint64_t most) {
    return static_cast<index_t>(1 + random.below(most));
  };
  mask::layer_mask m{.name = name,
                     .block = {size(8), size(8)},
                     .out_channels = size(40),
                     .in_channels = size(40),
                     .kernel_height = size(5),
                     .kernel_width = size(5)};
  m.blocks = mask::block_mask(m.out_groups(), m.in_groups());
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) m.blocks.set(j, i, random.bernoulli(0.3));
  return m;
}

mask::mask_set random_masks(std::uint64_t seed) {
  rng random(seed);
  std::vector<mask::layer_mask> layers;
  for (const char* name : {"zeta", "conv1", "alpha.weight", "fc"})  // not in alphabetic order
    layers.push_back(random_layer(random, name));
  return mask::mask_set(std::move(layers));
}

/// The records of one 16 x 8 layer with 8 x 4 blocks, of which one is replaced.
caught error_with(const std::string& name, io::array value, const std::string& drop = "") {
  io::record_set good;
  good.add("conv2", io::array::of<std::uint8_t>({2, 2}, std::vector<std::uint8_t>{1, 0, 0, 1}));
  good.add("conv2.block", io::array::of(std::vector<std::int64_t>{8, 4}));
  good.add("conv2.shape", io::array::of(std::vector<std::int64_t>{16, 8, 1, 2}));
  good.add("conv2.taps", io::array::of(std::vector<std::uint8_t>{1, 1}));
  io::record_set set("masks.npz");
  for (const io::record& r : good.records())
    if (r.name != drop) set.add(r.name, r.name == name ? value : r.value);
  if (!name.empty() && !set.contains(name)) set.add(name, value);
  return error_of([&] { (void)io::masks_from_records(set); });
}

template <typename T>
io::array numbers(std::vector<T> values) {
  return io::array::of(values);
}

}  // namespace

TEST_CASE("mask file: masks come back in layer order") {
  const temp_dir dir;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    const mask::mask_set masks = random_masks(seed);
    io::save_masks(dir / "m.npz", masks);
    REQUIRE(io::load_masks(dir / "m.npz") == masks);
  }
  CHECK(io::load_masks(dir / "m.npz").layers()[0].name == "zeta");
  io::save_masks(dir / "m.npz", mask::mask_set{});
  CHECK(io::load_masks(dir / "m.npz").size() == 0);
}

TEST_CASE("mask file: the records are the frozen ones") {
  mask::layer_mask m{.name = "conv2",
                     .block = {8, 4},
                     .out_channels = 12,
                     .in_channels = 8,
                     .kernel_height = 3,
                     .kernel_width = 2,
                     .blocks = mask::block_mask(2, 2)};
  m.blocks.set(0, 1);
  const io::record_set set = io::mask_records(mask::mask_set({m}));
  REQUIRE(set.records().size() == 4);
  CHECK(set.at("conv2") ==
        io::array::of<std::uint8_t>({2, 2}, std::vector<std::uint8_t>{0, 1, 0, 0}));
  CHECK(set.at("conv2.block") == numbers<std::int64_t>({8, 4}));
  CHECK(set.at("conv2.shape") == numbers<std::int64_t>({12, 8, 3, 2}));
  CHECK(set.at("conv2.taps") == numbers<std::uint8_t>({1, 1, 1, 1, 1, 1}));
}

TEST_CASE("mask file: what does not fit is said, with the layer") {
  CHECK(error_with("", {}).id == 0);
  CHECK(error_with("", {}, "conv2.taps").says({"masks.npz", "no record 'conv2.taps'"}));
  CHECK(error_with("", {}, "conv2").says({"3 records for 0 layers"}));
  CHECK(error_with("other.taps", numbers<std::uint8_t>({1})).says({"5 records for 1 layers"}));
  CHECK(error_with("conv2.block", numbers<std::int64_t>({8, 4, 1})).says({"conv2.block", "[2]"}));
  CHECK(error_with("conv2.block", numbers<std::int32_t>({8, 4})).says({"int32", "int64"}));
  CHECK(error_with("conv2.block", numbers<std::int64_t>({8, 0})).says({"'conv2'", "given 0"}));
  CHECK(error_with("conv2.block", numbers<std::int64_t>({4, 4})).is(errc::mask_shape));
  CHECK(error_with("conv2.block", numbers<std::int64_t>({4, 4})).says({"'conv2'", "4x2", "2x2"}));
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({17, 8, 1, 2})).is(errc::mask_shape));
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({16, 8, 1, -2})).says({"given -2"}));
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({16, 8, 1, 3})).says({"[2]", "[3]"}));
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({16, 8, 1000000, 1000000}))
            .is(errc::file_mismatch));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0})).says({"'conv2'", "tap"}));
  CHECK(error_with("conv2", numbers<std::uint8_t>({1, 0, 0, 1})).says({"uint8 [4]", "[Go x Gi]"}));
  CHECK(error_with("conv2",
                   io::array::of<std::uint8_t>({2, 2}, std::vector<std::uint8_t>{1, 0, 2, 1}))
            .says({"'conv2'", "block (1, 0) is 2"}));
  CHECK(error_with("conv2", io::array::of<std::uint8_t>({0, 2}, {})).is(errc::file_mismatch));
}

TEST_CASE("mask file: a layer name that reads like a part of another is refused") {
  rng random(1);
  const mask::mask_set masks({random_layer(random, "conv.block")});
  CHECK(error_of([&] { (void)io::mask_records(masks); }).says({"'conv.block'", "must not end in"}));
}

TEST_CASE("mask file: NumPy reads it and its files are read") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  const mask::mask_set masks = random_masks(3);
  io::save_masks(dir / "m.npz", masks);
  // Counts the weights that the masks keep, from the file alone, and writes the file again.
  io::write_file(dir / "p.py", R"(import numpy as np
d = np.load('m.npz', allow_pickle=False)
kept = 0
for name in d.files:
    if name.endswith(('.block', '.shape', '.taps')):
        continue
    bo, bi = d[name + '.block']
    out, inp, kh, kw = d[name + '.shape']
    full = np.kron(d[name], np.ones((bo, bi), np.int64))[:out, :inp]
    kept += int(full.sum()) * int(d[name + '.taps'].sum())
np.savez_compressed('again.npz', **{k: d[k] for k in d.files})
open('kept', 'w').write(str(kept))
)");
  const std::string command = "cd '" + dir.path().string() + "' && " + *python + " p.py";
  REQUIRE(std::system(command.c_str()) == 0);
  const auto text = io::read_file(dir / "kept");
  CHECK(std::string(text.begin(), text.end()) == std::to_string(masks.kept_weights()));
  CHECK(io::load_masks(dir / "again.npz") == masks);
}
