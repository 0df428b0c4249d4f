"""Pieces of Python text with their precedence, and the literals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frozen import frozen

CONDITIONAL, OR, AND, NOT, COMPARE = 1, 2, 3, 4, 5
BIT_OR, BIT_XOR, BIT_AND, SHIFT = 6, 7, 8, 9
ADD, MULTIPLY, UNARY, POWER, ATOM = 10, 11, 12, 13, 15

BINARY = {
    "or": OR, "and": AND,
    "<": COMPARE, "<=": COMPARE, ">": COMPARE, ">=": COMPARE, "==": COMPARE, "!=": COMPARE,
    "|": BIT_OR, "^": BIT_XOR, "&": BIT_AND, "<<": SHIFT, ">>": SHIFT,
    "+": ADD, "-": ADD,
    "*": MULTIPLY, "/": MULTIPLY, "//": MULTIPLY, "%": MULTIPLY, "@": MULTIPLY,
    "**": POWER,
}  # fmt: skip
"""Precedence of Python's binary operators."""

NUMPY_SCALARS = {
    "float64", "float32", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool",
}  # fmt: skip

Resolve = Callable[[str], str]
Viewed = Callable[[Resolve, str, str, Sequence[str]], str]
"""Writes a view of an array: by the name of the method, and its arguments."""
"""From a dotted path (`np.sum`, `abs`) to how the module at hand spells it."""


@frozen
class Text:
    """An expression: its text, and how tightly its outermost operator binds.

    `simple` is Black's notion of an operand that `**` and `:` hug.
    """

    text: str
    level: int = ATOM
    simple: bool = False

    def at_least(self, level: int) -> str:
        """The text, in parentheses if it binds less tightly than that."""
        return self.text if self.level >= level else f"({self.text})"


def name(text: str) -> Text:
    """A name or a dotted path."""
    return Text(text, ATOM, simple=True)


def literal(value: Any, resolve: Resolve) -> Text:
    """A constant as Python writes it, so that it evaluates to the very same value."""
    match value:
        case bool() | None:
            return name(repr(value))
        case int():
            return signed(repr(value))
        case float() if type(value) is float:  # NumPy's are floats too, and stay NumPy's
            return _float(value, resolve)
        case tuple() | list():
            return Text(_sequence(value, resolve))
        case dict():
            return Text(_pairs(value, resolve))
        case type():
            return name(_type_name(value, resolve))
        case _:
            return _numpy_literal(value, resolve)


def signed(text: str) -> Text:
    """A numeric literal, perhaps negative."""
    return Text(text, UNARY if text.startswith("-") else ATOM, simple=True)


def _float(value: float, resolve: Resolve) -> Text:
    if math.isnan(value):
        return name(resolve("math.nan"))
    if math.isinf(value):
        text = resolve("math.inf")
        return name(text) if value > 0 else Text(f"-{text}", UNARY, simple=True)
    return signed(float.__repr__(value))


def _sequence(value: tuple[Any, ...] | list[Any], resolve: Resolve) -> str:
    items = ", ".join(literal(item, resolve).text for item in value)
    if isinstance(value, list):
        return f"[{items}]"
    return f"({items},)" if len(value) == 1 else f"({items})"


def _pairs(value: dict[Any, Any], resolve: Resolve) -> str:
    pairs = (f"{literal(k, resolve).text}: {literal(v, resolve).text}" for k, v in value.items())
    return f"{{{', '.join(pairs)}}}"


def _type_name(value: type, resolve: Resolve) -> str:
    if value.__module__ == "numpy":
        return resolve(f"np.{value.__name__}")
    return resolve(value.__name__)


def _numpy_literal(value: Any, resolve: Resolve) -> Text:
    kind = type(value).__name__.rstrip("_")
    if type(value).__module__ == "numpy" and kind in NUMPY_SCALARS:
        plain = literal(value.item(), resolve).text
        return Text(f"{resolve(f'np.{type(value).__name__}')}({plain})")
    if kind == "ndarray":
        return _array(value, resolve)
    if kind == "dtype":
        return name(resolve(f"np.{value}"))
    return Text(repr(value))


def _array(value: np.ndarray[Any, Any], resolve: Resolve) -> Text:
    dtype = f"dtype={resolve(f'np.{value.dtype}')}"
    if not value.size:
        return Text(f"{resolve('np.empty')}({value.shape}, {dtype})")
    items = literal(value.tolist(), resolve).text
    plain = np.array(value.tolist()).dtype == value.dtype
    return Text(f"{resolve('np.array')}({items}{'' if plain else f', {dtype}'})")


def paths_of_literal(value: Any) -> Iterable[str]:
    """The dotted paths that the literal of a value mentions."""
    found: list[str] = []

    def note(path: str) -> str:
        found.append(path)
        return path

    literal(value, note)
    return found
