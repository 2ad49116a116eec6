// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/nn/aligned_vector.hpp"
#include "swprune/nn/detail/conv_backward_weights.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_gather.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/conv_move.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

/// What a convolution has beside its mask, which gives channels, kernel and blocks.
struct conv2d_params {
  index_t stride = 1;    ///< >= 1, the same in both directions
  index_t padding = 0;   ///< 0 <= padding < reach of the kernel, the same on all sides
  bool bias = false;     ///< superfluous before a batch normalisation
  index_t dilation = 1;  ///< >= 1, pixels from one tap to the next; reach = (K - 1) * dilation + 1
};

/// Mask of a layer whose blocks and taps are all there.
[[nodiscard]] SWPRUNE_FUNCTION mask::layer_mask dense_mask(std::string name, index_t in_channels,
                                                           index_t out_channels,
                                                           index_t kernel_height,
                                                           index_t kernel_width,
                                                           mask::block_shape block = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION mask::layer_mask dense_mask(std::string name, index_t in_channels,
                                             index_t out_channels, index_t kernel_height,
                                             index_t kernel_width, mask::block_shape block) {
  mask::layer_mask m;
  m.name = std::move(name);
  m.block = block;
  m.in_channels = in_channels;
  m.out_channels = out_channels;
  m.kernel_height = kernel_height;
  m.kernel_width = kernel_width;
  expects(block.outputs >= 1 && block.inputs >= 1, errc::mask_block,
          "layer '{}': a block needs Bo >= 1 and Bi >= 1, given {}x{}", m.name, block.outputs,
          block.inputs);
  m.blocks = mask::block_mask::dense(m.out_groups(), m.in_groups());
  return m;
}

#endif

/// Convolution (cross-correlation) with zero padding whose absent blocks and taps have no storage,
/// hence no weight, gradient or momentum that could come alive, and cost no arithmetic:
/// out[o][y][x] = bias[o] + sum over live blocks, i, kept taps (ky, kx) of
///                w[o][i][ky][kx] * in[i][y * stride - padding + ky * dilation]
///                                       [x * stride - padding + kx * dilation].
///
/// Weights lie in the order in which the accelerator consumes them: row (output group), live block
/// ascending, ci, kept tap of the block ascending (ky, then kx), Bo outputs. A last input group
/// with fewer than Bi channels has only those; a last output group is padded to Bo with weights
/// that stay zero, get no gradient and are not counted.
template <typename Scalar>
class conv2d : public layer<Scalar> {
 public:
  /// All weights zero: see init.hpp. Throws mask_shape or mask_block for a mask that does not fit
  /// itself, layer_parameter for a stride or padding out of range.
  explicit conv2d(mask::layer_mask mask, const conv2d_params& params = {})
      : layer<Scalar>(mask.name), mask_(std::move(mask)), params_(params) {
    mask::check(mask_);
    check_params();
    storage_ = detail::lay_out(mask_);
    weights_.assign(static_cast<std::size_t>(storage_.weights), Scalar(0));
    gradient_ = weights_;
    if (params_.bias) {
      bias_.assign(static_cast<std::size_t>(mask_.out_channels), Scalar(0));
      bias_gradient_ = bias_;
    }
  }

  [[nodiscard]] std::string_view kind() const override { return "conv2d"; }
  [[nodiscard]] const mask::layer_mask& mask() const { return mask_; }
  [[nodiscard]] const conv2d_params& params() const { return params_; }

  /// Kept weights in storage order; what quantiser and files read and write.
  [[nodiscard]] std::span<Scalar> weights() { return weights_; }
  [[nodiscard]] std::span<const Scalar> weights() const { return weights_; }
  /// [out_channels], or empty without bias.
  [[nodiscard]] std::span<Scalar> bias() { return bias_; }
  [[nodiscard]] std::span<const Scalar> bias() const { return bias_; }

  /// Live blocks of every output group, with their taps and the place of their weights.
  [[nodiscard]] const detail::block_lists& rows() const { return storage_.rows; }

  /// Takes another pattern for the same layer: weights that exist before and after keep their
  /// value, the others of the new pattern are zero, those that only the old one had are gone, with
  /// their gradients. Returns for every number of weights() before where it is now, or -1: what an
  /// optimiser needs to carry its own numbers over. Views of the weights and their gradient end
  /// here; bias stays. Throws mask_shape or mask_block for a mask that does not fit itself,
  /// mask_shape unless name, channels, kernel and block are those of the layer; the layer is then
  /// as it was.
  std::vector<index_t> change_mask(mask::layer_mask to) {
    check_change(to);
    detail::block_storage storage = detail::lay_out(to);
    std::vector<index_t> old_to_new = detail::moved_weights(storage_, storage, mask_);
    aligned_vector<Scalar> weights(static_cast<std::size_t>(storage.weights), Scalar(0));
    for (std::size_t i = 0; i < old_to_new.size(); ++i)
      if (old_to_new[i] >= 0) weights[static_cast<std::size_t>(old_to_new[i])] = weights_[i];
    gradient_.assign(weights.size(), Scalar(0));
    mask_ = std::move(to);
    storage_ = std::move(storage);
    weights_ = std::move(weights);
    return old_to_new;
  }

  /// Throws what change_mask() would throw for this mask.
  void check_change(const mask::layer_mask& to) const {
    mask::check(to);
    expects(to.name == this->name(), errc::mask_shape,
            "layer '{}' is given the mask of a layer '{}'", this->name(), to.name);
    expects(to.block == mask_.block && to.out_channels == mask_.out_channels &&
                to.in_channels == mask_.in_channels && to.kernel_height == mask_.kernel_height &&
                to.kernel_width == mask_.kernel_width,
            errc::mask_shape, "layer '{}' is {}, the new mask is for {}", this->name(),
            detail::shape_of(mask_), detail::shape_of(to));
  }

  /// Weights as [out][in][ky][kx], absent ones zero.
  [[nodiscard]] std::vector<Scalar> to_dense() const {
    std::vector<Scalar> dense(static_cast<std::size_t>(mask_.weights()), Scalar(0));
    for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t at) {
      dense[dense_index(o, i, tap)] = weights_[at];
    });
    return dense;
  }

  /// Takes the kept weights from [out][in][ky][kx]; the others are not looked at. Throws
  /// layer_shape for another number of weights.
  void from_dense(std::span<const Scalar> dense) {
    expects(static_cast<index_t>(dense.size()) == mask_.weights(), errc::layer_shape,
            "layer '{}': {} x {} x {} x {} weights needed, given {}", this->name(),
            mask_.out_channels, mask_.in_channels, mask_.kernel_height, mask_.kernel_width,
            dense.size());
    for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t at) {
      weights_[at] = dense[dense_index(o, i, tap)];
    });
  }

  /// visit(output, input, tap, index in weights()) for every kept weight, in storage order.
  template <typename Visit>
  void for_each_weight(const Visit& visit) const {
    for (const auto& row : storage_.rows)
      for (const detail::live_block& b : row) {
        index_t at = b.weights;
        for (index_t ci = 0; ci < b.inputs; ++ci)
          for (const index_t tap : storage_.taps_of(b)) {
            for (index_t o = 0; o < b.outputs; ++o)
              visit(b.first_output + o, b.first_input + ci, tap, static_cast<std::size_t>(at + o));
            at += mask_.block.outputs;
          }
      }
  }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    expects(in.channels == mask_.in_channels, errc::layer_shape,
            "layer '{}' ({}) needs {} input channels, given a {} x {} x {} map", this->name(),
            kind(), mask_.in_channels, in.channels, in.height, in.width);
    const index_t height = in.height + 2 * params_.padding - reach(mask_.kernel_height);
    const index_t width = in.width + 2 * params_.padding - reach(mask_.kernel_width);
    expects(height >= 0 && width >= 0, errc::layer_shape,
            "layer '{}' ({}): a {} x {} kernel with dilation {} and padding {} does not fit a {} x "
            "{} x {} map",
            this->name(), kind(), mask_.kernel_height, mask_.kernel_width, params_.dilation,
            params_.padding, in.channels, in.height, in.width);
    return {mask_.out_channels, height / params_.stride + 1, width / params_.stride + 1};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    const detail::conv_geometry g = geometry(in.shape());
    out.resize(in.batch(), g.output);
    detail::conv_forward(g, storage_, weights_.data(), in, out);
    if (params_.bias) add_bias(out);
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& /*out*/,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    const detail::conv_geometry g = geometry(in.shape());
    expects(grad_out.shape() == g.output && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient of a batch of {} outputs {} x {} x {} is needed, given "
            "a batch of {} maps {} x {} x {}",
            this->name(), kind(), in.batch(), g.output.channels, g.output.height, g.output.width,
            grad_out.batch(), grad_out.shape().channels, grad_out.shape().height,
            grad_out.shape().width);
    backward_parameters(in, grad_out);
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    backward_data(grad_out, *grad_in, false);
  }

  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() override {
    std::vector<parameter_view<Scalar>> views{{"weights", weights_, gradient_, true}};
    if (params_.bias) views.push_back({"bias", bias_, bias_gradient_, false});
    return views;
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    std::vector<layer_field> fields{{"stride", static_cast<double>(params_.stride)},
                                    {"padding", static_cast<double>(params_.padding)},
                                    {"bias", params_.bias ? 1.0 : 0.0}};
    // Not where it is 1: files are then as they were before there was one.
    if (params_.dilation != 1)
      fields.push_back({"dilation", static_cast<double>(params_.dilation)});
    return fields;
  }

  [[nodiscard]] index_t weight_count() const override { return mask_.kept_weights(); }
  [[nodiscard]] index_t dense_weight_count() const override { return mask_.weights(); }
  [[nodiscard]] index_t macs(const map_shape& in) const override {
    return weight_count() * output_shape(in).pixels();
  }
  [[nodiscard]] index_t dense_macs(const map_shape& in) const override {
    return dense_weight_count() * output_shape(in).pixels();
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<conv2d>(*this);
  }

  conv2d(const conv2d&) = default;

 private:
  /// chain has a batch norm's sums made on the way, and the gradient by the input added to what is
  /// there already, through these.
  friend class chain<Scalar>;

  /// forward() of a layer without bias that leaves the sums of `out` in `sums`.
  void forward_summing(const activations<Scalar>& in, activations<Scalar>& out,
                       detail::map_sums<Scalar>& sums) const {
    const detail::conv_geometry g = geometry(in.shape());
    out.resize(in.batch(), g.output);
    sums.resize(out);
    detail::conv_forward(g, storage_, weights_.data(), in, out, &sums);
  }

  void backward_parameters(const activations<Scalar>& in, const activations<Scalar>& grad_out) {
    detail::conv_backward_weights<Scalar>(geometry(in.shape()), storage_, in, grad_out, gradient_,
                                          partial_);
    if (params_.bias) sum_bias_gradient(grad_out);
  }
  void backward_data(const activations<Scalar>& grad_out, activations<Scalar>& grad_in,
                     bool adding) const {
    detail::conv_backward_data(geometry(grad_in.shape()), storage_, mask_.block.inputs,
                               weights_.data(), grad_out, grad_in, adding);
  }

  void check_params() const {
    expects(params_.stride >= 1, errc::layer_parameter, "layer '{}': stride must be >= 1, given {}",
            this->name(), params_.stride);
    expects(params_.dilation >= 1, errc::layer_parameter,
            "layer '{}': dilation must be >= 1, given {}", this->name(), params_.dilation);
    expects(params_.padding >= 0 && params_.padding < reach(mask_.kernel_height) &&
                params_.padding < reach(mask_.kernel_width),
            errc::layer_parameter,
            "layer '{}': 0 <= padding < reach of the kernel must hold, given padding {} and a "
            "{} x {} kernel with dilation {}",
            this->name(), params_.padding, mask_.kernel_height, mask_.kernel_width,
            params_.dilation);
  }

  /// Pixels from the first to the last tap of `taps` taps in a line.
  [[nodiscard]] index_t reach(index_t taps) const { return (taps - 1) * params_.dilation + 1; }

  [[nodiscard]] detail::conv_geometry geometry(const map_shape& in) const {
    return {in,
            output_shape(in),
            mask_.kernel_height,
            mask_.kernel_width,
            params_.stride,
            params_.padding,
            params_.dilation,
            mask_.block.outputs};
  }

  [[nodiscard]] std::size_t dense_index(index_t o, index_t i, index_t tap) const {
    return static_cast<std::size_t>((o * mask_.in_channels + i) * mask_.taps() + tap);
  }

  void add_bias(activations<Scalar>& out) const {
    for (index_t t = 0; t < out.tiles(); ++t)
      for (index_t o = 0; o < mask_.out_channels; ++o) {
        Scalar* y = out.data(t, o);
        const Scalar b = bias_[static_cast<std::size_t>(o)];
        std::for_each(y, y + out.channel_size(), [b](Scalar& v) { v += b; });
      }
    out.clear_dead_lanes();
  }

  void sum_bias_gradient(const activations<Scalar>& grad_out) {
    for (index_t o = 0; o < mask_.out_channels; ++o) {
      Scalar sum(0);
      for (index_t t = 0; t < grad_out.tiles(); ++t)
        sum += detail::sum_of(grad_out.data(t, o), grad_out.shape().pixels());
      bias_gradient_[static_cast<std::size_t>(o)] = sum;
    }
  }

  mask::layer_mask mask_;
  conv2d_params params_;
  detail::block_storage storage_;
  aligned_vector<Scalar> weights_;
  aligned_vector<Scalar> gradient_;
  aligned_vector<Scalar> partial_;
  aligned_vector<Scalar> bias_;
  aligned_vector<Scalar> bias_gradient_;
};

SWPRUNE_COMPILED_TEMPLATE(class conv2d<float>)
SWPRUNE_COMPILED_TEMPLATE(class conv2d<double>)

}  // namespace swprune::inline v0::nn
