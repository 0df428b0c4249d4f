"""Evaluates the texts of partial derivatives at concrete values."""

from __future__ import annotations

import ast
import importlib
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate as run
from ad_compiler.ir.nodes import Atom, Block, Const, Function, Let, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Bool, Float, Int, Sym, Type
from ad_compiler.rules.registry import (
    CONSTANTS,
    FUNCTIONS,
    LATER,
    PRIMITIVES,
    RULES,
    Partials,
    read_later,
)
from ad_compiler.transform.partials import Splice, parsed

importlib.import_module("ad_compiler.rules")
read_later(LATER)

ELEMENTWISE = {
    name: (primitive, rule)
    for name, primitive in PRIMITIVES.items()
    if isinstance(rule := RULES[primitive], Partials)
}
CONVERSIONS = ("identity", "astype", "np.float64", "np.float32", "float")
SMOOTH = sorted(set(ELEMENTWISE) - set(CONVERSIONS) - {"scipy.special.polygamma"})
INF = math.inf


class Names(dict[str, Any]):
    """What the names in the text of a partial mean at concrete values."""

    def __missing__(self, name: str) -> Any:
        if name in CONSTANTS:
            return CONSTANTS[name].value
        if name not in FUNCTIONS:
            raise KeyError(name)
        return partial(apply, name)


def apply(name: str, *args: Any) -> Any:
    python, numpy = FUNCTIONS[name]
    wants_numpy = any(isinstance(a, np.ndarray | np.generic) for a in args)
    primitive = numpy if wants_numpy or python is None else python
    assert primitive is not None, name
    return primitive(*args)


def atoms(*values: Any) -> tuple[Atom, ...]:
    return tuple(Undef(type_of(value)) if value is not None else const(None) for value in values)


def type_of(value: Any) -> Type:
    if isinstance(value, np.ndarray):
        dims = tuple(1 if n == 1 else Sym(f"n{n}", never=1) for n in value.shape)
        return Array(dtype_name(value), dims)
    if isinstance(value, np.generic):
        name = dtype_name(value)
        return Bool("np") if name == "bool" else (Float if name[0] == "f" else Int)(name)
    return const(value).type


def dtype_name(value: Any) -> str:
    kind, size = value.dtype.kind, value.dtype.itemsize * 8
    return "bool" if kind == "b" else f"{kind}{size}"


def slopes(
    primitive: Primitive, *values: Any, args: tuple[Atom, ...] = (), times: float | None = None
) -> list[Any]:
    """The partial derivatives, as a program computes them; warnings are errors.

    With `times`, they are spliced into a product with that number, as derivatives use them.
    """
    rule = RULES[primitive]
    assert isinstance(rule, Partials)
    given = args or atoms(*values)
    operands = [a if isinstance(a, Const) else Var("x", a.type) for a in given]
    builder = Builder()
    builder.emit(primitive, *operands, name="z")
    (let,) = builder.frame.stmts
    assert isinstance(let, Let)
    texts = rule.texts(let.args)
    splice = Splice(builder, rule, let)
    params = tuple(a for a in operands if isinstance(a, Var))
    moving = [v for v, a in zip(values, operands, strict=True) if isinstance(a, Var)]
    if times is None:
        found = [None if text is None else splice.value(parsed(text)) for text in texts]
    else:
        g = Var("g", Float())
        params, moving = (*params, g), [*moving, times]
        found = [
            None if text is None else splice.times(parsed(text), g) or const(0.0) for text in texts
        ]
    results = tuple(const(None) if atom is None else atom for atom in found)
    block = Block(params, tuple(builder.frame.stmts), results)
    return list(run(Function("slopes", (), block, 0), moving))


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    return eval(compile(ast.parse(text, mode="eval"), text, "eval"), {"__builtins__": {}}, names)
