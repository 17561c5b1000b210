"""Parking: slots, the music, retrieval by dialling, and that nobody who is parked is dropped."""

from __future__ import annotations

import dataclasses
import json

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallEnd,
    CallEnded,
    CallParked,
    CallUnparked,
    ParkEnd,
    TalkEnded,
    TalkStarted,
    VisitStarted,
    WrapupStarted,
)
from engine.core.ids import CallId, EndpointName, LegId, NodeId, QueueId
from engine.core.inputs import (
    CallArrived,
    CommandFailed,
    EngineStarted,
    HangUpNow,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    Park,
    PhoneReachable,
    PlaybackEnded,
    PolicyApplied,
    Redirect,
    SeenChannel,
)
from engine.core.model.call import CallState
from engine.core.places import ToQueue
from engine.core.policy import ParkingPolicy
from engine.core.router import RoutingCore
from engine.core.waiting import WaitingSound
from tests.support.asking import BOSS, ask, change_settings, make_centre, refusal, talk
from tests.support.centre import NODE, Centre

pytestmark = [pytest.mark.unit, pytest.mark.row("S-03")]

MUSIC = WaitingSound("default")


@pytest.fixture
def centre() -> Centre:
    return make_centre()


def parked(centre: Centre, by: str = "1001") -> tuple[CallId, LegId]:
    """A caller of 6400 talks to 1001 and is parked; the agent has heard the slot and is gone."""
    call_id, leg_id = talk(centre)
    assert isinstance(ask(centre, call_id, Park(), by), ActionDone)
    centre.give(PlaybackEnded(centre.told(PlayPrompt)[0].playback_id, ok=True))
    centre.obey()
    return call_id, leg_id


def not_answered(centre: Centre) -> None:
    """Who parked it does not pick up."""
    centre.wait(30_000)
    centre.obey()


def test_the_agent_hears_the_slot_and_the_caller_music(centre):
    call_id, leg_id = talk(centre)
    answer = ask(centre, call_id, Park(), "1001")
    assert isinstance(answer, ActionDone)
    assert (answer.detail, answer.agent_id) == ("701", "1001")
    told = [each for each in centre.last if not hasattr(each, "seq")]
    (prompt,) = centre.told(PlayPrompt)
    assert (prompt.channel_id, prompt.media) == (leg_id, ("digits:701",))
    (destroyed,) = centre.told(DestroyBridge)
    assert told.index(destroyed) < told.index(prompt)
    assert destroyed.take_out == (call_id, leg_id), "what they hear next must not be lost"
    assert centre.told(StartWaitingSound) == [StartWaitingSound(NODE, call_id, MUSIC)]
    (fact,) = centre.told(CallParked)
    assert (fact.call_id, fact.slot, fact.by) == (call_id, "701", "1001")
    assert not centre.told(HangUpLeg), "not before the slot was heard"
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert [h.leg_id for h in centre.told(HangUpLeg)] == [leg_id]


def test_wrapup_begins_at_the_moment_of_parking(centre):
    call_id, _ = talk(centre)
    centre.wait(7_000)
    ask(centre, call_id, Park(), "1001")
    assert [(t.ended_by, t.talk_ms) for t in centre.told(TalkEnded)] == [
        (CallEnd.TRANSFERRED, 7_000)
    ]
    assert [w.until_ms for w in centre.told(WrapupStarted)] == [centre.now_ms + 10_000]


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_an_agent_whose_prompt_fails_is_hung_up_all_the_same(centre, how):
    call_id, leg_id = talk(centre)
    ask(centre, call_id, Park(), "1001")
    if how == "refused":
        centre.give(CommandFailed(centre.told(PlayPrompt)[0], 500, "no such file"))
    else:
        centre.wait(10_000)
    assert [h.leg_id for h in centre.of(HangUpLeg)] == [leg_id]
    assert centre.core.state.calls[call_id].state is CallState.PARKED


def test_slots_are_given_from_the_lowest_and_run_out(centre):
    first, _ = parked(centre)
    centre.wait(10_000)
    second, _ = talk(centre, "6401", "1005")
    assert isinstance(ask(centre, second, Park()), ActionDone)
    centre.obey()
    assert dict(centre.core.state.parked) == {"701": first, "702": second}
    third, _ = talk(centre)
    before = centre.core.snapshot()
    assert refusal(ask(centre, third, Park())) == "no free parking slot"
    assert {**before, "fact_seq": 0} == {**centre.core.snapshot(), "fact_seq": 0}
    centre.hang_up(first)
    assert isinstance(answer := ask(centre, third, Park()), ActionDone)
    assert answer.detail == "701"


def test_without_slots_nobody_is_parked():
    centre = make_centre(first=0)
    call_id, _ = talk(centre)
    assert refusal(ask(centre, call_id, Park())) == "no parking is configured"


