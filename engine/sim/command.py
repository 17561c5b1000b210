"""`usher simulate`: parsed arguments in, text or JSON and an exit code out.

Door: `run_command`; `arguments.add_arguments` declares what it needs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.config import ConfigError, load, to_policy, to_schedules
from engine.config.schedule import Schedule
from engine.core.policy import Policy
from engine.sim import swarm
from engine.sim.calibration_table import calibration_of, to_figures, to_text
from engine.sim.failure import AuditFailure
from engine.sim.invent import invent_policy
from engine.sim.options import HOUR_MS, Options, Traffic
from engine.sim.replay import replay
from engine.sim.report import SimulationReport
from engine.sim.run import Simulation

DONE = 0
FOUND_WRONG = 1
USAGE = 2

Tell = Callable[[str], object]


def run_command(
    arguments: argparse.Namespace,
    tell: Tell | None = None,
    complain: Tell | None = None,
) -> int:
    """Does what the arguments ask.

    Args:
        arguments: as `arguments.add_arguments` declares them.
        tell: takes what is to be printed, with its line ends; standard output by default.
        complain: the same for mistakes; standard error by default.

    Returns:
        The exit code: 0, 1 for a broken law or a configuration with mistakes, 2 for usage.
    """
    tell = tell or sys.stdout.write
    complain = complain or sys.stderr.write
    mistake = _mistake(arguments)
    if mistake is not None:
        complain(f"usher simulate: {mistake}\n")
        return USAGE
    if arguments.calibrate:
        return _calibrate(arguments, tell)
    if arguments.replay is not None:
        return _replay(arguments.replay, tell, complain)
    policy = None
    schedules: tuple[Schedule, ...] = ()
    if arguments.config is not None:
        try:
            configuration = load(arguments.config)
            policy, schedules = to_policy(configuration), to_schedules(configuration)
        except ConfigError as error:
            for problem in error.problems:
                complain(f"{problem}\n")
            return FOUND_WRONG
    if policy is not None and not policy.queues:
        complain(
            f"usher simulate: {arguments.config}: no queues, so there is nothing to simulate\n"
        )
        return FOUND_WRONG
    worst = DONE
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        house = policy or invent_policy(seed)
        worst = max(worst, _run_one(arguments, house, schedules, _options(arguments, seed), tell))
    return worst


def _mistake(arguments: argparse.Namespace) -> str | None:
    """Returns what is wrong with the arguments, or None."""
    positive = {
        "--hours": arguments.hours,
        "--runs": arguments.runs,
        "--audit-every": arguments.audit_every,
        "--load": arguments.load,
        "--calls-per-hour": arguments.calls_per_hour,
        "--talk-s": arguments.talk_s,
    }
    for name, value in positive.items():
        if value is not None and not 0 < value < float("inf"):
            return f"{name} must be a number above 0, not {value}"
    if arguments.calibrate:
        for name, value in (
            ("--config", arguments.config),
            ("--swarm", arguments.swarm),
            ("--replay", arguments.replay),
        ):
            if value:
                return f"--calibrate has scenes of its own: leave out {name}"
    if arguments.patience_s is not None and not 0 <= arguments.patience_s < float("inf"):
        return f"--patience-s must be 0 or more, not {arguments.patience_s}"
    return None


def _calibrate(arguments: argparse.Namespace, tell: Tell) -> int:
    calibrations = calibration_of(arguments.seed, arguments.runs)
    if arguments.json:
        for each in calibrations:
            tell(json.dumps(to_figures(each)) + "\n")
    else:
        tell(to_text(calibrations) + "\n")
    return DONE


def _options(arguments: argparse.Namespace, seed: int) -> Options:
    duration_ms = int(arguments.hours * HOUR_MS)
    options = swarm.draw(seed, duration_ms) if arguments.swarm else Options(seed, duration_ms)
    traffic: Traffic = options.traffic
    if arguments.load is not None:
        traffic = replace(traffic, load=arguments.load)
    if arguments.calls_per_hour is not None:
        traffic = replace(traffic, calls_per_hour=arguments.calls_per_hour)
    if arguments.talk_s is not None:
        traffic = replace(traffic, talk_ms_mean=int(arguments.talk_s * 1000))
    if arguments.patience_s is not None:
        patience_ms = int(arguments.patience_s * 1000) or None
        traffic = replace(traffic, patience_ms_mean=patience_ms)
    # The journal is made in a second run, if it is wanted: keeping it slows the first down.
    return replace(options, traffic=traffic, audit_every=arguments.audit_every, journal=False)


def _run_one(
    arguments: argparse.Namespace,
    policy: Policy,
    schedules: Sequence[Schedule],
    options: Options,
    tell: Tell,
) -> int:
    if not arguments.json:
        tell(f"seed {options.seed}\n{describe(options)}\n\n")
    try:
        report = Simulation(policy, options, schedules=schedules).run()
    except AuditFailure as failure:
        path = arguments.journal or Path(f"simulate-{options.seed}.jsonl")
        steps = save_journal(policy, options, path, schedules)
        _tell_failure(arguments, options, failure, path, steps, tell)
        return FOUND_WRONG
    _tell_report(arguments, options, report, tell)
    return DONE


def describe(options: Options) -> str:
    """Returns the options in a few lines, for people."""
    lines = []
    for name, value in asdict(options).items():
        if isinstance(value, dict):
            parts = ", ".join(f"{key} {each}" for key, each in value.items())
            lines.append(f"  {name}: {parts}")
        elif name != "seed":
            lines.append(f"  {name}: {value}")
    return "\n".join(lines)


def save_journal(
    policy: Policy, options: Options, path: Path, schedules: Sequence[Schedule] = ()
) -> int:
    """Runs a failing simulation again and writes all inputs up to the failure.

    Returns:
        How many inputs the file has.
    """
    simulation = Simulation(policy, replace(options, journal=True), schedules=schedules)
    about: dict[str, Any] = {"options": asdict(options)}
    try:
        simulation.run()
    except AuditFailure as failure:
        about["failure"] = {"at_ms": failure.at_ms, "rule": failure.rule, "what": failure.what}
    journal = simulation.world.process.journal
    assert journal is not None
    journal.save(path, about)
    return len(journal.entries)


def _tell_report(
    arguments: argparse.Namespace, options: Options, report: SimulationReport, tell: Tell
) -> None:
    if arguments.json:
        tell(json.dumps({"options": asdict(options), "report": asdict(report)}) + "\n")
    else:
        tell(report.to_text() + "\n")


def _tell_failure(
    arguments: argparse.Namespace,
    options: Options,
    failure: AuditFailure,
    path: Path,
    steps: int,
    tell: Tell,
) -> None:
    command = f"usher simulate --replay {path}"
    if arguments.json:
        told = {
            "at_ms": failure.at_ms,
            "rule": failure.rule,
            "what": failure.what,
            "trace": list(failure.trace),
            "journal": str(path),
            "replay": command,
        }
        tell(json.dumps({"options": asdict(options), "failure": told}) + "\n")
        return
    tell(
        f"FAILED: {failure.describe()}\n\n{steps} inputs are in {path}; replay them with: {command}\n"
    )


def _replay(path: Path, tell: Tell, complain: Tell) -> int:
    try:
        steps = replay(path)
    except OSError as error:
        complain(f"usher simulate: {path}: {error.strerror}\n")
        return FOUND_WRONG
    except ValueError as error:
        complain(f"usher simulate: {error}\n")
        return FOUND_WRONG
    except AuditFailure as failure:
        tell(f"FAILED: {failure.describe()}\n")
        return FOUND_WRONG
    tell(f"{steps} inputs replayed, no law broken\n")
    return DONE
