"""Small functions, whose gradients cost less than a call."""

import math
from typing import Any

import numpy as np


def scalar(x: float, y: float) -> float:
    """Ten operations."""
    a = x * y
    b = math.sin(a) + x
    c = b * b - y
    d = math.exp(-c * c) + a
    return d / (1.0 + b * b)


def tanh(x: Any) -> Any:
    """To be derived six times."""
    return np.tanh(x)
