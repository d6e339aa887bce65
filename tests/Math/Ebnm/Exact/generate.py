#!/usr/bin/env python3
"""Writes posteriors.csv: EBNM posteriors with 50 digits and more, from which ExactPosteriorTests reads the right values.

    python3 tests/Math/Ebnm/Exact/generate.py > tests/Math/Ebnm/Exact/posteriors.csv      (needs mpmath; takes some minutes)

A line is: family, mode, components, x, s, log-likelihood, mean, sd, lfsr. A component is kind:weight:location:scale:low:high, several are
joined by "|". Inputs are doubles, printed so that they are read back exactly; everything after them is computed from those doubles.

Every component h is given by three functions of (x, s): log of the marginal density, and mean and variance of theta given x, and P(theta < 0).
Points, normals, Laplace, exponential and truncated normal (and uniform) distributions have closed forms in erfc, which are evaluated with
DIGITS digits: enough for the differences that they contain. The horseshoe is a trapezoidal sum over log lambda, whose error falls as
exp(-2 pi (pi / 4) / STEP), far below 1e-50.
"""
import random
import sys

from mpmath import mp, mpf, erfc, exp, log, sqrt, pi, inf, ncdf

DIGITS = 1300
STEP = mpf(1) / 28


def log_tail(a):
    """log of P(N(0, 1) > a)."""
    return log(erfc(a / sqrt(mpf(2))) / 2) if a < 1e6 else log_far_tail(a)


def log_far_tail(a):
    """The asymptotic series of log_tail, whose terms fall below the precision long before they grow."""
    term, total, k = mpf(1), mpf(1), 1
    while True:
        term *= -(2 * k - 1) / (a * a)
        if abs(term) < mpf(10) ** (-DIGITS - 10) or k > 5000:
            break
        total += term
        k += 1
    return -a * a / 2 - log(a) - log(2 * pi) / 2 + log(total)


def interval(a, b):
    """log mass, mean, variance of N(0, 1) truncated to [a, b]."""
    if a == -inf and b == inf:
        return mpf(0), mpf(0), mpf(1)
    if a < 0 and (b <= 0 or -a > b):
        mass, mean, variance = interval(-b, -a)
        return mass, -mean, variance
    near = log_tail(a) if a > 0 else log(1 - exp(log_tail(-a)))
    mass = near if b == inf else near + log(1 - exp(log_tail(b) - near))
    density = lambda y: -y * y / 2 - log(2 * pi) / 2
    first = exp(density(a) - mass)
    last = mpf(0) if b == inf else exp(density(b) - mass)
    mean = first - last
    variance = 1 + a * first - (0 if b == inf else b * last) - mean * mean
    return mass, mean, variance


def gaussian(location, scale, x, s):
    """log N(x; location, s^2 + scale^2), and mean and sd of theta given x."""
    v = s * s + scale * scale
    mean = (location * s * s + x * scale * scale) / v
    return -(x - location) ** 2 / (2 * v) - log(2 * pi * v) / 2, mean, s * scale / sqrt(v)


def truncated(log_density, mean, sd, low, high):
    """A normal posterior truncated to [low, high]: log marginal, mean, variance, P(< 0)."""
    a, b = (low - mean) / sd, (high - mean) / sd
    mass, m, v = interval(a, b)
    if high <= 0:
        below = mpf(1)
    elif low >= 0:
        below = mpf(0)
    else:
        below = exp(interval(a, -mean / sd)[0] - mass)
    return log_density + mass, mean + sd * m, sd * sd * v, below


def exponential(location, scale, sign, x, s):
    """location + sign Exp(scale): the product of densities is a normal about u - s^2 / b, times a constant."""
    u = sign * (x - location)
    q = u - s * s / scale
    constant = -u / scale + s * s / (2 * scale * scale) - log(scale)
    mass, m, v = interval(-q / s, inf)
    c = -sign * location
    # eta < c, for eta >= 0, where theta = location + sign eta.
    under = mpf(0) if c <= 0 else exp(interval(-q / s, (c - q) / s)[0] - mass)
    over = mpf(1) if c <= 0 else exp(interval((c - q) / s, inf)[0] - mass)
    return constant + mass, location + sign * (q + s * m), s * s * v, under if sign > 0 else over


