"""Make small mistakes in the modules that make results, and count those that their unit tests notice.

Of each module a seeded sample of the mistakes of `mistakes` is tried, with the unit tests that import the
module, until the first test fails. ``survivors.tsv`` names those that are known not to be noticed and why:
an ``equivalent`` one changes no result and is not counted; an ``accepted`` one is counted as unnoticed. The
run ends with an error where fewer than 90 % are noticed. One mistake is tried again, and what the tests say
printed, with ``--module nmf --only 'part of the edit'``.
"""

import argparse
import csv
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.mutations.mistakes import Mistake, mistakes_of
from tests.mutations.trial import PACKAGE, Trial, import_heavy

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.tsv")
MODULES = (
    *("config.external_table", "methods.external", "methods.entry_point"),
    *("methods.separation", "methods.guided", "methods.guided_masks", "methods.refinement", "methods.timbre"),
    *("stages.score", "stages.score_tables", "data.score_tables", "signal.measures", "signal.statistics"),
    *("data.seed_table", "data.run_record", "report.run_comparison", "report.latex", "report.paper_tables"),
    *("data.mixtures", "data.mixture_list", "stages.mixtures", "data.targets", "data.bags", "stages.dataset"),
    *("stages.dictionary", "dictionaries.file", "dictionaries.choice", "dictionaries.gao"),
    *("dictionaries.surest", "dictionaries.agreement", "dictionaries.solo", "dictionaries.consensus"),
    "dictionaries.visual",
    *("networks.miml", "networks.miml_training", "networks.training", "stages.train"),
    *("networks.co_separation", "networks.co_separation_training"),
    *("networks.sound_of_pixels", "networks.sound_of_pixels_training"),
    *("signal.nmf", "signal.kl_descent", "sources.candidates", "sources.audioset"),
    *("signal.block_sparsity", "signal.transposition", "dictionaries.transposition"),
    *(
        "dictionaries.performed",
        "synthesis.performances",
        "signal.bands",
        "stages.soundfont",
        "video.starter",
    ),
)
BESIDE = {  # tests that reach a module by way of others
    "data.mixture_list": ["mixtures"],
    "networks.training": ["train"],
    "dictionaries.choice": ["rules"],
    "sources.candidates": ["catalogue"],
    "sources.audioset": ["catalogue"],
    "methods.guided": ["separation"],
}
APART = {"test_own_video.py", "test_security.py", "test_bench.py"}  # slow, and of something else
SAMPLE = 14  # mistakes a module
LEAST = 0.9


def _survivors() -> list[dict[str, str]]:
    """Return the rows of ``survivors.tsv``, which is written by hand."""
    with SURVIVORS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def tests_of(module: str) -> list[str]:
    """Return the unit tests of a module: that of its name, and those that import it."""
    folder = ROOT / "tests" / "unit"
    parent, _, leaf = module.rpartition(".")
    known = {path.name: path for path in sorted(folder.glob("*/test_*.py"))}
    named = [f"test_{name}.py" for name in (leaf, *BESIDE.get(module, []))]
    pattern = re.compile(rf"{PACKAGE}\.{re.escape(module)}\b|from {PACKAGE}\.{parent} import .*\b{leaf}\b")
    importing = [name for name, path in known.items() if pattern.search(path.read_text())]
    names = dict.fromkeys([name for name in named if name in known] + importing)
    return [str(known[name].relative_to(ROOT)) for name in names if name not in APART]


def source_of(module: str) -> bytes:
    """Return a module's source."""
    return (ROOT / "workflow" / PACKAGE / f"{module.replace('.', '/')}.py").read_bytes()


def drawn(module: str, count: int, only: str) -> list[Mistake]:
    """Return the module's sample, in the order of its lines."""
    found = [mistake for mistake in mistakes_of(module, source_of(module)) if only in mistake.edit]
    ranked = sorted(found, key=lambda mistake: mistake.rank)[:count]
    return sorted(ranked, key=lambda mistake: mistake.start)


