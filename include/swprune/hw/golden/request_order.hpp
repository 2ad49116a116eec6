// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/load_request.hpp"
#include "swprune/hw/golden/step_regs.hpp"

namespace swprune::inline v0::hw::golden {

/// Registers that the requests of a job are formed from.
struct load_context {
  const core_inputs& in;
  const layer_regs& layer;
  const step_regs& step;
  const std::array<std::uint32_t, 16>& fetched;  ///< the fetch list's beat that came last
};

/// The order of a step's requests (docs/accelerator.md section 3.2).
class request_order {
 public:
  explicit request_order(const array_params& a)
      : bus_(static_cast<std::uint32_t>(a.bus_bytes)),
        bus_words_(bus_ / 4),
        row_words_(static_cast<std::uint32_t>(a.pof / 4)) {}

  [[nodiscard]] load_request descriptor(const core_inputs& in, std::uint32_t address) const {
    return stream(load_kind::desc, in.image_base + address, 128 / bus_, bus_words_);
  }
  [[nodiscard]] load_request step(const core_inputs& in, const layer_regs& layer,
                                  std::uint32_t number) const {
    return stream(load_kind::step, in.image_base + layer.steps_offset + std::uint64_t{64} * number,
                  std::max(64 / bus_, 1u), bus_words_);
  }

  /// Turns `r` into the request behind it; false at the end of the job. Requests of zero beats are
  /// left out.
  bool advance(load_request& r, const load_context& c) const {
    do {
      if (!follow(r, c)) return false;
    } while (r.beats == 0);
    return true;
  }

 private:
  bool follow(load_request& r, const load_context& c) const {
    const std::uint64_t image = c.in.image_base;
    const step_regs& s = c.step;
    switch (r.kind) {
      case load_kind::desc:  // the loader checks it before it goes on
        return false;
      case load_kind::step:
        if (!s.new_weights) return first_fetch(r, c);
        r = stream(load_kind::list, image + s.list_offset, s.list_beats, bus_ / 2);
        return true;
      case load_kind::list:
        r = stream(load_kind::params, image + s.param_offset, s.param_beats, bus_words_);
        return true;
      case load_kind::params:
        r = stream(load_kind::weights, image + s.weight_offset, s.weight_beats, 1);
        return true;
      case load_kind::weights:
        return first_fetch(r, c);
      case load_kind::fetch:
        return plane(r, c, r.slot, 0);
      case load_kind::plane:
        return plane(r, c, r.slot, r.image + 1);
      case load_kind::residual:
        return residual(r, c, r.row, r.c4, r.image + 1);
    }
    return false;
  }

  [[nodiscard]] static load_request stream(load_kind kind, std::uint64_t address,
                                           std::uint32_t beats, std::uint32_t cpb) {
    load_request r;
    r.kind = kind;
    r.address = address & address_mask;
    r.beats = static_cast<std::uint16_t>(beats);
    r.cpb = cpb;
    return r;
  }

  /// `words` words from byte `address` on: whole beats, `run` words a cycle.
  [[nodiscard]] load_request words(load_kind kind, std::uint64_t address, std::uint32_t words,
                                   std::uint32_t run_log2) const {
    const auto lead = static_cast<std::uint32_t>(address % bus_) / 4;
    load_request r = stream(kind, address - address % bus_,
                            (lead + words + bus_words_ - 1) / bus_words_, bus_words_ >> run_log2);
    r.lead = lead;
    return r;
  }

  bool first_fetch(load_request& r, const load_context& c) const {
    if (!c.step.new_activations || c.step.slots == 0) return first_residual(r, c);
    return fetch(r, c, 0);
  }

  bool fetch(load_request& r, const load_context& c, std::uint32_t slot) const {
    r = stream(load_kind::fetch, c.in.image_base + c.step.fetch_offset + 4 * slot, 1, 1);
    r.slot = slot;
    return true;
  }

  /// Plane of image `image` of slot `slot`, or what follows when there is no such image.
  bool plane(load_request& r, const load_context& c, std::uint32_t slot,
             std::uint32_t image) const {
    const std::uint32_t images = c.layer.interleaved ? 1 : c.step.images;
    if (image >= images) {
      if (++slot >= c.step.slots) return first_residual(r, c);
      if (slot % bus_words_ == 0) return fetch(r, c, slot);
      image = 0;
      if (images == 0) return no_planes(r, slot);
    }
    r = words(load_kind::plane,
              c.in.act_base + c.step.act_offset + c.fetched[slot % bus_words_] +
                  std::uint64_t{image} * c.layer.in_image_stride,
              c.step.plane_words, c.layer.load_log2);
    r.slot = slot;
    r.image = image;
    return true;
  }

  /// A step without images (no legal record) has no planes, only fetch lists.
  static bool no_planes(load_request& r, std::uint32_t slot) {
    r = {};
    r.kind = load_kind::plane;
    r.slot = slot;
    return true;
  }

  bool first_residual(load_request& r, const load_context& c) const {
    return c.step.residual && residual(r, c, 0, 0, 0);
  }

  /// Residual plane of (row, c4, image) or the next one that exists.
  bool residual(load_request& r, const load_context& c, std::uint32_t row, std::uint32_t c4,
                std::uint32_t image) const {
    const step_regs& s = c.step;
    const auto exists = [&] {
      return image < s.images && c4 < row_words_ &&
             (s.og_first + row) * row_words_ + c4 < c.layer.out_groups4;
    };
    while (!exists()) {
      image = 0;
      if (++c4 >= row_words_) {
        c4 = 0;
        ++row;
      }
      if (row >= s.rows) return false;
    }
    r = words(load_kind::residual,
              c.in.act_base + s.res_offset +
                  std::uint64_t{row * row_words_ + c4} * c.layer.res_group_stride +
                  std::uint64_t{image} * c.layer.res_image_stride,
              s.res_words, c.layer.res_load_log2);
    r.row = row;
    r.c4 = c4;
    r.image = image;
    return true;
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  std::uint32_t bus_;
  std::uint32_t bus_words_;
  std::uint32_t row_words_;  ///< Pof / 4
};

}  // namespace swprune::inline v0::hw::golden
