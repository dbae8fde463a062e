"""Samples of TIFF pages: every layout that tifffile writes, and damage that stays in its strip."""

import io
import itertools
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile

from filmcolor.video.tiff_samples import stored_samples


def written(samples: np.ndarray, **options: Any) -> tuple[bytes, Any]:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, metadata=None, **options)
    return file.getvalue(), tifffile.TiffFile(io.BytesIO(file.getvalue())).pages[0]


LAYOUTS = list(itertools.product("<>", (None, "zlib"), (None, (16, 32)), ("contig", "separate")))


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "f2", "f4", "f8"])
def test_every_layout_gives_the_samples_that_were_written(dtype: str) -> None:
    for order, compression, tile, planes in LAYOUTS:
        samples = (np.random.default_rng(1).random((37, 53, 3)) * 250).astype(dtype)
        stored = samples if planes == "contig" else np.moveaxis(samples, 2, 0)
        data, page = written(
            stored,
            photometric="rgb",
            planarconfig=planes,
            byteorder=order,
            compression=compression,
            predictor=compression is not None and dtype[0] == "u",
            tile=tile,
            rowsperstrip=None if tile else 10,
        )
        found, short = stored_samples(data, page, deflated=compression is not None)
        assert short == 0
        assert np.array_equal(found, samples)
        assert found.dtype.isnative


def test_floating_point_prediction_is_undone() -> None:
    # TIFF Technical Note 3: the bytes of a row, highest first, then differences of bytes
    samples = np.random.default_rng(2).random((5, 8, 1)).astype(np.float32)
    rows = samples[..., 0].astype(">f4").view(np.uint8).reshape(5, 8, 4).transpose(0, 2, 1).reshape(5, 32)
    coded = np.diff(rows, axis=1, prepend=np.zeros((5, 1), np.uint8)).tobytes()
    _, page = written(samples[..., 0], photometric="minisblack")
    page.predictor, page.dataoffsets, page.databytecounts = 3, (0,), (len(coded),)
    assert np.array_equal(stored_samples(coded, page, deflated=False)[0], samples)


def test_a_damaged_strip_keeps_its_beginning_and_the_other_strips_whole() -> None:
    samples = np.random.default_rng(3).integers(1, 255, (200, 300), dtype=np.uint8)
    data, page = written(samples, compression="zlib", rowsperstrip=100, photometric="minisblack")
    damaged = bytearray(data)
    at, count = page.dataoffsets[0], page.databytecounts[0]
    damaged[at + count // 2 : at + count] = bytes(count - count // 2)
    found, short = stored_samples(bytes(damaged), page, deflated=True)
    assert short == 1
    assert np.array_equal(found[100:, :, 0], samples[100:])
    assert np.array_equal(found[:10, :, 0], samples[:10])
    assert not found[95:100].any()


def test_a_strip_that_inflates_beyond_its_place_is_cut_there() -> None:
    _, page = written(np.zeros((8, 8), np.uint8), photometric="minisblack")
    bomb = zlib.compress(b"\x07" * (1 << 26))
    page.dataoffsets, page.databytecounts = (0,), (len(bomb),)
    found, short = stored_samples(bomb, page, deflated=True)
    assert found.shape == (8, 8, 1)
    assert (found == 7).all()
    assert short == 0
