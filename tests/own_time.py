"""Media that tell their own time, and how it is read from what was decoded.

The brightness of the picture rises by 25 a second from 16, and at each whole second k there is a beep of
400 + 100 k Hz.
"""

import subprocess

import cv2
import numpy as np

from objectsounds.media.ffmpeg import ffmpeg_executable

SECONDS = 8
PICTURE = "color=black:s=64x48:r=25:d={seconds},geq=lum='16+25*T':cb=128:cr=128"
BEEPS = "aevalsrc='0.5*sin(2*PI*(400+100*floor(t))*t)*lt(mod(t,1),0.1)':s=44100:d={seconds}"


def ffmpeg_in(folder, *arguments):
    """Run ffmpeg in a folder; an argument is split at spaces unless it is a source."""
    command = [ffmpeg_executable(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    for argument in arguments:
        command += [argument] if "(" in argument and " " not in argument else argument.split()
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)


def make_base(folder):
    """Write ``base.mkv``, losslessly, 8 s long."""
    sources = (source.format(seconds=SECONDS) for source in (PICTURE, BEEPS))
    picture, sound = sources
    ffmpeg_in(folder, "-f lavfi -i", picture, "-f lavfi -i", sound, "-c:v ffv1 -c:a pcm_s16le base.mkv")


def beep_times(waveform, rate):
    """Return {k: s at which beep k begins}, of those that are there."""
    found, count = {}, round(0.1 * rate)
    for k in range(SECONDS):
        tone = np.exp(-2j * np.pi * (400 + 100 * k) * np.arange(len(waveform)) / rate)
        total = np.concatenate([[0], np.cumsum(waveform * tone)])
        power = np.abs(total[count:] - total[:-count]) / count
        if power.max(initial=0) > 0.15:  # 0.25 where the beep fills the window
            found[k] = int(power.argmax()) / rate
    return found


def own_times(frames):
    """Return the time in s that each frame's brightness tells."""
    return np.array([np.median(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)) for frame in frames]) * 219 / 255 / 25


def make_broadcast(path):
    """Write a transport stream whose sound goes from stereo to 5.1 and back, as television's does."""
    parts = []
    for layout, start, seconds in (("stereo", 0, 3), ("5.1", 3, 3), ("stereo", 6, 2)):
        beep = f"0.5*sin(2*PI*(400+100*(floor(t)+{start}))*t)*lt(mod(t,1),0.1)"
        beeps = "|".join([beep] * (2 if layout == "stereo" else 6))
        picture, sound = (
            f"color=gray:s=64x48:r=25:d={seconds}",
            f"aevalsrc='{beeps}':s=48000:d={seconds}:c={layout}",
        )
        codecs = f"-c:v mpeg2video -c:a ac3 -output_ts_offset {start} -f mpegts part.ts"
        ffmpeg_in(path.parent, "-f lavfi -i", picture, "-f lavfi -i", sound, codecs)
        parts.append((path.parent / "part.ts").read_bytes())
    path.write_bytes(b"".join(parts))
    return path
