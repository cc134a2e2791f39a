"""Transforms, factorisation, separation scores and statistics, on arrays alone."""
