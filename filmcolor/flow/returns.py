"""What leaves a shot and comes back, or is covered for a while: it takes the color that it had."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from filmcolor.flow.align import align
from filmcolor.flow.compose import Floats, Way, chain, warp
from filmcolor.flow.estimate import Luma

# Share of a picture that the one before did not show, from which on it is looked for in earlier ones.
_NEW = 0.08
# Share of a picture that an earlier one has to show, and the way from neighbor to neighbor has lost, to be worth it.
_WORTH = 0.02
# Pictures that are looked back at, and those of them that are aligned: alike, and much of them lost on the way.
_BACK, _TRIED = 12, 2
# From picture to picture, what is left of the say of a color that came back.
_KEPT = 0.9
# Correlation of thumbnails of pictures worth aligning.
_ALIKE = 0.1
_THUMBNAIL = (16, 9)


@dataclass(frozen=True, slots=True)
class _Found:
    """Color that earlier pictures have for a later one, ab (2, h, w), and how far it is believed, (h, w), 0..1."""

    ab: Floats
    share: Floats


def returned(
    ab: Sequence[Floats], agreed: Sequence[Floats], backs: Sequence[Way], luma: Sequence[Luma]
) -> list[Floats] | None:
    """Return ab of each picture with what it shows again in its former color, or None where nothing returns.

    ab: (2, h, w) each, as the network gave it; agreed: the same, agreed between neighbors. backs: ways from each to
    the one before it. luma: (h, w) uint8 each. Where the chain of ways has lost an earlier picture and aligning both
    finds it again, the later one takes the earlier one's agreed color.
    """
    out, known = list(ab), list(agreed)
    thumbnails = [_thumbnail(each) for each in luma]
    before: _Found | None = None
    for i in range(2, len(out)):
        back = backs[i - 1]
        found = None if before is None else _carried(before, known[i - 1], back)
        if float(1 - back.confidence.mean()) >= _NEW:
            found = _found(i, found, known, backs, luma, thumbnails)
        before = found
        if found is not None:
            out[i] = out[i] + found.share * (found.ab - out[i])
            known[i] = known[i] + found.share * (found.ab - known[i])
    return None if all(a is b for a, b in zip(out, ab)) else out


def _carried(before: _Found, ab: Floats, back: Way) -> _Found | None:
    """Return what the picture before was told, where this one shows it: what came back stays as it is."""
    packed = warp(np.concatenate((ab, before.share[None])), back.flow)
    share = np.asarray(_KEPT * packed[2] * back.confidence, np.float32)
    return _Found(packed[:2], share) if float(share.mean()) >= _WORTH else None


def _found(
    i: int,
    carried: _Found | None,
    known: Sequence[Floats],
    backs: Sequence[Way],
    luma: Sequence[Luma],
    thumbnails: Sequence[Floats],
) -> _Found | None:
    lost: dict[int, Floats] = {}
    way = backs[i - 1]
    for j in range(i - 2, max(-1, i - 1 - _BACK), -1):
        way = chain(way, backs[j])
        lost[j] = np.asarray(1 - way.confidence, np.float32)
    # rounded, so that the order of a sum has no say in the choice
    likeness = {j: round(float(thumbnails[i] @ thumbnails[j]), 4) for j in lost}
    worth = {j: round(float(lost[j].mean()), 4) for j in lost if likeness[j] >= _ALIKE}
    promising = sorted(worth, key=lambda j: (likeness[j] * worth[j], j), reverse=True)[:_TRIED]
    ab, share = np.zeros_like(known[i]), np.zeros(luma[i].shape, np.float32)
    if carried is not None:
        ab, share = carried.ab * carried.share, carried.share
    for j in promising:
        left = lost[j] * (1 - share)
        if float(left.mean()) < _WORTH:
            continue
        ways = align(luma[i], luma[j], grid=luma[i].shape)
        if not ways.believed:
            continue
        says = ways.there.confidence * left
        ab = np.asarray(ab + says * warp(known[j], ways.there.flow), np.float32)
        share = np.asarray(share + says, np.float32)
    if float(share.mean()) < _WORTH:
        return None
    return _Found(np.asarray(ab / np.maximum(share, 1e-6), np.float32), share)


def _thumbnail(luma: Luma) -> Floats:
    small = cv2.resize(luma, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-6), np.float32)
