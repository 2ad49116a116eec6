// SPDX-License-Identifier: Apache-2.0
#pragma once

// What surrounds swp_top in a test: a memory on AXI4 and a driver on AXI4-Lite whose every
// handshake is random. What they give while a valid is low is random too: nobody may look at it.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/golden/golden_top.hpp"

namespace swprune_test {

/// How a memory behaves; chances in percent.
struct memory_manner {
  std::uint64_t ar_ready = 100, aw_ready = 100, w_ready = 100;
  std::uint64_t r_valid = 100, b_valid = 100;
  std::uint64_t read_latency = 1, write_latency = 1;  ///< longest, in cycles
  std::uint64_t read_errors = 0, write_errors = 0;    ///< of 10,000 beats or bursts

  [[nodiscard]] static memory_manner random(swprune::rng& r) {
    const auto chance = [&] { return r.bernoulli(0.3) ? 100 : 5 + r.below(95); };
    const auto latency = [&] { return r.bernoulli(0.3) ? 1 : 1 + r.below(60); };
    return {.ar_ready = chance(),
            .aw_ready = chance(),
            .w_ready = chance(),
            .r_valid = chance(),
            .b_valid = chance(),
            .read_latency = latency(),
            .write_latency = latency()};
  }
};

/// A memory of two regions. A read sees what is there when its address is taken, a write is seen
/// when its answer is given: a reader that does not wait for the answer finds the old bytes.
class axi_memory {
 public:
  struct region {
    std::uint64_t base = 0;
    std::vector<std::uint8_t> bytes;
  };
  region image, activations;
  memory_manner manner;
  // What has happened.
  std::uint64_t bad_accesses = 0, long_writes = 0, read_cuts = 0, write_cuts = 0;
  std::uint64_t read_errors = 0, write_errors = 0;
  std::size_t most_reads = 0, most_answers = 0;

  axi_memory(std::uint64_t bus_bytes, swprune::rng r) : bus_(bus_bytes), any_(r) {}

  void reset() {
    reads_.clear();
    bursts_.clear();
    answers_.clear();
    r_offered_ = b_offered_ = false;
  }
  [[nodiscard]] bool at_rest() const {
    return reads_.empty() && bursts_.empty() && answers_.empty();
  }

  /// Inputs of the accelerator in this cycle.
  void drive(swprune::hw::top_inputs& in) {
    in.read.ar_ready = chance(manner.ar_ready);
    in.write.aw_ready = chance(manner.aw_ready);
    in.write.w_ready = chance(manner.w_ready);
    drive_read(in.read);
    drive_answer(in.write);
  }

  /// End of a cycle in which the accelerator saw `in` and showed `out`.
  void clock(const swprune::hw::top_inputs& in, const swprune::hw::top_outputs& out) {
    ++now_;
    if (in.read.r_valid && out.r_ready) {
      reads_.pop_front();
      r_offered_ = false;
    }
    if (in.write.b_valid && out.w.b_ready) {
      answers_.pop_front();
      b_offered_ = false;
    }
    if (out.w.valid && in.write.w_ready) take_beat(out.w);
    if (out.ar.valid && in.read.ar_ready) take_read(out.ar);
    if (out.aw.valid && in.write.aw_ready) take_write(out.aw);
  }

 private:
  using beat = swprune::hw::golden::axi_beat;
  struct read_beat {
    std::uint64_t due = 0;
    std::array<std::uint8_t, 64> data{};
    std::uint8_t response = 0;
    bool last = false;
  };
  struct burst {
    std::uint64_t address = 0;
    std::uint64_t length = 0;
    std::vector<beat> beats;
    std::uint64_t due = 0;
    std::uint8_t response = 0;
  };

  bool chance(std::uint64_t percent) { return any_.below(100) < percent; }
  std::uint8_t random_byte() { return static_cast<std::uint8_t>(any_.next()); }

