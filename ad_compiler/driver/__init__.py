"""Compiles emitted text, keeps it, and finds the right program for a call."""
