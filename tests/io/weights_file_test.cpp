// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/weights_file.hpp"

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "swprune/io/file.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

/// tiny_net with statistics that are not those of the start.
nn::network<float> used_net(std::uint64_t seed) {
  auto net = tiny_net<float>(seed);
  rng r(seed + 1);
  for (const auto& s : net.state())
    for (float& v : s.values) v = static_cast<float>(0.5 + r.uniform());
  for (const auto& p : net.parameters())
    if (p.name.find("weights") == std::string::npos)
      for (float& v : p.values) v = static_cast<float>(0.5 + r.uniform());
  return net;
}

bool same_weights(nn::network<float>& a, nn::network<float>& b) {
  const auto x = train::copy_weights(a), y = train::copy_weights(b);
  return x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin(), [](auto& p, auto& q) {
           return p.name == q.name && p.values == q.values;
         });
}

/// The Python block of the section "Weights file".
std::string snippet() {
  const std::string page = read_text(std::string(SWPRUNE_SOURCE_DIR) + "/docs/formats-files.md");
  const std::string fence = "```python\n";
  const std::size_t begin = page.find(fence, page.find("\n## Weights file\n"));
  REQUIRE(begin != std::string::npos);
  const std::size_t end = page.find("```\n", begin + fence.size());
  return page.substr(begin + fence.size(), end - begin - fence.size());
}

/// The network of tiny_problem.hpp in PyTorch, its modules named as the layers.
constexpr const char* twin = R"(
class twin(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn = torch.nn.BatchNorm2d(8)
        self.fc1 = torch.nn.Linear(8 * 4 * 4, 16, bias=False)
        self.bn1 = torch.nn.BatchNorm1d(16)
        self.fc2 = torch.nn.Linear(16, 4)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(torch.relu(self.bn(self.conv(x))), 2)
        return self.fc2(torch.relu(self.bn1(self.fc1(x.flatten(1)))))
)";

}  // namespace

TEST_CASE("weights come back, absent blocks stay absent", "[weights]") {
  const temp_dir dir;
  auto net = used_net(1), other = used_net(5);
  REQUIRE_FALSE(same_weights(net, other));
  io::save_weights(dir / "w.npz", net);
  io::load_weights(dir / "w.npz", other);
  CHECK(same_weights(net, other));
  const auto records = io::weights_records(net);
  std::vector<std::string> names;
  for (const auto& r : records.records()) names.push_back(r.name);
  CHECK(names == std::vector<std::string>{"conv.weight", "bn.weight", "bn.bias", "fc1.weight",
                                          "bn1.weight", "bn1.bias", "fc2.weight", "fc2.bias",
                                          "bn.running_mean", "bn.running_var", "bn1.running_mean",
                                          "bn1.running_var"});
  CHECK(records.at("fc1.weight").shape() == std::vector<index_t>{16, 8, 4, 4});
  // Weights at absent blocks are not looked at, whatever the file says of them.
  io::record_set ones;
  for (const auto& r : records.records())
    if (r.name == "fc1.weight")
      ones.add(r.name, io::array::of(std::vector<double>(16 * 8 * 16, 1.0)));
    else
      ones.add(r.name, r.value);
  io::weights_from_records(ones, other);
  const auto dense = other.find<nn::conv2d>("fc1")->to_dense();
  CHECK(std::count(dense.begin(), dense.end(), 1.0f) == net.masks().at("fc1").kept_weights());
  CHECK(std::count(dense.begin(), dense.end(), 0.0f) ==
        net.masks().at("fc1").weights() - net.masks().at("fc1").kept_weights());
}

TEST_CASE("weights that do not fit are refused and change nothing", "[weights]") {
  auto net = used_net(1), before = used_net(1);
  const auto good = io::weights_records(net);
  const auto refuses = [&](const std::string& name, const io::array& value, const char* text) {
    io::record_set bad("bad.npz");
    for (const auto& r : good.records()) bad.add(r.name, r.name == name ? value : r.value);
    CHECK_THROWS_WITH(io::weights_from_records(bad, net), Contains(text));
    CHECK(same_weights(net, before));
  };
  refuses("bn.bias", io::array::of(std::vector<float>(7)), "'bn.bias' has shape [7], expected 8");
  refuses("fc2.bias", io::array::of(std::vector<std::int32_t>(4)), "'fc2.bias' is int32");
  refuses("bn1.running_var",
          io::array::of(std::vector<float>(16, std::numeric_limits<float>::infinity())), "E504");
  io::record_set few("few.npz"), many("many.npz");
  for (const auto& r : good.records()) {
    if (r.name != "conv.weight") few.add(r.name, r.value);
    many.add(r.name, r.value);
  }
  CHECK_THROWS_WITH(io::weights_from_records(few, net), Contains("no record 'conv.weight'"));
  many.add("bn.num_batches_tracked", io::array::of(std::vector<std::int64_t>{7}));
  CHECK_NOTHROW(io::weights_from_records(many, net));
  many.add("extra.weight", io::array::of(std::vector<float>{1}));
  CHECK_THROWS_WITH(io::weights_from_records(many, net),
                    Contains("14 arrays, the network uses 13"));
  CHECK(same_weights(net, before));
}

TEST_CASE("PyTorch computes the same with our weights, and we with PyTorch's",
          "[weights][oracle]") {
  const auto python = find_oracle_python("torch");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with torch");
  const temp_dir dir;
  auto net = used_net(1);
  io::save_weights(dir / "ours.npz", net);
  // Images, and the outputs of a twin that has our weights, then of one with its own.
  write_text(dir / "run.py", snippet() + twin + R"(
import sys
folder = sys.argv[1]
torch.manual_seed(3)
x = torch.rand(5, 1, 8, 8)
with torch.no_grad():
    ours = twin().eval()
    to_torch(folder + "/ours.npz", ours)
    own = twin()
    own(torch.rand(64, 1, 8, 8))
    own.eval()
    from_torch(own, folder + "/own.npz")
    np.savez(folder + "/answer.npz", x=x.numpy(), ours=ours(x).numpy(), own=own(x).numpy())
)");
  const auto ran = run(fmt::format("{} {} {}", *python, quoted((dir / "run.py").string()),
                                   quoted(dir.path().string())));
  INFO(ran.output);
  REQUIRE(ran.exit_code == 0);
  const auto answer = io::load_npz(dir / "answer.npz");
  const auto images = nn::from_plain<float>(answer.at("x").numbers<float>(), 5, {1, 8, 8});
  const auto distance = [&](nn::network<float>& n, const char* name) {
    const auto expected = answer.at(name).numbers<float>();
    const auto given = nn::to_plain(n.forward(images));
    double most = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      most = std::max(most, static_cast<double>(std::abs(given[i] - expected[i])));
    return most;
  };
  CHECK(distance(net, "ours") < 1e-4);
  // PyTorch's own weights are dense: a network without holes takes them.
  auto dense = tiny_net<float>(2);
  auto whole = dense.masks().at("fc1");
  whole.blocks = mask::block_mask::dense(whole.out_groups(), whole.in_groups());
  (void)dense.change_masks(mask::mask_set({whole}));
  io::load_weights(dir / "own.npz", dense);
  CHECK(distance(dense, "own") < 1e-4);
  CHECK(distance(net, "own") > 1e-2);
}
