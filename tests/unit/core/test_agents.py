"""Agents' shifts and phones: rows Q-05, Q-06, Q-11, A-01, A-05."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.commands import Connect, HangUpLeg, PlayPrompt, RingPhone
from engine.core.facts import (
    ActionRefused,
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    OfferEnded,
    OfferOutcome,
    OfferReason,
    PauseEnd,
    PauseEnded,
    PauseStarted,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import AgentId, EndpointName, NodeId
from engine.core.inputs import (
    AgentAction,
    CommandFailed,
    DeviceState,
    EngineStarted,
    NodeConnected,
    PhoneDevice,
    PlaybackEnded,
    PolicyApplied,
)
from engine.core.policy import AgentPolicy, ExtensionPolicy, InitialState, Strategy
from tests.support.centre import NODE, Centre, dynamic, queue, static
from tests.support.desk import dial

pytestmark = pytest.mark.unit


def whys(centre: Centre) -> list[str]:
    return [refusal.why for refusal in centre.of(ActionRefused)]


@pytest.mark.row("A-01", "Q-05")
def test_log_in_and_out_by_code_and_hear_it() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    centre.call("6400")
    assert dial(centre, "1001", "*76400") == ("sound:agent-loginok", "digits:6400")
    assert list(centre.ringing()) == ["1001"], "rung as soon as the confirmation is over"
    assert dial(centre, "1001", "*76400")[0] == "sound:agent-loggedoff"
    assert centre.ringing() == {}
    assert [e.reason for e in centre.of(OfferEnded)] == [OfferReason.AGENT_LEFT]
    assert centre.of(AgentLoggedIn)[0].spell_id == centre.of(AgentLoggedOut)[0].spell_id


@pytest.mark.row("A-01")
def test_pause_with_a_reason_change_it_resume() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    centre.log_in("1001", queue_id="6400")
    assert dial(centre, "1001", "*076400*01")[0] == "sound:dictate/paused"
    centre.wait(7_000)
    dial(centre, "1001", "*076400*02")
    assert [p.reason for p in centre.of(PauseStarted)] == ["Lunch", "Break"]
    assert [p.why for p in centre.of(PauseEnded)] == [PauseEnd.REASON_CHANGED]
    assert dial(centre, "1001", "*076400")[0] == "sound:activated"
    assert centre.of(PauseEnded)[-1].why is PauseEnd.RESUMED


@pytest.mark.row("A-01")
@pytest.mark.parametrize(
    ("agent", "digits", "why"),
    [
        ("1002", "*76400", "not a member"),
        ("1001", "*76999", "unknown queue"),
        ("1001", "*7", "unknown queue"),
        ("1001", "*076400*77", "unknown reason"),
        ("1001", "*076400", "not logged in"),
        ("1003", "*76400", "static agents cannot log out"),
    ],
)
def test_a_refusal_is_spoken_and_recorded_as_nothing_else(agent, digits, why) -> None:
    centre = Centre(queue("6400", *dynamic("1001"), *static("1003")))
    before = [*centre.of(AgentLoggedIn)]
    assert dial(centre, agent, digits)
    assert whys(centre) == [why]
    assert centre.of(AgentLoggedIn) == before
    assert centre.of(AgentLoggedOut) == centre.of(PauseStarted) == []


@pytest.mark.row("A-05", "Q-05")
def test_an_unregistered_phone_is_never_rung() -> None:
    """fusionpbx#2831: the agent stayed available."""
    centre = Centre(queue("6400", *static("1001", "1002"), strategy=Strategy.RING_ALL))
    centre.reach("1001", reachable=False)
    centre.call("6400")
    assert centre.rang() == ["1002"]
    centre.reach("1001")
    assert centre.rang() == ["1001"]


@pytest.mark.row("A-05", "Q-06")
@pytest.mark.parametrize("ring_in_use", [False, True])
def test_an_agent_on_a_call_elsewhere_is_in_use(ring_in_use: bool) -> None:
    centre = Centre(queue("6400", *static("1001"), ring_in_use=ring_in_use))
    centre.give(PhoneDevice(NODE, EndpointName("1001"), DeviceState.INUSE))
    centre.call("6400")
    assert centre.rang() == (["1001"] if ring_in_use else [])
    centre.give(PhoneDevice(NODE, EndpointName("1001"), DeviceState.NOT_INUSE))
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("A-05")
def test_an_agent_who_dials_out_is_in_use_until_the_call_ends() -> None:
    centre = Centre(queue("6400", *static("1001")))
    own = centre.call("1005", source="1001")
    centre.call("6400")
    assert centre.rang() == []
    centre.hang_up(own)
    assert centre.rang() == ["1001"]


@pytest.mark.row("Q-06")
def test_a_freed_phone_is_offered_the_next_call_at_once_although_its_device_state_lags() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400")
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.give(PhoneDevice(NODE, EndpointName("1001"), DeviceState.INUSE))
    centre.end_leg(leg_id)
    assert centre.rang() == ["1001"]


