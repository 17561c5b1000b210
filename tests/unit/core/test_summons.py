"""Calls that Usher places: the phone of who asked rings first, then the call goes on."""

from __future__ import annotations

import json

import pytest

from engine.core.commands import Connect, HangUpCall, RingPhone
from engine.core.facts import (
    ActionDone,
    CallEnd,
    CallEnded,
    CallStarted,
    InputIgnored,
    SourceKind,
    TalkStarted,
)
from engine.core.ids import CallId, LegId
from engine.core.inputs import (
    CallerHungUp,
    CommandFailed,
    EngineStarted,
    HangUpNow,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    SeenChannel,
)
from engine.core.model.call import CallState
from engine.core.router import RoutingCore
from tests.support.asking import BOSS, ask, ask_for_agent, make_centre, refusal
from tests.support.centre import NODE, Centre

pytestmark = [pytest.mark.unit, pytest.mark.row("S-03")]


@pytest.fixture
def centre() -> Centre:
    return make_centre()


def summoned(centre: Centre) -> CallId:
    """The boss asks for a call to 1005; the boss's phone rings."""
    answer = ask_for_agent(centre, "1005", BOSS)
    assert isinstance(answer, ActionDone)
    return CallId(answer.call_id)


def ends(centre: Centre) -> list[tuple[CallEnd, int]]:
    return [(each.ended_by, each.cause) for each in centre.of(CallEnded)]


def test_the_phone_of_who_asked_rings_first_and_shows_who_is_called(centre):
    call_id = summoned(centre)
    (ring,) = centre.told(RingPhone)
    assert (ring.leg_id, ring.call_id, ring.endpoint) == (call_id, None, BOSS)
    assert (ring.caller_number, ring.caller_name) == ("1005", "ext 1005")
    (started,) = centre.told(CallStarted)
    assert (started.source, started.by, started.dialled) == (SourceKind.USHER, BOSS, "1005")
    assert (started.caller_number, started.caller_name) == (BOSS, "ext 1009")
    assert centre.core.state.agents[BOSS].in_use


def test_picked_up_it_goes_on_to_the_agent_and_both_talk(centre):
    call_id = summoned(centre)
    centre.give(LegRinging(LegId(call_id)))
    assert not centre.of(InputIgnored)
    centre.give(LegAnswered(LegId(call_id)))
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.call_id, ring.caller_number) == ("1005", call_id, BOSS)
    centre.give(LegAnswered(ring.leg_id))
    (connect,) = centre.told(Connect)
    assert (connect.call_id, connect.leg_id) == (call_id, ring.leg_id)
    assert [t.party for t in centre.of(TalkStarted)] == ["1005"]
    centre.give(LegEnded(LegId(call_id), 16))
    centre.obey()
    assert ends(centre) == [(CallEnd.CALLER, 16)]
    assert not centre.core.state.legs
    assert not centre.core.state.agents[BOSS].in_use


def test_a_phone_that_is_not_picked_up_ends_the_call(centre):
    call_id = summoned(centre)
    centre.wait(30_000)
    assert ends(centre) == [(CallEnd.FAILED, 19)]
    assert centre.told(HangUpCall)[0].call_id == call_id
    centre.give(LegEnded(LegId(call_id), 26))
    assert ends(centre) == [(CallEnd.FAILED, 19)]
    assert not centre.core.state.calls
    assert not centre.core.state.agents[BOSS].own_calls


@pytest.mark.parametrize("happened", [LegEnded, CallerHungUp])
def test_a_phone_that_refuses_ends_the_call_with_its_cause(centre, happened):
    call_id = summoned(centre)
    centre.give(happened(call_id, 17))
    assert ends(centre) == [(CallEnd.FAILED, 17)]
    assert not centre.core.state.calls
    assert not centre.core.state.agents[BOSS].own_calls
    centre.wait(60_000)
    assert ends(centre) == [(CallEnd.FAILED, 17)]


def test_a_phone_that_asterisk_will_not_ring_ends_the_call(centre):
    call_id = summoned(centre)
    centre.give(CommandFailed(centre.told(RingPhone)[0], 500, "because"))
    assert ends(centre) == [(CallEnd.FAILED, 20)]
    hang_up = centre.told(HangUpCall)[0]
    centre.give(CommandFailed(hang_up, 404, "no such channel"))
    assert call_id not in centre.core.state.calls
    assert not centre.core.state.agents[BOSS].own_calls


