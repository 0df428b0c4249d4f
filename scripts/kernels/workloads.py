"""Programs to differentiate, as a user would write them for Numba."""

import math
from typing import Any

import numpy as np


def rk4(y: float, k: float, h: float, n: int) -> float:
    """A Runge-Kutta loop with a scalar state: y' = -k y + sin(y)."""
    for _ in range(n):
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        d = -k * w + math.sin(w)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return y


def heat(u0: Any, c: float, steps: int) -> float:
    """The heat equation on a square, two arrays in turns."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = u[i, j] + c * (around - 4.0 * u[i, j])
        u, new = new, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def allen_cahn(u0: Any, c: float, steps: int) -> float:
    """The same with a reaction: u' = c (laplacian of u) + dt (u - u**3)."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                x = u[i, j]
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
        u, new = new, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def rosenbrock(x: Any) -> float:
    """The chained Rosenbrock function."""
    total = 0.0
    for i in range(len(x) - 1):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        total += 100.0 * a * a + b * b
    return total


def mixture(alphas: Any, means: Any, icf: Any, points: Any) -> float:
    """The log-likelihood of a Gaussian mixture with full covariances, point by point.

    `icf` has, for each component, the logarithms of a diagonal, and a lower triangle row by row.
    """
    n, d = points.shape
    count = len(alphas)
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
                t = math.exp(icf[k, j]) * centred[j]
                for m in range(j):
                    t += icf[k, place + m] * centred[m]
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
    return total


def scalar(x: float, y: float) -> float:
    """Ten operations."""
    a = x * y
    b = math.sin(a) + x
    c = b * b - y
    d = math.exp(-c * c) + a
    return d / (1.0 + b * b)
