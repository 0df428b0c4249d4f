"""Reductions that are told a dtype, where to look, or what to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Infer, Primitive, TypeRefusal
from ad_compiler.ir.types import Type, dims_of, dtype_of, number_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.cumulative import other_factors
from ad_compiler.rules.reductions import count_of, may_be_empty, reduced, spread
from ad_compiler.rules.registry import PRIMITIVES, Flat, Linear, Rule, widen
from ad_compiler.rules.statistics import inverse_or_zero
from ad_compiler.rules.structures import evaluator

MASK = np.array([[True, False, True], [True, True, False]])
NAMES = ("axis", "dtype", "keepdims", "initial", "where")
NOTHING: dict[str, Any] = {
    "axis": None, "dtype": None, "keepdims": False, "initial": None, "where": None, "ddof": 0,
    "mean": None,
}  # fmt: skip


def _result_type(function: Any, names: tuple[str, ...]) -> Infer:
    """NumPy itself is asked for the dtype."""

    def rule(args: Sequence[Atom]) -> Type:
        given = dict(zip(names, args[1:], strict=True))
        array = infer.array(args[0], f"np.{function.__name__}")
        axis = infer.static(given["axis"], "axis")
        keepdims = infer.static(given["keepdims"], "keepdims")
        options: dict[str, Any] = {}
        for name, atom in given.items():
            if name == "dtype" and infer.static(atom, name) is not None:
                options[name] = infer.static(atom, name)
            elif name == "where" and not is_absent(atom):
                if dtype_of(atom.type) != "bool":
                    raise TypeRefusal("`where` must be an array of truth values", "compare first")
                options[name] = np.ones(1, bool)
            elif name == "initial" and not is_absent(atom):
                infer.numbers([atom], "`initial`", "give a number")
                options[name] = 1
        sample = np.ones(1, infer.kind_of(array))
        dtype = infer.our_dtype(np.asarray(function(sample, **options)).dtype)
        dims = reduced(array.dims, axis, keepdims)
        return infer.of_dtype(dtype, dims) if dims else number_of(dtype)

    return rule


def is_absent(atom: Atom) -> bool:
    """Whether an operand was not given."""
    return isinstance(atom, Const) and atom.value is None


def _enter(
    name: str, rule: Rule, names: tuple[str, ...] = NAMES, raises: Any = infer.clashes
) -> Primitive:
    """Enter the form with all arguments beside the usual one."""
    narrow = PRIMITIVES[f"np.{name}"]
    function = getattr(np, name)
    defaults = {key: NOTHING[key] for key in names}
    params = ("x", *names)
    wide = Primitive(
        f"np.{name}(where)", evaluator(function, params, defaults, names),
        _result_type(function, names), Call(f"np.{name}"), params, defaults=defaults,
        keyword_only=names, raises=raises, noun=narrow.noun,
    )  # fmt: skip
    return widen(narrow, wide, rule)


def _clashes(args: Sequence[Atom]) -> bool:
    where = args[-1]
    same = is_absent(where) or dims_of(where.type) == dims_of(args[0].type)
    return not same


def masked(value: Any, where: Any) -> Any:
    """What was looked at; zero elsewhere."""
    return value if where is None else np.where(where, value, 0.0)


def count(x: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many elements were looked at."""
    if where is None:
        return count_of(x, axis)
    return np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims)


SAMPLES = (
    (MATRIX, None, None, False, 2.0, None),
    (MATRIX, 1, None, True, None, MASK),
    (MATRIX, 0, None, False, -1.5, np.array([True, False, True])),
    (MATRIX, (0, 1), "float64", False, None, MASK),
    (VECTOR, None, "float64", False, 0.5, np.array([True, True, False])),
)

# -- sums -----------------------------------------------------------------------------------------


def _sum_x(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, x_dot: Any
) -> Any:
    return SUM(x_dot, axis, dtype, keepdims, None, where)


def _sum_initial(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any,
    *, z: Any, initial_dot: Any,
) -> Any:  # fmt: skip
    return initial_dot + np.zeros_like(z)


def _sum_bar(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, z_bar: Any
) -> Any:
    return masked(spread(z_bar, axis, keepdims), where)


