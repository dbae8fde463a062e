"""Workers on the machines of a Ray cluster: actors that do the same orders as local processes.

Ray is imported by `RayBackend` alone: the package does without it.
"""

import contextlib
import os
import queue
import socket
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from filmcolor.batch.ledger import FOLDER
from filmcolor.batch.messages import Failed, Gone
from filmcolor.batch.options import BatchOptions
from filmcolor.errors import InputError, ModelError, OutputError
from filmcolor.settings import RunSettings

_STORE = 80 << 20
"""Bytes of Ray's object store on a machine that we start ourselves: it holds weights and messages only."""
_CORES_EACH = 2
_HEAR = 1.0
"""Seconds that an actor waits for something to say before it answers with nothing."""


class RayWorker:
    """The actor. Runs `worker.serve` in a thread; the driver asks it in turn what it has to say."""

    def __init__(
        self,
        base: RunSettings,
        weights: bytes | None,
        threads: int,
        out: Path,
        token: str,
        sources: Sequence[Path],
    ) -> None:
        os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is loaded
        self._inbox: queue.Queue[object] = queue.Queue()
        self._outbox: queue.Queue[object] = queue.Queue()
        trouble = _unseen(out, token, sources)
        if trouble is not None:
            self._outbox.put(trouble)
            return
        arguments = (base, weights, threads)
        threading.Thread(target=self._work, args=arguments, name="worker", daemon=True).start()

    def _work(self, base: RunSettings, weights: bytes | None, threads: int) -> None:
        try:
            import cv2

            cv2.setNumThreads(threads)
            from filmcolor.batch.worker import serve

            with _on_disk(weights, base) as here:
                serve(self._inbox.get, self._outbox.put, here)
        except BaseException as error:
            self._outbox.put(Gone(f"ended ({type(error).__name__}: {error})"))

    def send(self, message: object) -> None:
        """Take an order or news."""
        self._inbox.put(message)

    def hear(self) -> list[object]:
        """Return what there is to say, waiting a moment for it."""
        found: list[object] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._outbox.get(timeout=_HEAR))
            while True:
                found.append(self._outbox.get_nowait())
        return found


class RayHand:
    """One actor, seen from the driver."""

    def __init__(self, number: int, actor: Any, ray: Any) -> None:
        self.number = number
        self.name = f"worker {number}"
        self.actor = actor
        self._ray = ray
        self.asked = actor.hear.remote()

    def send(self, message: object) -> None:
        """Send an order or news; an actor that is gone is seen by `wait`."""
        self.actor.send.remote(message)

    def kill(self) -> None:
        """End the actor at once."""
        with contextlib.suppress(Exception):  # already dead, in whichever way Ray tells that
            self._ray.kill(self.actor, no_restart=True)


