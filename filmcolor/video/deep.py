"""Pictures of more than 8 bits a sample as FFmpeg decodes them, where Pillow would cut them to 8."""

import io
import re

import av
import numpy as np
import numpy.typing as npt

from filmcolor.film import Plane

_CHANNELS = {"gray": 1, "ya": 2, "rgb": 3, "rgba": 4}


def decode_samples(data: bytes, demuxer: str) -> tuple[npt.NDArray[np.uint8] | npt.NDArray[np.uint16], int]:
    """Return the samples (h, w, c) of the first picture in `data`, and their depth in bits.

    demuxer: FFmpeg's, such as `png_pipe`. c: 1 gray, 2 gray and alpha, 3 R'G'B', 4 with alpha.
    Raises ValueError for another layout, av.FFmpegError where nothing can be decoded.
    """
    with av.open(io.BytesIO(data), "r", format=demuxer) as container:
        for frame in container.decode(video=0):
            name = frame.format.name
            match = re.fullmatch(r"(gray|ya|rgba|rgb)\d*(le|be)?", name)
            if match is None:
                raise ValueError(f"pixel format {name} is not supported")
            bits = frame.format.components[0].bits
            dtype = np.dtype("u1" if bits == 8 else ">u2" if match[2] == "be" else "<u2")
            plane, channels = frame.planes[0], _CHANNELS[match[1]]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
            used = np.ascontiguousarray(rows[:, : frame.width * channels * dtype.itemsize])
            samples = used.view(dtype).reshape(frame.height, frame.width, channels)
            return (samples.astype(np.uint8) if bits == 8 else samples.astype(np.uint16)), bits
    raise ValueError("no picture in it")


def decode_jpeg_luma(data: bytes) -> Plane:
    """Return Y' (h, w) uint8 of a damaged JPEG; what is missing is black.

    (libjpeg leaves middle gray there, which no eye tells from picture content.)
    Raises ValueError for a JPEG that does not hold Y' as a plane, av.FFmpegError.
    """
    with av.open(io.BytesIO(data), "r", format="jpeg_pipe") as container:
        for frame in container.decode(video=0):
            if (
                not frame.format.name.startswith(("gray", "yuvj", "yuv4"))
                or frame.format.components[0].bits != 8
            ):
                raise ValueError(f"pixel format {frame.format.name} has no plane of luma")
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            return np.array(rows[: frame.height, : frame.width])
    raise ValueError("no picture in it")
