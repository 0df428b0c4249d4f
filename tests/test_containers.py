"""Lists and dicts that change: every name that holds one sees the change."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
x = rng.normal(size=5)
case = Points()


@case(x)
def lists(x):
    xs = []
    xs.append(x[0])
    ys = xs
    ys.append(x[1] * 2)
    xs[0] *= 3
    xs += [x[2]]
    return xs[0] * xs[1] * xs[-1] + len(ys)


@case(x)
def dicts(x):
    d = {"a": x[0]}
    e = d
    e["b"] = x[1]
    d["a"] += 2 * x[2]
    for k in d:
        d[k] = d[k] * d[k]
    for k, v in d.items():
        d[k] = v * 3
    d.update({"c": x[3], "b": x[0]}, b=d["b"] * x[1])
    return d["a"] * d["b"] * e["c"]


@case({"w": x.copy(), "b": 2.0}, x)
def params(p, x):
    p["w"] = p["w"] * 2
    q = p
    q["b"] = q["b"] ** 2
    return np.sum(p["w"] * x) * p["b"]


def push(l, v):
    l.append(v)


@case(x)
def callee(x):
    l = [1.0]
    push(l, x[0])
    push(l, x[1] ** 2)
    s = 0.0
    for i, v in enumerate(l):
        l[i] = v * 2
        s += l[i]
    return s + l[1]


@case(x)
def nested(x):
    d = {"p": [x[0], x[1]], "q": {}}
    inner = d["p"]
    inner[1] = x[2]
    d["q"]["z"] = inner
    inner.append(x[3])
    return d["p"][1] * d["q"]["z"][2]


@case(x)
def popping(x):
    l = [x[0], x[1], x[2]]
    a = l.pop()
    b = l.pop(0)
    l.insert(0, a * b)
    l.reverse()
    return l[0] * l[1]


@case(x)
def comp(x):
    l = [v * 2 for v in (x[0], x[1])]
    m = [l, l]
    m[0][0] = x[2]
    return m[1][0] * l[1]


@case(x)
def inbranch(x):
    l = [x[0]]
    if x[0] > 0:
        l.append(x[1])
    else:
        l.append(x[2] * 2)
    return l[0] * l[1]


@case(x)
def inloop(x):
    d = {"s": 0.0, "t": 1.0}
    for i in range(len(x)):
        d["s"] += x[i] * d["t"]
        d["t"] = math.cos(d["s"])
    return d["s"]


@case(x)
def stale(x):
    l = [x[0]]

    def f(a, b):
        return a[-1] * len(a)

    f2 = functools.partial(f, l)
    l.append(x[1])
    p = l.append
    p(x[2])
    p(x[3])
    return f2(None) + f(l, l.append(x[4]))


s2, t2 = [1.0, 2.0], [3.0, 4.0]


@case(s2, t2)
def one_of_two(s, t):
    r = s if s[0] > t[0] else t
    q = r
    return q[0] * q[1] + s[0]


@case(s2, t2)
def one_of_two_within_another(s, t):
    r = {"x": s if s[0] > t[0] else t}
    q = r["x"]
    z = [q, s]
    return z[0][0] * q[1] + z[1][0]


@case(s2, t2)
def one_of_two_of_two(s, t):
    r = s if s[0] > t[0] else t
    q = r if r[0] > 2.0 else s
    z = q
    return z[0] * z[1]


@case(s2, t2)
def exchanged_in_a_loop(s, t):
    for _ in range(3):
        if s[0] > t[0]:
            s, t = t, s
        s = [s[0] * 1.5, s[1]]
        q = s
    return q[0] * t[1] + s[1]


@case(s2, 2.5)
def made_anew_in_loops(t, n):
    s = t
    k = 0.0
    while k < n:
        u = s
        s = [u[1], s[0] * 2.0]
        k += 1
    d = {"a": s, "b": [1.0, 2.0]}
    for _ in range(int(n)):
        d = {"a": [d["b"][0] * t[0], d["a"][0]], "b": d["a"]}
    e, q = d, s
    return e["a"][0] * e["b"][1] + t[0] * q[0] * q[1]


@case(s2, t2)
def changed_within_a_trip(s, t):
    for _ in range(3):
        v = [s[0], t[1]]
        v[0] *= t[0]
        s = v
    w = s
    return w[0] * w[1] + v[0]


@case({"x": 1.0, "v": 2.0})
def a_derivative_inside(s):
    def f(t):
        return t["x"] * s["v"] + t["v"] ** 2

    return grad(f)(s)["v"] + grad(f)(s)["x"]


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    expected = function(*copy.deepcopy(args))
    value, _ = value_and_grad(function, tuple(range(len(args))))(*args)
    assert_same_bits(value, expected)
    check_grads(function, copy.deepcopy(args))


def grows(x):
    parts = [x[0]]
    for part in parts:
        if len(parts) < 3:
            parts.append(part * 2)
    return parts[0]


def depends(x):
    parts = [x[0]]
    other = parts if x[0] > 0 else [x[1]]
    other.append(1.0)
    return parts[0]


def varying(x):
    parts = [x[0], x]
    for k in range(len(x)):
        parts[k % 2] = x[k]
    return parts[0]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (grows, "changes in it"),
        (depends, "depends on the path taken"),
        (varying, "must be known at compile time"),
    ],
)
def test_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(x)


def popped_by_name(x):
    xs = list(x)
    return xs.pop(index=0)  # pyright: ignore[reportCallIssue]


def found_by_name(x):
    return {"a": x}.get("b", default=x)[0]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize("function", [popped_by_name, found_by_name])
def test_keywords_that_methods_do_not_take_are_not_dropped(function):
    with pytest.raises(Unsupported, match="takes no keyword arguments"):
        grad(function)(x)
