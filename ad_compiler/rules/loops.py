"""Primitives that count the trips of loops."""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special
from ad_compiler.ir.types import PY_INT, Type
from ad_compiler.rules.registry import Flat, register


def _last_index(start: int, stop: int, step: int) -> int:
    return range(start, stop, step)[-1]


def _int(_: Sequence[Atom]) -> Type:
    return PY_INT


register(
    Primitive(
        "last_index",
        evaluate=_last_index,
        infer=_int,
        spelling=Special(),
        params=("start", "stop", "step"),
        raises=lambda _: True,  # where there is no trip: it stays inside the loop
        noun="last",
    ),
    Flat("an index"),
)