class RayBackend:
    """Starts actors. jobs: how many the cluster has room for, or as many as options.jobs says."""

    def __init__(self, base: RunSettings, options: BatchOptions, sources: Sequence[Path]) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise InputError("Ray is not installed; install it: pip install 'filmcolor[cluster]'") from error
        self._ray = ray
        self._ours = not ray.is_initialized()
        self._base, self._out = base, options.out.absolute()
        self._sources = tuple(sources)
        try:
            if self._ours:
                _connect(ray, options.address)
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self.jobs, self._share = _shares(nodes, options.jobs, base.device != "cpu")
            self._weights = None if base.model is None else ray.put(_read(base.model))
        except BaseException:
            self._leave()
            raise
        self._token = "" if options.dry_run else uuid.uuid4().hex
        self._mark = self._out / FOLDER / f"seen-{self._token}"

    def start(self, number: int) -> RayHand:
        """Start worker `number`, from 1; Ray chooses the machine."""
        if self._token:  # a dry run writes nothing
            _write(self._mark)
        actor = self._ray.remote(RayWorker).options(max_concurrency=4, max_restarts=0, **self._share)
        threads = max(1, int(self._share["num_cpus"]))
        handle = actor.remote(self._base, self._weights, threads, self._out, self._token, self._sources)
        return RayHand(number, handle, self._ray)

    def wait(self, hands: Sequence[RayHand], timeout: float) -> list[tuple[RayHand, object]]:
        """Return what workers said within `timeout` seconds; `Gone` for one that ended."""
        by_ref = {hand.asked: hand for hand in hands}
        first, rest = self._ray.wait(list(by_ref), num_returns=1, timeout=timeout)
        more, _ = self._ray.wait(rest, num_returns=len(rest), timeout=0) if rest and first else ([], [])
        found: list[tuple[RayHand, object]] = []
        for ref in (*first, *more):
            hand = by_ref[ref]
            try:
                found += [(hand, message) for message in self._ray.get(ref)]
            except self._ray.exceptions.RayError as error:
                found.append((hand, Gone(_reason(error))))
                continue
            hand.asked = hand.actor.hear.remote()
        return found

    def close(self, hands: Sequence[RayHand]) -> None:
        """End these workers."""
        for hand in hands:
            hand.kill()

    def leave(self) -> None:
        """Leave the cluster; what it runs for others goes on."""
        with contextlib.suppress(OSError):
            self._mark.unlink(missing_ok=True)
        self._leave()

    def _leave(self) -> None:
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "filmcolor"}
    try:
        if address is None:
            ray.init(include_dashboard=False, object_store_memory=_STORE, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"no Ray cluster answers at {address or 'this machine'} ({line}); start one with `ray start --head`"
        ) from error


def _shares(nodes: Sequence[dict[str, float]], jobs: int, gpus_wanted: bool) -> tuple[int, dict[str, float]]:
    """Return the number of workers, and what each takes of its machine."""
    gpus = int(sum(node.get("GPU", 0) for node in nodes)) if gpus_wanted else 0
    cpus = [int(node.get("CPU", 0)) for node in nodes]
    if gpus:
        return jobs or gpus, {"num_gpus": 1, "num_cpus": 1}
    if not any(cpus):
        raise InputError(
            "the Ray cluster has no CPUs to give; start a machine: ray start --address HEAD:6379"
        )
    each = _CORES_EACH
    while each > 1 and sum(count // each for count in cpus) < max(1, jobs):
        each -= 1
    return jobs or sum(count // each for count in cpus), {"num_cpus": each}


def _read(model: Path) -> bytes:
    try:
        return model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read: {error.strerror or error}") from error


def _write(mark: Path) -> None:
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise OutputError(f"{mark.parent}: cannot work here: {error.strerror or error}") from error


def _unseen(out: Path, token: str, sources: Sequence[Path]) -> Failed | None:
    """Return what this machine does not see of what it needs, or None. token: "" where `out` is not needed."""
    host = socket.gethostname()
    folder = out / FOLDER
    if token and not (folder / f"seen-{token}").exists():
        text = (
            f"{out}: the machine {host} does not see this folder of the driver; results need shared storage"
        )
        return Failed(0, text, 4, again=False)
    if token and not os.access(folder, os.W_OK):
        return Failed(0, f"{out}: the machine {host} may not write here", 4, again=False)
    for source in sources:
        if not source.exists():
            text = (
                f"{source}: the machine {host} does not see it; sources need shared storage, at the same path"
            )
            return Failed(0, text, 3, again=False)
    return None


@contextlib.contextmanager
def _on_disk(weights: bytes | None, base: RunSettings) -> Iterator[RunSettings]:
    """Yield the settings with weights that came through the object store, as a file of this machine."""
    if weights is None:
        yield base
        return
    with tempfile.TemporaryDirectory(prefix="filmcolor-") as folder:
        path = Path(folder) / "weights.safetensors"
        path.write_bytes(weights)
        yield replace(base, model=path)


def _reason(error: Exception) -> str:
    """Return Ray's error as one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = next((line for line in lines if "ModuleNotFoundError" in line or "No module named" in line), None)
    if named is not None:
        return f"cannot run filmcolor on its machine ({named}); install the same version there"
    return f"was lost ({lines[0] if lines else type(error).__name__})"
