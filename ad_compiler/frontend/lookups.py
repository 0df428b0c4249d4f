"""Looking things up in the surroundings of a function, so that it can be done again.

Lowering finds globals, closures, defaults and attributes by steps from the root function. The
same steps are taken at each call, to read what is captured, and in another process, to see
whether a program that was kept on disk is still the one for the function. Nothing here knows the
compiler: a program from disk is checked and run without loading it, so this file is quick to load.
"""

from __future__ import annotations

import functools
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ad_compiler.frontend.hashing import sha256
from ad_compiler.ir.few import KINDS_OF_LENGTHS
from ad_compiler.ir.records import Record, items_of, record_of, text_of

Path = tuple[tuple[str, Any], ...]
"""Steps from the root function, each a kind and a label."""

TRUSTED = (
    "math", "numpy", "builtins", "operator", "functools", "itertools", "dataclasses",
    "collections", "scipy",
)  # fmt: skip
"""Packages whose attributes do not change."""


def _global(function: Any, name: str) -> Any:
    variables = function.__globals__
    return variables[name] if name in variables else function.__builtins__[name]


def _cell(function: Any, position: int) -> Any:
    return function.__closure__[position].cell_contents


def _default(function: Any, position: int) -> Any:
    return function.__defaults__[position]


def _keyword_default(function: Any, name: str) -> Any:
    return function.__kwdefaults__[name]


def _argument(partial: Any, position: int) -> Any:
    return partial.args[position]


def _keyword(partial: Any, name: str) -> Any:
    return partial.keywords[name]


def _function(partial: Any, _: None) -> Any:
    return partial.func


def _item(container: Any, key: Any) -> Any:
    return container()[key]


def _field(record: Any, name: str) -> Any:
    return getattr(record(), name)


def _module(_: Any, name: str) -> Any:
    if name.partition(".")[0] in TRUSTED:
        importlib.import_module(name)
    return sys.modules[name]


def _itself(thing: Any, _: None) -> Any:
    return thing


STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "global": _global,
    "cell": _cell,
    "default": _default,
    "keyword default": _keyword_default,
    "argument": _argument,
    "keyword": _keyword,
    "function": _function,
    "attribute": getattr,
    "item": _item,
    "field": _field,
    "module": _module,
    "itself": _itself,
}
"""What is found from an object by a label; an item or field, from the lookup of what holds it."""
PARTS = ("item", "field")


