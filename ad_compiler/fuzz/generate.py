"""A typed generator of random programs in the accepted language.

Every program is a pure function of a seed: same seed, same text. Operations are chosen so that
values stay finite and away from domain errors; kinks (`abs`, `max`, `where`, branches) are met
with probability zero.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ad_compiler.fuzz.arguments import ARRAYS_OF, arguments
from ad_compiler.fuzz.expressions import EXPRESSIONS
from ad_compiler.fuzz.flow import FLOW
from ad_compiler.fuzz.generator import FLOAT, ROW, VECTOR, Generator, Row, indented
from ad_compiler.fuzz.in_place import IN_PLACE
from ad_compiler.fuzz.knots import KNOTS
from ad_compiler.fuzz.lengths import STATEMENTS
from ad_compiler.fuzz.library import elementwise, sampled
from ad_compiler.fuzz.lists import LISTS
from ad_compiler.fuzz.maybe import OPTIONAL
from ad_compiler.fuzz.preamble import PREAMBLE
from ad_compiler.fuzz.straight import STRAIGHT

FOCI = 5
"""How many rows a program has that are drawn from all rows alike, whatever their weight."""


@dataclass(frozen=True)
class Program:
    """The text of a module with a function `f` to differentiate, and `arguments` for it.

    `number` gives the sum of all that f returns. `OUTPUTS` names the arguments that f writes its
    results into, if it returns none.
    """

    seed: int
    text: str
    used: tuple[str, ...] = ()
    """The labels of the rows of the language that it exercises."""


@functools.cache
def tables() -> dict[str, list[Row]]:
    """All rows: those of expressions by type, and those of statements."""
    made: dict[str, list[Row]] = {type_: list(rows) for type_, rows in EXPRESSIONS.items()}
    made[FLOAT] += [*elementwise(FLOAT), *sampled()]
    made[VECTOR] += elementwise(VECTOR)
    made[ROW] += elementwise(ROW)
    made["statement"] = [*STRAIGHT, *IN_PLACE, *STATEMENTS, *FLOW, *KNOTS, *LISTS, *OPTIONAL]
    return made


@functools.cache
def _without(labels: str) -> dict[str, list[Row]]:
    """The tables, but for some rows."""
    return {
        type_: [row for row in table if not re.search(labels, row.label)]
        for type_, table in tables().items()
    }


def rows() -> list[str]:
    """The labels of all rows, each once."""
    labels = [row.label for table in tables().values() for row in table]
    return list(dict.fromkeys([*labels, *EXTRA, *RESULTS, *ARRAYS_OF]))


EXTRA = (
    "else of a loop", "a name that a loop binds, read after it", "break in a loop",
    "the index of a loop, read after it", "continue in a loop", "return in a loop",
    "a jump on a path of a branch", "float32", "a default argument", "0-d array",
    "arguments in a dict",     "arguments in a tuple", "arguments in nested lists",
)  # fmt: skip
"""Rows that are parts of others."""

RESULTS = {
    "returns a number": ("<tF>", "r"),
    "returns a tuple": ("<tF>, <V>", "r[0] + np.sum(r[1])"),
    "returns a dict": ("{{'p': <tF>, 'q': <V>}}", "r['p'] + np.sum(r['q'])"),
    "returns a list": ("[<V>, <tF>]", "r[1] + np.sum(r[0])"),
    "returns nested containers": (
        "(<tF>, [<V>, {{'q': <M>}}])", "r[0] + np.sum(r[1][0]) + np.sum(r[1][1]['q'] ** 2)",
    ),
    "returns a vector": ("<V>", "np.sum(r * r)"),
    "returns a matrix": ("<M>", "np.sum(r * np.cos(r))"),
    "returns an argument": ("<v>", "np.sum(np.sin(r))"),
    "writes into an argument": ("None", "np.sum(u * u)"),
    "writes into two arguments": ("None", "np.sum(u * u) + np.sum(m)"),
}  # fmt: skip
"""What the function returns, as a template, and a number made of it."""

OUTPUTS = {"writes into an argument": ("u",), "writes into two arguments": ("u", "m")}
"""The arguments that the results are written into."""


def program(seed: int, focus: Sequence[str] = (), without: str = "") -> Program:
    """The random program of a seed; with the rows of these labels in it.

    `without`: a regular expression for the labels of rows that are left out.
    """
    rng = random.Random(seed)
    g = Generator(rng, _without(without) if without else tables())
    kind = rng.choices(list(RESULTS), [12] + [1] * (len(RESULTS) - 1))[0]
    template, number = RESULTS[kind]
    g.outputs = OUTPUTS.get(kind, ())
    plain = template.replace("{{", "{").replace("}}", "}")
    fresh = plain.replace("<V>", "<tV>").replace("<M>", "<tM>").replace("<v>", "<tV>")
    g.result = lambda: g.fill(fresh, 1)
    given = arguments(rng)
    g.single = "float32" in given.used
    for name, type_ in given.names.items():
        g.bind(name, type_)
    lines = [*given.prologue, *_body(g, focus)]
    lines.append(f"return {_final(g, kind, plain)}")
    parameters = ", ".join(given.parameters)
    plain = ", ".join(p.split("=")[0] for p in given.parameters)
    text = "\n".join(
        [
            *(f"{name} = {value}" for name, value in g.constants.items()), "", "",
            f"def f({parameters}):", *indented(lines), "", "",
            f"def number({parameters}):", f"    r = f({plain})", f"    return {number}", "", "",
            "def arguments():", *indented(given.lines), "",
            *([f"OUTPUTS = {g.outputs}"] if g.outputs else []),
        ]
    )  # fmt: skip
    return Program(seed, PREAMBLE + text.rstrip() + "\n", (*g.used, *given.used, kind))


def _final(g: Generator, kind: str, template: str) -> str:
    if kind != "returns a number":
        return g.fill(template, 1)
    return g.fill("<f> + np.sum(<v>) + np.sum(<m>) + <F>", 2)


def _body(g: Generator, focus: Sequence[str]) -> list[str]:
    """Random statements, with some among them that show certain rows."""
    rng = g.rng
    everything = [(type_, row) for type_, table in g.tables.items() for row in table]
    chosen = [rng.choice(everything) for _ in range(0 if focus else FOCI)]
    chosen += [pair for pair in everything if pair[1].label in focus]
    plan: list[tuple[str, Row] | None] = [*chosen, *[None] * rng.randint(1, 5)]
    rng.shuffle(plan)
    lines: list[str] = []
    for pair in plan:
        match pair:
            case None:
                lines += g.body(1, 3)
            case ("statement", row):
                lines += g.statement(row, 2) or [*_supplied(g), *g.statement(row, 2)]
            case (type_, row):
                lines += _held(g, type_, row)
                if row.label not in g.used:
                    lines += [*_supplied(g), *_held(g, type_, row)]
    return lines


def _held(g: Generator, type_: str, row: Row) -> list[str]:
    """A statement with an expression in it, if all names are there that it needs."""
    g.focus[type_] = row
    return g.statement(HOLDERS[type_], 1)


def _supplied(g: Generator) -> list[str]:
    """Names of the types that no parameter has."""
    made = "<+l> = [float(<tF>), 0.5, 0.25]\n<+d> = {'p': <tF>, 'q': 0.75}\n<+o>, <+p> = <tO>, <tP>"
    return g.fill(made, 0).splitlines()


def _holder(type_: str) -> Row:
    def make(g: Generator, depth: int) -> list[str]:
        if type_ == "mask":
            text = f"np.where({g.expression(type_, 2)}, {g.name(VECTOR)}, {g.name(VECTOR)})"
            name, kind = g.new(VECTOR), VECTOR
        else:
            text, name, kind = g.tame(type_, 2), g.new(type_), type_
        g.bind(name, kind)
        return [f"{name} = {text}"]

    return Row("name = expression", make)


HOLDERS = {type_: _holder(type_) for type_ in EXPRESSIONS}
"""Statements that have an expression of a type in them."""
