"""How long a caller has yet to wait (P-10): a prediction from place, agents at work and their pace.

Door: `wait_ms`, and `said_minutes` for what the announcer says of it. What is learnt is in
`engine.core.pace`; what it can and cannot tell, and by how much it errs, in docs/estimated-wait.md.

An agent's work on one call is ring, talk and wrap-up: H on average, the queue's own mean, drawn
towards that of this hour of the week. With c agents at work and n callers ahead who need one,
calls leave the line at c/H plus one for each caller ahead who gives up (rate r each), so the
(n + 1)th leaves after the sum of 1 / (c/H + j*r) for j from 0 to n: the delay predictor of W. Whitt
("Predicting queueing delays", Management Science 45, 1999), which R. Ibrahim and W. Whitt found the
best of its kind where callers give up ("Real-time delay estimation in overloaded multiserver queues
with abandonments", Management Science 55, 2009). To this comes how far the agents are with what
they do now, against the average moment: the mean of their expected remaining work minus that of a
renewal process in its steady state, E[X^2] / 2H (D. R. Cox, "Renewal theory", 1962); and last the
caller's own ringing.

Where agents serve several queues, callers who go before this one there count for the share of
those queues' agents that are also this one's. It takes O(members of the queues concerned + log of
the callers). Arithmetic is plain float operations without library functions, the same everywhere.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from engine.core.agent import Agent, Membership, is_there
from engine.core.call import Visit
from engine.core.conditions import keeper_of, qualified
from engine.core.ids import QueueId
from engine.core.leg import LegState
from engine.core.line import Entry, Line, effective_weight
from engine.core.pace import STEPS, elapsed_ms_of, hour_of
from engine.core.policy import Strategy
from engine.core.state import State
from engine.core.terms import Terms

TALKS_MIN = 5
"""With fewer talks in all the house's memory nothing is predicted: it would be a guess."""
HOUSE_WEIGHT = 5
"""As many talks of its own as the mean of all queues counts for, in a queue's mean; ..."""
HOUR_WEIGHT = 30
"""... as the queue's mean counts for in an hour's; ..."""
STEADY_WEIGHT = 10
"""... as the assumption that a talk's past tells nothing of its end counts for."""
RING_MS = 5_000
WRAPUP_WEIGHT = 3
PATIENCE_WEIGHT_MS = 1_200_000
"""Waiting without anybody giving up that is assumed before anything is known."""
TERMS_SUM_MAX = 64
"""Callers ahead are gone through one by one up to here, and in even steps beyond."""

MINUTE_MS = 60_000

_Crew = list[tuple[Agent, Membership]]


@dataclass(slots=True)
class _Rates:
    """What one queue's calls cost, in milliseconds."""

    start_ms: float
    talk_ms: float
    wrapup_ms: float
    second: float
    """The mean square of an agent's work on a call."""

    @property
    def work_ms(self) -> float:
        return self.start_ms + self.talk_ms + self.wrapup_ms


@dataclass(slots=True)
class _Hands:
    """What some agents are busy with: their remaining work, and when wrap-ups will be over."""

    count: int = 0
    remaining_ms: float = 0.0
    known_ms: list[float] = field(default_factory=list)
    soonest_ms: list[float] = field(default_factory=list)


