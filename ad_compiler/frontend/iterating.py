"""Functions of iterables that are written in the accepted language: `filter`, `itertools`.

`max` and `min` with a `key` are among them, and `np.vectorize`, `np.fromiter`.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import growing
from ad_compiler.frontend.arrays import is_array
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.iterators import marked
from ad_compiler.frontend.values import Growing, Partial, Structure, Value, static
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Float, dtype_of
from ad_compiler.rules import iterating

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]

NONE = static(None)


def extreme_by(ctx: Context, builtin: Any, args: Args, kw: Keywords, name: str, call: Any) -> Value:
    """`max` or `min` with a key, or with a value for where there is nothing."""
    strange = set(kw) - {"key", "default"}
    if strange or not args or ("default" in kw and len(args) > 1):
        raise TypeRefusal(
            f"{builtin.__name__}() with {', '.join(f'`{key}`' for key in kw)}",
            "write the loop",
        )
    items = args[0] if len(args) == 1 else Structure("tuple", (), tuple(args))
    rest = [kw["default"]] if "default" in kw else []
    if "key" not in kw:
        return call(ctx, static(iterating.extreme_or), [items, static(builtin), *rest], {}, name)
    beats = static(operator.gt if builtin is max else operator.lt)
    best = iterating.best_by_or if rest else iterating.best_by
    return call(ctx, static(best), [items, kw["key"], beats, *rest], {}, name)


def _filter(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Any) -> Value:
    return marked(ctx.storage, call(ctx, static(iterating.kept), [*args], {}))


def _starmap(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Any) -> Value:
    return marked(ctx.storage, call(ctx, static(iterating.star_mapped), [*args], {}))


def _accumulate(ctx: Context, args: Args, kw: Keywords, _name: str, call: Any) -> Value:
    items, *rest = args
    combine = kw.get("func", rest[0] if rest else static(operator.add))
    first = kw.get("initial", NONE)
    if isinstance(first, Const) and first.value is None:
        found = call(ctx, static(iterating.accumulated), [items, combine], {})
    else:
        found = call(ctx, static(iterating.accumulated_from), [first, items, combine], {})
    return marked(ctx.storage, found)


def _islice(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Any) -> Value:
    items, *bounds = args
    start, stop, step = const(0), NONE, const(1)
    match bounds:
        case [stop]:
            pass
        case [start, stop]:
            pass
        case [start, stop, step]:
            pass
        case _:
            raise TypeRefusal("itertools.islice() takes one to three numbers", "")
    start, step = (_or(value, n) for value, n in ((start, 0), (step, 1)))
    found = call(ctx, static(iterating.cut_out), [items, start, stop, step], {})
    return marked(ctx.storage, found)


def _or(value: Value, default: int) -> Value:
    return const(default) if isinstance(value, Const) and value.value is None else value


def _from_iterable(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value:
    """`np.fromiter(items, dtype)`."""
    given = dict(zip(("iter", "dtype", "count"), args, strict=False)) | kw
    if not {"iter", "dtype"} <= given.keys() <= {"iter", "dtype", "count"}:
        raise TypeRefusal("np.fromiter takes items and a dtype here", "leave the others out")
    items = call(ctx, static(list), [given["iter"]], {})
    if "count" in given:
        items = call(ctx, static(iterating.first_of), [items, given["count"]], {})
    return call(ctx, static(np.array), [items], {"dtype": given["dtype"]}, name)


def _vectorize(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Any) -> Value:
    """`np.vectorize(f)`: a function of arrays."""
    if len(args) != 1 or kw:
        raise TypeRefusal("np.vectorize with options", "give the function alone")
    return Partial(static(VECTORIZED), (ctx.storage.rooted(args[0]),), {})


def vectorized(ctx: Context, thing: Any) -> Value | None:
    """A live `np.vectorize`, its function captured; None of anything else."""
    if not isinstance(thing, np.vectorize):
        return None
    if thing.otypes is not None or thing.excluded or thing.signature is not None:
        raise TypeRefusal("np.vectorize with options", "give the function alone")
    inner: Any = thing.pyfunc
    read = ctx.captures.at(thing, "attribute", "pyfunc")
    return Partial(static(VECTORIZED), (ctx.captures.capture("function", inner, read),), {})


VECTORIZED = object()
"""Stands for what `np.vectorize` makes, with the function as its first argument."""


def _vectorized(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value:
    function, *arrays = args
    if kw or not arrays:
        raise TypeRefusal("a function of np.vectorize takes arrays by position", "leave names out")
    if any(is_array(a) and dtype_of(atom_of(ctx, a).type) == "f32" for a in arrays):
        raise TypeRefusal(
            "np.vectorize of float32 arrays: it computes in double precision, and rounds",
            "convert them with .astype(np.float64), or write the function with NumPy's",
        )
    given = Structure("tuple", (), tuple(arrays))
    made = call(ctx, static(iterating.each), [function, given], {})
    element = growing.element_of(ctx, made) if isinstance(made, Growing) else None
    if isinstance(element, Float) and element.also:
        raise TypeRefusal(
            "np.vectorize of a function that gives integers or floats: the first one decides",
            "let it give floats only, e.g. 0.0 instead of 0",
        )
    return call(ctx, static(iterating.in_shape), [made, given], {}, name)


FUNCTIONS: dict[Any, Lower] = {
    filter: _filter,
    itertools.accumulate: _accumulate,
    itertools.starmap: _starmap,
    itertools.islice: _islice,
    np.fromiter: _from_iterable,
    np.vectorize: _vectorize,
    VECTORIZED: _vectorized,
}
"""By identity, as `builtin.TABLE` has them."""
