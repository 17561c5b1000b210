"""Callers whom the dialplan has: voicemail, call flows, the way back, and what can go wrong (Q-03)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from engine.core.callers.dialplan import FETCH_MS, FETCHES_MAX, LEAVE_CONTEXT, LISTEN_CONTEXT
from engine.core.causes import CONGESTION
from engine.core.commands import (
    FetchCall,
    HangUpCall,
    PlayPrompt,
    RingPhone,
    SendToDialplan,
    StopWaitingSound,
)
from engine.core.facts import (
    ActionRefused,
    CallEnd,
    CallEnded,
    CallStarted,
    InputIgnored,
    RouteReason,
    VisitStarted,
)
from engine.core.ids import CallId, EndpointName, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    TAKEN_BACK,
    CallActionRequested,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    EngineStarted,
    HangUpNow,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    SeenChannel,
    Transfer,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.places import CallFlow, ToCallFlow, ToMenu, ToQueue, ToVoicemail
from engine.core.policy import FeatureCodes
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK, Centre, queue, static
from tests.support.places import call_of, heard, house, is_in, menu, routes

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

INVALID = ("sound:pbx-invalid",)
DIALS = {
    "50": ToVoicemail("1001"),
    "51": ToCallFlow("shop"),
    "52": ToMenu("main"),
    "58": ToVoicemail("1003"),
    "59": ToCallFlow("gone"),
}


@pytest.fixture
def centre() -> Centre:
    waits = {"wait_ms_max": 5_000, "failure": ToVoicemail("8000"), "language": "zh"}
    return house(queue("6400", *static("1001"), **waits), menus=(menu("main"),), dials=DIALS)


def sent(centre: Centre) -> list[tuple[str, str]]:
    return [(each.context, each.extension) for each in centre.of(SendToDialplan)]


def test_a_caller_leaves_a_message(centre):
    call_id = centre.call("50")
    assert sent(centre) == [("usher-voicemail", "1001")]
    assert is_in(centre, call_id, CallState.AWAY)
    centre.wait(3_600_000)
    assert is_in(centre, call_id, CallState.AWAY), "voicemail ends by itself"
    centre.hang_up(call_id)
    assert centre.of(CallEnded)[0].ended_by is CallEnd.CALLER


def test_after_a_queue_the_music_is_stopped_first_and_the_box_knows_where_it_comes_from(centre):
    centre.reach("1001", reachable=False)
    call_id = centre.call("6400")
    centre.wait(5_000)
    kinds = [type(each) for each in centre.commands[-2:]]
    assert kinds == [StopWaitingSound, SendToDialplan]
    assert dict(centre.of(SendToDialplan)[0].variables) == {
        "USHER_CALL_ID": call_id,
        "USHER_QUEUE": "6400",
        "USHER_LANGUAGE": "zh",
        "USHER_TRIP": "1",
    }
    assert call_of(centre, call_id).sound is None


def test_a_call_flow_gets_its_context(centre):
    centre.call("51")
    assert sent(centre) == [("shop-context", "start")]
    assert dict(centre.of(SendToDialplan)[0].variables)["USHER_QUEUE"] == ""


@pytest.mark.parametrize("number", ["58", "59"])
def test_what_is_not_there_is_told(centre, number):
    centre.call(number)
    assert not sent(centre)
    assert heard(centre) == [INVALID]
    assert routes(centre)[0][2] is RouteReason.NO_SUCH_PLACE


class TestComingBack:
    """Out of a call flow, with a number."""

    def test_to_a_queue(self, centre):
        call_id = centre.call("51")
        centre.give(CallCameBack(call_id, "6400"))
        assert routes(centre) == [("call_flow shop", "6400", RouteReason.CAME_BACK, "6400")]
        assert centre.of(VisitStarted)[0].queue_id == "6400"
        assert is_in(centre, call_id, CallState.WAITING)

    def test_to_an_extension(self, centre):
        call_id = centre.call("51")
        centre.give(CallCameBack(call_id, "1005"))
        assert centre.rang() == ["1005"]
        assert not centre.of(InputIgnored)
        assert is_in(centre, call_id, CallState.DIALLING)

    def test_by_an_inbound_route_to_a_menu(self, centre):
        call_id = centre.call("51")
        centre.give(CallCameBack(call_id, "52"))
        assert is_in(centre, call_id, CallState.DECIDING)

    @pytest.mark.parametrize("number", ["", "s", "4711"])
    def test_to_nowhere(self, centre, number):
        call_id = centre.call("51")
        centre.give(CallCameBack(call_id, number))
        assert heard(centre) == [INVALID]
        assert is_in(centre, call_id, CallState.LISTENING)

    def test_a_phone_of_the_house_may_be_sent_to_what_it_could_dial(self, centre):
        centre.reach("1001", reachable=False)
        call_id = centre.call("6400", source="1005")
        centre.wait(5_000)
        centre.give(CallCameBack(call_id, "*97"))
        assert heard(centre)[-1] == ("sound:vm-messages", "sound:feature-not-avail-line")

    def test_in_circles_ends_with_congestion(self, centre):
        call_id = centre.call("51")
        for _ in range(30):
            if is_in(centre, call_id, CallState.AWAY):
                centre.give(CallCameBack(call_id, "51"))
        assert routes(centre)[-1][2] is RouteReason.LOOP
        assert is_in(centre, call_id, CallState.ENDING)

    def test_when_nobody_sent_it(self, centre):
        call_id = centre.call("6400")
        centre.give(CallCameBack(call_id, "1005"))
        centre.give(CallCameBack(CallId("stranger"), "1005"))
        assert len(centre.of(InputIgnored)) == 2
        assert is_in(centre, call_id, CallState.WAITING)


def test_what_cannot_be_sent_away_is_told(centre):
    call_id = centre.call("51")
    centre.give(CommandFailed(centre.of(SendToDialplan)[0], 422, "no such context"))
    assert heard(centre) == [INVALID]
    assert routes(centre) == [("call_flow shop", "prompt", RouteReason.NO_SUCH_PLACE, "")]
    assert is_in(centre, call_id, CallState.LISTENING)


def test_a_caller_who_is_gone_by_then_is_gone(centre):
    call_id = centre.call("51")
    centre.give(CommandFailed(centre.of(SendToDialplan)[0], 404, "no such channel"))
    assert call_id not in centre.core.state.calls


def test_a_late_failure_of_an_earlier_trip_means_nothing(centre):
    call_id = centre.call("51")
    first = centre.of(SendToDialplan)[0]
    centre.give(CallCameBack(call_id, "50"))
    centre.give(CommandFailed(first, 0, "late"))
    assert is_in(centre, call_id, CallState.AWAY)


def test_keys_and_holds_there_are_not_for_us(centre):
    call_id = centre.call("50")
    centre.press(call_id, "1")
    assert centre.of(InputIgnored)
    assert is_in(centre, call_id, CallState.AWAY)


def test_somebody_who_may_hangs_up(centre):
    call_id = centre.call("50")
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, HangUpNow(), BY_SYSTEM, version))
    assert centre.told(HangUpCall)
    assert is_in(centre, call_id, CallState.ENDING)


def test_an_agent_transfers_to_voicemail(centre):
    call_id = centre.call("6400")
    centre.answer("1001")
    version = call_of(centre, call_id).version
    action = Transfer(ToVoicemail("1002"))
    centre.give(CallActionRequested("r", call_id, action, BY_SYSTEM, version))
    assert sent(centre) == [("usher-voicemail", "1002")]
    assert dict(centre.of(SendToDialplan)[0].variables)["USHER_QUEUE"] == "6400"


class TestReconnection:
    """What happened to who was away while nobody watched."""

    def restart(self, centre: Centre, *seen: SeenChannel) -> None:
        snapshot = centre.core.snapshot()
        centre.core = RoutingCore.restore(json.loads(json.dumps(snapshot)))
        assert centre.core.snapshot() == snapshot
        centre.give(EngineStarted())
        centre.wait(10_000)
        centre.give(NodeConnected(NODE, seen))

    def test_still_away(self, centre):
        call_id = centre.call("51")
        self.restart(centre, SeenChannel(call_id, True, None, TRUNK, "start", away=True))
        assert len(sent(centre)) == 1
        assert is_in(centre, call_id, CallState.AWAY)
        centre.give(CallCameBack(call_id, "6400"))
        assert is_in(centre, call_id, CallState.WAITING)

    def test_gone(self, centre):
        call_id = centre.call("51")
        self.restart(centre)
        assert call_id not in centre.core.state.calls
        assert centre.of(CallEnded)

    def test_came_back(self, centre):
        call_id = centre.call("51")
        self.restart(centre, SeenChannel(call_id, True, None, TRUNK, "6400", trip=1))
        assert is_in(centre, call_id, CallState.WAITING)
        assert routes(centre)[0][2] is RouteReason.CAME_BACK

    def test_came_back_to_where_it_began(self, centre):
        """Only the trip tells it from one that has never left."""
        call_id = centre.call("51")
        self.restart(centre, SeenChannel(call_id, True, None, TRUNK, "51", trip=1))
        assert routes(centre)[0][2] is RouteReason.CAME_BACK
        assert sent(centre) == [("shop-context", "start")] * 2, "the number leads there again"
        assert call_of(centre, call_id).trip.ordinal == 2

    def test_never_left(self, centre):
        call_id = centre.call("51")
        self.restart(centre, SeenChannel(call_id, True, None, TRUNK, "51"))
        assert sent(centre) == [("shop-context", "start")] * 2
        assert is_in(centre, call_id, CallState.AWAY)

    def test_never_left_the_second_time(self, centre):
        call_id = centre.call("51")
        centre.give(CallCameBack(call_id, "50"))
        self.restart(centre, SeenChannel(call_id, True, None, TRUNK, "50", trip=1))
        assert sent(centre)[-1] == ("usher-voicemail", "1001")
        assert len(sent(centre)) == 3

    def called_party_is_away(self, centre: Centre) -> CallId:
        """The caller passes on whom they called: that channel was a leg of Usher's."""
        call_id = centre.call("1001", source="1002")
        leg_id = centre.told(RingPhone)[0].leg_id
        centre.give(LegAnswered(leg_id))
        centre.give(TransferRequested(call_id, "6400"))
        centre.wait(5_000)
        assert is_in(centre, CallId(leg_id), CallState.AWAY)
        return CallId(leg_id)

    def test_a_called_party_came_back(self, centre):
        party = self.called_party_is_away(centre)
        seen = SeenChannel(party, True, None, EndpointName("1001"), "6400", trip=1)
        self.restart(centre, seen)
        assert is_in(centre, party, CallState.WAITING)
        assert len(sent(centre)) == 1

    @pytest.mark.parametrize("dialled", ["", "s"])
    def test_a_called_party_never_left(self, centre, dialled):
        party = self.called_party_is_away(centre)
        self.restart(centre, SeenChannel(party, True, None, EndpointName("1001"), dialled))
        assert is_in(centre, party, CallState.AWAY)
        assert sent(centre) == [("usher-voicemail", "8000")] * 2

    def test_a_called_party_is_still_away(self, centre):
        party = self.called_party_is_away(centre)
        seen = SeenChannel(party, True, None, EndpointName("1001"), "start", away=True)
        self.restart(centre, seen)
        assert is_in(centre, party, CallState.AWAY)
        assert len(sent(centre)) == 1
        centre.give(CallerHungUp(party, 16))
        assert party not in centre.core.state.calls

    def test_a_stranger_whom_the_dialplan_has_is_taken_in_where_they_are(self, centre):
        seen = SeenChannel("s1", True, None, TRUNK, "start", away=True)
        centre.give(NodeConnected(NODE, (seen,)))
        (started,) = centre.told(CallStarted)
        assert started.call_id == "s1"
        assert not centre.told(PlayPrompt)
        centre.give(NodeConnected(NODE, (seen,)))
        assert is_in(centre, CallId("s1"), CallState.AWAY)
        centre.give(CallCameBack(CallId("s1"), "6400"))
        assert is_in(centre, CallId("s1"), CallState.WAITING)


