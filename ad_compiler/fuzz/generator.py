"""Writes random programs from templates: which names there are, of which types, in which storage.

A template is Python text with holes. Holes with the same letters and number are the same text:

* `<F>`, `<V>`, `<M>`, `<R>`, `<S>`, `<B>`, `<O>`, `<P>`: an expression: a number, a vector of n, a
  matrix of n by 3, a row of 3, a square of 3 by 3, a mask of n, an array of one element, a part of
  n - 1. `<tF>` and the like are expressions that stay small, whatever they are made of;
* `<f>`, `<v>`, `<m>`, `<r>`, `<s>`, `<l>`, `<d>`: a name, also of a list or a dict of numbers;
  `<wv>` and the like a name of an array that may be written to;
* `<+f>` and the like a new name; `<@v>` one that shares storage with the first name there is;
* `<i>` an index of a vector, `<j>` one of a row, `<c>` a condition, `<k>` a number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FLOAT, VECTOR, MATRIX, ROW, SQUARE, MASK = "float", "vector", "matrix", "row", "square", "mask"
ONE, PART = "one", "part"
TYPES = {
    "f": FLOAT, "v": VECTOR, "m": MATRIX, "r": ROW, "s": SQUARE, "b": MASK, "o": ONE, "p": PART,
    "l": "list", "d": "dict", "g": "function", "x": "item",
}  # fmt: skip
PREFIXES = {
    FLOAT: "s", VECTOR: "w", MATRIX: "q", ROW: "r", SQUARE: "h", MASK: "on", ONE: "one",
    PART: "part", "list": "xs", "dict": "d", "function": "g", "item": "x",
}  # fmt: skip
ARRAYS = (VECTOR, MATRIX, ROW, SQUARE, ONE, PART)
HOLE = re.compile(r"<([+@]?)(t?[FVMRSBOP]|w?[a-z])(\d*)>")
STEP = "    "


class Missing(LookupError):
    """There is no name of the type that a template needs."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something a program may do: a line of the table of hits."""

    label: str
    make: Callable[[Generator, int], str | list[str]]
    """Gives the text of an expression or the lines of a statement, for a depth that is left."""
    weight: float = 1.0
    deep: bool = False
    """Whether a statement holds other statements."""


@dataclass(frozen=True)
class Scope:
    """What is known of the names at some place of a program."""

    names: Mapping[str, str]
    storage: Mapping[str, int]
    indices: Sequence[str]


