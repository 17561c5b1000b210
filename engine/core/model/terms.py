"""Terms: who may be rung for a waiting call at this moment, where that is not simply everybody.

Three things limit that, and each ends with waiting time: skill steps, required skills, and that a
caller is kept for the agent who served last (R-08). Most calls have no terms at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId
from engine.core.policy import QueuePolicy


@dataclass(frozen=True, slots=True)
class Terms:
    """Calls of one queue with equal terms can be served by the same agents."""

    level_max: int | None = None
    """Skill levels up to this one; None: all."""
    required: tuple[str, ...] = ()
    """Only agents who have all of these."""
    kept_for: AgentId | None = None
    """Only this agent, while logged in, not paused and reachable; else anybody."""


NO_TERMS = Terms()


def terms_at(
    policy: QueuePolicy, required: tuple[str, ...], kept_for: AgentId | None, waited_ms: int
) -> tuple[Terms | None, int | None]:
    """Returns the terms of a call after so much waiting, and after how much they change next.

    Terms are None where everybody may be rung; the change is None where none is to come.
    Skill steps count in skill-based queues only, as the levels themselves do.
    """
    level_max: int | None = None
    skills: tuple[str, ...] = ()
    keeper: AgentId | None = None
    changes: list[int] = []
    if policy.skill_based:
        for step in policy.skill_steps:
            if step.after_ms > waited_ms:
                changes.append(step.after_ms)
                break
            level_max = step.level_max
    if required and (policy.required_skills_ms == 0 or waited_ms < policy.required_skills_ms):
        skills = required
        if policy.required_skills_ms > 0:
            changes.append(policy.required_skills_ms)
    sticky = policy.sticky
    if kept_for is not None and sticky is not None and waited_ms < sticky.hold_out_ms:
        keeper = kept_for
        changes.append(sticky.hold_out_ms)
    terms = Terms(level_max, skills, keeper)
    return None if terms == NO_TERMS else terms, min(changes, default=None)
