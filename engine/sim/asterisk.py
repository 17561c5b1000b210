"""A lying Asterisk: one node's channels, bridges and playbacks, and the wire to them.

It does what commands say, some time later, in their order; it tells what happened, some time
later, in order. While the wire is cut nothing arrives and nothing is told; what was on the wire at
that moment may or may not have been done. docs/simulation.md is the law of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core.commands import (
    AnswerCall,
    Command,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.ids import LegId, NodeId, PlaybackId
from engine.core.inputs import (
    CallerHungUp,
    CommandFailed,
    Input,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
)
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, People
from engine.sim.options import Options
from engine.sim.rng import Streams, up_to_ms
from engine.sim.whims import Fate, Whims

_MEDIUM_MS = 1_500
"""How long one medium of a prompt lasts."""
_SNAPSHOT_MS_MAX = 200
"""Between subscribing to events and having listed the channels."""

Q850_NORMAL = 16
Q850_NO_ANSWER = 19
Q850_ELSEWHERE = 26


class Asterisk:
    """One node: its switch, and the wire between it and Usher."""

    def __init__(
        self, node: NodeId, agenda: Agenda, post: Callable[[Input], None], options: Options
    ) -> None:
        """Makes a running node that nobody is connected to; `people` must be set before use."""
        self.node = node
        self.people: People
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, list[Channel]] = {}
        self.running = True
        self.boots = 1
        self.linked = False
        """Bytes flow. (Usher may still believe so a while after they stopped.)"""
        self.open = False
        """Usher believes that it is connected."""
        self.events_lost = 0
        self._agenda = agenda
        self._post = post
        streams = Streams(options.seed)
        self._wire = streams.stream(f"wire.{node}")
        self._cuts = streams.stream(f"cuts.{node}")
        self._whims = Whims.of(options.faults, streams.stream(f"whims.{node}"))
        self._latency = options.latency
        self._link = 0
        self._heard_until_ms = 0
        self._command_lane_ms = 0
        self._event_lane_ms = 0
        self._unanswered: list[Command] = []
        self._at_the_door: list[Channel] = []
        self._do: dict[type, Callable[[Any], str | None]] = {
            AnswerCall: self._answer_call,
            StartWaitingSound: self._start_sound,
            StopWaitingSound: self._stop_sound,
            RingPhone: self._ring_phone,
            HangUpLeg: self._hang_up_leg,
            Connect: self._connect,
            DestroyBridge: self._destroy_bridge,
            PlayPrompt: self._play_prompt,
            HangUpCall: self._hang_up_call,
        }

    def heal(self) -> None:
        """No more whims: what is sent arrives, what happens is told once and soon."""
        if self._whims is not None:
            self._whims.heal()

    # --- the wire ---------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Takes a command from Usher."""
        if not self.linked:
            if self.open:
                self._unanswered.append(command)
            else:
                self._agenda.after(0, self._fail_locally, (command, "not connected"))
            return
        latency_ms = self._latency.command_ms_max
        if not latency_ms:
            self._execute(command)
            return
        when_ms = self._agenda.now_ms + up_to_ms(self._wire, latency_ms)
        when_ms = self._command_lane_ms = max(when_ms, self._command_lane_ms)
        self._agenda.at(when_ms, self._arrives, (self._link, command))

    def emit(self, happened: Input) -> None:
        """Tells Usher, if the wire is there."""
        if not self.linked:
            self.events_lost += 1
            return
        when_ms = self._agenda.now_ms
        if self._latency.event_ms_max:
            when_ms += up_to_ms(self._wire, self._latency.event_ms_max)
        repeated = False
        if self._whims is not None:
            when_ms += self._whims.lateness_ms()
            repeated = self._whims.repeats()
        when_ms = self._event_lane_ms = max(when_ms, self._event_lane_ms)
        self._agenda.at(when_ms, self._deliver, (self._link, happened))
        if repeated:
            self._agenda.at(when_ms, self._deliver, (self._link, happened))

    def cut(self, noticed_after_ms: int) -> None:
        """Breaks the wire; Usher notices some time later."""
        if not self.linked:
            return
        self.linked = False
        now_ms = self._agenda.now_ms
        on_the_way_ms = max(0, self._command_lane_ms - now_ms)
        self._heard_until_ms = now_ms + up_to_ms(self._cuts, on_the_way_ms) - 1
        self._agenda.after(noticed_after_ms, self._notice, self._link)
        self._link += 1
        # Asterisk's own limit on ringing matters only while nobody else can end it.
        for channel in self.channels.values():
            if channel.arrival is None and not channel.up:
                self._agenda.at(
                    max(now_ms, channel.rings_until_ms), self._ring_timed_out, channel
                )

    def link(self) -> None:
        """Usher connects: events flow from now on; what exists is listed a moment later."""
        if self.linked or not self.running:
            return
        self.linked = True
        listed_ms = self._agenda.now_ms + up_to_ms(self._cuts, _SNAPSHOT_MS_MAX)
        # Events from before the list was made are told after it: they come late or twice.
        self._event_lane_ms = max(listed_ms, self._agenda.now_ms)
        self._agenda.at(listed_ms, self._list, self._link)
        for channel in self._at_the_door:
            self._agenda.after(up_to_ms(self._cuts, 1_000), self._enter, channel)
        self._at_the_door.clear()

    def stop(self) -> None:
        """Asterisk stops: every channel is gone and nobody is told."""
        self.running = False
        self.cut(noticed_after_ms=up_to_ms(self._cuts, 1_000))
        self._heard_until_ms = 0
        for channel in list(self.channels.values()):
            self._vanish(channel)
        self.bridges.clear()
        self._at_the_door.clear()

    def start(self) -> None:
        """Asterisk is back, empty."""
        self.running = True
        self.boots += 1

    def _arrives(self, sent: tuple[int, Command]) -> None:
        link, command = sent
        if link == self._link:
            self._execute(command)
            return
        if self._agenda.now_ms <= self._heard_until_ms:
            self._do[type(command)](command)
        self._fail_locally((command, "connection lost"))

    def _deliver(self, told: tuple[int, Input]) -> None:
        link, happened = told
        if link == self._link:
            self._post(happened)
        else:
            self.events_lost += 1

    def _notice(self, link: int) -> None:
        if not self.open or link != self._link - 1:
            return
        self.open = False
        self._post(NodeDisconnected(self.node))
        unanswered, self._unanswered = self._unanswered, []
        for command in unanswered:
            self._fail_locally((command, "connection lost"))

    def _list(self, link: int) -> None:
        if link != self._link:
            return
        self.open = True
        channels = tuple(channel.seen() for channel in self.channels.values() if channel.entered)
        boot_id = f"{self.node}-boot-{self.boots}"
        self._post(NodeConnected(self.node, channels, tuple(self.bridges), boot_id))

    def _fail_locally(self, failed: tuple[Command, str]) -> None:
        self._post(CommandFailed(failed[0], 0, failed[1]))

    def _execute(self, command: Command) -> None:
        fate = Fate.DONE if self._whims is None else self._whims.fate(command)
        if fate is Fate.REFUSED:
            self.emit(CommandFailed(command, 500, "Allocation failed"))
            return
        why = None if fate is Fate.FORGOTTEN else self._do[type(command)](command)
        if fate is not Fate.DONE:
            self._agenda.after(5_000, self._time_out, (self._link, command))
        elif why is not None:
            self.emit(CommandFailed(command, int(why[:3]), why[4:]))

    def _time_out(self, sent: tuple[int, Command]) -> None:
        if sent[0] == self._link:
            self._fail_locally((sent[1], "no answer in time"))

    # --- the switch -------------------------------------------------------------------------

    def arrive(self, channel: Channel, *, held: bool) -> bool:
        """A caller dials in; returns whether the node takes the call.

        `held`: while Usher is away the dialplan keeps the caller waiting, instead of refusing.
        """
        if not self.running or (not self.linked and not held):
            return False
        self.channels[channel.channel_id] = channel
        if self.linked:
            self._enter(channel)
        else:
            channel.entered = False
            self._at_the_door.append(channel)
        return True

    def end(self, channel: Channel, cause: int) -> None:
        """Somebody hung this channel up."""
        if not channel.alive:
            return
        if channel.playback_id is not None:
            self.emit(PlaybackEnded(PlaybackId(channel.playback_id), ok=False))
            channel.playback_id = None
        arrival = channel.arrival
        if arrival is None:
            self.emit(LegEnded(LegId(channel.channel_id), cause))
        elif channel.entered:
            self.emit(CallerHungUp(arrival.call_id, cause))
        self._vanish(channel)

    def _enter(self, channel: Channel) -> None:
        arrival = channel.arrival
        if channel.alive and arrival is not None:
            if not self.linked:
                self._at_the_door.append(channel)
                channel.entered = False
                return
            channel.entered = True
            self.emit(arrival)

    def _vanish(self, channel: Channel) -> None:
        channel.alive = False
        del self.channels[channel.channel_id]
        self._leave_bridge(channel)
        self.people.ended(channel)

    def _leave_bridge(self, channel: Channel) -> None:
        if channel.bridge_id is None:
            return
        members = self.bridges.get(channel.bridge_id, [])
        channel.bridge_id = None
        if channel in members:
            members.remove(channel)
        for other in members:
            if other.alive:
                self.people.left_alone(other)

    # Each of these returns None, or the status and reason with which Asterisk refuses.

    def _answer_call(self, command: AnswerCall) -> str | None:
        channel = self.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.up = True
        return None

    def _start_sound(self, command: StartWaitingSound) -> str | None:
        channel = self.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.sounding = True
        return None

    def _stop_sound(self, command: StopWaitingSound) -> str | None:
        channel = self.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.sounding = False
        return None

    def _ring_phone(self, command: RingPhone) -> str | None:
        if command.leg_id in self.channels:
            return None
        phone = None
        if command.number is None:
            phone = self.people.phone(command.endpoint)
            if phone is None or not phone.contact:
                return "500 Allocation failed"
        leg = Channel(self, command.leg_id, phone, None)
        leg.caller = self.channels.get(command.call_id)
        self.channels[command.leg_id] = leg
        leg.rings_until_ms = self._agenda.now_ms + command.timeout_ms
        if not self.linked:
            self._agenda.at(leg.rings_until_ms, self._ring_timed_out, leg)
        self.people.rings(leg)
        return None

    def _ring_timed_out(self, leg: Channel) -> None:
        if leg.alive and not leg.up:
            self.end(leg, Q850_NO_ANSWER)

    def _hang_up_leg(self, command: HangUpLeg) -> str | None:
        leg = self.channels.get(command.leg_id)
        if leg is None:
            return "404 Channel not found"
        if leg.up:
            self.end(leg, Q850_NORMAL)
        else:
            self.end(leg, Q850_ELSEWHERE if command.answered_elsewhere else Q850_NO_ANSWER)
        return None

    def _hang_up_call(self, command: HangUpCall) -> str | None:
        channel = self.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        self.end(channel, command.cause)
        return None

    def _connect(self, command: Connect) -> str | None:
        caller = self.channels.get(command.call_id)
        leg = self.channels.get(command.leg_id)
        members = self.bridges.setdefault(command.bridge_id, [])
        for channel in (caller, leg):
            if channel is not None and channel not in members:
                self._leave_bridge(channel)
                channel.bridge_id = command.bridge_id
                members.append(channel)
        if caller is None or leg is None:
            return "404 Channel not found"
        self.people.joined(caller, leg)
        return None

    def _destroy_bridge(self, command: DestroyBridge) -> str | None:
        members = self.bridges.pop(command.bridge_id, None)
        if members is None:
            return "404 Bridge not found"
        for channel in members:
            channel.bridge_id = None
            self.people.left_alone(channel)
        return None

    def _play_prompt(self, command: PlayPrompt) -> str | None:
        channel = self.channels.get(command.channel_id)
        if channel is None:
            return "404 Channel not found"
        channel.playback_id = command.playback_id
        lasts_ms = _MEDIUM_MS * len(command.media)
        self._agenda.after(lasts_ms, self._played, (channel, command.playback_id))
        return None

    def _played(self, playing: tuple[Channel, PlaybackId]) -> None:
        channel, playback_id = playing
        if channel.alive and channel.playback_id == playback_id:
            channel.playback_id = None
            self.emit(PlaybackEnded(playback_id, ok=True))

