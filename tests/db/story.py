"""Facts for tests: a story told in short verbs, with numbers and times filled in."""

from __future__ import annotations

from typing import Any

from engine.core.facts import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnd,
    CallEnded,
    CallStarted,
    Fact,
    HoldEnded,
    HoldStarted,
    How,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferReason,
    PauseEnd,
    PauseEnded,
    PauseStarted,
    SourceKind,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
    WrapupEnd,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId, TalkId, VisitId

T0 = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""


class Story:
    """Facts in the order in which they are told; `wait` moves the time."""

    def __init__(self, at_ms: int = T0) -> None:
        self.now_ms = at_ms
        self.facts: list[Fact] = []
        self._began: dict[str, int] = {}

    def wait(self, duration_ms: int) -> Story:
        self.now_ms += duration_ms
        return self

    def _tell(self, kind: type[Any], *arguments: Any) -> Any:
        fact = kind(len(self.facts) + 1, self.now_ms, *arguments)
        self.facts.append(fact)
        return fact

    def _began_ms(self, key: str) -> int:
        return self._began.pop(key)

    def call(
        self,
        call_id: str,
        number: str = "5550100",
        name: str = "Ann",
        *,
        dialled: str = "6400",
        endpoint: str = "provider",
    ) -> Any:
        return self._tell(
            CallStarted,
            CallId(call_id),
            NodeId("n1"),
            SourceKind.TRUNK,
            EndpointName(endpoint),
            number,
            name,
            dialled,
            self.now_ms,
        )

    def call_over(self, call_id: str, by: CallEnd = CallEnd.CALLER, cause: int = 16) -> Any:
        return self._tell(CallEnded, CallId(call_id), by, cause)

    def visit(self, call_id: str, queue: str = "6400", n: int = 1, position: int = 1) -> Any:
        self._began[f"{call_id}-v{n}"] = self.now_ms
        return self._tell(
            VisitStarted, VisitId(f"{call_id}-v{n}"), CallId(call_id), QueueId(queue), position
        )

    def visit_over(
        self,
        call_id: str,
        outcome: VisitOutcome,
        reason: VisitReason,
        *,
        queue: str = "6400",
        n: int = 1,
        agent: str | None = None,
        ring_ms: int = 0,
    ) -> Any:
        wait_ms = self.now_ms - self._began_ms(f"{call_id}-v{n}")
        return self._tell(
            VisitEnded,
            VisitId(f"{call_id}-v{n}"),
            CallId(call_id),
            QueueId(queue),
            outcome,
            reason,
            None if agent is None else AgentId(agent),
            wait_ms,
            ring_ms,
            1,
        )

    def answered(
        self, call_id: str, agent: str, *, queue: str = "6400", n: int = 1, ring_ms: int = 0
    ) -> Any:
        return self.visit_over(
            call_id,
            VisitOutcome.ANSWERED,
            VisitReason.CONNECTED,
            queue=queue,
            n=n,
            agent=agent,
            ring_ms=ring_ms,
        )

    def abandoned(self, call_id: str, *, queue: str = "6400", n: int = 1) -> Any:
        return self.visit_over(
            call_id, VisitOutcome.ABANDONED, VisitReason.CALLER_HUNG_UP, queue=queue, n=n
        )

    def missed(
        self,
        call_id: str,
        *,
        queue: str = "6400",
        n: int = 1,
        reason: VisitReason = VisitReason.MAX_WAIT,
    ) -> Any:
        return self.visit_over(call_id, VisitOutcome.MISSED, reason, queue=queue, n=n)

    def offer(
        self,
        call_id: str,
        agent: str,
        leg: int = 1,
        *,
        queue: str = "6400",
        n: int = 1,
        attempt: int | None = None,
    ) -> Any:
        self._began[f"leg-{call_id}-{leg}"] = self.now_ms
        return self._tell(
            OfferMade,
            LegId(f"leg-{call_id}-{leg}"),
            VisitId(f"{call_id}-v{n}"),
            CallId(call_id),
            QueueId(queue),
            AgentId(agent),
            attempt or leg,
        )

    def offer_over(
        self,
        call_id: str,
        agent: str,
        leg: int = 1,
        outcome: OfferOutcome = OfferOutcome.ANSWERED,
        reason: OfferReason = OfferReason.ANSWERED,
        *,
        queue: str = "6400",
        n: int = 1,
    ) -> Any:
        ring_ms = self.now_ms - self._began_ms(f"leg-{call_id}-{leg}")
        return self._tell(
            OfferEnded,
            LegId(f"leg-{call_id}-{leg}"),
            VisitId(f"{call_id}-v{n}"),
            CallId(call_id),
            QueueId(queue),
            AgentId(agent),
            outcome,
            reason,
            ring_ms,
            16,
        )

    def talk(
        self, call_id: str, agent: str, leg: int = 1, *, queue: str = "6400", n: int = 1
    ) -> Any:
        self._began[f"talk {call_id}"] = self.now_ms
        return self._tell(
            TalkStarted,
            TalkId(f"leg-{call_id}-{leg}"),
            CallId(call_id),
            VisitId(f"{call_id}-v{n}"),
            QueueId(queue),
            AgentId(agent),
            agent,
        )

    def direct_talk(self, call_id: str, party: str, leg: int = 1) -> Any:
        self._began[f"talk {call_id}"] = self.now_ms
        return self._tell(
            TalkStarted, TalkId(f"leg-{call_id}-{leg}"), CallId(call_id), None, None, None, party
        )

    def talk_over(self, call_id: str, leg: int = 1, by: CallEnd = CallEnd.CALLER) -> Any:
        talk_ms = self.now_ms - self._began_ms(f"talk {call_id}")
        return self._tell(TalkEnded, TalkId(f"leg-{call_id}-{leg}"), CallId(call_id), by, talk_ms)

    def second_talk(self, call_id: str, talk: str, party: str) -> Any:
        self._began[f"talk {call_id}"] = self.now_ms
        return self._tell(TalkStarted, TalkId(talk), CallId(call_id), None, None, None, party)

    def second_talk_over(self, call_id: str, talk: str, by: CallEnd = CallEnd.CALLER) -> Any:
        talk_ms = self.now_ms - self._began_ms(f"talk {call_id}")
        return self._tell(TalkEnded, TalkId(talk), CallId(call_id), by, talk_ms)

    def hold(self, call_id: str, leg: int = 1, n: int = 1) -> Any:
        self._began[f"hold {call_id}"] = self.now_ms
        talk_id, by_caller = TalkId(f"leg-{call_id}-{leg}"), False
        return self._tell(HoldStarted, f"{talk_id}-h{n}", talk_id, CallId(call_id), by_caller)

    def hold_over(self, call_id: str, leg: int = 1, n: int = 1) -> Any:
        hold_ms = self.now_ms - self._began_ms(f"hold {call_id}")
        talk_id = TalkId(f"leg-{call_id}-{leg}")
        return self._tell(HoldEnded, f"{talk_id}-h{n}", talk_id, CallId(call_id), hold_ms)

    def login(self, spell: str, agent: str, queue: str = "6400") -> Any:
        return self._tell(AgentLoggedIn, spell, AgentId(agent), QueueId(queue), How.CODE, agent)

    def logout(self, spell: str, agent: str, queue: str = "6400") -> Any:
        return self._tell(AgentLoggedOut, spell, AgentId(agent), QueueId(queue), How.CODE, agent)

    def pause(self, spell: str, agent: str, reason: str | None, queue: str = "6400") -> Any:
        return self._tell(
            PauseStarted, spell, AgentId(agent), QueueId(queue), reason, How.CODE, agent
        )

    def resume(
        self, spell: str, agent: str, why: PauseEnd = PauseEnd.RESUMED, queue: str = "6400"
    ) -> Any:
        return self._tell(PauseEnded, spell, AgentId(agent), QueueId(queue), why, How.CODE, agent)

    def wrapup(
        self, wrapup: str, agent: str, call_id: str, duration_ms: int = 10_000, queue: str = "6400"
    ) -> Any:
        return self._tell(
            WrapupStarted,
            wrapup,
            AgentId(agent),
            QueueId(queue),
            CallId(call_id),
            self.now_ms + duration_ms,
        )

    def wrapup_over(
        self, wrapup: str, agent: str, why: WrapupEnd = WrapupEnd.EXPIRED, queue: str = "6400"
    ) -> Any:
        return self._tell(WrapupEnded, wrapup, AgentId(agent), QueueId(queue), why)


def answered_call(story: Story, call_id: str, agent: str = "1001", queue: str = "6400") -> None:
    """A queue call from beginning to end: 2 s of waiting, 3 s of ringing, 20 s of talk, 5 s on hold."""
    story.call(call_id, dialled=queue)
    story.visit(call_id, queue)
    story.wait(2_000).offer(call_id, agent, queue=queue)
    story.wait(3_000).answered(call_id, agent, queue=queue, ring_ms=3_000)
    story.offer_over(call_id, agent, queue=queue)
    story.talk(call_id, agent, queue=queue)
    story.wait(5_000).hold(call_id)
    story.wait(5_000).hold_over(call_id)
    story.wait(10_000).talk_over(call_id)
    story.wrapup(f"w-{call_id}", agent, call_id, queue=queue)
    story.call_over(call_id)
    story.wait(10_000).wrapup_over(f"w-{call_id}", agent, queue=queue)
