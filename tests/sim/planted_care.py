"""Words about callers' waits, callbacks, menus, groups and surveys that a meddler changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.core.commands import (
    Connect,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    SendToDialplan,
    StartWaitingSound,
    StopPrompt,
)
from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallbackRequested,
    CallRouted,
    CallStarted,
    QueueHoursChanged,
    RouteReason,
    SourceKind,
    SurveyEnd,
    SurveyEnded,
    TalkStarted,
    VisitEnded,
    VisitReason,
    VisitStarted,
)
from engine.core.ids import AgentId, CallId, VisitId, is_leg, is_own
from tests.sim.planted import because, changes, drops, twice, with_fields

JOIN = ("sound:join",)
SAID = ("sound:said",)
MENU = ("sound:menu",)
SURVEY = ("sound:survey",)


def customers(command: RingPhone) -> bool:
    """Rings the customer of a callback."""
    return command.call_id is None


def to_caller(command: PlayPrompt) -> bool:
    return not is_leg(command.channel_id)


def plays(media: tuple[str, ...]) -> Any:
    return lambda command: command.media == media


def on_call(command: StartWaitingSound) -> bool:
    return not is_leg(command.call_id) and not is_own(command.call_id)


def for_why(why: RouteReason) -> Any:
    return lambda fact: fact.why is why


def ended_by(reason: CallbackReason) -> Any:
    return lambda fact: fact.reason is reason


def is_callback(fact: CallStarted) -> bool:
    return fact.source is SourceKind.CALLBACK


def of_callback(command: HangUpCall) -> bool:
    return is_own(command.call_id)


def for_group(command: HangUpLeg) -> bool:
    return command.answered_elsewhere


def earlier(fact: CallbackRequested) -> list[Any]:
    return [replace(fact, entered_ms=fact.entered_ms - 1)]


def talked(fact: CallbackEnded) -> bool:
    return fact.reason is CallbackReason.TALKED


def prompt_too(command: Connect) -> list[Any]:
    play = PlayPrompt(command.node, f"play-{command.call_id}-99", command.call_id, SAID, "en")  # type: ignore[arg-type]
    return [command, play]


def never(kind: type) -> Any:
    """Returns one who drops all outputs of this kind."""
    return lambda _now_ms, _happened, outputs: [
        each for each in outputs if not isinstance(each, kind)
    ]


def strangers_ring(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
    """Rings another phone for who was sent to a group."""
    sent = [
        each.call_id
        for each in outputs
        if isinstance(each, CallRouted) and each.to.startswith("ring_group")
    ]
    return [
        replace(each, endpoint="1005")
        if isinstance(each, RingPhone) and each.call_id in sent
        else each
        for each in outputs
    ]


CALLBACK_WORDS: list[tuple[str, Any, str]] = [
    ("a request is not told", drops(CallbackRequested, nth=2), "callback"),
    ("a request is told twice", changes(CallbackRequested, twice, nth=2), "callback"),
    ("a place is changed", changes(CallbackRequested, earlier, nth=2), "callback"),
    ("a request for another visit", changes(CallbackRequested, with_fields(visit_id=VisitId("x"))),
     "callback"),
    ("a caller waits beside the callback", drops(VisitEnded, because(VisitReason.CALLBACK), nth=2),
     "callback|one place"),
    ("nobody waits instead", drops(CallStarted, is_callback, nth=2), "callback|one life|truth"),
    ("an attempt is not told", drops(CallbackAttempted, nth=2), "callback|truth"),
    ("an attempt is told twice", changes(CallbackAttempted, twice, nth=2), "callback"),
    ("an attempt is counted wrongly",
     changes(CallbackAttempted, lambda fact: [replace(fact, attempt=fact.attempt + 1)], nth=2),
     "callback"),
    ("another agent is there", changes(CallbackAttempted, with_fields(agent_id=AgentId("x"))),
     "callback"),
    ("a customer is not rung", drops(RingPhone, customers, nth=2), "commands"),
    ("a customer is rung twice", changes(RingPhone, twice, customers, nth=2), "callback"),
    ("another customer is rung", changes(RingPhone, with_fields(number="0999"), customers, nth=2),
     "callback"),
    ("an end is not told", drops(CallbackEnded, nth=2), "callback|one end|one place|truth"),
    ("an end is told twice", changes(CallbackEnded, twice, nth=2), "callback"),
    ("an end by the wrong reason",
     changes(CallbackEnded, with_fields(reason=CallbackReason.NO_AGENT),
             ended_by(CallbackReason.CUSTOMER_NO_ANSWER), nth=1), "callback"),
    ("a number that is none",
     changes(CallbackEnded, with_fields(reason=CallbackReason.INVALID_NUMBER),
             ended_by(CallbackReason.CUSTOMER_NO_ANSWER), nth=1), "callback"),
    ("cancelled by nobody",
     changes(CallbackEnded, with_fields(reason=CallbackReason.CANCELLED),
             ended_by(CallbackReason.NO_AGENT), nth=1), "callback"),
    ("a success that failed",
     changes(CallbackEnded, with_fields(outcome=CallbackOutcome.FAILED), talked, nth=2), "callback"),
    ("a wait that is too long",
     changes(CallbackEnded, lambda fact: [replace(fact, wait_ms=fact.wait_ms + 1_000)], nth=2),
     "money"),
    ("a customer rings on", drops(HangUpCall, of_callback, nth=2), "commands"),
    ("an answered customer is not connected", drops(Connect, lambda c: is_own(c.call_id), nth=1),
     "commands"),
]  # fmt: skip


CARE_WORDS: list[tuple[str, Any, str]] = [
    ("a caller waits in silence", drops(StartWaitingSound, on_call), "care|announcements"),
    ("the music does not come back", drops(StartWaitingSound, on_call, nth=12), "care"),
    ("a prompt in a talk", changes(Connect, prompt_too), "care|one place"),
    ("two prompts at once", changes(PlayPrompt, twice, to_caller), "care"),
    ("prompts are not cut off", never(StopPrompt), "care"),
    ("an announcement is not made", drops(PlayPrompt, plays(SAID), nth=3), "timers|care"),
    ("a closed queue takes callers", drops(QueueHoursChanged, nth=1), "hours"),
    ("a queue is told to be closed",
     changes(QueueHoursChanged, with_fields(overridden=True), nth=1), "hours"),
    ("a key leads nowhere", drops(CallRouted, for_why(RouteReason.KEY_EVENT), nth=1), "keys|one place|places|money"),
    ("a key leads elsewhere",
     changes(CallRouted, with_fields(to="1002"), for_why(RouteReason.KEY_EVENT), nth=1), "keys"),
    ("another key was pressed",
     changes(CallRouted, with_fields(key="9"), for_why(RouteReason.KEY_EVENT), nth=1), "keys"),
    ("a menu's key leads elsewhere",
     changes(CallRouted, with_fields(to="1002"), for_why(RouteReason.MENU_KEY), nth=1), "dialogue"),
    ("a menu is left without a word", drops(CallRouted, for_why(RouteReason.MENU_KEY), nth=1),
     "dialogue|money"),
    ("a menu gives up too early",
     changes(CallRouted, with_fields(why=RouteReason.MENU_WRONG),
             for_why(RouteReason.MENU_SILENCE), nth=1), "dialogue"),
    ("a loop is cried early",
     changes(CallRouted, with_fields(why=RouteReason.LOOP, to="hang_up"),
             for_why(RouteReason.MENU_KEY), nth=1), "loop|places|dialogue"),
    ("a survey is not told", drops(SurveyEnded, nth=1), "survey"),
    ("a survey is told twice", changes(SurveyEnded, twice, nth=1), "survey"),
    ("a survey about another talk", changes(SurveyEnded, with_fields(talk_id="x"), nth=1), "survey"),
    ("a score that nobody gave",
     changes(SurveyEnded, with_fields(why=SurveyEnd.ANSWERED, key="9", score=3), nth=1), "survey"),
    ("a caller is not asked", drops(PlayPrompt, plays(SURVEY), nth=1), "survey|one place"),
    ("a stranger of the group is rung", strangers_ring, "ring group"),
    ("a group rings on", drops(HangUpLeg, for_group, nth=1), "ring group|commands"),
    ("a caller is sent away on paper only", drops(SendToDialplan, nth=1), "places|one place"),
    ("a caller is sent away twice", changes(SendToDialplan, twice, nth=1), "one place"),
    ("a talk while away",
     changes(SendToDialplan, lambda c: [c, StartWaitingSound(c.node, c.call_id, None)], nth=1),  # type: ignore[arg-type]
     "care"),
    ("a caller is put in a queue as well",
     changes(TalkStarted, lambda f: [f, VisitStarted(0, f.at_ms, VisitId("x"), CallId(f.call_id), f.queue_id, 1)],
             lambda f: f.queue_id is not None, nth=3), "one place"),
]  # fmt: skip
