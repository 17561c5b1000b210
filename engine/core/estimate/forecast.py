"""How long a caller has yet to wait (P-10): a prediction from place, agents at work and their pace.

Door: `wait_ms`, and `said_minutes` for what the announcer says of it. What is learnt is in
`engine.core.model.pace`; what it can and cannot tell, and by how much it errs, in docs/estimated-wait.md.

An agent's work on one call is ring, talk and wrap-up, H on average. With c agents at work and n
callers ahead who need one, callers leave the line at the rate c/H plus r for each caller ahead, who
may give up; so the turn of who stands behind them comes after the sum of 1 / (c/H + j*r) for j from
0 to n: the delay predictor of W. Whitt ("Predicting queueing delays", Management Science 45, 1999),
which R. Ibrahim and W. Whitt found the best of its kind where callers give up ("Real-time delay
estimation in overloaded multiserver queues with abandonments", Management Science 55, 2009). Of the
first term a third is taken off: the median of such a sum, not its mean (the median of a gamma
distribution of shape n is about n - 1/3: K. P. Choi, "On the medians of gamma distributions and an
equation of Ramanujan", Proceedings of the American Mathematical Society 121, 1994).

To this comes how late the agents are, all together: what is left of their present work, less what
is left at an average moment (in a renewal process the mean remaining time is what shifts the count
of renewals: D. R. Cox, "Renewal theory", 1962); and last the caller's own ringing.

It takes O(members of the queues concerned + log of the callers). Arithmetic is plain float
operations without library functions, the same on every machine.
"""

from __future__ import annotations

from bisect import bisect_left

from engine.core.estimate.crews import Crew, Watch, at_work, crew_for, loyal_of
from engine.core.estimate.handling import costs_of
from engine.core.ids import CallId, QueueId
from engine.core.model.agent import is_there
from engine.core.model.call import Visit
from engine.core.model.line import Line, effective_weight
from engine.core.model.state import State
from engine.core.policy import Strategy

PATIENCE_WEIGHT_MS = 1_200_000
"""Waiting without anybody giving up that is assumed before anything is known."""
TERMS_MAX = 12
"""Callers ahead are gone through one by one up to here."""
MINUTE_MS = 60_000
_MEDIAN = 1 / 3
_NEVER_MS = 1e15


