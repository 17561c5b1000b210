"""All that one call hears from its first packet on: which tone from when to when."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Self

from scripts.lab.phones import Call
from scripts.lab.phones.detect import stretches
from scripts.lab.phones.rtp import Packet
from scripts.lab.phones.tone import FRAME, loudness

_STAMPS: Final = 1 << 32
_LOUD: Final = 0.01
_BREAK_NS: Final = 250_000_000
"""A shorter gap in a tone is the machine's: Asterisk skips what it could not send in time."""


class Heard(NamedTuple):
    """One tone without a break; times are those of the phones' clock (ns)."""

    hertz: int
    from_ns: int
    to_ns: int

    @property
    def ms(self) -> float:
        """How long it was; up to 160 ms too long."""
        return (self.to_ns - self.from_ns) / 1e6


class Ear:
    """Keeps all audio of a call from now on.

    It is judged when everything is over (`heard`), because judging takes this process some time. A run of
    packets without a gap in their RTP time has one clock: the arrival of its first packet.
    """

    def __init__(self, call: Call) -> None:
        """Begins now."""
        self.began_ns = time.monotonic_ns()
        self._packets: list[Packet] = []
        self._audio = call.audio
        self._audio.taps.add(self._packets.append)

    def stop(self) -> Self:
        """No further packets."""
        self._audio.taps.discard(self._packets.append)
        return self

    def heard(self, *tones: int) -> list[Heard]:
        """Returns where these tones were heard, in order of their beginnings."""
        return self.heard_of(tones)

    def heard_of(self, tones: Iterable[int]) -> list[Heard]:
        """As `heard`."""
        wanted = tuple(tones)
        found = [
            Heard(hertz, begin_ns + round(start * 1e6), begin_ns + round(end * 1e6))
            for begin_ns, samples in self._runs()
            for hertz, start, end in stretches(samples, wanted)
        ]
        return _mended(sorted(found, key=lambda each: each.from_ns))

    def order(self, *tones: int) -> list[int]:
        """Returns which of these tones were heard, one after the other."""
        order: list[int] = []
        for each in self.heard_of(tones):
            if not order or order[-1] != each.hertz:
                order.append(each.hertz)
        return order

    def loud_ms(self, since_ns: int, until_ns: int) -> int:
        """Returns for how long there was any sound in that time."""
        frames = [each for each in self._packets if since_ns <= each.at_ns < until_ns]
        return 20 * sum(loudness(each.samples()) >= _LOUD for each in frames)

    def _runs(self) -> list[tuple[int, list[int]]]:
        runs: list[tuple[int, list[int]]] = []
        before: Packet | None = None
        for packet in self._packets:
            if before is None or not _follows(before, packet):
                runs.append((packet.at_ns, []))
            runs[-1][1].extend(packet.samples())
            before = packet
        return runs


def _mended(heard: list[Heard]) -> list[Heard]:
    """Joins what follows itself without a break to speak of."""
    joined: list[Heard] = []
    for each in heard:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.hertz == each.hertz
            and each.from_ns - before.to_ns < _BREAK_NS
        ):
            joined[-1] = before._replace(to_ns=max(before.to_ns, each.to_ns))
        else:
            joined.append(each)
    return joined


def _follows(before: Packet, after: Packet) -> bool:
    step = (after.stamp - before.stamp) % _STAMPS
    return before.source == after.source and step == FRAME


def overlaps(heard: Sequence[Heard], slack_ms: float = 200) -> list[tuple[Heard, Heard]]:
    """Returns what was heard at the same time, but for the width of judged blocks."""
    return [
        (one, other)
        for index, one in enumerate(heard)
        for other in heard[index + 1 :]
        if one.hertz != other.hertz
        and min(one.to_ns, other.to_ns) - max(one.from_ns, other.from_ns) > slack_ms * 1e6
    ]
