"""In-place writes, views and aliases, as users write them: value, both modes, differences."""
# pyright: basic

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from tests.depth import spread
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
x, y = rng.normal(size=5), rng.normal(size=5)
m, q = rng.normal(size=(3, 5)), rng.normal(size=(4, 4))
G = np.arange(1.0, 6.0)

case = Points()


@case(x)
def alias_write(x):
    y = x.copy()
    z = y
    y *= 2
    return np.sum(z * z)


@case(x)
def arg_write(x):
    y = x
    y += 1
    return np.sum(x * y)


@case(x)
def view_write(x):
    a = x * 1.0
    v = a[1:4]
    v[0] = 7.0 * v[1]
    v *= 2
    return np.sum(a**2)


@case(x)
def view2(x):
    a = x * 1.0
    v = a[1:]
    w = v[::2]
    w += x[0]
    a[2] = 3.0
    return np.sum(a * v[0]) + w[0]


@case(m)
def transposed(m):
    a = m.copy()
    t = a.T
    t[0] = 1.0
    t[1, 2] *= 3.0
    return np.sum(a**2)


@case(m)
def rows(m):
    a = m * 2
    for row in a:
        row *= row[0]
    return np.sum(a)


@case(m)
def reshape_view(m):
    a = np.zeros((3, 5))
    a[:] = m
    b = a.reshape(5, 3)
    b[1, 1] = 0.0
    b[2] *= 2
    return np.sum(a**3)


@case(x)
def view_before_overwrite(x):
    a = x * 1.0
    v = a[:2]
    a[0] = a[1] * a[2]
    return np.sum(v**2)


@case(x)
def gs(x):
    a = x.copy()
    for i in range(1, len(a)):
        a[i] = a[i - 1] * a[i]
    return a[-1] + a[2]


@case(x)
def store_read_store(x):
    a = np.zeros(3)
    a[0] = x[0]
    b = a[0] * 2
    a[0] = b * x[1]
    a[1] = 3.0
    return np.sum(a) * b


@case(x)
def dup(x):
    a = x * 1.0
    i = np.array([0, 0, 2])
    a[i] = x[:3] ** 2
    a[i] += x[1:4]
    return np.sum(a**2)


@case(x)
def addat(x):
    a = np.zeros(3)
    np.add.at(a, np.array([0, 0, 2]), x[:3] ** 2)
    np.subtract.at(a, np.array([1, 1, 1]), x[0])
    return np.sum(a**2)


@case(m)
def add_at_a_list(m):
    a = np.zeros((3, 5))
    np.add.at(a, [0, 1], m[0])
    np.add.at(a, (0, [1, 1]), m[0, 0])
    np.subtract.at(a, [2, 2], 1.0)
    return np.sum(a * m)


@case(q)
def indices_in_lists(q):
    y, rows = q.copy(), []
    for k in range(3):
        p = 3 - k
        rows.append(k)
        y[[k, p]] = y[[p, k]]
        y[[k, p], 1:3] += q[k, [p, k]]
    return np.sum(y[1:, [0, 2]] ** 2 + y[[True, False, True, True]][:, [0, -1]]) + np.sum(
        y[rows, [0, 0, 1]] * y[[[0], [1], [2]], [3]][:, 0]
    )


@case(m)
def diagonals_filled(m):
    y, z = m.copy(), m.T.copy()
    np.fill_diagonal(y, m[0])
    np.fill_diagonal(z, [1.0, 2.0])
    return np.sum(y**2) + np.sum(z**2)


@case(x)
def mask(x):
    a = x * 1.0
    a[a > 0] = 0.5
    a[x < 0] *= 2.0
    return np.sum(a * x)


@case(x)
def aug(x):
    a = np.abs(x) + 1
    a[0] /= a[1]
    a[1:3] **= 2
    a[::2] -= x[::2]
    a[-1] **= 1.5
    a /= 3.0
    return np.sum(a)


@case(x)
def outs(x):
    a = np.empty(5)
    np.multiply(x, 2.0, out=a)
    np.add(a, x, a)
    b = np.zeros_like(x)
    np.sin(a, out=b[:])
    a.fill(x[0])
    return np.sum(a * b)


@case(x, y)
def swap(x, y):
    u = x.copy()
    v = y.copy()
    for t in range(3):
        v[1:-1] = u[2:] * u[:-2]
        u, v = v, u
    return np.sum(u * v)


@case(x)
def cond_alias(x):
    if x[0] > 0:
        y = x * 2
    else:
        y = x * 3
    y[0] = 1.0
    return np.sum(y**2)


