// SPDX-License-Identifier: Apache-2.0
#pragma once

// A driver on AXI4-Lite with random handshakes on all five channels.

#include <cstdint>
#include <deque>
#include <string>

#include "swprune/core/rng.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune_test {

/// Sends what is asked of it; several accesses may wait at once, addresses and data of writes go
/// apart from each other.
class axil_master {
 public:
  explicit axil_master(swprune::rng any) : any_(any) {}

  /// Chance in percent that a valid or ready of a channel becomes or is 1.
  void set(unsigned percent) { percent_ = percent; }

  void write(unsigned address, std::uint32_t value, unsigned strobes = 15) {
    addresses_.push_back(static_cast<std::uint8_t>(address));
    data_.push_back({value, static_cast<std::uint8_t>(strobes)});
    ++writes_open_;
  }
  void read(unsigned address) { reads_.push_back(static_cast<std::uint8_t>(address)); }

  /// Nothing waits and nothing is open.
  [[nodiscard]] bool idle() const { return writes_open_ == 0 && reads_.empty(); }
  /// Accesses without an answer.
  [[nodiscard]] std::size_t waiting() const { return writes_open_ + reads_.size(); }
  /// Value of the read that was answered last.
  [[nodiscard]] std::uint32_t value() const { return value_; }
  /// A rule of AXI4-Lite that was broken; empty if none was.
  [[nodiscard]] const std::string& broken() const { return broken_; }

  void reset() {
    addresses_.clear();
    data_.clear();
    reads_.clear();
    writes_open_ = 0;
    aw_ = w_ = ar_ = read_open_ = false;
  }

  /// The inputs of this cycle. Payloads without their valid are noise.
  void drive(swprune::hw::top_inputs& in) {
    aw_ = aw_ || (!addresses_.empty() && go());
    w_ = w_ || (!data_.empty() && go());
    ar_ = ar_ || (!reads_.empty() && !read_open_ && go());
    in.reg_awvalid = aw_;
    in.reg_awaddr = aw_ ? addresses_.front() : noise<std::uint8_t>();
    in.reg_wvalid = w_;
    in.reg_wdata = w_ ? data_.front().value : noise<std::uint32_t>();
    in.reg_wstrb = w_ ? data_.front().strobes : static_cast<std::uint8_t>(any_.below(16));
    in.reg_bready = go();
    in.reg_arvalid = ar_;
    in.reg_araddr = ar_ ? reads_.front() : noise<std::uint8_t>();
    in.reg_rready = go();
  }

  /// End of the cycle.
  void clock(const swprune::hw::top_inputs& in, const swprune::hw::top_outputs& out) {
    if (in.reg_awvalid && out.reg_awready) {
      addresses_.pop_front();
      aw_ = false;
    }
    if (in.reg_wvalid && out.reg_wready) {
      data_.pop_front();
      w_ = false;
    }
    if (out.reg_bvalid && in.reg_bready) {
      if (writes_open_ == 0 || out.reg_bresp != 0) broken_ = "a wrong answer to a write";
      --writes_open_;
    }
    if (out.reg_rvalid && in.reg_rready) {
      if (!read_open_ || out.reg_rresp != 0) broken_ = "a wrong answer to a read";
      value_ = out.reg_rdata;
      read_open_ = false;
      reads_.pop_front();
    }
    if (in.reg_arvalid && out.reg_arready) {
      ar_ = false;
      read_open_ = true;
    }
  }

 private:
  struct word {
    std::uint32_t value;
    std::uint8_t strobes;
  };

  bool go() { return any_.below(100) < percent_; }
  template <typename T>
  T noise() {
    return static_cast<T>(any_.next());
  }

  swprune::rng any_;
  unsigned percent_ = 100;
  std::deque<std::uint8_t> addresses_, reads_;  ///< of a read until its answer
  std::deque<word> data_;
  std::size_t writes_open_ = 0;
  bool aw_ = false, w_ = false, ar_ = false, read_open_ = false;
  std::uint32_t value_ = 0;
  std::string broken_;
};

}  // namespace swprune_test
