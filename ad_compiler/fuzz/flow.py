"""Random branches and loops, with ways out of them, and statements that may raise."""

from __future__ import annotations

import re
from collections.abc import Callable

from ad_compiler.fuzz.generator import (
    FLOAT,
    STEP,
    Generator,
    Missing,
    Row,
    Scope,
    blocks,
    indented,
    lines,
    statements,
)

Lines = list[str]


def branch(arms: int, otherwise: bool) -> Row:
    """An `if`, perhaps with `elif` and `else`."""

    def make(g: Generator, depth: int) -> Lines:
        before = g.scope()
        lines: Lines = []
        ends: list[Scope] = []
        for arm in range(arms):
            lines.append(f"{'elif' if arm else 'if'} {g.condition(1)}:")
            lines += indented(g.body(g.rng.randint(1, 2), depth - 1))
            ends.append(g.scope())
            g.back(before)
        if otherwise:
            lines.append("else:")
            lines += indented(g.body(g.rng.randint(1, 2), depth - 1))
            ends.append(g.scope())
        g.back(before, *ends, *(() if otherwise else (before,)))
        return lines

    label = "if" + " elif" * (arms - 1) + " else" * otherwise
    return Row(label, make, 3.0, deep=True)


OUTER = "an outer loop"
"""What a triangular loop stands in."""


# -- headers --------------------------------------------------------------------------------------

Header = Callable[[Generator], tuple[Lines, Lines, Lines]]
"""Gives the lines before a loop, its first line, and those that its body begins with."""


def index_of(g: Generator) -> str:
    """The name of the index of a loop in as many loops as we are in."""
    return "ijxy"[len(g.indices)] if len(g.indices) < 4 else f"i{len(g.indices)}"


def over_range(trips: str, usable: bool = True) -> Header:
    """`for i in range(...)`; `{outer}` is the index of a loop outside, if there is one."""

    def make(g: Generator) -> tuple[Lines, Lines, Lines]:
        index = index_of(g)
        if "{outer}" in trips and not g.indices:
            raise Missing(OUTER)
        text = trips.format(outer=g.indices[-1] if g.indices else "")
        if usable:
            g.indices.append(index)
        return [], [f"for {index} in range({text}):"], []

    return make


def over_items(head: str, first: str = "") -> Header:
    """`for s in v`, `reversed`, `enumerate`, `zip`, rows of a matrix."""

    def make(g: Generator) -> tuple[Lines, Lines, Lines]:
        text = g.fill(f"{head}:\n{first}", 0).splitlines()
        for name in set(re.findall(r"\w+", text[0])) & g.storage.keys():
            g.storage[f"what {text[0]} reads"] = g.storage[name]  # and may not lose
        for name in set(re.findall(r"\w+", text[0])) & set(g.of("list")):
            del g.names[name]  # it may not change in the loop
        return [], text[:1], text[1:]

    return make


def while_loop(head: str, limit: str = "") -> Header:
    """A `while` that ends after a few trips."""

    def make(g: Generator) -> tuple[Lines, Lines, Lines]:
        g.count += 1
        counter = f"c{g.count}"
        test = g.fill(head.format(c=counter), 1)
        first = [f"{counter} += 1"]
        if limit:
            first += [f"if {counter} > {limit}:", f"{STEP}break"]
        return [f"{counter} = 0"], [f"while {test}:"], first

    return make


HEADERS: dict[str, Header] = {
    "for range(n)": over_range("n"),
    "for range(1, n)": over_range("1, n"),
    "for range(n - 1, -1, -1)": over_range("n - 1, -1, -1"),
    "for range(n - 1, 0, -2)": over_range("n - 1, 0, -2"),
    "for range(0, n, 2)": over_range("0, n, 2"),
    "for range(0)": over_range("0"),
    "for range(3)": over_range("3", usable=False),
    "for range(i)": over_range("{outer}"),
    "for range(i, n)": over_range("{outer}, n"),
    "for range(n - 1, i, -1)": over_range("n - 1, {outer}, -1"),
    "for p in v": over_items("for <+f> in <v>"),
    "for p in reversed(v)": over_items("for <+f> in reversed(<v>)"),
    "for k, p in enumerate(v)": over_items("for <+x>, <+f> in enumerate(<v>)"),
    "for p, q in zip(v, w)": over_items("for <+f>, <+f1> in zip(<v>, <v1>)"),
    "for p in (a, 0.5, b)": over_items("for <+f> in (<f1>, 0.5, <f2>)"),
    "for row in m": over_items("for <+x> in <m>", "<+f> = np.sum(<x> * WEIGHTS)"),
    "for row in m.T": over_items("for <+x> in <m>.T", "<+f> = <x>[0] * 0.5"),
    "for p in v[1:]": over_items("for <+f> in <v>[1:]"),
    "for p in w[::-1]": over_items("for <+f> in <v>[::-1]"),
    "for k, (p, q) in enumerate(zip())": over_items(
        "for <+x>, (<+f>, <+f1>) in enumerate(zip(<v>, <v1>))"
    ),
    "for p in list": over_items("for <+f> in <l>"),
    "for k in range(len(v))": over_range("len(u)"),
    "while c < n": while_loop("{c} < n"),
    "while c < 3 and test": while_loop("{c} < 3 and <F> < 4.5"),
    "while test": while_loop("<F> < 4.5", "3"),
    "while True": while_loop("True", "n"),
    "while not test": while_loop("not (<F> > 4.5)", "2"),
}
"""The loops, and what they are called in the table of hits."""


