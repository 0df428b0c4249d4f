"""Random programs, judged by properties that need no second implementation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ad_compiler.fuzz.generate import EXTRA, RESULTS, program, rows, tables
from ad_compiler.fuzz.oracles import judge
from ad_compiler.fuzz.slopes import loses_digits
from ad_compiler.fuzz.subject import load
from ad_compiler.fuzz.verdict import smaller, verdict
from tests.depth import spread, thorough

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
RIGHT = [*range(5002, 5014), *range(5032, 5048)]


@pytest.mark.parametrize("seed", spread(RIGHT, 24))
def test_random_programs(seed: int) -> None:
    result = verdict(program(seed).text, 60)
    assert result.outcome in ("right", "refused", "undecided"), result.detail


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_programs_that_failed_once(path: Path) -> None:
    """They are right now, unless their first line says that they are refused."""
    text = path.read_text(encoding="utf-8")
    result = judge(text, path.stem)
    if text.startswith("# refused: "):
        assert result.outcome == "refused"
        assert text.splitlines()[0].removeprefix("# refused: ") in result.detail
    else:
        assert result.outcome == "right", result.detail


def test_a_seed_is_a_program() -> None:
    assert program(7) == program(7)
    assert program(7).text != program(8).text


@thorough
def test_programs_reach_every_row() -> None:
    found = Counter(label for seed in range(1500) for label in set(program(seed).used))
    assert set(rows()) <= found.keys()
    assert found.keys() <= set(rows())


def test_a_row_that_is_asked_for_is_there() -> None:
    plain = [row.label for table in tables().values() for row in table]
    assert set(EXTRA).isdisjoint(plain)
    assert set(RESULTS).isdisjoint(plain)
    for label in plain[::40]:
        assert any(label in program(seed, [label]).used for seed in range(3, 8)), label


WRONG = """
import numpy as np
from ad_compiler import stop_gradient as hold

def unused(x):
    return x

def f(x, y):
    s = 0.0
    for k in range(3):
        if x > k:
            s += np.sin(x) * y
        else:
            s -= y
    t = hold(x) * 2.0
    w = np.cos(s) * y
    return s + t + w

def number(x, y):
    return f(x, y)

def arguments():
    return 1.5, 0.25
"""


def test_failing_programs_are_made_small() -> None:
    """The gradient of something that is held for constant is no slope, which the judge finds."""
    assert verdict(WRONG, 20).oracle == "differences"
    text, result = smaller(WRONG, 30)
    assert result.oracle == "differences"
    body = text[text.index("def f(") : text.index("def number")].split()
    assert len(body) < 25
    assert "unused" not in text


OVERFLOWS = """
import numpy as np

def f(x):
    return np.sum(x**400)

number = f

def arguments():
    return (np.array([1e300, 2.0]),)
"""


def test_what_overflows_is_not_judged_by_its_derivative() -> None:
    assert judge(OVERFLOWS).outcome == "undecided"


CANCELS = """
import numpy as np

def f(x):
    return np.exp(x) - np.exp(0.7)

number = f

def arguments():
    return (0.7 + 1e-9,)
"""


def test_what_cancels_has_no_digits_to_judge() -> None:
    subject = load(CANCELS, "cancels")
    assert loses_digits(subject, np.random.default_rng(0))
    plain = load(CANCELS.replace("np.exp(x) - np.exp(0.7)", "x * x"), "plain")
    assert not loses_digits(plain, np.random.default_rng(0))
    assert verdict(WRONG, 20).outcome == "wrong"


UNREAD = """
import numpy as np

def f(x, n):
    w = np.zeros(n)
    w[:1] = x[1:]
    return np.sum(x)

number = f

def arguments():
    return np.ones(1), 3
"""


def test_a_write_that_nobody_reads_raises_what_it_did() -> None:
    assert judge(UNREAD).detail == "raises"


def test_the_point_of_a_program() -> None:
    subject = load(program(11).text, "point")
    assert subject.wrt
    assert len(subject.args) > max(subject.wrt)
