// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/quant/calibrate.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/detail/layer_group.hpp"
#include "swprune/quant/diagonal_layer.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/fold.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/multiplier.hpp"
#include "swprune/quant/value_scale.hpp"
#include "swprune/quant/whole_blocks.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::quant {

/// How quantize() chooses scales.
struct quantize_params {
  calibration method = calibration::mse;  ///< for all layers but the last, which takes min_max
  double percent = 99.99;                 ///< of calibration::percentile, 0 < percent <= 100
  double input_scale = 1.0 / 255;         ///< real = input_scale * (byte - input_zero), > 0
  int input_zero = 0;                     ///< within the range of the input byte
  bool input_signed = false;              ///< input bytes are s8
  index_t calibration_images = 1024;      ///< of a data set: the first ones, >= 1
  index_t batch = 128;                    ///< images at a time while calibrating, >= 1
};

/// Throws quant_parameter unless the ranges of the member comments hold.
inline void check(const quantize_params& p) {
  expects(p.percent > 0 && p.percent <= 100, errc::quant_parameter,
          "0 < percent <= 100 must hold, given {}", p.percent);
  expects(p.input_scale > 0 && std::isfinite(p.input_scale), errc::quant_parameter,
          "input_scale must be > 0, given {}", p.input_scale);
  const byte_range range = range_of_byte(p.input_signed);
  expects(p.input_zero >= range.lo && p.input_zero <= range.hi, errc::quant_parameter,
          "input_zero must be {}..{}, given {}", range.lo, range.hi, p.input_zero);
  expects(p.calibration_images >= 1 && p.batch >= 1, errc::quant_parameter,
          "calibration_images and batch must be >= 1, given {} and {}", p.calibration_images,
          p.batch);
}

namespace detail {

/// Scale of the weights of every output channel, see weight_unit().
template <typename Scalar>
[[nodiscard]] std::vector<double> weight_scales(const nn::conv2d<Scalar>& conv,
                                                const folded_layer& f, double in, double out) {
  std::vector<double> scales(f.bias.size(), 0.0);
  conv.for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    double& s = scales[static_cast<std::size_t>(o)];
    s = std::max(s, std::abs(f.weights[at]));
  });
  for (std::size_t o = 0; o < scales.size(); ++o)
    scales[o] = weight_unit(scales[o], f.bias[o], in, out);
  return scales;
}

/// Rounds weights, bias and multipliers. The weights of absent taps are zero.
template <typename Scalar>
void fill_numbers(const nn::conv2d<Scalar>& conv, const folded_layer& f, const value_scale& in,
                  const value_scale& out, int8_layer& l) {
  const auto scales = weight_scales(conv, f, in.scale, out.scale);
  const whole_blocks places(conv.mask());
  l.weights.assign(static_cast<std::size_t>(places.size()), 0);
  std::vector<std::int64_t> sums(scales.size(), 0);
  conv.for_each_weight([&](index_t channel, index_t input, index_t tap, std::size_t at) {
    const auto o = static_cast<std::size_t>(channel);
    const auto w = saturate(std::llround(f.weights[at] / scales[o]), -127, 127);
    l.weights[places.at(channel, input, tap)] = static_cast<std::int8_t>(w);
    sums[o] += w;
  });
  for (std::size_t o = 0; o < scales.size(); ++o) {
    const std::int64_t bias = std::llround(f.bias[o] / (in.scale * scales[o])) - in.zero * sums[o];
    expects(bias == static_cast<std::int32_t>(bias), errc::quant_parameter,
            "layer '{}': the bias of channel {} is {}, which 32 bits do not hold", l.name, o, bias);
    const fixed_multiplier m = to_fixed(in.scale * scales[o] / out.scale);
    l.bias.push_back(static_cast<std::int32_t>(bias));
    l.multiplier.push_back(m.multiplier);
    l.shift.push_back(m.shift);
  }
}

