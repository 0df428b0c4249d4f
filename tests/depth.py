"""How deep the tests go: what carries the mark `thorough` is left to `make thorough`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

thorough = pytest.mark.thorough


def spread(values: Iterable[Any], every: int) -> list[Any]:
    """Parameters of a test, of which all runs take one in so many, the thorough run the rest."""
    return [_deep(value) if k % every else value for k, value in enumerate(values)]


def _deep(value: Any) -> Any:
    """The same parameters (one, a tuple of them, or `pytest.param`) with the mark."""
    if isinstance(value, type(pytest.param())):
        return value._replace(marks=(*value.marks, thorough))
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=thorough)
