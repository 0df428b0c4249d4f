"""Programs from disk: the right one, or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, hvp, jvp, value_and_grad, vjp
from ad_compiler.driver.derivative import Derivative
from tests.driver.conftest import SUBJECT, Load


def test_a_program_is_compiled_once(load: Load, compiled: list[str]) -> None:
    first = grad(load(SUBJECT).f)(1.3)
    assert grad(load(SUBJECT).f)(1.3) == first
    assert compiled == ["f_grad"]


EDITS = [
    ("math.sin(u)", "math.cos(u)"),
    ("RATE = 2.0", "RATE = 5.0"),
    ("RATE = 2.0", "RATE = 5"),
    ("RATE = 2.0", "RATE = np.float64(5.0)"),
    ("RATE = 2.0", "RATE = math.pi"),
    ("TURNS = 2", "TURNS = 3"),
    ('"sine"', '"none"', 1),
    ("[1.0, 3.0]", "[1.0, 3.0, 5.0]"),
    ("[1.0, 3.0]", "(4.0, 3.0)"),
    ('{"a": 2.0}', '{"b": 1.0, "a": 2.0}'),
    ("u * n", "u * u * n"),
    ("n=0.5", "n=0.25"),
    ("n=0.5", "n=2"),
    ("partial(power, n=0.5)", "partial(helper)"),
    ("k * x * x", "k * x"),
    ("made(3.0)", "made(4.0)"),
    ("made(3.0)", "helper"),
    ("scale=1.5", "scale=2.5"),
    ("scale=1.5", "scale=np.float32(2.5)"),
    ("item * x**2", "item * x**3"),
    ("PI = math.pi", "PI = 3.0"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: f"{e[0]} to {e[1]}")
def test_what_was_edited_counts(
    load: Load, edit: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, *count = edit
    text = SUBJECT.replace(old, new, *count)
    assert text != SUBJECT
    grad(load(SUBJECT).f)(1.3)
    edited = grad(load(text).f)(1.3)
    again = grad(load(text).f)(1.3)
    monkeypatch.setenv("AD_COMPILER_CACHE", "0")
    expected = grad(load(text).f)(1.3)
    assert edited == again == expected
    assert type(edited) is type(expected)


def test_other_values_of_the_same_kind_are_no_other_program(
    load: Load, compiled: list[str]
) -> None:
    grad(load(SUBJECT).f)(1.3)
    text = SUBJECT.replace("RATE = 2.0", "RATE = 7.0").replace("made(3.0)", "made(1.0)")
    text = text.replace("[1.0, 3.0]", "[8.0, 9.0]")
    x, h = 1.3, 1e-6
    f = load(text).f
    assert grad(f)(x) == pytest.approx((f(x + h) - f(x - h)) / (2 * h), rel=1e-7)
    assert len(compiled) == 1


def test_a_program_from_disk_is_guarded(load: Load, compiled: list[str]) -> None:
    grad(load(SUBJECT).f)(1.3)
    module = load(SUBJECT)
    gradient = grad(module.f)
    before = gradient(1.3)
    module.RATE = 4.0
    x, h = 1.3, 1e-6
    slope = (module.f(x + h) - module.f(x - h)) / (2 * h)
    assert gradient(x) == pytest.approx(slope, rel=1e-7)
    assert compiled == ["f_grad"]
    module.helper = module.power
    with pytest.raises(Exception, match="without `n`"):
        gradient(1.3)
    module.helper = load(SUBJECT).helper
    assert gradient(1.3) == pytest.approx(before, rel=0.0)


SHARED = """\
def times(u, n=2.0):
    return u * n


def once_more(u, n=5.0):
    return u * n


first = times
second = SECOND


def f(x):
    return first(x) * second(x)
