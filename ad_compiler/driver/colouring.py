"""Which columns of a sparse matrix may share one product, and where entries are read from it.

Columns that meet in no row get one colour (Curtis, Powell and Reid 1974): an entry is then alone
in its row of the product. In a symmetric matrix an entry may be read in its mirror image too, so
that it is enough that no path of four neighbours has only two colours: a star colouring (Coleman
and Moré 1984). Greedy, with sets of colours as bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ad_compiler.frozen import frozen


class Pattern(NamedTuple):
    """The entries of a matrix, sorted by row and then by column."""

    rows: Any
    columns: Any
    shape: tuple[int, int]

    @property
    def transposed(self) -> Pattern:
        order = np.lexsort((self.rows, self.columns))
        height, width = self.shape
        return Pattern(self.columns[order], self.rows[order], (width, height))

    @property
    def symmetric(self) -> Pattern:
        """With the mirror image of each entry."""
        places = np.concatenate(
            [self.rows * self.shape[1] + self.columns, self.columns * self.shape[1] + self.rows]
        )
        return Pattern(*np.divmod(np.unique(places), self.shape[1]), self.shape)

    def starts(self) -> Any:
        """Where each row begins, and the last one ends."""
        return np.searchsorted(self.rows, np.arange(self.shape[0] + 1))

    def by_row(self) -> list[list[int]]:
        """The columns of the entries of each row."""
        starts, columns = self.starts().tolist(), self.columns.tolist()
        return [columns[a:b] for a, b in pairwise(starts)]


@frozen
class Colouring:
    """A colour for each column, and for each entry, where it is found in the products."""

    colours: Any
    """The colour of each column."""
    count: int
    colour_of_entry: Any
    place_of_entry: Any
    """An entry is the element of this number in the product that has this colour."""

    def seeds(self) -> Any:
        """One vector a colour: 1 for its columns."""
        return (self.colours == np.arange(self.count)[:, None]).astype(float)


def by_columns(pattern: Pattern) -> Colouring:
    """Colours for columns that meet in no row."""
    rows_of = pattern.transposed.by_row()
    largest_first = sorted(range(len(rows_of)), key=lambda column: -len(rows_of[column]))
    orders = range(len(rows_of)), largest_first
    tried = [_greedy(rows_of, pattern.shape[0], order) for order in orders]
    colours = np.array(min(tried, key=lambda found: max(found, default=0)), dtype=int)
    return Colouring(colours, _count(colours), colours[pattern.columns], pattern.rows)


def _count(colours: Any) -> int:
    return int(colours.max()) + 1 if colours.size else 0


def _greedy(rows_of: Sequence[list[int]], height: int, order: Iterable[int]) -> list[int]:
    """The first colour that no other column has in any of a column's rows."""
    colours, used = [0] * len(rows_of), [0] * height
    for column in order:
        taken = 0
        for row in rows_of[column]:
            taken |= used[row]
        colours[column] = _first_free(taken)
        for row in rows_of[column]:
            used[row] |= 1 << colours[column]
    return colours


def _first_free(taken: int) -> int:
    return (~taken & (taken + 1)).bit_length() - 1


def by_stars(pattern: Pattern) -> Colouring:
    """Colours for a symmetric matrix, of which entries are read in their mirror images too."""
    neighbours = [[k for k in row if k != number] for number, row in enumerate(pattern.by_row())]
    graph = Stars(neighbours)
    for vertex in sorted(range(len(neighbours)), key=lambda k: -len(neighbours[k])):
        graph.colour(vertex)
    return _read(pattern, np.array(graph.colours, dtype=int))


class Stars:
    """A graph that is coloured vertex by vertex, so that two colours make no path of four."""

    def __init__(self, neighbours: Sequence[list[int]]) -> None:
        self.neighbours = neighbours
        self.colours = [-1] * len(neighbours)
        self.around: list[dict[int, list[int]]] = [{} for _ in neighbours]
        """The neighbours of a vertex that have a colour, by colour."""
        self.taken = [0] * len(neighbours)
        """The colours of those neighbours, as bits."""
        self.ends = [0] * len(neighbours)
        """The colours of those neighbours that have another neighbour of this one's colour."""

    def colour(self, vertex: int) -> None:
        """Give a vertex the first colour that it may have."""
        forbidden = self.taken[vertex]
        for near in self.neighbours[vertex]:
            forbidden |= self.taken[near] if self.colours[near] < 0 else self.ends[near]
        chosen = self.colours[vertex] = _first_free(forbidden)
        for same in self.around[vertex].values():
            if len(same) > 1:
                for near in same:
                    self.ends[near] |= 1 << chosen
        for near in self.neighbours[vertex]:
            self._surround(near, vertex, chosen)

    def _surround(self, vertex: int, near: int, colour: int) -> None:
        """Note that a neighbour of a vertex has got a colour."""
        same = self.around[vertex].setdefault(colour, [])
        same.append(near)
        self.taken[vertex] |= 1 << colour
        if self.colours[vertex] >= 0 and len(same) > 1:
            for end in same if len(same) == 2 else (near,):
                self.ends[end] |= 1 << self.colours[vertex]


def _read(pattern: Pattern, colours: Any) -> Colouring:
    """Where entries are read: in their column's product, or else in that of their row."""
    rows, columns, _ = pattern
    count = _count(colours)
    places = rows * max(count, 1) + colours[columns]
    _, which, times = np.unique(places, return_inverse=True, return_counts=True)
    alone = times[which] == 1
    return Colouring(
        colours,
        count,
        np.where(alone, colours[columns], colours[rows]),
        np.where(alone, rows, columns),
    )
