"""Builtins, and NumPy functions, that act on the structure around values.

Each gives None for operands that an ordinary primitive takes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ad_compiler.frontend import (
    arrays,
    classes,
    effects,
    gathering,
    growing,
    indexing,
    iterables,
    iterating,
    making,
    products,
    slicing,
    sorting,
    texts,
    writing,
)
from ad_compiler.frontend.context import Context, apply, atom_of, atoms_of, primitive_of, truth_of
from ad_compiler.frontend.gathering import items_of, require_items
from ad_compiler.frontend.iterating import extreme_by
from ad_compiler.frontend.iterators import marked
from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Derived,
    Growing,
    Method,
    Partial,
    Range,
    Shape,
    Structure,
    UserFunction,
    Value,
    Zipped,
    constant_of,
    static,
)
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    PY_FLOAT,
    Array,
    is_number,
    rank,
)
from ad_compiler.rules import infer, padding
from ad_compiler.rules.iterating import all_true, any_true
from ad_compiler.rules.joining import joined_parts
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


class Call(Protocol):
    """How a value is called."""

    def __call__(
        self, ctx: Context, function: Value, args: Sequence[Value], keywords: dict[str, Value],
        name: str = "",
    ) -> Value: ...  # fmt: skip


Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Call], Value | None]


def _len(ctx: Context, args: Args, _kw: Keywords, name: str, _call: Call) -> Value | None:
    (value,) = args
    if arrays.is_array(value):
        array = atom_of(ctx, value)
        if not rank(array.type):
            raise TypeRefusal("len() of an array without axes", "use its value")
        return indexing.length(ctx, array, 0, name)
    match value:
        case Growing():
            return growing.length(ctx, value, name)
        case Shape(array):
            return const(rank(array.type))
        case _:
            return const(len(items_of(ctx, value, "len()")))


def _range(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    return iterables.range_of(ctx, list(args))


def _enumerate(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Call) -> Value:
    start = kw.get("start", args[1] if len(args) > 1 else const(0))
    return Counted(args[0], atom_of(ctx, start))


def _zip(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Call) -> Value:
    strict = kw.get("strict", const(False))
    if not isinstance(strict, Const):
        raise TypeRefusal("`strict` must be known at compile time", "write True or False")
    if strict.value:
        iterables.require_even(ctx, args)
    return Zipped(tuple(args), even=bool(strict.value))


def _reversed(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    match args[0]:
        case Range(start, stop, step):
            if step != const(1):
                raise TypeRefusal(
                    "reversed() of a range with a step", "write the range with the other step"
                )
            minus = OPERATORS["-"]
            last = atom_of(ctx, apply(ctx, minus, (stop, const(1))))
            before = atom_of(ctx, apply(ctx, minus, (start, const(1))))
            return marked(ctx.storage, Range(last, before, const(-1)))
        case Structure("tuple" | "list", _, items):
            return marked(ctx.storage, Structure("tuple", (), items[::-1]))
        case other:
            return Backwards(other)


def _sum(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value | None:
    """`sum(...)` of a container starts with 0 and adds, as Python does."""
    if arrays.is_array(args[0]):
        if len(args) < 2 and not kw:
            return None
        return call(ctx, static(functools.reduce), [static(operator.add), *args], kw, name)
    if isinstance(args[0], Growing):
        start = kw.get("start", args[1] if len(args) > 1 else const(0))
        plus = growing.combined_by(ctx, OPERATORS["+"], "total")
        if start == const(0) and isinstance(growing.element_of(ctx, args[0]), Array):
            message = "the sum of no arrays is the number 0"
            gathering.require_items(ctx, args[0], "ValueError", message)
            return plus(start, growing.folded(ctx, args[0], plus, "total"))
        return growing.folded(ctx, args[0], plus, "total", start)
    total: Value = kw.get("start", args[1] if len(args) > 1 else const(0))
    plus = OPERATORS["+"]
    items = items_of(ctx, args[0], "sum()")
    for position, item in enumerate(items):
        label = name if position == len(items) - 1 else ""
        total = apply(ctx, plus, (atom_of(ctx, total), atom_of(ctx, item)), label)
    return total


def _extreme(builtin: Any) -> Lower:
    """`max` and `min` of several values, or of the items of a container."""

    def lower(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value | None:
        if kw:
            return extreme_by(ctx, builtin, args, kw, name, call)
        if len(args) == 1:
            if arrays.is_array(args[0]):
                whole = PRIMITIVES[f"{builtin.__name__}_item"]
                return apply(ctx, whole, (atom_of(ctx, args[0]),), name)
            if isinstance(args[0], Growing):
                return _extreme_of_list(ctx, builtin, args[0], name)
            args = items_of(ctx, args[0], f"{builtin.__name__}()")
        if not args:
            raise TypeRefusal(f"{builtin.__name__}() of nothing", "give a value")
        best = args[0]
        for position, item in enumerate(args[1:], 2):
            label = name if position == len(args) else ""
            best = apply(ctx, primitive_of(builtin), atoms_of(ctx, (best, item)), label)
        return best

    return lower


def _extreme_of_list(ctx: Context, builtin: Any, xs: Growing, name: str) -> Value:
    """`max` or `min` of a list that grows: that of the array of its elements, in their kind.

    Where only the program knows the kind of an element, they are compared one by one.
    """
    element = growing.element_of(ctx, xs)
    if infer.is_mixed(element):
        message = f"{builtin.__name__}() iterable argument is empty"
        require_items(ctx, xs, "ValueError", message)
        combine = primitive_of(builtin)
        return growing.folded(
            ctx, xs, lambda one, other: apply(ctx, combine, atoms_of(ctx, (one, other))), name
        )
    found = apply(
        ctx,
        PRIMITIVES[f"{builtin.__name__}_item"],
        (atom_of(ctx, growing.as_array(ctx, xs)),),
        name,
    )
    atom = atom_of(ctx, found)
    if atom.type == element:
        return found
    if element != PY_FLOAT:
        raise TypeRefusal(f"{builtin.__name__}() of a list of {element}", "make an array of it")
    return apply(ctx, primitive_of(float), (atom,), name)


def _truths(name: str) -> Lower:
    """`all` and `any` of a container."""
    stop = name == "any"

    def lower(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Call) -> Value | None:
        if arrays.is_array(args[0]):
            if rank(atom_of(ctx, args[0]).type) != 1:
                raise TypeRefusal(f"{name}() of rows", f"use np.{name}")
            whole = call(ctx, static(getattr(np, name)), [args[0]], {})
            return apply(ctx, primitive_of(bool), (atom_of(ctx, whole),))
        if isinstance(args[0], Growing):
            return call(ctx, static(any_true if stop else all_true), [*args], {})
        result: Value = const(not stop)
        for item in items_of(ctx, args[0], f"{name}()"):
            truth = truth_of(item)
            if truth is None:
                symbol = OPERATORS["|" if stop else "&"]
                result = apply(ctx, symbol, (atom_of(ctx, result), atom_of(ctx, item)))
            elif truth is stop:
                return const(stop)
        return result

    return lower


def _callable(_ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    match args[0]:
        case UserFunction() | Partial() | Method() | Derived():
            return const(True)
        case Structure(record=record) if record is not None and record.cls is not None:
            return const(any("__call__" in vars(base) for base in record.cls.__mro__))
        case Const(value=thing):
            return const(callable(thing))
        case _:
            return const(False)


def _slice(_ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    start, stop, step = [None, *args, None] if len(args) == 1 else [*args, None][:3]
    return indexing.slice_value(start, stop, step)


def _limits(_ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    """`np.finfo` and `np.iinfo`, which are constants."""
    kind = args[0].value if args and isinstance(args[0], Const) else None
    if not isinstance(kind, type | np.dtype | str):
        raise TypeRefusal("the limits of what is no dtype", "name the dtype")
    return static(np.finfo(kind) if np.dtype(kind).kind == "f" else np.iinfo(kind))


def _float(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value | None:
    """`float("nan")` and other numbers that are written as strings."""
    text = constant_of(args[0]) if len(args) == 1 else None
    if text is None or not isinstance(text.value, str):
        return None
    try:
        return const(float(text.value))
    except ValueError as error:
        raise TypeRefusal(str(error), "write a number") from None


def _where(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value | None:
    """`np.where` of a condition alone is another name of `np.nonzero`."""
    return None if kw or len(args) != 1 else call(ctx, static(np.nonzero), args, kw, name)


def _concatenate(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value | None:
    """Along no axis: of all elements, one after the other."""
    axis = kw.get("axis", args[1] if len(args) > 1 else const(0))
    if args and isinstance(args[0], Growing) and kw.keys() <= {"axis"} and axis != const(None):
        return gathering.joined(ctx, args[0], axis, name, call)
    if args and not kw and axis == const(0) and arrays.is_array(args[0]):
        return call(ctx, static(joined_parts), [args[0]], {}, name)
    if not (isinstance(axis, Const) and axis.value is None):
        return None
    items = items_of(ctx, args[0], "np.concatenate()")
    flat = [call(ctx, static(np.ravel), [item], {}) for item in items]
    rest = {key: value for key, value in kw.items() if key != "axis"}
    return call(ctx, static(np.concatenate), [Structure("list", (), tuple(flat))], rest, name)


def _pad(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value | None:
    """The modes that compute what they put around an array are written out."""
    mode = kw.get("mode", args[2] if len(args) > 2 else const(None))
    if isinstance(mode, Const) and mode.value in padding.BY_ENDS:
        return call(ctx, static(padding.by_ends), args, kw, name)
    return None


def _shape(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    return indexing.lengths(ctx, atom_of(ctx, args[0]))


def _ndim(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    return const(arrays.rank_of(ctx, args[0]))


def _size(ctx: Context, args: Args, kw: Keywords, name: str, _call: Call) -> Value:
    atom = atom_of(ctx, args[0])
    axis = constant_of(args[1]) if len(args) > 1 else const(None)
    if kw or axis is None:
        raise TypeRefusal("the axis must be known at compile time", "write a literal")
    if axis.value is None:
        return apply(ctx, PRIMITIVES["size"], (atom,), name) if rank(atom.type) else const(1)
    if type(axis.value) is not int or not -rank(atom.type) <= axis.value < rank(atom.type):
        raise TypeRefusal(f"np.size along {axis.value!r} of {atom.type}", "use x.shape")
    return indexing.length(ctx, atom, axis.value % rank(atom.type), name)


def _print(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Call) -> Value:
    return effects.print_(ctx, args, kw)


def _isscalar(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    (value,) = args
    return const(isinstance(value, Var | Const) and is_number(value.type))


def _matmul(ctx: Context, args: Args, kw: Keywords, name: str, call: Call) -> Value:
    return call(ctx, static(np.matmul), args, kw, name)


def _getitem(ctx: Context, args: Args, _kw: Keywords, name: str, _call: Call) -> Value:
    value, item = args
    return indexing.subscript(ctx, value, [item], False, name)


TABLE: dict[Any, Lower] = {
    len: _len,
    range: _range,
    enumerate: _enumerate,
    zip: _zip,
    reversed: _reversed,
    sum: _sum,
    max: _extreme(max),
    min: _extreme(min),
    any: _truths("any"),
    all: _truths("all"),
    isinstance: classes.is_instance,
    type: classes.class_of,
    hasattr: classes.has_attribute,
    callable: _callable,
    str: texts.of_value,
    float: _float,
    slice: _slice,
    np.finfo: _limits,
    np.iinfo: _limits,
    print: _print,
    operator.matmul: _matmul,
    operator.getitem: _getitem,
    np.where: _where,
    np.concatenate: _concatenate,
    np.pad: _pad,
    np.shape: _shape,
    np.ndim: _ndim,
    np.isscalar: _isscalar,
    np.size: _size,
    **gathering.FUNCTIONS,
    **products.FUNCTIONS,
    **iterating.FUNCTIONS,
    **slicing.FUNCTIONS,
    **sorting.FUNCTIONS,
    **making.FUNCTIONS,
    **writing.FUNCTIONS,
}
"""Builtins by identity."""
