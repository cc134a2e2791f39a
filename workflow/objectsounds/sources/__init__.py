"""Where clips come from: one module a kind of catalogue, a person's truth, downloads."""
