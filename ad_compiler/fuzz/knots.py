"""Random statements that all change one small array: nested loops and branches around it.

Elsewhere a program has many arrays, and what is read has seldom been written on just one path.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ad_compiler.fuzz.generator import Generator, Row, indented

PLACES = ("0", "1", "2", "3", "-1")
PARTS = (
    ("1:", ":-1"), (":-1", "1:"), (":2", "2:"), ("2:", ":2"), ("::2", "1::2"), ("1:3", "0:2"),
)  # fmt: skip
DEEPEST = 3


def small(g: Generator, one: str, other: str) -> str:
    """A number that stays small, computed of two."""
    return g.pick(
        f"0.5 * {one}", f"math.sin({one})", f"{one} * 0.25 * math.cos({other})",
        f"math.tanh({one} * {other})", f"0.5 * ({one} - {other})", "0.5",
    )  # fmt: skip


@dataclass
class Knot:
    """One array, and a number beside it."""

    g: Generator
    array: str
    other: str
    number: str
    indices: list[str] = field(default_factory=list[str])
    places: tuple[str, ...] = PLACES
    plain: bool = False
    """Whether only elements of the one array change, at few places."""

    @classmethod
    def of(cls, g: Generator, array: str, other: str, number: str) -> Knot:
        """A knot of the one kind or the other."""
        if g.chance(0.5):
            return cls(g, array, other, number)
        return cls(g, array, other, number, [], tuple(g.rng.sample(PLACES, 2)), plain=True)

    def place(self) -> str:
        indices = [] if self.plain else [i for i in self.indices for _ in range(3)]
        return self.g.pick(*self.places, *indices)

    def element(self) -> str:
        arrays = (self.array, self.array, self.array if self.plain else self.other)
        return f"{self.g.pick(*arrays)}[{self.place()}]"

    def value(self) -> str:
        """A number that stays small."""
        one, other = self.element(), self.g.pick(self.element(), self.number)
        return small(self.g, one, other)

    def body(self, depth: int) -> list[str]:
        return [line for _ in range(self.g.rng.randint(1, 3)) for line in self.statement(depth)]

    def statement(self, depth: int) -> list[str]:
        kinds = (
            self.assigned, self.changed, self.moved, self.summed, self.renamed, self.viewed,
        )  # fmt: skip
        if self.plain:
            kinds = kinds[:2]
        deep = (self.branch, self.loop, self.branch, self.loop, self.counted)
        simple = self.g.chance(0.4 if self.plain else 0.6)
        kind = self.g.rng.choice(kinds if depth <= 0 or simple else deep)
        return kind(depth)

    def assigned(self, _depth: int) -> list[str]:
        return [f"{self.array}[{self.place()}] = {self.value()}"]

    def changed(self, _depth: int) -> list[str]:
        return [f"{self.array}[{self.place()}] {self.g.pick('+=', '-=', '*=')} {self.value()}"]

    def moved(self, _depth: int) -> list[str]:
        target, source = self.g.rng.choice(PARTS)
        a = self.array
        return [
            self.g.pick(
                f"{a}[{target}] = {a}[{source}]",
                f"{a}[{target}] += 0.5 * {self.other}[{source}]",
                f"{a}[{target}] *= {self.value()}",
                f"{a}[::-1] = {a}",
                f"{a}[{a} > 0.2] *= 0.5",
                f"{a}.reshape(2, 2)[{self.g.pick('0', '1')}] += {self.value()}",
                f"{a}.reshape(2, 2).T[1] = {self.value()}",
            )
        ]

    def summed(self, _depth: int) -> list[str]:
        return [f"{self.number} {self.g.pick('+=', '-=')} {self.value()}"]

    def renamed(self, _depth: int) -> list[str]:
        a, b = self.array, self.other
        return [
            self.g.pick(
                f"{a}, {b} = {b}, {a}", f"{b} = {a}.copy()", f"{a} = {a} * 0.5",
                f"{b}[{self.place()}] = {self.value()}", f"{a} = np.tanh({b} + {a})",
            )
        ]  # fmt: skip

    def viewed(self, _depth: int) -> list[str]:
        """A view with a name, and a write on either side of it."""
        name = self.g.new("item")
        view = self.g.pick("[1:3]", "[::2]", ".reshape(2, 2)[1]", ".reshape(2, 2)[:, 0]", "[::-1]")
        through = self.g.pick(
            f"{name}[{self.g.pick('0', '-1')}] += {self.value()}", f"{name} *= {self.value()}",
            f"{name}[:] = {name}[::-1].copy()",
        )  # fmt: skip
        lines = [through, *self.changed(0)]
        self.g.rng.shuffle(lines)
        lines = [f"{name} = {self.array}{view}", *lines]
        if self.g.chance(0.5):
            lines.append(f"{self.number} += {name}[0] * {self.element()}")
        return lines

    def counted(self, depth: int) -> list[str]:
        """A `while` that ends after some trips."""
        count = f"{self.g.new('item')}_trips"
        body = [f"{count} += 1", *self.body(depth - 1)]
        if self.g.chance(0.3):
            limit = self.g.pick("0.7", "-0.4")
            body += [f"if {self.element()} > {limit}:", *indented([*self.body(0), "break"])]
            body += self.body(0)
        test = self.g.pick(f"{count} < 3", f"{count} < 2 and {self.element()} < 5.0")
        return [f"{count} = 0", f"while {test}:", *indented(body)]

    def branch(self, depth: int) -> list[str]:
        limit = self.g.pick("0.1", "-0.2", "0.4")
        test = f"{self.g.pick(self.element(), self.number)} {self.g.pick('<', '>')} {limit}"
        lines = [f"if {test}:", *indented(self.body(depth - 1))]
        if self.g.chance(0.7):
            lines += ["else:", *indented(self.body(depth - 1))]
        return lines

    def loop(self, depth: int) -> list[str]:
        index = self.g.new("item")
        header = self.g.pick("range(2)", "range(1)", "range(3)", "range(1, 4)", "range(3, 0, -1)")
        self.indices.append(index)
        body = self.body(depth - 1)
        if self.g.chance(0.2):
            leave = self.g.pick("break", "continue")
            body += [f"if {self.element()} > 0.6:", *indented([leave]), *self.body(0)]
        self.indices.pop()
        return [f"for {index} in {header}:", *indented(body)]


def tied(g: Generator, _depth: int) -> list[str]:
    """The statements, around arrays of four numbers that exist only here."""
    array, other, number = (f"{g.new('item')}_tied" for _ in range(3))
    knot = Knot.of(g, array, other, number)
    start = g.fill(f"{array} = np.array([<tF>, <tF1>, 0.3, <f> * 0.25])", 1)
    total = g.fill(f"<+f> = {number} + np.sum({array} * {other})", 1)
    return [
        start, f"{other} = {array} * 0.5", f"{number} = 0.25",
        *knot.loop(DEEPEST), *knot.body(DEEPEST - 1), total,
    ]  # fmt: skip


def begun(g: Generator, _depth: int) -> list[str]:
    """A loop whose first trip makes an array that the others change, and a list of a kind."""
    array, item, first, rows = (f"{g.new('item')}_begun" for _ in range(4))
    made = g.fill(
        g.pick("(<V>).copy()", "<V> * <tF>", "<tF> * np.ones(3)", "np.zeros(3) + <tF>"), 1
    )
    arm = [f"{array} = {made}", f"{first} = False", *(["continue"] if g.chance(0.3) else [])]
    changes = [
        f"{array} *= 0.5 + 0.1 * {item}", f"{array}[0] = 0.5 * {item} * {array}[-1]",
        f"{array} += {item}", f"{array}[1:] -= 0.25 * {array}[:-1]",
        f"{array} = 0.5 * {array} + np.sin({array})", f"{rows} = [0.5 * np.sum({array}), *{rows}]",
        f"if {item} > 0.4:\n    {array}[-1] *= 0.5", f"{rows} = {rows} + [{item}]",
    ]  # fmt: skip
    body = [f"if {first}:", *indented(arm)]
    for change in g.rng.sample(changes, g.rng.randint(1, 3)):
        body += change.split("\n")
    return [
        f"{first}, {rows} = True, [0.5]", g.fill(f"for {item} in <V>:", 0), *indented(body),
        g.fill(f"<+f> = 0.1 * np.sum({array}) + 0.1 * sum({rows})", 1),
    ]  # fmt: skip


KNOTS = [
    Row("nested loops and branches around one small array", tied, 6.0),
    Row("an array that the first trip of a loop makes", begun, 3.0),
]
"""Rows of the generator's table."""
