"""Feature codes: what each dialled string means, does and sounds like (A-01, A-02, A-04, A-08)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.core.commands import PlayPrompt
from engine.core.desk import codes
from engine.core.directions import ToMonitor
from engine.core.facts import (
    ActionRefused,
    AgentLoggedIn,
    AgentLoggedOut,
    How,
    InputIgnored,
    MonitorStarted,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    RecordingPaused,
    RecordingStarted,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
)
from engine.core.ids import AgentId
from engine.core.inputs import AgentAction, EngineStarted, NodeConnected, RecordingAction
from engine.core.places import PlayThenHangUp
from engine.core.policy import ExtensionPolicy, FeatureCodes, MonitorMode, Presence, Right
from engine.core.router import RoutingCore
from engine.core.supervision import recording
from tests.support.centre import NODE, Centre, dynamic, queue, static
from tests.support.desk import dial, talk_and_end

pytestmark = pytest.mark.unit

EVERYTHING = (Right.CHANGE_STATE, Right.MONITOR, Right.RECORD)


def inside(centre: Centre, agent: str) -> list[str]:
    """Queues that an agent is logged in to."""
    memberships = centre.core.state.agents[AgentId(agent)].memberships.values()
    return [each.queue_id for each in memberships if each.login_id is not None]


def paused(centre: Centre, agent: str) -> dict[str, str | None]:
    """Queues in which an agent is paused, and why."""
    memberships = centre.core.state.agents[AgentId(agent)].memberships.values()
    return {each.queue_id: each.pause_reason for each in memberships if each.pause_id is not None}


def whys(centre: Centre) -> list[str]:
    return [refusal.why for refusal in centre.of(ActionRefused)]


def three_queues(**options: Any) -> Centre:
    return Centre(
        queue("6400", *dynamic("1001"), **options),
        queue("6401", *dynamic("1001"), **options),
        queue("6402", *static("1001"), **options),
    )


@pytest.mark.row("A-01")
def test_all_at_once_in_and_out() -> None:
    """Dynamic memberships only; the static one stays as it is. One fact for each queue."""
    centre = three_queues()
    assert dial(centre, "1001", "*77") == ("sound:agent-loginok",)
    assert inside(centre, "1001") == ["6400", "6401", "6402"]
    facts = [fact for fact in centre.of(AgentLoggedIn) if fact.how is How.CODE]
    assert [(fact.queue_id, fact.by) for fact in facts] == [("6400", "1001"), ("6401", "1001")]
    assert dial(centre, "1001", "*077") == ("sound:agent-loggedoff",)
    assert inside(centre, "1001") == ["6402"]
    assert [fact.queue_id for fact in centre.of(AgentLoggedOut)] == ["6400", "6401"]
    assert whys(centre) == []


@pytest.mark.row("A-01")
def test_all_is_done_where_it_can_be() -> None:
    centre = three_queues()
    centre.log_in("1001", queue_id="6401")
    assert dial(centre, "1001", "*77") == ("sound:agent-loginok",)
    assert inside(centre, "1001") == ["6400", "6401", "6402"]
    dial(centre, "1001", "*76400")
    assert dial(centre, "1001", "*077") == ("sound:agent-loggedoff",)
    assert whys(centre) == []


@pytest.mark.row("A-01")
@pytest.mark.parametrize(
    ("agent", "digits", "why"),
    [
        ("1001", "*077", "not logged in"),
        ("1001", "*78", "no last log-in"),
        ("1002", "*77", "already logged in"),
        ("1002", "*077", "static agents cannot log out"),
        ("1002", "*78", "already logged in"),
        ("1003", "*77", "not a member"),
        ("1003", "*077", "not a member"),
        ("1003", "*78", "not a member"),
        ("1001", "*766400", "not in wrap-up"),
        ("1001", "*769", "unknown queue"),
        ("1001", "*48", "unknown presence"),
        ("1001", "*487", "unknown presence"),
        ("1001", "*4811", "unknown presence"),
        ("1001", "*076400*", "unknown reason"),
        ("1002", "*076402*01*01", "unknown agent"),
        ("1001", "*71099*6400", "unknown agent"),
        ("1001", "*071099*6400", "unknown agent"),
        ("1001", "*71001*6499", "unknown queue"),
        ("1001", "*071001*6499*01", "unknown queue"),
        ("1002", "*071002*6402*99", "unknown reason"),
        ("1001", "*71001*6400*01", "unknown queue"),
        ("1001", "*71002*6402", "not allowed"),
        ("1001", "*071002*6402", "not allowed"),
        ("1001", "*901099", "unknown agent"),
        ("1001", "*90", "unknown agent"),
        ("1001", "*901001", "one's own call"),
        ("1001", "*911002", "not allowed"),
        ("1001", "*921005", "not allowed"),
        ("1001", "*931002", "not allowed"),
        ("1001", "*941002", "not allowed"),
    ],
)
def test_refusals_are_spoken_and_change_nothing(agent: str, digits: str, why: str) -> None:
    centre = Centre(
        queue("6400", *dynamic("1001")),
        queue("6402", *static("1002")),
    )
    versions = {each.agent_id: each.version for each in centre.core.state.agents.values()}
    assert dial(centre, agent, digits)
    assert whys(centre) == [why]
    (refusal,) = centre.of(ActionRefused)
    assert refusal.by == agent
    assert {each.agent_id: each.version for each in centre.core.state.agents.values()} == versions


@pytest.mark.row("A-01")
def test_back_to_the_queues_of_the_last_log_in_even_after_a_restart() -> None:
    centre = three_queues()
    centre.log_in("1001", queue_id="6400")
    dial(centre, "1001", "*76400")
    centre.log_in("1001", queue_id="6401")
    dial(centre, "1001", "*76401")
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, (), ()))
    assert dial(centre, "1001", "*78") == ("sound:agent-loginok",)
    assert inside(centre, "1001") == ["6401", "6402"]
    assert dial(centre, "1001", "*78") == ("sound:im-sorry", "sound:agent-loginok")
    assert whys(centre) == ["already logged in"]


@pytest.mark.row("A-01")
def test_who_leaves_one_queue_of_several_is_still_at_work() -> None:
    """What counts is the log-out that leaves the agent in no queue at all."""
    centre = three_queues()
    dial(centre, "1001", "*77")
    dial(centre, "1001", "*077")
    dial(centre, "1001", "*76400")
    dial(centre, "1001", "*78")
    assert inside(centre, "1001") == ["6400", "6401", "6402"]
    dial(centre, "1001", "*76400")
    dial(centre, "1001", "*76401")
    dial(centre, "1001", "*78")
    assert inside(centre, "1001") == ["6401", "6402"]


@pytest.mark.row("A-01")
def test_the_last_log_in_is_forgotten_with_the_membership() -> None:
    centre = three_queues()
    dial(centre, "1001", "*77")
    dial(centre, "1001", "*077")
    centre.apply(queue("6401", *dynamic("1001")))
    centre.apply(queue("6400", *dynamic("1001")), queue("6401", *dynamic("1001")))
    dial(centre, "1001", "*78")
    assert inside(centre, "1001") == ["6401"]


@pytest.mark.row("A-01")
@pytest.mark.parametrize(
    ("numbers", "digits", "logged_in"),
    [
        (("6400", "700"), "*76400", ["6400"]),
        (("6400", "700"), "*7700", ["700"]),
        (("6400", "700"), "*77", ["6400", "700"]),
    ],
)
def test_of_several_codes_the_one_that_leads_somewhere(
    numbers: tuple[str, ...], digits: str, logged_in: list[str]
) -> None:
    centre = Centre(*[queue(number, *dynamic("1001")) for number in numbers])
    dial(centre, "1001", digits)
    assert inside(centre, "1001") == logged_in


@pytest.mark.row("A-01")
def test_codes_can_be_changed_and_switched_off() -> None:
    off = FeatureCodes(login_toggle="", login_all="#1", presence="")
    centre = Centre(queue("6400", *dynamic("1001")), feature_codes=off)
    for gone in ("*7", "*481", "*77", "6499"):
        assert dial(centre, "1001", gone) == ("sound:pbx-invalid",)
    assert centre.of(ActionRefused) == []
    dial(centre, "1001", "#1")
    assert inside(centre, "1001") == ["6400"]


@pytest.mark.row("A-01")
def test_what_is_said_is_said_in_the_language_of_the_extension_that_dials() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    extensions = (ExtensionPolicy("1001", "a", language="zh"), *centre.policy.extensions[1:])
    centre.reload(dataclasses.replace(centre.policy, extensions=extensions))
    for digits in ("*76400", "*79", "*485"):
        centre.call(digits, source="1001")
        assert [prompt.language for prompt in centre.told(PlayPrompt)] == ["zh"]


@pytest.mark.row("A-02")
def test_a_key_of_ones_own_toggles_log_in_pause_and_reason() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    assert dial(centre, "1001", "*71001*6400") == ("sound:agent-loginok", "digits:6400")
    dial(centre, "1001", "*071001*6400*01")
    assert paused(centre, "1001") == {"6400": "Lunch"}
    dial(centre, "1001", "*071001*6400*02")
    assert paused(centre, "1001") == {"6400": "Break"}
    dial(centre, "1001", "*071001*6400*02")
    assert paused(centre, "1001") == {}
    dial(centre, "1001", "*071001*6400")
    assert paused(centre, "1001") == {"6400": None}
    dial(centre, "1001", "*071001*6400")
    dial(centre, "1001", "*71001*6400")
    assert inside(centre, "1001") == []
    assert whys(centre) == []


@pytest.mark.row("A-02", "S-01")
def test_a_key_for_another_agent_is_for_who_may_change_states() -> None:
    rights = {"managers": ("1008",), "manager_rights": EVERYTHING}
    centre = Centre(
        queue("6400", *dynamic("1001", "1002"), agent_rights=(Right.PICK_UP,), **rights),
        queue("6401", *dynamic("1001")),
    )
    heard = dial(centre, "1008", "*71001*6400")
    assert heard == ("sound:extension", "digits:1001", "sound:agent-loginok", "digits:6400")
    assert [(fact.agent_id, fact.by) for fact in centre.of(AgentLoggedIn)] == [("1001", "1008")]
    dial(centre, "1008", "*071001*6400*02")
    assert [(f.agent_id, f.by, f.reason) for f in centre.of(PauseStarted)] == [
        ("1001", "1008", "Break")
    ]
    dial(centre, "1002", "*071001*6400")
    dial(centre, "1008", "*71001*6401")
    assert whys(centre) == ["not allowed", "not allowed"]
    assert [(r.agent_id, r.queue_id, r.by) for r in centre.of(ActionRefused)] == [
        ("1001", "6400", "1002"),
        ("1001", "6401", "1008"),
    ]
    assert centre.of(PauseEnded) == []


@pytest.mark.row("A-08")
def test_the_pause_code_ends_a_wrapup_early() -> None:
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=15_000))
    talk_and_end(centre, "6400", "1001")
    waiting = centre.call("6400")
    assert centre.ringing() == {}
    assert dial(centre, "1001", "*076400") == ("sound:time", "sound:cancelled", "digits:6400")
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.ENDED_EARLY]
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == waiting
    assert centre.of(PauseStarted) == []


@pytest.mark.row("A-08")
def test_with_a_reason_the_pause_code_pauses_also_in_wrapup() -> None:
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=15_000))
    talk_and_end(centre, "6400", "1001")
    dial(centre, "1001", "*076400*02")
    assert paused(centre, "1001") == {"6400": "Break"}
    assert centre.of(WrapupEnded) == []
    assert dial(centre, "1001", "*076400") == ("sound:activated", "digits:6400")
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.ENDED_EARLY]


@pytest.mark.row("A-08")
def test_the_wrapup_code_makes_it_longer() -> None:
    options = {"wrapup_extend_ms": 30_000, "wrapup_extend_ms_max": 30_000}
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=15_000, **options))
    talk_and_end(centre, "6400", "1001")
    assert dial(centre, "1001", "*766400") == (
        "sound:time",
        "sound:added",
        "sound:digits/30",
        "sound:seconds",
    )
    (fact,) = centre.of(WrapupExtended)
    assert (fact.how, fact.by) == (How.CODE, "1001")
    dial(centre, "1001", "*766400")
    assert whys(centre) == ["wrap-up extended to its limit"]


@pytest.mark.row("A-04")
@pytest.mark.parametrize(
    ("digit", "presence", "word"),
    [
        ("1", Presence.AVAILABLE, "digits:1"),
        ("2", Presence.AWAY, "digits:2"),
        ("3", Presence.BUSINESS_TRIP, "digits:3"),
        ("4", Presence.DO_NOT_DISTURB, "sound:do-not-disturb"),
        ("5", Presence.LUNCH, "digits:5"),
        ("6", Presence.OFF_WORK, "digits:6"),
    ],
)
def test_presence_by_code(digit: str, presence: Presence, word: str) -> None:
    """Once set, the same again is done already: spoken, and no news."""
    centre = Centre()
    dial(centre, "1001", "*484" if digit != "4" else "*482")
    for _ in range(2):
        heard = dial(centre, "1001", f"*48{digit}")
        assert heard == ("sound:extension", "sound:is-set-to", word)
    assert centre.core.state.agents[AgentId("1001")].presence is presence
    news = centre.of(PresenceChanged)[1:]
    assert [(fact.presence, fact.how, fact.by) for fact in news] == [(presence, How.CODE, "1001")]


def meaning(centre: Centre, by: str, digits: str) -> Any:
    """What a code would make of a call; no call is placed, so nothing is played."""
    call = centre.core.state.calls[centre.call("1009", source=by)]
    call.dialled = digits
    return codes.dial_code(centre.core.state, call)


@pytest.mark.row("S-02", "S-01")
def test_monitoring_codes_find_the_talk_and_want_the_right() -> None:
    rights = {"managers": ("1008",), "manager_rights": (Right.MONITOR,)}
    centre = Centre(
        queue("6400", *static("1001"), **rights),
        queue("6401", *static("1001"), managers=("1007",), manager_rights=(Right.MONITOR,)),
    )
    assert dial(centre, "1008", "*901001") == ("sound:im-sorry", "sound:number-not-answering")
    customer = centre.call("6400")
    assert dial(centre, "1008", "*901001") == ("sound:im-sorry", "sound:number-not-answering")
    centre.answer("1001")
    for code, mode in (
        ("*90", MonitorMode.LISTEN),
        ("*91", MonitorMode.WHISPER),
        ("*92", MonitorMode.BARGE),
    ):
        assert meaning(centre, "1008", f"{code}1001") == ToMonitor(customer, mode)
    assert isinstance(meaning(centre, "1007", "*901001"), PlayThenHangUp)
    assert [(r.why, r.action, r.agent_id, r.by) for r in centre.of(ActionRefused)] == [
        ("not on a queue call", "listen", "1001", "1008"),
        ("not on a queue call", "listen", "1001", "1008"),
    ], "the manager of another queue of the agent is told nothing more than no"
    assert [f.why for f in centre.core.state.out if isinstance(f, ActionRefused)] == ["not allowed"]
    assert centre.of(InputIgnored) == []


@pytest.mark.row("S-04", "S-01")
def test_recording_codes_find_the_talk_and_say_what_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str, str]] = []

    def toggle(_state: object, leg: Any, by: str) -> RecordingAction:
        asked.append(("toggle", leg.agent_id, by))
        return RecordingAction.STOP

    def toggle_pause(_state: object, leg: Any, by: str) -> RecordingAction:
        asked.append(("toggle_pause", leg.agent_id, by))
        return RecordingAction.PAUSE

    monkeypatch.setattr(recording, "toggle", toggle)
    monkeypatch.setattr(recording, "toggle_pause", toggle_pause)
    rights = {"managers": ("1008",), "manager_rights": (Right.RECORD,)}
    centre = Centre(queue("6400", *static("1001"), **rights))
    centre.call("6400")
    centre.answer("1001")
    assert dial(centre, "1008", "*931001") == (
        "sound:dictate/record",
        "sound:de-activated",
        "digits:1001",
    )
    assert dial(centre, "1008", "*941001") == (
        "sound:dictate/record",
        "sound:dictate/paused",
        "digits:1001",
    )
    assert asked == [("toggle", "1001", "1008"), ("toggle_pause", "1001", "1008")]
    dial(centre, "1008", "*901001")
    assert whys(centre) == ["not allowed"], "who may record may not listen for that"


@pytest.mark.row("A-01")
def test_codes_act_on_the_phone_that_dials_while_it_talks() -> None:
    """A pause asked for in mid-call keeps the call, and no offer follows it."""
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.act("1001", "6400", AgentAction.PAUSE)
    assert centre.core.state.legs[leg_id].state == "talking"
    centre.end_leg(leg_id)
    centre.obey()
    centre.call("6400")
    assert centre.ringing() == {}


@pytest.mark.row("S-02", "S-04")
def test_a_supervisor_dials_and_listens_and_records() -> None:
    """The whole way: from the code to the monitoring and the recording of that talk."""
    centre = Centre(queue("6400", *static("1001"), managers=("1008",), manager_rights=EVERYTHING))
    customer = centre.call("6400")
    centre.answer("1001")
    centre.call("*901001", source="1008")
    (monitoring,) = centre.told(MonitorStarted)
    assert (monitoring.call_id, monitoring.by, monitoring.mode) == (
        customer,
        "1008",
        MonitorMode.LISTEN,
    )
    centre.call("*931001", source="1008")
    (started,) = centre.told(RecordingStarted)
    assert (started.call_id, started.by) == (customer, "1008")
    centre.call("*941001", source="1008")
    assert len(centre.told(RecordingPaused)) == 1
