"""Supervisors on talks: who may, what Asterisk is told and in which order, and every way to the end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    StartMonitor,
    StopMonitor,
)
from engine.core.facts import (
    ActionRefused,
    CallEnd,
    CallEnded,
    InputIgnored,
    MonitorEnded,
    MonitorStarted,
    TalkEnded,
)
from engine.core.ids import (
    CallId,
    LegId,
    NodeId,
    bridge_id_of,
    monitor_bridge_id_of,
    monitor_id_of,
)
from engine.core.inputs import (
    CommandFailed,
    EngineStarted,
    HoldChanged,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
    PolicyApplied,
    SeenChannel,
    SpyEnded,
)
from engine.core.policy import MonitorDigits, MonitorMode, Right
from engine.core.router import RoutingCore
from engine.core.speech.spoken import REFUSED
from engine.core.supervision.monitoring import OVER
from tests.support.centre import NODE, TRUNK, Centre, changed, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("S-02")]

BOSS = "1009"
LISTEN, WHISPER, BARGE = MonitorMode.LISTEN, MonitorMode.WHISPER, MonitorMode.BARGE
KEYS = {LISTEN: "4", WHISPER: "5", BARGE: "6"}
managed = queue(
    "6400", *static("1001"), managers=(BOSS, "1008", "1001"), manager_rights=(Right.MONITOR,)
)
unmanaged = queue("6401", *static("1001"), managers=(BOSS,), manager_rights=(Right.RECORD,))


def talking(*queues: Any, **settings: Any) -> tuple[Centre, CallId, LegId]:
    """A centre in which agent 1001 talks to a caller of the first queue."""
    lines = queues or (managed,)
    centre = Centre(*lines, **settings)
    call_id = centre.call(lines[0].queue_id)
    leg_id = centre.answer("1001")
    return centre, call_id, leg_id


def monitored(mode: MonitorMode) -> tuple[Centre, CallId, LegId, CallId]:
    """The same, monitored by the boss."""
    centre, call_id, leg_id = talking()
    return centre, call_id, leg_id, centre.supervise(BOSS, call_id, mode)


def commands(centre: Centre) -> list[str]:
    """Names of the commands of the last input."""
    return [type(each).__name__ for each in centre.last if not hasattr(each, "seq")]


def spoken(centre: Centre) -> list[tuple[str, ...]]:
    return [prompt.media for prompt in centre.told(PlayPrompt)]


def state_of(centre: Centre, call_id: CallId) -> str | None:
    call = centre.core.state.calls.get(call_id)
    return None if call is None else call.state.value


# How it begins.


@pytest.mark.parametrize("mode", [LISTEN, WHISPER])
def test_a_spy_lets_the_supervisor_hear_in_a_bridge_of_his_own(mode: MonitorMode) -> None:
    centre, call_id, leg_id, boss = monitored(mode)
    spy = monitor_id_of(boss, 1)
    assert commands(centre) == ["AnswerCall", "StartMonitor"]
    assert centre.told(StartMonitor) == [
        StartMonitor(NODE, spy, monitor_bridge_id_of(boss), boss, leg_id, mode is WHISPER)
    ]
    (fact,) = centre.told(MonitorStarted)
    assert (fact.monitor_id, fact.supervisor_call_id, fact.by) == (spy, boss, BOSS)
    assert (fact.agent_id, fact.call_id, fact.queue_id, fact.mode) == (
        "1001",
        call_id,
        "6400",
        mode,
    )
    assert state_of(centre, boss) == "monitoring"


def test_who_barges_in_joins_the_talk_itself() -> None:
    centre, _, leg_id, boss = monitored(BARGE)
    assert centre.told(AnswerCall) == [AnswerCall(NODE, boss)]
    assert centre.told(JoinTalk) == [JoinTalk(NODE, bridge_id_of(leg_id), boss)]
    assert centre.told(StartMonitor) == []


def test_several_supervisors_hear_one_talk_each_in_another_mode() -> None:
    centre, call_id, leg_id = talking()
    first = centre.supervise(BOSS, call_id, LISTEN)
    second = centre.supervise("1008", call_id, WHISPER)
    third = centre.supervise(BOSS, call_id, BARGE)
    centre.end_leg(leg_id)
    assert [state_of(centre, each) for each in (first, second, third)] == ["listening"] * 3
    assert len(centre.of(MonitorStarted)) == len(centre.of(MonitorEnded)) == 3


# Who may not.


def refused(centre: Centre, boss: CallId, why: str, by: str = BOSS) -> None:
    """He hears so, and is let go; nobody was let hear anything."""
    assert spoken(centre) == [REFUSED[why]]
    (fact,) = centre.told(ActionRefused)
    assert (fact.why, fact.by, fact.action) == (why, by, "listen")
    centre.give(PlaybackEnded(centre.told(PlayPrompt)[0].playback_id, ok=True))
    assert [c.call_id for c in centre.told(HangUpCall)] == [boss]
    assert not centre.of(StartMonitor)
    assert not centre.of(JoinTalk)
    assert not centre.of(MonitorStarted)


@pytest.mark.row("S-01")
def test_a_right_in_another_queue_is_not_enough() -> None:
    centre, call_id, _ = talking(unmanaged, managed)
    refused(centre, centre.supervise(BOSS, call_id, LISTEN), "not allowed")


@pytest.mark.row("S-01")
def test_a_manager_of_nothing_hears_nothing() -> None:
    centre, call_id, _ = talking()
    refused(centre, centre.supervise("1005", call_id, LISTEN), "not allowed", "1005")


def test_nobody_monitors_his_own_talk() -> None:
    centre, call_id, _ = talking()
    refused(centre, centre.supervise("1001", call_id, LISTEN), "one's own call", "1001")


def test_the_caller_does_not_monitor_his_own_talk_either() -> None:
    centre = Centre(managed)
    call_id = centre.call("6400", source=BOSS)
    centre.answer("1001")
    refused(centre, centre.supervise(BOSS, call_id, LISTEN), "one's own call")


def test_a_talk_that_is_over_is_not_monitored() -> None:
    centre, call_id, _ = talking()
    centre.hang_up(call_id)
    refused(centre, centre.supervise(BOSS, call_id, LISTEN), "no such talk")


def test_a_caller_who_waits_is_not_monitored() -> None:
    centre = Centre(managed)
    refused(centre, centre.supervise(BOSS, centre.call("6400"), LISTEN), "no such talk")


def test_a_call_from_phone_to_phone_is_not_monitored() -> None:
    centre = Centre(managed)
    call_id = centre.call("1001", source="1002")
    (leg_id,) = centre.core.state.legs
    centre.give(LegAnswered(leg_id))
    refused(centre, centre.supervise(BOSS, call_id, LISTEN), "no queue's talk")


def test_a_talk_on_another_node_is_out_of_earshot() -> None:
    centre, call_id, _ = talking()
    centre.core.state.calls[call_id].node = NodeId("n2")
    for leg in centre.core.state.legs.values():
        leg.node = NodeId("n2")
    refused(centre, centre.supervise(BOSS, call_id, LISTEN), "other node")


# The keys.


@pytest.mark.parametrize("before", MonitorMode)
@pytest.mark.parametrize("after", MonitorMode)
def test_the_old_way_of_hearing_ends_before_the_new_begins(
    before: MonitorMode, after: MonitorMode
) -> None:
    centre, call_id, leg_id, boss = monitored(before)
    old, new = monitor_id_of(boss, 1), monitor_id_of(boss, 2)
    centre.press(boss, KEYS[after])
    if before is after:
        assert [fact.why for fact in centre.told(InputIgnored)] == ["the key changes nothing"]
        assert len(centre.last) == 1
        return
    bridge = bridge_id_of(leg_id)
    leave = LeaveTalk(NODE, bridge, boss) if before is BARGE else StopMonitor(NODE, old)
    enter: Any = JoinTalk(NODE, bridge, boss)
    if after is not BARGE:
        ear = monitor_bridge_id_of(boss)
        enter = StartMonitor(NODE, new, ear, boss, leg_id, after is WHISPER)
    assert [each for each in centre.last if not hasattr(each, "seq")] == [leave, enter]
    assert [fact.monitor_id for fact in centre.told(MonitorEnded)] == [old]
    assert [(fact.monitor_id, fact.mode) for fact in centre.told(MonitorStarted)] == [(new, after)]
    assert centre.told(MonitorEnded)[0].call_id == call_id


def test_other_keys_mean_nothing() -> None:
    centre, _, _, boss = monitored(LISTEN)
    for digit in "0123789*#A":
        centre.press(boss, digit)
        assert [type(each) for each in centre.last] == [InputIgnored]


def test_the_keys_of_others_mean_nothing() -> None:
    centre, call_id, leg_id, _ = monitored(LISTEN)
    for channel in (call_id, leg_id, "nobody"):
        centre.press(channel, "6")
        assert [type(each) for each in centre.last] == [InputIgnored]


def test_the_keys_can_be_others() -> None:
    centre, call_id, _ = talking(managed, monitor_digits=MonitorDigits("1", "2", "3"))
    boss = centre.supervise(BOSS, call_id, LISTEN)
    centre.press(boss, "5")
    assert not centre.told(MonitorStarted)
    centre.press(boss, "2")
    assert centre.told(StartMonitor)[0].whisper


# How it ends.


@pytest.mark.parametrize("mode", MonitorMode)
@pytest.mark.parametrize("who", ["agent", "caller"])
def test_the_end_of_the_talk_ends_it(mode: MonitorMode, who: str) -> None:
    centre, call_id, leg_id, boss = monitored(mode)
    if who == "agent":
        centre.end_leg(leg_id)
    else:
        centre.hang_up(call_id)
    names = commands(centre)
    assert names[0] == ("LeaveTalk" if mode is BARGE else "StopMonitor")
    destroyed = [each.bridge_id for each in centre.told(DestroyBridge)]
    assert (monitor_bridge_id_of(boss) in destroyed) == (mode is not BARGE)
    assert bridge_id_of(leg_id) in destroyed
    assert spoken(centre) == [OVER]
    assert names[-1] == "PlayPrompt", "he is spoken to when he is out of everything"
    centre.give(PlaybackEnded(centre.told(PlayPrompt)[0].playback_id, ok=True))
    assert [each.call_id for each in centre.told(HangUpCall)] == [boss]
    assert [fact.ended_by for fact in centre.told(CallEnded)] == [CallEnd.SYSTEM]


@pytest.mark.parametrize("mode", MonitorMode)
def test_a_supervisor_who_hangs_up_leaves_no_trace_in_the_talk(mode: MonitorMode) -> None:
    centre, call_id, _, boss = monitored(mode)
    centre.hang_up(boss)
    told = [each for each in centre.last if not hasattr(each, "seq")]
    spy, ear = monitor_id_of(boss, 1), monitor_bridge_id_of(boss)
    assert told == ([] if mode is BARGE else [StopMonitor(NODE, spy), DestroyBridge(NODE, ear)])
    assert [type(each) for each in centre.last if hasattr(each, "seq")] == [MonitorEnded, CallEnded]
    assert state_of(centre, call_id) == "talking"
    assert centre.core.state.monitors == {}


def test_his_own_bridge_is_removed_though_he_barged_in_at_last() -> None:
    centre, _, _, boss = monitored(LISTEN)
    centre.press(boss, KEYS[BARGE])
    assert not centre.told(DestroyBridge)
    centre.hang_up(boss)
    assert centre.told(DestroyBridge) == [DestroyBridge(NODE, monitor_bridge_id_of(boss))]


def test_a_spy_that_vanishes_ends_it_and_he_is_told() -> None:
    centre, call_id, _, boss = monitored(WHISPER)
    centre.give(SpyEnded(monitor_id_of(boss, 1)))
    assert spoken(centre) == [OVER]
    assert state_of(centre, call_id) == "talking"


def test_the_end_of_a_spy_that_was_replaced_means_nothing() -> None:
    centre, _, _, boss = monitored(WHISPER)
    centre.press(boss, KEYS[LISTEN])
    centre.give(SpyEnded(monitor_id_of(boss, 1)))
    assert [type(each) for each in centre.last] == [InputIgnored]
    centre.press(boss, KEYS[BARGE])
    centre.give(SpyEnded(monitor_id_of(boss, 3)))
    assert [type(each) for each in centre.last] == [InputIgnored]


def test_holds_do_not_touch_it() -> None:
    centre, call_id, leg_id, boss = monitored(WHISPER)
    for channel in (leg_id, call_id):
        for held in (True, False):
            centre.give(HoldChanged(channel, held))
            assert commands(centre) == []
    assert state_of(centre, boss) == "monitoring"


@pytest.mark.parametrize("by_caller", [True, False])
def test_who_is_on_hold_hears_the_music_again_after_a_talk_of_three(by_caller: bool) -> None:
    """Asterisk leaves them in silence; while somebody barges in, they hear that one."""
    centre, call_id, leg_id, boss = monitored(LISTEN)
    holder, held = (call_id, leg_id) if by_caller else (leg_id, call_id)
    bridge = bridge_id_of(leg_id)
    centre.give(HoldChanged(holder, held=True))
    centre.press(boss, KEYS[BARGE])
    assert centre.told(JoinTalk) == [JoinTalk(NODE, bridge, boss, held)]
    centre.press(boss, KEYS[WHISPER])
    assert centre.told(LeaveTalk) == [LeaveTalk(NODE, bridge, boss, held)]
    centre.press(boss, KEYS[BARGE])
    centre.give(HoldChanged(holder, held=False))
    centre.press(boss, KEYS[WHISPER])
    assert centre.told(LeaveTalk) == [LeaveTalk(NODE, bridge, boss)]


def test_the_last_who_barged_in_leaves_the_music_behind() -> None:
    """Also one who hung up, whose channel has left by itself."""
    centre, call_id, leg_id, first = monitored(BARGE)
    second = centre.supervise("1008", call_id, BARGE)
    centre.give(HoldChanged(leg_id, held=True))
    centre.hang_up(first)
    assert centre.told(LeaveTalk) == []
    centre.hang_up(second)
    assert centre.told(LeaveTalk) == [LeaveTalk(NODE, bridge_id_of(leg_id), second, call_id)]


@pytest.mark.parametrize("mode", [LISTEN, WHISPER])
def test_a_supervisor_leaves_the_own_bridge_before_the_goodbye(mode: MonitorMode) -> None:
    """Asterisk loses a prompt for somebody whose bridge is being destroyed."""
    centre, _, leg_id, boss = monitored(mode)
    centre.end_leg(leg_id)
    told = [each for each in centre.last if not hasattr(each, "seq")]
    ear = monitor_bridge_id_of(boss)
    leave, remove = told.index(LeaveTalk(NODE, ear, boss)), told.index(DestroyBridge(NODE, ear))
    (prompt,) = centre.told(PlayPrompt)
    assert leave < remove < told.index(prompt)


def test_the_end_of_a_held_talk_brings_no_music() -> None:
    centre, _, leg_id, boss = monitored(BARGE)
    centre.give(HoldChanged(leg_id, held=True))
    centre.end_leg(leg_id)
    assert centre.told(LeaveTalk) == [LeaveTalk(NODE, bridge_id_of(leg_id), boss)]


@pytest.mark.row("S-01")
@pytest.mark.parametrize("mode", MonitorMode)
def test_a_right_that_is_taken_away_ends_it_at_once(mode: MonitorMode) -> None:
    centre, call_id, _, boss = monitored(mode)
    centre.apply(changed(managed, managers=("1008",)))
    assert spoken(centre) == [OVER]
    assert state_of(centre, boss) == "listening"
    assert state_of(centre, call_id) == "talking"


def test_a_removed_queue_has_no_supervisors() -> None:
    centre, call_id, _, boss = monitored(LISTEN)
    centre.apply()
    assert state_of(centre, boss) == "listening"
    assert state_of(centre, call_id) == "talking"


# Commands that fail.


@pytest.mark.parametrize("mode", MonitorMode)
@pytest.mark.parametrize("status", [0, 404, 500])
def test_what_cannot_begin_ends_audibly(mode: MonitorMode, status: int) -> None:
    centre, call_id, _, _boss = monitored(mode)
    kind = JoinTalk if mode is BARGE else StartMonitor
    (command,) = centre.told(kind)
    centre.give(CommandFailed(command, status, "because"))
    assert commands(centre)[0] == ("LeaveTalk" if mode is BARGE else "StopMonitor")
    assert spoken(centre) == [OVER]
    assert len(centre.of(MonitorEnded)) == 1
    assert state_of(centre, call_id) == "talking"


@pytest.mark.parametrize("before", MonitorMode)
def test_an_end_that_fails_hangs_the_supervisor_up(before: MonitorMode) -> None:
    """Whether he is still heard, nobody knows."""
    centre, call_id, _, boss = monitored(before)
    centre.press(boss, KEYS[LISTEN if before is not LISTEN else BARGE])
    failed = [each for each in centre.last if isinstance(each, LeaveTalk | StopMonitor)]
    centre.give(CommandFailed(failed[0], 500, "because"))
    assert [each.call_id for each in centre.told(HangUpCall)] == [boss]
    assert not centre.told(PlayPrompt)
    assert state_of(centre, call_id) == "talking"
    assert centre.core.state.monitors == {}


def test_an_end_that_fails_at_the_end_of_the_talk_hangs_the_supervisor_up() -> None:
    centre, _, leg_id, boss = monitored(BARGE)
    centre.end_leg(leg_id)
    centre.give(CommandFailed(centre.of(LeaveTalk)[0], 500, "because"))
    assert [each.call_id for each in centre.told(HangUpCall)] == [boss]


def test_a_spy_that_is_gone_already_is_no_failure() -> None:
    centre, _, _, boss = monitored(WHISPER)
    centre.press(boss, KEYS[LISTEN])
    centre.give(CommandFailed(centre.told(StopMonitor)[0], 404, "because"))
    assert state_of(centre, boss) == "monitoring"


def test_a_late_failure_of_an_earlier_spell_means_nothing() -> None:
    centre, _, _, boss = monitored(LISTEN)
    start = centre.told(StartMonitor)[0]
    centre.press(boss, KEYS[BARGE])
    join = centre.told(JoinTalk)[0]
    centre.give(CommandFailed(start, 500, "because"))
    assert state_of(centre, boss) == "monitoring"
    centre.press(boss, KEYS[WHISPER])
    centre.give(CommandFailed(join, 500, "because"))
    assert state_of(centre, boss) == "monitoring"


def test_a_bridge_that_is_made_again_is_joined_again() -> None:
    centre, _, leg_id, boss = monitored(BARGE)
    centre.give(CommandFailed(centre.of(Connect)[0], 409, "because"))
    centre.wait(200)
    names = commands(centre)
    assert names == ["Connect", "JoinTalk"]
    assert centre.told(JoinTalk) == [JoinTalk(NODE, bridge_id_of(leg_id), boss)]


def test_a_supervisor_whose_answer_failed_is_answered_again() -> None:
    centre, _, _, boss = monitored(LISTEN)
    centre.give(CommandFailed(centre.told(AnswerCall)[0], 500, "because"))
    assert centre.told(AnswerCall) == [AnswerCall(NODE, boss)]


# Reconnections.


def seen(channel: str, bridge: str | None) -> SeenChannel:
    return SeenChannel(channel, True, bridge, TRUNK, "6400")


def all_there(centre: Centre, call_id: CallId, leg_id: LegId) -> tuple[SeenChannel, ...]:
    assert leg_id in centre.core.state.legs
    return seen(call_id, bridge_id_of(leg_id)), seen(leg_id, bridge_id_of(leg_id))


def reborn(centre: Centre) -> None:
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())


@pytest.mark.parametrize("mode", MonitorMode)
def test_a_restart_of_the_engine_is_not_heard(mode: MonitorMode) -> None:
    centre, call_id, leg_id, boss = monitored(mode)
    reborn(centre)
    ear = bridge_id_of(leg_id) if mode is BARGE else monitor_bridge_id_of(boss)
    channels = [*all_there(centre, call_id, leg_id), seen(boss, ear)]
    if mode is not BARGE:
        channels.append(seen(monitor_id_of(boss, 1), ear))
    bridges = (bridge_id_of(leg_id), monitor_bridge_id_of(boss))
    centre.give(NodeConnected(NODE, tuple(channels), bridges))
    assert centre.last == []
    centre.press(boss, KEYS[LISTEN if mode is not LISTEN else WHISPER])
    assert centre.told(StartMonitor)


def test_a_spy_that_is_gone_after_a_reconnection_ends_it() -> None:
    centre, call_id, leg_id, boss = monitored(WHISPER)
    centre.give(NodeDisconnected(NODE))
    ear = monitor_bridge_id_of(boss)
    there = (*all_there(centre, call_id, leg_id), seen(boss, ear))
    centre.give(NodeConnected(NODE, there, (ear,)))
    assert DestroyBridge(NODE, ear) in centre.told(DestroyBridge)
    assert spoken(centre) == [OVER]


def test_a_supervisor_who_is_in_no_bridge_is_put_into_his_again() -> None:
    centre, call_id, leg_id, boss = monitored(LISTEN)
    centre.give(NodeDisconnected(NODE))
    there = (*all_there(centre, call_id, leg_id), seen(boss, None))
    centre.give(NodeConnected(NODE, (*there, seen(monitor_id_of(boss, 1), None))))
    assert commands(centre) == ["StartMonitor"]


def test_a_key_whose_commands_were_lost_does_not_leave_him_in_the_talk() -> None:
    """Believed listening, but Asterisk never heard that he should leave the talk."""
    centre, call_id, leg_id, boss = monitored(BARGE)
    centre.press(boss, KEYS[LISTEN])
    leave, start = centre.told(LeaveTalk)[0], centre.told(StartMonitor)[0]
    centre.give(NodeDisconnected(NODE))
    centre.give(CommandFailed(leave, 0, "away"))
    centre.give(CommandFailed(start, 0, "away"))
    there = (*all_there(centre, call_id, leg_id), seen(boss, bridge_id_of(leg_id)))
    centre.give(NodeConnected(NODE, there))
    assert commands(centre)[0] == "LeaveTalk"
    assert spoken(centre) == [OVER]


def test_a_barge_that_was_lost_is_said_again() -> None:
    centre, call_id, leg_id, boss = monitored(BARGE)
    centre.give(NodeDisconnected(NODE))
    there = (*all_there(centre, call_id, leg_id), seen(boss, None))
    centre.give(NodeConnected(NODE, there))
    assert centre.told(JoinTalk) == [JoinTalk(NODE, bridge_id_of(leg_id), boss)]


def test_spies_and_bridges_of_nobody_are_removed() -> None:
    centre, call_id, leg_id = talking()
    centre.give(NodeDisconnected(NODE))
    there = (*all_there(centre, call_id, leg_id), seen("spy-gone-1", "ear-gone"))
    centre.give(NodeConnected(NODE, there, (bridge_id_of(leg_id), "ear-gone", "not-ours")))
    assert [each.monitor_id for each in centre.told(StopMonitor)] == ["spy-gone-1"]
    assert [each.bridge_id for each in centre.told(DestroyBridge)] == ["ear-gone"]


@pytest.mark.parametrize("mode", MonitorMode)
def test_a_restart_of_asterisk_ends_everything(mode: MonitorMode) -> None:
    centre, _, _, _ = monitored(mode)
    centre.give(NodeConnected(NODE, (), (), "a"))
    centre2, _, _, _ = monitored(mode)
    centre2.give(NodeDisconnected(NODE))
    centre2.give(NodeConnected(NODE, (), (), "b"))
    for each in (centre, centre2):
        assert len(each.of(MonitorStarted)) == len(each.of(MonitorEnded)) == 1
        assert each.core.state.calls == {}


def test_a_right_taken_away_while_nobody_could_be_told_ends_at_the_reconnection() -> None:
    centre, call_id, leg_id, boss = monitored(BARGE)
    centre.give(NodeDisconnected(NODE))
    centre.apply(changed(managed, managers=()))
    assert state_of(centre, boss) == "monitoring"
    bridge = bridge_id_of(leg_id)
    there = (*all_there(centre, call_id, leg_id), seen(boss, bridge))
    centre.give(NodeConnected(NODE, there, (bridge,)))
    assert centre.told(LeaveTalk) == [LeaveTalk(NODE, bridge, boss)]
    assert spoken(centre) == [OVER]


def test_a_node_that_is_removed_takes_supervisors_with_it() -> None:
    centre, _, _, _ = monitored(LISTEN)
    policy = centre.policy
    centre.give(PolicyApplied(type(policy)(**{**_fields(policy), "nodes": ()})))
    assert centre.core.state.monitors == {}
    assert len(centre.of(MonitorEnded)) == 1
    assert [fact.ended_by for fact in centre.of(TalkEnded)] == [CallEnd.LOST]


def _fields(policy: Any) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in policy.__dataclass_fields__}


def test_the_supervisors_own_phone_is_in_use() -> None:
    """An agent who supervises is not rung, and is again afterwards."""
    second = queue("6401", *static(BOSS))
    centre, call_id, _ = talking(managed, second)
    boss = centre.supervise(BOSS, call_id, LISTEN)
    waiting = centre.call("6401")
    assert centre.ringing() == {}
    centre.hang_up(boss)
    assert set(centre.ringing()) == {BOSS}
    assert state_of(centre, waiting) == "waiting"


def test_a_failed_hang_up_of_the_agent_does_not_keep_ears_open() -> None:
    """The talk ends by itself, not by the agent's channel: the spy is stopped by name."""
    centre, call_id, leg_id, boss = monitored(LISTEN)
    centre.hang_up(call_id)
    assert centre.told(StopMonitor) == [StopMonitor(NODE, monitor_id_of(boss, 1))]
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [leg_id]
