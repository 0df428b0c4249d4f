"""Gradients of the workloads, derived and written by hand, for Numba."""

import math
from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, error_model="numpy")
def rk4(y: Any, k: Any, h: Any, n: Any) -> Any:
    """With respect to y and k: the state before each step is on the tape."""
    states = np.empty(n)
    for t in range(n):
        states[t] = y
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        d = -k * w + math.sin(w)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    y_bar = 1.0
    k_bar = 0.0
    for t in range(n - 1, -1, -1):
        y = states[t]
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        s = h / 6.0 * y_bar
        d_bar = s
        w_bar = (math.cos(w) - k) * d_bar
        k_bar -= w * d_bar
        c_bar = 2.0 * s + h * w_bar
        v_bar = (math.cos(v) - k) * c_bar
        k_bar -= v * c_bar
        b_bar = 2.0 * s + 0.5 * h * v_bar
        u_bar = (math.cos(u) - k) * b_bar
        k_bar -= u * b_bar
        a_bar = s + 0.5 * h * u_bar
        k_bar -= y * a_bar
        y_bar += w_bar + v_bar + u_bar + (math.cos(y) - k) * a_bar
    return y_bar, k_bar


@numba.njit(cache=True, error_model="numpy")
def heat(u0: Any, c: Any, steps: Any) -> Any:
    """With respect to u0: linear, so no tape; each adjoint gathers from its neighbours."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = u[i, j] + c * (around - 4.0 * u[i, j])
        u, new = new, u
    bar = 2.0 * u
    inner = np.zeros((n, m))
    border = np.zeros((n, m))
    border[0], border[-1], border[:, 0], border[:, -1] = bar[0], bar[-1], bar[:, 0], bar[:, -1]
    inner[1:-1, 1:-1] = bar[1:-1, 1:-1]
    other = np.zeros((n, m))
    for _ in range(steps):
        for j in range(1, m - 1):
            border[0, j] += c * inner[1, j]
            border[n - 1, j] += c * inner[n - 2, j]
        for i in range(1, n - 1):
            border[i, 0] += c * inner[i, 1]
            border[i, m - 1] += c * inner[i, m - 2]
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = inner[i - 1, j] + inner[i + 1, j] + inner[i, j - 1] + inner[i, j + 1]
                other[i, j] = inner[i, j] + c * (around - 4.0 * inner[i, j])
        inner, other = other, inner
    border[1:-1, 1:-1] = inner[1:-1, 1:-1]
    return border


@numba.njit(cache=True, error_model="numpy")
def rosenbrock(x: Any) -> Any:
    """Forward and reverse in one loop."""
    x_bar = np.zeros_like(x)
    for i in range(len(x) - 1):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        a_bar = 200.0 * a
        x_bar[i + 1] += a_bar
        x_bar[i] -= 2.0 * x[i] * a_bar + 2.0 * b
    return x_bar


@numba.njit(cache=True, error_model="numpy")
def mixture(alphas: Any, means: Any, icf: Any, points: Any) -> Any:
    """With respect to alphas, means and icf: one point at a time, nothing stored but a row."""
    n, d = points.shape
    count = len(alphas)
    alphas_bar = np.zeros_like(alphas)
    means_bar = np.zeros_like(means)
    icf_bar = np.zeros_like(icf)
    diagonal = np.exp(icf[:, :d])
    logs = np.zeros(count)
    for k in range(count):
        for j in range(d):
            logs[k] += icf[k, j]
    terms = np.zeros(count)
    centred = np.zeros((count, d))
    scaled = np.zeros((count, d))
    centred_bar = np.zeros(d)
    for i in range(n):
        for k in range(count):
            for j in range(d):
                centred[k, j] = points[i, j] - means[k, j]
            square = 0.0
            place = d
            for j in range(d):
                t = diagonal[k, j] * centred[k, j]
                for m in range(j):
                    t += icf[k, place + m] * centred[k, m]
                place += j
                scaled[k, j] = t
                square += t * t
            terms[k] = alphas[k] + logs[k] - 0.5 * square
        top = terms[0]
        for k in range(1, count):
            top = max(top, terms[k])
        s = 0.0
        for k in range(count):
            terms[k] = math.exp(terms[k] - top)
            s += terms[k]
        for k in range(count):
            weight = terms[k] / s
            alphas_bar[k] += weight
            centred_bar[:] = 0.0
            place = d
            for j in range(d):
                t_bar = -weight * scaled[k, j]
                icf_bar[k, j] += weight + t_bar * diagonal[k, j] * centred[k, j]
                centred_bar[j] += t_bar * diagonal[k, j]
                for m in range(j):
                    icf_bar[k, place + m] += t_bar * centred[k, m]
                    centred_bar[m] += t_bar * icf[k, place + m]
                place += j
            for j in range(d):
                means_bar[k, j] -= centred_bar[j]
    return alphas_bar, means_bar, icf_bar


@numba.njit(cache=True, error_model="numpy")
def scalar(x: Any, y: Any) -> Any:
    """With respect to x and y."""
    a = x * y
    b = math.sin(a) + x
    c = b * b - y
    e = math.exp(-c * c)
    q = 1.0 + b * b
    d_bar = 1.0 / q
    b_bar = -2.0 * b * (e + a) / (q * q)
    c_bar = -2.0 * c * e * d_bar
    b_bar += 2.0 * b * c_bar
    a_bar = d_bar + math.cos(a) * b_bar
    return y * a_bar + b_bar, x * a_bar - c_bar
