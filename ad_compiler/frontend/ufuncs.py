"""What NumPy's functions take beside their operands: `out=`, and of ufuncs `where=`, `dtype=`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.frontend import arrays, writing
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.values import Structure, Value, constant_of, static
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import dtype_of

PLAIN: dict[str, Any] = {
    "where": True, "dtype": None, "casting": "same_kind", "order": "K", "subok": True,
}  # fmt: skip
"""Arguments of all ufuncs, as they are if they are not given."""
Call = Callable[..., Value]
Keywords = dict[str, Value]


@dataclass(frozen=True)
class Target:
    """The array that a result goes to, and where; None for everywhere."""

    out: Value
    mask: Value | None
    precise: bool = False
    """Whether the function computes in the precision of the array, as all but ufuncs may."""


def is_library(thing: Any) -> bool:
    """Whether a function is NumPy's or SciPy's: only their rules are known, not their ways."""
    return (getattr(thing, "__module__", None) or "").partition(".")[0] in ("numpy", "scipy")


def settled(
    ctx: Context, thing: Any, args: Sequence[Value], keywords: Keywords, call: Call
) -> tuple[Target | None, Sequence[Value], Keywords]:
    """Where the result goes, and the call without what says so."""
    out, args, keywords = _without_out(thing, args, keywords)
    if not isinstance(thing, np.ufunc):
        return (None if out is None else Target(out, None, precise=True)), args, keywords
    keywords = {name: v for name, v in keywords.items() if not _is_plain(name, v)}
    if "dtype" in keywords:
        args, keywords = _converted(ctx, thing, args, keywords, call)
    mask = keywords.get("where")
    if mask is None:
        return (None if out is None else Target(out, None)), args, keywords
    if out is None:
        raise TypeRefusal(
            "`where` without `out` leaves elements that have no value",
            "pass `out`, such as out=np.zeros_like(x)",
        )
    mask = call(ctx, static(np.asarray), [mask], {})
    if dtype_of(atom_of(ctx, mask).type) != "bool":
        raise TypeRefusal("`where` must be an array of truth values", "compare first")
    rest = {name: value for name, value in keywords.items() if name != "where"}
    return Target(out, mask), [_harmless(ctx, mask, arg, call) for arg in args], rest


def placed(ctx: Context, target: Target, result: Value, who: str, call: Call) -> Value:
    """A result in the array that it goes to."""
    out = ctx.storage.rooted(target.out) if arrays.is_array(target.out) else target.out
    if target.mask is not None:
        result = call(ctx, static(np.where), [target.mask, result, out], {})
    if target.precise and _precision(ctx, result) == "f32" and _precision(ctx, out) == "f64":
        raise TypeRefusal(
            f"`{who}` of float32 with a float64 `out` computes in double precision",
            "convert the operands with .astype(np.float64), or let `out` be float32",
        )
    return writing.into(ctx, out, result, who)


def _precision(ctx: Context, value: Value) -> str | None:
    return dtype_of(atom_of(ctx, value).type) if arrays.is_array(value) else None


def _is_plain(name: str, value: Value) -> bool:
    known = constant_of(value)
    return name in PLAIN and known is not None and known.value is PLAIN[name]


def _harmless(ctx: Context, mask: Value, arg: Value, call: Call) -> Value:
    """An operand that is 1 where nothing is computed, so that nothing warns there."""
    if isinstance(arg, Const):
        return arg
    array = arrays.array_of(ctx, arg) if isinstance(arg, Structure) else arg
    if dtype_of(atom_of(ctx, array).type) == "bool":
        return array
    return call(ctx, static(np.where), [mask, array, const(1)], {})


def _converted(
    ctx: Context, thing: np.ufunc, args: Sequence[Value], keywords: Keywords, call: Call
) -> tuple[Sequence[Value], Keywords]:
    """`np.add(x, y, dtype=...)` converts its operands first."""
    rest = {name: value for name, value in keywords.items() if name != "dtype"}
    wanted = constant_of(keywords["dtype"])
    try:
        dtype = np.dtype(wanted.value) if wanted is not None else None
    except TypeError:
        dtype = None
    if (
        dtype is None
        or dtype.kind != "f"
        or f"{dtype.char * thing.nin}->{dtype.char}" not in thing.types
    ):
        return args, keywords
    kind = {"dtype": static(dtype.name)}
    return [call(ctx, static(np.asarray), [arg], kind) for arg in args], rest


def _without_out(
    thing: Any, args: Sequence[Value], keywords: Keywords
) -> tuple[Value | None, Sequence[Value], Keywords]:
    """The array that a NumPy function writes its result to, and the other arguments."""
    if isinstance(thing, np.ufunc) and len(args) > thing.nargs:
        raise TypeRefusal(f"np.{thing.__name__} takes {thing.nin} operands", "mend the call")
    if isinstance(thing, np.ufunc) and len(args) > thing.nin:
        keywords = {**keywords, "out": args[thing.nin]}
        args = [*args[: thing.nin], *args[thing.nin + 1 :]]
    if "out" not in keywords or (isinstance(thing, FunctionType) and not is_library(thing)):
        return None, args, keywords
    rest = {name: value for name, value in keywords.items() if name != "out"}
    match keywords["out"]:
        case Const(value=None):
            return None, args, rest
        case Structure("tuple", (), (one,)):
            return one, args, rest
        case out:
            return out, args, rest
