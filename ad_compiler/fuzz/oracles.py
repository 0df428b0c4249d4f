"""Judges the derivatives of one program, by properties that need no second implementation."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.api import grad, has_real, hessian, jvp, value_and_grad, vjp
from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.slopes import differences, loses_digits
from ad_compiler.fuzz.subject import Subject, Undecided, Wrong, copied, load, quietly

HESSIANS = 5
"""Of how many programs one has its whole Hessian judged."""
ROUNDED = frozenset(
    [
        "dot product", "differences", "gradient and value_and_grad", "symmetry of the Hessian",
        "reverse over reverse", "the Hessian",
    ]
)  # fmt: skip
"""The oracles that compare numbers up to rounding."""


@dataclass(frozen=True)
class Verdict:
    """`right`, `refused`, `undecided` (the oracle itself is too inexact), `wrong` or `crash`."""

    outcome: str
    detail: str = ""
    oracle: str = ""
    """Which oracle contradicts, or which kind of error was raised."""

    @property
    def failed(self) -> bool:
        """Whether the compiler is at fault."""
        return self.outcome in ("wrong", "crash")


def judge(text: str, name: str = "fuzz") -> Verdict:
    """All oracles on one program."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        subject = load(text, name)
        try:
            expected, printed = quietly(subject.value)
        except Exception as error:
            return raises(subject, error)
        try:
            check(subject, expected, printed, np.random.default_rng(len(text)))
        except Unsupported as refusal:
            return Verdict("refused", str(refusal), "refused")
        except Wrong as wrong:
            if wrong.oracle in ROUNDED and loses_digits(subject, np.random.default_rng(1)):
                return Verdict("undecided", f"few digits are left: {wrong}")
            return Verdict("wrong", str(wrong), wrong.oracle)
        except Undecided as reason:
            return Verdict("undecided", str(reason))
        except Exception as error:
            return Verdict("crash", repr(error), type(error).__name__)
    return Verdict("right")


def raises(subject: Subject, expected: Exception) -> Verdict:
    """A program that raises: its derivative raises the same, and leaves its arguments alone."""
    saved = copy.deepcopy(subject.args)
    try:
        quietly(lambda: jvp(subject.f, subject.args, tangents(subject, np.random.default_rng(0)),
                            outputs=subject.outputs))  # fmt: skip
    except Unsupported as refusal:
        return Verdict("refused", str(refusal), "refused")
    except Exception as error:
        if type(error) is not type(expected) or str(error) != str(expected):
            return Verdict("wrong", f"it raises {error!r}, not {expected!r}", "raises")
    else:
        return Verdict("wrong", f"it does not raise {expected!r}", "raises")
    try:
        unchanged("an argument, though it raises,", subject.args, saved)
    except Wrong as wrong:
        return Verdict("wrong", str(wrong), wrong.oracle)
    return Verdict("right", "raises")


def check(subject: Subject, expected: Any, printed: str, rng: np.random.Generator) -> None:
    """Primal equality, dot product, differences, second order, arguments untouched."""
    args, saved = subject.args, copy.deepcopy(subject.args)
    dots, tolerance = tangents(subject, rng), 1e-4 if subject.single else 1e-10
    (primal, tangent), said = quietly(
        lambda: jvp(subject.f, args, dots, outputs=subject.outputs)
    )  # fmt: skip
    if not is_same(primal, expected):
        expected, _ = quietly(lambda: subject.value(subject.fresh()))
    same("the value of jvp", primal, expected)
    if said != printed:
        raise Wrong("printed", f"{said!r}, not {printed!r}")
    bars = like(expected, rng)
    (value, pullback), _ = quietly(lambda: vjp(subject.f, *args, outputs=subject.outputs))
    same("the value of vjp", value, expected)
    found, _ = quietly(lambda: pullback(bars))
    again, _ = quietly(lambda: pullback(bars))
    for one, other in zip(leaves(found), leaves(again), strict=True):
        same("the second pullback", other, one)
    apart(found, [*args, bars, value, *again])
    unchanged("an argument", args, saved)
    if not finite(expected) or not finite(tangent):
        raise Undecided("the value or the tangent is not finite")
    close("dot product", inner(found, dots), inner(bars, tangent), tolerance)
    numbers(subject, dots, rng, tolerance)
    unchanged("an argument", args, saved)


def numbers(subject: Subject, dots: Any, rng: np.random.Generator, tolerance: float) -> None:
    """The gradient of the number that the results make, and its derivatives."""
    args, wrt = subject.args, subject.wrt
    plain, _ = quietly(lambda: subject.number(*copied(args)))
    (value, grads), _ = quietly(lambda: value_and_grad(subject.number, wrt)(*args))
    if not is_same(value, plain):
        plain, _ = quietly(lambda: subject.number(*subject.fresh()))
    same("the value", value, plain)
    moving = [dots[k] for k in wrt]
    slope = inner(grads, moving)
    if not np.isfinite(slope):
        raise Undecided("the gradient is not finite")
    if not subject.held:
        differences(subject, dots, slope)
    if not subject.single:
        second_order(subject, dots, slope, rng)


