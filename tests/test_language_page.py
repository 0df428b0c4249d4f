"""`docs/language.md`: what its examples say is so, to the word."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad

PAGE = Path(__file__).parents[1] / "docs" / "language.md"
EXAMPLE = re.compile(
    r"^### (?P<title>[^\n]*): `x = (?P<point>[^\n]*)`\n\n```python\n(?P<code>.*?)```\n\n"
    r"```text\n(?P<line>[^\n]*)\n(?P<reason>[^\n]*)\nhint: (?P<remedy>[^\n]*)\n```",
    re.MULTILINE | re.DOTALL,
)
EXAMPLES = [
    pytest.param(found.groupdict(), id=found["title"])
    for found in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples(example: dict[str, str]) -> None:
    code, file = example["code"], f"<language.md {example['title']}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(code, file, "exec"), names)
    x = eval(example["point"], {"np": np})
    check_grads(names["f"], (x,))
    with pytest.raises(Unsupported) as caught:
        grad(names["g"])(x)
    error = caught.value
    assert error.lineno is not None
    assert code.splitlines()[error.lineno - 1].strip() == example["line"]
    assert (error.reason, error.remedy) == (example["reason"], example["remedy"])


def test_all_examples_are_found() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLES) == page.count("\n### ") > 10
