"""Offers: attempts to ring agents for a waiting call, from the ring to its end."""

from __future__ import annotations

from engine.core.agents.shifts import count_missed
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import HangUpLeg, PlayPrompt
from engine.core.facts import CallEnd, CallEnded, OfferEnded, OfferMade, OfferOutcome, OfferReason
from engine.core.ids import LegId, playback_id_of
from engine.core.matching.conditions import keep_no_longer
from engine.core.matching.strategies import remember
from engine.core.model.agent import Agent, Membership
from engine.core.model.call import Call
from engine.core.model.leg import Leg, LegEvent, LegState
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.places import Media
from engine.core.policy import Strategy
from engine.core.queueing.ringing import Offered, house_phone, ring
from engine.core.speech import Phrase, phrase

AGENT_PROMPT_MS_MAX = 30_000
"""After this the caller is connected even if nobody says that the agent prompt is over."""

LAST_WORDS = 3
"""Ordinal of a leg's last prompt; the agent prompt is the first, a parking slot the second."""

BUSY_CAUSES = (17,)
REJECTED_CAUSES = (19, 21)
"""19 too: a phone set to "do not disturb" says 480, which Asterisk calls "no answer". True ringing in
vain is ended by the core itself and is the only `NO_ANSWER`."""
UNREACHABLE_CAUSES = (1, 3, 18, 20, 22, 27, 38, 102)
"""Q.850 causes as Asterisk maps SIP answers to them (404, no contact, 408, 503, ...)."""


AGENTS_OWN = (
    OfferReason.NO_ANSWER,
    OfferReason.BUSY,
    OfferReason.REJECTED,
    OfferReason.ANSWERED_THEN_LEFT,
    OfferReason.FORWARDED,
)
"""Misses that are the agent's own and count for auto-pause; a phone or network that fails is not."""

HANG_UP_MS_MAX = 10_000
"""A channel that was told to end and has not said that it did is told again after this."""


def make_offer(
    state: State, call: Call, line: Line, agent: Agent, membership: Membership | None
) -> LegId:
    """Rings one agent for a waiting call; `membership` None: somebody else who asked for it."""
    visit = call.visit
    assert visit is not None
    visit.attempts += 1
    visit.tried[agent.agent_id] = None
    if visit.ringing_since_ms is None:
        visit.ringing_since_ms = state.now_ms
        state.timers.set(TimerKind.RING, call.call_id, state.now_ms + line.policy.ring_timeout_ms)
    if line.policy.strategy is Strategy.PROGRESSIVE:
        set_step(state, call, visit, line)
    agent.offers += 1
    state.offer_order += 1
    agent.last_offer = state.offer_order
    if membership is not None:
        remember(line, agent, membership, state.agents)
    level = 1 if membership is None else membership.level
    alert_info = line.policy.alert_info
    offered = Offered(agent.agent_id, line.queue_id, visit.visit_id, level, alert_info)
    phone = house_phone(agent.agent_id)
    leg_id = ring(state, call, phone, line.policy.ring_timeout_ms, offered=offered).leg_id
    line.add_offer(call, visit, leg_id)
    state.note(
        OfferMade,
        leg_id,
        visit.visit_id,
        call.call_id,
        line.queue_id,
        agent.agent_id,
        visit.attempts,
    )
    return leg_id


def set_step(state: State, call: Call, visit: Visit, line: Line) -> None:
    """Sets when one more phone may join those that ring (progressive strategy)."""
    visit.more_timers = True
    state.timers.set(TimerKind.STEP, call.call_id, state.now_ms + line.policy.progressive_step_ms)


def answer_offer(state: State, call: Call, leg: Leg) -> bool:
    """Takes an agent's answer. Returns True if the caller is to be connected to this leg now.

    With an agent prompt it is not, and never with a callback: the agent hears who is called back.
    """
    visit = call.visit
    assert visit is not None
    leg.answered_ms = state.now_ms
    visit.chosen = leg.leg_id
    _stop_ringing_clock(state, visit)
    state.timers.cancel(TimerKind.RING, call.call_id)
    line = state.lines[visit.queue_id]
    line.rest(visit)
    if visit.more_timers:
        state.timers.cancel(TimerKind.STEP, call.call_id)
    for other_id in [each for each in visit.offers if each != leg.leg_id]:
        end_offer(
            state,
            state.legs[other_id],
            OfferOutcome.CANCELLED,
            OfferReason.ANSWERED_ELSEWHERE,
            answered_elsewhere=line.policy.answered_elsewhere,
        )
    agent = state.agents.get(leg.agent_id) if leg.agent_id is not None else None
    language = line.policy.language if agent is None else agent_language(state, agent)
    media: Media = ()
    if call.callback is not None:  # Who is called back (C-03).
        media = phrase(language, Phrase.CALLBACK_FOR_AGENT, number=call.callback.number)
    if line.policy.agent_prompt is not None:
        media = (*media, line.policy.agent_prompt)
    if not media:
        return True
    state.tell(
        PlayPrompt(
            node=leg.node,
            playback_id=playback_id_of(leg.leg_id, 1),
            channel_id=leg.leg_id,
            media=media,
            language=language,
        )
    )
    state.timers.set(TimerKind.AGENT_PROMPT, leg.leg_id, state.now_ms + AGENT_PROMPT_MS_MAX)
    return False


