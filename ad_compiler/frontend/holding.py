"""Which arrays a value holds: a container, an iterator, or a function with arguments."""

from __future__ import annotations

from collections.abc import Iterator

from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Derived,
    Grid,
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
    match value:
        case Place():
            yield value
        case Structure(items=parts) | Zipped(parts) | Grid(parts):
            for part in parts:
                yield from places_within(part)
        case Counted(inner) | Backwards(inner) | Picked(inner) | Method(inner):
            yield from places_within(inner)
        case UserFunction(defaults=given):
            for part in given.values():
                yield from places_within(part)
        case Partial(inner, first, named):
            for part in (inner, *first, *named.values()):
                yield from places_within(part)
        case Derived(inner, given=given):
            for part in (inner, *given):
                yield from places_within(part)
        case _:
            pass
