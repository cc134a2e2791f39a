"""Stage ``publication``: all tables as CSV, LaTeX and JSON, with the settings and data behind them."""

import logging
from pathlib import Path

from objectsounds.core.arguments import MANY, ONE, NamedFile
from objectsounds.core.files import write_json, write_text
from objectsounds.core.tables import read_columns, read_table
from objectsounds.data.run_record import run_record
from objectsounds.report.paper_tables import LAYOUTS, as_csv, as_latex, as_values

STAGE_VERSION = 1

log = logging.getLogger(__name__)


def publish(settings: dict, results: Path, tables: list[NamedFile], output: Path) -> None:
    """Write every table in other formats.

    Parameters
    ----------
    settings : dict
        What `settings.STAGE_KEYS` names for this stage.
    results : Path
        The run's folder.
    tables : list of NamedFile
        The run's tables as TSV.
    output : Path
        The folder for ``<name>.csv`` of each; ``<name>.tex`` of those with a layout, for the package
        booktabs; and ``tables.json``, these with what `run_record` returns.
    """
    values = {}
    for table in tables:
        columns, rows = read_columns(table.path), read_table(table.path)
        write_text(output / f"{table.name}.csv", as_csv(columns, rows))
        if table.name in LAYOUTS:
            write_text(output / f"{table.name}.tex", as_latex(table.name, columns, rows))
            values[table.name] = as_values(columns, rows)
    write_json(output / "tables.json", run_record(settings, results) | {"tables": values})
    log.info("%d tables", len(tables))


OPTIONS = {
    "results": ONE | {"help": "the run's folder"},
    "tables": MANY | {"help": "name=path of each"},
    "output": ONE | {"help": "the folder"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    tables = [NamedFile.parse(text) for text in args.tables]
    publish(settings, Path(args.results), tables, Path(args.output))
