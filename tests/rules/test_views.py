"""What NumPy gives as a view is known to be one: else a write to it would go unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ad_compiler.frontend.indexing import SHARING
from ad_compiler.ir.primitive import Primitive
from ad_compiler.rules.registry import MEANINGS, RULES, Linear

CASES = [
    pytest.param(thing, primitive, rule.samples, id=primitive.name)
    for thing, primitive in MEANINGS.items()
    if isinstance(rule := RULES[primitive], Linear) and callable(thing)
]


def is_numpy(thing: Any) -> bool:
    """Whether a function is NumPy's, whose operands have the order of its arguments."""
    return getattr(thing, "__module__", None) == "numpy" or isinstance(thing, np.ufunc)


def arrays_in(value: Any) -> list[Any]:
    """The arrays in a result or an argument."""
    if isinstance(value, np.ndarray):
        return [value]
    return [a for item in value for a in arrays_in(item)] if isinstance(value, tuple | list) else []


@pytest.mark.parametrize(("thing", "primitive", "samples"), CASES)
def test_views_are_known(
    thing: Any, primitive: Primitive, samples: Sequence[tuple[Any, ...]]
) -> None:
    for sample in samples:
        try:
            result = (thing if is_numpy(thing) else primitive.evaluate)(*sample)
        except (TypeError, ValueError, np.exceptions.AxisError):
            result = primitive.evaluate(*sample)  # its operands are not the function's arguments
        shared = any(
            np.may_share_memory(one, other)
            for one in arrays_in(result)
            for arg in sample
            for other in arrays_in(arg)
        )
        assert not shared or not primitive.fresh or primitive.name in SHARING
