"""A compiled derivative, and what must hold for it to be the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ad_compiler.driver.signature import kinds_of
from ad_compiler.errors import UsageError
from ad_compiler.frontend.lookups import Guard, Lookup
from ad_compiler.ir.records import items_of, label_of, with_items
from ad_compiler.transform.request import Request

Spec = Any
"""What a (co)tangent must be, as plain lists: `["array", dtype, rank]`, `["number", dtype]` (None:
Python's own), `[kind, keys, specs]` for a container, None for what does not matter.
"""
BUILTIN = {"tuple": tuple, "list": list, "dict": dict}
RECORD = "named tuple or dataclass"
"""The kind of a container of fields, in a `Spec`."""


BACKENDS = ("python", "numba")
MEMORY = ("store", "auto", "recompute")


class Options(NamedTuple):
    """How derivative code is made; part of what a cached program is known by."""

    simplify: str | None = None
    backend: str = "python"
    """The kind of Python that is emitted: `python`, or `numba` for what it compiles."""
    memory: str = "auto"
    """What a backward sweep needs is stored, computed again, or (`auto`) what takes less."""
    fastmath: bool = False
    """Whether LLVM may reorder sums and products, where Numba compiles."""

    @property
    def dialect(self) -> str:
        """The kind of Python, as the backend knows it."""
        return f"{self.backend}, fastmath" if self.fastmath else self.backend

    def check(self) -> None:
        """Refuse what there is not, with UsageError."""
        for name, known in (("backend", BACKENDS), ("memory", MEMORY)):
            value = getattr(self, name)
            if value not in known:
                raise UsageError(f"{name}={value!r}: there are {' and '.join(known)}")
        if self.fastmath and self.backend != "numba":
            raise UsageError("fastmath=True is for what Numba compiles: add backend='numba'")


class Question(NamedTuple):
    """What is asked of the compiler, apart from the arguments."""

    root: Any
    """A Python function."""
    outputs: tuple[str, ...] | str
    """The arguments whose final state is the value of the function."""
    requests: tuple[Request, ...]
    """The derivatives, innermost first."""


class Program(NamedTuple):
    """A derivative that is compiled for arguments of certain kinds."""

    text: str
    name: str
    direct: Callable[..., Any]
    captures: tuple[Lookup, ...]
    """Where the hidden inputs are read."""
    captured: tuple[Any, ...]
    """The kinds of the hidden inputs."""
    guards: tuple[Guard, ...]
    fixed: tuple[tuple[int, Any], ...]
    """The leaves of the arguments that must have certain values."""
    extra: tuple[tuple[str, Spec], ...]
    """The (co)tangents behind the arguments."""
    compiled: bool = False
    """Whether Numba compiles it."""

    @property
    def bare(self) -> Callable[..., Any]:
        """The compiled function itself, if one in Python takes containers apart for it."""
        around = getattr(self.direct, "__globals__", {})
        return around.get(f"{self.name}_kernel", self.direct)

    def inputs(self) -> list[Any] | None:
        """The captured values of now; None if the program does not hold for them."""
        return inputs_now(self.guards, self.captures, self.captured)

    def holds(self, arguments: Iterable[Any]) -> bool:
        """Whether a program that is made for certain values of arguments is the one for these."""
        return has_values(arguments, self.fixed)

    def serves(self, arguments: Iterable[Any]) -> bool:
        """Whether a program is the right one for arguments of its kinds as things are now."""
        return self.inputs() is not None and self.holds(arguments)


def inputs_now(
    guards: Iterable[Guard], captures: Sequence[Lookup], captured: tuple[Any, ...]
) -> list[Any] | None:
    """The captured values of now; None if they, or what is guarded, are others or gone."""
    try:
        for guard in guards:
            if not guard.holds():
                return None
        if not captures:
            return []
        values = [capture() for capture in captures]
    except (LookupError, AttributeError, TypeError, ValueError):
        return None  # whoever reads the function anew will say what is missing
    return values if kinds_of(values) == captured else None


def has_values(arguments: Iterable[Any], fixed: Sequence[tuple[int, Any]]) -> bool:
    """Whether certain leaves of the arguments have certain values."""
    if not fixed:
        return True
    values = [leaf for value in arguments for leaf in leaves_in(value)]
    return all(values[k] == expected for k, expected in fixed)


def leaves_in(value: Any) -> list[Any]:
    """The leaves of a container."""
    items = items_of(value)
    if items is None:
        return [value]
    return [leaf for _, item in items for leaf in leaves_in(item)]


def converted(spec: Spec, value: Any, name: str) -> Any:
    """A (co)tangent in the structure and dtypes of what it belongs to."""
    if spec is None:
        return None
    kind = spec[0]
    if kind in ("array", "number"):
        return leaf_of(spec, value, name)
    _, keys, specs = spec
    plain = BUILTIN.get(kind)
    given = plain(value) if plain is not None and isinstance(value, plain) else value
    items = dict(items_of(given) or ())
    labels = list(range(len(specs))) if kind in ("tuple", "list") else keys
    if (type(given) in BUILTIN.values()) is (kind == RECORD) or items.keys() != set(labels):
        shown = f"with the fields {', '.join(keys)}" if kind == RECORD else f"of {len(specs)}"
        raise UsageError(f"{name} must be a {kind} {shown}, not {value!r}")
    pairs = zip(labels, specs, strict=True)
    made = {k: converted(s, items[k], f"{name}{label_of(given, k)}") for k, s in pairs}
    return with_items(given, [made[k] for k in items])


def leaf_of(spec: Spec, value: Any, name: str) -> Any:
    """A (co)tangent of one array or number."""
    if isinstance(value, (bool, str)) or value is None:
        raise UsageError(f"{name} must be a number or an array, not {value!r}")
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{name} must be real, not {array.dtype}")
    if spec[0] == "number":
        if array.ndim:
            raise UsageError(f"{name} must be a number, but it has shape {array.shape}")
        return array.astype(spec[1])[()] if spec[1] else float(array)
    _, dtype, rank = spec
    if array.ndim != rank:
        raise UsageError(f"{name} has {array.ndim} axes instead of {rank}")
    return array.astype(dtype, copy=False)
