"""``python -m objectsounds.bench [--run results/demo] [--output results/bench] [--topics ...]``."""

import argparse
import importlib
import logging
import os
import sys
import warnings
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError

TOPICS = (
    "factorization",
    "kernels",
    "separation",
    "scores",
    "labelling",
    "training",
    "shards",
    "planning",
    "own_video",
)


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the table, and return 1 if a goal is missed or a result is not equal."""
    parser = argparse.ArgumentParser(prog="objectsounds.bench", description="Compare the kernels with peers.")
    parser.add_argument("--run", type=Path, default=Path("results/demo"), help="a finished demo run")
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--page", type=Path, help="whose table is renewed if all topics are measured")
    parser.add_argument("--topics", nargs="+", choices=TOPICS, default=TOPICS)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    warnings.simplefilter("ignore")  # peers warn that they end before they converge: that is measured
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # before NumPy is imported
    from objectsounds.bench.table import renew_section, write_comparisons

    comparisons = []
    try:
        for topic in options.topics:
            found = importlib.import_module(f"objectsounds.bench.{topic}").compare(options.run)
            comparisons += found
            write_comparisons(options.output, comparisons)
            for row in (comparison.row() for comparison in found):
                shown = (row[name] for name in ("what", "peer_name", "ratio", "goal", "equal_result"))
                logging.info("%s\n  against %s: %s (goal %s); %s", *shown)
    except ObjectsoundsError as error:
        logging.error("%s", error)
        return 1
    if options.page and tuple(options.topics) == TOPICS:
        renew_section(options.page, comparisons)
    missed = [comparison for comparison in comparisons if comparison.shown and not comparison.reached]
    logging.info("%s holds the table; %d goals missed", options.output / "table.tsv", len(missed))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
