"""A house to rehearse in where no configuration is given: drawn from the seed, small and mixed.

Small numbers of agents make collisions frequent, which is where faults hide.
"""

from __future__ import annotations

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId
from engine.core.places import Destination, HangUp, PlayThenHangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import (
    AgentPolicy,
    ExtensionPolicy,
    InboundRoute,
    InitialState,
    Member,
    MemberKind,
    NumberingPlan,
    OutboundRoute,
    ParkingPolicy,
    PauseReason,
    Policy,
    Presence,
    PresenceAction,
    PresenceRule,
    QueuePolicy,
    RecordingPolicy,
    Right,
    Settings,
    SkillStep,
    StickyPolicy,
    Strategy,
    TrunkPolicy,
)
from engine.core.waiting import WaitingSound
from engine.sim.invent_waiting import with_care
from engine.sim.rng import Rng, Streams

_MANAGERS = ("1901", "1902")
_PRESENCE_RULES = (
    PresenceRule(Presence.AVAILABLE, PresenceAction.LOG_IN_LAST),
    PresenceRule(Presence.LUNCH, PresenceAction.PAUSE_ALL, "Lunch"),
    PresenceRule(Presence.OFF_WORK, PresenceAction.LOG_OUT_ALL),
    PresenceRule(Presence.AWAY, PresenceAction.LOG_IN_ALL),
)
_TRUNK = EndpointName("trunk")
_OUTSIDE = OutboundRoute("outside", "0X.", _TRUNK)


def invent_policy(seed: int) -> Policy:
    """Returns a configuration with 1 to 4 queues, 1 to 12 agents and 1 or 2 nodes."""
    streams = Streams(seed)
    rng = streams.stream("policy")
    agents = [AgentId(f"{1001 + index}") for index in range(rng.choice((1, 2, 3, 5, 8, 12)))]
    queue_ids = [QueueId(f"{6400 + index}") for index in range(rng.choice((1, 1, 2, 3, 4)))]
    care = streams.stream("policy.care")
    queues = tuple(_queue(rng, queue_id, queue_ids, agents) for queue_id in queue_ids)
    house = Policy(
        nodes=tuple(NodeId(f"node{index + 1}") for index in range(rng.choice((1, 1, 2)))),
        trunks=(TrunkPolicy(_TRUNK),),
        extensions=tuple(
            ExtensionPolicy(agent, f"Phone {agent}", outbound_routes=(_OUTSIDE.name,))
            for agent in (*agents, *_MANAGERS)
        ),
        agents=tuple(
            AgentPolicy(agent, f"Agent {agent}", skills=rng.choice(((), ("en",), ("en", "zh"))))
            for agent in agents
        ),
        queues=queues,
        inbound_routes=tuple(route for queue in queues for route in _routes(rng, queue)),
        outbound_routes=(_OUTSIDE,),
        pause_reasons=(PauseReason("01", "Lunch"), PauseReason("02", "Break")),
        settings=Settings(
            shared_wrapup=rng.random() < 0.4,
            initial_state=rng.choice(tuple(InitialState)),
            failed_offer_pause_ms=rng.choice((0, 1_000, 5_000)),
            parking=ParkingPolicy(
                first=rng.choice((0, 700, 700)),
                last=rng.choice((700, 705)),
                timeout_ms=rng.choice((5_000, 30_000)),
            ),
            presence_rules=_PRESENCE_RULES if rng.random() < 0.5 else (),
            numbering=streams.stream("policy.numbering").choice((None, NumberingPlan("49"))),
        ),
    )
    return with_care(house, care) if care.random() < 0.6 else house


def _routes(rng: Rng, queue: QueuePolicy) -> list[InboundRoute]:
    """Returns the number of a queue, and sometimes another for those who are more urgent."""
    to_queue = ToQueue(queue.queue_id)
    routes = [InboundRoute(f"to {queue.queue_id}", f"55{queue.queue_id}", to_queue)]
    if rng.random() < 0.4:
        routes.append(
            InboundRoute(
                f"urgent {queue.queue_id}",
                f"77{queue.queue_id}",
                to_queue,
                priority=rng.choice((0, 1, 5)),
                required_skills=rng.choice(((), ("zh",), ("en",), ("en", "zh"))),
            )
        )
    return routes


def _queue(
    rng: Rng, queue_id: QueueId, queue_ids: list[QueueId], agents: list[AgentId]
) -> QueuePolicy:
    static = rng.choice((0.0, 0.5, 1.0))
    members = tuple(
        Member(
            agent,
            MemberKind.STATIC if rng.random() < static else MemberKind.DYNAMIC,
            skill_level=rng.choice((1, 1, 2, 3)),
            share=rng.choice((1, 1, 2, 5)),
        )
        for agent in agents
        if rng.random() < 0.8
    )
    return QueuePolicy(
        queue_id=queue_id,
        name=f"Queue {queue_id}",
        members=members,
        strategy=rng.choice(tuple(Strategy)),
        skill_based=rng.random() < 0.3,
        weight=rng.choice((1, 1, 2, 5)),
        accelerate_ms=rng.choice((None, 10_000, 60_000)),
        wait_ms_max=rng.choice((0, 0, 20_000, 120_000)),
        waiting_max=rng.choice((0, 0, 1, 3, 10)),
        failure=_failure(rng, queue_ids, agents),
        ring_timeout_ms=rng.choice((3_000, 10_000, 20_000)),
        retry_interval_ms=rng.choice((0, 1_000, 5_000)),
        wrapup_ms=rng.choice((0, 0, 5_000, 30_000)),
        agent_prompt=rng.choice((None, None, "sound:queue-name")),
        ring_in_use=rng.random() < 0.1,
        autopause_after=rng.choice((0, 0, 1, 3)),
        answered_elsewhere=rng.random() < 0.7,
        alert_info=rng.choice((None, "info=ring1")),
        waiting_sound=WaitingSound(rng.choice((None, "default"))),
        wrapup_extend_ms=rng.choice((0, 5_000)),
        wrapup_extend_ms_max=rng.choice((5_000, 12_000)),
        follow_forward=rng.random() < 0.5,
        progressive_step_ms=rng.choice((1_000, 4_000)),
        skill_steps=rng.choice(((), (SkillStep(0, 1), SkillStep(5_000, 2), SkillStep(20_000, 9)))),
        required_skills_ms=rng.choice((0, 10_000)),
        sticky=rng.choice((None, None, StickyPolicy(600_000, 10_000), StickyPolicy(20_000, 3_000))),
        recording=rng.choice(
            (None, RecordingPolicy(), RecordingPolicy(automatic=False, stereo=True))
        ),
        managers=rng.choice(((), _MANAGERS, _MANAGERS[:1], (*_MANAGERS, agents[0]))),
        manager_rights=tuple(Right) if rng.random() < 0.7 else (Right.MONITOR, Right.PICK_UP),
        agent_rights=rng.choice(
            ((), (Right.PICK_UP,), (Right.DISTRIBUTE, Right.PARK, Right.PICK_UP))
        ),
    )


def _failure(rng: Rng, queue_ids: list[QueueId], agents: list[AgentId]) -> Destination:
    return rng.choice(
        (
            HangUp(17),
            PlayThenHangUp(("sound:vm-goodbye",)),
            ToExtension(agents[0]),
            ToQueue(rng.choice(queue_ids)),
            ToExternal("0555", _OUTSIDE.name),
        )
    )
