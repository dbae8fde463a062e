"""PySceneDetect's adaptive detector in the place of our own (extra `shots`)."""

import cv2
import numpy as np
import numpy.typing as npt

from filmcolor.errors import FilmcolorError
from filmcolor.film import Shot


class PySceneDetector:
    """AdaptiveDetector on luma, with the manners of `shots.ShotDetector`: `push` frames, then `finish`.

    Hard cuts only; shots of at least 15 frames (its own default). Raises FilmcolorError without the extra.
    """

    # its window looks two frames to each side
    look_ahead = 4

    def __init__(self) -> None:
        try:
            from scenedetect import AdaptiveDetector, FrameTimecode
        except ImportError as error:
            raise FilmcolorError(
                "PySceneDetect is not installed; install filmcolor[shots], or leave --pyscenedetect out"
            ) from error
        self._detector = AdaptiveDetector(luma_only=True)
        self._timecode = FrameTimecode
        self._start = self._count = 0

    def push(self, luma: npt.NDArray[np.uint8]) -> list[Shot]:
        """Take the next frame, (rh, rw) uint8; return the shots that ended."""
        # its detectors want three channels, and a rate that only matters for its shortest shot
        time = self._timecode(self._count, 25.0)
        found = self._detector.process_frame(time, cv2.merge([luma, luma, luma]))
        self._count += 1
        return self._ended([int(cut.frame_num) for cut in found])

    def finish(self) -> list[Shot]:
        """Return the last shots; the frames are at an end."""
        found = self._detector.post_process(self._timecode(self._count, 25.0)) if self._count else []
        return self._ended([*(int(cut.frame_num) for cut in found), self._count])

    def _ended(self, cuts: list[int]) -> list[Shot]:
        shots = []
        for cut in cuts:
            if cut > self._start:
                shots.append(Shot(self._start, cut))
                self._start = cut
        return shots
