"""Signals while libraries load."""

import signal

import pytest

from filmcolor.cli.loading import uninterrupted


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks on this system")
def test_ctrl_c_waits_until_the_libraries_are_loaded_and_is_not_lost() -> None:
    loaded = []

    def load() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            loaded.append("torch")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in jobs of a background shell
    try:
        with pytest.raises(KeyboardInterrupt):
            load()
    finally:
        signal.signal(signal.SIGINT, before)
    assert loaded == ["torch"]
