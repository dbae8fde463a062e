import importlib
import sys
import types
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from filmcolor.errors import ModelError  # noqa: E402
from filmcolor.quality.lpips import _ALEX, _VGG, load_lpips  # noqa: E402
from filmcolor.quality.perceptual import to_network  # noqa: E402
from filmcolor.quality.stlpips import load_stlpips  # noqa: E402
from filmcolor.quality.weights import NotMeasured  # noqa: E402

ALEX = [(0, 64, 3, 11), (3, 192, 64, 5), (6, 384, 192, 3), (8, 256, 384, 3), (10, 256, 256, 3)]
SAVED = {"net.slice1.0": (64, 3, 11), "net.slice2.5": (192, 64, 5), "net.slice3.9": (384, 192, 3),
         "net.slice4.11": (256, 384, 3), "net.slice5.13": (256, 256, 3)}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A random AlexNet trunk and random heads, as torchvision and lpips name theirs."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    trunk, heads = {}, {}
    for (i, out, into, k), lin in zip(ALEX, range(5), strict=True):
        trunk[f"features.{i}.weight"] = torch.randn(out, into, k, k) * (2 / (into * k * k)) ** 0.5
        trunk[f"features.{i}.bias"] = torch.randn(out) * 0.1
        heads[f"lin{lin}.model.1.weight"] = torch.rand(1, out, 1, 1)
    torch.save(trunk, folder / "trunk.pth")
    torch.save(heads, folder / "heads.pth")
    return folder / "trunk.pth", folder / "heads.pth"


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return tuple(random.integers(0, 256, (2, 70, 83, 3)).astype(np.uint8) for _ in range(2))  # type: ignore[return-value]


def test_lpips_is_zero_on_equal_pictures_and_grows_with_the_error(
    files: tuple[Path, Path], pictures: tuple[np.ndarray, np.ndarray]
) -> None:
    judge = load_lpips("alex", *files)
    a, b = (to_network(p) for p in pictures)
    assert judge(a, a).abs().max() == 0
    assert (judge(a, b) > judge(a, 0.9 * a + 0.1 * b)).all()
    judge.update(*pictures)
    assert judge.compute() == pytest.approx(float(judge(a, b).mean()), rel=1e-6)


def test_lpips_refuses_pictures_of_0_to_255(
    files: tuple[Path, Path], pictures: tuple[np.ndarray, np.ndarray]
) -> None:
    judge = load_lpips("alex", *files)
    raw = torch.from_numpy(pictures[0]).permute(0, 3, 1, 2).float()
    with pytest.raises(ValueError, match=r"not 0..255"):
        judge(raw, raw)


def test_missing_weights_are_a_reason_and_wrong_ones_an_error(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(NotMeasured, match="torch hub cache"):
        load_lpips("alex", None, files[1])
    with pytest.raises(ModelError, match=r"heads\.pth: not the expected network"):
        load_lpips("alex", files[1], files[1])
    (tmp_path / "torn.safetensors").write_bytes(files[0].read_bytes()[:100])
    with pytest.raises(ModelError, match=r"torn\.safetensors"):
        load_stlpips(tmp_path / "torn.safetensors")


def test_stlpips_moves_little_when_both_pictures_shift(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(1)
    weights = {"scaling_layer.shift": torch.zeros(1, 3, 1, 1), "scaling_layer.scale": torch.ones(1, 3, 1, 1)}
    for i, (name, (out, into, k)) in enumerate(SAVED.items()):
        weights[f"{name}.weight"] = torch.randn(out, into, k, k) * (2 / (into * k * k)) ** 0.5
        weights[f"{name}.bias"] = torch.zeros(out)
        weights[f"lin{i}.model.1.weight"] = torch.rand(1, out, 1, 1) / out
    blur = torch.outer(torch.tensor([1.0, 2, 1]), torch.tensor([1.0, 2, 1])) / 16
    for name, channels in (("net.slice1.1", 64), ("net.slice2.4", 64), ("net.slice3.8", 192)):
        weights[f"{name}.filt"] = blur.expand(channels, 1, 3, 3).clone()
    save_file(weights, tmp_path / "st.safetensors")
    judge = load_stlpips(tmp_path / "st.safetensors")
    a, b = torch.rand(1, 3, 66, 66) * 2 - 1, torch.rand(1, 3, 66, 66) * 2 - 1
    assert float(judge(a, a)) == 0
    assert float(judge(a[..., 1:-1, :-2], b[..., 1:-1, :-2])) == pytest.approx(
        float(judge(a[..., 1:-1, 2:], b[..., 1:-1, 2:])), rel=0.05
    )


@pytest.mark.parametrize(("net", "plan"), [("alex", _ALEX), ("vgg", _VGG)])
def test_lpips_equals_the_package_on_one_shared_random_trunk(
    net: str, plan: list[tuple[int, int, int, bool, bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: lpips 0.1.4. torchvision, which it needs for the trunk's layers alone, is stood in for."""
    if importlib.util.find_spec("lpips") is None:
        pytest.skip("lpips is not installed (pip install --no-deps lpips)")
    layers: list[torch.nn.Module] = []
    widths = {
        "alex": [64, 192, 384, 256, 256],
        "vgg": [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512],
    }[net]
    torch.manual_seed(2)
    into = 3
    for width, (index, stride, padding, pooled, _) in zip(widths, plan, strict=True):
        if pooled:
            layers.append(torch.nn.MaxPool2d(3 if net == "alex" else 2, 2))
        assert len(layers) == index  # the place in torchvision's `features`
        side = {0: 11, 3: 5}.get(index, 3) if net == "alex" else 3
        layers += [torch.nn.Conv2d(into, width, side, stride, padding), torch.nn.ReLU()]
        into = width
    features = torch.nn.Sequential(*layers)
    models = types.ModuleType("torchvision.models")
    models.alexnet = models.vgg16 = lambda pretrained=False: types.SimpleNamespace(features=features)  # type: ignore[attr-defined]
    stand_in = types.ModuleType("torchvision")
    stand_in.models = models  # type: ignore[attr-defined]
    for name in [n for n in sys.modules if n.split(".")[0] == "lpips"]:
        monkeypatch.delitem(sys.modules, name)  # it holds the stand-in of the test before
    monkeypatch.setitem(sys.modules, "torchvision", stand_in)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    package = pytest.importorskip("lpips", reason="lpips cannot be imported (it also needs tqdm)")
    theirs = package.LPIPS(net=net, pnet_rand=True, verbose=False)
    torch.save({f"features.{k}": v for k, v in features.state_dict().items()}, tmp_path / "trunk.pth")
    ours = load_lpips(net, tmp_path / "trunk.pth")  # type: ignore[arg-type]
    a, b = torch.rand(2, 3, 97, 80) * 2 - 1, torch.rand(2, 3, 97, 80) * 2 - 1
    with torch.no_grad():
        assert ours(a, b).numpy() == pytest.approx(theirs(a, b).flatten().numpy(), rel=1e-5)
