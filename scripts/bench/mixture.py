"""A Gaussian mixture: 1000 points in 10 dimensions, 25 components."""

import math
from typing import Any

import numpy as np

from scripts.bench import data
from scripts.bench.workload import Form, Workload, by_autograd, by_jax, compiled
from scripts.kernels.mixture import mixture, mixture_arrays


def adjoint(alphas: Any, means: Any, icf: Any, points: Any, gamma: Any, m: Any) -> Any:
    """With respect to alphas, means and icf: one point at a time, nothing stored but its rows."""
    n, d = points.shape
    count, width = icf.shape
    alphas_bar, means_bar, icf_bar = np.empty(count), np.zeros((count, d)), np.empty((count, width))
    diagonal = np.exp(icf[:, :d])
    logs = np.zeros(count)
    s = 0.0
    for k in range(count):
        for j in range(d):
            logs[k] += icf[k, j]
        s += math.exp(alphas[k])
    for k in range(count):
        alphas_bar[k] = -n * math.exp(alphas[k]) / s
        for j in range(d):
            icf_bar[k, j] = gamma * gamma * diagonal[k, j] * diagonal[k, j] - m
        for j in range(d, width):
            icf_bar[k, j] = gamma * gamma * icf[k, j]
    terms = np.empty(count)
    centred = np.empty((count, d))
    scaled = np.empty((count, d))
    centred_bar = np.empty(d)
    for i in range(n):
        top = -math.inf
        for k in range(count):
            for j in range(d):
                centred[k, j] = points[i, j] - means[k, j]
            square = 0.0
            place = d
            for j in range(d):
                t = diagonal[k, j] * centred[k, j]
                for p in range(j):
                    t += icf[k, place + p] * centred[k, p]
                place += j
                scaled[k, j] = t
                square += t * t
            terms[k] = alphas[k] + logs[k] - 0.5 * square
            top = max(top, terms[k])
        s = 0.0
        for k in range(count):
            terms[k] = math.exp(terms[k] - top)
            s += terms[k]
        for k in range(count):
            weight = terms[k] / s
            alphas_bar[k] += weight
            place = d
            for j in range(d):
                t_bar = -weight * scaled[k, j]
                icf_bar[k, j] += weight + t_bar * diagonal[k, j] * centred[k, j]
                centred_bar[j] = t_bar * diagonal[k, j]
                for p in range(j):
                    icf_bar[k, place + p] += t_bar * centred[k, p]
                    centred_bar[p] += t_bar * icf[k, place + p]
                place += j
            for j in range(d):
                means_bar[k, j] -= centred_bar[j]
    return alphas_bar, means_bar, icf_bar


def adjoint_of_arrays(
    alphas: Any, means: Any, diagonal: Any, lower: Any, points: Any, gamma: Any, m: Any
) -> Any:
    """With respect to alphas, means, diagonal and lower; products of matrices, component first."""
    widths = np.exp(diagonal)
    factors = lower.copy()
    index = np.arange(len(means[0]))
    factors[:, index, index] += widths
    centred = points - means[:, np.newaxis, :]
    scaled = centred @ factors.transpose(0, 2, 1)
    terms = (alphas + np.sum(diagonal, axis=1))[:, np.newaxis] - 0.5 * np.sum(scaled**2, axis=2)
    terms -= np.max(terms, axis=0)
    weights = np.exp(terms)
    weights /= np.sum(weights, axis=0)
    sums = np.sum(weights, axis=1)
    exps = np.exp(alphas)
    alphas_bar = sums - len(points) * exps / np.sum(exps)
    scaled *= -weights[:, :, np.newaxis]
    factors_bar = scaled.transpose(0, 2, 1) @ centred
    means_bar = -(np.sum(scaled, axis=1)[:, np.newaxis, :] @ factors)[:, 0]
    diagonal_bar = (factors_bar[:, index, index] + gamma * gamma * widths) * widths
    diagonal_bar += sums[:, np.newaxis] - m
    return alphas_bar, means_bar, diagonal_bar, factors_bar + gamma * gamma * lower


def matrices(icf: Any, d: int) -> tuple[Any, Any]:
    """The diagonals, and the triangles as matrices."""
    lower = np.zeros((len(icf), d, d))
    rows, columns = np.tril_indices(d, -1)
    lower[:, rows, columns] = icf[:, d:]
    return icf[:, :d].copy(), lower


def in_one(gradient: Any) -> Any:
    """The gradient by diagonals and matrices as one by icf."""
    alphas, means, diagonal, lower = gradient
    rows, columns = np.tril_indices(means.shape[1], -1)
    return alphas, means, np.concatenate((diagonal, np.asarray(lower)[:, rows, columns]), axis=1)


def workloads() -> list[Workload]:
    """As loops and as arrays."""
    alphas, means, icf, points, gamma, m = data.mixture()
    arrays = (alphas, means, *matrices(icf, points.shape[1]), points, gamma, m)
    loops = (alphas, means, icf, points, gamma, m)
    argnums = (0, 1, 2, 3)
    forms = {
        "python": Form(mixture_arrays, arrays, argnums, adjoint_of_arrays, normal=in_one),
        "numba": Form(mixture, loops, (0, 1, 2), compiled(adjoint)),
    }
    peers = by_autograd(mixture_arrays, argnums), by_jax(mixture_arrays, argnums)
    return [Workload("Gaussian mixture", forms, *peers)]
