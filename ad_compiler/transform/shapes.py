"""Fits (co)tangents to the shapes and kinds of the values they belong to.

A cotangent may be smaller than its primal: the adjoint of `np.sum(x)` is a number until
something needs an array ("uniform along an axis"). These functions widen it where needed, and
sum it down where the primal was broadcast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import (
    F64,
    FLOAT_DTYPES,
    MIXED_FLOAT,
    NUMPY_NAMES,
    PY_FLOAT,
    Array,
    Complex,
    Dim,
    Float,
    Tape,
    Type,
    dims_of,
    dtype_of,
    is_complex,
    is_number,
    never_one,
)
from ad_compiler.rules.builtin import FLOAT
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


@dataclass(frozen=True, slots=True)
class Shapes:
    """Where made-up arrays take their shape from: inputs, which are always at hand."""

    arrays: dict[tuple[str, tuple[Dim, ...]], Var] = field(default_factory=dict)
    lengths: dict[Dim, tuple[Var, int]] = field(default_factory=dict)

    @staticmethod
    def of(params: Iterable[Var]) -> Shapes:
        """The shapes that inputs offer; the first of several equal ones."""
        shapes = Shapes()
        for var in params:
            if isinstance(var.type, Array):
                shapes.arrays.setdefault((var.type.dtype, var.type.dims), var)
                for axis, dim in enumerate(var.type.dims):
                    shapes.lengths.setdefault(dim, (var, axis))
        return shapes

    def within(self, params: Sequence[Var], inits: Sequence[Atom]) -> Shapes:
        """The shapes in a loop, where a length that no trip changes is that of an initial value."""
        lengths = dict(self.lengths)
        for param, init in zip(params, inits, strict=True):
            dims = dims_of(init.type)
            for axis, dim in enumerate(dims_of(param.type)):
                if isinstance(init, Var) and not isinstance(dim, int) and dims[axis] == dim:
                    lengths.setdefault(dim, (init, axis))
        return Shapes(self.arrays, lengths)

    def like(self, primal: Var) -> Var:
        """An array of the primal's shape and dtype: an input if there is one."""
        assert isinstance(primal.type, Array)
        return self.arrays.get((primal.type.dtype, primal.type.dims), primal)

    def length(self, builder: Builder, primal: Var, axis: int) -> Atom:
        """The length of one axis of a value."""
        dim = dims_of(primal.type)[axis]
        if isinstance(dim, int):
            return const(dim)
        return builder.emit(PRIMITIVES["dim"], *self.place(primal, const(axis)))

    def place(self, array: Atom, axis: Atom) -> tuple[Atom, Atom]:
        """An array and an axis that have the same length: of an input if there is one."""
        assert isinstance(axis, Const)
        var, place = self.lengths.get(dims_of(array.type)[axis.value], (array, axis.value))
        return var, const(place)


def fills(builder: Builder, type_: Type, dims: tuple[Dim, ...]) -> bool:
    """Whether a value of this type certainly has the full shape `dims`."""
    own = dims_of(type_)
    return len(own) == len(dims) and all(
        a == b or never_one(a) or builder.named(a) == builder.named(b)
        for a, b in zip(own, dims, strict=True)
    )


def zero(builder: Builder, primal: Var, shapes: Shapes) -> Atom:
    """A zero of the primal's type: 0.0, an array, or a tape of zeros."""
    match primal.type:
        case Array():
            return builder.emit(PRIMITIVES["zeros_like"], shapes.like(primal))
        case Tape():
            return builder.emit(PRIMITIVES["tape_zeros_like"], primal)
        case Complex():
            return const(0j)
        case _:
            return const(0.0)


def chosen_or_zero(builder: Builder, mask: Atom, number: Atom) -> Var:
    """A number where a truth value holds, else zero: in single precision, too."""
    nothing: Atom = const(0.0)
    if dtype_of(number.type) == "f32":
        nothing = builder.emit(PRIMITIVES["np.float32"], nothing)
    return builder.emit(PRIMITIVES["select"], mask, number, nothing)


def zeros(builder: Builder, lengths: Sequence[Atom], dtype: str) -> Atom:
    """A new array of zeros of the given lengths."""
    return builder.emit(PRIMITIVES["np.zeros"], *lengths, const(NUMPY_NAMES[dtype]))


def is_whole(builder: Builder, value: Atom, primal: Var) -> bool:
    """Whether a (co)tangent certainly has the primal's full shape."""
    return not isinstance(primal.type, Array) or (
        isinstance(value.type, Array) and fills(builder, value.type, primal.type.dims)
    )


def widen(builder: Builder, value: Atom, primal: Var, shapes: Shapes) -> Atom:
    """The (co)tangent `value` of `primal` in the primal's full shape."""
    if not isinstance(primal.type, Array):
        return value
    if is_whole(builder, value, primal):
        return alike(builder, value, primal.type.dims)
    model = shapes.like(primal)
    if is_number(value.type):
        return builder.emit(PRIMITIVES["full_like"], model, value)
    return builder.emit(PRIMITIVES["broadcast_like"], value, model)


def alike(builder: Builder, value: Atom, dims: tuple[Dim, ...]) -> Atom:
    """A value whose lengths, if it is an array, are known to be those of `dims`: by these names."""
    if not isinstance(value.type, Array) or value.type.dims == dims:
        return value
    named = Var(PRIMITIVES["identity"].noun, Array(value.type.dtype, dims), temp=True)
    let = builder.made[named] = Let((named,), PRIMITIVES["identity"], (value,), builder.at)
    builder.append(let)
    return named


