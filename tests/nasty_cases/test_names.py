"""Shapes, dtypes, names, and the whole (55 to 74): the tests carry the numbers of the cases."""
# pyright: basic
# ruff: noqa: PLW0603, PLW0108, T201
# The functions here are written as users write them, on purpose.

from __future__ import annotations

import itertools
import linecache
import math
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as arrays
import numpy as np
import pytest
from numpy import sin

from ad_compiler import (
    Unsupported,
    UsageError,
    grad,
    hessian,
    jacobian,
    jvp,
    source,
    value_and_grad,
)
from tests.depth import spread
from tests.nasty_cases.judges import M, V, refused, right

SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (1, 1)]


@pytest.mark.parametrize(("one", "other"), spread(itertools.product(SHAPES, SHAPES), 8))
def test_55_broadcasting(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    a, b = np.full(one, 1.5), np.full(other, 0.7)
    right(lambda a, b: np.sum((a * b + a / b - b**a) ** 2), a, b)


def test_56_numbers_of_three_kinds() -> None:
    for x in (0.7, np.float64(0.7), np.float32(0.7), np.array(0.7)):
        found = grad(lambda x: x * x)(x)
        assert type(found) is type(x)
        assert np.asarray(found).dtype == np.asarray(x).dtype
    assert type(value_and_grad(lambda x: math.sin(x) * 2)(0.7)[0]) is float


def test_61_complex_numbers_are_refused() -> None:
    refused(lambda x: abs(x * 1j), 1.0, saying="complex")
    with pytest.raises((UsageError, Unsupported), match="complex"):
        grad(lambda x: abs(x))(1.0 + 2.0j)


def test_62_shadowed_and_generated_names() -> None:
    def f(np, x_bar, tape, value, x):
        sum, max, len, _k = np * 2, x_bar * tape, value, x
        total = sum * max + len * _k
        for i in range(3):
            total = total * x + x_bar
        return total

    right(f, 1.1, 0.7, -0.3, 2.0, 0.9)


def test_63_imports_of_all_forms() -> None:
    right(lambda x: sin(x) + arrays.sin(x) + math.sin(x), 0.3)


def test_64_method_forms() -> None:
    right(lambda x, y: (x * y).sum() + x.T @ y + x.dot(y) + np.sum([x[0], y[1] * 2]), V, V * 3)


def test_65_arguments_of_all_forms() -> None:
    def g(a, b=2.0, *rest, c=3.0, **more):
        return a * b * c + sum(rest) + more.get("d", a)

    right(lambda x: g(x) + g(x, x, x, x * 2, c=x, d=x**2) + g(b=x, a=1.0), 1.3)


def decorated(f):
    return f


class Thing:
    def method(self, x):
        return x * 2


def test_66_functions_of_all_forms() -> None:
    def outer(x):
        def inner(y):
            return y * x

        return inner(x) + (lambda z: z**2)(x)

    right(outer, 1.5)
    right(decorated(outer), 1.5)
    with pytest.raises(UsageError):
        grad(Thing())  # type: ignore[arg-type]
    refused(lambda x: Thing().method(x), 1.0, saying="class `.*Thing`")


def test_67_sources_of_all_forms(tmp_path: Path) -> None:
    text = textwrap.dedent('''
        import math
        def f(x, \\
              y):   # a comment
        \t"""A docstring."""
        \tπ = math.pi; z = (x +   # within
        \t\ty)
        \treturn z * π * \\
        \t\tx
    ''').replace("\n", "\r\n")
    path = tmp_path / "odd.py"
    path.write_bytes(text.encode())
    names: dict[str, Any] = {}
    exec(compile(text, str(path), "exec"), names)
    assert grad(names["f"])(1.0, 2.0) == pytest.approx(4 * math.pi)
    exec("def without_source(x): return x * x", names)
    with pytest.raises((Unsupported, UsageError), match="source"):
        grad(names["without_source"])(1.0)


def test_68_texts_and_globals(capsys: pytest.CaptureFixture[str]) -> None:
    def shows(x):
        print(f"x is {x:.2f}")
        return x * x

    def assigns(x):
        global scale
        scale = x
        return x * scale

    assert grad(shows)(3.0) == 6.0
    assert capsys.readouterr().out == "x is 3.00\n"
    refused(assigns, 1.0, saying="global")


def test_69_higher_orders() -> None:
    third = grad(grad(grad(lambda x: x**3)))
    assert third(2.0) == 6.0
    _, second = jvp(grad(lambda x: math.sin(x) * x), (0.7,), (1.0,))
    assert second == pytest.approx(2 * math.cos(0.7) - 0.7 * math.sin(0.7))
    h = hessian(lambda x: np.sum(np.exp(x) * x[0]))(V)
    np.testing.assert_allclose(h, h.T)


def test_70_unused_and_constant() -> None:
    a, b = grad(lambda a, b, n: np.sum(a) * n, ("a", "b"))(V, M, 2)
    assert (a.tolist(), b.shape, b.dtype) == ([2.0, 2.0, 2.0], M.shape, M.dtype)
    assert not b.any()
    assert not grad(lambda x: 3.0)(V).any()
    assert not jacobian(lambda x: np.ones(2))(V).any()


def test_72_long_deep_and_wide() -> None:
    long = "def f(x):\n" + "".join(f"    x = x * 1.0001 + {k}.0\n" for k in range(1500))
    names: dict[str, Any] = {}
    nested = "def g(x):\n" + "".join(f"{'    ' * (k + 1)}if x > {k}.0:\n" for k in range(20))
    nested += f"{'    ' * 21}x = x * 3.0\n    return x * x\n"
    wide = ", ".join(f"a{k}" for k in range(200))
    wide = f"def h({wide}):\n    return {' + '.join(f'a{k} * {k}.0' for k in range(200))}\n"
    text = f"{long}    return x\n{nested}{wide}"
    linecache.cache["<nasty>"] = (len(text), None, text.splitlines(keepends=True), "<nasty>")
    exec(compile(text, "<nasty>", "exec"), names)
    assert grad(names["f"])(1.0) == pytest.approx(1.0001**1500)
    assert grad(names["g"])(30.0) == 2 * 90.0 * 3.0
    assert grad(names["h"], 7)(*[1.0] * 200) == 7.0


def test_73_emitted_text() -> None:
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += math.sin(x[i])
        return s

    text = source(grad(f), V, 3)
    assert text == source(grad(f), V, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(text, "<emitted>", "exec")
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert set(imports) <= {"import math", "import numpy as np"}