def agent_language(state: State, agent: Agent) -> str:
    """Returns the language in which this agent is spoken to."""
    extension = state.extensions.get(agent.agent_id)
    return "en" if extension is None else extension.language


def end_offer(
    state: State,
    leg: Leg,
    outcome: OfferOutcome,
    reason: OfferReason,
    *,
    cause: int = 0,
    answered_elsewhere: bool = False,
    gone: bool = False,
) -> None:
    """Ends a live offer that did not become a talk: the fact, the phone, the agent's counts.

    `gone` says that the leg's channel exists no more; else Asterisk is told to end it.
    """
    agent = _close_offer(state, leg, outcome, reason, cause)
    if gone:
        drop_leg(state, leg)
    else:
        hang_up_leg(state, leg, answered_elsewhere=answered_elsewhere)
        state.refresh(agent)


def end_offer_with(
    state: State, leg: Leg, outcome: OfferOutcome, reason: OfferReason, last_words: Media
) -> None:
    """Ends the offer of who picked up, and hears why it comes to nothing before being let go.

    The phone is hung up when that is over (`legs.agent_prompt_is_over`), or should be.
    """
    agent = _close_offer(state, leg, outcome, reason, 0)
    leg.advance(LegEvent.LET_GO)
    playback_id = playback_id_of(leg.leg_id, LAST_WORDS)
    language = agent_language(state, agent)
    state.tell(PlayPrompt(leg.node, playback_id, leg.leg_id, last_words, language))
    state.timers.set(TimerKind.HANG_UP, leg.leg_id, state.now_ms + HANG_UP_MS_MAX)
    state.refresh(agent)


def _close_offer(
    state: State, leg: Leg, outcome: OfferOutcome, reason: OfferReason, cause: int
) -> Agent:
    """Notes that an offer is over, and that it is in the counts; returns whose it was."""
    assert leg.agent_id is not None
    assert leg.queue_id is not None
    assert leg.visit_id is not None
    call = state.calls[leg.call_id]
    visit = call.visit
    assert visit is not None
    state.lines[visit.queue_id].drop_offer(visit, leg.leg_id)
    if visit.directed == leg.leg_id:
        visit.directed = None
    if visit.chosen == leg.leg_id:
        visit.chosen = None
        state.timers.cancel(TimerKind.AGENT_PROMPT, leg.leg_id)
    if not visit.offers:
        _stop_ringing_clock(state, visit)
        state.timers.cancel(TimerKind.RING, call.call_id)
        state.leaving[visit.queue_id] = None  # Nobody is there for this very caller any more.
    state.note_end(
        OfferEnded,
        leg.leg_id,
        leg.visit_id,
        leg.call_id,
        leg.queue_id,
        leg.agent_id,
        outcome,
        reason,
        (leg.answered_ms or state.ends_ms) - leg.started_ms,
        cause,
    )
    agent = state.agents[leg.agent_id]
    agent.offers -= 1
    if outcome is OfferOutcome.MISSED:
        _missed(state, agent, leg, reason)
        if visit.kept_for is not None:
            keep_no_longer(state, call, agent)
    else:
        visit.tried.pop(agent.agent_id, None)  # It was no chance.
    if visit.more_timers:  # Progressive: whoever is next takes the empty place at once.
        state.timers.cancel(TimerKind.STEP, call.call_id)
    if not visit.offers and state.lines[visit.queue_id].policy.strategy is Strategy.RING_ALL:
        visit.tried.clear()  # With ring-all a round is one ringing.
    return agent


def _missed(state: State, agent: Agent, leg: Leg, reason: OfferReason) -> None:
    pause_ms = state.policy.settings.failed_offer_pause_ms
    if reason is not OfferReason.NO_ANSWER and pause_ms > 0:
        agent.backing_off = True
        state.timers.set(TimerKind.BACK_OFF, agent.agent_id, state.now_ms + pause_ms)
    assert leg.queue_id is not None
    if reason in AGENTS_OWN:
        count_missed(state, agent, leg.queue_id)


