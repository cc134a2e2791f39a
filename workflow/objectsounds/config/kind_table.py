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
        candidates and the rows left out. AudioSet's lists are read by `AudioSet`, with all settings.
    entries : tuple of str
        What an entry is: a ``file``, a ``folder``, or either.
    own_media : bool
        True if the entries say where the media are; else these are in ``clips.media``, or downloaded.
    """

    reader: str
    entries: tuple[str, ...] = ("file",)
    own_media: bool = False


KINDS = {
    "audioset": Kind("audioset.AudioSet"),
    "folder": Kind("folder.read_videos", ("file", "folder"), own_media=True),
    "music": Kind("music.read_music"),
    "urmp": Kind("urmp.read_urmp", ("folder",), own_media=True),
}
