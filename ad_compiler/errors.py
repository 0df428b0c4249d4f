"""What the compiler says to people: source places, and errors that point at them.

`Unsupported` is a `SyntaxError`, so Python itself draws the line and the caret under the
offending text; the remedy travels along as an exception note.
"""

from __future__ import annotations

import linecache
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of source text. Lines count from 1, columns from 0 (as in `ast`).

    `sweep` is 0 for what the text itself says, 1 for the backward sweep over it, and so on; `again`
    is for what that runs a second time.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    sweep: int = 0
    again: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


class AdCompilerError(Exception):
    """Base class of every error this package raises on purpose."""


class Unsupported(AdCompilerError, SyntaxError):
    """A program outside the accepted language: where, why, and what to do instead."""

    def __init__(self, reason: str, at: Span | None, remedy: str, text: str | None = None) -> None:
        self.reason = reason
        self.remedy = remedy
        self.at = at
        if at is None:
            super().__init__(reason)
        else:
            line = text if text is not None else linecache.getline(at.file, at.line)
            super().__init__(
                reason,
                (at.file, at.line, at.column + 1, line, at.end_line, at.end_column + 1),
            )
        if remedy:
            self.add_note(f"hint: {remedy}")


class UsageError(AdCompilerError, TypeError):
    """A call of the public interface that cannot be meant, e.g. `grad` of a vector result."""


class InternalError(AdCompilerError):
    """The compiler broke one of its own rules. Always a defect of the compiler."""
