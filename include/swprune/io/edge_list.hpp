// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/npy.hpp"

// Graphs as lists of edges. The text form is a line that says what follows and one line "a b" per
// edge, ascending, nodes counted from 0:
//
//     # undirected graph: 4 nodes, 2 edges
//     0 1
//     1 3
//
//     # bipartite graph: 2 output nodes, 8 input nodes, 1 edges
//     1 6
//
// numpy.loadtxt, networkx.read_edgelist and others take the first line for a comment. The .npy form
// is int32 [edges x 2] with the same rows; it does not hold the number of nodes, so its reader asks
// for it.

namespace swprune::inline v0::io {

/// Most nodes of a side that a text file may claim: the rest of a file says nothing about them, and
/// each costs eight bytes of memory.
inline constexpr index_t most_listed_nodes = 100'000'000;

/// Writes a graph as text, atomically. Throws errc::file_write.
SWPRUNE_FUNCTION void save_edge_list(const std::filesystem::path& path, const graph::undirected& g);

/// The same for a bipartite graph: lines "output node, input node".
SWPRUNE_FUNCTION void save_edge_list(const std::filesystem::path& path, const graph::bipartite& g);

/// Reads what save_edge_list() writes; edges may stand in any order and either way round. Throws
/// errc::file_open, errc::file_truncated, and errc::file_format, naming the line, for anything that
/// is no such list of a simple graph with at most most_listed_nodes nodes.
[[nodiscard]] SWPRUNE_FUNCTION graph::undirected load_edge_list(const std::filesystem::path& path);

/// The same for a bipartite graph.
[[nodiscard]] SWPRUNE_FUNCTION graph::bipartite load_bipartite_edge_list(
    const std::filesystem::path& path);

/// Writes the edges as .npy, int32 [edges x 2], a < b, ascending; atomically. Throws
/// errc::file_write.
SWPRUNE_FUNCTION void save_edge_array(const std::filesystem::path& path,
                                      const graph::undirected& g);

/// The same for a bipartite graph: rows of output node and input node.
SWPRUNE_FUNCTION void save_edge_array(const std::filesystem::path& path, const graph::bipartite& g);

/// Reads edges from .npy into a graph of `nodes` nodes. Throws graph_nodes for a number of nodes
/// outside [1, 2^31 - 1], errc::file_open, what decode_npy() throws, and errc::file_format unless
/// the array is int32 [edges x 2] and lists the edges of a simple graph of that size.
[[nodiscard]] SWPRUNE_FUNCTION graph::undirected load_edge_array(const std::filesystem::path& path,
                                                                 index_t nodes);

/// The same for a bipartite graph of out_nodes x in_nodes.
[[nodiscard]] SWPRUNE_FUNCTION graph::bipartite load_bipartite_edge_array(
    const std::filesystem::path& path, index_t out_nodes, index_t in_nodes);

#if SWPRUNE_BODIES

namespace detail {

inline constexpr std::string_view undirected_words[] = {"# undirected graph: ", " nodes, ",
                                                        " edges"};
inline constexpr std::string_view bipartite_words[] = {"# bipartite graph: ", " output nodes, ",
                                                       " input nodes, ", " edges"};

/// Appends words[0] numbers[0] words[1] numbers[1] ... and a line's end.
inline void append_line(std::string& text, std::span<const std::string_view> words,
                        std::span<const index_t> numbers) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += words[i];
    if (i == numbers.size()) break;
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), numbers[i]).ptr;
    text.append(digits.data(), end);
  }
  text += '\n';
}

