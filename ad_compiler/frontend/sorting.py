"""`sorted(...)` and `xs.sort()`, of what is known at compile time or only by the program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import growing, iterables
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.gathering import numbers_of
from ad_compiler.frontend.lengthening import as_growing, as_list
from ad_compiler.frontend.values import Growing, Structure, Value, constant_of, static
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Float, Int
from ad_compiler.rules import iterating

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]


def _sorted(ctx: Context, args: Args, kw: Keywords, _name: str, call: Any) -> Value:
    return in_order(ctx, args[0], kw, call)


def in_order(ctx: Context, items: Value, kw: Keywords, call: Any) -> Structure | Growing:
    """A list of the items in order."""
    reverse = constant_of(kw.get("reverse", const(False)))
    if reverse is None or kw.keys() - {"key", "reverse"}:
        raise TypeRefusal("sorted() with `reverse` known only when it runs", "write True or False")
    key = kw.get("key", static(None))
    by = None if isinstance(key, Const) and key.value is None else key
    known = iterables.known_items(ctx, items)
    if known is not None:
        found = _known(ctx, known, by, bool(reverse.value), call)
        if found is not None:
            return found
        items = as_growing(ctx, Structure("list", (), tuple(known)))
    xs = items if isinstance(items, Growing) else as_list(ctx, items)
    if by is not None:
        return call(ctx, static(iterating.sorted_by), [xs, by, reverse], {})
    if xs.identity.row is not None:
        return call(ctx, static(iterating.sorted_rows), [xs, reverse], {})
    return _numbers(ctx, xs, bool(reverse.value), call)


def _known(
    ctx: Context, items: Sequence[Value], by: Value | None, reverse: bool, call: Any
) -> Structure | None:
    """The items in an order that is known at compile time; None if it is not."""
    if by is None and not all(constant_of(one) for one in items):
        return None
    keys = [constant_of(one if by is None else call(ctx, by, [one], {})) for one in items]
    known = [(key.value, k) for k, key in enumerate(keys) if key is not None]
    if len(known) < len(items):
        return None
    order = sorted(known, key=operator.itemgetter(0), reverse=reverse)
    return Structure("list", (), tuple(items[k] for _, k in order))


def _numbers(ctx: Context, xs: Growing, reverse: bool, call: Any) -> Growing:
    """A list of the numbers in order; equal ones (0.0 and -0.0) stay in the order they were in.

    NaN has no place in an order: Python leaves it anywhere, which is refused when it runs.
    """
    element = growing.element_of(ctx, xs)
    if not isinstance(element, Float | Int):
        raise TypeRefusal(f"sorted() of a list of {element}", "sort with np.argsort")
    array: Value = growing.as_array(ctx, xs)
    found = call(ctx, static(np.any), [call(ctx, static(np.isnan), [array], {})], {})
    iterables.raise_if(ctx, atom_of(ctx, found), "ValueError", "sorted() of NaN")
    if reverse:
        array = call(ctx, static(np.flip), [array], {})
    array = call(ctx, static(np.sort), [array], {"kind": static("stable")})
    if reverse:
        array = call(ctx, static(np.flip), [array], {})
    return numbers_of(ctx, array, element)


FUNCTIONS: dict[Any, Lower] = {sorted: _sorted}
"""By identity, as `builtin.TABLE` has them."""
