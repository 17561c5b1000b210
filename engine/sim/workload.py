"""Who calls: callers from outside by the hour of the day, agents who call colleagues and customers.

Everything about a call is drawn when it is made, from streams of its own, so that the n-th call of
a source is the same under any faults and any configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.core.ids import CallId, EndpointName
from engine.core.inputs import CallArrived
from engine.core.places import ToQueue
from engine.core.policy import InboundRoute, NumberingPlan, Policy, QueuePolicy
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Channel, Plan
from engine.sim.options import HOUR_MS, Options, Traffic
from engine.sim.people import People
from engine.sim.rng import Rng, Streams, exponential_ms, log_normal_ms

_ANSWERING_MS = 5_000
"""What deriving a rate from a load adds to a talk for ringing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A number that callers dial, the trunk it comes in by, and how often."""

    name: str
    endpoint: EndpointName
    dialled: str
    calls_per_hour: float


def sources_of(policy: Policy, traffic: Traffic) -> list[Source]:
    """Returns a source for each inbound route to a queue: a number that it takes.

    A queue without a route is called from the house, by its number from the first extension.
    """
    sources = []
    trunk = policy.trunks[0].name if policy.trunks else EndpointName("trunk")
    for queue in policy.queues:
        routes = _routes_to(policy, queue)
        if routes:
            numbers = [(route.trunk or trunk, example_of(route.pattern)) for route in routes]
        elif policy.extensions:
            numbers = [(EndpointName(policy.extensions[0].number), str(queue.queue_id))]
        else:
            continue
        rate = traffic.calls_per_hour
        if rate is None:
            rate = _rate_for_load(policy, queue, traffic) / len(numbers)
        for ordinal, (endpoint, dialled) in enumerate(numbers, start=1):
            name = f"queue {queue.queue_id}" + (f" {ordinal}" if ordinal > 1 else "")
            if rate > 0:
                sources.append(Source(name, endpoint, dialled, rate))
    return sources


def _routes_to(policy: Policy, queue: QueuePolicy) -> list[InboundRoute]:
    destination = ToQueue(queue.queue_id)
    return [route for route in policy.inbound_routes if route.destination == destination]


def example_of(pattern: str) -> str:
    """Returns a number that a dial pattern takes (see `policy.InboundRoute`)."""
    letters = {"X": "5", "Z": "5", "N": "5"}
    body, ending = (pattern[:-1], pattern[-1]) if pattern[-1:] in (".", "!") else (pattern, "")
    return "".join(letters.get(letter, letter) for letter in body) + ("5" if ending == "." else "")


def numbers_of(policy: Policy) -> list[str]:
    """Returns what somebody in the house may want to reach."""
    return [
        *(extension.number for extension in policy.extensions),
        *(str(queue.queue_id) for queue in policy.queues),
        *(example_of(route.pattern) for route in policy.outbound_routes),
    ]


def _rate_for_load(policy: Policy, queue: QueuePolicy, traffic: Traffic) -> float:
    """Shares each agent's time evenly between the queues served."""
    agents = 0.0
    for member in queue.members:
        served = sum(
            any(other.agent_id == member.agent_id for other in each.members)
            for each in policy.queues
        )
        agents += 1.0 / served
    handling_ms = traffic.talk_ms_mean + _ANSWERING_MS + queue.wrapup_ms
    return traffic.load * agents * HOUR_MS / handling_ms


