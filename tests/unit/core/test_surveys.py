"""The survey after the agent hung up: who is asked, what keys and silence do, how it ends (P-12)."""

from __future__ import annotations

import json

import pytest

from engine.core.commands import DestroyBridge, HangUpCall, HangUpLeg, PlayPrompt
from engine.core.facts import (
    CallEnd,
    CallEnded,
    SurveyEnd,
    SurveyEnded,
    TalkEnded,
    WrapupStarted,
)
from engine.core.ids import CallId, LegId, QueueId, bridge_id_of
from engine.core.inputs import (
    BY_SYSTEM,
    CallActionRequested,
    CallerHungUp,
    CommandFailed,
    EngineStarted,
    HangUpNow,
    LegAnswered,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    PolicyApplied,
    SeenChannel,
    Transfer,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.places import ToExtension, ToQueue
from engine.core.prompting.questions import SETTLE_MS
from engine.core.router import RoutingCore
from engine.core.waiting import SurveyKey, SurveyPolicy
from tests.support.centre import NODE, TRUNK, Centre, queue, static
from tests.support.places import call_of, heard, is_in, prompt_ends

pytestmark = [pytest.mark.unit, pytest.mark.row("P-12")]

RATE, THANKS = ("sound:rate",), ("sound:thanks",)
KEYS = (SurveyKey("1", 10), SurveyKey("2", 5), SurveyKey("3", 1))
SURVEY = SurveyPolicy(RATE, KEYS, THANKS)


@pytest.fixture
def centre() -> Centre:
    return Centre(
        queue("6400", *static("1001"), survey=SURVEY, wrapup_ms=10_000),
        queue("6401", *static("1005"), survey=SURVEY),
        queue("6402", *static("1006")),
    )


def talk(centre: Centre, number: str = "6400", agent: str = "1001") -> tuple[CallId, LegId]:
    call_id = centre.call(number)
    return call_id, centre.answer(agent)


def asked(centre: Centre) -> tuple[CallId, LegId]:
    """A caller whose agent has just hung up."""
    call_id, leg_id = talk(centre)
    centre.end_leg(leg_id)
    return call_id, leg_id


def ends(centre: Centre) -> list[tuple[SurveyEnd, str, int | None]]:
    return [(each.why, each.key, each.score) for each in centre.of(SurveyEnded)]


def over(centre: Centre, call_id: CallId) -> None:
    """The closing words are heard, and the call ends."""
    assert heard(centre)[-1] == THANKS
    prompt_ends(centre, call_id)
    assert centre.told(HangUpCall)
    centre.obey()
    assert call_id not in centre.core.state.calls


def test_the_caller_is_asked_when_the_agent_hangs_up_who_is_in_wrap_up(centre):
    call_id, _ = asked(centre)
    assert is_in(centre, call_id, CallState.DECIDING)
    assert heard(centre) == [RATE]
    assert centre.told(DestroyBridge)[0].take_out == (call_id,)
    assert centre.of(TalkEnded)[0].ended_by is CallEnd.AGENT
    assert centre.of(WrapupStarted)[0].agent_id == "1001"
    assert not centre.of(CallEnded)


def test_a_key_is_stored_with_talk_queue_and_agent(centre):
    call_id, leg_id = asked(centre)
    centre.press(call_id, "2")
    (fact,) = centre.of(SurveyEnded)
    assert (fact.talk_id, fact.call_id, fact.queue_id, fact.agent_id) == (
        leg_id,
        call_id,
        "6400",
        "1001",
    )
    assert ends(centre) == [(SurveyEnd.ANSWERED, "2", 5)]
    over(centre, call_id)
    assert len(ends(centre)) == 1


def test_wrong_keys_are_asked_again_and_at_last_given_up(centre):
    call_id, _ = asked(centre)
    for _ in range(2):
        centre.press(call_id, "9")
        centre.wait(SETTLE_MS)
    assert heard(centre) == [RATE, RATE, THANKS]
    assert ends(centre) == [(SurveyEnd.WRONG_KEYS, "", None)]
    over(centre, call_id)


def test_silence_is_asked_again_and_at_last_given_up(centre):
    call_id, _ = asked(centre)
    for _ in range(2):
        prompt_ends(centre, call_id)
        centre.wait(5_000)
    assert ends(centre) == [(SurveyEnd.SILENCE, "", None)]
    over(centre, call_id)


def test_the_second_time_a_key_still_counts(centre):
    call_id, _ = asked(centre)
    centre.press(call_id, "9")
    centre.wait(SETTLE_MS)
    centre.press(call_id, "1")
    assert ends(centre) == [(SurveyEnd.ANSWERED, "1", 10)]


def test_keys_of_two_digits():
    keys = (SurveyKey("1", 1), SurveyKey("10", 10))
    centre = Centre(queue("6400", *static("1001"), survey=SurveyPolicy(RATE, keys)))
    call_id, _ = asked(centre)
    centre.press(call_id, "1")
    centre.press(call_id, "0")
    assert ends(centre) == [(SurveyEnd.ANSWERED, "10", 10)]
    assert is_in(centre, call_id, CallState.ENDING), "there are no closing words"
    call_id, _ = asked(centre)
    centre.press(call_id, "1")
    centre.wait(5_000)
    assert ends(centre)[1] == (SurveyEnd.ANSWERED, "1", 1)


def test_a_question_that_cannot_be_played_is_none(centre):
    call_id, _ = asked(centre)
    centre.give(CommandFailed(centre.of(PlayPrompt)[-1], 500, "no such file"))
    assert ends(centre) == [(SurveyEnd.FAILED, "", None)]
    over(centre, call_id)


def test_a_question_that_fails_to_play_each_time_is_none(centre):
    call_id, _ = asked(centre)
    for _ in range(2):
        prompt_ends(centre, call_id, ok=False)
        centre.wait(5_000)
    assert ends(centre) == [(SurveyEnd.FAILED, "", None)]


def test_a_prompt_cut_off_by_the_hang_up_is_the_callers_hang_up(centre):
    call_id, _ = asked(centre)
    prompt_ends(centre, call_id, ok=False)
    centre.hang_up(call_id)
    assert ends(centre) == [(SurveyEnd.CALLER_HUNG_UP, "", None)]


def test_a_hang_up_in_the_middle(centre):
    call_id, _ = asked(centre)
    centre.hang_up(call_id)
    assert ends(centre) == [(SurveyEnd.CALLER_HUNG_UP, "", None)]
    assert [type(each) for each in centre.told(CallEnded)] == [CallEnded]


def test_a_hang_up_during_the_closing_words_changes_nothing(centre):
    call_id, _ = asked(centre)
    centre.press(call_id, "1")
    centre.hang_up(call_id)
    assert ends(centre) == [(SurveyEnd.ANSWERED, "1", 10)]


def test_somebody_ends_the_call_in_the_middle(centre):
    call_id, _ = asked(centre)
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, HangUpNow(), BY_SYSTEM, version))
    assert ends(centre) == [(SurveyEnd.FAILED, "", None)]
    centre.obey()
    assert len(ends(centre)) == 1


