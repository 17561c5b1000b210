"""Facts of people as row operations: shifts, pauses, wrap-ups, presence, what they asked for."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, RowOp, Value
from engine.adapters.db.telling import clean, end, moment, start
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)

SpellFact = (
    AgentLoggedIn
    | AgentLoggedOut
    | PauseStarted
    | PauseEnded
    | WrapupStarted
    | WrapupEnded
    | WrapupExtended
)
PeopleFact = PresenceChanged | AgentAutoPaused | ActionDone | ActionRefused | SpellFact


def project_people(fact: PeopleFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
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
        case ActionDone():
            return moment(
                Grain.ACTION,
                fact,
                request_id=clean(fact.request_id) or None,
                action=clean(fact.action),
                by=clean(fact.by),
                call_id=clean(fact.call_id) or None,
                agent_id=clean(fact.agent_id),
                detail=clean(fact.detail),
            )
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
            return _spell(fact)


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
        case _:
            assert_never(fact)


def _whose(fact: SpellFact | AgentAutoPaused) -> dict[str, Value]:
    return {"agent_id": fact.agent_id, "queue_id": fact.queue_id}