class TestListening:
    """The code for boxes."""

    def test_the_own_box(self, centre):
        call_id = centre.call("*97", source="1001")
        assert sent(centre) == [("usher-mailbox", "1001")]
        assert is_in(centre, call_id, CallState.AWAY)
        assert not centre.rang()

    def test_a_groups_box_of_a_member(self, centre):
        centre.call("*978000", source="1003")
        assert sent(centre) == [("usher-mailbox", "8000")]

    @pytest.mark.parametrize(
        ("dialled", "source", "why"),
        [
            ("*97", "1003", "no such voicemail box"),
            ("*974711", "1001", "no such voicemail box"),
            ("*978000", "1002", "not allowed"),
            ("*971001", "1002", "not allowed"),
        ],
    )
    def test_others_are_refused_aloud(self, centre, dialled, source, why):
        centre.call(dialled, source=source)
        assert not sent(centre)
        (refused,) = centre.of(ActionRefused)
        assert (refused.action, refused.why, refused.by) == ("voicemail", why, source)
        assert len(heard(centre)) == 1

    def test_the_code_can_be_switched_off(self):
        centre = house(feature_codes=FeatureCodes(voicemail=""))
        centre.call("*97", source="1001")
        assert not sent(centre)
        assert heard(centre) == [INVALID]


