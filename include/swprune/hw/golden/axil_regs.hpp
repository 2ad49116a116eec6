// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/axi_ports.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw::golden {

/// CAP0 .. CAP4: what a driver is told of the accelerator.
struct capabilities {
  std::uint32_t cap0 = 0, cap1 = 0, cap2 = 0, cap3 = 0, cap4 = 0;
};

/// The registers, the run that they begin and end, and the interrupt (docs/accelerator-v2.md
/// section 8.3).
class axil_regs {
 public:
  explicit axil_regs(const capabilities& caps) : caps_(caps) {}

  [[nodiscard]] bool running() const { return run_; }
  [[nodiscard]] bool starts() const { return start_q_; }
  /// The core is done; what it wrote is still on its way.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::uint32_t irq_status() const { return irq_status_; }
  [[nodiscard]] bool interrupt() const { return (irq_status_ & irq_enable_) != 0; }

  [[nodiscard]] axil_outputs outputs() const {
    return {.aw_ready = !aw_held_,
            .w_ready = !w_held_,
            .b_valid = b_valid_,
            .ar_ready = !r_valid_,
            .r_valid = r_valid_,
            .r_data = r_data_};
  }

  /// What the core is told by the registers.
  void drive(core_inputs& core) const {
    core.start = start_q_;
    core.abort = abort_q_;
    core.image_base = std::uint64_t{image_base_hi_} << 32 | image_base_lo_;
    core.act_base = std::uint64_t{act_base_hi_} << 32 | act_base_lo_;
    core.desc_offset = desc_offset_;
    core.layer_count = static_cast<std::uint16_t>(layer_count_);
    core.watchdog = watchdog_;
  }

  /// End of a cycle in which the core shows `core`; `fronts_idle`: no burst is open.
  void clock(const axil_inputs& in, const core_outputs& core, bool fronts_idle) {
    clock_read(in, core);  // sees the registers before this cycle's write
    start_q_ = abort_q_ = false;
    irq_set_ = irq_clear_ = 0;
    const bool ends = ended_ && fronts_idle;
    clock_write(in);
    if (core.done) ended_ = true;
    if (ends) end_run(core.error != 0);
    irq_status_ = (irq_status_ & ~irq_clear_) | irq_set_;
  }

 private:
  static constexpr std::uint32_t irq_mask = 7;

  void clock_read(const axil_inputs& in, const core_outputs& core) {
    if (r_valid_) {
      if (in.r_ready) {
        r_valid_ = false;
        r_data_ = 0;
      }
    } else if (in.ar_valid) {
      r_valid_ = true;
      r_data_ = value(in.ar_address & ~3u, core);
    }
  }

  void clock_write(const axil_inputs& in) {
    const bool writes = aw_held_ && w_held_ && !b_valid_;
    if (b_valid_ && in.b_ready) b_valid_ = false;
    if (!aw_held_ && in.aw_valid) {
      aw_held_ = true;
      aw_address_ = in.aw_address;
    }
    if (!w_held_ && in.w_valid) {
      w_held_ = true;
      w_data_ = in.w_data;
      w_strobes_ = in.w_strobes;
    }
    if (!writes) return;
    write(aw_address_ & ~3u);
    aw_held_ = w_held_ = false;
    b_valid_ = true;
  }

  /// The run is over: the last burst has been answered.
  void end_run(bool failed) {
    ended_ = run_ = false;
    done_ = true;
    irq_set_ |= static_cast<std::uint32_t>(regs::field::irq_status_done.put(1));
    if (failed) irq_set_ |= static_cast<std::uint32_t>(regs::field::irq_status_error.put(1));
  }

  void write(unsigned address) {
    namespace at = regs::address;
    const std::uint32_t low = (w_strobes_ & 1) != 0 ? w_data_ : 0;  // W1 and W1C look at byte 0
    switch (address) {
      case at::ctrl:
        command(low);
        break;
      case at::image_base_lo:
        replace(image_base_lo_, ~0u);
        break;
      case at::image_base_hi:
        replace(image_base_hi_, 0xFF);
        break;
      case at::act_base_lo:
        replace(act_base_lo_, ~0u);
        break;
      case at::act_base_hi:
        replace(act_base_hi_, 0xFF);
        break;
      case at::desc_offset:
        replace(desc_offset_, ~0u);
        break;
      case at::layer_count:
        replace(layer_count_, 0xFFFF);
        break;
      case at::watchdog:
        replace(watchdog_, ~0u);
        break;
      case at::irq_enable:
        replace(irq_enable_, irq_mask);
        break;
      case at::irq_status:
        irq_clear_ = low & irq_mask;
        break;
      default:
        break;  // constant, or nothing there
    }
  }

