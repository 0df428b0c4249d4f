"""Programs as people write them: early returns, powers of two, lists, and words to the user."""
# pyright: basic
# ruff: noqa: C417, F821, RUF005, UP031
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import functools
import math
import operator
from collections import namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from ad_compiler import Unsupported, check_grads, grad, jacfwd, jvp, value_and_grad
from tests.depth import thorough
from tests.points import Points, assert_same_bits

X2, X3 = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
X8 = np.arange(8.0) * 0.1 + 0.4
H3, H4 = np.array([0.5, 1.0, 0.2]), np.array([0.2, 0.3, 0.8, 1.1])
M22, M23, M32 = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(2, 3), np.ones((3, 2))
M55 = np.arange(25.0).reshape(5, 5)

case, plain = Points(), Points()


@case(X3)
def returned_while_it_is_written(x):
    h = np.zeros(3)
    for k in range(3):
        h[k] = x[k] ** 2
        if h[k] < 1e-12:
            return h
    return h


@case(X3)
def a_view_returned_early(x):
    h = np.zeros(4)
    v = h[1:]
    for k in range(3):
        h[k] = x[k] ** 2
        if h[k] > 3:
            return v
        v[0] += x[k]
    return v


@case(X3)
def an_argument_returned_early(x):
    for k in range(3):
        x[k] = x[k] ** 2
        if x[k] > 3:
            return x
    return x * 2


def listed(x, kk):
    z = x * 2
    for k in range(kk):
        z[k] *= x[k]
        if z[k] > 3:
            return [z, k]
    return [z, 3]


@case(X3, 3)
def in_a_list_returned_early(x, kk):
    a, b = listed(x, kk)
    return np.sum(a) * b


@case(X3, 3)
def returned_from_two_loops(x, kk):
    z = x * 2
    for k in range(kk):
        for j in range(k):
            z[k] *= x[j]
            if z[k] > 8:
                return z
        z[0] += 1
    return z


@case(X3, 3)
def copied_in_each_trip(x, kk):
    i = 0
    while True:
        x = x.copy()
        x[0] *= 0.5
        i += 1
        if x[0] < 0.1:
            return x
        x[1] += x[0]


@case(X3, 3)
def bound_where_a_loop_stops(x, kk):
    for k in range(kk):
        if x[k] > 1.5:
            y = x
            break
    else:
        y = x
    y[0] = 7.0
    return np.sum(x * y)


@case(X3, 3)
def a_view_of_the_trip_before(x, kk):
    z = x * 2
    for k in range(kk):
        if k:
            y[1] *= x[k]
        y = z[::-1]
        z[k] *= x[k] * 3
    return np.sum(y * z)


@case(X3, 3)
def the_array_of_the_trip_before(x, kk):
    z = x * 2
    for k in range(kk):
        if k > 1:
            y[1] *= x[k]
        y = z
        z = x * 4 + z
        z[k] *= x[k] * 3
    return np.sum(y * z)


@case(X8, 3)
def levels_of_a_tree(x, depth):
    W = x * 2
    s = 0.0
    for d in range(depth):
        s += np.sum(W[2**d - 1 : 2**d - 1 + 2**d] ** 2)
    return s


@case(X8, 3)
def halves_of_halves(x, n):
    s = 0.0
    for l in range(n):
        w = 2 ** (n - 1 - l)
        for b in range(0, len(x), 2 * w):
            s += np.sum(x[b : b + w]) * np.sum(x[b + w : b + 2 * w])
    return s


@case(X8, 2)
def as_many_points_as_a_power(x, n):
    return np.sum(np.linspace(0, x[0], 2**n + 1))


@case(0.0, 1.0, 4)
def romberg(a, b, n):
    R = np.zeros((n, n))
    for i in range(n):
        m = 2**i
        xs = np.linspace(a, b, m + 1)
        ys = np.exp(-(xs**2))
        R[i, 0] = np.trapezoid(ys, xs)
        for j in range(1, i + 1):
            R[i, j] = R[i, j - 1] + (R[i, j - 1] - R[i - 1, j - 1]) / (4**j - 1)
    return R[n - 1, n - 1]


@case(X8, 4)
def parts_of_powers(x, n):
    s = 0.0
    for k in range(n):
        s += np.sum(x[: 2**k] ** 2) + 3**k
    return s


@case(X8, 4)
def written_from_powers_on(x, n):
    for k in range(n):
        x[2**k - 1 :] *= 0.5 + k
    return np.sum(x**3)


@case(X8, 4, 3)
def powers_of_either_sign(x, n, m):
    s = 0.0
    for k in range(-n, n):
        s += x[0] * m**k + m ** abs(k)
    return s