def loop(label: str, header: Header, ways_out: bool) -> Row:
    """A loop; with `ways_out` there may be jumps and an `else`."""

    def make(g: Generator, depth: int) -> Lines:
        before = g.scope()
        try:
            before_loop, head, first = header(g)
        except Missing as missing:
            if missing.args != (OUTER,):
                raise
            return nested(g, depth)
        g.loops += 1
        body = _jumping(g, depth) if ways_out else g.body(g.rng.randint(1, 3), depth - 1)
        g.loops -= 1
        lines = [*before_loop, *head, *indented([*first, *body])]
        end = g.scope()
        g.back(before, before, end)
        if ways_out and g.chance(0.3):
            lines += ["else:", *indented(_otherwise(g))]
            g.back(before, before, end, g.scope())
        _late(g, end)
        return lines

    def nested(g: Generator, depth: int) -> Lines:
        g.indices.append("i")
        g.loops += 1
        inner = make(g, depth)
        g.loops -= 1
        g.indices.remove("i")
        return ["for i in range(n):", *indented(inner)]

    return Row(f"{label}{' with jumps' if ways_out else ''}", make, 0.6, deep=True)


def _otherwise(g: Generator) -> Lines:
    g.used.append("else of a loop")
    return [*g.body(1, 0), *([f"return {g.result()}"] if g.chance(0.2) else [])]


def _late(g: Generator, end: Scope) -> None:
    """A name that only the loop binds, read after it: it may have no value then."""
    late = [name for name, t in end.names.items() if t == FLOAT and name not in g.names]
    if late and g.chance(0.15):
        g.used.append("a name that a loop binds, read after it")
        g.names[g.rng.choice(late)] = FLOAT
    elif end.indices and end.indices[-1] not in g.indices and g.chance(0.1):
        g.used.append("the index of a loop, read after it")
        g.names[end.indices[-1]] = FLOAT


def _jumping(g: Generator, depth: int) -> Lines:
    lines: Lines = []
    for _ in range(g.rng.randint(1, 3)):
        make = g.rng.choice((jump, jump, nested_jump)) if g.chance(0.5) else None
        lines += make(g, depth) if make else g.body(1, depth - 1)
    return [*lines, *(jump(g, depth) if g.chance(0.3) else ())]


def jump(g: Generator, depth: int) -> Lines:
    """`if test: ...; break`."""
    before = g.scope()
    lines = [f"if {g.condition(1)}:"]
    if g.chance(0.5):
        lines += indented(g.body(1, 0))
    lines.append(STEP + _way_out(g))
    left = g.scope()
    g.back(before)
    ends = [before, left]
    if g.chance(0.25):
        lines += ["else:", *indented(g.body(1, 0))]
        ends.append(g.scope())
    g.back(before, *ends)
    return lines


def nested_jump(g: Generator, depth: int) -> Lines:
    """A jump on one of the paths through a branch, the others going on."""
    before = g.scope()
    lines = [f"if {g.condition(1)}:", *indented(jump(g, depth)), *indented(g.body(1, 0))]
    ends = [before, g.scope()]
    g.back(before)
    if g.chance(0.4):
        lines += ["else:", *indented(g.body(1, 0))]
        ends.append(g.scope())
    g.back(before, *ends)
    g.used.append("a jump on a path of a branch")
    return lines


def _way_out(g: Generator) -> str:
    way = g.pick("break", "break", "continue", "return")
    g.used.append(f"{way} in a loop")
    return f"return {g.result()}" if way == "return" else way


# -- straight code --------------------------------------------------------------------------------


def early(g: Generator, depth: int) -> Lines:
    """`if test: return`."""
    return [f"if {g.condition(1)}:", f"{STEP}return {g.result()}"]


def early_on_a_path(g: Generator, depth: int) -> Lines:
    """`if test: if other: return`, and something after it."""
    before, test = g.scope(), g.condition(1)
    inner = [f"if {g.condition(1)}:", f"{STEP}return {g.result()}", *g.body(1, 0)]
    lines = [f"if {test}:", *indented(inner)]
    g.back(before, before, g.scope())
    return lines


def both_return(g: Generator, depth: int) -> Lines:
    """All paths of a branch return, within another branch."""
    test, other = g.condition(1), g.condition(0)
    lines = [f"if {other}:", f"{STEP}return {g.result()}", "else:", f"{STEP}return {g.result()}"]
    return [f"if {test}:", *indented(lines)]


FLOW = [
    branch(1, False), branch(1, True), branch(2, False), branch(2, True),
    *[loop(label, header, False) for label, header in HEADERS.items()],
    *[loop(label, header, True) for label, header in HEADERS.items()],
    Row("early return", early),
    Row("early return on a path", early_on_a_path),
    Row("return on all paths", both_return, 0.5),
    *statements(*lines("""
assert abs(<f>) < 1e3, f'not {<f>:.3f}'
assert <f> < 2.5
"""), weight=0.4), *statements(*blocks("""
if abs(<f>) > 1e3:
    raise ValueError(f"large: {<f>}")

if <f> > 2.25:
    raise RuntimeError("too large", <f>)

if <f> > 2.5:
    raise ArithmeticError

if <c>:
    pass
else:
    <wv>[0] = <tF>
"""), weight=0.4),
]  # fmt: skip
"""Branches, loops and jumps, as rows of the generator's table."""
