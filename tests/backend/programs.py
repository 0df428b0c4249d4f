"""Random programs over everything that out-of-SSA, folding and in-place changes can get wrong.

Names clash on purpose; operations raise; arrays are viewed, changed, swapped and put on tapes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

import ad_compiler.rules  # noqa: F401  (fills the registry)
from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Const,
    Function,
    Parameter,
    Tree,
    Undef,
    Var,
    const,
)
from ad_compiler.ir.primitive import Call, Primitive, Special
from ad_compiler.ir.types import Array, Float, Int, Static, Sym, Tape
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

N = Sym("n", never_one=True)
VECTOR = Array("f64", (N,))
LENGTH = 5
NAMES = ("x", "x2", "x_bar", "y", "np", "sum", "i", "range", "_", "product", "s_bar", "x_2", "abs")


class Stop(Exception):
    """What the random programs raise."""


def _check(value: Any, limit: Any) -> None:
    if not value < limit:
        raise Stop(repr(float(value)))


CHECK = Primitive("check", _check, lambda _: Float(), Call("check"), ("x", "limit"))
DIVMOD = Primitive(
    "divmod", divmod, lambda _: (Float(), Float()), Call("divmod"), ("x", "y"),
    raises=lambda _: True,
)  # fmt: skip


def pattern(*items: str) -> Const:
    return Const(items, Static())


class Programs:
    """Makes one program from a seed."""

    def __init__(self, seed: int, size: int = 12) -> None:
        self.random = random.Random(seed)
        self.builder = Builder()
        self.numbers: list[Cell] = []
        self.vectors: list[Cell] = []
        self.tapes: list[tuple[Cell, list[Cell]]] = []
        self.depth = 0
        self.size = size

    # -- choices ------------------------------------------------------------------------------

    def pick(self, cells: list[Cell]) -> Cell:
        return self.random.choice(cells)

    def name(self) -> str:
        return self.random.choice(NAMES)

    def maybe_name(self) -> str:
        return self.name() if self.random.random() < 0.35 else ""

    def read(self, cell: Cell) -> Atom:
        value = self.builder.read(cell)
        assert value is not None
        return value

    def number(self, depth: int = 2) -> Atom:
        """A number: read, constant, or computed in a temporary."""
        roll = self.random.random()
        if depth == 0 or roll < 0.3:
            return self.read(self.pick(self.numbers))
        if roll < 0.4:
            return const(self.random.choice([2.0, -1.5, 0.0, 1, -2, 3, 0.25, -0.0]))
        return self.operation(depth)

    def operation(self, depth: int) -> Atom:
        kind = self.random.choice(
            ["+", "-", "*", "+", "-", "*", "/", "neg", "sqrt", "sin", "select", "load", "total",
             "abs", "**", "max", "compare"]
        )  # fmt: skip
        emit = self.builder.emit
        name = self.maybe_name()
        match kind:
            case "+" | "-" | "*" | "/":
                return emit(OPERATORS[kind], self.number(depth - 1), self.number(depth - 1), name=name)
            case "**":
                return emit(OPERATORS["**"], self.number(depth - 1), const(2), name=name)
            case "neg":
                return emit(OPERATORS["neg"], self.number(depth - 1), name=name)
            case "sqrt" | "sin":
                return emit(PRIMITIVES[f"math.{kind}"], self.number(depth - 1), name=name)
            case "abs":
                return emit(PRIMITIVES["abs"], self.number(depth - 1), name=name)
            case "max":
                return emit(PRIMITIVES["max"], self.number(depth - 1), self.number(depth - 1), name=name)
            case "select" | "compare":
                test = self.test()
                one, other = self.number(depth - 1), self.number(depth - 1)
                return emit(PRIMITIVES["select"], test, one, other, name=name)
            case "load":
                index = self.random.choice([0, 1, -1, 4, 4, LENGTH if self.random.random() < 0.1 else 2])
                return emit(PRIMITIVES["getitem"], self.vector(0), pattern("int"), const(index), name=name)
            case _:
                return emit(PRIMITIVES["np.sum"], self.vector(depth - 1), *SUM_DEFAULTS, name=name)

    def test(self) -> Atom:
        symbol = self.random.choice(["<", "<=", ">", "==", "!="])
        test = self.builder.emit(OPERATORS[symbol], self.number(1), self.number(1))
        if self.random.random() < 0.2:
            test = self.builder.emit(OPERATORS["not"], test)
        return test

    def vector(self, depth: int = 2) -> Atom:
        """An array of the full length: read, view, or computed."""
        roll = self.random.random()
        if depth <= 0 or roll < 0.4:
            return self.read(self.pick(self.vectors))
        emit, name = self.builder.emit, self.maybe_name()
        if roll < 0.55:
            step = const(-1)
            return emit(PRIMITIVES["getitem"], self.vector(depth - 1), pattern("::c"), step, name=name)
        if roll < 0.6:
            return emit(PRIMITIVES["zeros_like"], self.vector(0), name=name)
        if roll < 0.7:
            return emit(OPERATORS["*"], self.number(1), self.vector(depth - 1), name=name)
        if roll < 0.75:
            return emit(PRIMITIVES["quiet_div"], self.vector(depth - 1), self.vector(depth - 1), name=name)
        if roll < 0.8:
            return emit(PRIMITIVES["identity"], self.vector(depth - 1), name=name)
        symbol = self.random.choice(["+", "-", "*"])
        return emit(OPERATORS[symbol], self.vector(depth - 1), self.vector(depth - 1), name=name)

    # -- statements ---------------------------------------------------------------------------

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.statement()

    def statement(self) -> None:
        kinds = [
            self.assign, self.assign, self.assign_vector, self.store, self.store, self.add_at,
            self.accumulate, self.swap, self.swap_vectors, self.share, self.check,
            self.split, self.keep_temporary, self.put, self.get, self.shift,
            self.delay, self.delay,
        ]  # fmt: skip
        if self.depth < 3:
            kinds += [self.branch, self.branch, self.loop, self.loop, self.while_loop]
        self.random.choice(kinds)()

    def named(self, cell: Cell, value: Atom) -> None:
        """Assign as the frontend does, with the name given to the value."""
        if self.random.random() < 0.5 or not isinstance(value, Var):
            self.builder.assign(cell, value)
        else:
            self.builder.assign(
                cell, self.builder.emit(PRIMITIVES["identity"], value, name=cell.name)
            )

    def assign(self) -> None:
        self.named(self.pick(self.numbers), self.number(3))

    def assign_vector(self) -> None:
        self.named(self.pick(self.vectors), self.vector(2))

    def keep_temporary(self) -> None:
        """A cell that holds an unnamed temporary."""
        self.builder.assign(self.pick(self.numbers), self.operation(2))

    def delay(self) -> None:
        """A temporary that is used once, some statements later."""
        early = self.vector(2) if self.random.random() < 0.5 else self.operation(2)
        self.statements(self.random.choice([0, 1, 2]))
        if isinstance(early.type, Array):
            value = self.vector(1)
            cell = self.pick(self.vectors)
        else:
            value = self.number(1)
            cell = self.pick(self.numbers)
        pair = [early, value] if self.random.random() < 0.5 else [value, early]
        self.builder.assign(cell, self.builder.emit(OPERATORS["-"], *pair, name=self.maybe_name()))

    def store(self) -> None:
        cell, emit = self.pick(self.vectors), self.builder.emit
        name = cell.name if self.random.random() < 0.8 else self.maybe_name()
        if self.random.random() < 0.5:
            at = const(self.random.choice([0, 2, -1]))
            value = self.number(2)
            args = (self.read(cell), pattern("int"), value, at)
        else:
            value = self.vector(2)
            args = (self.read(cell), pattern(":"), value)
        self.builder.assign(cell, emit(PRIMITIVES["store"], *args, name=name))

    def shift(self) -> None:
        """`a[1:] = b[:-1]`, often of one array."""
        cell, emit = self.pick(self.vectors), self.builder.emit
        source = self.read(cell) if self.random.random() < 0.6 else self.vector(1)
        view = emit(PRIMITIVES["getitem"], source, pattern(":b"), const(-1), name=self.maybe_name())
        primitive = PRIMITIVES[self.random.choice(["store", "add_at"])]
        array = self.read(cell)
        self.builder.assign(cell, emit(primitive, array, pattern("a:"), view, const(1), name=cell.name))

    def add_at(self) -> None:
        cell, emit = self.pick(self.vectors), self.builder.emit
        value = self.vector(1) if self.random.random() < 0.5 else self.number(2)
        if self.random.random() < 0.3 and isinstance(value.type, Array):
            value = emit(OPERATORS["neg"], value)
        array = self.read(cell)
        if isinstance(value.type, Array):
            changed = emit(PRIMITIVES["add_at"], array, pattern(":"), value, name=cell.name)
        else:
            at = const(self.random.choice([0, -2, 3]))
            changed = emit(PRIMITIVES["add_at"], array, pattern("int"), value, at, name=cell.name)
        self.builder.assign(cell, changed)

    def accumulate(self) -> None:
        symbol = self.random.choice("++-")
        if self.random.random() < 0.5:
            cell, value = self.pick(self.numbers), self.number(2)
        else:
            cell, value = self.pick(self.vectors), self.vector(1)
        total = self.builder.emit(OPERATORS[symbol], self.read(cell), value, name=cell.name)
        self.builder.assign(cell, total)

    def swap(self) -> None:
        self._rotate(self.numbers)

    def swap_vectors(self) -> None:
        self._rotate(self.vectors)

    def _rotate(self, cells: list[Cell]) -> None:
        chosen = self.random.sample(cells, min(len(cells), self.random.choice([2, 2, 3])))
        values = [self.read(cell) for cell in chosen]
        for cell, value in zip(chosen, values[1:] + values[:1], strict=True):
            self.builder.assign(cell, value)

    def share(self) -> None:
        one, other = self.pick(self.vectors), self.pick(self.vectors)
        self.builder.assign(one, self.read(other))

    def check(self) -> None:
        limit = const(self.random.choice([5.0, 50.0, 1e3]))
        self.builder.effect(CHECK, self.number(2), limit)

    def split(self) -> None:
        one, other = self.random.sample(self.numbers, 2)
        names = (self.name(), self.name())
        divisor = const(self.random.choice([2.0, 3.0]))
        pair = self.builder.emit_many(DIVMOD, self.number(1), divisor, names=names)
        self.builder.assign(one, pair[0])
        self.builder.assign(other, pair[1])

    def put(self) -> None:
        """Put something on a tape that is read back later, wherever that is."""
        if not self.tapes:
            return
        tape, count = self.random.choice(self.tapes)
        assert isinstance(tape_type := self.read(tape).type, Tape)
        value = self.vector(1) if isinstance(tape_type.element, Array) else self.number(1)
        place = self.read(count[0])
        changed = self.builder.emit(PRIMITIVES["tape_put"], self.read(tape), place, value, name=tape.name)
        self.builder.assign(tape, changed)
        more = self.builder.emit(OPERATORS["+"], place, const(1), name=count[0].name)
        self.builder.assign(count[0], more)

    def get(self) -> None:
        if not self.tapes:
            return
        tape, count = self.random.choice(self.tapes)
        some = self.builder.emit(OPERATORS[">"], self.read(count[0]), const(0))
        vectors = isinstance(self.read(tape).type.element, Array)  # type: ignore[union-attr]
        cell = self.pick(self.vectors if vectors else self.numbers)

        def fetch() -> None:
            last = self.builder.emit(OPERATORS["-"], self.read(count[0]), const(1))
            value = self.builder.emit(PRIMITIVES["tape_get"], self.read(tape), last, name=cell.name)
            self.builder.assign(cell, value)

        self.builder.if_(some, fetch, lambda: None)

    # -- constructs ---------------------------------------------------------------------------

    def inside(self, body: Callable[[], None]) -> Callable[[], None]:
        """The same choices again each time a body is built."""
        state = self.random.random()

        def build() -> None:
            outer, self.random = self.random, random.Random(state)
            self.depth += 1
            body()
            self.depth -= 1
            self.random = outer

        return build

    def body(self) -> None:
        self.statements(self.random.choice([0, 1, 1, 2, 3, 4]))

    def branch(self) -> None:
        self.builder.if_(self.test(), self.inside(self.body), self.inside(self.body))

    def loop(self) -> None:
        emit, counter = self.builder.emit, self.pick(self.numbers)
        trips: Atom = const(self.random.choice([0, 1, 2, 3]))
        if self.random.random() < 0.3:
            trips = emit(PRIMITIVES["int"], emit(PRIMITIVES["abs"], emit(
                OPERATORS["%"], self.number(1), const(4))))
        start, step = self.random.choice([(0, 1), (0, 1), (1, 1), (0, 2), (-1, 1)])
        index_name = self.name()
        uses = self.random.random() < 0.7

        def build(index: Var) -> None:
            def once() -> None:
                if uses:
                    self.builder.assign(counter, index)
                self.body()

            inner(once, index)

        def inner(once: Callable[[], None], index: Var) -> None:
            del index
            again(once)

        fixed = random.Random(self.random.random()).getstate()

        def again(once: Callable[[], None]) -> None:
            outer, self.random = self.random, random.Random()
            self.random.setstate(fixed)
            self.depth += 1
            once()
            self.depth -= 1
            self.random = outer

        descending = self.random.random() < 0.4
        self.builder.for_(const(start), trips, const(step), build, index_name, descending)

    def while_loop(self) -> None:
        left = self.builder.cell("left", const(self.random.choice([0, 1, 3])))
        fixed = self.random.random()
        messy = self.random.random() < 0.4

        def cond() -> Atom:
            go = self.builder.emit(OPERATORS[">"], self.read(left), const(0))
            if messy:
                outer, self.random = self.random, random.Random(fixed)
                number = self.number(2)
                self.random = outer
                total = self.builder.emit(OPERATORS["+"], number, self.read(self.numbers[0]))
                kept = self.builder.emit(PRIMITIVES["identity"], total, name="y")
                small = self.builder.emit(OPERATORS["<"], kept, const(100.0))
                return self.builder.emit(PRIMITIVES["select"], small, go, const(False))
            return go

        def body() -> None:
            less = self.builder.emit(OPERATORS["-"], self.read(left), const(1), name="left")
            self.builder.assign(left, less)
            self.body()

        self.builder.while_(cond, self.inside(body))

    # -- the function -------------------------------------------------------------------------

    def function(self) -> Function:
        a, b, n = Var("x", Float()), Var("np", Float()), Var("n", Int())
        u, v = Var("u", VECTOR), Var("x_bar", VECTOR)
        w, bias = Var("W", VECTOR), Var("x2", Float())
        params = (a, b, n, u, v, w, bias)
        for var, name in ((a, "x"), (b, "np"), (n, "i"), (bias, "x2")):
            self.numbers.append(self.builder.cell(name, var))
        for var, name in ((u, "u"), (v, "x_bar"), (w, "W")):
            self.vectors.append(self.builder.cell(name, var))
        self.numbers.append(self.builder.cell("s_bar", const(0.0)))
        fresh = self.builder.emit(PRIMITIVES["zeros_like"], u, name="t_bar")
        self.vectors.append(self.builder.cell("t_bar", fresh))
        self._tapes()
        self.statements(self.size)
        cells = [*self.numbers, *self.vectors]
        self.random.shuffle(cells)
        results = [self.read(cell) for cell in cells[:5]]
        if self.random.random() < 0.5:
            results.append(self.number(3))
        if self.random.random() < 0.5:
            results.append(self.vector(2))
        order: list[Tree] = list(range(len(results)))
        if self.random.random() < 0.3:
            order.append(self.random.choice(order))
        self.random.shuffle(order)
        half = len(order) // 2
        output = Branch("tuple", (), (*order[:half], Branch("list", (), tuple(order[half:]))))
        container = Branch("dict", ("W", "b"), (w, Branch("tuple", (), (bias,))))
        signature = (
            *(Parameter(p.name, p) for p in params[:5]),
            Parameter("params", container),
        )
        block = Block(params, tuple(self.builder.frame.stmts), tuple(results))
        return Function("f", signature, block, output)

    def _tapes(self) -> None:
        for element in (VECTOR, Float()):
            made = self.builder.emit(PRIMITIVES["tape_new"], Const(None, element), name="xs")
            count = self.builder.cell("k", const(0))
            self.tapes.append((self.builder.cell("xs", made), [count]))


SUM_DEFAULTS = (const(None), const(False))


def random_program(seed: int, size: int = 12) -> Function:
    """The program of a seed."""
    return Programs(seed, size).function()


def arguments(seed: int) -> tuple[Any, ...]:
    """Arguments for the leaves of a program: numbers with zeros among them, and arrays."""
    rng = np.random.default_rng(seed)
    numbers = [float(rng.choice([0.0, 1.0, -2.0, rng.normal(), 3.5])) for _ in range(3)]
    arrays = [rng.normal(size=LENGTH).round(2) for _ in range(3)]
    return (numbers[0], numbers[1], int(rng.integers(0, 4)), *arrays, numbers[2])


def call_arguments(leaves: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same arguments as the emitted function takes them."""
    return (*leaves[:5], {"W": leaves[5], "b": (leaves[6],)})


__all__ = ["CHECK", "Special", "Stop", "Undef", "arguments", "call_arguments", "random_program"]