/// Throws not_finite if a weight or bias is a NaN or infinite.
inline void check_finite(const folded_layer& f, const std::string& name) {
  const auto finite = [](double v) { return std::isfinite(v); };
  expects(std::all_of(f.weights.begin(), f.weights.end(), finite) &&
              std::all_of(f.bias.begin(), f.bias.end(), finite),
          errc::not_finite, "layer '{}': a weight or bias is not finite", name);
}

/// What the numbers of one tensor are like.
struct tensor_range {
  magnitude_histogram histogram;
  value_scale scale;
  bool has_scale = false;
  index_t writers = 0;
  std::string name;  ///< as the layers that write and read it call it
};

/// A group with its normalisation folded in, and what the integers before and behind it stand for.
struct scaled_group {
  folded_layer folded;
  value_scale in;
  value_scale out;
};

/// From a network's groups to integer layers.
template <typename Scalar>
class quantiser {
 public:
  quantiser(const nn::network<Scalar>& net, const quantize_params& params)
      : net_(net), params_(params), list_(group_finder<Scalar>(net).take()) {
    tensors_.resize(static_cast<std::size_t>(list_.tensors));
    tensors_[0].name = input_tensor;
    tensors_[0].scale = {params.input_scale, params.input_zero, params.input_signed};
    tensors_[0].has_scale = true;
    for (const group& g : list_.groups) {
      tensor_range& t = tensor(g.out);
      if (t.writers++ == 0) t.name = g.name;
    }
    find_signs();
  }

  /// Measures the ranges on `next` (a batch, or null at the end), then chooses the scales.
  template <typename NextBatch>
  void calibrate(NextBatch&& next) {
    while (const nn::activations<Scalar>* images = next()) observe(*images);
    expects(tensor(list_.groups.front().out).histogram.total() > 0, errc::quant_parameter,
            "calibration needs at least one image, given none");
    for (const group& g : list_.groups) {
      folded_layer f = folded(g);
      choose_scale(g, f, &g == &list_.groups.back());
      scaled_.push_back({std::move(f), tensor(g.in).scale, tensor(g.out).scale});
    }
  }

  [[nodiscard]] const std::vector<layer_group<Scalar>>& groups() const { return list_.groups; }
  /// Of every group, after calibrate().
  [[nodiscard]] const std::vector<scaled_group>& scaled() const { return scaled_; }

  /// The model, after calibrate().
  [[nodiscard]] int8_model build() {
    int8_model model;
    model.input = net_.input_shape();
    model.input_signed = params_.input_signed;
    model.input_zero = params_.input_zero;
    model.input_scale = params_.input_scale;
    for (std::size_t i = 0; i < list_.groups.size(); ++i) model.layers.push_back(layer_of(i));
    model.output_scale = tensor(list_.groups.back().out).scale.scale;
    check(model);
    return model;
  }

 private:
  using group = layer_group<Scalar>;

  /// Adds the outputs of every group for these images to the histogram of its tensor.
  void observe(const nn::activations<Scalar>& images) {
    const auto layers = net_.layers();
    const auto outputs = net_.forward_all(images);
    for (const group& g : list_.groups) {
      const auto at = std::find(layers.begin(), layers.end(), g.last) - layers.begin();
      const auto& maps = outputs[static_cast<std::size_t>(at)];
      for (index_t t = 0; t < maps.tiles(); ++t)
        for (index_t c = 0; c < maps.shape().channels; ++c)
          for (index_t i = 0; i < maps.channel_size(); i += nn::lanes)
            for (index_t lane = 0; lane < maps.live_lanes(t); ++lane)
              tensor(g.out).histogram.add(maps.data(t, c)[i + lane]);
    }
  }

  [[nodiscard]] tensor_range& tensor(const map_place& place) {
    return tensors_[static_cast<std::size_t>(place.tensor)];
  }

