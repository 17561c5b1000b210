"""Erlang B, C and A against published tables."""

from __future__ import annotations

import math

import pytest

from engine.sim.erlang import erlang_a, erlang_b, erlang_c

pytestmark = pytest.mark.unit


def test_erlang_b_published():
    """Table values of the classic Erlang B table: 10 lines carry 4.46 erlangs at 1 % loss."""
    assert erlang_b(10, 4.461) == pytest.approx(0.01, abs=1e-5)
    assert erlang_b(1, 1.0) == pytest.approx(0.5)
    assert erlang_b(100, 84.064) == pytest.approx(0.01, abs=1e-4)


def test_erlang_c_published():
    """M. Mitan's worked example: 360 calls per half hour of 240 s, 55 agents: 23.9 %, 8.2 s."""
    found = erlang_c(55, 0.2, 240.0)
    assert found.waiting_probability == pytest.approx(0.239, abs=5e-4)
    assert found.mean_wait == pytest.approx(8.2, abs=0.05)
    assert found.utilisation == pytest.approx(48 / 55)


def test_erlang_c_of_one_agent_is_the_load():
    assert erlang_c(1, 0.8, 1.0).waiting_probability == pytest.approx(0.8)
    assert erlang_c(1, 0.8, 1.0).mean_wait == pytest.approx(4.0)


def test_erlang_a_published():
    """Garnett, Mandelbaum, Reiman (2002), table 1: 50 agents, 48 calls/min of 1 min, patience 2 min.

    Without patience 20.8 s of wait on average and 96 % utilisation; with it 3.1 % give up, 3.7 s
    and 93 %.
    """
    endless = erlang_c(50, 48.0, 1.0)
    assert endless.mean_wait * 60 == pytest.approx(20.8, abs=0.05)
    found = erlang_a(50, 48.0, 1.0, 2.0)
    assert found.abandoning_probability == pytest.approx(0.031, abs=5e-4)
    assert found.mean_wait * 60 == pytest.approx(3.7, abs=0.05)
    assert found.utilisation == pytest.approx(0.93, abs=5e-3)


def test_erlang_a_with_endless_patience_is_erlang_c():
    endless, patient = erlang_c(7, 5.0, 1.0), erlang_a(7, 5.0, 1.0, 1e9)
    assert patient.waiting_probability == pytest.approx(endless.waiting_probability, rel=1e-6)
    assert patient.mean_wait == pytest.approx(endless.mean_wait, rel=1e-6)


def test_erlang_a_with_patience_as_long_as_talks_is_an_endless_group():
    """With equal rates of giving up and serving, the number present is Poisson (M/M/infinity)."""
    load, agents = 6.0, 8
    found = erlang_a(agents, load, 1.0, 1.0)
    below = sum(math.exp(-load) * load**n / math.factorial(n) for n in range(agents))
    assert found.waiting_probability == pytest.approx(1 - below)


@pytest.mark.parametrize(
    ("agents", "rate", "patience"),
    [(1, 1e-6, 1.0), (1000, 5000.0, 1e-3), (1000, 5000.0, 1e4), (2000, 10.0, 5.0), (5, 1e4, 1e4)],
)
def test_extreme_loads_do_not_overflow(agents, rate, patience):
    found = erlang_a(agents, rate, 1.0, patience)
    for value in (found.waiting_probability, found.abandoning_probability, found.utilisation):
        assert 0.0 <= value <= 1.0 + 1e-9
    assert math.isfinite(found.mean_wait)
    # Whoever comes is served or gives up.
    served = found.utilisation * agents
    assert served + found.abandoning_probability * rate == pytest.approx(rate)


@pytest.mark.parametrize(("agents", "load"), [(0, 1.0), (3, 0.0), (3, -1.0)])
def test_nonsense_is_refused(agents, load):
    with pytest.raises(ValueError, match=r"at least one agent|above 0"):
        erlang_b(agents, load)


def test_overload_needs_patience():
    with pytest.raises(ValueError, match="need more than 5 agents"):
        erlang_c(5, 5.0, 1.0)
    with pytest.raises(ValueError, match="mean patience must be above 0"):
        erlang_a(5, 5.0, 1.0, 0.0)
