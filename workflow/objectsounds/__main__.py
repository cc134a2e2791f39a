"""``python -m objectsounds``: one subcommand a stage."""

import sys

from objectsounds.cli import main

if __name__ == "__main__":
    sys.exit(main())
