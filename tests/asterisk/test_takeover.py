"""INVITE with Replaces (RFC 3891): nobody takes over somebody else's part of a talk."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones import Call
from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.rooms import HEARD_IN, LISTEN, open_room

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-02"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
BOSS, MALLORY, TARGET = DRAFT.extension(), DRAFT.extension(), DRAFT.extension()
CASES = {
    (victim, by): DRAFT.queue(1, managers=[BOSS])
    for victim in ("agent", "caller", "boss")
    for by in ("phone", "trunk")
}


def replaces(call: Call) -> dict[str, str]:
    """Names a dialog of somebody else, as one who has seen its messages can."""
    dialog = call.dialog
    return {"replaces": f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"}


@pytest.mark.parametrize(("victim", "by"), CASES)
async def test_nobody_takes_over_anothers_dialog(floor: Floor, victim: str, by: str) -> None:
    """The INVITE is refused or is a call like any other; the talk goes on as it was."""
    queue = CASES[victim, by]
    await floor.phones(TARGET)
    room = await open_room(floor, queue)
    boss = await room.supervise(await floor.phone(BOSS), LISTEN)
    await room.until(HEARD_IN[LISTEN])
    stolen: Call = {"agent": room.there, "caller": room.call, "boss": boss}[victim]
    mallory = await floor.phone(MALLORY, media="silence")
    who = mallory if by == "phone" else floor.live.caller
    call = who.place(TARGET, headers=replaces(stolen), media="silence")
    try:
        status = await call.settled.within(40)
        assert status >= 400, f"{status}: mallory is in a talk of others"
        async with room.only(HEARD_IN[LISTEN]):
            await asyncio.sleep(1)
        await room.until(HEARD_IN[LISTEN])
    finally:
        for each in (call, room.call, boss, room.there):
            if not each.ended:
                each.hang_up()


EARLY = DRAFT.queue(1)


async def test_nobody_picks_up_what_rings_for_another(floor: Floor) -> None:
    """The same for a phone that rings: it rings on, and its agent gets the caller."""
    (agent,) = await floor.phones(EARLY.agent, media="silence")
    agent.ring_only()
    call = await floor.call(EARLY, media="silence")
    there = await agent.incoming()
    dialog = there.dialog
    named = {
        "replaces": f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag};early-only"
    }
    mallory = await floor.phone(MALLORY, media="silence")
    stealing = mallory.place(TARGET, headers=named, media="silence")
    assert await stealing.settled.within(40) >= 400
    there.answer()
    await call.answered
    assert not there.ended
    call.hang_up()
