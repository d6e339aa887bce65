#!/usr/bin/env python3
"""Draws the README's figure from the folder of a fit: the ELBO's way to its end, and the leading columns of each factor.

usage: fit_figure.py DIR > figure.svg        (Python 3, nothing else)
"""
import ast
import csv
import json
import math
import os
import struct
import sys
from array import array


def load(path):
    """A float64 .npy array in C order: shape and values."""
    data = open(path, "rb").read()
    length, at = struct.unpack("<H", data[8:10])[0], 10
    if data[6] > 1:
        length, at = struct.unpack("<I", data[8:12])[0], 12
    header = ast.literal_eval(data[at:at + length].decode("latin1"))
    values = array("d")
    values.frombytes(data[at + length:])
    return header["shape"], values


def text(x, y, words, anchor="middle", more=""):
    words = str(words).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>'


def trace_panel(folder, left, top, width, height):
    fit = json.load(open(os.path.join(folder, "fit.json")))
    rows = list(csv.DictReader(open(os.path.join(folder, "trace.csv"))))
    floor, end = fit["ebmf"]["tolerance"], fit["elbo"]
    points = [(int(r["round"]), max(floor, end - float(r["elbo"]))) for r in rows if r["elbo"]]
    last = int(rows[-1]["round"])
    low, high = math.floor(math.log10(floor)), math.ceil(math.log10(points[0][1]))
    x = lambda r: left + width * r / last
    y = lambda g: top + height * (high - math.log10(g)) / (high - low)
    out = []
    start = 1
    for i, r in enumerate(rows):
        if i + 1 == len(rows) or rows[i + 1]["phase"].split()[0] != r["phase"].split()[0]:
            phase, until = r["phase"].split()[0], int(r["round"])
            if until - start > 5:
                shade = "#eef3fb" if phase == "greedy" else "#f7f2e6"
                out.append(f'<rect x="{x(start):.1f}" y="{top}" width="{x(until) - x(start):.1f}" height="{height}" fill="{shade}"/>')
                out.append(text((x(start) + x(until)) / 2, top + height - 8, phase, more=' fill="#777"'))
            start = until
    for e in range(low, high + 1, 2):
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(10 ** e):.1f}" y2="{y(10 ** e):.1f}" stroke="#ddd"/>')
        out.append(text(left - 5, y(10 ** e) + 4, f"1e{e}", "end"))
    path = " ".join(f"{x(r):.1f},{y(g):.1f}" for r, g in points)
    out.append(f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="1.8"/>')
    for r in (1, last):
        out.append(text(x(r), top + height + 14, r))
    out.append(text(left + width / 2, top + height + 14, "round"))
    out.append(text(left - 44, top - 10, f"final ELBO ({end:,.1f}) minus ELBO", "start", ' font-weight="bold"'))
    return out


def factor_panel(folder, left, top, width, height, genes_each=3, first=1):
    fit = json.load(open(os.path.join(folder, "fit.json")))
    names = open(os.path.join(folder, "columns.tsv")).read().split("\n")[1:-1]
    (p, k), mean = load(os.path.join(folder, "factors_mean.npy"))
    _, lfsr = load(os.path.join(folder, "factors_lfsr.npy"))
    shown = []
    for t in range(first, k):
        order = sorted((j for j in range(p) if lfsr[j * k + t] < 0.05), key=lambda j: -abs(mean[j * k + t]))
        shown += [j for j in order if j not in shown][:genes_each]
    cw, ch = width / len(shown), height / (k - first)
    out = [text(left - 78, top - 10, "factor, share of variance, and its mean for the columns that lead it (blue +, red −)", "start", ' font-weight="bold"')]
    for t in range(first, k):
        row = top + (t - first) * ch
        out.append(text(left - 6, row + ch / 2 + 4, f"{t + 1}:  {100 * fit['pve'][t]:.2f} %", "end"))
        most = max(abs(mean[j * k + t]) for j in shown)
        for c, j in enumerate(shown):
            v = mean[j * k + t] / most
            if abs(v) < 0.01:
                continue
            out.append(f'<rect x="{left + c * cw:.1f}" y="{row:.1f}" width="{cw - 1:.1f}" height="{ch - 1:.1f}" '
                       f'fill="{"#1f6feb" if v > 0 else "#d1242f"}" fill-opacity="{abs(v):.2f}"/>')
    for c, j in enumerate(shown):
        x, y = left + (c + 0.7) * cw, top + height + 8
        out.append(text(x, y, names[j], "end", f' transform="rotate(-60 {x:.1f} {y:.1f})"'))
    return out


def main():
    folder = sys.argv[1]
    body = trace_panel(folder, 52, 30, 250, 200) + factor_panel(folder, 400, 30, 430, 200)
    print('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 290" width="840" font-family="sans-serif" font-size="11">'
          '<rect width="840" height="290" fill="white"/>' + "\n".join(body) + "</svg>")


main()
