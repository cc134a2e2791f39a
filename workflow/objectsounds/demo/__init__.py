"""Stage `demo`: an embedded data set made on the spot, without network or account.

Reads nothing. Writes ``media/<id>.mp4``, two segment lists in AudioSet's format, ``truth.tsv``, and
labelled pictures for the labeller, ``pictures/{train,val}/<object>/NNN.png``.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from objectsounds.synthesis.synthesiser import tinysoundfont

PICTURES_A_JOB = 25

Progress = Callable[[int, int], None]


def make_clip(clip: dict, demo: dict, output: Path) -> None:
    """Play, film and encode one planned clip."""
    import numpy as np

    from objectsounds.demo import encode, scenes
    from objectsounds.synthesis import music

    rate, fps = demo["sample_rate"], demo["frames_per_second"]
    sound = np.concatenate([music.record(part, part["seconds"], rate) for part in clip["recordings"]])
    seconds = sum(part["seconds"] for part in clip["recordings"])
    frames = scenes.frames(clip["scene"], round(seconds * fps), demo["frame_size"])
    path = output / "media" / f"{clip['media_id']}.mp4"
    encode.write_mp4(path, frames, sound, fps=fps, rate=rate)


def make_pictures(pictures: list[dict], demo: dict, output: Path) -> None:
    """Draw some of the labelled pictures."""
    import cv2

    from objectsounds.core.files import written_whole
    from objectsounds.demo import scenes

    for planned in pictures:
        drawn = scenes.picture(planned["scene"], demo["picture_size"])
        _, data = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
        with written_whole(output / "pictures" / planned["path"]) as temporary:
            temporary.write_bytes(data.tobytes())


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def make(settings: dict, output: Path, workers: int, progress: Progress | None = None) -> None:
    """Make the embedded data set.

    Parameters
    ----------
    settings : dict
        ``seed`` and the section ``demo``.
    output : Path
        The folder to fill.
    workers : int
        Processes; the result does not depend on their number.
    progress : callable, optional
        Called with (done, total) after each clip or set of pictures.
    """
    from objectsounds.core.files import write_text
    from objectsounds.demo import lists, plan

    demo, output = settings["demo"], Path(output)
    planned = plan.make_plan(settings)
    clips, pictures = planned["clips"], planned["pictures"]
    jobs = [(make_clip, clip) for split in ("train", "test") for clip in clips[split]]
    for first in range(0, len(pictures), PICTURES_A_JOB):
        jobs.append((make_pictures, pictures[first : first + PICTURES_A_JOB]))
    # Spawned, not forked: the caller may hold threads (torch, OpenCV) that a fork would not survive.
    tinysoundfont()  # had once, not by every process
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        pending = [pool.submit(job, part, demo, output) for job, part in jobs]
        try:
            for done, future in enumerate(pending, 1):
                future.result()
                if progress:
                    progress(done, len(pending))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    write_text(output / "unbalanced_train_segments.csv", lists.segments_csv(clips["train"], demo["seconds"]))
    write_text(output / "balanced_train_segments.csv", lists.segments_csv(clips["test"], demo["seconds"]))
    write_text(output / "truth.tsv", lists.truth_tsv(clips["train"] + clips["test"]))
