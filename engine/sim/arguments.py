"""The arguments of `usher simulate`; light to import, for a parser that knows all commands."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.sim.options import Traffic


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments. The swarm draws what it is not told from the seed."""
    usual = Traffic()
    talk_s, patience_s = usual.talk_ms_mean / 1000, (usual.patience_ms_mean or 0) / 1000
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
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="measure the estimated wait against app_queue's, over fixed scenes, instead",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each run")
    parser.add_argument(
        "--load",
        type=float,
        help=f"share of the agents' time that calls would take (default {usual.load:g})",
    )
    parser.add_argument("--calls-per-hour", type=float, help="for each queue, instead of --load")
    parser.add_argument(
        "--talk-s", type=float, help=f"mean length of a talk, in seconds (default {talk_s:g})"
    )
    parser.add_argument(
        "--patience-s",
        type=float,
        help=f"mean patience, in seconds; 0: endless (default {patience_s:g})",
    )
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
