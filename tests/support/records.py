"""What the database says of one call, checked against the laws that every record keeps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Tables = Callable[[str], list[Row]]

SKEW_MS = 1
"""Asterisk and Usher round the same instant to whole milliseconds each by itself."""


@dataclass(frozen=True)
class Record:
    """One call: its row, and those of its visits, offers, talks and holds, in order."""

    call: Row
    visits: tuple[Row, ...]
    offers: tuple[Row, ...]
    talks: tuple[Row, ...]
    holds: tuple[Row, ...]
    routes: tuple[Row, ...] = ()
    """Where it was sent, in order."""

    @property
    def visit(self) -> Row:
        """The only visit."""
        (visit,) = self.visits
        return visit

    @property
    def talk(self) -> Row:
        """The only talk."""
        (talk,) = self.talks
        return talk

    @property
    def offer(self) -> Row:
        """The only offer."""
        (offer,) = self.offers
        return offer

    @property
    def outcome(self) -> tuple[str, str]:
        """Outcome and reason of the only visit."""
        return self.visit["outcome"], self.visit["reason"]

    def routed(self) -> list[tuple[str, str, str, str | None]]:
        """Returns (from, to, why, key) of each way that it was sent, in order."""
        return [
            (row["from_place"], row["target"], row["why"], row["pressed"]) for row in self.routes
        ]

    def offered(self) -> list[tuple[str, str]]:
        """Returns (agent, reason) of each offer, in order."""
        return [(offer["agent_id"], offer["reason"]) for offer in self.offers]


def gather(tables: Tables, call_id: str) -> Record:
    """Reads one call's record."""

    def of(table: str) -> tuple[Row, ...]:
        rows = [row for row in tables(table) if row["call_id"] == call_id]
        return tuple(sorted(rows, key=lambda row: row["started_seq"] or 0))

    (call,) = of("calls")
    routes = [row for row in tables("routes_taken") if row["call_id"] == call_id]
    return Record(
        call,
        of("queue_visits"),
        of("offers"),
        of("talk_segments"),
        of("holds"),
        tuple(sorted(routes, key=lambda row: row["seq"])),
    )


def check_record(record: Record) -> None:
    """Asserts what is true of every call that is over, whatever happened in it."""
    call = record.call
    rows = [call, *record.visits, *record.offers, *record.talks, *record.holds]
    for row in rows:
        assert row["started_seq"] is not None, f"a start is missing: {row}"
        assert row["ended_seq"] is not None, f"an end is missing: {row}"
        assert row["started_at_ms"] <= row["ended_at_ms"], row
        assert row["ended_at_ms"] <= call["ended_at_ms"], f"goes on after the call: {row}"
    seqs = [row[name] for row in rows for name in ("started_seq", "ended_seq")]
    assert len(seqs) == len(set(seqs)), "one fact made two rows"
    assert call["arrived_at_ms"] <= call["started_at_ms"] + SKEW_MS
    for index, visit in enumerate(record.visits):
        _check_visit(record, index, visit)
    for talk in record.talks:
        assert talk["talk_ms"] == talk["ended_at_ms"] - talk["started_at_ms"], talk
        held = sum(hold["hold_ms"] for hold in record.holds if hold["talk_id"] == talk["talk_id"])
        assert held <= talk["talk_ms"], "held longer than talked"
    _check_money(record)


def _check_visit(record: Record, index: int, visit: Row) -> None:
    elsewhere = any(route["seq"] < visit["started_seq"] for route in record.routes)
    if index == 0 and not elsewhere:  # Who came by a menu was not waiting all the while.
        assert visit["started_at_ms"] == record.call["arrived_at_ms"], "does not wait from arrival"
    assert visit["wait_ms"] == visit["ended_at_ms"] - visit["started_at_ms"], visit
    offers = [offer for offer in record.offers if offer["visit_id"] == visit["visit_id"]]
    assert [offer["attempt"] for offer in offers] == list(range(1, len(offers) + 1)), offers
    for offer in offers:
        assert offer["started_at_ms"] >= visit["started_at_ms"], offer
        assert offer["ended_at_ms"] <= visit["ended_at_ms"], offer
        assert offer["ring_ms"] <= offer["ended_at_ms"] - offer["started_at_ms"], offer
    rang = _union_ms((o["started_at_ms"], o["started_at_ms"] + o["ring_ms"]) for o in offers)
    assert visit["ring_ms"] == rang, f"rang for {rang} ms, but the visit says {visit}"
    answered = [offer for offer in offers if offer["outcome"] == "answered"]
    talks = [talk for talk in record.talks if talk["visit_id"] == visit["visit_id"]]
    if visit["outcome"] == "answered":
        (offer,), (talk,) = answered, talks
        assert offer["agent_id"] == talk["agent_id"] == visit["agent_id"], visit
        assert talk["talk_id"] == offer["offer_id"], talk
        assert talk["started_at_ms"] == visit["ended_at_ms"], "a gap between wait and talk"
    else:
        assert not answered, f"answered, but the visit says {visit}"
        assert not talks, f"talked, but the visit says {visit}"


def _check_money(record: Record) -> None:
    """Every moment of a call is in at most one wait or talk."""
    spans = sorted(
        (row["started_at_ms"], row["ended_at_ms"]) for row in (*record.visits, *record.talks)
    )
    for (_, ended), (started, _) in itertools.pairwise(spans):
        assert started >= ended, f"waits and talks overlap: {record}"


def _union_ms(spans: Iterable[tuple[int, int]]) -> int:
    total, until = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total
