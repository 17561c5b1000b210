"""What people can ask for by service (S-03): typed functions, one answer each.

A request becomes an input with an id of its own; the fact that answers it (`ActionDone` or
`ActionRefused`) carries the same id. Rights and versions are checked in the core, at the moment of
acting, so nothing can come between. What is shown (`call`, `agents`, ...) is read from the core
between two inputs, which is why all of this must be called in the loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.app.pump import InboxFull
from engine.core.facts import ActionDone, ActionRefused, Fact
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.inputs import (
    AgentAction,
    AgentActionRequested,
    CallAction,
    CallActionRequested,
    CallAgentRequested,
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
from engine.core.model.state import State
from engine.core.places import Destination
from engine.core.policy import MonitorMode, PauseReason, Presence
from engine.core.views import (
    AgentView,
    CallView,
    view_agent,
    view_agents,
    view_call,
    view_calls,
)

ANSWER_S_MAX: Final = 5.0
"""A request is answered within a few milliseconds, unless the engine is in trouble."""

PENDING_MAX: Final = 1_000
"""Requests that may be under way at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is done or under way. `detail`: a parking slot, a leg's or a call's id, a destination."""

    request_id: str
    call_id: str
    agent_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; `why` is for people."""

    request_id: str
    why: str


Outcome = Done | Refused


class NotTaken(Exception):
    """The engine is overloaded or stopping: nothing was done. Ask again later."""


class NotAnswered(Exception):
    """No answer in time: it may or may not have been done. Look again before asking again."""


