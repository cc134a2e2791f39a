"""A stage whose output changed must have raised its STAGE_VERSION, or old results would be taken for new.

``tests/data/stage_outputs.json`` holds, per stage, the version and figures of what it makes of drawn inputs
(`stage_inputs`): a figure for each rule, method, object or clip, so that adding one asks for no new version.
When a stage's output changes on purpose, raise its STAGE_VERSION. Then, as after adding a rule or method,

    OBJECTSOUNDS_RECORD=new .venv/bin/python -m pytest tests/workflow/test_stage_versions.py

writes the figures that are missing, and still fails where a figure changed but the version did not.
``OBJECTSOUNDS_RECORD=all`` writes all figures: where it is the inputs, or this test, that have changed.
"""

import json
import os

import numpy as np
import pytest

from objectsounds.config.settings import stage_version
from objectsounds.config.stage_keys import STAGE_KEYS
from tests.workflow.conftest import ROOT
from tests.workflow.stage_figures import AMONG, EXACT, FIGURES
from tests.workflow.stage_inputs import Inputs

RECORD = ROOT / "tests" / "data" / "stage_outputs.json"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("stages"))


def test_every_stage_is_watched():
    assert {*FIGURES, *AMONG, "report"} == {*STAGE_KEYS, "neural"}


def _same(found: list, expected: list, share: float) -> bool:
    """True if two lists of texts and numbers are the same, numbers to a share of themselves, or of 0.05."""
    if [type(item) is str for item in found] != [type(item) is str for item in expected]:
        return False
    numbers = [[x for x in row if type(x) is not str] for row in (found, expected)]
    texts = [[x for x in row if type(x) is str] for row in (found, expected)]
    return texts[0] == texts[1] and np.allclose(*numbers, rtol=share, atol=share * 0.05)


def _rounded(item: object) -> object:
    return float(f"{item:.7g}") if isinstance(item, float) else item


def _write(record: dict) -> None:
    """Write the record, a line a figure."""
    stages = []
    for stage, known in sorted(record.items()):
        lines = [
            f"  {json.dumps(name)}: {json.dumps([_rounded(item) for item in row])}"
            for name, row in sorted(known["figures"].items())
        ]
        figures = ",\n".join(lines)
        stages.append(f'"{stage}": {{"version": {json.dumps(known["version"])}, "figures": {{\n{figures}}}}}')
    RECORD.write_text("{\n" + ",\n".join(stages) + "}\n")


def _version(stage: str) -> int | list[int]:
    """Return the version of what gives a stage's figures, or the versions."""
    if stage == "neural":
        return stage_version("neural", "methods")
    parts = [name for name, other in AMONG.items() if other == stage]
    return [stage_version(name) for name in (stage, *parts)] if parts else stage_version(stage)


def _check(stage: str, found: dict, share: float) -> None:
    """Compare a stage's figures with those recorded, or record them where that is asked for."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    version, known = _version(stage), record.get(stage, {"version": None, "figures": {}})
    old = known["figures"] if known["version"] == version else {}
    asked = os.environ.get("OBJECTSOUNDS_RECORD")
    changed = [name for name in found if name in old and not _same(found[name], old[name], share)]
    gone, new = sorted(set(old) - set(found)), sorted(set(found) - set(old))
    if asked == "all" or (asked == "new" and not changed):
        record[stage] = {"version": version, "figures": found}
        _write(record)
        return
    detail = "\n".join(f"{name}: {old[name]} became {found[name]}" for name in changed[:5])
    assert not changed, f"{stage}: {len(changed)} figures changed; raise its STAGE_VERSION.\n{detail}"
    assert not gone + new, f"{stage}: figures new or gone, record them (see above): {(new + gone)[:5]}"


@pytest.mark.parametrize("stage", FIGURES)
def test_a_stage_gives_what_its_version_gave(inputs, stage):
    figures, share = FIGURES[stage]
    _check(stage, json.loads(json.dumps(figures(inputs))), share)


def test_the_page_has_what_its_version_had(finished):
    text = (finished.results / "report" / "index.html").read_text()
    pictures = len(list(finished.results.glob("report/media/*.svg")))
    _check("report", {"page": [text.count("<h2"), text.count("<audio"), pictures]}, EXACT)
