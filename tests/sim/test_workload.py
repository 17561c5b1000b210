"""Who calls, how often, and what the swarm draws."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from engine.core.ids import EndpointName
from engine.core.model.numbers import matches
from engine.core.places import HangUp
from engine.core.policy import InboundRoute, Strategy
from engine.sim import swarm
from engine.sim.invent import invent_policy
from engine.sim.options import HOUR_MS, START_MS, Faults, Options, Traffic
from engine.sim.rng import Streams, exponential_ms, up_to_ms
from engine.sim.run import Simulation
from engine.sim.workload import example_of, sources_of
from tests.sim.houses import house

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("pattern", ["6400", "55501XX", "0Z.", "N!", "X", "0."])
def test_an_example_is_like_its_pattern(pattern):
    assert matches(pattern, example_of(pattern))


def test_sources_follow_routes_and_load():
    policy = house(10, wrapup_ms=15_000)
    (source,) = sources_of(policy, Traffic(load=0.5, talk_ms_mean=180_000))
    assert source.endpoint == "trunk"
    assert source.dialled == "6400"
    # 10 agents at half their time, 180 + 5 + 15 s a call.
    assert source.calls_per_hour == pytest.approx(0.5 * 10 * 3600 / 200)
    (fixed,) = sources_of(policy, Traffic(calls_per_hour=7.0))
    assert fixed.calls_per_hour == 7.0


def test_a_queue_without_a_route_is_called_from_the_house():
    policy = replace(
        house(2), inbound_routes=(InboundRoute("other", "1", HangUp(), EndpointName("t")),)
    )
    (source,) = sources_of(policy, Traffic())
    assert (source.endpoint, source.dialled) == ("1001", "6400")
    assert sources_of(replace(policy, extensions=()), Traffic()) == []


def test_hours_of_the_day_shape_the_arrivals():
    factors = tuple(4.0 if hour == 9 else 0.5 for hour in range(24))
    traffic = Traffic(calls_per_hour=100.0, hour_factors=factors)
    options = Options(1, 4 * HOUR_MS, traffic=traffic)
    simulation = Simulation(house(1), options)
    hours = [0] * 24
    arrive = simulation.callers._arrive

    def note(channel):
        if channel.arrival.endpoint == "trunk":
            hours[simulation.agenda.now_ms // HOUR_MS % 24] += 1
        return arrive(channel)

    simulation.callers._arrive = note
    simulation.run()
    assert START_MS // HOUR_MS % 24 == 8
    assert hours[9] == pytest.approx(400, rel=0.15)
    assert hours[8] + hours[10] + hours[11] == pytest.approx(150, rel=0.3)
    assert sum(hours) == hours[8] + hours[9] + hours[10] + hours[11]


def test_streams_are_independent_and_repeatable():
    streams, again = Streams(1), Streams(1)
    first = [streams.stream("a").random() for _ in range(5)]
    streams.stream("b").random()
    again.stream("b").random()
    assert [again.stream("a").random() for _ in range(5)] == first
    assert Streams(2).stream("a").random() != first[0]


def test_draws_have_their_means():
    rng = Streams(1).stream("test")
    drawn = [exponential_ms(rng, 1_000) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(1_000, rel=0.03)
    evenly = [up_to_ms(rng, 3) for _ in range(8_000)]
    assert set(evenly) == {0, 1, 2, 3}
    assert evenly.count(3) == pytest.approx(2_000, rel=0.1)


def test_swarms_differ_and_each_fault_is_off_in_many():
    drawn = [swarm.draw(seed, HOUR_MS) for seed in range(200)]
    assert swarm.draw(5, HOUR_MS) == drawn[5]
    for name, nothing in asdict(Faults()).items():
        if name.endswith("_ms_max"):
            continue
        off = sum(getattr(options.faults, name) == nothing for options in drawn)
        assert 60 < off < 140, name
    assert len({repr(options.traffic) for options in drawn}) == 200


def test_invented_houses_have_what_matters():
    houses = [invent_policy(seed) for seed in range(60)]
    queues = [queue for policy in houses for queue in policy.queues]
    assert len({queue.strategy for queue in queues}) == len(Strategy)
    assert {len(policy.nodes) for policy in houses} == {1, 2}
    assert any(queue.skill_based for queue in queues)
    assert any(policy.settings.shared_wrapup for policy in houses)
    for policy in houses:
        assert policy.queues
        for queue in policy.queues:
            agents = {agent.agent_id for agent in policy.agents}
            assert {member.agent_id for member in queue.members} <= agents
