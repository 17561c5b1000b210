"""After-call work with the wrap-up of each queue for itself."""

from __future__ import annotations

import pytest

from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.machine import about, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
WRAPUP_MS = 1_000


LONG = DRAFT.queue(1, wrapup_s=WRAPUP_MS / 1000)
NONE = DRAFT.queue(LONG.agents)


@pytest.mark.row("Q-06", "Q-11")
async def test_only_the_queue_whose_call_ended_waits(floor: Floor) -> None:
    """The other queue's caller is rung at once, this one's when the wrap-up is over, to 100 ms."""
    ann = await floor.phone(LONG)
    call, there = await floor.talking(LONG, ann)
    same = await floor.call(LONG)
    await same.answered
    other = await floor.call(NONE)
    await other.answered
    there.hang_up()
    await there.ended

    first = await ann.incoming()
    assert first.caller_number == other.number
    assert within(WRAPUP_MS / 2, ms_between(there.ended.at_ns, first.at_ns))
    await floor.pick_up(first)
    first.hang_up()
    second = await ann.incoming()
    assert second.caller_number == same.number
    assert about(WRAPUP_MS, ms_between(there.ended.at_ns, second.at_ns))

    record = await floor.record(call)
    (wrapup,) = await floor.rows("wrapups", 1, call_id=record.call["call_id"], ended_why="expired")
    assert wrapup["agent_id"] == ann.user
    assert wrapup["started_at_ms"] == record.talk["ended_at_ms"]
    assert wrapup["planned_end_at_ms"] == wrapup["started_at_ms"] + WRAPUP_MS
    assert about(WRAPUP_MS, wrapup["ended_at_ms"] - wrapup["started_at_ms"])


MISSING = DRAFT.queue(1, wrapup_s=30, ring_timeout_s=0.3)


@pytest.mark.row("Q-06")
async def test_a_missed_offer_has_no_wrapup(floor: Floor) -> None:
    ann = await floor.phone(MISSING)
    call = await floor.call(MISSING)
    await (await ann.incoming()).cancelled
    (await ann.incoming()).hang_up()
    await ann.incoming()
    call.hang_up()
    await floor.settled(call)
    assert floor.count("wrapups", queue_id=MISSING.number) == 0
