// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/hw/golden/layer_regs.hpp"
#include "swprune/hw/golden/output_buffers.hpp"
#include "swprune/hw/golden/param_buffer.hpp"
#include "swprune/hw/golden/pe_array.hpp"
#include "swprune/hw/golden/residual_buffer.hpp"

namespace swprune::inline v0::hw::golden {

/// What a pass takes along from its retire to the drain.
struct drained_pass {
  const channel_params* params = nullptr;
  std::uint32_t buffer = 0;    ///< output buffer
  bool residual = false;       ///< a residual is added
  bool residual_half = false;  ///< r_sel
  std::uint32_t number = 0;    ///< passes of the step before it
};

/// Shows the shadow registers pixel group by pixel group, requantises them in Q1-Q3 and writes
/// them, pooled if asked, into the output buffer (docs/accelerator.md section 6, formats.md 7).
class drain {
 public:
  explicit drain(const array_params& a)
      : chains_(static_cast<std::size_t>(a.chains)),
        pof_(static_cast<std::size_t>(a.pof)),
        pox_(static_cast<std::size_t>(a.pox)),
        cycles_(static_cast<std::uint32_t>(a.drain_cycles())),
        current_(pof_) {
    for (stage* q : {&q1_, &q2_, &q3_}) q->lanes.resize(chains_ * pof_);
  }

  [[nodiscard]] bool active() const { return active_; }

  /// True when a pass may retire in this cycle.
  [[nodiscard]] bool ready(const layer_regs& layer, const output_buffers& buffers) const {
    return (!active_ || at_end(layer)) && buffers.alloc() < output_buffers::count;
  }

  /// True in the cycle in which Q3 holds the pass's last pixel group.
  [[nodiscard]] bool completes() const { return q3_.valid && q3_.group + 1 == cycles_; }

  /// True in a cycle that shows the last pixel group of a pass, or none at all.
  [[nodiscard]] bool done_showing() const { return !active_ || t_ + 1 >= cycles_; }

  /// End of a cycle, before the shadow registers and the current pass change.
  void clock(const layer_regs& layer, const pe_array& array, const residual_buffer& residual,
             output_buffers& buffers) {
    if (q3_.valid) write(layer, buffers);
    shift_stages(layer, array, residual);
    if (!active_) return;
    if (at_end(layer)) active_ = false;
    ++t_;
  }

  /// Same edge, a pass retires and becomes the current one.
  void retire(const drained_pass& pass) {
    active_ = true;
    t_ = 0;
    pass_ = pass;
    std::copy(pass.params, pass.params + pof_, current_.begin());
  }

 private:
  struct lane {
    std::int64_t value = 0;
    std::int64_t residual = 0;  ///< what is added behind the shift
    std::int16_t multiplier = 0;
    std::uint8_t shift = 0;
  };
  struct stage {
    bool valid = false;
    std::uint32_t group = 0;
    std::uint32_t buffer = 0;
    std::vector<lane> lanes;  ///< chain by chain, Pof each
  };

  [[nodiscard]] bool at_end(const layer_regs& layer) const { return t_ + 1 == layer.pass_interval; }

  void shift_stages(const layer_regs& layer, const pe_array& array,
                    const residual_buffer& residual) {
    std::swap(q3_, q2_);
    std::swap(q2_, q1_);
    if (q3_.valid)
      for (lane& l : q3_.lanes) l.value = requantised(l, layer);
    if (q2_.valid)
      for (lane& l : q2_.lanes) l.value *= l.multiplier;
    q1_.valid = active_ && t_ < cycles_;
    if (q1_.valid) show(layer, array, residual);
  }

  /// Q1: accumulator + bias of the chains' pixels, and their residual.
  void show(const layer_regs& layer, const pe_array& array, const residual_buffer& residual) {
    q1_.group = t_;
    q1_.buffer = pass_.buffer;
    for (std::size_t c = 0; c < chains_; ++c)
      for (std::size_t f = 0; f < pof_; ++f) {
        const channel_params& p = current_[f];
        const std::int64_t sum =
            static_cast<std::int64_t>(array.shadow(t_ * chains_ + c, f)) + p.bias;
        q1_.lanes[c * pof_ + f] = {
            .value = sum,
            .residual = pass_.residual ? scaled_residual(layer, residual, c, f) : 0,
            .multiplier = p.multiplier,
            .shift = p.shift};
      }
  }

  [[nodiscard]] std::int64_t scaled_residual(const layer_regs& layer,
                                             const residual_buffer& residual, std::size_t chain,
                                             std::size_t channel) const {
    const std::uint8_t byte =
        residual.read(pass_.residual_half, pass_.number, t_, static_cast<std::uint32_t>(chain),
                      static_cast<std::uint32_t>(channel));
    const int value = layer.residual_signed ? static_cast<std::int8_t>(byte) : byte;
    const std::int64_t product =
        static_cast<std::int64_t>(value - layer.res_zero) * layer.res_multiplier;
    return (product + (std::int64_t{1} << (layer.res_shift - 1))) >> layer.res_shift;
  }

  /// Q3: ties go toward plus infinity, then clamp. A shift outside 1-47 is no legal record; it is
  /// limited only so that the model stays defined.
  [[nodiscard]] static std::int64_t requantised(const lane& l, const layer_regs& layer) {
    const int shift = std::clamp<int>(l.shift, 1, 47);
    const std::int64_t half = std::int64_t{1} << (shift - 1);
    const std::int64_t result = ((l.value + half) >> shift) + l.residual + layer.zero_out;
    return std::min<std::int64_t>(std::max<std::int64_t>(result, layer.clamp_lo), layer.clamp_hi);
  }

  void write(const layer_regs& layer, output_buffers& buffers) const {
    for (std::size_t c = 0; c < chains_; ++c) {
      const std::size_t pixel = q3_.group * chains_ + c;
      const std::size_t py = pixel / pox_;
      const std::size_t px = pixel % pox_;
      const bool merge = layer.pool && (py % 2 != 0 || px % 2 != 0);
      const std::size_t place = layer.pool ? py / 2 * (pox_ / 2) + px / 2 : pixel;
      for (std::size_t f = 0; f < pof_; ++f)
        buffers.put(q3_.buffer, place, f, static_cast<std::uint8_t>(q3_.lanes[c * pof_ + f].value),
                    merge, layer.output_signed);
    }
  }

  std::size_t chains_;
  std::size_t pof_;
  std::size_t pox_;
  std::uint32_t cycles_;  ///< D
  bool active_ = false;
  std::uint32_t t_ = 0;
  drained_pass pass_;
  std::vector<channel_params> current_;
  stage q1_, q2_, q3_;
};

}  // namespace swprune::inline v0::hw::golden
