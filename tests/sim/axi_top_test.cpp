// SPDX-License-Identifier: Apache-2.0

// swp_top between a driver on AXI4-Lite and a memory on AXI4: hand-made images run, with every
// handshake random; results, registers, interrupts, refused starts, aborts and bus errors.

#include <verilated.h>
#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/registers.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/tiny_image.hpp"
#include "top_small/Vswp_top_small.h"

namespace {

using namespace swprune_test;
namespace address = regs::address;

constexpr std::uint64_t bus_bytes = 8;

/// Memory and driver of one swp_top.
class bench {
 public:
  bench(std::uint64_t seed, unsigned ready) : any_(rng{seed}.stream("axi_top")), ready_(ready) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Vswp_top_small>(&context_, "top");
    model_->rst_ni = 0;
    step();
    model_->rst_ni = 1;
  }
  ~bench() {
    Verilated::threadContextp(&context_);
    model_->final();
  }

  void load(const tiny_image& t) {
    image_ = t.image;
    acts_ = t.acts;
    bad_accesses = 0;
  }
  /// Beats in this range of the memory are answered with an error.
  void fail(std::uint64_t from, std::uint64_t to, std::uint8_t response) {
    fail_from_ = from;
    fail_to_ = to;
    fail_response_ = response;
  }

  void write(unsigned reg, std::uint32_t value, unsigned strobes = 15) {
    Vswp_top_small& m = *model_;
    bool address_given = false, data_given = false;
    m.s_axi_awaddr_i = static_cast<std::uint8_t>(reg);
    m.s_axi_wdata_i = value;
    m.s_axi_wstrb_i = static_cast<std::uint8_t>(strobes);
    m.s_axi_bready_i = 0;
    while (!address_given || !data_given) {
      m.s_axi_awvalid_i = !address_given && (m.s_axi_awvalid_i || go());
      m.s_axi_wvalid_i = !data_given && (m.s_axi_wvalid_i || go());
      address_given |= m.s_axi_awvalid_i && m.s_axi_awready_o;
      data_given |= m.s_axi_wvalid_i && m.s_axi_wready_o;
      step();
      if (address_given) m.s_axi_awvalid_i = 0;
      if (data_given) m.s_axi_wvalid_i = 0;
    }
    while (!(m.s_axi_bready_i && m.s_axi_bvalid_o)) {
      m.s_axi_bready_i = go();
      if (m.s_axi_bready_i && m.s_axi_bvalid_o) break;
      step();
    }
    CHECK(m.s_axi_bresp_o == 0);
    step();
    m.s_axi_bready_i = 0;
  }

  std::uint32_t read(unsigned reg) {
    Vswp_top_small& m = *model_;
    m.s_axi_araddr_i = static_cast<std::uint8_t>(reg);
    m.s_axi_arvalid_i = 1;
    m.s_axi_rready_i = 0;
    while (!m.s_axi_arready_o) step();
    step();
    m.s_axi_arvalid_i = 0;
    while (!go()) step();
    REQUIRE(m.s_axi_rvalid_o);
    const std::uint32_t value = m.s_axi_rdata_o;
    CHECK(m.s_axi_rresp_o == 0);
    m.s_axi_rready_i = 1;
    step();
    m.s_axi_rready_i = 0;
    return value;
  }

  [[nodiscard]] bool interrupt() const { return model_->irq_o != 0; }
  [[nodiscard]] const bytes& acts() const { return acts_; }
  /// No burst is open on the memory's side.
  [[nodiscard]] bool at_rest() const {
    return reads_.empty() && bursts_.empty() && answers_.empty() && !model_->m_axi_arvalid_o &&
           !model_->m_axi_awvalid_o;
  }

  void step() {
    Vswp_top_small& m = *model_;
    play_memory();
    m.eval();  // some outputs are wires of inputs
    const bool beat = m.rst_ni && m.m_axi_rvalid_i && m.m_axi_rready_o;
    const bool answer = m.rst_ni && m.m_axi_bvalid_i && m.m_axi_bready_o;
    if (m.rst_ni) note_memory(beat, answer);
    m.clk_i = 0;
    m.eval();
    m.clk_i = 1;
    m.eval();
    if (beat) m.m_axi_rvalid_i = 0;
    if (answer) m.m_axi_bvalid_i = 0;
    REQUIRE_FALSE(context_.gotError());
  }

  index_t bad_accesses = 0;

