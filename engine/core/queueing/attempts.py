"""Reaching the customer of a callback, once an agent is there (C-03).

The agent has heard who is called and hears ringing; the customer's phone is a channel that has the
call's id. An attempt is one call of the customer's phone, whatever happens: it is on record before
Asterisk is told to ring, and is never repeated as the same attempt, so that a crash in the middle
cannot make a phone ring twice.
"""

from __future__ import annotations

from typing import Final

from engine.core.causes import NO_ANSWER
from engine.core.commands import StartWaitingSound, StopWaitingSound
from engine.core.facts import (
    CallbackAttempted,
    CallbackReason,
    CallEnd,
    OfferOutcome,
    OfferReason,
)
from engine.core.ids import CallId, EndpointName, QueueId
from engine.core.model.call import Call
from engine.core.model.leg import Leg, LegState
from engine.core.model.numbers import line_known_by, matches
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.prompting.hearing import RINGING
from engine.core.queueing.offers import agent_language, end_offer, end_offer_with
from engine.core.queueing.pending import give_up, terms_of, try_again
from engine.core.queueing.ringing import Phone, house_phone, outside_phone, ring_first
from engine.core.speech import Phrase, phrase
from engine.core.waiting import CallbackPolicy

NO_SUCH_NUMBER: Final = (1, 22, 28)
"""Q.850 causes by which the network says that a number does not exist: unallocated, changed, of an
invalid format. Another attempt would be in vain."""


def way_to(state: State, terms: CallbackPolicy, number: str, own: EndpointName) -> Phone | None:
    """Returns how a number is called back, or None where that is not permitted (C-05).

    What the customer called is shown, if the route says nothing else. The phone of the house from
    which the callback was requested (`own`) is rung directly; any other number takes the first of the
    outbound routes that fits it with the callback prefix.
    """
    if number == own and number in state.extensions:
        return house_phone(number)
    dialled = terms.prefix + number
    for name in terms.outbound_routes:
        route = state.outbound_routes.get(name)
        if route is not None and matches(route.pattern, dialled):
            return outside_phone(route, dialled)
    return None


def line_of(state: State, terms: CallbackPolicy, number: str, own: EndpointName) -> str:
    """Returns whose line it is to which a callback is requested or waits, as things are now (C-06).

    `terms` and `own` are as for `way_to`. The numbering plan is asked about the number as people write
    it: before the callback prefix, and before a route adds what only the next exchange understands.
    Where it cannot tell, spellings are one that end in the same call; and where no route takes the
    number any more, the number is what is left to go by. A phone of the house is nobody's number outside.
    """
    way = way_to(state, terms, number, own)
    if way is not None and way.number is None:
        return f"extension {number}"
    dialled = number if way is None or way.number is None else way.number
    known = line_known_by(state.policy.settings.numbering, number)
    return known or dialled.replace("+", "00")


def know_again(state: State) -> None:
    """Another configuration, or an older snapshot: callbacks are known by what it makes of their numbers.

    Two that are one only now both stay, as they were promised; a third is not taken.
    """
    for call_id in state.callbacks.values():
        call = state.calls[call_id]
        assert call.callback is not None
        terms = terms_of(state, call)
        call.callback.line = line_of(state, terms, call.callback.number, call.endpoint)


def is_waited_for(state: State, queue_id: QueueId, line: str) -> bool:
    """Tells whether a callback to that line waits in the queue already."""
    for (waits_in, _), call_id in state.callbacks.items():
        callback = state.calls[call_id].callback
        if waits_in == queue_id and callback is not None and callback.line == line:
            return True
    return False


