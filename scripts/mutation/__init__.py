"""Damages rules and transformations, one at a time, and sees whether the tests notice."""
