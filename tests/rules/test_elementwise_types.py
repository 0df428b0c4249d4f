"""Elementwise rules: types are those of Python and NumPy, and what raises says so."""

from __future__ import annotations

import ast
import functools
import itertools
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.nodes import Atom, Undef, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Float, Sym, Type, join
from ad_compiler.rules.registry import (
    MEANINGS,
    OPERATORS,
    PRIMITIVES,
    RULES,
    Flat,
    Partials,
    meaning,
)
from tests.rules.sampling import points
from tests.rules.texts import ELEMENTWISE, INF, SMOOTH, Names, atoms, evaluate, type_of

KINDS: list[Any] = [
    True, 3, 2.5, np.True_, np.int8(3), np.int32(3), np.int64(3), np.uint8(3),
    np.float32(2.5), np.float64(2.5),
    np.array([True, False]), np.array([3, 2], "i1"), np.array([3, 2], "i4"), np.array([3, 2]),
    np.array([2.5, 0.5], "f4"), np.array([2.5, 0.5]),
    np.array([[2.5], [0.5], [1.5]]), np.array([[2.5, 1.5], [0.5, 1.0], [1.5, 1.0]], "f4"),
    np.array(2.5),
]  # fmt: skip
STATIC_OPERANDS = {
    "np.round", "array.round", "np.nan_to_num", "astype", "round", "array.clip",
    "np.linalg.matrix_rank",
}  # fmt: skip
MATRIX = sorted(
    name
    for name, primitive in PRIMITIVES.items()
    if isinstance(RULES[primitive], Partials | Flat)
    and name not in STATIC_OPERANDS
    and not getattr(RULES[primitive], "samples", ())
    and getattr(RULES[primitive], "why", "") not in ("an index", "a permutation")
    and not name.startswith("scipy")
    and primitive in {*MEANINGS.values(), *OPERATORS.values(), PRIMITIVES["quiet_div"]}
    and not any(p.startswith("*") for p in primitive.params)
)


@pytest.mark.parametrize("name", MATRIX)
def test_types_are_those_of_numpy(name: str) -> None:
    primitive = PRIMITIVES[name]
    arity = len(primitive.params)
    kinds = KINDS if arity < 3 else KINDS[1:12:3] + KINDS[13:17]
    for values in itertools.product(kinds, repeat=arity):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_type(primitive, values)


def check_type(primitive: Primitive, values: tuple[Any, ...]) -> None:
    args = tuple(const(v) if type(v) in (int, bool) else Undef(type_of(v)) for v in values)
    shown = (primitive, values)
    inferred, reason = inference(primitive, args)
    try:
        result = primitive(*values)
    except TypeError:
        assert inferred is None, shown
    except (ValueError, ArithmeticError):
        assert inferred is None or primitive.raises(args), shown
    else:
        if inferred is None:
            assert refused_rightly(primitive, values, result), (shown, result, reason)
        elif primitive.name in ("max", "min"):
            assert inferred == common_number(values), shown
        else:
            assert inferred == type_of(result), (shown, result)


def inference(primitive: Primitive, args: tuple[Atom, ...]) -> tuple[Any, str]:
    try:
        return primitive.infer(args), ""
    except TypeRefusal as refusal:
        return None, refusal.reason


def common_number(values: tuple[Any, ...]) -> Type | None:
    return functools.reduce(lambda a, b: a and join(a, b), map(type_of, values))  # type: ignore[arg-type]


def refused_rightly(primitive: Primitive, values: tuple[Any, ...], result: Any) -> bool:
    """Unsupported dtypes, and functions of numbers given arrays of one element or of rank 0."""
    arrays = any(isinstance(v, np.ndarray) for v in values)
    if primitive.name.startswith("math.") or primitive.name in ("max", "min", "not"):
        return arrays
    half = any(getattr(v, "dtype", None) in (np.bool, np.int8, np.uint8) for v in (*values,))
    booleans = all(isinstance(v, bool | np.bool) for v in values)
    return half or booleans or result.dtype == np.float16


