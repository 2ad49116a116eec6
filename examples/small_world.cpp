// SPDX-License-Identifier: Apache-2.0

// Small-world masks of a whole network before training: the table per layer, the masks as a NumPy
// archive, pictures, and the table as JSON.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "option_checks.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/layer_list_file.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/mask/dense_layers.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/report/mask_page.hpp"
#include "swprune/report/mask_table.hpp"
#include "swprune/report/mask_table_json.hpp"
#include "swprune_git_revision.hpp"

namespace small_world {
namespace sp = swprune;
namespace {

using option_checks::library_check;
using option_checks::sizes_check;
using option_checks::sizes_of;

struct options {
  std::string model;
  std::string layers;
  std::string image;
  sp::index_t classes = 10;
  double width = 1.0;
  double sparsity = 0.76;
  std::string allocation = "uniform";
  double by_macs = 0.0;
  std::vector<std::string> densities;
  std::string block = "8x4";
  std::string kind = "small_world";
  double beta = 0.1;
  std::string ring_order = "interleaved";
  std::string mode = "exact";
  sp::index_t cluster_size = 1;
  sp::index_t inner_degree = 0;
  double tap_density = 1.0;
  bool allow_uncovered = false;
  sp::index_t mixing_tries = 0;
  sp::index_t stages = 0;
  std::string ramp = "cubic";
  std::uint64_t seed = 1;
  std::string out = "out";
  bool json = false;
};

/// What the options ask for, in the library's words.
struct job {
  std::string network;
  sp::map_shape image;  ///< of a model
  std::vector<sp::mask::layer_spec> layers;
  sp::mask::mask_params masks;
};

/// "NAME=0.3".
std::pair<std::string, double> named_density(const std::string& text) {
  const std::size_t at = text.rfind('=');
  double density = 0;
  const char* const end = text.data() + text.size();
  const auto result = at == std::string::npos
                          ? std::from_chars_result{end, std::errc::invalid_argument}
                          : std::from_chars(text.data() + at + 1, end, density);
  sp::expects(at != std::string::npos && at > 0 && result.ec == std::errc() && result.ptr == end &&
                  density > 0 && density <= 1,
              sp::errc::argument_out_of_range,
              "a density by hand is NAME=D with D in (0, 1], given '{}'", text);
  return {text.substr(0, at), density};
}

/// The densities given by hand; of a layer named twice only one.
std::map<std::string, double> by_hand(const options& o) {
  std::map<std::string, double> densities;
  for (const std::string& text : o.densities) densities.insert(named_density(text));
  return densities;
}

void add_network_options(CLI::App& app, options& o) {
  auto* model = app.add_option("--model", o.model, "network")
                    ->check(CLI::IsMember(std::vector<std::string>(sp::nn::model_names.begin(),
                                                                   sp::nn::model_names.end())));
  auto* layers = app.add_option("--layers", o.layers,
                                "JSON file with the layers of another network, instead of --model")
                     ->excludes(model);
  model->excludes(layers);
  app.add_option("--image", o.image,
                 "image of the model (default 1x28x28 for lenet5, 3x32x32 for the others)")
      ->check(sizes_check(3, 65'536, "CxHxW"))
      ->excludes(layers);
  app.add_option("--classes", o.classes, "classes of the model")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str()
      ->excludes(layers);
  app.add_option("--width", o.width, "factor on the channels of the model")
      ->check(CLI::Range(1.0 / 64, 64.0))
      ->capture_default_str()
      ->excludes(layers);
}

void add_density_options(CLI::App& app, options& o) {
  app.add_option("--sparsity", o.sparsity, "share of all weights to remove")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  auto* allocation =
      app.add_option("--allocation", o.allocation,
                     "how the layers share it: uniform, erk, or a number in [0, 1] between them")
          ->check(library_check(
              [](const std::string& t) { return sp::mask::parse_density_rule(t); }, "RULE"))
          ->capture_default_str();
  auto* macs = app.add_option("--by-macs", o.by_macs,
                              "instead: the rule nearest to erk with at least this MAC ratio")
                   ->check(CLI::Range(1.0, 1048576.0))
                   ->excludes(allocation);
  app.add_option("--density", o.densities, "instead: densities by hand, NAME=D, for some layers")
      ->check(library_check([](const std::string& t) { return named_density(t); }, "NAME=D"))
      ->excludes(allocation)
      ->excludes(macs);
  app.add_option("--mode", o.mode, "strict: all rows of a layer equal; exact: d or d + 1 blocks")
      ->check(CLI::IsMember({"strict", "exact"}))
      ->capture_default_str();
  app.add_flag("--allow-uncovered", o.allow_uncovered,
               "permit densities at which some input groups are not used");
}

void add_mask_options(CLI::App& app, options& o) {
  std::vector<std::string> kinds;
  for (const sp::mask::mask_kind k : sp::mask::mask_kinds) kinds.emplace_back(to_string(k));
  app.add_option("--block", o.block, "output x input channels of a block")
      ->check(sizes_check(2, 1024, "BOxBI"))
      ->capture_default_str();
  app.add_option("--kind", o.kind, "what the blocks are drawn from")
      ->check(CLI::IsMember(kinds))
      ->capture_default_str();
  app.add_option("--beta", o.beta, "share of the graph's edges to rewire")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--ring-order", o.ring_order, "where input groups stand on the ring")
      ->check(CLI::IsMember({"interleaved", "aligned"}))
      ->capture_default_str();
  app.add_option("--cluster-size", o.cluster_size, "blocks along the side of a cluster")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--inner-degree", o.inner_degree,
                 "blocks of a row inside a live cluster; 0: half of them")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--tap-density", o.tap_density, "share of the kernel positions a block keeps")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  app.add_option("--mixing-tries", o.mixing_tries,
                 "draw again until every output reaches every input, at most so often")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--stages", o.stages, "also write the nested masks of that many earlier stages")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--ramp", o.ramp, "how the sparsity rises over the stages")
      ->check(CLI::IsMember({"cubic", "linear"}))
      ->capture_default_str();
}

/// Parses the command line; bad options leave the program with exit code 2.
options parse(int argc, char** argv) {
  options o;
  CLI::App app("Makes the small-world masks of a network: table, mask file, pictures.");
  add_network_options(app, o);
  add_density_options(app, o);
  add_mask_options(app, o);
  app.add_option("--seed", o.seed, "seed of everything random")->capture_default_str();
  app.add_option("--out", o.out, "directory of the files")->capture_default_str();
  app.add_flag("--json", o.json, "print table.json instead of the table");
  option_checks::parse_or_exit(app, argc, argv, [&] {
    if (o.model.empty() && o.layers.empty())
      throw CLI::RequiredError(
          "give --model NAME (see --help) or --layers "
          "FILE.json: one of them");
    if (by_hand(o).size() < o.densities.size())
      throw CLI::ValidationError("--density",
                                 "names a layer twice: " + CLI::detail::join(o.densities));
    if (o.inner_degree > o.cluster_size)
      throw CLI::ValidationError("--inner-degree",
                                 fmt::format("must lie in [0, {}], the --cluster-size, given {}",
                                             o.cluster_size, o.inner_degree));
  });
  return o;
}

sp::mask::density_rule rule_of(const options& o) {
  if (o.by_macs > 0) return sp::mask::density_rule::by_macs(o.by_macs);
  if (o.densities.empty()) return sp::mask::parse_density_rule(o.allocation);
  return sp::mask::density_rule::by_hand(by_hand(o));
}

/// Of the model, by default that of the data it is known for.
sp::map_shape image_of(const options& o) {
  if (o.image.empty())
    return o.model == "lenet5" ? sp::map_shape{1, 28, 28} : sp::map_shape{3, 32, 32};
  const auto sizes = sizes_of(o.image, 3, 65'536);
  return {sizes[0], sizes[1], sizes[2]};
}

/// A grid beyond this is a slip of the pen, and would end in an exhausted memory.
void check_sizes(const std::vector<sp::mask::layer_spec>& layers,
                 const sp::mask::block_shape& block) {
  constexpr sp::index_t most_blocks = sp::index_t{1} << 24;
  sp::index_t blocks = 0;
  for (const auto& l : layers) {
    blocks +=
        sp::ceil_div(l.out_channels, block.outputs) * sp::ceil_div(l.in_channels, block.inputs);
    sp::expects(blocks <= most_blocks, sp::errc::argument_out_of_range,
                "up to layer '{}' the masks have {} blocks of {}x{}, at most {} are made; take "
                "larger blocks (--block) or a narrower network",
                l.name, blocks, block.outputs, block.inputs, most_blocks);
  }
}

job job_of(const options& o) {
  job j;
  j.network = o.model.empty() ? std::filesystem::path(o.layers).stem().string() : o.model;
  j.image = image_of(o);
  j.layers = o.model.empty()
                 ? sp::io::load_layers(o.layers)
                 : sp::nn::layers_by_name(
                       o.model, {.image = j.image, .classes = o.classes, .width = o.width});
  const auto block = sizes_of(o.block, 2, 1024);
  using sp::mask::degree_mode;
  using sp::mask::ring_order;
  j.masks = {.sparsity = o.sparsity,
             .block = {block[0], block[1]},
             .mode = o.mode == "strict" ? degree_mode::strict : degree_mode::exact,
             .kind = sp::mask::parse_mask_kind(o.kind),
             .beta = o.beta,
             .order = o.ring_order == "aligned" ? ring_order::aligned : ring_order::interleaved,
             .cluster_size = o.cluster_size,
             .allow_uncovered = o.allow_uncovered,
             .rule = rule_of(o),
             .tap_density = o.tap_density,
             .inner_degree = o.inner_degree,
             .mixing_tries = o.mixing_tries};
  const bool blocks = j.masks.kind != sp::mask::mask_kind::unstructured;
  check_sizes(j.layers, blocks ? j.masks.block : sp::mask::block_shape{1, 1});
  return j;
}

std::string describe(const options& o, const job& j) {
  std::string text = fmt::format(
      "{}: {} layers, sparsity {}, allocation {} ({}), {} blocks of {}, beta {}, ring order {}, "
      "seed {}",
      j.network, j.layers.size(), o.sparsity, to_string(j.masks.rule), o.mode, o.kind, o.block,
      o.beta, o.ring_order, o.seed);
  if (o.cluster_size > 1) text += fmt::format(", clusters of {0}x{0} blocks", o.cluster_size);
  if (o.tap_density < 1) text += fmt::format(", tap density {}", o.tap_density);
  return text;
}

nlohmann::ordered_json options_json(const options& o, const job& j) {
  nlohmann::ordered_json n = {{"sparsity", o.sparsity},
                              {"allocation", to_string(j.masks.rule)},
                              {"mode", o.mode},
                              {"block", {j.masks.block.outputs, j.masks.block.inputs}},
                              {"kind", o.kind},
                              {"beta", o.beta},
                              {"ring_order", o.ring_order},
                              {"cluster_size", o.cluster_size},
                              {"inner_degree", o.inner_degree},
                              {"tap_density", o.tap_density},
                              {"allow_uncovered", o.allow_uncovered},
                              {"mixing_tries", o.mixing_tries},
                              {"stages", o.stages},
                              {"ramp", o.ramp}};
  if (!j.masks.rule.densities().empty()) n["densities"] = j.masks.rule.densities();
  if (o.model.empty()) return n;
  n["image"] = {j.image.channels, j.image.height, j.image.width};
  n["classes"] = o.classes;
  n["width"] = o.width;
  return n;
}

/// A file's name and its whole content.
using files = std::vector<std::pair<std::string, std::string>>;

std::string npz_of(const sp::mask::mask_set& masks) {
  const auto bytes = sp::io::encode_npz(sp::io::mask_records(masks));
  return {bytes.begin(), bytes.end()};
}

/// masks.npz and, if asked for, the stages before it.
void add_mask_files(const options& o, const job& j, const sp::mask::mask_set& prunable, files& f) {
  f.emplace_back("masks.npz", npz_of(prunable));
  if (o.stages == 0) return;
  const auto stages = sp::mask::make_stages(
      prunable,
      {.stages = o.stages,
       .ramp = o.ramp == "linear" ? sp::mask::ramp_kind::linear : sp::mask::ramp_kind::cubic,
       .ring = j.masks.order});
  sp::mask::check_nested(stages);
  for (std::size_t k = 0; k + 1 < stages.size(); ++k)
    f.emplace_back(fmt::format("masks-stage{}.npz", k), npz_of(stages[k]));
}

std::string picture_of(const options& o, const job& j, const sp::mask::mask_set& masks,
                       const sp::report::mask_table& table) {
  return sp::report::mask_page(
      masks, j.layers,
      {.title = fmt::format("{}: {:.2f} % of the weights pruned, {:.2f}x fewer MACs", j.network,
                            100 * table.sparsity(), table.mac_ratio()),
       .notes = {describe(o, j)},
       .order = j.masks.order,
       .cluster_size = j.masks.cluster_size});
}

nlohmann::ordered_json document_of(const options& o, const job& j,
                                   const sp::report::mask_table& table, const files& made) {
  const auto build = sp::build_info();
  nlohmann::ordered_json d = {
      {"schema", "swprune-masks"},
      {"version", sp::report::mask_table_version},
      {"network", j.network},
      {"seed", o.seed},
      {"build", {{"compiler", build.compiler}, {"isa", build.isa}, {"git", SWPRUNE_GIT_REVISION}}},
      {"options", options_json(o, j)}};
  d.update(sp::report::mask_table_json(table));
  d["files"] = nlohmann::ordered_json::array();
  for (const auto& [name, content] : made) d["files"].push_back(name);
  return d;
}

/// Everything was computed before: only the disk can fail here. table.json comes last.
void write(const options& o, const files& made) {
  const std::filesystem::path dir = o.out;
  std::error_code failure;
  std::filesystem::create_directories(dir, failure);
  sp::expects(std::filesystem::is_directory(dir), sp::errc::file_write,
              "'{}' is no directory and cannot be made one{}{}; give another --out", o.out,
              failure ? ": " : "", failure ? failure.message() : "");
  for (const auto& [name, content] : made) sp::io::write_file(dir / name, content);
}

int run(const options& o) {
  const job j = job_of(o);
  const sp::rng root(o.seed);
  const auto masks = sp::mask::make_masks(j.layers, j.masks, root);
  const auto prunable = sp::mask::prunable_masks(masks, j.layers);
  const auto table = sp::report::measure_masks(
      masks, j.layers,
      {.order = j.masks.order, .graphs = j.masks.kind != sp::mask::mask_kind::unstructured}, root);
  files made;
  add_mask_files(o, j, prunable, made);
  made.emplace_back("masks.svg", picture_of(o, j, masks, table));
  const std::string document = document_of(o, j, table, made).dump(2) + "\n";
  made.emplace_back("table.json", document);
  if (!o.json) {
    std::cout << sp::build_info().to_string() << '\n' << describe(o, j) << "\n\n";
    std::cout << sp::report::to_text(table) << std::flush;
  }
  write(o, made);
  if (o.json) {
    std::cout << document << std::flush;
  } else {
    for (std::size_t k = 0; k < made.size(); ++k)
      std::cout << (k == 0 ? "wrote " : ", ") << o.out << '/' << made[k].first;
    std::cout << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace small_world

int main(int argc, char** argv) {
  const auto options = small_world::parse(argc, argv);
  try {
    return small_world::run(options);
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "small_world: " << error.what() << '\n';
  }
  return 1;
}
