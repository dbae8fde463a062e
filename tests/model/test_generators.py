"""The networks: sizes, fields of view, noise, equivariance."""

import weakref
from dataclasses import replace

import pytest
import torch

from filmcolor.errors import FilmcolorError, InputError
from filmcolor.model.config import ModelConfig, build_network
from filmcolor.model.discriminator import RECEPTIVE_FIELD, PatchGAN, Pix2PixDiscriminator
from filmcolor.model.encoder import EfficientNetLite, fold_classifier
from filmcolor.model.pix2pix import Pix2PixGenerator
from filmcolor.model.predict import Predictor
from filmcolor.model.weights import Model

TINY = ModelConfig(encoder="tiny", widths=(8, 8, 8, 8), dim=16, blocks=1, bins=5)
TINY_PIX2PIX = ModelConfig(architecture="pix2pix", base=2)


def tiny_model(config: ModelConfig = TINY) -> Model:
    torch.manual_seed(3)
    network = build_network(config).eval()
    if config.architecture == "default":
        network.centers.copy_(torch.tensor([[0.0, 0.0], [60, 0], [-60, 0], [0, 60], [0, -60]]))
        torch.nn.init.normal_(network.hint.weight)
    return Model(network=network, config=config, digest="0" * 64)


def gray(count: int = 2, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(1)) * 100


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_pix2pix_has_the_papers_size() -> None:
    # reference: unet_256 and the 70x70 PatchGAN of the authors' PyTorch code have 54.414 M and 2.769 M
    # parameters for 3 channels to 3; with 1 to 2 the outer layers are smaller
    assert parameters(Pix2PixGenerator()) == 54_414_531 - 2 * 64 * 16 - (128 * 16 + 1)
    assert parameters(Pix2PixDiscriminator()) == 2_768_705 - 3 * 64 * 16


@pytest.mark.parametrize("made", [Pix2PixDiscriminator(4), PatchGAN(4)], ids=["paper", "ours"])
def test_one_patch_of_the_discriminator_sees_70_pixels(made: torch.nn.Module) -> None:
    made.eval()  # batch statistics would spread the gradient over the picture
    ab = torch.randn(1, 2, 160, 160, requires_grad=True)
    logits = made(torch.full((1, 1, 160, 160), 50.0), ab)
    assert logits.shape == (1, 1, 18, 18)
    logits[0, 0, 9, 9].backward()
    touched = ab.grad.abs().sum((0, 1)) > 0
    assert int(touched.any(0).sum()) == int(touched.any(1).sum()) == RECEPTIVE_FIELD


def test_the_default_generator_gives_ab_at_half_size_and_classes_at_a_quarter() -> None:
    ab, logits = tiny_model().network(gray())
    assert ab.shape == (2, 2, 32, 48)
    assert logits.shape == (2, 5, 16, 24)


def test_the_default_generator_has_the_pilots_size() -> None:
    with torch.device("meta"):
        assert parameters(build_network(ModelConfig())) == 5_671_607


def test_known_colors_change_the_result_and_an_empty_mask_does_not() -> None:
    predictor = Predictor(tiny_model(), device="cpu", mirrored=False)
    known = torch.zeros(2, 3, 64, 96)
    free = predictor.predict(gray())
    assert torch.allclose(predictor.predict(gray(), known), free, atol=1e-4)
    known[:, 0], known[:, 2] = 40.0, 1.0
    assert not torch.allclose(predictor.predict(gray(), known), free, atol=1e-2)


@pytest.mark.parametrize("told", [False, True])
def test_a_mirrored_picture_gets_mirrored_color(told: bool) -> None:
    predictor = Predictor(tiny_model(), device="cpu", mirrored=True)
    known = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(2)) if told else None
    ab = predictor.predict(gray(), known)
    turned = predictor.predict(gray().flip(3), None if known is None else known.flip(3))
    assert float(ab.std()) > 0.01
    assert torch.allclose(turned.flip(3), ab, atol=1e-5)


def test_entropy_is_that_of_the_color_classes_on_the_grid_of_ab() -> None:
    model = tiny_model()
    torch.nn.init.zeros_(model.network.classify.weight)
    model.network.classify.bias.data = torch.tensor([0.0, 0.0, -99.0, -99.0, -99.0])
    for mirrored in (True, False):
        predictor = Predictor(model, device="cpu", mirrored=mirrored)
        ab, entropy = predictor.predict_with_entropy(gray(3))
        assert torch.equal(ab, predictor.predict(gray(3)))
        assert entropy is not None
        assert torch.allclose(entropy, torch.full((3, 32, 48), 2.0).log(), atol=1e-5)  # two classes alike
    _, nothing = Predictor(tiny_model(TINY_PIX2PIX), device="cpu").predict_with_entropy(gray())
    assert nothing is None


def test_color_does_not_depend_on_the_other_pictures_of_a_call() -> None:
    predictor = Predictor(tiny_model(), device="cpu")
    together = predictor.predict(gray())
    assert torch.equal(together[1:], predictor.predict(gray()[1:]))


def test_color_is_the_same_bits_on_any_number_of_cores() -> None:
    model = tiny_model()
    torch.set_num_threads(2)
    alone = Predictor(model, device="cpu", threads=1)
    assert torch.get_num_threads() == 1, "torch gives other bits with more threads"
    many = Predictor(model, device="cpu", threads=3)
    assert torch.equal(many.predict(gray(5)), alone.predict(gray(5)))
    assert many.engine == alone.engine


