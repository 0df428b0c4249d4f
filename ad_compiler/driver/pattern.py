"""The pattern of a derivative, from its program. Only loaded when there is none yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.analysis.dependence.walk import entries_of
from ad_compiler.driver.colouring import Pattern
from ad_compiler.driver.derivative import Arguments
from ad_compiler.frontend.binding import arguments_of
from ad_compiler.frontend.lower import Lowered
from ad_compiler.frontend.signature import values_in
from ad_compiler.ir.depth import with_room
from ad_compiler.ir.nodes import Var, leaves


def entries(
    lowered: Lowered, arguments: Arguments, shape: tuple[int, ...]
) -> tuple[Pattern, tuple[int, ...]]:
    """The pattern of a program that takes seeds of a shape, and the shape of its products."""
    function = lowered.function
    given = {argument.name: argument.value for argument in arguments_of(arguments.bound)}
    captured = iter([capture.read() for capture in lowered.captures])
    values: list[Any] = []
    seeds = 0
    for parameter in function.parameters:
        if parameter.hidden:
            values.append(next(captured))
        elif parameter.name in given:
            pairs = zip(
                leaves(parameter.tree),
                values_in(parameter.tree, given[parameter.name]),
                strict=True,
            )
            values += [value for leaf, value in pairs if isinstance(leaf, Var)]
        else:
            seeds = len(values)
            values.append(np.zeros((1, *shape)))
    rows, columns, (_, *out) = with_room(lambda: entries_of(function, values, seeds), function.at)
    sides = int(np.prod(out, dtype=int)), int(np.prod(shape, dtype=int))
    return Pattern(rows, columns, sides), tuple(out)
