"""Programs that were made lately: other derivatives of the same function begin with them.

`grad(f)` and then `hvp(f)` read f once, and differentiate it backward once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from ad_compiler.driver.program import Question, has_values, inputs_now
from ad_compiler.driver.signature import kinds_of
from ad_compiler.frontend.lower import Lowered

ROOM = 8
"""How many programs are kept."""

_KEPT: OrderedDict[Any, tuple[Lowered, tuple[Any, ...]]] = OrderedDict()
"""Programs and the kinds of their hidden inputs, by what was asked and the kinds of arguments."""


def recall(question: Question, arguments: Iterable[Any]) -> Lowered | None:
    """The program that answers a question for these arguments, if it is here and still holds."""
    arguments = tuple(arguments)
    key = _key(question, arguments)
    entry = _KEPT.pop(key, None)
    if entry is None:
        return None
    lowered, captured = entry
    reads = [capture.read for capture in lowered.captures]
    if inputs_now(lowered.guards, reads, captured) is None:
        return None
    if has_values(arguments, lowered.fixed):
        _KEPT[key] = entry
        return lowered
    return None


def remember(question: Question, arguments: Iterable[Any], lowered: Lowered) -> None:
    """Keep a program, and forget what was of no use for longest."""
    captured = kinds_of(capture.read() for capture in lowered.captures)
    _KEPT[_key(question, tuple(arguments))] = lowered, captured
    if len(_KEPT) > ROOM:
        _KEPT.popitem(last=False)


def _key(question: Question, arguments: tuple[Any, ...]) -> Any:
    return question, question.root.__code__, kinds_of(arguments)
