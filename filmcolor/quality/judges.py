"""The networks that judge, where their weights can be had; where not, the reason."""

from collections.abc import Callable

from filmcolor.quality.features import FeatureNet, load_features
from filmcolor.quality.lpips import load_lpips
from filmcolor.quality.perceptual import PerceptualDistance
from filmcolor.quality.quality_settings import QualitySettings
from filmcolor.quality.score import Judges
from filmcolor.quality.stlpips import load_stlpips
from filmcolor.quality.weights import NotMeasured


def _stlpips(settings: QualitySettings) -> PerceptualDistance:
    if settings.stlpips is None:
        raise NotMeasured("no weights were given (--stlpips FILE)")
    return load_stlpips(settings.stlpips, settings.device)


def _lpips(settings: QualitySettings) -> PerceptualDistance:
    return load_lpips(settings.lpips_net, settings.lpips_trunk, device=settings.device)


def load_judges(
    settings: QualitySettings,
) -> tuple[Judges, FeatureNet | None, dict[str, str], dict[str, str]]:
    """Return the judges, the feature network, the names of what is there, and why the rest is not.

    Raises ModelError where a file that was given is damaged or of another network.
    """
    names: dict[str, str] = {}
    missing: dict[str, str] = {}
    networks: dict[str, PerceptualDistance | None] = {}
    makers: dict[str, Callable[[QualitySettings], PerceptualDistance]] = {
        "stlpips": _stlpips,
        "lpips": _lpips,
    }
    for key, make in makers.items():
        try:
            network = make(settings)
            networks[key], names[key] = network, network.name
        except NotMeasured as reason:
            networks[key], missing[key] = None, str(reason)
    features = None
    if settings.features is not None:
        features = load_features(settings.features, settings.device)
        names["kid"] = features.name
    else:
        missing["kid"] = missing["fid"] = "no feature network was given (--features FILE)"
    return Judges(networks), features, names, missing
