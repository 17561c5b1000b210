"""Announcements amid the music, as they arrive at the callers' phones."""

from __future__ import annotations

import asyncio
import itertools
import wave
from collections.abc import Callable, Sequence

import pytest
import pytest_asyncio

from engine.core import speech
from scripts.lab.asterisk import find_tree
from scripts.lab.live import LiveCentre
from tests.support.draft import MUSIC_HZ, TONES, Draft, Queue
from tests.support.ear import Ear, Heard, overlaps
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import about, at_least, ms_between, within
from tests.support.prompts import Prompts, sounds_of

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
ANNOUNCED_HZ, JOIN_HZ, ENGLISH_HZ, CHINESE_HZ, AGENT_HZ, CALLER_HZ = (
    810,
    620,
    1430,
    1750,
    2300,
    2700,
)
EVERY_S = 5
"""The shortest interval that can be configured."""
LATE_MS = 700
"""So late an announcement may begin, and music after it: several processes on a busy machine."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


def announced(*media: str, **more: object) -> dict[str, object]:
    """Returns the announcements of a queue that says these media every five seconds."""
    return {"queue": list(media), "queue_every_s": EVERY_S, **more}


ANNOUNCED = DRAFT.queue(
    0, announcements=announced(DRAFT.tone(ANNOUNCED_HZ, 1.0), join=[DRAFT.tone(JOIN_HZ, 1.0)])
)
LONG = DRAFT.queue(0, announcements=announced(DRAFT.tone(ANNOUNCED_HZ + 100, 5.6)))
NEVER = DRAFT.queue(0, announcements={"queue": [DRAFT.tone(ANNOUNCED_HZ)]})


Judge = Callable[[], None]
"""What is looked at when all scenes are over: it takes this process some time."""


async def at_their_interval(floor: Floor) -> Judge:
    """From start to start, the first counted from entry; one longer than that leaves music between.

    The callers listen together: to a short one, one longer than its interval, and to none.
    """
    calls = [floor.place(queue, media="silence") for queue in (ANNOUNCED, LONG, NEVER)]
    short, long, never = (Ear(call) for call in calls)
    await calls[0].wait_until_hears(ANNOUNCED_HZ, seconds=40)
    await hears_only(calls[0], MUSIC_HZ, ANNOUNCED_HZ)
    await calls[0].wait_until_hears(ANNOUNCED_HZ, seconds=40)
    await hears_only(calls[0], MUSIC_HZ, ANNOUNCED_HZ)
    await hears_only(calls[1], MUSIC_HZ, ANNOUNCED_HZ + 100, seconds=40)

    for ear in (short, long, never):
        ear.stop()
    for call in calls:
        call.hang_up()
        await floor.record(call)

    def judge() -> None:
        heard = short.heard(MUSIC_HZ, ANNOUNCED_HZ, JOIN_HZ)
        assert short.order(MUSIC_HZ, ANNOUNCED_HZ, JOIN_HZ)[:6] == [
            *(JOIN_HZ, MUSIC_HZ, ANNOUNCED_HZ, MUSIC_HZ, ANNOUNCED_HZ, MUSIC_HZ),
        ]
        first, second, *_ = (each for each in heard if each.hertz == ANNOUNCED_HZ)
        assert about(EVERY_S * 1000, ms_between(short.began_ns, first.from_ns), LATE_MS)
        assert about(EVERY_S * 1000, ms_between(first.from_ns, second.from_ns), LATE_MS)
        assert about(1_075, first.ms, 175)
        assert overlaps(heard) == []
        assert within(LATE_MS, silences_ms(heard))

        heard = long.heard(MUSIC_HZ, ANNOUNCED_HZ + 100)
        assert [each.hertz for each in heard][:3] == [MUSIC_HZ, ANNOUNCED_HZ + 100, MUSIC_HZ]
        assert at_least(5_400, heard[1].ms), "it is played to its end"
        assert overlaps(heard) == []
        assert never.order(MUSIC_HZ, ANNOUNCED_HZ) == [MUSIC_HZ]

    return judge


def silences_ms(heard: list[Heard]) -> float:
    """Returns the longest time in which none of these was heard."""
    return max((b.from_ns - a.to_ns) / 1e6 for a, b in itertools.pairwise(heard))


CLOSING = DRAFT.tone(ANNOUNCED_HZ, 0.4)
PLACES = DRAFT.queue(
    0,
    announcements=announced(
        CLOSING,
        progress_every_s=EVERY_S,
        position=True,
        wait=True,
        thanks=True,
    ),
)
THANKED = DRAFT.queue(0, announcements={"thanks": True, "progress_every_s": EVERY_S}, language="zh")
WAITERS = [DRAFT.extension() for _ in range(4)]


async def each_hears_the_own_place(floor: Floor, prompts: Prompts) -> None:
    """First, second and third; thanks; then the announcement of the queue. No wait can be estimated
    where nobody is at work, so none is told. In Chinese only thanks, as only these are switched on.
    """
    phones = await floor.phones(*WAITERS)
    since = prompts.mark()
    calls = [await floor.call(PLACES, by=phone, media="silence") for phone in phones[:3]]
    calls.append(await floor.call(THANKED, by=phones[3], media="silence"))
    ears = [Ear(call) for call in calls]
    for place, phone in enumerate(phones[:3], 1):
        said = [*speech.position("en", place), *speech.thanks("en")]
        closing = CLOSING.replace(TONES, str(floor.live.asterisk.run_dir / "tones"))
        await prompts.until(phone.user, since, [*said, closing])
    await prompts.until(phones[3].user, since, speech.thanks("zh"), language="zh")
    for call in calls[:3]:
        await call.wait_until_hears(ANNOUNCED_HZ, seconds=40)
        await hears_only(call, MUSIC_HZ, ANNOUNCED_HZ)
    for place, ear in enumerate(ears[:3], 1):
        music, *_ = ear.stop().heard(MUSIC_HZ)
        closing, *_ = ear.heard(ANNOUNCED_HZ)
        said = [*speech.position("en", place), *speech.thanks("en")]
        expected_ms = lengths_ms(said)
        assert about(expected_ms, ms_between(music.to_ns, closing.from_ns), LATE_MS)
        loud_ms = ear.loud_ms(music.to_ns, closing.from_ns)
        assert at_least(expected_ms * 0.4, loud_ms)
        assert within(expected_ms + LATE_MS, loud_ms)
    for call in calls:
        call.hang_up()
        await floor.record(call)


def lengths_ms(media: Sequence[str]) -> float:
    """Returns how long these English sounds are, one after the other."""
    sounds = find_tree() / "usr/share/asterisk/sounds"
    total = 0.0
    for name in sounds_of(media):
        path = next(sounds.glob(f"en*/{name}.wav"))
        with wave.open(str(path)) as file:
            total += file.getnframes() * 1000 / file.getframerate()
    return total


QUICK = DRAFT.queue(1, announcements={"wait": True, "progress_every_s": EVERY_S})
TALKS = 6
"""One more than what is needed to know anything."""
CUSTOMER = DRAFT.extension()


async def wait_is_told_when_it_is_known(floor: Floor, prompts: Prompts) -> None:
    """After some short talks: less than a minute. It is told while the agent's phone rings, too."""
    ann = await floor.phone(QUICK)
    customer = await floor.phone(CUSTOMER)
    ann.auto_answer(0, hang_up_after_ms=40)
    calls = [floor.place(QUICK) for _ in range(TALKS)]
    for call in calls:
        await call.ended.within(40)
    ann.ring_only()
    await floor.settled(calls[-1])
    since = prompts.mark()
    call = await floor.call(QUICK, by=customer, media="silence")
    await prompts.until(customer.user, since, speech.wait("en", 1_000)[:2])
    assert ann.calls[-1].pending
    assert ann.calls[-1].caller_number == customer.user
    call.hang_up()
    await floor.settled(call)
    for call in calls:
        await floor.record(call)


