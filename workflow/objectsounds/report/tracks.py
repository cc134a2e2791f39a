"""One sound of the listening room: compressed, and drawn as a spectrogram and a mask."""

from dataclasses import dataclass, field
from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.data.block_files import read_block_wav
from objectsounds.media.ffmpeg import local_file, run_ffmpeg
from objectsounds.report.spectrograms import (
    SPAN,
    frequency_ticks,
    mask_shares,
    save_mask,
    save_spectrogram,
    spectrogram_db,
)
from objectsounds.signal.transforms import Stft

BIT_RATE = "96k"
WINDOW, HOP = 0.05, 0.0125  # s; short, for the eye: the method's own window is longer


@dataclass
class Scene:
    """What the tracks of one mixture share: where they go, and the scale of their pictures.

    Attributes
    ----------
    folder : Path
    top : float
        The mixture's loudest bin in dB; set by the first track.
    ticks : list of dict
        Of `frequency_ticks`.
    seconds : float
        The mixture's length.
    """

    folder: Path
    top: float | None = None
    ticks: list[dict] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, paths: list[Path], names: list[str], *, masks: bool) -> list[dict]:
        """Compress and draw sounds that together make up the mixture.

        Parameters
        ----------
        paths : list of Path
            WAV files of a block.
        names : list of str
            What to call their files.
        masks : bool
            Also draw each one's share of the magnitude of all of them.

        Returns
        -------
        list of dict
            ``sound``, ``picture`` and perhaps ``mask``: names of files in the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        waveforms = []
        for path in paths:
            waveform, rate = read_block_wav(path)
            waveforms.append(waveform)
        transform = Stft.for_rate(rate, WINDOW, HOP)
        magnitudes = np.stack([np.abs(transform.forward(waveform)) for waveform in waveforms])
        small = [spectrogram_db(magnitude) for magnitude in magnitudes]
        if self.top is None:
            self.top, self.seconds = float(small[0].max()), len(waveforms[0]) / rate
            self.ticks = frequency_ticks(rate, magnitudes.shape[1])
        tracks = []
        for path, name, decibels in zip(paths, names, small, strict=True):
            save_spectrogram(decibels, self.top, self.folder / f"{name}.png")
            compress(path, self.folder / f"{name}.mp3")
            tracks.append({"sound": f"{name}.mp3", "picture": f"{name}.png"})
        if masks:
            shares = mask_shares(magnitudes, 10 ** ((self.top - SPAN) / 20))
            for track, name, share in zip(tracks, names, shares, strict=True):
                save_mask(share, self.folder / f"{name}-mask.png")
                track["mask"] = f"{name}-mask.png"
        return tracks


def compress(source: Path, target: Path) -> None:
    """Write a WAV file as an MP3 of about 100 kbit/s."""
    stream = ffmpeg.input(local_file(source)).output(
        local_file(target), audio_bitrate=BIT_RATE, acodec="libmp3lame", threads=1
    )
    run_ffmpeg(stream)
