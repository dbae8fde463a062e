"""Workers on a Ray cluster. With Ray (`pip install 'filmcolor[cluster]'`): pytest -m cluster tests/batch/test_cluster.py"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from filmcolor.batch.batch import run_batch
from filmcolor.batch.cluster import RayBackend, RayWorker, _shares, _unseen
from filmcolor.batch.ledger import FOLDER
from filmcolor.batch.messages import Failed
from filmcolor.batch.options import BatchOptions
from filmcolor.errors import InputError
from filmcolor.pipeline.run import color_film
from tests.batch.crews import SMALL, Told, names
from tests.pipeline.test_run import make_film

MIB = 2**20


@pytest.mark.parametrize(
    ("nodes", "jobs", "gpus", "expected"),
    [
        ([{"CPU": 8.0}], 0, True, (4, {"num_cpus": 2})),
        ([{"CPU": 1.0}, {"CPU": 1.0}], 0, True, (2, {"num_cpus": 1})),
        ([{"CPU": 3.0}, {"CPU": 2.0}], 0, True, (2, {"num_cpus": 2})),
        ([{"CPU": 4.0}], 4, True, (4, {"num_cpus": 1})),
        ([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 1.0}], 0, True, (3, {"num_gpus": 1, "num_cpus": 1})),
        ([{"CPU": 8.0, "GPU": 2.0}], 0, False, (4, {"num_cpus": 2})),
    ],
)
def test_workers_are_sized_to_the_machines(
    nodes: list[dict[str, float]], jobs: int, gpus: bool, expected: tuple[int, dict[str, float]]
) -> None:
    assert _shares(nodes, jobs, gpus) == expected


def test_a_machine_that_does_not_see_a_path_says_which(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "seen-x").touch()
    (other,) = RayWorker(SMALL, None, 1, tmp_path, "y", ()).hear()
    assert isinstance(other, Failed)
    assert "does not see this folder" in other.text
    (other,) = RayWorker(SMALL, None, 1, tmp_path, "x", (tmp_path / "a.mkv",)).hear()
    assert isinstance(other, Failed)
    assert "a.mkv: the machine" in other.text


def test_a_dry_run_asks_machines_for_the_sources_alone_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []

    class Actor:
        def options(self, **_: object) -> "Actor":
            return self

        def remote(self, *given: Any) -> Any:
            started.append(given)
            return SimpleNamespace(hear=SimpleNamespace(remote=lambda: None))

    fake = SimpleNamespace(
        is_initialized=lambda: True, nodes=lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}],
        remote=lambda _: Actor(),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "ray", fake)
    options = BatchOptions(out=tmp_path / "out", backend="ray", dry_run=True)
    backend = RayBackend(SMALL, options, [tmp_path])
    backend.start(1)
    backend.leave()
    assert not list(tmp_path.iterdir())
    _, _, _, out, token, sources = started[0]
    assert _unseen(out, token, sources) is None
    assert _unseen(out, token, [tmp_path / "a.mkv"]) is not None


def test_without_ray_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    film = make_film(tmp_path / "a.mkv", shots=(2,))
    with pytest.raises(InputError, match=r"pip install 'filmcolor\[cluster\]'"):
        run_batch([str(film)], SMALL, BatchOptions(out=tmp_path / "out", backend="ray"), Told())


class Doing(Told):
    """A screen that does something once at an event."""

    def __init__(self, event: str, do: Any) -> None:
        super().__init__()
        self._event, self._do = event, do
        self.workers: dict[str, int] = {}

    def tell(self, event: str, **values: Any) -> None:
        super().tell(event, **values)
        if event == "worker":
            self.workers[values["worker"]] = values["process"]
        if event == self._event and self._do is not None:
            do, self._do = self._do, None
            do(self, values)


@pytest.fixture
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray", reason="needs Ray: pip install 'filmcolor[cluster]'")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": 80 * MIB, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    made.second = made.add_node(num_cpus=1, object_store_memory=80 * MIB)
    made.wait_for_nodes()
    yield made
    with contextlib.suppress(Exception):
        ray.shutdown()
    made.shutdown()


@pytest.mark.cluster
def test_a_killed_actor_and_a_killed_machine_cost_nothing(cluster: Any, tmp_path: Path) -> None:
    vault, out = tmp_path / "vault", tmp_path / "out"
    vault.mkdir()
    for name, shots in (("a", (100, 100)), ("b", (60, 50)), ("c", (40,)), ("d", (30, 20))):
        make_film(vault / f"{name}.mkv", shots=shots)
    (vault / "bad.mkv").write_bytes(b"no film " * 100)

    def kill_actor(screen: Doing, values: dict[str, Any]) -> None:
        os.kill(screen.workers[values["worker"]], signal.SIGKILL)

    def kill_machine(screen: Doing, values: dict[str, Any]) -> None:
        cluster.remove_node(cluster.second, allow_graceful=False)

    class Both(Doing):
        def tell(self, event: str, **values: Any) -> None:
            super().tell(event, **values)
            if event == "done" and not getattr(self, "removed", False):
                self.removed = True
                kill_machine(self, values)

    told = Both("begun", kill_actor)
    options = BatchOptions(out=out, backend="ray", address=cluster.address, jobs=2)
    outcome = run_batch([str(vault)], SMALL, options, told)
    assert [event for event, _ in told.events].count("lost") >= 1
    assert {Path(f.source).name: f.state for f in outcome.films} == {
        "a.mkv": "done", "b.mkv": "done", "bad.mkv": "failed", "c.mkv": "done", "d.mkv": "done",
    }  # fmt: skip
    for name in names(out):
        color_film(vault / name, tmp_path / name, SMALL)
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()
    assert not list((out / FOLDER).glob("seen-*"))
