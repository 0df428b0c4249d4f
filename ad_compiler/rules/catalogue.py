"""The table as people look at it: by the names they write, with what is said about each."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.ir.primitive import Call, Method, Operator, Primitive
from ad_compiler.rules.registry import (
    DEFINITIONS,
    LATER,
    MEANINGS,
    METHODS,
    OPERATORS,
    REFUSED,
    RULES,
    SAME,
    Definition,
    Flat,
    Linear,
    Partials,
    Rule,
    read_later,
)

Meaning = Primitive | Definition | tuple[str, str]
"""What a name stands for: an operation, a definition, or why there is none and what to do."""


@dataclass(frozen=True)
class Entry:
    """A function as people write it, and what is known of it."""

    path: str
    thing: Any
    meaning: Meaning

    @property
    def rule(self) -> Rule | None:
        """The rule, of an operation."""
        return RULES[self.meaning] if isinstance(self.meaning, Primitive) else None

    @property
    def kind(self) -> str:
        """How it is derived, in a word."""
        match self.meaning, self.rule:
            case Definition(inert=True), _:
                return "no derivative"
            case Definition(), _:
                return "defined by others"
            case Primitive(), Partials():
                return "elementwise"
            case Primitive(), Linear():
                return "structural"
            case Primitive(), _:
                return "no derivative"
            case _:
                return "refused"

    @property
    def orders(self) -> str:
        """How often it can be differentiated, in either mode."""
        if self.kind in ("no derivative", "refused"):
            return ""
        return "2" if self.path.endswith("linalg.det") else "any"

    @property
    def convention(self) -> str:
        """What holds at kinks and singular points."""
        match self.rule:
            case Partials(convention=text) | Linear(convention=text):
                return text
            case Flat(why):
                return why
            case _:
                return self.meaning[0] if isinstance(self.meaning, tuple) else ""


def entries() -> list[Entry]:
    """Every function with a rule, a definition or a reason for having none, by name."""
    read_later(LATER)
    found: dict[str, Entry] = {}
    for table in (MEANINGS, DEFINITIONS, REFUSED):
        for thing, meaning in table.items():
            path = path_of(thing)
            found[path] = Entry(path, thing, meaning)
    for symbol, primitive in OPERATORS.items():
        found.setdefault(symbol, Entry(symbol, None, primitive))
    for name, meant in METHODS.items():
        if isinstance(meant, Primitive):
            found[f"x.{name}"] = Entry(f"x.{name}", None, meant)
    return sorted(found.values(), key=lambda entry: entry.path.lower())


PREFIXES = {
    "scipy.special": "scipy.special", "scipy.linalg": "scipy.linalg",
    "scipy.integrate": "scipy.integrate",
    **{f"numpy.polynomial.{kind}": f"np.polynomial.{kind}" for kind in (
        "polynomial", "chebyshev", "legendre", "hermite", "hermite_e", "laguerre",
    )},
}  # fmt: skip
"""What people call the modules that functions are in."""


def path_of(thing: Any) -> str:
    """The dotted name of a function as people write it."""
    owner = getattr(thing, "__self__", None)
    name = getattr(thing, "__name__", repr(thing))
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{name}"
    module = getattr(thing, "__module__", "") or ""
    if module.startswith("scipy.stats"):
        return f"scipy.stats.{getattr(owner, 'name', '')}.{name}"
    for package, prefix in PREFIXES.items():
        if module.startswith(package):
            return f"{prefix}.{name}"
    primitive = MEANINGS.get(thing)
    if primitive is not None and primitive.name.startswith("scipy."):
        return primitive.name
    if module == "builtins":
        return name
    root = "np" if module.startswith("numpy") or isinstance(thing, np.ufunc) else module
    for inner in ("linalg", "fft"):
        if f".{inner}" in module and getattr(getattr(np, inner), name, None) is thing:
            return f"np.{inner}.{name}"
    return f"{root}.{name}"


def named(name: str) -> list[Entry]:
    """The entries of a name; without its module it may stand for several."""
    plain = name.removeprefix("numpy.") if name.startswith("numpy.") else name
    plain = f"np.{plain}" if plain != name else name
    every = entries()
    exact = [entry for entry in every if entry.path == plain]
    return exact or [entry for entry in every if entry.path.rpartition(".")[2] == plain]


# -- how they are shown ---------------------------------------------------------------------------


def spelled(primitive: Primitive) -> str:
    """How a program writes the operation."""
    params = list(primitive.params)
    match primitive.spelling:
        case Operator(symbol) if len(params) == 1:
            return f"{symbol} {params[0]}" if symbol.isalpha() else f"{symbol}{params[0]}"
        case Operator(symbol):
            return f" {symbol} ".join(params)
        case Call(path):
            return f"{path}({', '.join(signature(primitive, params))})"
        case Method(name):
            return f"{params[0]}.{name}({', '.join(signature(primitive, params[1:]))})"
        case _:
            return f"{primitive.name}({', '.join(params)})"


def signature(primitive: Primitive, params: Sequence[str]) -> list[str]:
    """Parameters with their defaults."""
    defaults = primitive.defaults
    return [f"{p}={defaults[p]!r}" if p in defaults else p for p in params]


def texts_of(rule: Partials) -> list[tuple[str, str | None]]:
    """The partial derivatives of a rule: the operand, and the text; None if it is refused."""
    texts = min(rule.partials, rule.numbers or rule.partials, key=lambda t: len(str(t)))
    given = [(p, t) for p, t in zip(rule.params, texts, strict=False) if t is not None]
    return [*given, *((name, None) for name in rule.refuses)]


def linear_in(rule: Linear) -> str:
    """The operands in which the operation is its own derivative, in a sentence."""
    same = [f"`{name}`" for name, jvp in rule.jvps.items() if jvp is SAME]
    if not same:
        return ""
    return f"Linear in {' and in '.join(same)}{', jointly' * (rule.joint and len(same) > 1)}."


def sources_of(rule: Linear) -> list[str]:
    """The derivative functions of a rule, as they are written."""
    functions = dict.fromkeys((*rule.jvps.values(), *rule.vjps.values()))
    functions.pop(SAME, None)
    return list(dict.fromkeys(textwrap.dedent(inspect.getsource(f)).strip() for f in functions))


def definition_text(definition: Definition) -> str:
    """A definition, as it is written."""
    lines = textwrap.dedent(inspect.getsource(definition.function)).strip().splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[start:])


def samples_of(entry: Entry) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments that the function may be called with, of those that the tests use."""
    match entry.meaning, entry.rule:
        case Definition(samples=samples), _:
            for sample in samples:
                last = sample[-1] if isinstance(sample[-1], dict) else None
                yield (sample, {}) if last is None else (sample[:-1], last)
        case Primitive() as primitive, Linear(samples=samples) | Flat(samples=samples):
            for sample in samples:
                yield _called(primitive, sample)
        case _:
            return


def _called(
    primitive: Primitive, sample: tuple[Any, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The operands of an operation as the arguments of a call: what is a default is left out."""
    if any(p.startswith("*") for p in primitive.params):
        return sample, {}
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    gap = False
    for name, value in zip(primitive.params, sample, strict=True):
        default = primitive.defaults.get(name, inspect.Parameter.empty)
        if type(value) is type(default) and value == default:
            gap = True
        elif gap or name in primitive.keyword_only:
            keywords[name] = value
        else:
            positional.append(value)
    return tuple(positional), keywords
