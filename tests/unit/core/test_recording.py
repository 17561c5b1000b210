"""Recordings of talks: when they run, who changes them, and that each of them ends exactly once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.core.commands import (
    ChangeRecording,
    RecordingChange,
    StartRecording,
    StopMonitor,
)
from engine.core.facts import (
    CallEnd,
    CallEnded,
    InputIgnored,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    TalkEnded,
)
from engine.core.ids import CallId, LegId, bridge_id_of
from engine.core.inputs import (
    BY_SYSTEM,
    CommandFailed,
    EngineStarted,
    HoldChanged,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    PolicyApplied,
    RecordingAction,
    RecordingFinished,
    SeenChannel,
)
from engine.core.model.leg import Leg
from engine.core.policy import RecordingPolicy, Right
from engine.core.refusals import Refusal
from engine.core.router import RoutingCore
from engine.core.supervision import recording
from engine.core.supervision.recording import STOP_MS_MAX, file_name
from tests.support.centre import NODE, TRUNK, Centre, changed, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("S-04")]

BOSS = "1009"
START, STOP, PAUSE, RESUME = (
    RecordingAction.START,
    RecordingAction.STOP,
    RecordingAction.PAUSE,
    RecordingAction.RESUME,
)
by_hand = queue("6400", *static("1001"), managers=(BOSS,), manager_rights=(Right.RECORD,))
always = changed(by_hand, recording=RecordingPolicy())
DAY = "2023/11/14"
"""The centre's."""


def talking(line: Any = always) -> tuple[Centre, CallId, LegId]:
    centre = Centre(line)
    call_id = centre.call("6400")
    return centre, call_id, centre.answer("1001")


def leg_in(centre: Centre, leg_id: LegId) -> Leg:
    return centre.core.state.legs[leg_id]


def change(centre: Centre, leg_id: LegId, action: RecordingAction, by: str = BOSS) -> None:
    """Somebody asks for it, as codes and services do."""
    assert centre.record(leg_id, action, by) is None


def changes(centre: Centre) -> list[RecordingChange]:
    return [each.change for each in centre.told(ChangeRecording)]


def finish(centre: Centre, *, ok: bool = True, why: str = "") -> None:
    """Asterisk has closed the file of the last recording."""
    last = centre.of(RecordingStarted)[-1]
    centre.give(RecordingFinished(last.recording_id, ok, why))


# Names.


@pytest.mark.parametrize(
    ("now_ms", "day"),
    [
        (0, "1970/01/01"),
        (951_782_399_999, "2000/02/28"),
        (951_782_400_000, "2000/02/29"),
        (1_795_372_199_999, "2026/11/22"),
        (4_102_444_799_999, "2099/12/31"),
    ],
)
def test_files_are_named_by_the_day_in_utc_and_the_call(now_ms: int, day: str) -> None:
    assert file_name(now_ms, CallId("usher-1700000000.12"), 3) == f"{day}/usher-1700000000.12-3"


@pytest.mark.parametrize(
    ("call_id", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        ("a b;ü", "a_b__"),
        (".hidden", "hidden"),
    ],
)
def test_no_call_id_leads_out_of_the_folder(call_id: str, safe: str) -> None:
    assert file_name(0, CallId(call_id), 1) == f"1970/01/01/{safe}-1"


# From the beginning of a talk to its end.


@pytest.mark.parametrize("stereo", [False, True])
def test_a_queue_that_records_does_so_from_the_first_word(stereo: bool) -> None:
    centre, call_id, leg_id = talking(changed(always, recording=RecordingPolicy(stereo=stereo)))
    (command,) = centre.told(StartRecording)
    assert command == StartRecording(
        NODE,
        recording.recording_id_of(leg_in(centre, leg_id).talk_id, 1),
        leg_id,
        command.name,
        stereo,
    )
    assert command.name == f"{DAY}/{call_id}-1"
    (fact,) = centre.told(RecordingStarted)
    assert (fact.name, fact.stereo, fact.by) == (command.name, stereo, BY_SYSTEM)
    assert (fact.call_id, fact.queue_id, fact.agent_id) == (call_id, "6400", "1001")
    assert fact.talk_id == leg_in(centre, leg_id).talk_id


@pytest.mark.parametrize("policy", [None, RecordingPolicy(automatic=False)])
def test_other_queues_do_not(policy: RecordingPolicy | None) -> None:
    centre, _, _ = talking(changed(always, recording=policy))
    assert not centre.of(StartRecording)