def test_an_answer_twice_or_too_late_means_nothing(centre):
    call_id = summoned(centre)
    centre.give(LegAnswered(LegId(call_id)))
    centre.give(LegAnswered(LegId(call_id)))
    assert centre.told(InputIgnored)
    centre.give(LegEnded(LegId(call_id), 16))
    centre.give(LegAnswered(LegId(call_id)))
    assert centre.told(InputIgnored)


def test_the_agent_who_does_not_answer_ends_it_for_who_asked(centre):
    call_id = summoned(centre)
    centre.give(LegAnswered(LegId(call_id)))
    centre.wait(30_000)
    assert ends(centre) == [(CallEnd.FAILED, 19)]


@pytest.mark.parametrize(
    ("agent", "by", "why"),
    [
        ("1005", "1005", "one's own call"),
        ("1234", BOSS, "unknown agent"),
        ("1005", "1234", "no extension to ring for you"),
        ("1005", "system", "no extension to ring for you"),
    ],
)
def test_nonsense_is_refused(centre, agent, by, why):
    assert refusal(ask_for_agent(centre, agent, by)) == why
    assert not centre.core.state.calls


def test_a_phone_that_is_away_or_in_use_is_not_rung(centre):
    centre.reach(BOSS, reachable=False)
    assert refusal(ask_for_agent(centre, "1005", BOSS)) == "your phone cannot be reached"
    centre.reach(BOSS)
    summoned(centre)
    assert refusal(ask_for_agent(centre, "1005", BOSS)) == "your phone is in use"


def test_without_asterisk_nobody_is_rung(centre):
    centre.give(NodeDisconnected(NODE))
    assert refusal(ask_for_agent(centre, "1005", BOSS)) == "your phone cannot be reached"


def test_the_limit_of_calls_holds_for_these_too():
    centre = Centre(calls_max=0)
    assert refusal(ask_for_agent(centre, "1005", BOSS)) == "too many calls"


def test_it_can_be_hung_up_by_who_asked_before_it_is_picked_up(centre):
    call_id = summoned(centre)
    assert isinstance(ask(centre, call_id, HangUpNow(), BOSS), ActionDone)
    assert centre.told(HangUpCall)
    centre.obey()
    assert not centre.core.state.calls


# What happened while nobody watched.


def after_restart(centre: Centre, *channels: SeenChannel, boot_id: str = "") -> None:
    """The engine dies and comes back to an Asterisk that has these channels."""
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, channels, (), boot_id))


def test_picked_up_while_the_engine_was_away_it_goes_on(centre):
    call_id = summoned(centre)
    after_restart(centre, SeenChannel(call_id, up=True))
    assert centre.rang() == ["1005"]


def test_a_phone_that_still_rings_after_a_restart_rings_on(centre):
    call_id = summoned(centre)
    after_restart(centre, SeenChannel(call_id, up=False))
    assert centre.core.state.calls[call_id].state is CallState.SUMMONED
    centre.give(LegAnswered(LegId(call_id)))
    assert centre.rang() == ["1005"]


def test_a_channel_that_went_meanwhile_ends_the_call(centre):
    call_id = summoned(centre)
    after_restart(centre)
    assert ends(centre) == [(CallEnd.FAILED, 0)]
    assert call_id not in centre.core.state.calls
    assert not centre.core.state.agents[BOSS].own_calls


def test_a_channel_of_a_call_that_nobody_knows_any_more_is_ended(centre):
    stranger = CallId("own-old-7")
    after_restart(centre, SeenChannel(stranger, up=True))
    assert [h.call_id for h in centre.told(HangUpCall)] == [stranger]


def test_out_of_reach_its_timer_waits(centre):
    call_id = summoned(centre)
    centre.give(NodeDisconnected(NODE))
    centre.wait(60_000)
    assert not centre.of(CallEnded)
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=False),)))
    centre.wait(1)
    assert ends(centre) == [(CallEnd.FAILED, 19)]
