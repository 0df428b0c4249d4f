"""What the marks of `ir/marks.py` mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_compiler.ir.marks import stop_gradient
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special
from ad_compiler.ir.types import Type
from ad_compiler.rules.registry import Flat, register


def _itself(x: Any) -> Any:
    return x


def _same(args: Sequence[Atom]) -> Type:
    return args[0].type


STOP = register(
    Primitive("stop_gradient", _itself, _same, Special(), ("x",), fresh=False, noun="constant"),
    Flat("held constant"),
    stop_gradient,
)
