"""Idle workers help with films that others are coloring, a segment at a time."""

import time
from dataclasses import dataclass, field

from filmcolor.batch.crew import Crew, Seat
from filmcolor.batch.ledger import Ledger
from filmcolor.batch.messages import Anchors, Color, Ended, Grant, Made, Make, Offer
from filmcolor.batch.plan import Entry


@dataclass(slots=True)
class Sharing:
    """Who may offer segments, and who makes them. granted: by film, offers that have not come yet."""

    crew: Crew
    ledger: Ledger
    entries: dict[int, Entry]
    granted: dict[int, int] = field(default_factory=dict)
    tries: dict[tuple[int, int], int] = field(default_factory=dict)

    def grant(self) -> None:
        """Let films be shared with workers that have nothing else to do."""
        owners = [
            seat for seat in self.crew.seats if isinstance(seat.order, Color) and seat.order.kind == "film"
        ]
        if not owners:
            return
        for _ in range(len(self.crew.idle()) - sum(self.granted.values())):
            owner = min(owners, key=self._hands_of)
            film = _film(owner)
            self.granted[film] = self.granted.get(film, 0) + 1
            owner.hand.send(Grant(film))

    def offered(self, owner: Seat, offer: Offer) -> None:
        """Give an offered segment to an idle worker, or back."""
        self.granted[offer.film] = max(0, self.granted.get(offer.film, 0) - 1)
        idle = self.crew.idle()
        entry = self.entries[offer.film]
        if not idle or owner.order is None:
            owner.hand.send(Ended(offer.film, offer.number, "failed"))
            return
        key = (offer.film, offer.number)
        self.tries[key] = self.tries.get(key, 0) + 1
        self.ledger.segment(
            entry.film, offer.number, start=offer.start, stop=offer.stop, state="running", worker=idle[0].name,
            began=time.time(), attempts=self.tries[key],
        )  # fmt: skip
        self.crew.give(
            idle[0],
            Make(offer.film, offer.number, entry.source, entry.out, entry.settings, offer.folder, offer.task),
        )

    def anchored(self, message: Anchors) -> None:
        """Tell a film's worker that a segment's colors are stored."""
        self._tell(Ended(message.film, message.number, "anchored"))

    def made(self, message: Made) -> None:
        """Tell a film's worker that a segment is made."""
        self._tell(Ended(message.film, message.number, "made", message.anchors))

    def failed(self, order: Make) -> None:
        """Give a segment back to the film's worker."""
        self._tell(Ended(order.film, order.number, "failed"))

    def over(self, film: int) -> None:
        """Forget a film whose worker has ended with it."""
        self.granted.pop(film, None)

    def _tell(self, news: Ended) -> None:
        for seat in self.crew.seats:
            if isinstance(seat.order, Color) and seat.order.film == news.film:
                seat.hand.send(news)

    def _hands_of(self, owner: Seat) -> int:
        film = _film(owner)
        at_it = sum(isinstance(s.order, Make) and s.order.film == film for s in self.crew.seats)
        return at_it + self.granted.get(film, 0)


def _film(owner: Seat) -> int:
    assert owner.order is not None
    return owner.order.film
