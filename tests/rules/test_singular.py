"""Singular points and extremes: a derivative is quiet wherever its function is."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ad_compiler.inspection import run
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Block, Function, Parameter, Var, const
from ad_compiler.ir.primitive import Method, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Float, Sym, Type
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request
from tests.depth import spread
from tests.rules.texts import ELEMENTWISE

INF, NAN = math.inf, math.nan
POINTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, INF, -INF, NAN, 1e200, -1e200, 1e308, 5e-324)
KINDS: dict[str, tuple[Type, Callable[[float], Any]]] = {
    "python": (Float(), float),
    "numpy": (Float("f64"), np.float64),
    "rank 0": (Array("f64", ()), np.array),
    "array": (Array("f64", (Sym("n", never=1),)), lambda value: np.array([value, value])),
}
MIXTURES = (("python", "numpy"), ("numpy", "python"), ("python", "array"), ("array", "python"))
NAMES = [name for name in ELEMENTWISE if not name.startswith("scipy")]
FIXED = {"condition": True, "dtype": "float64", "n": 1}
"""What is given for operands without a derivative."""


@dataclass(frozen=True)
class Case:
    """A function of some operands of a primitive, and how their values are made."""

    function: Function
    makers: tuple[Callable[[float], Any], ...]


def cases(name: str) -> Iterator[Case]:
    """A primitive on operands of all kinds, and of some mixtures of kinds."""
    primitive, rule = ELEMENTWISE[name]
    moving = [k for k, text in enumerate(rule.partials) if text is not None]
    for kinds in itertools.product(KINDS, repeat=len(moving)):
        is_method = isinstance(primitive.spelling, Method)
        if (len(set(kinds)) > 1 and kinds not in MIXTURES) or (is_method and "python" in kinds):
            continue
        types = [KINDS[kind] for kind in kinds]
        variables = {k: Var(f"x{k}", type_) for k, (type_, _) in zip(moving, types, strict=True)}
        builder = Builder()
        try:
            z = builder.emit(primitive, *operands(primitive, variables), name="z")
        except TypeRefusal:
            continue
        block = Block(tuple(variables.values()), tuple(builder.frame.stmts), (z,))
        parameters = tuple(Parameter(v.name, v) for v in variables.values())
        yield Case(Function("f", parameters, block, 0), tuple(make for _, make in types))


def operands(primitive: Primitive, variables: dict[int, Var]) -> Iterator[Atom]:
    for k, param in enumerate(primitive.params):
        value = FIXED.get(param, primitive.defaults.get(param, 1.5))
        yield variables.get(k) or const(value)


def outcome(function: Callable[..., Any], values: Sequence[Any]) -> tuple[Any, list[str]]:
    """What a function returns, or the exception, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*values)
        except (ArithmeticError, ValueError) as error:
            result = error
    return result, [str(one.message) for one in caught]


def one_like(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.ones(value.shape)
    return type(value)(1.0) if isinstance(value, float) else 1.0


PARTS = 3


def points(values: Sequence[float], arity: int, part: int) -> Iterator[tuple[float, ...]]:
    """All points for one operand; for several, a part of them."""
    every = itertools.product(values, repeat=arity)
    return every if arity == 1 else itertools.islice(every, part, None, PARTS)


every_part = pytest.mark.parametrize("part", spread(range(PARTS), PARTS))


@every_part
@pytest.mark.parametrize("name", spread(NAMES, 3))
def test_a_derivative_is_quiet_where_its_function_is(name: str, part: int) -> None:
    """It never raises where the function returned, and warns only that it is itself not finite."""
    for case in cases(name):
        primal = run(case.function)
        for k, kind in itertools.product(range(len(case.makers)), ("jvp", "vjp")):
            derivative = run(derive(case.function, Request(kind, (k,))))
            for point in points(POINTS, len(case.makers), part):
                values = [make(p) for make, p in zip(case.makers, point, strict=True)]
                value, said = outcome(primal, values)
                if isinstance(value, Exception):
                    continue
                seed = case.makers[k](1.0) if kind == "jvp" else one_like(value)
                result, warned = outcome(derivative, [*values, seed])
                slope = result[1] if isinstance(result, tuple) else result
                context = (name, kind, k, values, slope, warned)
                assert not isinstance(slope, Exception), context
                assert said or not warned or not np.all(np.isfinite(slope)), context


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@every_part
@pytest.mark.parametrize("name", spread(NAMES, 3))
def test_what_has_no_derivative_has_no_second_one(name: str, part: int) -> None:
    """Where the first derivative is infinite or undefined, the second is not a number like 0."""
    for case in cases(name):
        for k in range(len(case.makers)):
            once = derive(case.function, Request("jvp", (k,)))
            twice = run(derive(once, Request("jvp", (k,))))
            for point in points(POINTS[:-2], len(case.makers), part):
                values = [make(p) for make, p in zip(case.makers, point, strict=True)]
                dots = [case.makers[k](1.0)] * 2
                result, _ = outcome(twice, [*values, *dots])
                if isinstance(result, Exception):
                    continue
                (value, first), (_, second) = result
                finite = [np.all(np.isfinite(v)) for v in (*values, value, first)]
                assert all(finite) or not all(finite[:-1]) or not np.all(np.isfinite(second)), (
                    name, k, values, value, first, second,
                )  # fmt: skip
