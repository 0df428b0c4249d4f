"""How deep the tests go: what carries the mark `thorough` is left to `make thorough`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

thorough = pytest.mark.thorough


def spread(values: Iterable[Any], every: int) -> list[Any]:
    """Parameters of a test, of which all runs take one in so many, the thorough run the rest."""
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    return [pytest.param(*row, marks=[thorough] if k % every else []) for k, row in enumerate(rows)]