@pytest.mark.row("Q-06")
@pytest.mark.parametrize("strategy", [Strategy.LEAST_RECENT, Strategy.RING_ALL])
def test_ring_in_use_never_offers_agents_the_call_that_they_make_themselves(
    strategy: Strategy,
) -> None:
    """An agent who dials the own queue waits for the others; those behind are served meanwhile."""
    centre = Centre(queue("6400", *static("1001"), ring_in_use=True, strategy=strategy))
    centre.reach("1001")
    centre.call("6400", source="1001")
    centre.wait(60_000)
    assert centre.rang() == []
    customer = centre.call("6400")
    assert centre.rang() == ["1001"]
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == customer


def test_ring_in_use_offers_a_second_call_but_never_two_at_once() -> None:
    centre = Centre(queue("6400", *static("1001"), ring_in_use=True))
    centre.call("6400")
    centre.call("6400")
    assert len(centre.ringing()) == 1
    centre.answer("1001")
    assert centre.rang() == ["1001"]
    centre.answer("1001")
    assert len(centre.of(Connect)) == 2


@pytest.mark.row("Q-06")
def test_wrapup_blocks_offers_to_the_millisecond() -> None:
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=15_000))
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.end_leg(leg_id)
    (started,) = centre.of(WrapupStarted)
    assert started.until_ms == centre.now_ms + 15_000
    centre.call("6400")
    centre.wait(14_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]
    assert centre.of(WrapupEnded)[0].wrapup_id == started.wrapup_id


@pytest.mark.row("Q-11")
@pytest.mark.parametrize("shared", [False, True])
def test_wrapup_of_one_of_six_queues_blocks_the_others_only_if_shared(shared: bool) -> None:
    """asterisk#1006: with six shared queues the wrap-up ended early."""
    queues = [queue(str(6400 + n), *static("1001"), wrapup_ms=10_000 + n) for n in range(6)]
    centre = Centre(*queues, shared_wrapup=shared)
    centre.call("6405")
    leg_id = centre.answer("1001")
    centre.end_leg(leg_id)
    centre.call("6402")
    assert bool(centre.ringing()) is not shared
    if shared:
        centre.wait(10_004)
        assert centre.ringing() == {}
        centre.wait(1)
        assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("Q-06")
def test_auto_pause_after_n_missed_in_a_row() -> None:
    options = {"autopause_after": 2, "ring_timeout_ms": 5_000, "retry_interval_ms": 0}
    centre = Centre(queue("6400", *static("1001"), **options))
    centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    assert centre.of(AgentAutoPaused) == []
    centre.wait(5_000)
    centre.obey()
    assert [a.missed for a in centre.of(AgentAutoPaused)] == [2]
    assert centre.of(PauseStarted)[0].agent_id == "1001"
    assert centre.ringing() == {}


@pytest.mark.row("Q-06")
@pytest.mark.parametrize("clears", ["answer", "pause", "log out", "restart"])
def test_the_count_of_missed_offers_clears(clears: str) -> None:
    options = {"autopause_after": 2, "ring_timeout_ms": 5_000, "retry_interval_ms": 0}
    centre = Centre(queue("6400", *dynamic("1001"), **options))
    centre.log_in("1001", queue_id="6400")
    call_id = centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    if clears == "answer":
        centre.end_leg(centre.answer("1001"))
        centre.obey()
    elif clears == "pause":
        centre.act("1001", "6400", AgentAction.PAUSE)
        centre.obey()
        centre.act("1001", "6400", AgentAction.RESUME)
    elif clears == "log out":
        centre.act("1001", "6400", AgentAction.LOG_OUT)
        centre.obey()
        centre.log_in("1001", queue_id="6400")
    else:
        centre.hang_up(call_id)
        centre.obey()
        centre.give(EngineStarted())
        centre.give(NodeConnected(NODE, (), ()))
    if not centre.ringing():
        centre.call("6400")
    centre.wait(5_000)
    assert centre.of(AgentAutoPaused) == []


@pytest.mark.row("Q-06")
def test_auto_pause_never_with_ring_all() -> None:
    options = {"autopause_after": 1, "ring_timeout_ms": 5_000, "strategy": Strategy.RING_ALL}
    centre = Centre(queue("6400", *static("1001"), **options))
    centre.call("6400")
    centre.wait(60_000)
    assert centre.of(OfferEnded)[0].outcome is OfferOutcome.MISSED
    assert centre.of(AgentAutoPaused) == []


