"""Training runs, stops, goes on exactly where it stopped, and refuses what it cannot use."""

import json
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from filmcolor.errors import FullError, InputError, OutputError
from filmcolor.model.config import ModelConfig
from filmcolor.model.weights import load_model
from filmcolor.training.settings import (
    AdversarialSettings,
    DataSettings,
    LossSettings,
    OptimizerSettings,
    TrainSettings,
)
from filmcolor.training.train import Trainer, train
from tests.training.pictures_made import write_folder, write_tar

TINY = TrainSettings(
    model=ModelConfig(encoder="tiny", widths=(8, 8, 8, 8), dim=16, blocks=1),
    data=DataSettings(
        canvas=(48, 64), size=64, batch=4, moved=0.25, hints=0.5, held_out=2, sharp=0.5, sharp_size=64
    ),
    loss=LossSettings(perceptual=0.0, hue_balance=0.2, consistency=0.5, adversarial=0.1),
    optimizer=OptimizerSettings(warmup=2),
    adversarial=AdversarialSettings(gan="hinge", quarter=False, begin=0.3, warmup=1, ramp=2, base=4),
    steps=6,
    log_steps=1,
    device="cpu",
)


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == kind]


def state(out: Path) -> dict[str, Any]:
    found = torch.load(out / "state.pt", weights_only=True)
    assert isinstance(found, dict)
    return found


def flat(value: object, name: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in flat(item, f"{name}/{key}").items()}
    if isinstance(value, list):
        return {k: v for key, item in enumerate(value) for k, v in flat(item, f"{name}/{key}").items()}
    return {name: value}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("pictures"), 24)


def test_a_resumed_run_equals_one_that_was_never_stopped(pictures: Path, tmp_path: Path) -> None:
    train(TINY, [pictures], tmp_path / "whole")

    def stop_after_three(event: dict[str, Any]) -> None:
        if event["event"] == "train" and event["step"] == 3:
            signal.raise_signal(signal.SIGTERM)

    result = train(TINY, [pictures], tmp_path / "parts", report=stop_after_three)
    assert (result.steps, result.stopped_by) == (3, signal.SIGTERM)
    torch.manual_seed(99)  # whatever a new process starts with must not matter
    result = train(TINY, [pictures], tmp_path / "parts", resume=True)
    assert (result.steps, result.stopped_by) == (6, None)
    whole, parts = flat(state(tmp_path / "whole")), flat(state(tmp_path / "parts"))
    assert whole.keys() == parts.keys()
    for name in whole.keys() - {"/seconds"}:
        one, two = whole[name], parts[name]
        same = (
            torch.equal(one, two)
            if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor)
            else one == two
        )
        assert same, name
    assert any(name.startswith("/adversary/optimizer/state") for name in whole)
    bytes_of = [(tmp_path / run / "last.safetensors").read_bytes() for run in ("whole", "parts")]
    assert bytes_of[0] == bytes_of[1]


def test_a_run_leaves_weights_that_load_a_log_and_a_sheet(pictures: Path, tmp_path: Path) -> None:
    result = train(TINY, [pictures], tmp_path)
    assert load_model(result.best).config.architecture == "default"
    assert load_model(result.last).network.training is False
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "kept").iterdir())) == 1
    figures = events(tmp_path, "validation")[-1]
    assert {"cross_entropy", "gain", "colorfulness", "restlessness"} <= figures.keys()
    told = [line for line in events(tmp_path, "train") if "adversarial" in line]
    warming = [line for line in events(tmp_path, "train") if "discriminator" in line and "ce" not in line]
    assert [line["step"] for line in warming] == [3]
    assert [line["step"] for line in told] == [4, 5, 6]
    assert events(tmp_path, "data")[0]["held_out"] == 2
    assert not list(tmp_path.glob("**/*.part"))


