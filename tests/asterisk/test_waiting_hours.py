"""Opening hours (Q-04), as callers and managers with real phones meet them."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from engine.core import speech
from engine.core.speech import Phrase
from scripts.lab.live import LiveCentre
from tests.support.draft import MUSIC_HZ, PROMPT, PROMPT_HZ, Draft, Queue
from tests.support.ear import Ear
from tests.support.floor import Floor, hear_packets, hears_only, opened
from tests.support.hours import every_day
from tests.support.prompts import Prompts
from tests.support.zones import closes_in, engine_with

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-04"),
]

DRAFT = Draft(unknown_number_prompts=[PROMPT])
CLOSED_HZ, HOLIDAY_HZ, NAME_HZ, FAILED_HZ, AGENT_HZ, CALLER_HZ = 620, 810, 1430, 1750, 2300, 2700
CLOSED = {"play": [DRAFT.tone(CLOSED_HZ, 0.4)]}
HOLIDAY = {"play": [DRAFT.tone(HOLIDAY_HZ, 0.4)]}
FAILED = {"play": [DRAFT.tone(FAILED_HZ, 0.4)]}
DAY_NS = 86_400 * 1_000_000_000


def day(offset: int) -> str:
    """Returns a day, counted from today."""
    return time.strftime("%Y-%m-%d", time.gmtime((time.time_ns() + offset * DAY_NS) // 10**9))


DRAFT.hours["always"] = {"time_zone": "UTC", "weekly": every_day("00:00-24:00")}
DRAFT.hours["never"] = {"time_zone": "Asia/Shanghai", "weekly": {}}
DRAFT.hours["feast"] = {
    "time_zone": "UTC",
    "weekly": every_day("00:00-24:00"),
    "holidays": [
        {"name": "Feast", "from": day(-1), "to": day(1), "prompt": [DRAFT.tone(NAME_HZ, 0.6)]}
    ],
}
MANAGER, SECOND = DRAFT.extension(), DRAFT.extension()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    """A centre whose engine knows the zones of the laboratory."""
    run_dir = tmp_path_factory.mktemp("live")
    prefix = engine_with(run_dir / "zones")
    async with opened(DRAFT, run_dir, prefix=prefix) as centre:
        yield centre


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


def queue(schedule: str | None, members: Any = 0, **more: Any) -> Queue:
    """Returns a queue that MANAGER manages and that goes by this schedule."""
    hours = {} if schedule is None else {"hours": {"schedule": schedule, "closed": CLOSED, **more}}
    return DRAFT.queue(members, managers=[MANAGER, SECOND], failure=FAILED, **hours)


async def turned_away(floor: Floor, queue: Queue, why: str, *hertz: int) -> None:
    """Calls a queue that is not open, and hears these, one after the other; there is no visit."""
    call = floor.place(queue, media="silence")
    ear = Ear(call)
    await call.ended.within(40)
    assert ear.stop().order(MUSIC_HZ, *ALL_HZ) == list(hertz)
    record = await floor.record(call)
    assert record.visits == ()
    (route,) = await floor.rows("routes_taken", 1, call_id=record.call["call_id"])
    assert (route["why"], route["pressed"]) == (why, None)


ALL_HZ = (CLOSED_HZ, HOLIDAY_HZ, NAME_HZ, FAILED_HZ)

NIGHT = queue("never")
FEAST = queue("feast", holiday=HOLIDAY, play_holiday_prompt=True)
SILENT_FEAST = queue("feast", holiday=HOLIDAY)
NO_PLACE_OF_ITS_OWN = queue("feast", play_holiday_prompt=True)


@pytest.mark.row("Q-03")
@pytest.mark.parametrize(
    ("which", "why", "hertz"),
    [
        (NIGHT, "closed", [CLOSED_HZ]),
        (FEAST, "holiday", [NAME_HZ, HOLIDAY_HZ]),
        (SILENT_FEAST, "holiday", [HOLIDAY_HZ]),
        (NO_PLACE_OF_ITS_OWN, "holiday", [NAME_HZ, CLOSED_HZ]),
    ],
    ids=["closed", "holiday prompt", "holiday", "closed on a holiday"],
)
async def test_where_a_queue_sends_that_is_not_open(
    floor: Floor, which: Queue, why: str, hertz: list[int]
) -> None:
    await turned_away(floor, which, why, *hertz)


WORKDAY = queue("feast", 1, ignore_holidays=True, holiday=HOLIDAY)


async def test_holidays_can_be_ignored(floor: Floor) -> None:
    ann = await floor.phone(WORKDAY, media=f"tone:{AGENT_HZ}")
    call, _ = await floor.talking(WORKDAY, ann, media="silence")
    await call.wait_until_hears(AGENT_HZ)
    call.hang_up()
    assert (await floor.settled(call)).outcome == ("answered", "connected")


LEAVES = queue("always", 1, waiting_at_closing="leave")
STAYS = queue("always", [LEAVES.agent])


async def a_manager_closes_queues_while_callers_wait(floor: Floor, prompts: Prompts) -> None:
    """`*74` says what it did. Who waits leaves, also the one for whom a phone rings, or stays and is
    served; new callers do not come in; and dialled again, all is as before.
    """
    ann = await floor.phone(LEAVES, media=f"tone:{AGENT_HZ}")
    boss = await floor.phone(MANAGER)
    stays = await floor.call(STAYS, media="silence")
    there = await ann.incoming()
    leaves = [await floor.call(LEAVES, media="silence") for _ in range(2)]
    for call in leaves:
        await call.wait_until_hears(MUSIC_HZ)
    ears = [Ear(call) for call in leaves]
    await hear_packets(leaves[1], 20)
    said = speech.phrase("en", Phrase.QUEUE_CLOSED, number=LEAVES.number)
    await prompts.dial(floor, boss, f"*74{LEAVES.number}", *said)
    await floor.dial_code(boss, f"*74{STAYS.number}")
    for call, ear in zip(leaves, ears, strict=True):
        await call.ended
        assert ear.stop().order(MUSIC_HZ, CLOSED_HZ, FAILED_HZ) == [MUSIC_HZ, CLOSED_HZ]
        assert (await floor.record(call)).outcome == ("missed", "closed")
    await turned_away(floor, STAYS, "closed", CLOSED_HZ)
    there.answer()
    await stays.wait_until_hears(AGENT_HZ)
    stays.hang_up()
    assert (await floor.settled(stays)).outcome == ("answered", "connected")
    said = speech.phrase("en", Phrase.QUEUE_OPEN, number=LEAVES.number)
    await prompts.dial(floor, boss, f"*74{LEAVES.number}", *said)
    await floor.dial_code(boss, f"*74{STAYS.number}")
    for number in (LEAVES.number, STAYS.number):
        changes = await floor.rows("queue_hours_changes", 2, queue_id=number)
        assert [(row["kind"], row["by"]) for row in changes] == [
            ("closed", MANAGER),
            ("open", MANAGER),
        ]
    call, _ = await floor.talking(LEAVES, ann)
    call.hang_up()
    await floor.settled(call)


RUNG = queue("always", 1, waiting_at_closing="leave")
PICKED_UP = DRAFT.queue(
    1,
    managers=[MANAGER, SECOND],
    agent_prompt=DRAFT.tone(NAME_HZ, 3.0),
    hours={"schedule": "always", "closed": CLOSED, "waiting_at_closing": "leave"},
)


async def closing_while_a_phone_rings_and_while_one_is_picked_up(floor: Floor) -> None:
    """The one stops to ring; the other agent hears the prompt to its end, and is connected."""
    boss, ann, bob = await floor.phones(SECOND, RUNG, PICKED_UP, media=f"tone:{AGENT_HZ}")
    rung = await floor.call(RUNG, media="silence")
    there = await ann.incoming()
    picked_up = await floor.call(PICKED_UP, media=f"tone:{CALLER_HZ}")
    await floor.dial_code(boss, f"*74{RUNG.number}")
    assert (await there.cancelled).how == "cancel"
    await rung.ended
    at_bob = await bob.incoming()
    await floor.pick_up(at_bob)
    await floor.dial_code(boss, f"*74{PICKED_UP.number}")
    await asyncio.gather(
        hears_only(picked_up, AGENT_HZ, MUSIC_HZ), at_bob.wait_until_hears(CALLER_HZ)
    )
    picked_up.hang_up()
    record = await floor.settled(rung)
    assert record.outcome == ("missed", "closed")
    assert [offer["outcome"] for offer in record.offers] == ["cancelled"]
    assert (await floor.settled(picked_up)).outcome == ("answered", "connected")
    for each in (RUNG, PICKED_UP):
        await floor.dial_code(boss, f"*74{each.number}")


CLOSED_ANYHOW = queue("never")
WITHOUT_HOURS = queue(None)


async def test_closed_by_hand_outlives_the_engine(floor: Floor, prompts: Prompts) -> None:
    """By kill -9. A queue without hours sends to its failure destination; one that is closed anyhow says so
    when it goes by its hours again.
    """
    boss = await floor.phone(MANAGER)
    number = CLOSED_ANYHOW.number
    await floor.dial_code(boss, f"*74{number}")
    await floor.dial_code(boss, f"*74{WITHOUT_HOURS.number}")
    begin = floor.live.log_size()
    await floor.live.kill_engine()
    await floor.live.start_engine()
    await prompts.again(since=begin)
    await turned_away(floor, CLOSED_ANYHOW, "closed", CLOSED_HZ)
    await turned_away(floor, WITHOUT_HOURS, "closed", FAILED_HZ)
    said = speech.phrase("en", Phrase.QUEUE_BY_HOURS, number=number)
    await prompts.dial(floor, boss, f"*74{number}", *said)
    await turned_away(floor, CLOSED_ANYHOW, "closed", CLOSED_HZ)
    await floor.dial_code(boss, f"*74{WITHOUT_HOURS.number}")
    call = await floor.call(WITHOUT_HOURS, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    call.hang_up()
    await floor.record(call)


GUARDED = queue("always", 1)
STRANGER = DRAFT.extension()


@pytest.mark.parametrize(
    ("who", "number", "why"),
    [
        (STRANGER, GUARDED.number, "not allowed"),
        (GUARDED.agent, GUARDED.number, "not allowed"),
        (MANAGER, "6999", "unknown queue"),
    ],
    ids=["stranger", "agent", "unknown queue"],
)
async def test_who_may_not_is_told_so_and_nothing_changes(
    floor: Floor, who: str, number: str, why: str
) -> None:
    phone = await floor.phone(who, media=f"tone:{AGENT_HZ}")
    before = floor.count("action_refusals", by=who, why=why)
    await floor.dial_code(phone, f"*74{number}")
    await floor.rows("action_refusals", before + 1, by=who, why=why)
    assert floor.count("queue_hours_changes", queue_id=number) == 0


async def test_from_outside_it_is_an_unknown_number(floor: Floor) -> None:
    """Whatever number the caller shows."""
    call = floor.live.caller.place(f"*74{GUARDED.number}", from_number=MANAGER, media="silence")
    await call.wait_until_hears(PROMPT_HZ)
    call.hang_up()
    await call.ended
    assert floor.count("queue_hours_changes", queue_id=GUARDED.number) == 0


TURNS = DRAFT.queue(0)
TURNS_AND_KEEPS = DRAFT.queue(1)


async def hours_end_while_callers_wait(floor: Floor) -> None:
    """The configuration gives two open queues hours that are over in some seconds. At that very second,
    one sends its caller away and the other keeps its own, who is served; new callers are turned away.
    """
    ann = await floor.phone(TURNS_AND_KEEPS, media=f"tone:{AGENT_HZ}")
    before = floor.live.sections
    leaves = await floor.call(TURNS, media="silence")
    stays = await floor.call(TURNS_AND_KEEPS, media="silence")
    there = await ann.incoming()
    ear = Ear(leaves)
    sections = copy.deepcopy(before)
    turn = closes_in(4)
    sections["hours"]["turning"] = turn.schedule
    for each, waiting in ((TURNS, "leave"), (TURNS_AND_KEEPS, "stay")):
        sections["queues"][each.number]["hours"] = {
            "schedule": "turning",
            "closed": before["queues"][NIGHT.number]["hours"]["closed"],
            "waiting_at_closing": waiting,
        }
    await floor.live.apply(sections)
    try:
        await leaves.ended.within(40)
        (change,) = await floor.rows("queue_hours_changes", 1, queue_id=TURNS.number)
        assert (change["kind"], change["overridden"], change["by"]) == ("closed", 0, "")
        # How much later than planned is up to the machine, and to how long the change took.
        assert turn.at_ms <= change["at_ms"]
        assert ear.stop().order(MUSIC_HZ, CLOSED_HZ) == [MUSIC_HZ, CLOSED_HZ]
        for each in (TURNS, TURNS_AND_KEEPS):
            await turned_away(floor, each, "closed", CLOSED_HZ)
        there.answer()
        await stays.wait_until_hears(AGENT_HZ)
        stays.hang_up()
        assert (await floor.record(leaves)).outcome == ("missed", "closed")
        assert (await floor.settled(stays)).outcome == ("answered", "connected")
    finally:
        await floor.live.apply(before)
    call = await floor.call(TURNS, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    call.hang_up()
    await floor.record(call)


async def test_queues_close_while_callers_wait(floor: Floor, prompts: Prompts) -> None:
    """By hand, by two managers, and by the clock, at the same time."""
    async with asyncio.TaskGroup() as together:
        together.create_task(a_manager_closes_queues_while_callers_wait(floor, prompts))
        together.create_task(closing_while_a_phone_rings_and_while_one_is_picked_up(floor))
        together.create_task(hours_end_while_callers_wait(floor))
