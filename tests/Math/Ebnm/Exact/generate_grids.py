#!/usr/bin/env python3
"""Writes grids.csv, the grid families' part of the exact posteriors, in the form of posteriors.csv and by the functions of generate.py.

    python3 tests/Math/Ebnm/Exact/generate_grids.py > tests/Math/Ebnm/Exact/grids.csv      (needs mpmath; takes some minutes)

Given priors of several components: scales from far below to far above s, widths down to 1e-300, intervals of a tiny relative width, and
observations from the middle of the prior to 1e150 standard errors beyond it.
"""
import random

import generate
from generate import line

ZS = [0.0, 1e-12, 1e-5, 0.3, 1.0, 2.5, 6.0, 12.0, 39.0, 1e3, 1e8, 1e17, 1e40, 1e150]
SS = [1e-150, 1e-60, 1e-10, 1.0, 1e10, 1e60, 1e150]
RATIOS = [1e-120, 1e-40, 1e-17, 1e-8, 1e-3, 0.2, 1.0, 5.0, 1e3, 1e8, 1e40, 1e120]
WEIGHTS = [[0.4, 0.3, 0.2, 0.1], [1 - 1e-12, 5e-13, 4e-13, 1e-13], [1e-12, 0.5, 1e-3, 0.499 - 1e-12]]
STEPS = [1.0, 1.7, 20.0]
SIDES = {
    "unimodal": [(-1, 0), (0, 1)], "unimodal_symmetric": [(-1, 1)], "unimodal_nonnegative": [(0, 1)], "unimodal_nonpositive": [(-1, 0)],
}


def problems(family, count):
    draw = random.Random(family)
    for z in ZS:
        for ratio in (1e-8, 1.0, 1e8):
            yield draw.choice([z, -z]), 1.0, ratio, 0.0, WEIGHTS[0]
    for _ in range(count):
        s = draw.choice(SS)
        mode = draw.choice([0.0, 0.0, 0.7 * s, -2.0 * s, 30.0 * s])
        ratio = draw.choice(RATIOS)
        ratio = min(ratio, 1e290 / s) if s > 1 else max(ratio, 1e-290 / s)
        # Beyond the end of a component, or at a place of its own.
        z = draw.choice(ZS) + draw.choice([0.0, 0.0, ratio, 1.7 * ratio])
        yield z * draw.choice([1, -1]), s, ratio * draw.uniform(0.7, 1.3), mode, draw.choice(WEIGHTS)


def mixture(family, ratio, s, mode, weights):
    null = ("point", weights[0], mode, 0.0, 0.0, 0.0)
    scales = [ratio * s * step for step in STEPS]
    if family == "normal_scale_mixture":
        return [null] + [("normal", w, mode, scale, 0.0, 0.0) for w, scale in zip(weights[1:], scales)]
    if family == "npmle":
        # Points, or normals of one scale: the grid's two forms.
        spots = [mode, mode + ratio * s, mode + 2 * ratio * s, mode - 3 * ratio * s]
        wide = 0.5 * ratio * s if ratio > 3 else 0.0
        return [("normal" if wide else "point", w, spot, wide, 0.0, 0.0) for w, spot in zip(weights, spots)]
    sides = SIDES[family]
    return [null] + [
        ("uniform", w / len(sides), 0.0, 0.0, mode + low * scale, mode + high * scale)
        for low, high in sides for w, scale in zip(weights[1:], scales) if mode + low * scale < mode + high * scale
    ]


def main():
    print("family,mode,components,x,s,log_likelihood,mean,sd,lfsr")
    for family in ["normal_scale_mixture", "npmle", *SIDES]:
        for z, s, ratio, mode, weights in problems(family, 30):
            line(family, 0.0 if family == "npmle" else mode, mixture(family, ratio, s, mode, weights), mode + z * s, s)

    generate.DIGITS = 2800
    # Intervals of a tiny relative width, and of a tiny width, before and beyond an observation.
    for low, high in [(1e6, 1e6 + 1e-9), (-3.0, -3.0 + 1e-15), (0.0, 1e-300), (-1e-300, 2e-300)]:
        for x in (-1e150, -4.0, 0.0, 1e6, 1e6 + 5e-10, 1e9):
            for s in (1e-150, 1e-10, 1.0, 1e5):
                if abs(x - low) / s <= 1e150:
                    line("unimodal", low, [("point", 0.2, low, 0.0, 0.0, 0.0), ("uniform", 0.8, 0.0, 0.0, low, high)], x, s)


if __name__ == "__main__":
    main()
