// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/activation_buffer.hpp"
#include "swprune/hw/golden/list_buffer.hpp"
#include "swprune/hw/golden/param_buffer.hpp"
#include "swprune/hw/golden/plane_walk.hpp"
#include "swprune/hw/golden/weight_buffer.hpp"

namespace swprune::inline v0::hw::golden {

enum class ld_state : std::uint8_t { idle, next, req, data };

/// What the loader fills: the halves that compute does not read.
struct load_targets {
  list_buffer& list;
  param_buffer& params;
  weight_buffer& weights;
  activation_buffer& activations;
  bool weight_half = false;
  bool activation_half = false;
};

/// Reads descriptors, step records, lists, parameters, weights, fetch lists and planes, one request
/// at a time (docs/accelerator.md section 3).
class loader {
 public:
  explicit loader(const array_params& a)
      : array_(a),
        bus_(static_cast<std::uint32_t>(a.bus_bytes)),
        bus_words_(bus_ / 4),
        pixels_log2_(log2_of(a.pixels())),
        pox_log2_(log2_of(a.pox)) {}

  [[nodiscard]] ld_state state() const { return state_; }
  [[nodiscard]] bool idle() const { return state_ == ld_state::idle; }
  [[nodiscard]] bool request_valid() const { return state_ == ld_state::req; }
  [[nodiscard]] std::uint64_t request_address() const {
    return request_valid() ? request_.address : 0;
  }
  [[nodiscard]] std::uint16_t request_beats() const {
    return request_valid() ? request_.beats : std::uint16_t{0};
  }
  [[nodiscard]] bool data_ready() const {
    return state_ == ld_state::data && sub_ + 1 == request_.cpb;
  }

  /// The descriptor last loaded, and `next`, the step record last loaded.
  [[nodiscard]] const layer_regs& layer() const { return layer_; }
  [[nodiscard]] const step_regs& next_step() const { return next_; }

  /// go(DESC), given in a cycle in which the loader is idle; takes effect at its end.
  void go_descriptor(const core_inputs& in, std::uint32_t desc_address) {
    begin(target::desc, in.image_base + desc_address, 128 / bus_);
  }

  /// go(STEP s).
  void go_step(const core_inputs& in, std::uint32_t step) {
    begin(target::step, in.image_base + layer_.steps_offset + std::uint64_t{64} * step,
          std::max(64 / bus_, 1u));
  }

  /// End of a cycle.
  void clock(const core_inputs& in, const load_targets& to) {
    switch (state_) {
      case ld_state::idle:
        break;
      case ld_state::next:
        request_ = coming_;
        state_ = ld_state::req;
        break;
      case ld_state::req:
        if (in.rd_req_ready) start_data();
        break;
      case ld_state::data:
        if (in.rd_valid) take_part(in, to);
        break;
    }
  }

 private:
  enum class target : std::uint8_t { desc, step, list, params, weights, fetch, plane };

  struct request {
    target kind = target::desc;
    std::uint64_t address = 0;
    std::uint16_t beats = 0;
    std::uint32_t cpb = 1;
    std::uint32_t lead = 0;   ///< plane: words of the first beat in front of it
    std::uint32_t slot = 0;   ///< plane
    std::uint32_t image = 0;  ///< plane
  };

  void begin(target kind, std::uint64_t address, std::uint32_t beats) {
    coming_ = {};
    coming_.kind = kind;
    coming_.address = address & address_mask;
    coming_.beats = static_cast<std::uint16_t>(beats);
    state_ = ld_state::next;
  }

  void start_data() {
    state_ = ld_state::data;
    sub_ = 0;
    beat_ = 0;
    word_ = 0;
    walk_ = {};
    walk_.y.phase = next_.y_phase;
    walk_.y.inside = next_.y_start;
  }

  void take_part(const core_inputs& in, const load_targets& to) {
    process(in, to);
    if (++sub_ < request_.cpb) return;
    sub_ = 0;
    if (++beat_ < request_.beats) return;
    finish_records();
    state_ = seek(in) ? ld_state::next : ld_state::idle;
  }