  /// A tensor is s8 if one of the groups that write it can give negative numbers. Averages and
  /// maxima can where their input can.
  void find_signs() {
    std::vector<bool> negative(tensors_.size(), false);
    negative[0] = params_.input_signed || params_.input_zero > 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (const group& g : list_.groups) {
        const bool passes = g.conv == nullptr && g.norm == nullptr;
        const bool can = !g.relu && (!passes || negative[static_cast<std::size_t>(g.in.tensor)]);
        const auto out = static_cast<std::size_t>(g.out.tensor);
        if (!can || negative[out]) continue;
        negative[out] = changed = true;
      }
    }
    for (std::size_t t = 1; t < tensors_.size(); ++t) tensors_[t].scale.is_signed = negative[t];
  }

  /// What a group does to a channel, in real numbers.
  [[nodiscard]] static folded_layer folded(const group& g) {
    folded_layer f;
    if (g.conv != nullptr) {
      f = g.norm != nullptr ? fold(*g.conv, *g.norm) : fold(*g.conv);
    } else if (g.norm != nullptr) {
      channel_scaling s = scaling_of(*g.norm);
      f = {std::move(s.gain), std::move(s.offset)};
    } else {
      const auto channels = static_cast<std::size_t>(g.in.shape.channels);
      f.weights.assign(channels, 1.0 / static_cast<double>(g.averages ? g.window.pixels() : 1));
      f.bias.assign(channels, 0.0);
    }
    check_finite(f, g.name);
    return f;
  }

  /// Chooses the scale of a group's output: zero point 0; wide enough for the multipliers of the
  /// largest weights and of the residual to fit their fields.
  void choose_scale(const group& g, const folded_layer& f, bool is_last) {
    tensor_range& out = tensor(g.out);
    if (out.has_scale) return;
    const int levels = out.scale.is_signed ? 127 : 255;
    const double range = range_of(out.histogram, is_last ? calibration::min_max : params_.method,
                                  params_.percent, levels);
    double largest = 0;
    for (const double w : f.weights) largest = std::max(largest, std::abs(w));
    const double unit = g.averages ? largest : largest / 127;
    out.scale.scale =
        std::max(range / levels, tensor(g.in).scale.scale * unit / largest_multiplier);
    if (g.residual)
      out.scale.scale =
          std::max(out.scale.scale, tensor(g.residual->from).scale.scale / largest_multiplier);
    if (out.scale.scale == 0) out.scale.scale = 1.0 / levels;  // every output is zero
    out.has_scale = true;
  }

  [[nodiscard]] int8_layer layer_of(std::size_t number) {
    const group& g = list_.groups[number];
    const folded_layer& f = scaled_[number].folded;
    int8_layer l = g.conv != nullptr ? convolution(g, f) : diagonal(g, f);
    set_range(g, l);
    if (g.residual) set_residual(g, l);
    set_tensors(number, l);
    return l;
  }

  [[nodiscard]] int8_layer convolution(const group& g, const folded_layer& f) {
    const mask::layer_mask& m = g.conv->mask();
    int8_layer l;
    l.name = g.name;
    l.input = g.in.shape;
    l.output = g.out.shape;
    l.kernel_height = m.kernel_height;
    l.kernel_width = m.kernel_width;
    l.stride = g.conv->params().stride;
    l.dilation = g.conv->params().dilation;
    l.padding = g.conv->params().padding;
    l.pool = g.pool;
    l.input_signed = tensor(g.in).scale.is_signed;
    l.input_zero = tensor(g.in).scale.zero;
    l.block = m.block;
    l.blocks = m.blocks;
    fill_numbers(*g.conv, f, tensor(g.in).scale, tensor(g.out).scale, l);
    return l;
  }

  /// Averaging or scaling, in blocks like those of the convolutions.
  [[nodiscard]] int8_layer diagonal(const group& g, const folded_layer& f) {
    mask::block_shape block;
    for (const group& other : list_.groups)
      if (other.conv != nullptr) block = other.conv->mask().block;
    const value_scale& in = tensor(g.in).scale;
    const value_scale& out = tensor(g.out).scale;
    int8_layer l =
        g.averages
            ? average_pool_layer(g.name, g.in.shape, {g.window.height, g.window.width, g.stride, 0},
                                 in, out, block)
            : scale_layer(g.name, g.in.shape, f.weights, f.bias, g.relu, in, out, block);
    l.pool = g.pool;
    l.output = g.out.shape;
    return l;
  }

  /// Range of the output's integers; ReLU and ReLU6 are limits of it.
  void set_range(const group& g, int8_layer& l) {
    const value_scale& out = tensor(g.out).scale;
    const byte_range range = range_of_byte(out.is_signed);
    l.output_signed = out.is_signed;
    l.output_zero = out.zero;
    l.clamp_lo = g.relu ? out.zero : range.lo;
    l.clamp_hi = range.hi;
    if (g.relu6)
      l.clamp_hi =
          static_cast<int>(saturate(std::llround(6 / out.scale) + out.zero, l.clamp_lo, range.hi));
  }

  void set_residual(const group& g, int8_layer& l) {
    const value_scale& from = tensor(g.residual->from).scale;
    const fixed_multiplier m = to_fixed(from.scale / tensor(g.out).scale.scale, 31);
    residual_add r;
    r.reads = {tensor(g.residual->from).name, g.residual->from.first_channel};
    r.input = g.residual->from.shape;
    r.first_channel = g.residual->first_channel;
    r.stride = g.residual->stride;
    r.is_signed = from.is_signed;
    r.zero = from.zero;
    r.multiplier = m.multiplier;
    r.shift = m.shift;
    l.residual = r;
  }

  /// Names of tensors, where they are not those of a plain chain.
  void set_tensors(std::size_t number, int8_layer& l) {
    const group& g = list_.groups[number];
    const map_place before =
        number == 0 ? map_place{0, 0, net_.input_shape()} : list_.groups[number - 1].out;
    const bool follows = g.in.tensor == before.tensor &&
                         g.in.first_channel == before.first_channel && g.in.shape == before.shape;
    if (!follows) l.reads = {tensor(g.in).name, g.in.first_channel};
    if (tensor(g.out).writers > 1) l.writes = {tensor(g.out).name, g.out.first_channel};
  }

  const nn::network<Scalar>& net_;
  const quantize_params& params_;
  group_list<Scalar> list_;
  std::vector<tensor_range> tensors_;
  std::vector<scaled_group> scaled_;
};

