"""Names and results that are None on some paths, where only the run knows which path it takes."""
# pyright: basic, reportOptionalOperand=false, reportOptionalMemberAccess=false
# pyright: reportGeneralTypeIssues=false
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import Unsupported, grad, hessian, jacfwd, value_and_grad
from tests.depth import spread
from tests.points import Points, check_program

X = np.array([1.2, 2.5, -3.0, 7.1])

case = Points()


@case(X)
def smallest_distance(x):
    best = None
    for i in range(len(x)):
        for j in range(i):
            d = abs(x[i] - x[j])
            if best is None or d < best:
                best = d
    return best * best


@case(X)
def steps_between_positive_ones(x):
    prev = None
    s = 0.0
    for v in x:
        if v > 0:
            if prev is not None:
                s += (v - prev) ** 2
            prev = v
    return s


@case(X)
def reset_in_each_trip(x):
    s = 0.0
    for i in range(3):
        prev = None
        for v in x:
            if v > i - 0.5:
                if prev is not None:
                    s += (v - prev) ** 2
                prev = v
        if prev is not None:
            s += prev
    return s


@case(X)
def an_array_and_a_number(x):
    best = None
    lowest = None
    for i in range(len(x)):
        for j in range(2):
            f = (x[i] - j) ** 2
            if lowest is None or f < lowest:
                lowest = f
                best = x * f
    return best.sum() + lowest


@case(X)
def a_tuple(x):
    best = None
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d = abs(x[i] - x[j])
            if best is None or d < best[0]:
                best = (d, i, j)
    d, i, j = best
    return d * x[i] + x[j]


@case(X)
def a_copy_that_is_added_to(x):
    total = None
    for i in range(4):
        if x[i] < 2:
            continue
        if total is None:
            total = x.copy()
        else:
            total += x * x[i]
    return np.sum(total**2)


@case(X)
def handed_from_name_to_name(x):
    last = None
    other = None
    s = 0.0
    for v in x:
        other = last
        if v > 0:
            last = v
        if other is not None and last is not None:
            s += other * last
    return s


@case(X)
def shifted(x):
    a = b = None
    for v in x:
        if v > 0:
            a, b = v, a
    if b is None:
        return a
    return a * b


def root_of(a, b):
    d = a * a - b
    if d < 0:
        return None
    return math.sqrt(d)


@case(0.5, 1.0)
@case(2.0, 1.0)
def a_result(a, b):
    h = root_of(a, b)
    if h is None:
        return a * b
    return h * a


@case(X)
def results_compared(x):
    best = None
    for v in x:
        h = root_of(v, 2.0)
        if h is not None and (best is None or h < best):
            best = h
    if best is None:
        return 0.0
    return best**3


def first_above(x, t):
    for k in range(len(x)):
        if x[k] > t:
            return k
    return None


@case(X, 2)
@case(X, 200)
def an_index(x, t):
    k = first_above(x, t)
    if k is None:
        return x.sum()
    return x[k] ** 2


@case(X)
@case(-X)
def a_conditional(x):
    r = x[0] if x[0] > 0 else None
    if r is not None:
        return r * r
    return x[1]


@case(X)
def an_argument(x):
    def larger(b, v=None):
        if v is None:
            return b
        return v if b is None else max(b, v)

    b = None
    for v in x:
        w = None
        if v > 0:
            w = v
        b = larger(b, v=w)
    return 0.0 if b is None else b**2


@case(X)
@case(np.abs(X))
def a_default(x, y=None):
    for v in x:
        if v < 0:
            y = v
    if y is None:
        y = 1.0
    return y * x[0]


@case(X)
def raised_if_none(x):
    root = None
    for i in range(len(x) - 1):
        if x[i] * x[i + 1] < 0:
            root = x[i] - x[i] / (x[i + 1] - x[i])
            break
    if root is None:
        raise ValueError("no root")
    return root


@case(11.0)
def in_an_endless_loop(x):
    b = None
    while True:
        x = x * 0.5
        if x < 1:
            break
        if b is not None and x > b:
            break
        if x < 3:
            b = x
    return x if b is None else x * b


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 3))
def test_values_and_gradients(function, args):
    check_program(function, args, "python")
    np.testing.assert_allclose(
        hessian(function)(*args), jacfwd(grad(function))(*args), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 6))
def test_under_numba(function, args):
    check_program(function, args, "numba")


def test_the_text_is_what_a_person_would_write():
    text = grad(smallest_distance).source(X)
    assert "chosen = not has_best or d < best" in text
    assert "            if chosen:\n                best = d\n" in text
    assert "None" not in text.replace("is None", "")


def test_computing_with_none_raises_as_in_python():
    def f(x):
        m = None
        for v in x:
            if v > 100:
                m = v if m is None else max(m, v)
        return m * 2

    with pytest.raises(TypeError):
        f(X)
    with pytest.raises(TypeError, match="`m` is None"):
        value_and_grad(f)(X)
    assert grad(f)(X * 100)[3] == 2.0


def test_what_takes_none_is_refused_without_a_test():
    def f(x):
        m = None
        for v in x:
            if v > 2:
                if v > 100:
                    m = v
                str(m)
        return x[0] if m is None else m

    with pytest.raises(Unsupported, match="`m` may be None here") as caught:
        grad(f)(X)
    assert caught.value.remedy == "test `m is not None` first"


def set_twice(x, s):
    last = None
    for t in (0.5, s):
        last = math.tanh(t * t) if s > -0.2 else None
    last = math.tanh(s * x[0]) if s > 0.3 else None
    return s + x[1] * (0.1 if last is None else last)


@pytest.mark.parametrize("s", [0.5, 0.1, -1.0])
def test_branches_on_one_test_that_leave_nothing(s):
    check_program(set_twice, (X, s), "python")