 private:
  struct burst {
    std::uint64_t address, beats;
    std::uint8_t worst = 0;
  };

  bool go() { return any_.below(100) < ready_; }

  std::uint8_t* byte(std::uint64_t at) {
    if (at - image_base < image_.size()) return &image_[at - image_base];
    if (at - act_base < acts_.size()) return &acts_[at - act_base];
    return nullptr;
  }

  [[nodiscard]] std::uint8_t response(std::uint64_t at) const {
    return at >= fail_from_ && at < fail_to_ ? fail_response_ : std::uint8_t{0};
  }

  void play_memory() {
    Vswp_top_small& m = *model_;
    m.m_axi_arready_i = go();
    m.m_axi_awready_i = go();
    m.m_axi_wready_i = go();
    if (!m.m_axi_rvalid_i && !reads_.empty() && go()) {
      std::uint64_t data = 0;
      for (unsigned i = 0; i < bus_bytes; ++i) {
        const std::uint8_t* b = byte(reads_.front().address + i);
        bad_accesses += b == nullptr;
        data |= std::uint64_t{b == nullptr ? std::uint8_t{0xEE} : *b} << (8 * i);
      }
      m.m_axi_rvalid_i = 1;
      m.m_axi_rdata_i = data;
      m.m_axi_rresp_i = response(reads_.front().address);
      m.m_axi_rlast_i = reads_.front().beats == 1;
    }
    if (!m.m_axi_bvalid_i && !answers_.empty() && go()) {
      m.m_axi_bvalid_i = 1;
      m.m_axi_bresp_i = answers_.front();
    }
  }

  void note_memory(bool beat, bool answer) {
    Vswp_top_small& m = *model_;
    if (beat) {
      burst& b = reads_.front();
      b.address += bus_bytes;
      if (--b.beats == 0) reads_.pop_front();
    }
    if (answer) answers_.pop_front();
    if (m.m_axi_wvalid_o && m.m_axi_wready_i) {
      burst& b = bursts_.front();
      for (unsigned i = 0; i < bus_bytes; ++i) {
        if ((m.m_axi_wstrb_o >> i & 1) == 0) continue;
        std::uint8_t* to = byte(b.address + i);
        bad_accesses += to == nullptr;
        if (to != nullptr) *to = static_cast<std::uint8_t>(m.m_axi_wdata_o >> (8 * i));
      }
      if (b.worst == 0) b.worst = response(b.address);
      b.address += bus_bytes;
      CHECK((m.m_axi_wlast_o != 0) == (b.beats == 1));
      if (--b.beats == 0) {
        answers_.push_back(b.worst);
        bursts_.pop_front();
      }
    }
    if (m.m_axi_arvalid_o && m.m_axi_arready_i)
      reads_.push_back({m.m_axi_araddr_o, m.m_axi_arlen_o + 1u});
    if (m.m_axi_awvalid_o && m.m_axi_awready_i)
      bursts_.push_back({m.m_axi_awaddr_o, m.m_axi_awlen_o + 1u});
  }

  rng any_;
  unsigned ready_;
  bytes image_, acts_;
  VerilatedContext context_;
  std::unique_ptr<Vswp_top_small> model_;
  std::deque<burst> reads_, bursts_;
  std::deque<std::uint8_t> answers_;
  std::uint64_t fail_from_ = 0, fail_to_ = 0;
  std::uint8_t fail_response_ = 0;
};

/// What a driver does before a start.
void set_up(bench& b, const tiny_layer& l) {
  b.write(address::image_base_lo, static_cast<std::uint32_t>(image_base));
  b.write(address::image_base_hi, static_cast<std::uint32_t>(image_base >> 32));
  b.write(address::act_base_lo, static_cast<std::uint32_t>(act_base));
  b.write(address::act_base_hi, static_cast<std::uint32_t>(act_base >> 32));
  b.write(address::desc_offset, 0);
  b.write(address::layer_count, static_cast<std::uint32_t>(l.layers));
  b.write(address::irq_enable, 7);
}

constexpr std::uint32_t start = 1, abort_run = 2;
constexpr std::uint32_t irq_done = 1, irq_error = 2, irq_refused = 4;

