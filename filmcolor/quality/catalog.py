"""The figures of a quality document: their names, units and which way is better."""

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class Figure:
    """key in the document, name and unit for people, better way, digits shown, what it tells."""

    key: str
    name: str
    unit: str
    better: Better
    digits: int
    about: str


PICTURE = (
    Figure("psnr", "PSNR", "dB", "higher", 2, "R'G'B' error; luma is given, so read it beside the gray row"),
    Figure("psnr_gain", "gain over gray", "dB", "higher", 2, "PSNR less that of the gray picture"),
    Figure("psnr_ab", "PSNR ab", "dB", "higher", 2, "error of a and b alone, peak 255"),
    Figure(
        "ciede2000", "CIEDE2000", "dE00", "lower", 2, "color difference, mean over pixels; 1 is just visible"
    ),
    Figure("ciede2000_p95", "CIEDE2000 p95", "dE00", "lower", 2, "the 95th percentile of pixels"),
    Figure("ssim", "SSIM", "", "higher", 4, "structure; dominated by luma, minor for color"),
    Figure("cf", "colorfulness", "", "none", 1, "Hasler and Suesstrunk M3, signed opponents"),
    Figure(
        "cf_abs", "colorfulness abs", "", "none", 1, "the variant with absolute opponents in the literature"
    ),
    Figure("cf_gap", "colorfulness gap", "", "lower", 1, "|made - truth| per picture"),
    Figure("chroma", "mean chroma", "C*", "none", 1, "mean length of (a, b)"),
    Figure(
        "edge_ab", "ab error at edges", "ab", "lower", 2, "within 3 pixels of luma edges, where color bleeds"
    ),
    Figure("luma_psnr", "luma PSNR", "dB", "higher", 1, "Y' of the result against the gray source"),
    Figure("luma_mean", "luma error", "codes", "lower", 3, "mean |Y' - source|, 8-bit codes"),
    Figure("luma_max", "largest luma error", "codes", "lower", 2, "8-bit codes"),
    Figure(
        "lightness_psnr",
        "L* PSNR",
        "dB",
        "none",
        1,
        "L* against the gray source; colors at equal Y' differ in L*",
    ),
    Figure("stlpips", "ST-LPIPS", "", "lower", 4, "shift-tolerant perceptual distance"),
    Figure("lpips", "LPIPS", "", "lower", 4, "perceptual distance v0.1"),
)

CLIP = (
    Figure("warp_rgb", "E_warp RGB", "", "none", 6, "Lai et al. 2018, values 0..1; truth's own is not 0"),
    Figure("warp_ab", "E_warp ab", "ab²", "none", 3, "the same on a and b: no luma noise"),
    Figure(
        "warp_ab_ratio", "E_warp ab / truth", "", "none", 3, "over 1: shakes more than the truth; gray is 0"
    ),
    Figure("warp_visible", "visible share", "", "none", 3, "pixels compared by the warping error"),
    Figure("warp_skipped", "skipped pairs", "", "none", 1, "pairs without a visible pixel"),
    Figure("cdc", "CDC", "", "none", 6, "TCVC's histogram change; mostly camera motion"),
    Figure("cdc_gray", "CDC of gray", "", "none", 6, "the floor that luma motion gives"),
    Figure("cdc_excess", "CDC excess", "", "lower", 6, "|CDC - CDC of the truth|"),
    Figure("cdc_ab", "CDC ab", "", "none", 6, "the same over histograms of a and b"),
    Figure("flicker_ab", "flicker", "ab", "none", 3, "second difference of the mean (a, b)"),
    Figure("flicker_excess", "flicker excess", "ab", "lower", 3, "flicker less that of the truth"),
    Figure("drift_1", "drift 1", "ab", "none", 3, "distance of a followed pixel's color over 1 frame"),
    Figure("drift_8", "drift 8", "ab", "none", 3, "over 8 frames"),
    Figure("drift_32", "drift 32", "ab", "none", 3, "over 32 frames"),
    Figure("drift_128", "drift 128", "ab", "none", 3, "over 128 frames"),
    Figure("drift_slope", "drift slope", "ab/frame", "none", 4, "least-squares slope of drift against lag"),
    Figure(
        "drift_32_relative",
        "drift 32 / chroma",
        "",
        "none",
        3,
        "over the clip's mean C*: fading lowers drift too",
    ),
    Figure("ab_error", "ab error", "ab", "lower", 2, "mean distance from the true (a, b), all frames"),
    Figure("gray_frames", "gray frames", "frames", "lower", 0, "frames left gray inside a colored clip"),
)

FIGURES = {f.key: f for f in (*PICTURE, *CLIP)}