"""


@pytest.mark.parametrize("order", [("times", "clone"), ("clone", "times")])
def test_one_function_under_two_names_is_not_two(load: Load, order: tuple[str, str]) -> None:
    clone = SHARED.replace(
        "second = SECOND",
        "import types\n\nclone = types.FunctionType(times.__code__, globals(), 'times', (7.0,))\n"
        "second = SECOND",
    )
    slopes = {"times": 2 * 2.0 * 2.0 * 1.5, "clone": 2 * 2.0 * 7.0 * 1.5}
    for name in (*order, *order):
        assert grad(load(clone.replace("SECOND", name)).f)(1.5) == pytest.approx(slopes[name])


def test_arguments_of_another_kind(load: Load, compiled: list[str]) -> None:
    text = "import numpy as np\n\n\ndef f(x, k):\n    return np.sum(x * x) * k\n"
    for _ in "ab":
        f = load(text).f
        assert grad(f)(2.0, 3) == 12.0
        assert grad(f)(np.ones(3), 2.0).tolist() == [4.0, 4.0, 4.0]
        assert grad(f)(np.ones((3, 1)), 2.0).shape == (3, 1)
        assert grad(f)(np.ones(3, np.float32), 2.0).dtype == np.float32
        assert grad(f, 1)(np.ones(3), 2.0) == 3.0
        assert value_and_grad(f)(2.0, 3) == (12.0, 12.0)
        assert grad(grad(f))(2.0, 3) == 6.0
    assert len(compiled) == 7


def test_values_that_a_program_was_made_for(load: Load) -> None:
    text = "import numpy as np\n\n\ndef f(x, axis):\n    return np.sum(np.max(x * x, axis=axis))\n"
    x = np.array([[1.0, 2.0], [3.0, 0.5]])
    for axis in (0, 1, 0, 1):
        largest = np.max(x * x, axis=axis, keepdims=True) == x * x
        assert np.array_equal(grad(load(text).f)(x, axis), 2 * x * largest)


def test_tangents_of_a_program_from_disk(load: Load, compiled: list[str]) -> None:
    text = "def f(x, p):\n    return x['a'] * x['a'] * p[0] + p[1]\n"
    x, p = {"a": 2.0}, (3.0, np.float64(1.0))
    answers = [
        (
            jvp(load(text).f, (x, p), ({"a": 1}, (0.5, 1))),
            vjp(load(text).f, x, p)[1](np.float64(2.0)),
            hvp(load(text).f)(x, p, {"a": 3}),
        )
        for _ in "ab"
    ]
    assert repr(answers[0]) == repr(answers[1])
    assert len(compiled) == 4
    with pytest.raises(TypeError, match="must be a dict of 1"):
        hvp(load(text).f)(x, p, 3.0)


def test_what_cannot_be_looked_up_again_is_compiled_again(load: Load, compiled: list[str]) -> None:
    text = "def f(x, g):\n    return g(x) * x\n\n\ndef double(x):\n    return 2.0 * x\n"
    for _ in "ab":
        module = load(text)
        assert grad(module.f)(3.0, module.double) == 12.0
    assert len(compiled) == 2


def test_derivatives_of_lambdas_and_nested_derivatives(compiled: list[str]) -> None:
    def cube(x: float) -> float:
        return x**3

    for _ in "ab":
        assert Derivative(Derivative(cube, "grad"), "value_and_grad")(2.0) == (12.0, 12.0)
    assert len(compiled) == 1


def test_short_arrays_are_of_another_kind_than_long_ones(load: Load, compiled: list[str]) -> None:
    text = "import numpy as np\n\n\ndef f(x, y):\n    return np.sum(x[1:] ** 2 * y[1:])\n"
    y = np.arange(9.0)
    for x in (np.ones(9), np.array([1.0, 3.0]), np.ones(9)):
        expected = np.append(0.0, 2 * x[1:] * (y[1:] if len(x) == 9 else np.sum(y)))
        assert grad(load(text).f)(x, y).tolist() == expected.tolist()
    assert len(compiled) == 2