def reason_for_cause(cause: int) -> OfferReason:
    """Returns why a phone ended its ringing by itself, from the Q.850 cause."""
    if cause in BUSY_CAUSES:
        return OfferReason.BUSY
    if cause in REJECTED_CAUSES:
        return OfferReason.REJECTED
    if cause in UNREACHABLE_CAUSES:
        return OfferReason.UNREACHABLE
    return OfferReason.FAILED


def want_again(state: State, call: Call) -> None:
    """Lets a waiting call ask for an agent, if it may have one more and its node can be commanded.

    One for whom phones ring may not; except with ring-all, and with progressive when a step is due.
    """
    visit = call.visit
    assert visit is not None
    if visit.directed is not None or visit.joining:
        return
    if visit.resting or visit.chosen is not None or not state.node_up(call.node):
        return
    line = state.lines[visit.queue_id]
    if visit.offers and not _joins(state, call, line.policy.strategy):
        return
    line.want(call.call_id, visit)
    if line.available:
        state.dirty[line.queue_id] = None


def _joins(state: State, call: Call, strategy: Strategy) -> bool:
    """Tells whether one more phone may ring beside those that ring for this call."""
    if strategy is Strategy.PROGRESSIVE:
        return not state.timers.is_set(TimerKind.STEP, call.call_id)
    return strategy is Strategy.RING_ALL


def rest_after_ringing(state: State, call: Call) -> None:
    """Starts the pause between a vain ringing and the next one (Q-06's retry interval)."""
    visit = call.visit
    assert visit is not None
    line = state.lines[visit.queue_id]
    line.rest(visit)
    if line.policy.strategy is Strategy.RING_ALL:
        visit.tried.clear()
    if line.policy.retry_interval_ms == 0:
        want_again(state, call)
        return
    visit.resting = True
    state.timers.set(TimerKind.RETRY, call.call_id, state.now_ms + line.policy.retry_interval_ms)


def hang_up_leg(state: State, leg: Leg, *, answered_elsewhere: bool = False) -> None:
    """Tells Asterisk to end a leg's channel; its record stays until the channel is gone."""
    leg.advance(LegEvent.LET_GO)
    assert leg.state is LegState.ENDING
    leg.hang_ups += 1
    state.tell(HangUpLeg(leg.node, leg.leg_id, answered_elsewhere))
    state.timers.set(TimerKind.HANG_UP, leg.leg_id, state.now_ms + HANG_UP_MS_MAX)
    refresh_agents(state, leg)


def refresh_agents(state: State, leg: Leg) -> None:
    """Looks anew at who is rung by a leg and whose phone it is, after a change of the leg."""
    for agent_id in (leg.agent_id, leg.phone_of):
        agent = None if agent_id is None else state.agents.get(agent_id)
        if agent is not None and leg.leg_id in agent.legs:
            state.refresh(agent)


def drop_leg(state: State, leg: Leg) -> None:
    """Forgets a leg whose channel is gone, and frees its agent's phone."""
    del state.legs[leg.leg_id]
    state.timers.cancel(TimerKind.HANG_UP, leg.leg_id)
    if leg.was is not None:
        state.note_end(CallEnded, leg.was.call_id, CallEnd.TRANSFERRED, NORMAL_CLEARING)
        state.bury(leg.was)
    part_from_agents(state, leg)


def part_from_agents(state: State, leg: Leg) -> None:
    """Frees who was rung and whose phone it is, most often the same."""
    if leg.agent_id is not None:
        agent = state.agents[leg.agent_id]
        agent.legs.pop(leg.leg_id, None)
        if leg.chance_ms is None or leg.phone_of == leg.agent_id:
            agent.devices.pop(leg.node, None)
        state.refresh(agent)
    if leg.phone_of is not None and leg.phone_of != leg.agent_id:
        other = state.agents[leg.phone_of]
        other.legs.pop(leg.leg_id, None)
        other.devices.pop(leg.node, None)
        state.refresh(other)


def _stop_ringing_clock(state: State, visit: Visit) -> None:
    if visit.ringing_since_ms is not None:
        visit.ring_ms += state.ends_ms - visit.ringing_since_ms
        visit.ringing_since_ms = None


def live_offer(state: State, leg_id: LegId) -> tuple[Call, Leg] | None:
    """Returns a leg that is a live offer, with its call; None for any other id."""
    leg = state.legs.get(leg_id)
    if leg is None or leg.visit_id is None:
        return None
    call = state.calls.get(leg.call_id)
    if call is None or call.visit is None or leg_id not in call.visit.offers:
        return None
    return call, leg
