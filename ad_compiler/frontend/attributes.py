"""`value.name`: of modules, of arrays, of containers."""

from __future__ import annotations

import ast
import difflib
from enum import Enum, EnumType
from types import FunctionType, ModuleType

import numpy as np

from ad_compiler.frontend import calls, records
from ad_compiler.frontend.context import Context, apply, atom_of, from_outside
from ad_compiler.frontend.indexing import viewed
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.types import is_numeric, type_of
from ad_compiler.frontend.values import (
    Growing,
    Loose,
    Method,
    Namespace,
    Place,
    Shape,
    Structure,
    Value,
    static,
    value_of,
)
from ad_compiler.ir.nodes import Atom, Const, Undef, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.records import Record, record_of
from ad_compiler.ir.types import PY, Array, Bool, Float, Int, Static, dtype_of, rank, shown
from ad_compiler.rules.infer import numpy_dtype
from ad_compiler.rules.registry import ATTRIBUTES, METHODS, PRIMITIVES, WRITERS

IN_PLACE = frozenset(["resize", "itemset", "setfield", "setflags", "byteswap"])
"""Methods of arrays that change the array."""

CONTAINER_METHODS = {
    "dict": ("items", "keys", "values", "get", "update", "setdefault", "pop", "clear", "copy"),
    "tuple": (),
    "list": ("append", "extend", "insert", "pop", "reverse", "clear", "copy", "sort"),
    "dataclass": (),
}
"""What may be called of a container."""

STRING_METHODS = (
    "lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "replace",
    "removeprefix", "removesuffix", "title", "capitalize", "casefold", "count", "find", "index",
    "isdigit", "isalpha", "isupper", "islower", "partition", "zfill", "format",
)  # fmt: skip
"""Methods of strings that are known at compile time, as their results then are."""

GROWING_METHODS = ("append", "extend", "insert", "pop", "copy", "reverse", "sort")
"""The same for a list whose length is known only at run time."""


def attribute(ctx: Context, value: Value, name: str, target: str = "") -> Value:
    """`value.name`; `target` is the name that the result gets."""
    match value:
        case Const(type=Static()):
            return _of_object(ctx, value.value, name)
        case Var() | Const() | Undef() | Place() | Loose():
            return _of_number(ctx, value, name, target)
        case Structure("tuple" | "dataclass", fields, items) if name in fields:
            return items[fields.index(name)]
        case Structure(record=Record() as record):
            return records.attribute(value, record, name)
        case Namespace(find=find):
            return from_outside(ctx, find(name))
        case Growing() if name in GROWING_METHODS:
            return Method(value, name)
        case Structure(kind):
            if name in CONTAINER_METHODS[kind]:
                return Method(value, name)
            if name in METHODS or name in ATTRIBUTES:
                raise TypeRefusal(
                    f"a {kind} has no `.{name}`, which arrays have",
                    "make an array of it: np.array(...)",
                )
            raise TypeRefusal(
                f"`.{name}` of a {kind} is not supported", "build a new container instead"
            )
        case Growing():
            raise TypeRefusal(
                f"`.{name}` of a list that grows is not supported",
                f"such lists have {', '.join(GROWING_METHODS)}; sorted(xs) makes a new one",
            )
        case _:
            raise TypeRefusal(f"{describe(value)} has no attribute `{name}`", "name one it has")


def _of_object(ctx: Context, thing: object, name: str) -> Value:
    if isinstance(thing, ModuleType):
        if not hasattr(thing, name):
            close = difflib.get_close_matches(name, dir(thing), 1)
            hint = f"did you mean `{close[0]}`?" if close else ""
            raise TypeRefusal(f"module `{thing.__name__}` has no attribute `{name}`", hint)
        return from_outside(ctx, ctx.captures.attribute(thing, name))
    if isinstance(thing, np.dtype) and name in ("name", "kind", "char", "itemsize"):
        return const(getattr(thing, name))
    if isinstance(thing, np.finfo | np.iinfo) and is_numeric(getattr(thing, name, None)):
        limit = getattr(thing, name)
        if isinstance(limit, np.generic):
            return Const(limit, type_of(limit, name), f"np.finfo(np.{limit.dtype}).{name}")
        return const(limit)
    if isinstance(thing, str) and name in STRING_METHODS:
        return static(getattr(thing, name))
    if isinstance(thing, np.ufunc) and name in ("outer", "at", "reduce", "accumulate"):
        return static(getattr(thing, name))
    if isinstance(thing, EnumType) and name in thing.__members__:
        return static(thing[name])
    record = record_of(thing) if isinstance(thing, type) else None
    if record is not None:
        return records.of_class(record, name)
    if isinstance(thing, Enum) and name in ("name", "value"):
        return value_of(getattr(thing, name))
    if _is_distribution(thing) and hasattr(thing, name):
        return static(getattr(thing, name))
    raise _of_other(thing, name)


