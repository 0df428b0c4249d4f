"""Named tuples and dataclasses: classes whose objects are containers of their fields.

Nothing here knows the compiler, so that it is quick to load: calls are told apart by it.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OF_TUPLES = (
    "__getattribute__", "__getitem__", "__iter__", "__len__", "__contains__", "__eq__", "__ne__",
    "__add__", "__mul__", "__rmul__", "index", "count",
)  # fmt: skip
"""What a named tuple must not do otherwise than tuples."""


@dataclass(frozen=True, slots=True)
class Record:
    """A class of named tuples (`is_tuple`) or a dataclass, as programs know it.

    `cls` is missing in programs that were read from text. `rebuilt` says why its objects cannot
    be made again with other fields, if they cannot.
    """

    module: str
    name: str
    fields: tuple[str, ...]
    is_tuple: bool
    frozen: bool
    rebuilt: str = ""
    cls: type | None = None

    @property
    def path(self) -> str | None:
        """`module:name` of a class that can be imported; None for others."""
        if self.module == "__main__" or "<locals>" in self.name:
            return None
        return f"{self.module}:{self.name}"

    @property
    def short(self) -> str:
        """The last part of its name."""
        return self.name.rpartition(".")[2]


@functools.cache
def record_of(cls: type) -> Record | None:
    """What is known of a class; None if its objects are no containers of fields."""
    if issubclass(cls, tuple):
        return _of_named_tuple(cls)
    ours = str(cls.__module__).partition(".")[0] == __name__.partition(".")[0]  # no data of users
    return _of_dataclass(cls) if dataclasses.is_dataclass(cls) and not ours else None


def _of_named_tuple(cls: type) -> Record | None:
    fields = getattr(cls, "_fields", None)
    if cls is tuple or type(fields) is not tuple or not hasattr(cls, "_replace"):
        return None
    changed = (name for name in _OF_TUPLES if getattr(cls, name) is not getattr(tuple, name))
    if not set(fields).issuperset(changed):
        return None
    generated = str(getattr(cls.__new__, "__module__", "")).startswith("namedtuple_")
    own = cls.__init__ is not object.__init__ or not generated
    why = f"`{cls.__name__}` has its own way of being made" if own else ""
    return Record(cls.__module__, cls.__qualname__, fields, True, True, why, cls)


def _of_dataclass(cls: Any) -> Record | None:
    if cls.__getattribute__ is not object.__getattribute__ or hasattr(cls, "__getattr__"):
        return None
    fields = dataclasses.fields(cls)
    params = cls.__dataclass_params__
    names = tuple(field.name for field in fields)
    why = ""
    if hasattr(cls, "__post_init__"):
        why = f"`{cls.__name__}` has a `__post_init__`"
    elif not params.init or cls.__new__ is not object.__new__:
        why = f"`{cls.__name__}` has its own way of being made"
    elif any(not field.init for field in fields) or _has_init_vars(cls):
        why = f"`{cls.__name__}` has fields that are no arguments, or arguments that are no fields"
    elif cls.__setattr__ is not object.__setattr__ and not params.frozen:
        why = f"`{cls.__name__}` has its own `__setattr__`"
    return Record(cls.__module__, cls.__qualname__, names, False, params.frozen, why, cls)


def _has_init_vars(cls: Any) -> bool:
    kinds = (getattr(f, "_field_type", None) for f in cls.__dataclass_fields__.values())
    return any("INITVAR" in repr(kind) for kind in kinds)


def text_of(record: Record) -> str | None:
    """What programs depend on of a class that is found by its name; None for others."""
    cls: Any = record.cls
    found: Any = sys.modules.get(record.module)
    for part in record.name.split("."):
        found = getattr(found, part, None)
    if cls is None or found is not cls or record.path is None:
        return None
    defaults = {name: _plain(value) for name, value in defaults_of(record).items()}
    if None in defaults.values():
        return None
    return f"{record.path} {record.fields} {record.is_tuple} {record.frozen} {defaults}"


def _plain(value: Any) -> str | None:
    if isinstance(value, Factory) and value.make in (list, dict, tuple):
        return f"new {value.make.__name__}"
    plain = type(value) in (bool, int, float, str, type(None))
    return f"{type(value).__name__} {value!r}" if plain else None


@dataclass(frozen=True, slots=True)
class Factory:
    """A default that is made anew for each object, by a call."""

    make: Any


def defaults_of(record: Record) -> dict[str, Any]:
    """The default of each field that has one; a `Factory` where it is made by a call."""
    cls: Any = record.cls
    if record.is_tuple:
        return dict(cls._field_defaults)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = Factory(field.default_factory)
    return found


def keyword_only(record: Record) -> frozenset[str]:
    """The fields that are given by name alone when an object is made."""
    if record.is_tuple or record.cls is None:
        return frozenset()
    fields = dataclasses.fields(record.cls)
    return frozenset(field.name for field in fields if field.kw_only)


# -- values -----------------------------------------------------------------------------------


def items_of(value: Any) -> list[tuple[Any, Any]] | None:
    """The items of a container by their keys, positions or fields; None for other values."""
    kind = type(value)
    if kind is dict:
        return list(value.items())
    if kind is tuple or kind is list:
        return list(enumerate(value))
    record = record_of(kind)
    return None if record is None else [(name, getattr(value, name)) for name in record.fields]


def with_items(value: Any, items: Iterator[Any] | list[Any]) -> Any:
    """A container like another, with other items."""
    kind = type(value)
    if kind is dict:
        return dict(zip(value, items, strict=True))
    if kind is tuple or kind is list:
        return kind(items)
    record = record_of(kind)
    assert record is not None
    fields = dict(zip(record.fields, items, strict=True))
    return value._replace(**fields) if record.is_tuple else dataclasses.replace(value, **fields)


def label_of(value: Any, key: Any) -> str:
    """How an item of a container is written behind it."""
    return f"[{key!r}]" if type(value) in (dict, tuple, list) else f".{key}"
