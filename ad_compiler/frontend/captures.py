"""What a program takes from its surroundings: hidden inputs, and things that must stay the same.

Numbers and arrays of closures, globals and modules are hidden inputs, read anew at each call.
Functions, modules and other compile-time things are guarded: the program holds as long as the
name still means the same object.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ad_compiler.frontend.types import is_numeric, type_of
from ad_compiler.frontend.values import Environment, Structure, Value, static
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Bool, Int

Read = Callable[[], Any]
Key = tuple[object, ...]

TRUSTED = ("math", "numpy", "builtins", "operator", "functools", "scipy")
"""Packages whose attributes do not change."""

_PREFIXES = {math: "math", np: "np"}


@dataclass(frozen=True)
class Capture:
    """A hidden input: passed after the user's parameters, read at each call."""

    name: str
    read: Read


@dataclass(frozen=True)
class Guard:
    """Something that must still be what it was when the program was made."""

    read: Read
    expected: Any

    def holds(self) -> bool:
        """Whether it still is: the same object, or an equal string, number or list of them."""
        now = self.read()
        if now is self.expected:
            return True
        plain = isinstance(now, str | bytes | int | float | tuple)
        return plain and type(now) is type(self.expected) and bool(now == self.expected)


@dataclass(eq=False)
class Captures:
    """Collects what a program captures while it is lowered.

    `fixed` are the numbers that must be constants because a shape or an axis depends on them.
    With `inline` all numbers are constants, and nothing is guarded: so for functions of rules.
    """

    inline: bool = False
    fixed: frozenset[Key] = frozenset()
    known: dict[Key, Value] = field(default_factory=dict[Key, Value])
    hidden: dict[Var, tuple[Key, Capture]] = field(default_factory=dict[Var, tuple[Key, Capture]])
    guards: list[Guard] = field(default_factory=list[Guard])
    kept: list[object] = field(default_factory=list[object])
    """What the keys stand for, kept alive so that no other object gets the same id."""

    def capture(self, name: str, thing: Any, read: Read, key: Key) -> Value:
        """The value of a name of the surroundings."""
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self._new(name, thing, read, key)
        return known

    def _new(self, name: str, thing: Any, read: Read, key: Key) -> Value:
        spelling = _SPELLINGS.get(id(thing)) if type(thing) is float else None
        if spelling is not None:
            self.guard(read, thing)
            return const(thing, spelling)
        if is_numeric(thing):
            return self._number(name, thing, read, key)
        if type(thing) in (tuple, list, dict):
            return self._container(name, thing, read, key)
        self.guard(read, thing)
        return static(thing)

    def _number(self, name: str, thing: Any, read: Read, key: Key) -> Value:
        type_ = type_of(thing, name)
        constant = type(thing) in (bool, int, float)
        if self.inline or key in self.fixed:
            if not constant:
                raise TypeRefusal(f"`{name}` must be known at compile time")
            self.guard(read, thing)
            return const(thing)
        var = Var(name, type_)
        self.hidden[var] = (key, Capture(name, read))
        return var

    def _container(self, name: str, thing: Any, read: Read, key: Key) -> Value:
        is_dict = isinstance(thing, dict)
        keys: tuple[Any, ...] = tuple(thing) if is_dict else tuple(range(len(thing)))
        kind = type(thing)
        self.guard(lambda: _skeleton(read()), _skeleton(thing))
        items = tuple(
            self.capture(f"{name}_{k}", thing[k], _element(read, k), (*key, k)) for k in keys
        )
        return Structure(kind.__name__, keys if is_dict else (), items)

    def guard(self, read: Read, expected: Any) -> None:
        """Demand that something stays as it is."""
        if not self.inline:
            self.guards.append(Guard(read, expected))

    def attribute(self, module: ModuleType, name: str) -> Value:
        """The value of an attribute of a module."""
        thing = getattr(module, name)
        root = module.__name__.partition(".")[0]
        if root in TRUSTED:
            prefix = _PREFIXES.get(module)
            if type(thing) is float:
                return const(thing, f"{prefix}.{name}" if prefix else None)
            return const(thing) if type(thing) is int else static(thing)
        return self.capture(
            name, thing, lambda: getattr(module, name), (self.identity(module), name)
        )

    def module(self, name: str) -> Const:
        """A module that the program imports itself: it must be loaded, or be harmless to load."""
        root = name.partition(".")[0]
        if root in TRUSTED:
            importlib.import_module(name)
        if name not in sys.modules:
            raise TypeRefusal(
                f"the module `{name}` is not loaded", "import it at the top of the file"
            )
        return static(sys.modules[name])

    def identity(self, thing: object) -> int:
        """A number that stands for an object for as long as these captures live."""
        self.kept.append(thing)
        return id(thing)

    def key_of(self, var: Var) -> Key | None:
        """The key of a captured int or bool, which may be made a constant."""
        hidden = self.hidden.get(var)
        return hidden[0] if hidden and isinstance(var.type, Int | Bool) else None

    def environment(self, function: FunctionType) -> Environment:
        """Where a live function finds its names: its closure, its globals, the builtins."""
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        variables = function.__globals__
        builtins = getattr(function, "__builtins__", {})

        def find(name: str) -> Value | None:
            if name in cells:
                return self._cell(name, cells[name])

            def read() -> Any:
                return variables[name] if name in variables else builtins[name]

            if name not in variables and name not in builtins:
                return None
            return self.capture(name, read(), read, (self.identity(variables), name))

        return Environment(find)

    def _cell(self, name: str, cell: Any) -> Value | None:
        try:
            thing = cell.cell_contents
        except ValueError:
            return None
        return self.capture(name, thing, lambda: cell.cell_contents, (self.identity(cell),))


def _element(read: Read, key: Any) -> Read:
    return lambda: read()[key]


def _skeleton(thing: Any) -> tuple[Any, ...]:
    keys = tuple(thing) if isinstance(thing, dict) else len(thing)
    return (type(thing).__name__, keys)


_SPELLINGS = {
    id(getattr(module, name)): f"{prefix}.{name}"
    for module, prefix in ((np, "np"), (math, "math"))
    for name in ("pi", "e", "tau", "inf", "nan", "euler_gamma")
    if hasattr(module, name)
}
"""The well-known constants by identity, so that `from math import pi` is still math.pi."""
