"""The engine or Asterisk is killed under callbacks, or the database is away: none is lost, none rings twice.

What the house says are tones here (tests/support/words.py): each sentence has its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import IncomingCall, Phone, SoundMatrix
from scripts.lab.phones.behaviour import reject
from tests.support.customers import (
    KEY,
    RING_HZ,
    Customer,
    callback,
    offers_of,
    opened_in_tones,
    pick_up,
    to_the_customer,
)
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor
from tests.support.words import CONFIRM_HZ, FOR_AGENT_HZ

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("C-06"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
ROUTE = DRAFT.outbound_route("90XXX.", strip=1)
BACK = callback(ROUTE, prefix="9")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    async with opened_in_tones(DRAFT, tmp_path_factory.mktemp("live")) as centre:
        yield centre


class Case:
    """One callback with its customer and its agent."""

    def __init__(self, **options: object) -> None:
        self.queue: Queue = DRAFT.queue(1, callback=BACK, **options)
        self.customer: Customer
        self.ann: Phone
        self.there: IncomingCall
        self.at_customer: IncomingCall

    async def ask(self, floor: Floor) -> None:
        self.customer = Customer(floor)
        await self.customer.ask(self.queue)

    async def agent_rings(self, floor: Floor) -> None:
        await self.ask(floor)
        self.ann = await floor.phone(self.queue, media="silence")
        self.there = await self.ann.incoming()

    async def agent_hears(self, floor: Floor) -> None:
        await self.agent_rings(floor)
        await pick_up(self.there)
        await self.there.wait_until_hears(FOR_AGENT_HZ)

    async def customer_rings(self, floor: Floor) -> None:
        await self.agent_rings(floor)
        await pick_up(self.there)
        self.at_customer = await self.customer.incoming()
        await self.there.wait_until_hears(*RING_HZ)

    async def they_talk(self, floor: Floor) -> None:
        await self.customer_rings(floor)
        await self.connect()

    async def connect(self) -> None:
        await pick_up(self.at_customer)
        await self.talk()

    async def talk(self) -> None:
        room = SoundMatrix({"agent": self.there, "customer": self.at_customer})
        await room.until({"agent": ["customer"], "customer": ["agent"]})

    async def succeeded(self) -> None:
        """Both hang up; it was one attempt, one ring and one offer."""
        self.at_customer.hang_up()
        await self.there.ended.within(40)
        row = await self.customer.over(self.queue)
        assert (row["outcome"], row["attempts"], self.customer.rung) == ("succeeded", 1, 1)
        assert await offers_of(self.customer.floor, row) == [(self.ann.user, "answered")]

    async def failed(self, reason: str) -> None:
        row = await self.customer.over(self.queue)
        assert (row["reason"], row["attempts"], self.customer.rung) == (reason, 1, 1)
        await self.there.ended.within(40)


WAITS, RINGS, PICKED_UP, HEARS, GOES, CALLED, CAME, BUSY, LEFT, TALKS = (Case() for _ in range(10))


async def test_the_engine_is_killed_at_every_stage(floor: Floor, live: LiveCentre) -> None:
    """Ten callbacks at once, one for each thing that can happen while nobody watches."""
    await asyncio.gather(
        WAITS.ask(floor),
        RINGS.agent_rings(floor),
        PICKED_UP.agent_rings(floor),
        CALLED.customer_rings(floor),
        CAME.customer_rings(floor),
        BUSY.customer_rings(floor),
        LEFT.customer_rings(floor),
        TALKS.they_talk(floor),
    )
    await asyncio.gather(HEARS.agent_hears(floor), GOES.agent_hears(floor))
    await live.kill_engine()
    PICKED_UP.there.answer()
    GOES.there.hang_up()
    CAME.at_customer.answer()
    BUSY.at_customer.reject(486)
    LEFT.there.hang_up()
    await asyncio.gather(
        TALKS.talk(),
        CAME.at_customer.acknowledged.within(40),
        PICKED_UP.there.acknowledged.within(40),
    )
    assert HEARS.customer.rung + GOES.customer.rung + PICKED_UP.customer.rung == 0
    await live.start_engine()

    async def waits() -> None:
        WAITS.ann = await floor.phone(WAITS.queue, media="silence")
        WAITS.there, WAITS.at_customer = await to_the_customer(WAITS.ann, WAITS.customer)
        await WAITS.connect()
        await WAITS.succeeded()

    async def rings(case: Case) -> None:
        if not case.there.answered:
            await pick_up(case.there)
        case.at_customer = await case.customer.incoming()
        await case.connect()
        await case.succeeded()

    async def goes() -> None:
        """The agent who went before the customer was called is rung anew."""
        GOES.there, GOES.at_customer = await to_the_customer(GOES.ann, GOES.customer)
        await pick_up(GOES.at_customer)
        GOES.at_customer.hang_up()
        row = await GOES.customer.over(GOES.queue)
        assert (row["reason"], row["attempts"], GOES.customer.rung) == ("talked", 1, 1)

    async def called() -> None:
        await CALLED.there.wait_until_hears(*RING_HZ)
        await CALLED.connect()
        await CALLED.succeeded()

    async def came() -> None:
        await CAME.talk()
        await CAME.succeeded()

    async def talks() -> None:
        await TALKS.talk()
        await TALKS.succeeded()

    async def left() -> None:
        await LEFT.at_customer.cancelled.within(40)
        await LEFT.failed("agent_hung_up")

    await asyncio.gather(
        waits(),
        rings(RINGS),
        rings(PICKED_UP),
        rings(HEARS),
        goes(),
        called(),
        came(),
        BUSY.failed("customer_no_answer"),
        left(),
        talks(),
    )


SURVIVES, RESTS, LOST = Case(), Case(), Case()
RESTS.queue = DRAFT.queue(1, callback={**BACK, "attempts": 2, "spacing_s": 5})


async def test_asterisk_is_killed(floor: Floor, live: LiveCentre) -> None:
    """Who waits is served afterwards, who rests too; whose phone rang counts as rung."""
    floor.forgiven += ["telephony", "AMI", "ARI"]
    RESTS.customer = Customer(floor)
    await RESTS.customer.ask(RESTS.queue)
    RESTS.customer.phone.behaviour = reject(486)
    RESTS.ann = await floor.phone(RESTS.queue, media="silence")
    await asyncio.gather(SURVIVES.ask(floor), LOST.customer_rings(floor))
    RESTS.there, _ = await to_the_customer(RESTS.ann, RESTS.customer)
    await RESTS.there.ended.within(40)

    begin = live.log_size()
    await live.asterisk.kill()
    await live.engine_says("telephony lost", since=begin)
    for party in (LOST.there, LOST.at_customer):
        party.abandon()
    begin = live.log_size()
    await live.asterisk.start()
    await live.engine_says("telephony connected", since=begin)
    await live.engine_says("watching the phones", since=begin)
    row = await LOST.customer.over(LOST.queue)
    assert (row["outcome"], row["attempts"], LOST.customer.rung) == ("failed", 1, 1)
    assert row["reason"] == "customer_no_answer"

    async def served(case: Case, rung: int) -> None:
        case.there, case.at_customer = await to_the_customer(case.ann, case.customer)
        await case.connect()
        case.at_customer.hang_up()
        await case.there.ended.within(40)
        row = await case.customer.over(case.queue)
        assert (row["reason"], row["attempts"], case.customer.rung) == ("talked", rung, rung)

    SURVIVES.ann = await floor.phone(SURVIVES.queue, media="silence")
    await RESTS.ann.register()
    RESTS.customer.phone.behaviour = lambda call: call.ring()
    await asyncio.gather(served(SURVIVES, 1), served(RESTS, 2))


UNSTORED = Case()


async def test_the_database_is_away(floor: Floor, live: LiveCentre) -> None:
    """A callback begins and ends meanwhile; all of it is on record afterwards."""
    floor.forgiven += ["database does not take facts"]
    customer = UNSTORED.customer = Customer(floor)
    with contextlib.closing(sqlite3.connect(live.data / "usher.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        call = await customer.call(UNSTORED.queue)
        await call.send_dtmf(KEY)
        await call.wait_until_hears(CONFIRM_HZ)
        await call.send_dtmf("1")
        await call.ended.within(40)
        UNSTORED.ann = await floor.phone(UNSTORED.queue, media="silence")
        UNSTORED.there, UNSTORED.at_customer = await to_the_customer(UNSTORED.ann, customer)
        await UNSTORED.connect()
        assert not floor.count("callbacks", number=customer.number), "it was not locked"
        other.execute("ROLLBACK")
    await UNSTORED.succeeded()