class Services:
    """Asks the core on behalf of people.

        services = Services(engine.request, lambda: core.state, new_id)
        engine.subscribe(services.take)
        outcome = await services.redirect(call_id, ToQueue(queue_id), by="1007", seen=view.version)

    `by` is the extension of who asks, or `BY_SYSTEM`. `seen` is the version that was looked at.
    Every action returns a `Done` or a `Refused`, and raises `NotTaken` or `NotAnswered`.

    Args:
        submit: takes an input or raises `InboxFull` (`Engine.request`).
        state: the core's state, only to be looked at.
        new_id: makes an id that no other request has, also not of another process.
        answer_s_max: how long an answer is waited for.
        pending_max: how many requests may be under way.
    """

    def __init__(
        self,
        submit: Callable[[Input], None],
        state: Callable[[], State],
        new_id: Callable[[], str],
        *,
        answer_s_max: float = ANSWER_S_MAX,
        pending_max: int = PENDING_MAX,
    ) -> None:
        """Asks nothing yet."""
        self._submit = submit
        self._state = state
        self._new_id = new_id
        self._answer_s_max = answer_s_max
        self._pending_max = pending_max
        self._pending: dict[str, asyncio.Future[Outcome]] = {}

    @property
    def pending(self) -> int:
        """Requests under way."""
        return len(self._pending)

    def take(self, facts: Sequence[Fact]) -> None:
        """Hears of facts, for `Engine.subscribe`."""
        if not self._pending:
            return
        for fact in facts:
            if isinstance(fact, ActionDone | ActionRefused):
                waiting = self._pending.get(fact.request_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(_outcome(fact))

    # What is there to see.

    def call(self, call_id: CallId) -> CallView | None:
        """Returns a call as it is now; None if there is none."""
        return view_call(self._state(), call_id)

    def calls(self) -> tuple[CallView, ...]:
        """Returns all calls."""
        return view_calls(self._state())

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """Returns an agent as it is now; None for somebody who is none."""
        return view_agent(self._state(), agent_id)

    def agents(self) -> tuple[AgentView, ...]:
        """Returns all agents, by number."""
        return view_agents(self._state())

    def pause_reasons(self) -> tuple[PauseReason, ...]:
        """Returns the reasons that a pause can have."""
        return self._state().policy.pause_reasons

    # Calls.

    async def pick_up(self, call_id: CallId, *, by: str, seen: int) -> Outcome:
        """Rings the phone of `by` for a waiting call, instead of the agents' phones."""
        return await self.act(call_id, PickUp(), by=by, seen=seen)

    async def redirect(
        self, call_id: CallId, destination: Destination, *, by: str, seen: int
    ) -> Outcome:
        """Sends a waiting (or parked) call elsewhere."""
        return await self.act(call_id, Redirect(destination), by=by, seen=seen)

    async def transfer(
        self, call_id: CallId, destination: Destination, *, by: str, seen: int
    ) -> Outcome:
        """Sends the caller of a talk elsewhere; the agent is free."""
        return await self.act(call_id, Transfer(destination), by=by, seen=seen)

    async def park(self, call_id: CallId, *, by: str, seen: int) -> Outcome:
        """Parks the caller of a talk; the agent hears the slot, and it is `Done.detail`."""
        return await self.act(call_id, Park(), by=by, seen=seen)

    async def hang_up(self, call_id: CallId, *, by: str, seen: int) -> Outcome:
        """Ends a call."""
        return await self.act(call_id, HangUpNow(), by=by, seen=seen)

    async def monitor(self, call_id: CallId, mode: MonitorMode, *, by: str, seen: int) -> Outcome:
        """Rings the phone of `by` and lets them hear this talk; `Done.detail` is their call."""
        return await self.act(call_id, Monitor(mode), by=by, seen=seen)

    async def record(
        self, call_id: CallId, action: RecordingAction, *, by: str, seen: int
    ) -> Outcome:
        """Starts, pauses, resumes or stops the recording of a talk."""
        return await self.act(call_id, Record(action), by=by, seen=seen)

    async def act(self, call_id: CallId, action: CallAction, *, by: str, seen: int) -> Outcome:
        """Does any of the above."""
        request_id = self._new_id()
        return await self._ask(
            request_id, CallActionRequested(request_id, call_id, action, by, seen)
        )

    # Agents.

    async def call_agent(self, agent_id: AgentId, *, by: str) -> Outcome:
        """Rings the phone of `by`, then the agent's; `Done.call_id` is the call."""
        request_id = self._new_id()
        return await self._ask(request_id, CallAgentRequested(request_id, agent_id, by))

    async def change_agent(
        self,
        agent_id: AgentId,
        action: AgentAction,
        *,
        by: str,
        queue_id: QueueId | None = None,
        reason: str | None = None,
        seen: int | None = None,
    ) -> Outcome:
        """Changes an agent's state in a queue, or in all of theirs."""
        request_id = self._new_id()
        return await self._ask(
            request_id,
            AgentActionRequested(agent_id, queue_id, action, by, reason, request_id, seen),
        )

    async def set_presence(
        self, agent_id: AgentId, presence: Presence, *, by: str, seen: int | None = None
    ) -> Outcome:
        """Changes an extension's presence."""
        request_id = self._new_id()
        return await self._ask(
            request_id, PresenceRequested(agent_id, presence, by, request_id, seen)
        )

    async def _ask(self, request_id: str, happened: Input) -> Outcome:
        if len(self._pending) >= self._pending_max:
            raise NotTaken(f"{self._pending_max} requests are under way already; try again later")
        waiting: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = waiting
        try:
            self._submit(happened)
            async with asyncio.timeout(self._answer_s_max):
                return await waiting
        except InboxFull as error:
            raise NotTaken(str(error)) from error
        except TimeoutError as error:
            raise NotAnswered(
                f"no answer within {self._answer_s_max:.0f} s: it may or may not have been done"
            ) from error
        finally:
            del self._pending[request_id]


def _outcome(fact: ActionDone | ActionRefused) -> Outcome:
    if isinstance(fact, ActionRefused):
        return Refused(fact.request_id, fact.why)
    return Done(fact.request_id, fact.call_id, fact.agent_id, fact.detail)
