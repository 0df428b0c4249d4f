"""Operators between values: arithmetic, comparison, membership, identity."""

from __future__ import annotations

import ast
from typing import Any

from ad_compiler.frontend import arrays, texts
from ad_compiler.frontend.context import Context, apply, atom_of, atoms_of, raise_needs
from ad_compiler.frontend.indexing import resolved
from ad_compiler.frontend.lengthening import concatenated, repeated
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import (
    Growing,
    Structure,
    Text,
    Value,
    constant_of,
    leaves_of,
    static,
)
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import PY, Array, Float, Int, Static, is_number
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}

UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "~"}

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


LISTS = {"+": concatenated, "*": repeated}
"""What is done with lists of which only the program knows how long they are."""


def binary(ctx: Context, op: ast.operator, left: Value, right: Value, name: str = "") -> Value:
    """`left op right`."""
    symbol = BINARY[type(op)]
    joined: Value | None = _of_structures(symbol, resolved(ctx, left), resolved(ctx, right))
    if joined is None and symbol in LISTS:
        joined = LISTS[symbol](ctx, left, right, name or "items")
    if joined is None:
        joined = _of_texts(ctx, symbol, left, right)
        _require_times(ctx, symbol, left, right)
    if joined is not None:
        return joined
    left, right = beside_array(ctx, left, right), beside_array(ctx, right, left)
    operands = atoms_of(ctx, (left, right))
    whole = symbol == "**" and _is_whole_power(ctx, *operands)
    return apply(ctx, PRIMITIVES["whole_power"] if whole else OPERATORS[symbol], operands, name)


def _is_whole_power(ctx: Context, base: Atom, power: Atom) -> bool:
    """Whether `base ** power` is an integer, because the power is surely not negative."""
    integers = all(isinstance(a.type, Int) and a.type.kind == PY for a in (base, power))
    if isinstance(power, Const) or not integers:
        return False
    return ctx.forms.at_least(ctx.forms.form(power, {}), 0)


def beside_array(ctx: Context, value: Value, other: Value) -> Value:
    """NumPy makes an array of a list or a tuple that stands beside one: `x + [1.0, 2.0]`."""
    if isinstance(value, Structure | Growing) and arrays.is_array(other):
        return arrays.array_of(ctx, value)
    return value


def _of_structures(symbol: str, left: Value, right: Value) -> Structure | None:
    """`+` of two tuples or two lists, `*` of one with a constant, `|` of two dicts."""
    match symbol, left, right:
        case "+", Structure("tuple" | "list" as one), Structure("tuple" | "list" as two):
            if one == two:
                return Structure(one, (), left.items + right.items)
        case "*", Structure("tuple" | "list" as kind), Const(value=int(times)):
            return Structure(kind, (), left.items * times)
        case "*", Const(value=int(times)), Structure("tuple" | "list" as kind):
            return Structure(kind, (), right.items * times)
        case "|", Structure("dict", keys, items), Structure("dict", more, others):
            merged = dict(zip(keys, items, strict=True)) | dict(zip(more, others, strict=True))
            return Structure("dict", tuple(merged), tuple(merged.values()))
        case _:
            pass
    return None


def _require_times(ctx: Context, symbol: str, left: Value, right: Value) -> None:
    """Ask how often a tuple is repeated, which its length must say."""
    times, repeated = (left, right) if isinstance(right, Structure) else (right, left)
    is_tuple = isinstance(repeated, Structure) and repeated.kind == "tuple"
    if symbol == "*" and is_tuple and isinstance(times, Var) and isinstance(times.type, Int):
        refusal = TypeRefusal(
            "a tuple is repeated as often as only the program knows", "repeat a list instead"
        )
        raise_needs(ctx, [times], refusal)
        raise refusal


def _of_texts(ctx: Context, symbol: str, left: Value, right: Value) -> Value | None:
    """`+` of two strings, and `%` of a string and constants; None of anything else."""
    match symbol, left, right:
        case "+", Const(value=str(one)), Const(value=str(two)):
            return static(one + two)
        case "+", Text() | Const(value=str()), Text() | Const(value=str()):
            one, two = (p if isinstance(p, Text) else Text((p.value,), ()) for p in (left, right))
            return Text(one.pieces + two.pieces, one.operands + two.operands)
        case "%", Const(value=str(one)), _:
            return _filled(ctx, one, right)
        case _:
            return None


def _filled(ctx: Context, template: str, value: Value) -> Value:
    """`template % value`: a text to be shown, if the value is not known at compile time."""
    given = constant_of(value)
    if given is not None:
        return static(template % given.value)
    shown = texts.filled(ctx, template, value)
    if shown is None:
        refusal = TypeRefusal("`%` of a string and what is not known", "write an f-string")
        raise_needs(ctx, leaves_of(value), refusal)
        raise refusal
    return shown


def unary(ctx: Context, op: ast.unaryop, operand: Value, name: str = "") -> Value:
    """`-x`, `+x` or `~x`; the negative of a number that is written out is a number."""
    if isinstance(op, ast.USub) and isinstance(operand, Const) and isinstance(operand.type, Float):
        spelling = operand.spelling
        if spelling is None or not spelling.startswith("-"):
            return const(-operand.value, None if spelling is None else f"-{spelling}")
    return apply(ctx, OPERATORS[UNARY[type(op)]], (atom_of(ctx, operand),), name)


