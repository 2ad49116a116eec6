// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/progress.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

using namespace swprune;

namespace {

/// Two epochs of ten batches, 0.1 s each, as fit() would tell them.
std::string run(const report::progress_params& params) {
  std::ostringstream out;
  report::progress watcher(out, params);
  for (index_t epoch = 0; epoch < 2; ++epoch) {
    for (index_t batch = 1; batch <= 10; ++batch)
      CHECK(watcher.on_step({.epoch = epoch,
                             .epochs = 2,
                             .batch = batch,
                             .batches = 10,
                             .images = batch * 64,
                             .correct = batch * 32,
                             .loss = 0.5,
                             .learning_rate = 0.1,
                             .seconds = 0.1 * static_cast<double>(batch)}) ==
            train::verdict::go_on);
    CHECK(watcher.on_epoch({.epoch = epoch,
                            .learning_rate = 0.1,
                            .loss = 0.25,
                            .train_accuracy = 0.875,
                            .test_accuracy = epoch == 1 ? 0.9125 : -1,
                            .test_loss = 0,
                            .seconds = 1.0},
                           2) == train::verdict::go_on);
  }
  return out.str();
}

}  // namespace

TEST_CASE("progress: plain lines, one per epoch") {
  CHECK(run({.label = "dense"}) ==
        "dense  epoch 1/2  loss 0.2500  train 87.50 %  640 img/s  1s  left 1s\n"
        "dense  epoch 2/2  loss 0.2500  train 87.50 %  test 91.25 %  640 img/s  1s\n");
}

TEST_CASE("progress: a live line moves with the batches and covers what it wrote before") {
  const std::string text = run({.live = true, .interval = 0.25});
  // Batches 1, 4, 7, 10 of each epoch (every 0.3 s and the last), then the epoch itself.
  CHECK(std::count(text.begin(), text.end(), '\r') == 2 * 5);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find("epoch 1/2   40 %  loss 0.5000  train 50.00 %  640 img/s  left 2s") !=
        std::string::npos);
  // On screen each line hides the one before it.
  std::size_t length = 0;
  std::size_t at = 0;
  while ((at = text.find('\r', at)) != std::string::npos) {
    const std::size_t end = text.find_first_of("\r\n", at + 1);
    CHECK(end - at - 1 >= length);
    length = text[end] == '\n' ? 0 : text.find_last_not_of(' ', end - 1) - at;
    at = end;
  }
}

TEST_CASE("progress: times are read at a glance") {
  CHECK(report::duration_text(0.4) == "0s");
  CHECK(report::duration_text(59.4) == "59s");
  CHECK(report::duration_text(185) == "3m05s");
  CHECK(report::duration_text(7620) == "2h07m");
  for (const double bad : {-1.0, 1e300, std::numeric_limits<double>::quiet_NaN()})
    CHECK(report::duration_text(bad) == "?");
}
