"""The methods that separate mixtures: one module a family."""
