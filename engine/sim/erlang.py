"""Queueing theory that the simulator must agree with: Erlang B, Erlang C and Erlang A.

Sources:
    A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in
    automatic telephone exchanges" (1917): B and C. The recursion for B and C from B as in
    R. B. Cooper, "Introduction to Queueing Theory" (2nd ed., 1981).
    C. Palm, "Etude des delais d'attente" (1937), and O. Garnett, A. Mandelbaum, M. Reiman,
    "Designing a call center with impatient customers" (2002): M/M/n+M, known as Erlang A.

The loads of call centres make factorials and powers overflow; nothing here forms either.
"""

from __future__ import annotations

from dataclasses import dataclass

_NEGLIGIBLE = 1e-18


@dataclass(frozen=True, slots=True)
class Queueing:
    """What theory expects of a queue in its steady state; times in the unit of the service time."""

    waiting_probability: float
    """Share of arrivals that do not find a free agent."""
    mean_wait: float
    """Over all arrivals, also those who do not wait and those who give up."""
    abandoning_probability: float
    """Share of arrivals that give up (0 for Erlang C)."""
    utilisation: float
    """Share of time that an agent talks."""


def erlang_b(agents: int, load: float) -> float:
    """Returns the blocking probability of `agents` lines offered `load` erlangs.

    Uses B(n) = a B(n-1) / (n + a B(n-1)), all of whose values lie between 0 and 1.
    """
    _demand(agents=agents, load=load)
    blocking = 1.0
    for busy in range(1, agents + 1):
        blocking = load * blocking / (busy + load * blocking)
    return blocking


def erlang_c(agents: int, arrival_rate: float, mean_service: float) -> Queueing:
    """Returns the steady state of M/M/n: Poisson arrivals, exponential service, endless patience.

    Args:
        agents: how many serve.
        arrival_rate: arrivals per unit of time.
        mean_service: mean service time in that unit.

    Raises:
        ValueError: the load is not below the number of agents, so the line grows for ever.
    """
    load = arrival_rate * mean_service
    blocking = erlang_b(agents, load)
    if load >= agents:
        raise ValueError(f"{load:g} erlangs need more than {agents} agents, or patience that ends")
    waiting = agents * blocking / (agents - load * (1.0 - blocking))
    return Queueing(
        waiting_probability=waiting,
        mean_wait=waiting * mean_service / (agents - load),
        abandoning_probability=0.0,
        utilisation=load / agents,
    )


def erlang_a(
    agents: int, arrival_rate: float, mean_service: float, mean_patience: float
) -> Queueing:
    """Returns the steady state of M/M/n+M: as Erlang C, but callers give up.

    Patience is exponential with `mean_patience`. Stable for every load. The states with a line of
    k callers are summed outwards from the most likely one, each relative to it; those below are
    summed by Erlang B, so nothing overflows.
    """
    _demand(agents=agents, load=arrival_rate * mean_service)
    if mean_patience <= 0:
        raise ValueError(f"mean patience must be above 0, not {mean_patience:g}")
    capacity = agents / mean_service
    impatience = 1.0 / mean_patience
    peak = max(0, int((arrival_rate - capacity) / impatience))

    # Weight of a line of k callers, relative to k = peak; `total` counts k >= 0 (all agents busy).
    total, line = 1.0, float(peak)
    weight, k = 1.0, peak
    while weight > _NEGLIGIBLE * total:
        k += 1
        weight *= arrival_rate / (capacity + k * impatience)
        total += weight
        line += k * weight
    weight, k = 1.0, peak
    while k > 0 and weight > _NEGLIGIBLE * total:
        weight *= (capacity + k * impatience) / arrival_rate
        k -= 1
        total += weight
        line += k * weight
    none_waiting = weight if k == 0 else 0.0

    blocking = erlang_b(agents, arrival_rate * mean_service)
    if none_waiting == 0.0:
        somebody_free = 0.0
    elif blocking == 0.0:
        return Queueing(0.0, 0.0, 0.0, arrival_rate * mean_service / agents)
    else:
        somebody_free = none_waiting * (1.0 - blocking) / blocking
    everything = total + somebody_free
    mean_line = line / everything
    abandoning = impatience * mean_line / arrival_rate
    return Queueing(
        waiting_probability=total / everything,
        mean_wait=mean_line / arrival_rate,
        abandoning_probability=abandoning,
        utilisation=arrival_rate * mean_service * (1.0 - abandoning) / agents,
    )


def _demand(*, agents: int, load: float) -> None:
    if agents < 1:
        raise ValueError(f"at least one agent is needed, not {agents}")
    if load <= 0:
        raise ValueError(f"the load must be above 0 erlangs, not {load:g}")
