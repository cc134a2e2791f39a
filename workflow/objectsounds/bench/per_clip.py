"""One clip's sound, frames, bases or labels as a script does it that starts a process for each: a peer.

As Rowe's scripts did: ffmpeg writes a WAV and pictures, scikit-learn factors, the network starts again.
"""

import subprocess
import sys
from pathlib import Path

from objectsounds.media.ffmpeg import ffmpeg_executable

BASES = """
import sys, librosa, numpy, sklearn.decomposition
waveform, rate = librosa.load(sys.argv[1], sr=None)
V = numpy.abs(librosa.stft(waveform, n_fft=int(rate * 0.1), hop_length=int(rate * 0.05)))
model = sklearn.decomposition.NMF(
    25, init="random", solver="mu", beta_loss="kullback-leibler", max_iter=500, random_state=0
)
numpy.save(sys.argv[2], model.fit_transform(V.astype(float)))
"""
LABELS = """
import pathlib, sys, cv2, numpy, torch
torch.set_num_threads(1)
from objectsounds.networks import build, normalised, resized
network = build("resnet152", 1000)
network.load_state_dict(torch.load(sys.argv[2], weights_only=True))
network.eval()
frames = [cv2.imread(str(path))[..., ::-1] for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))]
with torch.inference_mode():
    numpy.save(sys.argv[3], network(normalised(resized(numpy.stack(frames), 256, 224))).numpy())
"""


def run(medium: Path, start: float, weights: str, folder: Path) -> None:
    """Make all of one clip's files in a folder."""
    section = [ffmpeg_executable(), "-v", "error", "-y", "-ss", f"{start:.3f}", "-t", "10", "-i", str(medium)]
    wav, base = folder / "audio.wav", [sys.executable, "-c"]
    for command in (
        [*section, "-ac", "1", "-ar", "48000", str(wav)],
        [*section, "-vf", "fps=1", str(folder / "%02d.jpg")],
        [*base, BASES, str(wav), str(folder / "bases.npy")],
        [*base, LABELS, str(folder), weights, str(folder / "labels.npy")],
    ):
        subprocess.run(command, check=True, capture_output=True)
