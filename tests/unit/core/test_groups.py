"""Ring groups: who rings, who wins, what follows when nobody does (Q-03)."""

from __future__ import annotations

import dataclasses
import json

import pytest

from engine.core.commands import HangUpCall, HangUpLeg, RingPhone, StartWaitingSound
from engine.core.facts import (
    CallEnd,
    CallEnded,
    CallTransferred,
    OfferMade,
    RouteReason,
    TalkStarted,
)
from engine.core.ids import QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    CallActionRequested,
    CommandFailed,
    EngineStarted,
    HangUpNow,
    LegAnswered,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    PolicyApplied,
    SeenChannel,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.places import (
    GroupStrategy,
    HangUp,
    PlayThenHangUp,
    RingGroup,
    ToExtension,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.router import RoutingCore
from engine.core.talking.legs import VANISHED_MS
from tests.support.centre import NODE, TRUNK, Centre, queue, static
from tests.support.places import call_of, furnish, heard, house, is_in, routes, rung_legs

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

DESK = ("1001", "1002", "1003")
DIALS = {"55": ToRingGroup("desk")}


def centre_with(*queues, **options) -> Centre:
    options.setdefault("failure", ToVoicemail("8000"))
    group = RingGroup("desk", options.pop("members", DESK), **options)
    return house(*queues, groups=(group,), dials=DIALS)


@pytest.fixture
def centre() -> Centre:
    return centre_with()


@pytest.fixture
def row() -> Centre:
    """A group that rings in order."""
    return centre_with(strategy=GroupStrategy.IN_ORDER)


def test_all_phones_ring_and_the_caller_hears_ringing(centre):
    centre.call("55")
    assert centre.rang() == list(DESK)
    assert centre.told(StartWaitingSound)[0].sound.music_class is None


def test_the_first_answer_wins_and_the_others_show_no_missed_call(centre):
    call_id = centre.call("55")
    legs = rung_legs(centre)
    centre.give(LegAnswered(legs["1002"]))
    (talk,) = centre.told(TalkStarted)
    assert (talk.party, talk.queue_id, talk.agent_id) == ("1002", None, "1002")
    stopped = {each.leg_id: each.answered_elsewhere for each in centre.told(HangUpLeg)}
    assert stopped == {legs["1001"]: True, legs["1003"]: True}
    centre.give(LegAnswered(legs["1001"]))
    assert call_of(centre, call_id).leg_id == legs["1002"]


def test_phones_in_use_and_out_of_reach_are_not_rung(centre):
    centre.call("1009", source="1001")
    centre.reach("1002", reachable=False)
    centre.call("55")
    assert centre.rang() == ["1003"]


def test_nor_is_the_phone_that_calls():
    centre = house(
        queue("6400", wait_ms_max=1_000, failure=ToRingGroup("desk")),
        groups=(RingGroup("desk", DESK),),
    )
    call_id = centre.call("6400", source="1002")
    centre.wait(1_000)
    assert centre.rang() == ["1001", "1003"]
    assert is_in(centre, call_id, CallState.DIALLING)


def test_nobody_answers(centre):
    call_id = centre.call("55")
    centre.wait(20_000)
    assert len(centre.of(HangUpLeg)) == 3
    assert not any(each.answered_elsewhere for each in centre.of(HangUpLeg))
    assert routes(centre) == [("desk", "voicemail 8000", RouteReason.NOBODY_ANSWERED, "")]
    assert is_in(centre, call_id, CallState.AWAY)


def test_nobody_can_be_rung(centre):
    for number in DESK:
        centre.reach(number, reachable=False)
    call_id = centre.call("55")
    assert not centre.rang()
    assert routes(centre)[0][2] is RouteReason.NOBODY_ANSWERED
    assert is_in(centre, call_id, CallState.AWAY)
    assert call_of(centre, call_id).sound is None


def test_all_refuse(centre):
    centre.call("55")
    for leg_id in rung_legs(centre).values():
        assert not routes(centre)
        centre.end_leg(leg_id, 21)
    assert routes(centre)[0][2] is RouteReason.NOBODY_ANSWERED


def test_in_order_one_after_the_other_rings(row):
    row.call("55")
    assert row.rang() == ["1001"]
    row.wait(20_000)
    assert row.rang() == ["1002"]
    row.end_leg(rung_legs(row)["1002"], 17)
    assert row.rang() == ["1003"]
    row.wait(19_999)
    assert not routes(row)
    row.wait(1)
    assert routes(row)[0][2] is RouteReason.NOBODY_ANSWERED


def test_in_order_who_is_busy_at_their_turn_is_skipped(row):
    row.call("55")
    row.call("1009", source="1002")
    row.wait(20_000)
    assert row.rang() == ["1003"]


def test_a_phone_that_ring_cannot_reach_gives_way(row):
    row.call("55")
    row.give(CommandFailed(row.of(RingPhone)[-1], 500, "no"))
    assert row.rang() == ["1002"]


def test_a_phone_that_vanishes_gives_way(row):
    row.call("55")
    row.reach("1001", reachable=False)
    row.wait(VANISHED_MS)
    assert row.rang() == ["1002"]


def test_a_phone_that_forwards_is_not_followed(row):
    row.call("55")
    row.give(LegEnded(rung_legs(row)["1001"], 0, forward_to="1007"))
    assert row.rang() == ["1002"]
    assert not row.of(CallTransferred)


def test_the_caller_hangs_up_in_mid_ring(centre):
    call_id = centre.call("55")
    centre.hang_up(call_id)
    assert len(centre.told(HangUpLeg)) == 3
    assert not any(each.answered_elsewhere for each in centre.told(HangUpLeg))
    assert centre.of(CallEnded)[0].ended_by is CallEnd.CALLER
    centre.obey()
    assert not centre.core.state.legs


def test_an_agent_who_is_rung_by_a_group_is_in_use_for_queues():
    centre = centre_with(queue("6400", *static("1001", "1004")))
    centre.call("55")
    centre.call("6400")
    assert [each.agent_id for each in centre.of(OfferMade)] == ["1004"]
    centre.wait(20_000)
    centre.obey()
    centre.call("6400")
    assert [each.agent_id for each in centre.of(OfferMade)] == ["1004", "1001"]


def test_from_a_queue_the_caller_keeps_its_music():
    centre = centre_with(queue("6400", wait_ms_max=1_000, failure=ToRingGroup("desk")))
    call_id = centre.call("6400")
    centre.wait(1_000)
    assert centre.rang() == list(DESK)
    assert call_of(centre, call_id).sound.music_class == "default"
    assert not centre.told(StartWaitingSound)


def test_a_group_that_fails_to_itself_ends():
    centre = centre_with(failure=ToRingGroup("desk"), ring_timeout_ms=1_000)
    call_id = centre.call("55")
    centre.wait(60_000)
    assert call_id not in centre.core.state.calls
    assert routes(centre)[-1][2] is RouteReason.LOOP


def test_a_group_of_nobody_that_fails_to_itself_ends_at_once():
    centre = centre_with(failure=ToRingGroup("desk"), members=("1077",))
    centre.call("55")
    assert routes(centre)[-1][2] is RouteReason.LOOP


class TestTransfers:
    """Into a group; groups have no number, so by a queue, a service or a consultation."""

    def blind(self, centre: Centre):
        """1005 talks to a caller of 6400 and transfers to 6401, whose callers go to the group."""
        call_id = centre.call("6400")
        leg_id = centre.answer("1005")
        centre.give(TransferRequested(leg_id, "6401", None))
        return call_id

    @pytest.mark.parametrize("failure", [HangUp(17), PlayThenHangUp(("sound:bye",))])
    def test_nobody_answers_and_who_transferred_gets_it_back(self, failure):
        centre = centre_with(
            queue("6400", *static("1005")),
            queue("6401", wait_ms_max=1_000, failure=ToRingGroup("desk")),
            failure=failure,
        )
        call_id = self.blind(centre)
        call_of(centre, call_id).return_to = "1005"
        centre.obey()
        centre.wait(21_000)
        assert centre.rang() == ["1005"]
        assert routes(centre)[-1] == ("desk", "1005", RouteReason.NOBODY_ANSWERED, "")

    def test_but_a_place_of_the_groups_own_comes_first(self):
        centre = centre_with(
            queue("6400", *static("1005")),
            queue("6401", wait_ms_max=1_000, failure=ToRingGroup("desk")),
        )
        call_id = self.blind(centre)
        call_of(centre, call_id).return_to = "1005"
        centre.wait(21_000)
        assert is_in(centre, call_id, CallState.AWAY)

    def test_a_consultation_that_still_rings_rings_on_for_the_caller(self):
        centre = centre_with(
            queue("6400", *static("1005")),
            queue("6401", wait_ms_max=1_000, failure=ToRingGroup("desk")),
        )
        call_id = centre.call("6400")
        leg_id = centre.answer("1005")
        consult = centre.call("6401", source="1005")
        centre.wait(1_000)
        legs = rung_legs(centre)
        assert set(legs) == set(DESK)
        centre.give(TransferRequested(leg_id, "", consult))
        assert centre.told(CallTransferred)[0].to == "ring_group desk"
        assert not centre.told(HangUpLeg) or legs["1001"] not in {
            each.leg_id for each in centre.told(HangUpLeg)
        }
        centre.give(LegAnswered(legs["1003"]))
        assert centre.told(TalkStarted)[0].call_id == call_id
        centre.obey()
        assert call_of(centre, call_id).leg_id == legs["1003"]


def test_a_reload_changes_nothing_for_who_is_in_a_group(row):
    row.call("55")
    furnish(row, groups=())
    row.wait(20_000)
    assert row.rang() == ["1002"]
    row.call("55")
    assert heard(row)[-1] == ("sound:pbx-invalid",)


def test_a_removed_extension_is_not_rung_any_more(row):
    row.call("55")
    kept = tuple(each for each in row.policy.extensions if each.number != "1002")
    row.policy = dataclasses.replace(row.policy, extensions=kept)
    row.give(PolicyApplied(row.policy))
    row.wait(20_000)
    assert row.rang() == ["1003"]


def test_a_restart_in_mid_ring(centre):
    call_id = centre.call("55")
    legs = rung_legs(centre)
    snapshot = centre.core.snapshot()
    centre.core = RoutingCore.restore(json.loads(json.dumps(snapshot)))
    assert centre.core.snapshot() == snapshot
    centre.give(EngineStarted())
    there = (
        SeenChannel(call_id, True, None, TRUNK, "55"),
        SeenChannel(legs["1001"], False),
        SeenChannel(legs["1003"], True),
    )
    centre.give(NodeConnected(NODE, there))
    assert centre.told(TalkStarted)[0].party == "1003"
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [legs["1001"]]


def test_all_phones_stopped_while_nobody_watched(row):
    call_id = row.call("55")
    row.give(NodeDisconnected(NODE))
    row.wait(60_000)
    row.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "55"),)))
    assert row.rang() == ["1002"]


def test_a_manager_hangs_up_in_mid_ring(centre):
    call_id = centre.call("55")
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, HangUpNow(), BY_SYSTEM, version))
    assert len(centre.told(HangUpLeg)) == 3
    assert centre.told(HangUpCall)


def test_destinations_after_a_group_are_reached():
    centre = centre_with(queue("6400", *static("1005")), failure=ToQueue(QueueId("6400")))
    centre.call("55")
    centre.wait(20_000)
    assert [each.agent_id for each in centre.of(OfferMade)] == ["1005"]
    centre = centre_with(failure=ToExtension("1006"))
    centre.call("55")
    centre.wait(20_000)
    assert centre.rang() == ["1006"]
