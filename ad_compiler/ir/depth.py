"""Room for recursion: programs are trees, and all passes recurse on them.

Python's limit is made for ordinary programs. What needs more is done again in a thread of its own
that has the stack for it; what needs still more is refused.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from ad_compiler.errors import Span, Unsupported

Result = TypeVar("Result")

STACK, DEPTH = 512 * 2**20, 60_000
"""The bytes of the stack, and the frames that surely fit on it."""

REFUSAL = "this nests too deeply for the compiler"
REMEDY = "split long expressions and long chains of branches into several statements or functions"


def with_room(work: Callable[[], Result], at: Span | None) -> Result:
    """The result of work that can be done twice. `at` is what is too deep, if it is."""
    try:
        return work()
    except RecursionError:
        pass
    try:
        return _in_a_thread(work)
    except (RecursionError, MemoryError):
        raise Unsupported(REFUSAL, at, REMEDY) from None


def _in_a_thread(work: Callable[[], Result]) -> Result:
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(STACK)
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
