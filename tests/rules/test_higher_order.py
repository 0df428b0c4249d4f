"""Higher derivatives at singular points, where only the right text of a partial gives them."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Atom, Block, Function, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Float, Sym, Type
from ad_compiler.rules.registry import MEANINGS, OPERATORS
from ad_compiler.transform.forward import jvp

importlib.import_module("ad_compiler.rules")
PI, INF = math.pi, math.inf
KINDS: dict[str, tuple[Type, Callable[[float], Any]]] = {
    "python": (Float(), float),
    "numpy": (Float("f64"), np.float64),
    "array": (Array("f64", (Sym("n", never=1),)), lambda value: np.array([value, value])),
}
POWER, ABS = OPERATORS["**"], MEANINGS[abs]
PAIRS = {
    "hypot": (MEANINGS[math.hypot], MEANINGS[np.hypot]),
    "atan2": (MEANINGS[math.atan2], MEANINGS[np.arctan2]),
    "sqrt": (MEANINGS[math.sqrt], MEANINGS[np.sqrt]),
    "asin": (MEANINGS[math.asin], MEANINGS[np.arcsin]),
    "acosh": (MEANINGS[math.acosh], MEANINGS[np.arccosh]),
}


def derivative(
    primitive: Primitive,
    point: tuple[float, ...],
    k: int,
    order: int,
    kind: str,
    constants: Mapping[int, float] | None = None,
) -> float:
    """A pure derivative of some order in operand k, by forward mode over itself."""
    type_, convert = KINDS[kind]
    fixed = constants or {}
    inputs = {i: Var(f"x{i}", type_) for i in range(len(point)) if i not in fixed}
    args: list[Atom] = [inputs.get(i) or const(fixed[i]) for i in range(len(point))]
    builder = Builder()
    z = builder.emit(primitive, *args, name="z")
    block = Block(tuple(inputs.values()), tuple(builder.frame.stmts), (z,))
    function = Function("f", (), block, 0)
    for _ in range(order):
        seed = Var("x_dot", type_)
        function = jvp(function, (inputs[k],), "f", (seed,))
        last = function.results[-1:]
        function = function.with_block(Block(function.params, function.block.body, last))
    seeds = len(function.params) - len(inputs)
    values = [convert(point[i]) for i in inputs] + [convert(1.0)] * seeds
    return float(np.ravel(evaluate(function, values)[0])[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("point", "k", "order", "wanted"),
    [
        ((0.0, 2.0), 0, 1, 0),
        ((0.0, 2.0), 0, 2, 2),
        ((0.0, 2.0), 0, 3, 0),
        ((0.0, 1.0), 0, 2, 0),
        ((0.0, 3.0), 0, 2, 0),
        ((0.0, 3.0), 0, 3, 6),
        ((0.0, 0.0), 0, 1, 0),
        ((0.0, 1.5), 0, 1, 0),
        ((0.0, 1.5), 0, 2, INF),
        ((0.0, 0.5), 0, 1, INF),
        ((-2.0, 3.0), 0, 2, -12),
        ((-2.0, 3.0), 0, 3, 6),
        ((0.0, 2.0), 1, 2, 0),
        ((0.0, 0.0), 1, 1, 0),
    ],
)
def test_powers(kind: str, point: tuple[float, float], k: int, order: int, wanted: float) -> None:
    assert derivative(POWER, point, k, order, kind) == pytest.approx(wanted)
    if k == 0:
        fixed = {1: point[1]}
        assert derivative(POWER, point, 0, order, kind, fixed) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "point", "k", "order", "wanted"),
    [
        ("hypot", (0.0, 0.0), 0, 1, 0),
        ("hypot", (0.0, 0.0), 0, 2, 0),
        ("hypot", (0.0, 0.0), 1, 3, 0),
        ("hypot", (3.0, 4.0), 0, 2, 16 / 125),
        ("atan2", (0.0, 0.0), 0, 1, 0),
        ("atan2", (0.0, 0.0), 1, 2, 0),
        ("atan2", (3.0, 4.0), 0, 2, -24 / 625),
        ("sqrt", (0.0,), 0, 2, -INF),
        ("asin", (1.0,), 0, 2, INF),
        ("acosh", (1.0,), 0, 2, -INF),
    ],
)
def test_edges(
    kind: str, name: str, point: tuple[float, ...], k: int, order: int, wanted: float
) -> None:
    primitive = PAIRS[name][kind != "python"]
    assert derivative(primitive, point, k, order, kind) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_abs_is_flat_twice(kind: str) -> None:
    assert derivative(ABS, (0.0,), 0, 2, kind) == 0


@pytest.mark.parametrize("kind", ["numpy", "array"])
@pytest.mark.parametrize(
    ("order", "wanted"), [(1, 0), (2, -(PI**2) / 3), (3, 0), (4, PI**4 / 5), (6, -(PI**6) / 7)]
)
def test_sinc_at_zero(kind: str, order: int, wanted: float) -> None:
    assert derivative(MEANINGS[np.sinc], (0.0,), 0, order, kind) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", ["numpy", "array"])
@pytest.mark.parametrize(
    ("point", "order", "wanted"),
    [
        ((-INF, -INF), 1, 0.5),
        ((-INF, -INF), 2, 0),
        ((2.0, 2.0), 2, 0.25),
        ((1e4, 0.0), 1, 1),
        ((1e4, 0.0), 2, 0),
    ],
)
def test_logaddexp(kind: str, point: tuple[float, float], order: int, wanted: float) -> None:
    got = derivative(MEANINGS[np.logaddexp], point, 0, order, kind)
    assert got == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (math.lgamma, 0.9348022005446793),
        (math.erf, -4 * 1.5 / math.sqrt(PI) * math.exp(-2.25)),
        (math.tanh, -2 * math.tanh(1.5) * (1 - math.tanh(1.5) ** 2)),
    ],
)
def test_second_derivatives_of_special_functions(function: Any, wanted: float) -> None:
    assert derivative(MEANINGS[function], (1.5,), 0, 2, "python") == pytest.approx(wanted)
