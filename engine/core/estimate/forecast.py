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

A question takes O(agents at work in this queue, looked at for whether they are on a call + queues
that share agents with it + log of the callers), and the larger part of it for no more agents than
`engine.core.estimate.crews.LOOKED_AT` of a kind. Arithmetic is plain float operations without library
functions, the same on every machine.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from operator import itemgetter

from engine.core.estimate.crews import Hand, Watch, crew_for, crew_of, loyal_of, neighbours_of
from engine.core.estimate.handling import costs_of
from engine.core.ids import QueueId
from engine.core.model.line import Entry, Line, effective_weight
from engine.core.model.roster import Crew
from engine.core.model.state import State
from engine.core.model.visit import Visit
from engine.core.policy import Strategy

PATIENCE_WEIGHT_MS = 1_200_000
"""Waiting without anybody giving up that is assumed before anything is known."""
TERMS_MAX = 12
"""Callers ahead are gone through one by one up to here."""
MINUTE_MS = 60_000
_MEDIAN = 1 / 3


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
    hands = watch.hands(crew)
    ahead = _ahead(state, line, visit, crew)
    turn_ms = _turn_ms(line, hands, ahead, costs.work_ms, costs.start_ms)
    rivals = _rivals(state, line, visit, crew)
    if rivals:
        turn_ms = max(turn_ms, _turn_among_ms(state, line, watch, crew, hands, ahead, rivals))
    return int(turn_ms + own_ms)


# --- who goes before ------------------------------------------------------------------------


def _ahead(state: State, line: Line, visit: Visit, crew: Crew) -> float:
    """Returns how many callers of this queue go before this one to these agents.

    All count who stand before in line, whatever they wait for, but those who are being rung for:
    their agents are counted as busy. Who waits on other terms counts for the share of the agents for
    that who are also among these.
    """
    ahead = float(bisect_left(line.waiting, visit.place) - bisect_left(line.rung, visit.place))
    if visit.terms is None and not line.pools:
        return ahead
    everybody = crew_of(state, line)
    particular = 0.0
    for terms, entries in line.pools.items():
        count = bisect_left(entries, visit.place)
        ahead -= count
        if count and terms != visit.terms:
            theirs = crew_for(state, line, terms)
            common = len(theirs.ids.keys() & crew.ids.keys())
            particular += count * common / max(1, len(theirs))
        else:
            particular += count
    return particular + max(0.0, ahead) * len(crew) / max(1, len(everybody))


def _rivals(state: State, line: Line, visit: Visit, crew: Crew) -> dict[QueueId, int]:
    """Counts, by queue, the callers of other queues whom these agents serve before this one."""
    rivals: dict[QueueId, int] = {}
    ids = crew.ids.keys()
    weight = effective_weight(line.policy, state.now_ms - visit.entered_ms)
    for queue_id in neighbours_of(state, line):
        other = state.lines[queue_id]
        if other.waiting and not ids.isdisjoint(crew_of(state, other).ids):
            count = _before_there(state.now_ms, weight, visit, other)
            if count > 0:
                rivals[queue_id] = count
    return rivals


def _before_there(now_ms: int, weight: int, visit: Visit, other: Line) -> int:
    """Counts the callers of another queue who go before this one, by weight now, then by entry.

    Halving supposes that weights fall along the line; with priorities in it that is nearly so.
    """
    policy = other.policy
    if policy.accelerate_ms is None:
        if policy.weight != weight:
            return len(other.waiting) - len(other.rung) if policy.weight > weight else 0
        since = (visit.entered_ms, visit.order)
        before = bisect_left(other.waiting, since, key=_since)
        return before - bisect_left(other.rung, since, key=_since)

    def rank(entry: Entry) -> tuple[int, int, int]:
        _, entered_ms, order, _ = entry
        return (-effective_weight(policy, now_ms - entered_ms), entered_ms, order)

    mine = (-weight, visit.entered_ms, visit.order)
    return bisect_left(other.waiting, mine, key=rank) - bisect_left(other.rung, mine, key=rank)


_since = itemgetter(1, 2)


# --- until an agent comes to this caller ----------------------------------------------------


