"""What callers and agents hear before and after they are connected: join prompt, sound, hold, names."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones import SoundMatrix
from tests.support.draft import MUSIC_HZ, OTHER_MUSIC_HZ, PROMPT_HZ, Draft
from tests.support.ear import Ear, overlaps
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import about, at_least, ms_between

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
JOIN_HZ, CHINESE_HZ, HOLD_HZ, LOOP_HZ = 620, 1430, 510, 810
AGENT_HZ, CALLER_HZ = 2300, 2700
RING_HZ = (440, 480)
JOIN = DRAFT.tone(JOIN_HZ, 1.2)


WELCOME = {"announcements": {"join": [JOIN]}}
MUSIC = DRAFT.queue(0, **WELCOME)
LOOPED = DRAFT.queue(
    0, waiting_sound={"prompt": DRAFT.prompt(en=LOOP_HZ).removeprefix("prompt:")}, **WELCOME
)
RINGING = DRAFT.queue(0, waiting_sound="ringing", **WELCOME)


@pytest.mark.row("P-01", "P-02")
async def test_the_waiting_sound_begins_after_the_join_prompt(floor: Floor) -> None:
    """Whole, then music, a looped prompt, or ringing; the two never sound together."""
    calls = [floor.place(queue, media="silence") for queue in (MUSIC, LOOPED, RINGING)]
    ears = [Ear(call) for call in calls]
    music, looped, ringing = calls
    await asyncio.gather(*(hears_only(call, JOIN_HZ, RING_HZ[0]) for call in calls))
    await asyncio.gather(
        hears_only(music, MUSIC_HZ, JOIN_HZ),
        hears_only(looped, LOOP_HZ, JOIN_HZ),
        hears_only(ringing, RING_HZ[0], JOIN_HZ, MUSIC_HZ),
    )
    await hear_packets(looped, 60)
    for ear, sound in zip(ears[:2], (MUSIC_HZ, LOOP_HZ), strict=True):
        heard = ear.stop().heard(JOIN_HZ, sound)
        assert ear.order(JOIN_HZ, sound) == [JOIN_HZ, sound]
        assert overlaps(heard) == []
        assert about(1_225, heard[0].ms, 225)
    for call in calls:
        call.hang_up()
        assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")


AT_ONCE = DRAFT.queue(announcements={"join": [DRAFT.tone(JOIN_HZ + 100, 3.0)]})
AFTERWARDS = DRAFT.queue(announcements={"join": [JOIN], "join_first": True})


@pytest.mark.row("P-01")
async def test_phones_ring_at_once_or_after_the_join_prompt(floor: Floor) -> None:
    """Both agents are free; one phone rings in the middle of the prompt, the other after its end."""
    ann, bob = await floor.phones(AT_ONCE, AFTERWARDS, media=f"tone:{AGENT_HZ}")
    first = floor.place(AFTERWARDS, media=f"tone:{CALLER_HZ}")
    ear = Ear(first)
    other = await floor.call(AT_ONCE, media=f"tone:{CALLER_HZ}")
    early = await ann.incoming()
    await other.wait_until_hears(JOIN_HZ + 100)
    early.answer()
    await hears_only(other, AGENT_HZ, JOIN_HZ + 100, MUSIC_HZ)
    there = await bob.incoming()
    await hears_only(first, MUSIC_HZ, JOIN_HZ)
    there.answer()
    await asyncio.gather(
        hears_only(first, AGENT_HZ, MUSIC_HZ, JOIN_HZ), there.wait_until_hears(CALLER_HZ)
    )
    join = ear.stop().heard(JOIN_HZ)
    assert ear.order(JOIN_HZ, MUSIC_HZ, AGENT_HZ) == [JOIN_HZ, MUSIC_HZ, AGENT_HZ]
    assert len(join) == 1
    assert at_least(-200, ms_between(join[0].to_ns, there.at_ns))
    for call in (first, other):
        call.hang_up()
    record = await floor.settled(first)
    # The place and the time are counted from the beginning all the same.
    assert record.visit["wait_ms"] > 1_200
    assert record.offer["started_at_ms"] - record.visit["started_at_ms"] > 1_100
    await floor.settled(other)


LEFT = DRAFT.queue(announcements={"join": [JOIN], "join_first": True})


@pytest.mark.row("P-01")
async def test_who_hangs_up_during_the_join_prompt_rings_nobody(floor: Floor) -> None:
    ann = await floor.phone(LEFT)
    call = await floor.call(LEFT, media="silence")
    await call.wait_until_hears(JOIN_HZ)
    call.hang_up()
    record = await floor.record(call)
    assert record.outcome == ("abandoned", "caller_hung_up")
    assert record.offers == ()
    assert not ann.calls


UNPLAYABLE = DRAFT.queue(
    announcements={"join": ["sound:no-such-welcome-anywhere"], "join_first": True}
)


@pytest.mark.row("P-09")
async def test_a_join_prompt_that_is_missing_keeps_nobody_waiting(floor: Floor) -> None:
    ann = await floor.phone(UNPLAYABLE, media=f"tone:{AGENT_HZ}")
    call = await floor.call(UNPLAYABLE, media="silence")
    there = await ann.incoming()
    await call.wait_until_hears(MUSIC_HZ)
    there.answer()
    await call.wait_until_hears(AGENT_HZ)
    call.hang_up()
    await floor.settled(call)


BOTH = DRAFT.prompt(en=JOIN_HZ, zh=CHINESE_HZ)
ONLY_ENGLISH = DRAFT.prompt(en=JOIN_HZ)
LANGUAGES = [
    (DRAFT.queue(0, announcements={"join": [BOTH]}), JOIN_HZ, CHINESE_HZ),
    (DRAFT.queue(0, language="zh", announcements={"join": [BOTH]}), CHINESE_HZ, JOIN_HZ),
    (DRAFT.queue(0, language="zh", announcements={"join": [ONLY_ENGLISH]}), JOIN_HZ, CHINESE_HZ),
]


@pytest.mark.row("P-09", "P-01")
async def test_the_join_prompt_is_in_the_queues_language(floor: Floor) -> None:
    """Chinese where it is Chinese; where that is missing, English, which is logged: never silence."""
    name = ONLY_ENGLISH.removeprefix("prompt:")
    await floor.live.engine_says(f"prompts.{name} - warning: is not there in zh")
    ears = []
    for queue, _, _ in LANGUAGES:
        call = floor.place(queue, media="silence")
        ears.append((call, Ear(call)))
    for (call, _), (_, hertz, other) in zip(ears, LANGUAGES, strict=True):
        await hears_only(call, MUSIC_HZ, hertz, other)
    for (call, ear), (_, hertz, other) in zip(ears, LANGUAGES, strict=True):
        assert ear.stop().order(hertz, other, MUSIC_HZ) == [hertz, MUSIC_HZ]
        call.hang_up()
        await floor.record(call)


HELD = DRAFT.queue(hold_music=DRAFT.music_class(HOLD_HZ), waiting_sound={"music": "other"})


@pytest.mark.row("P-03", "A-07")
async def test_hold_music_is_the_queues_class_every_time(floor: Floor) -> None:
    """Twice by the agent, then by the caller; between them both talk, and nothing else is heard."""
    ann = await floor.phone(HELD, media=f"tone:{AGENT_HZ}")
    call, there = await floor.talking(HELD, ann, media=f"tone:{CALLER_HZ}")
    others = (MUSIC_HZ, OTHER_MUSIC_HZ)
    for _ in range(2):
        await asyncio.gather(
            hears_only(call, AGENT_HZ, HOLD_HZ, *others),
            hears_only(there, CALLER_HZ, HOLD_HZ, *others),
        )
        await there.hold()
        await hears_only(call, HOLD_HZ, AGENT_HZ, *others)
        await there.resume()
    await hears_only(call, AGENT_HZ, HOLD_HZ)
    await call.hold()
    await hears_only(there, HOLD_HZ, CALLER_HZ, *others)
    await call.resume()
    await asyncio.gather(
        hears_only(call, AGENT_HZ, HOLD_HZ, *others), hears_only(there, CALLER_HZ, HOLD_HZ)
    )
    there.hang_up()
    await call.ended
    record = await floor.record(call)
    assert [hold["by_caller"] for hold in record.holds] == [0, 0, 1]


NAMED = DRAFT.queue(announcements={"agent_id": True})
NAMED_CHINESE = DRAFT.queue([NAMED.agent], announcements={"agent_id": True}, language="zh")


@pytest.mark.row("P-07")
@pytest.mark.parametrize("queue", [NAMED, NAMED_CHINESE], ids=["en", "zh"])
async def test_the_agents_number_is_told_to_both(floor: Floor, queue) -> None:
    """Words to either side for as long as they take; then each hears the other, who may talk before."""
    ann = await floor.phone(queue, media="silence")
    call, there = await floor.talking(queue, ann, media="silence")
    ears = Ear(call), Ear(there)
    await asyncio.gather(call.wait_until_hears("anything"), there.wait_until_hears("anything"))
    await asyncio.gather(call.wait_until_hears("silence", seconds=40), hear_packets(there, 20))
    for ear in ears:
        ear.stop()
    told_ms = [ear.loud_ms(ear.began_ns, ear.began_ns + 20_000_000_000) for ear in ears]
    assert min(told_ms) > 300, "four digits take longer"
    room = SoundMatrix({"caller": call, "agent": there})
    await room.until({"caller": ["agent"], "agent": ["caller"]})
    call.hang_up()
    await floor.settled(call)


WHILE = DRAFT.queue(announcements={"agent_id": True})


@pytest.mark.row("P-07", "P-06")
async def test_who_talks_is_heard_while_the_number_is_told(floor: Floor) -> None:
    """The talk does not begin after it: who hangs up in the middle of it, hangs up."""
    ann = await floor.phone(WHILE, media="silence")
    call, there = await floor.talking(WHILE, ann, media=f"tone:{CALLER_HZ}")
    await there.wait_until_hears(CALLER_HZ)
    there.hang_up()
    assert (await call.ended).how == "bye"
    record = await floor.record(call)
    assert record.talk["ended_by"] == "agent"


PREPARED = DRAFT.queue(
    agent_prompt=DRAFT.tone(PROMPT_HZ, 3.6),
    announcements={"queue": [DRAFT.tone(LOOP_HZ, 2.0)], "queue_every_s": 5},
)


@pytest.mark.row("P-08", "P-04")
async def test_nothing_is_announced_while_the_agent_hears_the_prompt(floor: Floor) -> None:
    """The phone is picked up before an announcement is due: the caller hears music until connected."""
    ann = await floor.phone(PREPARED, media=f"tone:{AGENT_HZ}")
    call = await floor.call(PREPARED, media=f"tone:{CALLER_HZ}")
    there = await ann.incoming()
    ear = Ear(call)
    # By the caller's own packets: 2.4 s of music, some more before the announcement.
    await hear_packets(call, 120)
    agents = Ear(there)
    there.answer()
    await asyncio.gather(hears_only(call, AGENT_HZ, MUSIC_HZ), hears_only(there, CALLER_HZ))
    assert ear.stop().order(MUSIC_HZ, LOOP_HZ, PROMPT_HZ, AGENT_HZ) == [MUSIC_HZ, AGENT_HZ]
    assert agents.stop().order(MUSIC_HZ, LOOP_HZ, PROMPT_HZ, CALLER_HZ) == [PROMPT_HZ, CALLER_HZ]
    call.hang_up()
    await floor.settled(call)
