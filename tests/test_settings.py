import math
from pathlib import Path
from typing import Any

import pytest

from filmcolor.batch.options import BatchOptions
from filmcolor.settings import RunSettings


@pytest.mark.parametrize(
    "given",
    [
        {"start": math.nan},
        {"start": math.inf},
        {"end": math.nan},
        {"end": math.inf},
        {"saturation": math.nan},
        {"rate": math.nan},
        {"max_pixels": 0},
    ],
)
def test_numbers_that_mean_nothing_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        RunSettings(**given)


def test_a_watchdog_that_never_ends_a_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="watchdog above 0"):
        BatchOptions(out=Path("out"), watchdog=math.nan)
