"""Real RTP both ways (RFC 3550, 4733): send a tone, remember what came in, tell who is heard.

One pair of sockets per call, RTP on an even port and RTCP (bound, never read) above it. All
sending hangs on one 20 ms tick; what a caller waits to hear is looked at every second tick.
"""

import asyncio
import contextlib
import struct
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final, Literal, NamedTuple

from scripts.lab.phones.address import Address
from scripts.lab.phones.happening import Happening
from scripts.lab.phones.sdp import PCMA, Sdp, receives, sends
from scripts.lab.phones.sockets import even_pair
from scripts.lab.phones.tone import (
    A_LAW,
    A_SILENCE,
    FRAME,
    MU_LAW,
    MU_SILENCE,
    RATE,
    decode,
    frames_of,
    has_tone,
    loudness,
)

Media = str
"""`none`, `silence` or `tone:<whole Hz>`."""
WINDOW_MS: Final = 200
"""How much of the latest audio is judged."""
_KEYS: Final = "0123456789*#ABCD"
_SILENT: Final = 0.003
"""RMS below this is silence: some -50 dBFS."""
_CATCH_UP_S: Final = 0.2
_BETWEEN_KEYS: Final = 5
"""Ticks of 20 ms from the last packet of a key to the first of the next."""
_LOOK: Final = 2
"""Packets from one look at what a caller waits to hear to the next: 40 ms of sound."""
_BACKLOG: Final = 50
"""More packets at once than this are looked at in coarser steps: this side is too slow for its calls."""


class Packet(NamedTuple):
    """One packet of audio as it came in."""

    at_ns: int
    """When it was read, on the scale of `time.monotonic_ns`."""
    source: int
    """SSRC."""
    stamp: int
    """RTP time: samples, modulo 2**32."""
    kind: int
    """Payload type, 0 or 8."""
    payload: bytes

    def samples(self) -> list[int]:
        """Linear samples."""
        return decode(self.payload, A_LAW if self.kind == PCMA else MU_LAW)


Tap = Callable[[Packet], None]


