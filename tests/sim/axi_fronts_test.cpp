// SPDX-License-Identifier: Apache-2.0

// The AXI4 fronts between a core and a memory that are both played here: every handshake random,
// the rules of AXI4 checked on every burst, data and errors against a plain array.

#include <verilated.h>
#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "fronts_narrow/Vswp_fronts_narrow.h"
#include "fronts_wide/Vswp_fronts_wide.h"
#include "swprune/core/rng.hpp"

namespace {

constexpr std::uint64_t memory_bytes = 1 << 15;
using bytes = std::vector<std::uint8_t>;

/// What a model was built with: sim/CMakeLists.txt.
struct front_params {
  std::uint64_t bus, pox, rd_burst, wr_burst, rd_open, wr_open;
};

struct chance {
  explicit chance(swprune::rng r) : r_(r) {}
  bool operator()(std::uint64_t percent) { return r_.below(100) < percent; }
  std::uint64_t below(std::uint64_t n) { return r_.below(n); }

 private:
  swprune::rng r_;
};

/// Pages 5 and 6 answer with an error.
std::uint8_t response(std::uint64_t address) {
  const std::uint64_t page = address / 4096;
  return page == 5 ? 2 : page == 6 ? 3 : 0;
}

template <typename Model>
class bench {
 public:
  bench(const front_params& p, std::uint64_t seed, std::uint64_t ready)
      : p_(p), any_(swprune::rng{seed}.stream("axi_fronts")), ready_(ready), memory_(memory_bytes) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Model>(&context_, "fronts");
    for (auto& b : memory_) b = static_cast<std::uint8_t>(any_.below(256));
    wanted_ = memory_;
    model_->rst_ni = 0;
    tick();
    model_->rst_ni = 1;
  }
  ~bench() {
    Verilated::threadContextp(&context_);
    model_->final();
  }

  /// `requests` reads and `writes` writes, every handshake with the chance of the constructor; each
  /// write is a fence with `fences` of 100, and one in ten of these has no byte.
  void run(int requests, int writes, std::uint64_t fences) {
    fences_ = fences;
    int quiet = 0;
    while (quiet < 200) {
      const bool core = requests > 0 || writes > 0 || request_beats_ != 0 || write_offered_;
      offer_read(requests);
      offer_write(writes);
      model_->flush_i = !core;
      play_memory();
      model_->eval();
      note_core();
      note_memory();
      tick();
      if (model_->wr_fenced_o) note_fence();
      REQUIRE_FALSE(context_.gotError());
      REQUIRE(++cycles_ < 2'000'000);
      quiet = !core && model_->rd_idle_o && model_->wr_idle_o ? quiet + 1 : 0;
    }
    CHECK(memory_ == wanted_);
    CHECK(expected_reads_.empty());
    CHECK(open_fences_.empty());
    CHECK(bursts_.empty());
  }

  std::uint64_t merged = 0, long_bursts = 0, errors = 0, bare_fences = 0;

 private:
  struct beat {
    std::uint64_t address;
    bool last;
  };
  struct burst {
    std::uint64_t address, beats;
    std::uint8_t worst = 0;
  };

