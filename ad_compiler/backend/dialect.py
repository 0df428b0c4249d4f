"""What differs between the kinds of Python that are emitted: tables, rather than questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ad_compiler.backend.changes import CHANGES, Change
from ad_compiler.backend.expressions import Printer
from ad_compiler.backend.printers import PATHS, PRINTERS
from ad_compiler.backend.text import Resolve, Text, Viewed, name
from ad_compiler.ir.nodes import Function
from ad_compiler.ir.types import Bool, Float, Int, Type
from ad_compiler.rules.helpers import HELPERS


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of Python is written."""

    name: str
    printers: Mapping[str, Printer]
    """How each special primitive prints as an expression."""
    changes: Mapping[str, Change]
    """The line of each primitive that works in place."""
    paths: Mapping[str, tuple[str, ...]]
    """The dotted paths that special primitives may mention."""
    undefined: Callable[[Type, Resolve], Text]
    """A value of a type, for a name that nobody reads before it is assigned."""
    prepare: Callable[[Function], tuple[Function, Mapping[str, str]]]
    """The program in operations that this dialect can spell, and the text of its helpers."""
    decorate: Callable[[Function, Resolve], str]
    """The decorator of a function, or nothing."""
    viewed: Viewed
    """A view that is made by a method."""
    kind: Callable[[Type], object] = lambda type_: None
    """Values of different kinds have different names."""
    warns: bool = True
    """Whether NumPy warns of divisions by zero."""
    reversible: bool = True
    """Whether `reversed(range(...))` is known."""
    compiled: bool = False
    """Whether Numba compiles it."""
    containers: bool = True
    """Whether functions may take and return containers of all kinds."""


def _undefined(type_: Type, _resolve: Resolve) -> Text:
    """What a name that has no value on some path holds there."""
    match type_:
        case Bool():
            return name("False")
        case Int():
            return name("0")
        case Float():
            return name("0.0")
        case _:
            return name("None")


PYTHON = Dialect(
    "python",
    PRINTERS,
    CHANGES,
    PATHS,
    _undefined,
    prepare=lambda function: (function, HELPERS),
    decorate=lambda function, resolve: "",
    viewed=lambda resolve, array, name, args: f"{array}.{name}({', '.join(args)})",
)
"""Python and NumPy."""
