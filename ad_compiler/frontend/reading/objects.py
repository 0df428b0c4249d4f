"""Objects of named tuples and dataclasses that a file makes, and `namedtuple(...)`."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from ad_compiler.frontend.reading.things import ReadModule, Unclear
from ad_compiler.ir.records import record_of

Compute = Callable[..., Any]
FIXED = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype, type)


def is_fixed(value: Any) -> bool:
    """Whether nothing can change a value."""
    if isinstance(value, tuple):
        return all(map(is_fixed, value))
    record = record_of(type(value))
    if record is not None:
        return record.frozen and all(is_fixed(getattr(value, name)) for name in record.fields)
    return isinstance(value, FIXED)


def made(
    thing: Any, args: list[Any], keywords: dict[str, Any], names: ReadModule, compute: Compute
) -> Any:
    """What a call makes: a class of named tuples, or an object of a class of the file.

    None for other calls. Raises Unclear for what may change later.
    """
    if thing is collections.namedtuple:
        own = {"module": names.look("__name__"), **keywords}
        return compute(collections.namedtuple, *args, **own)
    record = record_of(thing) if isinstance(thing, type) else None
    if record is None:
        return None
    if not record.frozen:
        raise Unclear(f"it is an object of the dataclass `{thing.__name__}`, which is not frozen")
    if not all(map(is_fixed, (*args, *keywords.values()))):
        raise Unclear(f"it is a `{thing.__name__}` that holds what may change")
    return compute(thing, *args, **keywords)