@pytest.mark.row("P-04", "P-05", "P-09", "P-10")
async def test_place_wait_and_thanks(floor: Floor, prompts: Prompts) -> None:
    """Those who can be told something of their wait, and those who cannot, at the same time."""
    async with asyncio.TaskGroup() as together:
        together.create_task(each_hears_the_own_place(floor, prompts))
        together.create_task(wait_is_told_when_it_is_known(floor, prompts))


MIDST = DRAFT.queue(1, announcements=announced(DRAFT.tone(ANNOUNCED_HZ, 4.0)))
MIDST_JOINING = DRAFT.queue(1, announcements={"join": [DRAFT.tone(ANNOUNCED_HZ, 4.0)]})


async def connected_amid_a_prompt(floor: Floor, queue: Queue) -> Judge:
    """It is cut off: neither it nor the music comes back, and both sides talk."""
    ann = await floor.phone(queue, media=f"tone:{AGENT_HZ}")
    call = await floor.call(queue, media=f"tone:{CALLER_HZ}")
    there = await ann.incoming()
    ear = Ear(call)
    await call.wait_until_hears(ANNOUNCED_HZ, seconds=40)
    await hear_packets(call, 40)
    there.answer()
    answered_ns = there.answered.at_ns
    await asyncio.gather(
        hears_only(call, AGENT_HZ, ANNOUNCED_HZ, MUSIC_HZ), there.wait_until_hears(CALLER_HZ)
    )
    # As long as the rest of the prompt would have been.
    await hear_packets(call, 170)
    ear.stop()
    call.hang_up()
    record = await floor.settled(call)
    assert record.outcome == ("answered", "connected")

    def judge() -> None:
        heard = ear.heard(ANNOUNCED_HZ, AGENT_HZ, MUSIC_HZ)
        (prompt,) = (each for each in heard if each.hertz == ANNOUNCED_HZ)
        voice = next(each for each in heard if each.hertz == AGENT_HZ)
        assert heard[-1].hertz == AGENT_HZ
        assert within(3_000, prompt.ms), "it was cut off"
        assert within(LATE_MS, ms_between(answered_ns, voice.from_ns))
        assert overlaps(heard) == []

    return judge


