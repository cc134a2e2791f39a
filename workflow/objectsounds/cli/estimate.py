"""Command ``estimate``: what a run of N clips will cost, from what a finished one did."""

import argparse
from pathlib import Path

from objectsounds.cli.costs import costs_of, forecast
from objectsounds.core.arguments import CLIPS, CORES, GPUS

OPTIONS = {
    "run": {
        "default": "results/demo",
        "help": "a finished run with the settings wanted (default: %(default)s)",
    },
    "clips": {"type": CLIPS, "required": True, "help": "clips of all splits"},
    "cores": {"type": CORES, "required": True, "help": "cores that jobs share"},
    "gpus": {"type": GPUS, "default": 0, "help": "GPUs that jobs share (default: 0)"},
    "keep": {"choices": ["all", "test"], "default": "all", "help": "clips.keep of the run (default: all)"},
}


def run(args: argparse.Namespace, settings: dict) -> None:
    """Print the table of costs and its sum."""
    costs = costs_of(Path(args.run))
    predicted = forecast(costs, args.clips, args.cores, args.gpus, args.keep)
    print(f"From {args.run}, for {args.clips:,} clips on {args.cores} cores and {args.gpus} GPUs.")
    heads = ("core-s each", "GPU-s each", "kB each", "core-h", "GPU-h", "GB", "1000 files")
    print(f"{'stage':<16}{'grows with':<24}" + "".join(f"{head:>12}" for head in heads))
    for cost, item in zip(costs, predicted, strict=True):
        each = (cost.core_seconds / cost.units, cost.gpu_seconds / cost.units, cost.size / cost.units / 1e3)
        total = (item.core_seconds / 3600, item.gpu_seconds / 3600, item.size / 1e9, item.files / 1e3)
        cells = "".join(f"{value:>12.4g}" for value in (*each, *total))
        print(f"{cost.stage:<16}{cost.unit:<24}{cells}")
    columns = {"core_seconds": 3600, "gpu_seconds": 3600, "size": 1e9, "files": 1e3}
    sums = [sum(getattr(item, name) for item in predicted) / unit for name, unit in columns.items()]
    cells = "".join(f"{value:>12.4g}" for value in sums)
    print(f"{'all':<76}{cells}")
    hours = sum(item.hours for item in predicted)
    print(f"About {hours:.3g} hours by the clock: shards at once, the stages one after another.")
    if args.gpus and not sums[1]:
        print(f"No job of {args.run} had a GPU, so none is counted: give --run a run that was made on one.")
