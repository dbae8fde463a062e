import copy

import pytest

from filmcolor.errors import InputError
from filmcolor.quality.bootstrap import mean_interval, paired_difference, paired_ratio
from filmcolor.quality.compare import compare, goodness
from filmcolor.quality.document import QUALITY, SPEED


def quality(factor: float = 1.0) -> dict:
    rows = [
        {"psnr": 20.0 + i, "ciede2000": (8.0 + i) * factor, "stlpips": None, "cf_gap": 5.0} for i in range(12)
    ]
    items = [{"name": f"p{i}", "frames": 1, "rows": {"filmcolor": row}} for i, row in enumerate(rows)]
    settings = {"lines": 256, "every": 12, "frames": 48}
    return {
        "format": QUALITY,
        "subject": {"row": "filmcolor"},
        "settings": settings,
        "pictures": items,
        "clips": [],
    }


def speed(fps: float) -> dict:
    def around(x: float) -> dict:
        return {"median": x, "low": 0.98 * x, "high": 1.02 * x, "n": 3}

    film = {
        "name": "480p, 96 frames",
        "fps": around(fps),
        "transcode_ratio": around(30 / fps),
        "peak_rss_mib": 700.0,
    }
    return {"format": SPEED, "films": [film]}


def test_a_result_against_itself_is_one_everywhere() -> None:
    lines = compare(quality(), quality())
    assert [line.ratio for line in lines] == [1.0] * len(lines)
    assert not any(line.worse(0.95) for line in lines)
    assert {line.n for line in lines} == {12}


def test_a_clear_loss_is_found_whichever_way_the_figure_points() -> None:
    worse = [line.figure for line in compare(quality(), quality(1.2)) if line.worse(0.95)]
    assert worse == ["pictures: CIEDE2000, dE00"]
    assert not [line for line in compare(quality(1.2), quality()) if line.worse(0.95)]
    assert any(line.worse(0.95) for line in compare(speed(20), speed(15)))
    assert not any(line.worse(0.95) for line in compare(speed(20), speed(19.5)))


def test_one_unlucky_picture_is_no_regression() -> None:
    b = quality()
    b["pictures"][3] = copy.deepcopy(b["pictures"][3])
    b["pictures"][3]["rows"]["filmcolor"]["ciede2000"] *= 3.0
    line = next(x for x in compare(quality(), b) if "CIEDE" in x.figure)
    assert line.ratio < 0.95
    assert not line.worse(0.95)


def test_results_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="two kinds"):
        compare(quality(), speed(20))
    other = quality()
    other["settings"] = other["settings"] | {"lines": 0}
    with pytest.raises(InputError, match="lines 256 and 0"):
        compare(quality(), other)
    renamed = quality()
    for item in renamed["pictures"]:
        item["name"] = "x" + item["name"]
    with pytest.raises(InputError, match="in common"):
        compare(quality(), renamed)


@pytest.mark.parametrize(("a", "b", "way", "expected"), [
    (10, 20, "higher", 2), (10, 20, "lower", 0.5), (0, 0, "lower", 1), (0, 3, "lower", 0), (3, 0, "lower", 2),
])  # fmt: skip
def test_goodness_is_over_one_when_better(a: float, b: float, way: str, expected: float) -> None:
    assert goodness(a, b, way) == expected  # type: ignore[arg-type]


def test_a_bootstrap_interval_covers_the_mean_and_narrows_with_pairs() -> None:
    hard_and_easy = [float(v) for v in range(40)]
    single = mean_interval(hard_and_easy)
    assert single.low < 19.5 < single.high
    paired = paired_difference(hard_and_easy, [v + 1 + 0.01 * (v % 3) for v in hard_and_easy])
    assert 1 < paired.low < paired.high < 1.03  # what makes pictures hard cancels
    ratio = paired_ratio(hard_and_easy, [1.1 * v for v in hard_and_easy])
    assert ratio is not None
    assert ratio == pytest.approx((1.1, 1.1, 1.1))
    assert mean_interval([4.0]) == (4.0, 4.0, 4.0)
    with pytest.raises(ValueError, match="equal length"):
        paired_ratio([1.0], [1.0, 2.0])
