"""`usher simulate`: arguments in, text or JSON and an exit code out.

Reading a configuration is another room's work: whoever puts the command together hands in
`load_policy`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.core.policy import Policy
from engine.sim import swarm
from engine.sim.failure import AuditFailure
from engine.sim.invent import invent_policy
from engine.sim.options import HOUR_MS, Options, Traffic
from engine.sim.replay import replay
from engine.sim.report import SimulationReport
from engine.sim.run import Simulation

DONE = 0
FOUND_WRONG = 1
USAGE = 2

LoadPolicy = Callable[[Path], Policy]
"""Reads a configuration directory; what it raises for a mistake in there is its caller's to tell."""

Tell = Callable[[str], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="the configuration to rehearse (else: invented)"
    )
    parser.add_argument("--seed", type=int, default=1, help="all chance comes from it (default 1)")
    parser.add_argument("--hours", type=float, default=24.0, help="virtual hours (default 24)")
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N", help="run N seeds, beginning with --seed"
    )
    parser.add_argument(
        "--swarm", action="store_true", help="draw traffic, habits and faults from the seed"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each run")
    parser.add_argument(
        "--load", type=float, help="share of the agents' time that calls would take"
    )
    parser.add_argument("--calls-per-hour", type=float, help="for each queue, instead of --load")
    parser.add_argument("--talk-s", type=float, help="mean length of a talk, in seconds")
    parser.add_argument("--patience-s", type=float, help="mean patience, in seconds; 0: endless")
    parser.add_argument("--audit-every", type=int, default=1, metavar="N", help=argparse.SUPPRESS)
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="where a failed run is written for replay (default: simulate-SEED.jsonl)",
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="replay such a file instead of simulating"
    )


def run_command(
    arguments: argparse.Namespace,
    load_policy: LoadPolicy,
    tell: Tell = sys.stdout.write,
    complain: Tell = sys.stderr.write,
) -> int:
    """Does what the arguments ask; returns the exit code: 0, 1 for a broken law, 2 for usage."""
    mistake = _mistake(arguments)
    if mistake is not None:
        complain(f"usher simulate: {mistake}\n")
        return USAGE
    if arguments.replay is not None:
        return _replay(arguments.replay, tell, complain)
    policy = None if arguments.config is None else load_policy(arguments.config)
    if policy is not None and not policy.queues:
        complain(
            f"usher simulate: {arguments.config}: no queues, so there is nothing to simulate\n"
        )
        return FOUND_WRONG
    worst = DONE
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        house = policy or invent_policy(seed)
        worst = max(worst, _run_one(arguments, house, _options(arguments, seed), tell))
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
    if arguments.patience_s is not None and not 0 <= arguments.patience_s < float("inf"):
        return f"--patience-s must be 0 or more, not {arguments.patience_s}"
    return None


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


def _run_one(arguments: argparse.Namespace, policy: Policy, options: Options, tell: Tell) -> int:
    if not arguments.json:
        tell(f"seed {options.seed}\n{describe(options)}\n\n")
    try:
        report = Simulation(policy, options).run()
    except AuditFailure as failure:
        path = arguments.journal or Path(f"simulate-{options.seed}.jsonl")
        steps = save_journal(policy, options, path)
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


def save_journal(policy: Policy, options: Options, path: Path) -> int:
    """Runs a failing simulation again and writes all inputs up to the failure.

    Returns:
        How many inputs the file has.
    """
    simulation = Simulation(policy, replace(options, journal=True))
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
