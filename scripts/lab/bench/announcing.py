"""Whether a prompt that plays delays the connection (P-06): music against an announcement.

An agent's phone rings for a caller who waits. It is picked up while the caller hears music, or in the
middle of an announcement of half a minute. From the phone's 200 OK to the first packet with the other
side's voice, at the caller's phone and at the agent's: by tones, so that late packets of music or
announcement do not count. Both kinds take turns in one run, so that the machine is the same for both.
"""

from __future__ import annotations

import asyncio
import tempfile
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scripts.lab.bench.figures import Figures, milliseconds
from scripts.lab.live import LiveCentre, plan
from scripts.lab.phones import Call, IncomingCall
from scripts.lab.phones.rtp import Packet
from scripts.lab.phones.tone import RATE, goertzel, sine

MUSIC_HZ: Final = 500
PROMPT_HZ: Final = 900
AGENT_HZ: Final = 2300
CALLER_HZ: Final = 2700
MUSIC: Final = "6400"
ANNOUNCED: Final = "6401"
AGENTS: Final = {MUSIC: "1001", ANNOUNCED: "1002"}
_VOICE: Final = 0.05
"""Amplitude of the other side's tone in one packet from which on it is there; phones send 0.25."""
_PATIENCE_S: Final = 10.0


async def run(*, quick: bool) -> Figures:
    """Measures both kinds in turns."""
    found = {name: Gaps() for name in ("music", "announcement")}
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        run_dir = Path(scratch)
        async with LiveCentre(run_dir, _sections(_sounds(run_dir / "asterisk/tones"))) as live:
            for number in AGENTS.values():
                await live.phone(number, media=f"tone:{AGENT_HZ}")
            for _ in range(2 if quick else 250):
                await _connect(live, MUSIC, MUSIC_HZ, found["music"])
                await _connect(live, ANNOUNCED, PROMPT_HZ, found["announcement"])
    figures: Figures = {name: gaps.figures() for name, gaps in found.items()}
    for side in ("caller", "agent"):
        music, announcement = (figures[name][side]["p99_ms"] for name in found)
        figures[f"slower_{side}_p99_ms"] = round(announcement - music, 2)
    return figures


@dataclass(slots=True)
class Gaps:
    """From 200 OK to voice, ns."""

    caller: list[int] = field(default_factory=list)
    agent: list[int] = field(default_factory=list)

    def figures(self) -> Figures:
        """Returns p50 and p99 for each side."""
        return {"caller": milliseconds(self.caller), "agent": milliseconds(self.agent)}


def _sections(tones: Path) -> Figures:
    queues: Figures = {
        queue: {
            "name": f"Queue {queue}",
            "ring_timeout_s": 60,
            "members": [{"agent": agent, "kind": "static"}],
        }
        for queue, agent in AGENTS.items()
    }
    # The join prompt is a prompt like the others, and does not make each round five seconds longer.
    queues[ANNOUNCED]["announcements"] = {"join": [f"sound:{tones}/prompt"]}
    return plan(
        extensions={number: {} for number in AGENTS.values()},
        queues=queues,
        settings={"music": {"default": f"{tones}/music"}},
    )


def _sounds(folder: Path) -> Path:
    for name, hertz in (("music/tone", MUSIC_HZ), ("prompt", PROMPT_HZ)):
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            samples = sine(hertz, RATE * 30)
            file.writeframes(b"".join(each.to_bytes(2, "little", signed=True) for each in samples))
    return folder


async def _connect(live: LiveCentre, queue: str, hertz: int, gaps: Gaps) -> None:
    """One call from ringing to talk, picked up while the caller hears this tone."""
    call = live.caller.place(queue, media=f"tone:{CALLER_HZ}")
    there = await live.phones[AGENTS[queue]].incoming(_PATIENCE_S)
    await call.wait_until_hears(hertz, seconds=_PATIENCE_S)
    at_caller, at_agent = Voice(call, AGENT_HZ), Voice(there, CALLER_HZ)
    there.answer()
    await asyncio.gather(at_caller.wait(), at_agent.wait())
    gaps.caller.append(at_caller.since(there))
    gaps.agent.append(at_agent.since(there))
    call.hang_up()
    await there.ended.within(_PATIENCE_S)
    await call.ended.within(_PATIENCE_S)


class Voice:
    """Waits for the first packet with a tone in it."""

    def __init__(self, call: Call, hertz: int) -> None:
        """Begins to listen."""
        self._call = call
        self._hertz = hertz
        self.at_ns = 0
        call.audio.taps.add(self._hear)

    def _hear(self, packet: Packet) -> None:
        if not self.at_ns and goertzel(packet.samples(), self._hertz) > _VOICE:
            self.at_ns = packet.at_ns

    async def wait(self) -> None:
        """Waits until it was heard.

        Raises:
            TimeoutError: it was not.
        """
        what = f"{self._call.owner.user} hears {self._hertz} Hz"
        await self._call.audio.until(lambda: self.at_ns > 0, what, _PATIENCE_S)
        self._call.audio.taps.discard(self._hear)

    def since(self, there: IncomingCall) -> int:
        """Returns how long after the agent's 200 OK that was."""
        return self.at_ns - there.answered.at_ns
