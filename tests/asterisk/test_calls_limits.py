"""Callers who cannot wait, or wait no longer, go where the queue says; the destinations."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor, hears_only
from tests.support.machine import about, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
OUTSIDE = DRAFT.outbound_route("00X.", strip=1)
WAIT_MS = 500


def impatient(destination: object, **options: object) -> Queue:
    """A queue without agents, whose callers go elsewhere after half a second."""
    return DRAFT.queue(0, max_wait_s=WAIT_MS / 1000, failure=destination, **options)


async def gave_up(floor: Floor, call: OutgoingCall, queue: Queue, visits: int = 1) -> None:
    """Checks the record of a call's first visit, to an impatient queue."""
    record = await floor.record(call)
    first = record.visits[0]
    assert len(record.visits) == visits
    assert first["queue_id"] == queue.number
    assert (first["outcome"], first["reason"]) == ("missed", "max_wait")
    assert about(WAIT_MS, first["wait_ms"])


TO_HANG_UP = impatient("hang_up")
TO_BUSY = impatient({"hang_up": 17})


@pytest.mark.row("Q-02", "Q-03")
@pytest.mark.parametrize(("queue", "cause"), [(TO_HANG_UP, 16), (TO_BUSY, 17)])
async def test_max_wait_then_hang_up(floor: Floor, queue: Queue, cause: int) -> None:
    call = await floor.call(queue)
    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")
    assert [reason.cause for reason in ending.reasons] == [cause]
    assert about(WAIT_MS, ms_between(call.sent_ns, call.ended.at_ns))
    await gave_up(floor, call, queue)
    assert (await floor.record(call)).call["ended_by"] == "system"


RECEPTION = DRAFT.extension()
TO_EXTENSION = impatient({"extension": RECEPTION})


@pytest.mark.row("Q-02", "Q-03")
async def test_max_wait_then_an_extension(floor: Floor) -> None:
    """It rings while the music plays on; picked up, both talk."""
    reception = await floor.phone(RECEPTION, media="tone:700")
    call = await floor.call(TO_EXTENSION, media="tone:440")
    there = await reception.incoming()
    assert there.caller_number == call.number
    await call.wait_until_hears(MUSIC_HZ)
    there.answer()
    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), there.wait_until_hears(440))
    call.hang_up()
    await gave_up(floor, call, TO_EXTENSION)
    assert (await floor.record(call)).talk["party"] == RECEPTION


NEXT = DRAFT.queue()
TO_QUEUE = impatient({"queue": NEXT.number})


@pytest.mark.row("Q-01", "Q-02", "Q-03")
async def test_max_wait_then_another_queue(floor: Floor) -> None:
    """A new visit of the same call, counted from its own beginning."""
    ann = await floor.phone(NEXT)
    call = await floor.call(TO_QUEUE)
    there = await ann.incoming()
    await floor.pick_up(there)
    call.hang_up()
    await gave_up(floor, call, TO_QUEUE, visits=2)
    record = await floor.record(call)
    assert record.visits[1]["queue_id"] == NEXT.number
    assert record.visits[1]["outcome"] == "answered"
    assert record.visits[1]["started_at_ms"] == record.visits[0]["ended_at_ms"]


TO_EXTERNAL = impatient({"external": {"number": "00301234", "route": OUTSIDE}})


@pytest.mark.row("Q-02", "Q-03")
async def test_max_wait_then_an_external_number(floor: Floor) -> None:
    world = floor.live.carrier(media="tone:700")
    call = await floor.call(TO_EXTERNAL, media="tone:440")
    there = await world.incoming()
    assert (there.dialled, there.caller_number) == ("0301234", call.number)
    there.answer()
    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), there.wait_until_hears(440))
    there.hang_up()
    await call.ended
    await gave_up(floor, call, TO_EXTERNAL)
    assert (await floor.record(call)).talk["party"] == "00301234"


TO_PROMPT = impatient({"play": [CLOSING]})


@pytest.mark.row("Q-02", "Q-03")
async def test_max_wait_then_a_prompt(floor: Floor) -> None:
    """The caller hears the closing words to their end, and only them."""
    call = await floor.call(TO_PROMPT, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    await hears_only(call, CLOSING_HZ, MUSIC_HZ)
    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")
    await gave_up(floor, call, TO_PROMPT)
    record = await floor.record(call)
    spoken_ms = record.call["ended_at_ms"] - record.visit["ended_at_ms"]
    assert about(800, spoken_ms, 300)


DEAD_END = DRAFT.extension()
TO_NOBODY = impatient({"extension": DEAD_END})


@pytest.mark.row("Q-03")
async def test_a_destination_that_cannot_be_reached(floor: Floor) -> None:
    """Its phone is not registered: the call ends, and the record says why."""
    call = await floor.call(TO_NOBODY)
    assert (await call.ended).by == "there"
    await gave_up(floor, call, TO_NOBODY)
    assert (await floor.record(call)).call["ended_by"] == "failed"


WHILE_RINGING = DRAFT.queue(2, strategy="ring_all", max_wait_s=0.5, failure="hang_up")


@pytest.mark.row("Q-02")
async def test_max_wait_ends_while_phones_ring(floor: Floor) -> None:
    phones = await floor.phones(WHILE_RINGING)
    call = await floor.call(WHILE_RINGING)
    rings = [await phone.incoming() for phone in phones]
    for there in rings:
        assert (await there.cancelled).how == "cancel"
    await call.ended
    record = await floor.record(call)
    assert record.outcome == ("missed", "max_wait")
    assert {reason for _, reason in record.offered()} == {"visit_ended"}
    assert about(record.visit["ring_ms"], ms_between(rings[0].at_ns, rings[0].cancelled.at_ns))


FULL = {
    cause: DRAFT.queue(0, max_waiting=1, failure={"hang_up": cause}) for cause in (16, 17, 34, 1)
}


@pytest.mark.row("Q-03", "Q-07")
@pytest.mark.parametrize(("cause", "status"), [(16, 603), (17, 486), (34, 503), (1, 404)])
async def test_a_full_queue_refuses_with_the_cause(floor: Floor, cause: int, status: int) -> None:
    """The second caller is refused without ever being answered; a place that is free again is used."""
    queue = FULL[cause]
    first = await floor.call(queue)
    await first.answered
    second = await floor.call(queue)
    ending = await second.ended
    assert (ending.how, ending.status) == ("refused", status)
    assert not second.answered
    record = await floor.record(second)
    assert record.outcome == ("missed", "queue_full")
    assert record.visit["entry_position"] == 2
    assert within(100, record.visit["wait_ms"])

    first.hang_up()
    await floor.record(first)
    third = await floor.call(queue)
    await third.answered


OVERFLOW = DRAFT.queue()
SMALL = DRAFT.queue(0, max_waiting=1, failure={"queue": OVERFLOW.number})


@pytest.mark.row("Q-01", "Q-07")
async def test_a_full_queue_overflows_into_another(floor: Floor) -> None:
    ann = await floor.phone(OVERFLOW)
    first = await floor.call(SMALL)
    await first.answered
    second = await floor.call(SMALL)
    there = await ann.incoming()
    assert there.caller_number == second.number
    await floor.pick_up(there)
    second.hang_up()
    record = await floor.record(second)
    assert [(v["queue_id"], v["outcome"]) for v in record.visits] == [
        (SMALL.number, "missed"),
        (OVERFLOW.number, "answered"),
    ]
    assert not first.ended
