// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "swprune/hw/golden/axi_ports.hpp"
#include "swprune/hw/golden/axi_read.hpp"
#include "swprune/hw/golden/axi_write.hpp"
#include "swprune/hw/golden/axil_regs.hpp"
#include "swprune/hw/golden/golden_core.hpp"

namespace swprune::inline v0::hw {

/// Parameters of rtl/swp_top.sv.
struct top_params {
  array_params array;
  index_t rd_burst = 16;       ///< RdBurst: beats of a read burst, a power of two <= 256
  index_t rd_outstanding = 4;  ///< RdOutstanding: read bursts open at once, 1 .. 255
  index_t wr_burst = 16;       ///< WrBurst: beats of a write burst, a power of two <= 256
  index_t wr_outstanding = 8;  ///< WrOutstanding: bursts and fences without an answer, 1 .. 255
};

/// Throws array_parameter unless the accelerator can be built; the rules are those in the member
/// comments.
inline void check(const top_params& p) {
  check(p.array);
  const auto need = [](bool ok, const char* rule, index_t given) {
    expects(ok, errc::array_parameter, "{}, given {}", rule, given);
  };
  const auto burst = [](index_t v) { return v >= 1 && v <= 256 && (v & (v - 1)) == 0; };
  need(burst(p.rd_burst), "RdBurst must be a power of two <= 256", p.rd_burst);
  need(burst(p.wr_burst), "WrBurst must be a power of two <= 256", p.wr_burst);
  need(p.rd_outstanding >= 1 && p.rd_outstanding <= 255, "1 <= RdOutstanding <= 255",
       p.rd_outstanding);
  need(p.wr_outstanding >= 1 && p.wr_outstanding <= 255, "1 <= WrOutstanding <= 255",
       p.wr_outstanding);
}

/// What swp_top sees before a rising clock edge.
struct top_inputs {
  golden::axil_inputs registers;
  golden::axi_read_inputs read;
  golden::axi_write_inputs write;
};

/// What swp_top shows after a rising clock edge: every output is a function of registers.
struct top_outputs {
  bool irq = false;
  golden::axil_outputs registers;
  golden::axi_burst_address ar;
  bool r_ready = false;
  golden::axi_burst_address aw;
  golden::axi_write_data w;

  friend bool operator==(const top_outputs&, const top_outputs&) = default;
};

/// The golden model of the whole accelerator: golden_core between models of the registers and of
/// the AXI4 fronts, written from docs/accelerator-v2.md section 8 apart from the RTL.
class golden_top {
 public:
  /// Throws array_parameter unless the accelerator can be built.
  explicit golden_top(const top_params& p)
      : params_(checked(p)), core_(p.array), fronts_(params_), out_(shown()) {}

  [[nodiscard]] const top_params& params() const { return params_; }
  [[nodiscard]] const top_outputs& outputs() const { return out_; }
  [[nodiscard]] const golden_core& core() const { return core_; }
  [[nodiscard]] const golden::axi_read& reader() const { return fronts_.read; }
  [[nodiscard]] const golden::axi_write& writer() const { return fronts_.write; }
  [[nodiscard]] const golden::axil_regs& registers() const { return fronts_.registers; }

  /// Synchronous reset for one cycle.
  void reset() {
    core_.reset();
    fronts_ = units(params_);
    out_ = shown();
  }

  /// One rising edge with these inputs.
  void step(const top_inputs& in) {
    const core_inputs core_in = wires(in);
    const core_outputs core = core_.outputs();
    const bool idle = fronts_.read.idle() && fronts_.write.idle();
    fronts_.read.clock(in.read, core);
    fronts_.write.clock(in.write, core, fronts_.registers.ended(), fronts_.registers.starts());
    fronts_.registers.clock(in.registers, core, idle);
    core_.step(core_in);
    out_ = shown();
  }

 private:
  /// Everything round the core. One struct, so that reset is in one place.
  struct units {
    explicit units(const top_params& p)
        : read(p.array.bus_bytes, p.rd_burst, p.rd_outstanding),
          write(p.array.bus_bytes, p.wr_burst, p.wr_outstanding),
          registers(capabilities_of(p)) {}

    golden::axi_read read;
    golden::axi_write write;
    golden::axil_regs registers;
  };

  [[nodiscard]] static const top_params& checked(const top_params& p) {
    check(p);
    return p;
  }

  [[nodiscard]] static golden::capabilities capabilities_of(const top_params& p) {
    namespace f = regs::field;
    const array_params& a = p.array;
    const auto log2 = [](index_t v) {
      return static_cast<std::uint64_t>(std::countr_zero(static_cast<std::uint64_t>(v)));
    };
    const auto number = [](index_t v) { return static_cast<std::uint64_t>(v); };
    const auto word = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
    return {
        .cap0 = word(f::cap0_poy.put(number(a.poy)) | f::cap0_pox.put(number(a.pox)) |
                     f::cap0_pof.put(number(a.pof)) | f::cap0_chains.put(number(a.chains))),
        .cap1 = word(f::cap1_bus_bytes.put(number(a.bus_bytes)) |
                     f::cap1_act_depth_log2.put(log2(a.act_depth)) |
                     f::cap1_wgt_depth_log2.put(log2(a.wgt_depth))),
        .cap2 = word(f::cap2_list_depth_log2.put(log2(a.list_depth)) |
                     f::cap2_param_depth_log2.put(log2(a.param_depth))),
        .cap3 = word(f::cap3_skip.put(a.skip) | f::cap3_pool.put(a.pool) | f::cap3_axi.put(1) |
                     f::cap3_image_version.put(regs::format::layer_version) |
                     f::cap3_res_depth_log2_p1.put(a.res_depth == 0 ? 0 : log2(a.res_depth) + 1)),
        .cap4 = word(f::cap4_rd_burst_log2.put(log2(p.rd_burst)) |
                     f::cap4_rd_outstanding.put(number(p.rd_outstanding)) |
                     f::cap4_wr_burst_log2.put(log2(p.wr_burst)) |
                     f::cap4_wr_outstanding.put(number(p.wr_outstanding))),
    };
  }

  /// The core's inputs in this cycle.
  [[nodiscard]] core_inputs wires(const top_inputs& in) const {
    core_inputs core;
    fronts_.registers.drive(core);
    core.rd_req_ready = fronts_.read.request_ready();
    core.rd_valid = in.read.r_valid;
    core.rd_data = in.read.r_data;
    core.rd_error = in.read.r_response;
    core.wr_ready = fronts_.write.write_ready();
    core.wr_fenced = fronts_.write.fenced();
    core.wr_error = fronts_.write.error();
    return core;
  }

  [[nodiscard]] top_outputs shown() const {
    return {.irq = fronts_.registers.interrupt(),
            .registers = fronts_.registers.outputs(),
            .ar = fronts_.read.address(),
            .r_ready = core_.outputs().rd_ready,
            .aw = fronts_.write.address(),
            .w = fronts_.write.data()};
  }

  top_params params_;
  golden_core core_;
  units fronts_;
  top_outputs out_;
};

}  // namespace swprune::inline v0::hw
