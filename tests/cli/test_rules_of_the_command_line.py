"""`ad-compiler rules [NAME]`."""

from __future__ import annotations

import pytest

from ad_compiler.cli import main
from ad_compiler.cli_rules import explained
from ad_compiler.rules.catalogue import entries


def test_the_list_names_what_people_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    starts = {line.split("  ")[0] for line in lines}
    assert {"np.sin", "math.sin", "np.linalg.det", "scipy.special.erf", "x.sum", "+"} <= starts
    assert {"scipy.stats.norm.pdf", "np.add.reduce", "np.gradient", "np.setxor1d"} <= starts
    assert len(lines) == len(entries()) + 1
    assert any(line.startswith("np.linalg.det ") and " 2 " in line for line in lines)


def test_an_elementwise_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "np.tanh"]) == 0
    text = capsys.readouterr().out
    assert "np.tanh(x): elementwise" in text
    assert "d/dx = 1 - z * z" in text
    assert "def f_vjp(x, cotangent):" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("np.trace", ("Linear in `x`.", "def _trace_bar(", "np.eye(x.shape[0], x.shape[1])")),
        ("numpy.trace", ("np.trace(x, offset=0",)),
        ("np.nanmean", ("defined by others", "def _nanmean(", "np.isnan(x)")),
        ("np.argmax", ("no derivative", "an index")),
        ("np.setxor1d", ("refused", "Instead: use np.sort.")),
        ("sinh", ("math.sinh(x)", "np.sinh(x)")),
        ("scipy.special.jv", ("d/dv = refused",)),
        ("np.maximum", ("At kinks and singular points: half each where x == y.",)),
        ("%", ("x % y",)),
    ],
)
def test_what_is_said_of_a_function(name: str, words: tuple[str, ...]) -> None:
    text = explained(name)
    for word in words:
        assert word in text


def test_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "np.gradent"]) == 2
    assert "did you mean np.gradient" in capsys.readouterr().err


def test_most_structural_rules_show_their_code() -> None:
    shown = [e for e in entries() if e.kind == "structural" and e.thing is not None]
    without = [e.path for e in shown[::12] if "def f_vjp" not in explained(e.path)]
    assert set(without) <= {"np.linalg.multi_dot"}  # it takes a list of arrays
