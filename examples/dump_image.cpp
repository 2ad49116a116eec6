// SPDX-License-Identifier: Apache-2.0

// dump_image FILE: an image file in words, or what is wrong with it.

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <vector>

#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_file.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: dump_image FILE\n");
    return 2;
  }
  try {
    std::ifstream in(argv[1], std::ios::binary);
    if (!in) {
      fmt::print(stderr, "dump_image: cannot open {}\n", argv[1]);
      return 1;
    }
    const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    fmt::print("{}", swprune::hw::dump(swprune::hw::decode_image_file(bytes)));
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "dump_image: {}: {}\n", argv[1], e.what());
    return 1;
  }
}
