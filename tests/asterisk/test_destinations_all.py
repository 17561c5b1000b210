"""Every kind of destination, where a number leads to it and where a full queue fails to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ, PROMPT, PROMPT_HZ
from tests.support.floor import Floor
from tests.support.furnished import Furnished

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-03"),
]

DRAFT = Furnished(unknown_number_prompts=[PROMPT])
MENU_HZ = 620
CALLER_HZ = 440

Check = Callable[[Floor, OutgoingCall], Awaitable[None]]
CHECKS: dict[str, Check] = {}
DESTINATIONS: dict[str, object] = {}


def leads_to(name: str, destination: object) -> Callable[[Check], Check]:
    """Names a destination, and says how it is seen that a call is there."""

    def keep(check: Check) -> Check:
        CHECKS[name], DESTINATIONS[name] = check, destination
        return check

    return keep


async def talks_with(floor: Floor, call: OutgoingCall, number: str, hertz: int = 700) -> None:
    """That phone rings for this caller; they hear each other."""
    phone = floor.live.phones[number]
    there = await phone.incoming()
    assert there.caller_number == call.number
    await floor.pick_up(there)
    await asyncio.gather(call.wait_until_hears(hertz), there.wait_until_hears(CALLER_HZ))
    call.hang_up()
    await there.ended


@leads_to("hang_up", {"hang_up": 17})
async def is_busy(floor: Floor, call: OutgoingCall) -> None:
    ending = await call.ended
    assert (ending.how, ending.status) == ("refused", 486)
    assert [reason.cause for reason in ending.reasons] == [17]


DIRECT = DRAFT.extension()


@leads_to("extension", {"extension": DIRECT})
async def rings_there(floor: Floor, call: OutgoingCall) -> None:
    await talks_with(floor, call, DIRECT)


@leads_to("menu", DRAFT.menu(MENU_HZ, {"5": {"play": [CLOSING]}}))
async def chooses(floor: Floor, call: OutgoingCall) -> None:
    await call.wait_until_hears(MENU_HZ)
    await call.send_dtmf("5")
    await call.wait_until_hears(CLOSING_HZ)
    assert (await call.ended).by == "there"


FIRST, SECOND = DRAFT.extension(), DRAFT.extension()


@leads_to("ring_group", DRAFT.group(FIRST, SECOND))
async def rings_at_both(floor: Floor, call: OutgoingCall) -> None:
    other = await floor.live.phones[SECOND].incoming()
    await talks_with(floor, call, FIRST)
    assert (await other.cancelled).elsewhere


SERVING = DRAFT.queue(1)


@leads_to("queue", {"queue": SERVING.number})
async def is_served(floor: Floor, call: OutgoingCall) -> None:
    await talks_with(floor, call, SERVING.agent)


NATIONAL = DRAFT.outbound_route("0X.", strip=1, prepend="+49")


@leads_to("external", {"external": {"number": "0301234", "route": NATIONAL}})
async def reaches_the_outside(floor: Floor, call: OutgoingCall) -> None:
    there = await floor.live.phones["*"].incoming()
    assert there.dialled == "+49301234"
    there.answer()
    await asyncio.gather(call.wait_until_hears(880), there.wait_until_hears(CALLER_HZ))
    call.hang_up()
    await there.ended


@leads_to("play", {"play": [PROMPT, CLOSING]})
async def is_told(floor: Floor, call: OutgoingCall) -> None:
    await call.wait_until_hears(PROMPT_HZ)
    await call.wait_until_hears(CLOSING_HZ)
    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")


FLOW_QUEUE = DRAFT.queue(1)


@leads_to(
    "call_flow",
    DRAFT.flow(
        "Answer()",
        "WaitExten(60)",
        keys={"1": f"Goto(usher-return,{FLOW_QUEUE.number},1)", "2": "Hangup()"},
    ),
)
async def goes_through_the_flow(floor: Floor, call: OutgoingCall) -> None:
    """Comes back from the dialplan, and waits in a queue like anybody."""
    await call.answered
    await call.send_dtmf("1")
    await talks_with(floor, call, FLOW_QUEUE.agent)


NUMBERS = {
    name: DRAFT.did(f"55{index:02}", to) for index, (name, to) in enumerate(DESTINATIONS.items())
}
FULL = {name: DRAFT.queue(1, max_waiting=1, failure=to) for name, to in DESTINATIONS.items()}
WORDS = {
    "hang_up": "hang_up",
    "extension": DIRECT,
    "menu": "menu menu-0",
    "ring_group": "ring_group ring-group-0",
    "queue": SERVING.number,
    "external": "0301234",
    "play": "prompt",
    "call_flow": "call_flow call-flow-0",
}
ONWARD = {
    "menu": [("menu-0", "prompt", "menu_key", "5")],
    "call_flow": [("call_flow call-flow-0", FLOW_QUEUE.number, "came_back", FLOW_QUEUE.number)],
}
"""Where they go on from there."""


async def everybody_is_there(floor: Floor) -> None:
    await floor.phones(DIRECT, FIRST, SECOND, SERVING, FLOW_QUEUE, media="tone:700")
    floor.live.carrier(media="tone:880")


@pytest.mark.parametrize("name", CHECKS)
async def test_a_number_leads_there(floor: Floor, name: str) -> None:
    """What an inbound route says is where the call goes; that needs no word in the record."""
    await everybody_is_there(floor)
    call = await floor.call(NUMBERS[name], media=f"tone:{CALLER_HZ}")
    await CHECKS[name](floor, call)
    record = await floor.settled(call)
    assert record.routed() == ONWARD.get(name, [])


@pytest.mark.row("Q-07")
@pytest.mark.parametrize("name", CHECKS)
async def test_a_full_queue_fails_to_it(floor: Floor, name: str) -> None:
    """One waits, no more may: the next one goes to the failure destination, and the first waits on."""
    await everybody_is_there(floor)
    queue = FULL[name]
    first = await floor.call(queue, media="silence")
    await first.wait_until_hears(MUSIC_HZ)
    call = await floor.call(queue, media=f"tone:{CALLER_HZ}")
    await CHECKS[name](floor, call)
    record = await floor.settled(call)
    visit, *later = record.visits
    assert (visit["queue_id"], visit["outcome"], visit["reason"]) == (
        queue.number,
        "missed",
        "queue_full",
    )
    assert [each["queue_id"] for each in later] == {
        "queue": [SERVING.number],
        "call_flow": [FLOW_QUEUE.number],
    }.get(name, [])
    failed = (queue.number, WORDS[name], "visit_ended", None)
    assert record.routed() == [failed, *ONWARD.get(name, [])]
    await first.wait_until_hears(MUSIC_HZ)
    first.hang_up()
