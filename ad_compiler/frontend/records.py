"""Named tuples and dataclasses: made, read, copied with other fields, taken apart.

Fields are structure, as the items of tuples and dicts are. The methods that a class defines
itself are not followed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from ad_compiler.frontend import iterables
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.slots import current
from ad_compiler.frontend.types import is_numeric, type_of
from ad_compiler.frontend.values import Method, Partial, Structure, Value, static, value_of
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.records import Factory, Record, defaults_of, keyword_only, record_of
from ad_compiler.ir.types import Array

Args = Sequence[Value]
Keywords = dict[str, Value]
Call = Callable[..., Value]


def meaning(thing: Any) -> Callable[..., Value] | None:
    """What a call of a class of records, or of a function of `dataclasses`, does."""
    known = FUNCTIONS.get(thing)
    if known is not None:
        return known
    record = record_of(thing) if isinstance(thing, type) else None
    if record is None:
        return None

    def lower(ctx: Context, args: Args, kw: Keywords, _name: str, call: Call) -> Value:
        return made(ctx, record, args, kw, call)

    return lower


def made(ctx: Context, record: Record, args: Args, keywords: Keywords, call: Call) -> Value:
    """`Record(...)`: its fields as its `__init__` would bind them."""
    if record.rebuilt:
        raise TypeRefusal(
            f"{record.rebuilt}, and what is run there is not followed",
            "make the object in the caller, or use a class that only has fields",
        )
    given = _bound(record, args, keywords)
    for name, default in defaults_of(record).items():
        if name not in given:
            given[name] = _default(ctx, record, name, default, call)
    missing = [name for name in record.fields if name not in given]
    if missing:
        raise TypeRefusal(
            f"`{record.short}` is made without `{missing[0]}`", f"pass `{missing[0]}`"
        )
    return _new(ctx, record, [given[name] for name in record.fields])


def _new(ctx: Context, record: Record, items: Sequence[Value]) -> Structure:
    kind = "tuple" if record.is_tuple else "dataclass"
    new = Structure(kind, record.fields, tuple(items), record=record)
    rooted = ctx.storage.rooted(new)
    assert isinstance(rooted, Structure)
    return rooted


def _bound(record: Record, args: Args, keywords: Keywords) -> dict[str, Value]:
    named = keyword_only(record)
    positional = [name for name in record.fields if name not in named]
    if len(args) > len(positional):
        raise TypeRefusal(
            f"`{record.short}` takes {len(positional)} positional argument(s), "
            f"{len(args)} are given",
            f"its fields are {', '.join(record.fields) or 'none'}",
        )
    given: dict[str, Value] = dict(zip(positional, args, strict=False))
    for name, value in keywords.items():
        _require_field(record, name)
        if name in given:
            raise TypeRefusal(f"`{record.short}` gets `{name}` twice")
        given[name] = value
    return given


def _require_field(record: Record, name: str) -> None:
    if name not in record.fields:
        raise TypeRefusal(
            f"`{record.short}` has no field `{name}`",
            f"its fields are {', '.join(record.fields) or 'none'}",
        )


def _default(ctx: Context, record: Record, name: str, default: Any, call: Call) -> Value:
    if isinstance(default, Factory):
        return call(ctx, static(default.make), [], {})
    if is_numeric(default):
        type_ = type_of(default, name)
        if isinstance(type_, Array):
            raise TypeRefusal(
                f"the default of `{record.short}.{name}` is an array", f"pass `{name}`"
            )
        return Const(default, type_)
    return value_of(default)


# -- what objects and classes can do ---------------------------------------------------------------


def attribute(value: Structure, record: Record, name: str) -> Value:
    """`value.name` of something that is no field."""
    if record.is_tuple and name == "_fields":
        return value_of(record.fields)
    if record.is_tuple and name in ("_replace", "_asdict"):
        return Method(value, name)
    raise _no_field(record, name)


def of_class(record: Record, name: str) -> Value:
    """`Class.name`."""
    if record.is_tuple and name == "_fields":
        return value_of(record.fields)
    if record.is_tuple and name == "_make":
        return Partial(static(_make), (static(record),), {})
    raise _no_field(record, name)


def _no_field(record: Record, name: str) -> TypeRefusal:
    fields = f"its fields are {', '.join(record.fields) or 'none'}"
    if not hasattr(record.cls, name):
        return TypeRefusal(f"`{record.short}` has no field `{name}`", fields)
    kind = "method" if callable(getattr(record.cls, name)) else "property or class attribute"
    return TypeRefusal(
        f"`{name}` is a {kind} of the class `{record.short}`, which is not followed: of an object, "
        "only the fields are known",
        f"write it as a function that takes the `{record.short}`",
    )


def method(
    ctx: Context, receiver: Structure, record: Record, name: str, args: Args, keywords: Keywords
) -> Value:
    """`_replace` and `_asdict` of a named tuple."""
    if args:
        raise TypeRefusal(f"`{name}` takes no positional arguments", "name the fields")
    if name == "_asdict":
        return Structure("dict", record.fields, receiver.items)
    for key in keywords:
        _require_field(record, key)
    return _new(ctx, record, list((receiver.named() | keywords).values()))


def _make() -> None:
    """Stands for `_make` of a named tuple."""


def _made_of_items(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    """`Record._make(items)`."""
    first, *rest = args
    assert isinstance(first, Const)
    record: Record = first.value
    items = iterables.known_items(ctx, rest[0]) if len(rest) == 1 else None
    if items is None or len(items) != len(record.fields):
        raise TypeRefusal(
            f"`{record.short}._make` needs {len(record.fields)} items", "call the class instead"
        )
    return _new(ctx, record, items)


# -- functions of `dataclasses` --------------------------------------------------------------------


def _of_dataclass(ctx: Context, value: Value, who: str) -> tuple[Structure, Record]:
    record = value.record if isinstance(value, Structure) else None
    if not isinstance(value, Structure) or record is None or record.is_tuple:
        raise TypeRefusal(f"dataclasses.{who} of {describe(value)}", "it takes a dataclass object")
    return current(ctx.storage, value), record


def _replace(ctx: Context, args: Args, kw: Keywords, _name: str, call: Call) -> Value:
    """`dataclasses.replace(obj, ...)`."""
    value, record = _of_dataclass(ctx, args[0], "replace")
    return made(ctx, record, (), value.named() | kw, call)


def _asdict(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    """`dataclasses.asdict(obj)`: containers and dataclasses in it are copied too."""
    value, record = _of_dataclass(ctx, args[0], "asdict")
    return _copied(ctx, Structure("dict", record.fields, value.items), "dict")


def _astuple(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Call) -> Value:
    """`dataclasses.astuple(obj)`."""
    value, _ = _of_dataclass(ctx, args[0], "astuple")
    return _copied(ctx, Structure("tuple", (), value.items), "tuple")


def _copied(ctx: Context, value: Value, into: str) -> Value:
    if not isinstance(value, Structure):
        copied = ctx.storage.rooted(value)
        if copied is value and not isinstance(value, Const):
            return value
        return copied
    value = current(ctx.storage, value)
    items = tuple(_copied(ctx, item, into) for item in value.items)
    if value.kind == "dataclass":
        return Structure(into, value.keys if into == "dict" else (), items)
    return Structure(value.kind, value.keys, items, record=value.record)


FUNCTIONS: dict[Any, Callable[..., Value]] = {
    dataclasses.replace: _replace,
    dataclasses.asdict: _asdict,
    dataclasses.astuple: _astuple,
    _make: _made_of_items,
}
"""Functions by identity."""
