"""What an operation of the IR is: its meaning, its type, what it raises, how it is spelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ad_compiler.ir.atoms import Atom
from ad_compiler.ir.types import Type, is_complex

Infer = Callable[[Sequence[Atom]], Type | tuple[Type, ...]]


COMPLEX: dict[str, Callable[[Sequence[Atom]], bool]] = {}
"""The operations that take and give complex numbers, by name, and whether they do for operands.

The rules fill it. What is not in it is refused: its derivative may hold for real numbers only.
"""


COMPLEX_SAID: dict[str, str] = {}
"""What to call some of the others in a message."""


class TypeRefusal(Exception):
    """Operand types that a primitive does not take. The frontend gives it a place."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Operator:
    """Spelled as a Python operator: `a + b`, `-a`, `a if c else b`."""

    symbol: str
    precedence: int


@dataclass(frozen=True, slots=True)
class Call:
    """Spelled as a call of a dotted name, `np.sum(x, axis=1)`."""

    path: str


@dataclass(frozen=True, slots=True)
class Method:
    """Spelled as a method of the first operand, `x.astype(np.float32)`."""

    name: str


@dataclass(frozen=True, slots=True)
class Special:
    """Spelled by a printer of the backend, found under the primitive's name."""


Spelling = Operator | Call | Method | Special


def never(_args: Sequence[Atom]) -> bool:
    """The `raises` of an operation that cannot fail."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """An operation. Compared by identity; the registry in `rules/` holds the one instance.

    Operands are positional in the IR, in the order of `params`; static operands (axes, flags,
    None) are constants among them. `params` ending in `*name` takes any number of operands.
    `defaults` are filled in by the frontend and left out again by the backend.
    """

    name: str
    evaluate: Callable[..., Any]
    infer: Infer
    spelling: Spelling
    params: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    raises: Callable[[Sequence[Atom]], bool] = never
    noun: str = "value"
    """What an unnamed result is called when it needs a name: `product`, `exp`."""
    in_place: int | None = None
    """Index of the operand whose storage the result may take over (store, add_at, put)."""
    fresh: bool = True
    """Whether an array result owns new memory (False: it may be a view of operand 0)."""
    allocates: bool = False
    """Whether two evaluations must stay two (never merged by CSE)."""
    keyword_only: tuple[str, ...] = ()
    """Operands that are printed as `name=value` even when all before them are given."""
    results: tuple[str, ...] = ()
    """The names of several results, as the fields of the named tuple that NumPy gives."""

    def __call__(self, *args: Any) -> Any:
        """Evaluate, so that rules may call primitives by name."""
        return self.evaluate(*args)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def type_of(self, args: Sequence[Atom]) -> Type | tuple[Type, ...]:
        """The type, or types, of what it gives. Raises `TypeRefusal` for other operands."""
        for arg in args:
            if is_complex(arg.type):
                self._check_complex(args)
                return self.infer(args)
        type_ = self.infer(args)
        if any(map(is_complex, type_)) if isinstance(type_, tuple) else is_complex(type_):
            self._check_complex(args)
        return type_

    def _check_complex(self, args: Sequence[Atom]) -> None:
        allowed = COMPLEX.get(self.name)
        if allowed is None or not allowed(args):
            what = COMPLEX_SAID.get(self.name, f"`{self.name}` of complex numbers")
            remedy = "take the real and the imaginary part, or the absolute value, before"
            raise TypeRefusal(f"{what} is not supported", remedy)