def test_learning_lowers_the_loss(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (64, 48), (200, 110 + 10 * number, 40)).save(tmp_path / f"{number}.png")
    base = pix2pix_settings()
    settings = replace(
        base,
        data=replace(base.data, held_out=0),
        loss=replace(base.loss, adversarial=0.0),
        adversarial=AdversarialSettings(),
        optimizer=OptimizerSettings(lr=1e-2, warmup=0, schedule="constant"),
        steps=20,
    )
    train(settings, [tmp_path], tmp_path / "out")
    losses = [line["l1"] for line in events(tmp_path / "out", "train")]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_training_goes_on_from_given_weights_with_their_network(pictures: Path, tmp_path: Path) -> None:
    first = train(replace(TINY, steps=2), [pictures], tmp_path / "first")
    still = replace(TINY, steps=1, optimizer=replace(TINY.optimizer, lr=0.0, weight_decay=0.0))
    wider = replace(still, model=ModelConfig())  # the weights' own configuration counts
    second = train(wider, [pictures], tmp_path / "second", init=first.last)
    one, two = load_model(first.last), load_model(second.last)
    assert two.config.widths == (8, 8, 8, 8)
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(two.network.state_dict()[name], tensor), name
    with pytest.raises(InputError, match="not pix2pix"):
        train(pix2pix_settings(), [pictures], tmp_path / "third", init=first.last)


def pix2pix_settings() -> TrainSettings:
    return TrainSettings(
        model=ModelConfig(architecture="pix2pix", base=2),
        data=DataSettings(canvas=(48, 64), size=256, batch=2, old=0.0, hints=0.0, held_out=2),
        loss=LossSettings(
            cross_entropy=0.0, smooth_l1=0.0, l1=100.0, perceptual=0.0, colorfulness=0.0, adversarial=1.0
        ),
        adversarial=AdversarialSettings(gan="log", warmup=0, ramp=0, base=4),
        steps=2,
        log_steps=1,
        device="cpu",
    )


def test_the_papers_network_trains_with_its_losses(pictures: Path, tmp_path: Path) -> None:
    result = train(pix2pix_settings(), [pictures], tmp_path)
    line = events(tmp_path, "train")[0]
    assert {"l1", "adversarial", "discriminator"} <= line.keys()
    assert "ce" not in line
    assert load_model(result.last).config.architecture == "pix2pix"


def test_a_run_is_not_overwritten_and_not_resumed_with_other_settings_or_pictures(
    pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    once = replace(TINY, steps=1)
    train(once, [pictures], out)
    with pytest.raises(OutputError, match="--resume"):
        train(once, [pictures], out)
    with pytest.raises(InputError, match="other settings"):
        train(replace(once, seed=1), [pictures], out, resume=True)
    with pytest.raises(InputError, match="other pictures"):
        train(once, [write_tar(tmp_path / "other.tar", 24, first=30)], out, resume=True)
    (out / "state.pt").write_bytes((out / "state.pt").read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        train(once, [pictures], out, resume=True)
    with pytest.raises(InputError, match="no checkpoint"):
        train(once, [pictures], tmp_path / "nothing here", resume=True)


def test_a_run_is_resumed_with_the_weights_it_began_with(pictures: Path, tmp_path: Path) -> None:
    once = replace(TINY, steps=1)
    other = write_tar(tmp_path / "other.tar", 3, first=60)
    start = train(once, [other], tmp_path / "start").last
    assert (
        load_model(start).config.bins
        != load_model(train(once, [pictures], tmp_path / "own").last).config.bins
    )
    train(once, [pictures], tmp_path / "run", init=start)
    with pytest.raises(InputError, match="the same --init"):
        train(replace(once, steps=2), [pictures], tmp_path / "run", resume=True)
    assert train(replace(once, steps=2), [pictures], tmp_path / "run", resume=True, init=start).steps == 2


def test_the_script_for_a_gpu_goes_on_with_the_weights_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path(__file__).parents[2] / "configs" / "train_on_gpu.sh"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "bin/python3").chmod(0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.tar").touch()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RUN", str(tmp_path))

    def said(init: str) -> str:
        monkeypatch.setenv("INIT", init)
        command = ["sh", str(script), str(tmp_path / "data"), str(tmp_path / "out"), "--steps", "2"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    begun = f"--steps 2 --data {tmp_path / 'data/a.tar'}"
    assert said("").endswith(f"{begun} --init default")
    assert said("none").endswith(begun)
    (tmp_path / "state.pt").touch()
    assert said("w.safetensors").endswith(f"{begun} --init w.safetensors --resume")
    assert said("none").endswith(f"{begun} --resume")


@pytest.mark.parametrize("what", ["checkpoint", "log"])
def test_a_disk_that_fills_up_is_one_line_and_the_last_checkpoint_stays(
    pictures: Path, tmp_path: Path, what: str
) -> None:
    resource = pytest.importorskip("resource")  # a limit on the size of files is the nearest to a full disk
    train(replace(TINY, steps=2), [pictures], tmp_path)
    before = (tmp_path / "state.pt").read_bytes()
    if what == "log":
        with (tmp_path / "log.jsonl").open("a") as log:
            log.write(" " * len(before))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - 1, limits[1]))
    try:
        with pytest.raises(FullError, match="--resume"):
            train(replace(TINY, steps=2), [pictures], tmp_path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "state.pt").read_bytes() == before


