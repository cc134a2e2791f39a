"""Heat maps of Sound of Pixels over the frames of the listening room's clips."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

from objectsounds.config.method_table import method_title
from objectsounds.config.paths import models_of, pixel_method
from objectsounds.core.tables import split_names
from objectsounds.data.block_files import read_block_wav
from objectsounds.data.clip_features import read_clip_places
from objectsounds.media.wav import resampled
from objectsounds.methods.heat_maps import enlarged, heat_of_places
from objectsounds.networks.mix_training import Trained
from objectsounds.networks.sound_of_pixels import load_sound_of_pixels

COLOURS = "inferno"  # evenly lighter as it gets hotter, in grey and to colour-blind eyes too
FRAME = 0.45  # of the picture is the frame, the rest the map
QUALITY = 80  # of the JPEG
NARROW = 0.02  # of the mixture's energy: a map with a smaller range tells hardly one place from another


def overlay(frame: Image.Image, heat: np.ndarray) -> Image.Image:
    """Return a frame, in grey, beneath a map of places, shape=(h, w), with values in 0 to 1; of its size."""
    width, height = frame.size
    colours = mpl.colormaps[COLOURS](enlarged(heat, height, width))[:, :, :3]
    hot = Image.fromarray((255 * colours).round().astype(np.uint8))
    return Image.blend(hot, frame.convert("L").convert("RGB"), FRAME)


def evenly_scaled(shares: np.ndarray) -> np.ndarray:
    """Return values from 0, of the least, to 1, of the greatest; 0 where all are the same."""
    span = float(shares.max() - shares.min())
    return (shares - shares.min()) / (span or 1.0)


@dataclass
class HeatMaps:
    """What draws a run's heat maps: the network, what it sees in the test clips, its method's title."""

    trained: Trained
    features: Path
    title: str

    def draw(self, folder: Path, row: dict, frames: dict[str, list[str]], media: Path, target: Path) -> dict:
        """Draw a mixture's maps; those of a clip's frames share one scale.

        Parameters
        ----------
        folder : Path
            The mixture's.
        row : dict
            Of ``mixtures.tsv``.
        frames : dict
            Object to the frames of its clip, as the page names them.
        media, target : Path
            The page's media, and the folder in it to write to.

        Returns
        -------
        dict
            ``title``, ``places``, as in ``3 × 3``, and ``clips``: object to ``pictures``, names of files,
            ``least`` and ``most`` of the mixture's energy, and ``narrow``, whether these hardly differ.
        """
        waveform, rate = read_block_wav(folder / "mixture.wav")
        heard, objects = resampled(waveform, rate, self.trained.rate), split_names(row["objects"])
        clips, size = {}, ""
        for name, clip in zip(objects, split_names(row["clips"]), strict=True):
            known, places = read_clip_places(self.features, clip)
            shares = heat_of_places(self.trained, heard, len(objects), places)
            scaled = dict(zip(known, evenly_scaled(shares), strict=True))
            pictures = []
            for path in frames[name]:
                number = f"heat-{name}-{len(pictures) + 1}.jpg"
                with Image.open(media / path.removeprefix("media/")) as frame:
                    overlay(frame, scaled[Path(path).name]).save(target / number, quality=QUALITY)
                pictures.append(number)
            least, most = float(shares.min()), float(shares.max())
            clips[name] = {
                "pictures": pictures,
                "least": least,
                "most": most,
                "narrow": most - least < NARROW,
            }
            size = " × ".join(map(str, shares.shape[1:]))
        return {"title": self.title, "places": size, "clips": clips}


def run_heat_maps(settings: dict, results: Path, methods: list[str]) -> HeatMaps | None:
    """Return what draws the heat maps of a run, None where no method of it looks at pixels."""
    name = pixel_method(methods)
    if name is None:
        return None
    network, features = (
        Path(models_of(settings, name)[kind].replace("<results>", str(results), 1))
        for kind in ("network", "frames")
    )
    return HeatMaps(load_sound_of_pixels(network), features, method_title(name))
