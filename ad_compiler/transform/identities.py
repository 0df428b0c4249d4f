"""Identities that make a program simpler, each a line.

Only what holds for every floating-point value, infinities, NaN and signed zeros included, and
keeps the kind of the result. `x + 0` is not among them (-0.0 + 0 is 0.0), nor is `x * 0`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import frexp
from typing import Any

from ad_compiler.analysis.positive import is_positive
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import (
    PY,
    PY_FLOAT,
    Array,
    Float,
    Int,
    Type,
    dims_of,
    dtype_of,
    is_complex,
    is_differentiable,
    is_number,
    rank,
)
from ad_compiler.rules.registry import RULES, Partials

Definitions = Mapping[Var, Let]


@dataclass(frozen=True, slots=True)
class Form:
    """An operation that is not emitted yet: the name of a primitive, and operands."""

    name: str
    args: tuple[Atom | Form, ...]


Rewrite = Callable[[tuple[Atom, ...], Definitions, Type], Atom | Form | None]


def is_number_constant(atom: Atom, value: float) -> bool:
    """Whether an atom is the given number (1 and 1.0 alike, but not True)."""
    return (
        isinstance(atom, Const)
        and not isinstance(atom.value, bool)
        and isinstance(atom.value, int | float)
        and atom.value == value
    )


def negated(atom: Atom, defs: Definitions) -> Atom | None:
    """x, if the atom is -x and its sign can be moved: it is no integer, which has no -0.

    A value with a name of its own stays what it is.
    """
    let = defs.get(atom) if isinstance(atom, Var) and atom.temp else None
    if let is None or let.prim.name != "neg" or not _has_sign(let.args[0].type):
        return None
    return let.args[0]


def _has_sign(type_: Type) -> bool:
    """Whether every value of this type has an opposite: there is no `-0` of integers."""
    return is_differentiable(type_) and not (isinstance(type_, Float) and type_.also)


def is_float(type_: Type) -> bool:
    """Whether a value is certainly no integer: those overflow in ways of their own."""
    return isinstance(type_, Float) or (isinstance(type_, Array) and is_differentiable(type_))


def power_of_two(number: float) -> bool:
    """Whether multiplying by this number is exact, up to overflow."""
    return number >= 1 and frexp(number)[0] == 0.5


def _mul(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Atom | Form | None:
    x, y = args
    for factor, other in ((x, y), (y, x)):
        if not isinstance(factor, Const) or other.type != type_:
            continue
        if is_number_constant(factor, 1):
            return other  # x * 1 = x
        if is_number_constant(factor, -1) and _has_sign(type_):
            return Form("neg", (other,))  # x * -1 = -x
    if is_float(type_) and (gathered := _multiple(x, y, defs)) is not None:
        return gathered
    if (inner := negated(x, defs)) is not None:
        return Form("neg", (Form("mul", (inner, y)),))  # (-x) * y = -(x * y)
    if (inner := negated(y, defs)) is not None:
        return Form("neg", (Form("mul", (x, inner)),))  # x * (-y) = -(x * y)
    return None


def _multiple(x: Atom, y: Atom, defs: Definitions) -> Form | None:
    """2 * (3 * z) = 6 * z: a power of two scales exactly, and 3 * z is tiny only if it is exact."""
    let = defs.get(y) if isinstance(y, Var) and y.temp else None
    if not isinstance(x, Const) or x.spelling is not None or let is None:
        return None
    factor, rest = let.args[0], let.args[-1]
    if let.prim.name != "mul" or not isinstance(factor, Const) or factor.spelling is not None:
        return None
    whole = factor.value == int(factor.value) and 1 <= abs(factor.value) < 2**20
    if whole and power_of_two(x.value) and x.value < 2**20 and is_float(rest.type):
        return Form("mul", (const(x.value * factor.value), rest))
    return None


def _div(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Atom | Form | None:
    x, y = args
    if is_number_constant(y, 1) and x.type == type_:
        return x  # x / 1 = x
    if (inner := negated(x, defs)) is not None:
        return Form("neg", (Form("truediv", (inner, y)),))  # (-x) / y = -(x / y)
    if (inner := negated(y, defs)) is not None:
        return Form("neg", (Form("truediv", (x, inner)),))  # x / (-y) = -(x / y)
    return None


def _add(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Atom | Form | None:
    x, y = args
    for zero, other in ((x, y), (y, x)):
        if is_number_constant(zero, 0) and _is_same_integer(other.type, type_):
            return other  # n + 0 = n; of floats, -0.0 + 0 is not -0.0
    if x is y and is_float(type_):
        return Form("mul", (const(2), x))  # x + x = 2 * x
    if (inner := negated(y, defs)) is not None:
        return Form("sub", (x, inner))  # x + (-y) = x - y
    if (inner := negated(x, defs)) is not None:
        return Form("sub", (y, inner))  # (-x) + y = y - x
    plain = isinstance(type_, Int) and type_.kind == PY
    is_safe = plain or is_differentiable(type_)  # unsigned integers cannot take -2
    if is_safe and isinstance(y, Const) and y.spelling is None and y.value < 0:
        return Form("sub", (x, Const(-y.value, y.type)))  # x + (-2) = x - 2
    return None


def _is_same_integer(one: Type, other: Type) -> bool:
    """Whether both are integers of one kind, whatever lengths they are known to be."""
    return isinstance(one, Int) and isinstance(other, Int) and one.kind == other.kind


def _sub(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Atom | Form | None:
    x, y = args
    if is_number_constant(y, 0) and _is_same_integer(x.type, type_):
        return x  # n - 0 = n
    if (inner := negated(y, defs)) is not None:
        return Form("add", (x, inner))  # x - (-y) = x + y
    return None


def _neg(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Atom | Form | None:
    let = defs.get(args[0]) if isinstance(args[0], Var) and args[0].temp else None
    match let:
        case Let(prim=prim, args=(Const(value=float() as number), other)) if prim.name in (
            "truediv",
            "ratio",
            "quiet_div",
        ) and isinstance(type_, Float):
            return Form(prim.name, (const(-number), other))  # -(c / x) = -c / x
        case _:
            return negated(args[0], defs)  # -(-x) = x


def _size(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """The size of x + y is that of x, where their shapes are equal and x has a name."""
    named = _named_equal(args[0], defs)
    return None if named is None or named is args[0] else Form("size", (named,))


def _unbroadcast(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """Only the shape of the second operand counts."""
    g, model = args
    named = _named_equal(model, defs)
    return None if named is None or named is model else Form("unbroadcast", (g, named))


def _named_equal(atom: Atom, defs: Definitions, depth: int = 6) -> Atom | None:
    """A value with a name of its own that an elementwise operation gave its shape."""
    if not isinstance(atom, Var) or not isinstance(atom.type, Array) or not atom.temp:
        return atom if isinstance(atom.type, Array) else None
    let = defs.get(atom)
    if let is None or not depth or not isinstance(RULES[let.prim], Partials):
        return None
    same = (_named_equal(a, defs, depth - 1) for a in let.args if dims_of(a.type) == atom.type.dims)
    return next((found for found in same if found is not None), None)


def _getitem(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """x[...] = x; np.sum(x, axis=1, keepdims=True)[:, 0, :] = np.sum(x, axis=1)."""
    array, pattern, *operands = args
    if pattern == const(("...",)) and rank(array.type) > 0:
        return array
    let = defs.get(array) if isinstance(array, Var) else None
    if let is None or let.prim.name != "np.sum" or let.args[2] != const(True):
        return None
    x, axis = let.args[:2]
    assert isinstance(axis, Const)
    assert isinstance(pattern, Const)
    taken = [k for k, item in enumerate(pattern.value) if item == "int"]
    gone = axis.value if isinstance(axis.value, tuple) else (axis.value,)
    plain = set(pattern.value) == {"int", ":"} and all(o == const(0) for o in operands)
    return Form("np.sum", (x, axis, const(False))) if plain and list(gone) == taken else None


def _transposed(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    let = defs.get(args[0]) if isinstance(args[0], Var) else None
    return let.args[0] if let is not None and let.prim.name == "T" else None  # x.T.T = x


def _moveaxis(args: tuple[Atom, ...], _: Definitions, __: Type) -> Atom | Form | None:
    x, source, destination = args
    return x if source == destination else None


def _tape_zeros(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """The zeros of an empty list are an empty list."""
    let = defs.get(args[0]) if isinstance(args[0], Var) else None
    return Form("tape_new", let.args) if let is not None and let.prim.name == "tape_new" else None


def _pow(args: tuple[Atom, ...], _: Definitions, type_: Type) -> Atom | Form | None:
    x, y = args
    return x if is_number_constant(y, 1) and x.type == type_ else None  # x ** 1 = x


def _float(args: tuple[Atom, ...], _: Definitions, __: Type) -> Atom | Form | None:
    return args[0] if args[0].type == PY_FLOAT else None


def _astype(args: tuple[Atom, ...], _: Definitions, type_: Type) -> Atom | Form | None:
    return args[0] if args[0].type == type_ else None


def _choice(args: tuple[Atom, ...], _: Definitions, type_: Type) -> Atom | Form | None:
    test, one, other = args
    if one == other and one.type == type_:
        return one
    if isinstance(test, Const) and is_number(type_):
        return one if test.value else other
    return None


def _quiet_div(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """A quotient of which the divisor is never zero needs no care."""
    return Form("truediv", args) if is_positive(args[1], defs) else None


OPPOSITES = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def _not(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    """not a == b is a != b; not a < b is a >= b only where nothing is NaN, as integers are."""
    let = defs.get(args[0]) if isinstance(args[0], Var) and args[0].temp else None
    if let is None or let.prim.name not in OPPOSITES:
        return None
    types = [arg.type for arg in let.args]
    exact = let.prim.name in ("eq", "ne") and all(map(is_number, types))
    if exact or all(isinstance(type_, Int) for type_ in types):
        return Form(OPPOSITES[let.prim.name], let.args)
    return None


def _copy(args: tuple[Atom, ...], _: Definitions, __: Type) -> Atom | Form | None:
    """A copy is the same value; of several axes it may lie in memory in another order."""
    return args[0] if rank(args[0].type) <= 1 else None


def _ravel(args: tuple[Atom, ...], _: Definitions, __: Type) -> Atom | Form | None:
    return args[0] if rank(args[0].type) == 1 else None


def _zeros_like(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    let = defs.get(args[0]) if isinstance(args[0], Var) else None
    return (
        Form("zeros_like", let.args) if let is not None and let.prim.name == "zeros_like" else None
    )


def _full_like(args: tuple[Atom, ...], _: Definitions, __: Type) -> Atom | Form | None:
    like, value = args[:2]
    if is_number_constant(value, 1):
        return Form("ones_like", (like,))
    if value == const(0.0):
        return Form("zeros_like", (like,))
    return None


def _store(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    a, pattern, value, *index = args
    made = defs.get(value) if isinstance(value, Var) else None
    if made is None:
        return None
    if _takes(value, a, pattern, index, defs):
        return a  # a[i] = a[i]
    if made.prim.name in ("add", "sub") and _takes(made.args[0], a, pattern, index, defs):
        if dtype_of(value.type) != dtype_of(a.type) or may_repeat(pattern):
            return None
        added: Atom | Form = made.args[1]
        if made.prim.name == "sub":
            added = Form("neg", (added,))
        return Form("add_at", (a, pattern, added, *index))  # a[i] = a[i] + e is a[i] += e
    return None


def may_repeat(pattern: Atom) -> bool:
    """Whether an index may name one element several times."""
    return isinstance(pattern, Const) and "array" in pattern.value


def _takes(part: Atom, a: Atom, pattern: Atom, index: list[Atom], defs: Definitions) -> bool:
    """Whether a value is `a[index]`, or a itself where the index takes all of it."""
    assert isinstance(pattern, Const)
    if pattern.value == WHOLE:
        return part is a
    let = defs.get(part) if isinstance(part, Var) else None
    if let is None or let.prim.name != "getitem":
        return False
    return let.args[0] is a and let.args[1] == pattern and list(let.args[2:]) == index


EXACT: dict[str, Rewrite] = {
    "store": _store,
    "mul": _mul,
    "truediv": _div,
    "quiet_div": _quiet_div,
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "pow": _pow,
    "float": _float,
    "astype": _astype,
    "not": _not,
    "select": _choice,
    "np.where": _choice,
    "full_like": _full_like,
    "zeros_like": _zeros_like,
    "copy": _copy,
    "ravel": _ravel,
    "size": _size,
    "unbroadcast": _unbroadcast,
    "T": _transposed,
    "np.moveaxis": _moveaxis,
    "getitem": _getitem,
    "tape_zeros_like": _tape_zeros,
}
"""What to try on each primitive."""

ARITHMETIC = frozenset({"mul", "truediv", "add", "sub", "neg", "pow"})


def rewriting(let: Let) -> Rewrite | None:
    """What to try on an operation; on complex numbers, the laws of signs and ones are not exact."""
    rewrite = EXACT.get(let.prim.name)
    if rewrite is not None and let.prim.name in ARITHMETIC:
        for arg in let.args:
            if is_complex(arg.type):
                return None
    return rewrite


FOLDED = frozenset(
    {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "pos", "not",
     "lt", "le", "gt", "ge", "eq", "ne", "bool", "last_index"}
)  # fmt: skip
"""Operations that are evaluated at compile time on constants."""


def folded(let: Let) -> Const | None:
    """The value of an operation on constants, if writing it is no longer than writing that."""
    if let.prim.name not in FOLDED or Var in map(type, let.args):
        return None
    constants = [a for a in let.args if isinstance(a, Const) and not a.spelling]
    if len(constants) < len(let.args):
        return None
    try:
        value: Any = let.prim.evaluate(*(a.value for a in constants))
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return None
    if isinstance(value, bool | int) and not isinstance(let.targets[0].type, Array):
        return const(value)
    written = sum(len(repr(a.value)) for a in constants) + 3 * (len(constants) - 1)
    if isinstance(value, float) and type(value) is float and len(repr(value)) <= max(written, 4):
        return const(value)
    return None
