"""Service actions (S-03) on real calls: waiting, ringing and talking, with rights and versions.

Each action is asked for three times before it is done: with an old version, by a stranger, and by two
at the same time, of whom one gets it; what is refused changes nothing.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import OutgoingCall
from tests.support.control import Answer, Control
from tests.support.draft import MUSIC_HZ, Queue
from tests.support.floor import Floor, hears_only
from tests.support.furnished import Furnished
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-03"),
]

DRAFT = Furnished(control_socket=True, parking={"first": "701", "last": "703", "timeout_s": 60})
ROUTE = DRAFT.outbound_route("0XXX.")
BOSS = DRAFT.extension(outbound_routes=[ROUTE])
SECOND = DRAFT.extension(outbound_routes=[ROUTE])
STRANGER = DRAFT.extension()


def queue(members: int = 1, **options: Any) -> Queue:
    """Returns a queue that both bosses manage."""
    return DRAFT.queue(members, managers=[BOSS, SECOND], **options)


@pytest_asyncio.fixture(loop_scope="module")
async def control(live: LiveCentre) -> Control:
    return Control(live)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


async def once(
    control: Control, call: OutgoingCall, state: str, do: str, **fields: object
) -> Answer:
    """Has an action done on a call in a state, after all that must be refused; returns the answer."""
    assert call.number is not None
    before = await control.call(call.number, state)
    asked = {"call": before["call_id"], **fields}
    version = before["version"]
    why = await control.refused(do, by=BOSS, seen=version - 1, **asked)
    assert why == f"changed meanwhile (version {version})"
    assert await control.refused(do, by=STRANGER, seen=version, **asked) == "not allowed"
    assert await control.call(call.number, state) == before
    done, refused = await asyncio.gather(
        *(control.ask(do, by=by, seen=version, **asked) for by in (BOSS, SECOND))
    )
    assert done["ok"], done
    assert not refused["ok"], refused
    assert refused["why"].startswith(("changed meanwhile", "no such call")), refused
    return done


async def recorded(floor: Floor, do: str, call_id: str, *, refusals: int = 3) -> None:
    """Waits until the action is stored with who did it, and so are the refusals before it."""
    await floor.rows("actions_done", 1, action=do, call_id=call_id, by=BOSS)
    await floor.rows("action_refusals", refusals, action=do, call_id=call_id)


RINGS = queue()


@pytest.mark.row("S-01")
async def test_a_ringing_call_is_picked_up(floor: Floor, control: Control) -> None:
    """The agent's phone stops and shows no missed call; the manager's rings, and they talk."""
    ann = await floor.phone(RINGS)
    boss = await floor.phone(BOSS, media="tone:700")
    second = await floor.phone(SECOND)
    call = await floor.call(RINGS, media="tone:2100")
    there = await ann.incoming()
    await once(control, call, "waiting", "pick_up")
    ending = await there.cancelled
    assert (ending.how, ending.elsewhere) == ("cancel", True)
    taken = await boss.incoming()
    assert taken.caller_number == call.number
    await floor.pick_up(taken)
    await asyncio.gather(call.wait_until_hears(700), taken.wait_until_hears(2100))
    taken.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "picked_up"), (boss.user, "answered")]
    assert not second.calls
    await recorded(floor, "pick_up", record.call["call_id"])


WAITS = queue()


async def test_a_waiting_call_is_picked_up_or_goes_on_waiting(
    floor: Floor, control: Control
) -> None:
    """Nobody is there but the manager, who refuses it once: it waits on and is not lost."""
    boss, _ = await floor.phones(BOSS, SECOND)
    call = await floor.call(WAITS, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    await once(control, call, "waiting", "pick_up")
    (await boss.incoming()).reject(486)
    assert call.number is not None

    async def try_again() -> None:
        view = await control.call(call.number or "", "waiting")
        await control.done("pick_up", call=view["call_id"], by=BOSS, seen=view["version"])

    await floor.rows("offers", 1, queue_id=WAITS.number, reason="busy")
    await try_again()
    there = await boss.incoming()
    await floor.pick_up(there)
    there.hang_up()
    assert (await floor.record(call)).visit["agent_id"] == BOSS


LEFT = queue()
TAKES = queue()


@pytest.mark.parametrize("to", ["queue", "extension", "external"])
async def test_a_waiting_call_is_redirected(floor: Floor, control: Control, to: str) -> None:
    bob, boss = await floor.phones(TAKES.agent, BOSS)
    carrier = floor.live.carrier()
    phone, where = {
        "queue": (bob, {"queue": TAKES.number}),
        "extension": (boss, {"extension": boss.user}),
        "external": (carrier, {"external": "0301234", "route": ROUTE}),
    }[to]
    call = await floor.call(LEFT, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    await once(control, call, "waiting", "redirect", to=where)
    there = await phone.incoming()
    there.answer()
    await there.acknowledged
    await control.call(call.number or "", "talking")
    there.hang_up()
    record = await floor.record(call)
    assert (record.visits[0]["outcome"], record.visits[0]["reason"]) == ("missed", "redirected")
    assert record.call["ended_by"] == "agent"
    assert len(record.talks) == 1
    await recorded(floor, "redirect", record.call["call_id"])


MENU_HZ = 1900
MENU = DRAFT.menu(MENU_HZ, {"1": {"queue": TAKES.number}})
GROUP = DRAFT.group(BOSS)


@pytest.mark.row("Q-03")
async def test_a_waiting_call_is_sent_into_a_menu_and_on_to_a_ring_group(
    floor: Floor, control: Control
) -> None:
    """By service to the same kinds of places as by configuration; there keys mean what they always do."""
    bob, boss = await floor.phones(TAKES.agent, BOSS)
    call = await floor.call(LEFT, media="silence")
    await call.wait_until_hears(MUSIC_HZ)
    await once(control, call, "waiting", "redirect", to=MENU)
    await call.wait_until_hears(MENU_HZ)
    _ = call.audio.press("1")
    there = await bob.incoming()
    await floor.pick_up(there)
    await once(control, call, "talking", "transfer", to=GROUP)
    second = await boss.incoming()
    await floor.pick_up(second)
    await control.call(call.number or "", "talking")
    call.hang_up()
    record = await floor.record(call)
    assert [visit["reason"] for visit in record.visits] == ["redirected", "connected"]
    assert len(record.talks) == 2


AGENTS = queue(wrapup_s=20)
NEXT = queue()


@pytest.mark.parametrize("to", ["queue", "extension"])
async def test_a_talking_call_is_transferred(floor: Floor, control: Control, to: str) -> None:
    """The agent is in wrap-up at that moment; the other hears the caller, nobody else does."""
    ann, bob = await floor.phones(AGENTS.agent, NEXT.agent, media="tone:700")
    bob.media = "tone:900"
    here = {"agent": ann.user, "queue": AGENTS.number}
    await control.ask("change_agent", action="resume", **here)  # Of the wrap-up before.
    call, there = await floor.talking(AGENTS, ann, media="tone:2100")
    where = {"queue": NEXT.number} if to == "queue" else {"extension": bob.user}
    await once(control, call, "talking", "transfer", to=where)
    assert (await there.ended).how == "bye"
    second = await bob.incoming()
    second.answer()
    await asyncio.gather(hears_only(call, 900, 700), second.wait_until_hears(2100))
    call.hang_up()
    record = await floor.record(call)
    call_id = record.call["call_id"]
    assert [talk["agent_id"] or talk["party"] for talk in record.talks] == [ann.user, bob.user]
    assert record.talks[0]["ended_by"] == "transferred"
    (wrapup,) = await floor.rows("wrapups", 1, call_id=call_id, agent_id=ann.user)
    assert wrapup["started_at_ms"] == record.talks[0]["ended_at_ms"]
    (row,) = await floor.rows("transfers", 1, call_id=call_id)
    assert (row["kind"], row["by"]) == ("service", BOSS)
    assert row["target"] == (NEXT.number if to == "queue" else bob.user)
    await recorded(floor, "transfer", call_id)


PARKS = queue()


async def test_a_call_is_parked_its_slot_spoken_and_fetched(
    floor: Floor, control: Control, prompts: Prompts
) -> None:
    """The agent hears the slot's digits and is hung up; the caller hears music till somebody dials."""
    ann = await floor.phone(PARKS, media="tone:700")
    bob = await floor.phone(STRANGER, media="tone:900")
    call, there = await floor.talking(PARKS, ann, media="tone:2100")
    mark = prompts.mark()
    answer = await once(control, call, "talking", "park")
    assert answer["detail"] == "701"
    await there.wait_until_hears("anything")
    await prompts.until(ann.user, mark, ["digits:701"])
    await hears_only(call, MUSIC_HZ, 700)
    ending = await there.ended.within(40)
    assert (ending.by, ending.how) == ("there", "bye")
    assert (await control.call(call.number or "", "parked"))["slot"] == "701"

    fetched = floor.place("701", by=bob, media="tone:900")
    await asyncio.gather(hears_only(call, 900, MUSIC_HZ, 700), fetched.wait_until_hears(2100))
    fetched.hang_up()
    record = await floor.record(call)
    (row,) = await floor.rows("parkings", 1, call_id=record.call["call_id"])
    assert (row["slot"], row["park_by"], row["ended_why"]) == ("701", BOSS, "retrieved")
    assert row["unpark_by"] == bob.user
    assert [talk["party"] for talk in record.talks] == [ann.user, bob.user]
    await recorded(floor, "park", record.call["call_id"])

    empty = await floor.call("702", by=bob, media="silence")
    await prompts.until(bob.user, mark, ["sound:pbx-invalidpark"])
    empty.hang_up()
    await floor.rows("action_refusals", 1, by=bob.user, why="nobody is parked there")


