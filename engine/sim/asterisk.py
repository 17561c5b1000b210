"""A lying Asterisk: one node's channels, bridges and playbacks.

It does what commands say, and tells what happened, as far as the wire lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    PlayToTalk,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
    TransferState,
)
from engine.core.ids import LegId, NodeId, PlaybackId
from engine.core.inputs import (
    CallerHungUp,
    Input,
    LegEnded,
    NodeConnected,
    PlaybackEnded,
)
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, People
from engine.sim.dialplan import Dialplan
from engine.sim.ears import Ears
from engine.sim.media import Media
from engine.sim.options import Options
from engine.sim.rng import Streams, up_to_ms
from engine.sim.wire import Does, Wire

_PROMPT_ENDS_FIRST = 0.25
_NOTICED_MS_MAX = 900
"""Until Usher notices that Asterisk is gone."""

Q850_NORMAL = 16
Q850_NO_ANSWER = 19
Q850_ELSEWHERE = 26


class Asterisk:
    """One node: its switch, at the end of a wire."""

    def __init__(
        self, node: NodeId, agenda: Agenda, post: Callable[[Input], None], options: Options
    ) -> None:
        """Makes a running node that nobody is connected to; `people` must be set before use."""
        self.node = node
        self.wire = Wire(node, self, agenda, post, options)
        self.emit = self.wire.emit
        self.people: People
        self.dial: Callable[[Asterisk, Channel, str], Channel | None] = _cannot_dial
        """Places a second call from the phone of a channel."""
        self._agenda = agenda
        skew_ms_max = options.faults.clock_skew_ms_max
        self._skew_ms = up_to_ms(self.wire.cuts, 2 * skew_ms_max) - skew_ms_max
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, list[Channel]] = {}
        self.running = True
        self.boots = 1
        self._at_the_door: list[Channel] = []
        self.ears = ears = Ears(self, agenda, Streams(options.seed).stream(f"ears.{node}"))
        ears.disk_fails = options.faults.disk_full
        ears.spies_die = options.faults.spy_dies
        streams = Streams(options.seed)
        self.media = media = Media(self, agenda, streams.stream(f"media.{node}"))
        self.dialplan = Dialplan(self, agenda, streams.stream(f"dialplan.{node}"))
        self.does: dict[type, Does] = {
            AnswerCall: self._answer_call,
            StartWaitingSound: media.start_sound,
            StopWaitingSound: media.stop_sound,
            RingPhone: self._ring_phone,
            HangUpLeg: self._hang_up_leg,
            Connect: self._connect,
            DestroyBridge: self._destroy_bridge,
            PlayPrompt: media.play_prompt,
            StopPrompt: media.stop_prompt,
            PlayToTalk: media.play_to_talk,
            SendToDialplan: self.dialplan.send,
            FetchCall: self.dialplan.fetch,
            HangUpCall: self._hang_up_call,
            AnswerTransfer: self._answer_transfer,
            StartMonitor: ears.start_monitor,
            StopMonitor: ears.stop_monitor,
            JoinTalk: ears.join_talk,
            LeaveTalk: ears.leave_talk,
            HoldMusic: self._hold_music,
            StartRecording: ears.start_recording,
            ChangeRecording: ears.change_recording,
        }

    # --- connection -------------------------------------------------------------------------

    def listing(self) -> NodeConnected:
        """Returns all channels that were handed to Usher, and all bridges."""
        channels = [channel.seen() for channel in self.channels.values() if channel.entered]
        boot_id = f"{self.node}-boot-{self.boots}"
        return NodeConnected(
            self.node, (*channels, *self.ears.seen()), tuple(self.bridges), boot_id
        )

    def cut(self, noticed_after_ms: int) -> None:
        """Breaks the wire; from now on Asterisk's own limits on ringing matter."""
        if not self.wire.linked:
            return
        self.wire.cut(noticed_after_ms)
        now_ms = self._agenda.now_ms
        for channel in self.channels.values():
            if channel.arrival is None and not channel.up:
                until_ms = max(now_ms, channel.rings_until_ms)
                self._agenda.at(until_ms, self._ring_timed_out, channel)

    def link(self) -> None:
        """Usher connects; the dialplan lets in who waited for that."""
        self.wire.link()
        if self.wire.linked:
            for channel in self._at_the_door:
                self._agenda.after(up_to_ms(self.wire.cuts, 1_000), self._enter, channel)
            self._at_the_door.clear()

    def clock_ms(self) -> int:
        """Returns what this node takes for the time, with which it stamps new channels."""
        return self._agenda.now_ms + self._skew_ms

    def stop(self) -> None:
        """Asterisk stops: every channel is gone and nobody is told."""
        self.running = False
        self.cut(noticed_after_ms=up_to_ms(self.wire.cuts, _NOTICED_MS_MAX))
        self.wire.forget()
        self.ears.clear()
        for channel in list(self.channels.values()):
            self._vanish(channel)
        self.bridges.clear()
        self._at_the_door.clear()

    def start(self) -> None:
        """Asterisk is back, empty."""
        self.running = True
        self.boots += 1

    # --- channels ---------------------------------------------------------------------------

    def arrive(self, channel: Channel, *, held: bool) -> bool:
        """A caller dials in; returns whether the node takes the call.

        `held`: while Usher is away the dialplan keeps the caller waiting, instead of refusing.
        """
        if not self.running or (not self.wire.linked and not held):
            return False
        self.channels[channel.channel_id] = channel
        if self.wire.linked:
            self._enter(channel)
        else:
            channel.entered = False
            self._at_the_door.append(channel)
        return True

    def consult(self, channel: Channel, dialled: str) -> Channel | None:
        """Places a second call from the phone of this channel; None if the node takes none."""
        return self.dial(self, channel, dialled)

    def beside(self, channel: Channel) -> Sequence[Channel]:
        """Returns all channels of the bridge that this one is in, itself too; none: no bridge."""
        return self.bridges.get(channel.bridge_id or "", ())

    def end(self, channel: Channel, cause: int, forward_to: str | None = None) -> None:
        """Somebody hung this channel up, or wants another number to be rung instead."""
        if not channel.alive:
            return
        playback_id, channel.playback_id = channel.playback_id, None
        # The end of a prompt that a hang-up cut short is told before or after the hang-up.
        before = playback_id is not None and self.wire.cuts.random() < _PROMPT_ENDS_FIRST
        if playback_id is not None and before:
            self.emit(PlaybackEnded(PlaybackId(playback_id), ok=False))
        arrival = channel.arrival
        if arrival is None:
            self.emit(LegEnded(LegId(channel.channel_id), cause, forward_to))
        elif channel.entered:
            self.emit(CallerHungUp(arrival.call_id, cause))
        if playback_id is not None and not before:
            self.emit(PlaybackEnded(PlaybackId(playback_id), ok=False))
        self._vanish(channel)

    def _enter(self, channel: Channel) -> None:
        arrival = channel.arrival
        if channel.alive and arrival is not None:
            if not self.wire.linked:
                self._at_the_door.append(channel)
                channel.entered = False
                return
            channel.entered = True
            self.emit(arrival)

    def _vanish(self, channel: Channel) -> None:
        channel.alive = False
        del self.channels[channel.channel_id]
        self.ears.target_ended(channel)
        self.leave_bridge(channel)
        self.people.ended(channel)

    def enter_bridge(self, channel: Channel, bridge_id: str) -> None:
        """Moves a channel into a bridge, made if need be, out of any other."""
        members = self.bridges.setdefault(bridge_id, [])
        if channel not in members:
            self.leave_bridge(channel)
            channel.bridge_id = bridge_id
            members.append(channel)

    def leave_bridge(self, channel: Channel) -> None:
        """Takes a channel out of the bridge that it is in, if any."""
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
        if not channel.up:
            channel.up = True
            for other in self.bridges.get(channel.bridge_id or "", ()):
                if other is not channel:
                    self.people.joined(channel, other)
        return None

    def _hold_music(self, _command: HoldMusic) -> str | None:
        return None  # Nobody here listens to it.

    def _ring_phone(self, command: RingPhone) -> str | None:
        if command.leg_id in self.channels:
            return None
        phone = None
        if command.number is None:
            phone = self.people.phone(command.endpoint)
            if phone is None or not phone.contact:
                return "500 Allocation failed"
        leg = Channel(self, command.leg_id, phone, None)
        if command.call_id is not None:
            leg.caller = self.channels.get(command.call_id)
        self.channels[command.leg_id] = leg
        leg.rings_until_ms = self._agenda.now_ms + command.timeout_ms
        if not self.wire.linked:
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
        self.bridges.setdefault(command.bridge_id, [])
        for channel in (caller, leg):
            if channel is not None:
                self.media.cut_off(channel)
                self.enter_bridge(channel, command.bridge_id)
        if caller is None or leg is None:
            return "404 Channel not found"
        self.people.joined(caller, leg)
        return None

    def _answer_transfer(self, command: AnswerTransfer) -> str | None:
        channel = self.channels.get(command.channel_id)
        if channel is None:
            return "404 Channel not found"
        self.people.transfer_answered(channel, done=command.state is TransferState.DONE)
        return None

    def _destroy_bridge(self, command: DestroyBridge) -> str | None:
        members = self.bridges.pop(command.bridge_id, None)
        if members is None:
            return "404 Bridge not found"
        for channel in members:
            channel.bridge_id = None
            self.people.left_alone(channel)
        return None


def _cannot_dial(_node: Asterisk, _channel: Channel, _dialled: str) -> None:
    return None
