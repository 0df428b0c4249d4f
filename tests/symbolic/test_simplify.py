import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Function, Let, const, walk
from ad_compiler.ir.types import Array, Float, Sym
from ad_compiler.symbolic.count import operations as count
from ad_compiler.symbolic.simplify import simplify
from tests.depth import thorough

Program = Callable[..., Function]
FLOAT = Float()


def tanh_derivatives(make: Any, x: Any, order: int = 6) -> tuple[Any, ...]:
    """The sixth derivative of tanh by Leibniz' rule for f' = 1 - f**2, nothing simplified."""
    t = make("math.tanh", x, to="t")
    rows = [t, make("-", 1, make("*", t, t))]
    for n in range(1, order):
        terms = [make("*", make("*", -math.comb(n, k), rows[k]), rows[n - k]) for k in range(n + 1)]
        total = terms[0]
        for term in terms[1:]:
            total = make("+", total, term)
        rows.append(total)
    return (rows[order],)


def operations(function: Function) -> int:
    return count(function.block)


def names(function: Function) -> list[str]:
    return [s.prim.name for s in walk(function.block) if isinstance(s, Let)]


def test_sixth_derivative_of_tanh_is_short(program: Program) -> None:
    long = program({"x": FLOAT}, tanh_derivatives)
    short = simplify(long)
    assert operations(long) > 40
    assert operations(short) <= 13
    for x in (-2.0, -0.3, 0.0, 0.1, 1.7):
        (a,), (b,) = evaluate(long, [x]), evaluate(short, [x])
        assert b == pytest.approx(a, rel=1e-10, abs=1e-12)


def test_relative_accuracy_survives_where_terms_cancel(program: Program) -> None:
    """Expanded, the polynomial loses all digits near tanh(x) = 1; factored, it keeps them."""
    long = program({"x": FLOAT}, tanh_derivatives)
    (a,), (b,) = evaluate(long, [9.0]), evaluate(simplify(long), [9.0])
    exact = -64.0 * 2 * math.exp(-18.0)
    assert abs(b - exact) <= 4 * abs(a - exact) + 1e-6 * abs(exact)


def test_kept_results_stay_bit_for_bit(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        value = make("+", make("*", x, y), make("*", x, x), to="value")
        slope = make("+", make("*", x, y), make("*", y, y), to="slope")
        return value, slope

    function = program({"x": FLOAT, "y": FLOAT}, build)
    kept = simplify(function, keep=(0,))
    assert evaluate(kept, [0.1, 0.7])[0] == evaluate(function, [0.1, 0.7])[0]
    assert operations(kept) == 5
    assert operations(simplify(function)) < 5


def test_division_never_gets_a_new_divisor(program: Program) -> None:
    """x / (1 + x) and its derivative: 1 / d / d, where d is what the value divides by."""

    def build(make: Any, x: Any) -> tuple[Any, ...]:
        d = make("+", 1.0, x, to="d")
        z = make("/", x, d, to="z")
        return z, make("-", make("/", 1.0, d), make("/", z, d))

    short = simplify(program({"x": FLOAT}, build), keep=(0,))
    assert names(short) == ["add", "truediv", "truediv", "truediv"]
    with pytest.raises(ZeroDivisionError):
        evaluate(short, [-1.0])


def test_what_may_raise_is_kept(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        unused = make("/", x, y)
        return (make("-", make("+", x, unused), unused),)

    short = simplify(program({"x": FLOAT, "y": FLOAT}, build))
    assert "truediv" in names(short)
    with pytest.raises(ZeroDivisionError):
        evaluate(short, [1.0, 0.0])


def test_powers_that_could_overflow_are_products(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        square = make("*", x, x)
        cube = make("*", square, x)
        return (make("+", make("*", cube, y), make("*", make("*", y, y), cube)),)

    short = simplify(program({"x": FLOAT, "y": FLOAT}, build))
    assert "pow" not in names(short)
    assert evaluate(short, [1e200, 1.0]) == (math.inf,)


def test_values_that_decide_a_branch_stay(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        s = make("+", make("*", x, y), make("*", x, x))
        return (make("select", make(">", s, 1.0), x, s),)

    function = program({"x": FLOAT, "y": FLOAT}, build)
    assert names(simplify(function)) == names(function)


def test_functions_are_related(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        s, c = make("np.sin", x), make("np.cos", x)
        return (make("+", make("*", s, s), make("*", make("*", c, c), x)),)

    function = program({"x": Float("f64")}, build)
    for x in (0.3, 2.0):
        new, old = (
            evaluate(simplify(function), [np.float64(x)]),
            evaluate(function, [np.float64(x)]),
        )
        assert new == pytest.approx(old, rel=1e-12)


def test_elementwise_arrays(program: Program) -> None:
    vector = Array("f64", (Sym("n", never=1),))

    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return (make("+", make("*", x, y), make("*", x, x)),)

    short = simplify(program({"x": vector, "y": vector}, build))
    assert operations(short) == 2
    x, y = np.array([1.0, 2.0, -3.0]), np.array([0.5, -1.0, 4.0])
    assert np.allclose(evaluate(short, [x, y])[0], x * y + x * x, rtol=1e-14)


def test_an_array_never_becomes_a_number(program: Program) -> None:
    vector = Array("f64", (Sym("n", never=1),))

    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return (make("-", x, x),)

    function = program({"x": vector}, build)
    assert names(simplify(function)) == ["sub"]


def test_loops_are_simplified_inside(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        builder = make.builder
        total = builder.cell("total", make("*", x, 1.0))

        def body(i: Any) -> None:
            term = make("+", make("*", x, y), make("*", x, builder.read(total)))
            builder.assign(total, term)

        builder.for_(const(0), const(3), const(1), body)
        return (builder.read(total),)

    function = program({"x": FLOAT, "y": FLOAT}, build)
    short = simplify(function)
    assert operations(short) < operations(function)
    assert evaluate(short, [0.3, 2.0])[0] == pytest.approx(evaluate(function, [0.3, 2.0])[0])


def test_the_budget_is_respected(program: Program) -> None:
    function = program({"x": FLOAT}, tanh_derivatives)
    assert simplify(function, operations=10).block == function.block


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from conftest import make_program
from test_simplify import tanh_derivatives
from ad_compiler.ir.types import Float
from ad_compiler.ir.nodes import Let, Var
from ad_compiler.symbolic.simplify import simplify
def build(make, x, y):
    (d,) = tanh_derivatives(make, x, 5)
    return d, make("+", make("*", d, y), make("*", make("*", x, d), make("*", y, y)))
short = simplify(make_program({{"x": Float(), "y": Float()}}, build))
order = {{}}
for s in short.block.body:
    for t in s.targets:
        order[t] = len(order)
    print(s.prim.name, [order.get(a, a if not isinstance(a, Var) else a.name) for a in s.args])
"""


@thorough
def test_same_text_whatever_the_hash_seed() -> None:
    script = SCRIPT.format(tests=str(Path(__file__).parent))
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
