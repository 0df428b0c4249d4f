"""All files that one function needs, each read once, and whether their objects ever change."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ad_compiler.errors import UsageError
from ad_compiler.frontend.reading.changes import Change, Flow, Held, kind_of
from ad_compiler.frontend.reading.constants import evaluate
from ad_compiler.frontend.reading.imports import Importer
from ad_compiler.frontend.reading.module import Ledger, Module
from ad_compiler.frontend.reading.things import FileFunction, ReadModule, Unclear
from ad_compiler.frontend.reading.usage import Usage
from ad_compiler.frontend.source import Source


class Program:
    """The files that are read together."""

    def __init__(self) -> None:
        self.modules: list[Module] = []
        self._files: dict[Path, Module | None] = {}
        self._usages: dict[ReadModule, Usage] = {}
        self._ledger = Ledger(self.require_unchanged)
        self._verdicts: dict[int, tuple[Any, str]] = {}
        """Why an object may change, or an empty text, by its id."""

    @property
    def patched(self) -> dict[str, str]:
        """The attributes that the files assign, each with the place of an assignment in words."""
        return self._ledger.patched

    def read(self, source: Source, path: Path | None) -> Module:
        """Read a text; `path` is the file that it comes from, if it does."""
        if path is not None:
            self._files[path.resolve()] = None
        name = Path(source.file).stem
        module = Module(source, Importer(path, self._read_file), name, self._ledger)
        self.modules.append(module)
        if path is not None:
            self._files[path.resolve()] = module
        return module

    def _read_file(self, path: Path) -> Module:
        key = path.resolve()
        if key in self._files:
            module = self._files[key]
            if module is None:
                raise ValueError("it imports the file that imports it")
            return module
        return self.read(Source(str(path), decoded(path.read_bytes(), str(path))), path)

    def require_unchanged(self, thing: Any, function: FileFunction | None = None) -> None:
        """Raises Unclear if an object may change.

        `function`: it is one of its defaults, and known only there.
        """
        kind = kind_of(thing)
        if kind is None:
            return
        if id(thing) not in self._verdicts:
            self._verdicts[id(thing)] = (thing, "")  # while it is looked into
            self._verdicts[id(thing)] = (thing, self._change(thing, kind, function))
        why = self._verdicts[id(thing)][1]
        if why:
            raise Unclear(why)

    def _change(self, thing: Any, kind: str, function: FileFunction | None) -> str:
        flow = Flow(self.usage)
        if function is not None:
            for name, default in function.defaults.items():
                if default is thing:
                    key = (function.node, name)
                    flow.carry(self.usage(function.module), key, Held(kind, thing))
        names: list[tuple[Module, str, Held]] = []
        for module in self.modules:
            for holder, bound in module.holders.values():
                if _holds(holder, thing):
                    held = Held(str(kind_of(holder)), holder)
                    names += [(module, name, held) for name in sorted(bound)]
        for module, name, held in names:
            flow.carry(self.usage(module), (module.source.tree, name), held)
        try:
            flow.run(
                (usage, node, held)
                for module, name, held in names
                for usage, node in self._attributes(module, name)
            )
        except Change as change:
            module = change.module
            assert isinstance(module, Module)
            return module.says(change.node, "may change it")
        return ""

    def _attributes(self, owner: Module, name: str) -> Iterator[tuple[Usage, Any]]:
        """The places that read a name of a module as its attribute."""
        for module in self.modules:
            usage = self.usage(module)
            for node in usage.attributes.get(name, []):
                try:
                    if evaluate(node.value, module) is owner:
                        yield usage, node
                except Unclear:
                    continue

    def usage(self, module: ReadModule) -> Usage:
        """The uses of the names of a file."""
        if module not in self._usages:
            self._usages[module] = Usage(module)
        return self._usages[module]


def _holds(holder: Any, thing: Any) -> bool:
    """Whether an object is another, has its memory, or holds it somewhere inside."""
    if holder is thing:
        return True
    match holder:
        case np.ndarray():
            return isinstance(thing, np.ndarray) and np.may_share_memory(holder, thing)
        case list() | tuple() | dict():
            items = holder.values() if isinstance(holder, dict) else holder
            return any(_holds(item, thing) for item in items)
        case _:
            return False


def decoded(data: bytes, name: str) -> str:
    """The text of a file, in the encoding that it declares. Raises UsageError."""
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UsageError(f"{name} cannot be read as text: {error}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
