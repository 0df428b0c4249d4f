"""The arguments of random programs: kinds of numbers, layouts of arrays, containers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ad_compiler.fuzz.generator import FLOAT, MATRIX, ROW, SQUARE, VECTOR

ARRAYS_OF = {
    "C order": "{}",
    "Fortran order": "np.asfortranarray({})",
    "every second element": "np.repeat({}, 2, axis=0)[::2]",
    "reversed": "{}[::-1]",
    "transposed": "np.ascontiguousarray({}.T).T",
    "read-only": "fixed({})",
    "part of a larger array": "np.pad({}, 1)[(slice(1, -1),) * {}.ndim]",
}
"""Layouts of arrays, as templates of what makes them."""

SHAPES = {"u": "n", "v": "n", "m": "(n, 3)", "c": "3", "k": "(3, 3)"}
NAMES = {"a": FLOAT, "b": FLOAT, "u": VECTOR, "v": VECTOR, "m": MATRIX, "c": ROW, "k": SQUARE}
NUMBERS = ("float(r.normal())", "float(r.normal())", "float(r.normal())", "r.normal()",
           "np.float64(r.normal())")  # fmt: skip


@dataclass
class Arguments:
    """How a program is called."""

    names: dict[str, str] = field(default_factory=lambda: dict(NAMES))
    """The names that the body may use from the beginning, and their types."""
    parameters: list[str] = field(default_factory=lambda: list(NAMES))
    prologue: list[str] = field(default_factory=list[str])
    """What binds names to the parts of containers."""
    lines: list[str] = field(default_factory=list[str])
    """The body of a function that gives the arguments."""
    used: list[str] = field(default_factory=list[str])


CONTAINERS = {
    "arguments in a dict": ("p", "{'w': r.normal(size=n), 'b': 0.77}", "w0 = p['w']; s0 = p['b']"),
    "arguments in a tuple": ("p", "(0.27, r.normal(size=n))", "s0, w0 = p"),
    "arguments in nested lists": ("p", "[[r.normal(size=n)], {'q': -0.53}]",
                                  "w0 = p[0][0]; s0 = p[1]['q']"),
}  # fmt: skip
ZERO_D = ("s00 = float(z)", "s00 = z[()]", "s00 = z.item()", "s00 = np.sin(z)", "s00 = np.sum(z)")


def arguments(rng: random.Random) -> Arguments:
    """Random ones."""
    given = Arguments()
    single = rng.random() < 0.06
    if single:
        given.used.append("float32")
    given.lines = [
        f"r = np.random.default_rng({rng.randrange(10**6)})",
        f"n = {rng.choices([1, 2, 3, 4, 6], [1, 6, 6, 2, 5])[0]}",
    ]
    given.lines += [f"{name} = {rng.choice(NUMBERS)}" for name in ("a", "b")]
    for name, shape in SHAPES.items():
        layout = rng.choices(list(ARRAYS_OF), [8, 1, 1, 1, 1, 1, 1])[0]
        given.used.append(layout)
        plain = f"r.normal(size={shape})" + ".astype(np.float32)" * single
        given.lines.append(f"{name} = {plain}")
        if layout != "C order":
            given.lines.append(f"{name} = {ARRAYS_OF[layout].replace('{}', name)}")
    _more(given, rng)
    given.parameters.append("n")
    given.lines.append(f"return {', '.join(given.parameters)}")
    if rng.random() < 0.1:
        given.parameters.append("t=0.5")
        given.names["t"] = FLOAT
        given.used.append("a default argument")
    return given


def _more(given: Arguments, rng: random.Random) -> None:
    """Containers and arrays of rank 0."""
    if rng.random() < 0.12:
        label = rng.choice(list(CONTAINERS))
        name, text, taken = CONTAINERS[label]
        given.parameters.append(name)
        given.lines.append(f"{name} = {text}")
        given.prologue += taken.split("; ")
        given.names |= {"w0": VECTOR, "s0": FLOAT}
        given.used.append(label)
    if rng.random() < 0.08:
        given.parameters.append("z")
        given.lines.append("z = np.array(r.normal())")
        given.prologue.append(rng.choice(ZERO_D))
        given.names["s00"] = FLOAT
        given.used.append("0-d array")
