"""From Python source to a program: what is accepted, and what is refused at which place."""

from ad_compiler.frontend.captures import Capture, Guard
from ad_compiler.frontend.files import lower_file, parameters_from_types, parse_type
from ad_compiler.frontend.lower import Lowered, inline_call, lower
from ad_compiler.frontend.signature import (
    bound_arguments,
    parameters_from_values,
)

__all__ = [
    "Capture",
    "Guard",
    "Lowered",
    "bound_arguments",
    "inline_call",
    "lower",
    "lower_file",
    "parameters_from_types",
    "parameters_from_values",
    "parse_type",
]
