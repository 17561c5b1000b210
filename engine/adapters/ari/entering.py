"""Channels that were made, and what waits for them to enter our application.

Before its StasisStart a leg cannot be dialled, and an ear can neither be bridged nor recorded. Before
its RecordingStarted a recording can neither be paused (409) nor stopped (it stays without a word).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.adapters.ari.client import ANSWER_S
from engine.adapters.ari.encode import Making, channels_made
from engine.core.commands import ChangeRecording, RingPhone, StartRecording

ENTER_S: Final = 1.5 * ANSWER_S
"""Within this time of its making a channel must have entered our application, and record if that is
what it is for."""


@dataclass(slots=True)
class Half:
    """A command of which the first half is said.

    `missing` are its channels that have not entered yet; `unstarted` are its ears that do not
    record yet; `changes` wait for that.
    """

    command: Making
    missing: list[str]
    unstarted: list[str]
    timer: asyncio.TimerHandle
    changes: list[ChangeRecording] = field(default_factory=list)


class Entering:
    """The halves of commands.

    Args:
        loop: the running loop.
        late: takes a half whose channels did not enter in time, and says so; it is forgotten then.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[Half, str], None]) -> None:
        """Waits for nothing."""
        self._loop = loop
        self._late = late
        self._halves: dict[str, Half] = {}
        """By each of their channels, as long as something is waited for."""
        self._none = asyncio.Event()
        self._none.set()

    def expect(self, command: Making) -> None:
        """The first half of this command is about to be sent."""
        channels = channels_made(command)
        timer = self._loop.call_later(ENTER_S, self._expire, channels[0])
        unstarted = list(channels) if isinstance(command, StartRecording) else []
        half = Half(command, list(channels), unstarted, timer)
        self._halves.update(dict.fromkeys(channels, half))
        self._none.clear()

    def expects(self, command: Making) -> bool:
        """Tells whether the first half of this command was said before, and not the second."""
        return channels_made(command)[0] in self._halves

    def hold_back(self, change: ChangeRecording) -> bool:
        """Keeps a change until the recording has begun; returns False if it need not wait."""
        half = self._halves.get(change.recording_id)
        if half is None:
            return False
        half.changes.append(change)
        return True

    def entered(self, channel_id: str) -> Making | None:
        """Returns the command whose second half may be said now that this channel has entered."""
        half = self._halves.get(channel_id)
        if half is None or channel_id not in half.missing:
            return None
        half.missing.remove(channel_id)
        if half.missing:
            return None
        if not half.unstarted:
            self.give_up(channel_id)
        return half.command

    def started(self, ear_id: str) -> list[ChangeRecording]:
        """Returns the changes that may be said now that this ear records."""
        half = self._halves.get(ear_id)
        if half is None or ear_id not in half.unstarted:
            return []
        half.unstarted.remove(ear_id)
        if half.unstarted:
            return []
        self.give_up(ear_id)
        return half.changes

    def give_up(self, channel_id: str) -> Half | None:
        """Forgets the half that made this channel, and returns it."""
        half = self._halves.get(channel_id)
        if half is None:
            return None
        half.timer.cancel()
        for each in channels_made(half.command):
            del self._halves[each]
        if not self._halves:
            self._none.set()
        return half

    def give_up_all(self) -> list[Half]:
        """Forgets everything, and returns it."""
        found = []
        while self._halves:
            half = self.give_up(next(iter(self._halves)))
            found += [half] if half is not None else []
        return found

    def __len__(self) -> int:
        """How many channels are waited for, or belong to others that are."""
        return len(self._halves)

    async def wait_none(self) -> None:
        """Returns when nothing is waited for."""
        await self._none.wait()

    def _expire(self, channel_id: str) -> None:
        half = self.give_up(channel_id)
        if half is not None:
            what = "leg" if isinstance(half.command, RingPhone) else "ear"
            done = "enter our application" if half.missing else "begin to record"
            self._late(half, f"the {what} did not {done} within {ENTER_S:g} s")