@case(q)
def lu(q):
    a = q.copy()
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    s = 0.0
    for k in range(n):
        s += math.log(abs(a[k, k]))
    return s


@case(x)
def overlap(x):
    a = x * 1.0
    a[1:] = a[:-1]
    a[1:] += a[:-1] ** 2
    return np.sum(a**2)


@case(x)
def swap_elems(x):
    a = x.copy()
    a[0], a[1] = a[1], a[0] * 2
    return a[0] * a[1] ** 2


@case(m)
def swap_rows(m):
    a = m.copy()
    a[0], a[1] = a[1], a[0]
    return np.sum(a[0] * a[1] ** 2)


def inc(a, k):
    a[k] += 1.0
    a *= 1.5


@case(x)
def callee(x):
    a = x.copy()
    for k in range(2):
        inc(a, k)
    return np.sum(a**2)


@case(x)
def returned_alias(x):
    def pick(a, b):
        return a

    u = x.copy()
    w = pick(u, x)
    w[0] = 2.0
    return np.sum(u**2)


@case(x)
def container(x):
    d = {"a": x.copy()}
    z = d["a"]
    z[0] = 0.0
    d["a"][1] *= 2
    return np.sum(d["a"] ** 2) + np.sum(z)


@case(x)
def twice(x):
    a = b = np.zeros(5)
    a[0] = x[0]
    return b[0] ** 2 + np.sum(b)


@case(x)
def listtwice(x):
    pair = [np.zeros(2)] * 2
    pair[0][0] = x[0]
    return pair[1][0] ** 2


@case(x)
def intarr(x):
    a = np.zeros(3, dtype=int)
    a[0] = 2
    a[1] = x[0]
    return np.sum(a) * x[0] + x[a[0]]


@case(x)
def workspace_loop(x):
    w = np.zeros(5)
    s = 0.0
    for t in range(3):
        for i in range(5):
            w[i] = x[i] * (t + 1) + s
        s += np.sum(w**2)
    return s


@case(x)
def rebinding(x):
    y = x
    for t in range(3):
        y = np.tanh(y) * x
        y[0] = y[1]
    return np.sum(y)


@case(x)
def prevnew(x):
    prev = x
    for t in range(3):
        new = np.empty(5)
        for i in range(5):
            new[i] = prev[i] ** 2 * 0.5 + prev[i - 1]
        prev = new
    return np.sum(prev)


@case(m)
def repeated_indices_in_a_view(m):
    a = m.copy()
    column = a[:, 1]
    column[np.array([0, 0, 2])] = m[:, 0] ** 2
    a.T[2][np.array([1, 1])] = m[0, :2]
    return np.sum(a**2)


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 3))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    before = G.copy()
    expected = function(*(a.copy() for a in args))
    G[:] = before
    kept = [a.copy() for a in args]
    value, gradients = value_and_grad(function, tuple(range(len(args))))(*args)
    assert_same_bits(value, expected)
    for gradient, arg, copy in zip(gradients, args, kept, strict=True):
        assert np.array_equal(arg, copy)
        assert gradient.flags.writeable
        assert not np.may_share_memory(gradient, arg)
    assert np.array_equal(before, G)
    if function is not captured:
        check_grads(function, args)


def captured(x):
    s = np.sum(G * x)
    G[0] = x[0]
    return s + np.sum(G * x)


def test_a_captured_array_is_versioned_like_any_other() -> None:
    before = G.copy()
    assert grad(captured)(x) == pytest.approx(2 * G + np.array([2 * x[0] - G[0], 0, 0, 0, 0]))
    assert np.array_equal(before, G)


def test_arrays_that_overlap_are_refused_when_one_is_written() -> None:
    def f(x, y):
        x[0] = 2.0
        return np.sum(x) * y[0]

    a = np.arange(6.0)
    with pytest.raises(ValueError, match="`x` and `y` share memory"):
        grad(f)(a, a[1:])
    assert grad(f)(a[:3], a[3:]) == pytest.approx([0.0, 3.0, 3.0])


def test_the_layout_of_an_argument_is_kept() -> None:
    def f(x):
        x *= 2
        return np.sum(x / 3)

    a = np.asfortranarray(rng.normal(size=(37, 41)))
    value, _ = value_and_grad(f)(a)
    assert value == f(a.copy(order="K"))


def test_a_float32_array_keeps_its_dtype_when_float64_is_added() -> None:
    def f(x, y):
        a = x.copy()
        a += y
        a[1:] *= y[1:]
        return np.sum(a)

    gradients = grad(f, (0, 1))(x.astype(np.float32), y)
    assert [g.dtype for g in gradients] == [np.float32, np.float64]
    check_grads(f, (x, y))
