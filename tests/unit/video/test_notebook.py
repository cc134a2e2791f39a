"""The notebook in docs: its cells run in their order and separate a duet.

They run as a plain script: nbclient and a kernel would be 21 packages and 60 MB more to install, and show no
more but that Jupyter plays sounds.
"""

import json
import os
import subprocess
import sys

from objectsounds.core.places import ROOT

NOTEBOOK = ROOT / "docs" / "duet.ipynb"


def cells(kind):
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def test_its_cells_separate_a_duet(tmp_path):
    # One that plays sounds needs Jupyter.
    run = [cell for cell in cells("code") if "listen" not in cell["metadata"].get("tags", [])]
    assert len(run) == len(cells("code")) - 1 == 3
    code = "\n".join("".join(cell["source"]) for cell in run)
    code += "\nassert all(sdr > 4 for sdr in scores.values()), scores\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "(352800, 1)" in done.stdout and done.stdout.count(" dB") == 2
    assert (tmp_path / "duet.wav").exists()


def test_it_is_stored_without_what_it_printed():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))