class RtpSession:
    """The audio of one call.

    Args:
        host: local address.
        media: what to send, `silence` or `tone:<whole Hz>`.
        keep_s: seconds of received audio to remember.
    """

    def __init__(self, host: str, media: Media, *, keep_s: float = 5.0) -> None:
        """Opens the ports; nothing is sent before `connect`."""
        kind, _, hertz = media.partition(":")
        if kind not in {"silence", "tone"}:
            raise ValueError(f"no such media: {media!r}")
        self.media = media
        self.sent = 0
        self.received = 0
        self.ignored = 0
        """Packets of audio that came although this side had said that it does not listen: it holds.
        Asterisk goes on sending then; a phone does not play it."""
        self.dtmf: list[str] = []
        """Keys heard as RFC 4733 events."""
        self.muted = False
        self._hertz = int(hertz) if kind == "tone" else 0
        self._socket, self._rtcp = even_pair(host)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self.taps: set[Tap] = set()
        """Called with every packet of audio, duplicates and late ones too; see `listen`."""
        self._heard: deque[Packet] = deque(maxlen=int(keep_s * 50))
        self._watchers: list[tuple[Callable[[], bool], Happening[None]]] = []
        self._events: deque[tuple[bytes, int, bool, Happening[None] | None]] = deque()
        self._last_event = -1
        self._to: Address | None = None
        self._codec = 0
        self._dtmf_type: int | None = None
        self._sending = False
        self._hearing = True
        self._tick_at = 0.0
        self._tick: asyncio.TimerHandle | None = None
        self._sequence = 0
        self._stamp = 0
        self._ssrc = self.port << 8
        self._frame = 0
        self._pause = 0
        """Ticks until the next key may begin."""
        self._unlooked = 0
        """Packets since the latest look."""
        self._looked = False
        """Since the latest even beat."""
        self._looking = False
        self.beats = 0
        """Ticks of 20 ms since `connect`, whether anything was sent or not; few on a busy machine."""
        self._frames: tuple[bytes, ...] = ()
        self.closed = False

    # -- control ---------------------------------------------------------------------------

    def connect(self, mine: Sdp, theirs: Sdp) -> None:
        """Take over what offer and answer agreed: where to send, the codec, who may send."""
        self._to = (theirs.host, theirs.port)
        agreed = mine if len(mine.codecs) == 1 else theirs  # the answer names the one codec
        self._codec = agreed.codecs[0]
        self._dtmf_type = theirs.dtmf
        self._sending = sends(mine.direction) and receives(theirs.direction)
        self._hearing = receives(mine.direction)
        self._play()
        if self._tick is None and not self.closed:
            self._tick_at = self._loop.time()
            self._beat()

    @property
    def running(self) -> bool:
        """It is connected and not closed."""
        return self._tick is not None and not self.closed

    @property
    def hertz(self) -> int:
        """The tone that it sends; 0 is silence."""
        return self._hertz

    def tone(self, hertz: int) -> None:
        """Send another tone from now on; 0 is silence."""
        self._hertz = hertz
        self._play()

    def _play(self) -> None:
        law = A_LAW if self._codec == PCMA else MU_LAW
        hush = A_SILENCE if self._codec == PCMA else MU_SILENCE
        self._frames = frames_of(self._hertz, law) if self._hertz else (bytes([hush]) * FRAME,)

    def close(self) -> None:
        """Stop and give the ports back; what was heard stays readable.

        What came in until now counts: on a busy machine the end of a call is read before its sound.
        """
        if self.closed:
            return
        self._readable()
        self.closed = True
        if self._tick is not None:
            self._tick.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._rtcp.close()

    # -- sending ---------------------------------------------------------------------------

    def _beat(self) -> None:
        if self.closed:
            return
        if self._to is not None and self._sending and not self.muted:
            if self._pause:
                self._pause -= 1
            if self._events and not self._pause:
                payload, stamp, marker, done = self._events.popleft()
                self._send(payload, self._dtmf_type or 0, stamp, marker=marker)
                if done is not None:
                    self._pause = _BETWEEN_KEYS
                    done.mark(None)
            else:
                self._send(self._frames[self._frame % len(self._frames)], self._codec, self._stamp,
                           marker=self.sent == 0)  # fmt: skip
            self._frame += 1
        self._stamp = (self._stamp + FRAME) & 0xFFFFFFFF
        self.beats += 1
        if self.beats % 2 == 0:
            if self._watchers and not self._looked:
                self._watch()
            self._looked = False
        # Absolute times: a late tick does not slow the stream. After a long stall, start anew. Keys are
        # never hurried: Asterisk 22 takes one that comes too fast for two.
        slack_s = 0.0 if self._events or self._pause else _CATCH_UP_S
        self._tick_at = max(self._tick_at + FRAME / RATE, self._loop.time() - slack_s)
        self._tick = self._loop.call_at(self._tick_at, self._beat)

    def _send(self, payload: bytes, kind: int, stamp: int, *, marker: bool) -> None:
        head = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self._sequence, stamp,
                           self._ssrc)  # fmt: skip
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent += 1
        with contextlib.suppress(OSError):
            self._socket.sendto(head + payload, self._to or ("", 0))

    def press(self, key: str, duration_ms: int = 100) -> Happening[None]:
        """Queue one key as an RFC 4733 event; happens when its last packet is out.

        Raises:
            ValueError: no such key, or the far side takes no telephone-event.
        """
        code = _KEYS.find(key.upper()) if len(key) == 1 else -1
        if code < 0 or self._dtmf_type is None:
            raise ValueError(f"cannot send {key!r} as an RTP event")
        done: Happening[None] = Happening(f"key {key} sent as RTP events")
        steps = max(1, duration_ms // 20)
        ahead = max(0, self._pause - 1) + len(self._events)
        start = (self._stamp + ahead * FRAME) & 0xFFFFFFFF
        for step in range(1, steps + 4):  # the end goes out three times, in case one is lost
            end = step > steps
            length = min(step, steps) * FRAME
            payload = struct.pack("!BBH", code, 10 | (0x80 if end else 0), length)
            last = step == steps + 3
            self._events.append((payload, start, step == 1, done if last else None))
        return done

    # -- hearing ---------------------------------------------------------------------------

    def _readable(self) -> None:
        """Reads all that is there, and looks at it as if it had come in its time."""
        if self.closed:
            return
        came = []
        with contextlib.suppress(OSError):
            while True:
                came.append(self._socket.recv(2048))
        step = _LOOK if len(came) <= _BACKLOG else WINDOW_MS // 20
        for data in came:
            self._take(data)
            if self._watchers and self._unlooked >= step:
                self._watch()

    def _take(self, data: bytes) -> None:
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        kind = data[1] & 0x7F
        start = 12 + 4 * (data[0] & 0x0F)
        if kind == self._dtmf_type:
            self._key(data[start:], struct.unpack("!I", data[4:8])[0])
        elif kind in {0, PCMA} and not self._hearing:
            self.ignored += 1
        elif kind in {0, PCMA}:
            self.received += 1
            self._unlooked += 1
            stamp, source = struct.unpack("!II", data[4:12])
            packet = Packet(time.monotonic_ns(), source, stamp, kind, data[start:])
            self._heard.append(packet)
            for tap in tuple(self.taps):
                tap(packet)

    def _key(self, payload: bytes, stamp: int) -> None:
        # The packets of one key press share a time stamp; the first one seen counts.
        if len(payload) >= 4 and stamp != self._last_event and payload[0] < len(_KEYS):
            self._last_event = stamp
            self.dtmf.append(_KEYS[payload[0]])

    def pcm(self, window_ms: int = WINDOW_MS) -> list[int]:
        """What came in last, in `window_ms` at most; where packets are missing there is silence.

        Packets that were read late, many at a time, count by their number: the last of them.
        """
        since = time.monotonic_ns() - window_ms * 1_000_000
        latest = islice(reversed(self._heard), window_ms // 20)
        samples: list[int] = []
        for packet in reversed([each for each in latest if each.at_ns >= since]):
            samples += packet.samples()
        missing = window_ms * RATE // 1000 - len(samples)
        return samples + [0] * missing if missing > 0 else samples

    def recording(self) -> list[int]:
        """All audio that is remembered, one packet after the other."""
        return [sample for packet in self._heard for sample in packet.samples()]

    def drain(self) -> None:
        """Read what has come in until now, so that what is read later came later."""
        self._readable()

    def hears(self, what: float | Literal["anything", "silence"]) -> bool:
        """Whether a tone (Hz), any sound, or nothing at all came in during the last window."""
        if not self._looking:
            self._readable()
        pcm = self.pcm()
        if isinstance(what, str):
            return (loudness(pcm) < _SILENT) == (what == "silence")
        return has_tone(pcm, what)

    def _watch(self) -> None:
        self._looked = self._looking = True
        self._unlooked = 0
        waiting = []
        for condition, happening in self._watchers:
            if condition():
                happening.mark(None)
            else:
                waiting.append((condition, happening))
        self._watchers = waiting
        self._looking = False

    async def until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until a condition on this audio holds; it is looked at every 40 ms.

        Raises:
            TimeoutError: it did not within `seconds`.
        """
        happening: Happening[None] = Happening(what)
        entry = (condition, happening)
        self._watchers.append(entry)
        try:
            await happening.within(seconds)
        finally:
            if entry in self._watchers:
                self._watchers.remove(entry)
