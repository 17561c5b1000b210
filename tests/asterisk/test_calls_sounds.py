"""What each party hears, judged by the sound that arrives."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.draft import MUSIC_HZ, OTHER_MUSIC_HZ, PROMPT_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import at_least, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
RING_HZ = (440, 480)
"""The two tones of ringing."""

MUSIC = DRAFT.queue()
OTHER_MUSIC = DRAFT.queue(waiting_sound={"music": "other"})


@pytest.mark.row("P-02")
async def test_music_of_the_queues_class(floor: Floor) -> None:
    call = await floor.call(MUSIC, media="silence")
    await hears_only(call, MUSIC_HZ, OTHER_MUSIC_HZ, *RING_HZ)
    call = await floor.call(OTHER_MUSIC, media="silence")
    await hears_only(call, OTHER_MUSIC_HZ, MUSIC_HZ, *RING_HZ)


RINGING = DRAFT.queue(waiting_sound="ringing")


@pytest.mark.row("P-02")
async def test_ringing_instead_of_music(floor: Floor) -> None:
    """It sounds like a phone that rings, and stops when the agent is there."""
    ann = await floor.phone(RINGING, media="tone:700")
    call = await floor.call(RINGING, media="tone:900")
    await hears_only(call, RING_HZ[0], MUSIC_HZ)
    await call.wait_until_hears(*RING_HZ)
    there = await ann.incoming()
    there.answer()
    await asyncio.gather(hears_only(call, 700, *RING_HZ), there.wait_until_hears(900))


CHANGES = DRAFT.queue(0, max_wait_s=0.6, failure={"queue": OTHER_MUSIC.number})


@pytest.mark.row("P-02")
async def test_the_music_changes_with_the_queue(floor: Floor) -> None:
    call = await floor.call(CHANGES, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    await hears_only(call, OTHER_MUSIC_HZ, MUSIC_HZ)


PROMPTED = DRAFT.queue(1, agent_prompt=DRAFT.tone(PROMPT_HZ, 2.5))


@pytest.mark.row("P-08", "Q-06")
async def test_the_agent_prompt_is_for_the_agent_alone(floor: Floor) -> None:
    """The caller hears music meanwhile and nothing of the prompt; then both hear each other."""
    ann = await floor.phone(PROMPTED, media="tone:700")
    call = await floor.call(PROMPTED, media="tone:440")
    there = await ann.incoming()
    there.answer()
    await there.wait_until_hears(PROMPT_HZ)
    await hear_packets(call, 10)
    await hears_only(call, MUSIC_HZ, PROMPT_HZ, 700)
    await hears_only(there, PROMPT_HZ, 440)

    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), hears_only(there, 440, PROMPT_HZ))
    call.hang_up()
    record = await floor.record(call)
    # Picked up, then the prompt, then connected: the ring ended with the first.
    assert record.offer["ring_ms"] + 2_000 <= record.visit["wait_ms"]


LEAVING = DRAFT.queue(1, agent_prompt=DRAFT.tone(PROMPT_HZ, 2.5))


@pytest.mark.row("P-08")
async def test_the_caller_leaves_during_the_agent_prompt(floor: Floor) -> None:
    """The agent is let go at once, without waiting for the end of the prompt."""
    ann = await floor.phone(LEAVING)
    call = await floor.call(LEAVING)
    there = await ann.incoming()
    await floor.pick_up(there)
    call.hang_up()
    assert (await there.ended).by == "there"
    assert within(500, ms_between(call.ended.at_ns, there.ended.at_ns))
    record = await floor.record(call)
    assert record.outcome == ("abandoned", "caller_hung_up")
    assert record.offered() == [(ann.user, "caller_hung_up")]


NEVER_ANSWERED = DRAFT.queue(1, agent_prompt="sound:no-such-prompt-anywhere")


@pytest.mark.row("P-08")
async def test_a_prompt_that_is_missing_delays_nobody(floor: Floor) -> None:
    ann = await floor.phone(NEVER_ANSWERED, media="tone:700")
    call = await floor.call(NEVER_ANSWERED, media="tone:440")
    there = await ann.incoming()
    there.answer()
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))


HELD = DRAFT.queue()


@pytest.mark.row("A-07", "P-03")
async def test_hold_plays_music_and_is_recorded(floor: Floor) -> None:
    """The agent's hold is inside the talk, with its length; both talk again afterwards."""
    ann = await floor.phone(HELD, media="tone:700")
    call, there = await floor.talking(HELD, ann, media="tone:440")
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    await there.hold()
    await hears_only(call, MUSIC_HZ, 700)
    await hear_packets(call, 10)
    await there.resume()
    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), there.wait_until_hears(440))
    there.hang_up()
    await call.ended
    record = await floor.record(call)
    (hold,) = record.holds
    assert not hold["by_caller"]
    assert at_least(200, hold["hold_ms"])
    assert hold["hold_ms"] <= record.talk["talk_ms"]