def said_minutes(wait_ms: int) -> int:
    """Returns the whole minutes that a caller is told: rounded up, and never 0."""
    return max(1, -(-wait_ms // MINUTE_MS))


def wait_ms(state: State, line: Line, visit: Visit) -> int | None:
    """Predicts how long a waiting caller has yet to wait until connected.

    Args:
        state: all there is.
        line: the caller's queue.
        visit: the caller's stay in it.

    Returns:
        Milliseconds, 0 or more. None where nobody is at work who could serve this caller, or the
        house has not seen `TALKS_MIN` talks yet: then nothing should be said.
    """
    crew = _crew_for(state, line, visit.terms)
    rates = _rates(state, line)
    if not crew or rates is None:
        return None
    if visit.chosen is not None:
        return 0
    own_ring_ms = rates.start_ms + _rest_ms(line)
    if visit.ringing_since_ms is not None:
        rung_ms = visit.ring_ms + state.now_ms - visit.ringing_since_ms
        return int(max(own_ring_ms - rung_ms, rates.start_ms / 2))
    ahead, elsewhere = _ahead(state, line, visit, crew)
    first_ms = _until_free(state, line, crew, rates, ahead + elsewhere)
    if elsewhere > 0:
        loyal = [each for each in crew if _is_loyal(state, line, each[0])]
        if loyal and len(loyal) < len(crew):
            first_ms = min(first_ms, _until_free(state, line, loyal, rates, ahead))
    return int(first_ms + own_ring_ms)


# --- what a call costs ----------------------------------------------------------------------


def _rates(state: State, line: Line) -> _Rates | None:
    pace = line.pace
    talks, total_ms, squares_s2 = pace.talks.count, pace.talks.total_ms, pace.squares_s2
    if talks < HOUSE_WEIGHT * 4:
        house = [each.pace for each in state.lines.values()]
        house_talks = sum([each.talks.count for each in house])
        if house_talks < TALKS_MIN:
            return None
        share = HOUSE_WEIGHT / house_talks
        weight = talks + HOUSE_WEIGHT
        mean_ms = (total_ms + share * sum([each.talks.total_ms for each in house])) / weight
        square_s2 = (squares_s2 + share * sum([each.squares_s2 for each in house])) / weight
    else:
        mean_ms, square_s2 = total_ms / talks, squares_s2 / talks
    hour = pace.hours.get(str(hour_of(state.now_ms)))
    talk_ms = mean_ms
    if hour is not None:
        talk_ms = (mean_ms * HOUR_WEIGHT + hour.total_ms) / (HOUR_WEIGHT + hour.count)
    starts = pace.starts
    start_ms = (starts.total_ms + WRAPUP_WEIGHT * RING_MS) / (starts.count + WRAPUP_WEIGHT)
    wrapups, wrapup_ms = pace.wrapups, float(line.policy.wrapup_ms)
    if wrapup_ms > 0:
        usual_ms = WRAPUP_WEIGHT * wrapup_ms
        wrapup_ms = (wrapups.total_ms + usual_ms) / (wrapups.count + WRAPUP_WEIGHT)
    scale = talk_ms / mean_ms if mean_ms > 0 else 1.0
    spread = max(0.0, square_s2 * 1e6 - mean_ms * mean_ms) * scale * scale
    work_ms = start_ms + talk_ms + wrapup_ms
    return _Rates(start_ms, talk_ms, wrapup_ms, spread + work_ms * work_ms)


def _rest_ms(line: Line) -> float:
    rests = line.pace.rests
    return rests.total_ms / rests.count if rests.count else 0.0


def _talk_left_ms(line: Line, rates: _Rates, elapsed_ms: int) -> float:
    """Returns how much longer a talk goes on, on average, that has lasted so long."""
    lasting = line.pace.lasting
    steady_ms = rates.talk_ms
    if not lasting or line.pace.talks.count == 0:
        return steady_ms
    scale = rates.talk_ms * line.pace.talks.count / max(1, line.pace.talks.total_ms)
    step = 0
    while step + 1 < STEPS and elapsed_ms_of(step + 1) <= elapsed_ms:
        step += 1

    def left_ms(at: int) -> float:
        known = lasting[at]
        return (scale * known.total_ms + STEADY_WEIGHT * steady_ms) / (known.count + STEADY_WEIGHT)

    here_ms = left_ms(step)
    if step + 1 == STEPS:
        return here_ms
    begin_ms, end_ms = elapsed_ms_of(step), elapsed_ms_of(step + 1)
    return here_ms + (left_ms(step + 1) - here_ms) * (elapsed_ms - begin_ms) / (end_ms - begin_ms)


# --- who serves, and what they do now -------------------------------------------------------


def _crew_for(state: State, line: Line, terms: Terms | None) -> _Crew:
    """Returns who is at work and may serve callers with these terms; if nobody may yet, everybody."""
    everybody = _at_work(state, line)
    if terms is None:
        return everybody
    keeper = keeper_of(state, line, terms)
    if keeper is not None:
        return [keeper]
    able = [each for each in everybody if qualified(state, terms, *each)]
    return able or everybody


def _at_work(state: State, line: Line) -> _Crew:
    agents, queue_id = state.agents, line.queue_id
    members = [
        (agents[agent_id], agents[agent_id].memberships[queue_id]) for agent_id in line.members
    ]
    return [each for each in members if is_there(*each)]


def _is_loyal(state: State, line: Line, agent: Agent) -> bool:
    """Tells whether no other queue with callers may have this agent."""
    return not any(
        queue_id != line.queue_id and is_there(agent, membership) and _has_callers(state, queue_id)
        for queue_id, membership in agent.memberships.items()
    )


def _has_callers(state: State, queue_id: QueueId) -> bool:
    return bool(state.lines[queue_id].waiting)


def _hands(state: State, line: Line, crew: _Crew, rates: _Rates) -> _Hands:
    hands = _Hands(len(crew))
    for agent, _ in crew:
        left_ms, soonest_ms, sure = _left_ms(state, line, agent, rates)
        hands.remaining_ms += left_ms
        hands.soonest_ms.append(soonest_ms)
        if sure:
            hands.known_ms.append(left_ms)
    return hands


def _left_ms(state: State, line: Line, agent: Agent, rates: _Rates) -> tuple[float, float, bool]:
    """Returns an agent's expected remaining work, the least it can be, and whether that is sure."""
    if agent.agent_id in line.available:
        return 0.0, 0.0, True
    for leg_id in agent.legs:
        leg = state.legs.get(leg_id)
        if leg is None or leg.state is LegState.ENDING:
            continue
        wrapup_ms = rates.wrapup_ms if leg.queue_id is not None else 0.0
        if leg.state is LegState.TALKING and leg.talk_ms is not None:
            own = state.lines.get(leg.queue_id, line) if leg.queue_id is not None else line
            talk_ms = _talk_left_ms(own, rates, state.now_ms - leg.talk_ms)
            return talk_ms + wrapup_ms, wrapup_ms, False
        call = state.calls.get(leg.call_id)
        rung = 1 if call is None or call.visit is None else max(1, len(call.visit.offers))
        # Of several phones that ring for one call, one will talk.
        left_ms = rates.start_ms / 2 + (rates.talk_ms + wrapup_ms) / rung
        return left_ms, wrapup_ms if rung == 1 else 0.0, False
    until_ms = max([each.wrapup_until_ms for each in agent.memberships.values()])
    if until_ms > state.now_ms:
        return float(until_ms - state.now_ms), float(until_ms - state.now_ms), True
    return rates.talk_ms / 2, 0.0, False  # On a call of the agent's own, or backing off.


# --- who goes before ------------------------------------------------------------------------


def _ahead(state: State, line: Line, visit: Visit, crew: _Crew) -> tuple[float, float]:
    """Returns how many callers go before this one to these agents: of this queue, of others."""
    ahead = float(_before(state, line, line.wanting, visit.place))
    mine = {agent.agent_id for agent, _ in crew}
    if visit.terms is not None:  # Callers without terms are everybody's.
        ahead *= len(crew) / max(1, len(_at_work(state, line)))
    for terms, entries in line.pools.items():
        count = bisect_left(entries, visit.place)
        if terms == visit.terms:
            ahead += count
        elif count:
            theirs = _crew_for(state, line, terms)
            common = sum([agent.agent_id in mine for agent, _ in theirs])
            ahead += count * common / max(1, len(theirs))
    shared: dict[QueueId, int] = {}
    for agent, _ in crew:
        for queue_id, membership in agent.memberships.items():
            if queue_id != line.queue_id and is_there(agent, membership):
                shared[queue_id] = shared.get(queue_id, 0) + 1
    elsewhere = 0.0
    for queue_id, common in shared.items():
        other = state.lines[queue_id]
        count = _before_there(state, line, visit, other)
        if count:
            elsewhere += count * common / max(common, len(_at_work(state, other)))
    return ahead, elsewhere


def _before(state: State, line: Line, entries: list[Entry], place: tuple[int, int, int]) -> int:
    """Counts who stands before a place and is not being rung for."""
    count = bisect_left(entries, place)
    if line.policy.strategy in (Strategy.RING_ALL, Strategy.PROGRESSIVE):
        for *_, call_id in entries[: min(count, len(line.members))]:
            visit = state.calls[call_id].visit
            if visit is None or not visit.offers:
                break
            count -= 1
    return count


def _before_there(state: State, line: Line, visit: Visit, other: Line) -> int:
    """Counts the callers of another queue whom common agents serve before this one, as of now."""
    mine = (
        -effective_weight(line.policy, state.now_ms - visit.entered_ms),
        visit.entered_ms,
        visit.order,
    )

    def goes_before(entry: Entry) -> bool:
        _, entered_ms, order, _ = entry
        weight = effective_weight(other.policy, state.now_ms - entered_ms)
        return (-weight, entered_ms, order) < mine

    count = 0
    for entries in (other.wanting, *other.pools.values()):
        low, high = 0, len(entries)
        while low < high:
            middle = (low + high) // 2
            if goes_before(entries[middle]):
                low = middle + 1
            else:
                high = middle
        count += low
    return count


# --- until an agent is free for this caller -------------------------------------------------


def _until_free(state: State, line: Line, crew: _Crew, rates: _Rates, ahead: float) -> float:
    hands = _hands(state, line, crew, rates)
    needed = int(ahead + 0.5)
    sure = sorted(hands.known_ms)
    in_step_ms = 0.0
    if line.policy.strategy is Strategy.RING_ALL:  # One call rings at a time.
        in_step_ms = rates.start_ms * min(needed, hands.count)
    at_most_ms = sure[needed] if needed < len(sure) else None
    soonest = sorted(hands.soonest_ms)
    at_least_ms = soonest[needed] if needed < len(soonest) else 0.0
    work_ms = rates.work_ms
    behind_ms = hands.remaining_ms / hands.count - rates.second / (2 * work_ms)
    turn_ms = _turns_ms(hands.count / work_ms, _leaving_rate(line), ahead) + behind_ms
    turn_ms = max(turn_ms, at_least_ms)
    if at_most_ms is not None:
        turn_ms = min(turn_ms, at_most_ms)
    return turn_ms + in_step_ms


def _leaving_rate(line: Line) -> float:
    leavers = line.pace.leavers
    return leavers.count / (leavers.total_ms + PATIENCE_WEIGHT_MS)


def _turns_ms(serving: float, leaving: float, ahead: float) -> float:
    """Returns the sum of 1 / (serving + j * leaving) for j from 0 to `ahead`."""
    whole = int(ahead)
    steps = min(whole + 1, TERMS_SUM_MAX)
    width = (whole + 1) / steps
    total = 0.0
    for step in range(steps):
        total += width / (serving + leaving * (width * (step + 0.5) - 0.5))
    return total + (ahead - whole) / (serving + leaving * (whole + 1))