@case(X8, 8, 3)
def powers_as_numbers_and_places(x, n, m):
    s = 0.0
    for k in range(n):
        p = 2**k
        if p > 4:
            s += x[k] / p + p * x[p % 8] + p
        q = 3**k
        s += (q - x[0]) * x[1] / q
    return s


@case(X8, 70)
def powers_beyond_64_bits(x, n):
    s = 0.0
    for k in range(n):
        s += x[0] * 2**k
    return s


@case(M32, X3)
def a_tuple_beside_rows(P, w):
    tot = 0.0
    for a, p in zip((w[0], w[1], w[2]), P):
        tot = tot + a * p
    return np.sum(tot)


@case(M32, X3)
def a_sum_of_a_tuple_beside_rows(P, w):
    tot = sum(a * p for a, p in zip((w[0], w[1], w[2]), P))
    return np.sum(tot**2)


@case(M32, X3)
def reduced(x, w):
    return np.sum(functools.reduce(operator.add, (wi * p for wi, p in zip(w, x))))


@case(M23)
def columns_first(A):
    return np.sum(A.reshape(-1, order="F")[:3] ** 2) + np.sum(A.reshape((3, -1), order="F")[0] ** 3)


@case(M55, M22)
def windows_of_a_shape(x, w):
    return np.sum(sliding_window_view(x, w.shape) * w)


def tot2(it, c):
    s = 0.0
    for v in it:
        s += v * c
    return s


@case(X3)
def generators_for_functions(x):
    hs = [x[0], x[1]]
    return tot2((h * h for h in hs), 2.0) + tot2(map(math.sin, x), 3.0)


@case(H4)
def two_rows_of_a_table(x):
    n = len(x)
    prev = [2.0] * (n + 1)
    for i in range(n):
        cur = [1.0] * (n + 1)
        cur[0] = x[i] * prev[1]
        for j in range(1, n + 1):
            cur[j] = min(prev[j], cur[j - 1] * x[j - 1])
        prev = cur
    return prev[0] + prev[n]


@case(H3, H4)
def warped(x, y):
    n, m = len(x), len(y)
    prev = [0.0] + [1e9] * m
    for i in range(n):
        cur = [1e9] * (m + 1)
        for j in range(m):
            d = (x[i] - y[j]) ** 2
            cur[j + 1] = d + min(prev[j], prev[j + 1], cur[j])
        prev = cur
    return prev[m]


@case(H3, H4)
def a_list_under_two_names(x, y):
    prev = [0.0] * 3
    cur = [x[0]] * 3
    for i in range(3):
        prev = cur
        cur[i] = prev[0] * x[i] + 1
        if i == 1:
            cur = [v * 2 for v in prev]
    return prev[2] * cur[1]


@case(H3)
def the_largest_of_two_kinds(x):
    b = []
    for v in x:
        b.append(max(v, 0.0))
    return max(b)


@case(H3)
def zeros_and_others(x):
    b = [0.0]
    for v in x:
        b.append(v if v > 0 else 0.0)
    return max(b) + min(b)


@case(X2, 3)
def rows_on_one_another(y, n):
    ys = [y]
    for k in range(n):
        y = y + 0.1 * np.array([y[1], -y[0]])
        ys.append(y)
    return np.vstack(ys)


@case(H3)
def sorted_in_place(x):
    b = [x[0], x[1] * 2, x[2]]
    b.sort()
    return b[0] * 2 + b[1] * 3


@case(H3)
def sorted_in_place_backwards(x):
    b = [x[0], x[1] * 2, x[2]]
    b.sort(reverse=True)
    return b[0] * 2 + b[1] * 3


@case(H3)
def all_of_a_map(x):
    return np.sum(x) if all(map(lambda v: v < 5, x)) else 0.0


@case(H3)
def dicts_joined(x):
    d = {"a": x[0]}
    e = d | {"z": 1.0, "b": x[1]}
    return e["a"] * e["b"]


@case(X2, 2.0)
def of_a_class(x, p):
    if type(p) is float:
        return x[0] * p
    return x[1]


@case(H3)
def with_a_shape(w):
    return np.sum(w) if hasattr(w, "shape") else w


@plain(X3)
def put_first(x):
    c = []
    for k in range(len(x)):
        c.insert(0, x[k] * np.ones(2))
    return np.sum(c[0] * c[-1] ** 2)


@plain(X3)
def joined_at_the_front(x):
    c = []
    for k in range(len(x)):
        c = [x[k] * np.ones(2)] + c
    return np.sum(c[0] * c[-1] ** 2)


@plain(X3)
def in_front_of_the_others(x):
    c = []
    for k in range(len(x)):
        c = [x[k], *c]
    c = [1.0] + c
    return c[0] * c[-1] ** 2 + c[1]


@plain(X3)
def two_in_front(x):
    c = [x[0]]
    for k in range(2):
        c = [x[k] * c[0], c[-1]] + c
    return c[0] * c[-1] ** 2 + c[3]


