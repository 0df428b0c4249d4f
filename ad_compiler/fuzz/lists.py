"""Random statements around one table, a list of lists, and one queue."""

from __future__ import annotations

from dataclasses import dataclass, field

from ad_compiler.fuzz.generator import FLOAT, Generator, Row, indented
from ad_compiler.fuzz.knots import small

MADE = (
    "[[{c}] * 3 for _ in range({n})]", "[[{c} * (i + j) for j in range(3)] for i in range({n})]",
    "[[{c} * v, {c}, v * v] for v in {v}]", "[[v] * 3 for v in {v}]",
)  # fmt: skip


@dataclass
class Table:
    """A table of three columns, of as many rows as an array has elements, and numbers beside it."""

    g: Generator
    name: str
    array: str
    number: str
    queue: str
    indices: list[str] = field(default_factory=list[str])

    def index(self) -> str:
        return self.g.pick("0", "1", "-1", *(i for i in self.indices for _ in range(3)))

    def item(self) -> str:
        return f"{self.name}[{self.index()}][{self.index()}]"

    def value(self) -> str:
        """A number that stays small."""
        one, other = self.item(), self.g.pick(self.item(), self.number, f"{self.queue}[0]")
        return small(self.g, one, other)

    def body(self, depth: int) -> list[str]:
        return [line for _ in range(self.g.rng.randint(1, 3)) for line in self.statement(depth)]

    def statement(self, depth: int) -> list[str]:
        if depth < 2 and self.g.chance(0.5):
            return self.loop(depth) if self.g.chance(0.7) else self.branch(depth)
        m, t, q, k = self.name, self.number, self.queue, self.index()
        return self.g.pick(
            f"{self.item()} = {self.value()}", f"{self.item()} += {self.value()}",
            f"{self.item()} *= 0.5", f"{t} = 0.5 * {t} + {self.item()} * {self.item()}",
            f"{t} += 0.1 * sum({m}[{k}])", f"{m}[0], {m}[1] = {m}[1], {m}[0]",
            f"{m}[{k}] = [0.5 * v for v in {m}[{k}]]", f"{m} = [row[:] for row in {m}]",
            f"{m}[{k}].append({self.value()})\n{t} += {m}[{k}].pop() * 0.1",
            f"for row in {m}:\n    {t} += 0.1 * row[0] * row[-1]",
            f"{q}.append({self.value()})\n{t} += 0.1 * {q}.pop(0)",
            f"{q}.insert(0, {self.value()})\n{q}[0] += {q}.pop() * 0.5",
            f"if {self.item()} > 0.1 and {q} and {q}[-1] < 1.5:\n    {t} *= 0.5",
        ).split("\n")  # fmt: skip

    def loop(self, depth: int) -> list[str]:
        index = f"{'ij'[depth]}_{self.name}"
        self.indices.append(index)
        head = self.g.pick(
            f"for {index} in range(3):", f"for {index} in range(min(3, len({self.array}) + 1)):"
        )
        found = [head, *indented(self.body(depth + 1))]
        self.indices.pop()
        return found

    def branch(self, depth: int) -> list[str]:
        test = f"if {self.item()} > {self.g.pick(self.item(), '0.2', self.number)}:"
        other = ["else:", *indented(self.body(depth + 1))] if self.g.chance(0.5) else []
        return [test, *indented(self.body(depth + 1)), *other]


def tabled(g: Generator, _depth: int) -> list[str]:
    """A table and a queue, and a few statements that change them."""
    name, number, queue = (f"{g.new('item')}_{what}" for what in ("table", "number", "queue"))
    array = g.fill("<v>", 0)
    head = f"{number} = 0.5 * math.tanh({array}[0])"
    made = g.pick(*MADE).format(
        c=g.pick("0.5", "0.0", number), n=f"len({array}) + 2", v=f"[*{array}, 0.5, 0.25]"
    )
    table = Table(g, name, array, number, queue)
    start = g.pick(f"{queue} = [0.5]", f"{queue} = []\n{queue}.append({number})").split("\n")
    return [
        head, f"{name} = {made}", *start, *table.body(0),
        f"{g.name(FLOAT)} += 0.1 * {number} + 0.1 * sum(sum(row) for row in {name}) + {queue}[0]",
    ]  # fmt: skip


LISTS = [Row("a table, a list of lists, and a queue", tabled, 3.0)]
"""Rows of the generator's table."""
