"""Lists that a loop fills while it reads them, and lists of lists that grow that way."""
# pyright: basic
# ruff: noqa: RUF005
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.depth import spread, thorough
from tests.points import Points, check_program

X = np.array([0.3, -0.8, 1.2, 0.5])
X6 = np.array([0.3, 0.81, 1.2, 0.5, 0.93, 0.1])

case = Points()


@case(X)
def binomials(x):
    n = len(x)
    rows = []
    for i in range(n):
        row = [1.0] * (i + 1)
        for j in range(1, i):
            row[j] = rows[i - 1][j - 1] + rows[i - 1][j] * x[i]
        rows.append(row)
    return sum(rows[-1])


@case(X)
def filled_and_read_in_one_loop(x):
    xs = []
    for i in range(len(x)):
        s = 0.0
        for j in range(i):
            s += xs[j] * x[i]
        xs.append(s + x[i])
    return xs[-1]


@case(np.array([2.0, 0.5, 0.3, 0.1]))
def levinson(r):
    n = len(r) - 1
    a = [1.0]
    e = r[0]
    for i in range(1, n + 1):
        acc = r[i]
        for j in range(1, i):
            acc += a[j] * r[i - j]
        k = -acc / e
        new = a + [0.0]
        for j in range(1, i):
            new[j] = a[j] + k * a[i - j]
        new[i] = k
        a = new
        e *= 1.0 - k * k
    return e + a[-1]


@case(np.array([0.0, 1, 2.5, 3]), X)
def divided_differences(xs, ys):
    n = len(xs)
    t = [[0.0] * n for _ in range(n)]
    for i in range(n):
        t[i][0] = ys[i]
    for j in range(1, n):
        for i in range(n - j):
            t[i][j] = (t[i + 1][j - 1] - t[i][j - 1]) / (xs[i + j] - xs[i])
    s = t[0][n - 1]
    for k in range(n - 2, -1, -1):
        s = s * (0.4 - xs[k]) + t[0][k]
    return s


@case(1.3)
def romberg(x):
    R = []
    for k in range(4):
        n = 2**k
        h = 1.0 / n
        R.append([h * sum(math.sin(x * (i + 0.5) * h) for i in range(n))])
        for j in range(1, k + 1):
            R[k].append(R[k][j - 1] + (R[k][j - 1] - R[k - 1][j - 1]) / (4**j - 1))
    return R[-1][-1]


@case(X6)
def monotone_stack(x):
    h = []
    t = 0.0
    for v in x:
        while h and h[-1] > v:
            t += h.pop() * v
        h.append(v)
    return t + sum(h)


@case(np.sort(X))
def intervals_merged(x):
    m = []
    for v in x:
        if m and v <= m[-1][1]:
            m[-1] = (m[-1][0], max(m[-1][1], v + 0.3))
        else:
            m.append((v, v + 0.3))
    return sum(b - a * a for a, b in m)


@case(X6)
def one_arm_reads(x):
    z = []
    for i in range(len(x)):
        if i == 0:
            z.append(x[0])
        else:
            z.append(z[i - 1] * 0.5 + x[i] ** 2)
    return sum(z)


@case(X6)
def the_last_or_zero(x):
    z = []
    for v in x:
        last = z[-1] if z else 0.0
        z.append(last * 0.5 + v)
    return z[-1] if len(z) > 0 and z[0] < 5 else 0.0


@case(X6)
def moving_window(x):
    q = []
    t = 0.0
    for v in x:
        q.append(v)
        if len(q) > 3:
            q.pop(0)
        t += sum(q) / len(q)
    return t


@case(X6)
def breadth_first(x):
    q = [0]
    t = 0.0
    d = [0.0] * len(x)
    seen = [0] * len(x)
    while q:
        k = q.pop(0)
        t += x[k] * d[k] + x[k]
        for j in (2 * k + 1, 2 * k + 2):
            if j < len(x) and seen[j] == 0:
                seen[j] = 1
                d[j] = d[k] + x[k] ** 2
                q.append(j)
    return t


@case(1.3, 6)
def history_of_slopes(y0, n):
    fs = []
    y = y0
    for k in range(n):
        fs.append(-y * y)
        if len(fs) > 2:
            fs.pop(0)
        if len(fs) < 2:
            y = y + 0.1 * fs[0]
        else:
            y = y + 0.1 * (1.5 * fs[1] - 0.5 * fs[0])
    return y


@case(X6)
def put_first_each_trip(x):
    q = [1.0]
    for v in x:
        q.insert(0, v * q[0])
    return sum(a * (k + 1) for k, a in enumerate(q))


@case(X6)
def integers_in_rows(x):
    m = [[0.0, 0.0] for _ in range(len(x))]
    for i in range(len(x)):
        m[i][0] = i
        m[i].append(i * 2)
        m[i][1] += x[i] * m[i][0]
    return sum(sum(r) for r in m)


@case(X6)
def rows_taken_apart(x):
    pairs = [[0.0] * 2 for _ in x]
    for t in range(len(x)):
        pairs[t // 2][t % 2] += x[t] ** 2
    total = 0.0
    for a, b in pairs:
        total += a * b
    return total + sum(a - b for a, b in pairs)


CASES = spread([(*entered.values, "python") for entered in case.entered], 3)
CASES += [pytest.param(*entered.values, "numba", marks=thorough) for entered in case.entered]


@pytest.mark.parametrize(("function", "args", "backend"), CASES)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    check_program(function, args, backend)
