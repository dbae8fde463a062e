from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filmcolor.errors import InputError
from filmcolor.quality.bench import bench_quality
from filmcolor.quality.document import read_document, write_document
from filmcolor.quality.quality_settings import QualitySettings
from filmcolor.video.rgb import read_rgb_frames, write_gray_film
from tests.quality.media import make_clip, make_pictures


def leave_gray(source: Path, out: Path) -> None:
    """The laziest colorizer."""
    if source.suffix == ".png":
        Image.open(source).convert("RGB").save(out)
    else:
        write_gray_film(out, [f.rgb[..., 0] for f in read_rgb_frames(source)], Fraction(25))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_pictures(folder / "photo", 5)
    make_clip(folder / "video" / "pan.mkv")
    make_pictures(folder / "bw", 1)  # without truth, so left out
    return folder


@pytest.fixture(scope="module")
def document(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    samples = tmp_path_factory.mktemp("out") / "q.pictures"
    settings = QualitySettings(data=data, lines=48, every=4, jobs=2)
    return bench_quality(settings, leave_gray, about={"weights": None}, samples=samples) | {
        "_folder": samples
    }


def test_a_lazy_colorizer_scores_exactly_as_the_gray_row(document: dict) -> None:
    table = document["summary"]
    assert document["data"]["pictures"] == 5
    assert document["data"]["clips"] == 1
    for key in ("psnr", "ciede2000", "cf", "ssim"):
        assert table["filmcolor"]["pictures"][key]["mean"] == pytest.approx(
            table["gray"]["pictures"][key]["mean"]
        )
    assert table["filmcolor"]["pictures"]["luma_psnr"]["mean"] == 100
    assert table["gray"]["set"]["cf_ratio"] == 0
    assert table["filmcolor"]["clips"]["warp_ab"]["mean"] == pytest.approx(0, abs=1e-6)


def test_rows_stand_in_their_order(document: dict) -> None:
    def mean(row: str, key: str, kind: str = "pictures") -> float:
        return document["summary"][row][kind][key]["mean"]

    assert mean("truth", "psnr") == 100
    assert mean("truth", "ciede2000") == 0
    assert mean("half", "ciede2000") < mean("gray", "ciede2000")
    assert mean("half", "cf") == pytest.approx(mean("truth", "cf") / 2, rel=0.2)
    assert 0 < mean("mean", "chroma") < mean("truth", "chroma")
    assert mean("truth", "cdc_excess", "clips") == 0
    assert mean("gray", "cdc", "clips") < mean("truth", "cdc", "clips")  # graying lowers CDC
    assert mean("half", "warp_ab", "clips") < mean("truth", "warp_ab", "clips")  # and steadiness
    assert mean("truth", "warp_ab_ratio", "clips") == 1


def test_what_has_no_weights_is_null_with_a_reason(document: dict) -> None:
    assert set(document["not_measured"]) >= {"stlpips", "kid", "fid"}
    assert document["pictures"][0]["rows"]["gray"]["stlpips"] is None
    assert document["summary"]["gray"]["pictures"]["stlpips"] == {
        "mean": None,
        "median": None,
        "low": None,
        "high": None,
        "n": 0,
    }


def test_the_document_is_strict_json_without_paths(document: dict, data: Path, tmp_path: Path) -> None:
    plain = {k: v for k, v in document.items() if k != "_folder"}
    write_document(plain, tmp_path / "q.json")
    text = (tmp_path / "q.json").read_text()
    assert str(data.parent) not in text
    assert "NaN" not in text
    assert read_document(tmp_path / "q.json")["worst"][0]["ciede2000"] > 0
    assert {s["rank"] for s in document["samples"]} == {"best", "median", "worst"}
    assert all(
        (document["_folder"].parent / f).is_file() for s in document["samples"] for f in s["files"].values()
    )


def test_outputs_of_another_tool_are_scored_by_their_names(data: Path, tmp_path: Path) -> None:
    for path in (data / "photo").iterdir():
        Image.open(path).save(tmp_path / f"{path.stem}.color.png")  # perfect, at the sources' own size
    (tmp_path / "pan.mkv").write_bytes((data / "video" / "pan.mkv").read_bytes())
    settings = QualitySettings(data=data, outputs=tmp_path, subject="rival", lines=48)
    table = bench_quality(settings, None, about={})["summary"]["rival"]
    assert table["pictures"]["psnr"]["mean"] == 100
    assert table["clips"]["ab_error"]["mean"] == 0


def test_outputs_that_do_not_pair_are_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    settings = QualitySettings(data=data, outputs=tmp_path, lines=48)
    with pytest.raises(InputError, match="no output named scene0"):
        bench_quality(settings, None, about={})
    for path in (data / "photo").iterdir():
        Image.open(path).resize((30, 30)).save(tmp_path / path.name)
    (tmp_path / "pan.mkv").write_bytes((data / "video" / "pan.mkv").read_bytes())
    with pytest.raises(InputError, match=r"scene0\.png: is 30x30, its source 64x56"):
        bench_quality(settings, None, about={})


def test_a_film_that_lost_a_frame_is_refused_and_not_shifted(data: Path, tmp_path: Path) -> None:
    def drop_one(source: Path, out: Path) -> None:
        if source.suffix == ".png":
            leave_gray(source, out)
        else:
            write_gray_film(out, [f.rgb[..., 0] for f in read_rgb_frames(source)][1:], Fraction(25))

    with pytest.raises(InputError, match=r"pan\.mkv: has 11 frames, its truth 12"):
        bench_quality(QualitySettings(data=data, lines=48), drop_one, about={})


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="no pictures and no clips"):
        bench_quality(QualitySettings(data=tmp_path), leave_gray, about={})
    (tmp_path / "torn.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(InputError, match=r"torn\.png: cannot read picture"):
        bench_quality(QualitySettings(data=tmp_path), leave_gray, about={})


@pytest.mark.parametrize(
    "text",
    ["", '{"format": "filmcolor.bench.quality/1", "made"', "[1, 2]", '{"a": NaN}', '{"format": "other"}'],
)
def test_a_torn_or_foreign_result_is_one_clear_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text(text)
    with pytest.raises(InputError, match=r"torn\.json: not a result of filmcolor bench") as caught:
        read_document(tmp_path / "torn.json")
    assert "\n" not in str(caught.value)


def test_a_document_with_a_wrong_type_is_named_by_its_place(document: dict, tmp_path: Path) -> None:
    plain = {k: v for k, v in document.items() if k != "_folder"}
    plain["pictures"] = [plain["pictures"][0] | {"frames": "many"}]
    with pytest.raises(ValueError, match=r"document\.pictures\[0\]\.frames: expected integer"):
        write_document(plain, tmp_path / "q.json")
    plain["pictures"] = [plain["pictures"][0] | {"frames": 1, "rows": {"gray": {"psnr": np.inf}}}]
    with pytest.raises(ValueError, match="not a finite number"):
        write_document(plain, tmp_path / "q.json")