def test_mixed_numbers_stay_mixed_or_settle() -> None:
    mixed, plus, sine = Undef(Float("mixed")), OPERATORS["+"], PRIMITIVES["np.sin"]
    assert plus.infer((mixed, Undef(Float()))) == Float("mixed")
    assert plus.infer((mixed, Undef(Float("f64")))) == Float("f64")
    assert plus.infer((mixed, Undef(Array("f64", (3,))))) == Array("f64", (3,))
    assert sine.infer((mixed,)) == Float("f64")
    assert sine.infer((Undef(Float("any")),)) == Float("any")
    with pytest.raises(TypeRefusal):
        plus.infer((mixed, Undef(Array("f32", (3,)))))


def test_static_operands_are_refused() -> None:
    with pytest.raises(TypeRefusal):
        OPERATORS["+"].infer((const("text"), const(1)))


ENDLESS = ("polygamma", "scipy.special.yn")
"""Functions that SciPy computes for minutes where they are called with huge orders."""
INTEGERS_ONLY = ("whole",)
"""Operations that are only ever done on floats that were integers before."""


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 1e3, -1e3, 1e308, INF, math.nan]
)
def test_what_raises_says_so(value: float) -> None:
    for name, primitive in sorted(PRIMITIVES.items()):
        rule = RULES[primitive]
        if not isinstance(rule, Partials | Flat) or name in (*ENDLESS, *INTEGERS_ONLY):
            continue
        arity = len(primitive.params) - len(primitive.defaults)
        for other in (1.0, 0.0, -0.5, 1e308, INF):
            values = (value, other)[:arity]
            if arity > 2 or len(values) < arity:
                continue
            args = atoms(*values)
            try:
                primitive.infer((*args, *map(const, primitive.defaults.values())))
            except (TypeRefusal, IndexError):
                continue
            check_raises(primitive, values, args)


def check_raises(primitive: Primitive, values: tuple[Any, ...], args: tuple[Atom, ...]) -> None:
    extra = tuple(primitive.defaults.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            primitive(*values, *extra)
        except (ArithmeticError, ValueError):
            assert primitive.raises((*args, *map(const, extra))), (primitive, values)


def test_shapes_that_may_clash_raise() -> None:
    n, m = Sym("n", never=1), Sym("m", never=1)
    plus = OPERATORS["+"]
    same = (Undef(Array("f64", (n,))), Undef(Array("f64", (m, n))))
    other = (Undef(Array("f64", (n,))), Undef(Array("f64", (m,))))
    assert not plus.raises(same)
    assert plus.raises(other)


def test_division_by_a_constant_does_not_raise() -> None:
    divide = OPERATORS["/"]
    assert not divide.raises((Undef(Float()), const(2)))
    assert divide.raises((Undef(Float()), const(0)))
    assert divide.raises((Undef(Float()), Undef(Float())))
    assert not divide.raises((Undef(Float("f64")), Undef(Float())))


def test_meanings_are_objects_not_names() -> None:
    assert meaning(math.sin) is PRIMITIVES["math.sin"]
    assert meaning(np.sin) is PRIMITIVES["np.sin"]
    assert meaning(np.abs) is PRIMITIVES["np.abs"]
    assert meaning(abs) is PRIMITIVES["abs"]
    assert meaning("sin") is None
    assert meaning(np.zeros(3)) is None


def applied(node: ast.expr, names: Mapping[str, Any], g: Any) -> Any:
    """A partial times g, as it is applied: a choice is made for each arm."""
    match node:
        case ast.Call(func=ast.Name(id="where"), args=[test, one, other]):
            condition = evaluate(ast.unparse(test), names)
            return np.where(condition, applied(one, names, g), applied(other, names, g))
        case ast.Constant(value=0):
            return 0
        case _:
            return evaluate(ast.unparse(node), names) * g


@pytest.mark.parametrize("name", [n for n in SMOOTH if n in MATRIX and not n.startswith("math.")])
def test_float32_is_kept(name: str) -> None:
    primitive, rule = ELEMENTWISE[name]
    if name in ("np.float_power", "max", "min"):
        return
    for point in points(rule.domain, len(rule.params)):
        values = tuple(np.array([v, v], bool if isinstance(v, bool) else "f4") for v in point)
        names = Names(zip(rule.params, values, strict=True), z=primitive(*values))
        for text in rule.texts(atoms(*values)):
            if text is not None:
                node = ast.parse(text, mode="eval").body
                assert applied(node, names, np.ones(2, "f4")).dtype == np.float32
