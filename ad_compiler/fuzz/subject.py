"""A program that is judged: loaded, with a point to differentiate it at."""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.api import has_real

Function = Callable[..., Any]


class Wrong(AssertionError):
    """A derivative that an oracle contradicts."""

    def __init__(self, oracle: str, detail: str) -> None:
        super().__init__(f"{oracle}: {detail}")
        self.oracle = oracle


class Undecided(Exception):
    """Numbers at which an oracle cannot tell right from wrong."""


@dataclass(frozen=True)
class Subject:
    """A program that was loaded, and a point to differentiate it at."""

    f: Function
    number: Function
    """A number made of all that f returns."""
    args: tuple[Any, ...]
    fresh: Callable[[], tuple[Any, ...]]
    """The same arguments anew, with the very strides: products sum up in another order by them."""
    outputs: Any
    single: bool
    """Whether some of it is in single precision."""
    held: bool
    """Whether it takes something for constant that is not: its gradient is no slope then."""

    @property
    def wrt(self) -> tuple[int, ...]:
        """The arguments that can vary."""
        return tuple(k for k, a in enumerate(self.args) if has_real(a))

    def value(self, args: Sequence[Any] | None = None) -> Any:
        """What f gives, or leaves in its arguments; the text that it prints; its warnings."""
        args = copied(self.args) if args is None else args
        result = self.f(*args)
        if not self.outputs:
            return result
        names = self.f.__code__.co_varnames
        many = (self.outputs,) if isinstance(self.outputs, str) else self.outputs
        found = tuple(args[names.index(name)] for name in many)
        return found[0] if isinstance(self.outputs, str) else found


def copied(args: Sequence[Any]) -> list[Any]:
    """Copies that may be written to, in the same layout."""
    return [a.copy(order="K") if isinstance(a, np.ndarray) else copy.deepcopy(a) for a in args]


def load(text: str, name: str) -> Subject:
    """Run the text of a program as a module of its own."""
    file = f"<{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = types.ModuleType(name)
    exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    space = module.__dict__
    args = space["arguments"]()
    single = any(getattr(a, "dtype", None) == np.float32 for a in args)
    held = "stop_gradient(" in text[text.index("def f(") :]
    outputs = space.get("OUTPUTS", ())
    return Subject(
        space["f"], space["number"], args, lambda: writable(space["arguments"]()), outputs,
        single, held,
    )  # fmt: skip


def writable(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same arguments, of which those that were read-only may be written to."""
    for array in args:
        if isinstance(array, np.ndarray):
            array.flags.writeable = True
    return args


def quietly(run: Callable[[], Any]) -> tuple[Any, str]:
    """What a function gives, and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = run()
    return value, printed.getvalue()
