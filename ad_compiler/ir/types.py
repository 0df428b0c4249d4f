"""The types of the IR: kinds of numbers, arrays with symbolic shapes, tapes.

Python floats and NumPy scalars are different kinds, because they behave differently:
`1 / 0.0` raises on one and gives `inf` on the other. A *mixed* number is one or the other,
decided at run time (`s = 0.0; s += x[i]` over a loop that may not run).
"""

from __future__ import annotations

from ad_compiler.frozen import frozen

PY, MIXED, ANY = "py", "mixed", "any"
"""Kinds of numbers: Python's own; Python's or 64-bit; Python's, 64-bit or 32-bit."""


@frozen
class Sym:
    """A length that is only known at run time. Equal symbols are equal lengths.

    The length is none of 1 to `never`: if that is 1 or more, it never broadcasts, and if it is
    more, neither do the parts that a few elements less are left in.
    """

    name: str
    never: int = 0

    def __str__(self) -> str:
        return f"{self.name}?" if self.never == 0 else self.name


@frozen
class Trim:
    """`max(base - by, 0)`: the length of `x[2:]`, `x[1:-1]` and `x[:-2]` alike.

    A negative `by` stands for a length that is more than another.
    """

    base: Sym
    by: int

    def __str__(self) -> str:
        return f"{self.base}-{self.by}"


Dim = int | Sym | Trim


def never_one(dim: Dim) -> bool:
    """Whether an axis of this length cannot broadcast."""
    match dim:
        case int():
            return dim != 1
        case Sym():
            return dim.never > 0
        case Trim(base, by):
            return 0 <= by < base.never


@frozen
class Float:
    """A real number. `kind` is `py`, `f64`, `f32`, `mixed` or `any`.

    `also` are the integers that the value may be instead at run time, sorted by name: so is `s`
    after `s = 0` and a loop with `s += x[i]` that may not run. Then `kind` is never a NumPy kind,
    and `py` only if all of them are Python's.
    """

    kind: str = PY
    also: tuple[Int | Bool, ...] = ()

    def __str__(self) -> str:
        return "|".join(["float" if self.kind == PY else self.kind, *map(str, self.also)])


@frozen
class Int:
    """An integer. `kind` is `py`, a NumPy kind like `i64`, or `mixed`.

    `length` is set where the value is known to be the length of an axis, so that
    `np.zeros(len(x))` has the shape of `x`. `count` is set where `max(value, 0)` is such a
    length, so that `np.zeros(len(x) - 1)` has the shape of `x[1:]`; it is `exact` where a
    negative value is as far below zero as the length would be.
    """

    kind: str = PY
    length: Dim | None = None
    count: Dim | None = None
    exact: bool = False

    def __str__(self) -> str:
        return "int" if self.kind == PY else self.kind


@frozen
class Complex:
    """A complex number, which only exists inside of a program. `kind` is `py` or `c128`, `c64`.

    A cotangent of x + iy is dL/dx - i dL/dy, as JAX has it: what a tangent adds to L is the real
    part of its product with the cotangent. So the rules of holomorphic functions are those of
    real ones, and what is linear over the complex numbers is transposed without a conjugate.
    """

    kind: str = PY

    def __str__(self) -> str:
        return "complex" if self.kind == PY else self.kind


@frozen
class Bool:
    """A truth value. `kind` is `py`, `np` or `mixed`."""

    kind: str = PY

    def __str__(self) -> str:
        return "bool" if self.kind == PY else f"{self.kind}.bool"


@frozen
class Array:
    """A NumPy array: dtype `f64 f32 i64 i32 … u8 … bool`, and one `Dim` an axis."""

    dtype: str
    dims: tuple[Dim, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.dims))}]"


@frozen
class Tape:
    """What a loop remembers for its reverse sweep: one element a trip, written once."""

    element: Type

    def __str__(self) -> str:
        return f"tape[{self.element}]"


@frozen
class Static:
    """A compile-time constant that is no number: None, a string, a tuple, a dtype."""

    def __str__(self) -> str:
        return "static"


Type = Float | Int | Bool | Complex | Array | Tape | Static
Number = Float | Int | Bool | Complex
NUMBERS = (Float, Int, Bool, Complex)

PY_FLOAT, PY_INT, PY_BOOL, MIXED_FLOAT = Float(PY), Int(PY), Bool(PY), Float(MIXED)
F64 = Float("f64")
"""The types that most values have, made once."""

FLOAT_DTYPES = ("f32", "f64")
"""The real dtypes that are differentiated."""

COMPLEX_DTYPES = ("c64", "c128")
"""The dtypes of intermediate values that are complex."""

NUMPY_NAMES = {
    "f64": "float64", "f32": "float32",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
    "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "bool": "bool",
    "c64": "complex64", "c128": "complex128",
}  # fmt: skip
"""Our dtype names and NumPy's."""

DTYPE_OF_ANY_NAME = {name: dtype for dtype, name in NUMPY_NAMES.items()}

DTYPE_OF_NAME = {n: d for n, d in DTYPE_OF_ANY_NAME.items() if d not in COMPLEX_DTYPES}
"""The dtypes that the values have which come into a program."""


