"""Functions of the parts of an array along some axes: loops over the axes that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ad_compiler.backend.nopython.site import (
    INDICES,
    Site,
    dtype_text,
    function_text,
    nested,
    shape_text,
    width_of,
)
from ad_compiler.ir.nodes import Atom


def of_parts(
    site: Site,
    label: str,
    formula: str,
    axes: Sequence[int],
    kept: bool,
    doc: str,
    several: tuple[str, Atom] | None = None,
) -> None:
    """Say that `formula`, of the part `{x}` of the operand `x` along the axes, is the result.

    `kept`: the axes stay, with length 1. `several` is an operand of which the formula is a
    function, too; where it is a vector, so is the formula, and its axis comes first.
    """
    x = site.operand("x")
    width = width_of(x)
    index = dict(zip([k for k in range(width) if k not in axes], INDICES, strict=False))
    part = f"x[{', '.join(index.get(k, ':') for k in range(width))}]" if index else "x"
    value = formula.format(x=part)
    shape, place = ([], []) if several is None or not width_of(several[1]) else (
        [f"len({several[0]})"], [":"]
    )  # fmt: skip
    for k in range(width):
        if k in index or kept:
            shape.append(f"x.shape[{k}]" if k in index else "1")
            place.append(index.get(k, "0"))
    body = [f"return {value}"]
    if place and place != [":"]:
        line = f"out[{', '.join(place)}] = {value}"
        loops = nested([(i, f"x.shape[{k}]") for k, i in index.items()], [line])
        made = f"out = np.empty({shape_text(shape)}{dtype_text(site.type)})"
        body = [made, *loops, "return out"]
    params = "x" if several is None else f"x, {several[0]}"
    along = ["along", *map(str, axes)] if index else [] if kept else ["of_all"]
    name = "_".join([label, *along])
    name += ("" if width <= 2 else f"_of_{width}") + ("_kept" if kept else "")
    name += "_each" if place[:1] == [":"] else ""
    operands = (x,) if several is None else (x, several[1])
    site.call(name, function_text(f"{name}({params})", doc, body), *operands)


def said(path: str, options: Mapping[str, object]) -> str:
    """The call of a function of NumPy's that a helper stands for; what is false is left out."""
    shown = "".join(f", {name}={value}" for name, value in options.items() if value is not False)
    return f"{path}(x{shown})."


def axis_said(axes: Sequence[int]) -> object:
    """Axes as an argument."""
    return axes[0] if len(axes) == 1 else tuple(axes)