def run_all(jobs: list[tuple], workers: int) -> Iterator[tuple[object, Trial, int]]:
    """Yield (what, trial, exit code) of jobs (what, module, source, tests, seconds), some at a time."""
    waiting, running = list(jobs), []
    while waiting or running:
        while waiting and len(running) < workers:
            what, *arguments = waiting.pop(0)
            running.append((what, Trial(ROOT, *arguments)))
        time.sleep(0.02)
        for item in list(running):
            code = item[1].ended()
            if code is not None:
                running.remove(item)
                yield *item, code


def usual_seconds(modules: list[str], workers: int) -> dict[str, float]:
    """Return the processor seconds of each module's tests, which must pass as things are."""
    jobs = [(module, module, source_of(module), tests_of(module), 600) for module in modules]
    seconds = {}
    for module, trial, code in run_all(jobs, workers):
        if code:
            sys.exit(f"{module}: its tests fail without any mistake:\n{trial.said[-3000:]}")
        seconds[module] = trial.seconds
    return seconds


def tell(mistake: Mistake, noticed: bool, kind: str) -> None:
    """Print a line of the result."""
    verdict = "killed" if noticed else f"SURVIVED ({kind})" if kind else "SURVIVED"
    print(f"{verdict:9} {mistake.module}.py:{mistake.line} {mistake.place}: {mistake.edit[:150]}", flush=True)


def summary(results: list[tuple[Mistake, bool]], known: dict[tuple, dict], whole: bool) -> float:
    """Print what survived, module by module, and what the list says falsely; return the share killed."""
    kinds = {key: row["kind"] for key, row in known.items()}
    counted = [(m, noticed) for m, noticed in results if noticed or kinds.get(m.key) != "equivalent"]
    print(f"\n{'module':24}{'tried':>7}{'killed':>8}{'equivalent':>12}{'share':>8}")
    for module in dict.fromkeys(mistake.module for mistake, _ in results):
        own = [noticed for mistake, noticed in counted if mistake.module == module]
        tried = sum(mistake.module == module for mistake, _ in results)
        print(f"{module:24}{tried:7}{sum(own):8}{tried - len(own):12}{sum(own) / max(1, len(own)):8.1%}")
    by_key = {mistake.key: noticed for mistake, noticed in results}
    for key in known:
        if by_key.get(key):
            print(f"survivors.tsv: killed now, strike it: {' | '.join(key)}")
        elif whole and key not in by_key:
            print(f"survivors.tsv: no longer tried, strike it: {' | '.join(key)}")
    for mistake, noticed in results:
        if not noticed and mistake.key not in known:
            print(f"survivors.tsv: no reason yet: {' | '.join(mistake.key)}")
    share = sum(noticed for _, noticed in counted) / max(1, len(counted))
    print(f"{sum(n for _, n in counted)} of {len(counted)} mistakes are noticed: {share:.1%}")
    return share


def main() -> None:
    """Try the mistakes; exit code 1 where too few are noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__.partition("\n")[0])
    parser.add_argument("--module", action="append", choices=MODULES, help="this one alone; may be repeated")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mistakes a module")
    parser.add_argument("--only", default="", help="those with this text in the edit")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    modules = args.module or list(MODULES)
    known = {(r["module"], r["place"], r["edit"], r["number"]): r for r in _survivors()}
    known = {key: row for key, row in known.items() if key[0] in modules}
    import_heavy()
    began, usual = time.monotonic(), usual_seconds(modules, args.workers)
    jobs = []
    for module in modules:
        source, tests = source_of(module), tests_of(module)
        for mistake in drawn(module, args.sample, args.only):
            jobs.append((mistake, module, mistake.applied(source), tests, 10 + 3 * usual[module]))
    results = []
    for mistake, trial, code in run_all(jobs, args.workers):
        results.append((mistake, code != 0))
        tell(mistake, code != 0, known.get(mistake.key, {}).get("kind", ""))
        if args.only:
            print(trial.said[-2000:])
    results.sort(key=lambda item: (modules.index(item[0].module), item[0].start))
    share = summary(results, known, whole=not args.only and args.sample == SAMPLE)
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(share < LEAST)


if __name__ == "__main__":
    main()
