"""``objectsounds run``: the whole workflow, one run at a time in a folder, with the result at the end."""

import fcntl
import itertools
import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import psutil

from objectsounds.config.method_table import method_title
from objectsounds.config.settings import CONFIG, PERSONS, load_settings
from objectsounds.core.arguments import CORES
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT
from objectsounds.core.tables import read_table
from objectsounds.core.writable import check_writable
from objectsounds.dictionaries.table import dictionary_table

COUNTED = ("--cores", "-c", "--jobs", "-j", "--local-cores")
# Where Snakemake looks for one.
SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
LOCK = Path(".snakemake") / "objectsounds.lock"
COLUMNS = {
    "method": "method",
    "group": "group",
    "sources": "n",
    "SDR": "sdr_mean",
    "median": "sdr_median",
    "SIR": "sir_mean",
    "SAR": "sar_mean",
    "fallbacks": "n_fallback",
}


def take_lock() -> int:
    """Hold the folder's lock for this process' lifetime; return its file descriptor.

    Raises
    ------
    ObjectsoundsError
        If another run holds it, or works here without it, or the folder cannot be written to.
    """
    try:
        LOCK.parent.mkdir(exist_ok=True)
        descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise ObjectsoundsError(
            f"{LOCK.resolve()} cannot be written ({error.strerror}): allow it."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 100).decode() or "unknown"
        raise ObjectsoundsError(
            f"another run (process {owner}) works in {Path.cwd()}: wait for it, or stop it."
        ) from None
    queued = queued_here()  # first: on one node Slurm's jobs are processes of this folder too
    if queued:
        raise ObjectsoundsError(
            f"Slurm still has jobs of another run in {Path.cwd()}: {', '.join(queued)}; wait until "
            f"'squeue --me' no longer lists them, or stop them: scancel {' '.join(queued)}"
        )
    others = working_here()
    if others:
        listed = ", ".join(f"{pid} ({name})" for pid, name in others)
        raise ObjectsoundsError(
            f"processes of another run still work in {Path.cwd()}: {listed}; wait for them, or stop them."
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def working_here() -> list[tuple[int, str]]:
    """Return (process, name) of Snakemake runs in this folder, and of jobs that outlived a killed one."""
    found = []
    relatives = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if process.pid in relatives or not command or process.cwd() != str(Path.cwd()):
                continue
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if command[1:4] == ["-m", "objectsounds", "run"]:
            continue  # it waits for our lock, or has just been refused: two that start at once both stay away
        words = {Path(word).name for word in command[:3]}
        if "snakemake" in words or (
            command[1:2] == ["-m"] and command[2:3] in (["objectsounds"], ["snakemake"])
        ):
            found.append((process.pid, " ".join(command[1:4])))
    return found


def queued_here() -> list[str]:
    """Return the numbers of Slurm's jobs of this folder's runs: they outlive a Snakemake that was killed."""
    if shutil.which("squeue") is None:
        return []
    command = ["squeue", f"--user={os.getuid()}", "--noheader", "--format=%i|%k|%Z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
    except subprocess.TimeoutExpired:
        return []
    jobs = [line.split("|", 2) for line in listed.splitlines() if line.count("|") >= 2]
    here = Path.cwd()
    return [job for job, comment, folder in jobs if comment.startswith("rule_") and Path(folder) == here]


def clear_stale_lock() -> None:
    """Remove the lock that a killed Snakemake left; only called while we hold ours."""
    for path in Path(".snakemake/locks").glob("*.lock"):
        path.unlink()


def format_summary(rows: list[dict]) -> str:
    """Return the summary as aligned text."""
    cells = [list(COLUMNS)]
    for row in rows:
        values = row | {"method": method_title(row["method"])}
        for key in ("sdr_mean", "sdr_median", "sir_mean", "sar_mean"):
            values[key] = f"{float(values[key]):.2f}" if values[key] else "-"
        cells.append([str(values[key]) for key in COLUMNS.values()])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        left = [text.ljust(width) for text, width in zip(line[:2], widths[:2], strict=True)]
        right = [text.rjust(width) for text, width in zip(line[2:], widths[2:], strict=True)]
        lines.append("  ".join(left + right))
    return "\n".join(lines)


def is_whole(arguments: list[str]) -> bool:
    """True if Snakemake's arguments ask for everything that config.yaml says, and nothing else."""
    harmless = {"--cores", "-c", "--snakefile", "-s", "--jobs", "-j", "--profile", "--workflow-profile"}
    return all(
        word in harmless or before in harmless for before, word in itertools.pairwise(["", *arguments])
    )


def _show_result(results: Path, made: bool) -> None:
    summary, page = results / "score" / "summary.tsv", results / "report" / "index.html"
    if not made:
        print(f"\nNothing to do: {results} is up to date.")
    print(f"\nMean over the sources, in dB ({summary}):\n\n{format_summary(read_table(summary))}")
    for table in dictionary_table(results):
        sizes = (f"{cell['object']} {cell['bases']} ({cell['clips']})" for cell in table["cells"])
        print(f"\nBases, and clips they came from, in dictionary {table['name']}: {', '.join(sizes)}")
    print(f"\nThe page to look at and listen to: {page.resolve()}")


def check_cores(arguments: list[str]) -> None:
    """Refuse a number of cores or jobs with which Snakemake would wait for ever.

    Raises
    ------
    ObjectsoundsError
        For the first of them.
    """
    for word, after in itertools.pairwise([*arguments, ""]):
        option, equals, value = word.partition("=")
        if option not in COUNTED:
            short = re.fullmatch(r"(-[cj])(.+)", word)
            if short is None:
                continue
            option, value = short.groups()
        elif not equals:
            value = after
        if value in ("", "all", "unlimited") or value.startswith("--"):
            continue  # the number is left out
        try:
            CORES(value)
        except ArgumentTypeError as error:
            raise ObjectsoundsError(f"{option} {error}, or all.") from None


def _names(arguments: list[str], *options: str) -> bool:
    return any(word.partition("=")[0] in options for word in arguments)


def completed(arguments: list[str]) -> list[str]:
    """Return Snakemake's arguments, with our workflow and the demo's settings where a folder has none."""
    ours = []
    if not (_names(arguments, "--snakefile", "-s") or any(Path(name).exists() for name in SNAKEFILES)):
        ours.append(f"--snakefile={ROOT / 'Snakefile'}")
    if not (_names(arguments, "--configfile", "--configfiles") or PERSONS.exists()):
        ours.append(f"--configfile={CONFIG / PERSONS.name}")
        print(f"{PERSONS} does not exist here: this runs the demo. objectsounds init . lays one out.")
    return [*ours, *arguments]


def run_snakemake(arguments: list[str]) -> int:
    """Run Snakemake to its end and return its status.

    After Ctrl-C, which Snakemake gets too, it has the time to stop its jobs; a second one hurries it.
    """
    process = subprocess.Popen([sys.executable, "-m", "snakemake", *arguments])
    interrupted = False
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            if interrupted:
                process.terminate()
            interrupted = True
            print("objectsounds run: stopping the jobs; the next run goes on from here.", file=sys.stderr)


def run_workflow(arguments: list[str]) -> int:
    """Run Snakemake with the given arguments while holding the folder's lock.

    Returns
    -------
    int
        Snakemake's exit status. After a whole run of config.yaml, the SDR table and the page's path
        have been printed.
    """
    check_cores(arguments)
    descriptor = take_lock()
    try:
        clear_stale_lock()
        whole = is_whole(arguments)
        results = Path(load_settings()["results"])
        page = results / "report" / "index.html"
        before = page.stat().st_mtime_ns if page.exists() else None
        check_writable(results, "results")
        status = run_snakemake(completed(arguments))
        if status == 0 and whole and page.exists():
            _show_result(results, page.stat().st_mtime_ns != before)
        return status
    finally:
        os.close(descriptor)
