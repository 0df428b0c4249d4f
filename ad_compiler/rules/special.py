"""The error function and the gamma function, as `math` has them; their relatives are SciPy's."""

from __future__ import annotations

import math

from ad_compiler.rules.forms import rule

rule("erf(x)", "2 / sqrt(pi) * exp(-x * x)", objects=(math.erf,), total=True)
rule("erfc(x)", "-2 / sqrt(pi) * exp(-x * x)", objects=(math.erfc,), total=True)
rule("gamma(x)", "z * float(digamma(x))", objects=(math.gamma,), domain="positive")
rule("lgamma(x)", "float(digamma(x))", objects=(math.lgamma,), domain="positive")
