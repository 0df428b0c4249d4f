"""Which arrays and lists a value holds: a container, an iterator, or a function with arguments."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Derived,
    Grid,
    Growing,
    Method,
    Partial,
    Picked,
    Place,
    Structure,
    UserFunction,
    Value,
    Zipped,
)


def places_within(value: Value) -> Iterator[Place]:
    """The places that a value holds: of a function, those of the arguments that it has already."""
    return (part for part in within(value) if isinstance(part, Place))


def lists_within(value: Value) -> Iterator[Growing]:
    """The lists that a value holds of which only the program knows how long they are."""
    return (part for part in within(value) if isinstance(part, Growing))


@contextmanager
def run_over(value: Value) -> Generator[None]:
    """A loop over what holds lists, which are not to be replaced meanwhile."""
    lists = list(lists_within(value))
    for xs in lists:
        xs.identity.loops += 1
    try:
        yield
    finally:
        for xs in lists:
            xs.identity.loops -= 1


def within(value: Value) -> Iterator[Value]:
    """All that a value holds, and what holds nothing else itself."""
    match value:
        case Structure(items=parts) | Zipped(parts) | Grid(parts):
            for part in parts:
                yield from within(part)
        case Counted(inner) | Backwards(inner) | Picked(inner) | Method(inner):
            yield from within(inner)
        case UserFunction(defaults=given):
            for part in given.values():
                yield from within(part)
        case Partial(inner, first, named):
            for part in (inner, *first, *named.values()):
                yield from within(part)
        case Derived(inner, given=given):
            for part in (inner, *given):
                yield from within(part)
        case _:
            yield value
