"""What stands for a Python function and can be called in its place."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ad_compiler.ir.custom import CustomRule


class Marked:
    """A function that something was added to, but that computes what it computed before."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function


def plain_function(thing: Any) -> FunctionType | None:
    """The Python function that a thing computes; None if there is none.

    A function that Numba compiles is known by its Python text.
    """
    if isinstance(thing, FunctionType):
        return thing
    if isinstance(thing, Marked):
        return thing.function
    if isinstance(thing, CustomRule):
        return thing.as_function
    if type(thing).__module__.partition(".")[0] == "numba":
        inner = getattr(thing, "py_func", None)
        return inner if isinstance(inner, FunctionType) else None
    return None
