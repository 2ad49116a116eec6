# SPDX-License-Identifier: Apache-2.0
"""Clustering and path length of random graphs that networkx draws.

generators_oracle.py MODEL SEEDS PARAMETERS...
prints C, L (over connected pairs) and the largest degree for each seed; MODEL PARAMETERS is one of
newman_watts N K P, erdos_renyi N M, barabasi_albert N M.
"""
import sys

import networkx as nx

sys.dont_write_bytecode = True
from oracle import path_length  # noqa: E402 (no cache beside the sources)

MODELS = {
    "newman_watts": lambda n, k, p, seed: nx.newman_watts_strogatz_graph(int(n), int(k), p, seed=seed),
    "erdos_renyi": lambda n, m, seed: nx.gnm_random_graph(int(n), int(m), seed=seed),
    "barabasi_albert": lambda n, m, seed: nx.barabasi_albert_graph(int(n), int(m), seed=seed),
}

if __name__ == "__main__":
    model = MODELS[sys.argv[1]]
    parameters = [float(word) for word in sys.argv[3:]]
    for seed in range(int(sys.argv[2])):
        g = model(*parameters, seed=seed)
        largest = max(degree for _, degree in g.degree)
        print(repr(nx.average_clustering(g)), repr(path_length(g)), largest)
