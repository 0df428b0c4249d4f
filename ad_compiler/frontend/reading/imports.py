"""What the imports of a file bind: trusted packages, and files beside it, which are read too."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ad_compiler.frontend.lookups import TRUSTED
from ad_compiler.frontend.reading.things import (
    External,
    Imported,
    ReadModule,
    Trusted,
    Unclear,
    Unknown,
)

KNOWN = (*TRUSTED, "typing")
"""Packages that may be loaded, and whose attributes do not change."""

NAMED = ("numba", "ad_compiler")
"""Packages of which a few things are known by name."""


class Importer:
    """Finds the modules that one file imports. `read` reads a file of the same program."""

    def __init__(self, file: Path | None, read: Callable[[Path], ReadModule]) -> None:
        self.folder = None if file is None else file.resolve().parent
        self.root = self.folder
        while self.root is not None and (self.root / "__init__.py").is_file():
            self.root = self.root.parent
        self.read = read

    def module(self, alias: ast.alias) -> tuple[str, Any]:
        """What `import a.b` or `import a.b as c` binds: the name, and the module."""
        if alias.asname is not None:
            return alias.asname, self._found(alias.name, 0)
        root = alias.name.partition(".")[0]
        found = self._found(root, 0)
        if root != alias.name and isinstance(found, ReadModule):
            found = Unknown(f"`{alias.name}` is a module of a package that is read")
        return root, found

    def member(self, stmt: ast.ImportFrom, name: str) -> Any:
        """What `from module import name` binds."""
        found = self._found(stmt.module or "", stmt.level)
        match found:
            case Trusted(module):
                if _is_missing(module, name):
                    raise Unclear(f"`{module}` has no `{name}`", ImportError)
                return Trusted(module, name)
            case External(path):
                return External(f"{path}.{name}")
            case ReadModule():
                return self._of_file(found, stmt, name)
            case _:
                return found

    def everything(self, stmt: ast.ImportFrom) -> Mapping[str, Any]:
        """What `from module import *` binds."""
        found = self._found(stmt.module or "", stmt.level)
        match found:
            case Trusted(module):
                loaded = importlib.import_module(module)
                public = [name for name in vars(loaded) if not name.startswith("_")]
                return {n: Trusted(module, n) for n in getattr(loaded, "__all__", public)}
            case ReadModule():
                return {name: Imported(found, name) for name in found.public()}
            case Unknown(why):
                raise Unclear(why)
            case _:
                raise Unclear("the names of that module are not read")

    def require(self, stmt: ast.stmt) -> None:
        """Raises Unclear unless an import surely works, or surely does not."""
        match stmt:
            case ast.Import(names=names):
                modules = [(alias.name, 0) for alias in names]
            case ast.ImportFrom(module=module, level=level):
                modules = [(module or "", level)]
            case _:
                return
        for name, level in modules:
            match self._found(name, level):
                case External() if _spec(name.partition(".")[0]) is None:
                    raise Unclear(f"there is no module `{name}`", ModuleNotFoundError)
                case External() | Trusted():
                    pass
                case ReadModule(certain=True):
                    pass
                case _:
                    raise Unclear(f"the import of `{name}` may fail")

    def _of_file(self, found: ReadModule, stmt: ast.ImportFrom, name: str) -> Any:
        try:
            found.look(name)
        except Unclear as unclear:
            if unclear.raises is None:
                return Imported(found, name)
        else:
            return Imported(found, name)
        prefix = "" if stmt.module is None else f"{stmt.module}."
        path = self._path(f"{prefix}{name}", stmt.level)
        if path is None:
            raise Unclear(f"{Path(found.source.file).name} has no `{name}`", ImportError)
        return self._read(path, name)

    def _found(self, name: str, level: int) -> Any:
        """A module by its name."""
        root = name.partition(".")[0]
        path = None if not level and root in sys.builtin_module_names else self._path(name, level)
        if path is not None:
            return self._read(path, name)
        if root in KNOWN and not level:
            if _spec(name) is None:
                raise Unclear(f"there is no module `{name}`", ModuleNotFoundError)
            return Trusted(name)
        if root in NAMED and not level:
            return External(name)
        return Unknown(f"it comes from the module `{'.' * level}{name}`, which is not read")

    def _read(self, path: Path, name: str) -> Any:
        try:
            return self.read(path)
        except (OSError, SyntaxError, ValueError) as error:
            return Unknown(f"the module `{name}` cannot be read: {error}")

    def _path(self, name: str, level: int) -> Path | None:
        """The file of a module of the same program."""
        base = self.folder if level else self.root
        for _ in range(level - 1):
            base = None if base is None else base.parent
        if base is None:
            return None
        whole = base.joinpath(*name.split(".")) if name else base
        candidates = (whole / "__init__.py", whole.with_name(f"{whole.name}.py"))
        return next((path for path in candidates if path.is_file()), None)


def _spec(name: str) -> object | None:
    try:
        return find_spec(name)
    except (ImportError, ValueError):
        return None


def _is_missing(module: str, name: str) -> bool:
    loaded = importlib.import_module(module)
    return not hasattr(loaded, name) and _spec(f"{module}.{name}") is None