def agent_is_ready(state: State, call: Call, leg: Leg) -> str | None:
    """The agent has heard who it is: calls the customer. Returns why that means nothing, or None."""
    callback, visit = call.callback, call.visit
    assert callback is not None
    assert visit is not None
    if callback.present:
        return "the customer is being called"
    if not state.node_up(call.node):
        return "its node is out of reach"
    state.timers.cancel(TimerKind.AGENT_PROMPT, leg.leg_id)
    terms = terms_of(state, call)
    way = way_to(state, terms, callback.number, call.endpoint)
    callback.agent_id = leg.agent_id
    if way is None:
        _end_offer(state, call)
        give_up(state, call, CallbackReason.NOT_PERMITTED)
        return None
    callback.attempts += 1
    callback.present = True
    call.endpoint = way.endpoint
    assert leg.agent_id is not None
    state.note(
        CallbackAttempted,
        callback.callback_id,
        call.call_id,
        visit.queue_id,
        leg.agent_id,
        callback.attempts,
    )
    if call.agent_id is not None:
        state.phone(way.endpoint)  # Its agent may have been forgotten while the callback waited.
    line = state.lines[visit.queue_id]
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + terms.ring_timeout_ms)
    number = line.queue_id if way.number is None else call.dialled
    ring_first(state, call, way, terms.ring_timeout_ms, shown=(number, line.policy.name))
    let_agent_hear_ringing(state, leg)
    return None


def let_agent_hear_ringing(state: State, leg: Leg) -> None:
    """Lets the agent hear that the customer's phone is called; told again it does no harm."""
    state.tell(StartWaitingSound(leg.node, CallId(leg.leg_id), RINGING))


def stop_ringing(state: State, leg: Leg) -> None:
    """Ends that."""
    state.tell(StopWaitingSound(leg.node, CallId(leg.leg_id), RINGING))


def customer_timed_out(state: State, call: Call) -> None:
    """The customer's phone rang in vain."""
    _fail(state, call, CallbackReason.CUSTOMER_NO_ANSWER, NO_ANSWER, CallEnd.FAILED, gone=False)


def not_rung(state: State, call: Call, cause: int) -> None:
    """The customer's phone could not be called."""
    _fail(state, call, CallbackReason.CUSTOMER_NO_ANSWER, cause, CallEnd.FAILED, gone=False)


def customer_gone(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """The customer's channel is gone before a talk: busy, refused, wrong number, or lost."""
    callback = call.callback
    if callback is None or not callback.present:
        return  # It has no channel: this is not about it.
    reason = CallbackReason.CUSTOMER_NO_ANSWER
    if cause in NO_SUCH_NUMBER and call.endpoint not in state.extensions:
        reason = CallbackReason.INVALID_NUMBER
    lost = ended_by is CallEnd.LOST
    _fail(state, call, reason, cause, CallEnd.LOST if lost else CallEnd.FAILED, gone=True)


def agent_left(state: State, call: Call, leg: Leg, *, cause: int, lost: bool) -> None:
    """The agent hung up while the customer's phone was called: it stops; that was an attempt."""
    end_offer(
        state,
        leg,
        OfferOutcome.CANCELLED if lost else OfferOutcome.MISSED,
        OfferReason.LOST if lost else OfferReason.ANSWERED_THEN_LEFT,
        cause=cause,
        gone=True,
    )
    _fail(state, call, CallbackReason.AGENT_HUNG_UP, NO_ANSWER, CallEnd.AGENT, gone=False)


def _fail(
    state: State, call: Call, reason: CallbackReason, cause: int, ended_by: CallEnd, *, gone: bool
) -> None:
    """Ends an attempt. The agent, if there, is told so and free; the callback rests or is over."""
    callback = call.callback
    assert callback is not None
    _end_offer(state, call)
    callback.failed = reason
    last = callback.attempts >= terms_of(state, call).attempts
    if last or reason is CallbackReason.INVALID_NUMBER:
        give_up(state, call, reason, ended_by=ended_by, cause=cause, gone=gone)
    else:
        try_again(state, call, exists=not gone, cause=cause)


def _end_offer(state: State, call: Call) -> None:
    visit = call.visit
    assert visit is not None
    if visit.chosen is None:
        return
    leg = state.legs[visit.chosen]
    assert leg.state is LegState.ANSWERED
    assert leg.agent_id is not None
    if call.callback is not None and call.callback.present:
        stop_ringing(state, leg)
    language = agent_language(state, state.agents[leg.agent_id])
    words = phrase(language, Phrase.CALLBACK_NOT_REACHED)
    end_offer_with(state, leg, OfferOutcome.CANCELLED, OfferReason.CUSTOMER_NOT_REACHED, words)
