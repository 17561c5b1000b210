"""More verbs for stories: ways taken, opening hours, callbacks, surveys."""

from __future__ import annotations

from typing import Any

from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallbackRequested,
    CallbackTrigger,
    CallEnd,
    CallRouted,
    CallStarted,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferReason,
    QueueHoursChanged,
    RouteReason,
    SourceKind,
    SurveyEnd,
    SurveyEnded,
    TalkStarted,
    VisitReason,
)
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId, TalkId, VisitId
from engine.core.waiting import HoursKind
from tests.db.desk import DeskStory


class WaitingStory(DeskStory):
    """A story with these verbs as well. The callback of call `c1` is `c1-cb`."""

    def routed(
        self,
        call_id: str,
        from_place: str,
        to: str,
        why: RouteReason = RouteReason.KEY_EVENT,
        key: str = "",
    ) -> Any:
        return self._tell(CallRouted, CallId(call_id), from_place, to, why, key)

    def hours(self, kind: HoursKind, queue: str = "6400", by: str = "", holiday: str = "") -> Any:
        return self._tell(QueueHoursChanged, QueueId(queue), kind, holiday, by != "", by)

    def request_callback(
        self, call_id: str, number: str = "0555", queue: str = "6400", waiting: str | None = None
    ) -> Any:
        """The caller leaves the line, and a call without a channel waits instead."""
        waiting = waiting or f"own-{call_id}"
        entered_ms = self._began[f"{call_id}-v1"]
        self.missed(call_id, reason=VisitReason.CALLBACK, queue=queue)
        self.callback_call(waiting, call_id, number)
        told = self.requested(call_id, waiting, number, queue, entered_ms)
        self.call_over(call_id, CallEnd.SYSTEM)
        return told

    def requested(
        self,
        call_id: str,
        waiting: str,
        number: str = "0555",
        queue: str = "6400",
        entered_ms: int | None = None,
        n: int = 1,
    ) -> Any:
        """The bare fact."""
        entered_ms = self.now_ms if entered_ms is None else entered_ms
        self._began[f"{call_id}-cb"] = entered_ms
        return self._tell(
            CallbackRequested,
            VisitId(f"{call_id}-cb"),
            VisitId(f"{call_id}-v{n}"),
            CallId(call_id),
            CallId(waiting),
            QueueId(queue),
            number,
            CallbackTrigger.KEY,
            entered_ms,
        )

    def callback_call(self, call_id: str, parent: str, number: str) -> Any:
        return self._tell(
            CallStarted,
            CallId(call_id),
            NodeId("n1"),
            SourceKind.CALLBACK,
            EndpointName("provider"),
            number,
            "",
            "6400",
            self.now_ms,
            CallId(parent),
        )

    def attempt(
        self, call_id: str, waiting: str, agent: str, n: int = 1, *, queue: str = "6400"
    ) -> Any:
        return self._tell(
            CallbackAttempted,
            VisitId(f"{call_id}-cb"),
            CallId(waiting),
            QueueId(queue),
            AgentId(agent),
            n,
        )

    def callback_over(
        self,
        call_id: str,
        waiting: str,
        reason: CallbackReason = CallbackReason.TALKED,
        agent: str | None = None,
        attempts: int = 1,
        queue: str = "6400",
    ) -> Any:
        talked = reason is CallbackReason.TALKED
        return self._tell(
            CallbackEnded,
            VisitId(f"{call_id}-cb"),
            CallId(waiting),
            QueueId(queue),
            CallbackOutcome.SUCCEEDED if talked else CallbackOutcome.FAILED,
            reason,
            None if agent is None else AgentId(agent),
            attempts,
            self.now_ms - self._began_ms(f"{call_id}-cb"),
        )

    def callback_talk(
        self, call_id: str, waiting: str, agent: str, leg: int = 1, *, queue: str = "6400"
    ) -> Any:
        """Begins it; it ends by `talk_over`."""
        self._began[f"talk {waiting}"] = self.now_ms
        return self._tell(
            TalkStarted,
            TalkId(f"leg-{waiting}-{leg}"),
            CallId(waiting),
            VisitId(f"{call_id}-cb"),
            QueueId(queue),
            AgentId(agent),
            agent,
        )

    def callback_offer(
        self, call_id: str, waiting: str, agent: str, leg: int = 1, *, queue: str = "6400"
    ) -> Any:
        self._began[f"leg-{waiting}-{leg}"] = self.now_ms
        return self._tell(
            OfferMade,
            LegId(f"leg-{waiting}-{leg}"),
            VisitId(f"{call_id}-cb"),
            CallId(waiting),
            QueueId(queue),
            AgentId(agent),
            leg,
        )

    def callback_offer_over(
        self,
        call_id: str,
        waiting: str,
        agent: str,
        leg: int = 1,
        outcome: OfferOutcome = OfferOutcome.ANSWERED,
        reason: OfferReason = OfferReason.ANSWERED,
        *,
        queue: str = "6400",
    ) -> Any:
        return self._tell(
            OfferEnded,
            LegId(f"leg-{waiting}-{leg}"),
            VisitId(f"{call_id}-cb"),
            CallId(waiting),
            QueueId(queue),
            AgentId(agent),
            outcome,
            reason,
            self.now_ms - self._began_ms(f"leg-{waiting}-{leg}"),
            16,
        )

    def survey(
        self,
        call_id: str,
        agent: str,
        key: str = "",
        score: int | None = None,
        why: SurveyEnd = SurveyEnd.ANSWERED,
        queue: str = "6400",
        leg: int = 1,
    ) -> Any:
        return self._tell(
            SurveyEnded,
            TalkId(f"leg-{call_id}-{leg}"),
            CallId(call_id),
            QueueId(queue),
            AgentId(agent),
            why,
            key,
            score,
        )


def called_back(story: WaitingStory, call_id: str = "c1", agent: str = "1001") -> None:
    """Waits 20 s, asks for a callback, gets it 60 s later: 3 s of ringing, 7 s to answer, 30 s of talk."""
    waiting = f"own-{call_id}"
    story.call(call_id)
    story.visit(call_id)
    story.wait(20_000).request_callback(call_id)
    story.wait(60_000).callback_offer(call_id, waiting, agent)
    story.wait(3_000).attempt(call_id, waiting, agent)
    story.wait(7_000).callback_offer_over(call_id, waiting, agent)
    story.callback_over(call_id, waiting, agent=agent)
    story.callback_talk(call_id, waiting, agent)
    story.wait(30_000).talk_over(waiting, 1, CallEnd.AGENT)
    story.survey(waiting, agent, "5", 2)
    story.call_over(waiting, CallEnd.AGENT)
