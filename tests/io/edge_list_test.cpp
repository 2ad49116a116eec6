// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/edge_list.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/bipartite_random.hpp"
#include "swprune/graph/erdos_renyi.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::read_text;
using swprune_test::temp_dir;
using swprune_test::write_text;

namespace {

graph::undirected small() { return graph::undirected(5, std::vector<graph::edge>{{3, 1}, {0, 1}}); }
graph::bipartite small_bipartite() { return graph::bipartite(8, {{}, {6, 0}, {2}}); }

/// What reading this text as a graph throws.
caught text_error(const std::string& text) {
  const temp_dir dir;
  write_text(dir / "g.txt", text);
  return error_of([&] { (void)io::load_edge_list(dir / "g.txt"); });
}
caught bipartite_error(const std::string& text) {
  const temp_dir dir;
  write_text(dir / "g.txt", text);
  return error_of([&] { (void)io::load_bipartite_edge_list(dir / "g.txt"); });
}

}  // namespace

TEST_CASE("the text form is what the documentation says") {
  const temp_dir dir;
  io::save_edge_list(dir / "u.txt", small());
  io::save_edge_list(dir / "b.txt", small_bipartite());
  CHECK(read_text(dir / "u.txt") == "# undirected graph: 5 nodes, 2 edges\n0 1\n1 3\n");
  CHECK(read_text(dir / "b.txt") ==
        "# bipartite graph: 3 output nodes, 8 input nodes, 3 edges\n1 0\n1 6\n2 2\n");
}

TEST_CASE("graphs come back from both forms as they were") {
  const temp_dir dir;
  CHECK(rc::check([&] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    rng random(seed);
    const auto n = *rc::gen::inRange<index_t>(1, 40);
    const auto m = *rc::gen::inRange<index_t>(0, n * (n - 1) / 2 + 1);
    const auto u = graph::erdos_renyi({.nodes = n, .edges = m}, random);
    io::save_edge_list(dir / "u.txt", u);
    io::save_edge_array(dir / "u.npy", u);
    RC_ASSERT(io::load_edge_list(dir / "u.txt") == u);
    RC_ASSERT(io::load_edge_array(dir / "u.npy", n) == u);
    const auto out = *rc::gen::inRange<index_t>(1, 20);
    const auto edges = *rc::gen::inRange<index_t>(0, n * out + 1);
    const auto b =
        graph::bipartite_erdos_renyi({.out_nodes = out, .in_nodes = n, .edges = edges}, random);
    io::save_edge_list(dir / "b.txt", b);
    io::save_edge_array(dir / "b.npy", b);
    RC_ASSERT(io::load_bipartite_edge_list(dir / "b.txt") == b);
    RC_ASSERT(io::load_bipartite_edge_array(dir / "b.npy", out, n) == b);
  }));
}

TEST_CASE("edges may stand in any order and either way round") {
  const temp_dir dir;
  write_text(dir / "g.txt", "# undirected graph: 5 nodes, 2 edges\n3 1\n1 0\n");
  CHECK(io::load_edge_list(dir / "g.txt") == small());
}

TEST_CASE("numpy and networkx read both forms") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  const temp_dir dir;
  rng random(3);
  const auto u = graph::erdos_renyi({.nodes = 30, .edges = 100}, random);
  io::save_edge_list(dir / "u.txt", u);
  io::save_edge_array(dir / "u.npy", u);
  write_text(dir / "check.py",
             "import sys, numpy as np, networkx as nx\n"
             "a = np.load(sys.argv[1] + '/u.npy')\n"
             "b = np.loadtxt(sys.argv[1] + '/u.txt', dtype=np.int32)\n"
             "g = nx.read_edgelist(sys.argv[1] + '/u.txt', nodetype=int)\n"
             "assert a.dtype == np.int32 and a.shape == (100, 2), (a.dtype, a.shape)\n"
             "assert (a == b).all()\n"
             "assert {tuple(sorted(e)) for e in g.edges} == {tuple(e) for e in a.tolist()}\n"
             "np.save(sys.argv[1] + '/back.npy', a[::-1])\n");
  const std::string command =
      *python + " '" + (dir / "check.py").string() + "' '" + dir.path().string() + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(io::load_edge_array(dir / "back.npy", 30) == u);
  io::save_edge_array(dir / "u.npy", small());  // the check notices another graph
  CHECK(std::system((command + " 2>/dev/null").c_str()) != 0);
}

