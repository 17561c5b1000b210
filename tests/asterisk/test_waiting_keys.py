"""Keys pressed while waiting (P-11), and full or empty queues (Q-07, Q-08), with real phones."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import MUSIC_HZ, OTHER_MUSIC_HZ, Draft
from tests.support.ear import Ear
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import within
from tests.support.records import Record

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("P-11", "Q-03"),
]

DRAFT = Draft()
JOIN_HZ, ANNOUNCED_HZ, BYE_HZ, MENU_HZ, AGENT_HZ, CALLER_HZ = 620, 810, 1430, 1750, 2300, 2700
BYE = {"play": [DRAFT.tone(BYE_HZ, 0.8)]}

NEXT_DOOR = DRAFT.queue(1, waiting_sound={"music": "other"})
SIDE_DOOR = DRAFT.extension()
KEYS = {"1": BYE, "2": {"queue": NEXT_DOOR.number}, "*": {"extension": SIDE_DOOR}}
PRESSED = DRAFT.queue(
    0,
    key_events=KEYS,
    announcements={
        "join": [DRAFT.tone(JOIN_HZ, 2.0)],
        "queue": [DRAFT.tone(ANNOUNCED_HZ, 4.0)],
        "queue_every_s": 5,
    },
)


async def left_by_key(floor: Floor, call: OutgoingCall, key: str, to: str) -> Record:
    """Checks the record of a call that left a queue by a key."""
    record = await floor.record(call)
    first = record.visits[0]
    assert (first["outcome"], first["reason"]) == ("missed", "key_event")
    (route,) = await floor.rows("routes_taken", 1, call_id=record.call["call_id"])
    assert (route["why"], route["pressed"]) == ("key_event", key)
    assert to in route["target"]
    return record


async def test_a_key_counts_at_every_moment_of_the_wait(floor: Floor) -> None:
    """During the join prompt and the announcement, which it cuts off, and amid the music; one is sent
    as INFO. A key that leads nowhere changes nothing.
    """
    ann = await floor.phone(NEXT_DOOR, media=f"tone:{AGENT_HZ}")
    side = await floor.phone(SIDE_DOOR, media=f"tone:{AGENT_HZ + 100}")
    joining, amid_music, announced = [
        floor.place(PRESSED, media=f"tone:{CALLER_HZ}") for _ in range(3)
    ]
    ears = [Ear(call) for call in (joining, amid_music, announced)]
    await joining.wait_until_hears(JOIN_HZ)
    await hear_packets(joining, 20)
    await joining.send_dtmf("1")
    await joining.ended
    assert ears[0].stop().order(JOIN_HZ, BYE_HZ, MUSIC_HZ) == [JOIN_HZ, BYE_HZ]
    assert within(1_600, ears[0].heard(JOIN_HZ)[0].ms)

    await hears_only(amid_music, MUSIC_HZ, JOIN_HZ)
    await amid_music.send_dtmf("9")
    await hear_packets(amid_music, 10)
    await amid_music.wait_until_hears(MUSIC_HZ)
    await amid_music.send_dtmf("*")
    at_side = await side.incoming()
    at_side.answer()
    await hears_only(amid_music, AGENT_HZ + 100, MUSIC_HZ)

    await announced.wait_until_hears(ANNOUNCED_HZ, seconds=40)
    await announced.send_dtmf("9", via="info")
    await hear_packets(announced, 20)
    await announced.wait_until_hears(ANNOUNCED_HZ)
    await announced.send_dtmf("2", via="info")
    there = await ann.incoming()
    await hears_only(announced, OTHER_MUSIC_HZ, ANNOUNCED_HZ, MUSIC_HZ)
    there.answer()
    await asyncio.gather(
        hears_only(announced, AGENT_HZ, OTHER_MUSIC_HZ), there.wait_until_hears(CALLER_HZ)
    )
    assert within(3_600, ears[2].stop().heard(ANNOUNCED_HZ)[-1].ms)

    amid_music.hang_up()
    announced.hang_up()
    await left_by_key(floor, joining, "1", "prompt")
    await left_by_key(floor, amid_music, "*", SIDE_DOOR)
    record = await left_by_key(floor, announced, "2", NEXT_DOOR.number)
    assert [visit["reason"] for visit in record.visits] == ["key_event", "connected"]
    await floor.settled(announced)


RUNG = DRAFT.queue(
    1, key_events=KEYS, announcements={"join": [DRAFT.tone(JOIN_HZ + 100, 1.5)], "join_first": True}
)


async def test_a_key_stops_the_ringing(floor: Floor) -> None:
    """The agent's phone stops; a key during a prompt that holds the ringing back is no different."""
    ann = await floor.phone(RUNG)
    early = await floor.call(RUNG, media="silence")
    await early.wait_until_hears(JOIN_HZ + 100)
    await early.send_dtmf("1")
    await early.ended
    assert not ann.calls
    call = await floor.call(RUNG, media="silence")
    there = await ann.incoming()
    await call.send_dtmf("1")
    assert (await there.cancelled).how == "cancel"
    await call.ended
    assert (await left_by_key(floor, early, "1", "prompt")).offers == ()
    record = await left_by_key(floor, call, "1", "prompt")
    assert [offer["outcome"] for offer in record.offers] == ["cancelled"]
    await floor.settled(call)


