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

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu.hpp"
#include "swprune/quant/calibrate.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/fold.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/multiplier.hpp"
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
SWPRUNE_FUNCTION void check(const quantize_params& p);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const quantize_params& p) {
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

#endif

namespace detail {

/// One integer layer to be: a convolution and what follows it in the network.
template <typename Scalar>
struct layer_group {
  const nn::conv2d<Scalar>* conv = nullptr;
  const nn::batch_norm<Scalar>* norm = nullptr;
  bool relu = false;
  bool pool = false;
  index_t first = 0;  ///< index of the convolution in the network
  index_t last = 0;   ///< index of the last layer of the group
};

/// True if `layer` joins the group, which then knows it.
template <typename Scalar>
bool join(layer_group<Scalar>& group, const nn::layer<Scalar>& layer) {
  if (const auto* norm = dynamic_cast<const nn::batch_norm<Scalar>*>(&layer)) {
    // Between ReLU or pooling and the next convolution a normalisation cannot be folded here.
    if (group.norm != nullptr || group.relu || group.pool) return false;
    group.norm = norm;
    return true;
  }
  if (dynamic_cast<const nn::relu<Scalar>*>(&layer) != nullptr) {
    group.relu = true;
    return true;
  }
  const auto* pool = dynamic_cast<const nn::max_pool<Scalar>*>(&layer);
  if (pool == nullptr || group.pool || pool->params().size != 2 || pool->params().stride != 2)
    return false;
  group.pool = true;
  return true;
}

/// The chain as groups. ReLU and pooling may come in either order: both keep order, so they
/// commute. Throws quant_unsupported for any other layer or order.
template <typename Scalar>
[[nodiscard]] std::vector<layer_group<Scalar>> groups_of(const nn::network<Scalar>& net) {
  std::vector<layer_group<Scalar>> groups;
  for (index_t i = 0; i < net.size(); ++i) {
    const nn::layer<Scalar>& layer = net.at(i);
    if (const auto* conv = dynamic_cast<const nn::conv2d<Scalar>*>(&layer)) {
      expects(conv->params().dilation == 1, errc::quant_unsupported,
              "layer {} '{}' ({}): the integer form has dilation 1, given {}", i, layer.name(),
              layer.kind(), conv->params().dilation);
      groups.push_back({.conv = conv, .first = i, .last = i});
      continue;
    }
    expects(!groups.empty() && join(groups.back(), layer), errc::quant_unsupported,
            "layer {} '{}' ({}): the integer form is conv2d or fully_connected, then batch_norm, "
            "relu and 2x2 max_pool with stride 2, each at most once",
            i, layer.name(), layer.kind());
    groups.back().last = i;
  }
  expects(!groups.empty(), errc::quant_unsupported, "a network without convolutions");
  return groups;
}

/// Adds the outputs of every group for these images to its histogram.
template <typename Scalar>
void observe(const nn::network<Scalar>& net, const std::vector<layer_group<Scalar>>& groups,
             const nn::activations<Scalar>& images, std::vector<magnitude_histogram>& histograms) {
  const auto outputs = net.forward_all(images);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& maps = outputs[static_cast<std::size_t>(groups[g].last)];
    for (index_t t = 0; t < maps.tiles(); ++t)
      for (index_t c = 0; c < maps.shape().channels; ++c)
        for (index_t i = 0; i < maps.channel_size(); i += nn::lanes)
          for (index_t lane = 0; lane < maps.live_lanes(t); ++lane)
            histograms[g].add(maps.data(t, c)[i + lane]);
  }
}

/// What the integers at one place in the network stand for.
struct value_scale {
  double scale = 1;
  int zero = 0;
  bool is_signed = false;
};

/// Shape, kernel, mask and ranges of an integer layer; no numbers yet.
template <typename Scalar>
[[nodiscard]] int8_layer layer_frame(const nn::network<Scalar>& net,
                                     const layer_group<Scalar>& group, const value_scale& in,
                                     const value_scale& out) {
  const mask::layer_mask& m = group.conv->mask();
  int8_layer l;
  l.name = group.conv->name();
  l.input = net.shape(group.first);
  l.output = net.shape(group.last + 1);
  l.kernel_height = m.kernel_height;
  l.kernel_width = m.kernel_width;
  l.stride = group.conv->params().stride;
  l.padding = group.conv->params().padding;
  l.pool = group.pool;
  l.input_signed = in.is_signed;
  l.input_zero = in.zero;
  l.output_signed = out.is_signed;
  l.output_zero = out.zero;
  const byte_range range = range_of_byte(out.is_signed);
  l.clamp_lo = group.relu ? out.zero : range.lo;
  l.clamp_hi = range.hi;
  l.block = m.block;
  l.blocks = m.blocks;
  return l;
}

/// Scale of the weights of every output channel: largest magnitude / 127, but not so small that
/// the bias in units of the accumulator passes 2^30 or the multiplier falls below 2^-33.
template <typename Scalar>
[[nodiscard]] std::vector<double> weight_scales(const nn::conv2d<Scalar>& conv,
                                                const folded_layer& f, double in, double out) {
  std::vector<double> scales(f.bias.size(), 0.0);
  conv.for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    double& s = scales[static_cast<std::size_t>(o)];
    s = std::max(s, std::abs(f.weights[at]) / 127);
  });
  for (std::size_t o = 0; o < scales.size(); ++o)
    scales[o] = std::max({scales[o], std::abs(f.bias[o]) / in * 0x1p-30, out / in * 0x1p-33});
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
SWPRUNE_FUNCTION void check_finite(const folded_layer& f, const std::string& name);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check_finite(const folded_layer& f, const std::string& name) {
  const auto finite = [](double v) { return std::isfinite(v); };
  expects(std::all_of(f.weights.begin(), f.weights.end(), finite) &&
              std::all_of(f.bias.begin(), f.bias.end(), finite),
          errc::not_finite, "layer '{}': a weight or bias is not finite", name);
}

