"""What a module may mention: its imports, helper functions and built-in names.

A parameter keeps its name whatever it is; a module that has one called `np` imports NumPy under
another name, and one that has `max` says `builtins.max`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ad_compiler.backend.records import paths as record_paths
from ad_compiler.backend.text import paths_of_literal
from ad_compiler.errors import UsageError
from ad_compiler.ir.nodes import Atom, Const, Effect, For, Function, Let, atoms_of, leaves, walk
from ad_compiler.ir.primitive import Call
from ad_compiler.rules.custom import CUSTOM, MARK
from ad_compiler.rules.effects import RAISE

MODULES = {
    "math": "math", "np": "numpy", "builtins": "builtins", "dataclasses": "dataclasses",
    "numba": "numba",
}  # fmt: skip
"""The modules that emitted code imports whole, by the name they get."""
STANDARD = ("builtins", "dataclasses", "math")


@dataclass(slots=True)
class Spelling:
    """Names of things outside the functions of one module. Notes what is really used."""

    fixed: frozenset[str]
    """Names that are taken: of parameters and of the module's functions."""
    helpers: frozenset[str]
    imports: dict[str, str] = field(default_factory=dict[str, str])
    """The import lines in use, by module."""
    called: dict[str, str] = field(default_factory=dict[str, str])
    """The helper functions in use, and what they are called here."""
    known: dict[str, str] = field(default_factory=dict[str, str])
    handed: dict[str, Any] | None = None
    """Functions that whoever runs the module hands in, by their names there; None: imported."""

    def __call__(self, path: str) -> str:
        """How the module spells a dotted path."""
        if path not in self.known:
            self.known[path] = self._spell(path)
        return self.known[path]

    def _spell(self, path: str) -> str:
        if path.startswith(MARK):
            return self._spell_handed(*CUSTOM[path])
        if ":" in path:
            module, _, name = path.partition(":")
            return f"{self._import(module, '')}.{name}"
        root, _, rest = path.partition(".")
        if root in MODULES:
            own = self._import(MODULES[root], root)
            return f"{own}.{rest.replace(f'({root}.', f'({own}.')}"
        if root == "scipy":
            _, part, last = path.split(".", 2)
            return f"{self._import_part(root, part)}.{last}"
        if path in self.helpers:
            self.called[path] = self._free(path)
            return self.called[path]
        if root in self.fixed and not rest:
            return f"{self._import('builtins', 'builtins')}.{path}"
        return path

    def _spell_handed(self, name: str, thing: Any) -> str:
        """A function whose derivative is stated, or what a rule reads: imported, or handed in."""
        if self.handed is None:
            return self(importable(name, thing))
        name = self._free(name)
        while name in self.handed:
            name += "_"
        self.handed[name] = thing
        return name

    def _import(self, module: str, short: str) -> str:
        """Import a module; gives the name it has here."""
        own = short or module
        taken = own.partition(".")[0] in self.fixed
        name = self._free(module.replace(".", "_")) if taken else own
        self.imports[module] = f"import {module}" + (f" as {name}" if name != module else "")
        return name

    def _import_part(self, package: str, part: str) -> str:
        """Import a module from its package; gives the name it has here."""
        name = self._free(f"{package}_{part}") if part in self.fixed else part
        renamed = f" as {name}" if name != part else ""
        self.imports[f"{package}.{part}"] = f"from {package} import {part}{renamed}"
        return name

    def _free(self, name: str) -> str:
        while name in self.fixed:
            name += "_"
        return name

    def import_lines(self) -> list[str]:
        """The import statements, standard library first."""
        standard = [self.imports[m] for m in sorted(self.imports) if m in STANDARD]
        others = [self.imports[m] for m in sorted(self.imports) if m not in STANDARD]
        return [*standard, *([""] if standard and others else []), *others]


def importable(name: str, thing: Any) -> str:
    """The path of a function that can be imported. Raises UsageError for others."""
    module, path = getattr(thing, "__module__", None), getattr(thing, "__qualname__", name)
    found: Any = sys.modules.get(str(module))
    for part in path.split("."):
        found = getattr(found, part, None)
    if found is not thing or module == "__main__":
        raise UsageError(
            f"`{path}`, of which a custom_rule makes use, cannot be imported by an emitted module: "
            "a function must have its name at the top of a module, an array must be an argument"
        )
    return f"{module}:{path}"


def reserved_names(
    function: Function, spelling: Spelling, special: Mapping[str, tuple[str, ...]]
) -> set[str]:
    """The names that no variable of the function may take, since its text may mention them.

    `special` are the dotted paths that the printers of special primitives may mention.
    """
    handed = None if spelling.handed is None else dict[str, Any]()
    probe = Spelling(spelling.fixed, spelling.helpers, handed=handed)
    roots = {probe(path).partition(".")[0] for path in set(_paths(function, special))}
    return roots | {"_"}


def _paths(function: Function, special: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The dotted paths that the text of a function may mention."""
    yield from record_paths(function)
    if function.quiet:
        yield "np.errstate"
    yield from _of_atoms(function.results)
    yield from _of_atoms(p.default for p in function.parameters if p.default is not None)
    if any(isinstance(leaf, Const) for p in function.parameters for leaf in leaves(p.tree)):
        yield "ValueError"  # for other arguments than it is made for
    for stmt in walk(function.block):
        yield from _of_atoms(atoms_of(stmt))
        if isinstance(stmt, For):
            yield from ("range", "reversed")
        elif isinstance(stmt, Let | Effect):
            if isinstance(stmt.prim.spelling, Call):
                yield stmt.prim.spelling.path
            yield from special.get(stmt.prim.name, ())
            if stmt.prim is RAISE:
                yield from (a.value for a in stmt.args[:1] if isinstance(a, Const))


def _of_atoms(atoms: Iterable[Atom]) -> Iterator[str]:
    for atom in atoms:
        if isinstance(atom, Const):
            if atom.spelling is not None:
                yield atom.spelling.removeprefix("-")
            elif not (isinstance(atom.value, float) and isfinite(atom.value)):
                yield from paths_of_literal(atom.value)
