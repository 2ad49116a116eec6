// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_requests.hpp"
#include "swprune/hw/memory_timing.hpp"

namespace swprune::inline v0::hw {

/// What a layer, or a whole run, costs. The counters are those of
/// docs/accelerator.md section 9.
struct cycle_counts {
  index_t cycles = 0;        ///< layer: end of the Flush before to that of its own; run: cnt_cycles
  index_t ideal_cycles = 0;  ///< sum over the passes of K^2 x channels of the row's blocks
  index_t uops = 0;          ///< cnt_uops
  index_t blocks = 0;        ///< cnt_blocks
  index_t drain_stalls = 0;  ///< cnt_drain_stalls
  index_t write_stalls = 0;  ///< cnt_write_stalls
  index_t load_stalls = 0;   ///< cnt_load_stalls
  index_t read_beats = 0;    ///< cnt_read_beats
  index_t write_beats = 0;   ///< cnt_write_beats
  index_t fill_cycles = 0;   ///< before the first StepGo of the run
  index_t flush_cycles = 0;  ///< from the last retire to the end of Flush
  index_t load_cycles = 0;   ///< of all requests of the steps, hidden behind passes or not
  index_t passes = 0;
  std::array<index_t, request_kinds> read_bytes{};  ///< fetched, by request_kind

  /// Bytes fetched of one kind.
  [[nodiscard]] index_t bytes_of(request_kind kind) const {
    return read_bytes[static_cast<std::size_t>(kind)];
  }
  friend bool operator==(const cycle_counts&, const cycle_counts&) = default;
};

/// Adds up counts of layers.
SWPRUNE_FUNCTION cycle_counts& operator+=(cycle_counts& sum, const cycle_counts& c);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION cycle_counts& operator+=(cycle_counts& sum, const cycle_counts& c) {
  sum.cycles += c.cycles;
  sum.ideal_cycles += c.ideal_cycles;
  sum.uops += c.uops;
  sum.blocks += c.blocks;
  sum.drain_stalls += c.drain_stalls;
  sum.write_stalls += c.write_stalls;
  sum.load_stalls += c.load_stalls;
  sum.read_beats += c.read_beats;
  sum.write_beats += c.write_beats;
  sum.fill_cycles += c.fill_cycles;
  sum.flush_cycles += c.flush_cycles;
  sum.load_cycles += c.load_cycles;
  sum.passes += c.passes;
  for (std::size_t i = 0; i < sum.read_bytes.size(); ++i) sum.read_bytes[i] += c.read_bytes[i];
  return sum;
}

#endif

/// Counts of every layer and of the whole run: their sum, and one cycle more for Done.
struct cycle_report {
  index_t cycles = 0;  ///< cnt_cycles of the run, total.cycles
  std::vector<cycle_counts> layers;
  cycle_counts total;
};

/// The closed form of docs/accelerator.md section 11: all counters of a run from the bytes of the
/// image alone, exact for any memory that does not stall by chance. (The schedules in the image are
/// those of the compiler, which plans for an ideal memory.) Throws argument_out_of_range for a
/// memory outside its ranges, image_format for an image that is not valid and device_mismatch for
/// one made for another array.
[[nodiscard]] SWPRUNE_FUNCTION cycle_report predict(const array_params& array,
                                                    std::span<const std::uint8_t> image,
                                                    index_t desc_offset, index_t layer_count,
                                                    const memory_timing& memory = {});

#if SWPRUNE_BODIES

namespace detail {

/// Counts one layer from its decoded records.
class layer_counter {
 public:
  layer_counter(const array_params& array, std::span<const std::uint8_t> image,
                const decoded_layer& layer, index_t number, const memory_timing& memory)
      : array_(array),
        image_(image),
        layer_(layer),
        d_(layer.descriptor),
        number_(number),
        memory_(memory) {
    expects(d_.poy == array.poy && d_.pox == array.pox && d_.pof == array.pof &&
                d_.bus_bytes == array.bus_bytes && d_.skip == array.skip &&
                (array.pool || !d_.pool),
            errc::device_mismatch,
            "layer {} was compiled for {}x{}x{}, {}-byte bus, skip {}; the array is {}, skip {}",
            number, d_.poy, d_.pox, d_.pof, d_.bus_bytes, d_.skip, array.to_string(), array.skip);
    const index_t p = d_.pool ? 1 : 0;
    seg_h_ = (index_t{1} << d_.seg_y_log2) >> p;
    seg_w_ = (index_t{1} << d_.seg_x_log2) >> p;
    rows_ = array.poy >> p;
    columns_ = array.pox >> p;
    run_ = index_t{1} << d_.run_log2;
    out_h_ = d_.conv_h >> p;
    out_w_ = d_.conv_w >> p;
    expects(seg_h_ >= 1 && seg_w_ >= 1 && run_ <= columns_ && seg_h_ <= rows_ &&
                seg_w_ <= columns_ && (d_.bus_bytes / 4 >> d_.load_log2) >= 1,
            errc::image_format,
            "the descriptor of layer {}: segments, load or run do not fit the array", number);
  }

