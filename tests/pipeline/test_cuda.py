"""Films with the network on a CUDA device: the CPU's frames, times, luma and color; the same bytes each time."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from filmcolor.cli.main import main
from filmcolor.model.predict import Predictor
from filmcolor.pipeline.pictures import color_picture
from filmcolor.pipeline.run import color_film, load_predictor
from filmcolor.settings import RunSettings
from tests.pipeline.interrupted import color_interrupted
from tests.pipeline.test_run import make_film, planes

SMALL = RunSettings(size=96, preset="archive")
# code values of Cb, 8 bits: about one for a Lab unit. tests/model/test_cuda.py says where the units come from.
APART = {"auto": (0.02, 2), "bf16": (1.0, 24), "fp16": (0.3, 12)}

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(scope="module")
def on_cpu() -> Predictor:
    return load_predictor(RunSettings(size=96, preset="archive", device="cpu"))


def on_cuda(precision: str = "auto") -> Predictor:
    return load_predictor(RunSettings(size=96, preset="archive", device="cuda", precision=precision))  # type: ignore[arg-type]


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("precision", sorted(APART))
def test_a_film_has_the_cpus_frames_times_luma_and_color(
    tmp_path: Path, on_cpu: Predictor, precision: str
) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(30, 20, 30))
    cpu = RunSettings(size=96, preset="archive", device="cpu")
    expected = color_film(film, tmp_path / "cpu.mkv", cpu, predictor=on_cpu)
    made = color_film(film, tmp_path / "cuda.mkv", SMALL, predictor=on_cuda(precision))
    assert (made.frames, made.shots, made.anchors) == (expected.frames, expected.shots, expected.anchors)
    apart = []
    for one, other in zip(planes(expected.path), planes(made.path), strict=True):
        assert one[0] == other[0]
        assert (one[1] == other[1]).all()
        apart.append(np.abs(one[2].astype(int) - other[2]))
    mean, largest = APART[precision]
    assert np.mean(apart) < mean
    assert np.max(apart) <= largest


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_two_runs_give_the_same_bytes(tmp_path: Path, precision: str) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(40, 20))
    first = color_film(film, tmp_path / "a.mkv", SMALL, predictor=on_cuda(precision))
    again = color_film(film, tmp_path / "b.mkv", SMALL, predictor=on_cuda(precision))
    assert first.path.read_bytes() == again.path.read_bytes()


@pytest.mark.cuda
@needs_cuda
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(60, 60, 60, 60))
    whole = color_film(film, tmp_path / "whole.mkv", SMALL, predictor=on_cuda())
    color_interrupted(film, tmp_path / "color.mkv", SMALL, on_cuda(), at=1)
    result = color_film(film, tmp_path / "color.mkv", SMALL, predictor=on_cuda())
    assert result.path.read_bytes() == whole.path.read_bytes()


@pytest.mark.cuda
@needs_cuda
def test_the_network_on_each_frame_goes_in_batches(tmp_path: Path) -> None:
    film = make_film(tmp_path / "gray.mkv", shots=(40,))
    each = RunSettings(size=96, preset="archive", every_frame=True)
    result = color_film(film, tmp_path / "color.mkv", each, predictor=on_cuda())
    assert result.anchors == result.frames == 40


@pytest.mark.cuda
@needs_cuda
def test_a_picture_has_the_cpus_color(tmp_path: Path, on_cpu: Predictor) -> None:
    ramp = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "gray.png")
    expected = color_picture(tmp_path / "gray.png", tmp_path / "cpu.png", SMALL, predictor=on_cpu)
    made = color_picture(tmp_path / "gray.png", tmp_path / "cuda.png", SMALL, predictor=on_cuda("fp32"))
    one, other = (np.asarray(Image.open(result.path)).astype(int) for result in (expected, made))
    assert np.abs(one - other).max() <= 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
@pytest.mark.parametrize("command", ["film", "picture"])
def test_cuda_without_a_device_is_one_line_and_leaves_nothing(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "gray.png"
    if command == "film":
        source = make_film(tmp_path / "gray.mkv")
    else:
        Image.new("L", (64, 48), 90).save(source)
    with pytest.raises(SystemExit) as stopped:
        main(["run", str(source), "-o", str(tmp_path / "color.mkv"), "--device", "cuda", "-q"])
    assert stopped.value.code == 3
    said = capsys.readouterr().err.strip().splitlines()
    assert said == ["filmcolor: no CUDA device was found; use --device cpu"]
    assert [each.name for each in tmp_path.iterdir()] == [source.name]
