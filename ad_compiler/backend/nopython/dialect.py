"""The Numba dialect: what `numba.njit` compiles without Python's help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ad_compiler.backend.changes import CHANGES, Change, part_of, step
from ad_compiler.backend.dialect import Dialect
from ad_compiler.backend.expressions import Printer, Renderer
from ad_compiler.backend.nopython.prepare import (
    OVERLAPPING,
    THROUGH_VIEW,
    prepare,
    raises_in_python,
)
from ad_compiler.backend.printers import PATHS, PRINTERS
from ad_compiler.backend.text import Resolve, Text, name
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import Atom, Const, Function, const
from ad_compiler.ir.types import NUMPY_NAMES, Array, Bool, Float, Int, Tape, Type, dtype_of, rank
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.augment import AUGMENTED, SYMBOLS


def _undefined(type_: Type, resolve: Resolve) -> Text:
    """A value of the very type, since a name has one type only."""
    match type_:
        case Array(dtype, dims):
            shape = "0" if len(dims) == 1 else f"({', '.join('0' * len(dims))})"
            rest = "" if dtype == "f64" else f", dtype={resolve(f'np.{NUMPY_NAMES[dtype]}')}"
            return Text(f"{resolve('np.empty')}({shape}{rest})")
        case Float() if dtype_of(type_) == "f32":
            return Text(f"{resolve('np.float32')}(0.0)")
        case Float():
            return name("0.0")
        case Int():
            return name("0")
        case Bool():
            return name("False")
        case Tape(element):
            return Text(f"[{_undefined(element, resolve).text} for _ in {resolve('range')}(0)]")
        case _:
            return name("None")


def _kind(type_: Type) -> object:
    """What a name stands for: Numba gives it one type, in which only numbers are wider or not."""
    match type_:
        case Array(dtype, dims):
            return ("array", dtype, len(dims))
        case Tape(element):
            return ("list", _kind(element))
        case Bool():
            return "bool"
        case _:
            return dtype_of(type_) == "f32"


def _joined(path: str) -> Printer:
    """`np.concatenate((a, b), axis=1)`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        *arrays, axis = args
        rest = "" if axis == const(0) else f", axis={to.atom(axis).text}"
        inner = ", ".join(to.atom(a).text for a in arrays)
        comma = "," if len(arrays) == 1 else ""
        return Text(f"{to.resolve(path)}(({inner}{comma}){rest})")

    return printer


def _copied(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.copy()")


def _shape(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.shape")


def _viewed(resolve: Resolve, array: str, name: str, args: Sequence[str]) -> str:
    """By NumPy's function.

    Of a method of a variable that is set in several places, Numba does not see that its result
    shares memory with it, and takes what is written there for dead code.
    """
    given = args[0] if len(args) == 1 else f"({', '.join(args)})"
    return f"{resolve(f'np.{name}')}({array}, {given})"


def _reshaped(to: Renderer, args: Sequence[Atom]) -> Text:
    array, *lengths = args
    texts = [to.atom(a).text for a in lengths]
    return Text(_viewed(to.resolve, to.atom(array).text, "reshape", texts or ["()"]))


PRINTERS_HERE: Mapping[str, Printer] = {
    **PRINTERS,
    "np.concatenate": _joined("np.concatenate"),
    "np.stack": _joined("np.stack"),
    "duplicate": _copied,
    "np.reshape": _reshaped,
    "numba.shape": _shape,
}


def _full(symbol: str) -> Change:
    """`x[1:] = x[1:] + x[:-1]`, which reads all before it writes any."""

    def change(to: Renderer, target: str, args: Sequence[Atom]) -> str:
        if len(args) == 2:
            return f"{target} = {target} {symbol} {to.atom(args[1]).at_least(12)}"
        pattern = args[1]
        assert isinstance(pattern, Const)
        whole = pattern.value == WHOLE and bool(rank(args[0].type))
        place = f"{target}[:]" if whole else part_of(to, target, args)
        return f"{place} = {place} {symbol} {to.atom(args[2]).at_least(12)}"

    return change


def _through_view(symbol: str) -> Change:
    """`v += y`, where v is a view of the array that is changed."""

    def change(to: Renderer, _target: str, args: Sequence[Atom]) -> str:
        view = to.atom(args[1]).text
        if symbol == "+":
            return step(to, view, symbol, args[2])
        return f"{view} {symbol}= {to.atom(args[2]).text}"

    return change


CHANGES_HERE: Mapping[str, Change] = {
    **CHANGES,
    f"add_at{OVERLAPPING}": _full("+"),
    f"add_into{OVERLAPPING}": _full("+"),
    f"sub_into{OVERLAPPING}": _full("-"),
    **{f"{AUGMENTED[OPERATORS[s]].name}{OVERLAPPING}": _full(s) for s in SYMBOLS},
    THROUGH_VIEW["add_at"].name: _through_view("+"),
    **{THROUGH_VIEW[AUGMENTED[OPERATORS[s]].name].name: _through_view(s) for s in SYMBOLS},
}


def _decorate(function: Function, resolve: Resolve, more: str = "") -> str:
    """Division by zero raises as it does in Python, where Python numbers are divided."""
    model = "" if raises_in_python(function.block) else ', error_model="numpy"'
    return f"@{resolve('numba.njit')}(cache=True{model}{more})"


def _reordering(function: Function, resolve: Resolve) -> str:
    """The same; LLVM may reorder sums and products. What is nan or infinite stays what it is."""
    return _decorate(function, resolve, ', fastmath={"reassoc", "nsz", "contract", "arcp"}')


PATHS_HERE: Mapping[str, tuple[str, ...]] = {
    **PATHS,
    **dict.fromkeys(("np.reshape", "getitem", "store", "add_at"), ("np.reshape",)),
}


NUMBA = Dialect(
    "numba",
    PRINTERS_HERE,
    CHANGES_HERE,
    PATHS_HERE,
    _undefined,
    prepare,
    _decorate,
    viewed=_viewed,
    kind=_kind,
    warns=False,
    reversible=False,
    compiled=True,
    containers=False,
)
"""NumPy as far as Numba compiles it."""
FASTMATH = replace(NUMBA, name="numba, fastmath", decorate=_reordering)
"""The same, where LLVM may change the last bits to save time."""
