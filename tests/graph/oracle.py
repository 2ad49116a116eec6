# SPDX-License-Identifier: Apache-2.0
"""What networkx and igraph say about graphs.

oracle.py measure FILE        one line per graph "n a b a b ...":
                              prints networkx C, L and igraph C, L (over connected pairs)
oracle.py draw N K P SEEDS    prints C and L of networkx watts_strogatz_graph for each seed
"""
import sys

import networkx as nx


def path_length(g):
    total = pairs = 0
    for source, lengths in nx.all_pairs_shortest_path_length(g):
        total += sum(lengths.values())
        pairs += len(lengths) - 1
    return total / pairs if pairs else 0.0


def measure(path):
    import igraph

    with open(path, encoding="ascii") as lines:
        for line in lines:
            numbers = [int(word) for word in line.split()]
            ends = numbers[1:]
            edges = list(zip(ends[0::2], ends[1::2]))
            g = nx.Graph()
            g.add_nodes_from(range(numbers[0]))
            g.add_edges_from(edges)
            h = igraph.Graph(n=numbers[0], edges=edges)
            c = h.transitivity_avglocal_undirected(mode="zero")
            print(repr(nx.average_clustering(g)), repr(path_length(g)), repr(c),
                  repr(h.average_path_length(unconn=True)))


def draw(nodes, degree, rewire, seeds):
    for seed in range(seeds):
        g = nx.watts_strogatz_graph(nodes, degree, rewire, seed=seed)
        print(repr(nx.average_clustering(g)), repr(path_length(g)))


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        measure(sys.argv[2])
    else:
        draw(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
