"""Teachers: trained generators whose color distributions the network learns beside the truth.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015; as Beyer et al. advise
("Knowledge distillation: a good teacher is patient and consistent", CVPR 2022) teacher and student see the
same crop, but the teacher before it is aged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from filmcolor.errors import InputError
from filmcolor.model.config import ModelConfig
from filmcolor.model.weights import Model, load_model
from filmcolor.training.losses import ColorBins


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the teachers say of a batch, their mean. share: (b, K, h/4, w/4) of each color class of the student,
    sums to 1. ab: (b, 2, h/2, w/2), Lab units.
    """

    share: Tensor
    ab: Tensor


class Teachers:
    """Frozen generators on one device, in the color classes of a student. digests: of their weights."""

    def __init__(
        self, networks: Sequence[nn.Module], classes: Sequence[Tensor], bins: int, digests: Sequence[str] = ()
    ) -> None:
        """classes: for each network the student's class (K',) of each of its own; bins: K of the student."""
        self.digests = tuple(digests)
        self._networks = networks
        self._classes = classes
        self._bins = bins

    @torch.no_grad()
    def teach(self, seen: Tensor, known: Tensor | None) -> Lesson:
        """seen: (b, 1, h, w) L*; known: (b, 3, h, w) or None."""
        shares, colors = [], []
        for network, classes in zip(self._networks, self._classes, strict=True):
            ab, logits = network(seen, known)
            own = logits.float().softmax(1)
            b, _, h, w = own.shape
            shares.append(own.new_zeros(b, self._bins, h, w).index_add_(1, classes, own))
            colors.append(ab.float())
        return Lesson(torch.stack(shares).mean(0), torch.stack(colors).mean(0))


def load_teachers(
    paths: Sequence[Path],
    config: ModelConfig,
    bins: ColorBins | None,
    device: torch.device,
) -> Teachers | None:
    """Read the weights at `paths` (`default`: the shipped ones) for a student of this configuration.

    Returns None without teachers. Raises InputError, ModelError; ValueError where the student has no color classes.
    """
    if not paths:
        return None
    if bins is None:
        raise ValueError("a student without color classes has nothing to learn from teachers")
    networks, classes, digests = [], [], []
    for path in paths:
        model = load_teacher(path, config)
        network = model.network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        networks.append(network.eval().requires_grad_(False))
        digests.append(model.digest)
        classes.append(torch.cdist(network.centers, bins.centers).argmin(1))
    return Teachers(networks, classes, len(bins.centers), digests)


def load_teacher(path: Path, config: ModelConfig) -> Model:
    """Read one teacher of a student of this configuration. Raises InputError, ModelError."""
    model = load_model(None if str(path) == "default" else path, assumed=config)
    if model.config.architecture != "default":
        raise InputError(f"{path}: a {model.config.architecture} network has no color classes to teach")
    return model
