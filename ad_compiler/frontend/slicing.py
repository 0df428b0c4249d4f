"""NumPy functions that take slices where others take indices, or arrays apart as a tuple."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import indexing
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.indexing import Slice
from ad_compiler.frontend.values import Value, static
from ad_compiler.ir.nodes import Const, const

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]


def _by_places(function: Any, last: int) -> Lower:
    """`np.delete(x, slice(a, b))` is `np.delete(x, np.arange(len(x))[a:b])`.

    `last`: the position of `axis`.
    """

    def lower(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value | None:
        part = indexing.as_slice(args[1]) if len(args) > 1 else None
        if not isinstance(part, Slice):
            return None
        array = call(ctx, static(np.asarray), [args[0]], {})
        axis = kw.get("axis", args[last] if len(args) > last else static(None))
        along = [] if isinstance(axis, Const) and axis.value is None else [axis]
        count = call(ctx, static(np.size), [array, *along], {})
        places = call(ctx, static(np.arange), [count], {})
        chosen = indexing.subscript(ctx, places, [part], False, "")
        made = call(ctx, static(function), [array, chosen, *args[2:]], kw, name)
        # By indices, NumPy lays columns out side by side; by a slice it does not.
        return call(ctx, static(np.ascontiguousarray), [made], {}, name) if along else made

    return lower


def _unstack(ctx: Context, args: Args, kw: Keywords, _name: str, call: Any) -> Value:
    """The parts along an axis, as a tuple."""
    axis = kw.get("axis", const(0))
    moved = call(ctx, static(np.moveaxis), [args[0], axis, const(0)], {})
    return call(ctx, static(tuple), [moved], {})


FUNCTIONS: dict[Any, Lower] = {
    np.delete: _by_places(np.delete, 2),
    np.insert: _by_places(np.insert, 3),
    **({np.unstack: _unstack} if hasattr(np, "unstack") else {}),
}
"""By identity, as `builtin.TABLE` has them."""
