"""What an invented house does for its callers: announcements, hours, menus, callbacks, surveys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.ids import AgentId, QueueId
from engine.core.places import (
    CallFlow,
    Destination,
    GroupStrategy,
    HangUp,
    Menu,
    MenuKey,
    PlayThenHangUp,
    RingGroup,
    ToCallFlow,
    ToExtension,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
    VoicemailBox,
)
from engine.core.policy import InboundRoute, Policy, QueuePolicy
from engine.core.waiting import (
    Announcements,
    CallbackPolicy,
    EmptyRule,
    KeyEvent,
    QueueHours,
    SurveyKey,
    SurveyPolicy,
)
from engine.sim.rng import Rng

_SPOKEN = ("sound:queue-periodic-announce",)
_MENU, _GROUP, _FLOW, _BOX = "main", "sales", "special", "6900"
_SCHEDULES = ("office", "night")


def with_care(policy: Policy, rng: Rng) -> Policy:
    """Returns the house with places to send callers to, and with queues that use them."""
    agents = [agent.agent_id for agent in policy.agents]
    queue_ids = [queue.queue_id for queue in policy.queues]
    route = policy.outbound_routes[0].name
    return replace(
        policy,
        menus=(_menu(rng, queue_ids, agents),),
        ring_groups=(_group(rng, agents, queue_ids),),
        call_flows=(_flow(rng, queue_ids),),
        voicemail_boxes=(VoicemailBox(_BOX, tuple(agents[:2])),),
        extensions=tuple(replace(each, voicemail=rng.random() < 0.5) for each in policy.extensions),
        queues=tuple(_queue(rng, queue, queue_ids, agents, route) for queue in policy.queues),
        inbound_routes=(*policy.inbound_routes, InboundRoute("menu", "5501", ToMenu(_MENU))),
    )


def _anywhere(rng: Rng, queue_ids: Sequence[QueueId], agents: Sequence[AgentId]) -> Destination:
    return rng.choice(
        (
            HangUp(17),
            PlayThenHangUp(("sound:vm-goodbye",)),
            ToExtension(rng.choice(agents)),
            ToQueue(rng.choice(queue_ids)),
            ToMenu(_MENU),
            ToRingGroup(_GROUP),
            ToCallFlow(_FLOW),
            ToVoicemail(_BOX),
        )
    )


def _menu(rng: Rng, queue_ids: Sequence[QueueId], agents: Sequence[AgentId]) -> Menu:
    return Menu(
        name=_MENU,
        media=("sound:demo-instruct",),
        keys=(
            MenuKey("1", ToQueue(queue_ids[0]), priority=rng.choice((None, 1, 5))),
            MenuKey("2", ToMenu(_MENU)),
            MenuKey("3", _anywhere(rng, queue_ids, agents), required_skills=("zh",)),
            MenuKey("4", ToRingGroup(_GROUP)),
        ),
        timeout_ms=rng.choice((1_000, 5_000)),
        tries=rng.choice((1, 3)),
        wrong_media=rng.choice(((), _SPOKEN)),
        silence_media=rng.choice(((), _SPOKEN)),
        wrong=_anywhere(rng, queue_ids, agents),
        silence=_anywhere(rng, queue_ids, agents),
        direct_dial=rng.random() < 0.5,
    )


def _flow(rng: Rng, queue_ids: Sequence[QueueId]) -> CallFlow:
    too_long = rng.choice((HangUp(17), ToQueue(rng.choice(queue_ids)), ToVoicemail(_BOX)))
    return CallFlow(_FLOW, "special", limit_ms=rng.choice((0, 3_000, 20_000)), too_long=too_long)


def _group(rng: Rng, agents: Sequence[AgentId], queue_ids: Sequence[QueueId]) -> RingGroup:
    return RingGroup(
        name=_GROUP,
        members=tuple(agents[:3]),
        strategy=rng.choice(tuple(GroupStrategy)),
        ring_timeout_ms=rng.choice((3_000, 15_000)),
        failure=rng.choice((HangUp(17), ToQueue(rng.choice(queue_ids)), ToVoicemail(_BOX))),
    )


def _queue(
    rng: Rng,
    queue: QueuePolicy,
    queue_ids: Sequence[QueueId],
    agents: Sequence[AgentId],
    route: str,
) -> QueuePolicy:
    return replace(
        queue,
        announcements=_announcements(rng),
        hold_music=rng.choice((None, "quiet")),
        hours=_hours(rng, queue_ids, agents) if rng.random() < 0.3 else None,
        key_events=tuple(
            KeyEvent(key, _anywhere(rng, queue_ids, agents)) for key in rng.choice(("", "", "35"))
        ),
        join_empty=_empty_rule(rng),
        leave_empty=_empty_rule(rng),
        callback=_callback(rng, queue, route) if rng.random() < 0.4 else None,
        survey=_survey(rng) if rng.random() < 0.3 else None,
    )


def _announcements(rng: Rng) -> Announcements:
    return Announcements(
        join=rng.choice(((), _SPOKEN)),
        join_first=rng.random() < 0.5,
        queue=_SPOKEN,
        queue_every_ms=rng.choice((0, 0, 7_000, 30_000)),
        progress_every_ms=rng.choice((0, 0, 10_000, 30_000)),
        position=rng.random() < 0.7,
        wait=rng.random() < 0.7,
        thanks=rng.random() < 0.7,
        agent_id=rng.random() < 0.3,
    )


def _hours(rng: Rng, queue_ids: Sequence[QueueId], agents: Sequence[AgentId]) -> QueueHours:
    return QueueHours(
        schedule=rng.choice(_SCHEDULES),
        closed=_anywhere(rng, queue_ids, agents),
        holiday=rng.choice((None, _anywhere(rng, queue_ids, agents))),
        ignore_holidays=rng.random() < 0.3,
        holiday_prompt=rng.random() < 0.5,
        leave_at_closing=rng.random() < 0.5,
    )


def _empty_rule(rng: Rng) -> EmptyRule | None:
    if rng.random() < 0.7:
        return None
    return EmptyRule(
        unregistered=rng.random() < 0.5, paused=rng.random() < 0.5, in_use=rng.random() < 0.3
    )


def _callback(rng: Rng, queue: QueuePolicy, route: str) -> CallbackPolicy:
    offer_after_ms = rng.choice((0, 5_000, 20_000))
    if 0 < queue.wait_ms_max < offer_after_ms:
        offer_after_ms = 0
    return CallbackPolicy(
        key=rng.choice(("2", "2", None)) if offer_after_ms else "2",
        offer_after_ms=offer_after_ms,
        prefix="0",
        outbound_routes=rng.choice(((route,), (route,), ())),
        timeout_ms=rng.choice((None if queue.wait_ms_max else 60_000, 60_000, 600_000)),
        attempts=rng.choice((1, 1, 2, 3)),
        spacing_ms=rng.choice((1_000, 30_000)),
        ring_timeout_ms=rng.choice((5_000, 30_000)),
    )


def _survey(rng: Rng) -> SurveyPolicy:
    return SurveyPolicy(
        media=("sound:vm-rec-name",),
        keys=(SurveyKey("1", 5), SurveyKey("2", 3), SurveyKey("3", 1)),
        closing=rng.choice(((), ("sound:vm-goodbye",))),
        timeout_ms=rng.choice((1_000, 5_000)),
        tries=rng.choice((1, 2)),
    )
