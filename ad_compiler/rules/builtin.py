"""Python's own functions of numbers, conversions, and the operations that only derivatives use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Infer, Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import (
    DTYPE_OF_ANY_NAME,
    DTYPE_OF_NAME,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Bool,
    Float,
    Number,
    Type,
    dims_of,
    is_number,
    shown,
)
from ad_compiler.rules import infer
from ad_compiler.rules.counts import at_least_zero
from ad_compiler.rules.forms import announce, ufunc_raises
from ad_compiler.rules.operators import arithmetic
from ad_compiler.rules.registry import FUNCTIONS, METHODS, Flat, Partials, register

ABS = register(
    Primitive(
        "abs", abs, infer.python_or_ufunc(np.absolute, arithmetic), Call("abs"), ("x",),
        noun="magnitude",
    ),
    Partials(
        ("x",), "abs(x)", ("sign(x)",), "0 at 0",
        numbers=("1 if x > 0 else (-1 if x < 0 else 0)",),
    ),
    abs,
)  # fmt: skip
announce("abs", ABS)


ZERO = Const(0, PY_INT)


def _extreme(args: Sequence[Atom]) -> Type:
    """The type of the one operand that `max` or `min` returns as it is."""
    types = infer.numbers(args, "max or min of two values", "use np.maximum or np.minimum")
    return infer.either(types)


def _largest(args: Sequence[Atom]) -> Type:
    known = at_least_zero(args[0].type) if args[1:] == (ZERO,) else None
    return known or _extreme(args)


for _function, _sign, _noun in ((max, ">", "largest"), (min, "<", "smallest")):
    _name = _function.__name__
    _typed = _largest if _function is max else _extreme
    register(
        Primitive(_name, _function, _typed, Call(_name), ("x", "y"), noun=_noun),
        Partials(
            ("x", "y"),
            f"{_name}(x, y)",
            (f"where(y {_sign} x, 0, 1)", f"where(y {_sign} x, 1, 0)"),
            convention="the branch that Python takes: x unless y is beyond it",
        ),
        _function,
    )


def _to(who: str, result: Number) -> Infer:
    """The type rule of a builtin conversion: a number, or an array of rank 0."""

    def rule(args: Sequence[Atom]) -> Type:
        (type_,) = infer.numeric(args)
        if dims_of(type_):
            raise TypeRefusal(f"{who}() of an array ({shown(type_)})", "index one element")
        return result

    return rule


def _from_float(args: Sequence[Atom]) -> bool:
    """The `raises` of rounding to an int: infinity and nan have none."""
    type_ = args[0].type
    return isinstance(type_, Float | Array)


FLOAT = register(
    Primitive("float", float, _to("float", PY_FLOAT), Call("float"), ("x",), noun="number"),
    Partials(("x",), "float(x)", ("1",)),
    float,
)
FUNCTIONS["float"] = (FLOAT, FLOAT)
register(
    Primitive(
        "int", int, _to("int", PY_INT), Call("int"), ("x",), raises=_from_float, noun="integer"
    ),
    Flat(),
    int,
)
register(
    Primitive("whole", int, _to("int", PY_INT), Call("int"), ("x",), noun="integer"),
    Flat("of a float that was an integer"),
)
register(
    Primitive("bool", bool, _to("bool", PY_BOOL), Call("bool"), ("x",), noun="test"),
    Flat("a truth value"),
    bool,
)


def _round(number: Any, digits: int | None = None) -> Any:
    return round(number) if digits is None else round(number, digits)


def _round_type(args: Sequence[Atom]) -> Type:
    """The type of `round(x)`, an int, and of `round(x, digits)`, a number like x."""
    (type_,) = infer.numbers(args[:1], "round", "use np.round")
    if args[1].type == PY_INT or not isinstance(args[1], Const):
        return PY_INT if isinstance(type_, Bool) else type_
    return PY_INT


register(
    Primitive(
        "round",
        _round,
        _round_type,
        Call("round"),
        ("number", "ndigits"),
        defaults={"ndigits": None},
        raises=_from_float,
        noun="rounded",
    ),
    Flat(),
    round,
)


def _converted(dtype: str) -> Infer:
    def rule(args: Sequence[Atom]) -> Type:
        (type_,) = infer.numeric(args)
        return infer.of_dtype(dtype, dims_of(type_))

    return rule


for _type in (np.float64, np.float32, np.int64, np.int32):
    _path = f"np.{_type.__name__}"
    register(
        Primitive(
            _path, _type, _converted(DTYPE_OF_NAME[_type.__name__]), Call(_path), ("x",),
            raises=_from_float if issubclass(_type, np.integer) else lambda _: False,
            noun="number",
        ),
        Partials(("x",), "x", ("1",)) if issubclass(_type, np.floating) else Flat(),
        _type,
    )  # fmt: skip


def _astype_type(args: Sequence[Atom]) -> Type:
    x, name = args[0].type, infer.static(args[1], "dtype")
    if name not in DTYPE_OF_ANY_NAME:
        raise TypeRefusal(f"the dtype {name} is not supported", "use float64 or float32")
    if infer.may_be_python(x) or not (is_number(x) or isinstance(x, Array)):
        raise TypeRefusal(f"a {x} has no astype", "use float(...) or np.float64(...)")
    if isinstance(x, Array):
        return Array(DTYPE_OF_ANY_NAME[name], x.dims)
    return infer.of_dtype(DTYPE_OF_ANY_NAME[name], ())


def _astype(x: Any, dtype: str) -> Any:
    return x.astype(dtype)


METHODS["astype"] = register(
    Primitive("astype", _astype, _astype_type, Method("astype"), ("x", "dtype"), noun="values"),
    Partials(("x", "dtype"), "x", ("1", None)),
)


def _identity(x: Any) -> Any:
    return x


def _same(args: Sequence[Atom]) -> Type:
    return args[0].type


register(
    Primitive("identity", _identity, _same, Special(), ("x",), fresh=False),
    Partials(("x",), "x", ("1",)),
)


def _select(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _select_type(args: Sequence[Atom]) -> Type:
    types = infer.numbers(args, "a conditional", "use np.where")
    return infer.either(types[1:])


SELECT = register(
    Primitive("select", _select, _select_type, Special(), ("condition", "x", "y"), noun="chosen"),
    Partials(
        ("condition", "x", "y"),
        "x if condition else y",
        (None, "where(condition, 1, 0)", "where(condition, 0, 1)"),
        domain="condition",
    ),
)
announce("where", SELECT)


def _quiet_div(x: Any, y: Any) -> Any:
    """Divide as IEEE arithmetic does, with neither exceptions nor warnings."""
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        with np.errstate(divide="ignore", invalid="ignore"):
            return x / y
    return x / y if y else x * math.inf


def _quotient(_types: Sequence[Type]) -> Type:
    return PY_FLOAT


QUIET_DIV = register(
    Primitive(
        "quiet_div",
        _quiet_div,
        infer.python_or_ufunc(np.true_divide, _quotient),
        Special(),
        ("x", "y"),
        raises=ufunc_raises(np.true_divide),
        noun="quotient",
    ),
    Partials(
        ("x", "y"),
        "x / y",
        ("quiet_div(1, y)", "-quiet_div(z, y)"),
        convention="x * inf where y is 0",
        domain="nonzero",
    ),
)
FUNCTIONS["quiet_div"] = (QUIET_DIV, QUIET_DIV)