def test_a_restarted_asterisk_has_lost_the_caller(centre):
    asked(centre)
    centre.give(NodeConnected(NODE, (), (), "a"))
    centre.give(NodeConnected(NODE, (), (), "b"))
    assert len(ends(centre)) == 1


def test_a_removed_node_too(centre):
    asked(centre)
    centre.give(PolicyApplied(centre.policy.__class__()))
    assert ends(centre) == [(SurveyEnd.FAILED, "", None)]


def test_a_removed_queue_does_not_stop_it(centre):
    call_id, _ = asked(centre)
    centre.apply()
    centre.press(call_id, "3")
    assert ends(centre) == [(SurveyEnd.ANSWERED, "3", 1)]
    over(centre, call_id)


def test_after_a_restart_the_caller_is_out_of_the_talk_before_being_asked(centre):
    """The end of the talk was not said any more: a question would end unheard, with the bridge."""
    call_id, leg_id = asked(centre)
    bridge_id = bridge_id_of(leg_id)
    centre.give(EngineStarted())
    there = SeenChannel(call_id, True, bridge_id, TRUNK, "6400")
    centre.give(NodeConnected(NODE, (there,), (bridge_id,)))
    said = [each for each in centre.last if isinstance(each, DestroyBridge | PlayPrompt)]
    assert said[0] == DestroyBridge(NODE, bridge_id, (call_id,))
    assert [type(each) for each in said] == [DestroyBridge, PlayPrompt]


def test_a_restart_asks_again(centre):
    call_id, _ = asked(centre)
    snapshot = centre.core.snapshot()
    centre.core = RoutingCore.restore(json.loads(json.dumps(snapshot)))
    assert centre.core.snapshot() == snapshot
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "6400"),)))
    assert heard(centre) == [RATE, RATE]
    centre.press(call_id, "1")
    assert ends(centre) == [(SurveyEnd.ANSWERED, "1", 10)]


