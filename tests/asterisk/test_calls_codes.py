"""What agents do by dialling codes, and what they are told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from scripts.lab.phones import Phone
from tests.support.draft import MUSIC_HZ, PROMPT, PROMPT_HZ, Draft
from tests.support.floor import Floor, hear_packets

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-01"),
]

DRAFT = Draft(unknown_number_prompts=[PROMPT])


async def spells(floor: Floor, table: str, agent: str) -> list[dict[str, Any]]:
    """Returns what a table has of one agent."""
    return [row for row in floor.live.facts.rows(table) if row["agent_id"] == agent]


DYNAMIC = DRAFT.queue(1, kind="dynamic")


@pytest.mark.row("Q-05")
async def test_log_in_and_out(floor: Floor) -> None:
    """Logged out by default; each toggle is confirmed, recorded, and takes effect at once."""
    ann = await floor.phone(DYNAMIC)
    code = f"*7{DYNAMIC.number}"
    waiting = await floor.call(DYNAMIC, media="silence")
    await hear_packets(waiting, 10)
    assert not ann.calls

    answer = await floor.dial_code(ann, code)
    assert (answer.call["dialled"], answer.call["source"]) == (code, "extension")
    assert answer.visits == ()
    there = await ann.incoming()
    assert there.caller_number == waiting.number
    waiting.hang_up()
    await floor.settled(waiting)

    await floor.dial_code(ann, code)
    (spell,) = await floor.rows("agent_logins", 1, agent_id=ann.user, logout_how="code")
    assert (spell["login_how"], spell["login_by"]) == ("code", ann.user)
    again = await floor.call(DYNAMIC, media="silence")
    await hear_packets(again, 10)
    assert len(ann.calls) == 1


SPOKEN = DRAFT.queue(1, kind="dynamic")


async def test_the_confirmation_is_spoken_to_its_end(floor: Floor) -> None:
    """Words and the queue's number; then Usher hangs up."""
    ann = await floor.phone(SPOKEN)
    call = await floor.call(f"*7{SPOKEN.number}", by=ann, media="silence")
    await call.wait_until_hears("anything")
    ending = await call.ended.within(40)
    assert (ending.by, ending.how) == ("there", "bye")
    record = await floor.record(call)
    assert record.call["ended_by"] == "system"
    spoken_ms = record.call["ended_at_ms"] - record.call["arrived_at_ms"]
    assert spoken_ms > 2_000, "four digits and a phrase take longer"


PAUSING = DRAFT.queue(1)


@pytest.mark.row("A-03")
async def test_pause_change_of_reason_and_resume(floor: Floor) -> None:
    """Without a reason, then with one, then with another: three spells without a gap."""
    ann = await floor.phone(PAUSING)
    code = f"*07{PAUSING.number}"
    for dialled in (code, f"{code}*01", f"{code}*02", code):
        await floor.dial_code(ann, dialled)
    rows = await floor.rows("pauses", 3, agent_id=ann.user)
    assert [row["reason"] for row in rows] == [None, "Lunch", "Break"]
    assert [row["ended_why"] for row in rows] == ["reason_changed", "reason_changed", "resumed"]
    for earlier, later in ((rows[0], rows[1]), (rows[1], rows[2])):
        assert earlier["ended_at_ms"] == later["started_at_ms"]
    call, _ = await floor.talking(PAUSING, ann)
    call.hang_up()


WITHDRAWN = DRAFT.queue(2, strategy="linear")


async def test_an_agent_pauses_while_the_phone_rings(floor: Floor) -> None:
    """Who pauses is the extension that dials; the caller who rings there is offered to the next."""
    ann, bob = await floor.phones(WITHDRAWN)
    call = await floor.call(WITHDRAWN)
    there = await ann.incoming()
    code = await floor.call(f"*07{WITHDRAWN.number}", by=ann, media="silence")
    assert (await there.cancelled).how == "cancel"
    other = await bob.incoming()
    assert other.caller_number == call.number
    await floor.pick_up(other)
    await code.wait_until_hears("anything")
    code.hang_up()
    call.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "agent_left"), (bob.user, "answered")]


