// SPDX-License-Identifier: Apache-2.0

// Prints an image file for people: in words, or byte by byte with names. A file that is not valid
// is refused with the first rule that it breaks.

#include <fmt/core.h>

#include <string_view>

#include "swprune/core/error.hpp"
#include "swprune/hw/image_bytes_dump.hpp"
#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/io/file.hpp"

namespace {

constexpr const char* usage =
    "usage: dump_image [--bytes] FILE\n"
    "Prints an accelerator image in words, with --bytes every byte and its name.\n";

}  // namespace

int main(int argc, char** argv) {
  const bool by_bytes = argc == 3 && std::string_view(argv[1]) == "--bytes";
  if (argc != 2 && !by_bytes) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  try {
    const auto file = swprune::hw::decode_image_file(swprune::io::read_file(argv[argc - 1]));
    fmt::print("{}", by_bytes ? dump_bytes(file) : dump(file));
  } catch (const swprune::error& e) {
    fmt::print(stderr, "dump_image: {}\n", e.what());
    return 1;
  }
  return 0;
}
