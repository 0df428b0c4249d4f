"""`ad-compiler rules [NAME]`: what has a rule, and what a rule says."""

from __future__ import annotations

import difflib
import linecache
import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np

from ad_compiler.driver.derivative import Derivative
from ad_compiler.errors import AdCompilerError, UsageError
from ad_compiler.rules.catalogue import (
    Entry,
    definition_text,
    entries,
    linear_in,
    named,
    samples_of,
    sources_of,
    spelled,
    texts_of,
)
from ad_compiler.rules.registry import Definition, Linear, Partials


def listed() -> str:
    """A line for each function: its name, how it is derived, what holds at kinks."""
    rows = [(entry.path, entry.kind, entry.orders, entry.convention) for entry in entries()]
    titles = ("function", "derivative", "orders", "at kinks and singular points")
    widths = [max(len(row[k]) for row in (titles, *rows)) for k in range(3)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]])
        for row in (titles, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def explained(name: str) -> str:
    """What is known of one function: its derivative as it is stated, and as code.

    Raises UsageError for a name that has no entry.
    """
    found = named(name)
    if not found:
        close = difflib.get_close_matches(name, [entry.path for entry in entries()], 3, 0.5)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise UsageError(f"there is no rule for {name}{hint}")
    return "\n\n\n".join("\n\n".join(_parts(entry)) for entry in found)


def _parts(entry: Entry) -> Iterator[str]:
    meaning, rule = entry.meaning, entry.rule
    if isinstance(meaning, tuple):
        yield f"{entry.path}: refused\n{meaning[0]}\nInstead: {meaning[1]}."
        return
    if isinstance(meaning, Definition):
        yield f"{entry.path}: {entry.kind}"
        yield definition_text(meaning)
    else:
        yield f"{spelled(meaning)}: {entry.kind}"
    if entry.convention:
        yield f"At kinks and singular points: {entry.convention}."
    match rule:
        case Partials():
            yield "\n".join(
                f"d/d{operand} = {'refused' if text is None else text}"
                for operand, text in texts_of(rule)
            )
        case Linear():
            yield from filter(None, (linear_in(rule), *sources_of(rule)))
        case _:
            pass
    code = _example(entry)
    if code is not None:
        yield "For example:"
        yield code


def _example(entry: Entry) -> str | None:
    """The reverse derivative of a call, as emitted code."""
    if entry.thing is None or entry.kind in ("refused", "no derivative"):
        return None
    trials = [(call, kinds) for call in _calls(entry) for kinds in (VARYING, VARYING[:1])]
    for (args, keywords), kinds in trials:
        try:
            return _code(entry, args, keywords, kinds)
        except (AdCompilerError, SyntaxError, TypeError, ValueError):
            continue  # this sample is no call that a program would write
    return None


def _calls(entry: Entry) -> Iterator[tuple[Sequence[Any], dict[str, Any]]]:
    """Arguments to show the function with."""
    if isinstance(entry.rule, Partials):
        random = Random(0)
        numbers = [random.uniform(0.2, 0.9) for _ in entry.rule.params]
        yield numbers, {}
        yield [np.float64(n) for n in numbers], {}
    else:
        yield from samples_of(entry)


VARYING = (np.ndarray, float)
"""What becomes a parameter of an example; only arrays, if that is no program."""


def _code(
    entry: Entry, args: Sequence[Any], keywords: dict[str, Any], kinds: tuple[type, ...]
) -> str:
    names = [chr(ord("x") + k) if k < 3 else f"x{k}" for k in range(len(args))]
    given: list[str] = []
    params: list[str] = []
    values: list[Any] = []
    for name, value in zip(names, args, strict=True):
        if isinstance(value, kinds):
            params.append(name)
            values.append(value)
            given.append(name)
        else:
            given.append(_literal(value))
    given += [f"{key}={_literal(value)}" for key, value in keywords.items()]
    text = f"def f({', '.join(params)}):\n    return {entry.path}({', '.join(given)})\n"
    file = f"<{entry.path}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"np": np, "math": math}
    if entry.path.startswith("scipy."):
        import scipy

        space["scipy"] = scipy
    exec(compile(text, file, "exec"), space)
    return Derivative(space["f"], "vjp", tuple(range(len(params)))).source(*values).rstrip()


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
        raise TypeError("a container of arrays is no literal")
    if callable(value):
        raise TypeError("a function is no literal")
    return repr(value.tolist()) if isinstance(value, np.ndarray) else repr(value)
