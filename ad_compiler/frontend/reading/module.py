"""Reads a module in the order in which it runs: what its names stand for afterwards.

Each statement of the top level either does something that its text proves, and is followed; or
all names that it might bind become unknown, with the reason. What functions may change later is
looked for in the whole file.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ad_compiler.frontend.reading import syntax
from ad_compiler.frontend.reading.changes import kind_of
from ad_compiler.frontend.reading.classes import class_of
from ad_compiler.frontend.reading.constants import (
    BINARY,
    attribute,
    computed,
    evaluate,
    function_of,
    plain,
    truth,
)
from ad_compiler.frontend.reading.decorators import undecorated
from ad_compiler.frontend.reading.imports import Importer
from ad_compiler.frontend.reading.things import (
    FileFunction,
    Imported,
    ReadModule,
    Trusted,
    Unclear,
    Unknown,
)
from ad_compiler.frontend.source import Source

Objects = dict[int, Any]
"""Objects by their ids."""


@dataclass
class Ledger:
    """What the files of a program share.

    `patched` are the attributes that they assign, each with the place of an assignment in words.
    `reads` are the objects that the statement being followed has looked at.
    """

    require_unchanged: Callable[[Any], None]
    patched: dict[str, str] = field(default_factory=dict[str, str])
    reads: Objects = field(default_factory=dict[int, Any])
    reading: int = 0
    """How many files are being read: the first one, and those that it imports."""


class Module(ReadModule):
    """A module, followed from its first statement to its last."""

    def __init__(self, source: Source, importer: Importer, name: str, ledger: Ledger) -> None:
        self.source = source
        self.certain = True
        self.holders: dict[int, tuple[Any, set[str]]] = {}
        """Each object that a name was ever bound to, by id, and these names."""
        self._importer = importer
        self._ledger = ledger
        self._is_imported = ledger.reading > 0
        self._names: dict[str, Any] = {"__name__": name}
        self._fog: Unknown | None = None
        """Why any name may stand for anything, after a star import of a module not read."""
        self._needs: dict[str, Objects] = {}
        """The objects that must never change if what a name stands for is to be known."""
        self._elsewhere = syntax.assigned_elsewhere(source.tree)
        self._power = syntax.power(source.tree)
        for attr, node in syntax.stored_attributes(source.tree).items():
            ledger.patched.setdefault(attr, self.says(node, f"assigns the attribute `{attr}`"))
        self._read()

    def _read(self) -> None:
        ledger = self._ledger
        outer, ledger.reads = ledger.reads, {}
        ledger.reading += 1
        try:
            self._run_all(self.source.tree.body)
        finally:
            ledger.reading -= 1
            ledger.reads = outer

    # -- what names stand for -------------------------------------------------------------------

    def look(self, name: str) -> Any:
        """What a name stands for, now or once the file has run. Raises Unclear."""
        thing = self._thing(name)
        needed = dict(self._needs.get(name, {}))
        if kind_of(thing) is not None:
            needed[id(thing)] = thing
        self._ledger.reads.update(needed)
        if not self._ledger.reading:
            for one in needed.values():
                self._ledger.require_unchanged(one)
        return thing

    def _thing(self, name: str) -> Any:
        if self._power is not None:
            raise Unclear(self.says(self._power, "could change any name"))
        if name in self._elsewhere:
            raise Unclear(self.says(self._elsewhere[name], f"assigns `{name}` by way of `global`"))
        if name in self._names:
            if self._is_imported:
                self._refuse_patched(name)
            thing = self._names[name]
        elif self._fog is not None:
            thing = self._fog
        elif hasattr(builtins, name) and not name.startswith("__"):
            self._refuse_patched(name)
            thing = getattr(builtins, name)
        else:
            raise Unclear("there is no such name", NameError)
        if isinstance(thing, Trusted):
            if thing.attribute is not None:
                self._refuse_patched(thing.attribute)
            thing = computed(thing.load)
        if isinstance(thing, Imported):
            return thing.module.look(thing.name)
        if isinstance(thing, Unknown):
            raise Unclear(thing.why)
        return thing

    def attribute(self, thing: Any, name: str) -> Any:
        """An attribute of something that a name stands for. Raises Unclear."""
        self._refuse_patched(name)
        return attribute(thing, name)

    def functions(self) -> list[str]:
        """The names that stand for functions of files."""
        return [name for name, thing in self._names.items() if isinstance(thing, FileFunction)]

    def public(self) -> list[str]:
        """The names that `from module import *` binds. Raises Unclear if that is not known."""
        if self._power is not None:
            raise Unclear(self.says(self._power, "could change any name"))
        if self._fog is not None:
            raise Unclear(self._fog.why)
        if "__all__" not in self._names:
            return [name for name in self._names if not name.startswith("_")]
        return computed(list, plain(self.look("__all__")))

    def peek(self, name: str) -> Any:
        """What a name is bound to, whether or not that may change; None if to nothing known."""
        thing = self._names.get(name)
        if isinstance(thing, Imported):
            return thing.module.peek(thing.name)
        return None if isinstance(thing, Unknown) else thing

    def _refuse_patched(self, name: str) -> None:
        if name in self._ledger.patched:
            raise Unclear(self._ledger.patched[name])

    def says(self, node: ast.AST, what: str) -> str:
        """What a piece of the file does, with its place."""
        at = self.source.span(node)
        text = self.source.line(at.line).strip()
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        return f"line {at.line} of {Path(at.file).name} (`{shown}`) {what}"

    # -- following statements -------------------------------------------------------------------

    def _run_all(self, body: Iterable[ast.stmt]) -> None:
        for stmt in body:
            self._run(stmt)

    def _run(self, stmt: ast.stmt) -> None:
        """Follow a statement; if that is not possible, forget what it might bind."""
        ledger = self._ledger
        outer, ledger.reads = ledger.reads, {}
        before = set(self._names)
        try:
            self._follow(stmt)
        except Unclear as unclear:
            self.certain = False
            self._forget(stmt, unclear.why)
        own = [n for n in ast.iter_child_nodes(stmt) if not isinstance(n, ast.stmt)]
        for name in syntax.walrus_names(*own):
            self._bind(name, Unknown(self.says(stmt, f"assigns `{name}` in an expression")))
        for name in {*syntax.bound_by(stmt), *(set(self._names) - before)}:
            self._needs[name] = {**self._needs.get(name, {}), **ledger.reads}
        ledger.reads = {**outer, **ledger.reads}

    def _forget(self, stmt: ast.stmt, why: str) -> None:
        for name in syntax.bound_by(stmt):
            self._bind(name, Unknown(self.says(stmt, f"binds `{name}`: {why}")))
        for node in syntax.inside(stmt):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self._fog = Unknown(self.says(node, f"may bind any name: {why}"))
                self._names = dict.fromkeys(self._names, self._fog)

    def _bind(self, name: str, thing: Any) -> None:
        self._names[name] = thing
        held = self.peek(name)
        if held is not None:
            self.holders.setdefault(id(held), (held, set()))[1].add(name)

    def _follow(self, stmt: ast.stmt) -> None:
        """Do what a statement does. Raises Unclear where that is not known."""
        match stmt:
            case ast.FunctionDef(name=name):
                self._bind(name, undecorated(function_of(stmt, self), stmt.decorator_list, self))
            case ast.Import() | ast.ImportFrom():
                self._import(stmt)
            case ast.Assign(targets=targets, value=value):
                thing = evaluate(value, self)
                for target in targets:
                    self._assign(target, thing)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._assign(target, evaluate(value, self))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                left = self.look(name)
                if not isinstance(left, bool | int | float | str | tuple):
                    raise Unclear("it may change in place")
                right = plain(evaluate(value, self))
                self._bind(name, computed(BINARY[type(op)], left, right))
            case ast.Delete(targets=targets):
                self._delete(targets)
            case ast.If(test=test, body=body, orelse=orelse):
                self._run_all(body if truth(evaluate(test, self)) else orelse)
            case ast.Try():
                self._try(stmt)
            case ast.Pass() | ast.Global() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr() | ast.Assert():
                self.certain = False  # it may raise, but binds nothing
            case ast.ClassDef(name=name):
                self._bind(name, class_of(stmt, self, self._names["__name__"]))
            case ast.AsyncFunctionDef():
                raise Unclear("it is an `async` function")
            case _:
                raise Unclear("such statements are not followed")

    def _assign(self, target: ast.expr, thing: Any) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(name, thing)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                parts = computed(list, plain(thing))
                if len(parts) != len(elts) or any(isinstance(e, ast.Starred) for e in elts):
                    raise Unclear("it is taken apart")
                for inner, part in zip(elts, parts, strict=True):
                    self._assign(inner, part)
            case _:
                raise Unclear("it is stored into something")

    def _delete(self, targets: list[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self._thing(target.id)
                self._names.pop(target.id, None)

    def _import(self, stmt: ast.Import | ast.ImportFrom) -> None:
        try:
            self._importer.require(stmt)
        except Unclear:
            self.certain = False
        if isinstance(stmt, ast.Import):
            bound = dict(map(self._importer.module, stmt.names))
        elif stmt.names[0].name == "*":
            bound = self._importer.everything(stmt)
        else:
            bound = {a.asname or a.name: self._importer.member(stmt, a.name) for a in stmt.names}
        for name, thing in bound.items():
            self._bind(name, thing)

    def _try(self, stmt: ast.Try) -> None:
        """Follow a `try` whose way is certain: nothing raises, or a certain exception is raised."""
        before = dict(self._names)
        try:
            raised = self._until_raised(stmt.body)
            if raised is None:
                self._run_all(stmt.orelse)
            else:
                self._handle(stmt.handlers, raised)
            self._run_all(stmt.finalbody)
        except Unclear:
            self._names = before
            raise

    def _until_raised(self, body: list[ast.stmt]) -> type[BaseException] | None:
        """Follow statements up to the one that raises; what that raises."""
        for inner in body:
            if not isinstance(inner, CERTAIN):
                raise Unclear("it may raise or not")
            try:
                self._importer.require(inner)
                self._follow(inner)
            except Unclear as unclear:
                if unclear.raises is None:
                    raise Unclear("it may raise or not") from None
                return unclear.raises
        return None

    def _handle(self, handlers: list[ast.ExceptHandler], raised: type[BaseException]) -> None:
        for handler in handlers:
            kinds = (BaseException,) if handler.type is None else evaluate(handler.type, self)
            kinds = kinds if isinstance(kinds, tuple) else (kinds,)
            if not all(isinstance(k, type) and issubclass(k, BaseException) for k in kinds):
                raise Unclear("which exceptions it catches is not known")
            if issubclass(raised, kinds):
                self._run_all(handler.body)
                if handler.name is not None:
                    self._names.pop(handler.name, None)
                return


CERTAIN = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Pass,
)  # fmt: skip
"""The statements of which it can be certain whether they raise."""