def negation(ctx: Context, test: Atom, name: str = "") -> Value:
    """`not test`."""
    return apply(ctx, OPERATORS["not"], (test,), name)


def compare(ctx: Context, op: ast.cmpop, left: Value, right: Value, name: str = "") -> Value:
    """`left op right` for one comparison."""
    match op:
        case ast.Is():
            return const(_identical(left, right))
        case ast.IsNot():
            return const(not _identical(left, right))
        case ast.In() | ast.NotIn():
            among = _among(ctx, left, right)
            if among is None:
                return const(_member(ctx, left, right) == isinstance(op, ast.In))
            return among if isinstance(op, ast.In) else negation(ctx, atom_of(ctx, among), name)
        case _:
            pass
    if isinstance(op, ast.Eq | ast.NotEq):
        equal = _static_equality(left, right)
        if equal is not None:
            return const(equal == isinstance(op, ast.Eq))
        alike = _same_numbers(ctx, resolved(ctx, left), resolved(ctx, right))
        if alike is not None:
            return alike if isinstance(op, ast.Eq) else negation(ctx, atom_of(ctx, alike), name)
    left, right = beside_array(ctx, left, right), beside_array(ctx, right, left)
    return apply(ctx, OPERATORS[COMPARISONS[type(op)]], atoms_of(ctx, (left, right)), name)


def _identical(left: Value, right: Value) -> bool:
    """`is`, where one side is None, a truth value or another compile-time object."""
    a, b = _static_object(left), _static_object(right)
    if a is not None and b is not None:
        return a.value is b.value
    if (a is not None and a.value is None) or (b is not None and b.value is None):
        return False
    if left is right:
        return True
    raise TypeRefusal(
        f"whether {describe(left)} is {describe(right)} is not known at compile time",
        "compare with == instead of `is`",
    )


def _static_object(value: Value) -> Const | None:
    if isinstance(value, Const) and (
        isinstance(value.type, Static) or isinstance(value.value, bool)
    ):
        return value
    return None


def _static_equality(left: Value, right: Value) -> bool | None:
    """`==` where a side is no number; None if both are numbers or arrays."""
    a, b = constant_of(left), constant_of(right)
    if a is not None and b is not None and (_is_static(a) or _is_static(b)):
        return bool(a.value == b.value)
    one_static = (a is not None and _is_static(a)) or (b is not None and _is_static(b))
    other = right if a is not None and _is_static(a) else left
    if one_static and isinstance(other, Var) and is_number(other.type):
        return False
    return None


def _same_numbers(ctx: Context, left: Value, right: Value) -> Value | None:
    """`==` of two tuples or two lists of numbers, a shape for one; None if that is not asked."""
    if not (isinstance(left, Structure) and isinstance(right, Structure)):
        return None
    if not {left.kind, right.kind} <= {"tuple", "list"}:
        return None
    a, b = left.items, right.items
    if left.kind != right.kind or len(a) != len(b):
        return const(False)
    if not all(isinstance(v, Var | Const) and is_number(v.type) for v in (*a, *b)):
        return None
    found: Value = const(True)
    for first, second in zip(a, b, strict=True):
        same = compare(ctx, ast.Eq(), first, second)
        if same == const(False):
            return same
        if found == const(True):
            found = same
        elif same != const(True):
            found = apply(ctx, OPERATORS["&"], atoms_of(ctx, (found, same)))
    return found


def _is_static(value: Const) -> bool:
    return isinstance(value.type, Static)


def _among(ctx: Context, item: Value, container: Value) -> Value | None:
    """`k in (i, j)`, of integers that only the run knows; None if that is not asked."""
    if not isinstance(container, Structure) or container.kind not in ("tuple", "list"):
        return None
    if not all(map(is_integer, (item, *container.items))) or not container.items:
        return None
    if constant_of(item) is not None and constant_of(container) is not None:
        return None
    found: Value = const(False)
    for other in container.items:
        same = compare(ctx, ast.Eq(), item, other)
        if same == const(True):
            return same
        if found == const(False):
            found = same
        elif same != const(False):
            found = apply(ctx, OPERATORS["|"], atoms_of(ctx, (found, same)))
    return found


def _member(ctx: Context, item: Value, container: Value) -> bool:
    """`in`, for keys of a dict, and constants in a tuple, list or string."""
    wanted = constant_of(item)
    found: Any = None
    if isinstance(container, Structure) and container.kind == "dict":
        found = container.keys
    else:
        constant = constant_of(container)
        found = constant.value if constant is not None else None
    if wanted is None or not isinstance(found, tuple | list | str):
        refusal = TypeRefusal(
            f"whether {describe(item)} is in {describe(container)} is not known at compile time",
            "`in` takes constants, and the keys of a dict",
        )
        raise_needs(ctx, [item], refusal)
        raise refusal
    return wanted.value in found


def is_integer(value: Value) -> bool:
    """Whether the value is an integer, which may index and count."""
    return isinstance(value, Var | Const) and isinstance(value.type, Int)


def is_array(value: Value) -> bool:
    """Whether the value is an array."""
    return isinstance(value, Var | Const) and isinstance(value.type, Array)