/// Waits for the interrupt and clears it; the register's value.
std::uint32_t wait(bench& b) {
  for (int i = 0; i < 200'000 && !b.interrupt(); ++i) b.step();
  REQUIRE(b.interrupt());
  const std::uint32_t status = b.read(address::irq_status);
  b.write(address::irq_status, status);
  CHECK_FALSE(b.interrupt());
  return status;
}

struct example {
  hw::array_params array = small_array(true);
  tiny_layer layer{.layers = 2, .wait = 4, .strip = 1, .live = {{0, 1}, {1}}};
  tiny_data data = random_numbers(layer, array, 7);
  tiny_image image = tiny_writer(layer, data, array).write();

  void check_good_run(bench& b) const {
    b.load(image);
    b.write(address::ctrl, start);
    CHECK(wait(b) == irq_done);
    CHECK(b.at_rest());
    CHECK(b.read(address::error) == 0);
    CHECK(b.read(address::status) == 2);
    CHECK(b.bad_accesses == 0);
    CHECK(read_output(layer, image, b.acts()) == expected_output(layer, data, array));
    CHECK(strays(layer, image, image.acts, b.acts()) == 0);
    CHECK(b.read(address::cnt_uops) == image.uops);
    CHECK(b.read(address::cnt_blocks) == image.blocks);
    CHECK(b.read(address::cnt_passes) == image.passes);
    CHECK(b.read(address::cnt_cycles) > image.cycles);
  }
};

}  // namespace

TEST_CASE("swp_top runs an image from its registers and raises the interrupt") {
  const example e;
  for (const unsigned ready : {100u, 50u, 20u}) {
    CAPTURE(ready);
    bench b(3, ready);
    CHECK(b.read(address::id) == regs::reset::id);
    CHECK(b.read(address::version) == regs::reset::version);
    CHECK(regs::field::cap0_pof.get(b.read(address::cap0)) == 4);
    CHECK(regs::field::cap3_axi.get(b.read(address::cap3)) == 1);
    CHECK(regs::field::cap3_image_version.get(b.read(address::cap3)) == 2);
    CHECK(regs::field::cap4_rd_outstanding.get(b.read(address::cap4)) == 4);
    set_up(b, e.layer);
    CHECK(b.read(address::image_base_hi) == (image_base >> 32));
    b.write(address::watchdog, 0x11223344);
    b.write(address::watchdog, 0xFFAA'FFFF, 4);  // one byte
    CHECK(b.read(address::watchdog) == 0x11AA'3344);
    CHECK(b.read(0xFC) == 0);
    e.check_good_run(b);
    e.check_good_run(b);
  }
}

TEST_CASE("a start while busy is refused, an abort ends the run with all bursts answered") {
  const example e;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    bench b(seed, seed % 2 == 0 ? 100 : 40);
    set_up(b, e.layer);
    b.load(e.image);
    b.write(address::ctrl, start);
    b.write(address::ctrl, start);
    CHECK(wait(b) == irq_refused);
    CHECK(b.read(address::status) == 9);
    for (std::uint64_t i = 0; i < 40 * seed; ++i) b.step();
    b.write(address::ctrl, start | abort_run);
    CHECK(wait(b) == (irq_done | irq_error));
    CHECK(b.at_rest());
    CHECK(b.read(address::error) == static_cast<std::uint32_t>(regs::run_error::aborted));
    CHECK(b.read(address::status) == 10);
    e.check_good_run(b);
  }
}

TEST_CASE("errors of the bus end a run with their code and address") {
  const example e;
  for (const unsigned ready : {100u, 40u})
    for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
      CAPTURE(ready, response);
      bench b(5, ready);
      set_up(b, e.layer);
      b.load(e.image);
      const std::uint64_t bad = act_base + 64;  // in the input
      b.fail(bad, bad + bus_bytes, response);
      b.write(address::ctrl, start);
      CHECK(wait(b) == (irq_done | irq_error));
      CHECK(b.read(address::error) ==
            static_cast<std::uint32_t>(response == 2 ? regs::run_error::read_slave
                                                     : regs::run_error::read_decode));
      CHECK(b.read(address::error_addr_lo) == bad);
      CHECK(b.read(address::error_addr_hi) == 0);
      b.load(e.image);
      const std::uint64_t out = act_base + static_cast<std::uint64_t>(e.image.out_offset);
      b.fail(out, out + 4096, response);
      b.write(address::ctrl, start);
      CHECK(wait(b) == (irq_done | irq_error));
      CHECK(b.read(address::error) ==
            static_cast<std::uint32_t>(response == 2 ? regs::run_error::write_slave
                                                     : regs::run_error::write_decode));
      CHECK(b.at_rest());
      b.fail(0, 0, 0);
      e.check_good_run(b);
    }
}
