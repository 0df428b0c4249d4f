"""Judges the derivatives of one program, by properties that need no second implementation."""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.api import grad, has_real, hessian, jvp, value_and_grad, vjp
from ad_compiler.errors import Unsupported

Function = Callable[..., Any]

HESSIANS = 5
"""Of how many programs one has its whole Hessian judged."""


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


class Wrong(AssertionError):
    """A derivative that an oracle contradicts."""

    def __init__(self, oracle: str, detail: str) -> None:
        super().__init__(f"{oracle}: {detail}")
        self.oracle = oracle


class Undecided(Exception):
    """Numbers at which an oracle cannot tell right from wrong."""


@dataclass(frozen=True)
class Subject:
    """A program that was loaded, and a point to differentiate it at."""

    f: Function
    number: Function
    """A number made of all that f returns."""
    args: tuple[Any, ...]
    fresh: Callable[[], tuple[Any, ...]]
    """The same arguments anew, with the very strides: products sum up in another order by them."""
    outputs: Any
    single: bool
    """Whether some of it is in single precision."""
    held: bool
    """Whether it takes something for constant that is not: its gradient is no slope then."""

    @property
    def wrt(self) -> tuple[int, ...]:
        """The arguments that can vary."""
        return tuple(k for k, a in enumerate(self.args) if has_real(a))

    def value(self, args: Sequence[Any] | None = None) -> Any:
        """What f gives, or leaves in its arguments; the text that it prints; its warnings."""
        args = copied(self.args) if args is None else args
        result = self.f(*args)
        if not self.outputs:
            return result
        names = self.f.__code__.co_varnames
        many = (self.outputs,) if isinstance(self.outputs, str) else self.outputs
        found = tuple(args[names.index(name)] for name in many)
        return found[0] if isinstance(self.outputs, str) else found


def copied(args: Sequence[Any]) -> list[Any]:
    """Copies that may be written to, in the same layout."""
    return [a.copy(order="K") if isinstance(a, np.ndarray) else copy.deepcopy(a) for a in args]


def load(text: str, name: str) -> Subject:
    """Run the text of a program as a module of its own."""
    file = f"<{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = types.ModuleType(name)
    exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    space = module.__dict__
    args = space["arguments"]()
    single = any(getattr(a, "dtype", None) == np.float32 for a in args)
    held = "stop_gradient(" in text[text.index("def f(") :]
    fresh, outputs = space["arguments"], space.get("OUTPUTS", ())
    return Subject(space["f"], space["number"], args, fresh, outputs, single, held)


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
            return Verdict("wrong", str(wrong), wrong.oracle)
        except Undecided as reason:
            return Verdict("undecided", str(reason))
        except Exception as error:
            return Verdict("crash", repr(error), type(error).__name__)
    return Verdict("right")


def quietly(run: Callable[[], Any]) -> tuple[Any, str]:
    """What a function gives, and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = run()
    return value, printed.getvalue()


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


def differences(subject: Subject, dots: Any, slope: float) -> None:
    """Central differences at several steps, in double precision; the best one counts."""
    double = [_moved(a, 0, 0.0) for a in subject.args]
    errors: list[float] = []
    for step in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        ahead, behind = (_value_at(subject, double, dots, way) for way in (step, -step))
        scale = max(1.0, abs(slope))
        errors.append(abs(float(ahead - behind) / (2 * step) - slope) / scale)
    if not min(errors) < (1e-2 if subject.single else 1e-5):
        raise Wrong("differences", f"contradict the slope {slope!r}: errors {errors}")


def _value_at(subject: Subject, args: Sequence[Any], dots: Sequence[Any], step: float) -> Any:
    moved = [_moved(a, dot, step) for a, dot in zip(copied(args), dots, strict=True)]
    return quietly(lambda: subject.number(*moved))[0]


def _moved(value: Any, dot: Any, step: float) -> Any:
    """A value, moved along a tangent; arrays keep their layout, and become double precision."""
    if isinstance(value, dict):
        return {k: _moved(v, dot[k] if step else 0, step) for k, v in value.items()}
    if isinstance(value, tuple | list):
        dots = dot if step else [0] * len(value)
        return type(value)(_moved(v, d, step) for v, d in zip(value, dots, strict=True))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        moved = value.astype(float, order="K")
        return moved + step * dot if step else moved
    return value + step * dot if isinstance(value, float) and step else value
