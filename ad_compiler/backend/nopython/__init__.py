"""Programs for Numba: tables of what it spells differently, and of what it lacks."""
