"""Command ``compare``: how two finished runs differ on the mixtures that both have, and in which settings."""

import argparse
import json
from pathlib import Path

from objectsounds.core.arguments import UsageError
from objectsounds.core.files import write_json
from objectsounds.core.tables import write_table
from objectsounds.data.score_tables import MEASURED
from objectsounds.report.run_comparison import DIFFERENCE_COLUMNS, compare_runs, read_run

OPTIONS = {
    "measure": {"choices": MEASURED, "default": "sdr", "help": "what is compared, in dB (default: sdr)"},
    "output": {"help": "file to write: .tsv, the differences alone, or .json, everything"},
}
ENDINGS = (".tsv", ".json")
HEADS = ("method", "group", "sources", "A", "B", "B - A", "95 % interval", "B better", "equal")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the two runs."""
    parser.add_argument("a", metavar="RESULTS_A", help="the folder of a finished run")
    parser.add_argument("b", metavar="RESULTS_B", help="the folder of another")


def _cells(line: dict) -> list[str]:
    """Return a line of differences as the text shows it."""
    values = [f"{float(line[name]):.2f}" for name in ("mean_a", "mean_b")] + [
        f"{float(line['difference_mean']):+.2f}"
    ]
    interval = f"{float(line['low']):+.2f} to {float(line['high']):+.2f}" if line["low"] else "not known"
    shares = [f"{float(line[name]):.0%}" for name in ("wins", "ties")]
    return [line["method"], line["group"], str(line["n"]), *values, interval, *shares]


def _table(rows: list[list[str]], texts: int = 2) -> list[str]:
    """Return rows as lines with aligned columns, of which the first ones are texts."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place < texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _value(value: object) -> str:
    """Return a setting as YAML would show it on a line."""
    return json.dumps(value, ensure_ascii=False)


def as_text(found: dict) -> str:
    """Return a comparison, as `compare_runs` returns it, for reading."""
    lines = []
    for name in ("a", "b"):
        run = found[name]
        made = f"objectsounds {run['version']}, commit {run['commit'] or 'unknown'}"
        lines.append(f"{name.upper()}: {run['folder']} ({made if run['recorded'] else 'not recorded'})")
    alone = ", ".join(f"{found[name]['mixtures']} in {name.upper()} alone" for name in ("a", "b"))
    lines += [f"{found['mixtures']} mixtures are in both, {alone}.", ""]
    lines.append(
        f"Mean {found['measure']} in dB over the sources of both; clips are drawn for the intervals:"
    )
    lines += [*_table([list(HEADS), *map(_cells, found["differences"])]), ""]
    for name in ("a", "b"):
        if found[name]["methods"]:
            lines.append(f"Methods in {name.upper()} alone: {', '.join(found[name]['methods'])}.")
    return "\n".join([*lines, *_settings(found)])


def _settings(found: dict) -> list[str]:
    """Return the lines that tell of settings and data."""
    unknown = [found[name]["folder"] for name in ("a", "b") if not found[name]["recorded"]]
    if unknown:
        files = " and ".join(f"{folder}/report/run.json" for folder in unknown)
        return [f"Which settings differ is not known, as there is no {files}: run the workflow again there."]
    lines = [f"Data that differ: {', '.join(found['data']) or 'none'}."]
    lines.append("Settings that differ:" if found["settings"] else "Settings that differ: none.")
    rows = [[f"  {item['key']}", _value(item["a"]), _value(item["b"])] for item in found["settings"]]
    return lines + (_table([["  key", "A", "B"], *rows], texts=3) if rows else [])


def run(args: argparse.Namespace, settings: dict) -> None:
    """Print how the runs differ, and write it if asked."""
    output = Path(args.output) if args.output else None
    if output and output.suffix not in ENDINGS:
        raise UsageError(
            f"objectsounds compare: --output: {args.output!r} ends in neither {' nor '.join(ENDINGS)}; "
            "name one that does"
        )
    found = compare_runs(read_run(Path(args.a)), read_run(Path(args.b)), args.measure)
    if output and output.suffix == ".tsv":
        write_table(output, DIFFERENCE_COLUMNS, found["differences"])
    elif output:
        write_json(output, found)
    print(as_text(found))
