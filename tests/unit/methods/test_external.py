"""Methods from outside: programs that are called for mixtures, and what becomes of all that they do wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from objectsounds.config.external_table import completed, register, release_of
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import LIBRARY
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.media.wav import read_wav, write_wav
from objectsounds.methods import entry_point
from objectsounds.methods.external import Job, run_program
from objectsounds.stages.score import score_folder
from objectsounds.stages.separate import COLUMNS
from objectsounds.stages.separate_external import separate_external

RATE, LENGTH = 8000, 4000
OBJECTS = {"m0": ["drum", "piano"], "m1": ["piano", "violin"], "m2": ["drum", "violin"]}
HALF = """
import json, sys, soundfile
from pathlib import Path
mixture, objects, output, rate = sys.argv[1:5]
sound, found = soundfile.read(mixture)
assert found == int(rate)
for name in objects.split(","):
    soundfile.write(Path(output) / f"{name}.wav", sound / 2, found, subtype="FLOAT")
"""
ALL = """
import json, os, sys, time, soundfile
from pathlib import Path
wrong, jobs = sys.argv[1:3]
for job in json.load(open(jobs)):
    with open("calls", "a") as file:
        file.write(Path(job["mixture"]).parent.name + "\\n")
    sound, rate = soundfile.read(job["mixture"])
    for name in job["objects"]:
        if "m1" in job["mixture"] and name == "violin":
            if wrong == "dies":
                os.kill(os.getpid(), 9)
            if wrong == "hangs":
                time.sleep(600)
            if wrong == "says":
                (Path(job["output"]) / "error.txt").write_text("no violin here\\nat line 3\\n")
                continue
        soundfile.write(Path(job["output"]) / f"{name}.wav", sound, rate, subtype="FLOAT")
sys.exit(7 * (wrong == "fails"))
"""


def reference(name, number):
    return np.random.default_rng([len(name), number]).normal(0, 0.1, LENGTH).astype(np.float32)


@pytest.fixture
def block(tmp_path, monkeypatch):
    """A block of three pairs of noises, in the working folder."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number, (mixture, objects) in enumerate(OBJECTS.items()):
        (tmp_path / "block" / mixture).mkdir(parents=True)
        sounds = [reference(name, number) for name in objects]
        write_wav(tmp_path / "block" / mixture / "mixture.wav", sum(sounds), RATE)
        for place, sound in enumerate(sounds, start=1):
            write_wav(tmp_path / "block" / mixture / f"reference_{place}.wav", sound, RATE)
        cells = {"mixture": mixture, "group": "instrument", "block": 0, "clips": f"a{number};b{number}"}
        rows.append(cells | {"objects": ";".join(objects)})
    write_table(tmp_path / "block" / "mixtures.tsv", MIXTURE_COLUMNS, rows)
    return tmp_path / "block"


@pytest.fixture
def separated(block, tmp_path, settings):
    """Return a function that runs a method of a declaration and returns its reasons by mixture and object."""

    def run(**item):
        external = completed({"theirs": {"objects": "named"} | item})
        register(external)
        kept = {key: settings[key] for key in ("seed", "bases")}
        separate_external(kept | {"external": external}, "theirs", block, tmp_path / "out")
        rows = read_table(tmp_path / "out" / "estimates.tsv", COLUMNS)
        return {(row["mixture"], row["object"]): row["fallback"] for row in rows}

    yield run
    register({})


def program(tmp_path, text):
    (tmp_path / "program.py").write_text(text)
    return [sys.executable, str(tmp_path / "program.py")]


def test_a_program_gets_each_mixture_and_its_files_are_the_estimates(separated, tmp_path):
    command = [*program(tmp_path, HALF), "{mixture}", "{objects}", "{output}", "{rate}"]
    reasons = separated(command=command)
    assert reasons == {(mixture, name): "" for mixture, names in OBJECTS.items() for name in names}
    estimate, rate = read_wav(tmp_path / "out" / "m2" / "violin.wav")
    mixture, _ = read_wav(tmp_path / "block" / "m2" / "mixture.wav")
    assert rate == RATE
    np.testing.assert_allclose(estimate, mixture / 2, atol=1e-6)


