"""The basis-object relation maps of clips (Gao 3.4)."""

import numpy as np
import torch

from objectsounds.data.bags import Bags
from objectsounds.networks.miml import normalise_bases


@torch.no_grad()
def relation_maps(network, bags: Bags, norm: str, batch: int = 64) -> np.ndarray:
    """Return the basis-object relation maps of all clips, float32 [shape=(n, L, M)]."""
    maps = []
    for start in range(0, len(bags.clip_ids), batch):
        bases = torch.from_numpy(bags.read_bases(slice(start, start + batch)))
        maps.append(network.relation_map(normalise_bases(bases, norm)).numpy())
    return np.concatenate(maps)
