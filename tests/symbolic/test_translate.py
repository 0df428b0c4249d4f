import math
from collections.abc import Callable
from typing import Any

import pytest
import sympy

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Block, Function, Let, Parameter, Var, const, walk
from ad_compiler.ir.types import Array, Bool, Float, Int, Sym
from ad_compiler.symbolic.emit import from_sympy
from ad_compiler.symbolic.translate import CannotFollow, to_sympy

Program = Callable[..., Function]
FLOAT = Float()
X, Y = sympy.Symbol("v0", real=True), sympy.Symbol("v1", real=True)


def only(name: str) -> Callable[..., tuple[Any, ...]]:
    """A program of one operation on its parameters."""

    def build(make: Any, *params: Any) -> tuple[Any, ...]:
        return (make(name, *params),)

    return build


def compiled(*exprs: Any) -> Function:
    builder = Builder()
    x, y = Var("x", FLOAT), Var("y", FLOAT)
    results = from_sympy(builder, exprs, {X: x, Y: y})
    block = Block((x, y), tuple(builder.frame.stmts), results)
    return Function("f", (Parameter("x", x), Parameter("y", y)), block, 0)


def written(expr: Any) -> list[str]:
    """The operations that compute an expression."""
    return [s.prim.name for s in walk(compiled(expr).block) if isinstance(s, Let)]


def test_straight_line(program: Program) -> None:
    def build(make: Any, x: Any, y: Any) -> tuple[Any, ...]:
        return (make("math.exp", make("-", make("*", x, y), 0.1)), make("/", x, 3.0))

    symbols, results = to_sympy(program({"x": FLOAT, "y": FLOAT}, build))
    assert symbols == (X, Y)
    assert results == (sympy.exp(X * Y - sympy.Rational(1, 10)), X / 3)


