// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/mask_file.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;

namespace {

/// Takes taps away at random, but leaves each live block one; nothing to take leaves the default.
void thin_taps(mask::layer_mask& m, rng& random) {
  mask::tap_mask taps(m.out_groups(), m.in_groups(), m.taps());
  bool lacks = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      for (index_t t = 0; t < m.taps(); ++t) taps.set(j, i, t, random.bernoulli(0.6));
      taps.set(j, i, static_cast<index_t>(random.below(static_cast<std::uint64_t>(m.taps()))));
      lacks = lacks || taps.count(j, i) < m.taps();
    }
  if (lacks) m.kept_taps = taps;
}

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
  if (random.bernoulli(0.5)) thin_taps(m, random);
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
  m.kept_taps = mask::tap_mask(2, 2, 6);
  m.kept_taps.set(0, 1, 2);
  m.kept_taps.set(0, 1, 5);
  std::vector<std::uint8_t> table(24, 0);
  table[6 + 2] = table[6 + 5] = 1;
  const io::record_set thin = io::mask_records(mask::mask_set({m}));
  CHECK(thin.records().size() == 4);
  CHECK(thin.at("conv2.taps") == numbers<std::uint8_t>(table));
  CHECK(io::masks_from_records(thin) == mask::mask_set({m}));
}

TEST_CASE("mask file: a table of taps that lacks none is the short form") {
  mask::layer_mask m{.name = "conv2",
                     .block = {8, 4},
                     .out_channels = 16,
                     .in_channels = 8,
                     .kernel_height = 1,
                     .kernel_width = 2,
                     .blocks = mask::block_mask(2, 2)};
  for (const bool live : {true, false}) {
    CAPTURE(live);
    m.blocks.set(0, 0, live);
    m.blocks.set(1, 1, live);
    io::record_set table;
    const std::uint8_t bit = live ? 1 : 0;
    const io::record_set short_form = io::mask_records(mask::mask_set({m}));
    for (const io::record& r : short_form.records())
      table.add(r.name, r.name == "conv2.taps"
                            ? numbers<std::uint8_t>({bit, bit, 0, 0, 0, 0, bit, bit})
                            : r.value);
    const mask::mask_set read = io::masks_from_records(table);
    CHECK(read.layers()[0].kept_taps.keeps_all());
    CHECK(read == mask::mask_set({m}));
    CHECK(io::mask_records(read).at("conv2.taps") == numbers<std::uint8_t>({1, 1}));
  }
}

