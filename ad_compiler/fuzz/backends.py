"""Judges the Numba backend: it computes what the Python backend does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.api import value_and_grad
from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.generate import Program
from ad_compiler.fuzz.oracles import Verdict
from ad_compiler.fuzz.subject import load

TOLERANCE = 1e-12

REFUSED = (
    r"scipy|special|np\.fft|complex|conj|np\.(real|imag|angle|modf|frexp|choose|cov|geomspace)\b|"
    r"partition|quantile|linalg.* of arrays|accumulate|\.reduce|print\(|np\.insert|"
    r"math\.(modf|dist|fsum|factorial|comb|isqrt|frexp)"
)
"""The rows of random programs that Numba mostly refuses: one is enough to refuse all."""


def judge_backends(program: Program) -> Verdict:
    """Value and gradient of a random program by both backends."""
    subject = load(program.text, f"backends{program.seed}")
    f, args, wrt = subject.number, subject.args, subject.wrt
    try:
        plain = value_and_grad(f, wrt)
        expected = outcome(plain, args)
        compiled = value_and_grad(f, wrt, backend="numba")
        compiled.program(*args)
    except Unsupported as refusal:
        return Verdict("refused", str(refusal))
    return compared(outcome(compiled, args), expected)


def outcome(function: Callable[..., Any], args: Sequence[Any]) -> Any:
    """What a call gives, or the exception that it raises."""
    try:
        with np.errstate(all="ignore"):
            return function(*copy.deepcopy(list(args)))
    except (ArithmeticError, AssertionError, LookupError, NameError, ValueError) as error:
        return error


def compared(got: Any, expected: Any) -> Verdict:
    """Whether two outcomes are the same, up to rounding."""
    if isinstance(expected, Exception) or isinstance(got, Exception):
        same = type(got) is type(expected)
        return Verdict("right") if same else Verdict("wrong", f"{got!r}, not {expected!r}")
    one, other = numbers(got), numbers(expected)
    if one.shape != other.shape:
        return Verdict("wrong", f"{one.size} numbers, not {other.size}")
    finite = other[np.isfinite(other)]
    scale = max(1.0, float(np.max(np.abs(finite), initial=0.0)))
    if np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True):
        return Verdict("right")
    return Verdict("wrong", f"{one}, not {other}")


def numbers(value: Any) -> np.ndarray[Any, Any]:
    """All numbers of a structure in a row."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        parts = [numbers(item) for item in value]
        return np.concatenate(parts) if parts else np.zeros(0)
    return np.zeros(0) if value is None else np.ravel(value)