def test_a_call_from_phone_to_phone_is_not_recorded() -> None:
    centre = Centre(always)
    centre.call("1001", source="1002")
    (leg_id,) = centre.core.state.legs
    centre.give(LegAnswered(leg_id))
    assert not centre.of(StartRecording)


@pytest.mark.parametrize("who", ["agent", "caller"])
def test_the_end_of_the_talk_stops_it_and_its_record_ends_with_its_file(who: str) -> None:
    centre, call_id, leg_id = talking()
    if who == "agent":
        centre.end_leg(leg_id)
    else:
        centre.hang_up(call_id)
    assert changes(centre) == [RecordingChange.STOP]
    assert not centre.of(RecordingEnded)
    finish(centre)
    (ended,) = centre.of(RecordingEnded)
    assert (ended.ok, ended.why, ended.by, ended.call_id) == (True, "", BY_SYSTEM, call_id)
    finish(centre)
    assert [type(each) for each in centre.last] == [InputIgnored]


def test_it_may_end_before_anybody_said_that_the_talk_did() -> None:
    """The caller's channel takes it along, and that is told first."""
    centre, call_id, _ = talking()
    finish(centre)
    centre.hang_up(call_id)
    assert changes(centre) == []
    assert [fact.ok for fact in centre.of(RecordingEnded)] == [True]


def test_holds_do_not_touch_it() -> None:
    centre, call_id, leg_id = talking()
    for channel in (leg_id, call_id):
        for held in (True, False):
            centre.give(HoldChanged(channel, held))
            assert not centre.told(ChangeRecording)


def test_a_second_recording_of_a_call_has_a_name_of_its_own() -> None:
    centre, call_id, leg_id = talking()
    change(centre, leg_id, STOP)
    change(centre, leg_id, START)
    names = [fact.name for fact in centre.of(RecordingStarted)]
    assert names == [f"{DAY}/{call_id}-1", f"{DAY}/{call_id}-2"]
    assert len({fact.recording_id for fact in centre.of(RecordingStarted)}) == 2


def test_nothing_changes_for_a_talk_when_its_queue_is_configured_anew() -> None:
    centre, _, leg_id = talking()
    centre.apply(by_hand)
    assert not centre.told(ChangeRecording)
    centre.apply()
    centre.end_leg(leg_id)
    assert changes(centre) == [RecordingChange.STOP]


# By hand.


def test_who_has_the_right_records_where_the_queue_does_not() -> None:
    centre, call_id, leg_id = talking(by_hand)
    change(centre, leg_id, START)
    (fact,) = centre.told(RecordingStarted)
    assert (fact.by, fact.stereo) == (BOSS, False)
    change(centre, leg_id, STOP)
    assert changes(centre) == [RecordingChange.STOP]
    finish(centre)
    assert [(fact.by, fact.call_id) for fact in centre.told(RecordingEnded)] == [(BOSS, call_id)]


def test_who_paused_and_resumed_is_noted() -> None:
    centre, _, leg_id = talking()
    change(centre, leg_id, PAUSE)
    assert changes(centre) == [RecordingChange.PAUSE]
    assert [fact.by for fact in centre.told(RecordingPaused)] == [BOSS]
    change(centre, leg_id, RESUME, BY_SYSTEM)
    assert changes(centre) == [RecordingChange.RESUME]
    assert [fact.by for fact in centre.told(RecordingResumed)] == [BY_SYSTEM]


@pytest.mark.parametrize(
    ("before", "action", "why"),
    [
        ([], START, "already recorded"),
        ([STOP], STOP, "not recorded"),
        ([STOP], PAUSE, "not recorded"),
        ([STOP], RESUME, "not recorded"),
        ([], RESUME, "not paused"),
        ([PAUSE], PAUSE, "already paused"),
        ([PAUSE], START, "already recorded"),
        ([PAUSE, RESUME], RESUME, "not paused"),
    ],
)
def test_what_is_so_already_is_refused(
    before: list[RecordingAction], action: RecordingAction, why: str
) -> None:
    centre, _, leg_id = talking()
    for each in before:
        change(centre, leg_id, each)
    assert centre.record(leg_id, action, BOSS) == why


@pytest.mark.row("S-01")
@pytest.mark.parametrize("by", ["1001", "1005", "nobody"])
def test_without_the_right_nothing_is_done(by: str) -> None:
    centre, _, leg_id = talking()
    for action in RecordingAction:
        assert centre.record(leg_id, action, by) == "not allowed"


def test_a_talk_that_is_over_is_not_recorded() -> None:
    centre, call_id, leg_id = talking()
    leg = leg_in(centre, leg_id)
    centre.hang_up(call_id)
    with pytest.raises(Refusal, match=r"^no such talk$"):
        recording.change(centre.core.state, leg, START, BOSS)


