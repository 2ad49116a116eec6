// SPDX-License-Identifier: Apache-2.0

// The Python lines of docs/formats-files.md, "Mask file", do what the page says: NumPy alone
// expands a mask file into the masks of all weights, and PyTorch is held to them.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/npz.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using swprune_test::read_text;
using swprune_test::temp_dir;

namespace {

/// The first Python block of the section "Mask file".
std::string snippet() {
  const std::string page = read_text(std::string(SWPRUNE_SOURCE_DIR) + "/docs/formats-files.md");
  const std::size_t section = page.find("\n## Mask file\n");
  REQUIRE(section != std::string::npos);
  const std::string fence = "```python\n";
  const std::size_t begin = page.find(fence, section);
  REQUIRE(begin < page.find("\n## ", section + 4));
  const std::size_t end = page.find("```\n", begin + fence.size());
  return page.substr(begin + fence.size(), end - begin - fence.size());
}

int code_lines(const std::string& text) {
  int lines = 0;
  bool blank = true;
  for (const char c : text) {
    if (c == '\n' && !blank) ++lines;
    blank = c == '\n' || (blank && c == ' ');
  }
  return lines;
}

mask::layer_mask random_layer(rng& random, std::string name, bool thin) {
  const auto size = [&](std::uint64_t most) {
    return static_cast<index_t>(1 + random.below(most));
  };
  mask::layer_mask m{.name = std::move(name),
                     .block = {size(6), size(6)},
                     .out_channels = size(30),
                     .in_channels = size(30),
                     .kernel_height = size(4),
                     .kernel_width = size(4)};
  m.blocks = mask::block_mask(m.out_groups(), m.in_groups());
  m.blocks.set(0, 0);
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i)
      if (random.bernoulli(0.4)) m.blocks.set(j, i);
  if (!thin || m.taps() == 1) return m;
  m.kept_taps = mask::tap_mask(m.out_groups(), m.in_groups(), m.taps());
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      const auto one = static_cast<index_t>(random.below(static_cast<std::uint64_t>(m.taps())));
      m.kept_taps.set(j, i, one);
    }
  return m;
}

/// Convolutions with and without tap masks, one behind a flattened 4 x 4 map, one layer of a single
/// block whose taps have the length of the short form.
mask::mask_set some_masks() {
  rng random(7);
  std::vector<mask::layer_mask> layers;
  for (int k = 0; k < 8; ++k)
    layers.push_back(random_layer(random, fmt::format("conv{}.weight", k), k % 2 == 1));
  mask::layer_mask fc{.name = "fc", .block = {8, 4}, .out_channels = 10, .in_channels = 12};
  fc.kernel_height = fc.kernel_width = 4;
  fc.blocks = mask::block_mask(2, 3);
  fc.blocks.set(0, 2);
  fc.blocks.set(1, 0);
  layers.push_back(fc);
  mask::layer_mask one{.name = "one", .block = {8, 4}, .out_channels = 8, .in_channels = 3};
  one.kernel_width = 3;
  one.blocks.set(0, 0);
  one.kept_taps = mask::tap_mask(1, 1, 3);
  one.kept_taps.set(0, 0, 1);
  layers.push_back(one);
  return mask::mask_set(std::move(layers));
}

/// Which weights exist, [out][in][kh][kw], from the definition of layer_mask.
std::vector<std::uint8_t> dense_mask(const mask::layer_mask& m) {
  std::vector<std::uint8_t> bits;
  for (index_t o = 0; o < m.out_channels; ++o)
    for (index_t i = 0; i < m.in_channels; ++i)
      for (index_t t = 0; t < m.taps(); ++t) {
        const index_t row = o / m.block.outputs;
        const index_t column = i / m.block.inputs;
        bits.push_back(m.blocks.test(row, column) && m.kept_taps.test(row, column, t) ? 1 : 0);
      }
  return bits;
}

/// Runs the page's lines and then `more`, in `dir`.
swprune_test::run_result run_python(const std::string& python, const temp_dir& dir,
                                    const std::string& more) {
  swprune_test::write_text(dir / "p.py", snippet() + "\n" + more);
  return swprune_test::run("cd " + swprune_test::quoted(dir.path().string()) + " && " + python +
                           " p.py");
}

}  // namespace

TEST_CASE("snippet: at most 15 lines of Python") {
  CHECK(code_lines(snippet()) <= 15);
  CHECK(code_lines("a\n\n  b\n   \n") == 2);
}

TEST_CASE("snippet: NumPy expands the masks as the library does") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  const mask::mask_set masks = some_masks();
  io::save_masks(dir / "masks.npz", masks);
  const auto run = run_python(*python, dir, "np.savez('full.npz', **weight_masks('masks.npz'))\n");
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  const io::record_set full = io::load_npz(dir / "full.npz");
  REQUIRE(full.records().size() == masks.layers().size());
  for (std::size_t l = 0; l < masks.layers().size(); ++l) {
    const mask::layer_mask& m = masks.layers()[l];
    CAPTURE(m.name);
    CHECK(full.records()[l].name == m.name);
    const std::vector<std::uint8_t> wanted = dense_mask(m);
    CHECK(full.records()[l].value ==
          io::array::of<std::uint8_t>(
              {m.out_channels, m.in_channels, m.kernel_height, m.kernel_width}, wanted));
    CHECK(std::count(wanted.begin(), wanted.end(), std::uint8_t{1}) == m.kept_weights());
  }
}

TEST_CASE("snippet: PyTorch layers are held to the masks") {
  const auto python = swprune_test::find_oracle_python("torch");
  if (!python || !swprune_test::find_oracle_python("numpy"))
    SWPRUNE_SKIP_ORACLE("no Python with numpy and torch");
  const temp_dir dir;
  io::save_masks(dir / "masks.npz", some_masks());
  const auto run = run_python(*python, dir, R"(
import torch
torch.manual_seed(1)
for name, mask in weight_masks('masks.npz').items():
    out, inp, kh, kw = mask.shape
    if name == 'fc':
        net = torch.nn.Linear(inp * kh * kw, out)
        image = torch.randn(3, inp * kh * kw)
        plain = torch.nn.functional.conv2d(
            image.reshape(3, inp, kh, kw), (net.weight.reshape(mask.shape) * torch.tensor(mask)),
            net.bias).reshape(3, out)
    else:
        net = torch.nn.Conv2d(inp, out, (kh, kw))
        image = torch.randn(3, inp, kh + 3, kw + 3)
        plain = torch.nn.functional.conv2d(image, net.weight * torch.tensor(mask), net.bias)
    apply(net, mask)
    assert torch.allclose(net(image), plain, atol=1e-5), name
    sgd = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
    before = net.weight.detach().clone()
    for step in range(3):
        sgd.zero_grad()
        (net(image) ** 2).sum().backward()
        sgd.step()
    kept = torch.tensor(mask).reshape(net.weight.shape).bool()
    assert (net.weight[~kept] == 0).all(), name
    assert (net.weight[kept] != before[kept]).any(), name
print('held')
)");
  CAPTURE(run.output);
  CHECK(run.exit_code == 0);
  CHECK(run.output == "held\n");
}

TEST_CASE("snippet: this test can fail") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  io::save_masks(dir / "masks.npz", some_masks());
  CHECK(run_python(*python, dir, "assert weight_masks('masks.npz')['one'].all()\n").exit_code != 0);
  mask::layer_mask m = some_masks().layers().back();
  const auto before = dense_mask(m);
  m.kept_taps.set(0, 0, 2);
  CHECK(dense_mask(m) != before);
}