GONE = DRAFT.queue(0, announcements=announced(DRAFT.tone(ANNOUNCED_HZ, 4.0)), max_wait_s=6.5,
                   failure={"play": [DRAFT.tone(JOIN_HZ)]})  # fmt: skip


async def longest_wait_ends_amid_an_announcement(floor: Floor) -> Judge:
    """Which is cut off for what is played there."""
    call = await floor.call(GONE, media="silence")
    ear = Ear(call)
    await call.ended.within(40)
    ear.stop()
    assert (await floor.record(call)).outcome == ("missed", "max_wait")

    def judge() -> None:
        assert ear.order(MUSIC_HZ, ANNOUNCED_HZ, JOIN_HZ) == [MUSIC_HZ, ANNOUNCED_HZ, JOIN_HZ]
        (prompt,) = ear.heard(ANNOUNCED_HZ)
        assert within(3_000, prompt.ms)

    return judge


@pytest.mark.row("P-01", "P-04", "P-06", "Q-02")
async def test_announcements_amid_the_music(floor: Floor) -> None:
    """Several scenes at the same time, as each waits for five seconds."""
    async with asyncio.TaskGroup() as together:
        scenes = [
            together.create_task(scene)
            for scene in (
                at_their_interval(floor),
                connected_amid_a_prompt(floor, MIDST),
                connected_amid_a_prompt(floor, MIDST_JOINING),
                longest_wait_ends_amid_an_announcement(floor),
            )
        ]
    for scene in scenes:
        scene.result()()


CHANGES = DRAFT.queue(0)


@pytest.mark.row("P-04", "P-09")
async def test_announcements_that_are_changed_reach_who_waits(
    floor: Floor, prompts: Prompts
) -> None:
    """Counted from entry; and a sound that is missing everywhere costs no more than itself."""
    phone = await floor.phone(WAITERS[0])
    since = prompts.mark()
    call = await floor.call(CHANGES, by=phone, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    before = floor.live.sections
    queues = {number: dict(options) for number, options in before["queues"].items()}
    queues[CHANGES.number]["announcements"] = {
        "queue": ["sound:no-such-announcement", *speech.thanks("en")],
        "queue_every_s": EVERY_S,
    }
    await floor.live.apply({**before, "queues": queues})
    try:
        await prompts.until(phone.user, since, speech.thanks("en"))
        await hears_only(call, MUSIC_HZ)
    finally:
        await floor.live.apply(before)
    assert sounds_of(speech.thanks("en")) == [
        each.sound for each in prompts.played(phone.user, since)
    ]
    call.hang_up()
    await floor.record(call)
