"""Numerical kernels, as a user would write them."""
