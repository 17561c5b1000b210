"""A call centre whose queue calls back, for tests."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.core.commands import PlayPrompt, RingPhone
from engine.core.ids import AgentId, CallId, EndpointName, LegId, QueueId
from engine.core.inputs import CallArrived, LegAnswered, LegEnded, PlaybackEnded
from engine.core.model.call import Call
from engine.core.policy import Member, OutboundRoute, Policy, QueuePolicy
from engine.core.waiting import CallbackPolicy
from tests.support.centre import NODE, TRUNK, Centre, policy, queue

NUMBER = "01512345"
DID = "6400"
ROUTES = (
    OutboundRoute("mobile", "901.", TRUNK, strip=1, ring_timeout_ms=60_000),
    OutboundRoute("abroad", "900.", EndpointName("carrier"), strip=1, caller_number="04000"),
)


def terms(**options: Any) -> CallbackPolicy:
    """What the queue says of callbacks: key 2, prefix 9, two routes."""
    options.setdefault("key", "2")
    return CallbackPolicy(prefix="9", outbound_routes=("abroad", "mobile"), **options)


def with_routes(plain: Policy) -> Policy:
    """A policy in which numbers that begin with 9 and 0 can be called."""
    return dataclasses.replace(plain, outbound_routes=ROUTES)


class Callbacks(Centre):
    """Drives a core whose queue 6400 calls back."""

    def __init__(self, *members: Member, callback: CallbackPolicy | None = None, **options: Any):
        callback = callback or terms()
        super().__init__(queue(DID, *members, callback=callback, **options))
        self.reload(with_routes(self.policy))

    def change(self, *queues: QueuePolicy) -> None:
        """Reloads other queues."""
        self.reload(with_routes(policy(*queues)))

    def dial(self, number: str = NUMBER, name: str = "Ann", *, source: str = TRUNK) -> CallId:
        """Somebody calls the queue."""
        self.calls += 1
        call_id = CallId(f"c{self.calls}")
        endpoint = EndpointName(source)
        self.give(CallArrived(call_id, NODE, endpoint, DID, number, name, self.now_ms))
        return call_id

    def keys(self, call_id: CallId, keys: str) -> None:
        """Presses keys one after the other."""
        for key in keys:
            self.press(call_id, key)

    def heard(self, channel_id: str) -> None:
        """The last prompt on this channel was played to its end."""
        prompts = [each for each in self.of(PlayPrompt) if each.channel_id == channel_id]
        self.give(PlaybackEnded(prompts[-1].playback_id, True))

    def hears(self, channel_id: str) -> tuple[str, ...]:
        """The media of the last prompt on this channel."""
        return [each for each in self.of(PlayPrompt) if each.channel_id == channel_id][-1].media

    def ask(self, call_id: CallId, keys: str = "21") -> Call:
        """A waiting caller asks for a callback by these keys, and is hung up; returns what waits."""
        known = set(self.core.state.callbacks.values())
        self.keys(call_id, keys)
        (waiting,) = [each for each in self.core.state.callbacks.values() if each not in known]
        self.heard(call_id)
        self.obey()
        return self.core.state.calls[waiting]

    def requested(self, number: str = NUMBER) -> Call:
        """Somebody calls, asks for a callback and is gone; returns what waits."""
        return self.ask(self.dial(number))

    @property
    def pending(self) -> Call:
        """The one callback that waits."""
        (call_id,) = self.core.state.callbacks.values()
        return self.core.state.calls[call_id]

    def free(self, agent: str) -> None:
        """The agent's phone ends its call."""
        for leg_id in list(self.core.state.agents[AgentId(agent)].legs):
            self.end_leg(leg_id)
        self.obey()

    def agent_takes(self, agent: str) -> LegId:
        """The agent picks up and has heard who it is; the customer's phone is called."""
        leg_id = self.answer(agent)
        self.heard(leg_id)
        return leg_id

    def customer_answers(self) -> None:
        """The customer picks up."""
        self.give(LegAnswered(LegId(self.pending.call_id)))

    def customer_ends(self, cause: int) -> None:
        """The customer's phone ends its ringing: busy, no such number, ..."""
        self.give(LegEnded(LegId(self.pending.call_id), cause))

    def called(self) -> list[str | None]:
        """The numbers dialled through trunks so far."""
        return [each.number for each in self.of(RingPhone) if each.number is not None]

    def line(self) -> list[str]:
        """Who waits, in order."""
        return [entry[-1] for entry in self.core.state.lines[QueueId(DID)].waiting]
