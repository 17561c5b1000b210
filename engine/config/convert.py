"""The admin's models to the core's policy: seconds become milliseconds, mappings become tuples."""

from __future__ import annotations

from engine.config import hours as opening
from engine.config import people
from engine.config import settings as options
from engine.config.convert_places import to_destination, to_menu, to_ring_group
from engine.config.convert_waiting import (
    to_announcements,
    to_callback,
    to_empty_rule,
    to_hours,
    to_key_events,
    to_sound,
    to_survey,
)
from engine.config.forms import PauseForReason
from engine.config.models import Configuration
from engine.config.recorded import resolved
from engine.config.schedule import Schedule
from engine.config.values import milliseconds
from engine.core import places, policy
from engine.core.ids import AgentId, EndpointName, NodeId, QueueId


def to_policy(configuration: Configuration) -> policy.Policy:
    """Returns what the core is to know, everything in the order in which it was written."""
    return resolved(_policy(configuration), configuration.recorded)


def _policy(configuration: Configuration) -> policy.Policy:
    return policy.Policy(
        nodes=tuple(NodeId(name) for name in configuration.nodes),
        trunks=tuple(policy.TrunkPolicy(EndpointName(name)) for name in configuration.trunks),
        extensions=tuple(
            _extension(number, each) for number, each in configuration.extensions.items()
        ),
        agents=tuple(_agent(number, configuration) for number in configuration.agents),
        queues=tuple(_queue(number, configuration) for number in configuration.queues),
        inbound_routes=tuple(
            policy.InboundRoute(
                name=name,
                pattern=each.pattern,
                destination=to_destination(each.destination),
                trunk=None if each.trunk is None else EndpointName(each.trunk),
                priority=each.priority,
                required_skills=each.required_skills,
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
        call_flows=tuple(
            places.CallFlow(
                name,
                each.context,
                each.extension,
                0 if each.limit_s is None else milliseconds(each.limit_s),
                to_destination(each.too_long),
            )
            for name, each in configuration.call_flows.items()
        ),
        voicemail_boxes=tuple(
            places.VoicemailBox(each.number, each.members)
            for each in configuration.voicemail_groups.values()
        ),
        pause_reasons=tuple(
            policy.PauseReason(code, name) for code, name in configuration.pause_reasons.items()
        ),
        settings=_settings(configuration),
        menus=tuple(to_menu(name, each) for name, each in configuration.menus.items()),
        ring_groups=tuple(
            to_ring_group(name, each) for name, each in configuration.ring_groups.items()
        ),
    )


def to_schedules(configuration: Configuration) -> tuple[Schedule, ...]:
    """Returns the opening hours, ready to be asked; the core never sees them."""
    made = tuple(opening.to_schedule(name, each) for name, each in configuration.hours.items())
    return resolved(made, configuration.recorded)


def _extension(number: str, extension: people.Extension) -> policy.ExtensionPolicy:
    return policy.ExtensionPolicy(
        number=number,
        name=extension.name,
        ring_timeout_ms=milliseconds(extension.ring_timeout_s),
        language=extension.language,
        outbound_routes=extension.outbound_routes,
        voicemail=extension.voicemail is not None,
    )


def _agent(number: str, configuration: Configuration) -> policy.AgentPolicy:
    agent = configuration.agents[number]
    return policy.AgentPolicy(
        agent_id=AgentId(number),
        name=agent.name or configuration.extensions[number].name,
        language=agent.language,
        skills=agent.skills,
        presence_rules=None
        if agent.presence_rules is None
        else _presence_rules(agent.presence_rules, configuration),
    )


def _presence_rules(
    rules: people.PresenceRules, configuration: Configuration
) -> tuple[policy.PresenceRule, ...]:
    made: list[policy.PresenceRule] = []
    for presence in policy.Presence:
        match getattr(rules, presence.value):
            case None:
                pass
            case PauseForReason(pause_all=code):
                reason = configuration.pause_reasons[code]
                made.append(policy.PresenceRule(presence, policy.PresenceAction.PAUSE_ALL, reason))
            case action:
                made.append(policy.PresenceRule(presence, action))
    return tuple(made)


def _queue(number: str, configuration: Configuration) -> policy.QueuePolicy:
    queue = configuration.queues[number]
    # Row Q-06: with ring-all nobody misses a call alone, so nobody is paused for it.
    autopauses = queue.strategy is not policy.Strategy.RING_ALL
    return policy.QueuePolicy(
        queue_id=QueueId(number),
        name=queue.name,
        members=tuple(
            policy.Member(AgentId(each.agent), each.kind, each.skill_level, each.share)
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
        waiting_sound=to_sound(queue.waiting_sound, queue.language, configuration),
        language=queue.language,
        wrapup_extend_ms=milliseconds(queue.wrapup_extend_s),
        wrapup_extend_ms_max=milliseconds(
            queue.wrapup_extend_s
            if queue.wrapup_extend_max_s is None
            else queue.wrapup_extend_max_s
        ),
        follow_forward=queue.follow_forward,
        progressive_step_ms=milliseconds(queue.progressive_step_s),
        skill_steps=tuple(
            policy.SkillStep(milliseconds(each.after_s), each.max_level)
            for each in queue.skill_steps
        ),
        required_skills_ms=milliseconds(queue.required_skills_s),
        sticky=None
        if queue.sticky is None
        else policy.StickyPolicy(
            milliseconds(queue.sticky.memory_s), milliseconds(queue.sticky.hold_out_s)
        ),
        recording=None
        if queue.recording is None
        else policy.RecordingPolicy(queue.recording.automatic, queue.recording.stereo),
        managers=queue.managers,
        manager_rights=queue.rights.managers,
        agent_rights=queue.rights.agents,
        announcements=to_announcements(queue.announcements),
        hold_music=queue.hold_music,
        key_events=to_key_events(queue.key_events),
        join_empty=to_empty_rule(queue.empty.refuse),
        leave_empty=to_empty_rule(queue.empty.leave),
        callback=to_callback(queue.callback),
        survey=to_survey(queue.survey),
        hours=to_hours(queue.hours),
    )


def _settings(configuration: Configuration) -> policy.Settings:
    settings = configuration.settings
    return policy.Settings(
        shared_wrapup=settings.shared_wrapup,
        initial_state=settings.initial_state,
        feature_codes=policy.FeatureCodes(**codes_of(settings.feature_codes)),
        failed_offer_pause_ms=milliseconds(settings.failed_offer_pause_s),
        calls_max=min(settings.max_calls, calls_with_a_voice(configuration)),
        unknown_number_media=settings.unknown_number_prompts,
        monitor_digits=policy.MonitorDigits(**settings.monitor_digits.model_dump()),
        parking=_parking(settings.parking),
        presence_rules=_presence_rules(settings.presence_rules, configuration),
        lost_node_ms=0 if settings.lost_node_s is None else milliseconds(settings.lost_node_s),
        numbering=None
        if settings.numbering is None
        else policy.NumberingPlan(**settings.numbering.model_dump()),
    )


def codes_of(codes: options.FeatureCodes) -> dict[str, str]:
    """Returns every feature code by its name; "" for one that is switched off."""
    return {name: code or "" for name, code in codes.model_dump().items()}


def _parking(parking: options.Parking | None) -> policy.ParkingPolicy:
    if parking is None:
        return policy.ParkingPolicy()
    return policy.ParkingPolicy(
        first=int(parking.first),
        last=int(parking.last),
        timeout_ms=milliseconds(parking.timeout_s),
        music_class=parking.music,
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
