# SPDX-License-Identifier: Apache-2.0
"""What scipy says a b-matching costs.

matching_oracle.py FILE   one problem per line: "go gi low high r ... j i cost j i cost ...", a
                          go x gi graph of which row j takes r_j edges and every column between low
                          and high; prints the least cost, or "nan" if there is no such choice
"""
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment, linprog


def least_cost(go, gi, low, high, rows, edges):
    if go == gi and low == high == 1 and len(edges) == go * gi:
        cost = np.zeros((go, gi))
        for j, i, c in edges:
            cost[int(j), int(i)] = c
        return cost[linear_sum_assignment(cost)].sum()
    of_row = np.zeros((go, len(edges)))
    of_column = np.zeros((gi, len(edges)))
    for e, (j, i, _) in enumerate(edges):
        of_row[int(j), e] = of_column[int(i), e] = 1
    answer = linprog([c for _, _, c in edges], A_eq=of_row, b_eq=rows,
                     A_ub=np.vstack([of_column, -of_column]), b_ub=[high] * gi + [-low] * gi,
                     bounds=(0, 1), method="highs")
    assert answer.status in (0, 2), answer.message
    return answer.fun if answer.status == 0 else float("nan")


with open(sys.argv[1], encoding="ascii") as lines:
    for line in lines:
        numbers = [float(word) for word in line.split()]
        go, gi, low, high = (int(n) for n in numbers[:4])
        ends = numbers[4 + go:]
        print(repr(float(least_cost(go, gi, low, high, numbers[4:4 + go],
                                    list(zip(ends[0::3], ends[1::3], ends[2::3]))))))
