"""What every other folder stands on: errors, whole files, tables, HDF5, seeds, progress, limits."""