/// Reads lines of fixed words with numbers in between; errors name file and line.
class edge_list_reader {
 public:
  edge_list_reader(std::string_view text, std::string where)
      : text_(text), where_(std::move(where)) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] index_t line() const { return line_; }
  [[nodiscard]] const std::string& where() const { return where_; }

  /// One number between neighbouring words.
  template <std::size_t Words>
  [[nodiscard]] std::array<index_t, Words - 1> read_line(const std::string_view (&words)[Words]) {
    std::array<index_t, Words - 1> numbers{};
    for (std::size_t i = 0; i < Words; ++i) {
      take(words[i]);
      if (i + 1 < Words) numbers[i] = number();
    }
    take("\n");
    ++line_;
    return numbers;
  }

  [[noreturn]] void fail(errc code, std::string_view expected) const {
    raise(code, "'{}' line {}: expected {}", where_, line_, expected);
  }

 private:
  void take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
      fail(errc::file_format, word == "\n" ? "the end of the line" : fmt::format("'{}'", word));
    at_ += word.size();
  }
  [[nodiscard]] index_t number() {
    index_t value = 0;
    const char* first = text_.data() + at_;
    const auto [end, problem] = std::from_chars(first, text_.data() + text_.size(), value);
    if (problem != std::errc{} || value < 0) fail(errc::file_format, "a number >= 0 below 2^63");
    at_ += static_cast<std::size_t>(end - first);
    return value;
  }

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
  index_t line_ = 1;
};

[[nodiscard]] inline index_t listed_nodes(const edge_list_reader& in, index_t nodes) {
  expects(nodes >= 1 && nodes <= most_listed_nodes, errc::file_format,
          "'{}' line 1: the number of nodes of a side must lie in [1, {}], given {}", in.where(),
          most_listed_nodes, nodes);
  return nodes;
}

/// The `count` lines "a b" that follow, a below most_a and b below most_b, and nothing else.
[[nodiscard]] inline std::vector<graph::edge> read_edges(edge_list_reader& in, index_t count,
                                                         index_t most_a, index_t most_b) {
  static constexpr std::string_view words[] = {"", " ", ""};
  std::vector<graph::edge> edges;  // not reserved: the first line may claim anything
  for (index_t e = 0; e < count; ++e) {
    if (in.at_end())
      in.fail(errc::file_truncated, fmt::format("{} more of {} edges", count - e, count));
    const index_t line = in.line();
    const auto [a, b] = in.read_line(words);
    expects(a < most_a && b < most_b, errc::file_format,
            "'{}' line {}: edge {} {} has an end outside [0, {}] x [0, {}]", in.where(), line, a, b,
            most_a - 1, most_b - 1);
    edges.push_back({static_cast<graph::node_t>(a), static_cast<graph::node_t>(b)});
  }
  if (!in.at_end()) in.fail(errc::file_format, fmt::format("the end after {} edges", count));
  return edges;
}

[[nodiscard]] inline graph::bipartite bipartite_of(index_t out_nodes, index_t in_nodes,
                                                   std::span<const graph::edge> edges) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(out_nodes));
  for (const graph::edge& e : edges) rows[static_cast<std::size_t>(e.a)].push_back(e.b);
  return graph::bipartite(in_nodes, rows);
}

/// make(), with the file's name before what it says is wrong with the graph.
template <typename Make>
[[nodiscard]] auto graph_in_file(const std::string& where, const Make& make) {
  try {
    return make();
  } catch (const invalid_argument& e) {
    raise(errc::file_format, "'{}': {}", where, e.what());
  }
}

[[nodiscard]] inline std::vector<graph::edge> edges_of(const graph::bipartite& g) {
  std::vector<graph::edge> edges;
  edges.reserve(static_cast<std::size_t>(g.edges()));
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const graph::node_t i : g.row(j)) edges.push_back({static_cast<graph::node_t>(j), i});
  return edges;
}

inline void append_edges(std::string& text, std::span<const graph::edge> edges) {
  static constexpr std::string_view words[] = {"", " ", ""};
  for (const graph::edge& e : edges) append_line(text, words, std::array<index_t, 2>{e.a, e.b});
}

[[nodiscard]] inline array array_of(std::span<const graph::edge> edges) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(2 * edges.size());
  for (const graph::edge& e : edges) {
    numbers.push_back(e.a);
    numbers.push_back(e.b);
  }
  return array::of<std::int32_t>({static_cast<index_t>(edges.size()), 2}, numbers);
}

