"""SymPy: translation both ways, simplification, and comparison with the automatic derivative."""
