"""Random statements around two names that are None on some paths."""

from __future__ import annotations

from dataclasses import dataclass, field

from ad_compiler.fuzz.generator import FLOAT, Generator, Row, indented
from ad_compiler.fuzz.knots import small


@dataclass
class Pair:
    """Two names that may be None, an array that is gone through, and a number beside them."""

    g: Generator
    names: tuple[str, str]
    array: str
    number: str
    items: list[str] = field(default_factory=list[str])

    def value(self) -> str:
        """A number that stays small and is not None."""
        items = [item for item in self.items for _ in range(2)]
        one, other = self.g.pick(*items, self.number), self.g.pick(*items, f"{self.array}[0]")
        return small(self.g, one, other)

    def body(self, depth: int, least: int = 1) -> list[str]:
        count = self.g.rng.randint(least, 3)
        return [line for _ in range(count) for line in self.statement(depth)]

    def statement(self, depth: int) -> list[str]:
        if depth > 0 and self.g.chance(0.55):
            return self.g.rng.choice((self.loop, self.branch, self.tested))(depth)
        a, b = self.g.rng.sample(self.names, 2)
        v, t, c = self.value(), self.number, self.g.pick("0.1", "-0.2", "0.3")
        return self.g.pick(
            f"{a} = {v}", f"{a} = None", f"{a} = {b}",
            f"{a}, {b} = {b}, {a}", f"{a}, {b} = {v}, {a}",
            f"{a} = {v} if {t} > {c} else None", f"{a} = {v} if {a} is None else 0.5 * {a} + {v}",
            f"if {a} is None or {v} < {a}:\n    {a} = {v}",
            f"{t} += 0.1 if {a} is None else 0.5 * {a}",
            f"if {a} is not None and {b} is not None:\n    {t} += {a} * {b}",
            f"if {a} is not None:\n    {a} *= 0.5",
        ).split("\n")  # fmt: skip

    def loop(self, depth: int) -> list[str]:
        item = self.g.new("item")
        head = self.g.pick(f"for {item} in {self.array}:", f"for {item} in (0.5, {self.number}):")
        self.items.append(item)
        body = self.body(depth - 1)
        if self.g.chance(0.3):
            jump = self.g.pick("break", "continue")
            body = [f"if {item} > 0.4:", *indented([*self.body(0), jump]), *body]
        self.items.pop()
        return [head, *indented(body)]

    def branch(self, depth: int) -> list[str]:
        test = f"if {self.value()} > {self.g.pick('0.1', '0.2', self.number)}:"
        other = ["else:", *indented(self.body(depth - 1))] if self.g.chance(0.5) else []
        return [test, *indented(self.body(depth - 1)), *other]

    def tested(self, depth: int) -> list[str]:
        name = self.g.pick(*self.names)
        there = [f"{self.number} += 0.5 * {name}", *self.body(depth - 1, 0)]
        if self.g.chance(0.5):
            return [f"if {name} is not None:", *indented(there)]
        return [f"if {name} is None:", *indented(self.body(depth - 1)), "else:", *indented(there)]


def optional(g: Generator, _depth: int) -> list[str]:
    """Two names that are None at first or not, and a few statements that change them."""
    one, other, number = (f"{g.new('item')}_{what}" for what in ("best", "last", "number"))
    array = g.fill("<v>", 0)
    pair = Pair(g, (one, other), array, number)
    ends = [f"{number} += 0.1 if {name} is None else {name}" for name in (one, other)]
    return [
        f"{number} = 0.5 * math.tanh({array}[0])",
        f"{one} = {g.pick('None', 'None', number)}", f"{other} = None", *pair.body(2),
        *ends, f"{g.name(FLOAT)} += 0.1 * {number}",
    ]  # fmt: skip


OPTIONAL = [Row("names that are None on some paths", optional, 3.0)]
"""Rows of the generator's table."""
