"""Inputs of ADBench, from a folder that the variable AD_BENCH_DATA names, or else random ones.

The random ones have the same sizes, so that times mean the same.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = "AD_BENCH_DATA"
"""The variable with the folder of `gmm_d10_K25.txt`, `ba1_*.txt` and `lstm_l2_c1024.txt`."""


def given(name: str) -> list[list[float]] | None:
    """The lines of a file, as numbers; None if there is no such file."""
    folder = os.environ.get(FOLDER)
    if folder is None or not (Path(folder) / name).exists():
        return None
    text = (Path(folder) / name).read_text(encoding="utf-8")
    return [[float(word) for word in line.split()] for line in text.splitlines() if line.strip()]


def mixture() -> tuple[Any, ...]:
    """Arguments: alphas, means, icf, points, gamma, m."""
    d, count, n = 10, 25, 1000
    width = d + d * (d - 1) // 2
    lines = given("gmm_d10_K25.txt")
    if lines is None:
        random = np.random.default_rng(1)
        alphas, means = random.normal(size=count), random.random(size=(count, d))
        icf, points = random.normal(size=(count, width)), random.normal(size=(n, d))
        return alphas, means, icf, points, 1.0, 0
    alphas = np.array([line[0] for line in lines[1 : 1 + count]])
    rest = lines[1 + count :]
    means = np.array(rest[:count])
    icf = np.array(rest[count : 2 * count])
    points = np.array(rest[2 * count : 2 * count + n])
    gamma, m = rest[2 * count + n]
    return alphas, means, icf, points, gamma, int(m)


def lstm() -> tuple[Any, ...]:
    """Arguments: weights, biases, outer, hidden state, cells, sequence."""
    layers, steps, width = 2, 1024, 14
    lines = given("lstm_l2_c1024.txt")
    if lines is None:
        random = np.random.default_rng(2)
        main = random.random(size=(2 * layers, 4 * width))
        outer, state = random.random(size=(3, width)), random.random(size=(2 * layers, width))
        sequence = (random.random(size=(steps, width)) < 0.3).astype(float)
    else:
        main = np.array(lines[1 : 1 + 2 * layers])
        outer = np.array(lines[1 + 2 * layers : 4 + 2 * layers])
        state = np.array(lines[4 + 2 * layers : 4 + 4 * layers])
        sequence = np.array(lines[4 + 4 * layers : 4 + 4 * layers + steps])
    weights, biases = (main[k::2].reshape(layers, 4, width).copy() for k in (0, 1))
    return weights, biases, outer, state[0::2].copy(), state[1::2].copy(), sequence


def bundle() -> tuple[Any, ...]:
    """Arguments, one column an observation: rotation, centre, lens, point, weight, place seen.

    ADBench repeats one camera and one point; the random input differs from one to the other.
    """
    count = 31_843
    lines = given("ba1_n49_m7776_p31843.txt")
    if lines is None:
        random = np.random.default_rng(3)
        camera = np.array([-0.76, -1.11, -0.85, 34.6, 39.7, 53.9, 419.2, 5.9, -8.5, 0.09, 0.003])
        cameras = camera[:, None] * random.uniform(0.9, 1.1, size=(11, count))
        points = np.array([7.2, 0.001, 3.0])[:, None] * random.uniform(0.9, 1.1, size=(3, count))
        seen = random.uniform(200.0, 900.0, size=(2, count))
        weights = random.random(size=count)
    else:
        cameras = np.repeat(np.array(lines[1])[:, None], count, axis=1)
        points = np.repeat(np.array(lines[2])[:, None], count, axis=1)
        weights = np.full(count, lines[3][0])
        seen = np.repeat(np.array(lines[4])[:, None], count, axis=1)
    parts = (cameras[:3], cameras[3:6], cameras[6:], points)
    return *(part.copy() for part in parts), weights, seen
