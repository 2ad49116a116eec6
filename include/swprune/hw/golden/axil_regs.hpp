// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/register_table.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune::inline v0::hw::golden {

/// Register front: AXI4-Lite, commands to the core, interrupts (docs/accelerator.md
/// section 13.3). Addresses and fields are those of hw/regs.def.
class axil_regs {
 public:
  axil_regs(const array_params& a, const axi_params& p) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = register_table[i].reset;
    set_capabilities(a, p);
  }

  /// What the core gets from the registers.
  void drive(core_inputs& core) const {
    core.start = start_;
    core.abort = abort_;
    core.image_base = address_of(regs::address::image_base_lo, regs::address::image_base_hi);
    core.act_base = address_of(regs::address::act_base_lo, regs::address::act_base_hi);
    core.desc_offset = word(regs::address::desc_offset);
    core.layer_count = static_cast<std::uint16_t>(word(regs::address::layer_count));
    core.watchdog = word(regs::address::watchdog);
  }
  /// start_i of the core in this cycle.
  [[nodiscard]] bool start() const { return start_; }
  /// From the start of a run until everything is at rest again.
  [[nodiscard]] bool running() const { return run_; }
  /// The core is done, its last writes may be on their way: flush_i of the write front.
  [[nodiscard]] bool ended() const { return ended_; }

  void show(top_outputs& out) const {
    out.irq = (word(regs::address::irq_status) & word(regs::address::irq_enable)) != 0;
    out.reg_awready = !aw_held_;
    out.reg_wready = !w_held_;
    out.reg_bvalid = bvalid_;
    out.reg_arready = !rvalid_;
    out.reg_rvalid = rvalid_;
    out.reg_rdata = rdata_;
  }

  /// End of a cycle in which the core shows `core` and both other fronts are at rest or not.
  void clock(const top_inputs& in, const core_outputs& core, bool fronts_idle) {
    clock_read(in, core);
    const bool ends = ended_ && fronts_idle;
    start_ = abort_ = false;
    clock_write(in);
    if (ends) end_run(core);
    if (core.done) ended_ = true;
  }

 private:
  [[nodiscard]] std::uint32_t word(unsigned address) const { return words_[address / 4]; }
  [[nodiscard]] std::uint32_t& word(unsigned address) { return words_[address / 4]; }
  [[nodiscard]] std::uint64_t address_of(unsigned low, unsigned high) const {
    return word(low) | std::uint64_t{word(high)} << 32;
  }

  /// One register from its fields.
  struct packed {
    std::uint32_t value = 0;
    packed& operator()(const regs::bit_field& f, index_t v) {
      value |= static_cast<std::uint32_t>(f.put(static_cast<std::uint64_t>(v)));
      return *this;
    }
  };
  [[nodiscard]] static index_t log2(index_t v) {
    return std::countr_zero(static_cast<std::uint64_t>(v));
  }

  void set_capabilities(const array_params& a, const axi_params& p) {
    namespace f = regs::field;
    word(regs::address::cap0) = packed{}(f::cap0_poy, a.poy)(f::cap0_pox, a.pox)(
                                    f::cap0_pof, a.pof)(f::cap0_chains, a.chains)
                                    .value;
    word(regs::address::cap1) =
        packed{}(f::cap1_bus_bytes, a.bus_bytes)(f::cap1_act_depth_log2, log2(a.act_depth))(
            f::cap1_wgt_depth_log2, log2(a.wgt_depth))
            .value;
    word(regs::address::cap2) = packed{}(f::cap2_list_depth_log2, log2(a.list_depth))(
                                    f::cap2_param_depth_log2, log2(a.param_depth))
                                    .value;
    word(regs::address::cap3) =
        packed{}(f::cap3_skip, a.skip)(f::cap3_pool, a.pool)(f::cap3_axi, 1)(
            f::cap3_image_version, regs::format::layer_version)(
            f::cap3_res_depth_log2_p1, a.res_depth == 0 ? 0 : log2(a.res_depth) + 1)
            .value;
    word(regs::address::cap4) =
        packed{}(f::cap4_rd_burst_log2, log2(p.rd_burst))(f::cap4_rd_outstanding, p.rd_outstanding)(
            f::cap4_wr_burst_log2, log2(p.wr_burst))(f::cap4_wr_outstanding, p.wr_outstanding)
            .value;
  }

  // --- reads ------------------------------------------------------------------------------------
  void clock_read(const top_inputs& in, const core_outputs& core) {
    if (rvalid_) {
      if (!in.reg_rready) return;
      rvalid_ = false;
      rdata_ = 0;
    } else if (in.reg_arvalid) {
      rvalid_ = true;
      rdata_ = value(in.reg_araddr & 0xFCu, core) & register_table[in.reg_araddr / 4].mask;
    }
  }

  /// What the register at `address` holds in this cycle.
  [[nodiscard]] std::uint32_t value(unsigned address, const core_outputs& core) const {
    switch (address) {
      case regs::address::status:
        return status(core);
      case regs::address::error:
        return packed{}(regs::field::error_code, core.error)(regs::field::error_detail,
                                                             core.error_detail)
            .value;
      case regs::address::error_addr_lo:
        return static_cast<std::uint32_t>(core.error_addr);
      case regs::address::error_addr_hi:
        return static_cast<std::uint32_t>(core.error_addr >> 32);
      default:
        return counter(address, core);
    }
  }

  [[nodiscard]] std::uint32_t status(const core_outputs& core) const {
    namespace f = regs::field;
    const bool stop =
        regs::probe::ctrl.get(core.probe) == static_cast<std::uint64_t>(regs::ctrl_state::stop);
    return packed{}(f::status_busy, run_)(f::status_done, done_)(
               f::status_stopping, stop || ended_)(f::status_refused, refused_)
        .value;
  }

  /// A counter of the core, or what the front itself holds there.
  [[nodiscard]] std::uint32_t counter(unsigned address, const core_outputs& core) const {
    switch (address) {
#define SWPRUNE_COUNTER(name) \
  case regs::address::name:   \
    return core.name
      SWPRUNE_COUNTER(cnt_cycles);
      SWPRUNE_COUNTER(cnt_uops);
      SWPRUNE_COUNTER(cnt_blocks);
      SWPRUNE_COUNTER(cnt_drain_stalls);
      SWPRUNE_COUNTER(cnt_load_stalls);
      SWPRUNE_COUNTER(cnt_read_beats);
      SWPRUNE_COUNTER(cnt_write_beats);
      SWPRUNE_COUNTER(cnt_write_stalls);
      SWPRUNE_COUNTER(cnt_weight_stalls);
      SWPRUNE_COUNTER(cnt_act_stalls);
      SWPRUNE_COUNTER(cnt_hazard_stalls);
      SWPRUNE_COUNTER(cnt_passes);
      SWPRUNE_COUNTER(cnt_blocks_skipped);
      SWPRUNE_COUNTER(cnt_uops_skipped);
      SWPRUNE_COUNTER(cnt_groups_skipped);
      SWPRUNE_COUNTER(cnt_weight_beats);
      SWPRUNE_COUNTER(cnt_act_beats);
      SWPRUNE_COUNTER(cnt_res_beats);
#undef SWPRUNE_COUNTER
      default:
        return words_[address / 4];
    }
  }

  // --- writes -----------------------------------------------------------------------------------
  void clock_write(const top_inputs& in) {
    const bool happens = aw_held_ && w_held_ && !bvalid_;
    if (in.reg_bready) bvalid_ = false;
    if (in.reg_awvalid && !aw_held_) {
      aw_held_ = true;
      write_address_ = in.reg_awaddr & 0xFCu;
    }
    if (in.reg_wvalid && !w_held_) {
      w_held_ = true;
      write_data_ = in.reg_wdata;
      write_strobes_ = in.reg_wstrb;
    }
    if (!happens) return;
    write();
    aw_held_ = w_held_ = false;
    bvalid_ = true;
  }

  void write() {
    const register_entry& r = register_table[write_address_ / 4];
    if (r.access == register_access::RW) {
      const std::uint32_t bits = strobed_bits() & r.mask;
      word(write_address_) = (word(write_address_) & ~bits) | (write_data_ & bits);
    } else if ((write_strobes_ & 1) != 0) {
      const std::uint32_t ones = write_data_ & r.mask & 0xFF;
      if (r.access == register_access::W1) command(ones);
      if (r.access == register_access::W1C) word(write_address_) &= ~ones;
    }
  }

  [[nodiscard]] std::uint32_t strobed_bits() const {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < 4; ++i)
      if ((write_strobes_ >> i & 1) != 0) bits |= 0xFFu << (8 * i);
    return bits;
  }

  /// CTRL. With an abort, start is not looked at.
  void command(std::uint32_t bits) {
    if (regs::field::ctrl_abort.get(bits) != 0) {
      abort_ = run_;
    } else if (regs::field::ctrl_start.get(bits) != 0) {
      if (run_)
        refuse();
      else
        begin_run();
    }
  }

  void begin_run() {
    start_ = run_ = true;
    done_ = refused_ = false;
  }

  void refuse() {
    refused_ = true;
    raise_irq(regs::field::irq_status_refused);
  }

  void end_run(const core_outputs& core) {
    ended_ = run_ = false;
    done_ = true;
    raise_irq(regs::field::irq_status_done);
    if (core.error != 0) raise_irq(regs::field::irq_status_error);
  }

  void raise_irq(const regs::bit_field& f) {
    word(regs::address::irq_status) |= static_cast<std::uint32_t>(f.put(1));
  }

  std::array<std::uint32_t, 64> words_{};  ///< those that the front itself holds
  bool aw_held_ = false, w_held_ = false, bvalid_ = false, rvalid_ = false;
  unsigned write_address_ = 0;
  std::uint32_t write_data_ = 0;
  std::uint8_t write_strobes_ = 0;
  std::uint32_t rdata_ = 0;
  bool run_ = false;      ///< from start until everything is at rest again
  bool ended_ = false;    ///< the core is done, the fronts not yet
  bool done_ = false;     ///< a run has ended since the last start
  bool refused_ = false;  ///< a start was refused since then
  bool start_ = false, abort_ = false;
};

}  // namespace swprune::inline v0::hw::golden
