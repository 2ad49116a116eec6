// SPDX-License-Identifier: Apache-2.0
#pragma once

// Needs nlohmann_json; the umbrella does not include it.
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/json_reader.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/mask/layer_spec.hpp"

namespace swprune::inline v0::io {

/// Version of the layer list, field "version", and the most layers that it may have.
inline constexpr int layer_list_version = 1;
inline constexpr index_t most_layers = 1000;

namespace detail {

/// Two sizes, [height, width], each in [1, most].
struct height_width {
  index_t height = 1;
  index_t width = 1;
};

[[nodiscard]] inline height_width read_sizes(const json_reader& in, const std::string& name,
                                             index_t most) {
  const nlohmann::ordered_json& list = in.list(name);
  const auto good = [&](std::size_t k) {
    return list[k].is_number_unsigned() && list[k].get<std::uint64_t>() >= 1 &&
           list[k].get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
  };
  expects(list.size() == 2 && good(0) && good(1), errc::file_format,
          "'{}': {}/{} must be [height, width], two integers 1..{}, given {}", in.file(), in.path(),
          name, most, list.dump());
  return {list[0].get<index_t>(), list[1].get<index_t>()};
}

/// A name, or {"layer": name, "first_channel": n}.
[[nodiscard]] inline mask::layer_source read_source(const nlohmann::ordered_json& value,
                                                    const std::string& file,
                                                    const std::string& path) {
  if (value.is_string()) return {value.get<std::string>(), 0};
  const json_reader in(value, file, path);
  in.expect_only({"layer", "first_channel"});
  return {in.text("layer"), in.has("first_channel") ? in.count("first_channel") : 0};
}

[[nodiscard]] inline mask::layer_spec read_layer_spec(const json_reader& in) {
  in.expect_only(
      {"name", "in_channels", "out_channels", "kernel", "output", "keep_dense", "sources"});
  mask::layer_spec l;
  l.name = in.text("name");
  record_set::check_name(l.name, errc::file_format, in.file() + "': '" + in.path() + "/name");
  l.in_channels = in.count("in_channels");
  l.out_channels = in.count("out_channels");
  const height_width kernel = in.has("kernel") ? read_sizes(in, "kernel", 1024) : height_width{};
  l.kernel_height = kernel.height;
  l.kernel_width = kernel.width;
  const height_width output = in.has("output") ? read_sizes(in, "output", 65'536) : height_width{};
  l.out_pixels = output.height * output.width;
  l.keep_dense = in.has("keep_dense") && in.boolean("keep_dense");
  if (!in.has("sources")) return l;
  index_t k = 0;
  for (const auto& source : in.list("sources"))
    l.sources.push_back(
        read_source(source, in.file(), fmt::format("{}/sources/{}", in.path(), k++)));
  return l;
}

}  // namespace detail

/// The layers in the text of a layer list (docs/formats-files.md, "Layer list"). Throws
/// errc::file_format, naming file, entry and field, for what is no JSON, misses a field, has an
/// unknown one or a value of another type or range, and what mask::check() throws for the layers.
/// `file` is for the messages.
[[nodiscard]] inline std::vector<mask::layer_spec> parse_layers(std::string_view text,
                                                                const std::string& file) {
  const nlohmann::ordered_json parsed = parse_json(text, file);
  const json_reader in(parsed, file, "");
  in.expect_only({"schema", "version", "layers"});
  const std::string schema = in.text("schema");
  const index_t version = in.count("version");
  expects(schema == "swprune-layers" && version == layer_list_version, errc::file_format,
          "'{}' has schema '{}' version {}, expected 'swprune-layers' version {}", file, schema,
          version, layer_list_version);
  const nlohmann::ordered_json& list = in.list("layers");
  expects(!list.empty() && std::ssize(list) <= most_layers, errc::file_format,
          "'{}': /layers has {} entries, must have between 1 and {}", file, list.size(),
          most_layers);
  std::vector<mask::layer_spec> layers;
  for (const auto& entry : list)
    layers.push_back(detail::read_layer_spec(
        json_reader(entry, file, fmt::format("/layers/{}", layers.size()))));
  try {
    mask::check(layers);
  } catch (const error& e) {
    raise(errc::file_format, "'{}': {}", file, e.what());
  }
  return layers;
}

/// Reads a layer list; throws errc::file_open and what parse_layers() throws.
[[nodiscard]] inline std::vector<mask::layer_spec> load_layers(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return parse_layers({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

}  // namespace swprune::inline v0::io