/// Gives the first images of a data set batch by batch.
template <typename Scalar>
class calibration_batches {
 public:
  /// Throws quant_parameter unless the pixels mean what `params` says.
  calibration_batches(const train::dataset& data, const quantize_params& params)
      : data_(data), size_(params.batch), count_(std::min(params.calibration_images, data.size())) {
    const quantize_params standard;
    expects(
        params.input_scale == standard.input_scale && params.input_zero == standard.input_zero &&
            params.input_signed == standard.input_signed,
        errc::quant_parameter,
        "the pixels of a data set are u8 with scale 1/255 and zero 0, given scale {}, zero {}, {}",
        params.input_scale, params.input_zero, params.input_signed ? "s8" : "u8");
    expects(data.normalise.none(), errc::quant_parameter,
            "the data set is normalised by channel, but an integer network reads pixels as p / "
            "255: train it without normalisation, batch norm does the centring");
  }
  [[nodiscard]] const nn::activations<Scalar>* operator()() {
    if (first_ >= count_) return nullptr;
    std::vector<index_t> numbers(static_cast<std::size_t>(std::min(size_, count_ - first_)));
    std::iota(numbers.begin(), numbers.end(), first_);
    first_ += size_;
    train::load_batch(data_, std::span<const index_t>(numbers), now_);
    return &now_.images;
  }

 private:
  const train::dataset& data_;
  index_t size_;
  index_t count_;
  index_t first_ = 0;
  train::batch<Scalar> now_;
};

/// Calibration through `next` (a batch, or null at the end), then the model.
template <typename Scalar, typename NextBatch>
[[nodiscard]] int8_model quantize_batches(const nn::network<Scalar>& net, const quantize_params& p,
                                          NextBatch&& next) {
  check(p);
  quantiser<Scalar> q(net, p);
  q.calibrate(next);
  return q.build();
}

}  // namespace detail

