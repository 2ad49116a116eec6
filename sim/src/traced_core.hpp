// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated_fst_c.h>

#include <cstdint>
#include <memory>
#include <string>

#include "swprune/core/error.hpp"
#include "swprune_sim/trace.hpp"
#include "verilated_core.hpp"

namespace swprune::sim {

/// A Verilated model built with --trace-fst.
template <typename Model>
class traced_core final : public verilated_core<Model>, public traceable {
 public:
  using verilated_core<Model>::verilated_core;
  ~traced_core() override { close(); }

  void trace(const std::string& file, std::uint64_t first, std::uint64_t last) override {
    close();
    file_ = file;
    first_ = first;
    last_ = last;
  }

  void reset() override {
    verilated_core<Model>::reset();
    cycle_ = 0;
    if (!file_.empty()) open();
  }

  /// The outputs that cycle c shows follow from the edge before it: sample c is taken before edge
  /// c.
  void step(const hw::core_inputs& in) override {
    if (fst_ != nullptr) sample();
    verilated_core<Model>::step(in);
    ++cycle_;
    // The last cycle of a run that ends with a difference has no edge any more.
    if (fst_ != nullptr && cycle_ == last_) {
      sample();
      close();
    }
  }

 private:
  void open() {
    close();
    this->context().traceEverOn(true);
    fst_ = std::make_unique<VerilatedFstC>();
    this->model().trace(fst_.get(), 99);
    fst_->open(file_.c_str());
    expects(fst_->isOpen(), errc::file_open, "cannot write the waveform {}", file_);
    file_.clear();
    if (last_ == 0) {
      sample();
      close();
    }
  }
  void sample() {
    if (cycle_ >= first_ && cycle_ <= last_) fst_->dump(cycle_);
  }
  void close() {
    if (fst_ != nullptr) fst_->close();
    fst_.reset();
  }

  std::unique_ptr<VerilatedFstC> fst_;
  std::string file_;  ///< to be opened at the next reset
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t cycle_ = 0;  ///< edges since reset
};

}  // namespace swprune::sim
