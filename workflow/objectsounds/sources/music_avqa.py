"""Catalogue kind ``music_avqa``: what the questions of MUSIC-AVQA (Li et al. 2022) say of its videos.

The data set labels no video. Its questions have 33 templates, and those about sound, with their answers,
say which instruments sound and how many kinds there are.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import persons_file
from objectsounds.sources.candidates import Candidate, placed_as
from objectsounds.sources.labels import Labels
from objectsounds.sources.segments import BadRow, refuse_bad

VIDEO_ID = re.compile(r"[A-Za-z0-9_-]+")
OF_SPLIT = re.compile(r".*-(train|val|test)")  # avqa-train.json
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
IF_YES, IF_ANY, ALWAYS, ANSWER, KINDS, OTHER = range(6)
TEMPLATES = {  # what a question about sound says: of the instruments in it, of its answer, or of their number
    "Is there a <Object> sound?": IF_YES,
    "Are there <Object> and <Object> sound?": IF_YES,
    "Is the <Object> in the video always playing?": IF_YES,
    "How many sounding <Object> in the video?": IF_ANY,
    "Is the <Object> more rhythmic than the <Object>?": ALWAYS,
    "Is the <Object> louder than the <Object>?": ALWAYS,
    "Is the <Object> playing longer than the <Object>?": ALWAYS,
    "Which instrument makes sounds <BA> the <Object>?": ANSWER,
    "Which is the musical instrument that sounds at the same time as the <Object>?": ANSWER,
    "What is the <TH> instrument that comes in?": ANSWER,
    "How many types of musical instruments sound in the video?": KINDS,
    "Is there a voiceover?": OTHER,
}
FORM = "a list of questions, each with video_id, question_content, templ_values and anser"


@dataclass
class Video:
    """What the questions say of a video: which labels sound, of how many kinds, and whether more is heard."""

    labels: dict[str, None] = field(default_factory=dict)
    kinds: int | None = None
    other: bool = False


def read_music_avqa(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read ``avqa-train.json``, ``avqa-val.json`` or ``avqa-test.json``, whose names say the split.

    Sections are taken one after the other from the beginning of a video, each with all that sounds in the
    video. Where the questions do not say of how many kinds its instruments are, or name fewer, or tell of a
    voice over them, a video is no single source and is used for train and val alone.
    """
    labels = Labels("music_avqa", options)
    videos, rejected, good = _videos(path, labels)
    refuse_bad(path, rejected, good, f"it should be {FORM}.")
    told = OF_SPLIT.fullmatch(path.stem)
    split, length, candidates = told[1] if told else "", options["section_seconds"], []
    for name, video in videos.items():
        objects = tuple(dict.fromkeys(filter(None, map(labels.object_of, video.labels))))
        if not objects:
            continue
        whole = video.kinds == len(video.labels) == len(objects) and not video.other
        if not whole and split == "test":
            reason = f"{name}: its questions do not tell all that sounds"
            rejected.append(BadRow(str(path), 0, reason))
            continue
        place = placed_as(split) if split or whole else {"only": ("train", "val")}
        candidates += [
            Candidate(name, name, i * length, (i + 1) * length, objects, **place)
            for i in range(options["sections_per_medium"])
        ]
    return candidates, rejected


def _videos(path: Path, labels: Labels) -> tuple[dict[str, Video], list[BadRow], int]:
    """Return the videos by id, the questions left out, and the number of good ones."""
    with persons_file(path, "catalogue", "name one of MUSIC-AVQA's JSON files of questions") as file:
        text = file.read_text(encoding="utf-8-sig")
    try:
        questions = json.loads(text)
    except ValueError as error:
        raise ObjectsoundsError(f"{path} is no JSON ({error}); it should be {FORM}.") from None
    if not isinstance(questions, list) or not questions:
        raise ObjectsoundsError(f"{path} holds no questions; it should be {FORM}.")
    videos: dict[str, Video] = {}
    rejected: list[BadRow] = []
    for number, question in enumerate(questions, start=1):
        problem = _take(question, videos, labels)
        if problem:
            rejected.append(BadRow(str(path), 0, f"question {number}: {problem}"))
    return videos, rejected, len(questions) - len(rejected)


def _take(question: object, videos: dict[str, Video], labels: Labels) -> str | None:
    """Take what a question says into its video; return what is wrong with it."""
    try:
        media_id, content, answer = (question[key] for key in ("video_id", "question_content", "anser"))
        named = [str(word) for word in json.loads(question["templ_values"])]
    except (TypeError, KeyError, ValueError) as error:
        return f"no {error}" if isinstance(error, KeyError) else "it is no question with its templ_values"
    if not isinstance(content, str) or not isinstance(answer, str):
        return "its question or answer is no text"
    if not isinstance(media_id, str) or not VIDEO_ID.fullmatch(media_id):
        return f"impossible video id {str(media_id)[:20]!r}"
    rule, video = TEMPLATES.get(content), videos.setdefault(media_id, Video())
    if rule is None:
        return None
    if rule == KINDS:
        video.kinds = NUMBERS.index(answer) if answer in NUMBERS else None
    elif rule == OTHER:
        video.other = answer != "no"
    else:
        heard = _heard(rule, named, answer, labels)
        wrong = next(filter(None, map(labels.problem, heard)), None)
        if wrong:
            return f"{media_id}: {wrong}"
        video.labels |= dict.fromkeys(heard)
    return None


def _heard(rule: int, named: list[str], answer: str, labels: Labels) -> list[str]:
    """Return the labels that sound by a question, the words put into it, and its answer."""
    if rule == ANSWER:
        others = [word for word in named if labels.problem(word) is None]  # not "before", not "second"
        return others if answer == "simultaneously" else [*others, answer]
    says = rule == ALWAYS or (rule == IF_YES and answer == "yes") or (rule == IF_ANY and answer != "zero")
    return named if says else []