def second_order(subject: Subject, dots: Any, slope: float, rng: np.random.Generator) -> None:
    """The Hessian is symmetric, and forward over reverse is reverse over reverse."""
    args, wrt = subject.args, subject.wrt
    moving = [dots[k] for k in wrt]
    others = [like(args[k], rng) for k in wrt]
    full = list(dots)
    for k, other in zip(wrt, others, strict=True):
        full[k] = other
    (once, left), _ = quietly(lambda: jvp(grad(subject.number, wrt), args, dots))
    close("gradient and value_and_grad", inner(once, moving), slope, 1e-10)
    (_, right), _ = quietly(lambda: jvp(grad(subject.number, wrt), args, tuple(full)))
    if not np.isfinite(inner(left, others)) or not np.isfinite(inner(right, moving)):
        raise Undecided("the Hessian is not finite")
    if not subject.held:
        close("symmetry of the Hessian", inner(left, others), inner(right, moving), 1e-8)
    (_, pullback), _ = quietly(lambda: vjp(grad(subject.number, wrt), *args))
    twice, _ = quietly(lambda: pullback(tuple(others)))
    close("reverse over reverse", inner(twice, dots), inner(left, others), 1e-8)
    if rng.integers(HESSIANS) == 0:
        whole_hessian(subject, dots)


def whole_hessian(subject: Subject, dots: Any) -> None:
    """The Hessian in one argument, times its tangent, is the derivative of its gradient."""
    sizes = {k: np.size(subject.args[k]) for k in subject.wrt if is_plain(subject.args[k])}
    if not sizes:
        return
    args, k = subject.args, min(sizes, key=lambda k: (sizes[k] < 2, sizes[k]))
    alone = tuple(dots[j] if j == k else nothing(dots[j]) for j in range(len(args)))
    (_, along), _ = quietly(lambda: jvp(grad(subject.number, k), args, alone))
    matrix, _ = quietly(lambda: hessian(subject.number, k)(*args))
    product = np.tensordot(matrix, dots[k], axes=np.ndim(dots[k]))
    close("the Hessian", inner(product, dots[k]), inner(along, dots[k]), 1e-8)


def nothing(value: Any) -> Any:
    """Zeros in the structure of a tangent."""
    if isinstance(value, dict):
        return {key: nothing(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(map(nothing, value))
    return value * 0


def is_plain(value: Any) -> bool:
    """Whether an argument is a number or an array, and no container."""
    return isinstance(value, float | np.floating | np.ndarray)


# -- containers of numbers ------------------------------------------------------------------------


def leaves(value: Any) -> Iterator[Any]:
    """The numbers and arrays in containers, left to right."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def like(value: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the structure, shapes and dtypes of a value."""
    if isinstance(value, dict):
        return {key: like(item, rng) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(like(item, rng) for item in value)
    if isinstance(value, np.ndarray):
        return rng.normal(size=value.shape).astype(value.dtype)
    return float(rng.normal())


def tangents(subject: Subject, rng: np.random.Generator) -> tuple[Any, ...]:
    """One for each argument: 0 for those that cannot vary."""
    return tuple(like(a, rng) if has_real(a) else 0 for a in subject.args)


def inner(one: Any, other: Any) -> float:
    """The inner product of two containers of arrays and numbers."""
    pairs = zip(leaves(one), leaves(other), strict=True)
    return float(sum(np.sum(np.asarray(a, float) * np.asarray(b, float)) for a, b in pairs))


def finite(value: Any) -> bool:
    """Whether all numbers are finite, and of a size at which differences say something."""
    return all(np.all(np.abs(np.asarray(leaf, float)) < 1e8) for leaf in leaves(value))


# -- comparisons ----------------------------------------------------------------------------------


def same(what: str, got: Any, expected: Any) -> None:
    """Equal bit for bit, in structure, kind and shape too; any NaN is as good as another."""
    if isinstance(expected, dict | tuple | list):
        if type(got) is not type(expected) or len(got) != len(expected):
            raise Wrong(what, f"is a {type(got).__name__}, not a {type(expected).__name__}")
        if isinstance(expected, dict) and list(got) != list(expected):
            raise Wrong(what, f"has the keys {list(got)}, not {list(expected)}")
        for one, other in zip(leaves(got), leaves(expected), strict=True):
            same(what, one, other)
        return
    one, other = np.asarray(got), np.asarray(expected)
    if type(got) is not type(expected) or one.dtype != other.dtype or one.shape != other.shape:
        raise Wrong(what, f"is a {type(got).__name__} {one.dtype}{one.shape}, not a "
                          f"{type(expected).__name__} {other.dtype}{other.shape}")  # fmt: skip
    if one.tobytes() != other.tobytes() and not (one.dtype.kind == "f" and _alike(one, other)):
        raise Wrong(what, f"is {got!r}, not {expected!r}")


def is_same(got: Any, expected: Any) -> bool:
    """Whether `same` is content."""
    try:
        same("", got, expected)
    except Wrong:
        return False
    return True


def _alike(one: Any, other: Any) -> bool:
    """Whether two arrays are the same but for the bits of NaN."""
    equal = (one == other) & (np.signbit(one) == np.signbit(other))
    return bool(np.all(equal | (np.isnan(one) & np.isnan(other))))


def unchanged(what: str, args: Sequence[Any], saved: Sequence[Any]) -> None:
    """No argument was written to."""
    for before, after in zip(leaves(saved), leaves(args), strict=True):
        same(what, after, before)


def apart(results: Any, others: Any) -> None:
    """Results can be written to, and share memory with nothing, nor with each other."""
    arrays = [leaf for leaf in leaves(results) if isinstance(leaf, np.ndarray)]
    foreign = [leaf for leaf in leaves(others) if isinstance(leaf, np.ndarray)]
    for k, array in enumerate(arrays):
        if not array.flags.writeable:
            raise Wrong("shared memory", "a result cannot be written to")
        if any(np.may_share_memory(array, other) for other in [*arrays[:k], *foreign]):
            raise Wrong("shared memory", "a result shares memory with another array")


def close(what: str, one: float, other: float, tolerance: float) -> None:
    """Equal up to rounding; NaN equals nothing."""
    scale = max(1.0, abs(one), abs(other))
    if not abs(one - other) <= tolerance * scale:
        raise Wrong(what, f"{one!r} and {other!r}")
