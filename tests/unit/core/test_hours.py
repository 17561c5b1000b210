"""Business hours in the core (Q-04): where callers of a closed queue go, and closing by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.core import speech
from engine.core.commands import PlayPrompt
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallRouted,
    QueueHoursChanged,
    RouteReason,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
)
from engine.core.ids import CallId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    EngineStarted,
    HoursChanged,
    HoursOverrideRequested,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
    PolicyApplied,
    SeenChannel,
)
from engine.core.model.call import CallState
from engine.core.places import HangUp, ToExtension, ToQueue
from engine.core.policy import Right
from engine.core.router import RoutingCore
from engine.core.speech import Phrase
from engine.core.waiting import HoursKind, HoursNow, QueueHours
from tests.support.centre import NODE, Centre, policy, queue, static
from tests.support.desk import dial

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-04")]

OPEN, CLOSED, HOLIDAY = HoursKind.OPEN, HoursKind.CLOSED, HoursKind.HOLIDAY
NIGHT, FEAST = ToExtension("1005"), ToExtension("1006")
PROMPT = ("sound:may-day",)


def keeps_hours(*members: Any, number: str = "6400", **options: Any) -> Any:
    rest = {
        name: options.pop(name)
        for name in (
            "managers",
            "manager_rights",
            "agent_rights",
            "language",
            "agent_prompt",
            "failure",
        )
        if name in options
    }
    hours = QueueHours("office", closed=NIGHT, **options)
    return queue(number, *members, hours=hours, **rest)


def says(kind: HoursKind, usual: HoursKind | None = None, *, prompt: bool = False) -> HoursNow:
    """What the calendar says of the schedule."""
    holiday = "May Day" if kind is HOLIDAY else ""
    usual = usual or (kind if kind is not HOLIDAY else CLOSED)
    return HoursNow("office", kind, usual, holiday, PROMPT if prompt else ())


def turn(centre: Centre, *args: Any, **named: Any) -> None:
    centre.give(HoursChanged((says(*args, **named),)))


def ask(centre: Centre, number: str, *, closed: bool, by: str) -> str | None:
    """Asks by service; returns why not, or None."""
    centre.give(HoursOverrideRequested(QueueId(number), closed, by, "r1"))
    refused = centre.told(ActionRefused)
    done = centre.told(ActionDone)
    assert len(refused) + len(done) == 1
    return refused[0].why if refused else None


def routes(centre: Centre) -> list[tuple[str, str, RouteReason]]:
    return [(each.from_place, each.to, each.why) for each in centre.told(CallRouted)]


@pytest.mark.parametrize(
    ("now", "options", "expected"),
    [
        (says(OPEN), {}, None),
        (says(CLOSED), {}, ("1005", RouteReason.CLOSED)),
        (says(HOLIDAY), {}, ("1005", RouteReason.HOLIDAY)),
        (says(HOLIDAY), {"holiday": FEAST}, ("1006", RouteReason.HOLIDAY)),
        (says(HOLIDAY, OPEN), {"holiday": FEAST, "ignore_holidays": True}, None),
        (
            says(HOLIDAY, CLOSED),
            {"holiday": FEAST, "ignore_holidays": True},
            ("1005", RouteReason.CLOSED),
        ),
    ],
)
def test_where_a_caller_goes(
    now: HoursNow, options: dict[str, Any], expected: tuple[str, RouteReason] | None
) -> None:
    centre = Centre(keeps_hours(**options))
    centre.give(HoursChanged((now,)))
    centre.call("6400")
    if expected is None:
        assert routes(centre) == []
        assert len(centre.told(VisitStarted)) == 1
    else:
        assert routes(centre) == [("6400", *expected)]
        assert centre.told(VisitStarted) == [], "a closed queue is not visited"
        assert centre.rang() == [expected[0]]


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("has_one", [True, False])
def test_the_holidays_prompt_is_played_before_only_if_there_is_one_and_it_is_wanted(
    wanted: bool, has_one: bool
) -> None:
    centre = Centre(keeps_hours(holiday=FEAST, holiday_prompt=wanted, language="zh"))
    turn(centre, HOLIDAY, prompt=has_one)
    call_id = centre.call("6400")
    assert routes(centre) == [("6400", "1006", RouteReason.HOLIDAY)]
    if not (wanted and has_one):
        assert centre.rang() == ["1006"]
        return
    (prompt,) = centre.told(PlayPrompt)
    assert (prompt.media, prompt.language) == (PROMPT, "zh")
    assert centre.rang() == []
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert centre.rang() == ["1006"]
    assert centre.core.state.calls[call_id].state is CallState.DIALLING


def test_the_prompt_is_not_played_outside_of_hours_that_are_no_holiday() -> None:
    centre = Centre(keeps_hours(holiday=FEAST, holiday_prompt=True))
    turn(centre, CLOSED, prompt=True)
    centre.call("6400")
    assert centre.rang() == ["1005"]


def test_a_schedule_that_nobody_told_of_counts_as_open() -> None:
    centre = Centre(keeps_hours())
    centre.call("6400")
    assert len(centre.told(VisitStarted)) == 1


def test_closed_queues_that_send_callers_to_each_other_end_the_call() -> None:
    there = QueueHours("office", closed=ToQueue(QueueId("6401")))
    back = QueueHours("office", closed=ToQueue(QueueId("6400")))
    centre = Centre(queue("6400", hours=there), queue("6401", hours=back))
    turn(centre, CLOSED)
    call_id = centre.call("6400")
    assert centre.told(CallRouted)[-1].why is RouteReason.LOOP
    assert centre.core.state.calls[call_id].state is CallState.ENDING


def test_turns_are_facts_of_the_queues_that_turn() -> None:
    other = queue("6401", hours=QueueHours("elsewhere", closed=HangUp()))
    ignoring = keeps_hours(number="6402", ignore_holidays=True)
    centre = Centre(keeps_hours(), other, ignoring)
    turn(centre, CLOSED)
    turned = centre.told(QueueHoursChanged)
    assert [(each.queue_id, each.kind) for each in turned] == [("6400", CLOSED), ("6402", CLOSED)]
    turn(centre, HOLIDAY, CLOSED)
    (fact,) = centre.told(QueueHoursChanged)
    assert (fact.queue_id, fact.kind, fact.holiday, fact.overridden) == (
        "6400",
        HOLIDAY,
        "May Day",
        False,
    )
    turn(centre, HOLIDAY, CLOSED)
    assert centre.told(QueueHoursChanged) == [], "nothing turned"


def test_a_start_tells_which_queues_are_not_open() -> None:
    core = RoutingCore("e", 1)
    made = policy(keeps_hours(), queue("6401"))
    facts = core.handle(1, PolicyApplied(made, (says(CLOSED),)))
    turned = [each for each in facts if isinstance(each, QueueHoursChanged)]
    assert [(each.queue_id, each.kind, each.by) for each in turned] == [("6400", CLOSED, "")]
    again = core.handle(2, PolicyApplied(made, (says(CLOSED),)))
    assert [each for each in again if isinstance(each, QueueHoursChanged)] == []


# Who waits at closing.


@pytest.mark.parametrize("leave", [True, False])
def test_who_waits_at_closing_is_served_or_sent_away(leave: bool) -> None:
    centre = Centre(keeps_hours(*static("1001"), leave_at_closing=leave, holiday=FEAST))
    callers = [centre.call("6400"), centre.call("6400")]
    turn(centre, HOLIDAY)
    ended = centre.told(VisitEnded)
    if not leave:
        assert ended == []
        assert len(centre.ringing()) == 1
        return
    assert [each.call_id for each in ended] == callers
    assert {(each.outcome, each.reason) for each in ended} == {
        (VisitOutcome.MISSED, VisitReason.CLOSED)
    }
    assert routes(centre) == [("6400", "1006", RouteReason.HOLIDAY)] * 2


def test_at_closing_who_has_an_agent_on_the_line_is_connected() -> None:
    centre = Centre(
        keeps_hours(*static("1001"), leave_at_closing=True, agent_prompt="sound:new-call")
    )
    caller = centre.call("6400")
    leg_id = centre.answer("1001")
    turn(centre, CLOSED)
    assert centre.told(VisitEnded) == []
    centre.end_leg(leg_id)
    assert [(each.call_id, each.reason) for each in centre.told(VisitEnded)] == [
        (caller, VisitReason.CLOSED)
    ], "the agent left before they talked: now the caller has to go too"


def test_hours_that_end_while_asterisk_is_out_of_reach() -> None:
    centre = Centre(keeps_hours(leave_at_closing=True))
    caller = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    turn(centre, CLOSED)
    assert centre.told(VisitEnded) == []
    centre.give(NodeConnected(NODE, (SeenChannel(caller, up=True),)))
    assert [each.reason for each in centre.told(VisitEnded)] == [VisitReason.CLOSED]


def test_a_reload_can_close_a_queue() -> None:
    centre = Centre(queue("6400"))
    centre.call("6400")
    made = policy(keeps_hours(leave_at_closing=True))
    centre.give(PolicyApplied(made, (says(CLOSED),)))
    assert [each.reason for each in centre.told(VisitEnded)] == [VisitReason.CLOSED]
    assert [each.kind for each in centre.told(QueueHoursChanged)] == [CLOSED]
    centre.give(PolicyApplied(policy(queue("6400"))))
    assert [each.kind for each in centre.told(QueueHoursChanged)] == [OPEN]


# Closed by hand.

MANAGED = {
    "managers": ("1009",),
    "manager_rights": (Right.CHANGE_STATE,),
    "agent_rights": tuple(Right),
}


def test_a_manager_closes_a_queue_by_code_and_takes_it_back() -> None:
    centre = Centre(keeps_hours(**MANAGED))
    turn(centre, OPEN)
    said = dial(centre, "1009", "*746400")
    assert said == speech.phrase("en", Phrase.QUEUE_CLOSED, number="6400")
    (fact,) = centre.of(QueueHoursChanged)
    assert (fact.kind, fact.overridden, fact.by) == (CLOSED, True, "1009")
    centre.call("6400")
    assert routes(centre) == [("6400", "1005", RouteReason.CLOSED)]
    assert dial(centre, "1009", "*746400") == speech.phrase("en", Phrase.QUEUE_OPEN, number="6400")
    assert centre.of(QueueHoursChanged)[-1].kind is OPEN
    centre.call("6400")
    assert len(centre.told(VisitStarted)) == 1


def test_taking_it_back_outside_of_hours_says_that_the_queue_goes_by_its_hours() -> None:
    centre = Centre(keeps_hours(**MANAGED))
    dial(centre, "1009", "*746400")
    turn(centre, CLOSED)
    assert centre.told(QueueHoursChanged) == [], "closed it is already"
    expected = speech.phrase("en", Phrase.QUEUE_BY_HOURS, number="6400")
    assert dial(centre, "1009", "*746400") == expected
    fact = centre.of(QueueHoursChanged)[-1]
    assert (fact.kind, fact.overridden) == (CLOSED, False)


def test_the_answer_is_spoken_in_the_language_of_the_extension() -> None:
    made = policy(keeps_hours(**MANAGED))
    speaking = dataclasses.replace(
        made, extensions=tuple(dataclasses.replace(each, language="zh") for each in made.extensions)
    )
    centre = Centre()
    centre.reload(speaking)
    said = dial(centre, "1009", "*746400")
    assert said == speech.phrase("zh", Phrase.QUEUE_CLOSED, number="6400")


def test_nobody_but_its_managers_closes_a_queue() -> None:
    """Not even its agents, whatever they were granted by mistake; and a refusal sounds different."""
    centre = Centre(keeps_hours(*static("1001"), **MANAGED), queue("6401"))
    heard = {
        dial(centre, "1001", "*746400"),
        dial(centre, "1009", "*746401"),
        dial(centre, "1009", "*749999"),
    }
    assert [each.why for each in centre.of(ActionRefused)] == [
        "not allowed",
        "not allowed",
        "unknown queue",
    ]
    assert speech.phrase("en", Phrase.QUEUE_CLOSED, number="6400") not in heard
    assert len(heard) == 2
    assert centre.of(QueueHoursChanged) == []


def test_the_code_is_not_taken_for_a_shorter_one() -> None:
    """*7 and queue 46400 is another thing than *74 and queue 6400; what exists goes before."""
    centre = Centre(keeps_hours(**MANAGED), queue("46401", *static("1001")))
    dial(centre, "1009", "*746400")
    assert list(centre.core.state.overrides) == ["6400"]
    dial(centre, "1001", "*746401")
    assert [each.action for each in centre.of(ActionRefused)] == ["toggle_login"]


@pytest.mark.parametrize("by", ["1009", BY_SYSTEM])
def test_services_close_a_queue_and_take_it_back(by: str) -> None:
    centre = Centre(keeps_hours(**MANAGED))
    assert ask(centre, "6400", closed=True, by=by) is None
    (done,) = centre.told(ActionDone)
    assert (done.request_id, done.action, done.by, done.detail) == ("r1", "close_queue", by, "6400")
    assert ask(centre, "6400", closed=True, by=by) == "closed by hand already"
    assert ask(centre, "6400", closed=False, by="1001") == "not allowed"
    assert ask(centre, "6400", closed=False, by=by) is None
    assert centre.told(ActionDone)[0].action == "queue_by_hours"
    assert ask(centre, "6400", closed=False, by=by) == "not closed by hand"
    assert ask(centre, "6499", closed=True, by=by) == "unknown queue"


def test_closed_by_hand_wins_over_the_calendar_and_survives_restart_and_reload() -> None:
    centre = Centre(keeps_hours(**MANAGED, holiday=FEAST))
    ask(centre, "6400", closed=True, by="1009")
    for kind in (CLOSED, OPEN, HOLIDAY, OPEN):
        turn(centre, kind)
        assert centre.told(QueueHoursChanged) == []
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, ()))
    centre.give(PolicyApplied(centre.policy, (says(OPEN),)))
    assert centre.told(QueueHoursChanged) == []
    centre.call("6400")
    assert routes(centre) == [("6400", "1005", RouteReason.CLOSED)]
    turn(centre, HOLIDAY)
    centre.call("6400")
    assert routes(centre) == [("6400", "1005", RouteReason.CLOSED)], "no holiday: closed by hand"


def test_it_goes_with_the_queue() -> None:
    centre = Centre(keeps_hours(**MANAGED))
    ask(centre, "6400", closed=True, by="1009")
    centre.apply()
    assert centre.core.state.overrides == {}
    centre.apply(keeps_hours(**MANAGED))
    centre.call("6400")
    assert len(centre.told(VisitStarted)) == 1


def test_a_queue_without_hours_can_be_closed_too_and_serves_who_waits() -> None:
    centre = Centre(queue("6400", failure=FEAST, **MANAGED))
    waiting = centre.call("6400")
    assert ask(centre, "6400", closed=True, by="1009") is None
    assert centre.of(VisitEnded) == []
    centre.call("6400")
    assert routes(centre) == [("6400", "1006", RouteReason.CLOSED)]
    assert centre.core.state.calls[CallId(waiting)].visit is not None


def test_closing_by_hand_sends_away_who_waits_where_closing_does() -> None:
    centre = Centre(keeps_hours(**MANAGED, leave_at_closing=True))
    caller = centre.call("6400")
    ask(centre, "6400", closed=True, by="1009")
    assert [(each.call_id, each.reason) for each in centre.told(VisitEnded)] == [
        (caller, VisitReason.CLOSED)
    ]
