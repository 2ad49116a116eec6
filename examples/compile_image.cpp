// SPDX-License-Identifier: Apache-2.0

// Compiles an integer model to an accelerator image file.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <string>

#include "option_checks.hpp"
#include "swprune/core/error.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/int8_model_file.hpp"

namespace {

namespace sp = swprune;

struct options {
  std::string model, out;
  sp::index_t images = 1;
  sp::hw::array_params array;
};

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Compiles an integer model to an accelerator image file.");
  app.add_option("model", o.model, "model file of kind int8-model")->required();
  app.add_option("out", o.out, "image file to write")->required();
  app.add_option("--images", o.images, "batch")->capture_default_str();
  const auto number = [&](const char* name, sp::index_t& value, const char* text) {
    app.add_option(name, value, text)->capture_default_str();
  };
  number("--poy", o.array.poy, "rows of the array");
  number("--pox", o.array.pox, "columns of the array");
  number("--pof", o.array.pof, "output channels at once");
  number("--chains", o.array.chains, "drain chains");
  number("--bus-bytes", o.array.bus_bytes, "bytes of a beat");
  number("--act-depth", o.array.act_depth, "words of an activation bank");
  number("--wgt-depth", o.array.wgt_depth, "words of the weight buffer");
  number("--list-depth", o.array.list_depth, "entries of the list buffer");
  number("--param-depth", o.array.param_depth, "groups of the parameter buffer");
  number("--res-depth", o.array.res_depth, "passes of the residual buffer, 0: none");
  app.add_flag("!--dense", o.array.skip, "for the dense control, without index lists");
  app.add_flag("!--no-pool", o.array.pool, "for a core without pooling");
  option_checks::parse_or_exit(app, argc, argv);
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const options o = parse(argc, argv);
  try {
    const auto model = sp::io::load_int8_model(o.model);
    const auto file = make_image_file(sp::hw::compile(model, o.array, o.images), model);
    sp::io::write_file(o.out, file.bytes);
    fmt::print("{}: {} layers, {} bytes, activations {} bytes\n", o.out, file.header.layer_count,
               file.bytes.size(), file.header.act_bytes);
  } catch (const sp::error& e) {
    fmt::print(stderr, "compile_image: {}\n", e.what());
    return 1;
  }
  return 0;
}