def test_who_dials_the_slot_talks_to_who_is_parked_there(centre):
    call_id, _ = parked(centre)
    dialler = centre.call("701", source="1003")
    assert centre.told(AnswerCall) == [AnswerCall(NODE, dialler)]
    assert centre.told(StopWaitingSound) == [StopWaitingSound(NODE, call_id, MUSIC)]
    (connect,) = centre.told(Connect)
    assert (connect.call_id, connect.leg_id) == (call_id, LegId(dialler))
    (fact,) = centre.told(CallUnparked)
    assert (fact.why, fact.by, fact.slot) == (ParkEnd.RETRIEVED, "1003", "701")
    (started,) = centre.told(TalkStarted)
    assert (started.call_id, started.party, started.agent_id) == (call_id, "1003", "1003")
    assert not centre.told(CallEnded), "who dialled is in the system until the channel ends"
    centre.wait(200_000)
    assert centre.core.state.calls[call_id].state is CallState.TALKING
    centre.hang_up(call_id)
    centre.obey()
    assert not centre.core.state.legs
    assert [(c.call_id, c.ended_by) for c in centre.of(CallEnded)] == [
        (call_id, CallEnd.CALLER),
        (dialler, CallEnd.TRANSFERRED),
    ]


@pytest.mark.parametrize("dialled", ["701", "702"])
def test_an_empty_slot_is_a_spoken_refusal(centre, dialled):
    call_id = centre.call(dialled, source="1003")
    (prompt,) = centre.told(PlayPrompt)
    assert prompt.media == ("sound:pbx-invalidpark",)
    (refused,) = centre.told(ActionRefused)
    assert (refused.by, refused.action, refused.call_id) == ("1003", "retrieve", call_id)
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert [c.ended_by for c in centre.of(CallEnded)] == [CallEnd.SYSTEM]


@pytest.mark.parametrize("dialled", ["700", "703", "0701", "70", "7\uff101", "7o1"])
def test_other_numbers_are_no_slots(centre, dialled):
    centre.call(dialled, source="1003")
    assert not [r for r in centre.of(ActionRefused) if r.action == "retrieve"]


def test_a_caller_from_outside_does_not_reach_a_slot(centre):
    parked(centre)
    centre.call("701")
    assert not centre.of(CallUnparked)


def test_too_long_it_rings_who_parked_it(centre):
    call_id, _ = parked(centre)
    centre.wait(60_000)
    assert [(u.why, u.by) for u in centre.of(CallUnparked)] == [(ParkEnd.TIMED_OUT, "")]
    (ring,) = centre.told(RingPhone)
    assert ring.endpoint == "1001"
    centre.give(LegAnswered(ring.leg_id))
    assert centre.core.state.calls[call_id].state is CallState.TALKING
    assert centre.core.state.calls[call_id].way_back.rounds == 0


def test_parked_by_a_manager_it_returns_to_the_manager(centre):
    parked(centre, BOSS)
    centre.wait(60_000)
    assert centre.rang() == [BOSS]


def test_nobody_who_is_parked_is_dropped_but_gets_back_in_line_at_last(centre):
    call_id, _ = parked(centre)
    slots = 1
    for _ in range(2):
        centre.wait(60_000)
        assert centre.rang() == ["1001"]
        not_answered(centre)
        slots += 1
        assert len(centre.of(CallParked)) == slots
    centre.wait(60_000)
    not_answered(centre)
    assert [v.queue_id for v in centre.of(VisitStarted)] == ["6400", "6400"]
    assert not centre.of(CallEnded)
    centre.answer("1001")
    assert centre.core.state.calls[call_id].state is CallState.TALKING


def test_a_busy_phone_does_not_use_the_rounds_up_at_once(centre):
    parked(centre)
    centre.wait(60_000)
    centre.end_leg(centre.told(RingPhone)[0].leg_id, 17)
    assert len(centre.of(CallParked)) == 2


def test_if_the_slots_are_full_it_rings_again(centre):
    change_settings(centre, parking=ParkingPolicy(701, 701, 60_000))
    first, _ = parked(centre)
    centre.wait(60_000)
    leg_id = centre.told(RingPhone)[0].leg_id
    second, _ = talk(centre, "6401", "1005")
    ask(centre, second, Park(), "1005")
    centre.end_leg(leg_id, 17)
    assert centre.rang() == ["1001"]
    for _ in range(3):
        not_answered(centre)
    assert centre.core.state.calls[first].state is CallState.WAITING


def test_parked_from_a_talk_outside_of_every_queue_it_ends_at_last(centre):
    call_id = centre.call("1005", source="1003")
    centre.give(LegAnswered(centre.told(RingPhone)[0].leg_id))
    assert isinstance(ask(centre, call_id, Park(), "1005"), ActionDone)
    centre.obey()
    for _ in range(3):
        centre.wait(60_000)
        not_answered(centre)
    assert [(c.ended_by, c.cause) for c in centre.of(CallEnded)] == [(CallEnd.SYSTEM, 19)]


def test_who_parked_it_is_configured_no_more(centre):
    call_id, _ = parked(centre)
    kept = tuple(each for each in centre.policy.extensions if each.number != "1001")
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, extensions=kept)))
    centre.wait(60_000)
    assert centre.core.state.calls[call_id].state is CallState.WAITING