TEST_CASE("mask file: one block only, where short form and table have the same length") {
  mask::layer_mask m{.name = "one", .block = {8, 4}, .out_channels = 8, .in_channels = 4};
  m.kernel_width = 3;
  m.blocks.set(0, 0);
  CHECK(io::masks_from_records(io::mask_records(mask::mask_set({m}))) == mask::mask_set({m}));
  m.kept_taps = mask::tap_mask(1, 1, 3);
  m.kept_taps.set(0, 0, 1);
  const io::record_set records = io::mask_records(mask::mask_set({m}));
  CHECK(records.at("one.taps") == numbers<std::uint8_t>({0, 1, 0}));
  CHECK(io::masks_from_records(records) == mask::mask_set({m}));
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
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({16, 8, 1, 3}))
            .says({"'conv2'", "2 bytes", "3 ones", "2 x 2 x 3 bytes"}));
  CHECK(error_with("conv2.shape", numbers<std::int64_t>({16, 8, 1000000, 1000000}))
            .is(errc::file_mismatch));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0}))
            .says({"masks.npz", "'conv2'", "only 2 bytes", "2 x 2 x 2"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 2})).says({"'conv2'", "byte 1 is 2"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({})).says({"'conv2'", "0 bytes"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 1, 1})).says({"'conv2'", "3 bytes"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 1, 1, 1})).is(errc::file_mismatch));
  CHECK(error_with("conv2.taps", numbers<std::int8_t>({1, 1})).says({"int8", "uint8"}));
  // The table [2][2][2]: blocks (0, 0) and (1, 1) live.
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0, 0, 0, 0, 0, 0, 1})).id == 0);
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0, 0, 0, 0, 0, 0, 3}))
            .says({"'conv2'", "byte 7 is 3"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0, 0, 0, 0, 0, 0, 0}))
            .says({"'conv2'", "(1, 1) is present but keeps 0 taps"}));
  CHECK(error_with("conv2.taps", numbers<std::uint8_t>({1, 0, 1, 0, 0, 0, 0, 1}))
            .says({"'conv2'", "(0, 1) is absent but keeps 1 taps"}));
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
  bool thin = false;
  for (const mask::layer_mask& m : masks) thin = thin || !m.kept_taps.keeps_all();
  REQUIRE(thin);
  io::save_masks(dir / "m.npz", masks);
  // Counts the weights that the masks keep, from the file alone, and writes it again: as it is, and
  // with every short form of the taps written out as a table.
  io::write_file(dir / "p.py", R"(import numpy as np
d = np.load('m.npz', allow_pickle=False)
kept = 0
long = {k: d[k] for k in d.files}
for name in d.files:
    if name.endswith(('.block', '.shape', '.taps')):
        continue
    bo, bi = d[name + '.block']
    out, inp, kh, kw = d[name + '.shape']
    if d[name + '.taps'].size == kh * kw:
        long[name + '.taps'] = np.repeat(d[name].ravel(), kh * kw)
    taps = long[name + '.taps'].reshape(*d[name].shape, -1).sum(axis=2, dtype=np.int64)
    full = np.kron(taps, np.ones((bo, bi), np.int64))[:out, :inp]
    kept += int(full.sum())
np.savez_compressed('again.npz', **{k: d[k] for k in d.files})
np.savez('long.npz', **long)
open('kept', 'w').write(str(kept))
)");
  const std::string command = "cd '" + dir.path().string() + "' && " + *python + " p.py";
  REQUIRE(std::system(command.c_str()) == 0);
  const auto text = io::read_file(dir / "kept");
  CHECK(std::string(text.begin(), text.end()) == std::to_string(masks.kept_weights()));
  CHECK(io::load_masks(dir / "again.npz") == masks);
  CHECK(io::load_masks(dir / "long.npz") == masks);
}

TEST_CASE("mask file: masks made with NumPy alone") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  io::write_file(dir / "p.py", R"(import numpy as np
arrays = {
    'b': np.array([[1, 0, 1], [0, 1, 1]], np.uint8), 'b.block': np.array([4, 2]),
    'b.shape': np.array([7, 5, 2, 2]),
    'b.taps': (np.arange(24).reshape(2, 3, 4) % 3 == 0).astype(np.uint8) *
              np.array([[1, 0, 1], [0, 1, 1]], np.uint8)[:, :, None],
    'a': np.ones((1, 2), np.uint8), 'a.block': np.array([8, 4]), 'a.shape': np.array([8, 8, 3, 3]),
    'a.taps': np.ones(9, np.uint8)}
arrays['b.taps'] = arrays['b.taps'].ravel()
np.savez('plain.npz', **arrays)
np.savez_compressed('packed.npz', **arrays)
)");
  const std::string command = "cd '" + dir.path().string() + "' && " + *python + " p.py";
  REQUIRE(std::system(command.c_str()) == 0);
  const mask::mask_set masks = io::load_masks(dir / "plain.npz");
  CHECK(io::load_masks(dir / "packed.npz") == masks);
  REQUIRE(masks.size() == 2);
  const mask::layer_mask& b = masks.layers()[0];
  CHECK(b.name == "b");
  CHECK(b.block == mask::block_shape{4, 2});
  CHECK(b.blocks.bytes() == std::vector<std::uint8_t>{1, 0, 1, 0, 1, 1});
  for (index_t j = 0; j < 2; ++j)
    for (index_t i = 0; i < 3; ++i)
      for (index_t t = 0; t < 4; ++t) {
        CAPTURE(j, i, t);
        const bool kept = b.blocks.test(j, i) && ((j * 3 + i) * 4 + t) % 3 == 0;
        CHECK(b.kept_taps.test(j, i, t) == kept);
      }
  CHECK(masks.layers()[1].kept_taps.keeps_all());
  CHECK(masks.layers()[1].kept_weights() == 8 * 8 * 9);
}