def test_toggles_do_what_is_not_so_yet() -> None:
    centre, _, leg_id = talking(by_hand)
    state, leg = centre.core.state, leg_in(centre, leg_id)
    assert recording.toggle(state, leg, BOSS) is START
    assert recording.toggle_pause(state, leg, BOSS) is PAUSE
    assert recording.toggle_pause(state, leg, BOSS) is RESUME
    assert recording.toggle(state, leg, BOSS) is STOP
    with pytest.raises(Refusal, match=r"^not recorded$"):
        recording.toggle_pause(state, leg, BOSS)


# What fails.


def failed(centre: Centre) -> list[tuple[bool, str]]:
    return [(fact.ok, fact.why) for fact in centre.of(RecordingEnded)]


def test_a_full_disk_ends_the_recording_and_not_the_talk() -> None:
    centre, call_id, leg_id = talking()
    finish(centre, ok=False, why="it ended by itself")
    assert [type(each) for each in centre.last] == [RecordingEnded]
    assert failed(centre) == [(False, "it ended by itself")]
    centre.wait(600_000)
    assert not centre.of(TalkEnded)
    assert len(centre.of(StartRecording)) == 1, "not tried again by itself"
    change(centre, leg_id, START)
    assert centre.told(StartRecording)[0].name == f"{DAY}/{call_id}-2"


@pytest.mark.parametrize("status", [0, 404, 409, 500])
def test_a_start_that_fails_ends_it_and_nothing_is_left_running(status: int) -> None:
    centre, _, leg_id = talking()
    (start,) = centre.told(StartRecording)
    centre.give(CommandFailed(start, status, "because"))
    assert failed(centre) == [(False, f"it could not be started ({status})")]
    assert changes(centre) == [RecordingChange.STOP]
    assert [each.monitor_id for each in centre.told(StopMonitor)] == [start.recording_id]
    centre.end_leg(leg_id)
    assert not centre.told(ChangeRecording)
    assert len(failed(centre)) == 1


@pytest.mark.parametrize(("action", "what"), [(PAUSE, "paused"), (RESUME, "resumed")])
def test_what_should_not_be_recorded_counts_for_more(action: RecordingAction, what: str) -> None:
    centre, _, leg_id = talking()
    change(centre, leg_id, PAUSE)
    if action is RESUME:
        change(centre, leg_id, RESUME)
    centre.give(CommandFailed(centre.told(ChangeRecording)[0], 500, "because"))
    assert failed(centre) == [(False, f"it could not be {what} (500)")]
    assert changes(centre) == [RecordingChange.STOP]
    assert centre.told(StopMonitor)
    assert not centre.of(TalkEnded)


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("action", [PAUSE, RESUME])
def test_a_pause_that_crosses_the_end_is_no_failure(action: RecordingAction, status: int) -> None:
    """Asterisk says 409 while the file is being closed, and 404 afterwards; how it went is told then."""
    centre, call_id, leg_id = talking()
    change(centre, leg_id, PAUSE)
    if action is RESUME:
        change(centre, leg_id, RESUME)
    centre.give(CommandFailed(centre.told(ChangeRecording)[0], status, "because"))
    assert changes(centre) == [RecordingChange.STOP]
    assert not centre.told(StopMonitor)
    assert not failed(centre)
    centre.hang_up(call_id)
    assert not centre.told(ChangeRecording)
    finish(centre)
    assert failed(centre) == [(True, "")]


def test_a_stop_that_finds_nothing_has_ended_with_the_channel() -> None:
    centre, call_id, _ = talking()
    centre.hang_up(call_id)
    centre.give(CommandFailed(centre.told(ChangeRecording)[0], 404, "because"))
    assert failed(centre) == [(True, "")]


def test_a_stop_that_is_not_confirmed_is_said_again_and_at_last_forced() -> None:
    centre, _, leg_id = talking()
    change(centre, leg_id, STOP)
    centre.give(CommandFailed(centre.told(ChangeRecording)[0], 500, "because"))
    assert changes(centre) == []
    for _ in range(2):
        centre.wait(STOP_MS_MAX)
        assert changes(centre) == [RecordingChange.STOP]
    assert not failed(centre)
    centre.wait(STOP_MS_MAX)
    assert centre.told(StopMonitor)
    assert failed(centre) == [(False, "it did not say that it stopped")]
    assert centre.core.next_deadline() is None


