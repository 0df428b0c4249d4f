"""Sparse Jacobians and Hessians: a pattern, a colouring, and a few products with all columns.

The pattern holds for the shapes, integers and truth values of a call, so it is found once for
these, and so is the colouring; what is left of a call is one call of the emitted function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ad_compiler.driver.colouring import Colouring, Pattern, by_columns, by_stars
from ad_compiler.driver.derivative import Argnums, Arguments, Derivative
from ad_compiler.driver.program import Options, leaves_in
from ad_compiler.driver.signature import kind_of
from ad_compiler.errors import Unsupported, UsageError
from ad_compiler.frontend.binding import arguments_of
from ad_compiler.frozen import frozen

AUTO = "auto"
REVERSE = 2
"""How many products of the Jacobian a product with its transpose costs, roughly."""


@frozen
class Plan:
    """How a matrix of a certain pattern is evaluated."""

    derivative: Derivative
    pattern: Pattern
    colouring: Colouring
    shape: tuple[int, ...]
    """The shape of a seed."""
    checks: bool
    """Whether the pattern is only claimed, so that each product is checked."""


class SparseDerivative:
    """A Jacobian or a Hessian as a `scipy.sparse` matrix in CSR format.

    Rows and columns are the elements of the result and of the argument, in C order.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        kind: str,
        argnums: Argnums,
        sparsity: Any,
        options: Options,
    ) -> None:
        if isinstance(argnums, tuple | list):
            raise UsageError("sparsity: name one argument, argnums=0 or argnums='x'")
        self.given = (function, kind, argnums, sparsity, options)
        self.kind = kind
        self.sparsity = sparsity if _is_auto(sparsity) else _pattern_of(sparsity)
        self.forward = Derivative(
            function, f"compressed_{kind}", argnums, mode="fwd", options=options
        )
        self.backward = Derivative(
            function, f"compressed_{kind}", argnums, mode="rev", options=options
        )
        self._plans: dict[Any, tuple[Any, Plan]] = {}
        self.__name__ = f"{self.forward.function.__name__}_{kind}"
        self.__doc__ = f"Sparse {kind} of `{self.forward.function.__name__}`."

    def __repr__(self) -> str:
        return f"<sparse {self.kind} of {self.forward.function.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseDerivative, self.given

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plan = self.plan(*args, **kwargs)
        seeds = plan.colouring.seeds()
        if plan.checks:
            seeds = np.concatenate([seeds, _probe(seeds.shape[1])[None]])
        compressed = plan.derivative(*args, seeds.reshape(len(seeds), *plan.shape), **kwargs)
        compressed = compressed.reshape(len(seeds), math.prod(compressed.shape[1:]))
        matrix = _matrix(plan, compressed)
        if plan.checks:
            product = matrix.T if plan.derivative is self.backward else matrix
            _check(product, seeds[-1], compressed[-1])
        return matrix

    def pattern(self, *args: Any, **kwargs: Any) -> Any:
        """Which entries may be other than zero, as a matrix of truth values."""
        plan = self.plan(*args, **kwargs)
        return _csr(plan.pattern, np.ones(len(plan.pattern.rows), dtype=bool))

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The text of the module that computes the products for such arguments."""
        if not args and not kwargs:
            return self.forward.source()
        return self.plan(*args, **kwargs).derivative.source(*args, **kwargs)

    # -- plans --------------------------------------------------------------------------------

    def plan(self, *args: Any, **kwargs: Any) -> Plan:
        """How the matrix is evaluated for arguments of such shapes, integers and truth values."""
        program, inputs, arguments = self._found(args, kwargs)
        facts = [_fact(leaf) for v in arguments.bound.arguments.values() for leaf in leaves_in(v)]
        key = (id(program), *facts, *map(_fact, inputs))
        if key not in self._plans:
            self._plans[key] = program, self._planned(arguments)
        return self._plans[key][1]

    def _found(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.forward.found((*args, None), kwargs)

    def _argument(self, arguments: Arguments) -> Any:
        """The argument that the derivative is with respect to."""
        (asked,) = self.forward.request.argnums
        given = list(arguments_of(arguments.bound))
        if isinstance(asked, str):
            return next(a.value for a in given if a.name == asked)
        return given[asked].value

    def _planned(self, arguments: Arguments) -> Plan:
        shape = np.shape(self._argument(arguments))
        if isinstance(self.sparsity, Pattern):
            return self._claimed(arguments, shape, self.sparsity)
        pattern, out = self._entries(self.forward, arguments, shape)
        if self.kind == "hessian":
            return self._symmetric(pattern.symmetric, shape, checks=False)
        columns = by_columns(pattern)
        if self._prefers_rows(pattern, columns):
            pattern = self._entries(self.backward, arguments, out)[0].transposed
            return Plan(self.backward, pattern, _by_rows(pattern), out, checks=False)
        return Plan(self.forward, pattern, columns, shape, checks=False)

    def _prefers_rows(self, pattern: Pattern, columns: Colouring) -> bool:
        return REVERSE * _by_rows(pattern).count < columns.count

    def _symmetric(self, pattern: Pattern, shape: tuple[int, ...], *, checks: bool) -> Plan:
        colourings = by_columns(pattern), by_stars(pattern)
        best = min(colourings, key=lambda colouring: colouring.count)
        return Plan(self.forward, pattern, best, shape, checks)

    def _claimed(self, arguments: Arguments, shape: tuple[int, ...], pattern: Pattern) -> Plan:
        """The plan for a pattern that was given; it is believed if the program says so too."""
        if pattern.shape[1] != np.prod(shape, dtype=int):
            raise UsageError(
                f"sparsity: the pattern has {pattern.shape[1]} columns, but the argument has "
                f"{np.prod(shape, dtype=int)} elements"
            )
        own, out = self._possible(arguments, shape)
        if self.kind == "hessian":
            pattern = pattern.symmetric
        elif out is not None and pattern.shape[0] != np.prod(out, dtype=int):
            raise UsageError(
                f"sparsity: the pattern has {pattern.shape[0]} rows, but the result has "
                f"{np.prod(out, dtype=int)} elements"
            )
        checks = own is None or not _covers(pattern, own)
        if self.kind == "hessian":
            return self._symmetric(pattern, shape, checks=checks)
        columns = by_columns(pattern)
        if out is not None and self._prefers_rows(pattern, columns):
            return Plan(self.backward, pattern, _by_rows(pattern), out, checks)
        return Plan(self.forward, pattern, columns, shape, checks)

    def _possible(
        self, arguments: Arguments, shape: tuple[int, ...]
    ) -> tuple[Pattern | None, tuple[int, ...] | None]:
        """The pattern of the program and the shape of the result, if they can be told."""
        try:
            return self._entries(self.forward, arguments, shape)
        except Unsupported:
            return None, None

    def _entries(
        self, derivative: Derivative, arguments: Arguments, shape: tuple[int, ...]
    ) -> tuple[Pattern, tuple[int, ...]]:
        """The entries of what a derivative computes, and the shape of its products."""
        from ad_compiler.driver.pattern import entries

        return entries(derivative.lowered(arguments), arguments, shape)


def _is_auto(sparsity: Any) -> bool:
    return isinstance(sparsity, str) and sparsity == AUTO


def _pattern_of(sparsity: Any) -> Pattern:
    """A pattern that is given as an array or a sparse matrix."""
    try:
        if hasattr(sparsity, "tocoo"):
            coo = sparsity.tocoo()
            rows, columns, shape = coo.row, coo.col, coo.shape
        else:
            array = np.asarray(sparsity)
            assert array.ndim == 2
            assert array.dtype.kind in "biuf"
            (rows, columns), shape = np.nonzero(array), array.shape
    except (AssertionError, ValueError, TypeError):
        raise UsageError(
            f"sparsity={sparsity!r}: give 'auto', a boolean array with two axes, or a scipy.sparse "
            "matrix"
        ) from None
    places = np.unique(rows.astype(int) * shape[1] + columns)
    return Pattern(*np.divmod(places, shape[1]), shape)


def _by_rows(pattern: Pattern) -> Colouring:
    """Colours for rows that meet in no column; entries in the order of the pattern."""
    found = by_columns(pattern.transposed)
    return Colouring(found.colours, found.count, found.colours[pattern.rows], pattern.columns)


def _fact(leaf: Any) -> Any:
    """What a pattern depends on of a value: all, but of real numbers the shape."""
    if isinstance(leaf, np.ndarray):
        return leaf.shape, None if leaf.dtype.kind == "f" else leaf.tobytes()
    return kind_of(leaf), leaf if isinstance(leaf, int | np.integer | np.bool_) else None


def _covers(pattern: Pattern, own: Pattern) -> bool:
    """Whether a pattern has all entries of another."""
    places, needed = (p.rows * p.shape[1] + p.columns for p in (pattern, own))
    return bool(np.isin(needed, places).all())


def _csr(pattern: Pattern, data: Any) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((data, pattern.columns, pattern.starts()), shape=pattern.shape)


def _matrix(plan: Plan, compressed: Any) -> Any:
    """The matrix that a compressed one stands for."""
    where = plan.colouring
    return _csr(plan.pattern, compressed[where.colour_of_entry, where.place_of_entry])


def _probe(count: int) -> Any:
    """A direction in which no two entries cancel, but by chance."""
    return np.random.default_rng(0).uniform(0.5, 1.5, count).astype(np.float32).astype(float)


def _check(matrix: Any, probe: Any, product: Any) -> None:
    """Refuse a pattern that lacks entries: they show in a product with a random direction."""
    own, size = matrix @ probe, abs(matrix) @ probe
    off = np.abs(own - product) > np.sqrt(np.finfo(product.dtype).eps) * (size + np.abs(product))
    off |= np.isfinite(own) != np.isfinite(product)
    if np.any(off):
        raise UsageError(
            f"sparsity: the pattern lacks entries of row {int(np.flatnonzero(off)[0])}: "
            "add them, or use sparsity='auto'"
        )
