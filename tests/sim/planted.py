"""Words that a meddler changes on their way out of the core, and the law that each breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StopWaitingSound,
)
from engine.core.facts import (
    ActionRefused,
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnd,
    CallEnded,
    CallStarted,
    HoldEnded,
    HoldStarted,
    OfferEnded,
    OfferMade,
    OfferReason,
    PauseEnded,
    PauseStarted,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import AgentId, BridgeId, CallId, LegId, NodeId, QueueId, TalkId, VisitId


def drops(kind: type, when: Callable[[Any], bool] = lambda _: True, nth: int = 5) -> Any:
    """Returns one who drops the nth output of this kind (of those for whom `when` holds)."""
    seen = 0

    def meddle(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        nonlocal seen
        kept = []
        for output in outputs:
            if isinstance(output, kind) and when(output):
                seen += 1
                if seen == nth:
                    continue
            kept.append(output)
        return kept

    return meddle


def changes(
    kind: type,
    change: Callable[[Any], list[Any]],
    when: Callable[[Any], bool] = lambda _: True,
    nth: int = 5,
) -> Any:
    """Returns one who puts other words for the nth output of this kind."""
    seen = 0

    def meddle(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        nonlocal seen
        said = []
        for output in outputs:
            if isinstance(output, kind) and when(output):
                seen += 1
                if seen == nth:
                    said.extend(change(output))
                    continue
            said.append(output)
        return said

    return meddle


def twice(output: Any) -> list[Any]:
    return [output, output]


def abandoned(fact: VisitEnded) -> bool:
    return fact.outcome is VisitOutcome.ABANDONED


def answered(fact: VisitEnded) -> bool:
    return fact.outcome is VisitOutcome.ANSWERED


def busy(fact: OfferEnded) -> bool:
    """Ended by the phone itself, which frees the agent at once."""
    return fact.reason in (OfferReason.BUSY, OfferReason.REJECTED)


def with_fields(**fields: Any) -> Callable[[Any], list[Any]]:
    return lambda output: [replace(output, **fields)]


def because(reason: VisitReason) -> Callable[[VisitEnded], bool]:
    return lambda fact: fact.reason is reason


def by_agent(fact: CallEnded) -> bool:
    return fact.ended_by is CallEnd.AGENT


def refused(fact: AgentLoggedIn) -> list[Any]:
    return [
        ActionRefused(0, fact.at_ms, fact.agent_id, fact.queue_id, "log_in", "no", fact.agent_id)
    ]


WORDS: list[tuple[str, str, Any, str]] = [
    ("a hang-up of a phone is forgotten", "ring all", drops(HangUpLeg), "commands"),
    ("a hang-up of a caller is forgotten", "plain", drops(HangUpCall), "commands"),
    ("a bridge is left standing", "plain", drops(DestroyBridge), "commands"),
    ("a talk is not connected", "plain", drops(Connect), "commands"),
    ("a caller is not answered", "plain", drops(AnswerCall, nth=1), "truth"),
    ("a phone is not rung", "plain", drops(RingPhone), "truth"),
    ("a visit does not end", "plain", drops(VisitEnded, abandoned), "one place"),
    ("a visit ends twice", "plain", changes(VisitEnded, twice), "one end"),
    ("a visit begins twice", "plain", changes(VisitStarted, twice), "one place"),
    ("an offer does not end", "plain", drops(OfferEnded, busy, nth=1), "one end|order|one call"),
    ("an offer ends twice", "plain", changes(OfferEnded, twice), "one end"),
    ("a talk does not end", "plain", drops(TalkEnded), "one place"),
    ("a talk does not begin", "plain", drops(TalkStarted), "one end"),
    ("a call starts twice", "plain", changes(CallStarted, twice), "one life"),
    ("a call does not end", "plain", drops(CallEnded), "one end"),
    ("wrap-up is forgotten", "plain", drops(WrapupStarted), "wrap-up"),
    ("wrap-up never ends", "plain", drops(WrapupEnded), "timers"),
    ("a hold does not end", "holds", drops(HoldEnded), "one end|one place"),
    ("a hold ends twice", "holds", changes(HoldEnded, twice), "one end"),
    (
        "a hold is a second too long",
        "holds",
        changes(HoldEnded, lambda fact: [replace(fact, hold_ms=fact.hold_ms + 1_000)]),
        "money",
    ),
    ("a click has no effect", "clicks", drops(AgentLoggedIn, nth=1), "actions"),
    ("a pause by click does not end", "clicks", drops(PauseEnded, nth=1), "actions"),
    ("music plays into a talk", "plain", drops(StopWaitingSound), "truth"),
    ("the agent prompt is forgotten", "prompt", drops(PlayPrompt), "answer"),
    (
        "a phone rings as for another queue",
        "plain",
        changes(RingPhone, lambda command: [replace(command, alert_info="x")]),
        "truth",
    ),
    (
        "a phone shows a call that another took",
        "ring all",
        changes(
            HangUpLeg,
            lambda command: [replace(command, answered_elsewhere=False)],
            lambda command: command.answered_elsewhere,
        ),
        "commands",
    ),
    (
        "a phone hides a call that it missed",
        "plain",
        changes(
            HangUpLeg,
            lambda command: [replace(command, answered_elsewhere=True)],
            nth=1,
        ),
        "commands",
    ),
    ("a log-in is not told", "plain", drops(AgentLoggedIn, nth=1), "static"),
    ("auto-pause without a pause", "auto-pause", drops(PauseStarted, nth=1), "auto-pause"),
    (
        "auto-pause with a wrong count",
        "auto-pause",
        changes(AgentAutoPaused, lambda fact: [replace(fact, missed=fact.missed + 1)], nth=1),
        "auto-pause",
    ),
    (
        "a wait is a second short",
        "plain",
        changes(VisitEnded, lambda fact: [replace(fact, wait_ms=fact.wait_ms - 1_000)]),
        "money",
    ),
    (
        "ringing is a second too long",
        "plain",
        changes(VisitEnded, lambda fact: [replace(fact, ring_ms=fact.ring_ms + 1_000)]),
        "money",
    ),
    (
        "a talk is a second too long",
        "plain",
        changes(TalkEnded, lambda fact: [replace(fact, talk_ms=fact.talk_ms + 1_000)]),
        "money",
    ),
    (
        "somebody is fifth who is first",
        "plain",
        changes(VisitStarted, lambda fact: [replace(fact, position=fact.position + 4)]),
        "place",
    ),
    (
        "an answered call counts as another's",
        "plain",
        changes(VisitEnded, lambda fact: [replace(fact, agent_id=AgentId("9"))], answered),
        "truth",
    ),
    (
        "a fact is told late",
        "plain",
        changes(VisitEnded, lambda fact: [replace(fact, at_ms=fact.at_ms - 1)]),
        "time",
    ),
]

WORDS += [
    ("a log-in is told twice", "clicks", changes(AgentLoggedIn, twice, nth=1), "spells"),
    (
        "a stranger logs in",
        "clicks",
        changes(AgentLoggedIn, with_fields(agent_id=AgentId("9")), nth=1),
        "spells",
    ),
    ("a possible click is refused", "clicks", changes(AgentLoggedIn, refused, nth=1), "actions"),
    (
        "another spell's log-out",
        "reloads",
        changes(AgentLoggedOut, with_fields(spell_id="x"), nth=1),
        "spells",
    ),
    ("a removed member stays in", "reloads", drops(AgentLoggedOut, nth=1), "drain"),
    (
        "a removed queue keeps its callers",
        "removals",
        drops(VisitEnded, because(VisitReason.QUEUE_REMOVED), nth=1),
        "one place|drain",
    ),
    ("a pause is told twice", "plain", changes(PauseStarted, twice, nth=1), "spells"),
    (
        "another pause ends",
        "plain",
        changes(PauseEnded, with_fields(spell_id="x"), nth=1),
        "spells",
    ),
    ("a wrap-up begins twice", "plain", changes(WrapupStarted, twice), "spells"),
    (
        "a wrap-up is too long",
        "plain",
        changes(WrapupStarted, with_fields(until_ms=2**45)),
        "timers",
    ),
    ("a wrap-up ends twice", "plain", changes(WrapupEnded, twice), "spells"),
    ("a call is over twice", "plain", changes(CallEnded, twice), "one life"),
    (
        "a caller who is there hangs up",
        "plain",
        changes(CallEnded, with_fields(ended_by=CallEnd.CALLER), by_agent),
        "truth",
    ),
    (
        "a call arrives after it started",
        "plain",
        changes(CallStarted, with_fields(arrived_ms=2**45)),
        "time",
    ),
    (
        "a visit in no queue",
        "plain",
        changes(VisitStarted, with_fields(queue_id=QueueId("9"))),
        "one place",
    ),
    ("a visit counts from long ago", "plain", changes(VisitStarted, with_fields(at_ms=1)), "money"),
    (
        "a visit ends in another queue",
        "plain",
        changes(VisitEnded, with_fields(queue_id=QueueId("9"))),
        "one place",
    ),
    (
        "another visit ends",
        "plain",
        changes(VisitEnded, with_fields(visit_id=VisitId("x"))),
        "one end",
    ),
    (
        "answered by nobody",
        "plain",
        changes(
            VisitEnded,
            with_fields(outcome=VisitOutcome.ANSWERED, reason=VisitReason.CONNECTED),
            abandoned,
        ),
        "truth",
    ),
    (
        "not answered, but rings",
        "plain",
        changes(
            VisitEnded, with_fields(outcome=VisitOutcome.MISSED, reason=VisitReason.LOST), answered
        ),
        "one end",
    ),
    (
        "abandoned by nobody",
        "impatient",
        changes(
            VisitEnded,
            with_fields(outcome=VisitOutcome.ABANDONED, reason=VisitReason.CALLER_HUNG_UP),
            because(VisitReason.MAX_WAIT),
        ),
        "truth",
    ),
    (
        "abandoned because of the longest wait",
        "impatient",
        changes(
            VisitEnded, with_fields(outcome=VisitOutcome.ABANDONED), because(VisitReason.MAX_WAIT)
        ),
        "truth",
    ),
    (
        "a talk with a phone that never rang",
        "plain",
        changes(TalkStarted, with_fields(talk_id=TalkId("x"))),
        "truth",
    ),
    ("two talks at once", "plain", changes(TalkStarted, twice), "one place"),
    ("two holds at once", "holds", changes(HoldStarted, twice), "one place"),
    (
        "a phone rings for a stranger",
        "plain",
        changes(RingPhone, with_fields(call_id=CallId("x"))),
        "one life",
    ),
    ("a phone rings twice", "plain", changes(RingPhone, twice), "one call"),
    (
        "a phone rings at another node",
        "plain",
        changes(RingPhone, with_fields(node=NodeId("x"))),
        "truth",
    ),
    (
        "a phone of another rings",
        "plain",
        changes(OfferMade, with_fields(agent_id=AgentId("9"))),
        "truth",
    ),
    (
        "an offer of another visit",
        "plain",
        changes(OfferMade, with_fields(visit_id=VisitId("x"))),
        "one place",
    ),
    ("attempts are miscounted", "plain", changes(OfferMade, with_fields(attempt=77)), "truth"),
    (
        "an offer without a phone",
        "plain",
        changes(OfferMade, with_fields(offer_id=LegId("x"))),
        "truth",
    ),
    ("an offer rang too long", "plain", changes(OfferEnded, with_fields(ring_ms=1)), "money"),
    (
        "a caller is connected to a stranger",
        "plain",
        changes(Connect, with_fields(call_id=CallId("x"))),
        "truth",
    ),
    ("a strange bridge", "plain", changes(Connect, with_fields(bridge_id=BridgeId("x"))), "truth"),
    (
        "a waiting caller is cut off",
        "plain",
        changes(VisitStarted, lambda fact: [fact, HangUpCall(NodeId("node1"), fact.call_id, 16)]),
        "truth",
    ),
]
