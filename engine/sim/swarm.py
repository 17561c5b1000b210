"""Swarm testing: the options themselves are drawn from the seed.

A run in which everything goes wrong a little finds less than many runs in each of which a few
things go wrong a lot (A. Groce et al., "Swarm Testing", 2012). So every fault is off in about half
of the runs, and its strength differs by orders of magnitude in the others.
"""

from __future__ import annotations

from engine.sim.options import Faults, Habits, Latency, Options, Traffic
from engine.sim.rng import Rng, Streams


def draw(seed: int, duration_ms: int) -> Options:
    """Returns the options of this seed."""
    streams = Streams(seed)
    return Options(
        seed=seed,
        duration_ms=duration_ms,
        traffic=_traffic(streams.stream("swarm.traffic")),
        habits=_habits(streams.stream("swarm.habits")),
        latency=_latency(streams.stream("swarm.latency")),
        faults=_faults(streams.stream("swarm.faults")),
        device_states=streams.stream("swarm.devices").random() < 0.8,
        swarm=True,
    )


def _sometimes(rng: Rng, most: float) -> float:
    """Returns 0 in half of the cases, else a value up to `most`, of an even choice of magnitude."""
    strength: float = most * 10 ** (-2 * rng.random())
    return strength if rng.random() < 0.5 else 0.0


def _traffic(rng: Rng) -> Traffic:
    return Traffic(
        load=rng.choice((0.3, 0.7, 0.95, 1.3, 2.0)),
        hour_factors=tuple(rng.choice((0.2, 0.5, 1.0, 1.5, 2.5)) for _ in range(24))
        if rng.random() < 0.5
        else (),
        patience_ms_mean=rng.choice((None, 10_000, 60_000, 120_000, 600_000)),
        talk_ms_mean=rng.choice((5_000, 30_000, 120_000, 300_000)),
        agent_ends_talk=rng.random(),
        leaves_on_answer=_sometimes(rng, 0.3),
        internal_per_agent_hour=_sometimes(rng, 6.0),
        outbound_per_agent_hour=_sometimes(rng, 6.0),
        regulars=_sometimes(rng, 1.0),
    )


def _habits(rng: Rng) -> Habits:
    answer_ms_min = rng.choice((0, 0, 500, 2_000))
    return Habits(
        answer_ms_min=answer_ms_min,
        answer_ms_mean=answer_ms_min + rng.choice((0, 1_000, 5_000, 15_000)),
        ignores=_sometimes(rng, 0.5),
        rejects=_sometimes(rng, 0.5),
        leaves_after_answer=_sometimes(rng, 1.0),
        breaks_per_hour=_sometimes(rng, 30.0),
        break_ms_mean=rng.choice((5_000, 120_000, 900_000)),
        shifts=rng.choice((1, 1, 2, 3)),
        call_waiting=rng.random() < 0.3,
        by_console=rng.choice((0.0, 0.5, 1.0)),
        holds=_sometimes(rng, 1.0),
        says_ringing=rng.choice((1.0, 1.0, 0.9, 0.0)),
        transfers=_sometimes(rng, 1.0),
        keys_per_minute=_sometimes(rng, 60.0),
        forwards=_sometimes(rng, 0.5),
        codes_per_hour=_sometimes(rng, 60.0),
        actions_per_hour=_sometimes(rng, 600.0),
    )


def _latency(rng: Rng) -> Latency:
    return Latency(
        command_ms_max=rng.choice((0, 2, 20, 500)),
        event_ms_max=rng.choice((0, 2, 20, 500)),
        presence_ms_max=rng.choice((0, 300, 3_000)),
        ring_ms_max=rng.choice((0, 60, 1_000)),
    )


def _faults(rng: Rng) -> Faults:
    return Faults(
        link_cuts_per_hour=_sometimes(rng, 20.0),
        link_cut_ms_max=rng.choice((500, 5_000, 60_000)),
        node_restarts_per_hour=_sometimes(rng, 12.0),
        node_restart_ms_max=rng.choice((2_000, 30_000, 120_000)),
        engine_crashes_per_hour=_sometimes(rng, 20.0),
        engine_down_ms_max=rng.choice((500, 5_000, 60_000)),
        phone_losses_per_hour=_sometimes(rng, 60.0),
        phone_loss_ms_max=rng.choice((5_000, 60_000, 600_000)),
        presence_cuts_per_hour=_sometimes(rng, 20.0),
        presence_cut_ms_max=rng.choice((1_000, 60_000)),
        hours_change_per_hour=_sometimes(rng, 60.0),
        reloads_per_hour=_sometimes(rng, 30.0),
        command_refused=_sometimes(rng, 0.05),
        command_timed_out=_sometimes(rng, 0.05),
        event_repeated=_sometimes(rng, 0.3),
        event_late=_sometimes(rng, 0.05),
        event_late_ms_max=rng.choice((200, 2_000, 10_000)),
        timer_late_ms_max=rng.choice((0, 0, 5, 500)),
        clock_skew_ms_max=rng.choice((0, 0, 50, 5_000)),
        disk_full=_sometimes(rng, 0.3),
        spy_dies=_sometimes(rng, 0.3),
    )