class Lookup:
    """Where a value is found: one step from an object. `path` is the way there, if it is known."""

    __slots__ = ("base", "kind", "label", "path")

    def __init__(self, base: Any, kind: str, label: Any, path: Path | None) -> None:
        self.base, self.kind, self.label, self.path = base, kind, label, path

    def __call__(self) -> Any:
        return STEPS[self.kind](self.base, self.label)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for two ways to the same variable."""
        match self.kind:
            case "item" | "field":
                return (*self.base.key, self.label)
            case "global":
                return (id(self.base.__globals__), "global", self.label)
            case "cell":
                return (id(self.base.__closure__[self.label]), "cell")
            case _:
                return (id(self.base), self.kind, self.label)

    def item(self, key: Any, record: Record | None = None) -> Lookup:
        """Where an item, or a field of a `record`, of the container is found that is here."""
        kind = "item" if record is None else "field"
        path = None if self.path is None else (*self.path, (kind, key))
        return Lookup(self, kind, key, path)


class Guard:
    """Something that must still be what it was when the program was made.

    `view`: what of it must be the same: `skeleton_of` a container, the kind of a number that the
    program was made for (`kind_text`), though it does not read it; None for all.
    """

    __slots__ = ("expected", "read", "view")

    def __init__(self, read: Lookup, thing: Any, view: Callable[[Any], Any] | None = None) -> None:
        self.read, self.view = read, view
        self.expected = thing if view is None else view(thing)

    def holds(self) -> bool:
        """Whether it still is: the same object, or an equal string, number or list of them."""
        now = self.read()
        if self.view is not None:
            now = self.view(now)
        if now is self.expected:
            return True
        plain = isinstance(now, (str, bytes, int, float, tuple))
        return plain and type(now) is type(self.expected) and bool(now == self.expected)


def skeleton_of(thing: Any) -> tuple[Any, ...]:
    """What kind of container something is, and its keys or its length."""
    if type(thing) not in (tuple, list, dict):
        return (type(thing),)
    return (type(thing).__name__, tuple(thing) if isinstance(thing, dict) else len(thing))


# -- fingerprints -----------------------------------------------------------------------------

SPELLINGS = {
    id(getattr(module, name)): f"{prefix}.{name}"
    for module, prefix in ((np, "np"), (math, "math"))
    for name in ("pi", "e", "tau", "inf", "nan", "euler_gamma")
    if hasattr(module, name)
}
"""The well-known constants by identity, so that `from math import pi` is still math.pi."""


class Prints:
    """Fingerprints of what is found, one after the other: equal text, equal program.

    An object that may be found in two ways is numbered, so that what is one object in the one
    process is one object in the other.
    """

    def __init__(self) -> None:
        self.seen: list[object] = []

    def number(self, thing: object) -> int:
        """The number of an object among those that were seen."""
        for k, one in enumerate(self.seen):
            if one is thing:
                return k
        self.seen.append(thing)
        return len(self.seen) - 1

    def of(self, thing: Any, constant: bool) -> str | None:
        """The fingerprint: all of a constant, only the kind of another number; None: none."""
        kind = type(thing)
        if kind is float and id(thing) in SPELLINGS:
            return f"spelled {SPELLINGS[id(thing)]}"
        if kind in (bool, int, float):
            return f"constant {kind.__name__} {thing!r}" if constant else kind.__name__
        if isinstance(thing, (np.ndarray, np.generic)):
            return None if constant else kind_text(thing)
        if kind is dict:
            plain = all(type(key) in (str, int) for key in thing)
            return f"dict {list(thing)!r}" if plain else None
        if kind in (tuple, list):
            return f"{kind.__name__} {len(thing)}"
        record = record_of(kind)
        if record is not None:
            text = text_of(record)
            return text and f"object {self.number(kind)} of {text}"
        return self._static(thing)

    def _static(self, thing: Any) -> str | None:
        if thing is None or thing is Ellipsis or type(thing) in (str, bytes):
            return f"{type(thing).__name__} {thing!r}"
        if isinstance(thing, ModuleType):
            name = thing.__name__
            return f"module {name} {version(name)}" if sys.modules.get(name) is thing else None
        named = trusted_name(thing)
        if named is not None:
            return f"object {named}"
        if type(thing) is FunctionType:
            return self.of_function(thing)
        if type(thing) is functools.partial:
            inner = self._static(thing.func)
            keywords = list(thing.keywords)
            number = self.number(thing)
            return inner and f"partial {number} {len(thing.args)} {keywords!r} of {inner}"
        if isinstance(thing, np.dtype):
            return f"dtype {thing.str}" if thing.isbuiltin == 1 else None
        record = record_of(thing) if isinstance(thing, type) else None
        text = record and text_of(record)
        return text and f"class {self.number(thing)} {text}"

    def of_function(self, function: FunctionType) -> str | None:
        """What a function does, and which variables it shares with functions seen before."""
        if hasattr(function, "__ad_compile_time__"):
            return None
        shared = [function, function.__globals__, *(function.__closure__ or ())]
        defaults = len(function.__defaults__ or ()), list(function.__kwdefaults__ or ())
        numbers = list(map(self.number, shared))
        return f"function {digest_of(function.__code__)} {numbers} {defaults}"


def version(module: str) -> str:
    """The version of a trusted package, empty for others."""
    root = module.partition(".")[0]
    return str(getattr(sys.modules[root], "__version__", "")) if root in TRUSTED else ""


def trusted_name(thing: Any) -> str | None:
    """Where an object of a trusted package is found again, and in which version."""
    module = "numpy" if isinstance(thing, np.ufunc) else getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    root = module.partition(".")[0]
    if root.removeprefix("_") not in TRUSTED or root not in sys.modules:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name} {version(module)}" if found is thing else None


def kind_text(value: Any) -> str | None:
    """What `driver.signature.kind_of` tells apart, as text; None for what has no text."""
    kind = type(value)
    if kind in (float, int, bool) or isinstance(value, np.generic):
        return f"{kind.__module__}.{kind.__name__}"
    if kind is np.ndarray:
        return f"array {value.dtype.str} {[KINDS_OF_LENGTHS.get(n) for n in value.shape]}"
    if kind in (tuple, list):
        parts = [kind_text(item) for item in value]
        return None if None in parts else f"{kind.__name__} {parts}"
    if kind is dict:
        items = [(repr(key), kind_text(item)) for key, item in value.items()]
        plain = all(type(key) in (str, int) for key in value)
        return f"dict {items}" if plain and all(text for _, text in items) else None
    record = record_of(kind)
    if record is not None:
        fields = [kind_text(item) for _, item in items_of(value) or ()]
        text = text_of(record)
        return text and (f"{text} {fields}" if None not in fields else None)
    return f"{kind.__name__} {value!r}" if kind in (str, bytes, type(None)) else None


_CODE = (
    "co_name", "co_firstlineno", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount",
    "co_flags", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_code",
    "co_linetable", "co_exceptiontable",
)  # fmt: skip


def digest_of(code: CodeType) -> str:
    """A hash of all that a code object says, its places included, and of its file's name."""
    digest = sha256(code.co_filename.replace("\\", "/").rpartition("/")[2].encode())
    for name in _CODE:
        digest.update(f"{name} {getattr(code, name, None)!r}\n".encode())
    for constant in code.co_consts:
        digest.update(f"{_constant_text(constant)}\n".encode())
    return digest.hexdigest()


