"""What training starts from: a network, color classes and frozen features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from filmcolor.errors import InputError, ModelError
from filmcolor.model.config import ModelConfig, build_network
from filmcolor.model.encoder import SCALES, EfficientNetLite, fold_classifier
from filmcolor.model.generator import Generator
from filmcolor.model.weights import Model, load_model
from filmcolor.training.lab import rgb_to_lab
from filmcolor.training.losses import ColorBins, count_colors, occurring_centers
from filmcolor.training.pictures import Sampler
from filmcolor.training.settings import OptimizerSettings, TrainSettings
from filmcolor.training.teachers import load_teacher

_COUNTING_SEED = 1  # of a generator of its own: counting must not move the data order
_MOST_COUNTED = 24  # batches of 64 crops of 64 pixels, to learn how often colors occur
_PERCEPTUAL_BLOCKS = 11  # of the feature network; strides 2 to 16


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A network to train (float32, on the CPU), its configuration and color classes, frozen features or
    None.
    """

    network: nn.Module
    config: ModelConfig
    bins: ColorBins | None
    features: nn.Module | None


def refuse_mismatch(settings: TrainSettings, encoder: Path | None, teachers: Sequence[Path]) -> None:
    """Raise InputError where settings and options do not go together; no file is read for it."""
    if settings.loss.perceptual > 0 and encoder is None:
        raise InputError(
            "the perceptual loss needs --encoder CLASSIFIER.safetensors; or set loss.perceptual = 0"
        )
    if bool(teachers) != (settings.loss.taught > 0):
        raise InputError("--teacher and loss.taught need each other: give both or neither")
    if teachers and settings.model.architecture != "default":
        raise InputError(f"--teacher needs a network with color classes, not {settings.model.architecture}")


def refuse_unfit(
    settings: TrainSettings, init: Path | None, encoder: Path | None, teachers: Sequence[Path]
) -> None:
    """Raise ModelError or InputError where one of these files cannot be used: before minutes of reading pictures."""
    if encoder is not None:
        classifier = load_classifier(encoder)
        if settings.loss.perceptual > 0:
            _frozen_features(classifier, encoder)
        if init is None and settings.model.architecture == "default":
            _load_encoder(EfficientNetLite(settings.model.encoder), classifier, encoder)
    config = settings.model if init is None else _load_init(init, settings.model).config
    for path in teachers:
        load_teacher(path, config)


def choose_start(
    settings: TrainSettings, sampler: Sampler, init: Path | None, encoder: Path | None, device: torch.device
) -> Start:
    """Make the network, or take `init`'s; count colors.

    init: a weights file, or `default` for the shipped one. encoder: the public EfficientNet-Lite classifier,
    from which an encoder may start and whose features the perceptual loss uses. Raises ModelError or
    InputError.
    """
    classifier = None if encoder is None else load_classifier(encoder)
    counts = _color_counts(sampler)
    config, network = settings.model, None
    if init is not None:
        model = _load_init(init, settings.model)
        config = replace(model.config, name="")
        network = build_network(config, settings.optimizer.dropout)
        network.load_state_dict(model.network.state_dict())
    elif config.architecture == "default":
        centers = occurring_centers(counts)
        config = replace(config, bins=len(centers))
        made = Generator(
            config.bins, config.widths, config.dim, config.blocks, config.encoder, settings.optimizer.dropout
        )
        made.centers.copy_(centers)
        made.sharp.fill_(config.sharpness)
        if classifier is not None:
            _load_encoder(made.encoder, classifier, encoder)
        network = made
    else:
        network = build_network(config)
    bins = None
    if isinstance(network, Generator):
        bins = ColorBins(network.centers.to(device), counts.float().to(device), settings.loss.rebalance)
    features = None
    if classifier is not None and settings.loss.perceptual > 0:
        features = _frozen_features(classifier, encoder)
    return Start(network=network.requires_grad_(True), config=config, bins=bins, features=features)


def _load_init(init: Path, config: ModelConfig) -> Model:
    model = load_model(None if str(init) == "default" else init, assumed=config)
    if model.config.architecture != config.architecture:
        raise InputError(f"{init}: is a {model.config.architecture} network, not {config.architecture}")
    return model


def make_optimizer(network: nn.Module, options: OptimizerSettings, learned: bool) -> torch.optim.Optimizer:
    """AdamW; an encoder that has learned before moves slower. `full_lr` of each group is that without
    schedule.
    """
    encoder = [p for n, p in network.named_parameters() if n.startswith("encoder.")]
    others = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    groups: list[dict[str, Any]] = [{"params": others, "lr": options.lr, "full_lr": options.lr}]
    if encoder:
        lr = options.lr * (options.encoder_lr if learned else 1.0)
        groups.append({"params": encoder, "lr": lr, "full_lr": lr})
    fused = others[0].is_cuda
    return torch.optim.AdamW(groups, betas=options.betas, weight_decay=options.weight_decay, fused=fused)


def load_classifier(path: Path) -> dict[str, Tensor]:
    """Read the public classifier (timm's names, folded here) or an encoder that was folded before."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: cannot read the classifier: {error}") from error
    try:
        folded = fold_classifier(tensors) if any(n.startswith("conv_stem.") for n in tensors) else tensors
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: not an EfficientNet-Lite classifier: {error}") from error
    return {name: tensor.float() for name, tensor in folded.items()}


def _load_encoder(encoder: EfficientNetLite, tensors: dict[str, Tensor], path: Path | None) -> None:
    try:
        encoder.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelError(f"{path}: does not fit the encoder: {str(error).splitlines()[0]}") from error


def _frozen_features(tensors: dict[str, Tensor], path: Path | None) -> nn.Module:
    for name in SCALES:
        network = EfficientNetLite(name)
        shapes = {n: t.shape for n, t in network.state_dict().items()}
        if shapes == {n: t.shape for n, t in tensors.items()}:
            network.load_state_dict(tensors)
            network.blocks = network.blocks[:_PERCEPTUAL_BLOCKS]
            return network.eval().requires_grad_(False)
    raise ModelError(f"{path}: not an EfficientNet-Lite classifier; known are {', '.join(SCALES)}")


def _color_counts(sampler: Sampler) -> Tensor:
    """Return how often each cell of the color grid occurs in crops, on the CPU; runs of any seed agree."""
    device = sampler.pictures.pixels.device
    generator = torch.Generator(device).manual_seed(_COUNTING_SEED)
    total = torch.zeros(())
    for _ in range(min(_MOST_COUNTED, 1 + len(sampler.pictures) // 8)):
        lab = rgb_to_lab(sampler.draw(64, 64, generator))
        total = total + count_colors(F.avg_pool2d(lab[:, 1:], 4)).cpu()
    return total