  /// OKAY or EXOKAY, or with `errors` of 10,000 SLVERR or DECERR.
  std::uint8_t response(std::uint64_t errors, std::uint64_t& count) {
    const bool bad = any_.below(10'000) < errors;
    count += bad;
    return static_cast<std::uint8_t>((bad ? 2 : 0) + (any_.below(bad ? 2 : 8) == 0));
  }

  void drive_read(swprune::hw::golden::axi_read_inputs& in) {
    r_offered_ =
        r_offered_ || (!reads_.empty() && reads_.front().due <= now_ && chance(manner.r_valid));
    in.r_valid = r_offered_;
    if (r_offered_) {
      in.r_data = reads_.front().data;
      in.r_response = reads_.front().response;
      in.r_last = reads_.front().last;
      return;
    }
    std::generate_n(in.r_data.begin(), bus_, [&] { return random_byte(); });
    in.r_response = random_byte() & 3;
    in.r_last = chance(50);
  }

  void drive_answer(swprune::hw::golden::axi_write_inputs& in) {
    const bool before = b_offered_;
    b_offered_ =
        before || (!answers_.empty() && answers_.front().due <= now_ && chance(manner.b_valid));
    if (b_offered_ && !before) store(answers_.front());
    in.b_valid = b_offered_;
    in.b_response = b_offered_ ? answers_.front().response : random_byte() & 3;
  }

  void take_read(const swprune::hw::golden::axi_burst_address& ar) {
    const std::uint64_t n = ar.length + std::uint64_t{1};
    const std::uint64_t due = now_ + any_.below(manner.read_latency);
    for (std::uint64_t i = 0; i < n; ++i) {
      read_beat b{.due = due, .last = i + 1 == n};
      for (std::uint64_t k = 0; k < bus_; ++k) {
        const std::uint8_t* from = byte(ar.address + i * bus_ + k);
        b.data[k] = from == nullptr ? std::uint8_t{0xEE} : *from;
      }
      b.response = response(manner.read_errors, read_errors);
      reads_.push_back(b);
    }
    read_cuts += (ar.address + n * bus_) % 4096 == 0;
    most_reads = std::max(
        most_reads, static_cast<std::size_t>(std::count_if(
                        reads_.begin(), reads_.end(), [](const read_beat& b) { return b.last; })));
  }

  void take_write(const swprune::hw::golden::axi_burst_address& aw) {
    const std::uint64_t n = aw.length + std::uint64_t{1};
    bursts_.push_back({.address = aw.address, .length = n, .beats = {}});
    long_writes += n > 1;
    write_cuts += (aw.address + n * bus_) % 4096 == 0;
  }

  void take_beat(const swprune::hw::golden::axi_write_data& w) {
    if (bursts_.empty()) {  // data without an address
      ++bad_accesses;
      return;
    }
    burst& b = bursts_.front();
    b.beats.push_back(w.beat);
    bad_accesses += w.last != (b.beats.size() == b.length);
    if (b.beats.size() < b.length) return;
    b.due = now_ + any_.below(manner.write_latency);
    b.response = response(manner.write_errors, write_errors);
    answers_.push_back(b);
    bursts_.pop_front();
    most_answers = std::max(most_answers, answers_.size());
  }

  void store(const burst& b) {
    for (std::uint64_t i = 0; i < b.beats.size(); ++i)
      for (std::uint64_t k = 0; k < bus_; ++k)
        if ((b.beats[i].strobes >> k & 1) != 0) {
          std::uint8_t* to = byte(b.address + i * bus_ + k);
          if (to != nullptr) *to = b.beats[i].data[k];
        }
  }

  std::uint8_t* byte(std::uint64_t at) {
    for (region* r : {&image, &activations})
      if (at - r->base < r->bytes.size()) return &r->bytes[at - r->base];
    ++bad_accesses;
    return nullptr;
  }

  std::uint64_t bus_;
  swprune::rng any_;
  std::uint64_t now_ = 0;
  std::deque<read_beat> reads_;
  std::deque<burst> bursts_, answers_;
  bool r_offered_ = false, b_offered_ = false;
};

/// A driver on AXI4-Lite: writes in order what it is given, and reads any address all the time.
class axil_driver {
 public:
  struct write {
    std::uint8_t address = 0;
    std::uint32_t data = 0;
    std::uint8_t strobes = 15;
  };
  std::array<std::uint64_t, 64> reads{};  ///< of each word, while a run went on
  std::uint64_t writes = 0;

  explicit axil_driver(swprune::rng r) : any_(r) {}

  void push(unsigned address, std::uint32_t data, unsigned strobes = 15) {
    const write w{static_cast<std::uint8_t>(address), data, static_cast<std::uint8_t>(strobes)};
    addresses_.push_back(w);
    data_.push_back(w);
    ++waiting_;
  }
  /// Every write was answered.
  [[nodiscard]] bool at_rest() const { return waiting_ == 0; }
  void reset() {
    addresses_.clear();
    data_.clear();
    waiting_ = 0;
    aw_ = w_ = ar_ = false;
  }
  void set_pace(std::uint64_t percent) { pace_ = percent; }

  void drive(swprune::hw::golden::axil_inputs& in) {
    aw_ = aw_ || (!addresses_.empty() && chance());
    w_ = w_ || (!data_.empty() && chance());
    if (!ar_) {
      ar_ = chance();
      ar_address_ = static_cast<std::uint8_t>(any_.below(any_.below(4) == 0 ? 256 : 0x9C));
    }
    in.aw_valid = aw_;
    in.aw_address = aw_ ? addresses_.front().address : random<std::uint8_t>();
    in.w_valid = w_;
    in.w_data = w_ ? data_.front().data : random<std::uint32_t>();
    in.w_strobes = w_ ? data_.front().strobes : random<std::uint8_t>() & 15;
    in.b_ready = chance();
    in.ar_valid = ar_;
    in.ar_address = ar_ ? ar_address_ : random<std::uint8_t>();
    in.r_ready = chance();
  }

  void clock(const swprune::hw::golden::axil_inputs& in,
             const swprune::hw::golden::axil_outputs& out, bool running) {
    if (in.aw_valid && out.aw_ready) {
      addresses_.pop_front();
      aw_ = false;
    }
    if (in.w_valid && out.w_ready) {
      data_.pop_front();
      w_ = false;
    }
    if (in.b_ready && out.b_valid) {
      --waiting_;
      ++writes;
    }
    if (in.ar_valid && out.ar_ready) {
      reads[in.ar_address / 4] += running;
      ar_ = false;
    }
  }

 private:
  bool chance() { return any_.below(100) < pace_; }
  template <typename T>
  T random() {
    return static_cast<T>(any_.next());
  }

  swprune::rng any_;
  std::uint64_t pace_ = 50;
  std::deque<write> addresses_, data_;
  std::size_t waiting_ = 0;
  bool aw_ = false, w_ = false, ar_ = false;
  std::uint8_t ar_address_ = 0;
};

}  // namespace swprune_test