  void finish_records() {
    if (request_.kind == target::desc) layer_ = decode_layer(desc_bytes_, array_);
    if (request_.kind == target::step) next_ = decode_step(step_bytes_);
  }

  // --- which request comes next ---------------------------------------------------------------

  /// Puts the job's next request into coming_; false when there is none. Requests of zero beats
  /// are left out.
  bool seek(const core_inputs& in) {
    request r = request_;
    do {
      if (!follow(r, in)) return false;
    } while (r.beats == 0);
    coming_ = r;
    return true;
  }

  /// Turns `r` into the request behind it in the job's order; false at the end of the job.
  bool follow(request& r, const core_inputs& in) const {
    switch (r.kind) {
      case target::desc:
        return false;
      case target::step:
        if (!next_.new_weights) return first_fetch(r, in);
        return stream(r, in, target::list, next_.list_offset, next_.list_beats, bus_ / 2);
      case target::list:
        return stream(r, in, target::params, next_.param_offset, next_.param_beats, bus_words_);
      case target::params:
        return stream(r, in, target::weights, next_.weight_offset, next_.weight_beats, 1);
      case target::weights:
        return first_fetch(r, in);
      case target::fetch:
        return plane(r, in, r.slot, 0);
      case target::plane:
        return plane(r, in, r.slot, r.image + 1);
    }
    return false;
  }

  bool stream(request& r, const core_inputs& in, target kind, std::uint32_t offset,
              std::uint32_t beats, std::uint32_t cpb) const {
    r = {};
    r.kind = kind;
    r.address = (in.image_base + offset) & address_mask;
    r.beats = static_cast<std::uint16_t>(beats);
    r.cpb = cpb;
    return true;
  }

  bool first_fetch(request& r, const core_inputs& in) const {
    if (!next_.new_activations || next_.slots == 0) return false;
    return fetch(r, in, 0);
  }

  bool fetch(request& r, const core_inputs& in, std::uint32_t slot) const {
    stream(r, in, target::fetch, next_.fetch_offset + 4 * slot, 1, 1);
    r.slot = slot;
    return true;
  }

  /// Plane of image `image` of slot `slot`, or what follows when there is no such image.
  bool plane(request& r, const core_inputs& in, std::uint32_t slot, std::uint32_t image) const {
    const std::uint32_t images = layer_.interleaved ? 1 : next_.images;
    if (image >= images) {
      if (slot + 1 >= next_.slots) return false;
      if ((slot + 1) % bus_words_ == 0) return fetch(r, in, slot + 1);
      r.kind = target::plane;
      ++slot;
      image = 0;
      if (images == 0) return skip_planes(r, slot);
    }
    const std::uint64_t a = in.act_base + next_.act_offset + fetched_[slot % bus_words_] +
                            std::uint64_t{image} * layer_.in_image_stride;
    r = {};
    r.kind = target::plane;
    r.slot = slot;
    r.image = image;
    r.address = (a - a % bus_) & address_mask;
    r.lead = static_cast<std::uint32_t>(a % bus_) / 4;
    r.beats = static_cast<std::uint16_t>(
        (std::uint64_t{r.lead} + next_.plane_words + bus_words_ - 1) / bus_words_);
    r.cpb = bus_words_ >> layer_.load_log2;
    return true;
  }

  /// A step without images (no legal record) has no planes, only fetch lists.
  static bool skip_planes(request& r, std::uint32_t slot) {
    r.slot = slot;
    r.beats = 0;
    return true;
  }

  // --- what a part of a beat does -------------------------------------------------------------

  void process(const core_inputs& in, const load_targets& to) {
    const std::uint8_t* data = in.rd_data.data();
    switch (request_.kind) {
      case target::desc:
        std::copy_n(data, bus_, desc_bytes_.begin() + beat_ * bus_);
        break;
      case target::step:
        std::copy_n(data, bus_, step_bytes_.begin() + beat_ * bus_);
        break;
      case target::list:
        to.list.write(to.weight_half, beat_ * (bus_ / 2) + sub_,
                      static_cast<std::uint16_t>(data[2 * sub_] | data[2 * sub_ + 1] << 8));
        break;
      case target::params:
        to.params.write(to.weight_half, beat_ * bus_words_ + sub_, word_of(data, sub_));
        break;
      case target::weights:
        to.weights.write_beat(to.weight_half, beat_ * bus_ / static_cast<std::uint32_t>(array_.pof),
                              std::span(data, bus_));
        break;
      case target::fetch:
        for (std::uint32_t i = 0; i < bus_words_; ++i) fetched_[i] = word_of(data, i);
        break;
      case target::plane:
        if (sub_ == 0) place_beat();
        write_part(data, to);
        break;
    }
  }

