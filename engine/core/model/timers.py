"""The book of deadlines: timers are data inside the core, not tasks outside it.

A timer is known by what it is for (`TimerKind`) and whose it is (an id); setting it again moves
it. Timers due at the same instant fire in the order in which they were set.
"""

from __future__ import annotations

import heapq
from enum import StrEnum

TimerKey = tuple["TimerKind", str]


class TimerKind(StrEnum):
    """What a timer is for; the id beside it is a call's, a leg's, an agent's, ..."""

    MAX_WAIT = "max_wait"
    """Call: its visit's longest wait is over."""
    RING = "ring"
    """Call: the phones that ring for it have rung long enough."""
    RETRY = "retry"
    """Call: the pause after a ring timeout is over."""
    STEP = "step"
    """Call: one more phone may ring with those that ring (progressive strategy)."""
    RELAX = "relax"
    """Call: its terms change (`engine.core.model.terms`)."""
    VANISHED = "vanished"
    """Leg: its phone was gone while it rang; is it still?"""
    AGENT_PROMPT = "agent_prompt"
    """Leg: the prompt to the agent should long be over."""
    CALL_PROMPT = "call_prompt"
    """Call: the prompt to the caller should long be over."""
    INPUT = "input"
    """Call: no key came for so long."""
    ANNOUNCE = "announce"
    """Call: something is to be announced to who waits."""
    CALLBACK_OFFER = "callback_offer"
    """Call: it has waited for so long that a callback is offered."""
    CALLBACK = "callback"
    """Call: the callback has waited for long enough."""
    ATTEMPT = "attempt"
    """Call: the callback's pause between two attempts is over."""
    WRAPUP = "wrapup"
    """Agent and queue (`agent/queue`): after-call work is over."""
    BACK_OFF = "back_off"
    """Agent: a phone that failed may be tried again."""
    PARKED = "parked"
    """Call: it has been parked for long enough."""
    CONNECT = "connect"
    """Leg: connecting it failed; try again unless one side has hung up meanwhile."""
    SETTLED = "settled"
    """Nobody's: registrations that were incomplete are to be believed again (`engine.core.queueing.empties`)."""
    AWAY = "away"
    """Call: a call flow has had it for long enough."""
    LOST_NODE = "lost_node"
    """Node: it has been out of reach for too long."""
    HANG_UP = "hang_up"
    """Channel: it was told to end and has not said that it did."""
    RECORDING = "recording"
    """Recording: it was told to stop and has not said that it did."""


class Timers:
    """A priority queue with lazy deletion; its size stays within twice the live timers."""

    __slots__ = ("_due", "_heap", "_late", "_sequence")

    def __init__(self) -> None:
        """Makes an empty book."""
        self._due: dict[TimerKey, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, TimerKey]] = []
        self._sequence = 0
        self._late: dict[TimerKey, str] = {}

    def set(self, kind: TimerKind, owner: str, at_ms: int) -> None:
        """Sets or moves a timer to epoch milliseconds `at_ms`."""
        self._late.pop((kind, owner), None)
        self._sequence += 1
        self._due[kind, owner] = (at_ms, self._sequence)
        heapq.heappush(self._heap, (at_ms, self._sequence, (kind, owner)))
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._due):
            self._compact()

    def cancel(self, kind: TimerKind, owner: str) -> None:
        """Forgets a timer; one that is not set is no error."""
        self._due.pop((kind, owner), None)
        self._late.pop((kind, owner), None)

    def put_off(self, kind: TimerKind, owner: str, until: str) -> None:
        """Keeps a timer that is due but cannot be acted upon until `resume(until)`."""
        self._late[kind, owner] = until

    def resume(self, until: str, now_ms: int) -> None:
        """Makes due now what was put off until this."""
        for kind, owner in [key for key, what in self._late.items() if what == until]:
            self.set(kind, owner, now_ms)

    def is_set(self, kind: TimerKind, owner: str) -> bool:
        """Tells whether the timer runs, or is put off."""
        return (kind, owner) in self._due or (kind, owner) in self._late

    def due_ms(self, kind: TimerKind, owner: str) -> int | None:
        """Returns when a timer is due (epoch ms); None if it does not run or is put off."""
        due = self._due.get((kind, owner))
        return None if due is None else due[0]

    def next_ms(self) -> int | None:
        """Returns when the earliest timer is due, or None."""
        heap = self._heap
        while heap:
            at_ms, sequence, key = heap[0]
            if self._due.get(key) == (at_ms, sequence):
                return at_ms
            heapq.heappop(heap)
        return None

    def pop_due(self, now_ms: int) -> TimerKey | None:
        """Takes out and returns the earliest timer that is due, or None."""
        due_ms = self.next_ms()
        if due_ms is None or due_ms > now_ms:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._due[key]
        return key

    def saved(self) -> list[tuple[TimerKind, str, int]]:
        """Returns all timers in firing order, for a snapshot."""
        ordered = sorted((when, key) for key, when in self._due.items())
        return [(kind, owner, at_ms) for (at_ms, _), (kind, owner) in ordered]

    def saved_late(self) -> list[tuple[TimerKind, str, str]]:
        """Returns what is put off, and until what, for a snapshot."""
        return [(kind, owner, until) for (kind, owner), until in self._late.items()]

    def __len__(self) -> int:
        """Counts the timers that run."""
        return len(self._due)

    def _compact(self) -> None:
        self._heap = [(when[0], when[1], key) for key, when in self._due.items()]
        heapq.heapify(self._heap)