#endif

/// Scale of a group's output: u8 after ReLU, else s8, zero point 0. Wide enough for the multiplier
/// of the largest weights to fit its field.
template <typename Scalar>
[[nodiscard]] value_scale output_scale(const layer_group<Scalar>& group, const folded_layer& f,
                                       const magnitude_histogram& histogram, double in,
                                       calibration method, double percent) {
  value_scale out;
  out.is_signed = !group.relu;
  const int levels = out.is_signed ? 127 : 255;
  const double range = range_of(histogram, method, percent, levels);
  double largest = 0;
  for (const double w : f.weights) largest = std::max(largest, std::abs(w));
  out.scale = std::max(range / levels, in * largest / 127 / largest_multiplier);
  if (out.scale == 0) out.scale = 1.0 / levels;  // every output is zero
  return out;
}

/// A group with its normalisation folded in, and what the integers before and behind it stand for.
struct scaled_group {
  folded_layer folded;
  value_scale in;
  value_scale out;
};

/// Groups in order, once the histograms are filled.
template <typename Scalar>
[[nodiscard]] std::vector<scaled_group> scale_groups(
    const std::vector<layer_group<Scalar>>& groups,
    const std::vector<magnitude_histogram>& histograms, const quantize_params& p) {
  std::vector<scaled_group> scaled;
  value_scale in{p.input_scale, p.input_zero, p.input_signed};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& group = groups[g];
    folded_layer f = group.norm != nullptr ? fold(*group.conv, *group.norm) : fold(*group.conv);
    check_finite(f, group.conv->name());
    const bool is_last = g + 1 == groups.size();
    const value_scale out = output_scale(group, f, histograms[g], in.scale,
                                         is_last ? calibration::min_max : p.method, p.percent);
    scaled.push_back({std::move(f), in, out});
    in = out;
  }
  return scaled;
}

/// The numbers of all layers.
template <typename Scalar>
[[nodiscard]] int8_model build_model(const nn::network<Scalar>& net,
                                     const std::vector<layer_group<Scalar>>& groups,
                                     const std::vector<scaled_group>& scaled,
                                     const quantize_params& p) {
  int8_model model;
  model.input = net.input_shape();
  model.input_signed = p.input_signed;
  model.input_zero = p.input_zero;
  model.input_scale = p.input_scale;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const scaled_group& s = scaled[g];
    model.layers.push_back(layer_frame(net, groups[g], s.in, s.out));
    fill_numbers(*groups[g].conv, s.folded, s.in, s.out, model.layers.back());
  }
  model.output_scale = scaled.back().out.scale;
  check(model);
  return model;
}

