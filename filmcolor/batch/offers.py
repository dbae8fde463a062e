"""The segments of a film that its worker hands to others, seen from that worker."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from filmcolor.batch.messages import Ended, Grant, News, Offer
from filmcolor.pipeline.making import SegmentTask, store_task


@dataclass(slots=True)
class Offered:
    """One segment that another worker makes; implements `pipeline.making.Away`."""

    change: threading.Condition
    task: Path
    has_anchors: bool = False
    anchors: int | None = None
    over: bool = False

    def ended(self) -> bool:
        """Whether it is made, or will not be."""
        return self.over

    def anchored(self) -> bool:
        """Wait until the color of its last anchor is stored; False where it will not be."""
        with self.change:
            self.change.wait_for(lambda: self.has_anchors or self.over)
            return self.has_anchors

    def made(self) -> int | None:
        """Wait until it is made; return how many frames the generator colored, None where it was not made."""
        with self.change:
            self.change.wait_for(lambda: self.over)
        self.task.unlink(missing_ok=True)
        return self.anchors


@dataclass(slots=True)
class Offers:
    """Offers a film's segments while the driver grants it; implements `pipeline.making.Hands`."""

    film: int
    send: Callable[[object], None]
    granted: int = 0
    away: dict[int, Offered] = field(default_factory=dict)
    change: threading.Condition = field(default_factory=threading.Condition)

    def take(self, task: SegmentTask, folder: Path) -> Offered | None:
        """Offer a segment where the driver has granted one; never waits."""
        with self.change:
            if not self.granted:
                return None
            self.granted -= 1
        path = folder / f"task-{task.number:06d}.npz"
        store_task(path, task)
        offered = self.away[task.number] = Offered(self.change, path)
        self.send(Offer(self.film, task.number, task.start, task.stop, folder, path))
        return offered

    def hear(self, news: News) -> None:
        """Take news from the driver."""
        with self.change:
            match news:
                case Grant():
                    self.granted += 1
                case Ended():
                    offered = self.away.get(news.number)
                    if offered is None:
                        return
                    offered.has_anchors = offered.has_anchors or news.what != "failed"
                    if news.what != "anchored":
                        offered.over = True
                        offered.anchors = news.anchors if news.what == "made" else None
                    self.change.notify_all()
