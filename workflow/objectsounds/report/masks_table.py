"""What stage ``masks`` found, for the page, where it was run."""

from pathlib import Path

import ffmpeg

from objectsounds.config.method_table import METHODS
from objectsounds.core.tables import split_names
from objectsounds.data.block_files import read_block_table
from objectsounds.media.ffmpeg import local_file, run_ffmpeg

NETWORKS = {"audio": "sound alone", "frame": "frames alone", "combined": "both"}


def _confusion(rows: list[dict]) -> list[dict]:
    """Return per network the table of true objects by what they were taken for."""
    tables = []
    for network, title in NETWORKS.items():
        own = [row for row in rows if row["network"] == network]
        counts = {(row["object"], row["predicted"]): int(row["count"]) for row in own}
        true, taken = (sorted({row[key] for row in own}) for key in ("object", "predicted"))
        lines = [
            {"object": name, "counts": [counts.get((name, other), 0) for other in taken]} for name in true
        ]
        tables.append({"title": title, "predicted": taken, "lines": lines})
    return tables


def masks_section(results: Path, media: Path) -> dict:
    """Return metrics, confusion, pictures and duets with their files in ``media``; empty if not made."""
    folder, target = results / "masks", media / "masks"
    if not (folder / "metrics.tsv").exists():
        return {}
    target.mkdir()
    metrics, duets, confusion = (
        read_block_table(folder / f"{name}.tsv") for name in ("metrics", "duets", "confusion")
    )
    pictures = sorted((folder / "pictures").glob("*.png")) if (folder / "pictures").is_dir() else []
    for path in pictures:
        (target / path.name).write_bytes(path.read_bytes())
    for row in metrics:
        row["title"] = METHODS[row["method"]].title if row["method"] in METHODS else "Frame network"
    for duet in duets:
        duet["tracks"] = []
        for name in split_names(duet["files"]):
            file = target / f"{duet['clip']}-{Path(name).stem}.mp3"
            stream = ffmpeg.input(local_file(folder / name))
            run_ffmpeg(stream.output(local_file(file), audio_bitrate="96k", acodec="libmp3lame", threads=1))
            duet["tracks"].append({"object": Path(name).stem, "sound": f"media/masks/{file.name}"})
    return {
        "metrics": metrics,
        "confusion": _confusion(confusion),
        "pictures": [f"media/masks/{path.name}" for path in pictures],
        "duets": duets,
    }
