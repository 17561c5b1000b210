"""How the parts of a configuration must fit together; the models know only each part's own form.

Door: `crosscheck`. Each rule takes a `Subject` and yields problems; it never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from engine.config.places import Problem
from engine.config.rules import (
    dialled,
    dialplan,
    hours,
    lines,
    loops,
    menus,
    numbers,
    prompts,
    queues,
    references,
    rights,
    slots,
    waiting,
)
from engine.config.rules.subject import Subject

__all__ = ["Subject", "crosscheck"]

_RULES: Final[tuple[Callable[[Subject], Iterator[Problem]], ...]] = (
    references.agents,
    references.members,
    references.destinations,
    references.ring_group_members,
    references.callback_routes,
    references.trunks,
    references.outbound_rights,
    references.music,
    references.managers,
    references.presence_reasons,
    references.skills,
    numbers.shared_numbers,
    dialled.feature_codes,
    dialled.monitor_digits,
    dialplan.voicemail_groups,
    dialplan.call_flows,
    slots.slots,
    numbers.outbound_codes,
    numbers.inbound_patterns,
    numbers.outbound_patterns,
    numbers.numbering,
    numbers.pause_reasons,
    queues.members_once,
    queues.without_effect,
    queues.skill_steps,
    queues.wrapup_extension,
    rights.grantable,
    rights.managers_once,
    loops.failure_loops,
    loops.empty_loops,
    waiting.announcements,
    waiting.callbacks,
    waiting.callback_numbers,
    waiting.surveys,
    menus.choices,
    menus.groups,
    menus.group_circles,
    menus.flow_circles,
    menus.dead_ends,
    hours.schedules,
    hours.zones,
    hours.periods,
    hours.holidays,
    hours.never_open,
    hours.without_effect,
    hours.circles,
    lines.trunks,
    lines.nodes,
    lines.ports,
    lines.music,
    lines.database,
    prompts.shapes,
    prompts.files,
    prompts.texts,
    prompts.languages,
    prompts.known_languages,
    prompts.named,
)


def crosscheck(subject: Subject) -> list[Problem]:
    """Returns everything in which the configuration's parts do not fit together."""
    return [problem for rule in _RULES for problem in rule(subject)]