CASES = [(*entered.values, "python") for entered in (*case.entered, *plain.entered)]
CASES += [pytest.param(*entered.values, "numba", marks=thorough) for entered in case.entered]


@pytest.mark.parametrize(("function", "args", "backend"), CASES)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    moving = tuple(k for k, arg in enumerate(args) if not isinstance(arg, int))
    expected = function(*(np.copy(a) if isinstance(a, np.ndarray) else a for a in args))
    if np.ndim(expected):
        number = lambda *args: np.sum(function(*args) ** 2)  # noqa: E731
        expected = np.sum(expected**2)
    else:
        number = function
    value, gradient = value_and_grad(number, moving, backend=backend)(*args)
    assert value == pytest.approx(expected, rel=1e-13)
    for one, other in zip(gradient, jacfwd(number, moving)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
    if backend == "python":
        assert_same_bits(value, expected)
        count = len(moving)  # what does not move comes last
        fixed = args[count:]
        check_grads(lambda *given: number(*given, *fixed), args[:count])


class Surface(NamedTuple):
    radius: float
    index: float


Counted = namedtuple("Counted", "count x")


def test_fields_called_as_methods_of_tuples() -> None:
    assert grad(lambda s: s.radius * s.index)(Surface(2.0, 3.0)) == Surface(3.0, 2.0)
    assert grad(lambda s: s.count * s.x)(Counted(2.0, 3.0)) == Counted(3.0, 2.0)


def shape_in_a_message(x):
    if x.shape[0] < 4:
        raise ValueError(f"bad {x.shape} vs {(1, x.size)} {x.shape[0]:3d}")
    return np.sum(x)


def percent(x):
    if x.shape[0] != 4:
        raise ValueError("got %s, %5.2f%% of %d" % (x.shape, x[0], x.size))
    return np.sum(x)


def format_method(x):
    if x.size == 4:
        return np.sum(x)
    raise ValueError("bad {0} {1:.3f} {k!r}".format(x.shape, x[0], k=[x.size, "a"]))


@pytest.mark.parametrize("function", [shape_in_a_message, percent, format_method])
def test_messages(function: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"bad|got") as expected:
        function(H3)
    with pytest.raises(type(expected.value)) as found:
        value_and_grad(function)(H3)
    assert str(found.value) == str(expected.value)


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print(x.shape, [x.size, x.shape], "v=%g" % x[0], str(x.shape))  # noqa: T201
        return np.sum(x)

    f(H3)
    expected = capsys.readouterr().out
    value_and_grad(f)(H3)
    assert capsys.readouterr().out == expected


def list_of_an_array(x):
    a = list(x)
    a[0] = a[1] * 2
    return a[0] * a[1]


def means_of_a_state(X, w):
    t, h = 0.0, w
    for row in X:
        t += np.mean(h)
        h = h * row
    return t


def mean_in_a_branch(w, c):
    y, s = np.zeros(4), w * 1.0
    if not c > 0:
        for i in range(4):
            y += np.mean(s)
            y *= s + w[i]
            s = w * 1.0
    return np.sum(y)


F4 = np.array([0.5, 1.5, -0.25, 2.0], np.float32)
SINGLE = [(list_of_an_array, (F4,)), (means_of_a_state, (np.ones((3, 4), np.float32), F4)),
          (mean_in_a_branch, (F4, -1.0))]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), SINGLE)
def test_single_precision_is_kept(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(range(len(args)))
    value, gradient = value_and_grad(function, moving)(*args)
    assert_same_bits(value, function(*args))
    for arg, one, other in zip(args, gradient, jacfwd(function, moving)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
        assert not isinstance(arg, np.ndarray) or one.dtype == arg.dtype


def test_two_precisions_are_refused_where_they_cannot_be_told_apart() -> None:
    def f(x, w, c):
        s = c * 1.0
        for v in x:
            s = w @ x + v
        return x[0] * (s - x @ w)

    with pytest.raises(Unsupported, match="decided only at run time"):
        value_and_grad(f, (0, 1, 2))(F4, np.ones(4), 1.0)


def test_a_tangent_of_zero_for_pairs() -> None:
    def f(x, pairs):
        return np.sum(x) * pairs[0][0]

    pairs = [(1.0, 0.5), (2.0, 0.2, 1.0)]
    assert jvp(f, (X2, pairs), (X2, 0)) == (3.0, 3.0)


def test_a_call_that_changes_what_a_generator_reads() -> None:
    def total(items, hs):
        hs[0] = hs[0] * 2
        return sum(items)

    def f(x):
        hs = [x[0], x[1]]
        return total((h * h for h in hs), hs)

    with pytest.raises(Unsupported, match="a call changes what an iterator"):
        grad(f)(X2)