@pytest.mark.row("Q-06")
def test_retry_interval_after_a_ring_timeout_none_after_a_refusal() -> None:
    options = {"ring_timeout_ms": 5_000, "retry_interval_ms": 3_000}
    centre = Centre(queue("6400", *static("1001", "1002", "1003"), **options))
    centre.call("6400")
    centre.end_leg(centre.ringing()["1001"], cause=17)
    assert list(centre.ringing()) == ["1002"], "busy: the next agent at once"
    centre.wait(5_000)
    assert centre.ringing() == {}
    centre.wait(3_000)
    assert list(centre.ringing()) == ["1003"]
    reasons = [e.reason for e in centre.of(OfferEnded)]
    assert reasons == [OfferReason.BUSY, OfferReason.NO_ANSWER]


@pytest.mark.row("Q-06")
def test_a_phone_that_refuses_is_left_alone_for_a_while_then_tried_again() -> None:
    centre = Centre(queue("6400", *static("1001")), failed_offer_pause_ms=5_000)
    centre.call("6400")
    centre.end_leg(centre.ringing()["1001"], cause=21)
    assert centre.rang() == []
    centre.wait(4_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("Q-06")
def test_the_agent_prompt_is_heard_before_the_caller_is_connected() -> None:
    centre = Centre(queue("6400", *static("1001"), agent_prompt="sound:sales"))
    centre.call("6400")
    centre.answer("1001")
    assert centre.told(Connect) == []
    (prompt,) = centre.told(PlayPrompt)
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert centre.told(Connect)


@pytest.mark.row("Q-06")
@pytest.mark.parametrize("answered_elsewhere", [False, True])
def test_phones_that_rang_in_vain_show_a_missed_call_or_not(answered_elsewhere: bool) -> None:
    options = {"strategy": Strategy.RING_ALL, "answered_elsewhere": answered_elsewhere}
    centre = Centre(queue("6400", *static("1001", "1002"), **options))
    centre.call("6400")
    centre.answer("1002")
    assert [c.answered_elsewhere for c in centre.told(HangUpLeg)] == [answered_elsewhere]


@pytest.mark.row("Q-11")
@pytest.mark.parametrize("initial", list(InitialState))
def test_initial_state_of_new_dynamic_agents_only(initial: InitialState) -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    centre.apply(queue("6400", *dynamic("1001", "1002")), initial_state=initial)
    logged_in = [e.agent_id for e in centre.of(AgentLoggedIn)]
    paused = [e.agent_id for e in centre.of(PauseStarted)]
    assert logged_in == ([] if initial is InitialState.LOGGED_OUT else ["1002"])
    assert paused == (["1002"] if initial is InitialState.PAUSED else [])


@pytest.mark.row("Q-10")
def test_a_member_removed_in_mid_call_finishes_it() -> None:
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=5_000))
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.apply(queue("6400"))
    assert len(centre.of(AgentLoggedOut)) == 1
    centre.end_leg(leg_id)
    centre.obey()
    assert not centre.core.state.calls
    assert centre.of(WrapupStarted) == []


@pytest.mark.row("Q-10", "A-05")
def test_a_phone_that_becomes_an_agents_by_reload_is_rung_at_once() -> None:
    """Nodes tell changes only: what was heard of the phone before counts."""
    centre = Centre(queue("6400"))
    centre.reach("1042")
    phones = dataclasses.replace(
        centre.policy,
        extensions=(*centre.policy.extensions, ExtensionPolicy("1042", "new")),
        agents=(*centre.policy.agents, AgentPolicy(AgentId("1042"), "new")),
        queues=(queue("6400", *static("1042")),),
    )
    centre.call("6400")
    centre.give(PolicyApplied(phones))
    assert centre.rang() == ["1042"]


@pytest.mark.row("Q-06")
def test_faults_of_phones_and_network_do_not_auto_pause() -> None:
    centre = Centre(queue("6400", *static("1001"), autopause_after=1), failed_offer_pause_ms=1_000)
    centre.call("6400")
    centre.give(CommandFailed(centre.told(RingPhone)[0], 500, "allocation failed"))
    centre.obey()
    centre.wait(1_000)
    centre.end_leg(centre.ringing()["1001"], cause=20)
    assert centre.of(AgentAutoPaused) == []
    centre.wait(1_000)
    centre.end_leg(centre.ringing()["1001"], cause=21)
    assert len(centre.of(AgentAutoPaused)) == 1


@pytest.mark.row("Q-06")
def test_placing_a_queue_call_clears_the_count_of_missed_offers() -> None:
    options = {"autopause_after": 2, "ring_timeout_ms": 5_000, "retry_interval_ms": 60_000}
    centre = Centre(queue("6400", *static("1001"), **options), queue("6401"))
    centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    own = centre.call("6401", source="1001")
    centre.hang_up(own)
    centre.wait(65_000)
    centre.obey()
    assert centre.of(AgentAutoPaused) == []


@pytest.mark.row("A-05")
def test_a_phone_is_in_use_while_any_node_says_so() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.give(PhoneDevice(NodeId("n2"), EndpointName("1001"), DeviceState.INUSE))
    centre.give(PhoneDevice(NODE, EndpointName("1001"), DeviceState.NOT_INUSE))
    centre.call("6400")
    assert centre.rang() == []
