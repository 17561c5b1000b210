"""What listens in the simulated Asterisk: supervisors' spies and recorders, until they end."""

from __future__ import annotations

from typing import Protocol

from engine.core.commands import (
    ChangeRecording,
    JoinTalk,
    LeaveTalk,
    RecordingChange,
    StartMonitor,
    StartRecording,
    StopMonitor,
)
from engine.core.ids import MonitorId, RecordingId
from engine.core.inputs import Input, RecordingFinished, SeenChannel, SpyEnded
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel
from engine.sim.rng import Rng, up_to_ms

_NO_CHANNEL = "404 Channel not found"
_NO_RECORDING = "404 Recording not found"
_DISK_IS_FULL_AFTER_MS_MAX = 30_000


class Switch(Protocol):
    """What ears need of their Asterisk."""

    channels: dict[str, Channel]
    bridges: dict[str, list[Channel]]

    def emit(self, happened: Input) -> None:
        """Tells Usher of something."""

    def enter_bridge(self, channel: Channel, bridge_id: str) -> None:
        """Moves a channel into a bridge, made if need be, out of any other."""

    def leave_bridge(self, channel: Channel) -> None:
        """Takes it out of whichever it is in."""


class _Ear:
    """A channel that hears another; `name` is the file that a recorder writes."""

    __slots__ = ("alive", "ear_id", "name", "paused", "target", "whisper")

    def __init__(self, ear_id: str, target: Channel, *, whisper: bool, name: str | None) -> None:
        self.ear_id = ear_id
        self.target = target
        self.whisper = whisper
        self.name = name
        self.paused = False
        self.alive = True


class Ears:
    """All of one node. Each verb returns None, or status and reason with which it is refused."""

    def __init__(self, switch: Switch, agenda: Agenda, rng: Rng) -> None:
        """Begins with none."""
        self.disk_fails = 0.0
        """Chance that a recording ends by itself because nothing can be written any more."""
        self.spies_die = 0.0
        """Chance that a spy channel ends by itself."""
        self._switch = switch
        self._agenda = agenda
        self._rng = rng
        self._ears: dict[str, _Ear] = {}

    def seen(self) -> list[SeenChannel]:
        """Returns what a reconciliation sees of them."""
        return [SeenChannel(ear_id, up=True) for ear_id in self._ears]

    def names(self) -> list[str]:
        """Returns the ids of those that exist."""
        return list(self._ears)

    def clear(self) -> None:
        """Asterisk stops: nobody is told."""
        for ear in self._ears.values():
            ear.alive = False
        self._ears.clear()

    def target_ended(self, channel: Channel) -> None:
        """Whoever hears this channel ends with it."""
        for ear in [each for each in self._ears.values() if each.target is channel]:
            self._end(ear, ok=True)

    # --- monitoring ---------------------------------------------------------------------------

    def start_monitor(self, command: StartMonitor) -> str | None:
        """A spy on a channel, in one bridge with the supervisor."""
        supervisor = self._switch.channels.get(command.call_id)
        target = self._switch.channels.get(command.channel_id)
        if command.monitor_id not in self._ears:
            if target is None:
                return _NO_CHANNEL
            spy = _Ear(command.monitor_id, target, whisper=command.whisper, name=None)
            self._ears[command.monitor_id] = spy
            if self.spies_die and self._rng.random() < self.spies_die:
                self._agenda.after(up_to_ms(self._rng, 20_000), self._dies, spy)
        if supervisor is None:
            return _NO_CHANNEL
        self._switch.enter_bridge(supervisor, command.bridge_id)
        return None

    def stop_monitor(self, command: StopMonitor) -> str | None:
        """The end of a spy (or of a recorder that nobody knows); none is no failure."""
        ear = self._ears.get(command.monitor_id)
        if ear is not None:
            self._end(ear, ok=True)
        return None

    def join_talk(self, command: JoinTalk) -> str | None:
        """A third party in a talk."""
        channel = self._switch.channels.get(command.channel_id)
        if command.bridge_id not in self._switch.bridges:
            return "404 Bridge not found"
        if channel is None:
            return "400 Channel not found"
        self._switch.enter_bridge(channel, command.bridge_id)
        return None

    def leave_talk(self, command: LeaveTalk) -> str | None:
        """And out of it."""
        channel = self._switch.channels.get(command.channel_id)
        if channel is not None and channel.bridge_id == command.bridge_id:
            self._switch.leave_bridge(channel)
        return None

    # --- recording ----------------------------------------------------------------------------

    def start_recording(self, command: StartRecording) -> str | None:
        """A recorder on a channel; whether it can write shows later."""
        if command.recording_id in self._ears:
            return None
        target = self._switch.channels.get(command.channel_id)
        if target is None:
            return _NO_CHANNEL
        recorder = _Ear(command.recording_id, target, whisper=False, name=command.name)
        self._ears[command.recording_id] = recorder
        if self.disk_fails and self._rng.random() < self.disk_fails:
            after_ms = up_to_ms(self._rng, _DISK_IS_FULL_AFTER_MS_MAX)
            self._agenda.after(after_ms, self._dies, recorder)
        return None

    def change_recording(self, command: ChangeRecording) -> str | None:
        """Pause, resume, stop; each may be said twice but the last."""
        recorder = self._ears.get(command.recording_id)
        if recorder is None:
            return _NO_RECORDING
        if command.change is RecordingChange.STOP:
            self._end(recorder, ok=True)
        else:
            recorder.paused = command.change is RecordingChange.PAUSE
        return None

    def _dies(self, ear: _Ear) -> None:
        if ear.alive:
            self._end(ear, ok=False)

    def _end(self, ear: _Ear, *, ok: bool) -> None:
        ear.alive = False
        del self._ears[ear.ear_id]
        if ear.name is None:
            self._switch.emit(SpyEnded(MonitorId(ear.ear_id)))
        else:
            why = "" if ok else "it ended unasked"
            self._switch.emit(RecordingFinished(RecordingId(ear.ear_id), ok, why))
