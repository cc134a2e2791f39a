"""Command ``retry``: ask again for clips that could not be had."""

from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.status import REASONS, read_status
from objectsounds.sources.unavailable import FETCH_REASONS, forget

PASSING = ("missing", "forbidden", "rate_limited", "network", "timeout", "unavailable")


def retry(results: Path, media: Path, reasons: tuple[str, ...] | list[str]) -> None:
    """Forget why some clips could not be had, so that the next run asks for them again.

    The status tables of their shards are removed: the next run makes these shards again, taking from
    the folder of media what is there.

    Parameters
    ----------
    results : Path
        The run's folder.
    media : Path
        ``clips.media``, which remembers what was unavailable.
    reasons : sequence of str
        Of ``status.REASONS``.

    Raises
    ------
    ObjectsoundsError
        If a reason does not exist, the folder holds no clips, or ``media`` is not where they were asked
        for: the tables are then left as they are.
    """
    unknown = [reason for reason in reasons if reason not in REASONS or reason == "ok"]
    if unknown:
        allowed = ", ".join(name for name in REASONS if name != "ok")
        raise ObjectsoundsError(f"--reasons {unknown[0]!r} is no reason; there are {allowed}.")
    tables = sorted((results / "clips").glob("*/status.tsv"))
    if not tables:
        raise ObjectsoundsError(f"{results} holds no clips/*/status.tsv: run the stage clips first.")
    rows, shards = [], []
    for table in tables:
        wanted = [row for row in read_status(table) if row["status"] in reasons]
        if wanted:
            rows += wanted
            shards.append(table)
    asked = {row["clip_id"] for row in rows if row["status"] in FETCH_REASONS}
    if asked and not forget(media, asked):
        raise ObjectsoundsError(
            f"{media} remembers none of the {len(asked)} clips that could not be had: give the settings with "
            "which the run was made, whose clips.media is their folder (--settings, or config/config.yaml)."
        )
    for table in shards:
        table.unlink()
    if shards:
        # Snakemake makes a missing file again only on the way to a target, so the page has to go too.
        (results / "report" / "index.html").unlink(missing_ok=True)
    print(f"{len(rows)} clips of {len(shards)} shards will be asked for again by the next run.")


OPTIONS = {"results": ONE, "reasons": {"nargs": "+", "help": "default: those that may pass"}}


def run(args, settings: dict) -> None:
    """Have the next run ask again."""
    retry(Path(args.results), Path(settings["clips"]["media"]), args.reasons or PASSING)
