# SPDX-License-Identifier: Apache-2.0
"""What networkx and igraph say about graphs.

oracle.py measure FILE        one line per graph "n a b a b ...":
                              prints networkx C, L and igraph C, L (over connected pairs)
oracle.py draw N K P SEEDS    prints C and L of networkx watts_strogatz_graph for each seed
oracle.py draw_fast N K P SEEDS
                              the same, measured by igraph: for graphs too large for networkx
oracle.py describe FILE       graphs as above: two lines each, the sizes of the components
                              (descending) and the degree histogram, by networkx
oracle.py svd FILE            one 0/1 matrix per line "rows columns r c r c ...":
                              prints its singular values by numpy, descending
"""
import sys

import networkx as nx


def path_length(g):
    total = pairs = 0
    for source, lengths in nx.all_pairs_shortest_path_length(g):
        total += sum(lengths.values())
        pairs += len(lengths) - 1
    return total / pairs if pairs else 0.0


def read_numbers(path, head):
    """The first `head` numbers of each line, and the rest in pairs."""
    with open(path, encoding="ascii") as lines:
        for line in lines:
            numbers = [int(word) for word in line.split()]
            ends = numbers[head:]
            yield numbers[:head], list(zip(ends[0::2], ends[1::2]))


def networkx_graph(nodes, edges):
    g = nx.Graph()
    g.add_nodes_from(range(nodes))
    g.add_edges_from(edges)
    return g


def igraph_measures(nodes, edges):
    import igraph

    h = igraph.Graph(n=nodes, edges=edges)
    return (h.transitivity_avglocal_undirected(mode="zero"),
            h.average_path_length(unconn=True))


def measure(path):
    for (nodes,), edges in read_numbers(path, 1):
        g = networkx_graph(nodes, edges)
        c, length = igraph_measures(nodes, edges)
        print(repr(nx.average_clustering(g)), repr(path_length(g)), repr(c), repr(length))


def describe(path):
    for (nodes,), edges in read_numbers(path, 1):
        g = networkx_graph(nodes, edges)
        print(*sorted((len(part) for part in nx.connected_components(g)), reverse=True))
        print(*nx.degree_histogram(g))


def svd(path):
    import numpy

    for shape, ones in read_numbers(path, 2):
        matrix = numpy.zeros(shape)
        for row, column in ones:
            matrix[row, column] = 1
        print(*(repr(float(v)) for v in numpy.linalg.svd(matrix, compute_uv=False)))


def draw(nodes, degree, rewire, seeds):
    for seed in range(seeds):
        g = nx.watts_strogatz_graph(nodes, degree, rewire, seed=seed)
        print(repr(nx.average_clustering(g)), repr(path_length(g)))


def draw_fast(nodes, degree, rewire, seeds):
    for seed in range(seeds):
        g = nx.watts_strogatz_graph(nodes, degree, rewire, seed=seed)
        c, length = igraph_measures(nodes, list(g.edges()))
        print(repr(c), repr(length))


if __name__ == "__main__":
    if sys.argv[1] in ("draw", "draw_fast"):
        action = draw if sys.argv[1] == "draw" else draw_fast
        action(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    else:
        {"measure": measure, "describe": describe, "svd": svd}[sys.argv[1]](sys.argv[2])
