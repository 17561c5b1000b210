"""Facts to row operations: a pure function of one fact, no history, no connection."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, Part, RowOp, Value
from engine.core.facts import (
    ActionRefused,
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnded,
    CallStarted,
    CommandRefused,
    Fact,
    HoldEnded,
    HoldStarted,
    InputIgnored,
    OfferEnded,
    OfferMade,
    PauseEnded,
    PauseStarted,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitStarted,
    WrapupEnded,
    WrapupStarted,
)

AgentFact = (
    AgentLoggedIn
    | AgentLoggedOut
    | PauseStarted
    | PauseEnded
    | AgentAutoPaused
    | WrapupStarted
    | WrapupEnded
    | ActionRefused
)
CallFact = CallStarted | CallEnded | TalkStarted | TalkEnded | HoldStarted | HoldEnded
QueueFact = VisitStarted | VisitEnded | OfferMade | OfferEnded

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def project(fact: Fact) -> RowOp | None:
    """Returns what `fact` does to the tables; None for the kinds that are counted, not stored."""
    if isinstance(fact, InputIgnored | CommandRefused):
        return None
    if isinstance(fact, QueueFact):
        return _queue(fact)
    if isinstance(fact, CallFact):
        return _call(fact)
    return _agent(fact)


def clean(text: str) -> str:
    """Returns `text` as both databases can keep it.

    PostgreSQL has no NUL in text, and no database takes half of a surrogate pair, which a SIP
    display name can smuggle in through JSON. Each becomes U+FFFD: better than losing the call.
    """
    if text.isascii():
        return text.replace("\0", _REPLACEMENT) if "\0" in text else text
    text = text.replace("\0", _REPLACEMENT)
    return "".join(_REPLACEMENT if "\ud800" <= each <= "\udfff" else each for each in text)


def _start(grain: Grain, fact: Fact, row_id: str, **values: Value) -> RowOp:
    return RowOp(grain, Part.START, fact.seq, fact.at_ms, row_id, values)


def _end(grain: Grain, fact: Fact, row_id: str, **values: Value) -> RowOp:
    return RowOp(grain, Part.END, fact.seq, fact.at_ms, row_id, values)


def _moment(grain: Grain, fact: Fact, **values: Value) -> RowOp:
    return RowOp(grain, Part.MOMENT, fact.seq, fact.at_ms, "", values)


def _queue(fact: QueueFact) -> RowOp:
    match fact:
        case VisitStarted():
            return _start(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                entry_position=fact.position,
            )
        case VisitEnded():
            return _end(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                outcome=fact.outcome.value,
                reason=fact.reason.value,
                agent_id=fact.agent_id,
                wait_ms=fact.wait_ms,
                ring_ms=fact.ring_ms,
                exit_position=fact.position,
            )
        case OfferMade():
            return _start(
                Grain.OFFER,
                fact,
                fact.offer_id,
                visit_id=fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                attempt=fact.attempt,
            )
        case OfferEnded():
            return _end(
                Grain.OFFER,
                fact,
                fact.offer_id,
                visit_id=fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                outcome=fact.outcome.value,
                reason=fact.reason.value,
                ring_ms=fact.ring_ms,
                cause=fact.cause,
            )
        case _:
            assert_never(fact)


def _call(fact: CallFact) -> RowOp:
    match fact:
        case CallStarted():
            return _start(
                Grain.CALL,
                fact,
                fact.call_id,
                node=fact.node,
                source=fact.source.value,
                endpoint=clean(fact.endpoint),
                caller_number=clean(fact.caller_number),
                caller_name=clean(fact.caller_name),
                dialled=clean(fact.dialled),
                arrived_at_ms=fact.arrived_ms,
            )
        case CallEnded():
            return _end(
                Grain.CALL,
                fact,
                fact.call_id,
                ended_by=fact.ended_by.value,
                cause=fact.cause,
            )
        case TalkStarted():
            return _start(
                Grain.TALK,
                fact,
                fact.talk_id,
                call_id=fact.call_id,
                visit_id=fact.visit_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                party=clean(fact.party),
            )
        case TalkEnded():
            return _end(
                Grain.TALK,
                fact,
                fact.talk_id,
                call_id=fact.call_id,
                ended_by=fact.ended_by.value,
                talk_ms=fact.talk_ms,
            )
        case HoldStarted():
            return _start(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                by_caller=fact.by_caller,
            )
        case HoldEnded():
            return _end(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                hold_ms=fact.hold_ms,
            )
        case _:
            assert_never(fact)


def _agent(fact: AgentFact) -> RowOp:
    match fact:
        case AgentLoggedIn():
            return _start(
                Grain.LOGIN,
                fact,
                fact.spell_id,
                **_whose(fact),
                login_how=fact.how.value,
                login_by=clean(fact.by),
            )
        case AgentLoggedOut():
            return _end(
                Grain.LOGIN,
                fact,
                fact.spell_id,
                **_whose(fact),
                logout_how=fact.how.value,
                logout_by=clean(fact.by),
            )
        case PauseStarted():
            return _start(
                Grain.PAUSE,
                fact,
                fact.spell_id,
                **_whose(fact),
                reason=None if fact.reason is None else clean(fact.reason),
                pause_how=fact.how.value,
                pause_by=clean(fact.by),
            )
        case PauseEnded():
            return _end(
                Grain.PAUSE,
                fact,
                fact.spell_id,
                **_whose(fact),
                ended_why=fact.why.value,
                resume_how=fact.how.value,
                resume_by=clean(fact.by),
            )
        case WrapupStarted():
            return _start(
                Grain.WRAPUP,
                fact,
                fact.wrapup_id,
                **_whose(fact),
                call_id=fact.call_id,
                planned_end_at_ms=fact.until_ms,
            )
        case WrapupEnded():
            return _end(
                Grain.WRAPUP,
                fact,
                fact.wrapup_id,
                **_whose(fact),
                ended_why=fact.why.value,
            )
        case AgentAutoPaused():
            return _moment(Grain.AUTO_PAUSE, fact, **_whose(fact), missed=fact.missed)
        case ActionRefused():
            return _moment(
                Grain.REFUSAL,
                fact,
                agent_id=clean(fact.agent_id),
                queue_id=clean(fact.queue_id),
                action=clean(fact.action),
                why=clean(fact.why),
                by=clean(fact.by),
            )
        case _:
            assert_never(fact)


def _whose(
    fact: AgentLoggedIn
    | AgentLoggedOut
    | PauseStarted
    | PauseEnded
    | AgentAutoPaused
    | WrapupStarted
    | WrapupEnded,
) -> dict[str, Value]:
    return {"agent_id": fact.agent_id, "queue_id": fact.queue_id}
