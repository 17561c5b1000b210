"""Commands under way on one connection: said, answered, undone, or failed.

command ── requests ──────────────────────────────> answers: a first failure is posted, once
command ── first half ── its channels enter ── second half ── (ears record) ── held changes
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from engine.adapters.ari.client import AriClient
from engine.adapters.ari.counters import Counters
from engine.adapters.ari.decode import Decoder
from engine.adapters.ari.ears import remove_ear, twin_of
from engine.adapters.ari.encode import (
    Making,
    channels_made,
    encode,
    once_entered,
    set_music,
    silent_first,
    stop_playback,
    undo,
)
from engine.adapters.ari.entering import Entering, Half
from engine.adapters.ari.prompts import Prompts
from engine.adapters.ari.requests import (
    BAD_REQUEST,
    CONFLICT,
    NOT_FOUND,
    AriRequest,
    Unspeakable,
)
from engine.adapters.ari.settling import HangUp, Settling
from engine.core.commands import (
    AnswerTransfer,
    ChangeRecording,
    Command,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RecordingChange,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
)
from engine.core.inputs import CommandFailed, Input, RecordingFinished


class _Said:
    """What is known of a command whose requests are under way."""

    __slots__ = ("existed", "failed")

    def __init__(self) -> None:
        self.failed = False
        self.existed = False
        """Whether a bridge that it was to make was there."""


class Lane:
    """The commands of one connection, in the order in which they were given.

    Args:
        client: how to ask.
        decoder: knows which channels are alive, and learns which recordings we stop.
        prompts: what plays where.
        counters: the node's.
        post: takes failures.
    """

    def __init__(
        self,
        client: AriClient,
        decoder: Decoder,
        prompts: Prompts,
        counters: Counters,
        post: Callable[[Input], None],
    ) -> None:
        """Says nothing yet."""
        self._client = client
        self._decoder = decoder
        self._prompts = prompts
        self._counters = counters
        self._post = post
        loop = asyncio.get_running_loop()
        self._entering = Entering(loop, self._never_entered)
        self._settling = Settling(loop, self._hang_up)

    def send(self, command: Command) -> None:
        """Carries out a command, or posts its failure."""
        try:
            requests = encode(command)
        except Unspeakable as error:
            self.fail(command, BAD_REQUEST, str(error))
            return
        match command:
            case RingPhone() | StartMonitor() | StartRecording():
                self._make(command, requests)
                return
            case ChangeRecording():
                if not self._entering.hold_back(command):
                    self._change(command, requests)
                return
            case HangUpLeg() | HangUpCall():
                if not self._settling.hold_back(command):
                    self._hang_up(command)
                return
            case _:
                self._make_way(command)
        self._ask(command, requests)

    def _make_way(self, command: Command) -> None:
        """Notes or ends what would stand in a command's way."""
        match command:
            case AnswerTransfer(channel_id=channel_id):
                self._settling.begin(channel_id, self._decoder.other_channel(channel_id))
            case StopMonitor(monitor_id=ear_id):
                self._fail_changes(self._entering.give_up(ear_id), NOT_FOUND, "given up")
            case PlayPrompt():
                self._prompts.begin(command.channel_id, command.playback_id)
            case StartWaitingSound(call_id=call_id) if command.sound.music_class is not None:
                self._any_music((call_id,))
            case Connect(call_id=call_id, leg_id=leg_id, hold_music=music):
                self._silence(silent_first(command))
                if music is None:
                    self._any_music((call_id, leg_id))
                for each in () if music is None else (call_id, leg_id):
                    self._prompts.own_music(each, wanted=True)
            case SendToDialplan():
                self._silence(silent_first(command))
                self._decoder.sends_away(command)
            case _:
                self._silence(silent_first(command))

    async def drain(self) -> None:
        """Returns when every command sent so far is answered or has failed."""
        while self._entering or self._settling or self._client.unanswered:
            await self._entering.wait_none()
            await self._settling.wait_none()
            await self._client.wait_idle()

    def end(self) -> None:
        """Fails what waits for an event that will not come any more."""
        for half in self._entering.give_up_all():
            self._fail_half(half, 0, "connection lost")
        for command in self._settling.give_up_all():
            self.fail(command, 0, "connection lost")

    def settled(self, channel_id: str) -> None:
        """A phone has been told what became of the transfer that it asked for."""
        self._settling.over(channel_id)

    def entered(self, channel_id: str) -> None:
        """A channel that a command made is in our application."""
        command = self._entering.entered(channel_id)
        if command is not None:
            self._say_second(command, again=False)

    def started(self, ear_id: str) -> None:
        """An ear has begun to record."""
        for change in self._entering.started(ear_id):
            self._change(change, encode(change))

    def _ask(self, command: Command, requests: tuple[AriRequest, ...]) -> None:
        """Sends a command's requests; its first failure is posted, once."""
        said = _Said()
        for request in requests:
            self._counters.requests += 1
            self._client.ask(request, partial(self._answered, command, request, said))

    def _answered(
        self,
        command: Command,
        request: AriRequest,
        said: _Said,
        status: int,
        why: str,
        _body: object,
    ) -> None:
        if 200 <= status < 300:
            return
        half = None
        if isinstance(command, AnswerTransfer):
            self._settling.over(command.channel_id)
        if isinstance(command, RingPhone | StartMonitor | StartRecording):
            half = self._entering.give_up(channels_made(command)[0])
        if status in request.tolerated or said.failed:
            said.existed = said.existed or status == CONFLICT
            return
        said.failed = True
        if isinstance(command, PlayPrompt):
            self._prompts.over(command.playback_id)
        elif isinstance(command, SendToDialplan):
            gone = self._decoder.not_sent(command)
            if gone is not None:
                self._post(gone)
        elif status:  # The connection is there: what was made for nothing would stay.
            self._undo(command, request, said)
        self.fail(command, status, why)
        self._fail_changes(half, status, why)

    def fail(self, command: Command, status: int, why: str) -> None:
        """Posts a failure."""
        self._counters.failed += 1
        self._post(CommandFailed(command, status, why))

    def _undo(self, command: Command, request: AriRequest, said: _Said) -> None:
        """Removes what a command has made whose request has failed."""
        if isinstance(command, StartMonitor | StartRecording):
            self._ask_unheard(undo(command))
        if not isinstance(command, Connect | StartMonitor) or said.existed:
            return
        if request.uri.endswith("/addChannel"):  # So the bridge was made, and is empty.
            self._ask_unheard(encode(DestroyBridge(command.node, command.bridge_id)))

    def _ask_unheard(self, requests: tuple[AriRequest, ...]) -> None:
        for request in requests:
            self._client.ask(request, _unheard)

    def _hang_up(self, command: HangUp) -> None:
        channel_id = command.leg_id if isinstance(command, HangUpLeg) else command.call_id
        self._entering.give_up(channel_id)
        self._ask(command, encode(command))

    # Commands of two halves.

    def _make(self, command: Making, requests: tuple[AriRequest, ...]) -> None:
        """Says the first half, unless it was said before."""
        if self._entering.expects(command):
            return
        if not self._decoder.knows(channels_made(command)[0]):
            self._entering.expect(command)
            self._ask(command, requests)
        elif not isinstance(command, RingPhone):  # Dialled twice, Asterisk would destroy the leg.
            self._say_second(command, again=True)

    def _say_second(self, command: Making, *, again: bool) -> None:
        self._silence(silent_first(command))
        self._ask(command, once_entered(command, again=again))

    def _change(self, command: ChangeRecording, requests: tuple[AriRequest, ...]) -> None:
        if command.change is RecordingChange.STOP:
            self._decoder.recording_stops(command.recording_id)
        self._ask(command, requests)

    def _never_entered(self, half: Half, why: str) -> None:
        self._ask_unheard(undo(half.command))
        self._fail_half(half, 0, why)

    def _fail_half(self, half: Half, status: int, why: str) -> None:
        self.fail(half.command, status, why)
        self._fail_changes(half, status, why)

    def _fail_changes(self, half: Half | None, status: int, why: str) -> None:
        for change in () if half is None else half.changes:
            self.fail(change, status, why)

    def recorded(self, finished: RecordingFinished) -> None:
        """A recording is over: its ears have nothing to do any more."""
        half = self._entering.give_up(finished.recording_id)
        self._fail_changes(half, NOT_FOUND, finished.why)
        for ear_id in (finished.recording_id, twin_of(finished.recording_id)):
            if self._decoder.knows(ear_id):
                self._ask_unheard((remove_ear(ear_id),))

    def _any_music(self, channels: tuple[str, ...]) -> None:
        """Takes the hold music of former talks away, which would be played instead of any other."""
        for channel_id in channels:
            if self._prompts.has_own_music(channel_id):
                self._prompts.own_music(channel_id, wanted=False)
                self._silence((channel_id,))
                self._client.ask(set_music(channel_id, ""), _unheard)

    def _silence(self, channels: tuple[str, ...]) -> None:
        """Ends what plays on channels: what comes next would wait for it, and all others too."""
        for channel_id in channels:
            for playback_id in self._prompts.take(channel_id):
                self._client.ask(stop_playback(playback_id), _unheard)


def _unheard(_status: int, _why: str, _body: object) -> None:
    """Takes an answer that changes nothing."""