def _turn_among_ms(
    state: State,
    line: Line,
    watch: Watch,
    crew: Crew,
    hands: list[Hand],
    ahead: float,
    rivals: dict[QueueId, int],
) -> float:
    """Returns when it is this caller's turn, if rivals' callers take agents away.

    All agents together serve all of them; but it is no later than if the rivals took everybody
    except those who serve nobody else.
    """
    own = watch.costs(line.queue_id)
    number = ahead + 1
    work_ms = number * own.work_ms
    for queue_id, count in rivals.items():
        number += count
        work_ms += count * watch.costs(queue_id).work_ms
    everybody = hands + watch.more_hands(crew, rivals)
    turn_ms = _turn_ms(line, everybody, number - 1, work_ms / number, own.start_ms)
    loyal = loyal_of(state, line, hands)
    if loyal:
        turn_ms = min(turn_ms, _turn_ms(line, loyal, ahead, own.work_ms, own.start_ms))
    return turn_ms


def _turn_ms(line: Line, hands: list[Hand], ahead: float, work_ms: float, start_ms: float) -> float:
    """Returns when these agents come to a caller with so many ahead; one more never makes it later.

    It is the least over all choices among them: who is tied up for long may as well not be there.
    """
    turn_ms = _least_ms(hands, work_ms, _strides(_leaving_rate(line), ahead))
    needed = int(ahead + 0.5)
    turn_ms = max(turn_ms, _nth_ms(hands, needed))
    sure = [hand for hand in hands if hand.sure]
    if needed < sum([hand.weight for hand in sure]):
        turn_ms = min(turn_ms, _nth_ms(sure, needed))
    if line.policy.strategy is Strategy.RING_ALL:  # One call rings at a time.
        turn_ms = max(turn_ms, start_ms * needed)
    return turn_ms


def _least_ms(hands: list[Hand], work_ms: float, strides: list[tuple[float, float]]) -> float:
    """Returns the least, over the number of agents who come, of queueing and mean lateness.

    Those come who are the least late. With more of them the queueing takes less and the lateness is
    more; so where between two numbers even the larger one's queueing and the smaller one's lateness
    come to no less than what is known already, none between them needs to be tried.
    """
    ranked = sorted(hands)
    counts = list(accumulate([hand.weight for hand in ranked]))
    sums = accumulate([hand.late_ms * hand.weight for hand in ranked])
    late_ms = [total / count for total, count in zip(sums, counts, strict=True)]
    last = len(ranked) - 1
    first_ms = _queue_ms(counts[0] / work_ms, strides)
    last_ms = _queue_ms(counts[last] / work_ms, strides)
    least_ms = min(first_ms + late_ms[0], last_ms + late_ms[last])
    spans = [(0, last, last_ms)]
    while spans:
        low, high, high_ms = spans.pop()
        if high - low < 2 or high_ms + late_ms[low + 1] >= least_ms:
            continue
        middle = (low + high) // 2
        middle_ms = _queue_ms(counts[middle] / work_ms, strides)
        least_ms = min(least_ms, middle_ms + late_ms[middle])
        spans += ((low, middle, middle_ms), (middle, high, high_ms))
    return least_ms


def _nth_ms(hands: list[Hand], needed: int) -> float:
    """Returns when one more than `needed` of these may be there at the soonest, or else the last."""
    reached = 0.0
    ranked = sorted([(hand.soonest_ms, hand.weight) for hand in hands])
    for soonest_ms, weight in ranked:
        reached += weight
        if reached > needed:
            return soonest_ms
    return ranked[-1][0]


def _leaving_rate(line: Line) -> float:
    leavers = line.pace.leavers
    return leavers.count / (leavers.total_ms + PATIENCE_WEIGHT_MS)


def _strides(leaving: float, ahead: float) -> list[tuple[float, float]]:
    """Returns the callers from 0 to `ahead` in strides: how many, and at what rate they give up.

    Beyond `TERMS_MAX` strides grow: the same ones for everybody, so that one more ahead never makes
    the wait less.
    """
    if leaving == 0:
        return [(ahead + 1, 0.0)]
    strides: list[tuple[float, float]] = []
    begin, stride = 0, 1
    while begin < ahead + 1:
        count = min(float(stride), ahead + 1 - begin)
        strides.append((count, leaving * (begin + max(0.0, (count - 1) / 2))))
        begin += stride
        if begin >= TERMS_MAX:
            stride = begin // 4
    return strides


def _queue_ms(serving: float, strides: list[tuple[float, float]]) -> float:
    """Returns the sum of 1 / (serving + j * leaving) over all callers ahead, as a median."""
    total = -_MEDIAN / serving
    for count, leaving in strides:
        total += count / (serving + leaving)
    return total
