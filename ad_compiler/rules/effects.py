"""What a program does besides computing: it raises, and it prints.

A text that is only made to be shown is no value. An effect holds *templates*, one an argument:
`VALUE` for an operand as it is, else the pieces of an f-string, where a pair of conversion and
format stands for an operand.
"""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Type
from ad_compiler.rules.registry import Flat, register

VALUE = "value"
CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "": lambda x: x, "r": repr, "s": str, "a": ascii,
}  # fmt: skip


def exception_class(path: str) -> type[BaseException]:
    """The class that a path names: `ValueError`, or `package.module:Class`."""
    module, _, name = path.rpartition(":")
    return getattr(importlib.import_module(module) if module else builtins, name)


def filled(templates: tuple[Any, ...], operands: Sequence[Any]) -> Iterator[Any]:
    """The arguments that templates and operands make up."""
    rest = iter(operands)
    for template in templates:
        yield next(rest) if template == VALUE else "".join(_pieces(template, rest))


def _pieces(template: tuple[Any, ...], rest: Iterator[Any]) -> Iterator[str]:
    for piece in template:
        if isinstance(piece, str):
            yield piece
        else:
            conversion, spec = piece
            yield format(CONVERSIONS[conversion](next(rest)), spec)


def _raise(path: str, templates: tuple[Any, ...], *operands: Any) -> None:
    raise exception_class(path)(*filled(templates, operands))


def _fail(templates: tuple[Any, ...], *operands: Any) -> None:
    raise AssertionError(*filled(templates, operands))


def _print(sep: Any, end: Any, templates: tuple[Any, ...], *operands: Any) -> None:
    print(*filled(templates, operands), sep=sep, end=end)  # noqa: T201


def _nothing(_: Sequence[Atom]) -> Type:
    raise TypeRefusal("this is done for what it does, it has no value")


def _always(_: Sequence[Atom]) -> bool:
    return True


RAISE = register(
    Primitive(
        "raise", _raise, _nothing, Special(), ("path", "templates", "*operands"), raises=_always
    ),
    Flat("no value"),
)
FAIL = register(
    Primitive("fail", _fail, _nothing, Special(), ("templates", "*operands"), raises=_always),
    Flat("no value"),
)
PRINT = register(
    Primitive(
        "print", _print, _nothing, Special(), ("sep", "end", "templates", "*operands"),
        raises=_always,
    ),
    Flat("no value"),
)  # fmt: skip
ENDS = (RAISE, FAIL)
"""What comes after these is never reached."""
