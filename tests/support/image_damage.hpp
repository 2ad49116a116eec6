// SPDX-License-Identifier: Apache-2.0
#pragma once

// An image file and every way in which it can be damaged, with the error of both drivers.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "swprune/c/swprune_driver.h"
#include "swprune/core/error.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/support/example_program.hpp"

namespace swprune_test {

/// The file of docs/formats-example.md.
inline swprune::hw::image_file example_file() {
  auto model = example_model();
  model.input_scale = 0.25;
  model.output_scale = 2;
  return make_image_file(swprune::hw::compile(model, example_array, 1), model);
}

inline void put_field(std::vector<std::uint8_t>& b, swprune::hw::regs::byte_field f,
                      std::uint64_t value) {
  for (unsigned i = 0; i < f.bytes; ++i)
    b[f.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// Makes both CRCs of a file right again.
inline void seal_file(std::vector<std::uint8_t>& b) {
  namespace f = swprune::hw::regs::header;
  put_field(b, f::body_crc, swprune::hw::crc32_of(std::span(b).subspan(128)));
  put_field(b, f::crc, swprune::hw::crc32_of(std::span(b).first(124)));
}

/// One way.
struct image_damage {
  swprune::errc code;  ///< of decode_image_file()
  swp_status c;        ///< of swp_check_image(), which leaves records to the device
  std::string text;    ///< part of what decode_image_file() says
  std::function<void(std::vector<std::uint8_t>&)> change;
  bool sealed = true;  ///< the CRCs are right

  [[nodiscard]] std::vector<std::uint8_t> apply(std::vector<std::uint8_t> file) const {
    change(file);
    if (sealed) seal_file(file);
    return file;
  }
};

inline std::vector<image_damage> image_damages() {
  namespace f = swprune::hw::regs::header;
  using e = swprune::errc;
  using bytes = std::vector<std::uint8_t>;
  const auto set = [](swprune::hw::regs::byte_field field, std::uint64_t value) {
    return [=](bytes& b) { put_field(b, field, value); };
  };
  return {
      {e::image_size, SWP_IMAGE_SHORT, "the header alone", [](bytes& b) { b.resize(127); }, false},
      {e::image_size, SWP_IMAGE_SHORT, "the header alone", [](bytes& b) { b.clear(); }, false},
      {e::image_magic, SWP_IMAGE_MAGIC, "first word", set(f::magic, 0x4C505753)},
      {e::image_version, SWP_IMAGE_VERSION, "the version", set(f::version, 3)},
      {e::image_version, SWP_IMAGE_HEADER_SIZE, "the size of the header", set(f::bytes, 64)},
      {e::image_header_crc, SWP_IMAGE_HEADER_CRC, "CRC", [](bytes& b) { b[30] ^= 1; }, false},
      {e::image_size, SWP_IMAGE_CUT_OFF, "cut off", [](bytes& b) { b.pop_back(); }, false},
      {e::image_size, SWP_IMAGE_TOO_LONG, "too many", [](bytes& b) { b.push_back(0); }, false},
      {e::image_body_crc, SWP_IMAGE_BODY_CRC, "CRC", [](bytes& b) { b[200] ^= 1; }, false},
      {e::image_body_crc, SWP_IMAGE_BODY_CRC, "CRC", [](bytes& b) { b.back() ^= 128; }, false},
      {e::image_header_field, SWP_IMAGE_FLAGS, "flags", set(f::flags, 8)},
      {e::image_header_field, SWP_IMAGE_RESERVED, "reserved byte 38", [](bytes& b) { b[38] = 1; }},
      {e::image_header_field, SWP_IMAGE_RESERVED, "reserved byte 123",
       [](bytes& b) { b[123] = 1; }},
      {e::image_header_field, SWP_IMAGE_RESERVED, "reserved byte 64", [](bytes& b) { b[64] = 1; }},
      {e::image_header_field, SWP_IMAGE_RESERVED, "reserved byte 103",
       [](bytes& b) { b[103] = 1; }},
      {e::image_header_field, SWP_IMAGE_OUTPUT, "layout", set(f::output_layout, 2)},
      {e::image_header_field, SWP_IMAGE_INPUT, "sign flag", set(f::input_signed, 2)},
      {e::image_header_field, SWP_IMAGE_BYTES, "image_bytes",
       [](bytes& b) {
         b.push_back(0);
         put_field(b, f::image_bytes, b.size());
       }},
      {e::image_header_field, SWP_IMAGE_ACT_BYTES, "act_bytes", set(f::act_bytes, 100)},
      {e::image_header_field, SWP_IMAGE_ACT_BYTES, "act_bytes",
       set(f::act_bytes, std::uint64_t{1} << 41)},
      {e::image_header_field, SWP_IMAGE_LAYERS, "layer_count", set(f::layer_count, 0)},
      {e::image_header_field, SWP_IMAGE_BATCH, "images must", set(f::images, 0)},
      {e::image_header_field, SWP_IMAGE_ARRAY, "Poy", set(f::poy, 0)},
      {e::image_header_field, SWP_IMAGE_DESCRIPTORS, "desc_offset", set(f::desc_offset, 64)},
      {e::image_header_field, SWP_IMAGE_DESCRIPTORS, "desc_offset", set(f::desc_offset, 160)},
      {e::image_header_field, SWP_IMAGE_DESCRIPTORS, "desc_offset", set(f::layer_count, 65535)},
      {e::image_header_field, SWP_IMAGE_INPUT, "the input must have pixels",
       set(f::input_width, 0)},
      {e::image_header_field, SWP_IMAGE_OUTPUT, "the output must have pixels",
       set(f::output_channels, 0)},
      {e::image_header_field, SWP_IMAGE_INPUT, "at most 262140",
       set(f::input_channels, 0xFFFFFFFF)},
      {e::image_header_field, SWP_IMAGE_INPUT, "the input must have a finite scale",
       set(f::input_scale, 0x7FC00000)},
      {e::image_header_field, SWP_IMAGE_OUTPUT, "the output must have a finite scale",
       set(f::output_scale, 0)},
      {e::image_header_field, SWP_IMAGE_OUTPUT, "the output must lie at a multiple",
       set(f::output_offset, 4)},
      {e::image_header_field, SWP_IMAGE_OUTPUT, "the output must lie within",
       set(f::output_offset, ~std::uint64_t{63})},
      {e::image_header_field, SWP_IMAGE_INPUT, "the input must lie within", set(f::images, 65535)},
      {e::device_mismatch, SWP_OK, "layer 0", set(f::pof, 8)},
      {e::device_mismatch, SWP_OK, "layer 0", set(f::flags, 1)},
      {e::image_format, SWP_OK, "the descriptor of layer 0", [](bytes& b) { b[140] ^= 1; }},
      {e::image_format, SWP_OK, "step 0", [](bytes& b) { b[260] ^= 1; }},
  };
}

}  // namespace swprune_test
