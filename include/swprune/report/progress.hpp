// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/train/observer.hpp"

namespace swprune::inline v0::report {

struct progress_params {
  std::string label = {};  ///< stands first in every line, may be empty
  bool live = false;       ///< true: one line that is drawn again and again, for a terminal
  double interval = 0.2;   ///< seconds of training between two drawings of the live line
};

/// True if the standard error stream is a terminal: the usual value of progress_params::live.
[[nodiscard]] inline bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

/// "5s", "3m05s", "2h07m"; "?" for what is not a time.
[[nodiscard]] SWPRUNE_FUNCTION std::string duration_text(double seconds);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "?";
  const auto s = static_cast<index_t>(std::llround(seconds));
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

#endif

/// Prints how training goes: epoch, batch, loss, accuracy, images per second and time left. On a
/// terminal the line moves with the batches; elsewhere it is one plain line per epoch, so that logs
/// stay readable. The stream must outlive it.
class progress final : public train::observer {
 public:
  explicit progress(std::ostream& out, progress_params params = {})
      : out_(out), params_(std::move(params)) {}

  train::verdict on_step(const train::step_event& e) override {
    images_ = e.images;
    if (params_.live && due(e)) draw(step_line(e));
    return train::verdict::go_on;
  }

  train::verdict on_epoch(const train::epoch_record& r, index_t epochs) override {
    std::string line = fmt::format("epoch {}/{}  loss {:.4f}  train {:.2f} %", r.epoch + 1, epochs,
                                   r.loss, 100 * r.train_accuracy);
    if (r.test_accuracy >= 0) line += fmt::format("  test {:.2f} %", 100 * r.test_accuracy);
    line += fmt::format("  {} img/s  {}", rate(images_, r.seconds), duration_text(r.seconds));
    const index_t left = epochs - r.epoch - 1;
    if (left > 0)
      line += fmt::format("  left {}", duration_text(static_cast<double>(left) * r.seconds));
    draw(std::move(line));
    out_ << '\n' << std::flush;
    drawn_ = 0;
    last_ = -1;
    last_epoch_seconds_ = r.seconds;
    return train::verdict::go_on;
  }

 private:
  [[nodiscard]] bool due(const train::step_event& e) {
    if (last_ >= 0 && e.seconds - last_ < params_.interval && e.batch != e.batches) return false;
    last_ = e.seconds;
    return true;
  }

  [[nodiscard]] std::string step_line(const train::step_event& e) const {
    const double accuracy =
        100 * static_cast<double>(e.correct) / static_cast<double>(std::max<index_t>(e.images, 1));
    const double share =
        static_cast<double>(e.batch) / static_cast<double>(std::max<index_t>(e.batches, 1));
    const double epoch_seconds = share > 0 ? e.seconds / share : last_epoch_seconds_;
    const double left =
        epoch_seconds * (1 - share) + static_cast<double>(e.epochs - e.epoch - 1) * epoch_seconds;
    return fmt::format("epoch {}/{}  {:3.0f} %  loss {:.4f}  train {:.2f} %  {} img/s  left {}",
                       e.epoch + 1, e.epochs, 100 * share, e.loss, accuracy,
                       rate(e.images, e.seconds), duration_text(left));
  }

  [[nodiscard]] static std::string rate(index_t images, double seconds) {
    return seconds > 0 ? fmt::format("{:.0f}", static_cast<double>(images) / seconds) : "?";
  }

  /// Blanks cover what a longer line left behind.
  void draw(std::string line) {
    if (!params_.label.empty()) line = params_.label + "  " + line;
    const std::size_t length = line.size();
    if (params_.live) line = '\r' + line + std::string(drawn_ > length ? drawn_ - length : 0, ' ');
    drawn_ = length;
    out_ << line << std::flush;
  }

  std::ostream& out_;
  progress_params params_;
  index_t images_ = 0;
  std::size_t drawn_ = 0;
  double last_ = -1;
  double last_epoch_seconds_ = 0;
};

}  // namespace swprune::inline v0::report
