"""What a linear form of loop indices is at least, beside all values that the indices take."""

from __future__ import annotations

from itertools import product

import pytest

from ad_compiler.ir.linear import Forms, Linear
from ad_compiler.ir.nodes import Atom, Block, For, Let, Var, const
from ad_compiler.ir.types import PY_INT
from ad_compiler.rules.registry import OPERATORS

I, K, J, N, NEXT = (Var(name, PY_INT) for name in "ikjns")
COEFFICIENTS = (-2, -1, 0, 1, 3)


def loop(index: Var, start: Atom, stop: Atom, step: int = 1) -> For:
    return For((), start, stop, const(step), (), Block((index,), (), ()))


@pytest.fixture
def forms() -> Forms:
    """Three loops: i in range(5), k in range(i + 1, 7), j in range(k, -1, -2)."""
    made = Forms({NEXT: Let((NEXT,), OPERATORS["+"], (I, const(1)))})
    for one in (
        loop(I, const(0), const(5)), loop(K, NEXT, const(7)), loop(J, K, const(-1), -2),
    ):  # fmt: skip
        made.enter(one, {}, one.body.params[0])
    return made


def weighted(*coefficients: int) -> Linear:
    """A form of the three indices, and one more."""
    form = Linear((), 1)
    for var, coefficient in zip((I, K, J), coefficients, strict=True):
        form = form.plus(Linear(((var, 1),)), coefficient)
    return form


@pytest.mark.parametrize("coefficients", list(product(COEFFICIENTS, repeat=3)))
def test_a_form_is_no_less_than_is_said(forms: Forms, coefficients: tuple[int, int, int]) -> None:
    a, b, c = coefficients
    values = [
        a * i + b * k + c * j + 1
        for i in range(5)
        for k in range(i + 1, 7)
        for j in range(k, -1, -2)
    ]
    least = forms.least(weighted(*coefficients))
    assert least is not None
    assert least <= min(values)
    if c <= 0:  # where j ends, the step decides; that is not looked at
        assert least == min(values)


def test_what_has_no_bound_has_no_least_value(forms: Forms) -> None:
    forms.note(N, (Linear(), None))
    assert forms.least(Linear(((N, 2),), 3)) == 3
    assert forms.least(Linear(((N, -1),))) is None
    assert not forms.at_least(Linear(((N, -1),)), -10)
    assert forms.at_least(Linear(((N, 1),)), 0)
    assert not forms.at_least(Linear(((N, 1),)), 1)
    assert not forms.at_least(None, 0)
