"""Bases that stand for objects: one module a rule that chooses them, and their file."""