def test_a_slot_that_is_configured_no_more_can_still_be_fetched_from(centre):
    call_id, _ = parked(centre)
    change_settings(centre, parking=ParkingPolicy(801, 802, 60_000))
    centre.call("701", source="1003")
    assert centre.core.state.calls[call_id].state is CallState.TALKING


def test_a_parked_caller_who_hangs_up_frees_the_slot(centre):
    call_id, _ = parked(centre)
    centre.hang_up(call_id)
    assert [u.why for u in centre.told(CallUnparked)] == [ParkEnd.CALLER_HUNG_UP]
    assert [c.ended_by for c in centre.told(CallEnded)] == [CallEnd.CALLER]
    assert not centre.core.state.parked
    centre.wait(300_000)
    assert len(centre.of(CallUnparked)) == 1


def test_a_manager_redirects_or_ends_a_parked_call(centre):
    call_id, _ = parked(centre)
    assert refusal(ask(centre, call_id, HangUpNow(), "1008")) == "not allowed"
    assert isinstance(ask(centre, call_id, Redirect(ToQueue(QueueId("6401")))), ActionDone)
    assert centre.rang() == ["1005"]
    assert [(u.why, u.by) for u in centre.of(CallUnparked)] == [(ParkEnd.REDIRECTED, BOSS)]
    centre.answer("1005")
    ask(centre, call_id, Park())
    assert isinstance(ask(centre, call_id, HangUpNow()), ActionDone)
    ended = centre.of(CallUnparked)[-1]
    assert (ended.why, ended.by) == (ParkEnd.HUNG_UP_BY_MANAGER, BOSS)
    centre.obey()
    assert not centre.core.state.calls
    assert not centre.core.state.parked


# What happened while nobody watched.


def after_restart(centre: Centre, *channels: SeenChannel, boot_id: str = "") -> None:
    """The engine dies and comes back to an Asterisk that has these channels."""
    snapshot = json.loads(json.dumps(centre.core.snapshot()))
    centre.core = RoutingCore.restore(snapshot)
    assert centre.core.snapshot() == snapshot
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, channels, (), boot_id))


def test_a_parked_call_outlives_the_engine(centre):
    call_id, _ = parked(centre)
    after_restart(centre, SeenChannel(call_id, up=True))
    centre.call("701", source="1003")
    assert centre.core.state.calls[call_id].state is CallState.TALKING


def test_music_that_could_not_be_started_is_started_later(centre):
    call_id, _ = talk(centre)
    ask(centre, call_id, Park(), "1001")
    music = centre.told(StartWaitingSound)[0]
    centre.give(NodeDisconnected(NODE))
    centre.give(CommandFailed(music, 0, "connection lost"))
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    assert centre.told(StartWaitingSound) == [music]


@pytest.mark.parametrize(
    ("boot_id", "why"), [("", ParkEnd.CALLER_HUNG_UP), ("another", ParkEnd.LOST)]
)
def test_a_parked_caller_who_is_gone_after_a_restart_frees_the_slot(centre, boot_id, why):
    centre.give(NodeConnected(NODE, (), (), "one"))
    parked(centre)
    after_restart(centre, boot_id=boot_id)
    assert [u.why for u in centre.of(CallUnparked)] == [why]
    assert not centre.core.state.parked


def test_out_of_reach_its_time_stands_still(centre):
    call_id, _ = parked(centre)
    centre.give(NodeDisconnected(NODE))
    centre.wait(120_000)
    assert not centre.of(CallUnparked)
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    centre.wait(1)
    assert [u.why for u in centre.of(CallUnparked)] == [ParkEnd.TIMED_OUT]


def test_dialled_at_another_asterisk_the_slot_rings_back(centre):
    """Media never crosses Asterisks: who dialled is rung from where the parked caller is."""
    other = NodeId("n2")
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, nodes=(NODE, other))))
    centre.give(NodeConnected(other, ()))
    centre.give(PhoneReachable(other, EndpointName("1003"), reachable=True))
    call_id, _ = parked(centre)
    now_ms = centre.now_ms
    dialler = CallId("d1")
    centre.give(CallArrived(dialler, other, EndpointName("1003"), "701", "1003", "", now_ms))
    assert [(c.call_id, c.ended_by) for c in centre.told(CallEnded)] == [(dialler, CallEnd.SYSTEM)]
    (ring,) = centre.told(RingPhone)
    assert (ring.node, ring.endpoint, ring.call_id) == (NODE, "1003", call_id)
    centre.end_leg(ring.leg_id, 17)
    assert [p.by for p in centre.of(CallParked)] == ["1001", "1003"]


def test_a_second_slot_for_one_parked_caller_is_refused_by_the_laws(centre: Centre) -> None:
    call_id, _ = parked(centre)
    centre.core.check()
    centre.core.state.parked["799"] = call_id
    with pytest.raises(AssertionError, match="a slot is kept by a caller who is in another"):
        centre.core.check()
