"""The join prompt after which alone agents are rung (P-01): from when to when it keeps them away.

That nobody is rung meanwhile, and is afterwards, follows from `availability.wants_somebody`.
"""

from __future__ import annotations

from typing import Final

from engine.core.commands import PlayPrompt, StopPrompt
from engine.core.ids import CallId
from engine.core.inputs import CommandFailed, NodeConnected, PlaybackEnded
from engine.sim.audit.books import Books
from engine.sim.audit.journeys import NEVER_MS

_PROMPT_MS_MAX: Final = 600_000
"""A prompt that nobody says is over counts as over by then."""


class WelcomeLaws:
    """Follows the first prompt of each visit to a queue that rings agents after it only."""

    def __init__(self, books: Books) -> None:
        """Shares the books."""
        self._books = books

    def play_prompt(self, command: PlayPrompt) -> None:
        """A caller who has just entered hears the join prompt."""
        call = self._books.calls.get(CallId(command.channel_id))
        visit = None if call is None else call.visit
        if visit is None or visit.welcome is not None:
            return
        visit.welcome = command.playback_id
        what = visit.queue.policy.announcements
        if what.join_first and command.media == what.join:
            visit.joins_until_ms = self._books.now_ms + _PROMPT_MS_MAX

    def playback_ended(self, happened: PlaybackEnded) -> None:
        """It was heard, or could not be played."""
        self._over(happened.playback_id)

    def stop_prompt(self, command: StopPrompt) -> None:
        """Who asks for a callback, or is offered one, need not hear it to its end."""
        books = self._books
        call = books.calls.get(CallId(command.channel_id))
        visit = None if call is None else call.visit
        if call is None or visit is None or visit.welcome != command.playback_id:
            return
        terms = visit.queue.policy.callback
        if terms is None:
            return
        offered = 0 < terms.offer_after_ms <= books.now_ms - visit.entered_ms
        if offered or (terms.key is not None and call.ear.key_ms == books.now_ms):
            visit.joins_until_ms = NEVER_MS

    def failed(self, happened: CommandFailed) -> None:
        """It will not be played."""
        if isinstance(happened.command, PlayPrompt):
            self._over(happened.command.playback_id)

    def node_connected(self, happened: NodeConnected) -> None:
        """Whether it was heard to its end while nobody watched does not matter."""
        for queue in self._books.queues.values():
            for visit in queue.waiting.values():
                if visit.call.node == happened.node:
                    visit.joins_until_ms = NEVER_MS

    def _over(self, playback_id: str) -> None:
        channel_id = playback_id.removeprefix("play-").rpartition("-")[0]
        call = self._books.calls.get(CallId(channel_id))
        if call is not None and call.visit is not None and call.visit.welcome == playback_id:
            call.visit.joins_until_ms = NEVER_MS
