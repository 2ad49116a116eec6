// SPDX-License-Identifier: Apache-2.0
#pragma once

// A memory on AXI4 with random handshakes, delays and errors.

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune_test {

/// How willing the slave is, in percent of the cycles, and how late it answers.
struct axi_slave_params {
  unsigned ar = 100, r = 100, aw = 100, w = 100, b = 100;
  std::uint64_t latency = 1;  ///< cycles at least between a burst and its first answer
};

/// The n-th beat read or burst written, counted from 0, gets this response, and as many behind it
/// as `more` says the other one of SLVERR and DECERR.
struct axi_fault {
  std::uint64_t number = ~std::uint64_t{0};
  std::uint8_t response = 0;
  std::uint64_t more = 0;
};

/// What the slave has seen.
struct axi_traffic {
  std::uint64_t read_bursts = 0, write_bursts = 0, read_beats = 0, write_beats = 0;
  std::uint64_t split_reads = 0, split_writes = 0;  ///< a burst ends early, for a 4 KiB border
  std::uint64_t long_writes = 0;                    ///< bursts of several beats
  std::uint64_t most_reads = 0, most_writes = 0;    ///< open at once
  std::uint64_t strays = 0;                         ///< bytes outside the memory
};

/// Answers in order. What is written can be read when its response is offered and not before.
class axi_slave {
 public:
  axi_slave(std::uint64_t bus_bytes, std::uint64_t burst, std::uint64_t wr_burst, swprune::rng any)
      : bus_(bus_bytes), rd_burst_(burst), wr_burst_(wr_burst), any_(any) {}

  void set(const axi_slave_params& p) { p_ = p; }
  /// Faults of the next run; beats and bursts are counted from here on.
  void fail(const axi_fault& read, const axi_fault& write) {
    read_fault_ = read;
    write_fault_ = write;
    beats_read_ = bursts_written_ = 0;
  }
  /// Every write that is answered from now on fails.
  void fail_writes(std::uint8_t response) {
    write_fault_ = {bursts_written_, response, ~std::uint64_t{0}};
  }
  void clear() { regions_.clear(); }
  void map(std::uint64_t base, std::vector<std::uint8_t> bytes) {
    regions_.push_back({base, std::move(bytes)});
  }
  [[nodiscard]] std::span<const std::uint8_t> region(std::size_t i) const {
    return regions_[i].bytes;
  }
  /// Forgets what is open: a reset of everything on the bus.
  void reset() {
    reads_.clear();
    writes_.clear();
    read_offered_ = response_offered_ = false;
  }
  [[nodiscard]] bool at_rest() const { return reads_.empty() && writes_.empty(); }
  [[nodiscard]] const axi_traffic& traffic() const { return traffic_; }
  /// A rule of AXI4 that was broken; empty if none was.
  [[nodiscard]] const std::string& broken() const { return broken_; }

  /// The inputs of this cycle. Payloads without their valid are noise.
  void drive(swprune::hw::top_inputs& in) {
    in.arready = go(p_.ar);
    in.awready = go(p_.aw);
    in.wready = go(p_.w);
    offer_read();
    in.rvalid = read_offered_;
    in.rdata = read_offered_ ? data_ : noise();
    in.rresp = read_offered_ ? read_response_ : static_cast<std::uint8_t>(any_.below(4));
    in.rlast = read_offered_ ? reads_.front().beats == 1 : any_.below(2) != 0;
    offer_response();
    in.bvalid = response_offered_;
    in.bresp = response_offered_ ? write_response_ : static_cast<std::uint8_t>(any_.below(4));
  }

  /// End of the cycle.
  void clock(const swprune::hw::top_inputs& in, const swprune::hw::top_outputs& out) {
    if (in.rvalid && out.rready) take_beat();
    if (in.bvalid && out.bready) {
      writes_.pop_front();
      response_offered_ = false;
    }
    if (out.wvalid && in.wready) take_data(out);
    if (out.arvalid && in.arready) take_read(out);
    if (out.awvalid && in.awready) take_write(out);
    ++cycle_;
  }

 private:
  struct region_bytes {
    std::uint64_t base;
    std::vector<std::uint8_t> bytes;
  };
  struct read_burst {
    std::uint64_t address, beats, due;
  };
  struct write_burst {
    std::uint64_t address, beats;
    std::uint64_t due = 0;
    std::vector<std::pair<std::uint64_t, std::uint8_t>> bytes;  ///< strobed
  };

  bool go(unsigned percent) { return any_.below(100) < percent; }
  std::array<std::uint8_t, 64> noise() {
    std::array<std::uint8_t, 64> bytes{};
    for (std::uint64_t i = 0; i < bus_; ++i) bytes[i] = static_cast<std::uint8_t>(any_.below(256));
    return bytes;
  }
  void need(bool ok, const char* rule) {
    if (!ok && broken_.empty()) broken_ = rule;
  }

  std::uint8_t* byte(std::uint64_t at) {
    for (region_bytes& r : regions_)
      if (at - r.base < r.bytes.size()) return &r.bytes[at - r.base];
    ++traffic_.strays;
    return nullptr;
  }

  // --- reads ------------------------------------------------------------------------------------
  void offer_read() {
    if (read_offered_ || reads_.empty() || cycle_ < reads_.front().due || !go(p_.r)) return;
    read_offered_ = true;
    for (std::uint64_t i = 0; i < bus_; ++i) {
      const std::uint8_t* b = byte(reads_.front().address + i);
      data_[i] = b == nullptr ? std::uint8_t{0xEE} : *b;
    }
    read_response_ = response(beats_read_++, read_fault_);
  }

  /// The fault, else OKAY, now and then EXOKAY, which is as good.
  std::uint8_t response(std::uint64_t number, const axi_fault& fault) {
    if (number == fault.number) return fault.response;
    if (number > fault.number && number - fault.number <= fault.more)
      return static_cast<std::uint8_t>(fault.response ^ 1);
    return any_.below(50) == 0 ? 1 : 0;
  }

  void take_beat() {
    read_offered_ = false;
    ++traffic_.read_beats;
    read_burst& b = reads_.front();
    b.address += bus_;
    if (--b.beats == 0) reads_.pop_front();
  }

  void take_read(const swprune::hw::top_outputs& out) {
    const std::uint64_t beats = out.arlen + std::uint64_t{1};
    check_burst(out.araddr, beats, rd_burst_);
    traffic_.split_reads += splits(out.araddr, last_read_end_, last_read_beats_ < rd_burst_);
    last_read_end_ = out.araddr + beats * bus_;
    last_read_beats_ = beats;
    reads_.push_back({out.araddr, beats, cycle_ + p_.latency});
    ++traffic_.read_bursts;
    traffic_.most_reads = std::max<std::uint64_t>(traffic_.most_reads, reads_.size());
  }

  // --- writes -----------------------------------------------------------------------------------
  void take_write(const swprune::hw::top_outputs& out) {
    const std::uint64_t beats = out.awlen + std::uint64_t{1};
    check_burst(out.awaddr, beats, wr_burst_);
    traffic_.split_writes += splits(out.awaddr, last_write_end_, last_write_beats_ < wr_burst_);
    last_write_end_ = out.awaddr + beats * bus_;
    last_write_beats_ = beats;
    writes_.push_back({.address = out.awaddr, .beats = beats, .due = 0, .bytes = {}});
    ++traffic_.write_bursts;
    traffic_.long_writes += beats > 1;
    traffic_.most_writes = std::max<std::uint64_t>(traffic_.most_writes, writes_.size());
  }

  void take_data(const swprune::hw::top_outputs& out) {
    const auto b = std::find_if(writes_.begin(), writes_.end(),
                                [](const write_burst& w) { return w.beats > 0; });
    need(b != writes_.end(), "data without an address");
    if (b == writes_.end()) return;
    for (std::uint64_t i = 0; i < bus_; ++i) {
      const bool strobed = (out.wstrb >> i & 1) != 0;
      if (strobed) b->bytes.emplace_back(b->address + i, out.wdata[i]);
      need(strobed || out.wdata[i] == 0, "a byte without strobe is not zero");
    }
    b->address += bus_;
    b->due = cycle_ + p_.latency;
    ++traffic_.write_beats;
    need(out.wlast == (b->beats == 1), "wlast");
    --b->beats;
  }

  void offer_response() {
    if (response_offered_ || writes_.empty()) return;
    write_burst& b = writes_.front();
    if (b.beats > 0 || cycle_ < b.due || !go(p_.b)) return;
    response_offered_ = true;
    write_response_ = response(bursts_written_++, write_fault_);
    if (write_response_ >= 2) return;
    for (const auto& [at, value] : b.bytes) {
      std::uint8_t* to = byte(at);
      if (to != nullptr) *to = value;
    }
  }

  void check_burst(std::uint64_t address, std::uint64_t beats, std::uint64_t most) {
    need(address % bus_ == 0, "an address that is not aligned");
    need(beats <= most, "a burst that is too long");
    need(address / 4096 == (address + beats * bus_ - 1) / 4096, "a burst over a 4 KiB border");
  }
  static bool splits(std::uint64_t address, std::uint64_t last_end, bool was_short) {
    return was_short && address == last_end && address % 4096 == 0;
  }

  std::uint64_t bus_, rd_burst_, wr_burst_;
  swprune::rng any_;
  axi_slave_params p_;
  axi_fault read_fault_, write_fault_;
  std::uint64_t beats_read_ = 0, bursts_written_ = 0;
  std::uint64_t cycle_ = 0;
  std::vector<region_bytes> regions_;
  std::deque<read_burst> reads_;
  std::deque<write_burst> writes_;
  bool read_offered_ = false, response_offered_ = false;
  std::array<std::uint8_t, 64> data_{};
  std::uint8_t read_response_ = 0, write_response_ = 0;
  std::uint64_t last_read_end_ = 0, last_read_beats_ = 0, last_write_end_ = 0,
                last_write_beats_ = 0;
  axi_traffic traffic_;
  std::string broken_;
};

}  // namespace swprune_test