def cast(builder: Builder, value: Atom, type_: Type) -> Atom:
    """A (co)tangent in the dtype of its primal; a number if that is one, and a Python float.

    Of a complex cotangent only the real part counts for what is real.
    """
    if is_complex(value.type) and not is_complex(type_):
        value = builder.emit(PRIMITIVES["np.real"], value)
    if isinstance(type_, Array):
        if isinstance(value.type, Array) and value.type.dtype != type_.dtype:
            return builder.emit(PRIMITIVES["astype"], value, const(NUMPY_NAMES[type_.dtype]))
        if type_.dtype == "f32" and dtype_of(value.type) == "f64":
            return builder.emit(PRIMITIVES["np.float32"], value)  # or what it meets is double
        return value
    if dims_of(value.type):
        return value  # still to be summed
    if is_complex(type_):
        return as_complex(builder, value)
    own, wanted = dtype_of(value.type), dtype_of(type_)
    if type_ == PY_FLOAT or (own in FLOAT_DTYPES and wanted not in (own, None)):
        return converted(builder, value, type_)
    return converted(builder, value, F64) if isinstance(value.type, Array) else value


def as_complex(builder: Builder, value: Atom) -> Atom:
    """A number as a complex one."""
    if is_complex(value.type):
        return value
    if isinstance(value, Const):
        return const(complex(value.value))
    return builder.emit(OPERATORS["+"], value, const(0j))


def fitted(builder: Builder, value: Atom, type_: Type) -> Atom:
    """A contribution to a cotangent: kinds of numbers are settled at the end, dtypes of arrays at
    once, and the wider one.
    """
    settled = isinstance(type_, Array) or is_complex(type_) or type_ == F64
    return cast(builder, value, type_ if settled else MIXED_FLOAT)


def exact(builder: Builder, value: Atom, type_: Type) -> Atom:
    """A (co)tangent that a caller sees: of the very kind of what it belongs to."""
    if isinstance(type_, Float):
        return converted(builder, value, type_)
    return cast(builder, value, type_)


def converted(builder: Builder, value: Atom, type_: Type) -> Atom:
    """A number of another kind; unchanged if the kind is only known at run time."""
    dtype = dtype_of(type_)
    if value.type == type_ or not (dtype or type_ == PY_FLOAT):
        return value
    if dtype is not None:
        return builder.emit(PRIMITIVES[f"np.{NUMPY_NAMES[dtype]}"], value)
    return const(float(value.value)) if isinstance(value, Const) else builder.emit(FLOAT, value)


def reduce_to(builder: Builder, g: Atom, z: Var, operand: Atom, shapes: Shapes) -> Atom:
    """Sum a cotangent of a broadcast result z down to the shape of one operand.

    `g` may itself be uniform along axes: an axis that the operand lacks then counts as a factor
    (its length) instead of a sum.
    """
    types = map(builder.lengths_named, (z.type, operand.type, g.type))
    outer, inner, own = map(dims_of, types)
    own = (1,) * (len(outer) - len(own)) + own
    padded = (1,) * (len(outer) - len(inner)) + inner
    pairs = list(zip(padded, outer, strict=True))
    if any(a not in (z_dim, 1) and not never_one(a) for a, z_dim in pairs):
        assert isinstance(operand.type, Array)
        return builder.emit(PRIMITIVES["unbroadcast"], widen(builder, g, z, shapes), operand)
    leading = len(outer) - len(inner)
    lost = [k for k, (a, z_dim) in enumerate(pairs) if a == 1 and z_dim != 1]
    if any(own[k] not in (1, outer[k]) and not never_one(own[k]) for k in (*lost, *range(leading))):
        g, own = widen(builder, g, z, shapes), outer  # it may be uniform along what is summed
    missing = len(outer) - len(dims_of(g.type))
    for axis in lost:
        if own[axis] == 1:
            g = builder.emit(OPERATORS["*"], shapes.length(builder, z, axis), g)
    # Axes that the operand lacks go, whatever their length.
    gone = range(missing, leading)
    summed = [k for k in range(missing, len(outer)) if k in gone or (k in lost and own[k] != 1)]
    return _sum(builder, g, summed, len(outer), operand.type) if summed else g


def _sum(builder: Builder, g: Atom, axes: list[int], width: int, type_: Type) -> Atom:
    """`np.sum` over the given axes of a value that is `width` axes wide; axes of length 1 stay."""
    own = len(dims_of(g.type))
    axes = [k - (width - own) for k in axes]
    if not isinstance(type_, Array) or (not type_.dims and len(axes) == own):
        return builder.emit(PRIMITIVES["np.sum"], g, const(None), const(False))
    leading = width - len(type_.dims) - (width - own)
    keep = [k for k in axes if k >= leading]
    drop = [k for k in axes if k < leading]
    if keep:
        g = builder.emit(PRIMITIVES["np.sum"], g, _axis(keep), const(True))
    if drop:
        g = builder.emit(PRIMITIVES["np.sum"], g, _axis(drop), const(False))
    return g


def _axis(axes: list[int]) -> Const:
    return const(axes[0] if len(axes) == 1 else tuple(axes))
