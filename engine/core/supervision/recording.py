"""Recordings of talks (S-04).

One talk can have several, one after the other; one recording is one file (or, in stereo, one pair
that is joined later). It ends with its talk at the latest: what follows a transfer is another talk,
and recorded only if that is a queue's again. It goes on while somebody is on hold.

A recording never stands in a talk's way: one that fails ends as not `ok`, which the engine makes an
alarm of, and is not tried again unless by hand. One that should pause and does not is broken off:
what must not be recorded counts for more than what should be.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from engine.core.agents.rights import may
from engine.core.commands import ChangeRecording, RecordingChange, StartRecording, StopMonitor
from engine.core.facts import (
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from engine.core.ids import CallId, MonitorId, NodeId, RecordingId, recording_id_of
from engine.core.inputs import BY_SYSTEM, RecordingAction, SeenChannel
from engine.core.model.call import Call
from engine.core.model.ears import Recording
from engine.core.model.leg import Leg, LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.policy import RecordingPolicy, Right
from engine.core.refusals import (
    ALREADY_PAUSED,
    NO_TALK,
    NODE_DOWN,
    NOT_ALLOWED,
    NOT_PAUSED,
    Refusal,
)

NOT_FOUND: Final = 404
CONFLICT: Final = 409

STOP_MS_MAX: Final = 10_000
"""A recording that was told to stop and has not said that it did is told again after this."""

STOPS_MAX: Final = 3

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def file_name(now_ms: int, call_id: CallId, ordinal: int) -> str:
    """Returns where the `ordinal`th recording of a call goes: `2026/11/22/<call>-1`, the day in UTC."""
    day = _EPOCH + timedelta(milliseconds=now_ms)
    safe = "".join(each if each.isalnum() and each.isascii() else _safe(each) for each in call_id)
    return f"{day.year:04}/{day.month:02}/{day.day:02}/{safe.lstrip('.') or '_'}-{ordinal}"


def _safe(character: str) -> str:
    return character if character in ".-_" else "_"


def talk_started(state: State, call: Call, leg: Leg) -> None:
    """Starts the recording of a talk, if its queue wants that."""
    policy = _policy_of(state, leg)
    if policy is not None and policy.automatic:
        _start(state, call, leg, BY_SYSTEM)


def _policy_of(state: State, leg: Leg) -> RecordingPolicy | None:
    line = None if leg.queue_id is None else state.lines.get(leg.queue_id)
    return None if line is None else line.policy.recording


def _start(state: State, call: Call, leg: Leg, by: str) -> None:
    policy = _policy_of(state, leg)
    call.counts.recordings += 1
    recording = Recording(
        recording_id=recording_id_of(leg.talk_id, call.counts.recordings),
        call_id=call.call_id,
        leg_id=leg.leg_id,
        node=call.node,
        name=file_name(state.now_ms, call.call_id, call.counts.recordings),
        stereo=policy is not None and policy.stereo,
    )
    state.recordings[recording.recording_id] = recording
    leg.recording_id = recording.recording_id
    state.tell(
        StartRecording(
            call.node,
            recording.recording_id,
            leg.leg_id,
            recording.name,
            recording.stereo,
        )
    )
    state.note(
        RecordingStarted,
        recording.recording_id,
        call.call_id,
        leg.talk_id,
        leg.queue_id,
        leg.agent_id,
        recording.name,
        recording.stereo,
        by,
    )


def recording_of(state: State, leg: Leg) -> Recording | None:
    """Returns the running recording of a talk, paused or not."""
    return None if leg.recording_id is None else state.recordings[leg.recording_id]


def toggle(state: State, leg: Leg, by: str) -> RecordingAction:
    """Starts or stops the recording of a talk; returns which. Raises `Refusal`."""
    running = leg.recording_id is not None
    action = RecordingAction.STOP if running else RecordingAction.START
    change(state, leg, action, by)
    return action


def toggle_pause(state: State, leg: Leg, by: str) -> RecordingAction:
    """Pauses or resumes the recording of a talk; returns which. Raises `Refusal`."""
    recording = recording_of(state, leg)
    paused = recording is not None and recording.paused
    action = RecordingAction.RESUME if paused else RecordingAction.PAUSE
    change(state, leg, action, by)
    return action


def change(state: State, leg: Leg, action: RecordingAction, by: str) -> None:
    """Does what somebody (an extension's number, or `BY_SYSTEM`) wants with a talk's recording.

    Whoever has the right may record by hand, also where the queue does not do so by itself.

    Raises:
        Refusal: not allowed, nobody talks, or it is as wished already.
    """
    if leg.state is not LegState.TALKING:
        raise Refusal(NO_TALK)
    if not may(state, by, leg.queue_id, Right.RECORD):
        raise Refusal(NOT_ALLOWED)
    if not state.node_up(leg.node):
        raise Refusal(NODE_DOWN)
    recording = recording_of(state, leg)
    if action is RecordingAction.START:
        if recording is not None:
            raise Refusal("already recorded")
        _start(state, state.calls[leg.call_id], leg, by)
        return
    if recording is None:
        raise Refusal("not recorded")
    match action:
        case RecordingAction.STOP:
            _stop(state, recording, by)
        case RecordingAction.PAUSE:
            _pause(state, recording, by)
        case RecordingAction.RESUME:
            _resume(state, recording, by)


def _pause(state: State, recording: Recording, by: str) -> None:
    if recording.paused:
        raise Refusal(ALREADY_PAUSED)
    recording.paused = recording.was_paused = True
    _tell(state, recording, RecordingChange.PAUSE)
    state.note(RecordingPaused, recording.recording_id, recording.call_id, by)


def _resume(state: State, recording: Recording, by: str) -> None:
    if not recording.paused:
        raise Refusal(NOT_PAUSED)
    recording.paused = False
    _tell(state, recording, RecordingChange.RESUME)
    state.note(RecordingResumed, recording.recording_id, recording.call_id, by)


def _tell(state: State, recording: Recording, wanted: RecordingChange) -> None:
    state.tell(
        ChangeRecording(
            recording.node, recording.recording_id, recording.name, recording.stereo, wanted
        )
    )


def _stop(state: State, recording: Recording, by: str) -> None:
    """Stops a recording. Its record ends when Asterisk says that the file is closed."""
    recording.stopped_by = by
    leg = state.legs[recording.leg_id]
    leg.recording_id = None
    _say_stop(state, recording)


def _say_stop(state: State, recording: Recording) -> None:
    recording.stops += 1
    _tell(state, recording, RecordingChange.STOP)
    state.timers.set(TimerKind.RECORDING, recording.recording_id, state.now_ms + STOP_MS_MAX)


def stop_timed_out(state: State, recording_id: RecordingId) -> None:
    """Says it again to a recording that was told to stop; at last its channel is ended."""
    recording = state.recordings[recording_id]
    if recording.stops < STOPS_MAX:
        _say_stop(state, recording)
    else:
        _break_off(state, recording, "it did not say that it stopped")


def _break_off(state: State, recording: Recording, why: str) -> None:
    """Ends a recording of which nobody knows what it does, its channel too."""
    _tell(state, recording, RecordingChange.STOP)
    state.tell(StopMonitor(recording.node, MonitorId(recording.recording_id)))
    _end(state, recording, ok=False, why=why)


def _end(state: State, recording: Recording, *, ok: bool, why: str) -> None:
    del state.recordings[recording.recording_id]
    state.timers.cancel(TimerKind.RECORDING, recording.recording_id)
    leg = state.legs.get(recording.leg_id)
    if leg is not None and leg.recording_id == recording.recording_id:
        leg.recording_id = None
    state.note_end(
        RecordingEnded,
        recording.recording_id,
        recording.call_id,
        ok,
        why,
        recording.stopped_by,
    )


def talk_ended(state: State, leg: Leg) -> None:
    """Ends the recording of a talk."""
    recording = recording_of(state, leg)
    if recording is not None:
        _stop(state, recording, BY_SYSTEM)


def recording_finished(
    state: State, recording_id: RecordingId, *, ok: bool, why: str
) -> str | None:
    """Takes notice of a recording's end. Returns why that means nothing, or None."""
    recording = state.recordings.get(recording_id)
    if recording is None:
        return "unknown recording"
    _end(state, recording, ok=ok, why=why)
    return None


def command_failed(state: State, command: StartRecording | ChangeRecording, status: int) -> None:
    """Deals with a failed command: an alarm, and the talk goes on."""
    recording = state.recordings.get(command.recording_id)
    if recording is None:
        return
    if isinstance(command, StartRecording):
        # Perhaps only the answer is late, or half of it was done.
        _break_off(state, recording, f"it could not be started ({status})")
    elif command.change is RecordingChange.STOP:
        if status == NOT_FOUND:  # It ended with its channel.
            _end(state, recording, ok=True, why="")
        # Else its timer runs.
    elif recording.stops > 0:
        pass
    elif status in (NOT_FOUND, CONFLICT):
        # It is over, or its file is being closed: the talk's end crosses this. How it went is told
        # behind it; and if there is one after all, nothing more gets into it.
        _stop(state, recording, BY_SYSTEM)
    else:
        what = "paused" if command.change is RecordingChange.PAUSE else "resumed"
        _break_off(state, recording, f"it could not be {what} ({status})")


def node_lost(state: State, node: NodeId, why: str) -> None:
    """Closes the records of a node that is configured no more, or has not come back."""
    for recording in of_node(state, node):
        _end(state, recording, ok=False, why=why)


def of_node(state: State, node: NodeId) -> list[Recording]:
    """Returns what is being recorded there."""
    return [each for each in state.recordings.values() if each.node == node]


def compare(
    state: State, known: list[Recording], channels: dict[str, SeenChannel], *, restarted: bool
) -> None:
    """Brings belief and Asterisk together after a reconnection.

    `known` are those of before it: of one that begins now Asterisk could not have told. A recording
    goes on without us. One that was to stop and is gone did what it should, unless
    Asterisk was restarted: then its file was never closed. One that is gone in the middle of a talk
    failed unseen.
    """
    for recording in known:
        if recording.recording_id not in state.recordings:
            continue
        if recording.recording_id in channels:
            _say_again(state, recording)
        elif restarted:
            _end(state, recording, ok=False, why="Asterisk was restarted")
        elif recording.stops > 0:
            _end(state, recording, ok=True, why="")
        else:
            _end(state, recording, ok=False, why="it ended while the connection was away")


def _say_again(state: State, recording: Recording) -> None:
    if recording.stops > 0:
        recording.stops = 0
        _say_stop(state, recording)
    elif recording.was_paused:
        _tell(
            state,
            recording,
            RecordingChange.PAUSE if recording.paused else RecordingChange.RESUME,
        )
