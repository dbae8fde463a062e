"""What the edges of the house do with files, apart from what the rooms test."""

from filmcolor.files import size_text


def test_sizes_are_written_for_people() -> None:
    assert [size_text(n) for n in (999, 1500, 12_340_000_000)] == ["999 bytes", "1.5 kB", "12.3 GB"]
