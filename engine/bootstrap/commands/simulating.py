"""`usher simulate`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.bootstrap.commands.common import plainly
from engine.config import load, to_policy
from engine.core.policy import Policy
from engine.sim.command import run_command


@plainly
def simulate_command(options: argparse.Namespace) -> int:
    """Runs seeded days through the real core."""
    return run_command(options, _load_policy, sys.stdout.write, sys.stderr.write)


def _load_policy(directory: Path) -> Policy:
    return to_policy(load(directory))
