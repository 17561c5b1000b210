"""Who may do what in a queue (S-01): its managers and its agents, as far as the matrix allows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.core.ids import AgentId, QueueId
from engine.core.inputs import BY_SYSTEM
from engine.core.model.state import State
from engine.core.policy import Right


class Role(StrEnum):
    """What a person is in one queue."""

    MANAGER = "manager"
    AGENT = "agent"


_BOTH: Final = (
    Right.WALLBOARD,
    Right.PANEL,
    Right.DISTRIBUTE,
    Right.PICK_UP,
    Right.PARK,
    Right.CONTACT_MATCH,
)

GRANTABLE: Final[dict[Role, tuple[Right, ...]]] = {
    Role.MANAGER: (
        *_BOTH,
        Right.CHANGE_STATE,
        Right.MONITOR,
        Right.RECORD,
        Right.SEE_MISSED,
        Right.DELETE_MISSED,
    ),
    Role.AGENT: (*_BOTH, Right.QUEUE_LOG),
}
"""What may be granted; all else is an error of the configuration."""


def may(state: State, by: str, queue_id: QueueId | None, right: Right) -> bool:
    """Tells whether the person at the extension `by` has a right in a queue.

    A call outside of every queue (`queue_id` None) is nobody's but the system's to touch.
    """
    if by == BY_SYSTEM:
        return True
    line = None if queue_id is None else state.lines.get(queue_id)
    if line is None:
        return False
    policy = line.policy
    managing = by in policy.managers and right in policy.manager_rights
    if managing and right in GRANTABLE[Role.MANAGER]:
        return True
    working = AgentId(by) in line.members and right in policy.agent_rights
    return working and right in GRANTABLE[Role.AGENT]