TIMES_OUT = queue()


async def test_who_is_parked_too_long_comes_back_to_who_parked(
    floor: Floor, control: Control
) -> None:
    """It is the agent who parks the own call here, for which no right is needed."""
    ann = await floor.phone(TIMES_OUT)
    before = floor.live.sections
    sections = copy.deepcopy(before)
    sections["settings"]["parking"]["timeout_s"] = 1
    await floor.live.apply(sections)
    call, there = await floor.talking(TIMES_OUT, ann, media="tone:2100")
    view = await control.call(call.number or "", "talking")
    answer = await control.done("park", call=view["call_id"], by=ann.user, seen=view["version"])
    await hears_only(call, MUSIC_HZ)
    assert (await there.ended.within(40)).by == "there"
    back = await ann.incoming(40)
    assert back.caller_number == call.number
    back.answer()
    await back.acknowledged
    await control.call(call.number or "", "talking")
    back.hang_up()
    record = await floor.record(call)
    (row,) = await floor.rows("parkings", 1, call_id=record.call["call_id"])
    assert (row["slot"], row["park_by"]) == (answer["detail"], ann.user)
    assert row["ended_why"] == "timed_out"
    assert row["ended_at_ms"] - row["started_at_ms"] >= 1_000
    await floor.live.apply(before)


ENDED = queue(2)


@pytest.mark.parametrize("state", ["waiting", "talking"])
async def test_a_call_is_hung_up(floor: Floor, control: Control, state: str) -> None:
    ann = await floor.phone(ENDED.agents[0])
    call = await floor.call(ENDED)
    there = await ann.incoming()
    if state == "talking":
        await floor.pick_up(there)
    await once(control, call, state, "hang_up")
    ending = await call.ended
    assert ending.by == "there"
    assert (await there.ended).by == "there"
    record = await floor.settled(call)
    assert record.call["ended_by"] == "system"
    if state == "waiting":
        assert record.outcome == ("missed", "hung_up_by_manager")
    else:
        assert record.outcome[0] == "answered"
    await recorded(floor, "hang_up", record.call["call_id"])
