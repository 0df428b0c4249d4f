"""Random statements that write into arrays: through names, aliases, views, rows and functions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol


class Generator(Protocol):
    """What writes the program: see `generate.py`."""

    rng: random.Random
    names: dict[str, str]
    lines: list[str]

    def pick(self, *choices: str) -> str:
        """One of some texts."""
        ...

    def of(self, type_: str) -> list[str]:
        """The names of a type."""
        ...

    def expression(self, type_: str, depth: int) -> str:
        """A random expression of a type."""
        ...

    def atom(self, type_: str) -> str:
        """A name or number."""
        ...

    def index(self) -> str:
        """An index of a vector."""
        ...


HELPERS = '''\
def bump(w, k, by):
    """Change one element, then all of them."""
    w[k] += by
    w *= 0.75


def smooth(w):
    """Neighbours into each other, through a view; gives the array back."""
    inner = w[1:]
    inner += 0.25 * w[:-1]
    return w


'''
"""Functions that change their arguments."""


def _tame(g: Generator, kind: str, depth: int = 1) -> str:
    """An expression that stays small."""
    text = g.expression(kind, depth)
    return f"math.tanh({text})" if kind == "float" else f"np.tanh({text})"


def _target(g: Generator) -> str:
    return g.rng.choice(g.of("vector"))


def element(g: Generator, indent: str, depth: int) -> None:
    """`w[i] = s`, `w[i] += s`, `q[i, j] *= s`."""
    op = g.pick("=", "+=", "-=", "*=")
    if g.rng.random() < 0.3:
        place = f"{g.rng.choice(g.of('matrix'))}[{g.index()}, {g.pick('0', '1', '-1')}]"
    else:
        place = f"{_target(g)}[{g.index()}]"
    g.lines.append(f"{indent}{place} {op} {_tame(g, 'float')}")


def recurrence(g: Generator, indent: str, depth: int) -> None:
    """`w[i] = w[i - 1] * w[i] + s`."""
    w, i = _target(g), g.index()
    g.lines.append(f"{indent}{w}[{i}] = math.sin({w}[{i} - 1] * {w}[{i}]) + {g.atom('float')}")


def part(g: Generator, indent: str, depth: int) -> None:
    """`w[1:] += v[:-1]`, `q[:, 0] = v`, `q[i] *= s`, overlapping parts too."""
    w, v, q = _target(g), _target(g), g.rng.choice(g.of("matrix"))
    s = _tame(g, "float")
    g.lines.append(
        indent
        + g.pick(
            f"{w}[1:] = {v}[:-1]",
            f"{w}[1:] += 0.5 * {v}[:-1]",
            f"{w}[:-1] -= np.sin({v}[1:])",
            f"{w}[::2] *= {s}",
            f"{w}[::-1] = {v}",
            f"{q}[:, {g.pick('0', '1', '-1')}] = {v}",
            f"{q}[{g.index()}] += {s}",
            f"{q}[{g.index()}] = {q}[{g.index()}] * {s}",
            f"{q}[{g.index()}], {q}[{g.index()}] = {q}[0], 0.5 * {q}[-1]",
            f"{q}[1:, 1:] = {q}[:-1, :-1]",
            f"{w}[0], {w}[-1] = {w}[-1], {w}[0]",
        )
    )


def whole(g: Generator, indent: str, depth: int) -> None:
    """`w += v`, `w[:] = v`, `w.fill(s)`, `np.sin(v, out=w)`."""
    w, v = _target(g), _tame(g, "vector")
    q, r = g.rng.choice(g.of("matrix")), _tame(g, "matrix")
    g.lines.append(
        indent
        + g.pick(
            f"{w} += {v}",
            f"{w} -= 0.5 * {v}",
            f"{w} *= {v}",
            f"{w} /= 1.5 + {v}",
            f"{w}[:] = {v}",
            f"{w}[...] = {g.atom('float')}",
            f"{w}.fill({_tame(g, 'float')})",
            f"np.sin({v}, out={w})",
            f"np.multiply({w}, {g.atom('float')}, {w})",
            f"np.copyto({w}, {v})",
            f"{q} *= {r}",
            f"{q} += WEIGHTS",
            f"{q}.T[0] -= {v}",
        )
    )


def chosen(g: Generator, indent: str, depth: int) -> None:
    """Masks and integer arrays as targets, repeated indices too."""
    w, s = _target(g), _tame(g, "float")
    g.lines.append(
        indent
        + g.pick(
            f"{w}[{w} > 0.1] = {s}",
            f"{w}[{_target(g)} < 0.0] *= {s}",
            f"{w}[np.array([0, -1])] = {s}",
            f"{w}[np.array([0, 0])] = np.array([{s}, {g.atom('float')}])",
            f"{w}[np.array([0, 0, 1])] += {s}",
            f"np.add.at({w}, np.array([0, 0, -1]), {s})",
        )
    )


def made(g: Generator, indent: str, depth: int) -> None:
    """A new array, a copy, or a workspace."""
    name = f"w{len(g.names)}"
    g.lines.append(
        f"{indent}{name} = "
        + g.pick(
            f"{_target(g)}.copy()",
            "np.zeros(n)",
            "np.ones(n) * 0.5",
            f"np.zeros_like({_target(g)})",
            f"np.full(n, {g.atom('float')})",
            f"np.array({_target(g)})",
        )
    )
    g.names[name] = "vector"


def alias(g: Generator, indent: str, depth: int) -> None:
    """A second name, or a view: written through it, read through the first, and the reverse."""
    w, q = _target(g), g.rng.choice(g.of("matrix"))
    name, s = f"a{len(g.lines)}", _tame(g, "float")
    view = g.pick(w, f"{w}[::-1]", f"{q}[:, 0]", f"{q}.T[1]", f"smooth({w})")
    g.lines.append(f"{indent}{name} = {view}")
    if g.rng.random() < 0.4:
        g.lines.append(f"{indent}{w}[0] = {s}")
    g.lines.append(f"{indent}{name}[{g.index()}] {g.pick('=', '+=', '*=')} {s}")
    kept = g.rng.random() < 0.5
    if kept:
        g.names[name] = "vector"


def call(g: Generator, indent: str, depth: int) -> None:
    """A function that changes its argument."""
    w, q = _target(g), g.rng.choice(g.of("matrix"))
    target = g.pick(w, w, f"{q}[{g.index()}]", f"{w}[1:]")
    index = "0" if target.endswith("]") else g.index()
    g.lines.append(f"{indent}bump({target}, {index}, {_tame(g, 'float')})")


def rows(g: Generator, indent: str, depth: int) -> None:
    """`for row in q: row *= row[0]`."""
    q, name = g.rng.choice(g.of("matrix")), f"row{len(g.lines)}"
    g.lines.append(f"{indent}for {name} in {q}:")
    change = g.pick(f"{name} *= 0.5 + {name}[0]", f"{name}[1] = {name}[0] * {g.atom('float')}")
    g.lines.append(f"{indent}    {change}")


STATEMENTS: list[tuple[str, Callable[[Generator, str, int], None]]] = [
    ("w[i] = s", element),
    ("w[i] = w[i - 1] * w[i]", recurrence),
    ("w[1:] += v[:-1]", part),
    ("w += v", whole),
    ("w[mask] = s", chosen),
    ("w = np.zeros(n)", made),
    ("alias", alias),
    ("call that writes", call),
    ("row in q", rows),
]
"""Writes, as rows of the generator's table."""