@dataclass
class Generator:
    """Writes the body of one function."""

    rng: random.Random
    tables: Mapping[str, Sequence[Row]]
    """The rows of expressions by type, and those of statements under `statement`."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    storage: dict[str, int] = field(default_factory=dict[str, int])
    """What names of arrays stand for; names with the same number may share memory."""
    fixed: set[str] = field(default_factory=set[str])
    """Names of arrays that are not written to: which array they are depends on the path."""
    indices: list[str] = field(default_factory=list[str])
    loops: int = 0
    count: int = 0
    used: list[str] = field(default_factory=list[str])
    """The labels of the rows that were written."""
    focus: dict[str, Row] = field(default_factory=dict[str, Row])
    """The row to take for the next expression of a type."""
    constants: dict[str, str] = field(default_factory=dict[str, str])
    """Arrays of the module that the program reads."""
    single: bool = False
    """Whether arguments have single precision, so that arrays may differ in theirs."""
    outputs: tuple[str, ...] = ()
    """The arguments that the results are written into: they stay what they are."""
    result: Callable[[], str] = str
    """Gives a value of the kind that the function returns."""

    # -- choices ----------------------------------------------------------------------------------

    def pick(self, *choices: str) -> str:
        """One of some texts."""
        return self.rng.choice(choices)

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in a share of cases."""
        return self.rng.random() < share

    def of(self, type_: str) -> list[str]:
        """The names of a type."""
        return [name for name, t in self.names.items() if t == type_]

    def name(self, type_: str, written: bool = False) -> str:
        """A name of a type; raises Missing where there is none."""
        found = [n for n in self.of(type_) if not written or n not in self.fixed]
        if not found:
            raise Missing(type_)
        return self.rng.choice(found)

    def new(self, type_: str) -> str:
        """A name that was not used before."""
        self.count += 1
        return f"{PREFIXES[type_]}{self.count}"

    def index(self) -> str:
        """An index of a vector."""
        return self.pick("0", "-1", "1", "n - 1", *self.indices)

    # -- expressions ------------------------------------------------------------------------------

    def expression(self, type_: str, depth: int) -> str:
        """A random expression of a type."""
        row = self.focus.pop(type_, None)
        if row is None:
            if depth <= 0:
                return self.atom(type_)
            rows = self.tables[type_]
            row = self.rng.choices(rows, [r.weight for r in rows])[0]
        mark = len(self.used)
        try:
            text = row.make(self, depth - 1)
        except Missing:
            del self.used[mark:]
            return self.atom(type_)
        self.used.append(row.label)
        assert isinstance(text, str)
        return text

    def atom(self, type_: str) -> str:
        """A name, or a number."""
        if type_ == FLOAT and self.chance(0.2):
            return self.pick("0.5", "2.0", "-1.5", "3", "RATE", "math.pi", "n")
        if type_ == MASK:
            return f"({self.name(VECTOR)} {self.pick('<', '>')} {self.pick('0.1', '-0.2')})"
        if type_ in (ONE, PART) and (not self.of(type_) or self.chance(0.3)):
            return f"{self.name(VECTOR)}{'[:1]' if type_ == ONE else '[1:]'}"
        return self.name(type_)

    def tame(self, type_: str, depth: int) -> str:
        """An expression that stays small."""
        function = self.pick("np.tanh", "np.sin", "np.arctan")
        if type_ == FLOAT:
            function = self.pick("math.tanh", "math.sin", "math.atan", "np.tanh")
        return f"{function}({self.expression(type_, depth)})"

    def condition(self, depth: int) -> str:
        """A test of numbers."""
        left, right = self.expression(FLOAT, depth), self.expression(FLOAT, 0)
        simple = f"{left} {self.pick('<', '>', '<=', '>=')} {right}"
        other = self.expression(FLOAT, 0)
        return self.rng.choices(
            [
                simple,
                f"{simple} and {other} < 1.5",
                f"not ({simple} or {other} > 2.5)",
                f"-1.0 < {other} <= {left}",
                f"{self.index()} % 2 == 0",
                f"{left} != {other} and n > 1",
            ],
            [8, 2, 2, 2, 1, 1],
        )[0]

    # -- templates --------------------------------------------------------------------------------

    def fill(self, template: str, depth: int) -> str:
        """The text of a template; its new names are known afterwards."""
        made: dict[str, str] = {}
        new: list[tuple[str, str, bool]] = []

        def text(match: re.Match[str]) -> str:
            mark, kind, number = match.groups()
            tag = kind + number
            if mark:
                type_ = TYPES[kind]
                made[tag] = self.new(type_)
                new.append((made[tag], type_, mark == "@"))
            elif tag not in made:
                made[tag] = self._hole(kind, depth)
            return made[tag]

        filled = HOLE.sub(text, template)
        shared = next((self.storage[n] for n in made.values() if n in self.storage), None)
        for name, type_, alias in new:
            self.bind(name, type_, shared if alias else None)
        return filled

    def _hole(self, kind: str, depth: int) -> str:
        if kind.isupper():
            return self.expression(TYPES[kind.lower()], depth)
        if kind[0] == "t" and len(kind) == 2:
            return self.tame(TYPES[kind[1].lower()], depth)
        if kind[0] == "w":
            return self.name(TYPES[kind[1]], written=True)
        special = {
            "i": self.index,
            "j": lambda: self.pick("0", "1", "-1"),
            "c": lambda: self.condition(min(depth, 1)),
            "k": lambda: self.pick("0.5", "-0.75", "1.25"),
        }
        return special[kind]() if kind in special else self.name(TYPES[kind])

    # -- names ------------------------------------------------------------------------------------

    def bind(self, name: str, type_: str, storage: int | None = None) -> None:
        """Let a name stand for a new array, or for one that exists."""
        self.names[name] = type_
        self.fixed.discard(name)
        if type_ in ARRAYS:
            self.count += 1
            self.storage[name] = self.count if storage is None else storage

    def rebindable(self, type_: str) -> list[str]:
        """Names that may stand for something else from now on, in a loop too."""
        held = list(self.storage.values())

        def alone(name: str) -> bool:
            return type_ not in ARRAYS or held.count(self.storage[name]) == 1

        free = [name for name in self.of(type_) if name not in self.outputs]
        return [name for name in free if not self.loops or alone(name)]

    def scope(self) -> Scope:
        """The names as they are now."""
        return Scope(dict(self.names), dict(self.storage), list(self.indices))

    def back(self, scope: Scope, *ends: Scope) -> None:
        """Leave arms or a body, that ended so: names of before, where all paths meet."""
        self.names, self.indices = dict(scope.names), list(scope.indices)
        groups: dict[tuple[int, ...], list[str]] = {}
        paths = [end.storage for end in ends]
        for name, old in scope.storage.items():
            key = tuple(path.get(name, old) for path in paths)
            if len(set(key)) > 1:
                groups.setdefault(key, []).append(name)
        self.storage = dict(scope.storage)
        for key, names in groups.items():
            for stored, path in zip(key, paths, strict=True):
                others = [n for n, s in path.items() if s == stored and n not in names]
                if others:
                    self.fixed.update(names, others)
            self.count += 1
            self.storage.update(dict.fromkeys(names, self.count))

    # -- statements -------------------------------------------------------------------------------

    def body(self, count: int, depth: int) -> list[str]:
        """Some random statements."""
        lines: list[str] = []
        rows = [r for r in self.tables["statement"] if depth > 0 or not r.deep]
        weights = [r.weight for r in rows]
        while count > 0:
            made = self.statement(self.rng.choices(rows, weights)[0], depth)
            lines += made
            count -= bool(made)
        return lines

    def statement(self, row: Row, depth: int) -> list[str]:
        """The lines of one; none where a name is missing."""
        mark, before, loops = len(self.used), self.scope(), self.loops
        try:
            lines = row.make(self, depth)
        except Missing:
            del self.used[mark:]
            self.back(before)
            self.loops = loops
            return []
        self.used.append(row.label)
        assert isinstance(lines, list)
        return lines