TEST_CASE("text that is no list of edges is refused with its line") {
  const std::string head = "# undirected graph: 5 nodes, 2 edges\n";
  const auto refused = [](const caught& c, errc code, const std::vector<std::string>& parts) {
    CAPTURE(c.id, c.text);
    CHECK(c.is(code));
    CHECK(c.says(parts));
  };
  refused(text_error(""), errc::file_format, {"line 1: expected '# undirected graph: '"});
  refused(text_error("0 1\n"), errc::file_format, {"line 1: expected '# undirected graph: '"});
  refused(text_error("# undirected graph: 5 nodes, 2"), errc::file_format, {"line 1", "' edges'"});
  refused(text_error("# undirected graph: -5 nodes, 2 edges\n"), errc::file_format,
          {"line 1: expected a number >= 0 below 2^63"});
  refused(text_error("# undirected graph: 99999999999999999999 nodes, 2 edges\n"),
          errc::file_format, {"line 1: expected a number >= 0 below 2^63"});
  refused(text_error("# undirected graph: 0 nodes, 0 edges\n"), errc::file_format,
          {"must lie in [1, 100000000], given 0"});
  refused(text_error("# undirected graph: 100000001 nodes, 0 edges\n"), errc::file_format,
          {"must lie in [1, 100000000], given 100000001"});
  refused(text_error(head + "0 1\n"), errc::file_truncated, {"line 3: expected 1 more of 2 edges"});
  refused(text_error("# undirected graph: 5 nodes, 9000000000000000000 edges\n"),
          errc::file_truncated, {"line 2"});
  refused(text_error(head + "0 1\n1 3\n0 2\n"), errc::file_format,
          {"line 4: expected the end after 2 edges"});
  refused(text_error(head + "0 1\n1 5\n"), errc::file_format,
          {"line 3: edge 1 5 has an end outside [0, 4] x [0, 4]"});
  refused(text_error(head + "0 1\n1 4294967298\n"), errc::file_format,
          {"line 3: edge 1 4294967298"});
  refused(text_error(head + "0 1\n1  3\n"), errc::file_format, {"line 3: expected a number"});
  refused(text_error(head + "0 1\n1 3 7\n"), errc::file_format,
          {"line 3: expected the end of the line"});
  refused(text_error(head + "0 1\n2 2\n"), errc::file_format,
          {"g.txt': swprune E204", "edge (2, 2) is a self loop"});
  refused(text_error(head + "0 1\n1 0\n"), errc::file_format, {"edge (0, 1) is given twice"});
  refused(bipartite_error(head), errc::file_format, {"line 1: expected '# bipartite graph: '"});
  refused(bipartite_error("# bipartite graph: 2 output nodes, 3 input nodes, 1 edges\n2 0\n"),
          errc::file_format, {"line 2: edge 2 0 has an end outside [0, 1] x [0, 2]"});
  refused(bipartite_error("# bipartite graph: 2 output nodes, 3 input nodes, 2 edges\n1 0\n1 0\n"),
          errc::file_format, {"output node 1 uses input node 0 twice"});
  refused(error_of([] { (void)io::load_edge_list("/nonexistent/g.txt"); }), errc::file_open,
          {"/nonexistent/g.txt"});
}

TEST_CASE("arrays that list no edges are refused") {
  const temp_dir dir;
  const auto load = [&](const io::array& a, index_t nodes) {
    io::save_npy(dir / "e.npy", a);
    return error_of([&] { (void)io::load_edge_array(dir / "e.npy", nodes); });
  };
  const std::vector<std::int32_t> loop{0, 1, 2, 2};
  const std::vector<std::int32_t> good{0, 1, 1, 2};
  const std::vector<std::int32_t> negative{0, 1, -1, 2};
  const auto edges = [](const std::vector<std::int32_t>& n) {
    return io::array::of<std::int32_t>({2, 2}, n);
  };
  CHECK(load(edges(good), 3).id == 0);
  CHECK(load(edges(good), 2).says({"row 1: edge 1 2 has an end outside [0, 1] x [0, 1]"}));
  CHECK(load(edges(negative), 3).says({"row 1: edge -1 2 has an end outside"}));
  CHECK(load(edges(loop), 3).says({"edge (2, 2) is a self loop"}));
  CHECK(load(edges(good), 0).is(errc::graph_nodes));
  const auto shapeless = io::array::of(good);
  CHECK(load(shapeless, 3).says({"expected edges as int32 [edges x 2], found int32 [4]"}));
  const auto wide = io::array::of<std::int64_t>({1, 2}, std::vector<std::int64_t>{0, 1});
  CHECK(load(wide, 3).says({"found int64 [1 x 2]"}));
}