def _of_other(thing: object, name: str) -> TypeRefusal:
    """An attribute of an object of which nothing is known."""
    kind = type(thing)
    if kind.__module__.startswith(("numpy.random", "random")):
        return TypeRefusal(
            f"`{name}` of a `{kind.__name__}` gives another number each time, so that there is no "
            "derivative",
            "draw the numbers outside, and pass them as an argument",
        )
    found = getattr(kind, name, None)
    if isinstance(found, FunctionType) and not isinstance(thing, type):
        return TypeRefusal(
            f"`{name}` is a method of the class `{kind.__name__}`, which is not followed",
            "write it as a function of numbers, arrays and containers",
        )
    if isinstance(thing, type) or kind.__module__.partition(".")[0] in ("builtins", "numpy"):
        return TypeRefusal(
            f"the attribute `{name}` of {describe(static(thing))} is not supported",
            "pass what it holds in as an argument, or bind it to a global name",
        )
    return TypeRefusal(
        f"the attribute `{name}` of {describe(static(thing))}: what objects of the class "
        f"`{kind.__name__}` hold is not followed",
        f"pass what it holds as an argument, or make `{kind.__name__}` a dataclass",
    )


def _is_distribution(thing: object) -> bool:
    """Whether it is one of SciPy's distributions, whose methods may have rules."""
    return type(thing).__module__.startswith("scipy.stats") and hasattr(thing, "generic_moment")


def _of_number(ctx: Context, value: Value, name: str, target: str) -> Value:
    atom = atom_of(ctx, value)
    is_array = isinstance(atom.type, Array)
    dtype = dtype_of(atom.type)
    if not is_array and dtype is None:
        raise TypeRefusal(
            f"a {_shown(atom)} has no attribute `{name}` that is supported",
            "if it is meant to be an array, say so in its type",
        )
    if dtype is not None and name == "dtype":
        return static(numpy_dtype(dtype))
    if name == "shape":
        return Shape(atom)
    if name == "ndim":
        return const(rank(atom.type))
    if name == "size":
        return apply(ctx, PRIMITIVES["size"], (atom,), target) if is_array else const(1)
    if name in ATTRIBUTES:
        prim = ATTRIBUTES[name]
        if isinstance(prim, FunctionType):
            return calls.defined(ctx, prim, (value,), {}, target)
        return viewed(ctx, value, prim, (atom,), apply(ctx, prim, (atom,), target))
    if not is_array and not hasattr(np.generic, name):
        reason = f"a {shown(atom.type)} has no `.{name}`, which arrays have"
        raise TypeRefusal(reason, "make an array of it: np.array(...)")
    if name in METHODS or name in WRITERS or (name == "tolist" and is_array):
        return Method(value, name)
    raise _no_such(name)


def flat(ctx: Context, array: Value, within: ast.AST | None, target: str) -> Value:
    """`x.flat`: what goes through the elements now, so it must not wait under a name."""
    items = attribute(ctx, array, "flat", target)
    match within:
        case ast.Subscript() | ast.For() | ast.comprehension() | ast.Starred():
            return items
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "reversed")):
            return items
        case ast.Call():
            return atom_of(ctx, items)  # NumPy makes an array of it
        case _:
            raise TypeRefusal("an iterator over the elements in a name", "use `.ravel()`")


def _shown(atom: Atom) -> str:
    match atom.type:
        case Float(kind) | Int(kind) | Bool(kind) if kind == PY:
            return f"Python {atom.type}"
        case _:
            return "number that may be a Python number"


def _no_such(name: str) -> TypeRefusal:
    if name in IN_PLACE:
        return TypeRefusal(
            f"`.{name}` changes the array in place, which is not supported",
            "make a new array instead",
        )
    close = difflib.get_close_matches(name, [*METHODS, *ATTRIBUTES, "shape", "ndim", "size"], 1)
    hint = f"did you mean `.{close[0]}`?" if close else "use a NumPy function that has a rule"
    return TypeRefusal(f"the attribute `{name}` of an array has no derivative rule", hint)
