// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "swprune/hw/golden/activation_buffer.hpp"
#include "swprune/hw/golden/beat_places.hpp"
#include "swprune/hw/golden/list_buffer.hpp"
#include "swprune/hw/golden/param_buffer.hpp"
#include "swprune/hw/golden/record_checks.hpp"
#include "swprune/hw/golden/request_order.hpp"
#include "swprune/hw/golden/residual_buffer.hpp"
#include "swprune/hw/golden/weight_buffer.hpp"

namespace swprune::inline v0::hw::golden {

/// Numbers as the probe shows them.
enum class ld_state : std::uint8_t {
  idle = 0,
  next = 1,
  req = 2,
  data = 3,
  check = 4,
  hold = 5,
  drain = 6
};

/// What the loader fills: the halves that compute does not read.
struct load_targets {
  list_buffer& list;
  param_buffer& params;
  weight_buffer& weights;
  activation_buffer& activations;
  residual_buffer& residual;
  bool weight_half = false;
  bool activation_half = false;
  bool residual_half = false;
};

/// What the loader looks at.
struct load_view {
  std::uint16_t unstored = 0;  ///< steps begun and not yet in memory
  bool res_busy = false;  ///< the drain still reads the half that a residual would be loaded into
  bool stopping = false;  ///< the controller is in Stop
};

/// Why loading failed; `code` 0: it did not.
struct load_error {
  std::uint8_t code = 0;
  std::uint8_t detail = 0;
  std::uint64_t address = 0;
};

/// What a cycle of the loader is put down to.
enum class load_class : std::uint8_t { none, weights, activations, hazard };

/// Reads descriptors, step records, lists, parameters, weights, fetch lists, planes and residuals,
/// one request at a time (docs/accelerator.md section 3).
class loader {
 public:
  explicit loader(const array_params& a)
      : array_(a),
        bus_(static_cast<std::uint32_t>(a.bus_bytes)),
        bus_words_(bus_ / 4),
        order_(a),
        places_(a) {}

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
    return state_ == ld_state::drain || (state_ == ld_state::data && sub_ + 1 == request_.cpb);
  }
  /// Kind of the beats that come.
  [[nodiscard]] load_kind beat_kind() const { return request_.kind; }
  [[nodiscard]] load_class waits_for() const {
    if (state_ == ld_state::idle) return load_class::none;
    if (state_ == ld_state::hold) return load_class::hazard;
    if (state_ == ld_state::check) return load_class::weights;
    const load_kind kind = state_ == ld_state::next ? coming_.kind : request_.kind;
    return reads_activations(kind) ? load_class::activations : load_class::weights;
  }

  /// The descriptor and the step record last loaded.
  [[nodiscard]] const layer_regs& next_layer() const { return layer_; }
  [[nodiscard]] const step_regs& next_step() const { return next_; }
  [[nodiscard]] const load_error& error() const { return error_; }
  void clear_error() { error_ = {}; }

  /// go(LAYER), given in a cycle in which the loader is idle; takes effect at its end.
  void go_layer(const core_inputs& in, std::uint32_t desc_address) {
    first_of_layer_ = true;
    begin(order_.descriptor(in, desc_address));
  }

  /// go(STEP s).
  void go_step(const core_inputs& in, std::uint32_t step) {
    first_of_layer_ = false;
    begin(order_.step(in, layer_, step));
  }

  /// End of a cycle.
  void clock(const core_inputs& in, const load_targets& to, const load_view& view) {
    switch (state_) {
      case ld_state::idle:
        break;
      case ld_state::next:
        request_ = coming_;
        state_ = view.stopping ? ld_state::idle : ld_state::req;
        break;
      case ld_state::req:
        if (in.rd_req_ready) start_data(view.stopping);
        break;
      case ld_state::data:
        if (in.rd_valid) take_part(in, to);
        if (view.stopping) abandon();
        break;
      case ld_state::check:
        if (view.stopping)
          state_ = ld_state::idle;
        else
          check_record(in);
        break;
      case ld_state::hold:
        if (view.stopping)
          state_ = ld_state::idle;
        else if (!must_wait(view))
          state_ = ld_state::next;
        break;
      case ld_state::drain:
        if (in.rd_valid) drain_beat(in);
        break;
    }
  }

 private:
  void begin(const load_request& first) {
    coming_ = first;
    state_ = ld_state::next;
  }

  void start_data(bool stopping) {
    state_ = stopping ? ld_state::drain : ld_state::data;
    sub_ = 0;
    beat_ = 0;
    places_.begin(request_, next_);
  }

  void take_part(const core_inputs& in, const load_targets& to) {
    process(in, to);
    if (++sub_ < request_.cpb) return;
    sub_ = 0;
    const bool good = look_at_beat(in);
    const bool last = ++beat_ == request_.beats;
    if (good && last) end_request(in);
    if (!good) state_ = last ? ld_state::idle : ld_state::drain;
  }

  /// Takes a beat of a request whose data nobody wants.
  void drain_beat(const core_inputs& in) {
    look_at_beat(in);
    if (++beat_ == request_.beats) state_ = ld_state::idle;
  }

  /// Stop, behind the part that may have come: nothing is taken up any more.
  void abandon() {
    if (state_ == ld_state::data)
      state_ = ld_state::drain;
    else if (state_ != ld_state::drain)
      state_ = ld_state::idle;
  }