def said_minutes(wait_ms: int) -> int:
    """Returns the whole minutes that a caller is told: rounded up, and never 0."""
    return max(1, -(-wait_ms // MINUTE_MS))


def wait_ms(state: State, line: Line, visit: Visit) -> int | None:
    """Predicts how long a waiting caller has yet to wait until connected.

    Args:
        state: all there is.
        line: the caller's queue.
        visit: the caller's stay in it, not over.

    Returns:
        Milliseconds, 0 or more. None where nobody is at work who could serve this caller, or the
        house has seen hardly a talk yet (`handling.TALKS_MIN`): then nothing should be said.
    """
    crew = crew_for(state, line, visit.terms)
    costs = costs_of(state, line)
    if not crew or costs is None:
        return None
    if visit.chosen is not None:
        return 0
    own_ms = costs.start_ms + costs.rest_ms
    if visit.ringing_since_ms is not None:
        rung_ms = visit.ring_ms + state.now_ms - visit.ringing_since_ms
        return int(max(own_ms - rung_ms, costs.start_ms / 2))
    watch = Watch(state, line, costs)
    ahead = _ahead(state, line, visit, crew)
    turn_ms = _turn_ms(watch, line, crew, ahead, costs.work_ms)
    rivals = _rivals(state, line, visit, crew)
    if rivals:
        turn_ms = max(turn_ms, _turn_among_ms(state, line, watch, crew, ahead, rivals))
    return int(turn_ms + own_ms)


# --- who goes before ------------------------------------------------------------------------


def _ahead(state: State, line: Line, visit: Visit, crew: Crew) -> float:
    """Returns how many callers of this queue go before this one to these agents.

    All count who stand before in line, whatever they wait for, but those who are being rung for:
    their agents are counted as busy. Who waits on other terms counts for the share of the agents for
    that who are also among these.
    """
    everybody = at_work(state, line)
    rung = [each for each in _being_rung(state, line, everybody) if each.place < visit.place]
    ahead = float(bisect_left(line.waiting, visit.place) - len(rung))
    if visit.terms is None and not line.pools:
        return max(0.0, ahead)
    mine = {agent.agent_id: None for agent, _ in crew}
    particular = 0.0
    for terms, entries in line.pools.items():
        count = bisect_left(entries, visit.place)
        ahead -= count
        if count and terms != visit.terms:
            theirs = crew_for(state, line, terms)
            common = sum([agent.agent_id in mine for agent, _ in theirs])
            particular += count * common / max(1, len(theirs))
        else:
            particular += count
    return particular + max(0.0, ahead) * len(crew) / max(1, len(everybody))


def _being_rung(state: State, line: Line, crew: Crew) -> list[Visit]:
    """Returns the visits of a queue for which at least one phone of these agents rings."""
    found: dict[CallId, Visit] = {}
    for agent, _ in crew:
        for leg_id in agent.legs:
            leg = state.legs.get(leg_id)
            if leg is None or leg.queue_id != line.queue_id:
                continue
            call = state.calls.get(leg.call_id)
            if call is not None and call.visit is not None and leg_id in call.visit.offers:
                found[call.call_id] = call.visit
    return list(found.values())


def _rivals(state: State, line: Line, visit: Visit, crew: Crew) -> dict[QueueId, int]:
    """Counts, by queue, the callers of other queues whom these agents serve before this one."""
    shared: dict[QueueId, int] = {}
    for agent, _ in crew:
        for queue_id, membership in agent.memberships.items():
            if queue_id != line.queue_id and queue_id not in shared and is_there(agent, membership):
                shared[queue_id] = _before_there(state, line, visit, state.lines[queue_id])
    return {queue_id: count for queue_id, count in shared.items() if count > 0}


def _before_there(state: State, line: Line, visit: Visit, other: Line) -> int:
    """Counts the callers of another queue who go before this one, by weight now, then by entry.

    Halving supposes that weights fall along the line; with priorities in it that is nearly so.
    """
    weight = effective_weight(line.policy, state.now_ms - visit.entered_ms)
    mine = (-weight, visit.entered_ms, visit.order)

    def goes_first(entered_ms: int, order: int) -> bool:
        theirs = effective_weight(other.policy, state.now_ms - entered_ms)
        return (-theirs, entered_ms, order) < mine

    low, high = 0, len(other.waiting)
    while low < high:
        middle = (low + high) // 2
        if goes_first(*other.waiting[middle][1:3]):
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    rung = _being_rung(state, other, at_work(state, other))
    return low - sum([goes_first(each.entered_ms, each.order) for each in rung])


# --- until an agent comes to this caller ----------------------------------------------------


def _turn_among_ms(
    state: State,
    line: Line,
    watch: Watch,
    crew: Crew,
    ahead: float,
    rivals: dict[QueueId, int],
) -> float:
    """Returns when it is this caller's turn, if rivals' callers take agents away.

    All agents together serve all of them; but it is no later than if the rivals took everybody
    except those who serve nobody else.
    """
    union = {agent.agent_id: (agent, membership) for agent, membership in crew}
    number = ahead + 1
    work_ms = number * watch.costs(line.queue_id).work_ms
    for queue_id, count in rivals.items():
        number += count
        work_ms += count * watch.costs(queue_id).work_ms
        for each in at_work(state, state.lines[queue_id]):
            union.setdefault(each[0].agent_id, each)
    turn_ms = _turn_ms(watch, line, list(union.values()), number - 1, work_ms / number)
    loyal = loyal_of(state, line, crew)
    if loyal:
        alone_ms = _turn_ms(watch, line, loyal, ahead, watch.costs(line.queue_id).work_ms)
        turn_ms = min(turn_ms, alone_ms)
    return turn_ms


def _turn_ms(watch: Watch, line: Line, crew: Crew, ahead: float, work_ms: float) -> float:
    """Returns when these agents come to a caller with so many ahead; one more never makes it later.

    It is the least over all choices among them: who is tied up for long may as well not be there.
    """
    hands = watch.hands(crew)
    leaving = _leaving_rate(line)
    turn_ms, late_ms = _NEVER_MS, 0.0
    for count, each_ms in enumerate(sorted(hands.late_ms), start=1):
        late_ms += each_ms
        turn_ms = min(turn_ms, _queue_ms(count / work_ms, leaving, ahead) + late_ms / count)
    needed = int(ahead + 0.5)
    soonest, sure = sorted(hands.soonest_ms), sorted(hands.sure_ms)
    turn_ms = max(turn_ms, soonest[min(needed, len(soonest) - 1)])
    if needed < len(sure):
        turn_ms = min(turn_ms, sure[needed])
    if line.policy.strategy is Strategy.RING_ALL:  # One call rings at a time.
        turn_ms = max(turn_ms, watch.costs(line.queue_id).start_ms * needed)
    return turn_ms


def _leaving_rate(line: Line) -> float:
    leavers = line.pace.leavers
    return leavers.count / (leavers.total_ms + PATIENCE_WEIGHT_MS)


def _queue_ms(serving: float, leaving: float, ahead: float) -> float:
    """Returns the sum of 1 / (serving + j * leaving) for j from 0 to `ahead`, as a median.

    Beyond `TERMS_MAX` it goes in growing strides: the same ones for everybody, so that one more
    ahead never makes it less.
    """
    total = -_MEDIAN / serving
    begin, stride = 0, 1
    while begin < ahead + 1:
        count = min(float(stride), ahead + 1 - begin)
        middle = begin + max(0.0, (count - 1) / 2)
        total += count / (serving + leaving * middle)
        begin += stride
        if begin >= TERMS_MAX:
            stride = begin // 4
    return total
