"""Laws of who hears whom (S-02) and of recordings (S-04), from what Asterisk was told.

A supervisor is in a talk only while a barge of that talk runs, and a spy exists only while a listen
or a whisper runs, with the voice that it says. After the end of a talk nobody hears anything of it.
"""

from __future__ import annotations

from engine.core.commands import (
    ChangeRecording,
    Command,
    DestroyBridge,
    JoinTalk,
    LeaveTalk,
    RecordingChange,
    StartMonitor,
    StartRecording,
    StopMonitor,
)
from engine.core.facts import (
    MonitorEnded,
    MonitorStarted,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from engine.core.ids import BRIDGE_PREFIX, CallId, RecordingId, bridge_id_of
from engine.core.inputs import (
    BY_SYSTEM,
    CommandFailed,
    NodeConnected,
    RecordingFinished,
    SpyEnded,
)
from engine.core.policy import MonitorMode, Right
from engine.sim.audit.books import Books, LegBook, MonitorBook, RecordingBook
from engine.sim.audit.step import Step

_NOT_FOUND = 404


class EarLaws:
    """Takes commands and facts of monitoring and recording."""

    def __init__(self, books: Books, step: Step) -> None:
        """Nobody listens."""
        self._books = books
        self._step = step
        self._in_talk: dict[CallId, str] = {}
        """Supervisors who were put into a talk, and into which bridge."""
        self._spies: dict[str, StartMonitor] = {}
        """Spy channels that were made."""
        self._recorders: dict[RecordingId, StartRecording] = {}
        self._begun: list[RecordingBook] = []

    # --- commands -----------------------------------------------------------------------------

    def start_monitor(self, command: StartMonitor) -> None:
        """A spy."""
        self._spies[command.monitor_id] = command
        self._in_talk.pop(command.call_id, None)  # Out of any other bridge.
        self._step.attention = True

    def stop_monitor(self, command: StopMonitor) -> None:
        """Its end; recorders are ended so too."""
        self._spies.pop(command.monitor_id, None)
        if self._recorders.pop(RecordingId(command.monitor_id), None) is not None:
            self._told(RecordingId(command.monitor_id), "stop")
        self._step.hung_up[command.monitor_id] = False
        self._step.attention = True

    def join_talk(self, command: JoinTalk) -> None:
        """A third party."""
        self._in_talk[CallId(command.channel_id)] = command.bridge_id
        self._step.attention = True

    def leave_talk(self, command: LeaveTalk) -> None:
        """Not any more."""
        if self._in_talk.get(CallId(command.channel_id)) == command.bridge_id:
            del self._in_talk[CallId(command.channel_id)]
        self._step.attention = True

    def destroy_bridge(self, command: DestroyBridge) -> None:
        """Whoever is in it is let go."""
        if self._in_talk:
            for call_id, bridge_id in list(self._in_talk.items()):
                if bridge_id == command.bridge_id:
                    del self._in_talk[call_id]

    def start_recording(self, command: StartRecording) -> None:
        """A recorder on the leg of a talk."""
        self._recorders[command.recording_id] = command
        self._told(command.recording_id, "start")

    def change_recording(self, command: ChangeRecording) -> None:
        """What a recorder is to do."""
        self._told(command.recording_id, command.change.value)
        if command.change is RecordingChange.STOP:
            self._recorders.pop(command.recording_id, None)
            recording = self._books.recordings.get(command.recording_id)
            if recording is not None:
                recording.stopped = True
                if recording.leg.recording is recording:
                    recording.leg.recording = None

    def _told(self, recording_id: RecordingId, what: str) -> None:
        self._step.recorders.setdefault(recording_id, []).append(what)
        self._step.attention = True

    # --- inputs -------------------------------------------------------------------------------

    def spy_ended(self, happened: SpyEnded) -> None:
        """A spy is gone: so is the monitoring."""
        self._spies.pop(happened.monitor_id, None)
        monitor = self._books.monitors.get(happened.monitor_id)
        if monitor is not None and monitor.mode is not MonitorMode.BARGE:
            self._step.doubted.append(monitor.supervisor)
            self._step.attention = True

    def recording_finished(self, happened: RecordingFinished) -> None:
        """A file is closed."""
        self._recorders.pop(happened.recording_id, None)
        if happened.recording_id in self._books.recordings:
            self._step.recorders.setdefault(happened.recording_id, []).append("finished")
            self._step.attention = True

    def failed(self, happened: CommandFailed) -> None:
        """Where an end failed nobody knows who hears whom: the supervisor is let go."""
        command: Command = happened.command
        gone = happened.status == _NOT_FOUND
        if isinstance(command, LeaveTalk):
            if happened.status != 0:
                self._doubt(CallId(command.channel_id))
        elif isinstance(command, StopMonitor) and not gone and happened.status != 0:
            self._doubt(CallId(command.monitor_id[len("spy-") :].rpartition("-")[0]))
        elif isinstance(command, JoinTalk):
            self._in_talk.pop(CallId(command.channel_id), None)

    def _doubt(self, call_id: CallId) -> None:
        call = self._books.calls.get(call_id)
        if call is not None and not call.ended:
            self._step.doubted.append(call)
            self._step.attention = True

    # --- facts of monitoring ------------------------------------------------------------------

    def monitor_started(self, fact: MonitorStarted) -> None:
        """Somebody who may, listens to a talk of a queue that is not their own."""
        books = self._books
        call, supervisor = books.calls.get(fact.call_id), books.calls.get(fact.supervisor_call_id)
        leg = None if call is None else call.talk
        if call is None or leg is None or leg.agent is None or leg.queue_id != fact.queue_id:
            raise books.fail("truth", f"{fact.monitor_id} listens to no talk")
        if supervisor is None or supervisor.ended or supervisor.monitor is not None:
            raise books.fail("one place", f"{fact.monitor_id} listens for nobody, or twice")
        if supervisor.visit or supervisor.talk or supervisor.parked:
            raise books.fail("one place", f"{fact.monitor_id} begins while its caller is elsewhere")
        if leg.agent.agent_id != fact.agent_id or fact.queue_id is None:
            raise books.fail("truth", f"{fact.monitor_id} listens to somebody else")
        if not self._may(fact.by, leg, Right.MONITOR):
            raise books.fail("rights", f"{fact.by} may not monitor in {fact.queue_id}")
        if supervisor.endpoint in (leg.agent.agent_id, call.endpoint):
            raise books.fail("rights", f"{fact.by} monitors the own talk")
        if supervisor.sounding or not supervisor.answered:
            raise books.fail("truth", f"{fact.monitor_id} cannot hear")
        monitor = MonitorBook(fact.monitor_id, supervisor, call, leg, fact.mode)
        books.monitors[fact.monitor_id] = supervisor_has = monitor
        supervisor.monitor = supervisor_has
        supervisor.fresh = False
        self._step.attention = True

    def monitor_ended(self, fact: MonitorEnded) -> None:
        """It ends once."""
        books = self._books
        monitor = books.monitors.pop(fact.monitor_id, None)
        if monitor is None:
            raise books.fail("one end", f"{fact.monitor_id} ended, but did not run")
        monitor.supervisor.monitor = None
        self._step.moved.append(monitor.supervisor)
        self._step.attention = True

    def _may(self, by: str, leg: LegBook, right: Right) -> bool:
        queue = None if leg.queue_id is None else self._books.queues.get(leg.queue_id)
        if by == BY_SYSTEM:
            return True
        return (
            queue is not None
            and by in queue.policy.managers
            and right in queue.policy.manager_rights
        )

    # --- facts of recording -------------------------------------------------------------------

    def recording_started(self, fact: RecordingStarted) -> None:
        """A talk is recorded, once at a time, where the queue does so or somebody may."""
        books = self._books
        call = books.calls.get(fact.call_id)
        leg = None if call is None else call.talk
        if call is None or leg is None or leg.talk_id != fact.talk_id:
            raise books.fail("truth", f"{fact.recording_id} records no talk")
        if leg.recording is not None or fact.recording_id in books.recordings:
            raise books.fail("one place", f"{fact.talk_id} is recorded twice")
        command = self._recorders.get(fact.recording_id)
        if command is None or command.channel_id != leg.leg_id or command.name != fact.name:
            raise books.fail("commands", f"{fact.recording_id} was not begun")
        queue = None if leg.queue_id is None else books.queues.get(leg.queue_id)
        policy = None if queue is None else queue.policy.recording
        by_itself = fact.by == BY_SYSTEM and policy is not None and policy.automatic
        asked = self._step.asked
        by_hand = fact.by != BY_SYSTEM or (asked is not None and asked.by == BY_SYSTEM)
        if not by_itself and not (by_hand and self._may(fact.by, leg, Right.RECORD)):
            raise books.fail("rights", f"{fact.recording_id} is not allowed")
        if fact.stereo != (policy is not None and policy.stereo):
            raise books.fail("truth", f"{fact.recording_id} has the wrong number of channels")
        recording = RecordingBook(fact.recording_id, call, leg)
        books.recordings[fact.recording_id] = leg.recording = recording

    def recording_paused(self, fact: RecordingPaused) -> None:
        """What is said from now on is not written."""
        self._change(fact.recording_id, fact.by, paused=True)

    def recording_resumed(self, fact: RecordingResumed) -> None:
        """It is again."""
        self._change(fact.recording_id, fact.by, paused=False)

    def _change(self, recording_id: RecordingId, by: str, *, paused: bool) -> None:
        books = self._books
        recording = books.recordings.get(recording_id)
        if recording is None or recording.stopped or recording.paused is paused:
            raise books.fail("spells", f"{recording_id} cannot be paused or resumed")
        if not self._may(by, recording.leg, Right.RECORD):
            raise books.fail("rights", f"{by} may not change {recording_id}")
        recording.paused = paused
        wanted = "pause" if paused else "resume"
        if self._step.recorders.get(recording_id, [])[-1:] != [wanted]:
            raise books.fail("commands", f"{recording_id} was not told to {wanted}")

    def recording_ended(self, fact: RecordingEnded) -> None:
        """It ends once."""
        books = self._books
        recording = books.recordings.pop(fact.recording_id, None)
        if recording is None:
            raise books.fail("one end", f"{fact.recording_id} ended, but did not run")
        if recording.leg.recording is recording:
            recording.leg.recording = None
        recording.stopped = True

    # --- the end of a step --------------------------------------------------------------------

    def step_ends(self) -> None:
        """What Asterisk was told is what the facts say."""
        self._check_recorders()
        if self._books.monitors or self._in_talk or self._spies or self._step.doubted:
            self._check_ears()
        for leg in self._step.talks_begun:
            self._check_recorded(leg)

    def _check_recorded(self, leg: LegBook) -> None:
        queue = None if leg.queue_id is None else self._books.queues.get(leg.queue_id)
        policy = None if queue is None else queue.policy.recording
        automatic = policy is not None and policy.automatic and leg.call.talk is leg
        if automatic and leg.recording is None:
            raise self._books.fail("recording", f"{leg.talk_id} is not recorded")

    def _check_recorders(self) -> None:
        for recording_id, told in self._step.recorders.items():
            recording = self._books.recordings.get(RecordingId(recording_id))
            if recording is None:
                continue
            if "finished" in told:
                raise self._books.fail("one end", f"{recording_id} is over, its record is not")
            if not recording.stopped and recording.leg.talk_id is None:
                raise self._books.fail("recording", f"{recording_id} outlasts its talk")
            if recording.paused and told[-1:] == ["resume"]:
                raise self._books.fail("recording", f"{recording_id} is paused and was resumed")

    def _check_ears(self) -> None:
        books = self._books
        for monitor in books.monitors.values():
            self._check_monitor(monitor)
        for call_id, bridge_id in self._in_talk.items():
            call = books.calls.get(call_id)
            if call is None or call.gone or call.hung_up:
                continue
            known = call.monitor
            barges = known is not None and known.mode is MonitorMode.BARGE
            if not barges or known is None or bridge_id_of(known.leg.leg_id) != bridge_id:
                raise books.fail("ears", f"{call_id} was left in {bridge_id}")
        for monitor_id, command in self._spies.items():
            if command.monitor_id not in books.monitors:
                raise books.fail("ears", f"{monitor_id} was left listening")
        for call in self._step.doubted:
            if call.monitor is not None:
                raise books.fail("ears", f"{call.call_id} goes on although its ear is gone")

    def _check_monitor(self, monitor: MonitorBook) -> None:
        books = self._books
        if monitor.call.talk is not monitor.leg:
            raise books.fail("ears", f"{monitor.monitor_id} outlasts its talk")
        if monitor.mode is MonitorMode.BARGE:
            where = self._in_talk.get(monitor.supervisor.call_id)
            if where != bridge_id_of(monitor.leg.leg_id):
                raise books.fail("ears", f"{monitor.monitor_id} is not in the talk")
            return
        spy = self._spies.get(monitor.monitor_id)
        if spy is None or spy.channel_id != monitor.leg.leg_id:
            raise books.fail("ears", f"{monitor.monitor_id} hears nothing, or somebody else")
        if spy.call_id != monitor.supervisor.call_id:
            raise books.fail("ears", f"{monitor.monitor_id} speaks to somebody else")
        if spy.whisper is not (monitor.mode is MonitorMode.WHISPER):
            raise books.fail("ears", f"{monitor.monitor_id} is heard by the wrong people")

    def reconciled(self, happened: NodeConnected) -> None:
        """What exists there is known: spies that went with the connection or with Asterisk."""
        seen = {channel.channel_id: channel for channel in happened.channels}
        for monitor_id, command in list(self._spies.items()):
            if command.node == happened.node and monitor_id not in seen:
                del self._spies[monitor_id]
                monitor = self._books.monitors.get(command.monitor_id)
                if monitor is not None:
                    self._step.doubted.append(monitor.supervisor)
        for call_id in list(self._in_talk):
            call = self._books.calls.get(call_id)
            if call is not None and call.node == happened.node and call_id not in seen:
                del self._in_talk[call_id]
        for monitor in self._books.monitors.values():
            # Who is still in a talk, because the word to leave it was not heard, must be told again.
            channel = seen.get(monitor.supervisor.call_id)
            bridge_id = "" if channel is None else channel.bridge_id or ""
            if bridge_id.startswith(BRIDGE_PREFIX):
                self._in_talk[monitor.supervisor.call_id] = bridge_id

    def finish(self) -> None:
        """Nobody listens any more."""
        for monitor_id in (*self._books.monitors, *self._books.recordings, *self._spies):
            raise self._books.fail("liveness", f"{monitor_id} never ended")
