"""Chroma of a film on the grid of its result."""

import numpy as np
import pytest

from filmcolor.color.carry import ChromaCarrier
from filmcolor.color.siting import ChromaGrid


def grid(subsampling: tuple[int, int], siting: str = "left", size: tuple[int, int] = (32, 40)) -> ChromaGrid:
    return ChromaGrid(height=size[0], width=size[1], subsampling=subsampling, siting=siting)  # type: ignore[arg-type]


def carrier(
    one: ChromaGrid, other: ChromaGrid, bits: int = 8, to_bits: int = 8, full: bool = False
) -> ChromaCarrier:
    return ChromaCarrier(source=one, target=other, bits=bits, to_bits=to_bits, full_range=full)


def ramp(by: ChromaGrid, interlaced_step: float = 0.0) -> np.ndarray:
    """Return chroma that grows evenly across and down the picture, at the places of a grid."""
    (top, left), (down, across), (rows, columns) = by.offset, by.step, by.shape
    y, x = top + down * np.arange(rows)[:, None], left + across * np.arange(columns)[None, :]
    field = interlaced_step * (np.arange(rows)[:, None] % 2)
    return 60 + 2.0 * x + 1.5 * y + field


def test_alike_is_bit_for_bit() -> None:
    same = grid((1, 1))
    chroma = tuple(np.random.default_rng(i).integers(0, 256, same.shape).astype(np.uint8) for i in (1, 2))
    got = carrier(same, grid((1, 1))).carry(chroma)
    assert got[0] is chroma[0]
    assert got[1] is chroma[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (grid((1, 1), "center"), grid((1, 1), "left")),
        (grid((2, 0)), grid((1, 0))),
        (grid((2, 2)), grid((1, 1))),
        (grid((2, 0)), grid((1, 1))),
        (grid((0, 0)), grid((1, 1))),
        (grid((1, 1), "topleft"), grid((0, 0))),
        (grid((1, 1), size=(31, 39)), grid((0, 0), size=(31, 39))),
        (grid((1, 0)), grid((0, 0))),
    ],
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_ramp_stays_where_it_is(one: ChromaGrid, other: ChromaGrid, interlaced: bool) -> None:
    plane = np.rint(ramp(one) * 256).astype(np.uint16)
    cb, _ = carrier(one, other, bits=16, to_bits=16).carry((plane, plane), interlaced=interlaced)
    inner = slice(8, -8)
    assert cb.shape == other.shape
    np.testing.assert_allclose(cb[inner, inner] / 256, ramp(other)[inner, inner], atol=0.02)


def test_fields_do_not_mix() -> None:
    one, other = grid((1, 1)), grid((0, 0))
    plane = np.zeros(one.shape, np.uint8)
    plane[0::2], plane[1::2] = 90, 170
    cb, _ = carrier(one, other).carry((plane, plane), interlaced=True)
    assert set(np.unique(cb[0::2])) == {90}
    assert set(np.unique(cb[1::2])) == {170}


@pytest.mark.parametrize(("bits", "to_bits"), [(8, 10), (10, 8), (12, 10)])
@pytest.mark.parametrize("full", [False, True])
def test_neutral_stays_neutral_at_every_depth(bits: int, to_bits: int, full: bool) -> None:
    same = grid((1, 1))
    plane = np.full(same.shape, 1 << (bits - 1), np.uint8 if bits == 8 else np.uint16)
    made = carrier(same, same, bits, to_bits, full).carry((plane, plane))
    assert (made[0] == 1 << (to_bits - 1)).all()
    none = carrier(same, same, bits, to_bits, full).carry(None)
    np.testing.assert_array_equal(none[0], made[0])
    assert none[0].dtype == made[0].dtype
