// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/network_table.hpp"

#include <catch2/catch.hpp>

#include "swprune/nn/models.hpp"

using namespace swprune;

TEST_CASE("the table of a network, letter by letter", "[report]") {
  nn::network<float> net;
  net.add<nn::conv2d>(nn::dense_mask("conv1", 3, 8, 3, 3), nn::conv2d_params{.padding = 1});
  mask::layer_mask half = nn::dense_mask("block.conv", 8, 8, 3, 3);
  half.blocks.set(0, 1, false);
  nn::chain<float> path;
  path.add<nn::conv2d>(half, nn::conv2d_params{.padding = 1});
  path.add<nn::batch_norm>("block.bn", 8);
  net.add<nn::residual>("block", std::move(path));
  net.add<nn::global_average_pool>("pool");
  net.add<nn::fully_connected>(nn::dense_mask("fc", 8, 10, 1, 1), true);
  net.build({3, 32, 32});
  CHECK(report::network_table(net.summary()) ==
        R"(layer                        kind    input   output  kept  weights  MACs kept    MACs
conv1                      conv2d  3x32x32  8x32x32   216      216     221.2k  221.2k
  block.conv               conv2d  8x32x32  8x32x32   288      576     294.9k  589.8k
  block.bn             batch_norm  8x32x32  8x32x32     -        -          -       -
block                    residual  8x32x32  8x32x32     -        -          -       -
pool          global_average_pool  8x32x32    8x1x1     -        -          -       -
fc                fully_connected    8x1x1   10x1x1    80       80         80      80

weights 584 of 872 (67.0 %), multiply-accumulates 516.2k of 811.1k (63.6 %)
)");
}
