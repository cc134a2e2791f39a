"""Stage ``report``: one page to look at and listen to, without server or network.

Everything is read from the run's results folder. The page's sounds and pictures lie beside it in
``media/`` and are loaded when they are wanted.
"""

import datetime
import logging
from pathlib import Path

import yaml

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.files import folder_written_whole, write_json, write_text
from objectsounds.data.run_record import run_record
from objectsounds.report.heat_pictures import run_heat_maps
from objectsounds.report.listening import folder_size, listening_room
from objectsounds.report.masks_table import masks_section
from objectsounds.report.overview import job_times, method_times, versions
from objectsounds.report.pack import fitting, write_file, write_folder
from objectsounds.report.page import (
    ablation_part,
    curves_part,
    data_part,
    dictionaries_part,
    experiments_part,
    labels_part,
    render,
    run_networks,
    run_separators,
    scores_part,
)
from objectsounds.report.relation_maps import relation_examples
from objectsounds.report.theme import theme_folder

STAGE_VERSION = 8

log = logging.getLogger(__name__)


def make_report(settings: dict, results: Path, methods: list[str], output: Path) -> None:
    """Write the page and its media, and two copies of it for ``snakemake --report``.

    Parameters
    ----------
    settings : dict
        What `settings.STAGE_KEYS` names for this stage.
    results : Path
        The run's folder.
    methods : list of str
        In the order of the tables.
    output : Path
        ``index.html``; its sounds and pictures go into ``media`` beside it, the copies into
        ``packed.html`` and ``packed``, the run's record into ``run.json``.
    """
    classes, options = settings["classes"], settings["report"]
    with folder_written_whole(output.parent / "media") as media:
        page = {
            "run": results.name,
            "made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "versions": versions(),
            "settings": yaml.safe_dump(settings, allow_unicode=True, default_flow_style=None),
            "classes": classes,
            "times": job_times(results / "benchmarks"),
            "method_times": method_times(results, methods),
            "labeller": labels_part(results, media),
            **ablation_part(results, media),
            **experiments_part(settings, results, media),
            "curves": curves_part(
                run_networks(settings, results, methods),
                run_separators(settings, results, methods),
                results,
                media,
            ),
            "masks": masks_section(results, media) if "unet_combined" in methods else {},
            "relations": relation_examples(results, options["relation_maps"], media),
            **data_part(settings, results),
            **scores_part(settings, results, methods, media),
            **dictionaries_part(settings, results, methods, media),
        }
        theme_folder(media)
        heat = run_heat_maps(settings, results, methods)
        page |= {"room": listening_room(results, methods, options, media, heat), "packed": ""}
        size = folder_size(media)
    html = render(page)
    write_json(output.with_name("run.json"), run_record(settings, results))
    write_text(output, html)
    _pack(page, output)
    shown = len(page["room"]["mixtures"])
    log.info("%d mixtures to listen to; the page and its media have %.1f MB", shown, (size + len(html)) / 1e6)


def _pack(page: dict, output: Path) -> None:
    """Write the copies of the page that Snakemake's report takes."""
    silent = page | {"room": {"mixtures": [], "left_out": 0}}
    folder = output.parent
    write_file(render(silent | {"packed": "file"}), folder, folder / "packed.html")
    kept = fitting(page["room"]["mixtures"], render(silent | {"packed": "folder"}), folder)
    left_out = page["room"]["left_out"] + len(page["room"]["mixtures"]) - len(kept)
    room = {"mixtures": kept, "left_out": left_out}
    write_folder(render(page | {"room": room, "packed": "folder"}), folder, folder / "packed")


OPTIONS = {"results": ONE, "methods": MANY, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_report(settings, Path(args.results), args.methods, Path(args.output))
