"""`usher run`."""

from __future__ import annotations

import argparse
import os

from engine.bootstrap.commands.common import plainly
from engine.bootstrap.commands.configuring import target_of
from engine.bootstrap.logs import set_up_logging
from engine.bootstrap.run import RunOptions, run


@plainly
def run_command(options: argparse.Namespace) -> int:
    """Runs the engine."""
    set_up_logging(options.log_level, as_json=options.log_json)
    target = target_of(options) if options.asterisk_conf is not None else None
    return run(RunOptions(options.config, not options.no_watch, target), os.environ)
