"""Command ``estimate``: what a run of N clips will cost, from what a finished one did."""

import argparse
from pathlib import Path

from objectsounds.cli.costs import Forecast, costs_of, forecast
from objectsounds.core.arguments import CLIPS, CORES, GPUS, Number

MOST = 1e6

OPTIONS = {
    "run": {
        "default": "results/demo",
        "help": "a finished run with the settings wanted (default: %(default)s)",
    },
    "clips": {"type": CLIPS, "required": True, "help": "clips of all splits"},
    "cores": {"type": CORES, "required": True, "help": "cores that jobs share"},
    "gpus": {"type": GPUS, "default": 0, "help": "GPUs that jobs share (default: 0)"},
    "keep": {"choices": ["all", "test"], "default": "all", "help": "clips.keep of the run (default: all)"},
    "core-hour": {"type": Number("a core-hour", 0, MOST, whole=False), "help": "price of a core-hour"},
    "gpu-hour": {"type": Number("a GPU-hour", 0, MOST, whole=False), "help": "price of a GPU-hour"},
    "download-mb": {
        "type": Number("MB", 0, MOST, whole=False, above=True),
        "help": "MB that are downloaded for a clip; none are without it",
    },
    "megabits": {
        "type": Number("Mbit/s", 0, MOST, whole=False, above=True),
        "default": 100.0,
        "help": "Mbit/s of downloads together (default: %(default)s)",
    },
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
    print(disk(predicted, forecast(costs, args.clips, args.cores, args.gpus)))
    if args.download_mb:
        print(downloads(args.clips * args.download_mb, args.megabits))
    if args.core_hour is not None or args.gpu_hour is not None:
        print(money({"cores": (sums[0], args.core_hour), "GPUs": (sums[1], args.gpu_hour)}))
    if args.gpus and not sums[1]:
        print(f"No job of {args.run} had a GPU, so none is counted: give --run a run that was made on one.")


def disk(kept: list[Forecast], made: list[Forecast]) -> str:
    """Return the sentence of what is on disk at the end, and at most on the way."""
    ends, most = (
        f"{sum(item.size for item in items) / 1e9:.3g} GB in {sum(item.files for item in items):,.0f} files"
        for items in (kept, made)
    )
    more = "" if ends == most else f"; on the way at most {most}, if no clip is labelled before all are cut"
    return f"On disk at the end {ends}{more}. Media that you hold already are not counted."


def downloads(megabytes: float, megabits: float) -> str:
    """Return the sentence of what is downloaded, and for how long at so many Mbit/s."""
    hours = 8 * megabytes / megabits / 3600
    return (
        f"Downloads: {megabytes / 1e3:.3g} GB, {hours:.3g} hours at {megabits:g} Mbit/s, beside all else; "
        "a server that gives each client less takes longer."
    )


def money(spent: dict[str, tuple[float, float | None]]) -> str:
    """Return the sentence of what hours cost, each with its price or None, in the currency of the prices."""
    costs = {name: hours * price for name, (hours, price) in spent.items() if price is not None}
    parts = [f"{cost:.2f} for {name}" for name, cost in costs.items()]
    free = [
        f"{hours:.3g} hours of {name} have no price"
        for name, (hours, p) in spent.items()
        if p is None and hours
    ]
    return (
        f"Price: {', '.join(parts)}, {sum(costs.values()):.2f} in all{''.join('; ' + text for text in free)}."
    )
