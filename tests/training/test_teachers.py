"""Teachers give color classes of a student; a student that learns from them comes nearer to them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from filmcolor.errors import InputError, ModelError
from filmcolor.model.config import ModelConfig, build_network
from filmcolor.model.generator import Generator
from filmcolor.model.weights import load_model, save_model
from filmcolor.training.batches import Batch, draw_batch
from filmcolor.training.settings import LossSettings
from filmcolor.training.teachers import Lesson, Teachers
from filmcolor.training.train import train
from tests.training.pictures_made import write_folder
from tests.training.test_train import TINY

SIZE = {"encoder": "tiny", "widths": (8, 8, 8, 8), "dim": 16, "blocks": 1}


def generator(centers: list[list[float]], seed: int) -> Generator:
    torch.manual_seed(seed)
    made = Generator(len(centers), (8, 8, 8, 8), 16, 1, "tiny").eval()
    made.centers.copy_(torch.tensor(centers))
    return made


def test_shares_go_to_the_nearest_class_of_the_student_and_are_averaged() -> None:
    student = torch.tensor([[0.0, 0.0], [12.0, 0.0]])
    one = generator([[0.0, 0.0], [12.0, 0.0], [24.0, 0.0]], 1)
    two = generator([[12.0, 0.0], [0.0, 0.0]], 2)
    classes = [torch.cdist(network.centers, student).argmin(1) for network in (one, two)]
    seen = torch.rand(2, 1, 64, 64) * 100
    lesson = Teachers([one, two], classes, 2).teach(seen, None)
    with torch.no_grad():
        first, second = one(seen)[1].softmax(1), two(seen)[1].softmax(1)
    assert torch.allclose(lesson.share[:, 0], (first[:, 0] + second[:, 1]) / 2, atol=1e-6)
    assert torch.allclose(lesson.share.sum(1), torch.ones(2, 16, 16), atol=1e-6)
    assert lesson.ab.shape == (2, 2, 32, 32)


def test_teachers_are_shown_what_is_drawn_for_them_at_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[torch.Tensor | None] = []
    shown: list[torch.Tensor] = []
    teach = Teachers.teach

    def noted_draw(*args: Any, **options: Any) -> Batch:
        batch = draw_batch(*args, **options)
        drawn.append(batch.for_teachers)
        return batch

    def noted_teach(self: Teachers, seen: torch.Tensor, known: torch.Tensor | None) -> Lesson:
        shown.append(seen)
        return teach(self, seen, known)

    monkeypatch.setattr("filmcolor.training.train.draw_batch", noted_draw)
    monkeypatch.setattr(Teachers, "teach", noted_teach)
    teacher = tmp_path / "teacher.safetensors"
    save_model(teacher, generator([[0.0, 0.0], [12.0, 0.0]], 3), ModelConfig(bins=2, **SIZE))  # type: ignore[arg-type]
    data = replace(TINY.data, size=96, sharp=0.5, sharp_size=64, held_out=0)
    settings = replace(TINY, data=data, steps=6, loss=LossSettings(perceptual=0.0, taught=0.5))
    pictures = write_folder(tmp_path / "pictures", 6)
    train(settings, [pictures], tmp_path / "out", init=teacher, teachers=[teacher])
    assert len(shown) == 5  # one step teaches the discriminator alone
    assert all(any(one is other for other in drawn) for one in shown)
    assert {each.shape[-1] for each in shown} == {64, 96}


def test_a_student_comes_nearer_to_its_teacher(tmp_path: Path) -> None:
    pictures = write_folder(tmp_path / "pictures", 12)
    loss = LossSettings(perceptual=0.0, smooth_l1=0.0, colorfulness=0.0, taught=1.0)
    settings = replace(
        TINY, loss=loss, steps=60, data=replace(TINY.data, hints=0.0, moved=0.0, old=0.0, held_out=0)
    )
    settings = replace(settings, optimizer=replace(settings.optimizer, lr=3e-3, ema=0.5))
    centers = [[0.0, 0.0], [12.0, 0.0], [0.0, 24.0]]
    network = generator(centers, 3)
    network.classify.bias.data.copy_(torch.tensor([-3.0, 3.0, 0.0]))  # what no picture here would teach
    teacher = tmp_path / "teacher.safetensors"
    save_model(teacher, network, ModelConfig(bins=3, **SIZE))  # type: ignore[arg-type]
    start = tmp_path / "start.safetensors"
    save_model(start, generator(centers, 4), ModelConfig(bins=3, **SIZE))  # type: ignore[arg-type]
    result = train(settings, [pictures], tmp_path / "out", init=start, teachers=[teacher])
    seen = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(5)) * 100

    def distance(path: Path) -> float:
        with torch.no_grad():
            one, two = (load_model(p).network(seen)[1].log_softmax(1) for p in (path, teacher))
        return float((two.exp() * (two - one)).sum(1).mean())

    assert distance(result.last) < 0.3 * distance(start)


def test_teachers_and_their_share_need_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="need each other"):
        train(TINY, [tmp_path / "no pictures"], tmp_path / "out", teachers=[Path("default")])
    taught = replace(TINY, loss=replace(TINY.loss, taught=0.5))
    with pytest.raises(InputError, match="need each other"):
        train(taught, [tmp_path / "no pictures"], tmp_path / "out")


def test_what_lacks_its_weights_is_refused_before_pictures_are_read(tmp_path: Path) -> None:
    perceptual = replace(TINY, loss=replace(TINY.loss, perceptual=0.5))
    with pytest.raises(InputError, match="needs --encoder"):
        train(perceptual, [tmp_path / "no pictures"], tmp_path / "out")
    classless = replace(
        TINY,
        model=ModelConfig(architecture="pix2pix"),
        data=replace(TINY.data, hints=0.0),
        loss=replace(TINY.loss, cross_entropy=0.0, taught=0.5),
    )
    with pytest.raises(InputError, match="color classes"):
        train(classless, [tmp_path / "no pictures"], tmp_path / "out", teachers=[Path("default")])


def test_files_that_do_not_fit_are_refused_before_pictures_are_read(tmp_path: Path) -> None:
    other = tmp_path / "pix2pix.safetensors"
    config = ModelConfig(architecture="pix2pix", base=2)
    save_model(other, build_network(config), config)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    taught = replace(TINY, loss=replace(TINY.loss, taught=0.5))
    none, out = [tmp_path / "no pictures"], tmp_path / "out"
    with pytest.raises(InputError, match="is a pix2pix network, not default"):
        train(TINY, none, out, init=other)
    with pytest.raises(InputError, match="no color classes to teach"):
        train(taught, none, out, teachers=[other])
    with pytest.raises(ModelError, match="broken"):
        train(TINY, none, out, encoder=broken)
    with pytest.raises(ModelError, match="broken"):
        train(taught, none, out, teachers=[broken])
    with pytest.raises(ModelError, match="absent"):
        train(TINY, none, out, init=tmp_path / "absent.safetensors")
    encoder = tmp_path / "encoder.safetensors"
    save_file({"stem.weight": torch.zeros(3, 3)}, encoder)
    with pytest.raises(ModelError, match="does not fit the encoder"):
        train(TINY, none, out, encoder=encoder)
    perceptual = replace(TINY, loss=replace(TINY.loss, perceptual=0.5))
    with pytest.raises(ModelError, match="not an EfficientNet-Lite classifier"):
        train(perceptual, none, out, encoder=encoder)


def test_a_run_is_not_resumed_with_other_teachers(tmp_path: Path) -> None:
    pictures = write_folder(tmp_path / "pictures", 12)
    settings = replace(TINY, loss=replace(TINY.loss, taught=0.5), steps=2)
    centers = [[0.0, 0.0], [12.0, 0.0]]
    for number in (1, 2):
        save_model(tmp_path / f"{number}", generator(centers, number), ModelConfig(bins=2, **SIZE))  # type: ignore[arg-type]
    train(settings, [pictures], tmp_path / "out", teachers=[tmp_path / "1"])
    longer = replace(settings, steps=3)
    with pytest.raises(InputError, match="other teachers"):
        train(longer, [pictures], tmp_path / "out", teachers=[tmp_path / "2"], resume=True)
    assert train(longer, [pictures], tmp_path / "out", teachers=[tmp_path / "1"], resume=True).steps == 3
