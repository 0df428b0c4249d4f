"""What a name of a file may stand for, besides plain Python objects."""

from __future__ import annotations

import ast
import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from ad_compiler.frontend.source import Code, Source

FunctionNode = ast.FunctionDef | ast.Lambda


class Unclear(Exception):
    """The text does not say what something is. `raises`: it says that running it raises this."""

    def __init__(self, why: str, raises: type[BaseException] | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.raises = raises


class ReadModule(ABC):
    """A file that is read instead of run, and what its names stand for."""

    source: Source
    certain: bool
    """Whether running it surely raises nothing."""

    @abstractmethod
    def look(self, name: str) -> Any:
        """What a name stands for: now, or after all of the file. Raises Unclear."""

    @abstractmethod
    def attribute(self, thing: Any, name: str) -> Any:
        """An attribute of something that a name stands for. Raises Unclear."""

    @abstractmethod
    def peek(self, name: str) -> Any:
        """What a name is bound to, whether or not that may change; None if to nothing known."""

    @abstractmethod
    def public(self) -> list[str]:
        """The names that `from module import *` binds. Raises Unclear if that is not known."""


@dataclass(frozen=True, eq=False)
class Unknown:
    """What only running the file would tell, and why."""

    why: str


@dataclass(frozen=True)
class External:
    """Something of a package that is known by its name alone: `numba.njit`."""

    path: str


@dataclass(frozen=True)
class Trusted:
    """A module whose attributes do not change, or one of its attributes; loaded when needed."""

    module: str
    attribute: str | None = None

    def load(self) -> Any:
        """The object itself."""
        module = importlib.import_module(self.module)
        if self.attribute is None:
            return module
        if not hasattr(module, self.attribute):
            importlib.import_module(f"{self.module}.{self.attribute}")
        return getattr(module, self.attribute)


@dataclass(frozen=True)
class Imported:
    """A name of another file."""

    module: ReadModule
    name: str


@dataclass(frozen=True, eq=False)
class FileFunction:
    """A function of a file, with its defaults as they were when it was defined."""

    module: ReadModule
    node: FunctionNode
    defaults: dict[str, Any]

    @property
    def code(self) -> Code:
        """The function's source."""
        return self.module.source.code(self.node)


def defaults_of(node: FunctionNode) -> dict[str, ast.expr]:
    """The expression of each default, by parameter, in the order of evaluation."""
    spec = node.args
    plain = [*spec.posonlyargs, *spec.args]
    given = plain[len(plain) - len(spec.defaults) :]
    pairs = list(zip(given, spec.defaults, strict=True))
    pairs += [
        (arg, default)
        for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if default is not None
    ]
    return {arg.arg: default for arg, default in pairs}


def words(text: str) -> frozenset[str]:
    """The words of a text, as a table."""
    return frozenset(text.split())


def members(module: object, text: str) -> frozenset[Any]:
    """Things of a module, by their names."""
    return frozenset(getattr(module, name) for name in text.split())
