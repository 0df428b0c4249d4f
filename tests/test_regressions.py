"""What was wrong once, a case each."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    UsageError,
    check_grads,
    elementwise_grad,
    grad,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)

X = np.array([0.5, 0.7])


def test_a_container_with_an_integer_is_refused_by_vjp() -> None:
    def f(d, x):
        return np.sum(d["w"] * x) * d["n"]

    with pytest.raises(UsageError, match="`n`, of type int"):
        vjp(f, {"w": np.ones(3), "n": 3}, np.ones(3))[1](1.0)


def test_nan_is_what_np_max_finds() -> None:
    def f(x):
        return np.max(x)

    x = np.array([math.nan, 2.0])
    assert grad(f)(x).tolist() == [1.0, 0.0]
    assert jvp(f, (x,), (X,))[1] == 0.5


def test_clip_is_printed_with_both_bounds() -> None:
    def f(x):
        return np.sum(np.clip(x, None, 0.6) + np.clip(x, 0.6, None) + x.clip(max=1.0))

    value, gradient = value_and_grad(f)(X)
    assert value == f(X)
    assert gradient.tolist() == [2.0, 2.0]


def test_an_infinite_slope_that_is_returned_does_not_warn() -> None:
    x = np.array([0.0, 4.0])
    assert grad(lambda x: np.sum(np.sqrt(x)))(x).tolist() == [math.inf, 0.25]
    assert grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(x).tolist() == [0.0, 0.25]
    assert grad(lambda x: np.max(np.sqrt(x)))(x).tolist() == [0.0, 0.25]


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_nothing_has_a_mean_and_its_gradient_is_nothing() -> None:
    for f in (np.mean, np.var, lambda x: np.sum(x) / len(x), lambda x: np.std(x, ddof=1)):
        assert grad(lambda x, f=f: f(x))(np.zeros(0)).shape == (0,)
    assert np.isnan(grad(lambda x: np.var(x, ddof=1))(np.ones(1))).all()


def test_elementwise_in_several_arrays() -> None:
    one, other = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert elementwise_grad(lambda x, y: x * y, 1)(one, other).tolist() == [1.0, 2.0]


def array_after_float(c, x):
    y = 0.0
    for k in range(len(c)):
        if c[k] > 0.0:
            y = y * x + c[k]
    return np.sum(y)


def nothing_on_a_path(x):
    if x > 0:
        return x
    return None


def two_functions(x):
    f = np.sin if x > 0 else np.cos
    return f(x)


@pytest.mark.parametrize(
    ("f", "args", "message"),
    [
        (array_after_float, (X, X), "`y` is an array on one path and float on another"),
        (nothing_on_a_path, (1.0,), "is float on one path and None on another"),
        (two_functions, (1.0,), "another object on one path and another object on another"),
    ],
)
def test_paths_that_do_not_meet_say_what_they_are(f, args, message) -> None:
    with pytest.raises(Unsupported, match=message):
        grad(f)(*args)


def test_a_length_that_changes_in_a_loop_is_another_one_after_it() -> None:
    def derivative_of_polynomial(p):
        made = p
        for _ in range(2):
            made = made[:-1] * np.arange(len(made) - 1, 0, -1)
        return made

    p, w = np.array([0.7, -1.3, 2.1, 0.4]), np.array([1.0, 2.0])
    assert vjp(derivative_of_polynomial, p)[1](w)[0].tolist() == [6.0, 4.0, 0.0, 0.0]


def test_a_definition_does_not_hide_what_varies() -> None:
    def f(w):
        return np.sum(np.cov(np.array([[1.0, 2.0, 4.0], [0.5, 3.0, 1.0]]), aweights=w))

    with pytest.raises(Unsupported, match="no derivative in `aweights`"):
        grad(f)(np.ones(3))


def test_powers_in_loops_have_second_derivatives() -> None:
    """A masked nan of the first derivative is a constant: it does not spoil the second."""

    def f(c: Any, k: Any, n: int) -> Any:
        for _ in range(n):
            c = k @ (1.5 + c * c) ** c
        return np.sum(c * c)

    c, k = np.array([0.3, -0.7, 1.2]), np.arange(9.0).reshape(3, 3) / 10
    assert jacrev(grad(f))(c, k, 2) == pytest.approx(jacfwd(grad(f))(c, k, 2), rel=1e-12)


def scaled_column(a, m, n):
    for i in range(n):
        for _ in range(i):
            if a > 0.0:
                w = m.T[1]
                w *= a
                break
    return np.sum(m * m)


def mantissas(a, u, v):
    for p in u:
        for q in v:
            if q > 0:
                u[v < 1.0] *= np.tanh(math.frexp(1.75 + p)[1] * a)
    return a + np.sum(u * u)


@pytest.mark.parametrize(
    ("f", "moving", "rest"),
    [
        (scaled_column, (0.7, np.arange(9.0).reshape(3, 3) / 7), (3,)),
        (mantissas, (0.7, np.array([0.5, -0.25, 2.0])), (np.array([0.5, 1.5, -1.0]),)),
    ],
)
def test_both_modes_agree_on_second_derivatives(f, moving, rest) -> None:
    def gradient(a, x):
        return grad(lambda a, x: f(a, x, *rest), (0, 1))(a, x)

    x, bars, dots = moving[1], (1.3, np.cos(moving[1])), (0.7, np.sin(moving[1]))
    pulled = vjp(gradient, moving[0], x)[1](bars)
    pushed = jvp(gradient, (moving[0], x), dots)[1]
    assert sum(np.sum(p * d) for p, d in zip(pulled, dots, strict=True)) == pytest.approx(
        sum(np.sum(p * b) for p, b in zip(pushed, bars, strict=True)), rel=1e-12
    )


def sums_of_two_kinds(u):
    return sum(u), max(u)


def test_what_types_refuse_in_a_derivative_has_a_place_in_the_program() -> None:
    u = np.array([0.5, 0.25], dtype=np.float32)
    with pytest.raises(Unsupported, match="decided only at run time") as caught:
        vjp(sums_of_two_kinds, u)
    assert caught.value.filename == __file__
    assert "max(u)" in (caught.value.text or "")


def test_the_element_of_an_array_without_axes_in_second_derivatives() -> None:
    def f(z, a):
        return float(np.outer(np.sin(z[()] * a), np.ones(2))[0, 1]) * a

    z = np.array(0.7)
    value, pull = vjp(lambda z: grad(f)(z, 1.3), z)
    assert value == pytest.approx(1.69 * math.cos(0.91))
    assert pull(np.array(1.0))[0] == pytest.approx(-(1.3**3) * math.sin(0.91))


def test_a_result_that_is_a_diagonal_can_be_written_to() -> None:
    def diagonal(x):
        return np.diag(np.outer(x, x))[1:]

    def trace(x):
        return np.trace(np.diag(x))

    assert all(part.flags.writeable for part in jvp(diagonal, (X,), (X,)))
    assert grad(trace)(X).flags.writeable


def test_columns_of_a_row_keep_their_axes() -> None:
    def f(q):
        a = np.stack((q, 2 * q, q * q))
        columns = np.array([2, 0, 3, 2])
        row = a[1]
        row[:, columns] = q * a[0][:, columns]
        row[:, columns] *= row[:, columns[::-1]]
        return np.sum(a * a) + np.sum(row[1:3, columns] * q[:2])

    q = np.random.default_rng(0).normal(size=(4, 4))
    assert value_and_grad(f)(q)[0] == f(q)
    check_grads(f, (q,))


def test_additions_through_views_of_views() -> None:
    def f(x):
        a = x.copy()
        indices = np.array([0, 2, 0])
        one: Any = (slice(None), indices)
        other: Any = (0, slice(None), indices)
        np.add.at(a[1], one, 2 * x[0, :, :3])
        np.add.at(a.reshape(-1)[2:], indices, x[0, 0, :3])
        np.subtract.at(a[:, 1:], other, x[1, 1:, 1:4])
        return np.sum(a * a)

    x = np.random.default_rng(0).normal(size=(2, 4, 4))
    assert value_and_grad(f)(x)[0] == f(x)
    check_grads(f, (x,))


def test_an_array_may_lag_behind_one_whose_length_changes():
    def f(x):
        y = x * x
        z = x
        s = 0.0
        for k in range(3):
            z = y
            y = x[k:]
            s += z[0] * y[0]
        return s + np.sum(z * z)

    def unbound_before(x):
        y, k = x * x, 0
        while True:
            z = y
            y = x[k:] * y[-1]
            k += 1
            if k == 3:
                break
        return np.sum(z * z)

    x = np.arange(1.0, 7.0)
    for g in (f, unbound_before):
        assert value_and_grad(g)(x)[0] == g(x)
        check_grads(g, (x,))


def test_cotangents_of_arrays_without_axes_meet_in_a_branch():
    def f(a, u):
        s = 0.0
        for b in (a, 0.5):
            if np.dot(u, u) > a:
                s += math.tanh(np.sum(np.cos(np.kaiser(4, 2.5 + 0.05 * np.sin(b)))))
        return s

    u = np.ones(3)
    slopes, pull = vjp(grad(f, (0, 1)), 0.5, u)
    assert slopes[0] == pytest.approx(jacfwd(f)(0.5, u), rel=1e-12)
    assert pull((1.0, u))[0] == pytest.approx(jacfwd(grad(f))(0.5, u), rel=1e-12)


@pytest.mark.parametrize("thing", [math.hypot, None, "a", np.sin])
def test_what_is_no_number_is_not_stored_in_an_array(thing: Any) -> None:
    def stored(x):
        y = x.copy()
        y[0] = thing
        return y[1]

    def added(x):
        return x[0] + thing

    def raised(x):
        return x[0] ** thing

    def repeated(x):
        return np.sum(np.tile(x, thing))

    for f in (stored, added, raised, repeated):
        with pytest.raises(Unsupported) as caught:
            grad(f)(np.arange(3.0))
        assert caught.value.remedy
        assert " at 0x" not in str(caught.value)


def test_the_cotangent_of_what_never_was_is_copied_too():
    def f(a, v, n):
        q = np.zeros(n)
        part = q.reshape(-1)[:n]
        part[0] = a
        for i in range(n):
            for _ in range(i, n):
                for _ in q:
                    if a >= n:
                        return math.tanh(v @ part)
        return 0.5 * a

    for a in (0.5, 9.0):
        v, n = np.full(6, 0.01), 6
        slopes, pull = vjp(grad(f, (0, 1)), a, v, n)
        assert slopes[0] == pytest.approx(jacfwd(f)(a, v, n), rel=1e-12)
        assert pull((1.0, np.zeros(6)))[0] == pytest.approx(jacfwd(grad(f))(a, v, n), abs=1e-12)
