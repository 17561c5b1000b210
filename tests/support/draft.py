"""A configuration that grows test by test: each queue stands beside the test that needs it.

Agents and numbers are never used twice, so tests share one running centre without meeting.
"""

from __future__ import annotations

import array
import itertools
import json
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lab.live import TRUNK, plan
from scripts.lab.phones.tone import RATE, sine

Member = str | Mapping[str, Any]

TONES = "TONES"
"""Stands for the folder of `write_tones` wherever the draft names a sound."""
PROMPT = f"sound:{TONES}/prompt"
CLOSING = f"sound:{TONES}/closing"

MUSIC_HZ = 1000
OTHER_MUSIC_HZ = 1300
PROMPT_HZ = 1600
CLOSING_HZ = 1900

_SOUNDS = {
    "music/tone": (MUSIC_HZ, 10.0),
    "other/tone": (OTHER_MUSIC_HZ, 10.0),
    "prompt": (PROMPT_HZ, 0.8),
    "closing": (CLOSING_HZ, 0.8),
}


@dataclass(frozen=True)
class Queue:
    """A queue of the draft: its number, and its agents in configured order."""

    number: str
    agents: tuple[str, ...]

    @property
    def agent(self) -> str:
        """The only agent."""
        (agent,) = self.agents
        return agent


class Draft:
    """Collects extensions, queues and routes while a test module is imported.

    Args:
        settings: of the whole centre; phones that failed are left alone for 0.2 s unless it says
            otherwise.
    """

    def __init__(self, **settings: Any) -> None:
        """Starts empty."""
        self.settings: dict[str, Any] = {"failed_offer_pause_s": 0.2, **settings}
        self.extensions: dict[str, dict[str, Any]] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        """Options of those agents who have any, by number."""
        self.queues: dict[str, dict[str, Any]] = {}
        self.inbound: dict[str, dict[str, Any]] = {}
        self.outbound: dict[str, dict[str, Any]] = {}
        self.hours: dict[str, dict[str, Any]] = {}
        self.prompts: dict[str, dict[str, Any]] = {}
        self.music: dict[str, str] = {}
        """Music classes beside "default" and "other", by name."""
        self.tones: dict[str, tuple[int, float]] = dict(_SOUNDS)
        """Files below `TONES`: hertz and seconds of each."""
        self._extension_numbers = itertools.count(1001)
        self._queue_numbers = itertools.count(6400)

    def extension(self, **options: Any) -> str:
        """Adds a phone; returns its number."""
        number = str(next(self._extension_numbers))
        self.extensions[number] = options
        return number

    def queue(
        self, members: int | Sequence[Member] = 1, *, kind: str = "static", **options: Any
    ) -> Queue:
        """Adds a queue, with so many new agents or with these members, and a route to its number.

        Its phones ring for half a minute and it does not rest between them, unless told otherwise.
        """
        number = str(next(self._queue_numbers))
        if isinstance(members, int):
            members = [self.extension() for _ in range(members)]
        entries = [
            {"agent": each, "kind": kind} if isinstance(each, str) else {"kind": kind, **each}
            for each in members
        ]
        self.queues[number] = {
            "name": f"Queue {number}",
            "members": entries,
            "ring_timeout_s": 30,
            "retry_interval_s": 0,
            **options,
        }
        self.did(number, {"queue": number})
        return Queue(number, tuple(entry["agent"] for entry in entries))

    def tone(self, hertz: int, seconds: float = 0.8) -> str:
        """Adds a file with a tone; returns the medium that plays it."""
        name = self._tone_file(f"tone-{hertz}-{round(seconds * 1000)}", hertz, seconds)
        return f"sound:{TONES}/{name}"

    def prompt(self, seconds: float = 0.8, **hertz: int) -> str:
        """Adds a prompt with a tone for each of these languages; returns the medium that plays it."""
        name = f"prompt-{len(self.prompts)}"
        files = {
            language: f"{TONES}/{self._tone_file(f'{name}-{language}', each, seconds)}.wav"
            for language, each in hertz.items()
        }
        self.prompts[name] = {"files": files}
        return f"prompt:{name}"

    def music_class(self, hertz: int) -> str:
        """Adds a class of music of one tone; returns its name."""
        name = f"music-{hertz}"
        self._tone_file(f"{name}/tone", hertz, 10.0)
        self.music[name] = f"{TONES}/{name}"
        return name

    def _tone_file(self, name: str, hertz: int, seconds: float) -> str:
        self.tones[name] = (hertz, seconds)
        return name

    def did(self, pattern: str, destination: Any, **options: Any) -> str:
        """Adds an inbound route; returns its pattern."""
        name = f"in-{len(self.inbound)}"
        self.inbound[name] = {"pattern": pattern, "destination": destination, **options}
        return pattern

    def outbound_route(self, pattern: str, **options: Any) -> str:
        """Adds an outbound route through the laboratory's trunk; returns its name."""
        name = f"out-{len(self.outbound)}"
        self.outbound[name] = {"pattern": pattern, "trunk": TRUNK, **options}
        return name

    def sections(self, tones: Path | None = None) -> dict[str, Any]:
        """Returns the configuration, with everything that a laboratory needs; a fresh one each time.

        `tones` is where `write_tones` has put the files; without it everything sounds as it comes.
        """
        written = plan(
            extensions={number: dict(options) for number, options in self.extensions.items()},
            agents={number: dict(self.agents.get(number, {})) for number in self.extensions},
            queues={number: dict(options) for number, options in self.queues.items()},
            inbound_routes=dict(self.inbound),
            outbound_routes=dict(self.outbound),
            settings={
                **self.settings,
                "music": {"default": f"{TONES}/music", "other": f"{TONES}/other", **self.music},
            },
            **{
                name: dict(entries)
                for name, entries in (("hours", self.hours), ("prompts", self.prompts))
                if entries
            },
        )
        if tones is None:
            del written["settings"]["music"]
            return written
        filled: dict[str, Any] = json.loads(json.dumps(written).replace(TONES, str(tones)))
        return filled


def write_tones(folder: Path, sounds: Mapping[str, tuple[int, float]] | None = None) -> Path:
    """Writes music and prompts that are pure tones, so that a phone can tell what it hears."""
    sounds = _SOUNDS if sounds is None else sounds
    for name, (hertz, seconds) in sounds.items():
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = array.array("h", sine(hertz, round(RATE * seconds)))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
    return folder