def test_to_a_box_that_was_removed_while_the_caller_waited(centre):
    centre.reach("1001", reachable=False)
    call_id = centre.call("6400")
    centre.apply(queue("6400", wait_ms_max=5_000, failure=ToVoicemail("8000")))
    centre.wait(5_000)
    assert is_in(centre, call_id, CallState.LISTENING)
    assert heard(centre)[-1] == INVALID


def test_overflow_of_two_queues_in_a_circle_is_a_new_visit_each_time_and_bounded():
    centre = house(
        queue("6400", wait_ms_max=1_000, failure=ToQueue(QueueId("6401"))),
        queue("6401", wait_ms_max=1_000, failure=ToQueue(QueueId("6400"))),
    )
    call_id = centre.call("6400")
    centre.wait(60_000)
    visits = [each.visit_id for each in centre.of(VisitStarted)]
    assert len(visits) == len(set(visits)) == 20
    assert [each.queue_id for each in centre.of(VisitStarted)][:3] == ["6400", "6401", "6400"]
    assert routes(centre)[-1] == ("", "hang_up", RouteReason.LOOP, "")
    assert is_in(centre, call_id, CallState.ENDING)
    assert centre.of(HangUpCall)[0].cause == CONGESTION


@pytest.mark.parametrize("context", [LEAVE_CONTEXT, LISTEN_CONTEXT])
def test_the_dialplan_has_the_contexts_that_calls_are_sent_to(context):
    template = Path(__file__).parents[3] / "dialplan" / "extensions.conf.j2"
    assert f"\n[{context}]\n" in template.read_text()


