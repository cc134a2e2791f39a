"""The kinds of catalogue by name: what reads each. Their code is in ``sources``.

No heavy imports here: the settings and the Snakefile read this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What ``catalogue.train`` and ``catalogue.test`` may name.

    Attributes
    ----------
    reader : str
        The module of ``sources`` and the function in it: from a path and the section ``catalogue`` to
        candidates and the rows left out; the section has the run's ``classes`` and ``added_classes`` beside
        it. AudioSet's lists are read by `AudioSet`, with all settings.
    entries : tuple of str
        What an entry is: a ``file``, a ``folder``, or either.
    own_media : bool
        True if the entries say where the media are; else these are in ``clips.media``, or downloaded.
    clip_seconds : float or None
        The length of its clips in s, at most; ``catalogue.section_seconds`` if None.
    downloads : bool
        False if its ids or times are its own, so that no media can be downloaded by them.
    """

    reader: str
    entries: tuple[str, ...] = ("file",)
    own_media: bool = False
    clip_seconds: float | None = None
    downloads: bool = True


KINDS = {
    "audioset": Kind("audioset.AudioSet", clip_seconds=10),
    "audioset_strong": Kind("audioset_strong.read_strong", clip_seconds=10),
    "vggsound": Kind("vggsound.read_vggsound", clip_seconds=10),
    "ave": Kind("ave.read_ave", clip_seconds=10, downloads=False),
    "music_avqa": Kind("music_avqa.read_music_avqa", downloads=False),
    "audio": Kind("audio.read_audio", ("file", "folder"), own_media=True),
    "folder": Kind("folder.read_videos", ("file", "folder"), own_media=True),
    "music": Kind("music.read_music"),
    "urmp": Kind("urmp.read_urmp", ("folder",), own_media=True),
}
