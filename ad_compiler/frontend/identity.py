"""Which list or dict a value is, however often it changes; and what the rows of a list are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ad_compiler.ir.nodes import Label
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import Type


@dataclass(frozen=True, slots=True)
class Row:
    """What the rows of a list are, each a tuple or a list of numbers of these types."""

    kind: str
    keys: tuple[Label, ...]
    record: Record | None
    types: tuple[Type, ...]


@dataclass(eq=False)
class Identity:
    """One list, dict or dataclass object, however often it changes.

    `holders` are the names that ever held it; `frozen` says why it must not change, if so.
    `joint`: it is one object or another, depending on the path taken. `row`: the items of a list
    that grows, if those are tuples or lists; `read`: some were taken for what that says.
    `table`: its items are lists of any length, which nobody else holds.
    `fixed`: it is a tuple, of a length that is known only at run time.
    `given`: an argument of the program is it, or holds it.
    `lent`: a function or an iterator holds it as well; `loops`: how many run over it.
    """

    holders: dict[Any, None] = field(default_factory=dict[Any, None])
    frozen: str = ""
    joint: bool = False
    row: Row | None = None
    read: bool = False
    given: bool = False
    lent: bool = False
    loops: int = 0
    table: bool = False
    fixed: bool = False
