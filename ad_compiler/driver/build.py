"""From a lowered program to a compiled derivative, by way of the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ad_compiler.backend import emit, format_black
from ad_compiler.driver import store
from ad_compiler.driver.load import foreign, load
from ad_compiler.driver.signature import kinds_of
from ad_compiler.frontend.lower import Lowered
from ad_compiler.ir.nodes import Branch, Function, Tree
from ad_compiler.ir.text import to_text
from ad_compiler.symbolic.simplify import simplify
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.rebuild import rebuild


@dataclass(frozen=True)
class Options:
    """How derivative code is made; part of what a cached program is known by."""

    simplify: str | None = None


@dataclass(frozen=True)
class Program:
    """A derivative that is compiled for arguments of certain kinds."""

    lowered: Lowered
    text: str
    direct: Callable[..., Any]
    captured: tuple[Any, ...]
    """The kinds of the captured values."""

    @cached_property
    def fixed(self) -> tuple[tuple[int, Any], ...]:
        """The leaves of the arguments that must have certain values."""
        return self.lowered.fixed

    @cached_property
    def pretty(self) -> str:
        """The text as Black formats it."""
        return format_black(self.text)

    def inputs(self) -> list[Any] | None:
        """The captured values of now; None if the program does not hold for them."""
        lowered = self.lowered
        for guard in lowered.guards:
            if not guard.holds():
                return None
        if not lowered.captures:
            return []
        values = [capture.read() for capture in lowered.captures]
        return values if kinds_of(values) == self.captured else None


def build(lowered: Lowered, options: Options) -> Program:
    """Optimise, emit and compile a derived program."""
    derived = lowered.function
    key = store.key_of(to_text(derived), repr(options))
    text = store.load(key)
    if text is None or foreign(text) is not None:
        text = emit(finish(simplified(derived, options)))
        store.save(key, text)
    captured = kinds_of(capture.read() for capture in lowered.captures)
    return Program(lowered, text, load(text, derived.name), captured)


def simplified(function: Function, options: Options) -> Function:
    """The program with its straight-line regions simplified, if that was asked for."""
    if options.simplify is None:
        return function
    return rebuild(simplify(function))


def flat_values(tree: Tree, value: Any) -> list[Any]:
    """The values of the leaves of a container."""
    if not isinstance(tree, Branch):
        return [value]
    keys: Any = tree.keys if tree.kind == "dict" else range(len(tree.children))
    return [
        v
        for key, child in zip(keys, tree.children, strict=True)
        for v in flat_values(child, value[key])
    ]
