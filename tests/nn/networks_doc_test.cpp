// SPDX-License-Identifier: Apache-2.0

// The program of docs/networks.md, and that the page has exactly this.

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "swprune/mask/generate.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/report/network_table.hpp"
#include "tests/support/temp_dir.hpp"

// clang-format off
// page begins
namespace nn = swprune::nn;

nn::network<float> my_network(const swprune::mask::mask_set& masks) {
  nn::network<float> net;
  net.add<nn::conv2d>(masks.at("stem"), nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("stem.bn", 16);
  net.add<nn::relu>("stem.relu");

  nn::chain<float> path;  // what the block adds to its input
  path.add<nn::conv2d>(masks.at("block.conv1"), nn::conv2d_params{.padding = 1});
  path.add<nn::batch_norm>("block.bn1", 16);
  path.add<nn::relu>("block.relu1");
  path.add<nn::conv2d>(masks.at("block.conv2"), nn::conv2d_params{.padding = 1});
  path.add<nn::batch_norm>("block.bn2", 16);
  net.add<nn::residual>("block", std::move(path));  // no shortcut given: the identity

  net.add<nn::global_average_pool>("pool");
  net.add<nn::dropout>("drop", nn::dropout_params{.rate = 0.2});
  net.add<nn::fully_connected>(masks.at("fc"), true);
  net.build({3, 32, 32});
  return net;
}

std::string table_of_my_network() {
  const std::vector<swprune::mask::layer_spec> layers{
      {"stem", 3, 16, 3, 3, 32 * 32, true},
      {"block.conv1", 16, 16, 3, 3, 32 * 32},
      {"block.conv2", 16, 16, 3, 3, 32 * 32},
      {"fc", 16, 10, 1, 1, 1, true, {{"block.conv2"}, {"stem"}}}};
  const auto masks =
      swprune::mask::make_masks(layers, {.sparsity = 0.4, .block = {4, 4}}, swprune::rng(1));
  nn::network<float> net = my_network(masks);
  nn::kaiming_init(net, swprune::rng(1));
  return swprune::report::network_table(net.summary());
}
// page ends
// clang-format on

namespace {

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  REQUIRE(from != std::string::npos);
  const std::size_t to = text.find(end, from + begin.size());
  REQUIRE(to != std::string::npos);
  return text.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace

TEST_CASE("the page on networks shows a program that runs, and what it prints", "[docs]") {
  const std::string root = SWPRUNE_SOURCE_DIR;
  const std::string page = swprune_test::read_text(root + "/docs/networks.md");
  const std::string here = swprune_test::read_text(root + "/tests/nn/networks_doc_test.cpp");
  CHECK(between(page, "```cpp\n", "```") == between(here, "// page begins\n", "// page ends"));
  CHECK(between(page, "```text\n", "```") == table_of_my_network());
}

TEST_CASE("the page on networks names every model", "[docs]") {
  const std::string page =
      swprune_test::read_text(std::string(SWPRUNE_SOURCE_DIR) + "/docs/networks.md");
  for (const std::string_view name : swprune::nn::model_names)
    CHECK(page.find("`" + std::string(name) + "`") != std::string::npos);
}
