"""Service actions in tests of the core: a centre with a manager, and one verb to ask."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.core.commands import PlayPrompt
from engine.core.facts import ActionDone, ActionRefused
from engine.core.ids import AgentId, CallId, LegId
from engine.core.inputs import (
    CallAction,
    CallActionRequested,
    CallAgentRequested,
    PlaybackEnded,
    PolicyApplied,
)
from engine.core.policy import OutboundRoute, ParkingPolicy, Right, Settings
from tests.support.centre import TRUNK, Centre, queue, static

BOSS = "1009"
"""Manages both queues, is an agent of none."""

ALL = (Right.DISTRIBUTE, Right.PICK_UP, Right.PARK, Right.MONITOR, Right.RECORD)


def make_centre(*, first: int = 701, last: int = 702, **options: Any) -> Centre:
    """Two queues with one static agent each: 6400 has 1001, 6401 has 1005."""
    options = {"managers": (BOSS,), "manager_rights": ALL, "wrapup_ms": 10_000, **options}
    centre = Centre(
        queue("6400", *static("1001"), **options),
        queue("6401", *static("1005"), **options),
    )
    parking = ParkingPolicy(first, last, 60_000)
    centre.policy = dataclasses.replace(
        centre.policy,
        settings=dataclasses.replace(centre.policy.settings, parking=parking),
        outbound_routes=(OutboundRoute("out", "0X.", TRUNK, strip=1),),
        extensions=tuple(
            dataclasses.replace(each, outbound_routes=("out",) if each.number == BOSS else ())
            for each in centre.policy.extensions
        ),
    )
    centre.give(PolicyApplied(centre.policy))
    return centre


def change_settings(centre: Centre, **options: Any) -> None:
    """Applies other settings."""
    settings: Settings = dataclasses.replace(centre.policy.settings, **options)
    centre.policy = dataclasses.replace(centre.policy, settings=settings)
    centre.give(PolicyApplied(centre.policy))


def ask(
    centre: Centre, call_id: CallId, action: CallAction, by: str = BOSS, seen: int | None = None
) -> ActionDone | ActionRefused:
    """Asks for something to be done with a call, as it is now; returns the one answer."""
    if seen is None:
        call = centre.core.state.calls.get(call_id)
        seen = 0 if call is None else call.version
    centre.give(CallActionRequested(f"r{centre.now_ms}", call_id, action, by, seen))
    return answer_of(centre)


def ask_for_agent(centre: Centre, agent: str, by: str) -> ActionDone | ActionRefused:
    """Asks for a call to an agent."""
    centre.give(CallAgentRequested("r", AgentId(agent), by))
    return answer_of(centre)


def answer_of(centre: Centre) -> ActionDone | ActionRefused:
    """Returns the one answer to the last request."""
    (answer,) = [each for each in centre.last if isinstance(each, ActionDone | ActionRefused)]
    assert answer.request_id
    return answer


def refusal(answer: ActionDone | ActionRefused) -> str:
    """Returns why it was refused."""
    assert isinstance(answer, ActionRefused)
    return answer.why


def talk(centre: Centre, number: str = "6400", agent: str = "1001") -> tuple[CallId, LegId]:
    """A caller of a queue talks to its agent."""
    call_id = centre.call(number)
    return call_id, centre.answer(agent)


def finish_prompts(centre: Centre) -> None:
    """All prompts of the last step are over."""
    for prompt in centre.told(PlayPrompt):
        centre.give(PlaybackEnded(prompt.playback_id, ok=True))
