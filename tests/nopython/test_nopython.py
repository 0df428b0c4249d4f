"""Code for Numba: it compiles without Python's help, and computes what Python does."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from ad_compiler import Unsupported, UsageError, grad, hessian, jvp, value_and_grad, vjp
from ad_compiler.cli import main
from ad_compiler.driver.derivative import Derivative
from ad_compiler.driver.program import Options
from ad_compiler.driver.refused import by_numba, is_of_numba
from tests.depth import spread, thorough
from tests.emitted.test_emitted import CASES
from tests.nopython import sampled
from tests.nopython.ordinary import judged

CHOSEN = {
    "horner", "kepler", "heat", "euler", "settle", "parameters", "fixed_point", "relaxed_chain",
    "first_pair", "newton", "positive_scan",
}  # fmt: skip
"""The programs that are compiled here; `make backends` does all."""


@pytest.mark.parametrize(
    ("function", "kind", "args", "argnums"),
    spread((case for case in CASES if case[0] in CHOSEN), 6),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_numba_computes_what_python_does(
    function: str, kind: str, args: tuple[Any, ...], argnums: Any
) -> None:
    assert judged(function, kind, args, argnums).outcome == "right"


def square(x: float) -> float:
    return x * x * x


def test_the_function_itself_can_be_called_by_compiled_code() -> None:
    slope = grad(square, backend="numba").direct(2.0)

    @numba.njit
    def total(n: int) -> float:
        s = 0.0
        for k in range(n):
            s += slope(float(k))
        return s

    assert total(4) == 3.0 * (1 + 4 + 9)


@numba.njit
def inner(x: float) -> float:
    return math.sin(x)


@numba.njit
def outer(x: float) -> float:
    return inner(x) * x


def test_compiled_functions_are_taken_by_their_python_text() -> None:
    for backend in ("python", "numba"):
        assert grad(outer, backend=backend)(0.5) == math.cos(0.5) * 0.5 + math.sin(0.5)
    assert isinstance(grad(outer, backend="numba").direct(0.5), type(inner))
    assert not isinstance(grad(outer).direct(0.5), type(inner))


def model(params: dict[str, Any], x: Any, *, power: int = 2) -> Any:
    return np.sum((params["w"][0] * x + params["b"]) ** power)


@thorough
def test_containers_are_taken_apart_in_python() -> None:
    params = {"w": [2.0, 3.0], "b": 0.5}
    x = np.array([1.0, 2.0])
    compiled = value_and_grad(model, backend="numba")
    value, slope = compiled(params, x)
    expected = value_and_grad(model)(params, x)
    assert value == pytest.approx(expected[0], rel=1e-14)
    assert list(slope) == ["w", "b"]
    assert slope["w"] == pytest.approx(expected[1]["w"], rel=1e-14)
    assert slope["b"] == pytest.approx(expected[1]["b"], rel=1e-14)
    bare = compiled.direct(params, x)
    value, ((w, _), b) = bare(((2.0, 3.0), 0.5), x, 2)
    assert (w, b) == pytest.approx((slope["w"][0], slope["b"]), rel=1e-14)


@thorough
def test_forward_and_reverse_and_second_derivatives() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x[0])

    x, x_dot = np.array([0.3, 0.7]), np.array([1.0, -2.0])
    one, other = (jvp(f, (x,), (x_dot,), backend=b)[1] for b in ("python", "numba"))
    assert other == pytest.approx(one, rel=1e-14)
    one, other = (vjp(f, x, backend=b)[1](1.5)[0] for b in ("python", "numba"))
    assert other == pytest.approx(one, rel=1e-14)
    one, other = (hessian(f, backend=b)(x) for b in ("python", "numba"))
    assert other == pytest.approx(one, rel=1e-14)


@thorough
def test_what_overlaps_is_read_before_it_is_written() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[1:] += y[:-1]
        y[:] *= y[::-1]
        return np.sum(y * y)

    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert value_and_grad(f, backend="numba")(x)[0] == f(x)
    assert grad(f, backend="numba")(x) == pytest.approx(grad(f)(x), rel=1e-14)


@thorough
def test_diagonals_and_rolls_along_several_axes() -> None:
    def f(x: Any) -> Any:
        rolled = np.roll(x, (1, -1), (0, 1))
        below = np.diagonal(x, -1, axis1=1, axis2=0)
        return rolled[1, 2] * x[0, 0] + np.trace(x, 1) * below[1]

    x = np.arange(12.0).reshape(3, 4) / 7
    value, slope = value_and_grad(f, backend="numba")(x)
    assert value == pytest.approx(f(x), rel=1e-14)
    assert slope == pytest.approx(grad(f)(x), rel=1e-13)


@pytest.mark.parametrize("name", spread(["math.log", "np.einsum", "np.clip", "np.heaviside"], 4))
def test_rules_are_what_they_are_in_python(name: str) -> None:
    quick = {"np.einsum": "'ij,jk'"}  # the others take seconds to compile
    wanted = (s for n, s in sampled.samples() if n == name)
    found = [s for s in wanted if repr(s.operands[0]) == quick.get(name, repr(s.operands[0]))]
    verdicts = [sampled.judged(sample) for sample in found]
    assert verdicts
    assert all(verdict.outcome == "right" for verdict in verdicts), verdicts


def test_what_numba_itself_refuses_has_a_place() -> None:
    @numba.njit
    def without_result(x: float) -> Any:
        return np.modf(x)

    with pytest.raises(Exception, match="nopython") as caught:
        without_result(1.5)
    assert is_of_numba(caught.value)
    assert not is_of_numba(ValueError())
    refusal = by_numba(caught.value, square)
    assert refusal.filename == __file__
    assert "(`return np.modf(x)`)" in refusal.msg


def test_single_precision_stays() -> None:
    def f(x: Any, c: float) -> Any:
        return np.sum(2 * x**2 * c)

    x = np.array([1.0, 2.0], dtype=np.float32)
    slope = grad(f, backend="numba")(x, 0.5)
    assert slope.dtype == np.float32
    assert slope == pytest.approx([2.0, 4.0])


def test_division_by_zero_is_as_in_python() -> None:
    def of_numbers(x: float) -> float:
        return 1 / x

    def of_elements(x: Any) -> Any:
        return 1 / x[0]

    def both(x: Any, y: float) -> Any:
        return x[1] / x[0] + 1 / y

    zero = np.zeros(2)
    with pytest.raises(ZeroDivisionError):
        value_and_grad(of_numbers, backend="numba")(0.0)
    assert value_and_grad(of_elements, backend="numba")(zero)[0] == math.inf
    assert math.isnan(value_and_grad(both, backend="numba")(zero, 1.0)[0])
    with pytest.raises(ZeroDivisionError):
        value_and_grad(both, backend="numba")(np.ones(2), 0.0)


def test_a_slope_is_infinite_without_raising() -> None:
    def f(x: float) -> float:
        return math.sqrt(x)

    assert grad(f, backend="numba")(0.0) == math.inf


def test_trips_may_be_none() -> None:
    def f(x: float, n: int) -> float:
        for _ in range(n):
            x = math.sin(x)
        return x

    for n in (-2, 0, 1, 3):
        assert grad(f, backend="numba")(0.5, n) == grad(f)(0.5, n)
        assert grad(grad(f), backend="numba")(0.5, n) == pytest.approx(grad(grad(f))(0.5, n))


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2])
@pytest.mark.parametrize("bounds", [(0, 7), (1, 8), (7, 0), (8, 1), (3, 3)])
def test_loops_with_steps_run_backwards(step: int, bounds: tuple[int, int]) -> None:
    compiled = value_and_grad(stepping, (0, 1), backend="numba")
    x = np.linspace(0.5, 1.5, 9)
    value, slopes = compiled(x, 0.3, *bounds, step)
    expected, others = value_and_grad(stepping, (0, 1))(x, 0.3, *bounds, step)
    assert value == expected
    assert slopes[0] == pytest.approx(others[0], rel=1e-13)
    assert slopes[1] == pytest.approx(others[1], rel=1e-13)


def stepping(x: Any, y: float, start: int, stop: int, step: int) -> Any:
    for i in range(start, stop, step):
        y = math.sin(y * x[i])
    return y


def test_the_machine_code_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path / "kept"))

    def f(x: float) -> float:
        return x * math.cos(x) + 0.125

    compiled = grad(f, backend="numba")
    assert compiled(0.5) == grad(f)(0.5)
    folder = tmp_path / "kept" / "numba"
    assert [p.suffix for p in folder.glob("*.py")] == [".py"]
    assert len(list(folder.glob("__pycache__/*.nbc"))) == 1
    assert main(["cache", "clear"]) == 0
    assert not [p for p in folder.rglob("*") if p.is_file()]


def test_nothing_is_kept_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AD_COMPILER_CACHE", "0")

    def f(x: float) -> float:
        return x * math.sin(x) + 0.0625

    assert grad(f, backend="numba")(0.5) == grad(f)(0.5)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(UsageError, match="there are python and numba"):
        grad(square, backend="fortran")


def test_the_command_line_emits_it(tmp_path: Path) -> None:
    source, out = tmp_path / "f.py", tmp_path / "g.py"
    source.write_text(
        "def f(x, n: int):\n    for k in range(n):\n        x = x * x\n    return x\n"
    )
    assert main(["grad", f"{source}:f", "--backend", "numba", "-o", str(out), "-q"]) == 0
    text = out.read_text()
    assert "@numba.njit(cache=True" in text
    namespace: dict[str, Any] = {}
    exec(compile(text.replace("cache=True, ", ""), str(out), "exec"), namespace)
    assert namespace["f_grad"](1.1, 3) == pytest.approx(8 * 1.1**7)


def refused(f: Any, *args: Any) -> str:
    with pytest.raises(Unsupported) as caught:
        grad(f, backend="numba")(*args)
    assert caught.value.at is not None
    assert caught.value.remedy
    return caught.value.reason


def test_what_numba_lacks_is_refused_by_name() -> None:
    def stacks(x: Any) -> Any:
        return np.sum(np.linalg.inv(x))

    def formats(x: float) -> float:
        if x > 100.0:
            raise ValueError(f"too large: {x:.3f}")
        return x

    def separated(x: float) -> float:
        print(x, x, sep="-")  # noqa: T201
        return x

    assert "np.linalg.inv" in refused(stacks, np.stack([np.eye(2), np.eye(2)]))
    assert "format specification" in refused(formats, 1.0)
    assert "print with sep or end" in refused(separated, 1.0)


def test_tapes_are_arrays_where_the_trips_are_counted() -> None:
    def recurrence(x: Any, n: int) -> Any:
        y = x[0]
        for _ in range(n):
            for k in range(len(x)):
                y = np.sin(y * x[k])
        return y

    text = Derivative(recurrence, "grad", options=Options(backend="numba")).source(np.ones(3), 2)
    assert not re.search(r"append|\[\]", text)
    assert "y_tape = y_tapes[k]" in text  # the row itself, not a copy
    x = np.array([0.3, 0.8, 1.2])
    for n in (-1, 0, 1, 2):
        assert grad(recurrence, backend="numba")(x, n) == pytest.approx(grad(recurrence)(x, n))


def test_rows_of_tapes_are_written_where_they_belong() -> None:
    def three(x: Any, n: int, m: int) -> Any:
        y = x[0]
        for i in range(n):
            for j in range(1, m):
                for k in range(len(x)):
                    y = np.sin(y * x[k]) + 0.1 * i * j
        return y

    x = np.array([0.3, 0.8, 1.2])
    compiled = grad(three, backend="numba")
    assert len(re.findall("np.empty", compiled.source(x, 2, 3))) == 1
    for n, m in ((0, 2), (2, 0), (1, 2), (2, 3)):
        assert compiled(x, n, m) == pytest.approx(grad(three)(x, n, m), rel=1e-13)


def test_what_only_may_raise_is_respelled_too() -> None:
    def f(x: Any) -> Any:
        np.vecdot(x, x)  # its shapes are checked
        return np.sum(x * x)

    x = np.ones((2, 3))
    text = value_and_grad(f, backend="numba").source(x)
    assert "np.vecdot(" not in text
    assert "einsum" in text


@thorough
def test_a_list_of_arrays_becomes_an_array() -> None:
    def f(x: Any, n: int) -> Any:
        rows = []
        for k in range(n):
            rows.append(x * k)
        return np.sum(np.array(rows) ** 2)

    x = np.arange(1.0, 4.0)
    assert grad(f, backend="numba")(x, 3).tolist() == grad(f)(x, 3).tolist()


def test_methods_of_ufuncs_are_refused_by_name() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.maximum.accumulate(x))

    with pytest.raises(Unsupported, match=r"np\.maximum\.accumulate cannot be compiled by Numba"):
        grad(f, backend="numba")(np.ones(3))


def test_functions_of_math_that_numba_lacks() -> None:
    def respelled(x: float) -> float:
        return math.fmod(x * x, 2.0)

    def refused(x: float, n: int) -> float:
        return x * math.isqrt(n)

    def known(x: Any) -> Any:
        return np.sum(np.outer(x, x) ** 2)

    assert grad(respelled, backend="numba")(1.7) == pytest.approx(3.4)
    with pytest.raises(Unsupported, match=r"math\.isqrt cannot be compiled by Numba"):
        grad(refused, backend="numba")(1.7, 5)
    assert "np.outer(" in grad(known, backend="numba").source(np.ones(2))


def in_arms(u: Any, x: Any) -> Any:
    """Arrays that only one arm of a branch makes."""
    for i in range(len(x)):
        if x[i] > 0.0:
            u = np.arctan(np.expm1(1.5 * np.sin(u)) * x[i])
        else:
            v = np.tanh(u[::-1])
            u = v * v * x
    return np.sum(u * u)


@thorough
def test_arrays_that_one_arm_makes_are_in_lists() -> None:
    args = (np.array([0.3, -0.2, 1.5]), np.array([-0.5, 0.8, -1.2]))
    expected = grad(in_arms, (0, 1))(*args)
    np.testing.assert_allclose(grad(in_arms, (0, 1), backend="numba")(*args), expected)


def transformed(x: Any) -> Any:
    return np.sum(np.fft.irfft(np.fft.rfft(x))) + np.fft.fft(x)[0].real


def test_transforms_of_fourier_are_refused() -> None:
    with pytest.raises(Unsupported, match="cannot be compiled by Numba"):
        grad(transformed, backend="numba")(np.ones(4))