  /// A register takes the bytes with a strobe; of the result the bits that exist.
  void replace(std::uint32_t& reg, std::uint32_t bits) const {
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((w_strobes_ >> byte & 1) == 0) continue;
      const std::uint32_t mask = 0xFFu << (8 * byte);
      reg = ((reg & ~mask) | (w_data_ & mask)) & bits;
    }
  }

  void command(std::uint32_t bits) {
    if (regs::field::ctrl_abort.get(bits) != 0) {
      abort_q_ = run_;
    } else if (regs::field::ctrl_start.get(bits) == 0) {
      return;
    } else if (run_) {
      refused_ = true;
      irq_set_ |= static_cast<std::uint32_t>(regs::field::irq_status_refused.put(1));
    } else {
      start_q_ = run_ = true;
      done_ = refused_ = false;
    }
  }

  [[nodiscard]] std::uint32_t status(const core_outputs& core) const {
    namespace f = regs::field;
    const bool stopping =
        ended_ || regs::probe::ctrl.get(core.probe) == std::uint64_t(regs::ctrl_state::stop);
    return static_cast<std::uint32_t>(f::status_busy.put(run_) | f::status_done.put(done_) |
                                      f::status_stopping.put(stopping) |
                                      f::status_refused.put(refused_));
  }

  [[nodiscard]] std::uint32_t value(unsigned address, const core_outputs& core) const {
    namespace at = regs::address;
    switch (address) {
      case at::id:
        return regs::reset::id;
      case at::version:
        return regs::reset::version;
      case at::cap0:
        return caps_.cap0;
      case at::cap1:
        return caps_.cap1;
      case at::cap2:
        return caps_.cap2;
      case at::cap3:
        return caps_.cap3;
      case at::cap4:
        return caps_.cap4;
      case at::status:
        return status(core);
      case at::error:
        return core.error | std::uint32_t{core.error_detail} << 8;
      case at::error_addr_lo:
        return static_cast<std::uint32_t>(core.error_addr);
      case at::error_addr_hi:
        return static_cast<std::uint32_t>(core.error_addr >> 32);
      case at::image_base_lo:
        return image_base_lo_;
      case at::image_base_hi:
        return image_base_hi_;
      case at::act_base_lo:
        return act_base_lo_;
      case at::act_base_hi:
        return act_base_hi_;
      case at::desc_offset:
        return desc_offset_;
      case at::layer_count:
        return layer_count_;
      case at::watchdog:
        return watchdog_;
      case at::irq_enable:
        return irq_enable_;
      case at::irq_status:
        return irq_status_;
      default:
        return counter(address, core);
    }
  }

  [[nodiscard]] static std::uint32_t counter(unsigned address, const core_outputs& core) {
    namespace at = regs::address;
    switch (address) {
      case at::cnt_cycles:
        return core.cnt_cycles;
      case at::cnt_uops:
        return core.cnt_uops;
      case at::cnt_blocks:
        return core.cnt_blocks;
      case at::cnt_drain_stalls:
        return core.cnt_drain_stalls;
      case at::cnt_load_stalls:
        return core.cnt_load_stalls;
      case at::cnt_read_beats:
        return core.cnt_read_beats;
      case at::cnt_write_beats:
        return core.cnt_write_beats;
      case at::cnt_write_stalls:
        return core.cnt_write_stalls;
      case at::cnt_weight_stalls:
        return core.cnt_weight_stalls;
      case at::cnt_act_stalls:
        return core.cnt_act_stalls;
      case at::cnt_hazard_stalls:
        return core.cnt_hazard_stalls;
      case at::cnt_passes:
        return core.cnt_passes;
      case at::cnt_blocks_skipped:
        return core.cnt_blocks_skipped;
      case at::cnt_uops_skipped:
        return core.cnt_uops_skipped;
      case at::cnt_groups_skipped:
        return core.cnt_groups_skipped;
      case at::cnt_weight_beats:
        return core.cnt_weight_beats;
      case at::cnt_act_beats:
        return core.cnt_act_beats;
      case at::cnt_res_beats:
        return core.cnt_res_beats;
      default:
        return 0;  // CTRL, and where nothing is
    }
  }

  capabilities caps_;
  bool aw_held_ = false, w_held_ = false, b_valid_ = false, r_valid_ = false;
  unsigned aw_address_ = 0;
  std::uint32_t w_data_ = 0, r_data_ = 0;
  unsigned w_strobes_ = 0;
  bool run_ = false, ended_ = false, done_ = false, refused_ = false;
  bool start_q_ = false, abort_q_ = false;
  std::uint32_t image_base_lo_ = 0, image_base_hi_ = 0, act_base_lo_ = 0, act_base_hi_ = 0;
  std::uint32_t desc_offset_ = 0, layer_count_ = 0, watchdog_ = 0;
  std::uint32_t irq_enable_ = 0, irq_status_ = 0;
  std::uint32_t irq_set_ = 0, irq_clear_ = 0;  ///< within a cycle
};

}  // namespace swprune::inline v0::hw::golden
