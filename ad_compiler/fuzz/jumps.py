"""Random loops with ways out of them, and statements that may raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ad_compiler.fuzz import in_place


class Generator(in_place.Generator, Protocol):
    """What writes the program: see `generate.py`."""

    indices: list[str]

    def condition(self, depth: int) -> str:
        """A random test."""
        ...

    def body(self, count: int, indent: str, depth: int) -> None:
        """Some random statements."""
        ...


STEP = "    "


def loop(g: Generator, indent: str, depth: int) -> None:
    """A loop with `break`, `continue` and `return` in it, and perhaps an `else`."""
    before = dict(g.names)
    indices = list(g.indices)
    header = g.rng.choice(HEADERS)(g, indent)
    g.lines += header
    _body(g, indent + STEP, depth)
    inside = {name for name in g.names if name not in before}
    g.names, g.indices = dict(before), indices
    if g.rng.random() < 0.3:
        g.lines.append(f"{indent}else:")
        g.body(1, indent + STEP, 0)
        if g.rng.random() < 0.2:
            g.lines.append(f"{indent}{STEP}return {_value(g)}")
        g.names = dict(before)
    late = [name for name in sorted(inside) if name.startswith("t")]
    if late and g.rng.random() < 0.4:
        g.names[late[0]] = "float"  # it may have no value


def _body(g: Generator, indent: str, depth: int) -> None:
    for _ in range(g.rng.randint(1, 3)):
        if g.rng.random() < 0.5:
            g.rng.choice((jump, jump, nested_jump, late_name))(g, indent, depth)
        else:
            g.body(1, indent, depth - 1)
    if g.rng.random() < 0.3:
        jump(g, indent, depth)


def jump(g: Generator, indent: str, depth: int) -> None:
    """`if test: ...; break`."""
    before = dict(g.names)
    g.lines.append(f"{indent}if {g.condition(1)}:")
    if g.rng.random() < 0.5:
        g.body(1, indent + STEP, 0)
    g.lines.append(f"{indent}{STEP}{_way_out(g)}")
    g.names = dict(before)
    if g.rng.random() < 0.25:
        g.lines.append(f"{indent}else:")
        g.body(1, indent + STEP, 0)
        g.names = before


def nested_jump(g: Generator, indent: str, depth: int) -> None:
    """A jump on one of the paths through a branch, the others going on."""
    before = dict(g.names)
    g.lines.append(f"{indent}if {g.condition(1)}:")
    jump(g, indent + STEP, depth)
    g.body(1, indent + STEP, 0)
    g.names = dict(before)
    if g.rng.random() < 0.4:
        g.lines.append(f"{indent}else:")
        g.body(1, indent + STEP, 0)
        g.names = before


def late_name(g: Generator, indent: str, depth: int) -> None:
    """A name that only the loop binds."""
    name = f"t{len(g.lines)}"
    g.lines.append(f"{indent}{name} = {_value(g)}")
    g.names[name] = "float"


def _value(g: Generator) -> str:
    return f"math.tanh({g.expression('float', 2)})"


def _way_out(g: Generator) -> str:
    way = g.pick("break", "break", "continue", "return")
    return f"return {_value(g)}" if way == "return" else way


# -- headers ----------------------------------------------------------------------------------


def _index(g: Generator) -> str:
    return "ijkl"[len(g.indices)] if len(g.indices) < 4 else f"i{len(g.indices)}"


def over_range(g: Generator, indent: str) -> list[str]:
    """`for i in range(...)`, also triangular, backwards and with steps."""
    index = _index(g)
    inner = [f"{k}" for k in g.indices] + [f"{k}, n" for k in g.indices]
    trips = g.pick("n", "1, n", "n - 1, -1, -1", "0, n, 2", "n - 1, 0, -2", "0", *inner)
    g.indices.append(index)
    return [f"{indent}for {index} in range({trips}):"]


def over_items(g: Generator, indent: str) -> list[str]:
    """`for s in v`, `reversed`, `enumerate`, `zip`, rows of a matrix."""
    v, w, q = g.rng.choice(g.of("vector")), g.atom("vector"), g.atom("matrix")
    name = f"p{len(g.lines)}"
    other = f"o{len(g.lines)}"
    head, bound = g.rng.choice(
        [
            (f"{name} in {v}", {name: "float"}),
            (f"{name} in reversed({v})", {name: "float"}),
            (f"{other}, {name} in enumerate({v})", {name: "float"}),
            (f"{name}, {other} in zip({v}, {w})", {name: "float", other: "float"}),
            (f"{name} in ({g.atom('float')}, 0.5, {g.atom('float')})", {name: "float"}),
            (f"{other} in {q}", {}),
        ]
    )
    lines = [f"{indent}for {head}:"]
    if not bound:
        bound = {name: "float"}
        lines.append(f"{indent}{STEP}{name} = np.sum({other} * WEIGHTS)")
    g.names |= bound
    return lines


def while_true(g: Generator, indent: str) -> list[str]:
    """`while True`, or with a condition, that ends after a few trips."""
    counter = f"c{len(g.lines)}"
    head = g.pick("True", "True", f"{counter} < n", f"{g.expression('float', 1)} < 4.5")
    return [
        f"{indent}{counter} = 0",
        f"{indent}while {head}:",
        f"{indent}{STEP}{counter} += 1",
        f"{indent}{STEP}if {counter} > {g.pick('2', '3', 'n')}:",
        f"{indent}{STEP}{STEP}break",
    ]


HEADERS: list[Callable[[Generator, str], list[str]]] = [
    over_range,
    over_range,
    over_items,
    while_true,
]


# -- straight code ----------------------------------------------------------------------------


def raising(g: Generator, indent: str, depth: int) -> None:
    """`raise` and `assert`, mostly not taken."""
    s = g.rng.choice(g.of("float"))
    g.lines += g.rng.choice(
        [
            [f"{indent}if abs({s}) > 1e3:", f'{indent}{STEP}raise ValueError(f"large: {{{s}}}")'],
            [f"{indent}assert abs({s}) < 1e3, f'not {{{s}:.3f}}'"],
            [f"{indent}assert {s} < 2.5"],
            [f"{indent}if {s} > 2.25:", f'{indent}{STEP}raise RuntimeError("too large", {s})'],
        ]
    )


def early(g: Generator, indent: str, depth: int) -> None:
    """`if test: return s`, perhaps on one of several paths."""
    if g.rng.random() < 0.5:
        g.lines += [f"{indent}if {g.condition(1)}:", f"{indent}{STEP}return {_value(g)}"]
        return
    before = dict(g.names)
    g.lines.append(f"{indent}if {g.condition(1)}:")
    g.lines += [f"{indent}{STEP}if {g.condition(1)}:", f"{indent}{STEP}{STEP}return {_value(g)}"]
    g.body(1, indent + STEP, 0)
    g.names = before


STATEMENTS: list[tuple[str, Callable[[Generator, str, int], None]]] = [
    *[("exits", loop)] * 4,
    ("raise", raising),
    ("early", early),
]