  void tick() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
  }

  // --- the core's side --------------------------------------------------------------------------
  void offer_read(int& requests) {
    Model& m = *model_;
    if (request_beats_ == 0 && requests > 0 && any_(ready_)) {
      --requests;
      request_beats_ = 1 + any_.below(any_(20) ? 60 : 6);
      const std::uint64_t slots = memory_bytes / p_.bus;
      request_address_ = any_.below(slots - request_beats_) * p_.bus;
    }
    m.req_valid_i = request_beats_ != 0;
    m.req_addr_i = request_address_;
    m.req_beats_i = static_cast<std::uint16_t>(request_beats_);
    m.rd_ready_i = any_(ready_);
  }

  void offer_write(int& writes) {
    Model& m = *model_;
    if (!write_offered_ && writes > 0 && any_(ready_)) {
      --writes;
      write_offered_ = true;
      make_write();
    }
    m.wr_valid_i = write_offered_;
    m.wr_addr_i = write_address_;
    m.wr_fence_i = write_offered_ && write_fence_;
    std::memset(&m.wr_data_i, 0, sizeof(m.wr_data_i));
    std::memcpy(&m.wr_data_i, write_data_.data(), 4 * p_.pox);
    std::memcpy(&m.wr_strb_i, &write_strobes_, sizeof(m.wr_strb_i));
  }

  /// Mostly behind or inside the one before, so that there is something to merge and to gather.
  void make_write() {
    const std::uint64_t room = memory_bytes - 4 * p_.pox;
    if (any_(80))
      write_address_ += 4 * any_.below(any_(80) ? p_.pox + 1 : 3 * p_.pox);
    else
      write_address_ = 4 * any_.below(room / 4);
    if (write_address_ > room) write_address_ = 0;
    write_fence_ = any_(fences_);
    write_strobes_ = 0;
    const bool bare = write_fence_ && any_(10);
    const std::uint64_t words = bare ? 0 : 1 + any_.below(p_.pox);
    for (std::uint64_t w = 0; w < words; ++w)
      if (w + 1 == words || any_(90)) write_strobes_ |= (any_(10) ? 2ull : 15ull) << (4 * w);
    bare_fences += bare;
    for (std::uint64_t i = 0; i < 4 * p_.pox; ++i) {
      const bool there = (write_strobes_ >> i & 1) != 0;
      write_data_[i] = there ? static_cast<std::uint8_t>(any_.below(256)) : 0;
    }
  }

  void note_core() {
    Model& m = *model_;
    if (m.req_valid_i && m.req_ready_o) {
      for (; request_beats_ != 0; --request_beats_, request_address_ += p_.bus)
        expected_reads_.push_back(request_address_);
    }
    if (m.rd_valid_o && m.rd_ready_i) {
      REQUIRE_FALSE(expected_reads_.empty());
      const std::uint64_t at = expected_reads_.front();
      expected_reads_.pop_front();
      CHECK(std::memcmp(&m.rd_data_o, given_.data(), p_.bus) == 0);
      CHECK(given_address_ == at);
      CHECK(m.rd_error_o == response(at));
    }
    if (m.wr_valid_i && m.wr_ready_o) {
      for (std::uint64_t i = 0; i < 4 * p_.pox; ++i)
        if ((write_strobes_ >> i & 1) != 0) wanted_[write_address_ + i] = write_data_[i];
      if (write_fence_) open_fences_.push_back(wanted_);
      write_offered_ = false;
    }
  }

  /// All writes up to the fence can be read, if later ones have not replaced them.
  void note_fence() {
    REQUIRE_FALSE(open_fences_.empty());
    const bytes& then = open_fences_.front();
    for (std::uint64_t i = 0; i < memory_bytes; ++i)
      if (then[i] == wanted_[i] && memory_[i] != then[i]) FAIL("byte " << i << " is not there");
    open_fences_.pop_front();
    CHECK(model_->wr_error_o == error_since_fence_);
    errors += error_since_fence_ != 0;
    error_since_fence_ = 0;
  }

  // --- the memory's side ------------------------------------------------------------------------
  void play_memory() {
    Model& m = *model_;
    m.arready_i = any_(ready_);
    m.awready_i = any_(ready_);
    m.wready_i = any_(ready_);
    if (!read_offered_ && !reads_.empty() && any_(ready_)) {
      read_offered_ = true;
      given_address_ = reads_.front().address;
      std::memcpy(given_.data(), memory_.data() + given_address_, p_.bus);
    }
    m.rvalid_i = read_offered_;
    std::memset(&m.rdata_i, 0, sizeof(m.rdata_i));
    if (read_offered_) std::memcpy(&m.rdata_i, given_.data(), p_.bus);
    m.rresp_i = read_offered_ ? response(given_address_) : std::uint8_t{0};
    m.rlast_i = read_offered_ && reads_.front().last;
    if (!response_offered_ && !answers_.empty()) response_offered_ = any_(ready_);
    m.bvalid_i = response_offered_;
    m.bresp_i = response_offered_ ? answers_.front() : std::uint8_t{0};
  }

  void check_burst(std::uint64_t address, std::uint64_t beats, std::uint64_t most) {
    CHECK(address % p_.bus == 0);
    CHECK(beats <= most);
    CHECK(address / 4096 == (address + beats * p_.bus - 1) / 4096);
    long_bursts += beats > 1;
  }

  void note_memory() {
    Model& m = *model_;
    if (m.arvalid_o && m.arready_i) {
      const std::uint64_t beats = m.arlen_o + 1u;
      check_burst(m.araddr_o, beats, p_.rd_burst);
      CHECK(++open_reads_ <= p_.rd_open);
      for (std::uint64_t i = 0; i < beats; ++i)
        reads_.push_back({m.araddr_o + i * p_.bus, i + 1 == beats});
    }
    if (m.rvalid_i && m.rready_o) {
      if (m.rlast_i) --open_reads_;
      reads_.pop_front();
      read_offered_ = false;
    }
    if (m.awvalid_o && m.awready_i) {
      check_burst(m.awaddr_o, m.awlen_o + 1u, p_.wr_burst);
      bursts_.push_back({m.awaddr_o, m.awlen_o + 1u});
      CHECK(bursts_.size() + answers_.size() <= p_.wr_open);
    }
    if (m.wvalid_o && m.wready_i) note_data();
    if (m.bvalid_i && m.bready_o) {
      if (error_since_fence_ == 0) error_since_fence_ = answers_.front();
      answers_.pop_front();
      response_offered_ = false;
    }
  }

  void note_data() {
    Model& m = *model_;
    REQUIRE_FALSE(bursts_.empty());
    burst& b = bursts_.front();
    std::array<std::uint8_t, 64> data{};
    std::memcpy(data.data(), &m.wdata_o, p_.bus);
    for (std::uint64_t i = 0; i < p_.bus; ++i)
      if ((std::uint64_t{m.wstrb_o} >> i & 1) != 0)
        memory_[b.address + i] = data[i];
      else
        CHECK(data[i] == 0);
    if (b.worst == 0) b.worst = response(b.address);
    b.address += p_.bus;
    CHECK((m.wlast_o != 0) == (b.beats == 1));
    if (--b.beats == 0) {
      answers_.push_back(b.worst);
      bursts_.pop_front();
    }
  }

  front_params p_;
  chance any_;
  std::uint64_t ready_, fences_ = 0, cycles_ = 0, open_reads_ = 0;
  bytes memory_, wanted_;
  VerilatedContext context_;
  std::unique_ptr<Model> model_;

  std::uint64_t request_address_ = 0, request_beats_ = 0, write_address_ = 0, write_strobes_ = 0;
  bool write_offered_ = false, write_fence_ = false;
  std::array<std::uint8_t, 64> write_data_{}, given_{};
  std::uint64_t given_address_ = 0;
  std::deque<std::uint64_t> expected_reads_;
  std::deque<bytes> open_fences_;

  std::deque<beat> reads_;
  std::deque<burst> bursts_;
  std::deque<std::uint8_t> answers_;
  bool read_offered_ = false, response_offered_ = false;
  std::uint8_t error_since_fence_ = 0;
};

template <typename Model>
void check_fronts(const front_params& p) {
  std::uint64_t long_bursts = 0, errors = 0, bare = 0;
  for (const std::uint64_t ready : {100u, 60u, 15u})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(p.bus, p.pox, ready, seed);
      bench<Model> b(p, seed, ready);
      b.run(60, 400, seed % 2 == 0 ? 3 : 30);
      long_bursts += b.long_bursts;
      errors += b.errors;
      bare += b.bare_fences;
    }
  CHECK(long_bursts > 100);
  CHECK(errors > 10);
  CHECK(bare > 10);
}

}  // namespace

TEST_CASE("the AXI fronts move everything, keep the rules and answer fences in time") {
  check_fronts<Vswp_fronts_narrow>(
      {.bus = 8, .pox = 16, .rd_burst = 16, .wr_burst = 4, .rd_open = 2, .wr_open = 3});
  check_fronts<Vswp_fronts_wide>(
      {.bus = 64, .pox = 8, .rd_burst = 16, .wr_burst = 16, .rd_open = 4, .wr_open = 8});
}