class TestNotAsked:
    """Where a question would be out of place."""

    def test_where_the_caller_hung_up(self, centre):
        call_id, _ = talk(centre)
        centre.give(CallerHungUp(call_id, 16))
        assert not heard(centre)

    def test_where_the_queue_asks_nothing(self, centre):
        _, leg_id = talk(centre, "6402", "1006")
        centre.end_leg(leg_id)
        assert not heard(centre)
        assert centre.told(HangUpCall)

    def test_where_a_manager_ended_the_call(self, centre):
        call_id, _ = talk(centre)
        version = call_of(centre, call_id).version
        centre.give(CallActionRequested("r", call_id, HangUpNow(), BY_SYSTEM, version))
        assert not heard(centre)
        assert centre.told(HangUpCall)

    @pytest.mark.parametrize("cause", [0, 20, 38, 102])
    def test_where_the_agents_phone_was_lost(self, centre, cause):
        _, leg_id = talk(centre)
        centre.end_leg(leg_id, cause)
        assert not heard(centre)
        assert centre.told(HangUpCall)

    def test_where_nobody_watched_the_end(self, centre):
        call_id, _ = talk(centre)
        centre.give(NodeDisconnected(NODE))
        centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "6400"),)))
        assert not heard(centre)
        assert centre.told(HangUpCall)

    def test_after_a_transfer_to_a_colleague(self, centre):
        _, leg_id = talk(centre)
        centre.give(TransferRequested(leg_id, "1007", None))
        (other,) = [each for each in centre.core.state.legs.values() if each.endpoint == "1007"]
        centre.give(LegAnswered(other.leg_id))
        centre.give(LegEnded(other.leg_id, 16))
        assert not heard(centre)
        assert not ends(centre)

    def test_where_the_queue_is_gone_by_then(self, centre):
        _, leg_id = talk(centre)
        centre.apply()
        centre.end_leg(leg_id)
        assert not heard(centre)

    def test_where_it_was_removed_before_it_could_begin(self, centre):
        call_id, leg_id = talk(centre)
        centre.give(NodeDisconnected(NODE))
        centre.end_leg(leg_id)
        assert is_in(centre, call_id, CallState.ROUTING)
        centre.apply()
        centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "6400"),)))
        assert not heard(centre)
        assert not ends(centre)
        assert is_in(centre, call_id, CallState.ENDING)


def test_the_agent_who_hangs_up_by_service_is_asked_about_too(centre):
    call_id, leg_id = talk(centre)
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, HangUpNow(), "1001", version))
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [leg_id]
    assert not centre.told(HangUpCall)
    assert heard(centre) == [RATE]
    centre.obey()
    centre.press(call_id, "1")
    assert ends(centre) == [(SurveyEnd.ANSWERED, "1", 10)]


def test_after_a_transfer_to_another_queue_the_last_agent_is_asked_about(centre):
    call_id, _ = talk(centre)
    version = call_of(centre, call_id).version
    action = Transfer(ToQueue(QueueId("6401")))
    centre.give(CallActionRequested("r", call_id, action, BY_SYSTEM, version))
    assert not heard(centre)
    leg_id = centre.answer("1005")
    centre.end_leg(leg_id)
    centre.press(call_id, "1")
    (fact,) = centre.of(SurveyEnded)
    assert (fact.queue_id, fact.agent_id, fact.talk_id) == ("6401", "1005", leg_id)


def test_after_a_transfer_to_an_extension_that_came_to_nothing_there_is_none(centre):
    call_id, _ = talk(centre)
    version = call_of(centre, call_id).version
    action = Transfer(ToExtension("1007"))
    centre.give(CallActionRequested("r", call_id, action, BY_SYSTEM, version))
    centre.wait(60_000)
    assert not ends(centre)
    assert not heard(centre)


def test_the_agent_is_free_after_the_wrap_up_though_the_caller_still_thinks(centre):
    call_id, _ = asked(centre)
    centre.call("6400")
    assert not centre.ringing()
    centre.wait(10_000)
    assert set(centre.ringing()) == {"1001"}
    assert is_in(centre, call_id, CallState.DECIDING)


def test_hops_before_the_talk_do_not_count(centre):
    call_id, leg_id = talk(centre)
    call_of(centre, call_id).hops = 20
    centre.end_leg(leg_id)
    assert heard(centre) == [RATE]