def test_a_program_hears_its_own_rate_and_its_estimates_come_back_at_the_mixtures(separated, tmp_path):
    command = [*program(tmp_path, HALF), "{mixture}", "{objects}", "{output}", "{rate}"]
    assert set(separated(command=command, rate=4000).values()) == {""}
    estimate, rate = read_wav(tmp_path / "out" / "m0" / "drum.wav")
    assert rate == RATE and len(estimate) == LENGTH
    high = np.abs(np.fft.rfft(estimate))[LENGTH * 3 // 8 :]  # above 3 kHz
    assert high.max() < 0.01 * np.abs(np.fft.rfft(estimate)).max()


def test_one_call_may_take_all_mixtures(separated, tmp_path):
    reasons = separated(command=[*program(tmp_path, ALL), "nothing", "{jobs}"])
    assert set(reasons.values()) == {""}
    assert (tmp_path / "calls").read_text().split() == ["m0", "m1", "m2"]


@pytest.mark.parametrize(
    ("wrong", "reason", "calls"),
    [
        ("dies", "failed: killed by SIGKILL", "m0 m1 m2"),
        ("hangs", "timed out after 2 s", "m0 m1 m2"),
    ],
)
def test_a_call_that_ends_too_early_costs_the_mixture_that_it_was_at(
    separated, tmp_path, wrong, reason, calls
):
    reasons = separated(command=[*program(tmp_path, ALL), wrong, "{jobs}"], timeout=2)
    assert {key[0] for key, why in reasons.items() if why} == {"m1"}
    assert {why for why in reasons.values() if why} == {reason}
    assert (tmp_path / "calls").read_text().split() == calls.split()


def test_what_a_program_has_done_before_it_fails_at_the_end_counts(separated, tmp_path):
    assert set(separated(command=[*program(tmp_path, ALL), "fails", "{jobs}"]).values()) == {""}


def test_a_program_may_say_why_it_has_no_estimate(separated, tmp_path):
    reasons = separated(command=[*program(tmp_path, ALL), "says", "{jobs}"])
    assert reasons.pop(("m1", "violin")) == "failed: no violin here"
    assert set(reasons.values()) == {""}


WRONGS = {
    "no estimate": "",
    "unreadable estimate": "(o / 'drum.wav').write_bytes(b'RIFF')",
    "wrong rate": "soundfile.write(o / 'drum.wav', s, 16000)",
    "wrong length": "soundfile.write(o / 'drum.wav', s[:3000], 8000)",
    "several channels": "soundfile.write(o / 'drum.wav', np.stack([s, s], 1), 8000)",
    "not finite": "soundfile.write(o / 'drum.wav', s * np.nan, 8000, subtype='FLOAT')",
    "silent estimate": "soundfile.write(o / 'drum.wav', s * 0, 8000)",
    "failed: exit status 3": "sys.exit(3)",
}


@pytest.mark.parametrize("reason", WRONGS)
def test_what_a_program_does_wrong_is_the_reason_of_a_fallback(separated, tmp_path, reason):
    head = "import sys, numpy as np, soundfile\nfrom pathlib import Path\n"
    text = f"{head}s, o = soundfile.read(sys.argv[1])[0], Path(sys.argv[2])\n{WRONGS[reason]}\n"
    reasons = separated(command=[*program(tmp_path, text), "{mixture}", "{output}"])
    assert {reasons["m0", "drum"], reasons["m2", "drum"]} == {reason}


def test_an_estimate_may_be_a_hop_too_long_or_short(separated, tmp_path):
    text = "import sys, soundfile\ns, r = soundfile.read(sys.argv[1])\n"
    text += "soundfile.write(sys.argv[2] + '/drum.wav', s[:-100], r, subtype='FLOAT')\n"
    assert separated(command=[*program(tmp_path, text), "{mixture}", "{output}"])["m0", "drum"] == ""
    estimate, _ = read_wav(tmp_path / "out" / "m0" / "drum.wav")
    assert len(estimate) == LENGTH and not estimate[-100:].any() and estimate[-101]


def test_what_a_program_leaves_running_is_killed_with_it(separated, tmp_path):
    text = "import subprocess, sys\nfrom pathlib import Path\n"
    text += "started = subprocess.Popen(['sleep', '600'])\nPath('pid').write_text(str(started.pid))\n"
    separated(command=[*program(tmp_path, text), "{mixture}", "{output}"])
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    deadline = time.monotonic() + 20

    def runs():
        return state.exists() and state.read_text().split()[2] != "Z"

    while runs() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs()


def test_a_job_that_is_asked_to_stop_ends_its_program(tmp_path):
    code = """
import sys
from pathlib import Path
import numpy as np
from objectsounds.methods.external import Job, run_program
about = {"name": "m", "objects": ["a"], "rate": 8000, "seed": 1, "sources": 1}
job = Job.write(Path("m"), np.ones(10, np.float32), {}, **about)
child = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
run_program([sys.executable, "-c", child, "{mixture}", "{output}"], [job], 600, Path())
"""
    job = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    pid, deadline = tmp_path / "pid", time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    job.send_signal(signal.SIGTERM)
    _, said = job.communicate(timeout=60)
    assert job.returncode == 1 and "stopped by SIGTERM, and the program with it" in said
    assert not Path(f"/proc/{pid.read_text()}").exists()


def test_a_program_that_is_not_there_is_said_in_a_sentence(separated):
    with pytest.raises(ObjectsoundsError, match="'nothing-of-that-name' cannot be run"):
        separated(command=["nothing-of-that-name", "{mixture}", "{output}"])


def test_references_are_given_to_who_declares_them_alone(separated, tmp_path):
    text = "import json, shutil, sys\nfor job in json.load(open(sys.argv[1])):\n"
    text += "  for n in job['objects']: shutil.copy(job['references'] + f'/{n}.wav', job['output'])\n"
    command = [*program(tmp_path, text), "{jobs}"]
    assert set(separated(command=command, given=["references"]).values()) == {""}
    estimate, _ = read_wav(tmp_path / "out" / "m1" / "violin.wav")
    np.testing.assert_allclose(estimate, reference("violin", 1), atol=1e-6)
    assert set(separated(command=command).values()) == {"failed: exit status 1"}


FUNCTIONS = """
import numpy as np

def ordered(problem):
    assert not problem.references and problem.dictionary is None and problem.rate == 8000
    return [problem.mixture * number for number in range(1, problem.sources + 1)]

def named(problem):
    assert problem.objects == sorted(problem.objects)
    return {"piano": problem.mixture, "cello": problem.mixture}

def wrong(problem):
    if "violin" in problem.objects:
        raise ValueError("a violin,\\nof all things")
    return ordered(problem)

def transformed(problem):
    spectrogram = problem.transform.forward(problem.mixture)
    return [problem.transform.inverse(spectrogram, len(problem.mixture))] * 2
"""


def test_a_function_returns_waveforms_by_name_or_in_order(separated, tmp_path):
    (tmp_path / "own_functions.py").write_text(FUNCTIONS)
    assert set(separated(entry_point="own_functions:ordered").values()) == {""}
    first, second = (read_wav(tmp_path / "out" / "m0" / f"{name}.wav")[0] for name in OBJECTS["m0"])
    np.testing.assert_allclose(second, 2 * first, rtol=1e-6)
    reasons = separated(entry_point="own_functions:named")
    assert {key for key, why in reasons.items() if not why} == {("m0", "piano"), ("m1", "piano")}
    assert set(reasons.values()) == {"", "no estimate"}
    assert set(separated(entry_point="own_functions:transformed").values()) == {""}


def test_a_function_that_raises_costs_its_mixture_and_says_why(separated, tmp_path):
    (tmp_path / "own_functions.py").write_text(FUNCTIONS)
    reasons = separated(entry_point="own_functions:wrong")
    assert {key[0] for key, why in reasons.items() if why} == {"m1", "m2"}
    assert reasons["m1", "piano"] == "failed: ValueError: a violin,"


def test_an_installed_package_offers_its_function_by_name(separated, tmp_path, monkeypatch):
    (tmp_path / "site" / "offers-1.2.dist-info").mkdir(parents=True)
    (tmp_path / "site" / "offering.py").write_text(FUNCTIONS)
    about = tmp_path / "site" / "offers-1.2.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: offers\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[objectsounds.methods]\nin_order = offering:ordered\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{LIBRARY}")
    assert release_of({"entry_point": "in_order"}) == "offers 1.2"
    assert set(separated(entry_point="in_order").values()) == {""}
    with pytest.raises(ObjectsoundsError, match=r"offers 'other' .*\(there are: in_order\)"):
        release_of({"entry_point": "other"})


