"""Supervisors at their desks: they look at calls, act on them by service, monitor by phone.

What they see is the live board, made from facts; what they ask for may come too late, for a version
that is gone, or be none of their business. The core has to cope with all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.core import facts
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    AgentActionRequested,
    CallAction,
    CallActionRequested,
    CallAgentRequested,
    DigitPressed,
    HangUpNow,
    Input,
    Monitor,
    Park,
    PickUp,
    PresenceRequested,
    Record,
    RecordingAction,
    Redirect,
    Transfer,
)
from engine.core.places import Destination, HangUp, PlayThenHangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import MonitorMode, Policy, Presence
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.options import HOUR_MS, Options
from engine.sim.rng import Streams, exponential_ms, up_to_ms
from engine.sim.workload import example_of

_STALE = 0.1
_ANYTHING = 0.15
"""Chance that somebody asks for what makes no sense in the state of the call."""
_MONITORS_MS_MEAN = 20_000
_KEYS = "4565640"

_MOVES = (
    facts.CallStarted,
    facts.VisitStarted,
    facts.VisitEnded,
    facts.TalkStarted,
    facts.TalkEnded,
    facts.CallTransferred,
    facts.CallParked,
    facts.CallUnparked,
)


class _Seen:
    """A call on the board."""

    __slots__ = ("place", "version")

    def __init__(self) -> None:
        self.place = "moving"
        self.version = 0


class Supervisors:
    """Everybody with a console; `observe` is how they see."""

    def __init__(
        self,
        agenda: Agenda,
        options: Options,
        nodes: Sequence[Asterisk],
        post: Callable[[Input], None],
        policy: Policy,
    ) -> None:
        """Plans nothing yet; see `start`."""
        self.stopped = False
        self._agenda = agenda
        self._rate = options.habits.actions_per_hour
        self._nodes = nodes
        self._post = post
        self._policy = policy
        self._rng = Streams(options.seed).stream("supervisors")
        self._calls: dict[CallId, _Seen] = {}
        self._requests = 0
        managers = [number for queue in policy.queues for number in queue.managers]
        phones = [extension.number for extension in policy.extensions]
        self._people = [*managers, *managers, *managers, *phones, BY_SYSTEM]

    def start(self) -> None:
        """Plans the first action."""
        if self._rate > 0:
            self._plan()

    def observe(self, _now_ms: int, _happened: Input, outputs: Sequence[Command | Fact]) -> None:
        """Takes one step of the core."""
        if not self._rate:
            return
        for output in outputs:
            if isinstance(output, facts.MonitorStarted):
                self._monitors(output)
            elif isinstance(output, facts.CallEnded):
                self._calls.pop(output.call_id, None)
            elif isinstance(output, _MOVES):
                self._moved(output)

    def _moved(self, fact: Any) -> None:  # noqa: ANN401
        seen = self._calls.setdefault(fact.call_id, _Seen())
        seen.version = fact.seq
        match fact:
            case facts.VisitStarted():
                seen.place = "waiting"
            case facts.TalkStarted():
                seen.place = "talking"
            case facts.CallParked():
                seen.place = "parked"
            case facts.VisitEnded() | facts.TalkEnded() | facts.CallUnparked():
                seen.place = "moving"
            case _:
                pass

    # --- acting -------------------------------------------------------------------------------

    def _plan(self) -> None:
        self._agenda.after(exponential_ms(self._rng, HOUR_MS / self._rate), self._acts, None)

    def _acts(self, _: object) -> None:
        if self.stopped:
            return
        self._plan()
        rng = self._rng
        luck = rng.random()
        self._requests += 1
        request_id = f"r{self._requests}"
        by = rng.choice(self._people)
        agents = self._policy.agents
        if luck < 0.1 and agents:
            target = rng.choice(agents).agent_id
            self._post(CallAgentRequested(request_id, target, by))
        elif luck < 0.2 and agents:
            self._changes_somebody(request_id, rng.choice(agents).agent_id, by)
        elif self._calls:
            self._acts_on_a_call(request_id, by)

    def _changes_somebody(self, request_id: str, agent_id: AgentId, by: str) -> None:
        rng = self._rng
        seen = rng.choice((None, None, 1))
        if rng.random() < 0.5:
            presence = rng.choice(tuple(Presence))
            self._post(PresenceRequested(agent_id, presence, by, request_id, seen))
            return
        queues: list[QueueId | None] = [queue.queue_id for queue in self._policy.queues]
        action = rng.choice(tuple(AgentAction))
        queue_id = rng.choice([None, *queues])
        reasons: list[str | None] = [None, *(each.name for each in self._policy.pause_reasons)]
        reason = rng.choice(reasons) if action is AgentAction.PAUSE else None
        self._post(AgentActionRequested(agent_id, queue_id, action, by, reason, request_id, seen))

    def _acts_on_a_call(self, request_id: str, by: str) -> None:
        rng = self._rng
        call_id = rng.choice(list(self._calls))
        seen = self._calls[call_id]
        version = seen.version - (1 if rng.random() < _STALE else 0)
        action = self._wish("any" if rng.random() < _ANYTHING else seen.place)
        self._post(CallActionRequested(request_id, call_id, action, by, version))

    def _wish(self, place: str) -> CallAction:
        rng = self._rng
        waiting: list[Callable[[], CallAction]] = [PickUp, PickUp, self._redirect, HangUpNow]
        talking: list[Callable[[], CallAction]] = [
            Park,
            Park,
            lambda: Transfer(self._destination()),
            lambda: Transfer(self._destination()),
            lambda: Record(rng.choice(tuple(RecordingAction))),
            lambda: Record(rng.choice(tuple(RecordingAction))),
            lambda: Monitor(rng.choice(tuple(MonitorMode))),
            lambda: Monitor(rng.choice(tuple(MonitorMode))),
            HangUpNow,
        ]
        parked: list[Callable[[], CallAction]] = [self._redirect, HangUpNow]
        wishes: dict[str, list[Callable[[], CallAction]]]
        wishes = {"waiting": waiting, "talking": talking, "parked": parked, "moving": [HangUpNow]}
        return rng.choice(wishes.get(place, waiting + talking))()

    def _redirect(self) -> CallAction:
        return Redirect(self._destination())

    def _destination(self) -> Destination:
        rng, policy = self._rng, self._policy
        choices: list[Destination] = [HangUp(), PlayThenHangUp(("sound:vm-goodbye",))]
        choices += [ToQueue(queue.queue_id) for queue in policy.queues] * 2
        choices += [ToExtension(extension.number) for extension in policy.extensions]
        choices += [
            ToExternal(example_of(route.pattern), route.name) for route in policy.outbound_routes
        ]
        choices += [ToQueue(QueueId("nowhere")), ToExtension("nobody")]
        return rng.choice(choices)

    # --- monitoring ---------------------------------------------------------------------------

    def _monitors(self, fact: facts.MonitorStarted) -> None:
        """At the ear: presses keys, and hangs up at last."""
        if not fact.monitor_id.endswith("-1"):
            return
        rng = self._rng
        lasts_ms = exponential_ms(rng, _MONITORS_MS_MEAN)
        channel_id = fact.supervisor_call_id
        for _ in range(rng.choice((0, 1, 2, 4))):
            press = (channel_id, rng.choice(_KEYS))
            self._agenda.after(up_to_ms(rng, lasts_ms), self._presses, press)
        self._agenda.after(lasts_ms, self._hangs_up, channel_id)

    def _presses(self, pressed: tuple[str, str]) -> None:
        channel_id, digit = pressed
        for node in self._nodes:
            channel = node.channels.get(channel_id)
            if channel is not None and (channel.phone is None or not channel.phone.lost):
                node.emit(DigitPressed(channel_id, digit))

    def _hangs_up(self, channel_id: str) -> None:
        for node in self._nodes:
            channel = node.channels.get(channel_id)
            if channel is not None and (channel.bridge_id or "").startswith(("ear-", "talk-")):
                node.end(channel, 16)
