"""Of several inputs those that can be done are done, and what is amiss is raised at the end."""

from pathlib import Path

import pytest

from filmcolor.errors import InputError, PartialError
from filmcolor.pipeline.progress import Progress
from filmcolor.pipeline.several import Several

BAD = InputError("bad.mkv: not a film")


def test_what_fails_is_told_and_counted_at_the_end() -> None:
    told: list[Progress] = []
    account = Several(3, told.append)
    account.failed(BAD)
    account.done(Path("a.mkv"), partial=True)
    account.done(Path("b.mkv"), partial=False)
    assert [each.warning for each in told] == ["bad.mkv: not a film"]
    with pytest.raises(PartialError, match=r"^1 of 3 inputs failed"):
        account.end("the rest is there")


def test_where_nothing_is_done_the_first_failure_is_the_error() -> None:
    account = Several(2, lambda _: None)
    account.failed(BAD)
    account.failed(InputError("worse.mkv: not a film either"))
    with pytest.raises(InputError, match="bad"):
        account.end("the rest is there")


def test_damage_is_named_at_the_end_and_one_input_fails_at_once() -> None:
    account = Several(1, lambda _: None)
    account.done(Path("a.mkv"), partial=True)
    with pytest.raises(PartialError, match=r"a.mkv: frames were lost to damage; the rest is there"):
        account.end("the rest is there")
    with pytest.raises(InputError, match="bad"):
        Several(1, lambda _: None).failed(BAD)
