"""Random points of the domains that rules name, the same at every run."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Point = tuple[float, ...]
Draw = Callable[[Random, int], Point]


def _uniform(low: float, high: float) -> Draw:
    return lambda random, arity: tuple(random.uniform(low, high) for _ in range(arity))


def _nonzero(random: Random, arity: int) -> Point:
    return tuple(random.choice((-1, 1)) * random.uniform(0.3, 3) for _ in range(arity))


def _quotient(random: Random, arity: int) -> Point:
    """Numbers whose quotient is not near a multiple of a half, where remainders jump."""
    while True:
        point = _nonzero(random, arity)
        if 0.1 < (2 * point[0] / point[-1]) % 1 < 0.9:
            return point


def _order(random: Random, arity: int) -> Point:
    """A small whole order, and a positive number."""
    return (random.randint(1, 3), *(random.uniform(0.3, 4) for _ in range(arity - 1)))


def _shape(random: Random, arity: int) -> Point:
    """Parameters of a distribution, and a probability."""
    return (*(random.uniform(0.5, 3) for _ in range(arity - 1)), random.uniform(0.05, 0.95))


def _descending(random: Random, arity: int) -> Point:
    return tuple(sorted((random.uniform(0.3, 5) for _ in range(arity)), reverse=True))


def _located(low: float, high: float) -> Draw:
    """A variable with its standardised value in between, shapes, a location and a scale."""

    def draw(random: Random, arity: int) -> Point:
        shapes = [random.uniform(1.2, 3) for _ in range(arity - 3)]
        loc, scale = random.uniform(-1, 1), random.uniform(0.5, 2)
        return (loc + random.uniform(low, high) * scale, *shapes, loc, scale)

    return draw


def _probability(random: Random, arity: int) -> Point:
    return (random.uniform(0.05, 0.95), random.uniform(-1, 1), random.uniform(0.5, 2))[:arity]


def _count(random: Random, arity: int) -> Point:
    return (random.randint(0, 6), random.uniform(0.5, 4), 0)[:arity]


def _integer(random: Random, arity: int) -> Point:
    return tuple(random.randint(1, 9) for _ in range(arity))


def _power(random: Random, arity: int) -> Point:
    return (random.uniform(0.2, 3), random.uniform(-3, 3))[:arity]


def _condition(random: Random, arity: int) -> Point:
    return (random.random() < 0.5, *(random.uniform(-2, 2) for _ in range(arity - 1)))


def _clip(random: Random, arity: int) -> Point:
    return (random.uniform(-3, 3), random.uniform(-2, -0.5), random.uniform(0.5, 2))[:arity]


DOMAINS: dict[str, Draw] = {
    "real": _uniform(-2.5, 2.5),
    "positive": _uniform(0.2, 4),
    "unit": _uniform(-0.95, 0.95),
    "above_one": _uniform(1.05, 4),
    "above_minus_one": _uniform(-0.9, 3),
    "nonzero": _nonzero,
    "quotient": _quotient,
    "negative": _uniform(-4, -0.2),
    "fraction": _uniform(0.05, 0.95),
    "order": _order,
    "shape": _shape,
    "descending": _descending,
    "integer": _integer,
    "located": _located(-1.5, 1.5),
    "located_half": _located(0.3, 3),
    "located_unit": _located(0.1, 0.9),
    "probability": _probability,
    "count": _count,
    "power": _power,
    "condition": _condition,
    "clip": _clip,
}
"""How to draw a point of each domain, given the number of operands."""


def points(domain: str, arity: int, count: int = 5) -> list[Point]:
    """Points of a domain; away from its edges, so that differences may be taken."""
    random = Random(f"{domain} {arity}")
    return [DOMAINS[domain](random, arity) for _ in range(count)]
