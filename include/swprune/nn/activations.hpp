// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/aligned_vector.hpp"

namespace swprune::inline v0::nn {

/// Images per vector: the SIMD lanes of every layer are images, so any channel-block size runs at
/// full speed and element-wise layers are plain vertical arithmetic. One constant for every
/// instruction set and Scalar, because files of activations would otherwise differ.
inline constexpr index_t lanes = 16;

/// Vectors from one channel of a map to the next. Where the channels of a map would begin a
/// multiple of 4 KiB apart (in float), the same pixel of all of them would fall into one set of the
/// caches, and stores into one map would seem to collide with loads from another; a few unused
/// vectors between the channels keep them apart.
[[nodiscard]] constexpr index_t channel_vectors(const map_shape& map) {
  constexpr index_t aliasing = 64, apart = 9;
  return map.pixels() % aliasing == 0 ? map.pixels() + apart : map.pixels();
}

/// Scalars from one channel of a map to the next.
[[nodiscard]] constexpr index_t channel_stride(const map_shape& map) {
  return channel_vectors(map) * lanes;
}

/// Scalars from one tile of maps to the next.
[[nodiscard]] constexpr index_t tile_stride(const map_shape& map) {
  return map.channels * channel_stride(map);
}

/// Feature maps of a batch, `[batch tile][C][H][W][lane]`; image n is lane n % lanes of tile
/// n / lanes. Lanes past the batch are zero at every layer boundary, forward and backward, so that
/// kernels never ask how full a tile is. So are the unused vectors behind some channels
/// (channel_vectors()).
template <typename Scalar>
class activations {
 public:
  activations() = default;

  /// All zero. Throws layer_shape as resize() does.
  activations(index_t batch, const map_shape& shape) {
    resize(batch, shape);
    set_zero();
  }

  /// Makes room for `batch` maps and keeps the storage if it is large enough. Afterwards the lanes
  /// past the batch and the vectors between channels are zero; the others hold anything.
  /// batch >= 0; channels, height, width >= 1.
  void resize(index_t batch, const map_shape& shape) {
    expects(batch >= 0 && shape.channels >= 1 && shape.height >= 1 && shape.width >= 1,
            errc::layer_shape,
            "activations need batch >= 0 and channels, height, width >= 1, given a batch of {} "
            "maps {} x {} x {}",
            batch, shape.channels, shape.height, shape.width);
    const bool same = batch == batch_ && shape == shape_;
    batch_ = batch;
    shape_ = shape;
    const auto size = static_cast<std::size_t>(tiles() * tile_stride());
    if (size > values_.capacity()) values_ = {};  // nothing to copy over
    values_.resize(size);
    if (!same) clear_between_channels();
    clear_dead_lanes();
  }

  [[nodiscard]] index_t batch() const { return batch_; }
  [[nodiscard]] const map_shape& shape() const { return shape_; }

  /// Number of tiles of `lanes` images.
  [[nodiscard]] index_t tiles() const { return ceil_div(batch_, lanes); }
  /// Images in a tile: `lanes`, or fewer in the last one.
  [[nodiscard]] index_t live_lanes(index_t tile) const {
    return std::min(lanes, batch_ - tile * lanes);
  }
  /// Scalars from one channel to the next.
  [[nodiscard]] index_t channel_stride() const { return nn::channel_stride(shape_); }
  /// Scalars of one channel.
  [[nodiscard]] index_t channel_size() const { return shape_.pixels() * lanes; }
  /// Scalars from one tile to the next.
  [[nodiscard]] index_t tile_stride() const { return nn::tile_stride(shape_); }

  /// [H][W][lane] of one channel of one tile, aligned to 64 bytes.
  [[nodiscard]] Scalar* data(index_t tile, index_t channel = 0) {
    return values_.data() + offset(tile, channel);
  }
  [[nodiscard]] const Scalar* data(index_t tile, index_t channel = 0) const {
    return values_.data() + offset(tile, channel);
  }

