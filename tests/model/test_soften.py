"""The blur of what the network sees."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from filmcolor.model.predict import Predictor
from filmcolor.model.soften import gaussian, soften
from tests.model.test_generators import tiny_model


def grainy(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(3)) * 100


@pytest.mark.parametrize("deviation", [0.4, 0.8, 2.0])
def test_it_is_the_gaussian_blur_of_opencv(deviation: float) -> None:
    planes, kernel = grainy(), gaussian(deviation)
    expected = cv2.GaussianBlur(
        planes[1, 0].numpy(), (len(kernel), len(kernel)), deviation, borderType=cv2.BORDER_REPLICATE
    )
    np.testing.assert_allclose(soften(planes, kernel)[1, 0].numpy(), expected, atol=1e-3)


def test_an_even_plane_stays_and_none_is_no_blur() -> None:
    even = torch.full((1, 1, 32, 32), 37.0)
    torch.testing.assert_close(soften(even, gaussian(0.8)), even)
    assert soften(grainy(), gaussian(0.0)).equal(grainy())


def test_the_network_sees_lightness_as_soft_as_its_weights_say() -> None:
    plain = tiny_model()
    soft = replace(plain, config=replace(plain.config, softness=0.8))
    expected = Predictor(plain, device="cpu").predict(soften(grainy(), gaussian(0.8)))
    made = Predictor(soft, device="cpu").predict(grainy())
    torch.testing.assert_close(made, expected)
    assert not torch.equal(made, Predictor(plain, device="cpu").predict(grainy()))


def test_the_configuration_keeps_it_and_older_files_their_digest() -> None:
    plain = tiny_model().config
    assert "softness" not in plain.to_json()
    soft = replace(plain, softness=0.8)
    assert type(soft).from_json(soft.to_json()) == soft
    with pytest.raises(ValueError, match="softness must be from"):
        replace(plain, softness=-1.0)
