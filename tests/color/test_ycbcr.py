"""R'G'B' and Y'CbCr against ITU-T H.273 and BT.709, BT.601 golden values."""

import numpy as np
import pytest

from filmcolor.color.ycbcr import (
    chroma_range,
    code_from_ypbpr,
    luma_range,
    rgb_from_ypbpr,
    ypbpr_from_code,
    ypbpr_from_rgb,
)

PRIMARIES = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 0, 0)]


@pytest.mark.parametrize(
    ("kr", "kb", "codes"),
    [
        # 8-bit 100 % bars, limited range: ITU-R BT.801 for 601; BT.709 by its equations in table 3
        (0.299, 0.114, [(81, 90, 240), (145, 54, 34), (41, 240, 110), (235, 128, 128), (16, 128, 128)]),
        (0.2126, 0.0722, [(63, 102, 240), (173, 42, 26), (32, 240, 118), (235, 128, 128), (16, 128, 128)]),
    ],
)
def test_bars_have_their_published_codes(kr: float, kb: float, codes: list[tuple[int, int, int]]) -> None:
    made = code_from_ypbpr(ypbpr_from_rgb(PRIMARIES, kr, kb), 8, False)
    np.testing.assert_array_equal(made, codes)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 16])
def test_codes_lead_back_to_the_color(bits: int, full_range: bool) -> None:
    rgb = np.random.default_rng(1).random((500, 3))
    code = code_from_ypbpr(ypbpr_from_rgb(rgb, 0.2627, 0.0593), bits, full_range)
    back = rgb_from_ypbpr(ypbpr_from_code(code, bits, full_range), 0.2627, 0.0593)
    assert np.abs(back - rgb).max() < 2.2 / 2**bits * 256 / 219  # half a code in each of Y', Cb, Cr


def test_ranges_grow_with_the_depth() -> None:
    assert luma_range(10, False) == (64.0, 876.0)
    assert chroma_range(10, False) == (512.0, 896.0)
    assert luma_range(10, True) == (0.0, 1023.0)
    with pytest.raises(ValueError, match="bits"):
        chroma_range(7, True)