PREPARED = DRAFT.queue(1, key_events=KEYS, agent_prompt=DRAFT.tone(JOIN_HZ + 200, 3.0))


async def test_a_key_while_the_agent_hears_the_prompt(floor: Floor) -> None:
    """The caller does not know of the agent, who is let go at once."""
    ann = await floor.phone(PREPARED, media="silence")
    call = await floor.call(PREPARED, media="silence")
    there = await ann.incoming()
    await floor.pick_up(there)
    await there.wait_until_hears(JOIN_HZ + 200)
    await call.send_dtmf("1")
    await call.wait_until_hears(BYE_HZ)
    assert (await there.ended).by == "there"
    await call.ended
    await left_by_key(floor, call, "1", "prompt")
    await floor.settled(call)


CROWDED = DRAFT.queue(0, key_events=KEYS)


async def test_two_callers_press_at_once_and_one_presses_twice(floor: Floor) -> None:
    """Each goes once to where the own first key leads; the third waits on undisturbed."""
    calls = [await floor.call(CROWDED, media="silence") for _ in range(3)]
    for call in calls:
        await call.wait_until_hears(MUSIC_HZ)
    first, second, stays = calls
    await asyncio.gather(first.send_dtmf("11"), second.send_dtmf("12"))
    for call in (first, second):
        await call.ended
    await stays.wait_until_hears(MUSIC_HZ)
    stays.hang_up()
    for call in (first, second):
        record = await left_by_key(floor, call, "1", "prompt")
        assert len(record.visits) == 1
    assert (await floor.record(stays)).outcome == ("abandoned", "caller_hung_up")


CUT_OFF = DRAFT.queue(
    1,
    key_events={"1": BYE},
    announcements={"join": [DRAFT.tone(JOIN_HZ, 2.0)]},
)


async def test_keys_of_who_talks_are_the_agents_to_hear(floor: Floor) -> None:
    """A key event of the queue is over with the wait."""
    ann = await floor.phone(CUT_OFF, media=f"tone:{AGENT_HZ}")
    call, there = await floor.talking(CUT_OFF, ann, media=f"tone:{CALLER_HZ}")
    await call.wait_until_hears(AGENT_HZ)
    await call.send_dtmf("1")

    def heard() -> bool:
        return there.audio.dtmf == ["1"]

    await there.audio.until(heard, "the agent to hear the key", 40)
    await hears_only(call, AGENT_HZ, BYE_HZ)
    assert not call.ended
    call.hang_up()
    assert (await floor.settled(call)).outcome == ("answered", "connected")
