"""The lengths of axes that programs tell apart.

Nothing here knows the compiler, so that it is quick to load: calls are told apart by it.
"""

FEW = 4
"""The lengths from 2 to this are told from longer ones, of which slices never broadcast."""

KINDS_OF_LENGTHS = {1: 1, **dict.fromkeys(range(2, FEW + 1), 2)}
"""What a program depends on of a length; all lengths that are not here are of one kind."""
