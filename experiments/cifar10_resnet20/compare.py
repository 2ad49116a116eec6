#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Table of all runs below OUT/swprune and OUT/pytorch, as Markdown: accuracy of every seed, means."""
import glob
import json
import math
import os
import sys


def histories(directory):
    """{(kind, seed): history} of the runs that are below a directory, finished or not."""
    found = {}
    for path in glob.glob(f"{directory}/*-seed*/history.json"):
        kind, seed = os.path.basename(os.path.dirname(path)).split("-seed")
        with open(path) as f:
            found[kind, int(seed)] = json.load(f)
    return found


def percent(values):
    return " / ".join(f"{100 * v:.2f}" for v in values)


def mean(values):
    return sum(values) / len(values)


def standard_error(values):
    """Of the mean; nan for one value."""
    if len(values) < 2:
        return math.nan
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1) / len(values))


def row(kind, epochs, ours, theirs):
    """One line over the seeds that both sides have finished."""
    done = [{seed: h["epochs"][-1]["test_accuracy"] for (k, seed), h in side.items()
             if k == kind and len(h["epochs"]) == epochs} for side in (ours, theirs)]
    seeds = sorted(set(done[0]) & set(done[1]))
    if not seeds:
        return f"| {kind} | none finished on both sides | | | | | |"
    a, b = ([d[s] for s in seeds] for d in done)
    differences = [x - y for x, y in zip(a, b)]
    return (f"| {kind} | {', '.join(map(str, seeds))} | {percent(a)} | {percent(b)} "
            f"| {100 * mean(a):.2f} | {100 * mean(b):.2f} "
            f"| {100 * mean(differences):+.2f} ± {100 * standard_error(differences):.2f} |")


def main():
    out = sys.argv[1]
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    ours, theirs = histories(f"{out}/swprune"), histories(f"{out}/pytorch")
    print("| network | seeds | swprune, % | PyTorch, % | mean | mean | difference of means |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("s76", "dense"):
        print(row(kind, epochs, ours, theirs))


if __name__ == "__main__":
    main()
