"""Places counted through all axes, and their indices along each axis; neither has a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Int, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import length_of
from ad_compiler.rules.registry import Flat, compile_time, means, register
from ad_compiler.rules.shaping import may_fail

MOST = 4
"""The axes that an array may have here."""
INDICES = ("row", "column", "layer", "other")
FEW = np.array([5, 0, 3])


def _whole(arg: Atom, who: str) -> Type:
    if isinstance(arg.type, Int) or (isinstance(arg.type, Array) and arg.type.dtype[0] in "iu"):
        return arg.type
    raise TypeRefusal(f"{who} of what is no integer", "give integers")


def _require_lengths(args: Sequence[Atom]) -> None:
    """Refuse lengths that are no integers."""
    for arg in args:
        length_of(arg)


def _taken_apart(place: Any, *shape: int) -> Any:
    return np.unravel_index(place, shape)


def _apart_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    place, *lengths = args
    _require_lengths(lengths)
    type_ = _whole(place, "np.unravel_index")
    return (infer.of_dtype("i64", dims_of(type_)),) * len(lengths)


def _together(*places_and_shape: Any) -> Any:
    rank = len(places_and_shape) // 2
    return np.ravel_multi_index(places_and_shape[:rank], places_and_shape[rank:])


def _together_type(args: Sequence[Atom]) -> Type:
    rank = len(args) // 2
    types = [_whole(place, "np.ravel_multi_index") for place in args[:rank]]
    _require_lengths(args[rank:])
    return infer.of_dtype("i64", broadcast(*map(dims_of, types)))


def _apart(rank: int) -> Primitive:
    name = f"np.unravel_index({rank})"
    lengths = tuple(f"n{k}" for k in range(rank))
    return register(
        Primitive(name, _taken_apart, _apart_type, Special(), ("place", *lengths),
                  raises=may_fail, results=INDICES[:rank]),
        Flat("an index", samples=((1, *SHAPE[:rank]), (FEW % 2, *SHAPE[:rank]))),
    )  # fmt: skip


SHAPE = (2, 3, 4, 2)
APART = {rank: _apart(rank) for rank in range(2, MOST + 1)}
TOGETHER = register(
    Primitive("np.ravel_multi_index", _together, _together_type, Special(), ("*operands",),
              raises=may_fail, noun="place"),
    Flat("an index", samples=((1, 2, 2, 3), (FEW % 2, FEW % 3, 2, 3), (1, FEW % 3, 1, 2, 3, 2))),
)  # fmt: skip


@compile_time
def apart(rank: int) -> Primitive:
    """`np.unravel_index` for so many axes."""
    if rank not in APART:
        raise TypeRefusal(
            f"np.unravel_index of {rank} axes", f"give 2 to {MOST} lengths, or use // and %"
        )
    return APART[rank]


@means(np.unravel_index, samples=((4, (2, 3)), (FEW, (2, 3)), (7, (2, 3, 4))), inert=True)
def _unravel_index(indices: Any, shape: Any) -> Any:
    return tuple(apart(len(shape))(indices, *shape))


@means(np.ravel_multi_index, samples=(((1, 2), (2, 3)), ((FEW % 2, FEW % 3), (2, 3))), inert=True)
def _ravel_multi_index(multi_index: Any, dims: Any) -> Any:
    if len(multi_index) != len(dims):
        raise ValueError("parameter multi_index must be a sequence of length of dims")
    return TOGETHER(*multi_index, *dims)
