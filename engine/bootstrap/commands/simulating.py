"""`usher simulate`."""

from __future__ import annotations

import argparse
import sys

from engine.bootstrap.commands.common import plainly
from engine.sim.command import run_command


@plainly
def simulate_command(options: argparse.Namespace) -> int:
    """Runs seeded days through the real core."""
    return run_command(options, sys.stdout.write, sys.stderr.write)
