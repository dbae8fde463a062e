"""Batches: which steps are sharp, how many crops they have, and what teachers see."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from filmcolor.training.batches import Batch, draw_batch
from filmcolor.training.pictures import Sampler, load_pictures
from filmcolor.training.settings import DataSettings
from tests.training.pictures_made import write_folder

OPTIONS = DataSettings(
    canvas=(96, 128), size=64, batch=8, old=1.0, hints=0.0, sharp=0.4, sharp_size=32, sharp_area=0.9
)


@pytest.fixture
def sampler(tmp_path: Path) -> Sampler:
    pictures = load_pictures([write_folder(tmp_path, 6)], OPTIONS)
    return Sampler(pictures, OPTIONS, torch.ones(len(pictures)))


def drawn(sampler: Sampler, step: int, **changes: object) -> Batch:
    sampler.settings = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    return draw_batch(sampler, step, 2, torch.Generator().manual_seed(1), taught=True)


def test_a_share_of_the_steps_is_sharp_with_as_many_more_crops_as_cost_the_same(sampler: Sampler) -> None:
    sizes = [tuple(drawn(sampler, step).seen.shape) for step in range(10)]
    assert sizes.count((32, 1, 32, 32)) == 4
    assert sizes.count((8, 1, 64, 64)) == 6
    assert sizes == [tuple(drawn(sampler, step).seen.shape) for step in range(10)]
    assert {tuple(drawn(sampler, step, sharp=0.0).seen.shape) for step in range(10)} == {(8, 1, 64, 64)}


def test_sharp_crops_cover_what_the_settings_say(sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, float | None]] = []
    draw = sampler.draw

    def noted(
        count: int, size: int, generator: torch.Generator, min_area: float | None = None
    ) -> torch.Tensor:
        asked.append((size, min_area))
        return draw(count, size, generator, min_area)

    monkeypatch.setattr(sampler, "draw", noted)
    for step in (1, 2):
        drawn(sampler, step)
    assert asked == [(64, OPTIONS.min_area), (32, 0.9)]


def test_without_teachers_nothing_is_made_for_them(sampler: Sampler) -> None:
    assert draw_batch(sampler, 0, 2, torch.Generator().manual_seed(1)).for_teachers is None


def test_teachers_see_the_crops_before_they_are_aged(sampler: Sampler) -> None:
    batch = drawn(sampler, 0, sharp=0.0, moved=0.25)
    assert batch.for_teachers.shape == batch.seen.shape == (8, 1, 64, 64)
    assert float((batch.for_teachers - batch.seen).abs().amax((1, 2, 3)).min()) > 1
    clean = drawn(sampler, 0, sharp=0.0, moved=0.25, old=0.0)
    assert torch.equal(batch.for_teachers, clean.for_teachers)
    assert float((clean.for_teachers - clean.seen)[:6].abs().mean()) < 5  # BT.601 or BT.709 weights
    assert batch.grid is not None
    assert len(batch.grid) == 2


def test_sharp_crops_are_softened_for_teachers(sampler: Sampler) -> None:
    def detail(lightness: torch.Tensor) -> float:
        return float(lightness.diff(dim=3).abs().mean())

    noise = torch.rand(6, 3, 96, 128, generator=torch.Generator().manual_seed(2)) * 255
    sampler.pictures.pixels.copy_(noise.byte())
    batch = drawn(sampler, 2, sharp=1.0, old=0.0)
    assert detail(batch.for_teachers) < 0.7 * detail(batch.seen)
    assert abs(float(batch.for_teachers.mean() - batch.seen.mean())) < 2
    plain = drawn(sampler, 2, sharp=0.0, old=0.0)
    assert detail(plain.for_teachers) > 0.8 * detail(plain.seen)