def test_the_dialplan_says_who_was_taken_back():
    template = Path(__file__).parents[3] / "dialplan" / "extensions.conf.j2"
    assert (
        f"ChannelRedirect(${{USHER_FETCH}},usher-return,{TAKEN_BACK},1)\n" in template.read_text()
    )


LIMIT_MS = 60_000


@pytest.fixture
def limited() -> Centre:
    """A call flow that may keep a caller for a minute; then the queue takes over."""
    centre = house(queue("6400", *static("1001")), menus=(menu("main"),), dials=DIALS)
    flow = CallFlow("shop", "shop", limit_ms=LIMIT_MS, too_long=ToQueue(QueueId("6400")))
    centre.reload(dataclasses.replace(centre.policy, call_flows=(flow,)))
    return centre


def fetched(centre: Centre) -> list[CallId]:
    return [each.call_id for each in centre.of(FetchCall)]


def test_a_caller_whom_a_flow_keeps_for_too_long_is_taken_back_and_goes_on(limited):
    call_id = limited.call("51")
    limited.wait(LIMIT_MS - 1)
    assert not fetched(limited)
    limited.wait(1)
    assert fetched(limited) == [call_id]
    assert is_in(limited, call_id, CallState.AWAY), "until Asterisk gives the caller back"
    limited.give(CallCameBack(call_id, TAKEN_BACK))
    assert [each.call_id for each in limited.of(VisitStarted)] == [call_id]
    assert routes(limited)[-1] == ("call_flow shop", "6400", RouteReason.TOO_LONG, "")
    limited.wait(LIMIT_MS)
    assert fetched(limited) == [call_id]


def test_who_comes_back_in_time_is_not_taken_back(limited):
    call_id = limited.call("51")
    limited.wait(LIMIT_MS - 1)
    limited.give(CallCameBack(call_id, "1001"))
    limited.wait(LIMIT_MS)
    assert not fetched(limited)


def away_too_long_ago(limited: Centre) -> CallId:
    """A caller whose time was over while Usher was away; nobody knows whether the flow has them still."""
    call_id = limited.call("51")
    limited.give(NodeDisconnected(NODE))
    limited.wait(2 * LIMIT_MS)
    assert not fetched(limited)
    limited.give(NodeConnected(NODE, (SeenChannel(call_id, True, away=True),)))
    limited.wait(0)
    assert fetched(limited) == [call_id]
    return call_id


