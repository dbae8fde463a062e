"""Lists of films; every mistake with its line."""

from pathlib import Path

import pytest

from filmcolor.batch.discover import discover
from filmcolor.errors import InputError

TOML = """# a vault
[run]
preset = "archive"
saturation = 0.9

[[film]]
film = "a.mkv"

[[film]]
film = "sub/b.mp4"
output = "named/b.mkv"
saturation = 1.1
encoder_options = { tune = "grain" }
"""


def read(tmp_path: Path, name: str, text: str) -> list[tuple[str, dict[str, object]]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = discover([str(path)], tmp_path / "out").wanted
    return [(str(w.source.relative_to(tmp_path)), dict(w.settings)) for w in found]


def test_a_toml_manifest_gives_films_outputs_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "vault.toml"
    path.write_text(TOML)
    a, b = discover([str(path)], tmp_path / "out").wanted
    assert (a.source, a.out, dict(a.settings)) == (
        tmp_path / "a.mkv", None, {"preset": "archive", "saturation": 0.9},
    )  # fmt: skip
    assert b.out == tmp_path / "out/named/b.mkv"
    assert dict(b.settings) == {
        "preset": "archive", "saturation": 1.1, "encoder_options": (("tune", "grain"),),
    }  # fmt: skip


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_csv_manifest_gives_films_outputs_and_settings(tmp_path: Path, sign: str) -> None:
    text = "film,output,crf,every_frame,saturation\na.mkv,,18,yes,\nb.mkv,x/b.mkv,,,0.5\n".replace(",", sign)
    assert read(tmp_path, "v.csv", "\ufeff" + text) == [
        ("a.mkv", {"crf": 18, "every_frame": True}),
        ("b.mkv", {"saturation": 0.5}),
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "v.toml",
            TOML + '\n[[film]]\nfilm = "c.mkv"\nsaturatoin = 1\n',
            "line 17: unknown key 'saturatoin'",
        ),
        ("v.toml", "[runs]\n" + TOML, "line 1: unknown key 'runs'"),
        ("v.toml", "[run]\nsiez = 64\n[[film]]\nfilm='a'\n", "line 2: unknown key 'siez'"),
        ("v.toml", "[[film]]\nsaturation = 1.0\n", "line 1: no film is named"),
        ("v.toml", "[[film]]\nfilm='a'\ncrf='low'\n", "line 3: crf cannot be 'low'"),
        ("v.toml", "[[film]]\nfilm='a'\nsaturation=3.0\n", "line 1: saturation must be from 0 to 2"),
        ("v.toml", "[[film]]\nfilm='a'\n\n[[film]]\nfilm='./a'\n", "line 4: .* the same film as in line 1"),
        (
            "v.toml",
            "[[film]]\nfilm='a'\noutput='x.mkv'\n[[film]]\nfilm='b'\noutput='x.mkv'\n",
            "line 4: .*x.mkv: the same output as in line 1",
        ),
        ("v.toml", "[[film]]\nfilm = \n", "line 2"),
        ("v.toml", "[run]\npreset='web'\n", "names no film"),
        ("v.toml", "[[film]]\nfilm='a'\ndevice='cuda'\n", "line 3: 'device' is said for a whole batch"),
        ("v.csv", "film,colour\na.mkv,1\n", "line 1: unknown column 'colour'"),
        ("v.csv", "output\na.mkv\n", "line 1: no column is called 'film'"),
        ("v.csv", "film,crf,crf\na.mkv,1,2\n", "line 1: two columns are called 'crf'"),
        ("v.csv", "film,crf\na.mkv,18\nb.mkv,much\n", "line 3: crf cannot be 'much'"),
        ("v.csv", "film\na.mkv,18\n", "line 2: 2 cells, but 1 columns"),
        ("v.csv", "film,crf\n,18\n", "line 2: no film is named"),
        ("v.csv", 'film\n"a.mkv\n', "not CSV"),
        ("v.csv", "film\na.mkv\nb.mkv\na.mkv\n", "line 4: .*the same film as in line 2"),
        ("v.csv", "film,preset\na.mkv,best\n", "line 2: preset must be one of"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        read(tmp_path, name, text)
    assert str(error.value).startswith(str(tmp_path / name))
    assert "\n" not in str(error.value)
