"""Finds out what the names of a file stand for by reading it, in the order in which it runs."""
