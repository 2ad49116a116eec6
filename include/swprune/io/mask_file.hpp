// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/mask/mask_set.hpp"

namespace swprune::inline v0::io {

/// The records of a mask file, four a layer in layer order: NAME uint8 [Go x Gi], NAME.block int64
/// {Bo, Bi}, NAME.shape int64 {out, in, kh, kw}, NAME.taps uint8: [kh * kw] ones if every live
/// block keeps all taps, else the table [Go * Gi * kh * kw], rows first, zeros for absent blocks.
/// Throws errc::argument_out_of_range when a layer's name ends in .block, .shape or .taps.
[[nodiscard]] SWPRUNE_FUNCTION record_set mask_records(const mask::mask_set& masks);

/// The masks in `records`, in the order of their NAME records. Throws errc::file_mismatch or
/// errc::mask_shape naming the layer and what does not fit: an absent record, another type or
/// length, a grid that is not ceil(out / Bo) x ceil(in / Bi), a byte other than 0 and 1, a live
/// block without taps, an absent one with taps. A full table of taps that lacks none is taken for
/// the short form, so that equal masks compare equal.
[[nodiscard]] SWPRUNE_FUNCTION mask::mask_set masks_from_records(const record_set& records);

#if SWPRUNE_BODIES

namespace detail {

inline constexpr std::string_view mask_suffixes[] = {".block", ".shape", ".taps"};

[[nodiscard]] inline bool has_mask_suffix(std::string_view name) {
  return std::any_of(std::begin(mask_suffixes), std::end(mask_suffixes),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// Whether the taps of a layer come as the table [Go][Gi][kh * kw]; else every byte is 1 and there
/// is one per tap. Both where a layer has one block only and keeps it whole: then false.
[[nodiscard]] inline bool is_tap_table(const std::vector<std::uint8_t>& bytes,
                                       const mask::layer_mask& m, const std::string& file) {
  const auto size = static_cast<index_t>(bytes.size());
  const index_t blocks = m.out_groups() * m.in_groups();
  // Divided, not multiplied: a hostile kernel size must not overflow.
  const bool table = size % m.taps() == 0 && size / m.taps() == blocks;
  expects(size == m.taps() || table, errc::file_mismatch,
          "'{}', layer '{}': the taps have {} bytes, expected {} ones (every live block keeps all "
          "taps) or {} x {} x {} bytes [Go][Gi][kh * kw]",
          file, m.name, size, m.taps(), m.out_groups(), m.in_groups(), m.taps());
  for (index_t t = 0; t < size; ++t)
    expects(bytes[static_cast<std::size_t>(t)] <= 1, errc::file_mismatch,
            "'{}', layer '{}': tap byte {} is {}, must be 0 or 1", file, m.name, t,
            int{bytes[static_cast<std::size_t>(t)]});
  const bool ones = std::all_of(bytes.begin(), bytes.end(), [](int t) { return t == 1; });
  if (size == m.taps() && ones) return false;
  expects(table, errc::file_mismatch,
          "'{}', layer '{}': a tap is absent, but there are only {} bytes; taps that differ need "
          "{} x {} x {} bytes [Go][Gi][kh * kw]",
          file, m.name, size, m.out_groups(), m.in_groups(), m.taps());
  return true;
}

/// The taps of a layer whose blocks are known. A table in which every live block keeps all taps
/// becomes the default tap mask.
[[nodiscard]] inline mask::tap_mask read_taps(const record_set& records,
                                              const mask::layer_mask& m) {
  const auto bytes = records.vector<std::uint8_t>(m.name + ".taps");
  if (!is_tap_table(bytes, m, records.origin())) return {};
  mask::tap_mask taps(m.out_groups(), m.in_groups(), m.taps());
  bool keeps_all = true;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) {
      const index_t first = (j * m.in_groups() + i) * m.taps();
      for (index_t t = 0; t < m.taps(); ++t)
        taps.set(j, i, t, bytes[static_cast<std::size_t>(first + t)] == 1);
      const index_t kept = taps.count(j, i);
      const bool lives = m.blocks.test(j, i);
      expects(lives == (kept > 0), errc::file_mismatch,
              "'{}', layer '{}': block ({}, {}) is {} but keeps {} taps", records.origin(), m.name,
              j, i, lives ? "present" : "absent", kept);
      keeps_all = keeps_all && (!lives || kept == m.taps());
    }
  return keeps_all ? mask::tap_mask() : taps;
}

/// What the record NAME.taps of a layer holds.
[[nodiscard]] inline array taps_record(const mask::layer_mask& m) {
  if (!m.kept_taps.keeps_all()) return array::of(m.kept_taps.bytes());
  return array::of(std::vector<std::uint8_t>(static_cast<std::size_t>(m.taps()), 1));
}

/// The four records of one layer, or an error that names the layer.
[[nodiscard]] inline mask::layer_mask read_layer_mask(const record_set& records,
                                                      const std::string& name) {
  const std::string& file = records.origin();
  const auto grid = records.at(name);
  expects(grid.type() == number_type::uint8 && grid.shape().size() == 2 && grid.count() >= 1,
          errc::file_mismatch, "'{}', layer '{}': the mask is {} {}, expected uint8 [Go x Gi]",
          file, name, info_of(grid.type()).name, shape_text(grid.shape()));
  const auto block = records.vector<std::int64_t>(name + ".block", 2);
  const auto shape = records.vector<std::int64_t>(name + ".shape", 4);
  for (const index_t n : {block[0], block[1], shape[0], shape[1], shape[2], shape[3]})
    expects(n >= 1 && n <= 1'000'000, errc::file_mismatch,
            "'{}', layer '{}': sizes of block and shape must lie in 1..1,000,000, given {}", file,
            name, n);
  mask::layer_mask m{.name = name,
                     .block = {block[0], block[1]},
                     .out_channels = shape[0],
                     .in_channels = shape[1],
                     .kernel_height = shape[2],
                     .kernel_width = shape[3],
                     .blocks = mask::block_mask(grid.shape()[0], grid.shape()[1])};
  mask::check(m);
  for (index_t i = 0; i < grid.count(); ++i) {
    const int bit = grid.bytes()[static_cast<std::size_t>(i)];
    const index_t row = i / m.in_groups();
    const index_t column = i % m.in_groups();
    expects(bit <= 1, errc::file_mismatch, "'{}', layer '{}': block ({}, {}) is {}, must be 0 or 1",
            file, name, row, column, bit);
    m.blocks.set(row, column, bit == 1);
  }
  m.kept_taps = read_taps(records, m);
  return m;
}

}  // namespace detail

SWPRUNE_FUNCTION record_set mask_records(const mask::mask_set& masks) {
  record_set records;
  for (const mask::layer_mask& m : masks) {
    expects(!detail::has_mask_suffix(m.name), errc::argument_out_of_range,
            "layer '{}': the name of a masked layer must not end in .block, .shape or .taps",
            m.name);
    records.add(m.name, array::of<std::uint8_t>({m.blocks.out_groups(), m.blocks.in_groups()},
                                                m.blocks.bytes()));
    records.add(m.name + ".block",
                array::of(std::vector<std::int64_t>{m.block.outputs, m.block.inputs}));
    records.add(m.name + ".shape",
                array::of(std::vector<std::int64_t>{m.out_channels, m.in_channels, m.kernel_height,
                                                    m.kernel_width}));
    records.add(m.name + ".taps", detail::taps_record(m));
  }
  return records;
}

SWPRUNE_FUNCTION mask::mask_set masks_from_records(const record_set& records) {
  std::vector<mask::layer_mask> layers;
  for (const record& r : records.records())
    if (!detail::has_mask_suffix(r.name))
      layers.push_back(detail::read_layer_mask(records, r.name));
  expects(
      records.records().size() == 4 * layers.size(), errc::file_mismatch,
      "'{}' has {} records for {} layers, expected four a layer: the mask, .block, .shape, .taps",
      records.origin(), records.records().size(), layers.size());
  return mask::mask_set(std::move(layers));
}

#endif

/// Writes the masks of a network as .npz (docs/formats-files.md, "Mask file"), atomically; NumPy
/// reads it.
inline void save_masks(const std::filesystem::path& path, const mask::mask_set& masks) {
  save_npz(path, mask_records(masks));
}

/// Reads a mask file, also one that numpy.savez or numpy.savez_compressed wrote. Throws what
/// load_npz() and masks_from_records() throw.
[[nodiscard]] inline mask::mask_set load_masks(const std::filesystem::path& path) {
  return masks_from_records(load_npz(path));
}

}  // namespace swprune::inline v0::io
