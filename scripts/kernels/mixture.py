"""The log-likelihood of a Gaussian mixture with full covariances, with a Wishart prior.

The objective of ADBench, but for constants. `icf` has, for each component, the logarithms of a
diagonal, and a lower triangle row by row.
"""

import math
from typing import Any

import numpy as np


def mixture(alphas: Any, means: Any, icf: Any, points: Any, gamma: float, m: int) -> float:
    """Loops, point by point."""
    n, d = points.shape
    count = len(alphas)
    diagonal = np.exp(icf[:, :d])
    logs = np.zeros(count)
    for k in range(count):
        for j in range(d):
            logs[k] += icf[k, j]
    total = 0.0
    terms = np.zeros(count)
    centred = np.zeros(d)
    for i in range(n):
        for k in range(count):
            for j in range(d):
                centred[j] = points[i, j] - means[k, j]
            square = 0.0
            place = d
            for j in range(d):
                t = diagonal[k, j] * centred[j]
                for p in range(j):
                    t += icf[k, place + p] * centred[p]
                place += j
                square += t * t
            terms[k] = alphas[k] + logs[k] - 0.5 * square
        top = terms[0]
        for k in range(1, count):
            top = max(top, terms[k])
        s = 0.0
        for k in range(count):
            s += math.exp(terms[k] - top)
        total += top + math.log(s)
    s = 0.0
    for k in range(count):
        s += math.exp(alphas[k])
    total -= n * math.log(s)
    for k in range(count):
        square = 0.0
        for j in range(d):
            square += diagonal[k, j] * diagonal[k, j]
        for j in range(d, icf.shape[1]):
            square += icf[k, j] * icf[k, j]
        total += 0.5 * gamma * gamma * square - m * logs[k]
    return total


def mixture_arrays(
    alphas: Any, means: Any, diagonal: Any, lower: Any, points: Any, gamma: float, m: int
) -> float:
    """Arrays; the triangles are given as matrices, with zeros in what is not below the diagonal."""
    widths = np.exp(diagonal)
    logs = np.sum(diagonal, axis=1)
    centred = points - means[:, np.newaxis, :]
    scaled = centred * widths[:, np.newaxis, :] + centred @ np.transpose(lower, (0, 2, 1))
    terms = (alphas + logs)[:, np.newaxis] - 0.5 * np.sum(scaled * scaled, axis=2)
    top = np.max(terms, axis=0)
    each = top + np.log(np.sum(np.exp(terms - top), axis=0))
    likelihood = np.sum(each) - len(points) * np.log(np.sum(np.exp(alphas)))
    prior = 0.5 * gamma * gamma * (np.sum(widths * widths) + np.sum(lower * lower))
    return likelihood + prior - m * np.sum(logs)
