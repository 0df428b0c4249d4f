"""Does a rewritten stretch of code give the same numbers? Asked at fixed points.

The judge is exact: arithmetic is repeated in fractions. A rewriting passes at a point if it is
right to a relative 1e-12, or within a small factor as right as the code that it replaces, and if
it gives infinities and NaN only where those are right or were there before.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Block, Const, Let, Undef, Var, defined_by
from ad_compiler.ir.types import Array, Bool, Float, Int, Type, dtype_of
from ad_compiler.rules.registry import RULES, Partials
from ad_compiler.symbolic.regions import arithmetic, small_power

SPECIAL = (0.0, 1.0, -1.0, 0.5, 2.0, 1e10, -1e10, 1e-10, 1e100, -1e-100)
MIXED_POINTS = 30
NEEDED_POINTS = 8
RELATIVE = 1e-12
AS_GOOD = 4
"""By what factor a rewriting may be less accurate than the code that it replaces."""
LARGEST = Fraction(np.finfo(np.float64).max)
SMALLEST = Fraction(1e-300)

Env = dict[Var, Any]


@dataclass(slots=True)
class Sampler:
    """Values for what a stretch of code reads; `special` is tried before random ones."""

    special: float | None
    random: random.Random

    def draw(self, type_: Type) -> Any:
        """A value of a type."""
        match type_:
            case Bool():
                return self.random.random() < 0.5
            case Int():
                return int(4 * self.random.random()) + 1
            case Float() | Array():
                return _of_kind(self._float(), type_)
            case _:
                return None

    def _float(self) -> float:
        if self.special is not None:
            return self.special
        if self.random.random() < 0.2:
            return SPECIAL[int(self.random.random() * len(SPECIAL))]
        return 8 * self.random.random() - 4


def _of_kind(value: float, type_: Type) -> Any:
    """A number that behaves like one element of the type."""
    match dtype_of(type_):
        case "f64":
            return np.float64(value)
        case "f32":
            return np.float32(value)
        case _:
            return value


def samplers() -> Iterator[Sampler]:
    """The same points, always."""
    for value in SPECIAL:
        yield Sampler(value, random.Random(1))
    yield from (Sampler(None, random.Random(k)) for k in range(MIXED_POINTS))


@dataclass(slots=True)
class Judge:
    """Compares a stretch of code with rewritten ones."""

    original: Block
    unknowns: Container[Var]
    """Arithmetic values that the rewriting takes as given."""
    points: list[Env] = field(default_factory=list[Env])

    def __post_init__(self) -> None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = (run(self.original, sampler) for sampler in samplers())
            self.points = [env for env in found if env is not None]

    def accepts(self, rewritten: Block, outputs: Mapping[Var, Let]) -> bool:
        """Whether the outputs, as the rewritten code computes them, are right at all points."""
        if len(self.points) < NEEDED_POINTS:
            return False
        same = {id(stmt) for stmt in self.original.body}
        new = [s for s in rewritten.body if isinstance(s, Let) and id(s) not in same]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return all(self._accepts_at(env, new, outputs) for env in self.points)

    def _accepts_at(self, env: Env, new: list[Let], outputs: Mapping[Var, Let]) -> bool:
        fresh: Env = {}
        for let in new:
            try:
                args = [_value(a, env, fresh) for a in let.args]
                fresh[let.targets[0]] = let.prim.evaluate(*args)
            except (ArithmeticError, ValueError, TypeError):
                return False
        exact = Exact(self.original, env, self.unknowns)
        changed = [var for var in outputs if var in fresh]
        return all(as_right(fresh[v], env[v], exact.value(v)) for v in changed)


def run(block: Block, sampler: Sampler) -> Env | None:
    """Run a stretch of code, sampling what it does not compute itself; None if it raises."""
    env: Env = {}

    def get(atom: Atom) -> Any:
        if isinstance(atom, Var) and atom not in env:
            env[atom] = sampler.draw(atom.type)
        return _value(atom, env, {})

    for stmt in block.body:
        targets = defined_by(stmt)
        if not (isinstance(stmt, Let) and len(targets) == 1 and _elementwise(stmt)):
            env.update((t, sampler.draw(t.type)) for t in targets)
            continue
        try:
            env[targets[0]] = stmt.prim.evaluate(*map(get, stmt.args))
        except (ArithmeticError, ValueError, TypeError):
            return None
    return env


def _elementwise(let: Let) -> bool:
    return isinstance(RULES.get(let.prim), Partials) or arithmetic(let) is not None


def _value(atom: Atom, env: Env, fresh: Env) -> Any:
    match atom:
        case Var():
            return fresh[atom] if atom in fresh else env[atom]
        case Const():
            return atom.value
        case Undef():
            return None


class Exact:
    """The exact values of arithmetic, given the numbers that it starts from."""

    def __init__(self, block: Block, env: Env, unknowns: Container[Var]) -> None:
        self.env = env
        self.known: dict[Var, Fraction | None] = {}
        for stmt in block.body:
            if isinstance(stmt, Let) and arithmetic(stmt) and stmt.targets[0] not in unknowns:
                self.known[stmt.targets[0]] = self._compute(stmt)

    def value(self, atom: Atom) -> Fraction | None:
        """The exact value, None where there is no such number."""
        if isinstance(atom, Const):
            return Fraction(atom.value)
        assert isinstance(atom, Var)
        if atom in self.known:
            return self.known[atom]
        number = float(self.env[atom])
        return Fraction(number) if math.isfinite(number) else None

    def _compute(self, let: Let) -> Fraction | None:
        args = [self.value(a) for a in let.args]
        numbers = [a for a in args if a is not None]
        if len(numbers) < len(args):
            return None
        match arithmetic(let), numbers:
            case "+", [a, b]:
                return a + b
            case "-", [a, b]:
                return a - b
            case "*", [a, b]:
                return a * b
            case "/", [a, b]:
                return a / b if b else None
            case "neg", [a]:
                return -a
            case "square", [a]:
                return a**2
            case "**", [a, _]:
                return a ** (small_power(let.args[1]) or 0)
            case _:
                return None


def as_right(new: Any, old: Any, exact: Fraction | None) -> bool:
    """Whether a new result is right, or as right as the old one."""
    new, old = float(new), float(old)
    if exact is None or abs(exact) > LARGEST:
        beyond = exact is not None and new == (math.inf if exact > 0 else -math.inf)
        return beyond or new == old or (math.isnan(new) and math.isnan(old))
    if not math.isfinite(new):
        return not math.isfinite(old) and (math.isnan(old) or new == old)
    allowed = max(abs(exact) * Fraction(RELATIVE), SMALLEST)
    if math.isfinite(old):
        allowed = max(allowed, AS_GOOD * abs(Fraction(old) - exact))
    return abs(Fraction(new) - exact) <= allowed