def shown(type_: Type) -> str:
    """A type as people write it: `float`, `float64[:,:]`."""
    match type_:
        case Array(dtype, dims):
            return f"{NUMPY_NAMES[dtype]}[{','.join(':' * len(dims))}]"
        case Float("mixed" | "any"):
            return "a float of Python or NumPy"
        case Float(kind) | Int(kind) | Bool(kind) | Complex(kind) if kind in NUMPY_NAMES:
            return NUMPY_NAMES[kind]
        case Int(_):
            return "int"
        case Bool(_):
            return "bool"
        case _:
            return str(type_)


def is_differentiable(type_: Type) -> bool:
    """Whether values of this type can carry a derivative."""
    if isinstance(type_, Float | Complex):
        return True
    if isinstance(type_, Array):
        return type_.dtype in FLOAT_DTYPES or type_.dtype in COMPLEX_DTYPES
    return isinstance(type_, Tape) and is_differentiable(type_.element)


def is_complex(type_: Type) -> bool:
    """Whether a value is a complex number or an array of them."""
    if isinstance(type_, Array):
        return type_.dtype in COMPLEX_DTYPES
    return isinstance(type_, Complex)


def rank(type_: Type) -> int:
    """Number of axes; 0 for a number."""
    return len(type_.dims) if isinstance(type_, Array) else 0


def dims_of(type_: Type) -> tuple[Dim, ...]:
    """Lengths of the axes; empty for a number."""
    return type_.dims if isinstance(type_, Array) else ()


def dtype_of(type_: Type) -> str | None:
    """The dtype of an array or NumPy number, None for a Python or mixed number."""
    if isinstance(type_, Array):
        return type_.dtype
    if isinstance(type_, Bool):
        return "bool" if type_.kind == "np" else None
    if isinstance(type_, (Float, Int, Complex)) and type_.kind not in (PY, MIXED, ANY):
        return type_.kind
    return None


def is_number(type_: Type) -> bool:
    """Whether the value is a single number (no array, not even of rank 0)."""
    return isinstance(type_, NUMBERS)


def number_of(dtype: str) -> Number:
    """The NumPy number kind that an element of such an array has."""
    if dtype == "bool":
        return Bool("np")
    if dtype in COMPLEX_DTYPES:
        return Complex(dtype)
    return Float(dtype) if dtype.startswith("f") else Int(dtype)


def broadcast_dim(a: Dim, b: Dim) -> Dim:
    """The length of an axis on which lengths `a` and `b` meet (or NumPy raises)."""
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if never_one(a):
        return a
    if never_one(b):
        return b
    return Sym(f"({'|'.join(sorted(_parts(a) | _parts(b)))})")


def _parts(dim: Dim) -> set[str]:
    """The lengths, by name, of which a length is the one that is not 1."""
    name = dim.name if isinstance(dim, Sym) else ""
    return set(name[1:-1].split("|")) if name.startswith("(") else {str(dim)}


def same_shape(one: tuple[Dim, ...], other: tuple[Dim, ...]) -> bool:
    """Whether shapes that meet are equal: lengths that never broadcast are, or NumPy raises."""
    return len(one) == len(other) and all(
        a == b or (never_one(a) and never_one(b)) for a, b in zip(one, other, strict=True)
    )


def broadcast(*shapes: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """NumPy's broadcasting of shapes, right-aligned."""
    out: tuple[Dim, ...] = ()
    for shape in shapes:
        if not shape or shape == out:
            continue
        width = max(len(out), len(shape))
        a = (1,) * (width - len(out)) + out
        b = (1,) * (width - len(shape)) + shape
        out = tuple(broadcast_dim(p, q) for p, q in zip(a, b, strict=True))
    return out


RAGGED = Sym("ragged")
"""A length in which the elements of a list may differ: the only one that is not one length."""


def join(a: Type, b: Type, fresh: Sym | None = None) -> Type | None:
    """The least type of a value that is an `a` on one path and a `b` on the other.

    `fresh` names the length of axes that differ (numbered by axis). None: there is no such type.
    """
    if a == b:
        return a
    match a, b:
        case (Float(), Float()):
            return _float_or(a, b.kind, b.also)
        case (Complex(), Complex()):
            return Complex(MIXED)
        case (Int(p), Int(q)):
            return Int(p if p == q else MIXED)
        case (Bool(p), Bool(q)):
            return Bool(p if p == q else MIXED)
        case (Float() as real, Bool() | Int() as whole) | (
            Bool() | Int() as whole,
            Float() as real,
        ):
            plain = whole if isinstance(whole, Bool) else Int(whole.kind)
            return _float_or(real, PY if whole.kind == PY else MIXED, (plain,))
        case (Bool(), Int(kind)) | (Int(kind), Bool()):
            return Int(kind if kind == PY else MIXED)
        case (Array(p, m), Array(q, n)) if p == q and len(m) == len(n) and fresh is not None:
            dims = tuple(
                s if s == t else RAGGED if RAGGED in (s, t, fresh) else Sym(f"{fresh.name}.{k}")
                for k, (s, t) in enumerate(zip(m, n, strict=True))
            )
            return Array(p, dims)
        case (Tape(p), Tape(q)):
            element = join(p, q, fresh)
            return None if element is None else Tape(element)
        case _:
            return None


def _float_or(real: Float, kind: str, also: tuple[Int | Bool, ...]) -> Float:
    """A real number that may be of another kind too, or one of some integers."""
    kinds = {real.kind, kind}
    wider = real.kind if len(kinds) == 1 else ANY if kinds & {"f32", ANY} else MIXED
    return Float(wider, tuple(sorted({*real.also, *also}, key=str)))