def mixture(parts):
    """[(log weight, mean, variance, P(< 0), P(> 0))] -> log sum of weights and the same of the mixture."""
    top = max(p[0] for p in parts)
    weights = [exp(p[0] - top) for p in parts]
    total = sum(weights)
    weights = [w / total for w in weights]
    mean = sum(w * p[1] for w, p in zip(weights, parts))
    variance = sum(w * (p[2] + (p[1] - mean) ** 2) for w, p in zip(weights, parts))
    below = sum(w * p[3] for w, p in zip(weights, parts))
    above = sum(w * p[4] for w, p in zip(weights, parts))
    return top + log(total), mean, variance, below, above


def horseshoe(location, scale, x, s):
    u, ratio = x - location, scale / s
    z = u / s
    start = min(mpf(0), -log(ratio)) - 125
    end = max(mpf(0), log(max(abs(z), 1)) - log(ratio)) + 125
    total = shrinkage = square = below = above = mpf(0)
    c = -location / s
    for j in range(int((end - start) / STEP) + 1):
        e = exp(start + STEP * j)
        g = ratio * ratio * e * e
        t = g / (1 + g)
        exponent = -z * z / (1 + g) / 2
        # Powers far below the largest cost time and change nothing.
        if exponent < -1500 and total > 0:
            continue
        p = exp(exponent) / sqrt(1 + g) * 2 * e / (1 + e * e) / pi * STEP
        total += p
        shrinkage += p * t
        square += p * t * t
        y = (c - t * z) / sqrt(t)
        small = ncdf(-abs(y))
        below += p * (small if y < 0 else 1 - small)
        above += p * (1 - small if y < 0 else small)
    shrinkage, square = shrinkage / total, square / total
    variance = s * s * (shrinkage + z * z * (square - shrinkage ** 2))
    return log(total) - log(s) - log(2 * pi) / 2, location + shrinkage * u, variance, below / total, above / total


def component(c, x, s):
    kind, weight, location, scale, low, high = c
    if kind == "point":
        value = location
        return log(weight) - (x - value) ** 2 / (2 * s * s) - log(s) - log(2 * pi) / 2, value, mpf(0), mpf(value < 0), mpf(value > 0)
    if kind == "normal":
        density, mean, sd = (-inf, x, s) if scale == inf else gaussian(location, scale, x, s)
        tail = exp(log_tail(abs(mean / sd)))
        below, above = (tail, 1 - tail) if mean > 0 else (1 - tail, tail)
        return (mpf(0) if scale == inf else log(weight) + density), mean, sd * sd, below, above
    if kind == "laplace":
        sides = [exponential(location, scale, sign, x, s) for sign in (1, -1)]
        top, mean, variance, below, above = mixture([(side[0] - log(mpf(2)), *side[1:], None) for side in with_above(sides)])
        return log(weight) + top, mean, variance, below, above
    if kind == "exponential":
        (side,) = with_above([exponential(location, scale, 1, x, s)])
        return (log(weight) + side[0], *side[1:5])
    if kind == "truncated_normal":
        density, mean, sd = gaussian(location, scale, x, s)
        full = interval((low - location) / scale, (high - location) / scale)[0]
        top, mean, variance, below = truncated(density, mean, sd, low, high)
        return log(weight) + top - full, mean, variance, below, 1 - below
    if kind == "uniform":
        top, mean, variance, below = truncated(-log(high - low), x, s, low, high)
        return log(weight) + top, mean, variance, below, 1 - below
    if kind == "horseshoe":
        with mp.workdps(120):
            return horseshoe(location, scale, x, s)
    raise ValueError(kind)


def with_above(sides):
    # P(> 0) = 1 - P(< 0): DIGITS are enough for the difference.
    return [(a, b, c, d, 1 - d) for a, b, c, d in sides]


def posterior(components, x, s):
    parts = [component(c, mpf(x), mpf(s)) for c in components if c[1] > 0]
    top, mean, variance, below, above = mixture([p[:5] for p in parts])
    zero = 1 - below - above
    return top, mean, sqrt(variance), min(below, above) + (zero if zero > mpf(10) ** -1000 else 0)


