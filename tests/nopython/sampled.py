"""Every rule at its samples, by both backends: the gradient of a curved function of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ad_compiler.backend import emit
from ad_compiler.driver.load import load
from ad_compiler.fuzz.backends import compared
from ad_compiler.fuzz.oracles import Verdict
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive
from ad_compiler.transform.pipeline import finish
from tests.rules.programs import DEFINED, STRUCTURAL, Sample
from tests.rules.sampling import points
from tests.rules.texts import ELEMENTWISE

OUTSIDE = ("scipy.",)
"""What is refused for Numba as a whole."""

UNUSUAL = ("max", "min", "float", "select", "astype", "np.nan_to_num", "array.clip", "abs(complex)")
"""Rules whose operands random points are not, or that real numbers do not reach."""

MOST = 6
"""How many samples of a rule are taken, no two alike in ranks and constants."""


class Elementwise(Sample):
    """An elementwise rule at a point, or at several in vectors."""

    def __init__(self, primitive: Primitive, operands: tuple[Any, ...]) -> None:
        self.primitive, self.operands = primitive, operands
        rule = ELEMENTWISE[primitive.name][1]
        self.moving = tuple(
            k
            for k, text in enumerate(rule.partials)
            if text is not None and np.asarray(operands[k]).dtype.kind == "f"
        )

    def results(self, builder: Builder, args: list[Atom]) -> list[Atom]:
        return [builder.emit(self.primitive, *args, name="z")]

    def expected(self, *operands: Any) -> list[Any]:
        return [self.primitive(*operands)]


def samples() -> Iterator[tuple[str, Sample]]:
    """Samples of all rules that Numba may compile, with the names of the rules."""
    for name, group in {**STRUCTURAL, **DEFINED}.items():
        if not name.startswith(OUTSIDE) and name not in UNUSUAL:
            different = {_looks(sample): sample for sample in reversed(group)}
            yield from ((name, sample) for sample in list(different.values())[-MOST:])
    for name, (primitive, rule) in ELEMENTWISE.items():
        arity = len(rule.params)
        if name.startswith(OUTSIDE) or name in UNUSUAL or len(primitive.params) != arity:
            continue
        drawn = points(rule.domain, arity, 4)
        yield name, Elementwise(primitive, drawn[0])
        if not name.startswith("math."):
            yield name, Elementwise(primitive, tuple(map(np.array, zip(*drawn, strict=True))))


def _looks(sample: Sample) -> tuple[object, ...]:
    return tuple(
        np.ndim(value) if sample.is_input(k) else repr(value)[:30]
        for k, value in enumerate(sample.operands)
    )


def judged(sample: Sample) -> Verdict:
    """Whether both backends give the same gradient at a sample. Raises Unsupported."""
    function = sample.derived("grad", curved=True)
    plain = load(emit(finish(function)), function.name)
    text = emit(finish(function, arrays=True), dialect="numba")
    compiled = load(text, function.name, compiled=True)
    random = np.random.default_rng(3)
    weights = [
        random.normal(size=np.shape(v)).astype(np.asarray(v).dtype)
        if isinstance(v, np.ndarray)
        else random.normal()
        for v in sample.values
    ]
    args = [*sample.arguments, *weights]
    return compared(compiled(*args), plain(*args))
