"""One program for each sample of a structural rule, and what its derivatives are in numbers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ad_compiler.backend import emit
from ad_compiler.driver.load import load
from ad_compiler.frontend.types import type_of
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Atom, Block, Function, Let, Parameter, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Float, dims_of
from ad_compiler.ir.verify import verify
from ad_compiler.rules.registry import MEANINGS, OPERATORS, PRIMITIVES, RULES, Linear
from ad_compiler.transform.derive import derive
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.request import Request
from ad_compiler.transform.structural import operand_label

importlib.import_module("ad_compiler.rules")

LINEAR = [(p, r) for p in PRIMITIVES.values() if isinstance(r := RULES[p], Linear)]


@dataclass(frozen=True)
class Case:
    """A structural rule at one sample of its operands."""

    primitive: Primitive
    rule: Linear
    sample: tuple[Any, ...]

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """The positions of the operands that carry a derivative here."""
        let = Let((), self.primitive, tuple(Undef(Float()) for _ in self.sample))
        return tuple(
            k
            for k, value in enumerate(self.sample)
            if operand_label(let, k)[0] in self.rule.jvps and np.asarray(value).dtype.kind == "f"
        )

    @cached_property
    def arguments(self) -> list[Any]:
        """The values of the operands that are inputs of the program."""
        return [v for k, v in enumerate(self.sample) if self.is_input(k)]

    def is_input(self, k: int) -> bool:
        """Arrays and what carries a derivative; all else is a constant."""
        return k in self.moving or isinstance(self.sample[k], np.ndarray | np.generic)

    @cached_property
    def wrt(self) -> tuple[int, ...]:
        """Which inputs carry a derivative."""
        inputs = [k for k in range(len(self.sample)) if self.is_input(k)]
        return tuple(n for n, k in enumerate(inputs) if k in self.moving)

    def function(self, finish_with: str = "") -> Function:
        """The operation alone, or the weighted sum of the sine of its result."""
        builder = Builder()
        args: list[Atom] = [
            Var(f"x{k}", type_of(value, f"x{k}")) if self.is_input(k) else const(value)
            for k, value in enumerate(self.sample)
        ]
        params = [a for a in args if isinstance(a, Var)]
        result: Atom = builder.emit(self.primitive, *args, name="z")
        if finish_with:
            weight = Var("w", result.type)
            params.append(weight)
            curved = builder.emit(MEANINGS[np.sin], result)
            product = builder.emit(OPERATORS["*"], weight, curved)
            result = product
            if dims_of(product.type):
                result = builder.emit(PRIMITIVES["np.sum"], product, const(None), const(False))
        block = Block(tuple(params), tuple(builder.frame.stmts), (result,))
        return Function("f", tuple(Parameter(p.name, p) for p in params), block, 0)

    def derived(self, *kinds: str, curved: bool = False) -> Function:
        """Derivatives of derivatives of the program, in the order of `kinds`."""
        function = self.function("w" if curved else "")
        for kind in kinds:
            function = derive(function, Request(kind, self.wrt, as_tuple=True))
            verify(function)
        return function


def compiled(function: Function) -> Callable[..., Any]:
    """The program as emitted Python."""
    return load(emit(finish(function)), function.name)


def interpreted(function: Function) -> Callable[..., tuple[Any, ...]]:
    """The program as the evaluator runs it."""
    return lambda *args: evaluate(function, args)


def random_like(value: Any, rng: np.random.Generator) -> Any:
    """A direction of the shape and kind of a value."""
    if isinstance(value, np.ndarray):
        return rng.normal(size=value.shape).astype(value.dtype)
    return type(value)(rng.normal())


def inner(one: Sequence[Any], other: Sequence[Any]) -> float:
    """The scalar product of two lists of numbers and arrays."""
    return float(sum(np.sum(np.asarray(a) * b) for a, b in zip(one, other, strict=True)))


def single(value: Any) -> Any:
    """The value with its floats in single precision."""
    is_float = isinstance(value, np.ndarray) and value.dtype == np.float64
    return value.astype(np.float32) if is_float else value
