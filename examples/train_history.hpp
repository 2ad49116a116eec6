// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `train` writes about a run: a table and its curves.

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "swprune/report/line_chart.hpp"
#include "swprune/train/history.hpp"

namespace train_program {

namespace sp = swprune;

/// Training, then fine-tuning.
struct phase {
  std::string name;
  sp::train::history done;
};

/// One line an epoch; accuracies in [0, 1], an empty field where the test set was not measured.
[[nodiscard]] inline std::string csv_of(const std::vector<phase>& phases) {
  std::string text =
      "phase,epoch,learning_rate,loss,train_accuracy,test_loss,test_accuracy,seconds\n";
  for (const phase& p : phases)
    for (const auto& e : p.done.epochs) {
      const bool measured = e.test_accuracy >= 0;
      text += fmt::format("{},{},{},{},{},{},{},{:.3f}\n", p.name, e.epoch + 1, e.learning_rate,
                          e.loss, e.train_accuracy, measured ? fmt::format("{}", e.test_loss) : "",
                          measured ? fmt::format("{}", e.test_accuracy) : "", e.seconds);
    }
  return text;
}

/// Curve of one number of the epochs, phases one behind the other.
template <typename ValueOf>
[[nodiscard]] sp::report::line_series curve(const std::string& name,
                                            const std::vector<phase>& phases,
                                            const ValueOf& value_of) {
  sp::report::line_series line{.name = name};
  double epoch = 0;
  for (const phase& p : phases)
    for (const auto& e : p.done.epochs) {
      line.x.push_back(++epoch);
      line.y.push_back(value_of(e));
    }
  return line;
}

[[nodiscard]] inline std::string loss_chart(const std::vector<phase>& phases,
                                            const std::string& title) {
  constexpr double gap = std::numeric_limits<double>::quiet_NaN();
  return sp::report::line_chart(
      {curve("training", phases, [](const auto& e) { return e.loss; }),
       curve("test", phases,
             [](const auto& e) { return e.test_accuracy < 0 ? gap : e.test_loss; })},
      {.title = title, .x_label = "epoch", .y_label = "cross-entropy", .y_low = 0.0});
}

[[nodiscard]] inline std::string accuracy_chart(const std::vector<phase>& phases,
                                                const std::string& title) {
  constexpr double gap = std::numeric_limits<double>::quiet_NaN();
  return sp::report::line_chart(
      {curve("training", phases, [](const auto& e) { return 100 * e.train_accuracy; }),
       curve("test", phases,
             [](const auto& e) { return e.test_accuracy < 0 ? gap : 100 * e.test_accuracy; })},
      {.title = title, .x_label = "epoch", .y_label = "accuracy in %", .y_high = 100.0});
}

[[nodiscard]] inline std::string rate_chart(const std::vector<phase>& phases,
                                            const std::string& title) {
  return sp::report::line_chart(
      {curve("at the end of the epoch", phases, [](const auto& e) { return e.learning_rate; })},
      {.title = title, .x_label = "epoch", .y_label = "learning rate", .y_low = 0.0});
}

}  // namespace train_program