def _initial_bar(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, z_bar: Any
) -> Any:
    return np.sum(z_bar) if np.ndim(z_bar) > 0 else z_bar


SUM = _enter(
    "sum",
    Linear(
        {"x": _sum_x, "initial": _sum_initial}, {"x": _sum_bar, "initial": _initial_bar},
        dense=True, samples=SAMPLES,
    ),
    raises=_clashes,
)  # fmt: skip

# -- means ----------------------------------------------------------------------------------------

MEAN_NAMES = ("axis", "dtype", "keepdims", "where")


def _mean_x(x: Any, axis: Any, dtype: Any, keepdims: bool, where: Any, *, x_dot: Any) -> Any:
    return MEAN(x_dot, axis, dtype, keepdims, where)


def _mean_bar(x: Any, axis: Any, dtype: Any, keepdims: bool, where: Any, *, z_bar: Any) -> Any:
    share = z_bar / count(x, axis, keepdims, where)
    return masked(spread(share, axis, keepdims), where)


MEAN = _enter(
    "mean",
    Linear(
        {"x": _mean_x}, {"x": _mean_bar}, dense=True,
        samples=tuple((x, axis, d, k, where) for x, axis, d, k, _, where in SAMPLES if axis != 0),
    ),
    MEAN_NAMES,
    _clashes,
)  # fmt: skip

# -- variances ------------------------------------------------------------------------------------

SPREAD_NAMES = ("axis", "dtype", "ddof", "keepdims", "where", "mean")


def _centred(x: Any, axis: Any, where: Any, mean: Any) -> Any:
    """The elements without their mean; zero where nobody looks."""
    if mean is None:
        mean = MEAN(x, axis, None, True, where)
    return masked(x - mean, where)


def _share(x: Any, axis: Any, ddof: Any, where: Any) -> Any:
    """Twice over the number of degrees of freedom, with its axes kept."""
    if where is None:
        return 2.0 / (count_of(x, axis) - ddof)
    return 2.0 / (count(x, axis, True, where) - ddof)


def _var_x(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any, *, x_dot: Any
) -> Any:
    shares = _share(x, axis, ddof, where) * _centred(x, axis, where, mean)
    return np.sum(shares * x_dot, axis=axis, keepdims=keepdims)


def _var_mean(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any,
    *, mean_dot: Any,
) -> Any:  # fmt: skip
    shares = _share(x, axis, ddof, where) * _centred(x, axis, where, mean)
    return -np.sum(shares * mean_dot, axis=axis, keepdims=keepdims)


def _var_bar(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any, *, z_bar: Any
) -> Any:
    shares = _share(x, axis, ddof, where) * _centred(x, axis, where, mean)
    return spread(z_bar, axis, keepdims) * shares


def _of_square(z: Any, g: Any) -> Any:
    """What a change of a square is to its root: 0 where both are 0."""
    return g * (0.5 * inverse_or_zero(z))


def _std_x(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any,
    *, z: Any, x_dot: Any,
) -> Any:  # fmt: skip
    return _of_square(z, _var_x(x, axis, dtype, ddof, keepdims, where, mean, x_dot=x_dot))


def _std_mean(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any,
    *, z: Any, mean_dot: Any,
) -> Any:  # fmt: skip
    return _of_square(z, _var_mean(x, axis, dtype, ddof, keepdims, where, mean, mean_dot=mean_dot))


def _std_bar(
    x: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool, where: Any, mean: Any,
    *, z: Any, z_bar: Any,
) -> Any:  # fmt: skip
    half = _of_square(z, z_bar)
    return _var_bar(x, axis, dtype, ddof, keepdims, where, mean, z_bar=half)


for _name, _jvps, _vjp in (
    ("var", {"x": _var_x, "mean": _var_mean}, _var_bar),
    ("std", {"x": _std_x, "mean": _std_mean}, _std_bar),
):
    _enter(
        _name,
        Linear(
            _jvps, {"x": _vjp}, dense=True,
            convention="0 where all elements are equal" if _name == "std" else "",
            samples=(
                (MATRIX, 1, None, 1, True, MASK, None),
                (VECTOR, None, "float64", 0, False, None, None),
                (MATRIX, (0, 1), None, 0, False, MASK, None),
                (MATRIX, 0, None, 1, False, None, np.array([[1.0, 2.5, 3.0]])),
                (VECTOR, None, None, 0, False, np.array([True, True, False]), np.array([0.5])),
            ),
        ),
        SPREAD_NAMES,
    )  # fmt: skip

