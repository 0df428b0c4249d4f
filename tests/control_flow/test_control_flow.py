"""Jumps, loops and exceptions: value, both modes and second order, or what Python raises."""
# pyright: basic
# ruff: noqa: T201

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, jvp, value_and_grad
from ad_compiler.frontend.lower import lower
from ad_compiler.frontend.signature import parameters_from_values
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.parse import parse
from ad_compiler.ir.text import to_text
from ad_compiler.ir.verify import verify
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.rebuild import normalise
from tests.control_flow.raising import CASES, v4
from tests.depth import spread


def outcome(function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """What a function returns, or raises."""
    try:
        return function(*args)
    except Exception as error:
        return error


@pytest.mark.parametrize(("function", "args"), spread(CASES, 3))
def test_derivatives_or_exceptions(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(k for k, a in enumerate(args) if not isinstance(a, int))
    expected, got = outcome(function, args), outcome(value_and_grad(function, moving), args)
    if isinstance(expected, Exception):
        assert type(got) is type(expected)
        assert got.args == expected.args
        return
    assert type(got[0]) is type(expected)
    assert np.asarray(got[0]).tobytes() == np.asarray(expected).tobytes()
    check_grads(function, args)


@pytest.mark.parametrize(("function", "args"), spread(CASES, 3))
def test_programs_mean_what_the_functions_do(
    function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    parameters, values = parameters_from_values(function, args, {})
    lowered = lower(function, parameters, values)
    program = lowered.function
    inputs = [*args, *(capture.read() for capture in lowered.captures)]
    for form in (program, normalise(program)):
        verify(form)
        assert to_text(parse(to_text(form), PRIMITIVES)) == to_text(form)
        expected, got = outcome(function, args), outcome(lambda *a, p=form: evaluate(p, a), inputs)
        if isinstance(expected, Exception):
            assert type(got) is type(expected)
            assert got.args == expected.args
        else:
            assert got[form.output] == expected  # type: ignore[index]


def test_printing_happens_once(capsys: pytest.CaptureFixture[str]) -> None:
    def talking(x, y):
        for k in range(3):
            print("trip", k, x, sep=": ", end=";\n")
            if x > 3:
                break
            x = x * y
        print(f"{x:.3f} {y!r}")
        return x

    talking(1.0, 2.0)
    expected = capsys.readouterr().out
    grad(talking, (0, 1))(1.0, 2.0)
    assert capsys.readouterr().out == expected
    jvp(talking, (1.0, 2.0), (1.0, 0.0))
    assert capsys.readouterr().out == expected


def test_arguments_are_as_before_when_it_raises() -> None:
    def half_way(v):
        for k in range(len(v)):
            v[k] = v[k] * 2
            if v[k] > 1:
                raise ValueError(v[k])
        return np.sum(v)

    v = v4.copy()
    with pytest.raises(ValueError, match=r"3\.0"):
        grad(half_way)(v)
    assert np.array_equal(v, v4)


def test_third_order_through_break() -> None:
    def cubes(x):
        s = x
        for k in range(10):
            if k == 2:
                break
            s = s * x
        return s

    assert grad(grad(grad(cubes)))(2.0) == 6.0


@pytest.mark.parametrize("forward", [0.0, 1.0])
def test_the_last_mention_may_stand_before_what_goes_on(forward: float) -> None:
    def scaled(u, m):
        if forward > 0:
            factor = 2.0
        else:
            return u * m[0, 0]
        m = m.copy()
        m[1] *= factor
        return m[1]

    def squares(forward, u, m):
        if forward > 0:
            factor = 2.0
        else:
            return np.sum(u * u)
        m[1] *= factor
        return np.sum(m[1] ** 3)

    check_grads(
        lambda u, m: np.sum(scaled(u, m) ** 2),
        (np.array([1.0, 2.0]), np.array([[0.5, 1.5], [2.0, -1.0]])),
        order=2,
    )
    args = (forward, np.array([1.0, 2.0]), np.array([[0.5, 1.5], [2.0, -1.0]]))
    check_grads(lambda u, m: squares(forward, u, m), args[1:], order=2)