def _constant_text(constant: Any) -> str:
    match constant:
        case CodeType():
            return digest_of(constant)
        case frozenset():
            return f"frozenset {sorted(map(_constant_text, constant))}"
        case tuple():
            return f"tuple {list(map(_constant_text, constant))}"
        case _:
            return f"{type(constant).__name__} {constant!r}"


# -- trails -----------------------------------------------------------------------------------


class Trail:
    """All that was looked up for a program, in order.

    A step is the path, whether the value counts as a constant, and the fingerprint of what was
    found. `complete`: the steps are all there were, and each can be taken again.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[Path, bool, str]] = []
        self.complete = False
        self._prints = Prints()
        self._paths: dict[int, Path] = {}
        self._kept: list[object] = []  # what the paths lead to, so that its ids stay its own

    def begin(self, root: FunctionType) -> None:
        """Start at a function."""
        text = self._prints.of_function(root)
        if text is not None:
            self.steps.append(((), False, text))
            self._paths[id(root)] = ()
            self._kept.append(root)
            self.complete = True

    def at(self, base: Any, kind: str, label: Any) -> Lookup:
        """The lookup that is one step from an object."""
        before = () if kind == "module" else self._paths.get(id(base))
        path = None if before is None else (*before, (kind, label))
        return Lookup(base, kind, label, path)

    def note(self, lookup: Lookup, thing: Any, constant: bool) -> None:
        """Remember what was found."""
        text = self._prints.of(thing, constant) if self.complete else None
        if text is None or lookup.path is None:
            self.complete = False
            return
        self.steps.append((lookup.path, constant, text))
        if isinstance(thing, (FunctionType, ModuleType, functools.partial)):
            self._paths.setdefault(id(thing), lookup.path)
            self._kept.append(thing)


def replayed(
    root: FunctionType, steps: Sequence[tuple[Path, bool, str]]
) -> dict[Path, tuple[Lookup, Any]] | None:
    """Take the steps of a trail again; None if one finds something else than it did."""
    prints = Prints()
    (_, _, first), *others = steps
    if prints.of_function(root) != first:
        return None
    found: dict[Path, tuple[Lookup, Any]] = {(): (Lookup(None, "", None, ()), root)}
    for path, constant, text in others:
        before, (kind, label) = path[:-1], path[-1]
        base: Any = None if kind == "module" else found[before][0 if kind in PARTS else 1]
        lookup = Lookup(base, kind, label, path)
        thing = lookup()
        if prints.of(thing, constant) != text:
            return None
        found[path] = (lookup, thing)
    return found
