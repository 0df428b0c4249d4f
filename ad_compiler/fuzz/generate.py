"""A typed generator of random programs in the accepted language.

Every program is a pure function of a seed: same seed, same text. Operations are chosen so that
values stay finite and away from domain errors; kinks (`abs`, `max`, `where`, branches) are met
with probability zero.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ad_compiler.fuzz import in_place, jumps

FLOAT, VECTOR, MATRIX = "float", "vector", "matrix"
SIGNATURE = {"a": FLOAT, "b": FLOAT, "u": VECTOR, "v": VECTOR, "m": MATRIX}
"""The parameters of each program. Vectors have length n, matrices n by 3; n is the last one."""

HELPERS = (
    '''\
import math

import numpy as np

RATE = 0.75
WEIGHTS = np.array([0.5, -1.25, 2.0])


def blend(p, q, t=0.25):
    """Between p and q."""
    return p * (1.0 - t) + q * t


def squash(p):
    if p > 0.0:
        r = p / (1.0 + p)
    else:
        r = math.tanh(p)
    return r


def scale(w, *, by=2.0):
    return w * by


'''
    + in_place.HELPERS
)
"""Functions and globals that programs use."""


@dataclass
class Program:
    """The text of a module with one function `f` to differentiate."""

    seed: int
    text: str


@dataclass
class Generator:
    """Writes the body of one function, keeping track of the names that are bound."""

    rng: random.Random
    names: dict[str, str] = field(default_factory=lambda: dict(SIGNATURE))
    indices: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])
    used: set[str] = field(default_factory=set[str])
    """The rows of the language that this program exercises."""

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def of(self, type_: str) -> list[str]:
        return [name for name, t in self.names.items() if t == type_]

    # -- expressions --------------------------------------------------------------------------

    def expression(self, type_: str, depth: int) -> str:
        """A random expression of a type."""
        table = {FLOAT: FLOATS, VECTOR: VECTORS, MATRIX: MATRICES}[type_]
        if depth <= 0:
            return self.atom(type_)
        label, make = self.rng.choice(table)
        self.used.add(label)
        return make(self, depth - 1)

    def atom(self, type_: str) -> str:
        bound = self.of(type_)
        if type_ == FLOAT and self.rng.random() < 0.2:
            return self.pick("0.5", "2.0", "-1.5", "3", "RATE", "math.pi")
        return self.rng.choice(bound)

    def condition(self, depth: int) -> str:
        left, right = self.expression(FLOAT, depth), self.expression(FLOAT, 0)
        simple = f"{left} {self.pick('<', '>', '<=', '>=')} {right}"
        shape = self.rng.random()
        if shape < 0.15:
            return f"{simple} and {self.expression(FLOAT, 0)} < 1.5"
        if shape < 0.3:
            return f"not ({simple} or {self.expression(FLOAT, 0)} > 2.5)"
        if shape < 0.4:
            return f"-1.0 < {self.expression(FLOAT, 0)} <= {left}"
        return simple

    def index(self) -> str:
        return self.pick("0", "-1", "1", "n - 1", *self.indices)

    # -- statements ---------------------------------------------------------------------------

    def body(self, count: int, indent: str, depth: int) -> None:
        for _ in range(count):
            label, make = self.rng.choice(STATEMENTS if depth > 0 else SIMPLE)
            self.used.add(label)
            make(self, indent, depth)

    def fresh_or_bound(self, type_: str) -> str:
        """A name to assign: a bound one of the same type, or a new one."""
        bound = self.of(type_)
        if bound and self.rng.random() < 0.5:
            return self.rng.choice(bound)
        return {FLOAT: "s", VECTOR: "w", MATRIX: "q"}[type_] + str(len(self.names))

    def type_(self) -> str:
        return self.rng.choices([FLOAT, VECTOR, MATRIX], [5, 4, 2])[0]


def bounded(type_: str, text: str, pick: Callable[..., str]) -> str:
    """An expression that cannot grow, for updates in loops."""
    if type_ == FLOAT:
        return f"{pick('math.tanh', 'math.sin', 'math.atan', 'np.tanh')}({text})"
    return f"{pick('np.tanh', 'np.sin', 'np.arctan')}({text})"


def assign(g: Generator, indent: str, depth: int) -> None:
    """`name = expression`."""
    type_ = g.type_()
    text = bounded(type_, g.expression(type_, 2), g.pick)
    name = g.fresh_or_bound(type_)
    g.lines.append(f"{indent}{name} = {text}")
    g.names[name] = type_


def accumulate(g: Generator, indent: str, depth: int) -> None:
    """`name += expression`."""
    name = g.rng.choice(g.of(FLOAT))
    text = g.expression(FLOAT, 2)
    op = g.pick("+=", "-=")
    g.lines.append(f"{indent}{name} {op} 0.25 * {bounded(FLOAT, text, g.pick)}")


def swap(g: Generator, indent: str, depth: int) -> None:
    """`p, q = q, p`."""
    bound = g.of(g.pick(FLOAT, VECTOR))
    if len(bound) >= 3 and g.rng.random() < 0.3:
        p, q, r = g.rng.sample(bound, 3)
        g.lines.append(f"{indent}{p}, {q}, {r} = {q}, {r}, {p}")
    else:
        p, q = g.rng.sample(bound, 2)
        g.lines.append(f"{indent}{p}, {q} = {q}, {p}")


def unpack(g: Generator, indent: str, depth: int) -> None:
    """`p, q = one, other`."""
    p, q = g.fresh_or_bound(FLOAT), g.fresh_or_bound(FLOAT)
    if p == q:
        q += "_"
    one = bounded(FLOAT, g.expression(FLOAT, 1), g.pick)
    other = g.expression(FLOAT, 1)
    g.lines.append(f"{indent}{p}, {q} = {one}, {bounded(FLOAT, other, g.pick)}")
    g.names[p] = g.names[q] = FLOAT


def branch(g: Generator, indent: str, depth: int) -> None:
    """An `if`, perhaps with `elif` and `else`."""
    before = dict(g.names)
    g.lines.append(f"{indent}if {g.condition(1)}:")
    g.body(g.rng.randint(1, 2), indent + "    ", depth - 1)
    after_then = g.names
    g.names = dict(before)
    if g.rng.random() < 0.3:
        g.lines.append(f"{indent}elif {g.condition(1)}:")
        g.body(1, indent + "    ", depth - 1)
        g.names = dict(before)
    if g.rng.random() < 0.6:
        g.lines.append(f"{indent}else:")
        g.body(g.rng.randint(1, 2), indent + "    ", depth - 1)
    del after_then
    g.names = before


def for_loop(g: Generator, indent: str, depth: int) -> None:
    """A `for` over a range."""
    before = dict(g.names)
    index = "ijkl"[len(g.indices)] if len(g.indices) < 4 else f"i{len(g.indices)}"
    trips = g.pick("n", "n", "3", "1, n", "0", "n - 1, -1, -1", "0, n, 2")
    g.lines.append(f"{indent}for {index} in range({trips}):")
    usable = trips not in ("3",)
    if usable:
        g.indices.append(index)
    g.body(g.rng.randint(1, 3), indent + "    ", depth - 1)
    if usable:
        g.indices.pop()
    g.names = before


def while_loop(g: Generator, indent: str, depth: int) -> None:
    """A `while` that ends."""
    before = dict(g.names)
    counter = f"c{len(g.lines)}"
    g.lines.append(f"{indent}{counter} = 0")
    extra = f" and {g.expression(FLOAT, 1)} < 4.5" if g.rng.random() < 0.4 else ""
    g.lines.append(f"{indent}while {counter} < {g.pick('2', '3', 'n')}{extra}:")
    g.body(g.rng.randint(1, 2), indent + "    ", depth - 1)
    g.lines.append(f"{indent}    {counter} += 1")
    g.names = before


Statement = tuple[str, Callable[[Generator, str, int], None]]
SIMPLE: list[Statement] = [
    *[("assign", assign)] * 4,
    *[("accumulate", accumulate)] * 2,
    *[("swap", swap)] * 2,
    ("unpack", unpack),
    *in_place.STATEMENTS,
]
STATEMENTS: list[Statement] = [
    *SIMPLE,
    *[("if", branch)] * 3,
    *[("for", for_loop)] * 3,
    *[("while", while_loop)] * 2,
    *jumps.STATEMENTS,
]

Expression = tuple[str, Callable[[Generator, int], str]]


def _binary(type_: str, left: str, right: str) -> Callable[[Generator, int], str]:
    def make(g: Generator, depth: int) -> str:
        op = g.pick("+", "-", "*")
        return f"({g.expression(left, depth)} {op} {g.expression(right, depth)})"

    return make


def _call(template: str, *types: str) -> Callable[[Generator, int], str]:
    """A template whose {} are filled with expressions of the given types."""

    def make(g: Generator, depth: int) -> str:
        return template.format(*(g.expression(t, depth) for t in types))

    return make


FLOATS: list[Expression] = [
    ("float op float", _binary(FLOAT, FLOAT, FLOAT)),
    ("float op float", _binary(FLOAT, FLOAT, FLOAT)),
    ("/", _call("({} / (1.5 + {} ** 2))", FLOAT, FLOAT)),
    ("math.sin", _call("math.sin({})", FLOAT)),
    ("np.cos", _call("np.cos({})", FLOAT)),
    ("math.exp", _call("math.exp(math.tanh({}))", FLOAT)),
    ("math.sqrt", _call("math.sqrt(1.0 + {0} * {0})", FLOAT)),
    ("math.log", _call("math.log(1.5 + {0} * {0})", FLOAT)),
    ("**", _call("(1.5 + math.sin({})) ** math.cos({})", FLOAT, FLOAT)),
    ("** 3", _call("{} ** 3 / 9.0", FLOAT)),
    ("neg", _call("-{}", FLOAT)),
    ("abs", _call("abs({})", FLOAT)),
    ("max", _call("max({}, {})", FLOAT, FLOAT)),
    ("min", _call("min({}, {})", FLOAT, FLOAT)),
    ("math.hypot", _call("math.hypot({}, {})", FLOAT, FLOAT)),
    ("math.atan2", _call("math.atan2({}, 3.5 + math.sin({}))", FLOAT, FLOAT)),
    (
        "if-else",
        lambda g, d: f"({g.expression(FLOAT, d)} if {g.condition(0)} else {g.atom(FLOAT)})",
    ),
    ("v[i]", lambda g, d: f"{g.atom(VECTOR)}[{g.index()}]"),
    ("m[i, j]", lambda g, d: f"{g.atom(MATRIX)}[{g.index()}, {g.pick('0', '1', '-1')}]"),
    ("np.sum", _call("np.sum({})", VECTOR)),
    (".mean", _call("np.mean({})", MATRIX)),
    (".max", lambda g, d: f"{g.atom(VECTOR)}.max()"),
    ("np.dot", _call("np.dot({}, {})", VECTOR, VECTOR)),
    ("v @ v", _call("({} @ {})", VECTOR, VECTOR)),
    ("call", _call("blend({}, {})", FLOAT, FLOAT)),
    ("call branch", _call("squash({})", FLOAT)),
    ("slices", lambda g, d: f"np.sum({g.atom(VECTOR)}[1:] * {g.atom(VECTOR)}[:-1])"),
    ("slice step", lambda g, d: f"np.sum(({g.expression(VECTOR, d)})[::2])"),
    ("float(f64)", _call("float(np.sin({}))", FLOAT)),
    ("x ** 0.5", _call("(2.0 + math.sin({})) ** 0.5", FLOAT)),
    ("%", _call("({} % 7.25)", FLOAT)),
]
VECTORS: list[Expression] = [
    ("vector op vector", _binary(VECTOR, VECTOR, VECTOR)),
    ("vector op vector", _binary(VECTOR, VECTOR, VECTOR)),
    ("vector op float", _binary(VECTOR, VECTOR, FLOAT)),
    ("float op vector", _binary(VECTOR, FLOAT, VECTOR)),
    ("np.sin", _call("np.sin({})", VECTOR)),
    ("np.exp", _call("np.exp(np.tanh({}))", VECTOR)),
    ("np.sqrt", _call("np.sqrt(1.0 + {0} * {0})", VECTOR)),
    ("vector / vector", _call("({} / (2.0 + {} ** 2))", VECTOR, VECTOR)),
    ("np.where", _call("np.where({} > 0.1, {}, {})", VECTOR, VECTOR, VECTOR)),
    ("np.where scalar", _call("np.where({} > {}, {}, 0.0)", VECTOR, FLOAT, VECTOR)),
    ("np.maximum", _call("np.maximum({}, {})", VECTOR, FLOAT)),
    ("np.abs", _call("np.abs({})", VECTOR)),
    ("sum axis", _call("np.sum({}, axis=1)", MATRIX)),
    ("mean axis", _call("{}.mean(axis=1)", MATRIX)),
    ("m @ w", lambda g, d: f"({g.expression(MATRIX, d)} @ WEIGHTS)"),
    ("m[:, j]", lambda g, d: f"{g.atom(MATRIX)}[:, {g.pick('0', '1', '2')}]"),
    ("v[::-1]", lambda g, d: f"{g.atom(VECTOR)}[::-1]"),
    (
        "np.concatenate",
        lambda g, d: f"np.concatenate(({g.atom(VECTOR)}[:1], {g.atom(VECTOR)}[1:]))",
    ),
    ("call vector", _call("blend({}, {}, t=0.5)", VECTOR, VECTOR)),
    ("keyword only", _call("scale({}, by={})", VECTOR, FLOAT)),
    ("clip", _call("np.clip({}, -1.25, 1.25)", VECTOR)),
    ("logaddexp", _call("np.logaddexp({}, {})", VECTOR, VECTOR)),
    ("v ** 2", _call("{} ** 2", VECTOR)),
    ("neg vector", _call("-{}", VECTOR)),
]
MATRICES: list[Expression] = [
    ("matrix op matrix", _binary(MATRIX, MATRIX, MATRIX)),
    ("matrix op float", _binary(MATRIX, MATRIX, FLOAT)),
    ("matrix op row", lambda g, d: f"({g.expression(MATRIX, d)} * WEIGHTS)"),
    ("column broadcast", lambda g, d: f"({g.atom(MATRIX)} + {g.atom(VECTOR)}[:, None])"),
    ("np.outer", lambda g, d: f"np.outer({g.expression(VECTOR, d)}, WEIGHTS)"),
    ("np.tanh matrix", _call("np.tanh({})", MATRIX)),
    ("m @ m.T @ m", lambda g, d: f"({g.atom(MATRIX)} @ ({g.atom(MATRIX)}.T @ {g.atom(MATRIX)}))"),
    ("keepdims", _call("({0} - np.sum({0}, axis=1, keepdims=True))", MATRIX)),
    ("reshape", lambda g, d: f"{g.atom(MATRIX)}.reshape(-1).reshape(n, 3)"),
    (
        "np.stack",
        lambda g, d: "np.stack((" + ", ".join(g.atom(VECTOR) for _ in "abc") + "), axis=1)",
    ),
]


def program(seed: int, statements: int | None = None) -> Program:
    """The random program of a seed."""
    rng = random.Random(seed)
    g = Generator(rng)
    g.body(statements or rng.randint(2, 7), "    ", 3)
    total = " + ".join(
        [rng.choice(g.of(FLOAT)), f"np.sum({rng.choice(g.of(VECTOR))})", g.expression(FLOAT, 2)]
    )
    header = f"def f({', '.join(SIGNATURE)}, n):"
    text = HELPERS + "\n".join([header, *g.lines, f"    return {total}"]) + "\n"
    return Program(seed, text)
