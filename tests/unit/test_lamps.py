"""What lamps show, and what is sent to have them show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.adapters.ari.client import Answered
from engine.adapters.ari.lamps import UNANSWERED_MAX, AriLamps
from engine.adapters.ari.requests import AriRequest
from engine.app.lamps import Lamps
from engine.core.inputs import AgentAction, DeviceState
from engine.core.policy import FeatureCodes
from tests.support.centre import Centre, dynamic, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("A-02")]

GREEN, RED, BLINKING = DeviceState.NOT_INUSE, DeviceState.INUSE, DeviceState.RINGING


class Board:
    def __init__(self) -> None:
        self.lamps: dict[str, DeviceState] = {}
        self.shown = 0

    def show(self, lamps: Mapping[str, DeviceState]) -> None:
        self.lamps.update(lamps)
        self.shown += len(lamps)

    def show_only(self, lamps: Mapping[str, DeviceState]) -> None:
        self.lamps = dict(lamps)


class Desk:
    def __init__(self) -> None:
        self.centre = Centre(
            queue("6400", *static("1001"), *dynamic("1002")), queue("6401", *dynamic("1002"))
        )
        self.board = Board()
        self.lamps = Lamps(lambda: self.centre.core.state, [self.board])
        self.lamps.redo()

    def act(self, agent: str, number: str, action: AgentAction, reason: str | None = None) -> None:
        self.centre.act(agent, number, action, reason)
        self.lamps.take([each for each in self.centre.last if hasattr(each, "seq")])


def test_all_lamps_of_a_centre_at_its_start() -> None:
    assert Desk().board.lamps == {
        "*71001*6400": GREEN,
        "*071001*6400": GREEN,
        "*071001*6400*01": GREEN,
        "*071001*6400*02": GREEN,
        "*71002*6400": RED,
        "*071002*6400": GREEN,
        "*071002*6400*01": GREEN,
        "*071002*6400*02": GREEN,
        "*71002*6401": RED,
        "*071002*6401": GREEN,
        "*071002*6401*01": GREEN,
        "*071002*6401*02": GREEN,
    }


def test_lamps_follow_what_the_agent_does_and_no_others_are_touched() -> None:
    desk = Desk()
    desk.act("1002", "6401", AgentAction.LOG_IN)
    assert desk.board.lamps["*71002*6401"] is GREEN
    assert desk.board.lamps["*71002*6400"] is RED
    desk.act("1002", "6401", AgentAction.PAUSE, "Lunch")
    assert desk.board.lamps["*071002*6401"] is BLINKING
    assert desk.board.lamps["*071002*6401*01"] is BLINKING
    assert desk.board.lamps["*071002*6401*02"] is GREEN
    desk.act("1002", "6401", AgentAction.PAUSE, "Break")
    assert desk.board.lamps["*071002*6401*01"] is GREEN
    assert desk.board.lamps["*071002*6401*02"] is BLINKING
    desk.act("1002", "6401", AgentAction.LOG_OUT)
    assert desk.board.lamps["*71002*6401"] is RED
    assert desk.board.lamps["*071002*6401"] is GREEN
    assert desk.board.shown == 4 * 4


def test_calls_light_no_lamp() -> None:
    desk = Desk()
    call = desk.centre.call("6400")
    desk.lamps.take([each for each in desk.centre.last if hasattr(each, "seq")])
    desk.centre.hang_up(call)
    assert desk.board.shown == 0


def test_lamps_follow_the_configuration() -> None:
    desk = Desk()
    codes = FeatureCodes(login_toggle="*8", pause_toggle="")
    desk.centre.apply(queue("6400", *static("1001")), feature_codes=codes)
    desk.lamps.redo()
    assert desk.board.lamps == {"*81001*6400": GREEN}


class Wire:
    """What Asterisk is asked, answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[AriRequest, Answered]] = []
        self.states: dict[str, str] = {}
        self.most = 0

    def ask(self, request: AriRequest, answered: Answered) -> None:
        self.asked.append((request, answered))
        self.most = max(self.most, len(self.asked))

    def answer(self, status: int = 204) -> AriRequest:
        request, answered = self.asked.pop(0)
        body: Any = None
        if request.method == "GET":
            status = 200
            body = [{"name": name, "state": state} for name, state in self.states.items()]
        elif status < 300:
            name = request.uri.removeprefix("deviceStates/").replace("%3A", ":").replace("%2A", "*")
            if request.method == "PUT":
                self.states[name] = request.query["deviceState"]
            else:
                self.states.pop(name, None)
        answered(status, "", body)
        return request

    def answer_all(self) -> list[AriRequest]:
        answered = []
        while self.asked:
            answered.append(self.answer())
        return answered