def prior(family, weight, scale, mode):
    point = ("point", 1 - weight, mode, 0.0, 0.0, 0.0)
    return {
        "normal": [("normal", 1.0, mode, scale, 0.0, 0.0)],
        "point_normal": [point, ("normal", weight, mode, scale, 0.0, 0.0)],
        "point_laplace": [point, ("laplace", weight, mode, scale, 0.0, 0.0)],
        "point_exponential": [point, ("exponential", weight, mode, scale, 0.0, 0.0)],
        "generalized_binary": [point, ("truncated_normal", weight, scale, scale / 10, 0.0, inf)],
        "horseshoe": [("horseshoe", 1.0, mode, scale, 0.0, 0.0)],
        "flat": [("normal", 1.0, 0.0, inf, 0.0, 0.0)],
        "point_mass": [("point", 1.0, mode, 0.0, 0.0, 0.0)],
    }[family]


def cases(family, count):
    """Problems spread over the whole range of z, s, scale / s, weight and mode; corners first."""
    draw = random.Random(family)
    zs = [0.0, 1e-12, 1e-5, 0.3, 1.0, 2.5, 6.0, 12.0, 39.0, 1e3, 1e8, 1e40, 1e150]
    ss = [1e-150, 1e-60, 1e-10, 1.0, 1e10, 1e60, 1e150]
    ratios = [1e-150, 1e-40, 1e-8, 1e-3, 0.2, 1.0, 5.0, 1e3, 1e8, 1e40, 1e150]
    weights = [1e-200, 1e-12, 0.02, 0.5, 0.9, 1 - 1e-12]
    for z in zs:
        for ratio in (1e-8, 1.0, 1e8):
            yield z if draw.random() < 0.6 else -z, 1.0, ratio, draw.choice([0.02, 0.9]), 0.0
    for _ in range(count):
        z, s = draw.choice(zs) * draw.choice([1, -1]), draw.choice(ss)
        mode = draw.choice([0.0, 0.0, 0.0, 0.7 * s, -2.0 * s, 30.0 * s, -1e4 * s])
        ratio = draw.choice(ratios)
        ratio = min(ratio, 1e290 / s) if s > 1 else max(ratio, 1e-290 / s)
        yield z * draw.uniform(0.7, 1.0), s, ratio * draw.uniform(0.7, 1.3), draw.choice(weights), mode


def number(value):
    return mp.nstr(value, 20) if value != 0 else "0.0"


def line(family, mode, components, x, s):
    mp.dps = DIGITS
    values = posterior([tuple(v if isinstance(v, str) else mpf(v) for v in c) for c in components], x, s)
    text = "|".join(":".join(v if isinstance(v, str) else "inf" if v == inf else repr(float(v)) for v in c) for c in components)
    print(",".join([family, repr(mode), text, repr(x), repr(s), *map(number, values)]), flush=True)


def main():
    families = sys.argv[1:] or [
        "normal", "point_normal", "point_laplace", "point_exponential", "generalized_binary", "horseshoe", "flat", "point_mass"]
    print("family,mode,components,x,s,log_likelihood,mean,sd,lfsr")
    for family in families:
        count = {"horseshoe": 20, "flat": 0, "point_mass": 10}.get(family, 60)
        for z, s, ratio, weight, mode in cases(family, count):
            mode = 0.0 if family in ("generalized_binary", "flat") else mode
            x = mode + z * s
            line(family, mode, prior(family, weight, ratio * s, mode), x, s)
        # Far on the wrong side: deviations of 1e-100 to 1e-300 beside observations of 1e150.
        if family in ("point_exponential", "generalized_binary"):
            for x, s, weight, scale in [(-1e150, 1.0, 0.01, 2e145), (-1e150, 1.0, 0.9, 3.0), (-1e140, 1e5, 0.3, 1e120), (-1.0, 1e-120, 0.2, 1e-5)]:
                line(family, 0.0, prior(family, weight, scale, 0.0), x, s)


if __name__ == "__main__":
    main()
