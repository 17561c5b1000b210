"""One connection's life: compare, then events in and commands out.

    socket open ─> filter, status, bridges, channels asked ─> NodeConnected ─> events, commands
                   events that come meanwhile are held back ─────────┘ and follow, in order

What is held back may say again what the lists had already, or tell of channels that were gone when
the lists were made: the decoder knows from the lists who is alive, and tells nothing twice. A
caller is in the lists only if Asterisk counts the channel to our application *and* has it: one that
enters between the two lists is announced by an event that is still to come.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import aiohttp

from engine.adapters.ari.client import AriClient
from engine.adapters.ari.compare import QUESTIONS, as_told, picture
from engine.adapters.ari.counters import Counters
from engine.adapters.ari.decode import EVENTS, Decoder, entering, starting
from engine.adapters.ari.ears import remove_ear, twin_of
from engine.adapters.ari.encode import (
    Making,
    channels_made,
    encode,
    once_entered,
    silent_first,
    stop_playback,
    undo,
)
from engine.adapters.ari.entering import Entering, Half
from engine.adapters.ari.fields import Event, Nonsense
from engine.adapters.ari.lamps import AriLamps
from engine.adapters.ari.prompts import Prompts
from engine.adapters.ari.requests import (
    BAD_REQUEST,
    CONFLICT,
    NOT_FOUND,
    AriRequest,
    Unspeakable,
)
from engine.adapters.ari.transport import ConnectionRefused, write_now
from engine.core.commands import (
    ChangeRecording,
    Command,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RecordingChange,
    RingPhone,
    StartMonitor,
    StartRecording,
    StopMonitor,
)
from engine.core.ids import NodeId
from engine.core.inputs import CommandFailed, Input, PlaybackEnded, RecordingFinished

log = logging.getLogger(__name__)

COMPARE_S: Final = 10.0
"""Within this time of the connection Asterisk must have told what exists."""


class _Said:
    """What is known of a command whose requests are under way."""

    __slots__ = ("existed", "failed")

    def __init__(self) -> None:
        self.failed = False
        self.existed = False
        """Whether a bridge that it was to make was there."""


class Session:
    """One open connection to one Asterisk.

    Args:
        node: its name.
        socket: the open websocket; `live` reads it.
        post: takes inputs.
        prompts: outlive the connection, as playbacks do.
        counters: the node's.
        lamps: the node's, which outlive the connection too.

    Attributes:
        ready: whether `NodeConnected` has been posted and commands are taken.
        ready_at_s: when that came to be (time of the loop), None before.
    """

    def __init__(
        self,
        node: NodeId,
        socket: aiohttp.ClientWebSocketResponse,
        post: Callable[[Input], None],
        prompts: Prompts,
        counters: Counters,
        lamps: AriLamps,
    ) -> None:
        """Sends nothing yet."""
        self.ready = False
        self.ready_at_s: float | None = None
        self._node = node
        self._socket = socket
        self._post = post
        self._prompts = prompts
        self._counters = counters
        self._lamps = lamps
        self._loop = asyncio.get_running_loop()
        self._client = AriClient(partial(write_now, socket), self._loop)
        self._decoder = Decoder(node)
        self._held_back: list[Event] = []
        self._answers: dict[str, Any] = {}
        """To the questions of the comparison."""
        self._entering = Entering(self._loop, self._never_entered)

    async def live(self) -> str:
        """Reads until the connection is lost; returns why, as far as known.

        Raises:
            ConnectionRefused: what answers is no ARI, or lets another have our application.
        """
        for name, request in QUESTIONS:
            self._client.ask(request, partial(self._compare, name, request))
        try:
            async with asyncio.timeout(COMPARE_S) as deadline:
                return await self._read_all(deadline)
        except TimeoutError:
            raise ConnectionRefused(f"did not say within {COMPARE_S:g} s what exists") from None

    def send(self, command: Command) -> None:
        """Carries out a command, or posts its failure."""
        if not self.ready:
            self._fail(command, 0, "not connected")
            return
        try:
            requests = encode(command)
        except Unspeakable as error:
            self._fail(command, BAD_REQUEST, str(error))
            return
        match command:
            case RingPhone() | StartMonitor() | StartRecording():
                self._make(command, requests)
                return
            case ChangeRecording():
                if not self._entering.hold_back(command):
                    self._change(command, requests)
                return
            case HangUpLeg(leg_id=channel_id) | HangUpCall(call_id=channel_id):
                self._entering.give_up(channel_id)
            case StopMonitor(monitor_id=channel_id):
                self._entering.give_up(channel_id)
            case PlayPrompt():
                self._prompts.begin(command.channel_id, command.playback_id)
            case _:
                self._silence(silent_first(command))
        self._ask(command, requests)

    async def drain(self) -> None:
        """Returns when every command sent so far is answered or has failed."""
        while self._entering or self._client.unanswered:
            await self._entering.wait_none()
            await self._client.wait_idle()

    def end(self) -> None:
        """Fails all commands that have no answer."""
        self.ready = False
        self._lamps.disconnected()
        self._client.close()
        for half in self._entering.give_up_all():
            self._fail_half(half, 0, "connection lost")

    # Messages.

    async def _read_all(self, deadline: asyncio.Timeout) -> str:
        """Reads until the end, and takes the deadline away when the comparison is done."""
        why = ""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._read(message.data)
                if self.ready and deadline.when() is not None:
                    deadline.reschedule(None)
            elif message.type is aiohttp.WSMsgType.ERROR:
                why = f"{type(message.data).__name__}: {message.data}"
            else:
                self._counters.odd("frame", f"a frame of type {message.type.name}")
        return why or f"closed with {self._socket.close_code}"

    def _read(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            self._counters.odd("json", "a message that is not JSON")
            return
        if type(message) is not dict:
            self._counters.odd("json", "a message that is not a JSON object")
        elif message.get("type") == "RESTResponse":
            if not self._client.take_answer(message):
                self._counters.late += 1
        elif self.ready:
            self._counters.events += 1
            self._take(message)
        else:
            self._counters.events += 1
            self._held_back.append(message)

    def _take(self, event: Event) -> None:
        kind = event.get("type")
        if kind == "ApplicationReplaced":
            raise ConnectionRefused("another connection has taken over our application")
        try:
            entered, started = entering(event), starting(event)
            happened = self._decoder.decode(event)
        except Nonsense as error:
            self._counters.odd(f"event {kind}", f"an event {kind} that makes no sense: {error}")
            return
        if entered is not None:
            self._go_on(self._entering.entered(entered))
        if started is not None:
            for change in self._entering.started(started):
                self._change(change, encode(change))
        if happened is None:
            if kind not in EVENTS:
                self._counters.odd(f"event {kind}", f"an event {kind} that was not asked for")
            return
        if isinstance(happened, PlaybackEnded):
            self._prompts.over(happened.playback_id)
        elif isinstance(happened, RecordingFinished):
            self._remove_recorder(happened)
        self._post(happened)

    # Commands.

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
        if isinstance(command, RingPhone | StartMonitor | StartRecording):
            half = self._entering.give_up(channels_made(command)[0])
        if status in request.tolerated or said.failed:
            said.existed = said.existed or status == CONFLICT
            return
        said.failed = True
        if isinstance(command, PlayPrompt):
            self._prompts.over(command.playback_id)
        elif status:  # The connection is there: what was made for nothing would stay.
            self._undo(command, request, said)
        self._fail(command, status, why)
        if half is not None:
            self._fail_changes(half, status, why)

    def _fail(self, command: Command, status: int, why: str) -> None:
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

    def _go_on(self, command: Making | None) -> None:
        if command is not None:
            self._say_second(command, again=False)

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
        self._fail(half.command, status, why)
        self._fail_changes(half, status, why)

    def _fail_changes(self, half: Half, status: int, why: str) -> None:
        for change in half.changes:
            self._fail(change, status, why)

    def _remove_recorder(self, finished: RecordingFinished) -> None:
        """Lets the ears go that have nothing to do any more."""
        half = self._entering.give_up(finished.recording_id)
        if half is not None:
            self._fail_changes(half, NOT_FOUND, finished.why)
        for ear_id in (finished.recording_id, twin_of(finished.recording_id)):
            if self._decoder.knows(ear_id):
                self._ask_unheard((remove_ear(ear_id),))

    def _silence(self, channels: tuple[str, ...]) -> None:
        """Ends what plays on channels: what comes next would wait for it, and all others too."""
        for channel_id in channels:
            for playback_id in self._prompts.take(channel_id):
                self._client.ask(stop_playback(playback_id), _unheard)

    # The comparison.

    def _compare(self, name: str, request: AriRequest, status: int, why: str, body: object) -> None:
        """Takes one of the answers; the last of them begins the normal life."""
        if not status:  # The connection is lost, or the deadline of `live` will say so.
            return
        if status >= 300 and name != "status":
            raise ConnectionRefused(f"{request.method} {request.uri}: {status} {why}")
        self._answers[name] = body
        if len(self._answers) == len(QUESTIONS):
            self._begin()

    def _begin(self) -> None:
        try:
            seen = picture(self._node, self._answers, self._counters.odd)
        except Nonsense as error:
            raise ConnectionRefused(f"what exists was told in a strange way: {error}") from None
        self._answers.clear()
        self._decoder.begin(seen.channels)
        self._prompts.keep(each.channel_id for each in seen.channels)
        self.ready = True
        self.ready_at_s = self._loop.time()
        self._counters.connections += 1
        log.info(
            "telephony connected: node %s, %d channels, %d bridges",
            self._node,
            len(seen.channels),
            len(seen.bridges),
        )
        self._post(as_told(seen))
        self._lamps.connected(self._client.ask)
        held_back, self._held_back = self._held_back, []
        for event in held_back:
            if event.get("type") in EVENTS:  # Others came before the filter was set.
                self._take(event)


def _unheard(_status: int, _why: str, _body: object) -> None:
    """Takes an answer that changes nothing."""
