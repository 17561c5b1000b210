"""What a simulation is told: how much traffic, what habits, which faults.

Every option has a plain default; in swarm mode `swarm.draw` takes them from the seed. A chance is
a probability from 0 to 1; a rate is per virtual hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

START_MS = 1_767_600_000_000
"""Monday 2026-01-05 08:00 UTC: when every simulation begins."""

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who calls, how often, for how long.

    `calls_per_hour` is for each source (each number that leads to a queue); None derives it from
    `load`, the share of the agents' time that the calls would take if all were answered.
    `hour_factors` are 24 multipliers by the hour of the day (UTC), or none for an even day.
    `patience_ms_mean` None means that nobody ever gives up.
    """

    calls_per_hour: float | None = None
    load: float = 0.8
    hour_factors: tuple[float, ...] = ()
    patience_ms_mean: int | None = 120_000
    talk_ms_mean: int = 180_000
    talk_spread: float = 0.0
    """Sigma of log-normal talks; 0: talks are exponential."""
    agent_ends_talk: float = 0.5
    """Chance that the agent hangs up first."""
    leaves_on_answer: float = 0.0
    """Chance that a caller hangs up in the very millisecond in which the agent answers."""
    regulars: float = 0.0
    """Chance that a call comes from one of a few numbers that call again and again."""
    internal_per_agent_hour: float = 0.0
    """Calls that an agent makes to a colleague's extension."""
    outbound_per_agent_hour: float = 0.0
    """Calls that an agent makes through an outbound route."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What agents do."""

    answer_ms_min: int = 1_000
    answer_ms_mean: int = 4_000
    """Mean time from ringing to picking up, the minimum included; exponential beyond it."""
    ignores: float = 0.02
    """Chance that a ringing phone is left to ring."""
    rejects: float = 0.01
    leaves_after_answer: float = 0.0
    """Chance that an agent picks up and hangs up at once, before or after being connected."""
    breaks_per_hour: float = 0.25
    break_ms_mean: int = 600_000
    shifts: int = 1
    """Into how many shifts of a day the dynamic agents are divided; 1: all are always on duty."""
    call_waiting: bool = False
    """Phones ring for a second call instead of being busy."""
    by_console: float = 0.2
    """Chance that an agent changes state by a click (a service request) instead of a code."""
    holds: float = 0.1
    """Chance that one side puts the other on hold during a talk."""
    transfers: float = 0.0
    """Chance that a talk is transferred by the phone of somebody in the house (SIP REFER)."""
    forwards: float = 0.0
    """Chance that a ringing phone wants another number to be rung instead (SIP 302)."""
    codes_per_hour: float = 0.0
    """Codes that each agent or supervisor dials besides those of the shift: presence, log-in
    everywhere, monitoring, recording, slots, mistakes."""
    actions_per_hour: float = 0.0
    """What supervisors ask for by service, all together."""
    keys_per_minute: float = 0.0
    """Keys that each caller presses, on the way to whatever they mean."""
    says_ringing: float = 1.0
    """Chance that a phone announces that it rings before it is answered."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Delays on the wire, each drawn evenly from 0 to the maximum; order per node is kept."""

    command_ms_max: int = 20
    event_ms_max: int = 20
    presence_ms_max: int = 300
    ring_ms_max: int = 60
    """From Asterisk's INVITE to the phone's first answer."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong: see docs/simulation.md for the fault model."""

    link_cuts_per_hour: float = 0.0
    """A node's websocket breaks."""
    link_cut_ms_max: int = 20_000
    node_restarts_per_hour: float = 0.0
    """A node's Asterisk restarts: its calls are gone."""
    node_restart_ms_max: int = 30_000
    engine_crashes_per_hour: float = 0.0
    engine_down_ms_max: int = 15_000
    phone_losses_per_hour: float = 0.0
    """A phone loses its network, for all phones together."""
    phone_loss_ms_max: int = 300_000
    presence_cuts_per_hour: float = 0.0
    presence_cut_ms_max: int = 30_000
    hours_change_per_hour: float = 0.0
    """A schedule says something else: the shop opens, closes, or has a holiday."""
    reloads_per_hour: float = 0.0
    """The configuration is changed and applied."""
    command_refused: float = 0.0
    """Chance that a command that can fail is refused with status 500 and does nothing."""
    command_timed_out: float = 0.0
    """Chance that a command's answer never comes; whether it was done is another coin."""
    event_repeated: float = 0.0
    event_late: float = 0.0
    """Chance that an event, with all that follow it on the node, is held back."""
    event_late_ms_max: int = 2_000
    timer_late_ms_max: int = 0
    """How late the engine may wake for its own deadline."""
    disk_full: float = 0.0
    """Chance that a recording ends by itself, because nothing more can be written."""
    spy_dies: float = 0.0
    """Chance that a supervisor's spy channel ends by itself."""
    clock_skew_ms_max: int = 0
    """How far a node's clock, which stamps new channels, is ahead of or behind the engine's."""


@dataclass(frozen=True, slots=True)
class Options:
    """One simulation, but for its policy."""

    seed: int
    duration_ms: int = 24 * HOUR_MS
    traffic: Traffic = field(default_factory=Traffic)
    habits: Habits = field(default_factory=Habits)
    latency: Latency = field(default_factory=Latency)
    faults: Faults = field(default_factory=Faults)
    device_states: bool = True
    """Phones' device states are reported to the engine."""
    audit_every: int = 1
    """The auditor's costly rules are applied at each n-th step (1: always; the cheap ones are)."""
    check_every: int = 10
    """The core's own `check()` is called at each n-th step; 0 never."""
    journal: bool = True
    """Keep every input in memory, to be written out if the run fails."""
    swarm: bool = False
    """The options above were drawn from the seed (for the record)."""


def light(options: Options) -> Options:
    """Returns the options for long runs: laws that cost time are sampled, no journal is kept."""
    return replace(options, audit_every=1_000, check_every=10_000, journal=False)