/// Edges of an int32 [edges x 2] array, a below most_a and b below most_b.
[[nodiscard]] inline std::vector<graph::edge> array_edges(const array& a, const std::string& where,
                                                          index_t most_a, index_t most_b) {
  expects(a.type() == number_type::int32 && a.shape().size() == 2 && a.shape()[1] == 2,
          errc::file_format, "'{}': expected edges as int32 [edges x 2], found {} {}", where,
          info_of(a.type()).name, shape_text(a.shape()));
  const auto numbers = a.numbers<std::int32_t>();
  std::vector<graph::edge> edges(numbers.size() / 2);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    edges[e] = {numbers[2 * e], numbers[2 * e + 1]};
    expects(edges[e].a >= 0 && edges[e].a < most_a && edges[e].b >= 0 && edges[e].b < most_b,
            errc::file_format, "'{}' row {}: edge {} {} has an end outside [0, {}] x [0, {}]",
            where, e, edges[e].a, edges[e].b, most_a - 1, most_b - 1);
  }
  return edges;
}

}  // namespace detail

SWPRUNE_FUNCTION void save_edge_list(const std::filesystem::path& path,
                                     const graph::undirected& g) {
  std::string text;
  detail::append_line(text, detail::undirected_words, std::array{g.nodes(), g.edges()});
  detail::append_edges(text, g.edge_list());
  write_file(path, text);
}

SWPRUNE_FUNCTION void save_edge_list(const std::filesystem::path& path, const graph::bipartite& g) {
  std::string text;
  detail::append_line(text, detail::bipartite_words,
                      std::array{g.out_nodes(), g.in_nodes(), g.edges()});
  detail::append_edges(text, detail::edges_of(g));
  write_file(path, text);
}

SWPRUNE_FUNCTION graph::undirected load_edge_list(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  detail::edge_list_reader in({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                              path.string());
  const auto [nodes, count] = in.read_line(detail::undirected_words);
  const index_t n = detail::listed_nodes(in, nodes);
  const auto edges = detail::read_edges(in, count, n, n);
  return detail::graph_in_file(in.where(), [&] { return graph::undirected(n, edges); });
}

SWPRUNE_FUNCTION graph::bipartite load_bipartite_edge_list(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  detail::edge_list_reader in({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                              path.string());
  const auto [outputs, inputs, count] = in.read_line(detail::bipartite_words);
  const index_t out = detail::listed_nodes(in, outputs);
  const index_t wide = detail::listed_nodes(in, inputs);
  const auto edges = detail::read_edges(in, count, out, wide);
  return detail::graph_in_file(in.where(), [&] { return detail::bipartite_of(out, wide, edges); });
}

SWPRUNE_FUNCTION void save_edge_array(const std::filesystem::path& path,
                                      const graph::undirected& g) {
  save_npy(path, detail::array_of(g.edge_list()));
}

SWPRUNE_FUNCTION void save_edge_array(const std::filesystem::path& path,
                                      const graph::bipartite& g) {
  save_npy(path, detail::array_of(detail::edges_of(g)));
}

SWPRUNE_FUNCTION graph::undirected load_edge_array(const std::filesystem::path& path,
                                                   index_t nodes) {
  graph::check_node_count(nodes, "the number of nodes");
  const auto edges = detail::array_edges(load_npy(path), path.string(), nodes, nodes);
  return detail::graph_in_file(path.string(), [&] { return graph::undirected(nodes, edges); });
}

SWPRUNE_FUNCTION graph::bipartite load_bipartite_edge_array(const std::filesystem::path& path,
                                                            index_t out_nodes, index_t in_nodes) {
  graph::check_node_count(out_nodes, "the number of output nodes");
  graph::check_node_count(in_nodes, "the number of input nodes");
  const auto edges = detail::array_edges(load_npy(path), path.string(), out_nodes, in_nodes);
  return detail::graph_in_file(path.string(),
                               [&] { return detail::bipartite_of(out_nodes, in_nodes, edges); });
}

#endif

}  // namespace swprune::inline v0::io
