"""One program for each sample of a rule, and what its derivatives are in numbers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
import pytest

from ad_compiler.backend import emit
from ad_compiler.driver.load import load
from ad_compiler.frontend import calls, statements
from ad_compiler.frontend.captures import Captures
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.types import type_of
from ad_compiler.frontend.values import Structure, Value, leaves_of, static, value_of
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Function,
    Let,
    Parameter,
    Undef,
    Var,
    const,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Float, is_complex, is_differentiable
from ad_compiler.ir.verify import verify
from ad_compiler.rules.registry import (
    DEFINITIONS,
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
from tests.depth import spread, thorough

importlib.import_module("ad_compiler.rules")
read_later(LATER)

LINEAR = [(p, r) for p in PRIMITIVES.values() if isinstance(r := RULES[p], Linear)]


class Sample:
    """A program at one sample of its operands: the operation alone, or curved to a number."""

    moving: tuple[int, ...]
    """The positions of the operands that carry a derivative here."""
    operands: tuple[Any, ...]

    def results(self, builder: Builder, args: list[Atom]) -> list[Atom]:
        """Append the operation."""
        raise NotImplementedError

    def expected(self, *operands: Any) -> list[Any]:
        """What NumPy gives, all results in a list."""
        raise NotImplementedError

    def single(self) -> Sample:
        """The same in single precision."""
        raise NotImplementedError

    @property
    def values(self) -> list[Any]:
        """What NumPy gives at the sample."""
        return self.expected(*self.operands)

    @cached_property
    def arguments(self) -> list[Any]:
        """The values of the operands that are inputs of the program."""
        return [v for k, v in enumerate(self.operands) if self.is_input(k)]

    def is_input(self, k: int) -> bool:
        """Arrays and what carries a derivative; all else is a constant."""
        return k in self.moving or isinstance(self.operands[k], np.ndarray | np.generic)

    @cached_property
    def wrt(self) -> tuple[int, ...]:
        """Which inputs carry a derivative."""
        inputs = [k for k in range(len(self.operands)) if self.is_input(k)]
        return tuple(n for n, k in enumerate(inputs) if k in self.moving)

    def function(self, curved: bool = False) -> Function:
        """The operation alone, or the weighted sum of the sine of its results."""
        builder = Builder()
        args: list[Atom] = [
            Var(f"x{k}", type_of(value, f"x{k}")) if self.is_input(k) else const(value)
            for k, value in enumerate(self.operands)
        ]
        params = [a for a in args if isinstance(a, Var)]
        results = self.results(builder, args)
        output: Any = Branch("tuple", (), tuple(range(len(results))))
        if curved:
            weights = [Var(f"w{k}", result.type) for k, result in enumerate(results)]
            params += weights
            results, output = [curve(builder, results, weights)], 0
        block = Block(tuple(params), tuple(builder.frame.stmts), tuple(results))
        return Function("f", tuple(Parameter(p.name, p) for p in params), block, output)

    def derived(self, *kinds: str, curved: bool = False) -> Function:
        """Derivatives of derivatives of the program, in the order of `kinds`."""
        return _derived(self, kinds, curved)


@lru_cache(maxsize=64)
def _derived(sample: Sample, kinds: tuple[str, ...], curved: bool) -> Function:
    """Tests of one sample follow each other, and ask for the same derivatives."""
    if not kinds:
        return sample.function(curved)
    before = _derived(sample, kinds[:-1], curved)
    function = derive(before, Request(kinds[-1], sample.wrt, as_tuple=True))
    verify(function)
    return function


AnySample = TypeVar("AnySample", bound=Sample)


def real_parts_of(builder: Builder, results: list[Atom]) -> list[Atom]:
    """Results, with the real and the imaginary part of those that are complex."""
    both = PRIMITIVES["np.real"], PRIMITIVES["np.imag"]
    return [
        part
        for result in results
        for part in (
            [builder.emit(one, result) for one in both] if is_complex(result.type) else [result]
        )
    ]


def real_parts(values: list[Any]) -> list[Any]:
    """The same of NumPy's values."""
    return [
        part
        for value in values
        for part in ([value.real, value.imag] if np.iscomplexobj(value) else [value])
    ]


def curve(builder: Builder, results: list[Atom], weights: list[Var]) -> Atom:
    """A number that depends on the results in a curved way."""
    total: Atom = const(0.0)
    for weight, result in zip(weights, results, strict=True):
        bent = builder.emit(MEANINGS[np.sin], result)
        part = builder.emit(OPERATORS["*"], weight, bent)
        if isinstance(part.type, Array):
            part = builder.emit(PRIMITIVES["np.sum"], part, const(None), const(False))
        total = builder.emit(OPERATORS["+"], total, part)
    return total