/// The integer form of a trained network. Integer layers are convolutions and fully connected
/// layers with the batch_norm behind them folded in, averages (average_pool, global_average_pool),
/// and batch_norm or relu where no convolution stands before them; each takes over a relu, relu6 or
/// 2x2 max_pool that follows. A residual block becomes an addition in the last convolution of its
/// path, its shortcut being the identity, an option_a_shortcut or layers of its own; a
/// concatenation lets several layers write one tensor, with one scale for all. Dropout is gone.
///
/// Weights are symmetric int8 with one scale for each output channel, live blocks only and these
/// whole, since the accelerator works block by block: a tap that a block lacks becomes weights of
/// exactly zero, which change no result, but take bytes and cycles like others. Activations are u8
/// where no number can be negative and s8 otherwise, with zero point 0 and a range measured on
/// `images`; accumulators are proved not to overflow.
///
/// Throws quant_unsupported for a layer or an order without integer form, quant_parameter for
/// parameters out of range, no images, or what check(int8_model) refuses (a kernel or window above
/// 8, an accumulator that could overflow), not_finite for NaN or infinity, and what the network
/// throws.
template <typename Scalar>
[[nodiscard]] int8_model quantize(const nn::network<Scalar>& net,
                                  const nn::activations<Scalar>& images,
                                  const quantize_params& params = {}) {
  const nn::activations<Scalar>* rest = images.batch() > 0 ? &images : nullptr;
  return detail::quantize_batches(net, params, [&] { return std::exchange(rest, nullptr); });
}

/// The same with the first `params.calibration_images` images of a data set. Its pixels must mean
/// p / 255, so params.input_* must be the default; a normalised data set is refused with
/// quant_parameter, since the integer input has one scale and one zero for all channels. Throws
/// dataset_shape as train::load_batch() does.
template <typename Scalar>
[[nodiscard]] int8_model quantize(const nn::network<Scalar>& net, const train::dataset& data,
                                  const quantize_params& params = {}) {
  return detail::quantize_batches(net, params, detail::calibration_batches<Scalar>(data, params));
}

namespace detail {

/// True if every weight of the layer at a tap that the mask lacks is zero.
[[nodiscard]] inline bool absent_taps_are_zero(const int8_layer& l, const mask::layer_mask& m) {
  if (m.kept_taps.keeps_all()) return true;
  const whole_blocks places(m);
  if (static_cast<index_t>(l.weights.size()) != places.size()) return false;
  for (index_t o = 0; o < m.out_channels; ++o)
    for (index_t i = 0; i < m.in_channels; ++i) {
      const index_t row = o / m.block.outputs, column = i / m.block.inputs;
      for (index_t tap = 0; tap < m.taps() && m.blocks.test(row, column); ++tap)
        if (!m.kept_taps.test(row, column, tap) && l.weights[places.at(o, i, tap)] != 0)
          return false;
    }
  return true;
}

}  // namespace detail

/// True if the model has an integer layer for every mask, with its name, shapes and live blocks,
/// bit for bit, and zeros at the taps that blocks lack, and beside these only diagonal layers,
/// which have no mask: quantisation neither lost nor invented a block, nor brought a tap to life.
/// For a model that passes check(int8_model).
[[nodiscard]] inline bool same_pattern(const int8_model& model, const mask::mask_set& masks) {
  const auto same = [](const int8_layer& l, const mask::layer_mask& m) {
    return l.block == m.block && l.blocks == m.blocks && l.input.channels == m.in_channels &&
           l.output.channels == m.out_channels && l.kernel_height == m.kernel_height &&
           l.kernel_width == m.kernel_width && detail::absent_taps_are_zero(l, m);
  };
  index_t found = 0;
  for (const int8_layer& l : model.layers) {
    const mask::layer_mask* m = masks.find(l.name);
    if (m != nullptr ? !same(l, *m) : l.groups != l.input.channels || l.groups == 1) return false;
    found += m != nullptr;
  }
  return found == static_cast<index_t>(masks.size());
}

}  // namespace swprune::inline v0::quant
