"""Facts to row operations: a pure function of one fact, no history, no connection."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.project_handling import handling
from engine.adapters.db.project_waiting import (
    CallbackFact,
    WaitingFact,
    project_callback,
    project_waiting,
)
from engine.adapters.db.rows import Grain, RowOp, Value
from engine.adapters.db.telling import clean, end, moment, start
from engine.adapters.db.words import OFFER_REASONS, VISIT_REASONS, fitting
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
    PresenceChanged,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitStarted,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)

SpellFact = AgentLoggedIn | AgentLoggedOut | PauseStarted | PauseEnded | WrapupStarted | WrapupEnded
AgentFact = WrapupExtended | PresenceChanged | AgentAutoPaused | ActionRefused
CallFact = CallStarted | CallEnded | TalkStarted | TalkEnded | HoldStarted | HoldEnded
QueueFact = VisitStarted | VisitEnded | OfferMade | OfferEnded


def project(fact: Fact) -> RowOp | None:
    """Returns what `fact` does to the tables; None for the kinds that are counted, not stored."""
    if isinstance(fact, InputIgnored | CommandRefused):
        return None
    if isinstance(fact, QueueFact):
        return _queue(fact)
    if isinstance(fact, CallFact):
        return _call(fact)
    if isinstance(fact, SpellFact):
        return _spell(fact)
    if isinstance(fact, AgentFact):
        return _agent(fact)
    if isinstance(fact, CallbackFact):
        return project_callback(fact)
    if isinstance(fact, WaitingFact):
        return project_waiting(fact)
    return handling(fact)


def _queue(fact: QueueFact) -> RowOp:
    match fact:
        case VisitStarted():
            return start(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                entry_position=fact.position,
            )
        case VisitEnded():
            return end(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                **fitting(VISIT_REASONS, fact.outcome, fact.reason),
                agent_id=fact.agent_id,
                wait_ms=fact.wait_ms,
                ring_ms=fact.ring_ms,
                exit_position=fact.position,
            )
        case OfferMade():
            return start(
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
            return end(
                Grain.OFFER,
                fact,
                fact.offer_id,
                visit_id=fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                **fitting(OFFER_REASONS, fact.outcome, fact.reason),
                ring_ms=fact.ring_ms,
                cause=fact.cause,
            )
        case _:
            assert_never(fact)


def _call(fact: CallFact) -> RowOp:
    match fact:
        case CallStarted():
            return start(
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
                parent_id=fact.parent_id,
                by=clean(fact.by) or None,
            )
        case CallEnded():
            return end(
                Grain.CALL,
                fact,
                fact.call_id,
                ended_by=fact.ended_by.value,
                cause=fact.cause,
            )
        case TalkStarted():
            return start(
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
            return end(
                Grain.TALK,
                fact,
                fact.talk_id,
                call_id=fact.call_id,
                ended_by=fact.ended_by.value,
                talk_ms=fact.talk_ms,
            )
        case HoldStarted():
            return start(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                by_caller=fact.by_caller,
            )
        case HoldEnded():
            return end(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                hold_ms=fact.hold_ms,
            )
        case _:
            assert_never(fact)


def _spell(fact: SpellFact) -> RowOp:
    match fact:
        case AgentLoggedIn():
            return start(
                Grain.LOGIN,
                fact,
                fact.spell_id,
                **_whose(fact),
                login_how=fact.how.value,
                login_by=clean(fact.by),
            )
        case AgentLoggedOut():
            return end(
                Grain.LOGIN,
                fact,
                fact.spell_id,
                **_whose(fact),
                logout_how=fact.how.value,
                logout_by=clean(fact.by),
            )
        case PauseStarted():
            return start(
                Grain.PAUSE,
                fact,
                fact.spell_id,
                **_whose(fact),
                reason=None if fact.reason is None else clean(fact.reason),
                pause_how=fact.how.value,
                pause_by=clean(fact.by),
            )
        case PauseEnded():
            return end(
                Grain.PAUSE,
                fact,
                fact.spell_id,
                **_whose(fact),
                ended_why=fact.why.value,
                resume_how=fact.how.value,
                resume_by=clean(fact.by),
            )
        case WrapupStarted():
            return start(
                Grain.WRAPUP,
                fact,
                fact.wrapup_id,
                **_whose(fact),
                call_id=fact.call_id,
                planned_end_at_ms=fact.until_ms,
            )
        case WrapupEnded():
            return end(
                Grain.WRAPUP,
                fact,
                fact.wrapup_id,
                **_whose(fact),
                ended_why=fact.why.value,
            )
        case _:
            assert_never(fact)


def _agent(fact: AgentFact) -> RowOp:
    match fact:
        case WrapupExtended():
            return moment(
                Grain.WRAPUP_EXTENSION,
                fact,
                wrapup_id=fact.wrapup_id,
                **_whose(fact),
                planned_end_at_ms=fact.until_ms,
                how=fact.how.value,
                by=clean(fact.by),
            )
        case PresenceChanged():
            return moment(
                Grain.PRESENCE,
                fact,
                agent_id=fact.agent_id,
                presence=fact.presence.value,
                how=fact.how.value,
                by=clean(fact.by),
            )
        case AgentAutoPaused():
            return moment(Grain.AUTO_PAUSE, fact, **_whose(fact), missed=fact.missed)
        case ActionRefused():
            return moment(
                Grain.REFUSAL,
                fact,
                agent_id=clean(fact.agent_id),
                queue_id=clean(fact.queue_id),
                action=clean(fact.action),
                why=clean(fact.why),
                by=clean(fact.by),
                request_id=clean(fact.request_id) or None,
                call_id=clean(fact.call_id) or None,
            )
        case _:
            assert_never(fact)


def _whose(fact: SpellFact | WrapupExtended | AgentAutoPaused) -> dict[str, Value]:
    return {"agent_id": fact.agent_id, "queue_id": fact.queue_id}
