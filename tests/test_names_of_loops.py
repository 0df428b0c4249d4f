"""What loops call their items is theirs, if nobody reads it outside of them."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads
from ad_compiler.frontend.confined import confined_names
from ad_compiler.frontend.source import source_of
from tests.points import Points

X = np.array([0.3, 0.7, 1.1])
case = Points()


@case(X)
def two_loops(x):
    u, v = x.copy(), x * 2
    for _ in range(2):
        for z in (u, v):
            z *= 2.0
        for z in (u, v):
            z[0] = 1.0
    return u @ v


@case(X)
def a_parameter_and_a_generator(x):
    u, v = x.copy(), x * 2

    def change(z):
        return z[1:] - z[:-1]

    s = 1.0
    for _ in range(2):
        for z in (u, v):
            z *= 2.0
        s += np.sum(change(u)) * sum(z.sum() for z in (u, v))
    return u @ v * s


@dataclass
class Particle:
    x: float
    v: float


@case(X)
def particles(x):
    ps = [Particle(x[0], x[1]), Particle(x[1], x[2])]
    for _ in range(3):
        for p in ps:
            p.v += 0.1 * p.x
        for p in ps:
            p.x += 0.1 * p.v
    return sum(p.v * p.x for p in ps)


@case(X)
def read_after_all(x):
    u, v = x.copy(), x * 2
    for z in (u, v):
        z[1:] *= 2.0
    for z in (v, u):
        z[0] += z[1]
    z[2] = 0.0
    return u @ v


@case(X)
def nested_under_one_name(x):
    total = 0.0
    for k in range(2):
        for k in range(3):
            total += x[k] * k
        total *= 1.0 + k
    return total


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check_grads(function, args)


def test_names_that_are_read_elsewhere_are_not_confined() -> None:
    def confined(function: Callable[..., Any]) -> set[str]:
        code: Any = source_of(function)
        return {name for names in confined_names(code).values() for name in names}

    assert confined(two_loops) == {"_", "z"}
    assert confined(particles) == {"_", "p"}
    assert confined(read_after_all) == set()
    assert confined(nested_under_one_name) == {"k"}

    def captured(x):
        found = []
        for k in range(3):
            found.append(lambda: k)  # noqa: B023
        return x * found[0]()

    assert confined(captured) == set()
