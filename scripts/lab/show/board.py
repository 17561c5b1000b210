"""The picture of a running centre, as lines of text: queues, agents, what happened lately."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from scripts.lab.show.centre import DemoCentre
from scripts.lab.show.ledger import Kind, Ledger, Row
from scripts.lab.show.screen import clock, cut
from scripts.lab.show.summary import Figures, figures

LATELY: Final = 10
"""How many of the latest events a frame has at most."""
_QUEUE: Final = 20


class Board:
    """Draws what stands open in the ledger."""

    def __init__(self, centre: DemoCentre, ledger: Ledger) -> None:
        """Draws nothing yet."""
        self._centre = centre
        self._ledger = ledger

    def frame(
        self, now_ms: int, up_ms: int, title: str, lately: Iterable[str], height: int
    ) -> list[str]:
        """Returns the lines; headings begin with a capital, all else is indented."""
        lines = [
            f"Usher demo   up {clock(up_ms)}   {title}",
            "",
            *self.queues(now_ms),
            "",
            *self.agents(now_ms),
            "",
            "Lately",
        ]
        room = max(0, min(LATELY, height - 1 - len(lines)))
        if room:
            lines += [f" {text}" for text in list(lately)[-room:]]
        return lines

    def queues(self, now_ms: int) -> list[str]:
        """Returns one line for each queue: who waits now, what became of those before."""
        lines = [
            (
                f"{'Queue':<{_QUEUE}}{'waiting':>8}{'longest':>9}{'talking':>9}"
                f"{'answered':>10}{'abandoned':>11}{'missed':>8}"
            )
        ]
        so_far = figures(self._ledger)
        for queue in self._centre.configuration.queues:
            visits = [row for row in self._open(Kind.VISIT) if row["queue_id"] == queue]
            talks = sum(row["queue_id"] == queue for row in self._open(Kind.TALK))
            since = min((row["started_at_ms"] for row in visits), default=None)
            longest = "-" if since is None else clock(now_ms - since)
            done = so_far.get(queue, Figures())
            name = cut(f" {queue} {self._centre.queue_name(queue)}", _QUEUE - 1)
            lines.append(
                f"{name:<{_QUEUE}}{len(visits):>8}{longest:>9}{talks:>9}"
                f"{done.answered:>10}{done.abandoned:>11}{done.missed:>8}"
            )
        return lines

    def agents(self, now_ms: int) -> list[str]:
        """Returns one line for each agent: what they do, and for how long."""
        lines = [f"{'Agent':<{_QUEUE + 1}}{'is':<44}{'for':>8}"]
        for agent in self._centre.configuration.agents:
            what, since = self._doing(agent, now_ms)
            name = cut(f" {agent} {self._centre.name_of(agent)}", _QUEUE)
            took = "" if since is None else clock(now_ms - since)
            lines.append(f"{name:<{_QUEUE + 1}}{cut(what, 43):<44}{took:>8}")
        return lines

    def one_line(self, now_ms: int) -> str:
        """Returns the same in one line, for where nothing can be redrawn."""
        so_far = figures(self._ledger).values()
        waiting = self._open(Kind.VISIT)
        since = min((row["started_at_ms"] for row in waiting), default=now_ms)
        return (
            f"now: {len(waiting)} waiting (longest {clock(now_ms - since)}),"
            f" {len(self._open(Kind.TALK))} talking; so far: "
            f"{sum(each.answered for each in so_far)} answered,"
            f" {sum(each.abandoned for each in so_far)} abandoned,"
            f" {sum(each.missed for each in so_far)} missed"
        )

    def _doing(self, agent: str, now_ms: int) -> tuple[str, int | None]:
        for row in self._open(Kind.TALK):
            if agent in (row["agent_id"], row["party"]):
                queue = f" ({self._queue(row)})" if row["queue_id"] else ""
                return f"talks with {self._caller(row)}{queue}", row["started_at_ms"]
        for row in self._open(Kind.OFFER):
            if row["agent_id"] == agent:
                return f"is rung for {self._caller(row)} ({self._queue(row)})", row["started_at_ms"]
        for row in self._open(Kind.CALL):
            if row["source"] == "extension" and row["endpoint"] == agent:
                return f"dials {row['dialled']}", row["started_at_ms"]
        return self._not_on_the_phone(agent, now_ms)

    def _not_on_the_phone(self, agent: str, now_ms: int) -> tuple[str, int | None]:
        mine = {
            kind: [row for row in self._open(kind) if row["agent_id"] == agent]
            for kind in (Kind.LOGIN, Kind.PAUSE, Kind.WRAPUP)
        }
        for row in mine[Kind.WRAPUP]:
            left = clock(row["planned_end_at_ms"] - now_ms + 999)
            return f"after-call work ({self._queue(row)}, {left} left)", row["started_at_ms"]
        if not mine[Kind.LOGIN]:
            return "logged out", None
        paused = mine[Kind.PAUSE]
        if len(paused) == len(mine[Kind.LOGIN]):
            why = f": {paused[0]['reason']}" if paused[0]["reason"] else ""
            return f"paused{why}", paused[0]["started_at_ms"]
        names = ", ".join(self._queue(row) for row in mine[Kind.LOGIN])
        return f"free for {names}", None

    def _open(self, kind: Kind) -> list[Row]:
        return self._ledger.opened(kind)

    def _queue(self, row: Row) -> str:
        return self._centre.queue_name(row["queue_id"])

    def _caller(self, row: Row) -> str:
        return self._ledger.name_of_call(row["call_id"])
