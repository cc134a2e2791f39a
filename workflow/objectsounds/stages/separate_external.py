"""Stage ``separate_external``: a method from outside of this project on one block of mixtures."""

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from objectsounds.config.external_table import section_of
from objectsounds.config.method_table import Method, method_of
from objectsounds.core.arguments import ONE, SOME
from objectsounds.core.files import folder_written_whole
from objectsounds.core.seeds import generator, seed_of
from objectsounds.core.tables import split_names, write_table
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.data.block_files import read_block_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.status import clip_folder, good_clips
from objectsounds.media.wav import resampled, write_wav
from objectsounds.methods.external import Job, blind_names, copied_estimates, function_command, run_program
from objectsounds.methods.separation import detected_objects, estimate_rows, read_mixture
from objectsounds.stages.separate import COLUMNS

STAGE_VERSION = 1

log = logging.getLogger(__name__)


@dataclass
class _Asked:
    """A mixture's job, and what is asked of it in our terms."""

    row: dict
    job: Job
    objects: list[str]
    rate: int
    samples: int


class Asker:
    """Writes the jobs of a block.

    Parameters
    ----------
    settings : dict
    method : Method
    mixtures : Path
        The block's folder.
    bags : Bags or None
        Of the test clips, for a method that is asked for the objects that are detected.
    frames : dict
        Clip id to the folder of its frames, where the method is given them.
    """

    def __init__(self, settings: dict, method: Method, mixtures: Path, bags: Bags | None, frames: dict):
        self.settings, self.method, self.mixtures = settings, method, mixtures
        self.bags, self.frames = bags, frames
        self.item = settings["external"][method.external]

    def ask(self, row: dict, folder: Path) -> _Asked:
        """Write the job of a row of the table of mixtures."""
        mixture, rate, references = read_mixture(self.mixtures, row)
        clips, own = split_names(row["clips"]), self.item["rate"] or rate
        objects = detected_objects(self.bags, clips) if self.method.detects else list(references)
        given = references if "references" in self.item["given"] else {}
        job = Job.write(
            folder / row["mixture"],
            resampled(mixture, rate, own),
            {name: resampled(sound, rate, own) for name, sound in given.items()},
            name=row["mixture"],
            objects=blind_names(len(objects)) if self.method.best_matching else objects,
            rate=own,
            seed=seed_of(self.settings["seed"], "separate", row["mixture"]),
            sources=len(references),
        )
        if self.frames:
            self._give_frames(job, clips)
        return _Asked(row, job, objects, rate, len(mixture))

    def _give_frames(self, job: Job, clips: list[str]) -> None:
        """Copy the clips' frames: each clip's into a folder, or all into one in an order drawn at random."""
        target = job.folder / "frames"
        job.given["frames"] = str(target)
        files = [(number, file) for number, clip in enumerate(clips, 1) for file in self.frames[clip]]
        if "frames_apart" in self.item["given"]:
            names = [f"{number}/{file.name}" for number, file in files]
        else:
            order = generator(self.settings["seed"], "frames", job.name).permutation(len(files))
            names = [f"{position:02d}.jpg" for position in order]
        for name, (_, file) in zip(names, files, strict=True):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / name)


def _frames_of(statuses: list[str | Path]) -> dict[str, list[Path]]:
    """Return the frames of all good clips of some shards by the clips' ids."""
    return {
        row["clip_id"]: sorted((clip_folder(status, row) / "frames").iterdir())
        for status in statuses
        for row in good_clips(status)
    }


def _answers(settings: dict, item: dict, jobs: list[Job], folder: Path) -> dict[str, str]:
    """Have the jobs done; return by mixture why it could not be."""
    if item["estimates"]:
        copied_estimates(Path(item["estimates"]), jobs)
        return {}
    command = item["command"] or function_command(item["entry_point"], settings)
    return run_program(command, jobs, item["timeout"], folder)


def separate_external(
    settings: dict,
    name: str,
    mixtures: str | Path,
    output: str | Path,
    test: str | Path | None = None,
    statuses: list[str | Path] = (),
) -> None:
    """Have a method from outside separate the mixtures of a block.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, the transform's in ``bases``, and the method's in ``external``.
    name : str
        The method, perhaps with its variant.
    mixtures : path
        A block's folder.
    output : path
        Folder to write, as `separate_block` does.
    test : path, optional
        The aggregated HDF5 with the test clips' visual labels, for a method that is asked for what is seen.
    statuses : list of path
        Of the test shards, whose clips' frames the method is given.
    """
    method, item = method_of(name), section_of(settings, name)
    mixtures, bags = Path(mixtures), open_dataset(test, bases=False) if test else None
    table: list[dict] = []
    with folder_written_whole(output) as folder, tempfile.TemporaryDirectory() as place:
        asker = Asker(settings, method, mixtures, bags, _frames_of(statuses))
        rows = read_block_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS)
        asked = [asker.ask(row, Path(place)) for row in rows]
        jobs = [one.job for one in asked if one.objects]
        reasons = _answers(settings, item, jobs, Path(place))
        for one in asked:
            table += _taken(one, reasons.get(one.job.name), method, folder)
        write_table(folder / "estimates.tsv", COLUMNS, table)
    fallbacks = sum(bool(row["fallback"]) for row in table)
    log.info("%s: %d estimates, %d fallbacks to the mixture", name, len(table), fallbacks)


def _taken(one: _Asked, reason: str | None, method: Method, folder: Path) -> list[dict]:
    """Write a mixture's estimates at the mixture's rate; return their rows."""
    estimates, left_out = {}, {}
    (folder / one.job.name).mkdir()
    for name, asked in zip(one.objects, one.job.objects, strict=True):
        waveform, why = (None, reason) if reason else one.job.estimate(asked)
        if waveform is None:
            left_out[name] = why
            continue
        estimates[name] = resampled(waveform, one.job.rate, one.rate, one.samples)
        write_wav(folder / one.job.name / f"{name}.wav", estimates[name], one.rate)
    true = split_names(one.row["objects"])
    return estimate_rows(one.job.name, true, one.objects, left_out, estimates, method.detects)


OPTIONS: dict[str, dict] = {
    "method": ONE,
    "mixtures": ONE,
    "output": ONE,
    "test": {"help": "the test split's aggregated HDF5"},
    "status": SOME | {"help": "status tables of the test shards, where frames are given"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    separate_external(settings, args.method, args.mixtures, args.output, args.test, args.status)