@pytest.mark.parametrize("name", ["own_functions:nothing", "no_module_of_that_name:f"])
def test_a_function_that_cannot_be_imported_is_said(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_functions.py").write_text(FUNCTIONS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(ObjectsoundsError, match="cannot be imported"):
        entry_point.function_of(name)


def test_a_method_that_is_told_no_object_gets_numbers_for_names(separated, tmp_path):
    text = "import json, shutil, sys\nfor job in json.load(open(sys.argv[1])):\n"
    text += "  assert job['objects'] == ['source_1', 'source_2'], job\n"
    text += "  for n in job['objects']: shutil.copy(job['mixture'], job['output'] + f'/{n}.wav')\n"
    reasons = separated(command=[*program(tmp_path, text), "{jobs}"], objects="blind")
    assert set(reasons.values()) == {""} and len(reasons) == 6
    assert (tmp_path / "out" / "m1" / "violin.wav").exists()


def test_finished_estimates_are_taken_as_they_are(separated, tmp_path):
    (tmp_path / "finished" / "m1").mkdir(parents=True)
    write_wav(tmp_path / "finished" / "m1" / "violin.wav", reference("violin", 1), RATE)
    reasons = separated(estimates=str(tmp_path / "finished"))
    assert [key for key, why in reasons.items() if why == ""] == [("m1", "violin")]
    np.testing.assert_array_equal(read_wav(tmp_path / "out" / "m1" / "violin.wav")[0], reference("violin", 1))


def test_a_folder_of_estimates_is_scored_by_itself(block, tmp_path, settings):
    for number, (mixture, names) in enumerate(OBJECTS.items()):
        (tmp_path / "finished" / mixture).mkdir(parents=True)
        for name in names[: 2 - (mixture == "m2")]:
            sound = reference(name, number) + 0.001 * reference("noise", 9)
            soundfile.write(tmp_path / "finished" / mixture / f"{name}.wav", sound, RATE, subtype="FLOAT")
    score_folder(settings, "theirs", block, tmp_path / "finished", tmp_path / "scores.tsv")
    register({})
    rows = read_table(tmp_path / "scores.tsv")
    assert [row["method"] for row in rows] == ["theirs"] * 6
    reasons = {(row["mixture"], row["object"]): row["fallback"] for row in rows}
    assert reasons.pop(("m2", "violin")) == "no estimate" and set(reasons.values()) == {""}
    # The noise is 60 dB below the source; what stands in for a missing estimate is the mixture, at about 0.
    good = [float(row["si_sdr"]) for row in rows if not row["fallback"]]
    assert min(good) > 57 and max(good) < 63
    assert abs(float(rows[-1]["si_sdr"])) < 3


def test_a_folder_without_an_estimate_of_the_block_is_said(block, tmp_path, settings):
    with pytest.raises(ObjectsoundsError, match=r"holds no estimate of a mixture of .*block.*m0/drum\.wav"):
        score_folder(settings, "theirs", block, tmp_path, tmp_path / "scores.tsv")


def test_a_program_is_called_in_the_order_of_its_jobs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jobs = [
        Job.write(tmp_path / name, np.ones(10), {}, name=name, objects=["a"], rate=RATE, seed=1, sources=2)
        for name in ("z", "b", "y")
    ]
    echo = [sys.executable, "-c", "import sys; open('order', 'a').write(sys.argv[1] + '\\n')", "{mixture}"]
    assert run_program(echo, jobs, 30, tmp_path) == {}
    assert [line.split("/")[-2] for line in (tmp_path / "order").read_text().split()] == ["z", "b", "y"]
    assert json.loads(json.dumps(jobs[0].values()))["objects"] == ["a"]