  [[nodiscard]] index_t steps() const { return static_cast<index_t>(layer_.steps.size()); }
  [[nodiscard]] drain_timing drain() const { return drain_of(array_, d_.pool, run_); }

  /// Load of a step, of the first one with the descriptor; its requests are counted.
  [[nodiscard]] load_job load_of(index_t step, index_t desc_offset) {
    load_job job = take(requests_of_step(image_, layer_, number_, step));
    c_.load_cycles += job.cycles();
    if (step == 0)
      job.before += take({request_of_descriptor(desc_offset, number_, array_.bus_bytes)}).cycles();
    job.before += step == 0 ? 2 : 1;  // checks of the records
    const step_record& s = layer_.steps[static_cast<std::size_t>(step)];
    job.residual = s.residual;
    if ((s.new_activations && s.slots > 0) || s.residual)
      job.wait = s.wait_stored     ? store_wait::all
                 : s.wait_but_last ? store_wait::but_last
                                   : store_wait::none;
    return job;
  }

  /// Passes of a step; micro-ops, blocks and writes are counted.
  [[nodiscard]] std::vector<pass_run> passes_of(index_t step) {
    return passes_of(layer_.steps[static_cast<std::size_t>(step)]);
  }

  /// The layer's counts when `time` has ended it.
  [[nodiscard]] cycle_counts finish(const timeline& time) {
    c_.cycles = time.layer_cycles();
    c_.fill_cycles = time.fill_cycles();
    c_.flush_cycles = time.flush_cycles();
    c_.drain_stalls = time.drain_stalls();
    c_.write_stalls = time.write_stalls();
    c_.load_stalls = time.load_stalls();
    return c_;
  }

 private:
  /// Counts requests and returns the cycles they take.
  load_job take(const std::vector<read_request>& requests) {
    load_job job;
    for (const read_request& r : requests) {
      const index_t cycles = request_cycles(r.beats, r.cycles_per_beat, memory_);
      const bool after = r.kind == request_kind::fetch_list || r.from_activations();
      (after ? job.after : job.before) += cycles;
      c_.read_beats += r.beats;
      c_.read_bytes[static_cast<std::size_t>(r.kind)] += r.bytes(array_.bus_bytes);
    }
    return job;
  }

  /// Passes of a step; counts micro-ops, blocks and writes on the way.
  [[nodiscard]] std::vector<pass_run> passes_of(const step_record& s) {
    const index_t sub_tiles = index_t{s.sub_rows} * s.sub_cols;
    const index_t taps = index_t{d_.kernel_h} * d_.kernel_w;
    expects(s.rows >= 1 && sub_tiles >= 1, errc::image_format,
            "layer {}: a step needs rows, sub_rows and sub_cols >= 1", number_);
    std::vector<pass_run> runs;
    for (const auto& row : decode_rows(image_, d_, s)) {
      index_t words = 0;
      index_t blocks = 0;
      for (const list_entry& e : row)
        if (!e.null) {
          words += e.channels * taps;
          ++blocks;
        }
      runs.push_back({std::max<index_t>(1, words), sub_tiles});
      c_.ideal_cycles += words * sub_tiles;
      c_.uops += runs.back().uops * sub_tiles;
      c_.blocks += blocks * sub_tiles;
      c_.passes += sub_tiles;
    }
    count_writes(s);
    return runs;
  }

