"""Announcements to who waits (P-04, P-05): each comes at its interval, no sooner and not much later."""

from __future__ import annotations

from typing import Final

from engine.core.commands import PlayPrompt
from engine.core.facts import VisitStarted
from engine.core.ids import CallId
from engine.core.inputs import NodeConnected
from engine.core.places import Media
from engine.core.waiting import Announcements
from engine.sim.audit.books import Books, VisitBook
from engine.sim.audit.due import LATER_MS, Dues
from engine.sim.audit.journeys import NEVER_MS

_MUSIC_MS: Final = 5_000
"""After so much music, at most, comes what had to wait for something else to end."""


def _every_ms(what: Announcements, *, queue: bool) -> int:
    """Returns an interval, 0 where nothing is certain to be said at it."""
    if queue:
        return what.queue_every_ms if what.queue else 0
    return what.progress_every_ms if what.position or what.thanks else 0


class AnnouncementLaws:
    """Follows what each waiting caller was told, and when."""

    def __init__(self, books: Books, dues: Dues) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._old: dict[str, Announcements] = {}

    def visit_started(self, fact: VisitStarted) -> None:
        """From entry on something is due."""
        call = self._books.calls.get(fact.call_id)
        if call is not None and call.visit is not None:
            self._plan(call.visit)

    def policy_changed(self) -> None:
        """What is due is worked out anew, from entry."""
        for queue_id, queue in self._books.queues.items():
            now = queue.policy.announcements
            if self._old.get(queue_id, now) != now:
                for visit in queue.waiting.values():
                    self._plan(visit)
            self._old[queue_id] = now

    def node_connected(self, happened: NodeConnected) -> None:
        """What came due while nobody watched is passed over; what is still to come, comes."""
        now_ms = self._books.now_ms
        for queue in self._books.queues.values():
            for visit in queue.waiting.values():
                if visit.call.node == happened.node and visit.callback is None:
                    last = visit.announced_ms
                    to_come = ((True, visit.queue_due_ms), (False, visit.progress_due_ms))
                    self._plan(visit)
                    visit.announced_ms = last
                    for queued, due_ms in to_come:
                        if due_ms > now_ms:
                            self._expect_at(visit, due_ms, queue=queued)

    def play_prompt(self, command: PlayPrompt) -> None:
        """Something is said to a caller, perhaps an announcement that was due."""
        books = self._books
        call = books.calls.get(CallId(command.channel_id))
        visit = None if call is None else call.visit
        if visit is None or visit.callback is not None:
            return
        what = visit.queue.policy.announcements
        if visit.welcome is None and command.media == what.join:
            return  # The first of all, before the laws of that have noted it.
        if _ends_with(command.media, what.queue) and what.queue_every_ms:
            since_ms = books.now_ms - visit.announced_ms
            if visit.announced_ms != NEVER_MS and since_ms < what.queue_every_ms:
                raise books.fail("announcements", f"{visit.visit_id} hears it after {since_ms} ms")
            visit.announced_ms = books.now_ms
            self._expect(visit, queue=True)
        if command.media != what.queue:
            self._expect(visit, queue=False)

    def _plan(self, visit: VisitBook) -> None:
        visit.announced_ms = NEVER_MS
        for queue in (True, False):
            every_ms = _every_ms(visit.queue.policy.announcements, queue=queue)
            waited_ms = max(0, self._books.now_ms - visit.entered_ms)
            if every_ms:
                due_ms = visit.entered_ms + (waited_ms // every_ms + 1) * every_ms
                self._expect_at(visit, due_ms, queue=queue)

    def _expect(self, visit: VisitBook, *, queue: bool) -> None:
        every_ms = _every_ms(visit.queue.policy.announcements, queue=queue)
        if every_ms:
            self._expect_at(visit, self._books.now_ms + every_ms, queue=queue)

    def _expect_at(self, visit: VisitBook, due_ms: int, *, queue: bool) -> None:
        if queue:
            visit.queue_due_ms = due_ms
        else:
            visit.progress_due_ms = due_ms
        self._dues.expect(due_ms, self._over, (visit, due_ms, queue))

    def _over(self, subject: tuple[VisitBook, int, bool]) -> tuple[str, VisitBook] | int | None:
        visit, due_ms, queue = subject
        now_due_ms = visit.queue_due_ms if queue else visit.progress_due_ms
        if not visit.open or now_due_ms != due_ms:
            return None
        if not _every_ms(visit.queue.policy.announcements, queue=queue):
            return None
        ear, now_ms = visit.call.ear, self._books.now_ms
        if visit.chosen is not None or not ear.music or ear.hears(now_ms):
            return LATER_MS
        if not self._books.within_reach(visit):
            return LATER_MS
        # What was tried in vain a moment ago is tried again after as much music.
        since_ms = max(due_ms, ear.music_since_ms) + 2 * _MUSIC_MS
        if now_ms <= since_ms + self._dues.late_ms:
            return since_ms + self._dues.late_ms + 1 - now_ms
        return f"an announcement to {visit.visit_id}", visit


def _ends_with(media: Media, ending: Media) -> bool:
    return bool(ending) and media[-len(ending) :] == ending
