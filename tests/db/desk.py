"""More verbs for stories: what people do with calls, and of themselves."""

from __future__ import annotations

from typing import Any

from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallEnd,
    CallParked,
    CallStarted,
    CallTransferred,
    CallUnparked,
    How,
    MonitorEnded,
    MonitorStarted,
    ParkEnd,
    PresenceChanged,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    SourceKind,
    TransferKind,
    WrapupExtended,
)
from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    MonitorId,
    NodeId,
    QueueId,
    RecordingId,
    TalkId,
)
from engine.core.policy import MonitorMode, Presence
from tests.db.story import Story


class DeskStory(Story):
    """A story with these verbs as well."""

    def rest_of_call(self, call_id: str, parent: str, number: str = "1001") -> Any:
        """The party of `parent` goes on as a caller."""
        return self._tell(
            CallStarted,
            CallId(call_id),
            NodeId("n1"),
            SourceKind.EXTENSION,
            EndpointName(number),
            number,
            "",
            "1003",
            self.now_ms,
            CallId(parent),
        )

    def placed_call(self, call_id: str, by: str) -> Any:
        return self._tell(
            CallStarted,
            CallId(call_id),
            NodeId("n1"),
            SourceKind.USHER,
            EndpointName(by),
            by,
            "",
            "1001",
            self.now_ms,
            None,
            by,
        )

    def transfer(
        self,
        call_id: str,
        by: str,
        to: str,
        kind: TransferKind = TransferKind.BLIND,
        other: str | None = None,
    ) -> Any:
        other_id = None if other is None else CallId(other)
        return self._tell(CallTransferred, CallId(call_id), by, kind, to, other_id)

    def park(self, call_id: str, slot: str, by: str, n: int = 1) -> Any:
        return self._tell(CallParked, f"park-{call_id}-{n}", CallId(call_id), slot, by)

    def unpark(self, call_id: str, slot: str, why: ParkEnd, by: str = "", n: int = 1) -> Any:
        return self._tell(CallUnparked, f"park-{call_id}-{n}", CallId(call_id), slot, why, by)

    def monitor(
        self,
        supervisor_call: str,
        n: int,
        call_id: str,
        agent: str,
        mode: MonitorMode = MonitorMode.LISTEN,
        *,
        by: str = "1009",
        queue: str | None = "6400",
    ) -> Any:
        return self._tell(
            MonitorStarted,
            MonitorId(f"spy-{supervisor_call}-{n}"),
            CallId(supervisor_call),
            by,
            AgentId(agent),
            CallId(call_id),
            None if queue is None else QueueId(queue),
            mode,
        )

    def monitor_over(self, supervisor_call: str, n: int, call_id: str) -> Any:
        return self._tell(MonitorEnded, MonitorId(f"spy-{supervisor_call}-{n}"), CallId(call_id))

    def record(
        self,
        call_id: str,
        agent: str | None,
        leg: int = 1,
        n: int = 1,
        *,
        queue: str | None = "6400",
        by: str = "",
    ) -> Any:
        talk_id = f"leg-{call_id}-{leg}"
        return self._tell(
            RecordingStarted,
            RecordingId(f"rec-{talk_id}-{n}"),
            CallId(call_id),
            TalkId(talk_id),
            None if queue is None else QueueId(queue),
            None if agent is None else AgentId(agent),
            f"2025/01/{call_id}-{n}",
            False,
            by,
        )

    def record_pause(self, call_id: str, leg: int = 1, n: int = 1, by: str = "1001") -> Any:
        name = RecordingId(f"rec-leg-{call_id}-{leg}-{n}")
        return self._tell(RecordingPaused, name, CallId(call_id), by)

    def record_resume(self, call_id: str, leg: int = 1, n: int = 1, by: str = "1001") -> Any:
        name = RecordingId(f"rec-leg-{call_id}-{leg}-{n}")
        return self._tell(RecordingResumed, name, CallId(call_id), by)

    def record_over(
        self, call_id: str, leg: int = 1, n: int = 1, *, ok: bool = True, why: str = ""
    ) -> Any:
        name = RecordingId(f"rec-leg-{call_id}-{leg}-{n}")
        return self._tell(RecordingEnded, name, CallId(call_id), ok, why, "")

    def presence(self, agent: str, presence: Presence) -> Any:
        return self._tell(PresenceChanged, AgentId(agent), presence, How.CODE, agent)

    def extend(self, wrapup: str, agent: str, by_ms: int = 30_000, queue: str = "6400") -> Any:
        until_ms = self.now_ms + by_ms
        return self._tell(
            WrapupExtended, wrapup, AgentId(agent), QueueId(queue), until_ms, How.CODE, agent
        )

    def done(self, action: str, by: str, *, agent: str = "", call_id: str = "") -> Any:
        request = f"r{len(self.facts)}"
        return self._tell(ActionDone, request, action, by, call_id, agent, "as wished")

    def refused(self, action: str, by: str, *, agent: str = "", call_id: str = "") -> Any:
        request = f"r{len(self.facts)}"
        return self._tell(ActionRefused, agent, "6400", action, "no right", by, request, call_id)


def transferred_call(story: DeskStory, call_id: str = "c1") -> None:
    """Answered by 1001 for 10 s, who passes the caller on to 1003: 7 s of talk there."""
    story.call(call_id)
    story.visit(call_id)
    story.wait(2_000).offer(call_id, "1001")
    story.wait(3_000).answered(call_id, "1001", ring_ms=3_000)
    story.offer_over(call_id, "1001")
    story.talk(call_id, "1001")
    story.record(call_id, "1001")
    story.wait(10_000).talk_over(call_id, 1, CallEnd.TRANSFERRED)
    story.record_over(call_id)
    story.wrapup(f"w-{call_id}", "1001", call_id)
    story.transfer(call_id, "1001", "1003")
    story.wait(4_000).direct_talk(call_id, "1003", 2)
    story.wait(7_000).talk_over(call_id, 2)
    story.call_over(call_id)


def consulted_call(story: DeskStory, call_id: str = "c1", consult: str = "c2") -> None:
    """1001 talks with the caller, asks 1003 in a call of its own, and lets the two talk.

    The consultation's leg has a second talk, now with the caller: its id has a suffix.
    """
    story.call(call_id)
    story.direct_talk(call_id, "1001")
    story.wait(5_000).hold(call_id)
    story.call(consult, "1001", "", dialled="1003", endpoint="1001")
    story.wait(2_000).direct_talk(consult, "1003")
    story.wait(6_000).hold_over(call_id)
    story.talk_over(call_id, 1, CallEnd.TRANSFERRED)
    story.transfer(call_id, "1001", "1003", TransferKind.ATTENDED, consult)
    story.talk_over(consult, 1, CallEnd.TRANSFERRED)
    second = f"leg-{consult}-1-t2"
    story.second_talk(call_id, second, "1003")
    story.call_over(consult, CallEnd.TRANSFERRED)
    story.wait(9_000).second_talk_over(call_id, second)
    story.call_over(call_id)
