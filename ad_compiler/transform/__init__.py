"""Program to program: differentiation, simplification, in-place decisions."""
