"""What a program takes from its surroundings: hidden inputs, and things that must stay the same.

Numbers and arrays of closures, globals and modules are hidden inputs, read anew at each call.
Functions, modules and other compile-time things are guarded: the program holds as long as the
name still means the same object.
"""

from __future__ import annotations

import importlib
import math
import re
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ad_compiler.frontend.lookups import (
    SPELLINGS,
    TRUSTED,
    Guard,
    Lookup,
    Trail,
    kind_text,
    skeleton_of,
)
from ad_compiler.frontend.types import is_numeric, type_of
from ad_compiler.frontend.values import Environment, Structure, Value, static
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.records import items_of, record_of
from ad_compiler.ir.types import Bool, Int
from ad_compiler.rules.custom import path_of

Key = tuple[object, ...]

_PREFIXES = {math: "math", np: "np"}


@dataclass(frozen=True)
class Capture:
    """A hidden input: passed after the user's parameters, read at each call."""

    name: str
    read: Lookup


@dataclass(eq=False)
class Captures:
    """Collects what a program captures while it is lowered.

    `fixed` are the numbers that must be constants because a shape or an axis depends on them.
    With `inline` all numbers are constants, and nothing is guarded: so for functions of rules, and
    for emitted modules, which take `arrays` as hidden inputs that become their constants.
    """

    inline: bool = False
    arrays: bool = False
    written: bool = False
    """Whether this is the text of a file, whose statements have places there."""
    watch: list[Guard] | None = None
    """Where guards go of a function of a rule that its user wrote."""
    fixed: frozenset[Key] = frozenset()
    known: dict[Key, Value] = field(default_factory=dict[Key, Value])
    hidden: dict[Var, Capture] = field(default_factory=dict[Var, Capture])
    guards: list[Guard] = field(default_factory=list[Guard])
    trail: Trail = field(default_factory=Trail)
    kept: list[object] = field(default_factory=list[object])
    """What the keys stand for, kept alive so that no other object gets the same id."""
    classes: dict[type, Lookup] = field(default_factory=dict[type, Lookup])
    """Where the classes of named tuples and dataclasses were found."""

    def at(self, base: Any, kind: str, label: Any) -> Lookup:
        """The lookup that is one step from an object."""
        return self.trail.at(base, kind, label)

    def capture(self, name: str, thing: Any, read: Lookup) -> Value:
        """The value of a name of the surroundings."""
        known = self.known.get(read.key)
        if known is None:
            self.kept.append(read)
            self.trail.note(read, thing, read.key in self.fixed)
            known = self.known[read.key] = self._new(name, thing, read)
        return known

    def _new(self, name: str, thing: Any, read: Lookup) -> Value:
        spelling = spelling_of(thing)
        if spelling is not None:
            self.guard(read, thing)
            return const(thing, spelling)
        if is_numeric(thing):
            return self._number(name, thing, read)
        items = items_of(thing)
        if items is not None:
            return self._container(name, thing, items, read)
        if isinstance(thing, type) and record_of(thing) is not None:
            self.classes.setdefault(thing, read)
        self.guard(read, thing)
        return static(thing)

    def _number(self, name: str, thing: Any, read: Lookup) -> Value:
        type_ = type_of(thing, name)
        constant = type(thing) in (bool, int, float)
        if self.inline or read.key in self.fixed:
            self.guard(read, thing)
            if constant:
                return const(thing)
            if isinstance(thing, np.generic):
                return Const(thing, type_)
            if self.watch is not None:
                return Const(thing, type_, path_of(name, thing))
            if not self.arrays:
                raise TypeRefusal(f"`{name}` must be known at compile time")
        var = Var(name, type_)
        self.hidden[var] = Capture(name, read)
        return var

    def _container(
        self, name: str, thing: Any, items: Sequence[tuple[Any, Any]], read: Lookup
    ) -> Value:
        self.guard(read, thing, skeleton_of)
        kind, record = type(thing), record_of(type(thing))
        values = tuple(
            self.capture(f"{name}_{_word(k)}", v, read.item(k, record)) for k, v in items
        )
        if record is not None:
            self.classes.setdefault(kind, read.item("__class__", record))
            named = "tuple" if record.is_tuple else "dataclass"
            return Structure(named, record.fields, values, record=record)
        return Structure(kind.__name__, tuple(thing) if kind is dict else (), values)

    def guard(self, read: Lookup, thing: Any, view: Callable[[Any], Any] | None = None) -> None:
        """Demand that something stays as it is, or what a view shows of it."""
        if self.watch is not None:
            self.watch.append(Guard(read, thing, view))
        elif not self.inline:
            self.guards.append(Guard(read, thing, view))

    def inputs(self, used: Collection[Var]) -> list[tuple[Var, Capture]]:
        """The hidden inputs that a program reads; what it was made for otherwise keeps its kind."""
        for var, capture in self.hidden.items():
            if var not in used:
                self.guard(capture.read, capture.read(), kind_text)
        return [(var, capture) for var, capture in self.hidden.items() if var in used]

    def attribute(self, module: ModuleType, name: str) -> Value:
        """The value of an attribute of a module."""
        thing = getattr(module, name)
        root = module.__name__.partition(".")[0]
        if root in TRUSTED:
            prefix = _PREFIXES.get(module)
            if type(thing) is float:
                return const(thing, f"{prefix}.{name}" if prefix else None)
            return const(thing) if type(thing) is int else static(thing)
        return self.capture(name, thing, self.at(module, "attribute", name))

    def module(self, name: str) -> Const:
        """A module that the program imports itself: it must be loaded, or be harmless to load."""
        root = name.partition(".")[0]
        if root in TRUSTED:
            importlib.import_module(name)
        if name not in sys.modules:
            raise TypeRefusal(
                f"the module `{name}` is not loaded", "import it at the top of the file"
            )
        module = sys.modules[name]
        self.trail.note(self.at(None, "module", name), module, False)
        return static(module)

    def key_of(self, var: Var) -> Key | None:
        """The key of a captured int or bool, which may be made a constant."""
        hidden = self.hidden.get(var)
        return hidden.read.key if hidden and isinstance(var.type, Int | Bool) else None

    def environment(self, function: FunctionType) -> Environment:
        """Where a live function finds its names: its closure, its globals, the builtins."""
        cells = {name: k for k, name in enumerate(function.__code__.co_freevars)}

        def find(name: str) -> Value | None:
            step = ("cell", cells[name]) if name in cells else ("global", name)
            read = self.at(function, *step)
            try:
                thing = read()
            except (KeyError, ValueError):
                self.trail.complete = False
                return None
            return self.capture(name, thing, read)

        return Environment(find)


def _word(label: Any) -> str:
    """A key of a dict as a part of a name."""
    return re.sub(r"\W+", "_", str(label)).strip("_") or "item"


def spelling_of(thing: Any) -> str | None:
    """What emitted code calls a well-known constant; None for other things."""
    return SPELLINGS.get(id(thing)) if type(thing) is float else None