  /// False for a beat that the bus answered with an error.
  bool look_at_beat(const core_inputs& in) {
    if (in.rd_error < 2) return true;
    fail({.code = static_cast<std::uint8_t>(in.rd_error == 2 ? 8 : 9),
          .detail = 0,
          .address = (request_.address + std::uint64_t{beat_} * bus_) & address_mask});
    return false;
  }

  /// The first error stays.
  void fail(const load_error& e) {
    if (error_.code == 0) error_ = e;
  }

  void end_request(const core_inputs& in) {
    if (request_.kind == load_kind::desc) layer_ = decode_layer(desc_bytes_, array_);
    if (request_.kind == load_kind::step) next_ = decode_step(step_bytes_);
    if (request_.kind <= load_kind::step)
      state_ = ld_state::check;
    else
      go_on(in);
  }

  void check_record(const core_inputs& in) {
    const bool is_layer = request_.kind == load_kind::desc;
    const record_fault fault = is_layer ? check_layer(desc_bytes_, layer_, array_)
                                        : check_step(step_bytes_, next_, layer_, first_of_layer_);
    if (fault.code != 0) {
      fail({.code = fault.code, .detail = fault.rule, .address = request_.address});
      state_ = ld_state::idle;
    } else if (is_layer) {
      begin(order_.step(in, layer_, 0));
    } else {
      go_on(in);
    }
  }

  /// To the request behind this one.
  void go_on(const core_inputs& in) {
    coming_ = request_;
    if (!order_.advance(coming_, {in, layer_, next_, fetched_}))
      state_ = ld_state::idle;
    else
      state_ = holds() ? ld_state::hold : ld_state::next;
  }

  /// True when the loader has to pass Hold between request_ and coming_.
  [[nodiscard]] bool holds() const {
    return (next_.wait_stored || next_.wait_but_last || next_.residual) &&
           !reads_activations(request_.kind) && reads_activations(coming_.kind);
  }
  [[nodiscard]] bool must_wait(const load_view& view) const {
    return (next_.wait_stored && view.unstored > 0) || (next_.wait_but_last && view.unstored > 1) ||
           (next_.residual && view.res_busy);
  }

  /// What a part of a beat does.
  void process(const core_inputs& in, const load_targets& to) {
    const std::uint8_t* data = in.rd_data.data();
    switch (request_.kind) {
      case load_kind::desc:
        std::copy_n(data + 4 * sub_, 4, desc_bytes_.begin() + beat_ * bus_ + 4 * sub_);
        break;
      case load_kind::step:
        std::copy_n(data + 4 * sub_, 4, step_bytes_.begin() + beat_ * bus_ + 4 * sub_);
        break;
      case load_kind::list:
        to.list.write(to.weight_half, beat_ * (bus_ / 2) + sub_,
                      static_cast<std::uint16_t>(data[2 * sub_] | data[2 * sub_ + 1] << 8));
        break;
      case load_kind::params:
        to.params.write(to.weight_half, beat_ * bus_words_ + sub_, word_of(data, sub_));
        break;
      case load_kind::weights:
        to.weights.write_beat(to.weight_half, beat_ * bus_ / static_cast<std::uint32_t>(array_.pof),
                              std::span(data, bus_));
        break;
      case load_kind::fetch:
        for (std::uint32_t i = 0; i < bus_words_; ++i) fetched_[i] = word_of(data, i);
        break;
      case load_kind::plane:
      case load_kind::residual:
        if (sub_ == 0) places_.next_beat(request_, layer_, next_);
        write_part(data, to);
        break;
    }
  }

  [[nodiscard]] static std::uint32_t word_of(const std::uint8_t* data, std::uint32_t i) {
    const std::uint8_t* p = data + 4 * i;
    return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
           static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
  }

  /// Part `sub` of a beat: neighbouring words, or, of a plane with load_strided, every cpb-th word.
  void write_part(const std::uint8_t* data, const load_targets& to) const {
    const bool strided = layer_.load_strided && request_.kind == load_kind::plane;
    const std::uint32_t words = bus_words_ / request_.cpb;
    for (std::uint32_t j = 0; j < words; ++j) {
      const std::uint32_t i = strided ? sub_ + j * request_.cpb : sub_ * words + j;
      const word_place& place = places_[i];
      if (!place.kept) continue;
      if (request_.kind == load_kind::plane)
        to.activations.write(to.activation_half, place.pixel, place.address, word_of(data, i));
      else
        to.residual.write(to.residual_half, place.address, place.pixel, request_.c4,
                          word_of(data, i));
    }
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  array_params array_;
  std::uint32_t bus_;
  std::uint32_t bus_words_;
  request_order order_;
  beat_places places_;

  ld_state state_ = ld_state::idle;
  load_request coming_;   ///< what Next will put into the request registers
  load_request request_;  ///< the request registers
  std::uint32_t sub_ = 0, beat_ = 0;
  std::array<std::uint8_t, 128> desc_bytes_{};
  std::array<std::uint8_t, 64> step_bytes_{};
  std::array<std::uint32_t, 16> fetched_{};  ///< fetch list beat
  layer_regs layer_;
  step_regs next_;
  bool first_of_layer_ = false;  ///< the step is the first one of its layer
  load_error error_;
};

}  // namespace swprune::inline v0::hw::golden
