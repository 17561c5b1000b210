"""Service actions (S-03) that begin with a person: call an agent, listen to one, change a state."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from tests.support.control import Control
from tests.support.draft import Draft
from tests.support.floor import Floor, hears_only

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-03"),
]

DRAFT = Draft(control_socket=True)
BOSS = DRAFT.extension()
STRANGER = DRAFT.extension()


@pytest_asyncio.fixture(loop_scope="module")
async def control(live: LiveCentre) -> Control:
    return Control(live)


CALLED = DRAFT.queue(1, managers=[BOSS])


async def test_an_agent_is_called_and_the_own_phone_rings_first(
    floor: Floor, control: Control
) -> None:
    """Asked for by two windows at once there is one call; the agent's phone rings when the manager
    is on the line, and shows the manager.
    """
    boss = await floor.phone(BOSS, media="tone:900")
    ann = await floor.phone(CALLED, media="tone:700")
    asked = {"agent": ann.user, "by": BOSS}
    answers = await asyncio.gather(*(control.ask("call_agent", **asked) for _ in range(2)))
    (done,) = (answer for answer in answers if answer["ok"])
    (refused,) = (answer for answer in answers if not answer["ok"])
    assert refused["why"] == "your phone is in use"
    own = await boss.incoming()
    assert own.caller_number == ann.user
    assert not ann.calls
    own.answer()
    there = await ann.incoming()
    assert there.caller_number == BOSS
    there.answer()
    await asyncio.gather(own.wait_until_hears(700), there.wait_until_hears(900))
    there.hang_up()
    await own.ended
    (row,) = await floor.rows("calls", 1, call_id=done["call"], by=BOSS, ended_by="agent")
    assert (row["source"], row["endpoint"]) == ("usher", BOSS)
    assert await control.refused("call_agent", agent="9999", by=BOSS) == "unknown agent"
    assert await control.refused("call_agent", agent=ann.user, by=ann.user) == "one's own call"
    assert (
        await control.refused("call_agent", agent=ann.user, by="9999")
        == "no extension to ring for you"
    )


async def test_the_own_phone_is_not_picked_up(floor: Floor, control: Control) -> None:
    """Then the agent is not disturbed."""
    boss, ann = await floor.phones(BOSS, CALLED.agent)
    rang = len(ann.calls)
    answer = await control.done("call_agent", agent=ann.user, by=BOSS)
    (await boss.incoming()).reject(486)
    await floor.rows("calls", 1, call_id=answer["call"], ended_by="failed")
    assert len(ann.calls) == rang


HEARD = DRAFT.queue(1, managers=[BOSS])


@pytest.mark.row("S-01", "S-02")
async def test_a_talk_is_listened_to_by_service(floor: Floor, control: Control) -> None:
    """The manager's phone rings first; a stranger's does not, nor with an old version, nor twice."""
    ann = await floor.phone(HEARD, media="tone:700")
    boss = await floor.phone(BOSS, media="tone:900")
    stranger = await floor.phone(STRANGER)
    call, there = await floor.talking(HEARD, ann, media="tone:2100")
    view = await control.call(call.number or "", "talking")
    asked = {"call": view["call_id"], "mode": "listen"}
    version = view["version"]
    why = await control.refused("monitor", by=BOSS, seen=version - 1, **asked)
    assert why == f"changed meanwhile (version {version})"
    assert await control.refused("monitor", by=STRANGER, seen=version, **asked) == "not allowed"
    assert await control.refused("monitor", by=ann.user, seen=version, **asked) == "one's own call"
    answers = await asyncio.gather(
        *(control.ask("monitor", by=BOSS, seen=version, **asked) for _ in range(2))
    )
    assert sorted(answer["ok"] for answer in answers) == [False, True], answers
    spy = await boss.incoming()
    assert not stranger.calls
    spy.answer()
    await spy.wait_until_hears(700, 2100)
    await asyncio.gather(hears_only(call, 700, 900), hears_only(there, 2100, 900))
    call.hang_up()
    assert (await spy.ended).by == "there"
    record = await floor.record(call)
    (row,) = await floor.rows("monitors", 1, call_id=record.call["call_id"])
    assert (row["by"], row["agent_id"], row["mode"]) == (BOSS, ann.user, "listen")


CHANGED = DRAFT.queue(1, kind="dynamic", managers=[BOSS])
OTHERS = DRAFT.queue(CHANGED.agents, kind="dynamic")


@pytest.mark.row("S-01", "A-04")
async def test_an_agents_state_is_changed_by_who_may(floor: Floor, control: Control) -> None:
    """Against the version that was seen; only in the queues that are one's own."""
    ann = await floor.phone(CHANGED)
    here = {"agent": ann.user, "queue": CHANGED.number, "action": "log_in"}
    there = {**here, "queue": OTHERS.number}
    waiting = await floor.call(CHANGED)
    await waiting.answered
    before = await control.agent(ann.user)
    version = before["version"]
    assert await control.refused("change_agent", by=STRANGER, seen=version, **here) == "not allowed"
    assert await control.refused("change_agent", by=BOSS, seen=version, **there) == "not allowed"
    stale = f"changed meanwhile (version {version})"
    assert await control.refused("change_agent", by=BOSS, seen=version - 1, **here) == stale
    presence = {"agent": ann.user, "presence": "lunch"}
    assert await control.refused("presence", by=BOSS, seen=version, **presence) == "not allowed"
    assert await control.agent(ann.user) == before

    answers = await asyncio.gather(
        *(control.ask("change_agent", by=BOSS, seen=version, **here) for _ in range(2))
    )
    assert sorted(answer["ok"] for answer in answers) == [False, True], answers
    ringing = await ann.incoming()
    assert ringing.caller_number == waiting.number
    (row,) = await floor.rows("agent_logins", 1, agent_id=ann.user)
    assert (row["login_how"], row["login_by"]) == ("service", BOSS)

    fields = {"agent": ann.user, "queue": CHANGED.number, "action": "pause", "by": BOSS}
    refused = await control.refused("change_agent", reason="Siesta", **fields)
    assert refused.startswith("unknown reason: 'Siesta' is neither the code nor the name of one")
    await control.done("change_agent", reason="Lunch", **fields)
    assert (await ringing.cancelled).how == "cancel"
    await control.done("presence", by=ann.user, **presence)
    await floor.rows("presence_changes", 1, agent_id=ann.user, how="service", by=ann.user)
    view = await control.agent(ann.user)
    assert view["presence"] == "lunch"
    (place,) = (each for each in view["memberships"] if each["queue_id"] == CHANGED.number)
    assert (place["paused"], place["pause_reason"]) == (True, "Lunch")
    await floor.rows("actions_done", 2, agent_id=ann.user, by=BOSS)
    await floor.rows("action_refusals", 6, agent_id=ann.user)
