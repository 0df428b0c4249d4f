"""Judges memory modes: a gradient is the same to the bit, whatever is stored for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.api import value_and_grad
from ad_compiler.driver.program import MEMORY
from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.backends import outcome
from ad_compiler.fuzz.generate import Program
from ad_compiler.fuzz.oracles import Verdict
from ad_compiler.fuzz.subject import load


def judge_memory(program: Program) -> Verdict:
    """Value and gradient of a random program in each mode."""
    subject = load(program.text, f"memory{program.seed}")
    f, args, wrt = subject.number, subject.args, subject.wrt
    try:
        found = {m: bits(outcome(value_and_grad(f, wrt, memory=m), args)) for m in MEMORY}
    except Unsupported as refusal:
        return Verdict("refused", str(refusal))
    first, *others = found.values()
    if all(other == first for other in others):
        return Verdict("right")
    return Verdict("wrong", "\n".join(f"{mode}: {result}" for mode, result in found.items()))


def bits(value: Any) -> Any:
    """A result in a form that is equal only if types and all bits are."""
    if isinstance(value, Exception):
        return type(value), str(value)
    if isinstance(value, tuple | list):
        return [bits(item) for item in value]
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return type(value), np.shape(value), np.asarray(value).tobytes()