def test_branch_is_piecewise(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        cell = make.builder.cell("r")
        make.builder.if_(
            make(">", x, 0.0),
            lambda: make.builder.assign(cell, make("*", x, x)),
            lambda: make.builder.assign(cell, make("neg", x)),
        )
        return (make.builder.read(cell),)

    _, (expr,) = to_sympy(program({"x": FLOAT}, build))
    assert expr == sympy.Piecewise((X**2, X > 0), (-X, True))


def powers(make: Any, x: Any, n: Any) -> tuple[Any, ...]:
    cell = make.builder.cell("r", const(1.0))

    def body(_index: Any) -> None:
        make.builder.assign(cell, make("*", make.builder.read(cell), x))

    make.builder.for_(const(0), n, const(1), body)
    return (make.builder.read(cell),)


def test_loop_is_unrolled(program: Program) -> None:
    function = program({"x": FLOAT, "n": Int()}, powers)
    assert to_sympy(function, {1: 4})[1] == (X**4,)
    with pytest.raises(CannotFollow, match="number of trips"):
        to_sympy(function)


def test_while_with_a_constant_count(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        k, r = make.builder.cell("k", const(0)), make.builder.cell("r", x)

        def body() -> None:
            make.builder.assign(r, make("math.sin", make.builder.read(r)))
            make.builder.assign(k, make("+", make.builder.read(k), 1))

        make.builder.while_(lambda: make("<", make.builder.read(k), 2), body)
        return (make.builder.read(r),)

    assert to_sympy(program({"x": FLOAT}, build))[1] == (sympy.sin(sympy.sin(X)),)


def test_flags_are_fixed(program: Program) -> None:
    def build(make: Any, x: Any, flag: Any) -> tuple[Any, ...]:
        return (make("select", flag, x, make("neg", x)),)

    function = program({"x": FLOAT, "flag": Bool()}, build)
    assert to_sympy(function, {1: True})[1] == (X,)


def square(make: Any, x: Any) -> tuple[Any, ...]:
    return (make("*", x, x),)


def test_arrays_are_refused_with_a_reason(program: Program) -> None:
    vector = Array("f64", (Sym("n"),))
    function = program({"x": vector}, square)
    with pytest.raises(CannotFollow, match="f64"):
        to_sympy(function)


def test_growth_is_refused(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        for _ in range(30):
            x = make("math.sin", make("*", x, x))
        return (x,)

    with pytest.raises(CannotFollow, match="grows beyond"):
        to_sympy(program({"x": FLOAT}, build))


@pytest.mark.parametrize(
    ("name", "point", "slope"),
    [
        ("abs", 0.0, 0.0),
        ("abs", -2.0, -1.0),
        ("math.floor", 1.5, 0.0),
        ("math.cbrt", -8.0, 1 / 12),
        ("math.log10", 2.0, 1 / (2 * math.log(10))),
        ("np.square", 3.0, 6.0),
    ],
)
def test_derivatives_of_functions(program: Program, name: str, point: float, slope: float) -> None:
    _, (expr,) = to_sympy(program({"x": FLOAT}, only(name)))
    assert float(expr.diff(X).subs(X, point)) == pytest.approx(slope)


def test_ties_are_shared_by_maximum_not_by_max(program: Program) -> None:
    both = {"x": FLOAT, "y": FLOAT}
    _, (numpy,) = to_sympy(program(both, only("np.maximum")))
    _, (python,) = to_sympy(program(both, only("max")))
    at_tie = {X: 1, Y: 1}
    assert [numpy.diff(v).subs(at_tie) for v in (X, Y)] == [sympy.Rational(1, 2)] * 2
    assert [python.diff(v).subs(at_tie) for v in (X, Y)] == [1, 0]


@pytest.mark.parametrize(
    ("expr", "operations"),
    [
        (X - Y, ["sub"]),
        (-X, ["neg"]),
        (-X + Y, ["sub"]),
        (X / Y, ["truediv"]),
        (1 / X, ["truediv"]),
        (X**2, ["pow"]),
        (X / 2, ["mul"]),
        (X / 3, ["truediv"]),
        (2 * X / 3, ["mul", "truediv"]),
        (sympy.sqrt(X), ["math.sqrt"]),
        (1 / sympy.sqrt(X), ["math.sqrt", "truediv"]),
        (X * Y / (X + Y), ["mul", "add", "truediv"]),
        (-3 * X * Y, ["mul", "mul", "neg"]),
        (sympy.sin(X) * sympy.exp(-Y), ["math.exp", "math.sin", "mul"]),
        (sympy.log(X), ["math.log"]),
    ],
)
def test_written_as_a_person_would(expr: Any, operations: list[str]) -> None:
    assert sorted(written(expr)) == sorted(
        [*operations, *(["neg"] if "exp(-" in str(expr) else [])]
    )


@pytest.mark.parametrize("point", [(0.3, 1.2), (-0.7, 0.4), (2.0, -1.0)])
def test_back_and_forth(point: tuple[float, float]) -> None:
    sp = sympy
    exprs = [
        sp.Piecewise((X**3 - 2 * X, X > 0), (sp.exp(Y) / 7, Y > 1), (sp.cos(X * Y), True)),
        sp.Piecewise((X, sp.And(X > 0, Y > 0)), (Y, sp.Or(X > 1, Y < 0)), (X * Y, True)),
        sp.atan2(X, Y) + sp.pi * X - sp.Rational(2, 3) * Y**-2,
        (X + Y) ** 3 / (1 + X**2) + sp.tanh(X + Y),
    ]
    function = compiled(*exprs)
    for value, expr in zip(evaluate(function, point), exprs, strict=True):
        assert value == pytest.approx(float(expr.subs({X: point[0], Y: point[1]})), rel=1e-12)


def test_common_parts_are_computed_once() -> None:
    expr = sympy.sin(X + Y) ** 2 + sympy.cos(X + Y)
    assert written(expr).count("add") == 2


def test_a_function_we_lack_is_refused() -> None:
    with pytest.raises(CannotFollow, match="besselj"):
        compiled(sympy.besselj(0, X))


def test_no_text_reaches_sympy(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("text was parsed")

    monkeypatch.setattr("sympy.parsing.sympy_parser.parse_expr", forbidden)
    evil = "__import__('os').system('true')"
    function = program({evil: FLOAT}, only("math.sin"))
    assert to_sympy(function)[1] == (sympy.sin(X),)
