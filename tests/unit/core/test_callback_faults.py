"""Callbacks through restarts, lost connections and refused commands (C-06)."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.commands import Connect, HangUpCall, RingPhone, StartWaitingSound
from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackReason,
    CallEnd,
    CallEnded,
    OfferEnded,
    OfferReason,
    TalkStarted,
)
from engine.core.ids import EndpointName, LegId, NodeId
from engine.core.inputs import (
    CommandFailed,
    EngineStarted,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    PhoneReachable,
    PlaybackEnded,
    PolicyApplied,
    SeenChannel,
)
from engine.core.prompting.hearing import RINGING
from engine.core.router import RoutingCore
from tests.support.callback import DID, Callbacks, terms
from tests.support.centre import NODE, TRUNK, dynamic, static

pytestmark = pytest.mark.unit

OTHER_NODE = NodeId("n2")


def restart_engine(centre):
    """The process dies and a new one holds the same state."""
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.give(EngineStarted())


def come_back(centre, *channels, boot_id=""):
    """The connection is back; these channels exist."""
    centre.give(NodeConnected(NODE, channels, (), boot_id))


def seen(channel_id, *, up):
    return SeenChannel(channel_id, up, None, TRUNK)


@pytest.mark.row("C-06")
@pytest.mark.parametrize("boot_id", ["", "second"])
def test_who_waits_survives_a_restart_of_engine_and_asterisk(boot_id):
    centre = Callbacks(*dynamic("1001"))
    come_back(centre, boot_id="first")
    waiting = centre.requested().call_id
    place = centre.pending.visit.place
    centre.wait(60_000)
    restart_engine(centre)
    assert not centre.ringing()
    come_back(centre, boot_id=boot_id)
    assert centre.pending.call_id == waiting
    assert centre.pending.visit.place == place
    assert not centre.told(HangUpCall)
    centre.log_in("1001", queue_id=DID)
    centre.agent_takes("1001")
    centre.customer_answers()
    assert centre.told(TalkStarted)


@pytest.mark.row("C-06")
def test_an_agent_who_came_free_while_the_node_was_away_is_rung_when_it_is_back():
    centre = Callbacks(*dynamic("1001"))
    centre.requested()
    centre.give(NodeDisconnected(NODE))
    centre.log_in("1001", queue_id=DID)
    assert not centre.ringing()
    come_back(centre)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("C-06")
def test_an_attempt_whose_channel_is_gone_is_used_up_and_never_repeated():
    centre = Callbacks(*static("1001"), callback=terms(attempts=2))
    first = centre.requested().call_id
    leg_id = centre.agent_takes("1001")
    restart_engine(centre)
    come_back(centre, seen(leg_id, up=True))
    assert centre.pending.call_id != first
    assert centre.pending.callback.attempts == 1
    assert not [each for each in centre.told(RingPhone) if each.number is not None]
    assert len(centre.of(CallbackAttempted)) == 1
    assert centre.pending.visit.resting


@pytest.mark.row("C-06")
def test_the_last_attempt_lost_with_asterisk_is_a_failed_callback():
    centre = Callbacks(*static("1001"))
    come_back(centre, boot_id="first")
    waiting = centre.requested().call_id
    centre.agent_takes("1001")
    centre.give(NodeDisconnected(NODE))
    come_back(centre, boot_id="second")
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.CUSTOMER_NO_ANSWER
    lost = {each.call_id: each.ended_by for each in centre.of(CallEnded)}
    assert lost[waiting] is CallEnd.LOST
    assert not centre.core.state.legs
    assert not centre.core.state.calls


@pytest.mark.row("C-06")
def test_a_customer_who_picked_up_meanwhile_is_connected():
    centre = Callbacks(*static("1001"))
    waiting = centre.requested().call_id
    leg_id = centre.agent_takes("1001")
    restart_engine(centre)
    come_back(centre, seen(waiting, up=True), seen(leg_id, up=True))
    (connect, *_) = centre.told(Connect)
    assert (connect.call_id, connect.leg_id) == (waiting, leg_id)
    assert centre.of(CallbackEnded)[0].reason is CallbackReason.TALKED


@pytest.mark.row("C-06")
def test_a_customers_phone_that_still_rings_rings_on():
    centre = Callbacks(*static("1001"))
    waiting = centre.requested().call_id
    leg_id = centre.agent_takes("1001")
    centre.give(NodeDisconnected(NODE))
    centre.wait(60_000)
    assert not centre.of(CallbackEnded), "while nobody can be told, nothing is decided"
    centre.give(NodeConnected(NODE, (seen(waiting, up=False), seen(leg_id, up=True))))
    assert not centre.told(RingPhone)
    assert [each.call_id for each in centre.told(StartWaitingSound)] == [leg_id]
    centre.customer_answers()
    assert centre.told(TalkStarted)


@pytest.mark.row("C-06")
def test_an_agent_who_hung_up_meanwhile():
    centre = Callbacks(*static("1001"))
    waiting = centre.requested().call_id
    centre.agent_takes("1001")
    centre.give(NodeDisconnected(NODE))
    come_back(centre, seen(waiting, up=False))
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.AGENT_HUNG_UP
    assert [each.call_id for each in centre.told(HangUpCall)] == [waiting]


@pytest.mark.row("C-06")
def test_the_agent_hears_who_it_is_while_the_node_is_lost_then_the_customer_is_called():
    centre = Callbacks(*static("1001"))
    centre.requested()
    leg_id = centre.answer("1001")
    centre.give(NodeDisconnected(NODE))
    centre.give(PlaybackEnded(centre.commands[-1].playback_id, True))
    assert not centre.called()
    come_back(centre, seen(leg_id, up=True))
    assert len(centre.called()) == 1


def test_a_customers_phone_that_cannot_be_rung():
    centre = Callbacks(*static("1001"))
    waiting = centre.requested().call_id
    centre.agent_takes("1001")
    (command,) = centre.told(RingPhone)
    centre.give(CommandFailed(command, 500, "because"))
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.CUSTOMER_NO_ANSWER
    assert [each.call_id for each in centre.told(HangUpCall)] == [waiting], "it may exist"
    centre.give(CommandFailed(centre.told(HangUpCall)[0], 404, "no such channel"))
    assert waiting not in centre.core.state.calls


def test_ringing_that_the_agent_cannot_be_given_changes_nothing():
    centre = Callbacks(*static("1001"))
    centre.requested()
    centre.agent_takes("1001")
    (command,) = centre.told(StartWaitingSound)
    centre.give(CommandFailed(command, 500, "because"))
    centre.customer_answers()
    assert centre.told(TalkStarted)


def test_a_prompt_that_cannot_be_played_holds_nobody_up():
    centre = Callbacks(*static("1001"))
    centre.requested()
    centre.answer("1001")
    centre.give(CommandFailed(centre.commands[-1], 500, "because"))
    assert len(centre.called()) == 1
    centre.heard(next(iter(centre.core.state.legs)))
    assert len(centre.called()) == 1, "said twice, done once"


@pytest.mark.row("C-06")
def test_a_removed_node_hands_its_callbacks_to_another():
    centre = Callbacks(*static("1001"), callback=terms(attempts=2))
    both = dataclasses.replace(centre.policy, nodes=(NODE, OTHER_NODE))
    centre.reload(both)
    centre.give(NodeConnected(OTHER_NODE, ()))
    centre.requested()
    centre.agent_takes("1001")
    centre.reload(dataclasses.replace(both, nodes=(OTHER_NODE,)))
    assert centre.pending.node == OTHER_NODE
    assert centre.pending.callback.attempts == 1
    centre.reload(dataclasses.replace(both, nodes=(NODE,)))
    assert centre.pending.node == NODE


@pytest.mark.row("C-06")
def test_who_waits_without_a_channel_needs_no_certain_asterisk():
    """One of two is lost for long: its callers wait for it, the callback is served by the other."""
    centre = Callbacks(*dynamic("1001"), callback=terms(timeout_ms=60_000))
    centre.reload(dataclasses.replace(centre.policy, nodes=(NODE, OTHER_NODE)))
    centre.requested()
    centre.give(NodeDisconnected(NODE))
    centre.wait(30_000)
    centre.give(NodeConnected(OTHER_NODE, ()))
    assert centre.pending.node == OTHER_NODE
    centre.give(PhoneReachable(OTHER_NODE, EndpointName("1001"), True))
    centre.log_in("1001", queue_id=DID)
    assert [each.node for each in centre.told(RingPhone)] == [OTHER_NODE]
    centre.give(NodeDisconnected(OTHER_NODE))
    centre.give(NodeConnected(NODE, ()))
    assert centre.pending.node == OTHER_NODE, "its agent's phone rings there"


@pytest.mark.row("C-04")
def test_time_that_ran_out_while_nobody_could_be_reached_counts_at_the_first_that_can():
    centre = Callbacks(*dynamic("1001"), callback=terms(timeout_ms=60_000))
    centre.reload(dataclasses.replace(centre.policy, nodes=(NODE, OTHER_NODE)))
    centre.requested()
    centre.give(NodeDisconnected(NODE))
    centre.wait(70_000)
    assert not centre.of(CallbackEnded)
    centre.give(NodeConnected(OTHER_NODE, ()))
    centre.wait(0)
    assert centre.of(CallbackEnded)[0].reason is CallbackReason.NO_AGENT


@pytest.mark.row("C-05")
def test_without_any_other_node_they_have_failed():
    centre = Callbacks(*static("1001"))
    centre.requested()
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, nodes=())))
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.NO_AGENT
    assert centre.of(OfferEnded)[-1].reason in (OfferReason.LOST, OfferReason.VISIT_ENDED)


@pytest.mark.row("C-06")
def test_a_customer_who_answers_too_late_is_hung_up():
    centre = Callbacks(*static("1001"), callback=terms(ring_timeout_ms=20_000, attempts=2))
    first = centre.requested().call_id
    centre.agent_takes("1001")
    centre.wait(20_000)
    centre.give(LegAnswered(LegId(first)))
    assert not centre.told(TalkStarted)
    assert first in [each.call_id for each in centre.of(HangUpCall)]


def test_music_that_fails_late_begins_as_ringing_after_the_questions_only():
    """The answer to a command can be late: a caller who is asked by then hears no ringing beside it."""
    centre = Callbacks()
    call_id = centre.dial()
    (music,) = centre.told(StartWaitingSound)
    centre.press(call_id, "2")
    centre.heard(call_id)
    centre.give(CommandFailed(music, 0, "no answer in time"))
    assert not centre.told(StartWaitingSound)
    centre.keys(call_id, "2")
    for _ in range(3):
        centre.heard(call_id)
        centre.wait(5_000)
    assert [each.sound for each in centre.of(StartWaitingSound)][1:] == [RINGING]


def test_no_music_begins_amid_the_questions_when_the_node_is_back() -> None:
    """It had been refused before; who enters a number hears it afterwards."""
    centre = Callbacks()
    call_id = centre.dial()
    (start,) = centre.of(StartWaitingSound)
    centre.keys(call_id, "22")
    centre.heard(call_id)
    centre.give(NodeDisconnected(NODE))
    centre.give(CommandFailed(start, 0, "connection lost"))
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    assert centre.told(StartWaitingSound) == []
    for _ in range(3):  # No number comes.
        centre.wait(20_000)
        centre.heard(call_id)
    assert [each.call_id for each in centre.of(StartWaitingSound)] == [call_id, call_id]
