"""Messages of programs, fields of tuples, and single precision kept where kinds meet."""
# pyright: basic
# ruff: noqa: UP031
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from ad_compiler import Unsupported, grad, jacfwd, jvp, value_and_grad
from tests.points import assert_same_bits

X2, X3 = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
X8 = np.arange(8.0) * 0.1 + 0.4
H3, H4 = np.array([0.5, 1.0, 0.2]), np.array([0.2, 0.3, 0.8, 1.1])
M22, M23, M32 = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(2, 3), np.ones((3, 2))
M55 = np.arange(25.0).reshape(5, 5)


class Surface(NamedTuple):
    radius: float
    index: float


Counted = namedtuple("Counted", "count x")
SETTINGS = SimpleNamespace(scale=2.0)


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


def test_a_call_that_changes_an_array_that_a_later_argument_reads() -> None:
    def total(first, items, y):
        y[0] = y[0] * 2
        return first + sum(items)

    def f(x):
        y = x * 2
        return total(0.0, (h * h for h in y), y)

    with pytest.raises(Unsupported, match="a call changes what an iterator"):
        grad(f)(X2)


def test_what_modules_and_classes_have() -> None:
    def f(x):
        known = (
            hasattr(np, "trapezoid") and hasattr(np.linalg, "norm") and hasattr(np.float64, "item")
        )
        total = x.sum
        if known and not hasattr(np, "no_such_name") and callable(total):
            return total()
        return np.sum(2 * x)

    np.testing.assert_array_equal(grad(f)(np.ones(2)), np.ones(2))
    assert not hasattr(SETTINGS, "rate")

    def g(x):
        return x if hasattr(SETTINGS, "rate") else 2 * x

    with pytest.raises(Unsupported, match="the attributes of"):
        grad(g)(1.0)


def test_an_object_is_callable_if_its_class_says_so() -> None:
    def f(s):
        return 2 * s.radius if callable(s) else s.radius * s.index

    assert grad(f)(Surface(2.0, 3.0)) == Surface(3.0, 2.0)
