"""One child process, measured: its answer, processor time, peak memory and memory over time."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filmcolor.errors import FilmcolorError, InputError, ModelError, OutputError

_INTERVAL = 0.1
_ERRORS = {e.exit_code: e for e in (InputError, OutputError, ModelError)}


@dataclass(frozen=True, slots=True)
class Measured:
    """answer: the last line of stdout as JSON. peak_rss_mib: as the kernel counted. memory: (s, MiB)."""

    answer: dict[str, Any]
    peak_rss_mib: float
    memory: tuple[tuple[float, float], ...]


def resident_mib(pid: int | Literal["self"]) -> tuple[float, float] | None:
    """Return the resident memory of a process now and at its peak, or None where /proc does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None  # not Linux, or gone already
    kib = {k: int(v.split()[0]) for k, _, v in (x.partition(":") for x in lines) if k in ("VmRSS", "VmHWM")}
    return (kib["VmRSS"] / 1024, kib["VmHWM"] / 1024) if len(kib) == 2 else None


def measure(command: Sequence[str], environment: dict[str, str] | None = None) -> Measured:
    """Run a command to its end. Raises the FilmcolorError of its exit code, with its last line.

    Peak memory is VmHWM, asked for as long as the child lives and, where its answer has `peak_rss_mib`, told by
    the child at its end. Not ru_maxrss on Linux: it keeps the size of this process from before the exec.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(environment or {})})
        memory: list[tuple[float, float]] = []
        peak = 0.0
        try:
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                mib = resident_mib(child.pid)
                if mib is not None:
                    memory.append((round(time.perf_counter() - began, 2), round(mib[0], 1)))
                    peak = mib[1]
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
    answer = json.loads(lines[-1])
    peak = max(peak, answer.get("peak_rss_mib") or 0.0)
    if not peak:
        peak = usage.ru_maxrss / (2**20 if os.uname().sysname == "Darwin" else 2**10)  # bytes, or KiB
    return Measured(answer, peak, tuple(_thinned(memory)))


def _thinned(memory: list[tuple[float, float]], points: int = 120) -> list[tuple[float, float]]:
    """Keep at most `points` moments, each with the highest memory since the one before."""
    if len(memory) <= points:
        return memory
    size = -(-len(memory) // points)
    return [
        (memory[min(i + size, len(memory)) - 1][0], max(m for _, m in memory[i : i + size]))
        for i in range(0, len(memory), size)
    ]
