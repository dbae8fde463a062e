"""One child process, measured: its answer, processor time, peak memory and memory over time."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filmcolor.errors import FilmcolorError, InputError, ModelError, OutputError

_INTERVAL = 0.1
_ERRORS = {e.exit_code: e for e in (InputError, OutputError, ModelError)}


@dataclass(frozen=True, slots=True)
class Measured:
    """answer: the last line of stdout as JSON. peak_rss_mib: as the kernel counted. memory: (s, MiB)."""

    answer: dict[str, Any]
    peak_rss_mib: float
    memory: tuple[tuple[float, float], ...]


def _resident_mib(pid: int) -> float | None:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None  # not Linux, or gone already
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(command: Sequence[str], environment: dict[str, str] | None = None) -> Measured:
    """Run a command to its end. Raises the FilmcolorError of its exit code, with its last line.

    Peak memory is the child's own (`wait4`): that of the waiting process is in no figure.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(environment or {})})
        memory: list[tuple[float, float]] = []
        try:
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                mib = _resident_mib(child.pid)
                if mib is not None:
                    memory.append((round(time.perf_counter() - began, 2), round(mib, 1)))
                time.sleep(_INTERVAL)
        except BaseException:
            child.kill()
            child.wait()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)  # Popen would wait for it once more
        out.seek(0)
        err.seek(0)
        lines, complaints = out.read().decode().splitlines(), err.read().decode(errors="replace").splitlines()
    if child.returncode:
        last = complaints[-1].removeprefix("filmcolor: ") if complaints else f"exit {child.returncode}"
        raise _ERRORS.get(child.returncode, FilmcolorError)(last)
    scale = 2**20 if os.uname().sysname == "Darwin" else 2**10  # ru_maxrss: bytes there, KiB elsewhere
    return Measured(json.loads(lines[-1]), usage.ru_maxrss / scale, tuple(_thinned(memory)))


def _thinned(memory: list[tuple[float, float]], points: int = 120) -> list[tuple[float, float]]:
    """Keep at most `points` moments, each with the highest memory since the one before."""
    if len(memory) <= points:
        return memory
    size = -(-len(memory) // points)
    return [(memory[min(i + size, len(memory)) - 1][0], max(m for _, m in memory[i : i + size])) for i in range(0, len(memory), size)]
