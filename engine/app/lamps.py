"""Lamps on desk phones (BLF, A-02): each membership's log-in, pause and pause reasons as states.

A lamp's name is the code that its key dials, so that pressing it toggles what it shows:

    *7<extension>*<queue>              logged in NOT_INUSE (green), out INUSE (red)
    *07<extension>*<queue>             active NOT_INUSE (green), paused RINGING (blinking red)
    *07<extension>*<queue>*<reason>    paused for that reason RINGING, else NOT_INUSE

A lamp that is not ours is UNAVAILABLE (dark), which is what Asterisk says of one it never heard of.
Lamps follow the facts; which lamps there are follows the configuration. They are no part of the
core: a lamp is right because it is worked out from the core's state after each change, and wrong
ones (while a node was away) are put right when it is back, by who shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.app.ports import LampBoard
from engine.core.facts import AgentLoggedIn, AgentLoggedOut, Fact, PauseEnded, PauseStarted
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import DeviceState
from engine.core.model.agent import Membership
from engine.core.model.state import State

Lamp = tuple[str, DeviceState]

_CHANGES: Final = (AgentLoggedIn, AgentLoggedOut, PauseStarted, PauseEnded)


class Lamps:
    """Works out lamps and has them shown.

    Args:
        state: returns the core's state, to look at between two inputs.
        boards: one for each node.
    """

    def __init__(self, state: Callable[[], State], boards: Sequence[LampBoard]) -> None:
        """Shows nothing yet."""
        self._state = state
        self._boards = tuple(boards)

    def take(self, facts: Sequence[Fact]) -> None:
        """Shows what these facts changed; for `Engine.subscribe`."""
        changed: dict[tuple[AgentId, QueueId], None] = {}
        for fact in facts:
            if isinstance(fact, _CHANGES):
                changed[fact.agent_id, fact.queue_id] = None
        if not changed:
            return
        state = self._state()
        lamps: dict[str, DeviceState] = {}
        for agent_id, queue_id in changed:
            membership = state.membership(agent_id, queue_id)
            if membership is not None:
                lamps.update(lamps_of(state, agent_id, membership))
        for board in self._boards:
            board.show(lamps)

    def redo(self) -> None:
        """Shows all lamps that there are, and no others: at the start, and after a new policy."""
        state = self._state()
        lamps = {
            name: shown
            for agent in state.agents.values()
            for membership in agent.memberships.values()
            for name, shown in lamps_of(state, agent.agent_id, membership)
        }
        for board in self._boards:
            board.show_only(lamps)


def lamps_of(state: State, agent_id: AgentId, membership: Membership) -> Iterator[Lamp]:
    """Returns the lamps of one agent in one queue, with what they show now."""
    codes = state.policy.settings.feature_codes
    key = f"{agent_id}*{membership.queue_id}"
    if codes.login_toggle:
        logged_in = membership.login_id is not None
        yield (
            f"{codes.login_toggle}{key}",
            DeviceState.NOT_INUSE if logged_in else DeviceState.INUSE,
        )
    if codes.pause_toggle:
        paused = membership.pause_id is not None
        yield f"{codes.pause_toggle}{key}", _blinking(paused)
        for reason in state.policy.pause_reasons:
            so = paused and membership.pause_reason == reason.name
            yield f"{codes.pause_toggle}{key}*{reason.code}", _blinking(so)


def _blinking(on: bool) -> DeviceState:  # noqa: FBT001 - it is the one thing it is about
    return DeviceState.RINGING if on else DeviceState.NOT_INUSE
