"""Make docs/sample.mp4, the black-and-white film of the README.

Its pictures are photographs that scikit-image ships: rocket and astronaut (NASA, public domain),
coffee (Rachel Michetti, CC0), chelsea (Stefan van der Walt, CC0). Three shots with slow camera moves
and a little grain. usage: python benchmarks/make_sample_film.py OUT.mp4
"""

import sys

import av
import cv2
import numpy as np
from skimage import data

WIDTH, HEIGHT, RATE, FRAMES = 480, 360, 24, 48
# picture, and the box (center x, center y, height) at the shot's start and end, in shares of the picture's height
SHOTS = (
    (data.chelsea, (0.75, 0.48, 0.95), (0.70, 0.45, 0.75)),
    (data.astronaut, (0.50, 0.40, 0.74), (0.46, 0.36, 0.62)),
    (data.coffee, (0.70, 0.50, 0.98), (0.80, 0.52, 0.80)),
    (data.rocket, (0.75, 0.60, 0.95), (0.75, 0.45, 0.85)),
)


def main() -> None:
    """Write the film that the first argument names."""
    grain = np.random.default_rng(7)
    with av.open(sys.argv[1], "w", options={"fflags": "+bitexact"}) as film:
        stream = film.add_stream("libx264", rate=RATE, options={"crf": "24", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        for picture, first, last in SHOTS:
            gray = cv2.cvtColor(picture(), cv2.COLOR_RGB2GRAY).astype(np.float32)
            for i in range(FRAMES):
                x, y, h = (np.array(first) + (np.array(last) - first) * i / (FRAMES - 1)) * len(gray)
                scale = h / HEIGHT
                move = np.float32([[scale, 0, x - scale * WIDTH / 2], [0, scale, y - h / 2]])
                luma = cv2.warpAffine(
                    gray,
                    move,
                    (WIDTH, HEIGHT),
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_REFLECT,
                )
                luma = 16 + (luma + grain.normal(0, 2.5, luma.shape)).clip(0, 255) * (219 / 255)
                planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
                planes[:HEIGHT] = luma.round()
                for packet in stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")):
                    film.mux(packet)
        for packet in stream.encode():
            film.mux(packet)


if __name__ == "__main__":
    main()
