// SPDX-License-Identifier: Apache-2.0

// Graph generation and metrics against igraph and Boost, one thread, sides alternating, CPU time
// (other programs may run beside this one). What is and what is not the same on both sides:
// - Watts-Strogatz: same n, k and p. Ours is the 1998 procedure, always simple. igraph moves more
//   edges than p says (its clustering is that of 1 - (1 - p)^2, as if either end could move), and
//   Boost does not look for double edges. igraph and ours end in sorted adjacency; Boost in an
//   adjacency_list of vectors, its type for an undirected graph. The row boost_csr is the fastest
//   way to compressed rows with Boost: a list of the edges in both directions that is counted into
//   place, rows unsorted.
// - Clustering and paths: both sides measure the same graph, ours, and must agree. For paths igraph
//   computes the closeness of the same sources, quicker than its distances(), which writes a table.
// igraph is called from Python: only its C function is timed. Each side has a process of its own.

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/measure.hpp"
#include "benchmarks/processes.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/io/edge_list.hpp"
#include "swprune/io/file.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/slot_schedule.hpp"
#include "swprune/nn/layer_lists.hpp"

#if __has_include(<boost/graph/small_world_generator.hpp>)
#define SWPRUNE_BENCH_BOOST 1
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/small_world_generator.hpp>
#include <boost/random/linear_congruential.hpp>
#include <boost/version.hpp>
#else
#define SWPRUNE_BENCH_BOOST 0
#endif

namespace {

namespace sp = swprune;
namespace graph = swprune::graph;
using sp::index_t;
using namespace swprune_bench;

/// Size and rewiring of a Watts-Strogatz graph.
struct ring {
  index_t nodes;
  index_t degree;
  double rewire;
};

graph::undirected draw(const ring& r, std::uint64_t seed) {
  sp::rng random(seed);
  return graph::ws_classic({.nodes = r.nodes, .degree = r.degree, .rewire = r.rewire}, random);
}

// --- igraph ----------------------------------------------------------------------------------

constexpr const char* igraph_side = R"python(
import sys, time
import igraph, numpy
graph = None
def timed(call):
    begin = time.process_time()
    result = call()
    return time.process_time() - begin, result
for line in sys.stdin:
    word, *rest = line.split()
    if word == "version":
        print(igraph.__version__, flush=True)
    elif word == "watts_strogatz":
        n, half, p = int(rest[0]), int(rest[1]), float(rest[2])
        print(timed(lambda: igraph.Graph.Watts_Strogatz(1, n, half, p))[0], flush=True)
    elif word == "load":
        graph = igraph.Graph(n=int(rest[0]), edges=numpy.load(rest[1]))
        print(graph.ecount(), flush=True)
    elif word == "clustering":
        print(*timed(lambda: graph.transitivity_avglocal_undirected(mode="zero")), flush=True)
    elif word == "paths":
        sources = [int(s) for s in rest]
        seconds, near = timed(lambda: graph.closeness(vertices=sources, normalized=True))
        print(seconds, sum(1.0 / c for c in near) / len(near), flush=True)
)python";

// --- Boost -----------------------------------------------------------------------------------

#if SWPRUNE_BENCH_BOOST
template <typename Graph>
using boost_edges = boost::small_world_iterator<boost::minstd_rand, Graph>;

void boost_list(const ring& r, std::uint32_t seed) {
  using list = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
  boost::minstd_rand random(seed);
  const auto n = static_cast<std::size_t>(r.nodes);
  const list g(boost_edges<list>(random, n, static_cast<std::size_t>(r.degree), r.rewire),
               boost_edges<list>(), n);
  if (static_cast<index_t>(num_edges(g)) != r.nodes * r.degree / 2)
    throw std::runtime_error("Boost made another number of edges");
}

void boost_rows(const ring& r, std::uint32_t seed) {
  using rows = boost::compressed_sparse_row_graph<boost::directedS>;
  boost::minstd_rand random(seed);
  const auto n = static_cast<std::size_t>(r.nodes);
  std::vector<std::pair<std::size_t, std::size_t>> ends;
  ends.reserve(n * static_cast<std::size_t>(r.degree));
  boost_edges<rows> e(random, n, static_cast<std::size_t>(r.degree), r.rewire);
  for (; e != boost_edges<rows>(); ++e) {
    const auto [a, b] = *e;
    ends.emplace_back(a, b);
    ends.emplace_back(b, a);
  }
  const rows g(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(), n);
  if (static_cast<index_t>(num_edges(g)) != r.nodes * r.degree)
    throw std::runtime_error("Boost made another number of edges");
}

