"""Lowers a function of a file that is only read, never run: so the command line works.

`reading` finds out what the names of the file stand for; here these things become values.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ad_compiler.errors import Span, Unsupported, UsageError
from ad_compiler.frontend.captures import Captures, spelling_of
from ad_compiler.frontend.context import Context, from_outside
from ad_compiler.frontend.declared import parameters_from_annotations, untyped
from ad_compiler.frontend.lower import Lowered, specialised
from ad_compiler.frontend.reading.classes import annotation
from ad_compiler.frontend.reading.module import Module
from ad_compiler.frontend.reading.program import Program
from ad_compiler.frontend.reading.things import External, FileFunction, ReadModule, Unclear
from ad_compiler.frontend.source import Source
from ad_compiler.frontend.values import (
    Environment,
    Namespace,
    Range,
    Structure,
    UserFunction,
    Value,
    static,
)
from ad_compiler.ir.depth import with_room
from ad_compiler.ir.nodes import const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.records import record_of

REMEDY = "make it a constant that nothing changes, or an argument; or --import, which runs the file"


def lower_file(
    text: str, filename: str, name: str, types: Mapping[str, str], path: Path | None = None
) -> Lowered:
    """The program of a function in a file; `types` are those of parameters, by name.

    `path` is where the text comes from, if it is a file: modules beside it are read, too. Raises
    UsageError if there is no such function or a type is missing, and Unsupported for what is
    outside the accepted language.
    """
    at = Span(filename, 1, 0, 1, 0)
    return with_room(lambda: _lower(text, filename, name, types, path), at)


def _lower(
    text: str, filename: str, name: str, types: Mapping[str, str], path: Path | None
) -> Lowered:
    program = Program()
    try:
        module = program.read(Source(filename, text), path)
    except ValueError as error:  # a null byte
        raise UsageError(f"{filename} is no Python text: {error}") from None
    function = _function(module, filename, name)
    parameters = parameters_from_annotations(
        function.code, types, function.defaults, lambda said: _class_of(said, function)
    )

    def root(captures: Captures, ctx: Context) -> UserFunction:
        captures.inline = captures.arrays = captures.written = True
        return Reader(program, captures, ctx).function(function)

    try:
        lowered = specialised(root, parameters, {})
    except Unsupported as refusal:
        guessed = untyped(function.code, types, function.defaults)
        if guessed and re.search(r"\bfloat\b|a number", refusal.reason):
            refusal.add_note(
                f"hint: without a type, {', '.join(guessed)} "
                f"{'are floats' if len(guessed) > 1 else 'is a float'}; for an array, say "
                f'--type {guessed[0]}="float64[:]", with one colon an axis'
            )
        raise
    return replace(lowered, function=replace(lowered.function, name=name))


def _class_of(text: str, function: FileFunction) -> Any:
    """The class that an annotation or a given type names; None if it is none that is known."""
    try:
        found = annotation(ast.parse(text.strip(), mode="eval").body, function.module)
    except SyntaxError:
        return None
    return found if isinstance(found, type) else None


def _function(module: Module, filename: str, name: str) -> FileFunction:
    """The function that a name stands for once the file has run."""
    try:
        thing = module.look(name)
    except Unclear as unclear:
        if unclear.raises is not NameError:
            raise UsageError(
                f"what `{name}` stands for is known only when {filename} runs: {unclear.why}; "
                "use --import, which runs it"
            ) from None
        thing = None
    if not isinstance(thing, FileFunction):
        known = ", ".join(module.functions()) or "none"
        raise UsageError(f"{filename} has no function `{name}`; its functions: {known}")
    return thing


@dataclass(frozen=True)
class Reader:
    """Gives the values of what names of files stand for, for one program under construction."""

    program: Program
    captures: Captures
    ctx: Context

    def function(self, function: FileFunction) -> UserFunction:
        """A function of a file."""
        for default in function.defaults.values():
            self._unchanged(default, function)
        defaults = {
            k: from_outside(self.ctx, self.value(v, k)) for k, v in function.defaults.items()
        }
        module = function.module

        def find(name: str) -> Value | None:
            value = self.find(module, name)
            return None if value is None else from_outside(self.ctx, value)

        return UserFunction(function.code, Environment(find), defaults)

    def find(self, module: ReadModule, name: str) -> Value | None:
        """The value of a name of a file; None if there is no such name."""
        try:
            return self.value(module.look(name), name)
        except Unclear as unclear:
            if unclear.raises is NameError:
                return None
            raise _refusal(name, unclear) from None

    def _unchanged(self, thing: Any, function: FileFunction | None = None) -> None:
        try:
            self.program.require_unchanged(thing, function)
        except Unclear as unclear:
            raise _refusal("a default", unclear) from None

    def value(self, thing: Any, name: str) -> Value:
        """A thing of a file as a value."""
        match thing:
            case FileFunction():
                return self.function(thing)
            case ReadModule():
                return Namespace(name, lambda attr: self._attribute(thing, attr))
            case ModuleType() if self.program.patched:
                return Namespace(thing.__name__, lambda attr: self._of_module(thing, attr))
            case External(path):
                raise TypeRefusal(f"`{path}` is not known to this compiler", REMEDY)
            case bool() | int() | float():
                return const(thing, spelling_of(thing))
            case np.generic() | np.ndarray() | complex():
                read = self.captures.at(thing, "itself", None)
                return self.captures.capture(name, thing, read)
            case _ if record_of(type(thing)) is not None:
                return self._record(thing, name)
            case tuple() | list():
                items = tuple(self.value(v, f"{name}_{k}") for k, v in enumerate(thing))
                return Structure(type(thing).__name__, (), items)
            case dict():
                return self._dict(thing, name)
            case range():
                return Range(const(thing.start), const(thing.stop), const(thing.step))
            case _:
                return static(thing)

    def _record(self, thing: Any, name: str) -> Value:
        record = record_of(type(thing))
        assert record is not None
        fields = [(field, getattr(thing, field)) for field in record.fields]
        items = tuple(self.value(value, f"{name}_{field}") for field, value in fields)
        kind = "tuple" if record.is_tuple else "dataclass"
        return Structure(kind, record.fields, items, record=record)

    def _dict(self, thing: dict[Any, Any], name: str) -> Value:
        for key in thing:
            if not isinstance(key, str | int):
                raise TypeRefusal(f"`{name}` has the key {key!r}", "use strings or integers")
        items = tuple(self.value(item, f"{name}_{key}") for key, item in thing.items())
        return Structure("dict", tuple(thing), items)

    def _attribute(self, module: ReadModule, name: str) -> Value:
        found = self.find(module, name)
        if found is None:
            file = Path(module.source.file).name
            raise TypeRefusal(f"{file} has no `{name}`", "define it there, or import it first")
        return found

    def _of_module(self, module: ModuleType, name: str) -> Value:
        """An attribute of a module of which the file assigns some attribute."""
        if name in self.program.patched:
            raise _refusal(name, Unclear(self.program.patched[name]))
        found = self.captures.attribute(module, name)
        inner = getattr(found, "value", None)
        return self.value(inner, name) if isinstance(inner, ModuleType) else found


def _refusal(name: str, unclear: Unclear) -> TypeRefusal:
    return TypeRefusal(
        f"what `{name}` stands for is known only when the file runs: {unclear.why}", REMEDY
    )