# -- products -------------------------------------------------------------------------------------


def _slope(x: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """The product of all the other factors, the first value among them."""
    others = other_factors(x if where is None else np.where(where, x, 1.0), axis)
    return masked(others if initial is None else initial * others, where)


def _prod_x(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, x_dot: Any
) -> Any:
    return np.sum(_slope(x, axis, keepdims, initial, where) * x_dot, axis=axis, keepdims=keepdims)


def _prod_bar(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, z_bar: Any
) -> Any:
    return spread(z_bar, axis, keepdims) * _slope(x, axis, keepdims, initial, where)


def _prod_initial(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, initial_dot: Any
) -> Any:
    return initial_dot * PROD(x, axis, dtype, keepdims, None, where)


def _prod_initial_bar(
    x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any, *, z_bar: Any
) -> Any:
    return np.sum(z_bar * PROD(x, axis, dtype, keepdims, None, where))


PROD = _enter(
    "prod",
    Linear(
        {"x": _prod_x, "initial": _prod_initial}, {"x": _prod_bar, "initial": _prod_initial_bar},
        dense=True, samples=tuple((x / 4, *rest) for x, *rest in SAMPLES),
    ),
    raises=_clashes,
)  # fmt: skip

# -- extremes -------------------------------------------------------------------------------------

EXTREME_NAMES = ("axis", "keepdims", "initial", "where")


def _shares(x: Any, z: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """Where the extreme is attained, and how many share it."""
    found = (x == spread(z, axis, keepdims)) | np.isnan(x)
    mask = found if where is None else np.logical_and(found, where)
    number = np.sum(mask, axis=axis, keepdims=keepdims)
    return mask, (number if initial is None else number + (initial == z))


def _extreme_x(
    x: Any, axis: Any, keepdims: bool, initial: Any, where: Any, *, z: Any, x_dot: Any
) -> Any:
    mask, number = _shares(x, z, axis, keepdims, initial, where)
    return np.sum(np.where(mask, x_dot, 0.0), axis=axis, keepdims=keepdims) / number


def _extreme_bar(
    x: Any, axis: Any, keepdims: bool, initial: Any, where: Any, *, z: Any, z_bar: Any
) -> Any:
    mask, number = _shares(x, z, axis, keepdims, initial, where)
    return np.where(mask, spread(z_bar / number, axis, keepdims), 0.0)


def _extreme_initial(
    x: Any, axis: Any, keepdims: bool, initial: Any, where: Any, *, z: Any, initial_dot: Any
) -> Any:
    _, number = _shares(x, z, axis, keepdims, initial, where)
    return np.where(initial == z, initial_dot / number, 0.0)


def _extreme_initial_bar(
    x: Any, axis: Any, keepdims: bool, initial: Any, where: Any, *, z: Any, z_bar: Any
) -> Any:
    _, number = _shares(x, z, axis, keepdims, initial, where)
    return np.sum(np.where(initial == z, z_bar / number, 0.0))


def _extreme_samples(first: float) -> tuple[tuple[Any, ...], ...]:
    return (
        (MATRIX, None, False, first, None),
        (MATRIX, 0, False, 0.5, None),
        (MATRIX, 1, True, first, MASK),
        (VECTOR, None, False, 0.5, np.array([True, True, False])),
    )


for _name, _first in (("max", -9.0), ("min", 9.0)):
    _enter(
        _name,
        Linear(
            {"x": _extreme_x, "initial": _extreme_initial},
            {"x": _extreme_bar, "initial": _extreme_initial_bar},
            dense=True, convention="ties share equally, the first value among them",
            samples=_extreme_samples(_first),
        ),
        EXTREME_NAMES,
        may_be_empty,
    )  # fmt: skip

for _name in ("any", "all"):
    _enter(_name, Flat("a truth value"), ("axis", "keepdims", "where"), _clashes)
