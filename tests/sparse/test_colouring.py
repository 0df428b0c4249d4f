"""Colourings: every entry of a matrix with a pattern can be read from the products."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from ad_compiler.driver.colouring import Colouring, Pattern, by_columns, by_stars


def pattern_of(matrix: Any) -> Pattern:
    return Pattern(*np.nonzero(matrix), shape=matrix.shape)


def recovered(matrix: Any, colouring: Colouring) -> Any:
    """The entries of a matrix, read from its products with the seeds."""
    products = colouring.seeds() @ matrix.T
    return products[colouring.colour_of_entry, colouring.place_of_entry]


def entries(matrix: Any) -> Any:
    return matrix[np.nonzero(matrix)]


@pytest.mark.parametrize("seed", range(40))
def test_columns_that_share_a_product_meet_in_no_row(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = random.integers(0, 12, 2)
    matrix = random.integers(1, 1000, shape) * (random.random(shape) < random.random() / 2)
    np.testing.assert_array_equal(
        recovered(matrix, by_columns(pattern_of(matrix))), entries(matrix)
    )


@pytest.mark.parametrize("seed", range(60))
def test_every_entry_of_a_symmetric_matrix_is_read_somewhere(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 14))
    full = random.integers(1, 1000, (n, n)) * (random.random((n, n)) < random.random() / 2)
    matrix = full + full.T
    colouring = by_stars(pattern_of(matrix))
    np.testing.assert_array_equal(recovered(matrix, colouring), entries(matrix))


@pytest.mark.parametrize("seed", range(20))
def test_stars_are_stars(seed: int) -> None:
    """No path of four vertices has two colours only, by looking at all of them."""
    random = np.random.default_rng(seed)
    matrix = random.random((8, 8)) < 0.25
    matrix |= matrix.T | np.eye(8, dtype=bool)
    colours = by_stars(pattern_of(matrix)).colours
    for path in itertools.permutations(range(8), 4):
        if all(matrix[a, b] for a, b in itertools.pairwise(path)):
            assert len({colours[k] for k in path}) > 2


def test_few_colours_where_few_are_enough() -> None:
    band = sum(np.eye(50, k=k) for k in (-1, 0, 1))
    arrow = np.eye(50) + (np.arange(50) == 0) + (np.arange(50) == 0)[:, None]
    assert by_columns(pattern_of(band)).count == 3
    assert by_columns(pattern_of(arrow)).count == 50
    assert by_stars(pattern_of(arrow)).count == 2
    assert by_stars(pattern_of(band)).count == 3
    assert by_columns(pattern_of(np.zeros((3, 4)))).count == 1
    assert by_columns(pattern_of(np.zeros((3, 0)))).count == 0
