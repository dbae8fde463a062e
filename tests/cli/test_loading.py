"""Signals and the garbage collector while libraries load."""

import gc
import signal
from collections.abc import Iterator

import pytest

from filmcolor.cli import loading as module
from filmcolor.cli.loading import loading


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks on this system")
def test_ctrl_c_waits_until_the_libraries_are_loaded_and_is_not_lost() -> None:
    loaded = []

    def load() -> None:
        with loading():
            signal.raise_signal(signal.SIGINT)
            loaded.append("torch")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in jobs of a background shell
    try:
        with pytest.raises(KeyboardInterrupt):
            load()
    finally:
        signal.signal(signal.SIGINT, before)
    assert loaded == ["torch"]


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has loaded nothing large, and afterwards the collector as it was."""
    monkeypatch.setattr(module, "_loaded", False)
    gc.unfreeze()
    was = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if was else gc.disable)()


@pytest.mark.parametrize("collecting", [True, False])
def test_what_is_loaded_is_not_searched_for_garbage_and_the_collector_is_as_before(
    fresh: None, collecting: bool
) -> None:
    (gc.enable if collecting else gc.disable)()
    kept = []
    with loading():
        assert not gc.isenabled()
        kept += [[] for _ in range(1000)]
    assert gc.isenabled() is collecting
    assert gc.get_freeze_count() >= 1000
    frozen = gc.get_freeze_count()
    with loading():
        kept += [[] for _ in range(1000)]
    assert gc.get_freeze_count() <= frozen  # what lives by now is not left out, only what was first loaded