def indented(lines: Sequence[str]) -> list[str]:
    """The lines, one step further in."""
    return [STEP + line for line in lines]


def label_of(template: str) -> str:
    """A template as people read it in the table of hits."""
    plain = HOLE.sub(lambda m: m.group(2).removeprefix("w") + m.group(3), template)
    return "; ".join(line.strip() for line in plain.strip().splitlines())


def expressions(*templates: str, weight: float = 1.0) -> list[Row]:
    """Rows of expressions."""

    def made(template: str) -> Row:
        return Row(label_of(template), lambda g, depth: g.fill(template, depth), weight)

    return [made(t) for t in templates]


def operator(left: str, right: str) -> Row:
    """Sums, differences and products of two types."""

    def make(g: Generator, depth: int) -> str:
        op = g.pick("+", "-", "*")
        return g.fill(f"(<{left}> {op} <{right}1>)", depth)

    return Row(f"{left} op {right}", make, 4.0)


def statements(*templates: str, weight: float = 1.0) -> list[Row]:
    """Rows of statements without others in them."""

    def made(template: str) -> Row:
        text = template.strip("\n")
        return Row(label_of(text), lambda g, _: g.fill(text, 1).splitlines(), weight)

    return [made(t) for t in templates]


def lines(text: str) -> list[str]:
    """Templates of one line each."""
    return [line for line in text.splitlines() if line]


def blocks(text: str) -> list[str]:
    """Templates of several lines each, with an empty line between them."""
    return text.strip("\n").split("\n\n")