std::string boost_version() {
  return fmt::format("Boost {}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                     BOOST_VERSION % 100);
}
#endif

// --- rows ------------------------------------------------------------------------------------

/// Draws of ours against those of a peer, given as seconds of one draw.
template <typename Peer>
contest draws(const ring& r, int repeats, const Peer& peer) {
  const auto ours = [&](int i) {
    return seconds_of([&] {
      if (draw(r, static_cast<std::uint64_t>(i)).edges() != r.nodes * r.degree / 2)
        throw std::runtime_error("the graph has another number of edges");
    });
  };
  return contest::run(repeats, ours, peer);
}

void add_draws(nlohmann::json& rows, const std::string& size, const ring& r, int repeats,
               python_peer& igraph, const std::string& igraph_version) {
  const std::string question =
      fmt::format("watts_strogatz {} {} {}", r.nodes, r.degree / 2, r.rewire);
  rows.push_back(row("ws_" + size + "_igraph",
                     draws(r, repeats, [&](int) { return igraph.numbers(question).at(0); }),
                     igraph_version, 10));
#if SWPRUNE_BENCH_BOOST
  // In a process of its own: millions of freed blocks slow the next allocation of anyone in the
  // same heap. The second draw counts, as with the others.
  const auto timed = [&](const auto& make) {
    return [&](int i) {
      return number_of_child([&] {
        const auto seed = static_cast<std::uint32_t>(i) + 1;
        make(r, 1000 + seed);
        return seconds_of([&] { make(r, seed); });
      });
    };
  };
  rows.push_back(
      row("ws_" + size + "_boost", draws(r, repeats, timed(boost_list)), boost_version(), 5));
  rows.push_back(
      row("ws_" + size + "_boost_csr", draws(r, repeats, timed(boost_rows)), boost_version(), 1));
#else
  std::cerr << "no rows against Boost: boost/graph/small_world_generator.hpp is not here\n";
#endif
}

/// Throws unless both sides measured the same number.
void expect_same(const char* what, double ours, double theirs) {
  if (!(std::abs(ours - theirs) <= 1e-9 * std::abs(theirs)))
    throw std::runtime_error(fmt::format("{}: ours {}, igraph {}", what, ours, theirs));
}

void add_metrics(nlohmann::json& rows, const ring& r, int repeats, python_peer& igraph,
                 const std::string& igraph_version) {
  const graph::undirected g = draw(r, 1);
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("swprune-bench-{}.npy", ::getpid());
  sp::io::save_edge_array(file, g);
  const auto loaded = igraph.numbers(fmt::format("load {} {}", r.nodes, file.string())).at(0);
  std::filesystem::remove(file);
  expect_same("edges", static_cast<double>(g.edges()), loaded);

  double value = 0;
  const auto theirs = [&](const std::string& question) {
    return [&igraph, &value, question](int) {
      const auto answer = igraph.numbers(question);
      expect_same(question.substr(0, 10).c_str(), value, answer.at(1));
      return answer.at(0);
    };
  };
  const auto clustering = [&](int) {
    return seconds_of([&] { value = graph::clustering_coefficient(g); });
  };
  rows.push_back(row("clustering_1e6_igraph",
                     contest::run(repeats, clustering, theirs("clustering")), igraph_version, 2));

  for (const index_t count : {20, 64}) {
    std::vector<index_t> sources;
    std::string question = "paths";
    for (index_t s = 0; s < count; ++s) {
      sources.push_back(s * (r.nodes / count));
      question += fmt::format(" {}", sources.back());
    }
    const auto paths = [&](int) {
      return seconds_of([&] { value = graph::shortest_paths(g, sources).mean(); });
    };
    const contest c = contest::run(std::min(repeats, 3), paths, theirs(question));
    rows.push_back(
        row(count == 20 ? "paths_1e6_igraph" : "paths64_1e6_igraph", c, igraph_version, 2));
  }
}

/// Masks of all of VGG-16 and their slot schedules, for one lane group per output group.
nlohmann::json masks_row(int repeats) {
  std::vector<double> seconds;
  index_t entries = 0;
  const auto layers = sp::nn::vgg16_layers();
  for (int i = 0; i <= repeats; ++i) {
    const double once = seconds_of([&] {
      const auto masks = sp::mask::make_masks(layers, {.sparsity = 0.76, .block = {4, 4}},
                                              sp::rng(static_cast<std::uint64_t>(i)));
      for (const sp::mask::layer_mask& m : masks)
        entries += sp::mask::make_slot_schedule(m.blocks).slots();
    });
    if (i > 0) seconds.push_back(once);
  }
  if (entries == 0) throw std::runtime_error("the schedules are empty");
  const double ours = median(seconds);
  return row("masks_vgg16_4x4", ours, 0.5, "none: the peer is the limit", "s", 0.5 / ours,
             spread(seconds), 1);
}

// --- memory ----------------------------------------------------------------------------------

/// Most memory in bytes of a process that draws the graph, above that of one that does nothing.
double peak_bytes(const ring& r) {
  const double idle = number_of_child([] { return held_bytes(); });
  return number_of_child([&] {
           if (draw(r, 1).edges() != r.nodes * r.degree / 2)
             throw std::runtime_error("the graph has another number of edges");
           return held_bytes();
         }) -
         idle;
}

nlohmann::json memory_row() {
  const ring r{20'000'000, 10, 0.1};
  const auto rows = 8.0 * static_cast<double>(r.nodes + 1 + r.nodes * r.degree / 2);
  const double peak = peak_bytes(r);
  return row("memory_1e8", peak / 1e9, rows / 1e9, "bytes of the compressed rows", "GB",
             rows / peak, 0, 1 / 1.5);
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  int repeats = 7;
  bool memory = false;
  CLI::App app("Graph generation and metrics against igraph and Boost.");
  app.add_option("--out", out, "file for the JSON result")->required();
  app.add_option("--repeats", repeats, "repetitions, sides alternating")->check(CLI::Range(1, 100));
  app.add_flag("--memory", memory, "also the peak memory of a graph of 10^8 edges (1.4 GB)");
  CLI11_PARSE(app, argc, argv);
  try {
    std::cerr << sp::build_info().to_string() << '\n';
    sp::set_thread_count(1);
    nlohmann::json result;
    auto& rows = result["rows"];
    if (memory) rows.push_back(memory_row());  // first: a child inherits what its parent held
    python_peer igraph({"-c", igraph_side});
    const std::string version = "igraph " + igraph.ask("version");
    const ring million{1'000'000, 10, 0.1};
    add_draws(rows, "1e6", million, repeats, igraph, version);
    add_draws(rows, "1e5", {100'000, 20, 0.1}, repeats, igraph, version);
    add_metrics(rows, million, repeats, igraph, version);
    rows.push_back(masks_row(repeats));
    sp::io::write_file(out, result.dump(2) + "\n");
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
