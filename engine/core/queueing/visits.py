"""Queue visits: entering a line, ringing that nobody answers, leaving the line by any way."""

from __future__ import annotations

from engine.core.causes import NO_ANSWER
from engine.core.facts import (
    CallbackReason,
    OfferOutcome,
    OfferReason,
    RouteReason,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
)
from engine.core.ids import QueueId, visit_id_of
from engine.core.matching.conditions import agree_terms
from engine.core.matching.sticky import served_last
from engine.core.model.call import Call, CallEvent
from engine.core.model.leg import Leg
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.visit import Visit
from engine.core.policy import Strategy
from engine.core.prompting.hearing import answer_call, hears_prompt, start_sound, stop_prompt
from engine.core.prompting.questions import end_dialogue
from engine.core.queueing.announcing import welcome
from engine.core.queueing.empties import may_not_join, may_not_stay
from engine.core.queueing.offers import end_offer, rest_after_ringing, want_again
from engine.core.queueing.parting import take_out
from engine.core.queueing.pending import leave, limit_of, limit_wait, note_end, set_offer
from engine.core.routing.sending import route

_OFFER_REASONS = {
    VisitReason.CALLER_HUNG_UP: OfferReason.CALLER_HUNG_UP,
    VisitReason.LOST: OfferReason.LOST,
}
"""Why a live offer ends with its visit, where "the visit ended" would say less than is known."""


def enter_queue(state: State, call: Call, queue_id: QueueId) -> None:
    """Puts a call in line, or sends it to the failure destination.

    That is where the line is full (Q-07) or empty of agents (Q-08). Who would have to leave an empty
    queue at once, because it has a rule for leaving only, leaves it before anything is heard.
    """
    line = state.lines[queue_id]
    call.counts.visits += 1
    call.last_queue = queue_id
    state.entries += 1
    # What was first of all counts from the caller's arrival in Asterisk: he may have waited for us.
    entered_ms = call.arrived_ms if call.hops == 1 else state.now_ms
    visit_id = visit_id_of(call.call_id, call.counts.visits)
    visit = Visit(visit_id, queue_id, entered_ms, state.entries, call.priority)
    if call.agent_id is not None:  # Placing a queue call clears the count of misses.
        for membership in state.agents[call.agent_id].memberships.values():
            membership.missed_in_row = 0
    call.advance(CallEvent.ENTERED_QUEUE)
    call.visit = visit
    call.language = line.policy.language
    refused = _refused(state, line)
    position = line.add(call, visit)
    state.note_at(entered_ms, VisitStarted, visit.visit_id, call.call_id, queue_id, position)
    if refused is not None:
        leave_queue(state, call, VisitOutcome.MISSED, refused)
        route(state, call, line.policy.failure, RouteReason.VISIT_ENDED, line.queue_id)
        return
    if line.policy.wait_ms_max > 0:
        limit_wait(state, call, line)
    set_offer(state, call, line)
    if line.selective or call.required_skills:
        visit.kept_for = served_last(state, line, call)
        agree_terms(state, call, line)
    welcome(state, call, line)
    want_again(state, call)
    start_waiting_sound(state, call, line)


def _refused(state: State, line: Line) -> VisitReason | None:
    """Returns why a caller may not join this line, or may not stay in it for a moment."""
    if may_not_join(state, line):
        return VisitReason.JOIN_EMPTY
    if 0 < line.policy.waiting_max <= len(line.waiting):
        return VisitReason.QUEUE_FULL
    return VisitReason.LEFT_EMPTY if may_not_stay(state, line) else None


def start_waiting_sound(state: State, call: Call, line: Line) -> None:
    """Answers the caller if need be and lets the waiting sound begin (P-02)."""
    if not call.answered:
        answer_call(state, call, later=True)
    start_sound(state, call, line.policy.waiting_sound)


def leave_queue(state: State, call: Call, outcome: VisitOutcome, reason: VisitReason) -> None:
    """Ends a visit that did not lead to a talk; live offers are cancelled.

    So is what is said to the caller; the waiting sound goes on until something else is heard. The call
    is on its way then; but one that is a callback is over, and goes nowhere.
    """
    visit = call.visit
    assert visit is not None
    line = state.lines[visit.queue_id]
    if reason not in _OFFER_REASONS:
        state.tell_now()
        if call.dialogue is not None or hears_prompt(state, call):
            end_dialogue(state, call)
            stop_prompt(state, call)
            call.sound = None  # It was paused.
    offer_reason = _OFFER_REASONS.get(reason, OfferReason.VISIT_ENDED)
    for leg_id in list(visit.offers):
        end_offer(state, state.legs[leg_id], OfferOutcome.CANCELLED, offer_reason)
    if call.callback is not None:
        leave(state, call, reason)
        return
    close_visit(state, call, line, visit, outcome, reason)
    if outcome is not VisitOutcome.ABANDONED:
        call.advance(CallEvent.LEFT_QUEUE)


