// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small AXI4 memory for a Verilated swp_top with a 64-bit data bus: in order, with random or full
// speed, errors in a range, and a switch that stops all answers.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "swprune/core/rng.hpp"

namespace swprune_test {

struct axi_region {
  std::uint64_t base = 0;
  std::vector<std::uint8_t> bytes;
};

template <typename Model>
class axi_memory {
 public:
  axi_region image, acts;
  std::uint64_t fail_from = 0, fail_to = 0;  ///< accesses here are answered with fail_response
  std::uint8_t fail_response = 2;
  unsigned ready = 100;          ///< percent of the cycles in which a channel is ready
  bool silent = false;           ///< nothing is answered any more
  swprune::index_t outside = 0;  ///< bytes touched outside both regions
  std::uint64_t seed = 1;

  /// As after a reset; the bytes stay.
  void reset() {
    reads_.clear();
    writes_.clear();
    answers_.clear();
    any_ = swprune::rng{seed}.stream("axi_memory");
  }
  /// No burst is open.
  [[nodiscard]] bool at_rest() const {
    return reads_.empty() && writes_.empty() && answers_.empty();
  }

  /// Inputs of the next clock edge. A valid that was given stays until it was taken.
  void drive(Model& m) {
    m.m_axi_arready_i = go();
    m.m_axi_awready_i = go();
    m.m_axi_wready_i = go();
    if (!m.m_axi_rvalid_i && !reads_.empty() && go()) offer_beat(m);
    if (!m.m_axi_bvalid_i && !answers_.empty() && go()) {
      m.m_axi_bvalid_i = 1;
      m.m_axi_bresp_i = answers_.front();
    }
  }
  /// Looks what the edge will take; outputs are settled.
  void look(Model& m) {
    beat_taken_ = m.m_axi_rvalid_i && m.m_axi_rready_o;
    answer_taken_ = m.m_axi_bvalid_i && m.m_axi_bready_o;
    if (beat_taken_ && step(reads_.front())) reads_.pop_front();
    if (answer_taken_) answers_.pop_front();
    if (m.m_axi_wvalid_o && m.m_axi_wready_i) take_beat(m);
    if (m.m_axi_arvalid_o && m.m_axi_arready_i)
      reads_.push_back({m.m_axi_araddr_o, m.m_axi_arlen_o + 1u});
    if (m.m_axi_awvalid_o && m.m_axi_awready_i)
      writes_.push_back({m.m_axi_awaddr_o, m.m_axi_awlen_o + 1u});
  }
  /// After the edge.
  void release(Model& m) {
    if (beat_taken_) m.m_axi_rvalid_i = 0;
    if (answer_taken_) m.m_axi_bvalid_i = 0;
  }

 private:
  using index_t = swprune::index_t;
  static constexpr unsigned bus_bytes = 8;
  struct burst {
    std::uint64_t address, beats;
    std::uint8_t worst = 0;
  };

  bool go() { return !silent && any_.below(100) < ready; }
  static bool step(burst& b) {
    b.address += bus_bytes;
    return --b.beats == 0;
  }
  std::uint8_t* byte(std::uint64_t at) {
    for (axi_region* r : {&image, &acts})
      if (at - r->base < r->bytes.size()) return &r->bytes[static_cast<std::size_t>(at - r->base)];
    ++outside;
    return nullptr;
  }
  [[nodiscard]] std::uint8_t response(std::uint64_t at) const {
    return at >= fail_from && at < fail_to ? fail_response : std::uint8_t{0};
  }
  void offer_beat(Model& m) {
    const burst& b = reads_.front();
    std::uint64_t data = 0;
    for (unsigned i = 0; i < bus_bytes; ++i)
      if (const std::uint8_t* at = byte(b.address + i)) data |= std::uint64_t{*at} << (8 * i);
    m.m_axi_rvalid_i = 1;
    m.m_axi_rdata_i = data;
    m.m_axi_rresp_i = response(b.address);
    m.m_axi_rlast_i = b.beats == 1;
  }
  void take_beat(const Model& m) {
    burst& b = writes_.front();
    for (unsigned i = 0; i < bus_bytes; ++i) {
      if ((m.m_axi_wstrb_o >> i & 1) == 0) continue;
      std::uint8_t* at = byte(b.address + i);
      if (at != nullptr) *at = static_cast<std::uint8_t>(m.m_axi_wdata_o >> (8 * i));
    }
    if (b.worst == 0) b.worst = response(b.address);
    const std::uint8_t worst = b.worst;
    if (!step(b)) return;
    answers_.push_back(worst);
    writes_.pop_front();
  }

  swprune::rng any_{1};
  std::deque<burst> reads_, writes_;
  std::deque<std::uint8_t> answers_;
  bool beat_taken_ = false, answer_taken_ = false;
};

}  // namespace swprune_test
