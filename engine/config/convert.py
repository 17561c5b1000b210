"""The admin's models to the core's policy: seconds become milliseconds, mappings become tuples."""

from __future__ import annotations

from typing import assert_never

from engine.config import models
from engine.config.forms import (
    Destination,
    ExtensionDestination,
    ExternalDestination,
    HangUpWithCause,
    MusicSound,
    PlayDestination,
    QueueDestination,
    WaitingSound,
)
from engine.config.models import Configuration
from engine.config.values import milliseconds
from engine.core import policy
from engine.core.ids import AgentId, EndpointName, NodeId, QueueId


def to_policy(configuration: Configuration) -> policy.Policy:
    """Returns what the core is to know, everything in the order in which it was written."""
    return policy.Policy(
        nodes=tuple(NodeId(name) for name in configuration.nodes),
        trunks=tuple(policy.TrunkPolicy(EndpointName(name)) for name in configuration.trunks),
        extensions=tuple(
            _extension(number, each) for number, each in configuration.extensions.items()
        ),
        agents=tuple(_agent(number, configuration) for number in configuration.agents),
        queues=tuple(_queue(number, each) for number, each in configuration.queues.items()),
        inbound_routes=tuple(
            policy.InboundRoute(
                name=name,
                pattern=each.pattern,
                destination=to_destination(each.destination),
                trunk=None if each.trunk is None else EndpointName(each.trunk),
            )
            for name, each in configuration.inbound_routes.items()
        ),
        outbound_routes=tuple(
            policy.OutboundRoute(
                name=name,
                pattern=each.pattern,
                trunk=EndpointName(each.trunk),
                strip=each.strip,
                prepend=each.prepend,
                ring_timeout_ms=milliseconds(each.ring_timeout_s),
                caller_number=each.caller_number,
            )
            for name, each in configuration.outbound_routes.items()
        ),
        pause_reasons=tuple(
            policy.PauseReason(code, name) for code, name in configuration.pause_reasons.items()
        ),
        settings=_settings(configuration),
    )


def to_destination(destination: Destination) -> policy.Destination:
    """Returns the core's form of a destination."""
    match destination:
        case "hang_up":
            return policy.HangUp()
        case HangUpWithCause(hang_up=cause):
            return policy.HangUp(cause)
        case ExtensionDestination(extension=number):
            return policy.ToExtension(number)
        case QueueDestination(queue=number):
            return policy.ToQueue(QueueId(number))
        case ExternalDestination(external=external):
            return policy.ToExternal(external.number, external.route)
        case PlayDestination(play=media):
            return policy.PlayThenHangUp(media)
        case _:
            assert_never(destination)


def _sound(sound: WaitingSound) -> policy.WaitingSound:
    return policy.WaitingSound(sound.music if isinstance(sound, MusicSound) else None)


def _extension(number: str, extension: models.Extension) -> policy.ExtensionPolicy:
    return policy.ExtensionPolicy(
        number=number,
        name=extension.name,
        ring_timeout_ms=milliseconds(extension.ring_timeout_s),
        language=extension.language,
        outbound_routes=extension.outbound_routes,
    )


def _agent(number: str, configuration: Configuration) -> policy.AgentPolicy:
    agent = configuration.agents[number]
    return policy.AgentPolicy(
        agent_id=AgentId(number),
        name=agent.name or configuration.extensions[number].name,
        language=agent.language,
    )


def _queue(number: str, queue: models.Queue) -> policy.QueuePolicy:
    # Row Q-06: with ring-all nobody misses a call alone, so nobody is paused for it.
    autopauses = queue.strategy is not policy.Strategy.RING_ALL
    return policy.QueuePolicy(
        queue_id=QueueId(number),
        name=queue.name,
        members=tuple(
            policy.Member(AgentId(each.agent), each.kind, each.skill_level)
            for each in queue.members
        ),
        strategy=queue.strategy,
        skill_based=queue.skill_based,
        weight=queue.weight,
        accelerate_ms=None if queue.accelerate_s is None else milliseconds(queue.accelerate_s),
        wait_ms_max=milliseconds(queue.max_wait_s),
        waiting_max=queue.max_waiting,
        failure=to_destination(queue.failure),
        ring_timeout_ms=milliseconds(queue.ring_timeout_s),
        retry_interval_ms=milliseconds(queue.retry_interval_s),
        wrapup_ms=milliseconds(queue.wrapup_s),
        agent_prompt=queue.agent_prompt,
        ring_in_use=queue.ring_in_use,
        autopause_after=queue.autopause_after if autopauses else 0,
        answered_elsewhere=queue.answered_elsewhere,
        alert_info=queue.alert_info,
        waiting_sound=_sound(queue.waiting_sound),
        language=queue.language,
    )


def _settings(configuration: Configuration) -> policy.Settings:
    settings = configuration.settings
    return policy.Settings(
        shared_wrapup=settings.shared_wrapup,
        initial_state=settings.initial_state,
        feature_codes=policy.FeatureCodes(
            login_toggle=settings.feature_codes.login_toggle,
            pause_toggle=settings.feature_codes.pause_toggle,
        ),
        failed_offer_pause_ms=milliseconds(settings.failed_offer_pause_s),
        calls_max=min(settings.max_calls, calls_with_a_voice(configuration)),
        unknown_number_media=settings.unknown_number_prompts,
    )


def calls_with_a_voice(configuration: Configuration) -> int:
    """Returns how many callers there may be so that agents' phones can still be rung.

    Each channel takes two of a node's ports for voice. Were callers to take them all, no phone could
    be rung any more, and nobody would ever be served.
    """
    rtp = configuration.settings.rtp
    channels = (rtp.port_last - rtp.port_first + 1) // 2
    callers = max(channels - len(configuration.extensions), channels // 2, 1)
    return callers * max(len(configuration.nodes), 1)
