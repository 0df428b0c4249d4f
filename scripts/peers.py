"""What has a derivative, beside what autograd and JAX cover: counted by running them.

python scripts/peers.py            print the table, beside the peers as they were last counted
python scripts/peers.py --check    fail if autograd covers something real that we do not
python scripts/peers.py --count    run the peers, and store what they cover in peers.json

A peer covers a function in a mode if it gives a finite derivative there that agrees with
differences, at a sample of ours or at a random point. `--count` needs autograd and jax.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from ad_compiler.rules.catalogue import Entry, entries, samples_of
from ad_compiler.rules.registry import Partials

STORED = Path(__file__).with_name("peers.json")
PEERS = ("autograd", "jax")
TRIALS = 3
"""How many samples are tried before a peer is said not to cover a function."""

COMPLEX = ("np.linalg.eig", "scipy.linalg.sqrtm")
"""Where autograd's derivatives are those of complex numbers."""

Arguments = tuple[Sequence[Any], dict[str, Any]]


def examples(entry: Entry) -> Iterator[Arguments]:
    """Arguments to try a function with."""
    if not isinstance(entry.rule, Partials):
        yield from samples_of(entry)
        return
    random = Random(entry.path)
    for low, high in ((0.2, 0.9), (1.1, 2.0)):
        yield (
            [np.array([random.uniform(low, high) for _ in range(3)]) for _ in entry.rule.params],
            {},
        )


def varying(args: Sequence[Any]) -> list[int]:
    """The positions of the arguments that are floats."""
    return [k for k, a in enumerate(args) if _is_float(a)]


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray | float) and np.asarray(value).dtype.kind == "f"


def total(function: Callable[..., Any], keywords: dict[str, Any], library: Any) -> Any:
    """The sum of what a function gives, so that its gradient is asked for."""

    def summed(*args: Any) -> Any:
        value = function(*args, **keywords)
        parts = value if isinstance(value, tuple | list) else [value]
        return sum(library.sum(part * 1.0) for part in parts)

    return summed


def slope(entry: Entry, args: Sequence[Any], keywords: dict[str, Any], k: int) -> float:
    """The derivative of the sum along ones in one argument, by differences."""
    summed = total(entry.thing, keywords, np)

    def at(step: float) -> float:
        return float(summed(*[a + step if n == k else a for n, a in enumerate(args)]))

    return (at(1e-5) - at(-1e-5)) / 2e-5


def modes(peer: str, entry: Entry) -> str:
    """The modes in which a peer gives the right derivative at one of our samples."""
    found: set[str] = set()
    function, library = counterpart(peer, entry.path)
    if function is None:
        return ""
    for args, keywords in islice(examples(entry), TRIALS):
        for mode, k in product(RUN[peer].keys() - found, varying(args)[:1]):
            try:
                wanted = slope(entry, args, keywords, k)
                made = RUN[peer][mode](total(function, keywords, library), args, k)
            except Exception:  # whatever a peer raises, it does not cover this
                continue
            if np.isfinite(made) and np.isclose(made, wanted, rtol=1e-4, atol=1e-6):
                found.add(mode)
    return " ".join(sorted(found))


def counterpart(peer: str, path: str) -> tuple[Any, Any]:
    """A peer's function of the same name, and its NumPy."""
    root = {"autograd": "autograd", "jax": "jax"}[peer]
    library = importlib.import_module(f"{root}.numpy")
    module, _, name = path.rpartition(".")
    if module.startswith("np"):
        place = module.replace("np", f"{root}.numpy", 1)
    elif module.startswith("scipy"):
        place = f"{root}.{module}"
    else:
        return None, library
    try:
        return getattr(importlib.import_module(place), name, None), library
    except ImportError:
        return None, library


def _autograd_reverse(summed: Callable[..., Any], args: Sequence[Any], k: int) -> float:
    autograd = importlib.import_module("autograd")
    return float(np.sum(autograd.grad(summed, k)(*args)))


def _autograd_forward(summed: Callable[..., Any], args: Sequence[Any], k: int) -> float:
    make_jvp = importlib.import_module("autograd.differential_operators").make_jvp
    return float(make_jvp(summed, k)(*args)(np.ones_like(args[k]))[1])


