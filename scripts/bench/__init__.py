"""Emitted gradients beside adjoints by hand, autograd and JAX: `python -m scripts.bench`."""