def test_the_chroma_gain_of_the_configuration_multiplies_ab() -> None:
    model = tiny_model()
    plain = Predictor(model, device="cpu").predict(gray())
    config = replace(TINY, chroma_gain=1.5)
    louder = Predictor(Model(model.network, config, "0" * 64), device="cpu").predict(gray())
    assert torch.allclose(louder, 1.5 * plain)


def test_noise_is_a_function_of_seed_and_frame() -> None:
    model = tiny_model(TINY_PIX2PIX)
    first = Predictor(model, device="cpu", seed=5)
    alone = first.predict(gray(1), frames=[7])
    assert torch.equal(first.predict(gray(1), frames=[7]), alone)
    assert not torch.allclose(first.predict(gray(1), frames=[8]), alone)
    assert not torch.allclose(Predictor(model, device="cpu", seed=6).predict(gray(1), frames=[7]), alone)
    pair = first.predict(torch.cat([gray(1), gray(1)]), frames=[3, 7])
    assert torch.equal(pair[1:], alone)


def test_pix2pix_colors_any_working_size_at_half_of_it() -> None:
    predictor = Predictor(tiny_model(TINY_PIX2PIX), device="cpu")
    assert predictor.predict(gray(1, 192, 288)).shape == (1, 2, 96, 144)
    with pytest.raises(ValueError, match="takes no known colors"):
        predictor.predict(gray(1), torch.zeros(1, 3, 64, 96))


def test_wrong_shapes_and_missing_devices_are_refused() -> None:
    predictor = Predictor(tiny_model(), device="cpu")
    with pytest.raises(ValueError, match="multiples of 32"):
        predictor.predict(gray(1, 60, 96))
    with pytest.raises(ValueError, match="frame numbers"):
        predictor.predict(gray(2), frames=[1])
    with pytest.raises(InputError, match="fp16 needs a CUDA device"):
        Predictor(tiny_model(), device="cpu", precision="fp16")


class Tied:
    """Something in a cycle of references, as Python 3.12 leaves what failed."""

    def __init__(self) -> None:
        self.itself = self


def test_out_of_memory_halves_the_batch_says_so_once_and_colors_every_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    predictor = Predictor(tiny_model(), device="cpu", mirrored=False, warn=said.append)
    expected = predictor.predict(gray(5))
    monkeypatch.setattr("filmcolor.model.predict._CUDA_BATCH", 4)
    predictor._batch = 4
    run = predictor._run
    held: list[weakref.ref[Tied]] = []

    def short_of_memory(lightness: torch.Tensor, *rest: object) -> torch.Tensor:
        assert all(tied() is None for tied in held)  # what failed before is let go
        if len(lightness) > 1:
            held.append(weakref.ref(Tied()))
            raise torch.cuda.OutOfMemoryError
        return run(lightness, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(predictor, "_run", short_of_memory)
    assert torch.equal(predictor.predict(gray(5)), expected)
    assert len(held) == 2
    assert said == ["the GPU's memory ran out; going on with smaller batches"]


def test_folding_batch_norms_keeps_what_a_layer_computes() -> None:
    rng = torch.Generator().manual_seed(0)
    state = {"conv_stem.weight": torch.randn(32, 3, 3, 3, generator=rng)}
    for name, low in (("weight", 0.5), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 0.5)):
        state[f"bn1.{name}"] = torch.rand(32, generator=rng) + low
    folded = fold_classifier(state)
    x = torch.randn(1, 3, 8, 8, generator=rng)
    before = torch.nn.functional.batch_norm(
        torch.nn.functional.conv2d(x, state["conv_stem.weight"]),
        state["bn1.running_mean"],
        state["bn1.running_var"],
        state["bn1.weight"],
        state["bn1.bias"],
        eps=1e-3,
    )
    after = torch.nn.functional.conv2d(x, folded["stem.conv.weight"], folded["stem.conv.bias"])
    assert torch.allclose(before, after, atol=1e-5)


def test_strided_layers_pad_as_tensorflow_does() -> None:
    network = EfficientNetLite("lite0").eval()
    torch.nn.init.zeros_(network.stem.conv.bias)
    x = torch.zeros(1, 3, 8, 8)
    x[..., 0, 0] = (
        1.0  # TensorFlow pads an even size at the end only: tap (0, 0) of the kernel meets pixel (0, 0)
    )
    with torch.no_grad():
        got = network.stem.conv(torch.nn.functional.pad(x, network.stem.pad))[0, :, 0, 0]
        assert torch.allclose(got, network.stem.conv.weight[:, :, 0, 0].sum(1), atol=1e-6)
    assert network.channels == (16, 24, 40, 112, 320)
    assert [f.shape[-1] for f in network(torch.zeros(1, 3, 64, 64))] == [32, 16, 8, 4, 2]


def failing_on_the_gpu(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Predictor:
    """A predictor that takes itself to be on a GPU, which fails."""

    def fail(*_: object) -> None:
        raise error

    predictor = Predictor(tiny_model(), device="cpu")
    predictor.device = torch.device("cuda")
    monkeypatch.setattr(predictor, "_run", fail)
    return predictor


def test_a_gpu_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = RuntimeError("CUDA error: unspecified launch failure\nCompile with `TORCH_USE_CUDA_DSA`")
    with pytest.raises(
        FilmcolorError, match=r"the GPU failed \(CUDA error: unspecified launch failure\); use"
    ):
        failing_on_the_gpu(monkeypatch, error).predict(gray(1))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: out of memory\nCompile with"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
    ],
    ids=["torch", "driver", "cublas", "cudnn", "no-engine"],
)
def test_a_picture_that_the_gpus_memory_cannot_hold_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with pytest.raises(FilmcolorError, match="one picture of 96x64 does not fit the GPU's memory; use"):
        failing_on_the_gpu(monkeypatch, error).predict(gray(1))