  [[nodiscard]] static std::uint32_t word_of(const std::uint8_t* data, std::uint32_t i) {
    const std::uint8_t* p = data + 4 * i;
    return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
           static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
  }

  /// Where a word of a plane beat goes; dropped words go nowhere.
  struct word_place {
    bool kept = false;
    std::uint32_t bank = 0, address = 0;
  };

  /// Places all words of the beat that has come; the parts of the beat take theirs.
  void place_beat() {
    for (std::uint32_t i = 0; i < bus_words_; ++i) {
      const std::uint64_t at = std::uint64_t{beat_} * bus_words_ + i;
      places_[i] = {};
      if (at < request_.lead || at >= std::uint64_t{request_.lead} + next_.plane_words) continue;
      places_[i] = layer_.interleaved ? interleaved_place() : planar_place();
      ++word_;
      walk_.advance(static_cast<std::uint32_t>(layer_.in_w), layer_.stride, 1u << layer_.seg_y_log2,
                    1u << layer_.seg_x_log2);
    }
  }

  [[nodiscard]] word_place interleaved_place() const {
    return {true, word_, request_.slot * layer_.slot_words + (word_ >> pixels_log2_)};
  }
  /// docs/formats.md section 6; with phase_zero only words of phase 0 are kept.
  [[nodiscard]] word_place planar_place() const {
    if (layer_.phase_zero && (walk_.y.phase != 0 || walk_.x.phase != 0)) return {};
    const std::uint32_t row = walk_.y.segment * layer_.stride + walk_.y.phase;
    const std::uint32_t col = walk_.x.segment * layer_.stride + walk_.x.phase;
    return {true, bank(), request_.slot * layer_.slot_words + row * layer_.bank_cols + col};
  }
  /// Bank (row-major) of the walk's word in the segment of the request's image.
  [[nodiscard]] std::uint32_t bank() const {
    const std::uint32_t segs_log2 = pox_log2_ - layer_.seg_x_log2;
    const std::uint32_t seg_y = request_.image >> segs_log2;
    const std::uint32_t seg_x = request_.image & ((1u << segs_log2) - 1);
    return (((seg_y << layer_.seg_y_log2) + walk_.y.inside) << pox_log2_) +
           (seg_x << layer_.seg_x_log2) + walk_.x.inside;
  }

  /// Part `sub` of a plane beat: U neighbouring words, or with load_strided every cpb-th word.
  void write_part(const std::uint8_t* data, const load_targets& to) const {
    const std::uint32_t words = bus_words_ / request_.cpb;
    for (std::uint32_t j = 0; j < words; ++j) {
      const std::uint32_t i = layer_.load_strided ? sub_ + j * request_.cpb : sub_ * words + j;
      if (places_[i].kept)
        to.activations.write(to.activation_half, places_[i].bank, places_[i].address,
                             word_of(data, i));
    }
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  array_params array_;
  std::uint32_t bus_;
  std::uint32_t bus_words_;
  std::uint32_t pixels_log2_;
  std::uint32_t pox_log2_;

  ld_state state_ = ld_state::idle;
  request coming_;   ///< what Next will put into the request registers
  request request_;  ///< the request registers
  std::uint32_t sub_ = 0, beat_ = 0;
  std::uint32_t word_ = 0;  ///< words of the plane placed so far
  plane_walk walk_;         ///< its next word
  std::array<word_place, 16> places_{};
  std::array<std::uint8_t, 128> desc_bytes_{};
  std::array<std::uint8_t, 64> step_bytes_{};
  std::array<std::uint32_t, 16> fetched_{};  ///< fetch list beat
  layer_regs layer_;
  step_regs next_;
};

}  // namespace swprune::inline v0::hw::golden
