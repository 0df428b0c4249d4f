"""Values as the subjects of error messages."""

from __future__ import annotations

from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Derived,
    Grid,
    Growing,
    Loose,
    Maybe,
    Method,
    Namespace,
    Partial,
    Picked,
    Place,
    Range,
    Shape,
    Structure,
    Text,
    UserFunction,
    Value,
    Zipped,
)
from ad_compiler.ir.nodes import Const, Undef, Var
from ad_compiler.ir.types import Static, is_number, shown


def describe(value: Value) -> str:
    """A value as the subject of an error message."""
    match value:
        case Const(type=Static()):
            return _describe_object(value.value)
        case Var() | Const() | Undef():
            return (
                _article(shown(value.type))
                if is_number(value.type)
                else f"an array, {shown(value.type)}"
            )
        case Structure(kind, record=record):
            return f"a {kind}" if record is None else f"a `{record.short}`"
        case UserFunction(code):
            return f"the function `{code.name}`"
        case Namespace(name):
            return f"the module `{name}`"
        case Partial():
            return "a partial function"
        case Derived(_, kind):
            return f"a function that {kind} gives"
        case Method(_, name):
            return f"the method `{name}`"
        case Shape():
            return "a shape"
        case Text():
            return "a formatted string"
        case Range():
            return "a range"
        case Zipped() | Grid() | Counted() | Backwards() | Picked():
            return "an iterator"
        case Place() | Loose():
            return "an array"
        case Growing():
            return "a list that grows"
        case Maybe():
            return "what may be None"


def _describe_object(thing: object) -> str:
    match thing:
        case None:
            return "None"
        case str() | bytes():
            return f"the string {thing!r}"
        case type():
            return f"the class `{thing.__name__}`"
        case _:
            name = getattr(thing, "__name__", None)
            return f"`{name}`" if name else _article(type(thing).__name__)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