  /// Write slots that have a word: every one is a beat.
  void count_writes(const step_record& s) {
    index_t words = 0;  // 4-channel words that the chunk's rows write
    for (index_t r = 0; r < s.rows; ++r)
      for (index_t c = 0; c < array_.pof; c += 4) words += word_exists(s, r, c);
    index_t runs = 0;
    for (index_t py = 0; py < rows_; ++py)
      for (index_t px = 0; px < columns_; px += run_)
        runs += sub_rows_with(s, py) * sub_columns_with(s, py, px);
    c_.write_beats += words * runs;
  }
  /// Sub-tile rows in which row py of the array is a row of the output map; they are the first
  /// ones.
  [[nodiscard]] index_t sub_rows_with(const step_record& s, index_t py) const {
    const index_t first = (s.oy_first >> (d_.pool ? 1 : 0)) + py % seg_h_;
    return first >= out_h_ ? 0 : std::min<index_t>(s.sub_rows, ceil_div(out_h_ - first, seg_h_));
  }
  /// Sub-tile columns in which some pixel of the run at (py, px) belongs to an image and its map.
  [[nodiscard]] index_t sub_columns_with(const step_record& s, index_t py, index_t px) const {
    index_t most = 0;
    for (index_t x = px; x < px + run_; ++x) {
      const index_t image = py / seg_h_ * (array_.pox >> d_.seg_x_log2) + x / seg_w_;
      const index_t first = x % seg_w_;
      if (image < s.images && first < out_w_)
        most = std::max(most, std::min<index_t>(s.sub_cols, ceil_div(out_w_ - first, seg_w_)));
    }
    return most;
  }
  /// True if the layer has the word of channel `c` of a row. With Pof = 1 a row writes a byte of
  /// it.
  [[nodiscard]] bool word_exists(const step_record& s, index_t row, index_t c) const {
    return ((s.og_first + row) * array_.pof + c) / 4 < d_.out_groups4;
  }
  const array_params& array_;
  std::span<const std::uint8_t> image_;
  const decoded_layer& layer_;
  const layer_descriptor& d_;
  index_t number_;
  memory_timing memory_;
  cycle_counts c_;
  index_t seg_h_ = 1;  ///< segment after pooling
  index_t seg_w_ = 1;
  index_t rows_ = 1;  ///< array after pooling
  index_t columns_ = 1;
  index_t run_ = 1;
  index_t out_h_ = 1;
  index_t out_w_ = 1;
};

}  // namespace detail

SWPRUNE_FUNCTION cycle_report predict(const array_params& array,
                                      std::span<const std::uint8_t> image, index_t desc_offset,
                                      index_t layer_count, const memory_timing& memory) {
  check(array);
  check(memory);
  const auto layers = decode_image(image, desc_offset, layer_count);
  std::vector<detail::layer_counter> counters;
  for (index_t i = 0; i < layer_count; ++i)
    counters.emplace_back(array, image, layers[static_cast<std::size_t>(i)], i, memory);
  cycle_report report;
  timeline time(memory);
  if (!counters.empty()) time.start(counters.front().load_of(0, desc_offset));
  for (std::size_t i = 0; i < counters.size(); ++i) {
    detail::layer_counter& layer = counters[i];
    time.layer(layer.drain());
    for (index_t s = 0; s < layer.steps(); ++s) {
      time.step(layer.passes_of(s));
      if (s + 1 == layer.steps()) break;
      time.load(layer.load_of(s + 1, desc_offset));
      time.next_step();
    }
    if (i + 1 < counters.size()) time.load(counters[i + 1].load_of(0, desc_offset));
    time.end_layer();
    report.layers.push_back(layer.finish(time));
    report.total += report.layers.back();
  }
  report.cycles = report.total.cycles = time.total_cycles();
  return report;
}

#endif

/// predict() of a compiled program.
[[nodiscard]] inline cycle_report predict(const program& p, const memory_timing& memory = {}) {
  return predict(p.array, p.image, p.desc_offset, p.layer_count, memory);
}

}  // namespace swprune::inline v0::hw