  /// One number; for tests and tools, not for kernels.
  [[nodiscard]] Scalar& at(index_t n, index_t channel, index_t y, index_t x) {
    return values_[element(n, channel, y, x)];
  }
  [[nodiscard]] Scalar at(index_t n, index_t channel, index_t y, index_t x) const {
    return values_[element(n, channel, y, x)];
  }

  /// Everything, dead lanes and what lies between channels included.
  [[nodiscard]] std::span<Scalar> values() { return values_; }
  [[nodiscard]] std::span<const Scalar> values() const { return values_; }

  void set_zero() { std::fill(values_.begin(), values_.end(), Scalar(0)); }

  /// Zeroes the lanes past the batch.
  void clear_dead_lanes() {
    if (batch_ % lanes == 0) return;
    const index_t live = live_lanes(tiles() - 1);
    Scalar* p = data(tiles() - 1);
    for (index_t i = 0; i < tile_stride() / lanes; ++i)
      std::fill(p + i * lanes + live, p + (i + 1) * lanes, Scalar(0));
  }

  /// True if every lane past the batch is zero: what each layer must leave behind.
  [[nodiscard]] bool dead_lanes_are_zero() const {
    if (batch_ % lanes == 0) return true;
    const index_t live = live_lanes(tiles() - 1);
    const Scalar* p = data(tiles() - 1);
    for (index_t i = 0; i < tile_stride() / lanes; ++i)
      if (std::any_of(p + i * lanes + live, p + (i + 1) * lanes,
                      [](Scalar v) { return v != Scalar(0); }))
        return false;
    return true;
  }

 private:
  void clear_between_channels() {
    if (channel_stride() == channel_size()) return;
    for (index_t c = 0; c < tiles() * shape_.channels; ++c)
      std::fill_n(data(0, c) + channel_size(), channel_stride() - channel_size(), Scalar(0));
  }

  [[nodiscard]] index_t offset(index_t tile, index_t channel) const {
    return tile * tile_stride() + channel * channel_stride();
  }
  [[nodiscard]] std::size_t element(index_t n, index_t channel, index_t y, index_t x) const {
    return static_cast<std::size_t>(offset(n / lanes, channel) + (y * shape_.width + x) * lanes +
                                    n % lanes);
  }

  index_t batch_ = 0;
  map_shape shape_;
  aligned_vector<Scalar> values_;
};

/// Activations from plain `[n][C][H][W]` numbers. Throws layer_shape unless there are
/// batch * C * H * W of them.
template <typename Scalar>
[[nodiscard]] activations<Scalar> from_plain(std::span<const Scalar> plain, index_t batch,
                                             const map_shape& shape) {
  activations<Scalar> result(batch, shape);
  expects(static_cast<index_t>(plain.size()) == batch * shape.size(), errc::layer_shape,
          "a batch of {} maps {} x {} x {} has {} numbers, given {}", batch, shape.channels,
          shape.height, shape.width, batch * shape.size(), plain.size());
  for (index_t n = 0; n < batch; ++n) {
    const Scalar* from = plain.data() + n * shape.size();
    for (index_t c = 0; c < shape.channels; ++c) {
      Scalar* to = result.data(n / lanes, c) + n % lanes;
      for (index_t i = 0; i < shape.pixels(); ++i) to[i * lanes] = *from++;
    }
  }
  return result;
}

/// Plain `[n][C][H][W]` numbers; the inverse of from_plain().
template <typename Scalar>
[[nodiscard]] std::vector<Scalar> to_plain(const activations<Scalar>& maps) {
  const map_shape& shape = maps.shape();
  std::vector<Scalar> plain(static_cast<std::size_t>(maps.batch() * shape.size()));
  Scalar* to = plain.data();
  for (index_t n = 0; n < maps.batch(); ++n)
    for (index_t c = 0; c < shape.channels; ++c) {
      const Scalar* from = maps.data(n / lanes, c) + n % lanes;
      for (index_t i = 0; i < shape.pixels(); ++i) *to++ = from[i * lanes];
    }
  return plain;
}

}  // namespace swprune::inline v0::nn
