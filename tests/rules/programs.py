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
from ad_compiler.ir.nodes import Atom, Block, Branch, Function, Let, Parameter, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Float, dims_of, is_differentiable
from ad_compiler.ir.verify import verify
from ad_compiler.rules.registry import (
    LATER,
    MEANINGS,
    OPERATORS,
    PRIMITIVES,
    RULES,
    Linear,
    read_later,
)
from ad_compiler.transform.derive import derive
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.request import Request
from ad_compiler.transform.structural import operand_label

importlib.import_module("ad_compiler.rules")
read_later(LATER)

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
        results = self.results(builder, args)
        if finish_with:
            weights = [Var(f"w{k}", result.type) for k, result in enumerate(results)]
            params += weights
            results = [self.curved(builder, results, weights)]
        block = Block(tuple(params), tuple(builder.frame.stmts), tuple(results))
        output = 0 if len(results) == 1 else Branch("tuple", (), tuple(range(len(results))))
        return Function("f", tuple(Parameter(p.name, p) for p in params), block, output)

    def results(self, builder: Builder, args: list[Atom]) -> list[Atom]:
        """The operation, and of its results those that have a derivative."""
        if not self.primitive.results:
            return [builder.emit(self.primitive, *args, name="z")]
        made = builder.emit_many(self.primitive, *args)
        return [made[k] for k in self.kept]

    @cached_property
    def kept(self) -> list[int]:
        """The results that have a derivative, of an operation with several."""
        args = [
            const(v) if not self.is_input(k) else Undef(type_of(v, "x"))
            for k, v in enumerate(self.sample)
        ]
        types, undefined = self.primitive.infer(args), self.rule.undefined(args)
        assert isinstance(types, tuple)
        return [
            k
            for k, type_ in enumerate(types)
            if k not in undefined and is_differentiable(type_) and self.rule.results[k] != "sign"
        ]

    def curved(self, builder: Builder, results: list[Atom], weights: list[Var]) -> Atom:
        """The sum of the sines of the results, weighted."""
        total: Atom = const(0.0)
        for result, weight in zip(results, weights, strict=True):
            sine = builder.emit(MEANINGS[np.sin], result)
            part: Atom = builder.emit(OPERATORS["*"], weight, sine)
            if dims_of(part.type):
                part = builder.emit(PRIMITIVES["np.sum"], part, const(None), const(False))
            total = builder.emit(OPERATORS["+"], total, part) if len(results) > 1 else part
        return total

    def expected(self) -> list[Any]:
        """What the operation itself gives: the results that have a derivative."""
        made = self.primitive(*self.sample)
        return [made[k] for k in self.kept] if self.primitive.results else [made]

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
