"""Lowers `np.array`, `np.asarray`, and what makes arrays of a shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import arguments, arrays, indexing
from ad_compiler.frontend.context import Context, apply, array_of, atom_of, atoms_of
from ad_compiler.frontend.values import Structure, Value, static
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import NUMPY_NAMES, Bool, Int, dtype_of, rank
from ad_compiler.rules.registry import PRIMITIVES

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]


def _array(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value:
    """`np.array`, `np.asarray` of an array, or of a nest of numbers and arrays."""
    given = dict(kw)
    dtype = given.pop("dtype", args[1] if len(args) > 1 else const(None))
    least = given.pop("ndmin", const(0))
    if isinstance(copy := given.get("copy"), Const) and copy.value is None:
        del given["copy"]
        return _asarray(ctx, args[:1], {**given, "dtype": dtype}, name, call)
    order = given.get("order", const("K"))
    for key, plain in (("copy", (True,)), ("order", ("K", "C")), ("subok", (False, True))):
        value = given.pop(key, const(plain[0]))
        if not (isinstance(value, Const) and value.value in plain):
            raise TypeRefusal(f"np.array with such a `{key}` is not supported", "leave it out")
    if given:
        raise TypeRefusal(f"np.array with `{next(iter(given))}` is not supported", "leave it out")
    rows = isinstance(order, Const) and order.value == "C"
    made = arrays.array_of(ctx, args[0], name, rows=rows)
    lacking = (least.value if isinstance(least, Const) else 0) - rank(atom_of(ctx, made).type)
    if lacking > 0:
        front = static(tuple(range(lacking)))
        made = apply(ctx, PRIMITIVES["np.expand_dims"], (atom_of(ctx, made), front), name)
    wanted = arguments.plain_dtype([dtype])[0]
    if isinstance(wanted, Const) and wanted.value is None:
        return made
    if NUMPY_NAMES.get(dtype_of(atom_of(ctx, made).type) or "") == getattr(wanted, "value", None):
        return made
    return apply(ctx, PRIMITIVES["astype"], (atom_of(ctx, made), atom_of(ctx, wanted)), name)


def _asarray(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value:
    """An array is itself, not a copy, unless it is asked for in another dtype."""
    given = dict(kw)
    dtype = arguments.plain_dtype([given.pop("dtype", args[1] if len(args) > 1 else const(None))])
    if arrays.is_array(args[0]):
        if given:
            raise TypeRefusal(f"np.asarray with `{next(iter(given))}`", "leave it out")
        array = atom_of(ctx, args[0])
        own = NUMPY_NAMES.get(dtype_of(array.type) or "")
        if isinstance(dtype[0], Const) and dtype[0].value in (None, own):
            return args[0]
    return _array(ctx, args, kw, name, call)


def _number(dtype: type) -> Lower:
    """`np.float64(x)`: of an array, the array itself, unless it is of another dtype."""

    def lower(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value | None:
        array = array_of(ctx, args[0]) if len(args) == 1 and not kw else None
        if array is None or rank(array.type) == 0:
            return None
        return _asarray(ctx, [args[0], static(dtype)], {}, name, call)

    return lower


def _filled(path: str) -> Lower:
    """`np.zeros`, `np.ones`, `np.empty`, `np.full` of a shape."""

    def lower(ctx: Context, args: Args, kw: Keywords, name: str, _call: Any) -> Value:
        given = [*args]
        shape = indexing.resolved(ctx, given.pop(0) if given else kw.pop("shape"))
        value: list[Value] = []
        if path == "np.full":
            value = [given.pop(0) if given else kw.pop("fill_value")]
        dtype = kw.pop("dtype", given.pop(0) if given else const(None))
        order = kw.pop("order", given.pop(0) if given else const("C"))
        if not isinstance(order, Const) or order.value not in (None, "C", "K"):
            raise TypeRefusal(f"{path} with such an `order`", "leave it out")
        if kw or given:
            raise TypeRefusal(f"{path} with these arguments is not supported", "give a shape")
        lengths = list(shape.items) if isinstance(shape, Structure) else [shape]
        if value and arrays.is_array(value[0]):
            whole = [*atoms_of(ctx, value), *atoms_of(ctx, lengths)]
            made = apply(ctx, PRIMITIVES["np.broadcast_to"], whole, name)
            return _array(ctx, [made, dtype], {"order": static("C")}, name, _call)
        name_of = arguments.plain_dtype([dtype])[0]
        if isinstance(name_of, Const) and name_of.value is None:
            name_of = static(_default_dtype(ctx, value))
        atoms = [
            *atoms_of(ctx, lengths),
            *atoms_of(ctx, value),
            atom_of(ctx, name_of),
        ]
        return apply(ctx, PRIMITIVES[path], atoms, name)

    return lower


def _like(path: str) -> Lower:
    """`np.zeros_like` and its like, of another dtype; without one they are primitives."""
    place = 2 if path == "full_like" else 1

    def lower(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value | None:
        given, rest = [*args], {**kw}
        if len(given) > place:
            rest["dtype"] = given.pop(place)
        dtype = rest.pop("dtype", None)
        if dtype is None:
            return None
        zeros = call(ctx, static(np.zeros_like), given[:1], {})
        cast = _array(ctx, [zeros], {"dtype": dtype}, "", call)
        return call(ctx, static(getattr(np, path)), [cast, *given[1:]], rest, name)

    return lower


def _default_dtype(ctx: Context, value: list[Value]) -> str:
    if not value:
        return "float64"
    type_ = atom_of(ctx, value[0]).type
    dtype = dtype_of(type_)
    if dtype is not None:
        return NUMPY_NAMES[dtype]
    return _DTYPES.get(type(type_), "float64")


_DTYPES: dict[type, str] = {Int: "int64", Bool: "bool"}

FUNCTIONS: dict[Any, Lower] = {
    np.array: _array,
    np.asarray: _asarray,
    np.asanyarray: _asarray,
    **{dtype: _number(dtype) for dtype in (np.float64, np.float32, np.int64, np.int32)},
    np.zeros: _filled("np.zeros"),
    np.ones: _filled("np.ones"),
    np.empty: _filled("np.empty"),
    np.full: _filled("np.full"),
    **{getattr(np, path): _like(path) for path in ("zeros_like", "ones_like", "full_like")},
    np.empty_like: _like("empty_like"),
}
"""Functions that make arrays, by identity."""