STATIC = DRAFT.queue(1)
STRANGER = DRAFT.extension()
REFUSALS = [
    ("static", f"*7{STATIC.number}", "static agents cannot log out"),
    ("stranger", f"*7{STATIC.number}", "not a member"),
    ("stranger", f"*07{STATIC.number}", "not a member"),
    ("static", "*76999", "unknown queue"),
    ("static", "*076999", "unknown queue"),
    ("static", f"*07{STATIC.number}*99", "unknown reason"),
]


@pytest.mark.parametrize(("who", "code", "why"), REFUSALS)
async def test_a_refusal_is_spoken_and_changes_nothing(
    floor: Floor, who: str, code: str, why: str
) -> None:
    phone = await floor.phone(STATIC if who == "static" else STRANGER)
    before = floor.count("action_refusals", agent_id=phone.user, why=why)
    await floor.dial_code(phone, code)
    await floor.rows("action_refusals", before + 1, agent_id=phone.user, why=why)
    assert await spells(floor, "pauses", phone.user) == []
    logins = await spells(floor, "agent_logins", phone.user)
    assert [row["ended_at_ms"] for row in logins] == ([None] if who == "static" else [])


NOT_LOGGED_IN = DRAFT.queue(1, kind="dynamic")


async def test_who_is_not_logged_in_cannot_pause(floor: Floor) -> None:
    phone = await floor.phone(NOT_LOGGED_IN)
    await floor.dial_code(phone, f"*07{NOT_LOGGED_IN.number}")
    await floor.rows("action_refusals", 1, agent_id=phone.user, why="not logged in")
    assert await spells(floor, "pauses", phone.user) == []


OUTSIDER = DRAFT.queue(1)


async def test_codes_from_outside_are_unknown_numbers(floor: Floor) -> None:
    """A caller from the trunk cannot pause anybody, whatever number they show."""
    ann = await floor.phone(OUTSIDER)
    call = floor.live.caller.place(f"*07{OUTSIDER.number}", from_number=ann.user, media="silence")
    await call.wait_until_hears(PROMPT_HZ)
    call.hang_up()
    talk, _ = await floor.talking(OUTSIDER, ann)
    talk.hang_up()
    assert await spells(floor, "pauses", ann.user) == []


OTHER_CODES = DRAFT.queue(1)


async def test_codes_are_changed_in_the_configuration(floor: Floor) -> None:
    """The new code works, the old one is an unknown number; then back again."""
    ann = await floor.phone(OTHER_CODES)
    before = copy.deepcopy(floor.live.sections)
    sections = copy.deepcopy(before)
    sections["settings"]["feature_codes"] = {"login_toggle": "*55", "pause_toggle": "*66"}
    await floor.live.apply(sections)
    await floor.dial_code(ann, f"*66{OTHER_CODES.number}*01")
    await floor.rows("pauses", 1, agent_id=ann.user, reason="Lunch", ended_at_ms=None)
    call = await floor.call(f"*07{OTHER_CODES.number}", by=ann, media="silence")
    await call.wait_until_hears(PROMPT_HZ)
    call.hang_up()
    await floor.live.apply(before)
    await floor.dial_code(ann, f"*07{OTHER_CODES.number}")
    await floor.rows("pauses", 1, agent_id=ann.user, ended_why="resumed")


HERE = DRAFT.queue(1)
THERE = DRAFT.queue(HERE.agents)


@pytest.mark.row("Q-05")
async def test_a_pause_is_for_one_queue(floor: Floor) -> None:
    ann: Phone = await floor.phone(HERE)
    await floor.dial_code(ann, f"*07{HERE.number}")
    paused = await floor.call(HERE, media="silence")
    await paused.wait_until_hears(MUSIC_HZ)
    call, there = await floor.talking(THERE, ann)
    assert there.caller_number == call.number
    call.hang_up()
    await floor.settled(call)
    assert len(ann.calls) == 1
