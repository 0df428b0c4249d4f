import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler.errors import UsageError
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Function, const
from ad_compiler.ir.types import Array, Float, Int, Sym
from ad_compiler.symbolic.compare import Comparison, compare
from tests.depth import thorough

Program = Callable[..., Function]
FLOAT = Float()


def interpreted(function: Function) -> Callable[..., Any]:
    return lambda *args: evaluate(function, args)


def wikipedia(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return (make("+", make("*", x, y), make("math.sin", x)),)


def test_four_ways_agree(program: Program) -> None:
    result = compare(program({"x": FLOAT, "y": FLOAT}, wikipedia), [0.5, 2.0], interpreted)
    assert result.agree
    assert result.proved is True
    assert [row.method for row in result.rows] == ["symbolic", "forward", "reverse", "numerical"]
    for row in result.rows:
        assert row.agrees is True
        assert row.values == pytest.approx((2.0 + math.cos(0.5), 0.5), rel=1e-6)
        assert row.call_seconds is not None
    assert result.row("symbolic").operations == 2
    assert result.row("numerical").derive_seconds is None


def test_the_table_is_readable(program: Program) -> None:
    result = compare(program({"x": FLOAT, "y": FLOAT}, wikipedia), [0.5, 2.0], interpreted)
    lines = str(result).splitlines()
    assert lines[0] == "Derivative of f at (0.5, 2.0)"
    assert lines[2].split()[:4] == ["method", "verdict", "derivative", "operations"]
    assert lines[3].startswith("symbolic   agrees   2.877582562, 0.5")


def test_what_sympy_cannot_follow_says_so(program: Program) -> None:
    vector = Array("f64", (Sym("n", never=1),))

    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return (make("np.sum", make("np.sin", x), None, False),)

    result = compare(program({"x": vector}, build), [np.array([0.1, 2.0, -1.0])], interpreted)
    row = result.row("symbolic")
    assert (row.values, row.agrees) == (None, None)
    assert "not followed" in row.note
    assert result.agree
    assert result.row("numerical").agrees is True
    assert "not followed" in str(result)


@thorough
def test_branches_and_loops_are_followed(program: Program) -> None:
    def build(make: Any, x: Any, n: Any) -> tuple[Any, ...]:
        builder = make.builder
        s = builder.cell("s", x)

        def body(_index: Any) -> None:
            value = builder.read(s)
            builder.if_(
                make(">", value, 1.0),
                lambda: builder.assign(s, make("/", 1.0, value)),
                lambda: builder.assign(s, make("*", value, make("+", value, 1.0))),
            )

        builder.for_(const(0), n, const(1), body)
        return (builder.read(s),)

    result = compare(program({"x": FLOAT, "n": Int()}, build), [0.8, 3], interpreted)
    assert result.agree, str(result)
    assert result.row("symbolic").agrees is True


def test_a_wrong_derivative_is_seen(program: Program) -> None:
    """One of the four is damaged: its row must say so."""
    seen: list[int] = []

    def damaged(function: Function) -> Callable[..., Any]:
        wrong = function.name.endswith("jvp")
        seen.append(wrong)
        return lambda *args: tuple(r + 1e-6 * wrong for r in evaluate(function, args))

    result = compare(program({"x": FLOAT, "y": FLOAT}, wikipedia), [0.5, 2.0], damaged)
    assert sum(seen) == 1
    assert not result.agree
    assert result.row("forward").agrees is False
    assert "DIFFERS" in str(result)


def test_nan_is_never_equal(program: Program) -> None:
    def broken(function: Function) -> Callable[..., Any]:
        return lambda *args: tuple(math.nan * r for r in evaluate(function, args))

    result = compare(program({"x": FLOAT, "y": FLOAT}, wikipedia), [0.5, 2.0], broken)
    assert not any(row.agrees for row in result.rows)


def test_kinks_use_our_conventions(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return (make("+", make("abs", x), make("max", x, 0.0)),)

    result = compare(program({"x": FLOAT}, build), [0.0], interpreted)
    assert result.row("reverse").values == (1.0,)
    assert result.row("symbolic").values == (1.0,)


def test_only_some_inputs(program: Program) -> None:
    function = program({"x": FLOAT, "y": FLOAT}, wikipedia)
    result: Comparison = compare(function, [0.5, 2.0], interpreted, argnums=[1])
    assert result.row("reverse").values == (0.5,)
    assert result.agree


def test_several_results_are_refused(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return x, make("neg", x)

    with pytest.raises(UsageError, match="single number"):
        compare(program({"x": FLOAT}, build), [1.0], interpreted)