def _jax_reverse(summed: Callable[..., Any], args: Sequence[Any], k: int) -> float:
    jax = importlib.import_module("jax")
    return float(np.sum(np.asarray(jax.grad(summed, k)(*args))))


def _jax_forward(summed: Callable[..., Any], args: Sequence[Any], k: int) -> float:
    jax = importlib.import_module("jax")

    def of_one(x: Any) -> Any:
        return summed(*[x if n == k else a for n, a in enumerate(args)])

    return float(jax.jvp(of_one, (args[k],), (np.ones_like(args[k]),))[1])


RUN = {
    "autograd": {"fwd": _autograd_forward, "rev": _autograd_reverse},
    "jax": {"fwd": _jax_forward, "rev": _jax_reverse},
}


def count() -> None:
    """Run the peers on every function of ours, and list autograd's own primitives."""
    importlib.import_module("jax").config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    stored = {peer: {e.path: modes(peer, e) for e in entries() if e.thing} for peer in PEERS}
    kept = {peer: {p: m for p, m in found.items() if m} for peer, found in stored.items()}
    text = json.dumps({**kept, "primitives of autograd": primitives()}, indent=1, sort_keys=True)
    STORED.write_text(text + "\n", encoding="utf-8")


def primitives() -> list[str]:
    """The functions of NumPy and SciPy that autograd has a reverse derivative of."""
    for module in ("numpy", "scipy.special", "scipy.stats", "scipy.linalg"):
        importlib.import_module(f"autograd.{module}")
    table = importlib.import_module("autograd.core").primitive_vjps
    names: set[str] = set()
    for wrapped in table:
        for path, place in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
            own = getattr(place, wrapped.__name__, None)
            if own is not None and own is getattr(wrapped, "fun", own):
                names.add(f"{path}.{own.__name__}")
        special = importlib.import_module("scipy.special")
        if getattr(special, wrapped.__name__, None) is getattr(wrapped, "fun", special):
            names.add(f"scipy.special.{wrapped.__name__}")
    return sorted(names)


def missing(stored: dict[str, Any]) -> list[str]:
    """What autograd covers of real functions, and we do not."""
    ours = {entry.thing for entry in entries() if entry.kind != "refused"}
    ours |= {*importlib.import_module("ad_compiler.frontend.builtin").TABLE}
    asked = {*stored["autograd"], *stored["primitives of autograd"]}
    real = (path for path in asked if not path.startswith(COMPLEX))
    return sorted(path for path in real if _at(path) not in ours)


def _at(path: str) -> Any:
    """The function of a dotted name."""
    module, _, name = path.replace("np.", "numpy.", 1).rpartition(".")
    owner, _, last = module.rpartition(".")
    if owner == "scipy.stats":
        return getattr(getattr(importlib.import_module(owner), last), name)
    return getattr(importlib.import_module(module), name)


def table(stored: dict[str, Any]) -> Iterator[str]:
    """The lines of the table."""
    titles: tuple[str, ...] = (
        "function",
        "modes",
        "orders",
        *PEERS,
        "at kinks and singular points",
    )
    rows: list[tuple[str, ...]] = [titles]
    for entry in entries():
        own = "fwd rev" if entry.orders else "-" if entry.kind == "refused" else "zero"
        peers = [stored[peer].get(entry.path, "") for peer in PEERS]
        rows.append((entry.path, own, entry.orders, *peers, entry.convention))
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[5]]).rstrip()
    both = {peer: sum(m == "fwd rev" for m in stored[peer].values()) for peer in PEERS}
    derived = sum(row[1] == "fwd rev" for row in rows)
    yield f"\nboth modes: {derived} here, " + ", ".join(f"{both[p]} in {p}" for p in PEERS)
    yield "reverse only: 0 here, " + ", ".join(
        f"{sum(m == 'rev' for m in stored[p].values())} in {p}" for p in PEERS
    )


def main(arguments: Sequence[str]) -> int:
    """Print, check or count."""
    if "--count" in arguments:
        count()
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    lacking = missing(stored)
    if "--check" not in arguments:
        print("\n".join(table(stored)))
    if lacking:
        print(f"autograd covers, and we do not: {', '.join(lacking)}", file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
