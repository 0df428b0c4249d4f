"""Runs a program of `tests/emitted` by both backends."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.driver.derivative import Derivative
from ad_compiler.driver.program import Options
from ad_compiler.fuzz.backends import compared, outcome
from ad_compiler.fuzz.oracles import Verdict
from tests.emitted import programs
from tests.emitted.test_emitted import random_like


def judged(function: str, kind: str, models: tuple[Any, ...], argnums: Any) -> Verdict:
    """Whether both backends give the same."""
    f = getattr(programs, function)
    random = np.random.default_rng(3)
    args = [random_like(model, random) for model in models]
    plain = Derivative(f, kind, argnums)
    compiled = Derivative(f, kind, argnums, options=Options(backend="numba"))
    compiled.program(*args)
    if plain.extra_count():
        like = f(*args) if kind.endswith("vjp") else args[argnums]
        if kind.startswith("compressed"):  # several seeds at once
            like = np.ones((2, *np.shape(like)))
        args.append(random_like(like, random))
    return compared(outcome(compiled, args), outcome(plain, args))
