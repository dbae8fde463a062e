import pytest

from filmcolor.batch.options import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20000000", 20_000_000),
        ("500GB", 500 * 10**9),
        ("1.5T", 15 * 10**11),
        ("2GiB", 2 << 30),
        ("8 ki", 8192),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size
