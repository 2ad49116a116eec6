# SPDX-License-Identifier: Apache-2.0
"""A second implementation of small-world masks, written from their definition alone.

mask_reference.py SEED NAME STAGE GO GI DEGREE BETA ALIGNED   prints the mask as rows of 0 and 1
mask_reference.py taps KH KW KEPT GO GI BLOCKS                prints the taps of every block, a line
                                                              each; BLOCKS is a word of 0 and 1
mask_reference.py densities SPARSITY GAMMA LAYER...           prints the density of every layer that
                              is not kept dense; LAYER is NIF:NOF:KH:KW:KEEP:LOWEST, KEEP 0 or 1
"""
import math
import sys

WORD = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


def finalise(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def mix(z):
    return finalise((z + GAMMA) & WORD)


def fnv(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & WORD
    return h


class Rng:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        while True:
            self.state = (self.state + GAMMA) & WORD
            product = finalise(self.state) * n
            if (product & WORD) >= 2**64 % n:
                return product >> 64


def stream(seed, name, a, b):
    return Rng(mix((mix((mix(seed ^ fnv(name)) + a) & WORD) + b) & WORD))


def small_world(go, gi, d, beta, rng):
    rows = [sorted((j * gi // go - (d - 1) // 2 + t) % gi for t in range(d)) for j in range(go)]
    slots = [(j, t) for j in range(go) for t in range(d)]
    wanted = math.floor(beta * len(slots) / 2 + 0.5)
    if beta > 0:
        wanted = max(wanted, 1)
    movable = list(range(len(slots)))
    tries = 200 * len(slots)
    while wanted > 0 and tries > 0 and len(movable) >= 2 and d < gi and go > 1:
        tries -= 1
        a = rng.below(len(movable))
        b = rng.below(len(movable) - 1)
        b += b >= a
        (j, s), (k, t) = slots[movable[a]], slots[movable[b]]
        x, y = rows[j][s], rows[k][t]
        if j == k or x == y or y in rows[j] or x in rows[k]:
            continue
        rows[j][s], rows[k][t] = y, x
        for place in sorted((a, b), reverse=True):
            movable[place] = movable[-1]
            movable.pop()
        wanted -= 1
    return rows


def stride(gi):
    if gi <= 2:
        return 1
    root = max(range(1, gi + 1), key=lambda r: (-abs(r - math.sqrt(gi)), r))
    usable = [s for s in range(2, gi - 1) if math.gcd(s, gi) == 1]
    good = [s for s in usable if root <= 2 * s <= 4 * root and
            (gi % 2 or math.gcd((pow(s, -1, gi) - 1) // 2, gi // 2) == 1)]
    return min(good or usable or [gi - 1], key=lambda s: (abs(s - root), -s))


def taps(kh, kw, kept, go, gi, blocks):
    """Every live block: the centre, then as many of the others as are missing, round and round."""
    centre = kh // 2 * kw + kw // 2
    others = [t for t in range(kh * kw) if t != centre]
    turn = 0
    for place in range(go * gi):
        row = [0] * (kh * kw)
        if blocks[place] == "1":
            row[centre] = 1
            for _ in range(kept - 1):
                row[others[turn % len(others)]] = 1
                turn += 1
        print(*row)


def densities(sparsity, gamma, layers):
    """min(1, eps r^gamma), not below the lowest, by bisection of eps in floating point."""
    total = sum(nif * nof * kh * kw for nif, nof, kh, kw, _, _ in layers)
    dense = sum(nif * nof * kh * kw for nif, nof, kh, kw, keep, _ in layers if keep)
    free = [x for x in layers if not x[4]]
    wanted = (1 - sparsity) * total - dense
    scores = [((nif + nof + kh + kw) / (nif * nof * kh * kw)) ** gamma
              for nif, nof, kh, kw, _, _ in free]

    def at(eps):
        return [min(1.0, max(x[5], eps * s)) for x, s in zip(free, scores)]

    def kept(eps):
        return sum(d * x[0] * x[1] * x[2] * x[3] for d, x in zip(at(eps), free))

    low, high = 0.0, 1.0 / min(scores)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) < wanted else (low, middle)
    for d in at(high):
        print(repr(d))


def main():
    if sys.argv[1] == "taps":
        taps(*map(int, sys.argv[2:7]), sys.argv[7])
        return
    if sys.argv[1] == "densities":
        densities(float(sys.argv[2]), float(sys.argv[3]),
                  [[*map(int, x.split(":")[:5]), float(x.split(":")[5])] for x in sys.argv[4:]])
        return
    seed, name, stage, go, gi, d = (f(x) for f, x in zip((int, str, int, int, int, int),
                                                         sys.argv[1:7]))
    rows = small_world(go, gi, d, float(sys.argv[7]), stream(seed, "mask", fnv(name), stage))
    s = 1 if sys.argv[8] == "1" else stride(gi)
    for row in rows:
        print(*(int(i * s % gi in row) for i in range(gi)))


main()