def test_failures_of_what_is_over_mean_nothing() -> None:
    centre, _, leg_id = talking()
    (start,) = centre.told(StartRecording)
    change(centre, leg_id, PAUSE)
    pause = centre.told(ChangeRecording)[0]
    change(centre, leg_id, STOP)
    centre.give(CommandFailed(pause, 404, "because"))
    assert not failed(centre)
    finish(centre)
    for command in (start, pause):
        centre.give(CommandFailed(command, 500, "because"))
    assert failed(centre) == [(True, "")]


# Reconnections.


def seen(channel: str, bridge: str | None = None) -> SeenChannel:
    return SeenChannel(channel, True, bridge, TRUNK, "6400")


def there(call_id: CallId, leg_id: LegId, *others: str) -> tuple[SeenChannel, ...]:
    bridge = bridge_id_of(leg_id)
    return seen(call_id, bridge), seen(leg_id, bridge), *(seen(other) for other in others)


def reborn(centre: Centre) -> None:
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())


def recorder(centre: Centre) -> str:
    return str(centre.of(RecordingStarted)[-1].recording_id)


def test_it_goes_on_without_the_engine() -> None:
    centre, call_id, leg_id = talking()
    reborn(centre)
    centre.give(NodeConnected(NODE, there(call_id, leg_id, recorder(centre))))
    assert centre.last == []
    centre.end_leg(leg_id)
    assert changes(centre) == [RecordingChange.STOP]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_pause_is_said_again(resumed: bool) -> None:
    """The command may have been lost with the connection."""
    centre, call_id, leg_id = talking()
    change(centre, leg_id, PAUSE)
    if resumed:
        change(centre, leg_id, RESUME)
    reborn(centre)
    centre.give(NodeConnected(NODE, there(call_id, leg_id, recorder(centre))))
    assert changes(centre) == [RecordingChange.RESUME if resumed else RecordingChange.PAUSE]


def test_one_that_ended_unseen_in_the_middle_of_a_talk_failed() -> None:
    centre, call_id, leg_id = talking()
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, there(call_id, leg_id)))
    assert failed(centre) == [(False, "it ended while the connection was away")]
    assert not centre.of(TalkEnded)


def test_one_that_begins_with_a_talk_found_at_the_reconnection_goes_on() -> None:
    """It was ended at once as "ended while the connection was away", and the talk unrecorded.

    Found by `usher simulate --swarm --seed 30`.
    """
    centre = Centre(always)
    call_id = centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, (seen(call_id), seen(leg_id))))
    assert centre.of(RecordingStarted)
    assert not failed(centre)
    assert leg_in(centre, leg_id).recording_id == recorder(centre)


def test_one_that_ended_unseen_with_its_talk_did_not() -> None:
    centre, _, _ = talking()
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, ()))
    assert failed(centre) == [(True, "")]


def test_a_stop_that_was_lost_is_said_again() -> None:
    centre, call_id, leg_id = talking()
    change(centre, leg_id, STOP)
    centre.give(NodeDisconnected(NODE))
    centre.wait(10 * STOP_MS_MAX)
    assert not failed(centre), "nothing is decided while nobody can be asked"
    centre.give(NodeConnected(NODE, there(call_id, leg_id, recorder(centre))))
    assert changes(centre) == [RecordingChange.STOP]
    finish(centre)
    assert failed(centre) == [(True, "")]


def test_a_restart_of_asterisk_leaves_files_that_were_never_closed() -> None:
    centre, _, _ = talking()
    centre.give(NodeDisconnected(NODE))
    centre.core.state.nodes[NODE].boot_id = "a"
    centre.give(NodeConnected(NODE, (), (), "b"))
    assert failed(centre) == [(False, "Asterisk was restarted")]
    assert [fact.ended_by for fact in centre.of(CallEnded)] == [CallEnd.LOST]


def test_a_recorder_of_nobody_is_ended() -> None:
    centre, call_id, leg_id = talking(by_hand)
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, there(call_id, leg_id, "rec-old-1")))
    assert [each.monitor_id for each in centre.told(StopMonitor)] == ["rec-old-1"]


def test_a_node_that_is_removed_closes_its_records() -> None:
    centre, _, _ = talking()
    policy = centre.policy
    fields = {name: getattr(policy, name) for name in policy.__dataclass_fields__}
    centre.give(PolicyApplied(type(policy)(**{**fields, "nodes": ()})))
    assert failed(centre) == [(False, "the node was removed")]
    assert centre.core.next_deadline() is None


def test_nothing_is_decided_while_the_node_is_away() -> None:
    centre, _, leg_id = talking()
    centre.give(NodeDisconnected(NODE))
    assert centre.record(leg_id, PAUSE, BOSS) == "its Asterisk cannot be reached"
