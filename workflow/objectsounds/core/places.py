"""Where the files that come with the package lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
