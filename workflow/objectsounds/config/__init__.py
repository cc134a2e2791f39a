"""The settings and what follows from them alone: stage keys, paths, job resources, methods by name."""