/// Calibration through `next` (a batch, or null at the end).
template <typename Scalar, typename NextBatch>
[[nodiscard]] std::vector<scaled_group> calibrated(const nn::network<Scalar>& net,
                                                   const std::vector<layer_group<Scalar>>& groups,
                                                   const quantize_params& p, NextBatch&& next) {
  std::vector<magnitude_histogram> histograms(groups.size());
  while (const nn::activations<Scalar>* images = next()) observe(net, groups, *images, histograms);
  expects(histograms.front().total() > 0, errc::quant_parameter,
          "calibration needs at least one image, given none");
  return scale_groups(groups, histograms, p);
}

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

}  // namespace detail

/// The integer form of a trained network, a chain of groups: conv2d or fully_connected, then at
/// most one batch_norm (folded), relu and 2x2 max_pool. Weights are symmetric int8 with one scale
/// for each output channel, live blocks only and these whole, since the accelerator works block by
/// block: a tap that a block lacks becomes weights of exactly zero, which change no result, but
/// take bytes and cycles like others. Activations are u8 after a ReLU and s8 otherwise, with zero
/// point 0 and a range measured on `images`; accumulators are proved not to overflow.
///
/// Throws quant_unsupported for a layer or an order without integer form, quant_parameter for
/// parameters out of range, no images, or what check(int8_model) refuses (a kernel above 7, an
/// accumulator that could overflow), not_finite for NaN or infinity, and what the network throws.
template <typename Scalar>
[[nodiscard]] int8_model quantize(const nn::network<Scalar>& net,
                                  const nn::activations<Scalar>& images,
                                  const quantize_params& params = {}) {
  const nn::activations<Scalar>* rest = images.batch() > 0 ? &images : nullptr;
  check(params);
  const auto groups = detail::groups_of(net);
  const auto next = [&] { return std::exchange(rest, nullptr); };
  return detail::build_model(net, groups, detail::calibrated(net, groups, params, next), params);
}

/// The same with the first `params.calibration_images` images of a data set. Its pixels must mean
/// p / 255, so params.input_* must be the default; a normalised data set is refused with
/// quant_parameter, since the integer input has one scale and one zero for all channels. Throws
/// dataset_shape as train::load_batch() does.
template <typename Scalar>
[[nodiscard]] int8_model quantize(const nn::network<Scalar>& net, const train::dataset& data,
                                  const quantize_params& params = {}) {
  check(params);
  detail::calibration_batches<Scalar> next(data, params);
  const auto groups = detail::groups_of(net);
  return detail::build_model(net, groups, detail::calibrated(net, groups, params, next), params);
}

/// True if the integer layers have the names, shapes and live blocks of the masks, bit for bit, and
/// zeros at the taps that blocks lack: quantisation neither lost nor invented a block, nor brought
/// a tap to life. For a model that passes check(int8_model).
[[nodiscard]] SWPRUNE_FUNCTION bool same_pattern(const int8_model& model,
                                                 const mask::mask_set& masks);

#if SWPRUNE_BODIES

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

SWPRUNE_FUNCTION bool same_pattern(const int8_model& model, const mask::mask_set& masks) {
  return std::equal(model.layers.begin(), model.layers.end(), masks.begin(), masks.end(),
                    [](const int8_layer& l, const mask::layer_mask& m) {
                      return l.name == m.name && l.block == m.block && l.blocks == m.blocks &&
                             l.input.channels == m.in_channels &&
                             l.output.channels == m.out_channels &&
                             l.kernel_height == m.kernel_height &&
                             l.kernel_width == m.kernel_width && detail::absent_taps_are_zero(l, m);
                    });
}

#endif

SWPRUNE_COMPILED_TEMPLATE(int8_model quantize(const nn::network<float>&,
                                              const nn::activations<float>&,
                                              const quantize_params&))
SWPRUNE_COMPILED_TEMPLATE(int8_model quantize(const nn::network<float>&, const train::dataset&,
                                              const quantize_params&))

}  // namespace swprune::inline v0::quant
