"""The multi-instance multi-label network that maps a bag of bases to objects (Gao 3.3)."""

import torch
from torch import nn


def normalise_bases(bases: torch.Tensor, norm: str) -> torch.Tensor:
    """Divide each basis by its maximum, its sum or its length.

    Parameters
    ----------
    bases : torch.Tensor [shape=(..., F, M)]
    norm : str
        ``max``, ``l1``, ``l2`` or ``none``. A basis of zeros stays zero.
    """
    if norm == "none":
        return bases
    reduce = {
        "max": lambda b: b.amax(-2, True),
        "l1": lambda b: b.sum(-2, True),
        "l2": lambda b: b.norm(dim=-2, keepdim=True),
    }
    size = reduce[norm](bases)
    return bases / torch.where(size > 0, size, torch.ones_like(size))


class Miml(nn.Module):
    """Siamese layers over the bases, K sub-concepts an object, two max-poolings (Gao fig. 3).

    Parameters
    ----------
    bins : int
        F.
    objects : int
        L.
    hidden : sequence of int
        Widths of the fully connected layers that all bases share.
    sub_concepts : int
        K.
    dropout : float
        Before and after each layer's batch norm and ReLU (Rowe 3.4.3: 0.1).
    output_dropout : float
        Before the sub-concept layer (Rowe 3.4.3: 0.5).

    Shape
    -----
    Input (B, F, M); output (B, L); ``relation_map`` (B, L, M).
    """

    def __init__(
        self,
        bins: int,
        objects: int,
        hidden: tuple[int, ...] = (1024,),
        sub_concepts: int = 4,
        dropout: float = 0.0,
        output_dropout: float = 0.0,
    ):
        super().__init__()
        self.objects, self.sub_concepts = objects, sub_concepts
        layers: list[nn.Module] = []
        width = bins
        for size in hidden:
            layers += [
                nn.Conv1d(width, size, 1),
                nn.Dropout(dropout),
                nn.BatchNorm1d(size),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
            width = size
        self.siamese = nn.Sequential(*layers, nn.Dropout(output_dropout))
        size = objects * sub_concepts
        self.concepts = nn.Sequential(nn.Conv1d(width, size, 1), nn.BatchNorm1d(size), nn.ReLU())
        self.apply(_initialise)

    def relation_map(self, bases: torch.Tensor) -> torch.Tensor:
        """Return the basis-object relation map, shape=(B, L, M): the best sub-concept of each."""
        cube = self.concepts(self.siamese(bases))
        return cube.view(len(bases), self.objects, self.sub_concepts, -1).amax(2)

    def forward(self, bases: torch.Tensor) -> torch.Tensor:
        """Return the bag's scores, shape=(B, L): the best basis of each object."""
        return self.relation_map(bases).amax(2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm1d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def margin_loss(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the multi-label margin loss (Gao eq. 3), averaged over the batch.

    Parameters
    ----------
    scores : torch.Tensor [shape=(B, L)]
    targets : torch.Tensor, bool [shape=(B, L)]
    """
    count = targets.shape[1]
    order = torch.where(targets, torch.arange(count, device=targets.device), count).sort(1).values
    return nn.functional.multilabel_margin_loss(scores, torch.where(order < count, order, -1))


def build_network(bins: int, objects: int, options: dict) -> Miml:
    """Build the network from section ``train`` of the settings."""
    return Miml(
        bins,
        objects,
        tuple(options["hidden"]),
        options["sub_concepts"],
        options["dropout"],
        options["output_dropout"],
    )
