"""Random programs, judged by properties that need no second implementation."""

import pytest

from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.oracles import judge


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    verdict = judge(program(seed))
    assert verdict.outcome == "right", verdict.detail
