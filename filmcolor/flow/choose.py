"""Which frames of a piece are anchors: those where the flow from the last one has lost too much."""

from filmcolor.flow.compose import chain, standing
from filmcolor.flow.estimate import Motion
from filmcolor.flow.trust import trusted

# Frames between anchors. Color changes slowly: measured, 16 costs no quality where the flow holds.
LONGEST, SHORTEST = 16, 8
# Share of a frame that may have lost sight of the last anchor.
LOST = 0.6


def choose_anchors(
    motion: Motion,
    frames: int | None = None,
    *,
    last: bool = True,
    longest: int = LONGEST,
    shortest: int = SHORTEST,
    lost: float = LOST,
) -> list[int]:
    """Return the anchor frames of a piece, rising from 0.

    motion: of the piece. frames: how many of its frames count (default: all). last: the last of them is an
    anchor, as it must be where the next piece shares it. longest, shortest: frames from one anchor to the
    next. lost: share of pixels, by confidence, that may have lost the last anchor before a new one comes.
    Exactly repeated frames need no anchor and do not count. Causal: an anchor depends on no frame behind
    it, but for the last two.
    """
    frames = motion.frames if frames is None else frames
    anchors, distance, way = [0], 0, standing(*motion.size)
    for t in range(1, frames):
        if motion.repeated[t]:
            continue
        distance += 1
        way = chain(motion.back(t), way)
        if distance < shortest:
            continue
        sure = trusted(way, motion.luma[t], motion.luma[anchors[-1]])
        if distance >= longest or 1 - float(sure.mean()) > lost:
            anchors.append(t)
            distance, way = 0, standing(*motion.size)
    end = frames - 1
    if last and anchors[-1] != end:
        if len(anchors) > 1 and end - anchors[-1] < shortest:
            anchors.pop()
            if end - anchors[-1] > longest:
                anchors.append((anchors[-1] + end) // 2)
        anchors.append(end)
    return anchors