def test_without_usable_pictures_no_folder_is_left(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError):
        train(TINY, [tmp_path / "data"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_stop_being_numbers_end_the_run_with_an_error(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(trainer: Trainer) -> None:
        trainer.step += 1
        trainer.ema.classify.weight.fill_(float("nan"))

    monkeypatch.setattr(Trainer, "train_step", diverge)
    with pytest.raises(InputError, match="diverged at step 1"):
        train(replace(TINY, steps=1), [pictures], tmp_path)
    assert not (tmp_path / "last.safetensors").exists()


@pytest.mark.parametrize(
    "name", ["default", "adversarial", "pix2pix", "student", "teacher", "ablation", "gpu", "finetune"]
)
def test_the_shipped_configurations_are_valid(name: str) -> None:
    path = Path(__file__).parents[2] / "configs" / f"{name}.toml"
    settings = TrainSettings.read(path, {"minutes": 5.0})
    assert settings.minutes == 5.0
    kinds = {"pix2pix": "log", "teacher": "none", "ablation": "none", "finetune": "none"}
    assert settings.adversarial.gan == kinds.get(name, "hinge")
    assert settings.loss.l1 == (100.0 if name == "pix2pix" else 0.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[run", "cannot read settings"),
        ("[other]\nx = 1", r"unknown table \[other\]"),
        ("[data]\nsizes = 1", "unknown setting 'sizes'"),
        ("[data]\nsize = 100", "size must be a multiple of 32"),
        ("[data]\nsharp_size = 100", "sharp_size must be a multiple of 32"),
        (
            "[data]\nsharp = 0.5\nsharp_size = 64\n[adversarial]\ngan = 'hinge'",
            "need data.sharp_size of at least 96",
        ),
        ("[loss]\nadversarial = -1", "adversarial must be from"),
        ("[run]\nsteps = 1\nminutes = 1", "either steps or minutes"),
        ("[loss]\nadversarial = 1", "gan to be hinge or log"),
        ("[data]\nsize = 64\n[adversarial]\ngan = 'hinge'", "need data.size of at least 96"),
        ("data = 3", r"\[data\] must be a table"),
        ("[optimizer]\nlr = 'fast'", "lr in .optimizer. must be like"),
    ],
)
def test_wrong_settings_are_refused_with_their_file(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint) as refused:
        TrainSettings.read(path, {} if "run" in text else {"steps": 1})
    assert str(path) in str(refused.value)


def test_changes_overrule_single_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[loss]\ntaught = 0.5\nperceptual = 0.2\n[run]\nsteps = 1\n")
    changes = ["loss.taught=0", "adversarial.gan=log", "data.canvas = [64, 96]", "run.seed=3"]
    settings = TrainSettings.read(path, {}, changes)
    assert (settings.loss.taught, settings.loss.perceptual, settings.seed) == (0, 0.2, 3)
    assert settings.adversarial.gan == "log"
    assert settings.data.canvas == (64, 96)


def test_a_changed_budget_takes_the_place_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[run]\nsteps = 1\n")
    settings = TrainSettings.read(path, {}, ["run.minutes=2.5"])
    assert (settings.steps, settings.minutes) == (0, 2.5)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("loss.taught", "give TABLE.NAME=VALUE"),
        ("taught=1", "give TABLE.NAME=VALUE"),
        ("loss.=1", "give TABLE.NAME=VALUE"),
        ("=1", "give TABLE.NAME=VALUE"),
        ("loss.tought=1", "unknown setting 'tought'"),
        ("other.x=1", r"unknown table \[other\]"),
        ("data.rare=False", "rare in .data. must be like True"),
        ("data.film_frames=1e3", "film_frames"),
        ("run.seed=abc", "seed"),
        ("adversarial.betas=[a,b]", "betas"),
    ],
)
def test_a_wrong_change_is_refused(change: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[run]\nsteps = 1\n")
    with pytest.raises(InputError, match=complaint):
        TrainSettings.read(path, {}, [change])
