"""What was made lately, for other derivatives of the same function, and for the same one again.

After `grad(f)`, `hvp(f)` neither reads f nor differentiates it backward again; and `grad(f)(x)` in
a loop compiles once. Only of functions that a module holds: what others close over would stay
alive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ad_compiler.driver.program import Program, Question
from ad_compiler.driver.signature import kinds_of

T = TypeVar("T")
Holds = Callable[[tuple[Any, ...]], bool]
"""Whether something serves, as things are now, for some arguments."""


class Kept(Generic[T]):
    """Things by the question that they answer, and the kinds of the arguments; the latest only."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.entries: OrderedDict[Any, tuple[T, Holds]] = OrderedDict()

    def recall(self, question: Question, arguments: tuple[Any, ...], *how: Any) -> T | None:
        """What answers a question for these arguments, if it is here and still serves."""
        if not lives_anyway(question.root):
            return None
        key = _key(question, arguments, how)
        entry = self.entries.pop(key, None)
        if entry is None or not entry[1](arguments):
            return None
        self.entries[key] = entry
        return entry[0]

    def remember(
        self, thing: T, holds: Holds, question: Question, arguments: tuple[Any, ...], *how: Any
    ) -> None:
        """Keep something, and forget what was of no use for longest."""
        if lives_anyway(question.root):
            self.entries[_key(question, arguments, how)] = thing, holds
            if len(self.entries) > self.room:
                self.entries.popitem(last=False)


def lives_anyway(function: Any) -> bool:
    """Whether a function is one of a module, and closes over nothing."""
    named = function.__globals__.get(function.__name__)
    return named is function and function.__closure__ is None


def _key(question: Question, arguments: tuple[Any, ...], how: tuple[Any, ...]) -> Any:
    return question, question.root.__code__, kinds_of(arguments), how


PROGRAMS: Kept[Program] = Kept(64)
"""Compiled programs, by their options, too."""
