"""Calls that agents make and take by themselves, and holds: who is in use, and what the record says."""

from __future__ import annotations

import pytest

from scripts.lab.phones import SoundMatrix
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import about, ms_between, within
from tests.support.passing import pick_up, talk

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
OUTSIDE = DRAFT.outbound_route("0X.", strip=1, prepend="+49")

COLLEAGUE = DRAFT.extension()
OUTBOUND = DRAFT.extension(outbound_routes=[OUTSIDE])
CALLS_OUT = DRAFT.queue([OUTBOUND])


@pytest.mark.row("A-06")
async def test_an_agent_on_an_outbound_call_is_in_use(floor: Floor) -> None:
    """From dialling to hanging up nobody is offered, and at once afterwards somebody is."""
    ann = await floor.phone(OUTBOUND, media="silence")
    world = floor.live.carrier(media="silence")
    own = await floor.call("030123456", by=ann, media="silence")
    there = await world.incoming()
    waiting = await floor.call(CALLS_OUT, media="silence")
    await hear_packets(waiting, 10)
    assert not ann.calls, "rung while dialling"
    await pick_up(there)
    room = SoundMatrix({"agent": own, "customer": there})
    await room.until({"agent": ["customer"], "customer": ["agent"]})
    assert not ann.calls, "rung while talking"
    own.hang_up()
    await own.ended
    offered = await ann.incoming()
    assert offered.caller_number == waiting.number
    record = await floor.record(own)
    assert (record.call["source"], record.call["endpoint"]) == ("extension", ann.user)
    assert (record.talk["party"], record.talk["ended_by"]) == ("030123456", "caller")
    assert about(record.talk["talk_ms"], ms_between(there.answered.at_ns, own.ended.at_ns))
    waiting.hang_up()
    waited = await floor.settled(waiting)
    assert within(500, waited.offer["started_at_ms"] - record.call["ended_at_ms"])


INTERNAL = DRAFT.queue(1)


@pytest.mark.row("A-06")
@pytest.mark.parametrize("direction", ["placed", "received"])
async def test_an_agent_on_an_internal_call_is_in_use(floor: Floor, direction: str) -> None:
    ann, carl = await floor.phones(INTERNAL.agent, COLLEAGUE, media="silence")
    caller, called = (ann, carl) if direction == "placed" else (carl, ann)
    own = await floor.call(called.user, by=caller, media="silence")
    there = await called.incoming()
    rung = len(ann.calls)
    waiting = await floor.call(INTERNAL, media="silence")
    await hear_packets(waiting, 10)
    await pick_up(there)
    room = SoundMatrix({"caller": own, "called": there})
    await room.until({"caller": ["called"], "called": ["caller"]})
    assert len(ann.calls) == rung
    there.hang_up()
    await own.ended
    offered = await ann.incoming()
    assert offered.caller_number == waiting.number
    record = await floor.record(own)
    assert record.visits == ()
    talked = record.talk
    assert (talked["party"], talked["queue_id"], talked["ended_by"]) == (called.user, None, "agent")
    waiting.hang_up()
    await floor.settled(waiting)


HELD = DRAFT.queue(1)


@pytest.mark.row("A-07")
@pytest.mark.parametrize("by_caller", [False, True])
async def test_hold_and_resume(floor: Floor, by_caller: bool) -> None:
    """Music for the held party alone; then the talk goes on; held and hung up, the hold ends with it."""
    ann = await floor.phone(HELD, media="silence")
    both = await talk(floor, HELD, ann)
    holder, held = (both.call, both.there) if by_caller else (both.there, both.call)
    await holder.hold()
    await hears_only(held, MUSIC_HZ)
    assert await both.room.hears() == {"caller": set(), "agent": set()}
    await holder.resume()
    await both.only_these_talk("caller", "agent")
    await holder.hold()
    await hears_only(held, MUSIC_HZ)
    held.hang_up()
    await holder.ended
    record = await floor.record(both.call)
    assert [bool(hold["by_caller"]) for hold in record.holds] == [by_caller, by_caller]
    assert [hold["talk_id"] for hold in record.holds] == 2 * [record.talk["talk_id"]]
    assert record.holds[0]["hold_ms"] > 0
    assert record.holds[1]["ended_at_ms"] == record.talk["ended_at_ms"]
    assert record.talk["ended_by"] == ("agent" if by_caller else "caller")
    assert record.outcome == ("answered", "connected")


BOTH_HOLD = DRAFT.queue(1)


@pytest.mark.row("A-07")
async def test_both_hold_each_other(floor: Floor) -> None:
    """The holds follow one another in the record, and both talk again when both have resumed."""
    ann = await floor.phone(BOTH_HOLD, media="silence")
    both = await talk(floor, BOTH_HOLD, ann)
    await both.there.hold()
    await both.call.wait_until_hears(MUSIC_HZ)
    await both.call.hold()
    # Each party's news come through a thread of its own in Asterisk.
    await floor.heard("HoldChanged", channel_id=floor.call_id(both.call), held=True)
    await both.there.resume()
    await floor.rows("holds", 1, by_caller=True, ended_at_ms=None)
    await both.call.resume()
    await both.only_these_talk("caller", "agent")
    both.call.hang_up()
    record = await floor.settled(both.call)
    first, second = record.holds
    assert (bool(first["by_caller"]), bool(second["by_caller"])) == (False, True)
    assert first["ended_at_ms"] == second["started_at_ms"]


DIRECT = DRAFT.extension()


@pytest.mark.row("A-07")
async def test_a_direct_call_is_held(floor: Floor) -> None:
    """Not only a queue's talk: a colleague's is on record with its hold, too."""
    ann, carl = await floor.phones(DIRECT, COLLEAGUE, media="silence")
    call = await floor.call(COLLEAGUE, by=ann, media="silence")
    await pick_up(there := await carl.incoming())
    room = SoundMatrix({"ann": call, "carl": there})
    await room.until({"ann": ["carl"], "carl": ["ann"]})
    await there.hold()
    await call.wait_until_hears(MUSIC_HZ)
    await there.resume()
    call.hang_up()
    record = await floor.record(call)
    (hold,) = record.holds
    assert hold["talk_id"] == record.talk["talk_id"]
