"""Numerical kernels, and their adjoints by hand."""
