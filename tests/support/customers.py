"""Customers who ask to be called back: phones behind the trunk, each found by its own number."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from scripts.lab.live import LiveCentre
from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor, opened, over
from tests.support.records import Row, gather
from tests.support.words import CONFIRM_HZ, REGISTERED_HZ, speak_in_tones

KEY: Final = "2"
"""By which callers of these queues ask for a callback."""
RING_HZ: Final = (440, 480)
"""The two tones of ringing."""

_numbers = itertools.count(1)


@contextlib.asynccontextmanager
async def opened_in_tones(draft: Draft, run_dir: Path, **options: Any) -> AsyncIterator[LiveCentre]:
    """As `opened`; what the house says of callbacks are tones."""
    async with opened(draft, run_dir, **options) as live:
        speak_in_tones(live.asterisk.sounds)
        yield live


def callback(*routes: str, **options: Any) -> dict[str, Any]:
    """Returns a queue's section `callback`: by `KEY`, for a long time, unless told otherwise."""
    return {"key": KEY, "outbound_routes": list(routes), "timeout_s": 600, **options}


class Customer:
    """Somebody outside with one phone, by which he calls and is called."""

    def __init__(self, floor: Floor, *, media: str = "silence") -> None:
        """Gives him a number that nobody had before."""
        self.number = f"03{next(_numbers):04}"
        self.floor = floor
        live = floor.live
        self.phone = Phone(live.outside, self.number, server=live.sip, media=media)

    async def call(self, queue: Queue | str, *, name: str | None = None) -> OutgoingCall:
        """Calls a queue and waits in it."""
        call = await self.floor.call(queue, by=self.phone, media=self.phone.media, name=name)
        await call.answered
        return call

    async def ask(self, queue: Queue, *, name: str | None = None) -> Row:
        """Calls and has the own number registered, until the line is dead; returns the callback."""
        call = await self.call(queue, name=name)
        await call.send_dtmf(KEY)
        await call.wait_until_hears(CONFIRM_HZ)
        await call.send_dtmf("1")
        await call.wait_until_hears(REGISTERED_HZ)
        ending = await call.ended
        assert (ending.by, ending.how) == ("there", "bye")
        return await self.callback(queue)

    async def incoming(self, seconds: float = 30.0) -> IncomingCall:
        """Returns the next call to this phone."""
        return await self.phone.incoming(seconds)

    @property
    def rung(self) -> int:
        """How often the phone was called: INVITEs that began a call."""
        return len(self.phone.calls)

    async def callback(self, queue: Queue) -> Row:
        """Returns his latest callback in this queue as soon as it is recorded."""
        rows = await self.floor.live.facts.until(
            "callbacks", lambda rows: bool(_of(rows, queue, self.number))
        )
        return _of(rows, queue, self.number)[-1]

    async def over(self, queue: Queue, *, seconds: float = 40.0) -> Row:
        """Waits until his latest callback in this queue is over; returns it, checked."""

        def over(rows: list[Row]) -> bool:
            found = _of(rows, queue, self.number)
            return bool(found) and found[-1]["ended_at_ms"] is not None

        rows = await self.floor.live.facts.until("callbacks", over, seconds)
        row = _of(rows, queue, self.number)[-1]
        await check_callback(self.floor, row)
        return row


def _of(rows: list[Row], queue: Queue, number: str) -> list[Row]:
    return [row for row in rows if (row["queue_id"], row["number"]) == (queue.number, number)]


async def pick_up(there: IncomingCall) -> None:
    """Picks up; returns when the phone knows that it is connected.

    The engine learns of it by a thread of Asterisk's own: should the other party hang up then, that may
    overtake it. Wait until the callback is over before (`Customer.over`).
    """
    there.answer()
    await there.acknowledged


async def offers_of(floor: Floor, row: Row) -> list[tuple[str, str]]:
    """Returns (agent, reason) of each offer of a callback, in order, when all are over."""
    offers = await _ended(floor, "offers", row)
    offers.sort(key=lambda each: each["started_seq"])
    return [(each["agent_id"], each["reason"]) for each in offers]


async def _ended(floor: Floor, table: str, row: Row) -> list[Row]:
    """Returns a callback's rows when all have ended."""

    def of_callback(rows: list[Row]) -> list[Row]:
        return [each for each in rows if each["visit_id"] == row["callback_id"]]

    rows = await floor.live.facts.until(
        table, lambda rows: all(over(each) for each in of_callback(rows))
    )
    return of_callback(rows)


async def check_callback(floor: Floor, row: Row) -> None:
    """Asserts what is true of every callback that is over."""
    tables = floor.live.facts.rows
    attempts = [
        each for each in tables("callback_attempts") if each["callback_id"] == row["callback_id"]
    ]
    assert [each["attempt"] for each in attempts] == list(range(1, row["attempts"] + 1)), attempts
    assert row["wait_ms"] == row["ended_at_ms"] - row["entered_at_ms"]
    asked = await floor.live.facts.until(
        "queue_visits",
        lambda rows: any(
            each["visit_id"] == row["visit_id"] and each["ended_at_ms"] is not None for each in rows
        ),
    )
    (visit,) = [each for each in asked if each["visit_id"] == row["visit_id"]]
    assert (visit["outcome"], visit["reason"]) == ("missed", "callback")
    assert visit["started_at_ms"] == row["entered_at_ms"]
    offers = await _ended(floor, "offers", row)
    answered = [each["agent_id"] for each in offers if each["outcome"] == "answered"]
    if row["outcome"] == "succeeded":
        talks = await floor.rows("talk_segments", 1, visit_id=row["callback_id"])
        assert [talk["agent_id"] for talk in talks] == answered == [row["agent_id"]]
        assert talks[0]["started_at_ms"] == row["ended_at_ms"]
        assert talks[0]["call_id"] == row["last_call_id"]
    else:
        assert not floor.count("talk_segments", visit_id=row["callback_id"])
        assert answered == []
    last = gather(tables, row["last_call_id"])
    assert last.call["source"] == "callback"
    assert last.visits == ()


async def to_the_customer(agent: Phone, customer: Customer) -> tuple[IncomingCall, IncomingCall]:
    """The agent's phone rings and is picked up; returns its call, and the one at the customer's."""
    there = await agent.incoming(30)
    assert there.caller_number == customer.number
    await pick_up(there)
    return there, await customer.incoming()
