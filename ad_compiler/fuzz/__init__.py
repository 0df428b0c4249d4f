"""Random programs and the oracles that judge their derivatives."""