class Callers:
    """Makes calls until told to stop."""

    def __init__(
        self,
        agenda: Agenda,
        options: Options,
        people: People,
        nodes: Sequence[Asterisk],
        sources: Sequence[Source],
        numbering: NumberingPlan | None = None,
    ) -> None:
        """Plans nothing yet; see `start`. With a numbering plan some numbers have two spellings."""
        self.calls_made = 0
        self.calls_refused = 0
        """By a node that was down, or whose dialplan refuses while Usher is away."""
        self.stopped = False
        self._agenda = agenda
        self._traffic = options.traffic
        self._people = people
        self._nodes = nodes
        self._streams = Streams(options.seed)
        self._sources = sources
        self._numbering = numbering
        self._door = self._streams.stream("door")

    def start(self) -> None:
        """Plans the first call of each source."""
        for source in self._sources:
            calls = _Calls(source, self._streams)
            self._plan_next(calls)

    def dial(self, caller: Asterisk, arrival: CallArrived, plan: Plan) -> bool:
        """Places a call from a phone of the house; returns whether the node took it."""
        phone = self._people.phone(arrival.endpoint)
        channel = Channel(caller, arrival.call_id, phone, plan)
        channel.arrival = arrival
        return self._arrive(channel)

    def consult(self, node: Asterisk, beside: Channel, dialled: str) -> Channel | None:
        """Places a second call from the phone of a channel; None if the node takes none."""
        phone = beside.phone
        if phone is None or self.stopped:
            return None
        call_id = self.number(node)
        endpoint = EndpointName(phone.endpoint)
        plan = Plan(patience_ms=30_000, talk_ms=20_000, agent_ends=False)
        channel = Channel(node, call_id, phone, plan)
        channel.arrival = CallArrived(
            call_id, node.node, endpoint, dialled, str(endpoint), "", node.clock_ms()
        )
        return channel if self._arrive(channel) else None

    def number(self, node: Asterisk) -> CallId:
        """Returns a fresh channel id of that node."""
        self.calls_made += 1
        return CallId(f"{node.node}-{self.calls_made}")

    def _plan_next(self, calls: _Calls) -> None:
        factors = self._traffic.hour_factors
        mean_ms = HOUR_MS / calls.source.calls_per_hour
        wait_ms = exponential_ms(calls.arrivals, mean_ms / (max(factors) if factors else 1.0))
        self._agenda.after(wait_ms, self._comes, calls)

    def _comes(self, calls: _Calls) -> None:
        if self.stopped:
            return
        self._plan_next(calls)
        factors = self._traffic.hour_factors
        if factors:
            # Thinning: candidates come at the busiest hour's rate, and are taken by the hour's.
            hour = self._agenda.now_ms // HOUR_MS % 24
            if calls.arrivals.random() * max(factors) >= factors[hour]:
                return
        traffic = self._traffic
        patience_ms = None
        if traffic.patience_ms_mean is not None:
            patience_ms = exponential_ms(calls.patience, traffic.patience_ms_mean)
        plan = Plan(
            patience_ms=patience_ms,
            talk_ms=max(1, _talk_ms(calls.talk, traffic)),
            agent_ends=calls.quirks.random() < traffic.agent_ends_talk,
            leaves_on_answer=traffic.leaves_on_answer > 0
            and calls.quirks.random() < traffic.leaves_on_answer,
        )
        nodes = self._nodes
        node = nodes[0] if len(nodes) == 1 else nodes[int(calls.quirks.random() * len(nodes))]
        source = calls.source
        call_id = self.number(node)
        arrival = CallArrived(
            call_id=call_id,
            node=node.node,
            endpoint=source.endpoint,
            dialled=source.dialled,
            caller_number=self._caller_number(calls),
            caller_name="",
            created_ms=node.clock_ms(),
        )
        channel = Channel(node, call_id, self._people.phone(source.endpoint), plan)
        channel.arrival = arrival
        self._arrive(channel)

    def _caller_number(self, calls: _Calls) -> str:
        """Returns who calls: somebody new, or one of the regulars, of whom some hide the number."""
        if self._traffic.regulars and calls.quirks.random() < self._traffic.regulars:
            regular = calls.quirks.choice(("anonymous", "0111", "0222", "0333", "0444", "0555"))
            return self._spelled(regular)
        return f"0{self.calls_made:09d}"

    def _spelled(self, number: str) -> str:
        """Returns a regular's number as it is shown at this call: national, or with a country code."""
        plan = self._numbering
        if plan is None or not number.isdecimal():
            return number
        national = number[1:] * 3
        abroad = plan.international_prefix + plan.country_code
        return (plan.national_prefix, abroad)[self.calls_made % 2] + national

    def _arrive(self, channel: Channel) -> bool:
        node = channel.asterisk
        held = node.wire.linked or self._door.random() < 0.5
        if not node.arrive(channel, held=held):
            self.calls_refused += 1
            return False
        plan = channel.plan
        assert plan is not None
        until_ms = None if plan.patience_ms is None else self._agenda.now_ms + plan.patience_ms
        self._people.waits(channel, until_ms)
        return True


def _talk_ms(rng: Rng, traffic: Traffic) -> int:
    if traffic.talk_spread == 0.0:
        return exponential_ms(rng, traffic.talk_ms_mean)
    return log_normal_ms(rng, traffic.talk_ms_mean, traffic.talk_spread)


class _Calls:
    """The streams of one source."""

    __slots__ = ("arrivals", "patience", "quirks", "source", "talk")

    def __init__(self, source: Source, streams: Streams) -> None:
        self.source = source
        self.arrivals: Rng = streams.stream(f"arrivals {source.name}")
        self.patience: Rng = streams.stream(f"patience {source.name}")
        self.talk: Rng = streams.stream(f"talk {source.name}")
        self.quirks: Rng = streams.stream(f"quirks {source.name}")