def close_visit(
    state: State,
    call: Call,
    line: Line,
    visit: Visit,
    outcome: VisitOutcome,
    reason: VisitReason,
) -> None:
    """Takes a visit out of its line and notes how it ended."""
    position = take_out(state, call, visit)
    if call.callback is not None:
        note_end(state, call, visit, CallbackReason.TALKED)
        return
    wait_ms = state.ends_ms - visit.entered_ms
    if reason is not VisitReason.LOST:  # Else nobody knows how long the caller stayed.
        line.pace.left(wait_ms, outcome, reason)
    agent_id = None
    if outcome is VisitOutcome.ANSWERED:
        assert visit.chosen is not None
        agent_id = state.legs[visit.chosen].agent_id
    state.note_end(
        VisitEnded,
        visit.visit_id,
        call.call_id,
        visit.queue_id,
        outcome,
        reason,
        agent_id,
        wait_ms,
        visit.ring_ms,
        position,
    )


def ring_timed_out(state: State, call: Call) -> None:
    """Ends all offers that rang in vain, and rests before the next (R-01 to R-08 alike).

    Who joined a ring-all late and rang for less than the ring timeout has missed nothing. So it is
    with progressive for who rang for less than one step.
    """
    visit = call.visit
    assert visit is not None
    begun_ms = visit.ringing_since_ms
    assert begun_ms is not None
    for leg_id in list(visit.offers):
        leg = state.legs[leg_id]
        whole = _had_a_chance(state, leg, begun_ms)
        outcome = OfferOutcome.MISSED if whole else OfferOutcome.CANCELLED
        reason = OfferReason.NO_ANSWER if whole else OfferReason.RANG_SHORTLY
        end_offer(state, leg, outcome, reason, cause=NO_ANSWER)
    rest_after_ringing(state, call)


def _had_a_chance(state: State, leg: Leg, begun_ms: int) -> bool:
    since_ms = leg.started_ms if leg.chance_ms is None else leg.chance_ms
    if since_ms <= begun_ms:
        return True
    assert leg.queue_id is not None
    policy = state.lines[leg.queue_id].policy
    stepwise = policy.strategy is Strategy.PROGRESSIVE
    return stepwise and state.now_ms - since_ms >= policy.progressive_step_ms


def step_is_due(state: State, call: Call) -> None:
    """Rings one more phone beside those that ring (progressive), or whoever is free next."""
    visit = call.visit
    assert visit is not None
    if visit.offers and state.lines[visit.queue_id].policy.strategy is Strategy.PROGRESSIVE:
        want_again(state, call)


def terms_change(state: State, call: Call) -> None:
    """Lets more agents be rung for a call that has waited for so long."""
    visit = call.visit
    assert visit is not None
    agree_terms(state, call, state.lines[visit.queue_id])


def rest_is_over(state: State, call: Call) -> None:
    """Lets a call ask for agents again after its retry interval."""
    visit = call.visit
    assert visit is not None
    if not visit.resting:
        return
    visit.resting = False
    want_again(state, call)


def waited_too_long(state: State, call: Call) -> None:
    """Sends a caller away whose longest wait is over (Q-02), unless an agent has just picked up.

    Nor one who is asking for a callback that may wait longer: looked at again when that is done.
    """
    visit = call.visit
    assert visit is not None
    line = state.lines[visit.queue_id]
    if visit.chosen is not None:
        # The agent hears the prompt: the caller is as good as connected. Looked at again if that fails.
        return
    if call.dialogue is not None and _may_wait_longer(line):
        return
    leave_queue(state, call, VisitOutcome.MISSED, VisitReason.MAX_WAIT)
    route(state, call, line.policy.failure, RouteReason.VISIT_ENDED, line.queue_id)


def _may_wait_longer(line: Line) -> bool:
    return line.policy.callback is not None and line.policy.callback.timeout_ms is not None


def limit_again(state: State, call: Call) -> None:
    """Looks again at a limit that ran out when the caller could not be sent away, or is new."""
    visit = call.visit
    assert visit is not None
    limit = limit_of(state, call, state.lines[visit.queue_id])
    if limit is None or state.timers.is_set(limit[0], call.call_id):
        return
    kind, due_ms = limit
    if due_ms <= state.now_ms:
        waited_too_long(state, call)
    else:
        state.timers.set(kind, call.call_id, due_ms)


def offer_lost(state: State, call: Call) -> None:
    """Goes on after an offer of a still waiting call ended by the phone's doing."""
    visit = call.visit
    assert visit is not None
    line = state.lines[visit.queue_id]
    limit_again(state, call)
    if call.visit is not visit:
        return
    if visit.offers:
        want_again(state, call)
        return
    if visit.wanting and line.policy.strategy is Strategy.RING_ALL:
        # All phones of this attempt said no.
        rest_after_ringing(state, call)
    else:
        want_again(state, call)
