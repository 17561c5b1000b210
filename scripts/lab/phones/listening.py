"""What one call hears from a moment on, put together by RTP time and not by when it was read."""

from itertools import groupby
from typing import Final

from scripts.lab.phones.rtp import Packet, RtpSession
from scripts.lab.phones.tone import RATE

_HALF: Final = 1 << 31
_GRACE_MS: Final = 100
_PATIENCE: Final = 3
"""How many times its length a window may take when audio comes, but slowly."""


class Listening:
    """Keeps every packet that comes in from now on, until `stop`.

    A busy machine reads late and in bursts, and loses packets; none of that changes what was in
    the audio. So packets are ordered by their RTP time stamps, duplicates go, and where one is
    missing a new run begins: nothing is ever filled in.
    """

    def __init__(self, audio: RtpSession) -> None:
        """Begins now: what came in earlier but was not yet read does not count."""
        self._audio = audio
        self._packets: list[Packet] = []
        self._beats = audio.beats
        self._sent = audio.sent
        audio.drain()
        audio.taps.add(self._packets.append)

    def stop(self) -> None:
        """No further packets."""
        self._audio.taps.discard(self._packets.append)

    def enough(self, window_ms: int, elapsed_ms: float) -> bool:
        """Whether a window is full: so much audio came in, or silence for so long is certain.

        Silence takes this side's own ticks, too, so that a machine that stood still is not silent.
        """
        if self._audio.closed or self.received_ms >= window_ms:
            return True
        if self._audio.running and self.ticked_ms < window_ms:
            return False
        patience_ms = _PATIENCE * window_ms if self._packets else window_ms + _GRACE_MS
        return elapsed_ms >= patience_ms

    @property
    def received_ms(self) -> int:
        """How much audio came in so far."""
        return sum(len(packet.payload) for packet in self._packets) * 1000 // RATE

    @property
    def ticked_ms(self) -> int:
        """How long this side's own clock of 20 ms ticked meanwhile: less than real time if it was late."""
        return (self._audio.beats - self._beats) * 20

    @property
    def over(self) -> bool:
        """The call's audio has ended, or never began."""
        return not self._audio.running

    @property
    def sent_ms(self) -> int:
        """How much this side sent meanwhile."""
        return (self._audio.sent - self._sent) * 20

    def runs(self) -> list[tuple[float, list[int]]]:
        """The unbroken runs of samples, each with when it begins (ms of its source's RTP time)."""
        found: list[tuple[float, list[int]]] = []
        keep = sorted(self._packets, key=lambda packet: packet.source)
        for _, group in groupby(keep, key=lambda packet: packet.source):
            found += _runs(list(group))
        return found


def _runs(packets: list[Packet]) -> list[tuple[float, list[int]]]:
    """The runs of one source."""
    first = packets[0].stamp
    # Stamps wrap around, and the first packet that was read need not be the earliest.
    since = {(packet.stamp - first + _HALF) % (2 * _HALF) - _HALF: packet for packet in packets}
    found: list[tuple[float, list[int]]] = []
    end: int | None = None
    for at in sorted(since):
        samples = since[at].samples()
        if at != end:
            found.append((at * 1000 / RATE, []))
        found[-1][1].extend(samples)
        end = at + len(samples)
    return found
