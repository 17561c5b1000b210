"""Services around the real core: an answer for every request, and never a wrong one."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from engine.app.pump import InboxFull
from engine.app.services import Done, NotAnswered, NotTaken, Refused, Services
from engine.core.commands import RingPhone
from engine.core.facts import ActionDone, ActionRefused
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.inputs import BY_SYSTEM, AgentAction, RecordingAction
from engine.core.model.call import CallState
from engine.core.places import ToQueue
from engine.core.policy import MonitorMode, ParkingPolicy, Presence
from engine.core.router import RoutingCore
from tests.support.asking import BOSS, make_centre
from tests.support.house import House

pytestmark = [pytest.mark.service, pytest.mark.row("S-03")]

NOBODY = CallId("nobody")


@pytest.fixture
async def house(tmp_path):
    house = House(tmp_path, make_centre().policy)
    async with house.running():
        yield house


async def test_a_call_is_seen_and_redirected_by_its_version(house):
    call_id = await house.call("6400")
    view = house.services.call(call_id)
    assert (view.state, view.queue_id, view.position) == (CallState.WAITING, "6400", 1)
    assert view.ringing == ("1001",)
    outcome = await house.services.redirect(
        call_id, ToQueue(QueueId("6401")), by=BOSS, seen=view.version
    )
    assert isinstance(outcome, Done)
    assert (outcome.call_id, outcome.detail) == (call_id, "6401")
    after = house.services.call(call_id)
    assert after.queue_id == "6401"
    assert after.version > view.version
    assert view.queue_id == "6400", "what was seen does not change"
    late = await house.services.redirect(
        call_id, ToQueue(QueueId("6400")), by=BOSS, seen=view.version
    )
    assert isinstance(late, Refused)
    assert late.why == f"changed meanwhile (version {after.version})"


async def test_of_two_who_act_on_the_same_sight_only_one_succeeds(house):
    call_id = await house.call("6400")
    seen = house.services.call(call_id).version
    outcomes = await asyncio.gather(
        house.services.redirect(call_id, ToQueue(QueueId("6401")), by=BOSS, seen=seen),
        house.services.hang_up(call_id, by=BY_SYSTEM, seen=seen),
    )
    assert [type(each) for each in outcomes] == [Done, Refused]


async def test_every_kind_of_request_has_an_answer(house):
    services = house.services
    call_id = await house.call("6400")
    await house.answer("1001")

    def seen() -> int:
        return services.call(call_id).version

    for outcome in [
        await services.record(call_id, RecordingAction.START, by=BOSS, seen=seen()),
        await services.monitor(call_id, MonitorMode.LISTEN, by=BOSS, seen=seen()),
        await services.park(call_id, by="1001", seen=seen()),
        await services.call_agent(AgentId("1005"), by="1003"),
        await services.change_agent(AgentId("1005"), AgentAction.PAUSE, by=BY_SYSTEM),
        await services.set_presence(AgentId("1005"), Presence.LUNCH, by=BY_SYSTEM),
    ]:
        assert isinstance(outcome, Done), outcome
    assert services.call(call_id).slot == "701"
    for outcome in [
        await services.pick_up(NOBODY, by=BOSS, seen=1),
        await services.redirect(NOBODY, ToQueue(QueueId("6400")), by=BOSS, seen=1),
        await services.transfer(NOBODY, ToQueue(QueueId("6400")), by=BOSS, seen=1),
        await services.park(NOBODY, by=BOSS, seen=1),
        await services.hang_up(NOBODY, by=BOSS, seen=1),
        await services.monitor(NOBODY, MonitorMode.BARGE, by=BOSS, seen=1),
        await services.record(NOBODY, RecordingAction.STOP, by=BOSS, seen=1),
        await services.call_agent(AgentId("9"), by=BOSS),
        await services.change_agent(AgentId("9"), AgentAction.PAUSE, by=BOSS),
        await services.set_presence(AgentId("9"), Presence.LUNCH, by=BOSS),
    ]:
        assert isinstance(outcome, Refused), outcome
        assert outcome.why
    assert services.pending == 0


async def test_each_request_is_a_fact_with_who_asked(house):
    facts: list = []
    house.engine.subscribe(facts.extend)
    call_id = await house.call("6400")
    outcome = await house.services.pick_up(
        call_id, by=BOSS, seen=house.services.call(call_id).version
    )
    await house.services.park(call_id, by=BOSS, seen=0)
    (done,) = [each for each in facts if isinstance(each, ActionDone)]
    (refused,) = [each for each in facts if isinstance(each, ActionRefused)]
    assert (done.request_id, done.action, done.by) == (outcome.request_id, "pick_up", BOSS)
    assert (refused.action, refused.by, refused.call_id) == ("park", BOSS, call_id)
    rings = [each.endpoint for each in house.telephony.sent if isinstance(each, RingPhone)]
    assert rings == ["1001", BOSS]


async def test_agents_are_seen_with_their_versions(house):
    before = house.services.agent(AgentId("1001"))
    assert before.reachable
    assert [each.queue_id for each in before.memberships] == ["6400"]
    assert before.memberships[0].logged_in
    outcome = await house.services.change_agent(
        AgentId("1001"),
        AgentAction.PAUSE,
        by=BY_SYSTEM,
        queue_id=QueueId("6400"),
        reason="Lunch",
        seen=before.version,
    )
    assert isinstance(outcome, Done)
    after = house.services.agent(AgentId("1001"))
    assert after.memberships[0].paused
    assert after.memberships[0].pause_reason == "Lunch"
    again = await house.services.change_agent(
        AgentId("1001"), AgentAction.RESUME, by=BY_SYSTEM, seen=before.version
    )
    assert isinstance(again, Refused)
    assert house.services.agent(AgentId("4711")) is None
    assert [each.agent_id for each in house.services.agents()][:2] == ["1001", "1002"]
    assert house.services.calls() == ()


async def test_a_hundred_requests_at_once_each_get_their_own_answer(house):
    ids = [await house.call("6400", f"c{number}") for number in range(50)]
    known = {call_id: house.services.call(call_id).version for call_id in ids}
    outcomes = await asyncio.gather(
        *[house.services.hang_up(call_id, by=BOSS, seen=known[call_id]) for call_id in ids],
        *[house.services.hang_up(NOBODY, by=BOSS, seen=1) for _ in ids],
    )
    assert [each.call_id for each in outcomes[:50] if isinstance(each, Done)] == ids
    assert all(isinstance(each, Refused) for each in outcomes[50:])


async def test_while_the_engine_stops_nothing_is_taken(tmp_path):
    house = House(tmp_path, make_centre().policy)
    async with house.running():
        await house.call("6400")
    with pytest.raises(NotTaken, match="stopping"):
        await house.services.hang_up(CallId("c1"), by=BOSS, seen=1)
    assert house.services.pending == 0


async def test_what_was_taken_before_the_stop_is_still_answered(tmp_path):
    house = House(tmp_path, make_centre().policy)
    async with house.running():
        call_id = await house.call("6400")
        seen = house.services.call(call_id).version
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(house.services.hang_up(call_id, by=BOSS, seen=seen))
            await asyncio.sleep(0)
            house.engine.stop("now")
    assert isinstance(asked.result(), Done)


# Without an engine: what goes wrong around it.


def services_over(submit, **options) -> Services:
    numbers = iter(range(10_000))
    state = RoutingCore("e", 1).state
    return Services(submit, lambda: state, lambda: f"r{next(numbers)}", **options)


async def test_a_full_inbox_is_said_at_once():
    def full(_happened) -> None:
        raise InboxFull("the engine is overloaded")

    services = services_over(full)
    with pytest.raises(NotTaken, match="overloaded"):
        await services.park(NOBODY, by=BOSS, seen=1)
    assert services.pending == 0


async def test_no_answer_is_no_answer_and_not_a_no():
    services = services_over(lambda _happened: None, answer_s_max=2.0)
    before = asyncio.get_running_loop().time()
    with pytest.raises(NotAnswered, match="within 2 s"):
        await services.park(NOBODY, by=BOSS, seen=1)
    assert asyncio.get_running_loop().time() - before == pytest.approx(2.0)
    assert services.pending == 0


async def test_there_is_a_limit_to_what_is_under_way():
    services = services_over(lambda _happened: None, pending_max=3)

    async def ask() -> None:
        with pytest.raises(NotAnswered):
            await services.park(NOBODY, by=BOSS, seen=1)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask())
        await asyncio.sleep(1)
        with pytest.raises(NotTaken, match="3 requests"):
            await services.park(NOBODY, by=BOSS, seen=1)


async def test_who_gives_up_waiting_leaves_nothing_behind():
    services = services_over(lambda _happened: None)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(services.park(NOBODY, by=BOSS, seen=1))
        await asyncio.sleep(1)
        asked.cancel()
    assert services.pending == 0


async def test_answers_to_others_and_answers_twice_are_not_mistaken():
    services = services_over(lambda _happened: None)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(services.park(NOBODY, by=BOSS, seen=1))
        await asyncio.sleep(0)
        mine = ActionDone(1, 1, "r0", "park", BOSS, "c", "a", "701")
        services.take([dataclasses.replace(mine, request_id="r9"), mine])
        services.take([ActionRefused(2, 2, "", "", "park", "no", BOSS, "r0", "c")])
    assert asked.result() == Done("r0", "c", "a", "701")


def test_the_parking_of_these_tests_is_configured():
    assert make_centre().policy.settings.parking == ParkingPolicy(701, 702, 60_000)
