"""Talks: caller and other party connected, on hold, and parted."""

from __future__ import annotations

from engine.core.agents.shifts import start_wrapup
from engine.core.callers.calls import caller_left, end_call
from engine.core.callers.surveys import go_to_survey, survey_after
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import Connect, DestroyBridge
from engine.core.estimate.handling import learn_talk
from engine.core.facts import (
    CallEnd,
    HoldEnded,
    HoldStarted,
    OfferEnded,
    OfferOutcome,
    OfferReason,
    TalkEnded,
    TalkStarted,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import CallId, LegId, bridge_id_of
from engine.core.matching.sticky import count_talk
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.leg import Leg, LegEvent, LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.prompting.hearing import answer_call, forget_prompt, stop_waiting_sound
from engine.core.prompting.questions import end_dialogue
from engine.core.queueing.announcing import say_agent
from engine.core.queueing.attempts import customer_gone
from engine.core.queueing.offers import drop_leg, hang_up_leg
from engine.core.queueing.visits import close_visit
from engine.core.supervision import monitoring, recording

CONNECT_AGAIN_MS = 100

CONNECTS_MAX = 3
"""How often a connection is tried before both sides are let go."""


def connect_offer(state: State, call: Call, leg: Leg) -> None:
    """Connects a waiting caller with the agent who picked up."""
    visit = call.visit
    assert visit is not None
    assert visit.chosen == leg.leg_id
    assert leg.agent_id is not None
    assert leg.queue_id is not None
    assert leg.visit_id is not None
    state.timers.cancel(TimerKind.AGENT_PROMPT, leg.leg_id)
    close_visit(
        state,
        call,
        state.lines[visit.queue_id],
        visit,
        VisitOutcome.ANSWERED,
        VisitReason.CONNECTED,
    )
    state.note(
        OfferEnded,
        leg.leg_id,
        leg.visit_id,
        call.call_id,
        leg.queue_id,
        leg.agent_id,
        OfferOutcome.ANSWERED,
        OfferReason.ANSWERED,
        (leg.answered_ms or state.now_ms) - leg.started_ms,
        NORMAL_CLEARING,
    )
    line = state.lines[visit.queue_id]
    prompt_ms = state.now_ms - (leg.answered_ms or state.now_ms)
    line.pace.connected(line.policy, visit, prompt_ms)
    agent = state.agents[leg.agent_id]
    agent.offers -= 1
    membership = agent.memberships.get(visit.queue_id)
    if membership is not None:
        membership.answered += 1
        membership.missed_in_row = 0
    connect(state, call, leg)
    say_agent(state, leg)
    state.refresh(agent)


def connect(state: State, call: Call, leg: Leg) -> None:
    """Begins a talk: one bridge for the two."""
    if not call.answered:
        answer_call(state, call)
    stop_waiting_sound(state, call)
    end_dialogue(state, call, quietly=True)
    forget_prompt(state, call)  # Being connected cuts it off.
    call.advance(CallEvent.CONNECTED)
    leg.advance(LegEvent.CONNECTED)
    assert leg.state is LegState.TALKING
    call.leg_id = leg.leg_id
    call.return_to = None
    call.hops = 1  # What came before is no loop; a wait after this counts from its own beginning.
    leg.talk_ms = state.now_ms
    leg.talks += 1
    bridge(state, call, leg)
    state.note(
        TalkStarted,
        leg.talk_id,
        call.call_id,
        leg.visit_id,
        leg.queue_id,
        leg.agent_id,
        leg.party,
    )
    recording.talk_started(state, call, leg)


def bridge(state: State, call: Call, leg: Leg) -> None:
    """Tells Asterisk to connect the two; told again it does no harm."""
    leg.connects += 1
    line = None if leg.queue_id is None else state.lines.get(leg.queue_id)
    music = None if line is None else line.policy.hold_music
    bridge_id = bridge_id_of(leg.leg_id)
    state.tell(Connect(call.node, bridge_id, call.call_id, leg.leg_id, music))
    monitoring.talk_bridged_again(state, leg)


def bridge_again(state: State, leg_id: LegId) -> None:
    """Repeats a connection that failed, if both sides are still there."""
    leg = state.legs.get(leg_id)
    if leg is not None and leg.state is LegState.TALKING:
        bridge(state, state.calls[leg.call_id], leg)


def bridge_failed(state: State, call: Call, leg: Leg) -> None:
    """Tries a failed connection again a few times, then ends the call.

    Not at once: most often one side has just hung up, and the news of that is on its way.
    """
    if leg.connects < CONNECTS_MAX:
        state.timers.set(TimerKind.CONNECT, leg.leg_id, state.now_ms + CONNECT_AGAIN_MS)
        return
    end_talk(state, call, leg, CallEnd.FAILED)
    hang_up_leg(state, leg)
    end_call(state, call, CallEnd.FAILED, NORMAL_CLEARING)


def end_talk(
    state: State,
    call: Call,
    leg: Leg,
    ended_by: CallEnd,
    *,
    stays: bool = False,
    take_out: tuple[str, ...] = (),
) -> None:
    """Notes the end of a talk, frees the bridge and starts the agent's wrap-up.

    `stays`: the leg goes straight into another talk, in the same bridge and without wrap-up.
    `take_out`: channels that will hear something next (`DestroyBridge`).
    """
    assert leg.talk_ms is not None
    _end_hold(state, leg)
    state.timers.cancel(TimerKind.CONNECT, leg.leg_id)
    recording.talk_ended(state, leg)
    monitoring.talk_ended(state, leg)
    talk_ms = state.ends_ms - leg.talk_ms
    state.note_end(TalkEnded, leg.talk_id, call.call_id, ended_by, talk_ms)
    leg.connects = 0
    if leg.queue_id is not None and leg.agent_id is not None:
        lost = ended_by is CallEnd.LOST  # How long they talked, nobody knows.
        count_talk(state, call, leg, 0 if lost else talk_ms)
        if leg.queue_id in state.lines and not lost:
            learn_talk(state, state.lines[leg.queue_id], talk_ms)
    if stays:
        return
    state.tell(DestroyBridge(leg.node, bridge_id_of(leg.leg_id), take_out))
    if leg.queue_id is not None and leg.agent_id is not None:
        start_wrapup(state, state.agents[leg.agent_id], leg.queue_id, call.call_id)


def party_left(state: State, leg: Leg, ended_by: CallEnd, cause: int) -> None:
    """The other party of a talk hung up (its channel is gone): the caller's call ends too.

    Unless the queue has something to ask first.
    """
    call = state.calls[leg.call_id]
    survey = survey_after(state, leg, ended_by, cause)
    end_talk(state, call, leg, ended_by, take_out=() if survey is None else (call.call_id,))
    leg.advance(LegEvent.LET_GO)
    drop_leg(state, leg)
    if call.state is not CallState.TALKING:
        return
    if survey is not None:
        go_to_survey(state, call, survey)
    else:
        end_call(state, call, ended_by, cause or NORMAL_CLEARING)


def caller_hung_up(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """The caller's channel is gone, whatever the call was doing."""
    if call.callback is not None:
        customer_gone(state, call, ended_by, cause)
        return
    if call.state is CallState.TALKING and call.leg_id is not None:
        leg = state.legs.get(call.leg_id)
        if leg is not None and leg.state is LegState.TALKING:
            end_talk(state, call, leg, ended_by)
            hang_up_leg(state, leg)
    caller_left(state, call, ended_by, cause)


def hold_changed(state: State, channel_id: str, *, held: bool) -> bool:
    """Starts or ends a hold. Returns False if the channel is in no talk, or nothing changes.

    Holds of one talk follow one another: if both sides hold, it is the first one's until that side
    takes the other back, and then the other's. So their sum is how long the talk stood still.
    """
    call = state.calls.get(CallId(channel_id))
    leg_id = LegId(channel_id) if call is None else call.leg_id
    leg = None if leg_id is None else state.legs.get(leg_id)
    by_caller = call is not None
    if leg is None or leg.state is not LegState.TALKING:
        return False
    if held == leg.is_held_by(caller=by_caller):
        return False
    if held and leg.hold_id is not None:
        leg.held_by_both = True
    elif held:
        _start_hold(state, leg, by_caller=by_caller)
    elif leg.hold_by_caller is not by_caller:
        leg.held_by_both = False
    else:
        both = leg.held_by_both
        _end_hold(state, leg)
        if both:
            _start_hold(state, leg, by_caller=not by_caller)
    return True


def _start_hold(state: State, leg: Leg, *, by_caller: bool) -> None:
    leg.holds += 1
    leg.hold_id = f"{leg.leg_id}-h{leg.holds}"
    leg.hold_ms = state.now_ms
    leg.hold_by_caller = by_caller
    state.note(HoldStarted, leg.hold_id, leg.talk_id, leg.call_id, by_caller)


def _end_hold(state: State, leg: Leg) -> None:
    if leg.hold_id is None:
        return
    hold_id, leg.hold_id = leg.hold_id, None
    leg.hold_by_caller = leg.held_by_both = False
    state.note_end(HoldEnded, hold_id, leg.talk_id, leg.call_id, state.ends_ms - leg.hold_ms)
