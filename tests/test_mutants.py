"""What damages the compiler, to test the tests: each change is one, and is taken back."""

from __future__ import annotations

import ast
from importlib.util import module_from_spec
from pathlib import Path

from ad_compiler.frontend.source import source_of
from ad_compiler.ir import linear
from scripts.mutation.changes import mutants
from scripts.mutation.damaged import Finder

TEXT = '''
"""Docstring - 1."""
RULES = {"np.tanh": "1 - z * z", "np.cos": "-sin(x)"}

def step(bars: dict[int, "a - b"], x: float, n: int = 2) -> float:
    """Words - 2."""
    bars[x] = 0
    bars.pop(n)
    y = np.sum(x) + x.copy()
    if n > 0 and y is not x:
        raise ValueError("words - 3")
    return builder.emit(PRIMITIVES["unbroadcast"], y, x)
'''
UNTOUCHED = ("Docstring - 1", "Words - 2", "words - 3", "a - b")
WANTED = {
    "bars.pop(n)\n    bars[x] = 0", "pass\n    bars.pop(n)", "bars[x] = 0\n    pass",
    "y = x + x.copy()", "y = np.sum(x) + x\n", "y = np.sum(x) - x.copy()", "np.sum(x) + 0",
    "'1 + z * z'", "'1 - z * 1'", "'+sin(x)'", "n < 0 and", "n > 0 or", "y is x", "n: int=3",
    "if not (n > 0", "return y",
}  # fmt: skip


def test_each_mutant_is_one_change_that_is_taken_back() -> None:
    tree = ast.parse(TEXT)
    before = ast.unparse(tree)
    made = [ast.unparse(ast.fix_missing_locations(tree)) for _ in mutants(tree)]
    assert ast.unparse(tree) == before
    assert before not in made
    assert len(set(made)) == len(made)
    assert {words for words in WANTED if not any(words in text for text in made)} == set()
    assert all(words in text for text in made for words in UNTOUCHED)


def test_what_is_lowered_is_what_is_damaged() -> None:
    path = Path(linear.__file__)
    finder = Finder(path, 0)
    assert finder.find_spec("ad_compiler.analysis") is None
    spec = finder.find_spec(linear.__name__)
    assert spec is not None
    module = module_from_spec(spec)
    exec(finder.loader.get_code(linear.__name__), module.__dict__)
    found = source_of(module.Forms.least)
    assert found.source.text.strip() == finder.loader.text
    assert finder.loader.text != ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