def test_who_came_back_while_usher_was_away_goes_where_they_asked(limited):
    """They wait in `usher-return` until Usher is there, and are not taken from there."""
    call_id = away_too_long_ago(limited)
    limited.give(CallCameBack(call_id, "52"))
    assert routes(limited)[-1] == ("call_flow shop", "menu main", RouteReason.CAME_BACK, "52")
    assert is_in(limited, call_id, CallState.DECIDING)


@pytest.mark.parametrize("asks", ["", "s"])
def test_a_flow_that_is_not_there_is_told_even_when_its_time_is_over(limited, asks):
    call_id = away_too_long_ago(limited)
    limited.give(CallCameBack(call_id, asks))
    assert heard(limited) == [INVALID]
    assert is_in(limited, call_id, CallState.LISTENING)


@pytest.mark.parametrize(
    ("dialled", "why"), [("52", RouteReason.CAME_BACK), (TAKEN_BACK, RouteReason.TOO_LONG)]
)
def test_who_is_back_after_one_more_outage_goes_on_as_well(limited, dialled, why):
    call_id = away_too_long_ago(limited)
    limited.give(NodeDisconnected(NODE))
    seen = SeenChannel(call_id, True, None, TRUNK, dialled, trip=1)
    limited.give(NodeConnected(NODE, (seen,)))
    assert routes(limited)[-1][2] is why


def test_nobody_is_taken_back_by_a_flow_that_says_so_itself(limited):
    call_id = limited.call("51")
    limited.give(CallCameBack(call_id, TAKEN_BACK))
    assert heard(limited) == [INVALID]


def test_taking_back_names_the_trip(limited):
    """Carried out late, it takes nobody out of the next one."""
    call_id = limited.call("51")
    limited.wait(LIMIT_MS)
    limited.give(CallCameBack(call_id, "51"))
    limited.wait(LIMIT_MS)
    trips = [dict(each.variables)["USHER_TRIP"] for each in limited.of(SendToDialplan)]
    assert [str(each.trip) for each in limited.of(FetchCall)] == trips == ["1", "2"]


def test_each_trip_has_the_whole_time(limited):
    call_id = limited.call("51")
    limited.wait(LIMIT_MS - 1)
    limited.give(CallCameBack(call_id, "51"))
    limited.wait(LIMIT_MS - 1)
    assert not fetched(limited)


def test_voicemail_and_a_flow_without_a_limit_keep_callers(limited):
    limited.call("50")
    limited.wait(100 * LIMIT_MS)
    assert not fetched(limited)


def test_who_cannot_be_taken_back_is_hung_up_at_last(limited):
    call_id = limited.call("51")
    limited.wait(LIMIT_MS)
    limited.give(CommandFailed(limited.of(FetchCall)[-1], 500, "Allocation failed"))
    limited.wait(FETCHES_MAX * FETCH_MS)
    assert fetched(limited) == [call_id] * FETCHES_MAX
    assert limited.of(CallEnded)[0].ended_by is CallEnd.SYSTEM
    assert [each.call_id for each in limited.of(HangUpCall)] == [call_id]
    limited.hang_up(call_id)
    limited.core.check()


def test_a_caller_who_hangs_up_meanwhile_is_gone(limited):
    call_id = limited.call("51")
    limited.wait(LIMIT_MS)
    limited.hang_up(call_id)
    limited.wait(LIMIT_MS)
    assert fetched(limited) == [call_id]
    limited.core.check()


def test_a_limit_outlives_a_restart_and_waits_for_the_connection(limited):
    call_id = limited.call("51")
    saved = json.loads(json.dumps(limited.core.snapshot()))
    limited.core = RoutingCore.restore(saved)
    limited.give(EngineStarted())
    limited.wait(2 * LIMIT_MS)
    assert not fetched(limited)
    limited.give(NodeConnected(NODE, (SeenChannel(call_id, True, away=True),)))
    limited.wait(0)
    assert fetched(limited) == [call_id]
    limited.give(CallCameBack(call_id, TAKEN_BACK))
    assert is_in(limited, call_id, CallState.WAITING)


def test_a_flow_that_is_changed_meanwhile_counts_as_it_was(limited):
    call_id = limited.call("51")
    limited.reload(dataclasses.replace(limited.policy, call_flows=()))
    limited.wait(LIMIT_MS)
    limited.give(CallCameBack(call_id, TAKEN_BACK))
    assert is_in(limited, call_id, CallState.WAITING)
