"""Judges the derivatives of one program, by properties that need no second implementation."""

from __future__ import annotations

import copy
import linecache
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.api import grad, jvp, value_and_grad, vjp
from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.generate import Program

WRT = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Verdict:
    """`right`, `refused`, `undecided` (the oracle itself is too inexact) or `wrong`."""

    outcome: str
    detail: str = ""


class Wrong(AssertionError):
    """A derivative that an oracle contradicts."""


class NotFinite(Wrong):
    """A derivative that is no number, or infinite."""


def load(program: Program) -> Callable[..., Any]:
    """Run the text of a program as a module of its own; gives its `f`."""
    name = f"<fuzz {program.seed}>"
    lines = program.text.splitlines(keepends=True)
    linecache.cache[name] = (len(program.text), None, lines, name)
    module = types.ModuleType(f"fuzz_{program.seed}")
    exec(compile(program.text, name, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__["f"]


def point(seed: int) -> tuple[Any, ...]:
    """Arguments for a program."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    scalars = [float(s) for s in rng.normal(size=2)]
    return (*scalars, rng.normal(size=n), rng.normal(size=n), rng.normal(size=(n, 3)), n)


def judge(program: Program) -> Verdict:
    """All oracles on one program."""
    f, args = load(program), point(program.seed)
    try:
        with np.errstate(all="ignore"):
            expected = f(*copy.deepcopy(args))
    except Exception as error:
        return raises(f, args, error)
    try:
        check(f, args, expected, np.random.default_rng(program.seed))
    except Unsupported as refusal:
        return Verdict("refused", str(refusal))
    except NotFinite as found:
        return Verdict("undecided" if overflows(f, args) else "wrong", str(found))
    except Wrong as wrong:
        return Verdict("wrong", str(wrong))
    return Verdict("right")


def overflows(f: Callable[..., Any], args: Sequence[Any]) -> bool:
    """Whether a program itself leaves the range of floats, though its value may be finite."""
    try:
        with np.errstate(over="raise", invalid="raise"):
            f(*copy.deepcopy(args))
    except FloatingPointError:
        return True
    return False


def raises(f: Callable[..., Any], args: Sequence[Any], expected: Exception) -> Verdict:
    """A program that raises: its derivative raises the same."""
    try:
        value_and_grad(f, WRT)(*args)
    except Unsupported as refusal:
        return Verdict("refused", str(refusal))
    except Exception as error:
        if type(error) is type(expected) and str(error) == str(expected):
            return Verdict("right")
        return Verdict("wrong", f"it raises {error!r}, not {expected!r}")
    return Verdict("wrong", f"it does not raise {expected!r}")


def check(f: Callable[..., Any], args: Sequence[Any], expected: Any, rng: Any) -> None:
    """Primal equality, dot product, differences, second order, arguments untouched."""
    saved = copy.deepcopy(list(args))
    value, grads = value_and_grad(f, WRT)(*args)
    same("the value", value, expected)
    dots = [rng.normal(size=np.shape(a)) if np.ndim(a) else float(rng.normal()) for a in args[:-1]]
    primal, tangent = jvp(f, tuple(args), (*dots, 0))
    same("the value of jvp", primal, expected)
    close("<g, x_dot> and the tangent", inner(grads, dots), tangent, 1e-10)
    value, pullback = vjp(f, *args)
    again = [pullback(1.0)[: len(WRT)], pullback(1.0)[: len(WRT)]]
    for back in again:
        close("pullback and gradient", inner(back, dots), inner(grads, dots), 1e-12)
    differences(lambda a: f(*a, args[-1]), args[:-1], dots, tangent)
    second_order(f, args, dots, rng)
    for before, after in zip(saved, args, strict=True):
        same("an argument", after, before)


def second_order(f: Callable[..., Any], args: Sequence[Any], dots: Sequence[Any], rng: Any) -> None:
    """The Hessian is symmetric, and forward over reverse is reverse over reverse."""
    others = [rng.normal(size=np.shape(d)) if np.ndim(d) else float(rng.normal()) for d in dots]
    _, left = jvp(grad(f, WRT), tuple(args), (*dots, 0))
    _, right = jvp(grad(f, WRT), tuple(args), (*others, 0))
    close("symmetry of the Hessian", inner(left, others), inner(right, dots), 1e-8)


def inner(one: Sequence[Any], other: Sequence[Any]) -> float:
    """The inner product of two containers of arrays and numbers."""
    return float(
        sum(np.sum(np.asarray(a) * np.asarray(b)) for a, b in zip(one, other, strict=True))
    )


def same(what: str, got: Any, expected: Any) -> None:
    """Equal bit for bit, in kind and shape too."""
    if type(got) is not type(expected) and not isinstance(got, np.ndarray):
        raise Wrong(f"{what} is a {type(got).__name__}, not a {type(expected).__name__}")
    if np.asarray(got).tobytes() != np.asarray(expected).tobytes():
        raise Wrong(f"{what} is {got!r}, not {expected!r}")


def close(what: str, one: float, other: Any, tolerance: float) -> None:
    """Equal up to rounding; NaN equals nothing."""
    scale = max(1.0, abs(one), abs(float(other)))
    if not np.all(np.isfinite([one, float(other)])):
        raise NotFinite(f"{what} are not finite: {one!r} and {other!r}")
    if not abs(one - float(other)) <= tolerance * scale:
        raise Wrong(f"{what} differ: {one!r} and {other!r}")


def differences(
    f: Callable[[Sequence[Any]], Any], args: Sequence[Any], dots: Sequence[Any], tangent: Any
) -> None:
    """Central differences at several steps; the best one counts."""
    errors: list[float] = []
    scale = max(1.0, abs(float(tangent)))
    for step in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        ahead = f([a + step * d for a, d in zip(args, dots, strict=True)])
        behind = f([a - step * d for a, d in zip(args, dots, strict=True)])
        errors.append(abs(float(ahead - behind) / (2 * step) - float(tangent)) / scale)
    if not min(errors) < 1e-5:
        raise Wrong(f"differences contradict the tangent {tangent!r}: errors {errors}")
