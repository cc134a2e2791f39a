"""Where in a frame a mixture's sounds come from, as Sound of Pixels sees it (Zhao et al. 2018)."""

import numpy as np
import torch

from objectsounds.methods.neural import at_level
from objectsounds.networks.mix_training import Trained
from objectsounds.networks.sound_of_pixels import heat_map
from objectsounds.networks.unet import over_windows, stft, unwarp_matrix
from objectsounds.networks.unet_training import warped


@torch.no_grad()
def heat_of_places(trained: Trained, mixture: np.ndarray, sources: int, places: np.ndarray) -> np.ndarray:
    """Return the share of a mixture's energy that the mask of each place of some frames lets through.

    Parameters
    ----------
    trained : Trained
        A network of Sound of Pixels.
    mixture : np.ndarray [shape=(T,)]
        At the network's rate.
    sources : int
        How many sound.
    places : np.ndarray, float32 [shape=(P, K, h, w)]
        As `objectsounds.data.clip_features.read_clip_places` returns them.

    Returns
    -------
    np.ndarray, float32 [shape=(P, h, w)]
        In 0 to 1; 0 of silence.
    """
    network, options = trained.network, trained.options
    heard, _ = at_level(mixture, trained.level_db, sources)
    spectrum = stft(heard, options["window"], options["hop"])
    maps = over_windows(
        lambda part: network.unet(part[None])[0], warped(spectrum, options["bins"]), options["frames"]
    )
    magnitudes, matrix = spectrum.abs(), unwarp_matrix(len(spectrum), options["bins"])
    energy = magnitudes.square().sum().clamp(min=torch.finfo(torch.float32).tiny)
    found = [heat_map(network, magnitudes, maps, torch.from_numpy(frame), matrix) for frame in places]
    return (torch.stack(found) / energy).numpy()


def enlarged(heat: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a map of places, shape=(h, w), at each pixel of its frame, shape=(height, width).

    Place i of a row looks at the surroundings of pixel i * width / w, for all layers pad evenly; between
    places the map is linear.
    """
    for axis, size in enumerate((height, width)):
        at = np.arange(size) * heat.shape[axis] / size
        heat = np.apply_along_axis(lambda row, at=at: np.interp(at, np.arange(len(row)), row), axis, heat)
    return heat
