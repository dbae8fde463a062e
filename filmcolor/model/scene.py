"""What the generator's own encoder sees in a picture, small enough to be kept and compared."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from filmcolor.model.encoder import EfficientNetLite

ROWS, COLUMNS = 6, 10


def scene_of(network: nn.Module, lightness: Tensor) -> Tensor | None:
    """Return the scene that pictures show, (k, n) of length 1: their dot product is how alike two are, -1..1.

    lightness: (k, 1, mh, mw), 0..100, on the network's device. The encoder's features at stride 16 in 6 x 10 places,
    without their mean: which things there are where, not that all are pictures. Measured: unlike clips come to 0.25
    at most, a scene that goes on to 0.64 and more. None where the network has no such encoder.
    """
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, EfficientNetLite):
        return None
    seen = ((lightness * 2.55 - 127) / 128).expand(-1, 3, -1, -1)
    features = cast(list[Tensor], encoder(seen.contiguous(memory_format=torch.channels_last)))[3].float()
    pooled = F.adaptive_avg_pool2d(features, (ROWS, COLUMNS))
    pooled = pooled - pooled.mean((2, 3), keepdim=True)
    return F.normalize(pooled.flatten(1), dim=1).cpu()