@dataclass(frozen=True, eq=False)
class Case(Sample):
    """A structural rule at one sample."""

    primitive: Primitive
    rule: Linear
    operands: tuple[Any, ...]

    @cached_property
    def moving(self) -> tuple[int, ...]:  # type: ignore[override]
        let = Let((), self.primitive, tuple(Undef(Float()) for _ in self.operands))
        return tuple(
            k
            for k, value in enumerate(self.operands)
            if operand_label(let, k)[0] in self.rule.jvps and np.asarray(value).dtype.kind == "f"
        )

    def results(self, builder: Builder, args: list[Atom]) -> list[Atom]:
        if not self.primitive.results:
            return real_parts_of(builder, [builder.emit(self.primitive, *args, name="z")])
        made = builder.emit_many(self.primitive, *args)
        return [made[k] for k in self.kept]

    @cached_property
    def kept(self) -> list[int]:
        """The results that have a derivative, of an operation with several."""
        args = [
            const(v) if not self.is_input(k) else Undef(type_of(v, "x"))
            for k, v in enumerate(self.operands)
        ]
        types, undefined = self.primitive.infer(args), self.rule.undefined(args)
        assert isinstance(types, tuple)
        return [
            k
            for k, type_ in enumerate(types)
            if k not in undefined and is_differentiable(type_) and self.rule.results[k] != "sign"
        ]

    def expected(self, *operands: Any) -> list[Any]:
        made = self.primitive(*operands)
        return [made[k] for k in self.kept] if self.primitive.results else real_parts([made])

    def single(self) -> Case:
        """The same in single precision."""
        return Case(self.primitive, self.rule, tuple(map(single, self.operands)))


@dataclass(frozen=True, eq=False)
class Call(Sample):
    """A call of a function that is defined by others, at one sample."""

    thing: Any
    sample: tuple[Any, ...]
    """The arguments, perhaps in lists; a dict at the end is keywords."""

    @cached_property
    def operands(self) -> tuple[Any, ...]:  # type: ignore[override]
        return tuple(_leaves(self.args))

    @property
    def args(self) -> tuple[Any, ...]:
        return self.sample[:-1] if self.keywords else self.sample

    @property
    def keywords(self) -> dict[str, Any]:
        last = self.sample[-1]
        return last if isinstance(last, dict) else {}

    @cached_property
    def moving(self) -> tuple[int, ...]:  # type: ignore[override]
        floats = (k for k, v in enumerate(self.operands) if np.asarray(v).dtype.kind == "f")
        return tuple(floats)

    def results(self, builder: Builder, args: list[Atom]) -> list[Atom]:
        ctx = Context(builder, Captures(), statements.run)
        given = [_filled(arg, iter_args) for iter_args in (iter(args),) for arg in self.args]
        keywords = {name: value_of(value) for name, value in self.keywords.items()}
        value = calls.call(ctx, static(self.thing), given, keywords)
        atoms = [atom_of(ctx, leaf) for leaf in leaves_of(value)]
        kept = [a for a in atoms if self.inert or is_differentiable(a.type)]
        return real_parts_of(builder, kept)

    def expected(self, *operands: Any) -> list[Any]:
        rest = iter(operands)
        value = self.thing(*[_refilled(arg, rest) for arg in self.args], **self.keywords)
        made = list(value) if isinstance(value, tuple | list) else [value]
        return real_parts([v for v in made if self.inert or np.asarray(v).dtype.kind in "fc"])

    @property
    def inert(self) -> bool:
        """Whether all results are kept, those without a derivative too."""
        return DEFINITIONS[self.thing].inert

    def single(self) -> Call:
        """The same in single precision."""
        rest = iter(map(single, self.operands))
        args = tuple(_refilled(arg, rest) for arg in self.args)
        return Call(self.thing, (*args, self.keywords) if self.keywords else args)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _refilled(value: Any, rest: Iterator[Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_refilled(item, rest) for item in value)
    return next(rest)


def _filled(value: Any, rest: Iterator[Atom]) -> Value:
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return Structure(kind, (), tuple(_filled(item, rest) for item in value))
    return next(rest)


STRUCTURAL = {
    p.name: [Case(p, r, operands) for operands in r.samples]
    for p, r in LINEAR
    if not p.name.startswith(("tape", "list"))
}
DEFINED = {
    f"np.{thing.__name__} by others": [Call(thing, sample) for sample in d.samples]
    for thing, d in DEFINITIONS.items()
    if d.samples and not d.inert
}


def at_every_sample(
    groups: Mapping[str, Sequence[AnySample]], quick: int = 100, every: int = 1
) -> Callable[[Callable[[AnySample], None]], Callable[[Sequence[AnySample]], None]]:
    """Make a test of a sample one test for all samples of a rule; it says at which it failed.

    Samples beyond the first, `quick` ones are left to the thorough run; so are all but one rule in
    `every`.
    """
    first = spread([pytest.param(group[:quick], id=name) for name, group in groups.items()], every)
    rest = [
        pytest.param(group[quick:], id=f"{name} more", marks=thorough)
        for name, group in groups.items()
        if len(group) > quick
    ]

    def of(test: Callable[[AnySample], None]) -> Callable[[Sequence[AnySample]], None]:
        def at_all(samples: Sequence[AnySample]) -> None:
            for sample in samples:
                try:
                    test(sample)
                except Exception as error:
                    error.add_note(f"at the operands {sample.operands}")
                    raise

        at_all.__name__, at_all.__doc__ = test.__name__, test.__doc__
        return pytest.mark.parametrize("samples", [*first, *rest], scope="module")(at_all)

    return of


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
