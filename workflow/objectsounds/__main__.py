"""``python -m objectsounds``: one subcommand a stage."""

import gc
import sys

from objectsounds.cli.main import main

# What stages import are half a million objects that stay: to look them through again and again while they
# are made is a fifth of what the import of torch takes.
gc.set_threshold(100_000, 50, 100)

if __name__ == "__main__":
    sys.exit(main())