def test_what_asterisk_shows_already_is_not_sent_again() -> None:
    wire, lamps = Wire(), AriLamps("n1")
    wire.states = {"Stasis:*71*2": "INUSE", "Stasis:*79*9": "INUSE", "Custom:x": "BUSY"}
    lamps.show_only({"*71*2": RED, "*71*3": GREEN})
    assert not wire.asked, "nothing is sent before the connection"
    lamps.connected(wire.ask)
    sent = [(each.method, each.uri) for each in wire.answer_all()[1:]]
    assert sorted(sent) == [
        ("DELETE", "deviceStates/Stasis%3A%2A79%2A9"),
        ("PUT", "deviceStates/Stasis%3A%2A71%2A3"),
    ]
    assert wire.states == {
        "Stasis:*71*2": "INUSE",
        "Stasis:*71*3": "NOT_INUSE",
        "Custom:x": "BUSY",
    }


def test_a_thousand_lamps_trickle_and_only_the_latest_of_each_is_sent() -> None:
    wire, lamps = Wire(), AriLamps("n1")
    lamps.connected(wire.ask)
    wire.answer()
    lamps.show_only({f"*7{number}*6400": RED for number in range(1000)})
    lamps.show({f"*7{number}*6400": GREEN for number in range(1000)})
    sent = wire.answer_all()
    assert wire.most <= UNANSWERED_MAX
    assert set(wire.states.values()) == {"NOT_INUSE"}
    assert len(sent) <= 1000 + UNANSWERED_MAX


def test_after_a_lost_connection_the_latest_is_shown() -> None:
    first, lamps = Wire(), AriLamps("n1")
    lamps.connected(first.ask)
    first.answer()
    lamps.show({"*71*2": RED})
    lamps.disconnected()
    lamps.show({"*71*2": GREEN})
    second = Wire()
    second.states = {"Stasis:*71*2": "INUSE"}
    lamps.connected(second.ask)
    first.answer(0)  # The failure of the old connection's request comes late.
    second.answer_all()
    assert second.states == {"Stasis:*71*2": "NOT_INUSE"}


def test_a_refused_lamp_is_logged_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    wire, lamps = Wire(), AriLamps("n1")
    lamps.connected(wire.ask)
    wire.answer()
    lamps.show({"*71*2": RED, "*71*3": RED})
    wire.answer(500)
    wire.answer_all()
    assert wire.states == {"Stasis:*71*3": "INUSE"}
    assert "a lamp of node n1 was refused" in caplog.text
    lamps.show({"*71*2": RED})
    wire.answer_all()
    assert len(wire.states) == 2


def test_nonsense_from_asterisk_is_no_lamp() -> None:
    wire, lamps = Wire(), AriLamps("n1")
    lamps.connected(wire.ask)
    _, answered = wire.asked.pop()
    answered(200, "", [1, {"name": 2}, {"name": "Stasis:x", "state": "PURPLE"}, {"name": "y"}])
    assert [(each.method, each.uri) for each in wire.answer_all()] == [
        ("DELETE", "deviceStates/Stasis%3Ax")
    ]
